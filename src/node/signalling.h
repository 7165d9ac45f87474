/* signalling.h -- how peers that have no way yet tell each other of themselves.
 *
 *   reach (one per peer that is looked for)
 *     | exchange: our DESC
 *     v
 *   sealed envelope --> every carrier at once:  the LAN's multicast group
 *                                               each introducer we are connected to
 *                                               straight to where the peer was before (known.h)
 *   or, if the peer is connected, as it is inside the session
 *
 * Introducers are peers (introducers.h); any node is one for its own peers
 * (introduction.h). What lies in which mailbox only the two ends know (mailboxes.h).
 */
#ifndef NODE_SIGNALLING_H
#define NODE_SIGNALLING_H

#include "node/gather.h"
#include "node/introducers.h"
#include "node/introduction.h"
#include "node/known.h"
#include "node/mailboxes.h"
#include "node/node.h"
#include "node/reach.h"
#include "node/relays.h"
#include "node/sockets.h"
#include "node/spray.h"
#include "node/streams.h"
#include "node/survey.h"
#include "node/survey_tcp.h"
#include "node/turns.h"
#include "stun/responder.h"

enum { SIGNALLING_FRAME = HEADROOM + FRAME_HEADER + ENVELOPE_MAX + 64 };

/* An envelope on its way to all carriers, one after the other. */
struct post {
	size_t len;			/* 0: none */
	bool saves, by_lan;		/* still to be done */
	struct endpoint direct[KNOWN_TARGETS];
	size_t direct_len;
	size_t next_peer;		/* the introducer to ask next: see node_contact() */
	uint8_t envelope[ENVELOPE_MAX];
};

struct signalling {
	struct exchange_shared shared;
	struct ice_pacer pacer;
	struct gather gather;
	struct survey survey;
	struct survey_tcp survey_tcp;
	struct list reaches;
	struct mailboxes mailboxes;
	bool lan;
	struct lan_gate lan_gate;
	struct cidr refused[NODE_LOCALS_MAX];	/* our own networks inside */
	size_t refused_len;
	struct responder responder;
	uint16_t other_via;			/* the socket of its other port; 0: there is none */
	struct introduction *introduction;
	struct sockets sockets;
	struct streams streams;
	struct relays relays;
	struct turns turns;
	struct sprayer sprayer;
	struct post post;
	bool owes_mark;				/* of a message that left otherwise */
	bool udp_is_blocked;			/* transport.h */
	bool wants_tcp_map;			/* reach_tcp.h */
	bool touched;				/* look at everything in the next poll */
	msec due;
	uint8_t frame[SIGNALLING_FRAME];	/* of the last ACTION_SEND */
};

void signalling_init(struct node *node, const struct node_settings *settings, uint64_t mark,
		     struct rng *rng, msec now);
/* The roster is another one: its peers are in place. False: no memory. */
bool signalling_set_peers(struct node *node, msec now);
void signalling_deinit(struct node *node);
void signalling_set_wall(struct node *node, uint64_t wall_ms);
void signalling_set_addresses(struct node *node, const struct node_settings *settings, msec now);

/* Our candidates are others now. */
void signalling_tell(struct node *node, msec now);
/* We introduce others: they want to know what NAT they are behind, which takes two ports. */
void signalling_want_other_port(struct node *node);

/* It may be looked for: it is, or there is a place left. */
bool signalling_has_room(const struct node *node, const struct peer *peer);
/* Make its reach, if it has none, whether there is a carrier or not. False: no room, no memory. */
bool signalling_start(struct node *node, struct peer *peer, msec now);
/* Look for this peer. False: there is nobody to ask. */
bool signalling_seek(struct node *node, struct peer *peer, msec now);

/* -- in: signalling_receive.c ----------------------------------------------- */

void signalling_stun(struct node *node, struct datagram *d, struct node_out *out, msec now);
/* What an exchange has judged so; wipes it. True: it was news. */
bool signalling_take_desc(struct node *node, struct reach *r, enum exchange_verdict verdict,
			  struct desc *desc, const struct exchange_news *news, uint32_t ifindex,
			  msec now);
/* An envelope that came straight, behind its mark. */
void signalling_direct(struct node *node, const struct datagram *d, msec now);
/* A frame inside a peer's session. */
void signalling_frame(struct node *node, struct peer *peer, struct bytes plain, msec now);

/* -- out: signalling_send.c -------------------------------------------------- */

/* Where a frame is written before it is sealed: RENDEZVOUS_FRAME_MAX bytes. */
uint8_t *signalling_frame_room(struct signalling *s);

enum action_kind signalling_poll(struct node *node, struct action *action, msec now);
void signalling_tick(struct node *node, msec now);
msec signalling_due(const struct node *node);

#endif
