/* mapping.c -- what the ports that several observers saw tell of a NAT. */
#include "node/mapping.h"

#include "stun/behaviour.h"

struct seen {
	struct endpoint at[MAPPING_SEEN_MAX];
	size_t len;
};

static void see(struct seen *seen, const struct endpoint *at)
{
	for (size_t i = 0; i < seen->len; i++) {
		if (endpoint_equal(&seen->at[i], at))
			return;
	}
	if (seen->len < MAPPING_SEEN_MAX)
		seen->at[seen->len++] = *at;
}

static void sort_by_port(struct seen *seen)
{
	for (size_t i = 1; i < seen->len; i++) {
		for (size_t j = i; j && seen->at[j].port < seen->at[j - 1].port; j--) {
			struct endpoint at = seen->at[j];

			seen->at[j] = seen->at[j - 1];
			seen->at[j - 1] = at;
		}
	}
}

static bool are_in_a_row(const struct seen *seen)
{
	for (size_t i = 1; i < seen->len; i++) {
		if (!ip_equal(&seen->at[i].ip, &seen->at[0].ip) ||
		    seen->at[i].port - seen->at[i - 1].port > MAPPING_GAP)
			return false;
	}
	return seen->len > 1;
}

static struct mapping judge(struct seen *seen)
{
	struct mapping m = {.is_hard = seen->len > 1};

	sort_by_port(seen);
	m.is_sequential = are_in_a_row(seen);
	if (seen->len)
		m.last = seen->at[seen->len - 1];
	return m;
}

/* -- ours ------------------------------------------------------------------ */

/* Those of one base are compared: of the one that was seen last. */
static const struct observed *newest(const struct gather *g)
{
	const struct observed *newest = NULL;

	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++) {
		const struct observed *o = &g->observed[i];

		if (o->mapped.ip.family == IP_V4 && (!newest || o->seen > newest->seen))
			newest = o;
	}
	return newest;
}

static void see_since(struct seen *seen, const struct gather *g, const struct ip *base, msec since)
{
	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++) {
		const struct observed *o = &g->observed[i];

		if (o->mapped.ip.family == IP_V4 && ip_equal(&o->base, base) && o->seen >= since)
			see(seen, &o->mapped);
	}
}

struct mapping mapping_of_ours(const struct gather *g)
{
	const struct observed *last = newest(g);
	struct seen all = {.len = 0}, recent = {.len = 0};
	struct mapping m;

	if (!last)
		return (struct mapping){.is_hard = false};
	see_since(&all, g, &last->base, 0);
	see_since(&recent, g, &last->base, last->seen - MAPPING_RECENT);
	m = judge(&recent);
	m.is_hard = all.len > 1;
	return m;
}

static unsigned count_seen(const struct gather *g, const struct ip *base)
{
	unsigned n = 0;

	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++)
		n += g->observed[i].mapped.ip.family == IP_V4 && ip_equal(&g->observed[i].base, base);
	return n;
}

static enum nat_mapping kind_of_ours(const struct gather *g)
{
	const struct observed *last = newest(g);

	if (!last)
		return MAPPING_UNKNOWN;
	if (mapping_of_ours(g).is_hard)
		return MAPPING_DEPENDENT;
	if (ip_equal(&last->mapped.ip, &last->base) && last->mapped.port == g->port)
		return MAPPING_DIRECT;
	return count_seen(g, &last->base) > 1 ? MAPPING_INDEPENDENT : MAPPING_UNKNOWN;
}

const char *mapping_word_of_ours(const struct gather *g)
{
	struct behaviour_report report = {.mapping = kind_of_ours(g)};

	return behaviour_word(&report);
}

/* -- the peer's ------------------------------------------------------------ */

struct mapping mapping_of_peer(const struct checklist *l)
{
	const struct candidate *first = NULL;
	struct seen seen = {.len = 0};

	for (size_t i = 0; i < REMOTES_SIGNALLED; i++) {
		const struct candidate *c = &l->remotes[i];

		if (c->type != CANDIDATE_SRFLX || candidate_is_tcp(c) || c->at.ip.family != IP_V4 ||
		    c->related.ip.family == IP_NONE)	/* mapped on purpose, see gather.c */
			continue;
		if (!first)
			first = c;
		if (endpoint_equal(&c->related, &first->related))
			see(&seen, &c->at);
	}
	return judge(&seen);
}
