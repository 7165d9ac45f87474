/* sim.h -- whole nodes on a simulated network, from one seed.
 *
 *   sim_packet --> node 0 --datagrams--> wire: delay, loss, reordering, copies --> node 1 --> got
 *
 * Time is a number that sim_run() moves from event to event. The wire knows
 * only addresses: a datagram goes to the node that has its destination at that
 * moment. What must hold in every run is checked as it goes: no plain text on
 * the wire, no packet delivered twice, none changed, none to the wrong node.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include "node/node.h"
#include "node/status.h"

enum { SIM_NODES = 8, SIM_WIRE = 4096, SIM_PACKETS = 1 << 17, SIM_MTU = 1400 };

struct sim_wire {			/* in 1/1000 */
	unsigned loss;
	unsigned copies;		/* chance that a datagram arrives twice */
	unsigned reorder;		/* chance of up to 10 delays more */
	msec delay;
};

/* What stands between a node and the wire, RFC 4787: mappings are by port of the outside
 * address; the filter lets in whom the inside has sent to. */
enum sim_nat_kind {
	SIM_NO_NAT,
	SIM_FULL_CONE,			/* one mapping for all, anybody gets in */
	SIM_ADDRESS_RESTRICTED,
	SIM_PORT_RESTRICTED,
	SIM_SYMMETRIC,			/* a mapping with a random port for each destination */
	SIM_UDP_BLOCKED,
};

enum { SIM_MAPPINGS = 64, SIM_MAPPING_LIFE = 30 * 1000 };

struct sim_mapping {
	uint16_t port;			/* outside; 0: free */
	struct endpoint to;		/* whom it was made for */
	msec used;
};

struct sim_datagram {
	msec at;			/* NEVER: free */
	struct endpoint from, to;
	size_t len;
	uint8_t bytes[2048];
};

struct sim_node {
	struct node *node;
	struct endpoint endpoint;	/* where the network finds it */
	enum sim_nat_kind nat;
	struct ip outside;		/* of its NAT */
	struct sim_mapping mappings[SIM_MAPPINGS];
	unsigned calls;			/* bit k: it has an endpoint for node k */
	struct ip inner;		/* its address inside */
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];
	int64_t wall_offset;		/* nanoseconds that its clock is wrong by */
	msec asleep_until;		/* 0: awake */
	uint64_t marks[NODE_MARKS];	/* its disk */
	unsigned got;			/* packets delivered to it */
	unsigned refused;		/* ICMP errors it gave to its own host */
	unsigned resolves;		/* names it asked for */
	uint64_t datagrams;		/* sent */
};

struct sim {
	msec now;
	struct rng rng;
	struct sim_wire wire;
	struct sim_node nodes[SIM_NODES];
	size_t nodes_len;
	struct sim_datagram flying[SIM_WIRE];
	uint32_t sent;				/* packets given to nodes so far */
	uint8_t to[SIM_PACKETS];		/* whom each was for */
	uint8_t delivered[SIM_PACKETS];		/* how often it came */
	/* Every datagram, before the wire has its way; false: it is lost. May be NULL. */
	bool (*tap)(struct sim *sim, struct sim_datagram *d, void *context);
	void *tap_context;
};

/* malloc'ed; n nodes that all know each other's keys, and endpoints if `endpoints`.
 * Inside they are 10.0.0.1, 10.0.0.2, ... */
struct sim *sim_new(uint64_t seed, size_t n, bool endpoints);
void sim_free(struct sim *sim);

void sim_run(struct sim *sim, msec duration);
uint32_t sim_packet(struct sim *sim, size_t from, size_t to, size_t len);	/* its number */
bool sim_arrived(const struct sim *sim, uint32_t number);

void sim_restart(struct sim *sim, size_t i);		/* the process; the disk stays */
void sim_move(struct sim *sim, size_t i, struct endpoint to);
void sim_configure(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive);
/* Nodes behind NATs: kinds[0] for node 0, and so on. The last node is public; all others
 * know its endpoint, and nobody else's. They know their own addresses. */
struct sim *sim_new_behind_nats(uint64_t seed, const enum sim_nat_kind *kinds, size_t n);
/* Another address of its own, as in another network; it notices. */
void sim_roam(struct sim *sim, size_t i, struct ip to);
void sim_reboot_nat(struct sim *sim, size_t i);		/* mappings and outside address are others */
/* A datagram out of the blue. */
void sim_inject(struct sim *sim, const struct endpoint *from, size_t to, struct bytes datagram);
struct peer_status sim_status(const struct sim *sim, size_t of, size_t peer);

#endif
