/* relays_test.c -- nodes that no hole can be punched between, and relays of their own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, R = 2 };

static struct sim *sim;

static void open_with(uint64_t seed, size_t relays)
{
	static const enum sim_nat_kind kinds[] = {SIM_SYMMETRIC, SIM_SYMMETRIC};

	sim = sim_new_behind_nats(seed, kinds, 2 + relays, relays);
	sim->relays = ~0u << R;
	for (size_t i = R; i < sim->nodes_len; i++)
		sim_configure(sim, i, true, false, 0);
	sim_run(sim, SECONDS(3));
}

/* From the first packet until one arrives, a packet each 100 ms; -1: none does. */
static msec meet(size_t from, size_t to, msec patience)
{
	unsigned got = sim->nodes[to].got;
	msec start = sim->now;

	while (sim->nodes[to].got == got && sim->now - start < patience) {
		sim_packet(sim, from, to, LEN);
		sim_run(sim, 100);
	}
	return sim->nodes[to].got == got ? -1 : sim->now - start;
}

static void two_behind_symmetric_nats_meet_through_a_peer(void **state)
{
	struct peer_status status;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		open_with(seed, 1);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		status = sim_status(sim, A, B);
		assert_int_equal(status.state, PEER_RELAY);
		assert_int_equal(status.way.how, PATH_RELAYED);
		assert_string_equal(status.way.relay, "n2");
		sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_behind_symmetric_nats_meet_through_a_peer),
	};

	sim_log();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
