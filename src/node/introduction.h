/* introduction.h -- what we do for peers that look for each other: we hold their mailboxes.
 *
 *   a peer's session --REGISTER, PUBLISH--> rendezvous_server --DELIVER, OBSERVED--> a peer's session
 *
 * Every node does it for its own peers, in tables of a fixed size that are made
 * when the first one asks. When they are lost (a reload), the peers register again.
 */
#ifndef NODE_INTRODUCTION_H
#define NODE_INTRODUCTION_H

#include "node/node.h"

struct peer;
struct introduction;			/* NULL: nobody has asked yet */

enum {
	INTRODUCTION_BOXES = 2048,	/* mailboxes that we hold for others */
	INTRODUCTION_BOXES_EACH = 512,
	INTRODUCTION_LETTERS = 64,
};

void introduction_free(struct introduction *in);	/* NULL is fine */

/* A REGISTER or PUBLISH from this peer's session. */
void introduction_feed(struct node *node, struct peer *peer, struct bytes plain, msec now);

void introduction_tick(struct introduction *in, msec now);
msec introduction_due(const struct introduction *in);
/* A frame for that peer: its length, written to signalling_frame_room(); 0: nothing is owed. */
size_t introduction_poll(struct node *node, struct peer **to);

#endif
