/* tcp.h -- TCP as io/ offers it to a node: datagrams by connections that are made as needed.
 *
 *   sent, no connection --SYN--> CALLING --SYN-ACK, or a SYN from there--> OPEN --RST--> none
 *                                   '-- SYN again after 1, 2, 4 s, then none
 *   a SYN comes, no connection --SYN-ACK--> OPEN
 *
 * A segment is a sim_datagram with a flag; it passes NATs as the SYN does: one from outside
 * only where the same two endpoints have a hole. Nothing is lost on an open connection, it
 * only comes later, and in order. What was sent while one is CALLING waits, a few datagrams of it.
 */
#ifndef TESTS_SIM_TCP_H
#define TESTS_SIM_TCP_H

#include "base/packet.h"
#include "sim/net.h"

enum { TCP_WAITING = 4, TCP_WAITING_LEN = 256, TCP_CONNECTIONS = 32, TCP_SYNS = 4 };

struct sim;
struct sim_node;

struct sim_connection {
	struct endpoint local, remote;	/* family IP_NONE: free */
	bool open;
	unsigned syns;			/* sent so far */
	msec syn_due;
	msec last_arrival;		/* of what we have sent: order is kept */
	struct {
		uint8_t bytes[TCP_WAITING_LEN];
		size_t len;
	} waiting[TCP_WAITING];
	size_t waiting_len;
};

/* A datagram of the node's by VIA_TCP, from that address. */
void tcp_send(struct sim *sim, struct sim_node *n, const struct endpoint *local, uint8_t net,
	      const struct datagram *out);
/* A segment has come to `local`, an address of the node's. True: *d is a datagram for it. */
bool tcp_receive(struct sim *sim, struct sim_node *n, const struct endpoint *local, uint8_t net,
		 const struct sim_datagram *d);
void tcp_tick(struct sim *sim, struct sim_node *n);
msec tcp_due(const struct sim_node *n);
bool tcp_is_connected(const struct sim_node *n, const struct endpoint *remote);

#endif
