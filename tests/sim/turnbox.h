/* turnbox.h -- a TURN server in the simulated internet (RFC 8656), on the wire as a real one.
 *
 *   node --NAT--> 198.51.100.200:3478 [ allocation: port 50000 + n ] --> peer
 *                 by UDP, or by a connection (pipes.h)
 *
 * It has one user, "user" with the password "pass". A hostile one says what no server should
 * say, and signs it. (It sends nobody to another server, as the simulator wants to know where
 * datagrams may go.)
 */
#ifndef TESTS_SIM_TURNBOX_H
#define TESTS_SIM_TURNBOX_H

#include "sim/sim.h"

enum { TURNBOX_ALLOCATIONS = 32, TURNBOX_PEERS = 128, TURNBOX_PORT = 3478, TURNBOX_RELAYED = 50000 };

struct turnbox_peer {
	struct endpoint at;
	uint16_t channel;		/* 0: a permission only */
	msec permitted_until, bound_until;
};

struct turnbox_allocation {
	struct endpoint client;		/* as seen here; family IP_NONE: free */
	bool stream;
	struct pipe pipe;		/* then: its connection, as it was */
	msec until;
	struct turnbox_peer peers[TURNBOX_PEERS];
	size_t peers_len;
};

struct turnbox {
	struct sim *sim;
	struct endpoint at;
	/* to be changed by a test: */
	bool is_down;			/* it hears nothing */
	bool no_udp;			/* it hears no datagrams */
	bool wrong_password;		/* it knows another */
	unsigned quota;			/* allocations, then 486 */
	unsigned error;			/* to each Allocate that is signed; 0: none */
	uint32_t lifetime;		/* seconds */
	msec nonce_life;
	unsigned lies;			/* that it tells in answer to each message */
	/* what became of it: */
	unsigned lied;
	struct turnbox_heard {		/* the last message */
		struct endpoint from;
		bool stream;
		size_t len;
		uint8_t bytes[NET_DATAGRAM];
	} heard;
	struct turnbox_allocation allocations[TURNBOX_ALLOCATIONS];
	unsigned life;			/* the how manieth */
	unsigned allocates, refreshes, stale, relayed, lost;
};

/* malloc'ed; nodes that are started from here on are told of it. `how`: by what they may ask. */
struct turnbox *turnbox_new(struct sim *sim, const struct node_turn_server *how);
void turnbox_free(struct turnbox *box);
/* So many lies to who has asked last, out of the blue. */
void turnbox_lie(struct turnbox *box, unsigned n);
/* It forgets all. */
void turnbox_restart(struct turnbox *box);
unsigned turnbox_count(const struct turnbox *box);	/* allocations that there are */

#endif
