/* pump.c -- bursts from the TUN device to the network and back. */
#include "io/pump.h"

#include "io/slots.h"

enum {
	BURSTS_PER_TURN = 2,	/* four: 2 % more, but a ping beside them takes 1.5 times as long */
	BURST_BY_RELAY = 32,	/* a relay may have a socket buffer of 200 KB, for all that it serves */
};

bool pump_init(struct pump *pump, struct node *node, struct tun *tun, struct udp *udp)
{
	pump->node = node;
	pump->tun = tun;
	pump->udp = udp;
	pump->tcp = NULL;
	pump->dialer = NULL;
	pump->tun_dropped = pump->no_place = 0;
	pump->busy = NEVER;
	pump->burst = BURST_MAX;
	pump->slots = slots_new();
	return pump->slots != NULL;
}

void pump_deinit(struct pump *pump)
{
	slots_free(pump->slots);
	pump->slots = NULL;
}

enum place { PLACE_UDP, PLACE_TCP, PLACE_STREAM };

static enum place place_of(const struct datagram *d)
{
	if (d->path.via < VIA_TCP)
		return PLACE_UDP;
	return d->path.via == VIA_TCP ? PLACE_TCP : PLACE_STREAM;
}

static void send_by(struct pump *pump, enum place place, const struct datagram *datagrams, size_t n,
		    msec now)
{
	switch (place) {
	case PLACE_UDP:
		udp_send(pump->udp, datagrams, n);
		break;
	case PLACE_TCP:
		if (pump->tcp)
			tcp_send(pump->tcp, datagrams, n, now);
		else
			pump->no_place += n;
		break;
	case PLACE_STREAM:
		if (pump->dialer)
			dialer_send(pump->dialer, datagrams, n, now);
		else
			pump->no_place += n;
		break;
	}
}

void pump_send(struct pump *pump, const struct datagram *datagrams, size_t n, msec now)
{
	while (n) {
		enum place place = place_of(&datagrams[0]);
		size_t len = 1;

		while (len < n && place_of(&datagrams[len]) == place)
			len++;
		send_by(pump, place, datagrams, len, now);
		datagrams += len;
		n -= len;
	}
}

/* Either way may lead to packets for both sides: an ICMP error, say. */
static void pass_on(struct pump *pump, msec now)
{
	struct node_out *out = &pump->out;

	pump_send(pump, out->to_net, out->to_net_len, now);
	if (out->to_tun_len)
		pump->tun_dropped +=
			out->to_tun_len - tun_write(pump->tun, out->to_tun, out->to_tun_len);
}

static void note_burst(struct pump *pump, size_t n, msec now)
{
	pump->moved += n;
	if (n > PUMP_FEW)
		pump->busy = now;
}

bool pump_rest(struct pump *pump, msec now)
{
	if (!pump_is_busy(pump) || now - pump->busy < PUMP_REST)
		return false;
	pump->busy = NEVER;
	slots_release(pump->slots);
	udp_rest(pump->udp);
	return true;
}

static int burst_from_tun(struct pump *pump, msec now)
{
	int n = tun_read(pump->tun, pump->slots, pump->packets, pump->burst);

	if (n > 0) {
		note_burst(pump, (size_t)n, now);
		node_send(pump->node, pump->packets, (size_t)n, &pump->out, now);
		pump->burst = pump->out.by_relay ? BURST_BY_RELAY : BURST_MAX;
		pass_on(pump, now);
	}
	return n;
}

int pump_from_tun(struct pump *pump, msec now)
{
	bool full = true;
	int n = 0;

	pump->moved = 0;
	for (int i = 0; i < BURSTS_PER_TURN && full; i++) {
		size_t asked = pump->burst;

		n = burst_from_tun(pump, now);
		full = n == (int)asked;
	}
	return n < 0 ? n : 0;
}

void pump_from_stream(struct pump *pump, struct datagram *datagrams, size_t n, msec now)
{
	note_burst(pump, n, now);
	node_receive(pump->node, datagrams, n, &pump->out, now);
	pass_on(pump, now);
}

static void take_burst(struct pump *pump, size_t n, msec now)
{
	if (n)
		pump_from_stream(pump, pump->datagrams, n, now);
}

/* After some bursts others have their turn, but for what waits where no descriptor tells of it. */
static bool goes_on(const struct pump *pump, int bursts, bool more)
{
	return (more && bursts < BURSTS_PER_TURN) || udp_holds(pump->udp);
}

void pump_from_net(struct pump *pump, enum ip_family family, msec now)
{
	bool more = true;

	pump->moved = 0;
	for (int i = 0; goes_on(pump, i, more); i++)
		take_burst(pump, udp_recv(pump->udp, family, pump->datagrams, BURST_MAX, &more), now);
}

void pump_from_more(struct pump *pump, msec now)
{
	bool more = true;

	pump->moved = 0;
	for (int i = 0; goes_on(pump, i, more); i++)
		take_burst(pump, udp_recv_more(pump->udp, pump->datagrams, BURST_MAX, &more), now);
}
