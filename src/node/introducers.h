/* introducers.h -- peers, and rendezvous, that pass our signalling on.
 *
 * An introducer is a peer with an endpoint: everybody can call it, so nodes that
 * nobody can call meet there. We register our mailboxes with it and keep the
 * session alive (25 s, for the NAT); what is published for a mailbox it passes
 * on, and cannot read. It also tells each how it is seen from outside. Any node
 * does that for its peers (introduction.h); a peer that never answers is plain
 * WireGuard. Who can call all its peers needs none.
 *
 * A rendezvous (rendezvous_links.h) is nothing else, and always is one.
 */
#ifndef NODE_INTRODUCERS_H
#define NODE_INTRODUCERS_H

#include "node/node.h"
#include "signal/lan.h"
#include "signal/rendezvous_client.h"

struct peer;

enum {
	INTRODUCERS_MAX = 3,
	INTRODUCER_KEEPALIVE = 25 * 1000,	/* msec */
	INTRODUCER_TRIES = 8,			/* then it is a plain WireGuard peer, if it is heard */
	INTRODUCER_DOUBTED = 2,			/* tries, after 2 s; then it may not be where it was */
};

struct introducer {
	struct rendezvous_client client;
	struct lan_gate gate;	/* of what it delivers */
	bool was_connected;
	bool has_answered;	/* so it is one of ours, even if it is silent now */
	bool is_heard;		/* data of it came since we asked first, */
	unsigned tries_before;	/* after so many tries */
	bool is_plain;
	bool was_up;			/* as was told last */
	bool relays;			/* it passes on datagrams, too: relays.h */
	bool was_doubted;		/* so it was called anew, */
	msec handshake_before;		/* and had last been heard so then */
};

/* The roster is another one: choose among its peers, and take all rendezvous. False: no memory. */
bool introducers_set_peers(struct node *node, msec now);

/* Our mailboxes are others, or we want to be told how we are seen. `hurry`: now. */
void introducers_announce(struct node *node, bool hurry, msec now);

/* It is asked and does not answer. */
bool introducer_is_doubted(const struct introducer *in);

/* May an envelope find its way by one of them? */
bool introducers_exist(const struct node *node);

void introducers_tick(struct node *node, msec now);
msec introducers_due(const struct node *node, msec now);
/* A frame for that peer: its length, written to signalling_frame_room(); 0: nothing is owed. */
size_t introducers_poll(struct node *node, struct peer **to, msec now);

/* The envelope to the introducers in turn: *next is where to go on, 0 to begin with. The
 * length of the frame for *to, or 0: all have it. */
size_t introducers_publish(struct node *node, size_t *next, struct bytes envelope,
			   struct peer **to, msec now);

#endif
