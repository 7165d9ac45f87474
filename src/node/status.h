/* status.h -- what a node knows, for those who ask. Copies; nothing secret. */
#ifndef NODE_STATUS_H
#define NODE_STATUS_H

#include "node/forwarder.h"
#include "node/node.h"

enum peer_state {
	PEER_IDLE,		/* no key, nothing under way */
	PEER_CONNECTING,	/* a handshake is under way, or a way is looked for */
	PEER_DIRECT,		/* a session whose keys are fresh */
	PEER_RELAY,		/* the same, by a relay */
};

const char *peer_state_name(enum peer_state state);

static inline bool peer_state_is_up(enum peer_state state)
{
	return state == PEER_DIRECT || state == PEER_RELAY;
}

/* How the path in use was found. */
enum path_how {
	PATH_CONFIGURED,	/* the endpoint of the settings */
	PATH_CALLED_US,		/* where the peer's last message came from */
	/* both sides asked each other: */
	PATH_LAN,		/* on one link or site */
	PATH_FOUND,		/* at addresses of their own, with no NAT between */
	PATH_PUNCHED,		/* through NATs */
	PATH_RELAYED,
};

const char *path_how_name(enum path_how how);		/* lower_snake */

/* Over what; of a relayed path: to the relay. */
enum path_transport { PATH_UDP, PATH_TCP, PATH_TLS };

const char *path_transport_name(enum path_transport transport);

enum { PATH_RELAY_TEXT = 64 };	/* what is longer is cut off */

struct path_status {
	struct path path;		/* remote.ip.family IP_NONE: none known */
	enum path_how how;
	enum path_transport transport;
	char relay[PATH_RELAY_TEXT];	/* PATH_RELAYED: "turn:relay.example.net", or a peer's name */
	/* "host", "srflx", "prflx", "relay" (RFC 8839 section 5.1); NULL unless an ICE pair */
	const char *local_type, *remote_type;
	int32_t rtt;			/* of the pair, microseconds; -1: not measured */
	int lost;			/* of its last questions, percent; -1: none was asked */
};

struct peer_status {
	const char *name;		/* borrowed until the next reconfigure */
	uint8_t public_key[KEY_LEN];
	bool has_psk;
	const struct cidr *allowed_ips;	/* borrowed */
	size_t allowed_ips_len;
	enum peer_state state;
	struct path path;		/* that of `way` */
	struct path_status way;
	msec last_handshake;		/* 0: never */
	msec handshake_rtt;		/* initiation to response, last time; -1: unknown */
	uint64_t rx_bytes, tx_bytes;
	uint32_t keepalive;		/* msec */
	const char *cipher;		/* of the session, aead_suite_name(); NULL: there is none */
	unsigned queued;		/* packets that wait for a key */
	const char *endpoint_host;	/* as configured; NULL: none */
	uint16_t endpoint_port;
};

/* What NAT we are behind, as far as it is known: "none", "easy" (all see one port of us), "hard"
 * (each another) or "unknown". */
const char *node_nat(const struct node *node);

size_t node_peers_len(const struct node *node);
void node_peer_status(const struct node *node, size_t i, struct peer_status *out, msec now);
/* By public key; false: no such peer. */
bool node_find_peer_status(const struct node *node, const uint8_t key[static KEY_LEN],
			   struct peer_status *out, msec now);
/* By name, public key in base64, or one of its addresses, as a person gives it. */
bool node_find_peer_called(const struct node *node, const char *what, struct peer_status *out,
			   msec now);

const uint8_t *node_public_key(const struct node *node);

enum node_rendezvous_state {
	NODE_RENDEZVOUS_OK,		/* it holds our mailboxes */
	NODE_RENDEZVOUS_CONNECTING,
	NODE_RENDEZVOUS_NO_ANSWER,	/* for 90 s; it will be asked again */
	NODE_RENDEZVOUS_NO_ADDRESS,	/* its name is not known */
	NODE_RENDEZVOUS_NO_CONNECTION,	/* over TLS; it will be tried again */
	NODE_RENDEZVOUS_STANDS_BY,	/* over TLS; it answers by UDP, which is enough */
};

const char *rendezvous_state_name(enum node_rendezvous_state state);	/* lower_snake */

struct rendezvous_status {
	const char *name, *host;	/* borrowed until the next reconfigure */
	uint16_t port;
	bool tls;
	enum node_rendezvous_state state;
	enum node_stream_end why;	/* NODE_STREAM_ENDS: no connection has failed since it was ok */
	struct endpoint at;		/* family IP_NONE: not known */
	msec rtt;			/* of the last handshake; -1: none */
};

size_t node_rendezvous_len(const struct node *node);
void node_rendezvous_status(const struct node *node, size_t i, struct rendezvous_status *out,
			    msec now);

enum node_turn_state {
	NODE_TURN_OFF,			/* nobody needs it */
	NODE_TURN_TRYING,
	NODE_TURN_UP,			/* it has an address for us */
	NODE_TURN_RESTING,		/* `problem`; asked again later */
	NODE_TURN_REFUSED,		/* `problem`; asked no more with these settings */
};

const char *turn_state_name(enum node_turn_state state);	/* lower_snake */

/* A TURN server of the settings. */
struct turn_status {
	char name[PATH_RELAY_TEXT];	/* "turn:relay.example.net" */
	enum node_turn_state state;
	enum path_transport transport;	/* UP: to the server */
	struct endpoint relayed;	/* UP: our address there */
	const char *problem;		/* that it had last: "no answer"; NULL: none */
	msec retry;			/* RESTING: after so long */
};

size_t node_turns_len(const struct node *node);
void node_turn_status(const struct node *node, size_t i, struct turn_status *out, msec now);

/* -- what we pass on between our peers ------------------------------------------ */

struct relaying_status {
	uint32_t rate;			/* Mbit/s at most; 0: no limit */
	uint64_t counters[FORWARD_COUNTERS];
};

/* False: nothing is passed on, by the settings. */
bool node_relaying_status(const struct node *node, struct relaying_status *out);

struct relayed_status {
	const char *from, *to;		/* peers; `to`: the last; borrowed until the next reconfigure */
	uint64_t packets, bytes, dropped;
	msec idle;			/* since the last */
};

/* The next peer whose packets were passed on lately; *i begins with 0. False: no more. */
bool node_next_relayed(const struct node *node, size_t *i, struct relayed_status *out, msec now);

/* -- counters --------------------------------------------------------------------- */

/* Why packets were not passed on. Each is counted, and each has a test. */
enum node_counter {
	COUNT_UNKNOWN_DATAGRAM,		/* demux knows no such thing */
	COUNT_UNSUPPORTED,		/* a suite that this machine does not have; ChannelData or STUN that
					   nobody here has asked for */
	COUNT_BAD_MAC1,
	COUNT_BAD_HANDSHAKE,		/* does not authenticate */
	COUNT_STRANGER,			/* a right initiation from a key that is not configured */
	COUNT_REPLAYED_INITIATION,
	COUNT_INITIATION_TOO_SOON,
	COUNT_UNEXPECTED_HANDSHAKE,	/* a response or cookie to nothing */
	COUNT_COOKIE_SENT,
	COUNT_COOKIE_RECEIVED,
	COUNT_RATE_LIMITED,
	COUNT_WRONG_SUITE,		/* a right initiation of a cipher suite that our settings do not allow */
	COUNT_UNKNOWN_INDEX,		/* data for no keypair of ours */
	COUNT_BAD_DATA,			/* data that does not open */
	COUNT_REPLAYED_DATA,
	COUNT_EXPIRED_DATA,		/* for a key that is too old */
	COUNT_BAD_INNER,		/* the opened packet is no IP packet */
	COUNT_WRONG_SOURCE,		/* its source is not one of its peer's addresses */
	COUNT_ECN_DROP,			/* RFC 6040: congestion on a flow that cannot be told */
	COUNT_NO_PEER,			/* from the TUN: nobody owns the destination */
	COUNT_NO_ENDPOINT,		/* from the TUN: the peer has not called and has no endpoint */
	COUNT_LOOP,			/* from the TUN: one of our own datagrams */
	COUNT_QUEUE_FULL,		/* the oldest packet that waited for a key was dropped */
	COUNT_GAVE_UP,			/* packets dropped as the peer did not answer for 90 s */
	COUNT_BAD_SIGNAL,		/* an envelope or frame of signalling that nobody should send */
	COUNT_UNKNOWN_MAILBOX,		/* an envelope that came straight to us, and is for nobody here */
	COUNT_NO_RELAY,			/* for a relay that is not there any more, or that we are not */
	COUNT_RELAYED_TWICE,		/* by a relay in what came by a relay */
	COUNT_BAD_RELAYED,		/* from where a TURN server is, and nothing that it should say */
	COUNT_WRONG_WAY,		/* by a connection to a server, of another session than its own; or
					   an initiation by a way that the peer's settings forbid */
	COUNT_NO_MEMORY,
	NODE_COUNTERS,
};

const char *node_counter_name(enum node_counter counter);	/* lower_snake */
uint64_t node_counter(const struct node *node, enum node_counter counter);

#endif
