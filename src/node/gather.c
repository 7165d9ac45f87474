/* gather.c -- the addresses that we may be reached at, RFC 8445 section 5.1. */
#include "node/gather.h"

#include <string.h>

void gather_init(struct gather *g, uint16_t port)
{
	*g = (struct gather){.port = port};
}

static const struct node_local_address *find_local(const struct gather *g, const struct ip *ip)
{
	for (size_t i = 0; i < g->locals_len; i++) {
		if (ip_equal(&g->locals[i].ip, ip))
			return &g->locals[i];
	}
	return NULL;
}

bool gather_is_local(const struct gather *g, const struct ip *ip)
{
	return find_local(g, ip) != NULL;
}

static struct ice_base base_at(const struct gather *g, const struct node_local_address *local)
{
	struct ice_base base = {
		.at = {.ip = local->ip, .port = g->port},
		.ifindex = local->ifindex,
	};

	if (ip_is_link_local(&local->ip) && local->ip.family == IP_V6)
		base.at.scope = local->ifindex;
	return base;
}

static struct ice_base base_of_relay(const struct gather *g, uint16_t via)
{
	return (struct ice_base){.at = g->relays[via - VIA_RELAY], .via = via};
}

bool gather_has_family(const struct gather *g, enum ip_family family)
{
	for (size_t i = 0; i < g->locals_len; i++) {
		if (g->locals[i].ip.family == family && !ip_is_link_local(&g->locals[i].ip))
			return true;
	}
	return false;
}

static const struct gathered_turn *find_turn(const struct gather *g, uint16_t via)
{
	return &g->turns[via - VIA_TURN];
}

bool gather_has_base(const struct gather *g, const struct ice_base *base)
{
	if (via_is_turn(base->via))
		return base_equal(&find_turn(g, base->via)->base, base);
	if (via_is_relay(base->via))
		return endpoint_equal(&g->relays[base->via - VIA_RELAY], &base->at);
	return gather_is_local(g, &base->at.ip);
}

bool gather_base(const struct gather *g, const struct path *path, struct ice_base *base)
{
	const struct node_local_address *local = find_local(g, &path->local);

	if (via_is_turn(path->via)) {
		*base = find_turn(g, path->via)->base;
		return ip_equal(&base->at.ip, &path->local);
	}
	if (via_is_relay(path->via)) {
		*base = base_of_relay(g, path->via);
		return base->at.ip.family != IP_NONE;
	}
	if (!local)
		return false;
	*base = base_at(g, local);
	base->via = path->via;
	return true;
}

static void add(struct gather *g, const struct local_candidate *c)
{
	if (g->candidates_len < GATHER_MAX)
		g->candidates[g->candidates_len++] = *c;
}

static void add_host(struct gather *g, const struct node_local_address *local, unsigned nth)
{
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_HOST,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_HOST,
				candidate_preference_of(local->ip.family, nth), COMPONENT),
		},
		.base = base_at(g, local),
	};

	c.c.at = c.base.at;
	add(g, &c);
}

static bool is_known(const struct gather *g, const struct endpoint *at)
{
	for (size_t i = 0; i < g->candidates_len; i++) {
		if (endpoint_equal(&g->candidates[i].c.at, at))
			return true;
	}
	return false;
}

static void add_reflexive(struct gather *g, const struct observed *o, unsigned nth)
{
	const struct node_local_address *local = find_local(g, &o->base);
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_SRFLX,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_SRFLX,
				candidate_preference_of(o->mapped.ip.family, nth), COMPONENT),
			.at = o->mapped,
		},
		.server = o->observer.ip,
	};

	if (!local || is_known(g, &o->mapped))
		return;
	c.base = base_at(g, local);
	c.c.related = c.base.at;
	add(g, &c);
}

/* The first of its type if everybody can reach it, else the last. It has no related address:
 * its port tells nothing of the ports that the NAT gives us (mapping.h). */
static void add_mapped(struct gather *g)
{
	const struct node_local_address *local = find_local(g, &g->mapped.base);
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_SRFLX,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_SRFLX,
				g->mapped.is_public ? UINT16_MAX : 0, COMPONENT),
			.at = g->mapped.external,
		},
		.server = g->mapped.external.ip,
	};

	if (!local || g->mapped.external.ip.family == IP_NONE || is_known(g, &c.c.at))
		return;
	c.base = base_at(g, local);
	add(g, &c);
}

/* Before the hops if we talk UDP with the server. */
static void add_turn(struct gather *g, const struct gathered_turn *t, unsigned nth)
{
	uint16_t preference = candidate_preference_of(t->base.at.ip.family, nth);
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_RELAY,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_RELAY,
				t->is_stream ? preference / 2 : preference, COMPONENT),
			.at = t->base.at,
			.related = t->mapped,
		},
		.base = t->base,
		.server = t->server,
	};

	add(g, &c);
}

static void add_turns(struct gather *g)
{
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		if (g->turns[i].base.at.ip.family != IP_NONE)
			add_turn(g, &g->turns[i], i);
	}
}

static int compare_endpoints(const struct endpoint *a, const struct endpoint *b)
{
	return memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes));
}

/* The next in an order that the peer has too: where there are more than are used, both use the
 * same. NULL: no more. */
static const struct endpoint *next_relay(const struct gather *g, const struct endpoint *last)
{
	const struct endpoint *next = NULL;

	for (const struct endpoint *at = g->relays; at < g->relays + NODE_RELAYS_MAX; at++) {
		if (at->ip.family != IP_NONE && (!last || compare_endpoints(at, last) > 0) &&
		    (!next || compare_endpoints(at, next) < 0))
			next = at;
	}
	return next;
}

static void add_hop(struct gather *g, const struct endpoint *at, unsigned nth)
{
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_RELAY,
			.proto = CANDIDATE_HOP,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_RELAY,
				candidate_preference_of(IP_V6, nth), COMPONENT),
			.at = *at,
		},
		.base = base_of_relay(g, (uint16_t)(VIA_RELAY + (at - g->relays))),
		.server = at->ip,
	};

	add(g, &c);
}

static void add_hops(struct gather *g)
{
	const struct endpoint *at = NULL;

	for (unsigned nth = 0; nth < GATHER_HOPS && (at = next_relay(g, at)); nth++)
		add_hop(g, at, nth);
}

/* -- TCP ------------------------------------------------------------------- */

static void add_tcp(struct gather *g, const struct node_local_address *local,
		    struct local_candidate *c, uint16_t preference)
{
	for (size_t i = 0; i < g->tcp_candidates_len; i++) {
		if (candidate_same_place(&g->tcp_candidates[i].c, &c->c))
			return;
	}
	if (g->tcp_candidates_len == GATHER_TCP_MAX)
		return;
	c->base = base_at(g, local);
	c->base.via = VIA_TCP;
	c->c.component = COMPONENT;
	c->c.priority = candidate_worth(&c->c, preference);
	g->tcp_candidates[g->tcp_candidates_len++] = *c;
}

static void add_tcp_reflexive(struct gather *g, const struct observed *o, unsigned nth)
{
	const struct node_local_address *local = find_local(g, &o->base);
	struct local_candidate c = {
		.c = {.type = CANDIDATE_SRFLX, .proto = CANDIDATE_TCP_SO, .at = o->mapped},
		.server = o->observer.ip,
	};

	if (!local)
		return;
	c.c.related = base_at(g, local).at;
	add_tcp(g, local, &c, candidate_preference_of(o->mapped.ip.family, nth));
}

static void add_tcp_host(struct gather *g, const struct node_local_address *local, unsigned nth)
{
	struct local_candidate c = {
		.c = {.type = CANDIDATE_HOST, .proto = CANDIDATE_TCP_PASSIVE,
		      .at = base_at(g, local).at},
	};

	add_tcp(g, local, &c, candidate_preference_of(local->ip.family, nth));
}

/* As that of UDP (add_mapped): a firewall that is open is our host candidate. */
static void add_tcp_mapped(struct gather *g)
{
	const struct node_mapped *mapped = &g->mapped_tcp;
	const struct node_local_address *local = find_local(g, &mapped->base);
	struct local_candidate c = {
		.c = {.type = CANDIDATE_SRFLX, .proto = CANDIDATE_TCP_PASSIVE,
		      .at = mapped->external},
		.server = mapped->external.ip,
	};

	if (local && mapped->external.ip.family != IP_NONE &&
	    !ip_equal(&mapped->external.ip, &mapped->base))
		add_tcp(g, local, &c, mapped->is_public ? TCP_PREFERENCE_MAX : 0);
}

/* Where all may call comes first, then what others see: there is not much room. A link-local
 * address is on a LAN where nothing is in the way of UDP. */
static void rebuild_tcp(struct gather *g)
{
	unsigned nth = 0;

	g->tcp_candidates_len = 0;
	if (g->tcp)
		add_tcp_mapped(g);
	for (unsigned i = 0; g->tcp && i < GATHER_OBSERVED_TCP_MAX; i++) {
		if (g->observed_tcp[i].mapped.ip.family != IP_NONE)
			add_tcp_reflexive(g, &g->observed_tcp[i], i);
	}
	for (size_t i = 0; g->tcp && i < g->locals_len; i++) {
		if (!ip_is_link_local(&g->locals[i].ip))
			add_tcp_host(g, &g->locals[i], nth++);
	}
}

/* -- all of them ----------------------------------------------------------- */

static bool same_candidates(const struct local_candidate *a, size_t n,
			    const struct local_candidate *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!candidate_same_place(&a[i].c, &b[i].c) || !base_equal(&a[i].base, &b[i].base))
			return false;
	}
	return true;
}

/* RFC 8421: both families take turns; the nth of its family is not so good as the first. True:
 * there are other candidates than before. */
static bool rebuild(struct gather *g)
{
	const struct gather before = *g;
	unsigned nth4 = 0, nth6 = 0;

	g->candidates_len = 0;
	for (size_t i = 0; i < g->locals_len; i++)
		add_host(g, &g->locals[i], g->locals[i].ip.family == IP_V4 ? nth4++ : nth6++);
	add_mapped(g);
	add_turns(g);
	add_hops(g);
	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++) {
		if (g->observed[i].mapped.ip.family != IP_NONE)
			add_reflexive(g, &g->observed[i], (unsigned)i);
	}
	rebuild_tcp(g);
	return !same_candidates(g->candidates, g->candidates_len, before.candidates,
				before.candidates_len) ||
	       !same_candidates(g->tcp_candidates, g->tcp_candidates_len, before.tcp_candidates,
				before.tcp_candidates_len);
}

bool gather_has(const struct gather *g, const struct local_candidate *c)
{
	bool tcp = candidate_is_tcp(&c->c);
	const struct local_candidate *all = tcp ? g->tcp_candidates : g->candidates;
	size_t n = tcp ? g->tcp_candidates_len : g->candidates_len;

	for (size_t i = 0; i < n; i++) {
		if (candidate_same_place(&all[i].c, &c->c) && base_equal(&all[i].base, &c->base))
			return true;
	}
	return false;
}

static bool same_locals(const struct gather *g, const struct node_local_address *locals, size_t n)
{
	if (g->locals_len != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ip_equal(&g->locals[i].ip, &locals[i].ip) ||
		    g->locals[i].ifindex != locals[i].ifindex)
			return false;
	}
	return true;
}

/* What was seen of an address that is not ours any more. */
static void forget_elsewhere(const struct gather *g, struct observed *all, size_t n)
{
	for (struct observed *o = all; o < all + n; o++) {
		if (!gather_is_local(g, &o->base))
			*o = (struct observed){0};
	}
}

bool gather_set_locals(struct gather *g, const struct node_local_address *locals, size_t n)
{
	if (n > NODE_LOCALS_MAX)
		n = NODE_LOCALS_MAX;
	if (same_locals(g, locals, n))
		return false;
	if (n)
		memcpy(g->locals, locals, n * sizeof(*locals));
	g->locals_len = n;
	forget_elsewhere(g, g->observed, GATHER_OBSERVED_MAX);
	forget_elsewhere(g, g->observed_tcp, GATHER_OBSERVED_TCP_MAX);
	rebuild(g);
	return true;
}

bool gather_set_mapped(struct gather *g, const struct node_mapped *mapped)
{
	if (mapped->tcp)
		g->mapped_tcp = *mapped;
	else
		g->mapped = *mapped;
	return rebuild(g);
}

bool gather_set_turn(struct gather *g, uint16_t via, const struct gathered_turn *turn)
{
	g->turns[via - VIA_TURN] = *turn;
	return rebuild(g);
}

void gather_set_relay(struct gather *g, uint16_t via, const struct endpoint *at)
{
	g->relays[via - VIA_RELAY] = *at;
	rebuild(g);
}

bool gather_has_relay(const struct gather *g, const struct ip *ip)
{
	for (size_t i = 0; i < NODE_RELAYS_MAX; i++) {
		if (ip_equal(&g->relays[i].ip, ip))
			return true;
	}
	return false;
}

bool gather_allow_tcp(struct gather *g, bool allowed)
{
	g->tcp = allowed;
	return rebuild(g);
}

/* That observer's own slot, a free one, or the oldest. */
static struct observed *slot_for(struct observed *all, size_t n, const struct endpoint *observer,
				 const struct ip *base)
{
	struct observed *oldest = all;

	for (struct observed *o = all; o < all + n; o++) {
		if (endpoint_equal(&o->observer, observer) && ip_equal(&o->base, base))
			return o;
		if (o->seen < oldest->seen)
			oldest = o;
	}
	return oldest;
}

bool gather_observe(struct gather *g, const struct endpoint *mapped, const struct path *by,
		    msec now)
{
	bool tcp = by->via == VIA_TCP;
	struct observed *o = slot_for(tcp ? g->observed_tcp : g->observed,
				      tcp ? GATHER_OBSERVED_TCP_MAX : GATHER_OBSERVED_MAX,
				      &by->remote, &by->local);

	if ((by->via != VIA_LISTEN && !tcp) || !gather_is_local(g, &by->local) ||
	    mapped->ip.family != by->local.family)
		return false;
	*o = (struct observed){*mapped, by->local, by->remote, now};
	return rebuild(g);
}

bool gather_forget_before(struct gather *g, msec when)
{
	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++) {
		if (g->observed[i].seen < when)
			g->observed[i] = (struct observed){0};
	}
	return rebuild(g);
}

size_t gather_offer(struct desc_candidate out[static DESC_CANDIDATES_MAX],
		    const struct local_candidate *from, size_t n)
{
	static const uint8_t types[] = {
		[CANDIDATE_HOST] = DESC_HOST,
		[CANDIDATE_SRFLX] = DESC_SRFLX,
		[CANDIDATE_PRFLX] = DESC_PRFLX,
		[CANDIDATE_RELAY] = DESC_RELAY,
	};
	static const uint8_t transports[] = {
		[CANDIDATE_UDP] = DESC_UDP,
		[CANDIDATE_TCP_ACTIVE] = DESC_TCP_ACTIVE,
		[CANDIDATE_TCP_PASSIVE] = DESC_TCP_PASSIVE,
		[CANDIDATE_TCP_SO] = DESC_TCP_SO,
	};
	size_t len = 0;

	for (size_t i = 0; i < n && len < DESC_CANDIDATES_MAX; i++) {
		const struct candidate *c = &from[i].c;

		if (c->type == CANDIDATE_NONE || c->type == CANDIDATE_PRFLX ||
		    c->proto == CANDIDATE_HOP)
			continue;
		out[len] = (struct desc_candidate){
			.priority = c->priority,
			.type = types[c->type],
			.transport = transports[c->proto],
			.foundation = (uint8_t)(len + 1),
			.endpoint = c->at,
			.related = c->related,
		};
		if (c->type == CANDIDATE_SRFLX && c->related.ip.family == IP_NONE)
			out[len].type = DESC_MAPPED;
		out[len].endpoint.scope = out[len].related.scope = 0;
		len++;
	}
	return len;
}
