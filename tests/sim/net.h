/* net.h -- networks that hang together by NATs, and the datagrams on their way.
 *
 *   net 1: 192.168.0.0/16 --[NAT 203.0.113.1]---------------------------+
 *   net 2: 192.168.0.0/16 --[NAT 100.64.0.9]-- net 3: 100.64.0.0/10     +-- net 0: the internet
 *                                              --[NAT 203.0.113.3]------+
 *
 * A datagram climbs from its net through NATs until it is in a net that has its destination,
 * flies, and when it has arrived descends through the NATs whose outside address it has. Two
 * networks may use the same addresses.
 */
#ifndef TESTS_SIM_NET_H
#define TESTS_SIM_NET_H

#include "base/list.h"
#include "sim/nat.h"

enum { NET_INTERNET = 0, NETS_MAX = 24, NET_DATAGRAM = 2048 };

struct sim_wire {			/* in 1/1000 */
	unsigned loss;
	unsigned copies;		/* chance that a datagram arrives twice */
	unsigned reorder;		/* chance of up to 10 delays more */
	msec delay;			/* one way; within a LAN it is 1 ms */
	msec jitter;			/* up to so much more */
};

/* Of TCP, see tcp.h. */
enum sim_segment { SEGMENT_NONE, SEGMENT_SYN, SEGMENT_SYN_ACK, SEGMENT_DATA, SEGMENT_RST };

struct sim_datagram {
	struct list link;
	msec at;
	enum sim_segment segment;	/* SEGMENT_NONE: UDP */
	uint8_t net;			/* where it is */
	bool climbed;			/* it left the net that it was sent in */
	bool multicast;			/* for all in its net but its sender */
	struct endpoint from, to;
	msec late;			/* so much more than the wire takes */
	size_t len;
	uint8_t bytes[NET_DATAGRAM];
};

struct net {
	struct nat nat;			/* to its uplink */
	struct nat tcp;			/* the same box: what it maps for TCP */
	uint8_t uplink;
	struct cidr prefix;		/* what is inside */
};

struct nets {
	struct rng *rng;
	struct net net[NETS_MAX];	/* 0: the internet, without a NAT */
	uint8_t len;
	struct list flying;		/* by time of arrival */
};

void nets_init(struct nets *nets, struct rng *rng);
void nets_deinit(struct nets *nets);

/* Behind this NAT. */
uint8_t nets_add(struct nets *nets, const struct nat *nat, uint8_t uplink, struct cidr prefix);

/* False: there is no way for it. */
bool nets_climb(struct nets *nets, struct sim_datagram *d, msec now);
void nets_fly(struct nets *nets, const struct sim_datagram *d, const struct sim_wire *wire,
	      msec now);
/* It is there then. */
void nets_fly_until(struct nets *nets, const struct sim_datagram *d, msec at);

/* The next that has arrived, in its net, or was kept out by a NAT (then *let_in is false). */
bool nets_arrive(struct nets *nets, struct sim_datagram *out, bool *let_in, msec now);
msec nets_due(const struct nets *nets);

#endif
