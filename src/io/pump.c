/* pump.c -- bursts from the TUN device to the network and back. */
#include "io/pump.h"

#include "io/slots.h"

enum { BURSTS_PER_TURN = 4 };

bool pump_init(struct pump *pump, struct node *node, struct tun *tun, struct udp *udp)
{
	pump->node = node;
	pump->tun = tun;
	pump->udp = udp;
	pump->tun_dropped = 0;
	pump->slots = slots_new();
	return pump->slots != NULL;
}

void pump_deinit(struct pump *pump)
{
	slots_free(pump->slots);
	pump->slots = NULL;
}

/* Either way may lead to packets for both sides: an ICMP error, say. */
static void pass_on(struct pump *pump)
{
	struct node_out *out = &pump->out;

	if (out->to_net_len)
		udp_send(pump->udp, out->to_net, out->to_net_len);
	if (out->to_tun_len)
		pump->tun_dropped +=
			out->to_tun_len - tun_write(pump->tun, out->to_tun, out->to_tun_len);
}

int pump_from_tun(struct pump *pump, msec now)
{
	int n = BURST_MAX;

	for (int i = 0; i < BURSTS_PER_TURN && n == BURST_MAX; i++) {
		for (size_t j = 0; j < BURST_MAX; j++)
			pump->packets[j] = slot_packet(pump->slots, j);
		n = tun_read(pump->tun, pump->packets, BURST_MAX);
		if (n <= 0)
			return n;
		node_send(pump->node, pump->packets, (size_t)n, &pump->out, now);
		pass_on(pump);
	}
	return 0;
}

static void make_room(struct pump *pump)
{
	for (size_t j = 0; j < BURST_MAX; j++)
		pump->datagrams[j].packet = slot_packet(pump->slots, j);
}

static void take_burst(struct pump *pump, size_t n, msec now)
{
	if (!n)
		return;
	node_receive(pump->node, pump->datagrams, n, &pump->out, now);
	pass_on(pump);
}

void pump_from_net(struct pump *pump, enum ip_family family, msec now)
{
	bool more = true;

	for (int i = 0; i < BURSTS_PER_TURN && more; i++) {
		make_room(pump);
		take_burst(pump, udp_recv(pump->udp, family, pump->datagrams, BURST_MAX, &more), now);
	}
}

void pump_from_more(struct pump *pump, msec now)
{
	bool more = true;

	for (int i = 0; i < BURSTS_PER_TURN && more; i++) {
		make_room(pump);
		take_burst(pump, udp_recv_more(pump->udp, pump->datagrams, BURST_MAX, &more), now);
	}
}
