/* tcp.c -- TCP as io/ offers it to a node: datagrams by connections that are made as needed. */
#include "sim/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

enum { SYN_WAIT = 1000 };

static struct sim_connection *find(struct sim_node *n, const struct endpoint *local,
				   const struct endpoint *remote)
{
	for (struct sim_connection *c = n->tcp; c < n->tcp + TCP_CONNECTIONS; c++) {
		if (c->remote.ip.family != IP_NONE && endpoint_equal(&c->local, local) &&
		    endpoint_equal(&c->remote, remote))
			return c;
	}
	return NULL;
}

bool tcp_is_connected(const struct sim_node *n, const struct endpoint *remote)
{
	for (const struct sim_connection *c = n->tcp; c < n->tcp + TCP_CONNECTIONS; c++) {
		if (c->open && endpoint_equal(&c->remote, remote))
			return true;
	}
	return false;
}

static struct sim_connection *new_one(struct sim_node *n, const struct endpoint *local,
				      const struct endpoint *remote)
{
	for (struct sim_connection *c = n->tcp; c < n->tcp + TCP_CONNECTIONS; c++) {
		if (c->remote.ip.family != IP_NONE)
			continue;
		*c = (struct sim_connection){.local = *local, .remote = *remote, .syn_due = NEVER};
		return c;
	}
	fail_msg("more connections than a test should make");
	return NULL;
}

/* -- segments ---------------------------------------------------------------- */

/* One that is lost is sent again, which takes a while. */
static msec delay_of(struct sim *sim)
{
	msec delay = sim->wire.delay;

	if (sim->wire.jitter)
		delay += rng_below(&sim->rng, (uint32_t)sim->wire.jitter + 1);
	while (sim->wire.loss && rng_below(&sim->rng, 1000) < sim->wire.loss)
		delay += 200 + sim->wire.delay;
	return delay;
}

static void emit(struct sim *sim, struct sim_connection *c, uint8_t net, enum sim_segment segment,
		 const uint8_t *bytes, size_t len)
{
	struct sim_datagram d = {.net = net, .segment = segment, .from = c->local, .to = c->remote,
				 .len = len};
	msec at = sim->now + delay_of(sim);

	if (len)
		memcpy(d.bytes, bytes, len);
	sim->segments++;
	if (at < c->last_arrival)
		at = c->last_arrival;
	if (!nets_climb(&sim->nets, &d, sim->now) ||
	    (sim->tap && !sim->tap(sim, &d, sim->tap_context)))
		return;
	c->last_arrival = at;
	nets_fly_until(&sim->nets, &d, at);
}

static void emit_syn(struct sim *sim, struct sim_connection *c, uint8_t net)
{
	c->syn_due = sim->now + ((msec)SYN_WAIT << c->syns++);
	emit(sim, c, net, SEGMENT_SYN, NULL, 0);
}

static void opened(struct sim *sim, struct sim_connection *c, uint8_t net)
{
	c->open = true;
	c->syn_due = NEVER;
	for (size_t i = 0; i < c->waiting_len; i++)
		emit(sim, c, net, SEGMENT_DATA, c->waiting[i].bytes, c->waiting[i].len);
	c->waiting_len = 0;
}

/* -- out --------------------------------------------------------------------- */

static void wait(struct sim_connection *c, const struct packet *p)
{
	if (p->len > TCP_WAITING_LEN)
		return;
	if (c->waiting_len == TCP_WAITING)
		memmove(c->waiting, c->waiting + 1, --c->waiting_len * sizeof(*c->waiting));
	memcpy(c->waiting[c->waiting_len].bytes, p->data, p->len);
	c->waiting[c->waiting_len++].len = p->len;
}

void tcp_send(struct sim *sim, struct sim_node *n, const struct endpoint *local, uint8_t net,
	      const struct datagram *out)
{
	struct sim_connection *c = find(n, local, &out->path.remote);

	if (c && c->open) {
		emit(sim, c, net, SEGMENT_DATA, out->packet.data, out->packet.len);
		return;
	}
	if (c) {
		wait(c, &out->packet);
		return;
	}
	c = new_one(n, local, &out->path.remote);
	wait(c, &out->packet);
	emit_syn(sim, c, net);
}

/* -- in ---------------------------------------------------------------------- */

static void refuse(struct sim *sim, const struct endpoint *local, uint8_t net,
		   const struct endpoint *remote)
{
	struct sim_connection none = {.local = *local, .remote = *remote};

	emit(sim, &none, net, SEGMENT_RST, NULL, 0);
}

bool tcp_receive(struct sim *sim, struct sim_node *n, const struct endpoint *local, uint8_t net,
		 const struct sim_datagram *d)
{
	struct sim_connection *c = find(n, local, &d->from);

	switch (d->segment) {
	case SEGMENT_NONE:
		break;
	case SEGMENT_SYN:
		if (!c)
			c = new_one(n, local, &d->from);
		emit(sim, c, net, SEGMENT_SYN_ACK, NULL, 0);
		opened(sim, c, net);
		break;
	case SEGMENT_SYN_ACK:
		if (c && !c->open)
			opened(sim, c, net);
		else if (!c)
			refuse(sim, local, net, &d->from);
		break;
	case SEGMENT_DATA:
		if (!c || !c->open)
			refuse(sim, local, net, &d->from);
		return c && c->open;
	case SEGMENT_RST:
		if (c)
			*c = (struct sim_connection){0};
		break;
	}
	return false;
}

/* -- time -------------------------------------------------------------------- */

static const struct sim_link *link_of(const struct sim_node *n, const struct sim_connection *c)
{
	for (const struct sim_link *l = n->links; l < n->links + n->links_len; l++) {
		if (endpoint_equal(&l->at, &c->local))
			return l;
	}
	return NULL;
}

void tcp_tick(struct sim *sim, struct sim_node *n)
{
	for (struct sim_connection *c = n->tcp; c < n->tcp + TCP_CONNECTIONS; c++) {
		const struct sim_link *link = link_of(n, c);

		if (c->remote.ip.family == IP_NONE)
			continue;
		if (!link || (!c->open && c->syn_due <= sim->now && c->syns == TCP_SYNS))
			*c = (struct sim_connection){0};
		else if (!c->open && c->syn_due <= sim->now)
			emit_syn(sim, c, link->net);
	}
}

msec tcp_due(const struct sim_node *n)
{
	msec due = NEVER;

	for (const struct sim_connection *c = n->tcp; c < n->tcp + TCP_CONNECTIONS; c++) {
		if (c->remote.ip.family != IP_NONE && !c->open)
			due = msec_min(due, c->syn_due);
	}
	return due;
}
