/* ice_driver.h -- one ICE agent on this host's own addresses, sockets and clock.
 *
 *   addresses of this host ------> host candidates --.
 *   names of STUN servers -> reflexive.h -> srflx ---+-> ICE_EVENT_CANDIDATE, ..._GATHERED
 *   name of a TURN server -> ice_relay.h -> relay ---'
 *
 *   stdin -----> input()  tells the agent what the other side has signalled
 *   sockets --.     |
 *   timer ----+--> agent --> datagrams out, ICE_EVENT_*
 *
 * What is nominated becomes the active pair: consent is kept on it, and what the peer
 * sends (by any pair that works) goes back on it, byte for byte. No TUN, no node, no
 * rights: this is for trying the agent against others. At the end the relay is given back,
 * which takes a second and a half if the server does not answer.
 */
#ifndef IO_ICE_DRIVER_H
#define IO_ICE_DRIVER_H

#include "ice/agent.h"
#include "ice/reflexive.h"
#include "io/station.h"

enum {
	ICE_DRIVER_SERVERS_MAX = 4,	/* STUN servers: names, each with an address per family */
	ICE_DRIVER_BASES_MAX = 5,	/* per family: the rest of LOCALS_OFFERED is for srflx */
};

_Static_assert((int)ICE_DRIVER_SERVERS_MAX * (int)ICE_DRIVER_BASES_MAX * 2 <= (int)REFLEXIVE_MAX,
	       "every base may ask every server of its family");

enum ice_event_kind {
	ICE_EVENT_CANDIDATE,		/* candidate: to be signalled */
	ICE_EVENT_GATHERED,		/* there will be no more of them */
	ICE_EVENT_UNKNOWN_SERVER,	/* server: nobody knows an address for the name */
	ICE_EVENT_NO_CANDIDATE,		/* answer: why that server gave none for that base */
	ICE_EVENT_NO_RELAY,		/* server, why */
	ICE_EVENT_RELAY_LOST,		/* server, why: its candidate is of no use any more */
	ICE_EVENT_RELAY_REFUSED,	/* server, peer: it does not pass on what is for that one */
	ICE_EVENT_PAIR,			/* pair: its state is another one than before */
	ICE_EVENT_NOMINATED,		/* pair */
	ICE_EVENT_CONSENT,		/* pair, answered: a question for consent */
	ICE_EVENT_CONSENT_LOST,		/* pair */
	ICE_EVENT_ROLE,			/* the agent's list.controlling */
	ICE_EVENT_REFLEXIVE_LOCAL,	/* candidate: learnt from checks */
	ICE_EVENT_REFLEXIVE_REMOTE,	/* candidate */
	ICE_EVENT_ECHO,			/* pair that it came by, len; has gone back on the active one */
	ICE_EVENT_DROPPED,		/* pair, len: data, and none is nominated */
	ICE_EVENT_FAILED,
};

/* Only what its kind names is set. All borrowed for the call. */
struct ice_event {
	enum ice_event_kind kind;
	uint8_t pair;
	bool answered;
	size_t len;
	const struct candidate *candidate;
	const struct reflexive_answer *answer;
	const char *server, *why;
	const struct endpoint *peer;
};

struct ice_driver_hooks {
	void *context;
	void (*event)(void *context, const struct ice_event *event);
	/* Bytes of stdin; none: its end. */
	void (*input)(void *context, struct bytes text, msec now);
};

/* All borrowed for the driver's life. */
struct ice_driver_turn {
	struct station_server server;	/* host NULL: none */
	struct bytes user, password;
};

struct ice_driver_settings {
	bool controlling;
	const struct station_server *servers;	/* borrowed for the driver's life */
	size_t servers_len;				/* at most ICE_DRIVER_SERVERS_MAX */
	struct ice_driver_turn turn;
};

struct ice_driver;

/* 0 or -errno with a sentence in error. */
int ice_driver_new(struct ice_driver **out, const struct ice_driver_settings *settings,
		   const struct ice_driver_hooks *hooks, char error[static 512]);
void ice_driver_free(struct ice_driver *d);		/* NULL is fine */

/* To tell it what was signalled (in input()), and to look at its pairs. */
struct ice_agent *ice_driver_agent(struct ice_driver *d);

/* Gather, and go on until a hook says stop, or a signal does (code 128 and its number); give the
 * relay back. Returns the code. A second signal does not wait for that. */
int ice_driver_run(struct ice_driver *d);
void ice_driver_stop(struct ice_driver *d, int code);

#endif
