/* micro_wg.c -- what is looked up for each packet: owners, indices, counters, kinds. */
#include <stdio.h>

#include "base/rng.h"
#include "bench/micro/micro.h"
#include "node/demux.h"
#include "wg/allowedips.h"
#include "wg/index.h"
#include "wg/messages.h"
#include "wg/replay.h"

static volatile uintptr_t sink;		/* what a look-up found was of use */

/* -- allowed IPs ---------------------------------------------------------------- */

enum { PREFIXES_MAX = 10000 };

struct routing {
	struct allowedips table;
	struct allowedips_node nodes[2 * PREFIXES_MAX];
	struct cidr prefixes[PREFIXES_MAX];
	struct ip wanted[MICRO_OPS];
};

static struct cidr random_prefix(enum ip_family family, struct rng *rng)
{
	struct cidr c = {.ip.family = (uint8_t)family, .len = family == IP_V4 ? 24 : 64};

	rng->fill(rng, c.ip.bytes, family == IP_V4 ? 4 : 16);
	return c;
}

static void fill(struct routing *r, enum ip_family family, size_t n)
{
	struct rng rng;

	rng_seed(&rng, n);
	allowedips_init(&r->table, r->nodes, 2 * PREFIXES_MAX);
	for (size_t i = 0; i < n; i++) {
		r->prefixes[i] = random_prefix(family, &rng);
		allowedips_add(&r->table, &r->prefixes[i], &r->prefixes[i]);
	}
	for (size_t i = 0; i < MICRO_OPS; i++)
		r->wanted[i] = r->prefixes[rng_below(&rng, (uint32_t)n)].ip;
}

static void find_owners(void *context)
{
	struct routing *r = context;

	for (size_t i = 0; i < MICRO_OPS; i++)
		sink = (uintptr_t)allowedips_find(&r->table, &r->wanted[i]);
}

static void measure_routing(enum ip_family family, size_t n)
{
	static struct routing r;
	char name[64];

	snprintf(name, sizeof(name), "allowedips, IPv%d, %zu prefixes", family, n);
	fill(&r, family, n);
	micro_measure(&(struct micro){name, MICRO_OPS, 0, 0, NULL, find_owners, &r});
}

/* -- indices -------------------------------------------------------------------- */

enum { INDICES = 3000, SLOTS = 8192 };

struct indexing {
	struct index_table table;
	struct index_slot slots[SLOTS];
	uint32_t wanted[MICRO_OPS];
};

static void find_sessions(void *context)
{
	struct indexing *x = context;

	for (size_t i = 0; i < MICRO_OPS; i++)
		sink = (uintptr_t)index_find(&x->table, x->wanted[i]);
}

static void measure_index(void)
{
	static struct indexing x;
	struct rng rng;

	rng_seed(&rng, 1);
	index_init(&x.table, x.slots, SLOTS);
	for (size_t i = 0; i < INDICES; i++)
		x.wanted[i % MICRO_OPS] = index_add(&x.table, (struct session *)&x, &rng);
	micro_measure(&(struct micro){"index, 3000 sessions", MICRO_OPS, 0, 0, NULL,
				      find_sessions, &x});
}

/* -- counters, kinds ------------------------------------------------------------- */

struct counting {
	struct replay window;
	uint64_t next;
};

static void accept(void *context)
{
	struct counting *c = context;

	for (size_t i = 0; i < MICRO_OPS; i++, c->next++)
		sink = replay_may_accept(&c->window, c->next) && replay_accept(&c->window, c->next);
}

static void tell_kinds(void *context)
{
	for (size_t i = 0; i < MICRO_OPS; i++)
		sink = demux(bytes_of(context, MESSAGE_DATA_MIN), false);
}

void micro_wg(void)
{
	static const size_t prefixes[] = {1, 100, PREFIXES_MAX};
	static uint8_t data[MESSAGE_DATA_MIN] = {MESSAGE_DATA};
	static struct counting counting;

	micro_heading("looked up for each packet");
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		measure_routing(IP_V4, prefixes[i]);
		measure_routing(IP_V6, prefixes[i]);
	}
	measure_index();
	micro_measure(&(struct micro){"replay, before and after", MICRO_OPS, 0, 0, NULL, accept,
				      &counting});
	micro_measure(&(struct micro){"demux of data", MICRO_OPS, 0, 0, NULL, tell_kinds, data});
}
