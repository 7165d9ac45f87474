/* net.c -- networks that hang together by NATs, and the datagrams on their way. */
#include "sim/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { LAN_DELAY = 1, TCP_LIFE = 7440 * 1000 };	/* RFC 5382 section 5 */

void nets_init(struct nets *nets, struct rng *rng)
{
	nets->rng = rng;
	nets->len = 1;
	list_init(&nets->flying);
}

void nets_deinit(struct nets *nets)
{
	list_for_each(struct sim_datagram, d, &nets->flying, link)
		free(d);
}

uint8_t nets_add(struct nets *nets, const struct nat *nat, uint8_t uplink, struct cidr prefix)
{
	assert_true(nets->len < NETS_MAX);
	nets->net[nets->len] = (struct net){.nat = *nat, .uplink = uplink, .prefix = prefix};
	nets->net[nets->len].nat.rng = nets->rng;
	nets->net[nets->len].tcp = nets->net[nets->len].nat;
	nets->net[nets->len].tcp.filtering = PORT_DEPENDENT;	/* a SYN from elsewhere is dropped */
	nets->net[nets->len].tcp.life = TCP_LIFE;
	return nets->len++;
}

/* -- through NATs ---------------------------------------------------------- */

static struct nat *nat_for(struct net *n, const struct sim_datagram *d)
{
	return d->segment ? &n->tcp : &n->nat;
}

static bool is_blocked(const struct net *n, const struct sim_datagram *d)
{
	return n->nat.blocks && !d->segment;
}

bool nets_climb(struct nets *nets, struct sim_datagram *d, msec now)
{
	while (!d->multicast && d->net != NET_INTERNET &&
	       !cidr_contains(&nets->net[d->net].prefix, &d->to.ip)) {
		struct net *n = &nets->net[d->net];

		if (is_blocked(n, d) || (ip_equal(&n->nat.outside, &d->to.ip) && !n->nat.hairpin))
			return false;
		d->from = nat_out(nat_for(n, d), &d->from, &d->to, now);
		d->net = n->uplink;
		d->climbed = true;
	}
	return true;
}

static struct net *nat_at(struct nets *nets, uint8_t uplink, const struct ip *outside)
{
	for (uint8_t i = 1; i < nets->len; i++) {
		if (nets->net[i].uplink == uplink && ip_equal(&nets->net[i].nat.outside, outside))
			return &nets->net[i];
	}
	return NULL;
}

static bool descend(struct nets *nets, struct sim_datagram *d, msec now)
{
	struct net *n;

	while ((n = nat_at(nets, d->net, &d->to.ip))) {
		if (is_blocked(n, d) || !nat_in(nat_for(n, d), &d->from, &d->to, &d->to, now))
			return false;
		d->net = (uint8_t)(n - nets->net);
	}
	return true;
}

/* -- through the air ------------------------------------------------------- */

static bool chance(struct nets *nets, unsigned per_mille)
{
	return per_mille && rng_below(nets->rng, 1000) < per_mille;
}

static msec draw_delay(struct nets *nets, const struct sim_datagram *d, const struct sim_wire *wire)
{
	bool in_lan = d->net != NET_INTERNET && !d->climbed;
	msec delay = d->late + (in_lan ? LAN_DELAY : wire->delay);

	if (wire->jitter && !in_lan)
		delay += rng_below(nets->rng, (uint32_t)wire->jitter + 1);
	if (chance(nets, wire->reorder))
		delay += rng_below(nets->rng, (uint32_t)(10 * delay + 1));
	return delay;
}

/* Of those that arrive at one moment, the first that was sent comes first. */
static void put(struct nets *nets, const struct sim_datagram *d, msec at)
{
	struct sim_datagram *copy = malloc(sizeof(*copy));
	struct list *after = nets->flying.prev;

	assert_non_null(copy);
	memcpy(copy, d, offsetof(struct sim_datagram, bytes) + d->len);
	copy->at = at;
	while (after != &nets->flying && container_of(after, struct sim_datagram, link)->at > at)
		after = after->prev;
	list_append(after->next, &copy->link);
}

void nets_fly(struct nets *nets, const struct sim_datagram *d, const struct sim_wire *wire,
	      msec now)
{
	if (chance(nets, wire->loss))
		return;
	put(nets, d, now + draw_delay(nets, d, wire));
	if (chance(nets, wire->copies))
		put(nets, d, now + draw_delay(nets, d, wire));
}

void nets_fly_until(struct nets *nets, const struct sim_datagram *d, msec at)
{
	put(nets, d, at);
}

bool nets_arrive(struct nets *nets, struct sim_datagram *out, bool *let_in, msec now)
{
	struct sim_datagram *d = list_first(&nets->flying, struct sim_datagram, link);

	if (!d || d->at > now)
		return false;
	list_remove(&d->link);
	memcpy(out, d, offsetof(struct sim_datagram, bytes) + d->len);
	free(d);
	*let_in = out->multicast || descend(nets, out, now);
	return true;
}

msec nets_due(const struct nets *nets)
{
	return list_empty(&nets->flying)
		       ? NEVER : container_of(nets->flying.next, struct sim_datagram, link)->at;
}
