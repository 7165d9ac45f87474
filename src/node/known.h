/* known.h -- where peers were when we were last connected, to meet again without anybody's help.
 *
 *   connected --> places: the path in use, then the addresses that the peer has told
 *       |                        |
 *       v                        +--> each DESC goes to them as well (signalling.c, "direct")
 *   peers.cache (cache.h)        '--> they are candidates: checks go there
 *
 * The file is written when something of it has changed, a second after that and
 * at most every half minute; once in an hour while anybody is connected, so that
 * it says how long ago that was; and at a stop. Peers that were connected when it
 * was written are looked for at once after a start. All others wait for a packet:
 * a thousand peers that were silent stay silent.
 */
#ifndef NODE_KNOWN_H
#define NODE_KNOWN_H

#include "node/cache.h"
#include "node/node.h"

struct peer;

enum {
	KNOWN_SETTLE = 1000,			/* msec: changes come in groups */
	KNOWN_PAUSE = 30 * 1000,		/* between two writes */
	KNOWN_REFRESH = 60 * 60 * 1000,
	KNOWN_FRESH = 24 * 60 * 60 * 1000,	/* who was connected longer ago is not looked for by itself */
	KNOWN_SEEKS = 32,			/* so many at once, of REACH_MAX */
	KNOWN_TARGETS = CACHE_PLACES + 1,
};

/* Of one peer; made when it is connected for the first time. */
struct known {
	struct endpoint places[CACHE_PLACES];	/* the best first */
	size_t len;
	struct endpoint came_from;	/* its last envelope that came straight; IP_NONE: none did */
	uint64_t connected_ms;
	bool connected;
};

/* Of the node; when to write the file. */
struct known_clock {
	msec due;			/* NEVER: nothing has changed */
	msec written;
};

void known_init(struct known_clock *clock, msec now);

/* A peer that may owe something: has its connection come, gone, or moved? */
void known_attend(struct node *node, struct peer *peer, msec now);

/* Something of the file is another. */
void known_changed(struct node *node, msec now);

/* Its envelope came straight from there, and was authentic. */
void known_came_from(struct peer *peer, const struct endpoint *from);

/* Where to send what is for it, besides asking others: so many. */
size_t known_targets(const struct node *node, const struct peer *peer,
		     struct endpoint out[static KNOWN_TARGETS]);

bool known_poll(struct node *node, msec now);	/* is the file to be written? */

#endif
