/* tcp_test.c -- where UDP leads nowhere, TCP does: two that call at once, and one that waits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "node/brain.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, PUBLIC = 2, SEEDS = 10 };

static struct sim *two_behind(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b, msec settle)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3, 1);

	sim->wire.delay = 25;
	sim->wire.jitter = 10;
	sim_run(sim, settle);
	return sim;
}

/* Milliseconds from A's first packet to the first that arrives at B, or -1. */
static msec first_packet(struct sim *sim, msec patience)
{
	msec start = sim->now;
	unsigned got = sim->nodes[B].got;

	while (sim->nodes[B].got == got && sim->now - start < patience) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, 100);
	}
	return sim->nodes[B].got > got ? sim->now - start : -1;
}

static bool is_way(struct sim *sim, size_t of, size_t to, enum path_transport transport)
{
	struct peer_status status = sim_status(sim, of, to);
	struct ip expected = sim_outside(sim, to);

	return status.state == PEER_DIRECT && status.way.transport == transport &&
	       ip_equal(&status.path.remote.ip, &expected);
}

static struct net *net_of(struct sim *sim, size_t i)
{
	return &sim->nets.net[sim->nodes[i].links[0].net];
}

/* Ports are kept or not: what matters is that one outside stands for one inside. */
static struct sim *two_blocked(uint64_t seed)
{
	const enum sim_nat_kind kinds[] = {SIM_UDP_BLOCKED, SIM_UDP_BLOCKED};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3, 1);

	for (size_t i = A; i <= B; i++)
		net_of(sim, i)->tcp.ports = seed % 2 ? NAT_RANDOM : NAT_PRESERVING;
	sim->wire.delay = 25;
	sim->wire.jitter = 10;
	sim_run(sim, SECONDS(10));
	return sim;
}

static void who_may_send_no_udp_reaches_its_public_peers_by_tcp(void **state)
{
	struct sim *sim = two_behind(1, SIM_UDP_BLOCKED, SIM_UDP_BLOCKED, SECONDS(6));

	(void)state;
	assert_true(is_way(sim, A, PUBLIC, PATH_TCP));
	assert_true(is_way(sim, B, PUBLIC, PATH_TCP));
	sim_free(sim);
}

static void two_sites_without_udp_meet_directly(void **state)
{
	unsigned direct = 0;
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim *sim = two_blocked(seed);
		msec took = first_packet(sim, SECONDS(20));

		sim_talk(sim, A, B, LEN, SECONDS(2));
		direct += is_way(sim, A, B, PATH_TCP) && is_way(sim, B, A, PATH_TCP);
		worst = took > worst ? took : worst;
		sim_free(sim);
	}
	print_message("%u of %d direct, the first packet after %lld ms at most\n", direct, SEEDS,
		      (long long)worst);
	assert_in_range(direct, SEEDS * 9 / 10, SEEDS);
	assert_in_range(worst, 0, SECONDS(5));
}

static void a_site_without_udp_meets_whoever_is_public_and_whoever_is_behind_a_nat(void **state)
{
	static const enum sim_nat_kind kinds[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_PORT_RESTRICTED};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct sim *sim = two_behind(20 + i, SIM_UDP_BLOCKED, kinds[i], SECONDS(10));

		assert_in_range(first_packet(sim, SECONDS(20)), 0, SECONDS(8));
		sim_talk(sim, A, B, LEN, SECONDS(2));
		assert_true(is_way(sim, A, B, PATH_TCP));
		assert_true(is_way(sim, B, A, PATH_TCP));
		sim_free(sim);
	}
}

static void where_udp_works_there_is_no_tcp(void **state)
{
	static const enum sim_nat_kind kinds[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED,
						  SIM_PORT_RESTRICTED};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct sim *sim = two_behind(40 + i, kinds[i], SIM_PORT_RESTRICTED, SECONDS(5));

		assert_in_range(first_packet(sim, SECONDS(20)), 0, SECONDS(2));
		sim_talk(sim, A, B, LEN, SECONDS(60));
		assert_int_equal(sim->segments, 0);
		sim_free(sim);
	}
}

static void who_does_not_want_tcp_uses_none(void **state)
{
	const enum sim_nat_kind kinds[] = {SIM_UDP_BLOCKED, SIM_PORT_RESTRICTED};
	struct sim *sim = sim_new_behind_nats(50, kinds, 3, 1);

	(void)state;
	sim->tcp = false;
	for (size_t i = 0; i < 3; i++)
		sim_configure(sim, i, true, false, 0);
	sim_run(sim, SECONDS(10));
	assert_int_equal(first_packet(sim, SECONDS(60)), -1);
	assert_int_equal(sim->segments, 0);
	sim_free(sim);
}

static void lift(struct sim *sim, size_t i)
{
	struct net *n = net_of(sim, i);

	n->nat.blocks = false;
	n->nat.filtering = PORT_DEPENDENT;
}

static bool all_are_on_udp(struct sim *sim)
{
	return is_way(sim, A, B, PATH_UDP) && is_way(sim, B, A, PATH_UDP) &&
	       is_way(sim, A, PUBLIC, PATH_UDP) && is_way(sim, B, PUBLIC, PATH_UDP);
}

static void when_the_block_is_lifted_all_return_to_udp(void **state)
{
	(void)state;
	for (uint64_t seed = 60; seed < 66; seed++) {
		struct sim *sim = two_blocked(seed);
		msec start;

		assert_true(first_packet(sim, SECONDS(20)) >= 0);
		sim_talk(sim, A, B, LEN, SECONDS(30));
		assert_true(is_way(sim, A, B, PATH_TCP));
		lift(sim, A);
		lift(sim, B);
		start = sim->now;
		while (sim->now - start < SECONDS(300) && !all_are_on_udp(sim))
			sim_talk(sim, A, B, LEN, SECONDS(1));
		print_message("back to UDP after %lld s\n", (long long)(sim->now - start) / 1000);
		assert_in_range(sim->now - start, 0, SECONDS(65));
		sim_free(sim);
	}
}

/* As in a network whose firewall is changed, or a roaming laptop that comes into one. */
static void when_udp_is_blocked_under_traffic_tcp_takes_over(void **state)
{
	(void)state;
	for (uint64_t seed = 80; seed < 85; seed++) {
		struct sim *sim = two_behind(seed, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SECONDS(5));
		unsigned got;
		msec start;

		assert_in_range(first_packet(sim, SECONDS(20)), 0, SECONDS(2));
		sim_talk(sim, A, B, LEN, SECONDS(30));
		net_of(sim, A)->nat.blocks = true;
		sim_run(sim, 100);
		got = sim->nodes[B].got;
		start = sim->now;
		while (sim->nodes[B].got == got && sim->now - start < SECONDS(120))
			sim_talk(sim, A, B, LEN, 100);
		print_message("by TCP after %lld ms\n", (long long)(sim->now - start));
		assert_in_range(sim->now - start, 0, SECONDS(15));
		assert_true(is_way(sim, A, B, PATH_TCP));
		sim_free(sim);
	}
}

static void a_nat_that_reboots_costs_a_connection_and_no_more(void **state)
{
	struct sim *sim = two_blocked(70);
	unsigned got;
	msec start;

	(void)state;
	assert_true(first_packet(sim, SECONDS(20)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(10));
	sim_reboot_nat(sim, A);
	got = sim->nodes[B].got;
	start = sim->now;
	while (sim->nodes[B].got == got && sim->now - start < SECONDS(60))
		sim_talk(sim, A, B, LEN, 100);
	print_message("back after %lld ms\n", (long long)(sim->now - start));
	assert_in_range(sim->now - start, 0, SECONDS(30));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_send_no_udp_reaches_its_public_peers_by_tcp),
		cmocka_unit_test(two_sites_without_udp_meet_directly),
		cmocka_unit_test(a_site_without_udp_meets_whoever_is_public_and_whoever_is_behind_a_nat),
		cmocka_unit_test(where_udp_works_there_is_no_tcp),
		cmocka_unit_test(who_does_not_want_tcp_uses_none),
		cmocka_unit_test(when_the_block_is_lifted_all_return_to_udp),
		cmocka_unit_test(when_udp_is_blocked_under_traffic_tcp_takes_over),
		cmocka_unit_test(a_nat_that_reboots_costs_a_connection_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
