/* signalling.h -- how peers that have no way yet tell each other of themselves.
 *
 *   reach (one per peer that is looked for)
 *     | exchange: our DESC
 *     v
 *   sealed envelope --> every carrier at once:  the LAN's multicast group
 *                                               each introducer we are connected to
 *   or, if the peer is connected, as it is inside the session
 *
 * An introducer is a peer with an endpoint: everybody can call it, so nodes that
 * nobody can call meet there. They register their mailboxes with it and keep the
 * session alive (25 s, for the NAT); what is published for a mailbox it passes
 * on, and cannot read. It also tells each how it is seen from outside. Any node
 * does that for its peers; a peer that does not answer is plain WireGuard.
 */
#ifndef NODE_SIGNALLING_H
#define NODE_SIGNALLING_H

#include "node/gather.h"
#include "node/node.h"
#include "node/reach.h"
#include "signal/rendezvous_client.h"
#include "signal/rendezvous_server.h"
#include "stun/responder.h"

enum {
	INTRODUCERS_MAX = 3,
	INTRODUCER_KEEPALIVE = 25 * 1000,	/* msec */
	INTRODUCER_TRIES = 4,			/* then it is a plain WireGuard peer */
	INTRODUCER_BOXES = 2048,		/* mailboxes that we hold for others */
	INTRODUCER_BOXES_EACH = 512,
	INTRODUCER_LETTERS = 64,
	SIGNALLING_FRAME = HEADROOM + FRAME_HEADER + ENVELOPE_MAX + 64,
};

/* A peer that passes our signalling on. */
struct introducer {
	struct rendezvous_client client;
	bool was_connected;
	bool is_plain;
};

/* An envelope on its way to all carriers, one after the other. */
struct post {
	size_t len;			/* 0: none */
	bool saves, by_lan;		/* still to be done */
	size_t next_peer;		/* the introducer to ask next, by its place in the roster */
	uint8_t envelope[ENVELOPE_MAX];
};

struct introduction;			/* what we do for others; made when the first one asks */

struct signalling {
	struct exchange_shared shared;
	struct ice_pacer pacer;
	struct gather gather;
	struct list reaches;
	uint8_t (*mailboxes)[MAILBOX_LEN];	/* two days for each peer, in the roster's order */
	size_t mailboxes_len;
	uint32_t first_day;
	bool knows_day;				/* the wall clock was told */
	bool lan;
	struct lan_gate lan_gate;
	struct cidr refused[NODE_LOCALS_MAX];	/* our own networks inside */
	size_t refused_len;
	struct responder responder;
	struct introduction *introduction;
	struct post post;
	bool touched;				/* look at everything in the next poll */
	msec due;
	uint8_t frame[SIGNALLING_FRAME];	/* of the last ACTION_SEND */
};

void signalling_init(struct node *node, const struct node_settings *settings, uint64_t mark,
		     struct rng *rng);
/* The roster is another one: its peers are in place. False: no memory. */
bool signalling_set_peers(struct node *node, msec now);
void signalling_deinit(struct node *node);
void signalling_set_wall(struct node *node, uint64_t wall_ms);
void signalling_set_addresses(struct node *node, const struct node_settings *settings);

/* Look for this peer. False: there is nobody to ask. */
bool signalling_seek(struct node *node, struct peer *peer, msec now);

/* -- in -------------------------------------------------------------------- */

void signalling_stun(struct node *node, struct datagram *d, struct node_out *out, msec now);
/* A frame inside a peer's session. */
void signalling_frame(struct node *node, struct peer *peer, struct bytes plain, msec now);

/* -- out ------------------------------------------------------------------- */

enum action_kind signalling_poll(struct node *node, struct action *action, msec now);
void signalling_tick(struct node *node, msec now);
msec signalling_due(const struct node *node);

#endif
