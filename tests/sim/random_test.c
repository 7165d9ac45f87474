/* random_test.c -- whatever befalls a network, it keeps its promises and comes back.
 *
 *   sim_random_test                    RUNS seeds, from the first
 *   SIM_SEEDS=10000 sim_random_test    so many, for a night
 *   SIM_SEED=4711 sim_random_test      that one alone; with SIM_LOG=1 to see what happens
 *
 * What must hold at every moment is checked in sim.c. In the end all is well for a while,
 * and then everybody must reach everybody whom the NATs between them allow to be reached.
 */
#include "sim/chaos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RUNS = 200,
	EVENTS = 25,
	LEN = 100,
	STABLE = 300 * 1000,		/* msec: an introducer that was restarted is known again */
	BOUND = 12 * 1000,		/* three initiations, to a peer who was said to be elsewhere */
	IDLE = 900 * 1000,		/* until the last key is forgotten */
	HOUR = 3600 * 1000,
	QUIET_RUNS = 8,			/* one in so many waits for that, too */
};

static struct sim *running;		/* of a run that failed */

static uint64_t number_in(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* What it did not like. */
static void print_counters(const struct sim *sim, size_t i)
{
	for (enum node_counter k = 0; k < NODE_COUNTERS; k++) {
		uint64_t n = node_counter(sim->nodes[i].node, k);

		if (n)
			printf("n%zu %s %" PRIu64 "\n", i, node_counter_name(k), n);
	}
}

static void must_reach(struct chaos *c, size_t from, size_t to)
{
	struct sim *sim = c->sim;
	msec start = sim->now;
	uint32_t first = sim->sent;

	for (;;) {
		sim_packet(sim, from, to, LEN);
		sim_run(sim, 250);
		for (uint32_t n = first; n < sim->sent; n++) {
			if (sim_arrived(sim, n))
				return;
		}
		if (sim->now - start <= BOUND)
			continue;
		print_counters(sim, from);
		print_counters(sim, to);
		fail_msg("node %zu does not reach node %zu", from, to);
	}
}

static void all_must_reach(struct chaos *c)
{
	for (size_t from = 0; from < c->sim->nodes_len; from++) {
		for (size_t to = 0; to < c->sim->nodes_len; to++) {
			if (from != to && chaos_can_reach(c, from, to))
				must_reach(c, from, to);
		}
	}
}

/* Introducers are kept awake (a packet each 25 s, a handshake each 120 s, mailboxes), nobody
 * else; to one that cannot be called goes an initiation each 5 s, with pauses. */
static void must_be_quiet(struct chaos *c)
{
	static struct sim_node before[SIM_NODES];

	sim_run(c->sim, IDLE);
	memcpy(before, c->sim->nodes, sizeof(before));
	sim_run(c->sim, HOUR);
	for (size_t i = 0; i < c->sim->nodes_len - c->introducers; i++) {
		const struct sim_node *n = &c->sim->nodes[i];
		bool heard = chaos_can_reach(c, i, c->sim->nodes_len - 1);
		uint64_t limit = (heard ? 450 : 900) * c->introducers;

		assert_in_range(n->datagrams - before[i].datagrams, 0, limit);
		assert_in_range(n->wakeups - before[i].wakeups, 0, 2 * limit + 20);
	}
}

static void run(uint64_t seed)
{
	static struct chaos c;
	struct rng dice;

	rng_seed(&dice, ~seed);
	chaos_init(&c, seed, &dice);
	running = c.sim;
	for (int i = 0; i < EVENTS; i++)
		chaos_event(&c);
	chaos_heal(&c);
	if (getenv("SIM_LOG"))
		chaos_print(&c);
	sim_run(c.sim, STABLE);
	all_must_reach(&c);
	if (seed % QUIET_RUNS == 0)
		must_be_quiet(&c);
	running = NULL;
	chaos_deinit(&c);
}

static void a_network_keeps_its_promises_and_comes_back(void **state)
{
	run(*(const uint64_t *)*state);
}

/* Each seed is a test of its own: one that fails does not stop the others. */
static bool try(uint64_t seed)
{
	const struct CMUnitTest test[] = {
		cmocka_unit_test_prestate(a_network_keeps_its_promises_and_comes_back, &seed)};

	if (cmocka_run_group_tests_name("random", test, NULL, NULL) == 0)
		return true;
	fprintf(stderr, "seed %" PRIu64 " fails; again, with all that is said: "
		"SIM_SEED=%" PRIu64 " SIM_LOG=1 sim_random_test\n", seed, seed);
	if (running)
		sim_free(running);
	running = NULL;
	return false;
}

int main(void)
{
	uint64_t first = number_in("SIM_SEED", number_in("SIM_FIRST", 1));
	uint64_t runs = getenv("SIM_SEED") ? 1 : number_in("SIM_SEEDS", RUNS);
	unsigned failed = 0;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);	/* what is logged and what failed, in order */
	cmocka_set_message_output(CM_OUTPUT_STDOUT);
	for (uint64_t seed = first; seed < first + runs; seed++)
		failed += !try(seed);
	printf("%" PRIu64 " seeds, %u failed\n", runs, failed);
	return failed > 0;
}
