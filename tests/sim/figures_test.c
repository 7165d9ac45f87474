/* figures_test.c -- how long things take, over many seeds, at 50 ms round trip.
 *
 *   first packet to a peer that was never heard of     LAN 0.5 s, NATs 2 s
 *   a node moves to another network                    1.5 s
 *   a NAT loses its mappings and its address           7 s under traffic
 *   a machine slept                                    3 s
 *   packets of an idle node                            the introducer's keepalive
 *
 * Each test prints what it saw; the claims are 95th percentiles.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

enum { A, B, PUBLIC, NODES, LEN = 100, RUNS = 200, STEP = 5 };

/* -- figures ------------------------------------------------------------------ */

struct figures {
	msec seen[RUNS];
	size_t len;
};

static void add(struct figures *f, msec took)
{
	assert_true(f->len < RUNS);
	f->seen[f->len++] = took;
}

static int compare(const void *a, const void *b)
{
	msec x = *(const msec *)a, y = *(const msec *)b;

	return (x > y) - (x < y);
}

static void print_and_check(struct figures *f, const char *what, msec limit)
{
	size_t p95 = f->len * 95 / 100;

	qsort(f->seen, f->len, sizeof(f->seen[0]), compare);
	print_message("           %-44s p50 %5lld  p95 %5lld  max %5lld ms (%zu runs)\n", what,
		      (long long)f->seen[f->len / 2], (long long)f->seen[p95],
		      (long long)f->seen[f->len - 1], f->len);
	assert_true(f->seen[p95] <= limit);
}

/* -- networks ----------------------------------------------------------------- */

static struct sim *two_behind(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, NODES, 1);

	sim->wire.delay = 25;
	sim_run(sim, SECONDS(5));
	return sim;
}

/* On one LAN, and nobody knows anything but keys. */
static struct sim *two_on_a_lan(uint64_t seed)
{
	static const struct cidr home = {.ip = {.family = IP_V4, .bytes = {192, 168}}, .len = 16};
	struct nat nat = sim_nat(SIM_PORT_RESTRICTED, ip_v4(203, 0, 113, 1));
	struct sim *sim = sim_prepare(seed, 2);
	uint8_t lan = sim_add_net(sim, &nat, NET_INTERNET, home);

	sim->gathers = sim->lan = true;
	for (size_t i = 0; i < 2; i++) {
		sim->nodes[i].calls = 0;
		sim_add_link(sim, i, ip_v4(192, 168, 0, (uint8_t)(i + 1)), lan);
	}
	sim_start(sim, A);
	sim_start(sim, B);
	sim_run(sim, SECONDS(5));
	return sim;
}

/* -- what is measured ----------------------------------------------------------- */

static msec first_packet(struct sim *sim)
{
	uint32_t n = sim_packet(sim, A, B, LEN);
	msec start = sim->now;

	while (!sim_arrived(sim, n)) {
		assert_true(sim->now - start < SECONDS(60));
		sim_run(sim, STEP);
	}
	return sim->now - start;
}

static void talk(struct sim *sim, msec duration)
{
	sim_talk(sim, A, B, LEN, duration);
}

/* Both talk each 20 ms; until both are reached. */
static msec gap(struct sim *sim)
{
	unsigned a = sim->nodes[A].got, b = sim->nodes[B].got;
	msec start = sim->now;

	while (sim->nodes[A].got == a || sim->nodes[B].got == b) {
		assert_true(sim->now - start < SECONDS(60));
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		sim_run(sim, 20);
	}
	return sim->now - start;
}

/* -- claims --------------------------------------------------------------------- */

static void a_peer_on_the_lan_is_reached_in_half_a_second(void **state)
{
	struct figures f = {.len = 0};

	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct sim *sim = two_on_a_lan(seed);

		add(&f, first_packet(sim));
		sim_free(sim);
	}
	print_and_check(&f, "first packet, one LAN", 500);
}

static void a_peer_behind_a_nat_is_reached_in_two_seconds(void **state)
{
	static const struct { enum sim_nat_kind a, b; const char *what; } pairs[] = {
		{SIM_FULL_CONE, SIM_FULL_CONE, "first packet, full cone to full cone"},
		{SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, "first packet, port to port restricted"},
		{SIM_SYMMETRIC, SIM_ADDRESS_RESTRICTED, "first packet, symmetric to address restricted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct figures f = {.len = 0};

		for (uint64_t seed = 1; seed <= RUNS; seed++) {
			struct sim *sim = two_behind(1000 * (i + 1) + seed, pairs[i].a, pairs[i].b);

			add(&f, first_packet(sim));
			sim_free(sim);
		}
		print_and_check(&f, pairs[i].what, 2000);
	}
}

static void who_moves_is_back_in_a_second_and_a_half(void **state)
{
	struct sim *sim = two_behind(2, SIM_NO_NAT, SIM_PORT_RESTRICTED);
	struct figures f = {.len = 0};

	(void)state;
	talk(sim, SECONDS(5));
	for (unsigned i = 0; i < 100; i++) {
		sim_roam(sim, A, ip_v4(198, 51, 100, (uint8_t)(1 + i)));
		add(&f, gap(sim));
		talk(sim, SECONDS(3));
	}
	print_and_check(&f, "another network, under traffic", 1500);
	sim_free(sim);
}

static void a_nat_that_reboots_costs_seven_seconds(void **state)
{
	struct figures f = {.len = 0};

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct sim *sim = two_behind(3000 + seed, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

		talk(sim, SECONDS(10) + (msec)seed * 137);
		sim_reboot_nat(sim, A);
		add(&f, gap(sim));
		sim_free(sim);
	}
	print_and_check(&f, "a NAT reboots, under traffic", 7000);
}

static void an_idle_peer_whose_nat_rebooted_is_reached_in_three_seconds(void **state)
{
	struct figures f = {.len = 0};

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct sim *sim = two_behind(3500 + seed, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

		talk(sim, SECONDS(5));
		sim_run(sim, SECONDS(300));
		sim_reboot_nat(sim, B);
		sim_run(sim, SECONDS(30));	/* its next keepalive shows the introducer where it is */
		add(&f, first_packet(sim));
		sim_free(sim);
	}
	print_and_check(&f, "a NAT has rebooted, idle", 3000);
}

static void who_slept_is_back_in_three_seconds(void **state)
{
	static const struct { msec nap; const char *what; } naps[] = {
		{SECONDS(600), "slept for ten minutes"},
		{SECONDS(8 * 3600), "slept for eight hours"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(naps) / sizeof(*naps); i++) {
		struct figures f = {.len = 0};

		for (uint64_t seed = 1; seed <= 50; seed++) {
			struct sim *sim = two_behind(4000 + 100 * i + seed, SIM_PORT_RESTRICTED,
						     SIM_PORT_RESTRICTED);

			talk(sim, SECONDS(10));
			sim_sleep(sim, A, naps[i].nap);
			sim_run(sim, naps[i].nap);
			add(&f, first_packet(sim));
			sim_free(sim);
		}
		print_and_check(&f, naps[i].what, 3000);
	}
}

/* A keepalive each 25 s is 144; a handshake each 120 s, mailboxes each 150 s, and the
 * keepalives with which WireGuard acknowledges the answers. */
static void an_idle_node_sends_its_introducer_s_keepalive_and_no_more(void **state)
{
	struct sim *sim = two_behind(5, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	uint64_t sent, woken;

	(void)state;
	talk(sim, SECONDS(5));
	sim_run(sim, SECONDS(1200));
	sent = sim->nodes[A].datagrams;
	woken = sim->nodes[A].wakeups;
	sim_run(sim, SECONDS(3600));
	sent = sim->nodes[A].datagrams - sent;
	woken = sim->nodes[A].wakeups - woken;
	print_message("           idle for an hour behind a NAT: %llu datagrams, %llu wakeups\n",
		      (unsigned long long)sent, (unsigned long long)woken);
	assert_in_range(sent, 144, 250);
	sim_free(sim);
}

static void an_idle_node_that_needs_nobody_is_silent(void **state)
{
	struct sim *sim = two_on_a_lan(6);
	uint64_t sent;

	(void)state;
	talk(sim, SECONDS(5));
	sim_run(sim, SECONDS(1200));
	sent = sim->nodes[A].datagrams;
	sim_run(sim, SECONDS(24 * 3600));
	assert_int_equal(sim->nodes[A].datagrams, sent);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_on_the_lan_is_reached_in_half_a_second),
		cmocka_unit_test(a_peer_behind_a_nat_is_reached_in_two_seconds),
		cmocka_unit_test(who_moves_is_back_in_a_second_and_a_half),
		cmocka_unit_test(a_nat_that_reboots_costs_seven_seconds),
		cmocka_unit_test(an_idle_peer_whose_nat_rebooted_is_reached_in_three_seconds),
		cmocka_unit_test(who_slept_is_back_in_three_seconds),
		cmocka_unit_test(an_idle_node_sends_its_introducer_s_keepalive_and_no_more),
		cmocka_unit_test(an_idle_node_that_needs_nobody_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
