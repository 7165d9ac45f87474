/* rendezvous_test.c -- nodes behind NATs and nothing but a rendezvous, honest or hostile. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "sim/hub.h"

enum { LEN = 100, A = 0, B = 1, C = 2, D = 3, NODES = 4 };

static struct sim *sim;
static struct hub *hub;

static void open_with(uint64_t seed, unsigned malice)
{
	static const enum sim_nat_kind kinds[] = {SIM_PORT_RESTRICTED, SIM_ADDRESS_RESTRICTED,
						  SIM_PORT_RESTRICTED, SIM_FULL_CONE};

	sim = sim_new_behind_nats(seed, kinds, NODES, 0);
	sim->wire.delay = 20;
	hub = hub_new(sim, seed + 1000, malice);
	hub_run(hub, SECONDS(3));
}

static void close_all(void)
{
	assert_false(hub->was_named);
	hub_free(hub);
	sim_free(sim);
}

static enum node_rendezvous_state state_at(size_t i)
{
	struct rendezvous_status status;

	assert_int_equal(node_rendezvous_len(sim->nodes[i].node), 1);
	node_rendezvous_status(sim->nodes[i].node, 0, &status, sim->now);
	return status.state;
}

/* From the first packet until one arrives, a packet each 100 ms; -1: none does. */
static msec meet(size_t from, size_t to, msec patience)
{
	unsigned got = sim->nodes[to].got;
	msec start = sim->now;

	while (sim->nodes[to].got == got && sim->now - start < patience) {
		sim_packet(sim, from, to, LEN);
		hub_run(hub, 100);
	}
	return sim->nodes[to].got > got ? sim->now - start : -1;
}

/* Packets both ways between A and B, ten a second; none may be lost. */
static void talk(msec duration)
{
	uint32_t first = sim->sent;

	for (msec end = sim->now + duration; sim->now < end;) {
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		hub_run(hub, 100);
	}
	hub_run(hub, 100);
	for (uint32_t n = first; n < sim->sent; n++)
		assert_true(sim_arrived(sim, n));
}

static void two_that_know_nothing_but_a_rendezvous_are_direct(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct peer_status status;
		struct ip expected;

		open_with(seed, 0);
		for (size_t i = 0; i < NODES; i++)
			assert_int_equal(state_at(i), NODE_RENDEZVOUS_OK);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
		status = sim_status(sim, A, B);
		expected = sim_outside(sim, B);
		assert_int_equal(status.state, PEER_DIRECT);
		assert_true(ip_equal(&status.path.remote.ip, &expected));
		close_all();
	}
}

/* Its key, addresses and numbers are drawn anew at each start. */
static void a_node_that_starts_anew_is_another_client(void **state)
{
	(void)state;
	open_with(20, 0);
	assert_int_equal(hub->guests.known_len, NODES);
	sim_restart(sim, A);
	hub_run(hub, SECONDS(3));
	assert_int_equal(state_at(A), NODE_RENDEZVOUS_OK);
	assert_int_equal(hub->guests.known_len, NODES + 1);
	close_all();
}

static void a_rendezvous_that_is_gone_takes_no_tunnel_with_it(void **state)
{
	(void)state;
	open_with(30, 0);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
	hub->is_down = true;
	talk(SECONDS(300));
	assert_true(state_at(A) != NODE_RENDEZVOUS_OK);
	assert_int_equal(meet(C, D, SECONDS(20)), -1);

	hub_restart(hub);
	hub->is_down = false;
	talk(SECONDS(75));		/* at the end of the longest rest they call again */
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(state_at(i), NODE_RENDEZVOUS_OK);
	assert_in_range(meet(C, D, SECONDS(60)), 1, 60000);
	close_all();
}

/* It forgets them, and says nothing. */
static void a_rendezvous_that_was_restarted_knows_all_again_in_a_minute_and_a_half(void **state)
{
	(void)state;
	for (uint64_t seed = 40; seed < 43; seed++) {
		open_with(seed, 0);
		hub_run(hub, rng_below(&hub->rng, 100000));
		hub_restart(hub);
		hub_run(hub, SECONDS(90));
		assert_int_equal(hub->guests.known_len, NODES);
		assert_in_range(meet(C, D, SECONDS(10)), 1, 2000);
		close_all();
	}
}

/* One that keeps calling would be a flood, with all the others. */
static void a_rendezvous_that_does_not_answer_is_called_ever_less(void **state)
{
	uint64_t before;

	(void)state;
	open_with(50, 0);
	hub->is_down = true;
	hub_run(hub, SECONDS(400));
	before = sim->nodes[A].datagrams;
	hub_run(hub, SECONDS(600));
	/* 18 initiations in 90 s, then 30 to 60 s of rest */
	assert_in_range(sim->nodes[A].datagrams - before, 20, 18 * 600 / 120 + 18);
	close_all();
}

/* -- malice ------------------------------------------------------------------------- */

/* What the simulator checks holds all the time: no packet to a wrong node, no datagram to
 * where nobody is, no storm, no growth. */
static void no_malice_harms_a_tunnel_that_is_there(void **state)
{
	(void)state;
	for (unsigned malice = 1; malice < HUB_ALL; malice <<= 1) {
		open_with(100 + malice, 0);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
		hub->malice = malice;
		talk(SECONDS(60));
		close_all();
	}
	open_with(400, 0);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
	hub->malice = HUB_ALL & ~HUB_DROPS;
	talk(SECONDS(120));
	close_all();
}

static void but_for_dropping_no_malice_keeps_two_apart(void **state)
{
	(void)state;
	for (unsigned malice = 2; malice < HUB_ALL; malice <<= 1) {
		open_with(500 + malice, malice);
		assert_in_range(meet(A, B, SECONDS(120)), 1, 120000);
		talk(SECONDS(20));
		assert_in_range(meet(C, D, SECONDS(120)), 1, 120000);
		close_all();
	}
}

static void who_is_kept_apart_waits_in_peace(void **state)
{
	(void)state;
	open_with(700, HUB_DROPS | HUB_GARBAGE | HUB_TALKS);
	assert_int_equal(meet(A, B, SECONDS(100)), -1);
	assert_true(hub->published > 0);
	hub->malice = 0;
	assert_in_range(meet(A, B, SECONDS(120)), 1, 120000);
	close_all();
}

/* What was said yesterday, under the mailboxes of yesterday and of today. */
static void what_is_a_day_old_brings_nobody_to_do_anything(void **state)
{
	uint64_t said;

	(void)state;
	open_with(800, 0);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
	assert_in_range(meet(C, D, SECONDS(10)), 1, 2000);
	hub_run(hub, 25 * 3600 * SECONDS(1));
	assert_int_equal(sim_status(sim, C, D).state, PEER_IDLE);
	said = sim->nodes[C].datagrams;
	hub->malice = HUB_REPLAYS;
	hub_run(hub, SECONDS(60));
	assert_true(hub->delivered > 1000);
	/* registering and keeping alive, and nothing to D */
	assert_in_range(sim->nodes[C].datagrams - said, 0, 20);
	assert_int_equal(sim_status(sim, C, D).state, PEER_IDLE);
	close_all();
}

static void what_it_has_no_business_to_say_is_counted(void **state)
{
	(void)state;
	open_with(900, HUB_TALKS);
	hub_run(hub, SECONDS(5));
	assert_int_equal(sim->nodes[B].got, 0);
	assert_true(node_counter(sim->nodes[B].node, COUNT_WRONG_SOURCE) > 5);
	assert_true(node_counter(sim->nodes[B].node, COUNT_BAD_SIGNAL) > 100);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_that_know_nothing_but_a_rendezvous_are_direct),
		cmocka_unit_test(a_node_that_starts_anew_is_another_client),
		cmocka_unit_test(a_rendezvous_that_is_gone_takes_no_tunnel_with_it),
		cmocka_unit_test(a_rendezvous_that_was_restarted_knows_all_again_in_a_minute_and_a_half),
		cmocka_unit_test(a_rendezvous_that_does_not_answer_is_called_ever_less),
		cmocka_unit_test(no_malice_harms_a_tunnel_that_is_there),
		cmocka_unit_test(but_for_dropping_no_malice_keeps_two_apart),
		cmocka_unit_test(who_is_kept_apart_waits_in_peace),
		cmocka_unit_test(what_is_a_day_old_brings_nobody_to_do_anything),
		cmocka_unit_test(what_it_has_no_business_to_say_is_counted),
	};

	sim_log();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
