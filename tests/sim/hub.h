/* hub.h -- a rendezvous in the simulated internet that is as hostile as it can be.
 *
 *   node --REGISTER, PUBLISH--> hub --> [ held: due, to whom, which envelope ] --DELIVER--> node
 *
 * It has the pinned key, so its sessions are right. With the envelopes it does what
 * its malice says; it knows all mailboxes, as any rendezvous does. An honest one
 * has none.
 *
 * If it relays, datagrams that are for others suffer the same (hub_relay.c).
 */
#ifndef TESTS_SIM_HUB_H
#define TESTS_SIM_HUB_H

#include "node/guests.h"
#include "signal/rendezvous.h"
#include "sim/sim.h"

enum hub_malice {
	HUB_DROPS = 1 << 0,
	HUB_DELAYS = 1 << 1,		/* by 30 s */
	HUB_MULTIPLIES = 1 << 2,	/* 100 of each */
	HUB_REORDERS = 1 << 3,		/* each after 0 to 3 s */
	HUB_REPLAYS = 1 << 4,		/* all that it ever had, again and again */
	HUB_SWAPS = 1 << 5,		/* into another's mailbox, and to another client, too */
	HUB_GARBAGE = 1 << 6,		/* 200 a second for mailboxes that there are */
	HUB_TALKS = 1 << 7,		/* frames and packets that it has no business with */
	HUB_ALTERS = 1 << 8,		/* half of the datagrams that it relays */
	HUB_ALL = (1 << 9) - 1,
};

enum { HUB_GUESTS = 16, HUB_IDS = 64, HUB_HELD = 4096, HUB_KEPT = 64, HUB_SLOTS = 256, HUB_KEYPAIRS = 64,
	HUB_RELAYED = 256, HUB_FRAME = 1600 };

struct hub_envelope {
	size_t len;
	uint8_t bytes[ENVELOPE_MAX];
};

struct hub_held {
	msec due;			/* NEVER: a free place */
	struct guest *to;
	struct hub_envelope envelope;
};

struct hub {
	struct sim *sim;
	struct endpoint at;
	unsigned malice;
	bool is_down;			/* by UDP */
	struct rng rng;
	struct session_shared shared;
	struct guests guests;
	struct index_slot slots[HUB_SLOTS];
	struct keypair keypairs[HUB_KEYPAIRS];
	struct {
		uint8_t id[MAILBOX_LEN];
		struct guest *owner;
	} ids[HUB_IDS];
	size_t ids_len;
	struct hub_envelope kept[HUB_KEPT];
	size_t kept_len;
	struct hub_held held[HUB_HELD];
	unsigned published, delivered;
	bool relays;			/* set before its clients come */
	struct hub_relayed {
		msec due;		/* NEVER: it has gone, and is kept for a replay */
		struct guest *to;	/* NULL: nothing */
		size_t len;
		uint8_t frame[HUB_FRAME];
	} relayed[HUB_RELAYED];
	size_t relayed_len;		/* ever */
	bool was_named;			/* a key of a node, or the like, was in what it has got */
};

/* malloc'ed; all nodes of the sim know it, and call. */
struct hub *hub_new(struct sim *sim, uint64_t seed, unsigned malice);
void hub_free(struct hub *hub);
/* It forgets all; those who were connected are not any more. */
void hub_restart(struct hub *hub);

/* It is called over TLS as well, or `alone`. */
void hub_listen_tls(struct hub *hub, bool alone);

/* -- among its files -- */

/* A frame in the session with that client; and whose mailbox it is, by how the id begins. */
void hub_say(struct hub *hub, struct guest *to, const void *plain, size_t len);
struct guest *hub_owner(const struct hub *hub, const uint8_t *id, size_t len);
/* How long it waits with what it was given. */
msec hub_wait(struct hub *hub);

void hub_relay(struct hub *hub, struct packet *p);
void hub_relay_step(struct hub *hub, bool now_and_then);

/* sim_run(), and the hub's own time. */
void hub_run(struct hub *hub, msec duration);

#endif
