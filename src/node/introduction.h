/* introduction.h -- what we do for peers that look for each other: we hold their mailboxes.
 *
 *   a peer's session --REGISTER, PUBLISH--> rendezvous_server --DELIVER, OBSERVED--> a peer's session
 *   a peer's session --RELAY--> rendezvous_server: whose is it? --> forwarder --> a peer's session
 *
 * Every node does it for its own peers, in tables of a fixed size that are made
 * when the first one asks. When they are lost (a reload), those who had registered are told,
 * and do it again.
 *
 * Datagrams are passed on if the settings say so (relay = yes), and one hop only: what came
 * by a relay, and what would leave by one, is dropped.
 */
#ifndef NODE_INTRODUCTION_H
#define NODE_INTRODUCTION_H

#include "node/forwarder.h"
#include "node/node.h"
#include "signal/relay.h"

struct peer;
struct introduction;			/* NULL: nobody has asked yet */

enum {
	INTRODUCTION_BOXES = 2048,	/* mailboxes that we hold for others */
	INTRODUCTION_BOXES_EACH = 512,
	INTRODUCTION_LETTERS = 64,
};

void introduction_free(struct introduction *in);	/* NULL is fine */
/* The roster is another one, and its peers are in place; or the settings are others. */
void introduction_renew(struct node *node, msec now);

/* A REGISTER or PUBLISH from this peer's session. */
void introduction_feed(struct node *node, struct peer *peer, struct bytes plain, msec now);

void introduction_tick(struct introduction *in, msec now);
msec introduction_due(const struct introduction *in);
/* A frame for that peer: its length, written to signalling_frame_room(); 0: nothing is owed. */
size_t introduction_poll(struct node *node, struct peer **to);

/* -- datagrams that are passed on ---------------------------------------------- */

/* A FRAME_RELAY from this peer's session lies in *d. It waits for the end of the burst, or for its
 * turn, or is dropped. */
void introduction_relay(struct node *node, struct peer *from, const uint8_t tag[static RELAY_TAG],
			const struct datagram *d, msec now);
/* The end of the burst: what passes at once is sealed for whom it is for. */
void introduction_pass_on(struct node *node, struct node_out *out, msec now);
/* One that had to wait. */
bool introduction_poll_relay(struct node *node, struct datagram *d, msec now);
msec introduction_relay_due(const struct introduction *in);

#endif
