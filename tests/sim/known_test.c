/* known_test.c -- nodes that meet again with every server down, by what they have kept on disk. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/demux.h"
#include "node/known.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, PUBLIC = 2 };

/* Connected, and then nobody is left who could introduce anybody. */
static struct sim *met_before(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3, 1);

	sim->wire.delay = 25;
	sim_run(sim, SECONDS(5));
	for (msec t = 0; t <= KNOWN_PAUSE; t += SECONDS(1)) {	/* then it is on disk */
		sim_packet(sim, A, B, LEN);
		sim_run(sim, SECONDS(1));
	}
	assert_true(sim->nodes[B].got > 0);
	sim->nodes[PUBLIC].asleep_until = INT64_MAX / 2;
	return sim;
}

static bool are_connected(const struct sim *sim)
{
	return sim_status(sim, A, B).state == PEER_DIRECT && sim_status(sim, B, A).state == PEER_DIRECT;
}

/* How long until both have a session, with not one packet sent; or -1. */
static msec until_connected(struct sim *sim, msec patience)
{
	msec start = sim->now;

	while (!are_connected(sim) && sim->now - start < patience)
		sim_run(sim, 10);
	return are_connected(sim) ? sim->now - start : -1;
}

static void restart_both(struct sim *sim, bool cleanly, msec between)
{
	sim_stop(sim, A, cleanly);
	sim_stop(sim, B, cleanly);
	sim_start(sim, A);
	sim_run(sim, between);
	sim_start(sim, B);
}

static const enum sim_nat_kind cones[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED,
					  SIM_PORT_RESTRICTED};

static void two_that_were_killed_meet_within_five_seconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		struct sim *sim = met_before(i, cones[i / 4], cones[i % 4]);

		restart_both(sim, false, 0);
		assert_in_range(until_connected(sim, SECONDS(60)), 0, 5000);
		sim_free(sim);
	}
}

/* After this long the NATs have forgotten all, and give the same ports once more. */
static void two_that_were_off_for_hours_meet_within_five_seconds(void **state)
{
	static const msec apart[] = {0, 200, 3000};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim *sim = met_before(100 + i, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

		sim_stop(sim, A, true);
		sim_stop(sim, B, true);
		sim_run(sim, SECONDS(8 * 3600));
		sim_start(sim, A);
		sim_run(sim, apart[i]);
		sim_start(sim, B);
		assert_in_range(until_connected(sim, SECONDS(60)), 0, 5000);
		sim_free(sim);
	}
}

static void one_that_was_killed_is_back_within_two_seconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		struct sim *sim = met_before(200 + i, cones[i / 4], cones[i % 4]);

		sim_restart(sim, A);
		assert_in_range(until_connected(sim, SECONDS(60)), 0, 2000);
		sim_free(sim);
	}
}

static bool count_envelopes(struct sim *sim, struct sim_datagram *d, void *context)
{
	unsigned *n = context;

	(void)sim;
	*n += d->bytes[0] == DEMUX_ENVELOPE_MARK;
	return true;
}

/* Their keys were too old when they were stopped. */
static void two_that_were_silent_stay_silent(void **state)
{
	struct sim *sim = met_before(300, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	unsigned envelopes = 0;

	(void)state;
	sim_run(sim, SECONDS(700));
	sim->tap = count_envelopes;
	sim->tap_context = &envelopes;
	restart_both(sim, false, 0);
	assert_int_equal(until_connected(sim, SECONDS(120)), -1);
	assert_int_equal(envelopes, 0);
	sim_packet(sim, A, B, LEN);
	sim_packet(sim, B, A, LEN);
	assert_in_range(until_connected(sim, SECONDS(60)), 0, 5000);
	assert_true(envelopes > 0);
	sim_free(sim);
}

static void two_that_were_off_for_days_wait_for_a_packet(void **state)
{
	struct sim *sim = met_before(400, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	sim_stop(sim, A, true);
	sim_stop(sim, B, true);
	sim_run(sim, SECONDS(3 * 24 * 3600));
	sim_start(sim, A);
	sim_start(sim, B);
	assert_int_equal(until_connected(sim, SECONDS(20)), -1);
	sim_packet(sim, A, B, LEN);
	sim_packet(sim, B, A, LEN);
	assert_in_range(until_connected(sim, SECONDS(60)), 0, 5000);
	sim_free(sim);
}

/* B's router still knows the old A; the envelope comes from the new one. */
static void a_nat_that_reboots_with_no_server_left_is_no_end(void **state)
{
	struct sim *sim = met_before(500, SIM_PORT_RESTRICTED, SIM_FULL_CONE);
	unsigned got = sim->nodes[B].got;

	(void)state;
	sim_reboot_nat(sim, A);
	for (int i = 0; i < 200; i++) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, 100);
	}
	assert_true(sim->nodes[B].got > got + 50);
	sim_free(sim);
}

/* No cache, no server, but a link in common. */
static void two_that_have_lost_their_memory_meet_on_the_lan(void **state)
{
	const struct cidr home = {.ip = ip_v4(192, 168, 0, 0), .len = 16};
	const struct nat nat = sim_nat(SIM_PORT_RESTRICTED, ip_v4(203, 0, 113, 1));
	struct sim *sim = sim_prepare(600, 2);
	uint8_t net = sim_add_net(sim, &nat, NET_INTERNET, home);

	(void)state;
	sim->lan = sim->gathers = true;
	for (uint8_t i = A; i <= B; i++) {
		sim->nodes[i].calls = 0;
		sim_add_link(sim, i, ip_v4(192, 168, 0, (uint8_t)(10 + i)), net);
		sim_start(sim, i);
	}
	sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(5));
	assert_true(are_connected(sim));
	sim_stop(sim, A, true);
	sim_stop(sim, B, true);
	sim->nodes[A].peers_len = sim->nodes[B].peers_len = 0;
	sim_start(sim, A);
	sim_start(sim, B);
	assert_int_equal(until_connected(sim, SECONDS(20)), -1);
	sim_packet(sim, A, B, LEN);
	assert_in_range(until_connected(sim, SECONDS(60)), 0, 500);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_were_killed_meet_within_five_seconds),
		cmocka_unit_test(two_that_were_off_for_hours_meet_within_five_seconds),
		cmocka_unit_test(one_that_was_killed_is_back_within_two_seconds),
		cmocka_unit_test(two_that_were_silent_stay_silent),
		cmocka_unit_test(two_that_were_off_for_days_wait_for_a_packet),
		cmocka_unit_test(a_nat_that_reboots_with_no_server_left_is_no_end),
		cmocka_unit_test(two_that_have_lost_their_memory_meet_on_the_lan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
