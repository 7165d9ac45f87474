/* ping.h -- is the peer there, and by which way do a word to it and its answer go?
 *
 *   node_ping --> WAITING --the session is up--> SENT --pong--> ANSWERED
 *
 * Question and answer are frames inside the session (signal/inband.h): only a
 * peer can ask, and the answer leaves at once, in the place of the question, by
 * the way that it came, and no longer than it. Plain WireGuard drops the
 * question and says nothing.
 */
#ifndef NODE_PING_H
#define NODE_PING_H

#include "node/status.h"

struct peer;

enum {
	PINGS_MAX = 16,			/* at once in a node */
	PONGS_PER_SECOND = 10,		/* to each peer, */
	PONGS_BURST = 20,		/* and at once */
	PING_LEN = 15,			/* FRAME_HEADER, path, echo */
	PING_ROOM = 17,			/* after it: padding to 16, and the tag */
	PING_FRAME = HEADROOM + PING_LEN + PING_ROOM,
};

enum ping_state {
	PING_NONE,			/* there is no such ping (any more) */
	PING_WAITING,			/* for a session */
	PING_SENT,
	PING_ANSWERED,
};

struct ping {
	enum ping_state state;		/* PING_NONE: a free slot */
	uint64_t id;
	uint8_t peer[KEY_LEN];
	bool called;			/* a handshake was begun for it */
	struct path_status way;		/* that the question went, and the answer came */
};

struct pings {
	struct ping slots[PINGS_MAX];
	size_t len;			/* slots in use */
	uint8_t frame[PING_FRAME];	/* of the last ACTION_SEND */
};

/* Ask this peer, once, as soon as there is a session: one is begun, and a way looked for, as
 * for a packet. The id to follow it by; 0: no such peer, or too many at once. */
uint64_t node_ping(struct node *node, const uint8_t peer[static KEY_LEN], msec now);
/* NULL: no such ping. */
const struct ping *node_ping_find(const struct node *node, uint64_t id);
void node_ping_end(struct node *node, uint64_t id);

/* -- for the node ---------------------------------------------------------- */

/* True: the frame in *inner, opened in d's buffer, was a ping or a pong, and is dealt with. */
bool ping_feed(struct node *node, struct peer *peer, const struct datagram *d,
	       struct packet *inner, struct node_out *out, msec now);
enum action_kind ping_poll(struct node *node, struct action *action, msec now);

#endif
