/* standby_test.c -- the chosen way dies, and another is ready.
 *
 *   A 192.168.0.1 ------- LAN, net 1 ------- 192.168.0.2 B          the way that is chosen
 *   |                        |                           |
 *   |                      [NAT]                         |
 *   10.9.0.1                 |                           |
 *   '- net 2 --[NAT]--- the internet --------- 192.0.2.2 '
 *                            |
 *                         PUBLIC introduces them
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "sim/sim.h"

enum { A, B, PUBLIC, NODES, LEN = 100, LAN_LINK = 0, WAN_LINK = 1 };

static struct sim *two_with_two_links(uint64_t seed)
{
	static const struct cidr home = {.ip = {.family = IP_V4, .bytes = {192, 168}}, .len = 16};
	static const struct cidr mobile = {.ip = {.family = IP_V4, .bytes = {10, 9}}, .len = 16};
	struct nat home_nat = sim_nat(SIM_PORT_RESTRICTED, ip_v4(203, 0, 113, 1));
	struct nat mobile_nat = sim_nat(SIM_PORT_RESTRICTED, ip_v4(203, 0, 113, 2));
	struct sim *sim = sim_prepare(seed, NODES);
	uint8_t lan = sim_add_net(sim, &home_nat, NET_INTERNET, home);
	uint8_t air = sim_add_net(sim, &mobile_nat, NET_INTERNET, mobile);

	sim->gathers = true;
	sim->wire.delay = 25;
	sim_add_link(sim, A, ip_v4(192, 168, 0, 1), lan);
	sim_add_link(sim, A, ip_v4(10, 9, 0, 1), air);
	sim_add_link(sim, B, ip_v4(192, 168, 0, 2), lan);
	sim_add_link(sim, B, ip_v4(192, 0, 2, 2), NET_INTERNET);
	sim_add_link(sim, PUBLIC, ip_v4(192, 0, 2, 3), NET_INTERNET);
	sim->nodes[A].calls = sim->nodes[B].calls = 1u << PUBLIC;
	sim->nodes[PUBLIC].calls = 0;
	for (size_t i = NODES; i-- > 0;)
		sim_start(sim, i);
	sim_run(sim, SECONDS(5));
	return sim;
}

/* Both say something each 100 ms. */
static void talk(struct sim *sim, msec duration)
{
	sim_talk(sim, A, B, LEN, duration);
}

/* As talk(); msec until both have been reached. */
static msec gap(struct sim *sim)
{
	unsigned a = sim->nodes[A].got, b = sim->nodes[B].got;
	msec start = sim->now;

	while (sim->nodes[A].got == a || sim->nodes[B].got == b) {
		assert_true(sim->now - start < SECONDS(60));
		talk(sim, 100);
	}
	return sim->now - start;
}

static const struct reach *reach_of(const struct sim *sim, size_t of, size_t to)
{
	return node_find_peer(sim->nodes[of].node, sim->nodes[to].public_key)->reach;
}

static bool is_by_lan(const struct sim *sim)
{
	return reach_tier(reach_of(sim, A, B)) == TIER_LAN && reach_tier(reach_of(sim, B, A)) == TIER_LAN;
}

/* -- in use -------------------------------------------------------------------- */

static void two_of_other_kinds_are_kept_ready(void **state)
{
	struct sim *sim = two_with_two_links(1);
	const struct reach *r;
	struct path chosen, first, second;

	(void)state;
	talk(sim, SECONDS(60));
	assert_true(is_by_lan(sim));
	r = reach_of(sim, A, B);
	assert_true(standby_pair(r, 0) != NO_INDEX && standby_pair(r, 1) != NO_INDEX);
	chosen = reach_path(r, r->chosen);
	first = reach_path(r, standby_pair(r, 0));
	second = reach_path(r, standby_pair(r, 1));
	assert_false(ip_equal(&chosen.remote.ip, &first.remote.ip));
	assert_false(ip_equal(&chosen.local, &second.local) && ip_equal(&chosen.remote.ip, &second.remote.ip));
	assert_false(ip_equal(&first.local, &second.local) && ip_equal(&first.remote.ip, &second.remote.ip));
	for (unsigned i = 0; i < STANDBYS; i++)
		assert_true(sim->now - r->agent.list.pairs[standby_pair(r, i)].last_answer <= SECONDS(27));
	sim_free(sim);
}

static void a_standby_that_died_is_known_to_be_dead(void **state)
{
	struct sim *sim = two_with_two_links(2);

	(void)state;
	talk(sim, SECONDS(10));
	sim->nodes[B].links[WAN_LINK].cut = true;
	talk(sim, SECONDS(30));
	assert_true(is_by_lan(sim));
	assert_int_equal(standby_pair(reach_of(sim, A, B), 0), NO_INDEX);
	sim_free(sim);
}

static void nothing_is_asked_when_nobody_talks(void **state)
{
	struct sim *sim = two_with_two_links(3);
	uint64_t sent;

	(void)state;
	talk(sim, SECONDS(10));
	sim_run(sim, SECONDS(240));
	sent = sim->nodes[A].datagrams;
	sim_run(sim, SECONDS(250));
	/* the introducer's: ten keepalives, two handshakes, two registrations */
	assert_in_range(sim->nodes[A].datagrams - sent, 8, 18);
	sim_free(sim);
}

/* -- the chosen one dies under traffic -------------------------------------------- */

static void a_dead_way_is_left_within_seven_seconds(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 100; seed < 130; seed++) {
		struct sim *sim = two_with_two_links(seed);
		msec took;

		talk(sim, SECONDS(20) + (msec)(seed % 10) * 1000);
		assert_true(is_by_lan(sim));
		sim->nodes[A].links[LAN_LINK].cut = true;
		took = gap(sim);
		worst = took > worst ? took : worst;
		assert_in_range(took, 0, 7000);
		talk(sim, SECONDS(30));
		assert_false(is_by_lan(sim));
		sim_free(sim);
	}
	print_message("           a way dies silently, another is ready: %lld ms at worst\n", (long long)worst);
}

/* Nobody answers but the standby; and all that matters comes from one side. */
static void a_dead_way_is_left_by_who_only_sends(void **state)
{
	struct sim *sim = two_with_two_links(4);
	unsigned got;

	(void)state;
	talk(sim, SECONDS(20));
	sim->nodes[A].links[LAN_LINK].cut = true;
	got = sim->nodes[B].got;
	for (msec t = 0; t < SECONDS(8); t += 100) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, 100);
	}
	assert_true(sim->nodes[B].got > got + 5);
	sim_free(sim);
}

static void who_is_told_that_the_link_is_gone_needs_two_seconds(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 200; seed < 230; seed++) {
		struct sim *sim = two_with_two_links(seed);
		struct sim_node *a = &sim->nodes[A];
		msec took;

		talk(sim, SECONDS(20));
		a->links[0] = a->links[1];
		a->links_len = 1;
		sim_tell_links(sim, A);
		sim_drain(sim, A);
		took = gap(sim);
		worst = took > worst ? took : worst;
		assert_in_range(took, 0, 2000);
		sim_free(sim);
	}
	print_message("           a link goes and says so: %lld ms at worst\n", (long long)worst);
}

static void traffic_climbs_back_in_65_s(void **state)
{
	struct sim *sim = two_with_two_links(5);
	msec start;

	(void)state;
	talk(sim, SECONDS(20));
	sim->nodes[A].links[LAN_LINK].cut = true;
	talk(sim, SECONDS(100));
	assert_false(is_by_lan(sim));
	sim->nodes[A].links[LAN_LINK].cut = false;
	for (start = sim->now; !is_by_lan(sim); talk(sim, SECONDS(1)))
		assert_true(sim->now - start < SECONDS(65));
	sim_free(sim);
}

/* -- after a silence ------------------------------------------------------------- */

struct seen {
	struct ip to;
	uint64_t counter;
	bool twice;
	unsigned copies;
};

/* Data of A that are on the wire a second time, elsewhere. */
static bool note_copies(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct seen *seen = context;
	uint64_t counter;

	(void)sim;
	if (d->bytes[0] != MESSAGE_DATA || d->len < LEN + 32)
		return true;
	memcpy(&counter, d->bytes + 8, sizeof(counter));
	if (counter == seen->counter && !ip_equal(&seen->to, &d->to.ip))
		seen->copies++;
	seen->counter = counter;
	seen->to = d->to.ip;
	return true;
}

static void the_first_five_after_a_silence_go_both_ways(void **state)
{
	struct sim *sim = two_with_two_links(6);
	struct seen seen = {0};
	uint32_t first;

	(void)state;
	talk(sim, SECONDS(20));
	sim_run(sim, SECONDS(40));
	sim->tap = note_copies;
	sim->tap_context = &seen;
	first = sim->sent;
	for (int i = 0; i < 10; i++)
		sim_packet(sim, A, B, LEN);
	sim_run(sim, SECONDS(1));
	assert_int_equal(seen.copies, STANDBY_COPIES);
	for (uint32_t i = first; i < sim->sent; i++)
		assert_true(sim_arrived(sim, i));	/* once, says sim.c */
	sim_free(sim);
}

/* As long as consent is asked for, the way is known to be alive, and all goes by it alone. */
static void a_way_that_died_in_a_silence_costs_no_packet_of_the_first_five(void **state)
{
	static const msec silences[] = {SECONDS(40), SECONDS(60), SECONDS(150), SECONDS(400)};

	(void)state;
	for (size_t i = 0; i < sizeof(silences) / sizeof(*silences); i++) {
		struct sim *sim = two_with_two_links(300 + i);
		uint32_t first;

		talk(sim, SECONDS(20));
		assert_true(is_by_lan(sim));
		sim_run(sim, silences[i]);
		sim->nodes[A].links[LAN_LINK].cut = true;
		first = sim->sent;
		for (int k = 0; k < STANDBY_COPIES; k++)
			sim_packet(sim, A, B, LEN);
		sim_run(sim, 500);
		for (uint32_t k = first; k < sim->sent; k++)
			assert_true(sim_arrived(sim, k));
		assert_in_range(gap(sim), 0, 2500);
		sim_free(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_of_other_kinds_are_kept_ready),
		cmocka_unit_test(a_standby_that_died_is_known_to_be_dead),
		cmocka_unit_test(nothing_is_asked_when_nobody_talks),
		cmocka_unit_test(a_dead_way_is_left_within_seven_seconds),
		cmocka_unit_test(a_dead_way_is_left_by_who_only_sends),
		cmocka_unit_test(who_is_told_that_the_link_is_gone_needs_two_seconds),
		cmocka_unit_test(traffic_climbs_back_in_65_s),
		cmocka_unit_test(the_first_five_after_a_silence_go_both_ways),
		cmocka_unit_test(a_way_that_died_in_a_silence_costs_no_packet_of_the_first_five),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
