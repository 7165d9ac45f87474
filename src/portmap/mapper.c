/* mapper.c -- one port of ours, mapped by whichever way the router knows. */
#include "portmap/mapper.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum {
	APART = 250,			/* msec between the starts of two ways */
	AGAIN = 3600 * 1000,		/* msec until all are tried again */
	UPNP_PORT_FIRST = 20000,
	UPNP_PORTS = 40000,
};

static const char *const names[MAPPER_METHODS] = {
	[MAPPER_PCP] = "PCP",
	[MAPPER_NATPMP] = "NAT-PMP",
	[MAPPER_UPNP] = "UPnP",
};

const char *mapper_method_name(enum mapper_method method)
{
	return names[method];
}

const char *mapper_counter_name(enum mapper_counter counter)
{
	static const char *const counters[MAPPER_COUNTERS] = {
		[MAPPER_WRONG_SOURCE] = "portmap_wrong_source",
		[MAPPER_MALFORMED] = "portmap_malformed",
		[MAPPER_NOT_OURS] = "portmap_not_ours",
	};

	return counters[counter];
}

/* -- addresses ------------------------------------------------------------- */

bool mapper_is_public(const struct ip *ip)
{
	static const struct cidr reserved[] = {
		{{IP_V4, {0}}, 8},
		{{IP_V4, {100, 64}}, 10},	/* RFC 6598 */
		{{IP_V4, {192, 0, 0}}, 24},	/* RFC 6333: behind DS-Lite */
		{{IP_V4, {240}}, 4},
		{{IP_V6, {0xfc}}, 7},		/* RFC 4193 */
	};

	if (ip->family == IP_NONE || ip_is_unspecified(ip) || ip_is_loopback(ip) ||
	    ip_is_multicast(ip) || ip_is_link_local(ip) || ip_is_private(ip))
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (cidr_contains(&reserved[i], ip))
			return false;
	}
	return true;
}

/* -- the race -------------------------------------------------------------- */

static bool is_usable(const struct mapper *m, enum mapper_method method)
{
	return m->settings.methods[method] && m->place.gateway.family != IP_NONE &&
	       (method == MAPPER_PCP || m->place.gateway.family == IP_V4);
}

static struct portmap_wish wish_of(const struct mapper *m)
{
	struct portmap_wish wish = {
		.proto = m->settings.proto,
		.self = m->place.self,
		.port = m->settings.port,
	};

	memcpy(wish.nonce, m->settings.nonce, sizeof(wish.nonce));
	return wish;
}

/* Nothing is known but where to ask. */
static void race(struct mapper *m, msec now)
{
	struct portmap_wish wish = wish_of(m);
	msec start = now;

	client_init(&m->clients[MAPPER_PCP], SPEAKS_PCP, &wish, wish.port, m->rng);
	client_init(&m->clients[MAPPER_NATPMP], SPEAKS_NATPMP, &wish, wish.port, m->rng);
	m->again = NEVER;
	for (int i = 0; i < MAPPER_METHODS; i++) {
		m->starts[i] = NEVER;
		if (!is_usable(m, i))
			continue;
		m->starts[i] = start;
		start += APART;
	}
}

/* True: it is another now. */
static bool set_mapping(struct mapper *m, const struct mapping *next)
{
	bool changed = !endpoint_equal(&m->mapping.external, &next->external) ||
		       !ip_equal(&m->mapping.self, &next->self);

	m->mapping = *next;
	m->changed |= changed;
	return changed;
}

/* What is tried if our own port is taken: the same at each start. */
static uint16_t nth_port(const struct mapper *m, unsigned n)
{
	uint32_t seed = load_be32(m->settings.nonce + 4 * (n - 1));

	return (uint16_t)(UPNP_PORT_FIRST + seed % UPNP_PORTS);
}

static void owe_upnp(struct mapper *m, bool deletes)
{
	struct mapper_upnp_job *job = &m->upnp.job;

	*job = (struct mapper_upnp_job){
		.deletes = deletes,
		.gateway = m->place.gateway,
		.ifindex = m->place.ifindex,
		.proto = m->settings.proto,
		.self = {.ip = m->place.self, .port = m->settings.port},
		.ports = {m->settings.port},
		.lease = MAPPER_UPNP_LEASE,
	};
	for (unsigned i = 1; i < MAPPER_UPNP_PORTS; i++)
		job->ports[i] = nth_port(m, i);
	if (m->upnp.got.external.port)
		job->ports[0] = m->upnp.got.external.port;
	m->upnp.owes_job = true;
}

static void start(struct mapper *m, enum mapper_method method, msec now)
{
	m->starts[method] = NEVER;
	if (method != MAPPER_UPNP)
		client_start(&m->clients[method], now);
	else if (!m->upnp.is_out)
		owe_upnp(m, false);
}

/* The winner stays alone. */
static void win(struct mapper *m, enum mapper_method method)
{
	for (int i = 0; i < MAPPER_METHODS; i++)
		m->starts[i] = NEVER;
	m->again = NEVER;
	if (method != MAPPER_PCP)
		client_drop(&m->clients[MAPPER_PCP]);
	if (method != MAPPER_NATPMP)
		client_drop(&m->clients[MAPPER_NATPMP]);
	if (method != MAPPER_UPNP) {
		m->upnp.owes_job = false;
		m->upnp.gives_back = m->upnp.is_out;
	}
}

static const char *title(const struct mapper *m)
{
	return m->settings.proto == PORTMAP_UDP ? "port map" : "port map of TCP";
}

static void say(const struct mapper *m)
{
	char text[ENDPOINT_TEXT], time[24] = "for good";
	const struct mapping *map = &m->mapping;

	if (map->lifetime)
		snprintf(time, sizeof(time), "for %u s", map->lifetime);
	log_info("%s: %s gave %s %s%s", title(m), names[map->method],
		 endpoint_format(text, &map->external), time,
		 map->is_public ? "" : "; that is no public address: the router is behind another NAT");
}

static void hold(struct mapper *m, enum mapper_method method, const struct endpoint *external,
		 uint32_t lifetime)
{
	struct mapping next = {
		.method = method,
		.external = *external,
		.self = m->place.self,
		.is_public = mapper_is_public(&external->ip),
		.lifetime = lifetime,
	};
	bool is_new = m->mapping.external.ip.family == IP_NONE;

	if (is_new)
		win(m, method);
	m->has_failed = false;
	if (set_mapping(m, &next))
		say(m);
}

static void lose(struct mapper *m, msec now)
{
	struct mapping none = {.external.ip.family = IP_NONE};

	log_info("%s: %s no longer maps the port", title(m), names[m->mapping.method]);
	set_mapping(m, &none);
	race(m, now);
}

/* -- what has come of it --------------------------------------------------- */

static bool may_still_win(const struct mapper *m, enum mapper_method method)
{
	if (m->starts[method] != NEVER)
		return true;
	if (method == MAPPER_UPNP)
		return m->upnp.owes_job || (m->upnp.is_out && !m->upnp.job.deletes);
	return m->clients[method].state == CLIENT_ASKING;
}

/* Who is not waiting for another that asks. */
static void start_next(struct mapper *m, msec now)
{
	for (int i = 0; i < MAPPER_METHODS; i++) {
		if (m->starts[i] != NEVER) {
			start(m, i, now);
			return;
		}
		if (may_still_win(m, i))
			return;
	}
}

static void note_failure(struct mapper *m, msec now)
{
	bool any = false;

	for (int i = 0; i < MAPPER_METHODS; i++) {
		any |= is_usable(m, i);
		if (may_still_win(m, i))
			return;
	}
	if (!any || m->again != NEVER)
		return;
	m->again = now + AGAIN;
	if (!m->has_failed)
		log_info("%s: the router does not map a port over %s", title(m),
			 m->place.gateway.family == IP_V4 ? "IPv4" : "IPv6");
	m->has_failed = true;
}

/* After whatever happened. */
static void review(struct mapper *m, msec now)
{
	bool is_held = m->mapping.external.ip.family != IP_NONE;

	if (m->is_stopped)
		return;
	for (int i = 0; i < MAPPER_UPNP; i++) {
		struct client *c = &m->clients[i];

		if (c->state == CLIENT_HOLDING)
			hold(m, i, &c->external, c->granted);
		else if (is_held && m->mapping.method == (enum mapper_method)i)
			lose(m, now);
	}
	if (m->upnp.is_held)
		hold(m, MAPPER_UPNP, &m->upnp.got.external, m->upnp.got.lease);
	else if (is_held && m->mapping.method == MAPPER_UPNP)
		lose(m, now);
	if (m->mapping.external.ip.family != IP_NONE)
		return;
	start_next(m, now);
	note_failure(m, now);
}

/* -- the machine ----------------------------------------------------------- */

void mapper_init(struct mapper *m, const struct mapper_settings *settings, struct rng *rng)
{
	*m = (struct mapper){.settings = *settings, .rng = rng};
	race(m, 0);
}

bool mapper_place_equal(const struct mapper_place *a, const struct mapper_place *b)
{
	return ip_equal(&a->gateway, &b->gateway) && ip_equal(&a->self, &b->self) &&
	       a->ifindex == b->ifindex;
}

void mapper_set_place(struct mapper *m, const struct mapper_place *place, msec now)
{
	struct mapping none = {.external.ip.family = IP_NONE};

	if (mapper_place_equal(&m->place, place))
		return;
	m->place = *place;
	m->has_failed = false;
	m->upnp = (struct upnp){.is_out = m->upnp.is_out, .job = m->upnp.job};
	set_mapping(m, &none);
	race(m, now);
}

static void count(struct mapper *m, enum client_verdict verdict)
{
	switch (verdict) {
	case CLIENT_MALFORMED:
		m->counters[MAPPER_MALFORMED]++;
		break;
	case CLIENT_NOT_OURS:
	case CLIENT_FOREIGN:
		m->counters[MAPPER_NOT_OURS]++;
		break;
	case CLIENT_TAKEN:
		break;
	}
}

void mapper_feed(struct mapper *m, const struct endpoint *from, struct bytes datagram, msec now)
{
	enum client_verdict verdict;

	if (m->place.gateway.family == IP_NONE || !ip_equal(&from->ip, &m->place.gateway) ||
	    from->port != PORTMAP_PORT) {
		m->counters[MAPPER_WRONG_SOURCE]++;
		return;
	}
	verdict = client_feed(&m->clients[MAPPER_PCP], now, datagram);
	if (verdict == CLIENT_FOREIGN)
		verdict = client_feed(&m->clients[MAPPER_NATPMP], now, datagram);
	count(m, verdict);
	review(m, now);
}

/* Another way has won meanwhile, or the router is another: what UPnP mapped is of no use, but
 * where it is the winner's very port, deleting it would take that away. */
static void give_back(struct mapper *m, const struct mapper_upnp_result *result)
{
	uint16_t port = result->ok ? result->external.port : m->upnp.got.external.port;

	m->upnp.gives_back = false;
	if (!port || port == m->mapping.external.port)
		return;
	m->upnp.got.external.port = port;
	owe_upnp(m, true);
}

static bool fits(const struct mapper_upnp_result *result)
{
	return result->ok && result->external.port && result->external.ip.family == IP_V4 &&
	       !ip_is_unspecified(&result->external.ip);
}

/* A permanent one is looked after like one of the usual length: the router may restart. If
 * nobody answers, what is held is so until its lease is over. */
static void take_upnp(struct mapper *m, const struct mapper_upnp_result *result, msec now)
{
	uint32_t seconds = result->lease ? result->lease : MAPPER_UPNP_LEASE;

	if (m->upnp.is_held && !result->ok && !result->error)
		return;
	m->upnp.is_held = fits(result) && lease_start(&m->upnp.lease, seconds, m->rng, now);
	m->upnp.got = m->upnp.is_held ? *result : (struct mapper_upnp_result){0};
}

void mapper_upnp_done(struct mapper *m, const struct mapper_upnp_result *result, msec now)
{
	bool is_old = !ip_equal(&m->upnp.job.gateway, &m->place.gateway) ||
		      !ip_equal(&m->upnp.job.self.ip, &m->place.self);

	if (!m->upnp.is_out)
		return;
	m->upnp.is_out = false;
	if (m->upnp.gives_back && !m->upnp.job.deletes)
		give_back(m, result);
	else if (!m->upnp.job.deletes && !is_old)
		take_upnp(m, result, now);
	else if (is_old && m->mapping.external.ip.family == IP_NONE &&
		 is_usable(m, MAPPER_UPNP))
		owe_upnp(m, false);	/* its turn had come while the other job was out */
	review(m, now);
}

static void tick_upnp(struct mapper *m, msec now)
{
	if (!m->upnp.is_held || now < m->upnp.lease.due)
		return;
	if (now >= m->upnp.lease.end) {
		m->upnp.is_held = false;
		return;
	}
	lease_asked(&m->upnp.lease, m->rng, now);
	if (!m->upnp.is_out)
		owe_upnp(m, false);
}

void mapper_tick(struct mapper *m, msec now)
{
	if (now >= m->again)
		race(m, now);
	for (int i = 0; i < MAPPER_METHODS; i++) {
		if (now >= m->starts[i])
			start(m, i, now);
	}
	for (int i = 0; i < MAPPER_UPNP; i++)
		client_tick(&m->clients[i], now);
	tick_upnp(m, now);
	review(m, now);
}

msec mapper_due(const struct mapper *m)
{
	msec due = m->upnp.is_held ? m->upnp.lease.due : NEVER;

	if (m->changed || (m->upnp.owes_job && !m->upnp.is_out))
		return 0;
	due = msec_min(due, m->again);
	for (int i = 0; i < MAPPER_METHODS; i++)
		due = msec_min(due, m->starts[i]);
	for (int i = 0; i < MAPPER_UPNP; i++)
		due = msec_min(due, client_due(&m->clients[i]));
	return due;
}

enum mapper_action mapper_poll(struct mapper *m, struct writer *w, struct mapper_upnp_job *job,
			       msec now)
{
	if (m->changed) {
		m->changed = false;
		return MAPPER_CHANGED;
	}
	for (int i = 0; i < MAPPER_UPNP; i++) {
		if (client_poll(&m->clients[i], w, now))
			return MAPPER_SEND;
	}
	if (!m->upnp.owes_job || m->upnp.is_out)
		return MAPPER_NOTHING;
	m->upnp.owes_job = false;
	m->upnp.is_out = true;
	*job = m->upnp.job;
	return MAPPER_UPNP_JOB;
}

/* -- the end --------------------------------------------------------------- */

bool mapper_has_job_out(const struct mapper *m)
{
	return m->upnp.owes_job || m->upnp.is_out;
}

void mapper_stop(struct mapper *m, msec now)
{
	struct mapping none = {.external.ip.family = IP_NONE};

	(void)now;
	for (int i = 0; i < MAPPER_METHODS; i++)
		m->starts[i] = NEVER;
	m->again = NEVER;
	for (int i = 0; i < MAPPER_UPNP; i++)
		client_stop(&m->clients[i]);
	m->upnp.owes_job = false;
	if (m->upnp.is_held && !m->upnp.is_out)
		owe_upnp(m, true);
	m->upnp.gives_back = m->upnp.is_out;
	m->upnp.is_held = false;
	m->is_stopped = true;
	if (m->mapping.external.ip.family != IP_NONE)
		log_info("%s: given back", title(m));
	set_mapping(m, &none);
}

void mapper_start(struct mapper *m, msec now)
{
	m->is_stopped = m->has_failed = false;
	race(m, now);
}
