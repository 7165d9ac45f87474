/* nats_test.c -- two nodes behind NATs, and a public one that only introduces them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, PUBLIC = 2 };

static struct sim *two_behind(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3);

	sim->wire.delay = 25;
	sim_run(sim, SECONDS(5));	/* both have a session with the public node */
	return sim;
}

/* Milliseconds from A's first packet to its arrival at B, or -1. */
static msec first_packet(struct sim *sim, msec patience)
{
	uint32_t n = sim_packet(sim, A, B, LEN);
	msec start = sim->now;

	while (!sim_arrived(sim, n) && sim->now - start < patience)
		sim_run(sim, 10);
	return sim_arrived(sim, n) ? sim->now - start : -1;
}

static bool is_direct(struct sim *sim, size_t of, size_t to)
{
	const struct sim_node *n = &sim->nodes[to];
	struct peer_status status = sim_status(sim, of, to);
	const struct ip *expected = n->nat == SIM_NO_NAT ? &n->endpoint.ip : &n->outside;

	return status.state == PEER_DIRECT && ip_equal(&status.path.remote.ip, expected);
}

static const enum sim_nat_kind cones[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED,
					  SIM_PORT_RESTRICTED};

static void any_two_cones_meet_within_two_seconds(void **state)
{
	(void)state;
	for (size_t a = 0; a < 4; a++) {
		for (size_t b = 0; b < 4; b++) {
			struct sim *sim = two_behind(1 + 4 * a + b, cones[a], cones[b]);
			msec took = first_packet(sim, SECONDS(10));

			assert_in_range(took, 0, 2000);
			assert_true(is_direct(sim, A, B));
			sim_run(sim, SECONDS(1));
			assert_true(is_direct(sim, B, A));
			sim_free(sim);
		}
	}
}

static void a_symmetric_nat_meets_whoever_lets_any_port_in(void **state)
{
	(void)state;
	for (size_t b = 0; b < 3; b++) {
		struct sim *sim = two_behind(100 + b, SIM_SYMMETRIC, cones[b]);

		assert_in_range(first_packet(sim, SECONDS(20)), 0, 5000);
		assert_true(is_direct(sim, A, B));
		sim_free(sim);
	}
}

static void whoever_is_called_can_call_back(void **state)
{
	struct sim *sim = two_behind(200, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	uint32_t n;

	(void)state;
	assert_true(first_packet(sim, SECONDS(10)) >= 0);
	n = sim_packet(sim, B, A, LEN);
	sim_run(sim, 50);
	assert_true(sim_arrived(sim, n));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_cones_meet_within_two_seconds),
		cmocka_unit_test(a_symmetric_nat_meets_whoever_lets_any_port_in),
		cmocka_unit_test(whoever_is_called_can_call_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
