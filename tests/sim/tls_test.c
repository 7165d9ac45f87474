/* tls_test.c -- nodes that a rendezvous hears of over TLS, for UDP does not get there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/explain.h"
#include "node/link_stream.h"
#include "sim/hub.h"

enum { LEN = 100, A = 0, B = 1, NODES = 2, UDP = 0, TLS = 1 };

static struct sim *sim;
static struct hub *hub;

/* `udp`: the rendezvous is there, too; the settings' first is by UDP then. */
static void open_with(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b, bool udp)
{
	enum sim_nat_kind kinds[NODES] = {a, b};

	sim = sim_new_behind_nats(seed, kinds, NODES, 0);
	hub = hub_new(sim, seed + 1000, 0);
	hub_listen_tls(hub, !udp);
	hub_run(hub, SECONDS(3));
}

static void close_all(void)
{
	assert_false(hub->was_named);
	hub_free(hub);
	sim_free(sim);
}

static struct rendezvous_status status_at(size_t node, size_t which)
{
	struct rendezvous_status status;

	node_rendezvous_status(sim->nodes[node].node, which, &status, sim->now);
	return status;
}

static enum node_rendezvous_state state_at(size_t node, size_t which)
{
	return status_at(node, which).state;
}

/* Until it is as it should be; how long that takes. */
static msec until(size_t node, size_t which, enum node_rendezvous_state state, msec patience)
{
	msec start = sim->now;

	while (state_at(node, which) != state && sim->now - start <= patience)
		hub_run(hub, 20);
	assert_true(sim->now - start <= patience);
	return sim->now - start;
}

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

static void block_udp(size_t node, bool blocks)
{
	sim->nets.net[sim->nodes[node].links[0].net].nat.blocks = blocks;
}

static void who_meet_over_tls_are_direct_by_udp(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		open_with(seed, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
		assert_int_equal(state_at(A, 0), NODE_RENDEZVOUS_OK);
		assert_int_equal(state_at(B, 0), NODE_RENDEZVOUS_OK);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 2000);
		assert_int_equal(sim_status(sim, A, B).state, PEER_DIRECT);
		close_all();
	}
}

/* They hear of each other, and nothing that either has can reach the other. */
static void who_has_no_udp_at_all_is_told_so(void **state)
{
	struct explanation e;

	(void)state;
	open_with(10, SIM_UDP_BLOCKED, SIM_UDP_BLOCKED, true);
	assert_int_equal(state_at(A, TLS), NODE_RENDEZVOUS_OK);
	assert_int_not_equal(state_at(A, UDP), NODE_RENDEZVOUS_OK);
	assert_int_equal(meet(A, B, SECONDS(60)), -1);
	assert_true(hub->delivered > 1);
	assert_true(node_explain(sim->nodes[A].node, sim->nodes[B].public_key, &e, sim->now));
	assert_true(e.facts & FACT_HEARD);
	assert_int_equal(e.verdict, VERDICT_UDP_BLOCKED);
	close_all();
}

static void after_a_cut_it_is_registered_again_within_5_s(void **state)
{
	(void)state;
	for (uint64_t seed = 20; seed < 30; seed++) {
		open_with(seed, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
		hub_run(hub, rng_below(&hub->rng, 200000));
		pipes_cut(sim, A);
		assert_int_equal(state_at(A, 0), NODE_RENDEZVOUS_NO_CONNECTION);
		until(A, 0, NODE_RENDEZVOUS_OK, SECONDS(5));
		assert_int_equal(hub->guests.known_len, NODES);
		assert_in_range(meet(B, A, SECONDS(10)), 1, 2000);
		close_all();
	}
}

/* Those who had been there before are strangers to it. */
static void after_a_restart_all_are_registered_again_within_5_s(void **state)
{
	(void)state;
	for (uint64_t seed = 30; seed < 40; seed++) {
		open_with(seed, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
		hub_run(hub, SECONDS(10) + rng_below(&hub->rng, 200000));
		hub_restart(hub);
		until(A, 0, NODE_RENDEZVOUS_OK, SECONDS(5));
		until(B, 0, NODE_RENDEZVOUS_OK, SECONDS(5));
		assert_int_equal(hub->guests.known_len, NODES);
		close_all();
	}
}

static void one_that_takes_nobody_is_called_ever_less(void **state)
{
	unsigned before;

	(void)state;
	open_with(40, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
	sim->pipes.server.refuses = STREAM_REFUSED;
	hub_restart(hub);
	hub_run(hub, SECONDS(400));
	assert_int_equal(status_at(A, 0).why, STREAM_REFUSED);
	before = sim->pipes.opened;
	hub_run(hub, SECONDS(600));
	/* each, at most 60 s apart and not below 45 */
	assert_in_range(sim->pipes.opened - before, NODES * 600 / 61, NODES * (600 / 45 + 1));
	sim->pipes.server.refuses = NODE_STREAM_ENDS;
	until(A, 0, NODE_RENDEZVOUS_OK, SECONDS(61));
	assert_int_equal(status_at(A, 0).why, NODE_STREAM_ENDS);
	close_all();
}

static void where_udp_is_blocked_from_now_on_tls_takes_over_and_gives_back(void **state)
{
	(void)state;
	open_with(50, SIM_FULL_CONE, SIM_NO_NAT, true);
	assert_int_equal(state_at(A, UDP), NODE_RENDEZVOUS_OK);
	assert_int_equal(state_at(A, TLS), NODE_RENDEZVOUS_STANDS_BY);
	assert_int_equal(sim->pipes.opened, 0);
	block_udp(A, true);
	until(A, TLS, NODE_RENDEZVOUS_OK, SECONDS(64));
	block_udp(A, false);
	until(A, UDP, NODE_RENDEZVOUS_OK, SECONDS(70));
	assert_int_equal(state_at(A, TLS), NODE_RENDEZVOUS_STANDS_BY);
	hub_run(hub, LINK_LINGER + SECONDS(1));
	for (size_t i = 0; i < PIPES_MAX; i++)
		assert_false(sim->pipes.pipe[i].is_used);
	assert_in_range(meet(B, A, SECONDS(10)), 1, 2000);
	close_all();
}

static void in_a_network_without_udp_tls_is_there_within_3_s(void **state)
{
	struct nat nat = sim_nat(SIM_UDP_BLOCKED, ip_v4(203, 0, 113, 77));
	struct cidr cafe = {.ip = ip_v4(10, 9, 0, 0), .len = 16};
	uint8_t net;

	(void)state;
	open_with(60, SIM_FULL_CONE, SIM_NO_NAT, true);
	net = sim_add_net(sim, &nat, NET_INTERNET, cafe);
	sim_roam_to(sim, A, ip_v4(10, 9, 0, 1), net);
	until(A, TLS, NODE_RENDEZVOUS_OK, SECONDS(3));
	sim_roam_to(sim, A, ip_v4(10, 9, 0, 2), net);
	assert_int_not_equal(state_at(A, TLS), NODE_RENDEZVOUS_OK);
	until(A, TLS, NODE_RENDEZVOUS_OK, SECONDS(1));
	close_all();
}

static void who_wakes_is_registered_again_at_once(void **state)
{
	(void)state;
	open_with(70, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
	sim_sleep(sim, A, SECONDS(8 * 3600));
	hub_run(hub, SECONDS(8 * 3600) - 1);
	until(A, 0, NODE_RENDEZVOUS_OK, SECONDS(1));
	close_all();
}

/* What the simulator checks holds all the time. */
static void but_for_dropping_no_malice_keeps_two_apart(void **state)
{
	(void)state;
	for (unsigned malice = 2; malice < HUB_ALL; malice <<= 1) {
		open_with(500 + malice, SIM_PORT_RESTRICTED, SIM_NO_NAT, false);
		hub->malice = malice;
		assert_in_range(meet(A, B, SECONDS(120)), 1, 120000);
		for (int i = 0; i < 10; i++) {
			pipes_cut(sim, A);
			hub_run(hub, SECONDS(1));
		}
		until(A, 0, NODE_RENDEZVOUS_OK, SECONDS(40));
		close_all();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_meet_over_tls_are_direct_by_udp),
		cmocka_unit_test(who_has_no_udp_at_all_is_told_so),
		cmocka_unit_test(after_a_cut_it_is_registered_again_within_5_s),
		cmocka_unit_test(after_a_restart_all_are_registered_again_within_5_s),
		cmocka_unit_test(one_that_takes_nobody_is_called_ever_less),
		cmocka_unit_test(where_udp_is_blocked_from_now_on_tls_takes_over_and_gives_back),
		cmocka_unit_test(in_a_network_without_udp_tls_is_there_within_3_s),
		cmocka_unit_test(who_wakes_is_registered_again_at_once),
		cmocka_unit_test(but_for_dropping_no_malice_keeps_two_apart),
	};

	sim_log();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
