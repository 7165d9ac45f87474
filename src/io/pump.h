/* pump.h -- bursts from the TUN device to the network and back.
 *
 *   pump_from_tun    tun_read --> node_send    --> udp_send
 *   pump_from_net    udp_recv --> node_receive --> tun_write      (pump_from_more likewise)
 *
 * Both use the same buffers, one burst at a time. What the node owes beyond
 * that is for the caller to poll.
 */
#ifndef IO_PUMP_H
#define IO_PUMP_H

#include "io/udp.h"
#include "node/node.h"
#include "tun/tun.h"

struct pump {
	struct node *node;
	struct tun *tun;
	struct udp *udp;
	uint8_t *slots;
	struct packet packets[BURST_MAX];
	struct datagram datagrams[BURST_MAX];
	struct node_out out;
	uint64_t tun_dropped;		/* packets that the device did not take */
};

/* False: no memory. The three are borrowed until pump_deinit(). */
bool pump_init(struct pump *pump, struct node *node, struct tun *tun, struct udp *udp);
void pump_deinit(struct pump *pump);

/* A few bursts, then give way to others. 0, or -errno: the device is gone. */
int pump_from_tun(struct pump *pump, msec now);
void pump_from_net(struct pump *pump, enum ip_family family, msec now);
void pump_from_more(struct pump *pump, msec now);	/* the sockets with numbers */

#endif
