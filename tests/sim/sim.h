/* sim.h -- whole nodes on a simulated network, from one seed.
 *
 *   sim_packet --> node 0 --> link --> nets: NATs, delay, loss, reordering, copies --> node 1 --> got
 *                      \ link 2, in another net
 *
 * Time is a number that sim_run() moves from event to event. What must hold in every run is
 * checked as it goes, after each datagram and each packet:
 *
 *   no plain text on the wire; no packet delivered twice, changed, or to the wrong node
 *   no datagram to where no node is or was, unless it answers one from there
 *   no storm: what a node sends of itself is bounded by SIM_RATE for each peer, and punch_rate
 *   no node that is due again and again
 *   no growth: reaches, indices, keypairs and queues have their limits
 *   at most one change of paths that nothing forces in five seconds, for each peer
 *
 * SIM_LOG=1 in the environment shows what the nodes have to say, SIM_LOG=2 each datagram.
 */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include "node/node.h"
#include "node/status.h"
#include "sim/net.h"
#include "sim/pipes.h"
#include "sim/tcp.h"

enum {
	SIM_NODES = 64,
	SIM_LINKS = 2,
	SIM_PACKETS = 1 << 17,
	SIM_PLACES = 2048,
	SIM_MTU = 1400,
	SIM_RATE = 50,			/* datagrams a second for each peer: 20 checks, 20 answers, the rest */
	SIM_BURST = 150,
	SIM_MORE = 40000,		/* the port of the socket by the number via is SIM_MORE + via */
	SIM_TURNS = 10000,		/* of the loop, in a second */
};

/* The kinds of NAT that everybody has a name for; ports are kept, if not symmetric. */
enum sim_nat_kind {
	SIM_NO_NAT,
	SIM_FULL_CONE,			/* one mapping for all, anybody gets in */
	SIM_ADDRESS_RESTRICTED,
	SIM_PORT_RESTRICTED,
	SIM_SYMMETRIC,			/* a mapping with a random port for each destination */
	SIM_SEQUENTIAL,			/* with the next port */
	SIM_UDP_BLOCKED,
};

enum { SIM_MAPPING_LIFE = 30 * 1000 };

/* An interface. */
struct sim_link {
	struct endpoint at;
	uint8_t net;
	bool cut;			/* what goes here is lost, and nobody is told */
};

struct sim_node {
	struct node *node;
	struct sim_link links[SIM_LINKS];	/* where the network finds it */
	size_t links_len;
	uint64_t calls;			/* bit k: it has an endpoint for node k */
	struct ip inner;		/* its address inside */
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];
	enum node_cipher cipher;	/* to all its peers, once it is configured */
	int64_t wall_offset;		/* nanoseconds that its clock is wrong by */
	uint8_t more[NODE_SOCKETS_MAX + 1];	/* which sockets besides the first are open */
	struct sim_connection tcp[TCP_CONNECTIONS];
	msec asleep_until;		/* 0: awake */
	bool notices_sleep;		/* node_resumed() when it wakes */
	uint64_t marks[NODE_MARKS];	/* its disk */
	uint8_t peers[1 << 14];		/* the same: peers.cache */
	size_t peers_len;		/* 0: there is none */
	unsigned got;			/* packets delivered to it */
	unsigned refused;		/* ICMP errors it gave to its own host */
	unsigned resolves;		/* names it asked for */
	uint64_t datagrams;		/* sent */
	uint64_t wakeups;		/* by its own deadlines */
	/* for what must hold */
	int64_t may_send;		/* 1/1000 of datagrams */
	msec may_send_at;
	msec promoted_at[SIM_NODES];	/* the path to that peer, last */
};

struct sim {
	msec now;
	struct rng rng;
	struct sim_wire wire;
	struct nets nets;
	struct pipes pipes;
	bool gathers;			/* nodes are told their own addresses */
	bool lan;			/* and look for each other by multicast */
	uint32_t punch_rate;
	uint64_t relays;		/* bit k: node k is a relay for its peers */
	uint32_t relay_rate;		/* Mbit/s */
	bool tcp;			/* may be used */
	uint64_t segments;		/* of TCP, sent so far */
	const struct node_turn_server *turn;	/* of all nodes, once they are started; NULL: none */
	enum node_peer_path path;	/* likewise: to those that they have no endpoint for */
	struct node_rendezvous_settings rendezvous[2];	/* of all nodes, once they are configured */
	size_t rendezvous_len;
	struct sim_node nodes[SIM_NODES];
	size_t nodes_len;
	uint32_t sent;				/* packets given to nodes so far */
	uint8_t to[SIM_PACKETS];		/* whom each was for */
	uint8_t delivered[SIM_PACKETS];		/* how often it came */
	struct ip places[SIM_PLACES];		/* where nodes are, were, or were heard from */
	size_t places_len;
	/* Every datagram, before the wire has its way; false: it is lost. May be NULL. */
	bool (*tap)(struct sim *sim, struct sim_datagram *d, void *context);
	void *tap_context;
};

/* -- making ------------------------------------------------------------------ */

/* malloc'ed; n nodes on the internet that all know each other's keys, and endpoints if
 * `endpoints`. Inside they are 10.0.0.1, 10.0.0.2, ... */
struct sim *sim_new(uint64_t seed, size_t n, bool endpoints);
/* The same, but nothing runs yet: sim_start() when all stand where they shall. */
struct sim *sim_prepare(uint64_t seed, size_t n);
void sim_start(struct sim *sim, size_t i);
void sim_free(struct sim *sim);

/* Nodes behind NATs: kinds[0] for node 0, and so on. The last `public` nodes are public; all
 * others know their endpoints, and nobody else's. They know their own addresses. */
struct sim *sim_new_behind_nats(uint64_t seed, const enum sim_nat_kind *kinds, size_t n,
				size_t public);
struct nat sim_nat(enum sim_nat_kind kind, struct ip outside);
uint8_t sim_add_net(struct sim *sim, const struct nat *nat, uint8_t uplink, struct cidr prefix);
void sim_add_link(struct sim *sim, size_t i, struct ip ip, uint8_t net);

/* -- running ----------------------------------------------------------------- */

void sim_run(struct sim *sim, msec duration);
uint32_t sim_packet(struct sim *sim, size_t from, size_t to, size_t len);	/* its number */
/* Both say something to each other each 100 ms. */
void sim_talk(struct sim *sim, size_t a, size_t b, size_t len, msec duration);
bool sim_arrived(const struct sim *sim, uint32_t number);

/* -- what may befall a node --------------------------------------------------- */

void sim_restart(struct sim *sim, size_t i);		/* the process; the disk stays */
void sim_stop(struct sim *sim, size_t i, bool cleanly);	/* or as by kill -9; then sim_start() */
void sim_configure(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive);
void sim_sleep(struct sim *sim, size_t i, msec duration);	/* and it notices when it wakes */
void sim_resumed(struct sim *sim, size_t i);		/* wakes */
/* Another address on the same net; nobody is told. */
void sim_move(struct sim *sim, size_t i, struct endpoint to);
/* Another address of its own, as in another network; it notices. */
void sim_roam(struct sim *sim, size_t i, struct ip to);
void sim_roam_to(struct sim *sim, size_t i, struct ip to, uint8_t net);
void sim_tell_links(struct sim *sim, size_t i);		/* those that are up */
void sim_reboot_nat(struct sim *sim, size_t i);		/* mappings and outside address are others */
void sim_reboot_net(struct sim *sim, uint8_t net, struct ip outside);
/* A datagram out of the blue. */
void sim_inject(struct sim *sim, const struct endpoint *from, size_t to, struct bytes datagram);
/* A datagram from somewhere in the internet. */
void sim_send(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	      struct bytes datagram);
/* A datagram that a node gets by this path. */
void sim_receive(struct sim *sim, size_t i, const struct path *path, struct bytes datagram);
/* From here on datagrams may be sent there. */
void sim_add_place(struct sim *sim, struct ip ip);
void sim_drain(struct sim *sim, size_t i);
uint64_t sim_wall(const struct sim *sim, const struct sim_node *n);
void sim_save_peers(struct sim *sim, struct sim_node *n);
void sim_log(void);		/* if the environment says so */

/* -- what one sees of it ------------------------------------------------------ */

struct peer_status sim_status(const struct sim *sim, size_t of, size_t peer);
/* How the internet sees it. */
struct ip sim_outside(const struct sim *sim, size_t i);

#endif
