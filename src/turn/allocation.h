/* allocation.h -- an address on a TURN server that passes on what comes and goes.
 *
 *   OFF --start--> ALLOCATING --success--> UP --refreshed in time--> UP
 *    ^              |      ^ \               \--stop--> CLOSING: Refresh 0, then OFF
 *    |              |      '--'
 *    |              |    401, 438: with credential and nonce; 300: the other server, once;
 *    |              |    420: without DONT-FRAGMENT; 437: from another port, once
 *    '---FAILED<----'--- anything else, or no answer; also from UP, when it is lost
 *
 *   the owner      its socket, used for nothing else          the TURN server      a peer
 *       |---poll: TURN_SEND------------------------------------->|                   |
 *       |<--poll: TURN_IS_UP----- feed ------Allocate success----|                   |
 *       |---want(peer)                                           |                   |
 *       |---poll: TURN_SEND-----------CreatePermission---------->|                   |
 *       |<--poll: TURN_PEER_PERMITTED-- feed --------------------|                   |
 *       |---wrap(packet, peer)---Send indication, ChannelData--->|-----------------> |
 *       |<--feed: TURN_PAYLOAD---Data indication, ChannelData----|<----------------- |
 *       |---stop, then poll until TURN_ENDED---Refresh 0-------->|
 *
 * RFC 8656 as a client. An owner has a UDP socket on a port of its own for each allocation:
 * a process that was killed leaves an allocation on its address and port, and the next one
 * would get 437 from there until it has run out. It feeds what comes to that socket, ticks
 * when due, and polls after each of these and after each call below until there is nothing.
 * One allocation serves all peers; it says whom it wants to talk with, with a channel for
 * those that carry more than checks. An ICE owner makes a candidate of `relayed` (related:
 * `mapped`), with a base whose `via` is its number for this allocation.
 *
 * The server is trusted with nothing: it can keep packets back. Only what it signs changes
 * anything here; what it passes on is a stranger's datagram, of a peer that we have asked
 * to hear from. Pure: bytes and the time go in, actions come out; no memory but its own.
 */
#ifndef TURN_ALLOCATION_H
#define TURN_ALLOCATION_H

#include "turn/failure.h"
#include "turn/peers.h"

#define TURN_KEEPALIVE SECONDS(25)	/* when nothing was sent, for the NATs on the way */

/* To a server whose answer somebody waits for: 7.5 s in all. What is lost when the
 * allocation is up is asked again anyway, as long as there is time. */
extern const struct transaction_timing turn_timing_brisk;

struct turn_settings {
	struct bytes user, password;		/* borrowed for the allocation's life */
	enum ip_family family;			/* of the relayed address */
	bool dont_fragment;			/* for Send indications, if the server can */
	bool stream;				/* it is TCP or TLS */
	struct transaction_timing timing;
	struct rng *rng;			/* fit for secrets, borrowed */
};

enum turn_state {
	TURN_OFF,
	TURN_ALLOCATING,
	TURN_UP,				/* `relayed` is ours */
	TURN_CLOSING,
	TURN_FAILED,				/* see `failure` */
};

/* What became of a datagram. Each is counted. */
enum turn_verdict {
	TURN_HANDLED,
	TURN_PAYLOAD,				/* from a peer, see struct turn_payload */
	/* dropped: */
	TURN_NOT_OURS,				/* it is not from the server */
	TURN_MALFORMED,				/* neither STUN nor ChannelData */
	TURN_BAD_FINGERPRINT,
	TURN_UNEXPECTED,			/* a request, or an indication that is none of Data */
	TURN_NO_TRANSACTION,			/* an answer to nothing that we have asked */
	TURN_BAD_INTEGRITY,			/* an answer that is not signed, or with another key */
	TURN_BAD_ATTRIBUTES,			/* Data without peer or data, or with what we do not know */
	TURN_NO_PERMISSION,			/* Data of a peer that we do not want to hear from */
	TURN_NO_CHANNEL,			/* ChannelData with a number that we have not bound */
	TURN_NOTE,				/* Data about an ICMP error: a hint that nobody follows */
	TURN_VERDICTS,
};

const char *turn_verdict_name(enum turn_verdict verdict);	/* lower_snake */

struct turn_payload {
	struct endpoint peer;
	struct bytes data;			/* in the datagram that was fed */
};

struct turn_allocation {
	struct turn_settings settings;
	enum turn_state state;
	struct turn_server server;		/* server.at moves if the server says so */
	struct turn_request request;		/* Allocate or Refresh */
	struct turn_peers peers;
	struct endpoint relayed, mapped;
	struct turn_failure failure;
	msec refresh_due;
	msec expires;
	msec last_sent;
	msec keepalive_wait;
	bool dont_fragment;			/* it can, or has not said that it cannot */
	bool redirected, port_changed;		/* it has happened */
	bool unwanted;				/* stopped while ALLOCATING */
	bool had_unsigned;
	bool doubted;				/* the Refresh that is out decides */
	bool owes_port, owes_up, owes_ended;	/* for the owner to know */
	uint32_t verdicts[TURN_VERDICTS];
	uint32_t unsent;			/* wrap() said no */
};

void turn_allocation_init(struct turn_allocation *a, const struct turn_settings *settings);
void turn_allocation_deinit(struct turn_allocation *a);		/* wipes */

/* Also anew, after it has failed; then better not before failure.retry_at. */
void turn_allocation_start(struct turn_allocation *a, const struct endpoint *server, msec now);
/* Give it back: CLOSING, or OFF at once if there is nothing to give back. What is just being
 * granted is waited for, for a second. */
void turn_allocation_stop(struct turn_allocation *a, msec now);
/* Is it still there? Ask; if nobody answers this time, it is lost. */
void turn_allocation_doubt(struct turn_allocation *a, msec now);
/* Instead of following TURN_CHANGE_PORT. */
void turn_allocation_no_port(struct turn_allocation *a, msec now);

/* To talk with that peer, for the next 10 minutes and as long as something goes there or
 * comes from there. False: not now (it is not up, the server has refused the peer, or there are
 * too many). */
bool turn_allocation_want(struct turn_allocation *a, const struct endpoint *peer, bool channel,
			  msec now);
/* May it be sent to? Else what is wrapped for it is lost. */
bool turn_allocation_permits(const struct turn_allocation *a, const struct endpoint *peer,
			     msec now);

/* Put what a payload needs around it, where it lies: send the packet to server.at then.
 * Four bytes in front if there is a channel, else up to SEND_HEADER_MAX, and up to 3 behind.
 * False: no permission, or no room. */
bool turn_allocation_wrap(struct turn_allocation *a, struct packet *p, const struct endpoint *peer,
			  msec now);

/* A datagram, or a frame of a stream. `payload` is set for TURN_PAYLOAD. */
enum turn_verdict turn_allocation_feed(struct turn_allocation *a, const struct endpoint *from,
				       struct bytes datagram, struct turn_payload *payload,
				       msec now);

void turn_allocation_tick(struct turn_allocation *a, msec now);
msec turn_allocation_due(const struct turn_allocation *a);	/* of the next tick */

enum turn_action {
	TURN_NOTHING,
	TURN_SEND,			/* what is in `w`, to server.at */
	TURN_CHANGE_PORT,		/* close the socket, open one on another port, then go on */
	TURN_IS_UP,
	TURN_PEER_PERMITTED,		/* peer: it may be sent to */
	TURN_PEER_REFUSED,		/* peer */
	TURN_ENDED,			/* OFF or FAILED */
};

/* The next action. `w` is empty and holds TURN_MESSAGE_MAX bytes. */
enum turn_action turn_allocation_poll(struct turn_allocation *a, struct writer *w,
				      struct endpoint *peer, msec now);

#endif
