/* pump.h -- bursts from the TUN device to the network and back.
 *
 *   pump_from_tun      tun_read --> node_send    --> pump_send: udp_send, tcp_send or dialer_send
 *   pump_from_net      udp_recv --> node_receive --> tun_write    (pump_from_more likewise)
 *   pump_from_stream   a burst of tcp or dialer, from there on the same
 *
 * One burst at a time, each where whoever read it has put it. What the node owes beyond that
 * is for the caller to poll.
 */
#ifndef IO_PUMP_H
#define IO_PUMP_H

#include "io/dialer.h"
#include "io/tcp.h"
#include "io/udp.h"
#include "node/node.h"
#include "tun/tun.h"

enum {
	PUMP_FEW = 8,			/* packets in a burst that touch little memory */
	PUMP_REST = 5000,		/* msec without more than these, and it is given back */
};

struct pump {
	struct node *node;
	struct tun *tun;
	struct udp *udp;
	struct tcp *tcp;		/* NULL: what would leave by it is dropped */
	struct dialer *dialer;		/* likewise */
	uint8_t *slots;			/* for what comes from the TUN device */
	size_t burst;			/* to read at once */
	size_t moved;			/* packets, in this turn */
	msec busy;			/* more than a few came then; NEVER: not since it rested */
	uint64_t tun_dropped;		/* packets that the device did not take */
	uint64_t no_place;		/* datagrams for a place that there is not */
	struct node_out out;
	struct packet packets[BURST_MAX];
	struct datagram datagrams[BURST_MAX];
};

/* False: no memory. The three, and those that are set later, are borrowed until pump_deinit(). */
bool pump_init(struct pump *pump, struct node *node, struct tun *tun, struct udp *udp);
void pump_deinit(struct pump *pump);

/* A few bursts, then give way to others. 0, or -errno: the device is gone. As long as it
 * holds something (tun_holds), come again without a poll. */
int pump_from_tun(struct pump *pump, msec now);
void pump_from_net(struct pump *pump, enum ip_family family, msec now);
void pump_from_more(struct pump *pump, msec now);	/* the sockets with numbers */
void pump_from_stream(struct pump *pump, struct datagram *datagrams, size_t n, msec now);

/* Since more than a few came at once it has not rested. */
static inline bool pump_is_busy(const struct pump *pump)
{
	return pump->busy != NEVER;
}

/* Whenever something else wakes us. True, once: nothing much has come for a while, and what bursts
 * had touched was given back; others may do the same. */
bool pump_rest(struct pump *pump, msec now);

/* By the place that path.via names (node/via.h). */
void pump_send(struct pump *pump, const struct datagram *datagrams, size_t n, msec now);

#endif
