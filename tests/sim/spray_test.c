/* spray_test.c -- ports of hard NATs, opened and guessed.
 *
 * One public node introduces; its two ports see what NAT each has.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/brain.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, NODES = 3 };

static struct sim *two_behind(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, NODES, 1);

	sim->wire.delay = 25;
	sim_run(sim, SECONDS(5));
	return sim;
}

static void keep_saying(struct sim *sim, msec duration)
{
	for (msec t = 0; t < duration; t += 500) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, 500);
	}
}

/* A says something every half second until it is heard; how long that took, or -1. */
static msec until_heard(struct sim *sim, msec patience)
{
	msec start = sim->now;

	while (!sim->nodes[B].got && sim->now - start < patience)
		keep_saying(sim, 500);
	return sim->nodes[B].got ? sim->now - start : -1;
}

static unsigned open_sockets(const struct sim *sim, size_t i)
{
	unsigned n = 0;

	for (size_t via = 0; via <= NODE_SOCKETS_MAX; via++)
		n += sim->nodes[i].more[via];
	return n;
}

static void most_find_each_other(enum sim_nat_kind a, enum sim_nat_kind b, unsigned at_least)
{
	unsigned found = 0;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim *sim = two_behind(seed, a, b);
		msec took = until_heard(sim, SECONDS(12));

		found += took >= 0;
		sim_free(sim);
	}
	assert_in_range(found, at_least, 20);
}

static void a_symmetric_nat_meets_a_port_restricted_one(void **state)
{
	(void)state;
	most_find_each_other(SIM_SYMMETRIC, SIM_PORT_RESTRICTED, 18);
	most_find_each_other(SIM_PORT_RESTRICTED, SIM_SYMMETRIC, 18);
}

static void ports_in_a_row_are_found_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct sim *sim = two_behind(seed, SIM_SEQUENTIAL, SIM_PORT_RESTRICTED);

		assert_in_range(until_heard(sim, SECONDS(12)), 0, 2000);
		sim_free(sim);
	}
}

static void two_nats_with_ports_in_a_row_meet_halfway(void **state)
{
	(void)state;
	most_find_each_other(SIM_SEQUENTIAL, SIM_SEQUENTIAL, 18);
}

static void what_is_not_used_is_closed_and_the_way_stays(void **state)
{
	struct sim *sim = two_behind(7, SIM_SYMMETRIC, SIM_PORT_RESTRICTED);
	unsigned got;

	(void)state;
	assert_true(until_heard(sim, SECONDS(30)) >= 0);
	assert_in_range(open_sockets(sim, A), 2, SPRAY_SOCKETS);
	assert_int_equal(open_sockets(sim, B), 0);
	keep_saying(sim, SECONDS(60));
	assert_int_equal(open_sockets(sim, A), 1);
	assert_true(sim_status(sim, A, B).way.path.via != 0);
	got = sim->nodes[B].got;
	keep_saying(sim, SECONDS(300));		/* rekeys included */
	assert_int_equal(sim->nodes[B].got - got, 600);
	sim_free(sim);
}

static void a_way_that_is_gone_gives_its_socket_back(void **state)
{
	struct sim *sim = two_behind(7, SIM_SYMMETRIC, SIM_PORT_RESTRICTED);

	(void)state;
	assert_true(until_heard(sim, SECONDS(30)) >= 0);
	sim_roam(sim, A, ip_v4(192, 168, 0, 101));
	keep_saying(sim, SECONDS(60));
	assert_in_range(open_sockets(sim, A), 1, SPRAY_SOCKETS + 1);
	sim_run(sim, SECONDS(1200));		/* idle: all is forgotten */
	assert_int_equal(open_sockets(sim, A), 0);
	sim_free(sim);
}

static void it_can_be_turned_off(void **state)
{
	const enum sim_nat_kind kinds[] = {SIM_SYMMETRIC, SIM_PORT_RESTRICTED};
	struct sim *sim = sim_new_behind_nats(9, kinds, NODES, 1);

	(void)state;
	sim->punch_rate = 0;
	sim_restart(sim, A);
	sim_restart(sim, B);
	sim_run(sim, SECONDS(5));
	assert_int_equal(until_heard(sim, SECONDS(20)), -1);
	assert_int_equal(open_sockets(sim, A), 0);
	sim_free(sim);
}

static void two_nats_with_any_ports_do_not_even_try(void **state)
{
	struct sim *sim = two_behind(11, SIM_SYMMETRIC, SIM_SYMMETRIC);

	(void)state;
	assert_int_equal(until_heard(sim, SECONDS(20)), -1);
	assert_int_equal(open_sockets(sim, A) + open_sockets(sim, B), 0);
	sim_free(sim);
}

static void an_easy_way_is_not_sprayed_for(void **state)
{
	struct sim *sim = two_behind(12, SIM_SYMMETRIC, SIM_FULL_CONE);

	(void)state;
	assert_in_range(until_heard(sim, SECONDS(12)), 0, 3000);
	keep_saying(sim, SECONDS(10));
	assert_int_equal(open_sockets(sim, A), 0);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_symmetric_nat_meets_a_port_restricted_one),
		cmocka_unit_test(ports_in_a_row_are_found_at_once),
		cmocka_unit_test(two_nats_with_ports_in_a_row_meet_halfway),
		cmocka_unit_test(what_is_not_used_is_closed_and_the_way_stays),
		cmocka_unit_test(a_way_that_is_gone_gives_its_socket_back),
		cmocka_unit_test(it_can_be_turned_off),
		cmocka_unit_test(two_nats_with_any_ports_do_not_even_try),
		cmocka_unit_test(an_easy_way_is_not_sprayed_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
