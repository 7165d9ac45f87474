/* two_nodes_test.c -- two whole nodes on a network that is as bad as it gets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"
#include "wg/timers.h"

enum { LEN = 100 };

/* Packets from both sides, one in each step; how many of them arrived. */
static unsigned chat(struct sim *sim, unsigned steps, msec step)
{
	uint32_t first = sim->sent;
	unsigned arrived = 0;

	for (unsigned i = 0; i < steps; i++) {
		sim_packet(sim, 0, 1, LEN + i % 1000);
		sim_packet(sim, 1, 0, LEN + i % 500);
		sim_run(sim, step);
	}
	sim_run(sim, SECONDS(1));
	for (uint32_t k = first; k < sim->sent; k++)
		arrived += sim_arrived(sim, k);
	return arrived;
}

static void the_first_packet_arrives_after_one_and_a_half_round_trips(void **state)
{
	struct sim *sim = sim_new(1, 2, true);
	uint32_t n = sim_packet(sim, 0, 1, LEN);

	(void)state;
	sim_run(sim, 59);
	assert_false(sim_arrived(sim, n));
	sim_run(sim, 1);
	assert_true(sim_arrived(sim, n));
	assert_int_equal(sim_status(sim, 0, 1).handshake_rtt, 40);
	assert_int_equal(sim_status(sim, 0, 1).state, PEER_DIRECT);
	sim_free(sim);
}

static void who_has_no_endpoint_is_found_once_it_has_called(void **state)
{
	struct sim *sim = sim_new(2, 2, false);

	(void)state;
	sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(10));
	assert_int_equal(sim->nodes[0].refused, 1);	/* an ICMP error at once */
	assert_int_equal(sim->nodes[0].datagrams, 0);
	sim_configure(sim, 1, true, false, 0);
	assert_int_equal(chat(sim, 10, 100), 20 - 1);	/* its very first one has no way yet */
	sim_free(sim);
}

static void nothing_is_lost_over_an_hour_of_rekeys(void **state)
{
	struct sim *sim = sim_new(3, 2, true);

	(void)state;
	assert_int_equal(chat(sim, 3600, SECONDS(1)), 7200);
	/* one handshake in two minutes, and a little more when both want one */
	assert_in_range(sim->nodes[0].datagrams + sim->nodes[1].datagrams, 7200, 7400);
	sim_free(sim);
}

static void silence_costs_no_packet(void **state)
{
	struct sim *sim = sim_new(4, 2, true);
	uint64_t before;

	(void)state;
	sim_run(sim, SECONDS(3600));
	assert_int_equal(sim->nodes[0].datagrams + sim->nodes[1].datagrams, 0);
	chat(sim, 1, 100);
	sim_run(sim, SECONDS(600));
	before = sim->nodes[0].datagrams + sim->nodes[1].datagrams;
	sim_run(sim, SECONDS(24 * 3600));
	assert_int_equal(sim->nodes[0].datagrams + sim->nodes[1].datagrams, before);
	assert_int_equal(node_due(sim->nodes[0].node), NEVER);
	sim_free(sim);
}

static void a_session_lives_through_ten_percent_loss_with_copies_and_reordering(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 105; seed++) {
		struct sim *sim = sim_new(seed, 2, true);
		unsigned arrived;

		sim->wire = (struct sim_wire){.loss = 100, .copies = 50, .reorder = 300, .delay = 30};
		arrived = chat(sim, 5000, 200);
		assert_in_range(arrived, 8600, 9400);
		sim_free(sim);
	}
}

static void a_session_lives_through_thirty_percent_loss(void **state)
{
	struct sim *sim = sim_new(6, 2, true);

	(void)state;
	sim->wire = (struct sim_wire){.loss = 300, .delay = 30};
	assert_in_range(chat(sim, 3600, SECONDS(1)), 4300, 7200);
	sim_free(sim);
}

static void a_clock_that_is_set_back_forty_years_does_not_lock_out(void **state)
{
	struct sim *sim = sim_new(7, 2, true);

	(void)state;
	assert_int_equal(chat(sim, 10, 100), 20);
	sim->nodes[0].wall_offset = -INT64_C(40) * 365 * 86400 * 1000000000;
	sim_restart(sim, 0);
	assert_int_equal(chat(sim, 10, 100), 20 - 1);	/* one was sealed with the old key */
	sim->nodes[0].wall_offset = 0;
	sim_restart(sim, 0);
	assert_int_equal(chat(sim, 10, 100), 20 - 1);
	sim_free(sim);
}

static void a_clock_that_was_ten_years_ahead_is_forgiven(void **state)
{
	struct sim *sim = sim_new(8, 2, true);

	(void)state;
	sim->nodes[0].wall_offset = INT64_C(10) * 365 * 86400 * 1000000000;
	assert_int_equal(chat(sim, 10, 100), 20);
	sim->nodes[0].wall_offset = 0;
	sim_restart(sim, 0);
	assert_int_equal(chat(sim, 10, 100), 20 - 1);
	sim_free(sim);
}

static void after_a_restart_traffic_flows_within_a_second(void **state)
{
	struct sim *sim = sim_new(9, 2, true);
	uint32_t n;

	(void)state;
	chat(sim, 10, 100);
	sim_restart(sim, 0);
	n = sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(1));
	assert_true(sim_arrived(sim, n));
	sim_free(sim);
}

/* The other side only sends: nobody answers for 15 s, then it starts over. */
static void a_peer_that_was_restarted_is_noticed_in_fifteen_seconds(void **state)
{
	struct sim *sim = sim_new(10, 2, true);
	unsigned got;

	(void)state;
	chat(sim, 10, 100);
	sim_restart(sim, 0);
	got = sim->nodes[0].got;
	for (int i = 0; i < 17; i++) {
		sim_packet(sim, 1, 0, LEN);
		sim_run(sim, SECONDS(1));
	}
	assert_true(sim->nodes[0].got > got);
	sim_free(sim);
}

static void no_key_survives_eight_hours_of_sleep(void **state)
{
	struct sim *sim = sim_new(11, 2, true);
	uint32_t n;

	(void)state;
	chat(sim, 10, 100);
	sim->nodes[0].asleep_until = sim->now + SECONDS(8 * 3600);
	sim_run(sim, SECONDS(8 * 3600));
	assert_int_not_equal(sim_status(sim, 0, 1).state, PEER_DIRECT);
	n = sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(1));
	assert_true(sim_arrived(sim, n));
	sim_free(sim);
}

static void a_roaming_node_is_answered_at_its_new_address(void **state)
{
	struct sim *sim = sim_new(12, 2, true);

	(void)state;
	chat(sim, 10, 100);
	for (uint8_t i = 0; i < 100; i++) {
		struct endpoint to = {.ip = ip_v4(198, 51, 100, i), .port = (uint16_t)(1024 + i)};
		uint32_t there, back;

		sim_move(sim, 0, to);
		there = sim_packet(sim, 0, 1, LEN);
		sim_run(sim, 50);
		back = sim_packet(sim, 1, 0, LEN);
		sim_run(sim, 50);
		assert_true(sim_arrived(sim, there));
		assert_true(sim_arrived(sim, back));
	}
	sim_free(sim);
}

struct tape {
	struct sim_datagram d[512];
	size_t len;
};

static bool record(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct tape *tape = context;

	(void)sim;
	if (tape->len < 512)
		tape->d[tape->len++] = *d;
	return true;
}

/* A recorded conversation, played again to both ends by somebody else. */
static void nothing_that_was_recorded_is_accepted_again(void **state)
{
	static struct tape tape;
	static const struct endpoint attacker = {
		.ip = {.family = IP_V4, .bytes = {203, 0, 113, 66}}, .port = 6666};
	struct sim *sim = sim_new(13, 2, true);
	unsigned got0, got1;
	struct path before, after;

	(void)state;
	tape.len = 0;
	sim->tap = record;
	sim->tap_context = &tape;
	chat(sim, 100, 100);
	sim->tap = NULL;
	got0 = sim->nodes[0].got;
	got1 = sim->nodes[1].got;
	before = sim_status(sim, 0, 1).path;
	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < tape.len; i++) {
			sim_inject(sim, &attacker, 0, bytes_of(tape.d[i].bytes, tape.d[i].len));
			sim_inject(sim, &attacker, 1, bytes_of(tape.d[i].bytes, tape.d[i].len));
		}
	}
	assert_int_equal(sim->nodes[0].got, got0);
	assert_int_equal(sim->nodes[1].got, got1);
	after = sim_status(sim, 0, 1).path;
	assert_true(path_equal(&before, &after));
	assert_int_equal(chat(sim, 10, 100), 20);
	sim_free(sim);
}

/* The wire belongs to an attacker: the first datagram comes from him, later ones not at all. */
static bool send_on_as_attacker(struct sim *sim, struct sim_datagram *d, void *context)
{
	static const struct endpoint attacker = {
		.ip = {.family = IP_V4, .bytes = {198, 18, 0, 1}}, .port = 666};
	bool *done = context;

	if (*done)
		return true;
	*done = true;
	sim_add_place(sim, attacker.ip);
	sim_inject(sim, &attacker, 1, bytes_of(d->bytes, d->len));
	return false;
}

/* WireGuard answers where the last authentic datagram came from; who only listens then never
 * corrects it. */
static void who_was_led_astray_comes_back_to_the_endpoint(void **state)
{
	struct sim *sim = sim_new(19, 2, true);
	bool done = false;
	unsigned got;

	(void)state;
	chat(sim, 10, 100);
	sim->tap = send_on_as_attacker;
	sim->tap_context = &done;
	sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(300));
	got = sim->nodes[0].got;
	for (int i = 0; i < 20; i++) {
		sim_packet(sim, 1, 0, LEN);
		sim_run(sim, SECONDS(1));
	}
	assert_true(sim->nodes[0].got > got);
	sim_free(sim);
}

static bool lose_responses(struct sim *sim, struct sim_datagram *d, void *context)
{
	(void)sim;
	(void)context;
	return d->bytes[0] != MESSAGE_RESPONSE;
}

static void after_ninety_seconds_without_an_answer_the_queue_is_dropped(void **state)
{
	struct sim *sim = sim_new(14, 2, true);
	uint64_t sent;
	uint32_t n;

	(void)state;
	sim->tap = lose_responses;
	sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(120));
	assert_int_equal(node_counter(sim->nodes[0].node, COUNT_GAVE_UP), 1);
	sent = sim->nodes[0].datagrams;
	assert_in_range(sent, 32, 40);		/* each but the first by UDP and by TCP */
	sim_run(sim, SECONDS(600));
	assert_int_equal(sim->nodes[0].datagrams, sent);
	sim->tap = NULL;
	n = sim_packet(sim, 0, 1, LEN);		/* new packets start it again */
	sim_run(sim, SECONDS(1));
	assert_true(sim_arrived(sim, n));
	sim_free(sim);
}

static void packets_that_wait_keep_their_order_and_their_limit(void **state)
{
	struct sim *sim = sim_new(15, 2, true);
	uint32_t first;

	(void)state;
	first = sim->sent;
	for (int i = 0; i < 100; i++)
		sim_packet(sim, 0, 1, LEN);
	sim_run(sim, SECONDS(1));
	assert_int_equal(node_counter(sim->nodes[0].node, COUNT_QUEUE_FULL), 36);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(sim_arrived(sim, first + i), i >= 36);
	sim_free(sim);
}

static void both_sides_may_start_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 200; seed < 250; seed++) {
		struct sim *sim = sim_new(seed, 2, true);
		uint32_t a = sim_packet(sim, 0, 1, LEN), b = sim_packet(sim, 1, 0, LEN);

		sim_run(sim, 100);
		assert_true(sim_arrived(sim, a));
		assert_true(sim_arrived(sim, b));
		sim_free(sim);
	}
}

static void keepalives_hold_the_path_open(void **state)
{
	struct sim *sim = sim_new(16, 2, true);
	uint64_t before;

	(void)state;
	sim_configure(sim, 0, true, false, 25000);
	sim_run(sim, SECONDS(60));
	before = sim->nodes[0].datagrams;
	sim_run(sim, SECONDS(1000));
	assert_in_range(sim->nodes[0].datagrams - before, 40, 60);
	assert_int_equal(sim_status(sim, 1, 0).state, PEER_DIRECT);
	sim_free(sim);
}

static void a_preshared_key_on_one_side_only_lets_nothing_through(void **state)
{
	struct sim *sim = sim_new(17, 2, true);

	(void)state;
	sim_configure(sim, 0, true, true, 0);
	assert_int_equal(chat(sim, 10, 100), 0);
	sim_configure(sim, 1, true, true, 0);
	sim_run(sim, SECONDS(10));
	assert_int_equal(chat(sim, 10, 100), 20);
	sim_free(sim);
}

static void three_nodes_reach_each_other(void **state)
{
	struct sim *sim = sim_new(18, 3, true);
	uint32_t first = sim->sent;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 3; k++) {
			if (i != k)
				sim_packet(sim, i, k, LEN);
		}
	}
	sim_run(sim, SECONDS(12));
	for (uint32_t i = first; i < sim->sent; i++)
		assert_true(sim_arrived(sim, i));
	sim_free(sim);
}

/* Anything may happen, in any order; what sim.c checks must hold, and in the end,
 * when the network is good again, so must this: packets arrive. */
static void random_trouble(uint64_t seed)
{
	struct sim *sim = sim_new(seed, 3, true);
	struct rng dice;

	rng_seed(&dice, ~seed);
	for (int i = 0; i < 200; i++) {
		size_t n = rng_below(&dice, 3), m = (n + 1 + rng_below(&dice, 2)) % 3;

		switch (rng_below(&dice, 8)) {
		case 0:
			sim->wire = (struct sim_wire){.loss = rng_below(&dice, 500),
				.copies = rng_below(&dice, 200), .reorder = rng_below(&dice, 500),
				.delay = 1 + rng_below(&dice, 300)};
			break;
		case 1:
			sim_restart(sim, n);
			break;
		case 2:
			sim->nodes[n].wall_offset = ((int64_t)rng_u32(&dice) - (1u << 31)) * 500000000;
			break;
		case 3:
			sim->nodes[n].asleep_until = sim->now + rng_below(&dice, 400000);
			break;
		case 4:
			sim_run(sim, rng_below(&dice, 200000));
			break;
		default:
			for (unsigned k = rng_below(&dice, 20); k; k--)
				sim_packet(sim, n, m, LEN);
			sim_run(sim, rng_below(&dice, 2000));
		}
	}
	sim->wire = (struct sim_wire){.delay = 10};
	sim_run(sim, SECONDS(700));
	for (size_t n = 0; n < 3; n++)
		sim_packet(sim, n, (n + 1) % 3, LEN);
	sim_run(sim, SECONDS(20));
	for (uint32_t i = sim->sent - 3; i < sim->sent; i++)
		assert_true(sim_arrived(sim, i));
	sim_free(sim);
}

static void whatever_happens_the_mesh_comes_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1000; seed < 1030; seed++)
		random_trouble(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_packet_arrives_after_one_and_a_half_round_trips),
		cmocka_unit_test(who_has_no_endpoint_is_found_once_it_has_called),
		cmocka_unit_test(nothing_is_lost_over_an_hour_of_rekeys),
		cmocka_unit_test(silence_costs_no_packet),
		cmocka_unit_test(a_session_lives_through_ten_percent_loss_with_copies_and_reordering),
		cmocka_unit_test(a_session_lives_through_thirty_percent_loss),
		cmocka_unit_test(a_clock_that_is_set_back_forty_years_does_not_lock_out),
		cmocka_unit_test(a_clock_that_was_ten_years_ahead_is_forgiven),
		cmocka_unit_test(after_a_restart_traffic_flows_within_a_second),
		cmocka_unit_test(a_peer_that_was_restarted_is_noticed_in_fifteen_seconds),
		cmocka_unit_test(no_key_survives_eight_hours_of_sleep),
		cmocka_unit_test(a_roaming_node_is_answered_at_its_new_address),
		cmocka_unit_test(nothing_that_was_recorded_is_accepted_again),
		cmocka_unit_test(who_was_led_astray_comes_back_to_the_endpoint),
		cmocka_unit_test(after_ninety_seconds_without_an_answer_the_queue_is_dropped),
		cmocka_unit_test(packets_that_wait_keep_their_order_and_their_limit),
		cmocka_unit_test(both_sides_may_start_at_once),
		cmocka_unit_test(keepalives_hold_the_path_open),
		cmocka_unit_test(a_preshared_key_on_one_side_only_lets_nothing_through),
		cmocka_unit_test(three_nodes_reach_each_other),
		cmocka_unit_test(whatever_happens_the_mesh_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
