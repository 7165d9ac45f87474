/* nats_test.c -- two nodes behind NATs, and a public one that only introduces them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, PUBLIC = 2 };

static struct sim *two_behind(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3, 1);

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
	struct peer_status status = sim_status(sim, of, to);
	struct ip expected = sim_outside(sim, to);

	return status.state == PEER_DIRECT && ip_equal(&status.path.remote.ip, &expected);
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

/* A packet from A each 100 ms until one arrives at B; how long that took. */
static msec until_one_arrives(struct sim *sim, msec patience)
{
	msec start = sim->now;
	unsigned got = sim->nodes[B].got;

	while (sim->nodes[B].got == got && sim->now - start < patience) {
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		sim_run(sim, 100);
	}
	return sim->nodes[B].got > got ? sim->now - start : -1;
}

static void talk(struct sim *sim, unsigned steps)
{
	sim_talk(sim, A, B, LEN, (msec)steps * 100);
}

static void whoever_introduced_them_may_go_away(void **state)
{
	struct sim *sim = two_behind(300, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	unsigned got;

	(void)state;
	assert_true(first_packet(sim, SECONDS(10)) >= 0);
	talk(sim, 20);
	sim->nodes[PUBLIC].asleep_until = INT64_MAX / 2;
	got = sim->nodes[B].got;
	talk(sim, 6000);	/* ten minutes, with rekeys */
	assert_int_equal(sim->nodes[B].got - got, 6000);
	sim_free(sim);
}

/* A asks its introducer several times and hears nothing: that is no plain WireGuard. */
static void an_introducer_that_was_silent_for_a_while_is_still_one(void **state)
{
	struct sim *sim = two_behind(310, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	sim->nodes[PUBLIC].asleep_until = sim->now + SECONDS(60);
	sim_resumed(sim, A);
	sim_run(sim, SECONDS(100));
	assert_in_range(first_packet(sim, SECONDS(10)), 0, 2000);
	sim_free(sim);
}

static bool lose_data(struct sim *sim, struct sim_datagram *d, void *context)
{
	(void)sim;
	(void)context;
	return d->bytes[0] != MESSAGE_DATA;
}

/* Nor is one that was never heard. */
static void an_introducer_that_hears_nothing_at_first_is_still_one(void **state)
{
	struct sim *sim = two_behind(320, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	sim->tap = lose_data;
	sim_restart(sim, A);
	sim_run(sim, SECONDS(60));
	sim->tap = NULL;
	sim_run(sim, SECONDS(60));
	assert_in_range(first_packet(sim, SECONDS(10)), 0, 2000);
	sim_free(sim);
}

static void a_nat_that_reboots_under_traffic_costs_seven_seconds_at_most(void **state)
{
	(void)state;
	for (size_t kind = 1; kind < 4; kind++) {
		struct sim *sim = two_behind(400 + kind, cones[kind], SIM_PORT_RESTRICTED);

		assert_true(first_packet(sim, SECONDS(10)) >= 0);
		talk(sim, 50);
		sim_reboot_nat(sim, A);
		assert_in_range(until_one_arrives(sim, SECONDS(60)), 0, 7000);
		talk(sim, 100);
		sim_reboot_nat(sim, B);
		assert_in_range(until_one_arrives(sim, SECONDS(60)), 0, 7000);
		sim_free(sim);
	}
}

static void after_a_long_silence_the_way_is_open_again_in_three_seconds(void **state)
{
	static const msec silences[] = {SECONDS(20), SECONDS(60), SECONDS(170), SECONDS(400),
					SECONDS(590), SECONDS(700), SECONDS(3600)};

	(void)state;
	for (size_t i = 0; i < sizeof(silences) / sizeof(*silences); i++) {
		struct sim *sim = two_behind(500 + i, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

		assert_true(first_packet(sim, SECONDS(10)) >= 0);
		talk(sim, 10);
		sim_run(sim, silences[i]);
		assert_in_range(until_one_arrives(sim, SECONDS(60)), 0, 3000);
		sim_free(sim);
	}
}

/* Its key is always fresh, so what was found for it is never forgotten. */
static void a_peer_that_is_kept_alive_wakes_nobody_more_than_that(void **state)
{
	struct sim *sim = two_behind(510, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	uint64_t before;

	(void)state;
	sim_configure(sim, A, true, false, 25000);
	assert_true(first_packet(sim, SECONDS(10)) >= 0);
	sim_run(sim, SECONDS(700));
	before = sim->nodes[A].wakeups;
	sim_run(sim, SECONDS(3600));
	assert_in_range(sim->nodes[A].wakeups - before, 0, 1500);
	sim_free(sim);
}

static bool is_active(const struct sim *sim, size_t of, size_t to)
{
	const struct peer *peer = node_find_peer(sim->nodes[of].node, sim->nodes[to].public_key);

	return peer->reach && reach_is_active(peer->reach, sim->now);
}

/* News of addresses alone are no wish to talk: one would be passed to and fro for ever. */
static void two_who_only_tell_each_other_where_they_are_fall_silent(void **state)
{
	struct sim *sim = two_behind(520, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	assert_true(first_packet(sim, SECONDS(10)) >= 0);
	for (int i = 0; i < 6; i++) {
		sim_run(sim, SECONDS(20));
		sim_resumed(sim, A);
	}
	assert_false(is_active(sim, A, B));
	assert_false(is_active(sim, B, A));
	sim_free(sim);
}

static void who_is_restarted_is_back_in_three_seconds(void **state)
{
	struct sim *sim = two_behind(600, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	assert_true(first_packet(sim, SECONDS(10)) >= 0);
	talk(sim, 50);
	sim_restart(sim, A);
	sim_run(sim, SECONDS(1));
	assert_in_range(until_one_arrives(sim, SECONDS(60)), 0, 3000);
	sim_free(sim);
}

/* The user pings on, and the other laptop is opened much later. */
static void who_comes_late_is_found_while_others_keep_knocking(void **state)
{
	struct sim *sim = two_behind(900, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	msec late = SECONDS(200);

	(void)state;
	sim->nodes[B].asleep_until = sim->now + late;
	for (msec t = 0; t < late; t += SECONDS(1)) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(1));
	}
	for (msec t = 0; t < SECONDS(60) && !sim->nodes[B].got; t += SECONDS(1)) {
		sim_packet(sim, A, B, LEN);	/* A alone: B has nothing to say */
		sim_run(sim, SECONDS(1));
	}
	assert_true(sim->nodes[B].got > 0);
	sim_free(sim);
}

static void who_moves_to_another_network_is_back_in_a_second_and_a_half(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < 4; kind++) {
		struct sim *sim = two_behind(800 + kind, SIM_NO_NAT, cones[kind]);

		assert_true(first_packet(sim, SECONDS(10)) >= 0);
		talk(sim, 50);
		for (uint8_t i = 1; i < 40; i++) {
			sim_roam(sim, A, ip_v4(198, 51, 100, i));
			assert_in_range(until_one_arrives(sim, SECONDS(30)), 0, 1500);
			talk(sim, 30);
		}
		sim_free(sim);
	}
}

static void ten_percent_loss_for_an_hour_never_parts_them(void **state)
{
	struct sim *sim = two_behind(700, SIM_PORT_RESTRICTED, SIM_ADDRESS_RESTRICTED);

	(void)state;
	sim->wire.loss = 100;
	assert_in_range(until_one_arrives(sim, SECONDS(60)), 0, 20000);
	for (int minute = 0; minute < 60; minute++) {
		unsigned got = sim->nodes[B].got;

		for (int i = 0; i < 60; i++) {
			sim_packet(sim, A, B, LEN);
			sim_packet(sim, B, A, LEN);
			sim_run(sim, SECONDS(1));
		}
		assert_true(sim->nodes[B].got - got > 30);
	}
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_cones_meet_within_two_seconds),
		cmocka_unit_test(a_symmetric_nat_meets_whoever_lets_any_port_in),
		cmocka_unit_test(whoever_is_called_can_call_back),
		cmocka_unit_test(whoever_introduced_them_may_go_away),
		cmocka_unit_test(an_introducer_that_was_silent_for_a_while_is_still_one),
		cmocka_unit_test(an_introducer_that_hears_nothing_at_first_is_still_one),
		cmocka_unit_test(a_nat_that_reboots_under_traffic_costs_seven_seconds_at_most),
		cmocka_unit_test(after_a_long_silence_the_way_is_open_again_in_three_seconds),
		cmocka_unit_test(a_peer_that_is_kept_alive_wakes_nobody_more_than_that),
		cmocka_unit_test(two_who_only_tell_each_other_where_they_are_fall_silent),
		cmocka_unit_test(who_is_restarted_is_back_in_three_seconds),
		cmocka_unit_test(who_comes_late_is_found_while_others_keep_knocking),
		cmocka_unit_test(who_moves_to_another_network_is_back_in_a_second_and_a_half),
		cmocka_unit_test(ten_percent_loss_for_an_hour_never_parts_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
