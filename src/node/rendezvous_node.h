/* rendezvous_node.h -- the brain of `p2pnet rendezvous`: where nodes meet that cannot call each other.
 *
 *   initiation --> gate --> guests (whoever knows our public key, and the psk if there is one)
 *   data -------> session_open --> frame --> rendezvous_server --> frame --> session_seal
 *                                  RELAY --> forwarder ----------> RELAY --> session_seal
 *   STUN -------> responder, on two ports
 *   connections: the same datagrams, but no STUN, each by the number of its connection
 *
 * A node without a TUN device, an address or peers: it lets strangers have a WireGuard
 * session, holds the mailboxes that they name in it, and passes on envelopes that it
 * cannot read. What a client says of itself is no identity: its key is drawn anew
 * each time that it starts.
 *
 * With a psk, and if it is told to, it passes on datagrams between its clients as well
 * (signal/relay.h); never for the world.
 *
 * Outside a session it says nothing but a response or a cookie to an initiation that
 * knows its public key, and what the responder says; never more bytes than came. It
 * calls nobody. All that it knows is soft: when it is lost, clients register again.
 */
#ifndef NODE_RENDEZVOUS_NODE_H
#define NODE_RENDEZVOUS_NODE_H

#include "base/packet.h"
#include "crypto/key.h"
#include "node/forwarder.h"
#include "node/status.h"

struct rendezvous_node;

enum {
	RENDEZVOUS_LISTENERS_MAX = 8,
	RENDEZVOUS_CONNECTION = 2 * RENDEZVOUS_LISTENERS_MAX,	/* the first one's number */
	RENDEZVOUS_CONNECTIONS_MAX = UINT16_MAX - RENDEZVOUS_CONNECTION,
};

/* Two sockets at one address. By their numbers, in path.via, 2i is listener i's own, and
 * 2i + 1 answers STUN alone. Beyond those are connections (TLS). */
struct rendezvous_listener {
	uint16_t port;
	uint16_t stun_port;		/* 0: there is no second one */
};

struct rendezvous_node_settings {
	uint8_t private_key[KEY_LEN];
	uint8_t psk[KEY_LEN];		/* zeroes: none is demanded */
	uint32_t clients_max;
	const struct rendezvous_listener *listeners;
	size_t listeners_len;
	bool relay;			/* datagrams, too; only with a psk */
	uint32_t relay_rate;		/* Mbit/s; 0: no limit */
	uint16_t connections_max;	/* <= RENDEZVOUS_CONNECTIONS_MAX */
};

/* NULL: no memory. The rng must outlive it. */
struct rendezvous_node *rendezvous_node_new(const struct rendezvous_node_settings *settings,
					    struct rng *rng, msec now);
void rendezvous_node_free(struct rendezvous_node *r);

const uint8_t *rendezvous_node_public_key(const struct rendezvous_node *r);

/* Nanoseconds since 1970; clients are told it, as a hint which day it is. */
void rendezvous_node_set_wall(struct rendezvous_node *r, uint64_t wall_ns);

/* Datagrams came in, n <= BURST_MAX. Those that are to be sent now, answers and what is on its way
 * to other clients, stand in their place then; how many. What else they lead to is owed. */
size_t rendezvous_node_receive(struct rendezvous_node *r, struct datagram *datagrams, size_t n,
			       msec now);

/* A connection has ended; its number may be given to another. Who came by it is not written to
 * until he comes back; what lies there for him is kept. */
void rendezvous_node_disconnected(struct rendezvous_node *r, uint16_t via);

/* The next datagram that is owed. Its bytes live until the next call. False: nothing is. */
bool rendezvous_node_poll(struct rendezvous_node *r, struct datagram *d, msec now);

void rendezvous_node_tick(struct rendezvous_node *r, msec now);
msec rendezvous_node_due(const struct rendezvous_node *r);

/* -- what it knows of itself ---------------------------------------------------- */

/* What happened to clients, beside what is counted of datagrams as in any node. */
enum guest_counter {
	GUEST_TURNED_AWAY,		/* an initiation: there is no room, and everybody is active */
	GUEST_PUSHED_OUT,		/* a newcomer, by another */
	GUEST_UNPROVEN,			/* a newcomer that sent no data in time */
	GUEST_UNREACHED,		/* a frame for one whose keys have become too old */
	GUEST_COUNTERS,
};

uint32_t rendezvous_node_clients(const struct rendezvous_node *r);	/* that are known */
uint64_t rendezvous_node_count(const struct rendezvous_node *r, enum node_counter counter);
uint64_t rendezvous_node_guests(const struct rendezvous_node *r, enum guest_counter counter);
uint64_t rendezvous_node_relayed(const struct rendezvous_node *r, enum forward_counter counter);

#endif
