/* turn_test.c -- two nodes that only a TURN server brings together, and what may befall them.
 *
 *   A --symmetric NAT--.                 .--symmetric NAT-- B
 *                       >-- the internet <
 *   PUBLIC, which introduces them ------'  '---- 198.51.100.200, TURN
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "node/tokens.h"
#include "sim/turnbox.h"

enum { A, B, PUBLIC, NODES, LEN = 100 };

static const struct node_turn_server any = {.udp = true, .tcp = true};
static const struct node_turn_server udp_only = {.udp = true};

static struct sim *sim;
static struct turnbox *box;

/* They are told of the server, and run for a while. */
static void begin_with(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b,
		       const struct node_turn_server *how, enum node_peer_path path)
{
	const enum sim_nat_kind kinds[] = {a, b};

	sim = sim_new_behind_nats(seed, kinds, NODES, 1);
	sim->wire.delay = 25;
	sim->punch_rate = 0;	/* what is hard stays hard, */
	sim->tcp = false;	/* and what is blocked, blocked */
	box = turnbox_new(sim, how);
	sim->path = path;
	for (size_t i = A; i <= B; i++)
		sim_restart(sim, i);
	sim_run(sim, SECONDS(5));
}

static void begin(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	begin_with(seed, a, b, &any, PEER_PATH_AUTO);
}

static void end(void)
{
	turnbox_free(box);
	sim_free(sim);
}

/* Milliseconds from A's first packet to its arrival at B, or -1. */
static msec first_packet(msec patience)
{
	uint32_t n = sim_packet(sim, A, B, LEN);
	msec start = sim->now;

	while (!sim_arrived(sim, n) && sim->now - start < patience)
		sim_run(sim, 10);
	return sim_arrived(sim, n) ? sim->now - start : -1;
}

static struct path_status way(size_t of)
{
	return sim_status(sim, of, of == A ? B : A).way;
}

static bool is_relayed(size_t of)
{
	return sim_status(sim, of, of == A ? B : A).state == PEER_RELAY;
}

static unsigned lost_while_talking(msec duration)
{
	uint32_t first = sim->sent;
	unsigned lost = 0;

	sim_talk(sim, A, B, LEN, duration);
	sim_run(sim, SECONDS(1));
	for (uint32_t i = first; i < sim->sent; i++)
		lost += !sim_arrived(sim, i);
	return lost;
}

static const struct turns_server *server_of(size_t i)
{
	return &sim->nodes[i].node->signalling.turns.servers[0];
}

static unsigned events_of(size_t i, enum event_kind kind)
{
	const struct events *events = node_events(sim->nodes[i].node);
	unsigned n = 0;

	for (uint64_t number = events_first(events); number < events->next; number++)
		n += events_at(events, number)->kind == kind;
	return n;
}

/* -- finding each other -------------------------------------------------------------- */

static void two_symmetric_nats_meet_within_three_seconds(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		msec took;

		begin(seed, SIM_SYMMETRIC, SIM_SYMMETRIC);
		took = first_packet(SECONDS(10));
		assert_in_range(took, 0, 3000);
		worst = took > worst ? took : worst;
		sim_talk(sim, A, B, LEN, SECONDS(2));
		assert_true(is_relayed(A) && is_relayed(B));
		assert_string_equal(way(A).relay, "turn:198.51.100.200");
		assert_int_equal(way(A).transport, PATH_UDP);
		end();
	}
	print_message("           symmetric to symmetric by relay: %lld ms at worst\n", (long long)worst);
}

static void an_idle_node_asks_nobody(void **state)
{
	(void)state;
	begin(30, SIM_SYMMETRIC, SIM_SYMMETRIC);
	sim_run(sim, SECONDS(3600));
	sim_resumed(sim, A);
	sim_run(sim, SECONDS(60));
	assert_int_equal(box->allocates, 0);
	end();
}

static void who_can_meet_directly_does(void **state)
{
	(void)state;
	begin(31, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	assert_in_range(first_packet(SECONDS(10)), 0, 2000);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_false(is_relayed(A) || is_relayed(B));
	assert_true(turnbox_count(box) <= 2);
	sim_talk(sim, A, B, LEN, SECONDS(700));
	sim_run(sim, SECONDS(1));
	assert_int_equal(turnbox_count(box), 0);	/* ten minutes without use */
	end();
}

static void the_relay_is_given_back_when_nobody_talks(void **state)
{
	(void)state;
	begin(32, SIM_SYMMETRIC, SIM_SYMMETRIC);
	assert_true(first_packet(SECONDS(10)) >= 0);
	assert_int_equal(turnbox_count(box), 2);
	sim_run(sim, SECONDS(900));
	assert_int_equal(turnbox_count(box), 0);
	assert_in_range(first_packet(SECONDS(10)), 0, 3000);
	end();
}

static void data_go_by_channels(void **state)
{
	unsigned channels = 0;

	(void)state;
	begin(33, SIM_SYMMETRIC, SIM_SYMMETRIC);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	for (size_t i = 0; i < TURNBOX_ALLOCATIONS; i++) {
		for (size_t k = 0; k < box->allocations[i].peers_len; k++)
			channels += box->allocations[i].peers[k].channel != 0;
	}
	assert_in_range(channels, 1, 4);
	assert_int_equal(lost_while_talking(SECONDS(60)), 0);
	end();
}

static void an_hour_with_losses_does_not_part_them(void **state)
{
	(void)state;
	begin(34, SIM_SYMMETRIC, SIM_SYMMETRIC);
	sim->wire.loss = 50;
	box->nonce_life = SECONDS(45);
	sim_talk(sim, A, B, LEN, SECONDS(20));
	for (int minute = 0; minute < 60; minute++) {
		unsigned got = sim->nodes[B].got;

		for (int i = 0; i < 60; i++) {
			sim_packet(sim, A, B, LEN);
			sim_packet(sim, B, A, LEN);
			sim_run(sim, SECONDS(1));
		}
		assert_true(sim->nodes[B].got - got > 30);
	}
	assert_true(box->stale > 10);
	end();
}

/* -- streams ---------------------------------------------------------------------------- */

static void where_udp_to_the_server_is_blocked_a_stream_is_up_soon(void **state)
{
	(void)state;
	begin(40, SIM_SYMMETRIC, SIM_SYMMETRIC);
	box->no_udp = true;
	assert_in_range(first_packet(SECONDS(10)), 0, 3500);
	sim_talk(sim, A, B, LEN, SECONDS(3));
	assert_true(is_relayed(A) && is_relayed(B));
	assert_int_equal(way(A).transport, PATH_TCP);
	assert_int_equal(lost_while_talking(SECONDS(600)), 0);
	end();
}

static void a_url_that_wants_udp_gets_nothing_else(void **state)
{
	(void)state;
	begin_with(41, SIM_SYMMETRIC, SIM_SYMMETRIC, &udp_only, PEER_PATH_AUTO);
	box->no_udp = true;
	assert_int_equal(first_packet(SECONDS(20)), -1);
	assert_int_equal(box->allocates, 0);
	end();
}

/* Nobody can introduce them but people. */
static void two_without_udp_meet_by_a_token_and_a_stream(void **state)
{
	char token[TOKEN_TEXT];
	struct acceptance a;
	msec start;

	(void)state;
	begin(42, SIM_UDP_BLOCKED, SIM_UDP_BLOCKED);
	assert_int_equal(node_offer(sim->nodes[A].node, sim->nodes[B].public_key, SECONDS(3600), token,
				    sim->now), OFFER_MADE);
	sim_drain(sim, A);
	for (start = sim->now; !node_offer_is_complete(sim->nodes[A].node, sim->now); sim_run(sim, 100))
		assert_true(sim->now - start < SECONDS(10));
	assert_int_equal(node_offer(sim->nodes[A].node, sim->nodes[B].public_key, SECONDS(3600), token,
				    sim->now), OFFER_MADE);
	sim_drain(sim, A);
	assert_int_equal(node_accept(sim->nodes[B].node, token, strlen(token), &a, sim->now), ACCEPT_OK);
	sim_drain(sim, B);
	for (start = sim->now; !node_offer_is_complete(sim->nodes[B].node, sim->now); sim_run(sim, 100))
		assert_true(sim->now - start < SECONDS(10));
	assert_int_equal(node_offer(sim->nodes[B].node, sim->nodes[A].public_key, SECONDS(3600), token,
				    sim->now), OFFER_MADE);
	sim_drain(sim, B);
	assert_int_equal(node_accept(sim->nodes[A].node, token, strlen(token), &a, sim->now), ACCEPT_OK);
	sim_drain(sim, A);
	sim_talk(sim, A, B, LEN, SECONDS(3));
	assert_true(is_relayed(A) && is_relayed(B));
	assert_int_equal(way(B).transport, PATH_TCP);
	end();
}

/* -- what befalls the server --------------------------------------------------------------- */

static msec gap(void)
{
	unsigned got = sim->nodes[B].got;
	msec start = sim->now;

	for (unsigned n = 0; sim->nodes[B].got < got + 3; n++) {
		if (n == 600)
			return -1;
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		sim_run(sim, 100);
	}
	return sim->now - start;
}

static void a_server_that_is_restarted_costs_seven_seconds_at_most(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 50; seed < 60; seed++) {
		msec took;

		begin(seed, SIM_SYMMETRIC, SIM_SYMMETRIC);
		box->no_udp = seed & 1;
		assert_true(first_packet(SECONDS(10)) >= 0);
		sim_talk(sim, A, B, LEN, SECONDS(5) + (msec)seed * 100);
		turnbox_restart(box);
		took = gap();
		assert_in_range(took, 0, 7000);
		worst = took > worst ? took : worst;
		assert_int_equal(events_of(A, EVENT_TURN_LOST), 1);
		assert_true(lost_while_talking(SECONDS(30)) < 30);
		end();
	}
	print_message("           a TURN server is restarted: %lld ms at worst\n", (long long)worst);
}

static void a_server_that_is_gone_for_a_while_is_found_again(void **state)
{
	(void)state;
	begin(60, SIM_SYMMETRIC, SIM_SYMMETRIC);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	box->is_down = true;
	turnbox_restart(box);
	sim_talk(sim, A, B, LEN, SECONDS(100));
	assert_null(server_of(A)->used);
	box->is_down = false;
	assert_in_range(gap(), 0, SECONDS(60) + 7000);
	end();
}

static void a_direct_tunnel_does_not_notice(void **state)
{
	(void)state;
	begin(61, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_false(is_relayed(A));
	box->is_down = true;
	turnbox_restart(box);
	assert_int_equal(lost_while_talking(SECONDS(600)), 0);
	end();
}

static void who_is_over_its_quota_rests_for_a_minute(void **state)
{
	(void)state;
	begin(62, SIM_SYMMETRIC, SIM_SYMMETRIC);
	box->quota = 0;
	assert_int_equal(first_packet(SECONDS(5)), -1);
	assert_in_range(server_of(A)->retry_at - sim->now, SECONDS(50), SECONDS(60));
	assert_string_equal(server_of(A)->problem,
			    "this user has as many allocations as it may have (486)");
	box->quota = 4;
	assert_in_range(gap(), SECONDS(40), SECONDS(75));
	end();
}

/* One is enough, if the other can reach it. */
static void one_relay_serves_both(void **state)
{
	(void)state;
	begin(63, SIM_SYMMETRIC, SIM_SYMMETRIC);
	box->quota = 1;
	assert_in_range(first_packet(SECONDS(10)), 0, 4000);
	sim_talk(sim, A, B, LEN, SECONDS(2));
	assert_true(is_relayed(A) && is_relayed(B));
	assert_string_equal(way(A).relay, "turn:198.51.100.200");
	assert_string_equal(way(B).relay, "turn:198.51.100.200");
	end();
}

static void who_has_the_wrong_password_is_told_once_and_asks_no_more(void **state)
{
	(void)state;
	begin(64, SIM_SYMMETRIC, SIM_SYMMETRIC);
	box->wrong_password = true;
	assert_int_equal(first_packet(SECONDS(20)), -1);
	assert_int_equal(events_of(A, EVENT_TURN_REFUSED), 1);
	assert_true(server_of(A)->retry_at == NEVER);
	sim_resumed(sim, A);
	assert_int_equal(first_packet(SECONDS(100)), -1);
	assert_int_equal(events_of(A, EVENT_TURN_REFUSED), 1);
	box->wrong_password = false;
	sim_configure(sim, A, true, false, 0);		/* the same again: still no */
	assert_true(server_of(A)->retry_at == NEVER);
	end();
}

/* -- what befalls a node ---------------------------------------------------------------------- */

static void who_moves_to_another_network_has_a_relay_again_soon(void **state)
{
	(void)state;
	begin(70, SIM_SYMMETRIC, SIM_SYMMETRIC);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	for (uint8_t i = 1; i < 10; i++) {
		sim_roam(sim, A, ip_v4(192, 168, 7, i));
		assert_in_range(gap(), 0, 3000);
		sim_talk(sim, A, B, LEN, SECONDS(10));
	}
	end();
}

static void who_is_restarted_is_back_by_another_relayed_address(void **state)
{
	(void)state;
	begin(71, SIM_SYMMETRIC, SIM_SYMMETRIC);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	sim_restart(sim, A);
	sim_run(sim, SECONDS(1));
	assert_in_range(gap(), 0, 7000);
	end();
}

/* -- path = ... -------------------------------------------------------------------------------- */

static void relay_only_tells_and_uses_no_other_address(void **state)
{
	const struct reach *r;

	(void)state;
	begin_with(80, SIM_NO_NAT, SIM_PORT_RESTRICTED, &any, PEER_PATH_RELAY_ONLY);
	assert_in_range(first_packet(SECONDS(10)), 0, 4000);
	sim_talk(sim, A, B, LEN, SECONDS(30));
	assert_true(is_relayed(A) && is_relayed(B));
	r = node_find_peer(sim->nodes[A].node, sim->nodes[B].public_key)->reach;
	for (size_t i = 0; i < r->exchange.candidates_len; i++)
		assert_int_equal(r->offered[i].type, DESC_RELAY);
	assert_true(via_is_turn(way(A).path.via) && via_is_turn(way(B).path.via));
	end();
}

static void direct_only_uses_no_relay(void **state)
{
	(void)state;
	begin_with(81, SIM_SYMMETRIC, SIM_SYMMETRIC, &any, PEER_PATH_DIRECT_ONLY);
	assert_int_equal(first_packet(SECONDS(30)), -1);
	assert_int_equal(box->allocates, 0);
	end();
	begin_with(82, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, &any, PEER_PATH_DIRECT_ONLY);
	assert_in_range(first_packet(SECONDS(10)), 0, 2000);
	assert_int_equal(box->allocates, 0);
	end();
}

/* The other side has a relay, and would like to be reached by it. */
static void direct_only_does_not_take_the_relay_of_the_peer_either(void **state)
{
	(void)state;
	begin(83, SIM_SYMMETRIC, SIM_SYMMETRIC);
	sim->path = PEER_PATH_DIRECT_ONLY;
	sim_restart(sim, A);
	sim_run(sim, SECONDS(2));
	assert_int_equal(first_packet(SECONDS(30)), -1);
	assert_int_equal(turnbox_count(box), 1);
	assert_false(is_relayed(A) || is_relayed(B));
	end();
}

static void another_path_in_the_config_is_taken_at_once(void **state)
{
	(void)state;
	begin(84, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_false(is_relayed(A));
	sim->path = PEER_PATH_RELAY_ONLY;
	for (size_t i = A; i <= B; i++)
		sim_configure(sim, i, true, false, 0);
	assert_in_range(gap(), 0, 5000);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_true(is_relayed(A) && is_relayed(B));
	sim->path = PEER_PATH_AUTO;
	for (size_t i = A; i <= B; i++)
		sim_configure(sim, i, true, false, 0);
	assert_in_range(gap(), 0, 5000);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_false(is_relayed(A) || is_relayed(B));
	end();
}

/* -- a hostile server ------------------------------------------------------------------ */

/* A talks with B straight, and looks for C all the time, which is not there: so it wants a relay. */
static void begin_with_enemy(uint64_t seed, const struct node_turn_server *how)
{
	static const enum sim_nat_kind kinds[] = {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED, SIM_UDP_BLOCKED};

	sim = sim_new_behind_nats(seed, kinds, NODES + 1, 1);
	sim->punch_rate = 0;
	sim->tcp = false;
	box = turnbox_new(sim, how);
	sim_restart(sim, A);
	sim_run(sim, SECONDS(5));
	assert_true(first_packet(SECONDS(10)) >= 0);
	sim_talk(sim, A, B, LEN, SECONDS(5));
	assert_int_equal(sim_status(sim, A, B).state, PEER_DIRECT);
}

static void lies_harm_no_direct_tunnel(uint64_t seed, const struct node_turn_server *how)
{
	unsigned lost = 0;

	begin_with_enemy(seed, how);
	box->lies = 3;
	while (box->lied < 50000) {
		sim_packet(sim, A, PUBLIC, LEN);	/* C stands there */
		turnbox_lie(box, 100);
		lost += lost_while_talking(300);
	}
	assert_int_equal(lost, 0);
	/* one that is signed may end the allocation; what is said until there is another is lost */
	assert_true(node_counter(sim->nodes[A].node, COUNT_BAD_RELAYED) > 1000);
	assert_int_equal(sim_status(sim, A, B).state, PEER_DIRECT);
	print_message("           %u lies, %u allocations, %llu counted\n", box->lied, box->allocates,
		      (unsigned long long)node_counter(sim->nodes[A].node, COUNT_BAD_RELAYED));
	end();
}

static void a_hundred_thousand_lies_harm_no_direct_tunnel(void **state)
{
	(void)state;
	lies_harm_no_direct_tunnel(90, &udp_only);
	lies_harm_no_direct_tunnel(91, &(struct node_turn_server){.tcp = true});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_symmetric_nats_meet_within_three_seconds),
		cmocka_unit_test(an_idle_node_asks_nobody),
		cmocka_unit_test(who_can_meet_directly_does),
		cmocka_unit_test(the_relay_is_given_back_when_nobody_talks),
		cmocka_unit_test(data_go_by_channels),
		cmocka_unit_test(an_hour_with_losses_does_not_part_them),
		cmocka_unit_test(where_udp_to_the_server_is_blocked_a_stream_is_up_soon),
		cmocka_unit_test(a_url_that_wants_udp_gets_nothing_else),
		cmocka_unit_test(two_without_udp_meet_by_a_token_and_a_stream),
		cmocka_unit_test(a_server_that_is_restarted_costs_seven_seconds_at_most),
		cmocka_unit_test(a_server_that_is_gone_for_a_while_is_found_again),
		cmocka_unit_test(a_direct_tunnel_does_not_notice),
		cmocka_unit_test(who_is_over_its_quota_rests_for_a_minute),
		cmocka_unit_test(one_relay_serves_both),
		cmocka_unit_test(who_has_the_wrong_password_is_told_once_and_asks_no_more),
		cmocka_unit_test(who_moves_to_another_network_has_a_relay_again_soon),
		cmocka_unit_test(who_is_restarted_is_back_by_another_relayed_address),
		cmocka_unit_test(relay_only_tells_and_uses_no_other_address),
		cmocka_unit_test(direct_only_uses_no_relay),
		cmocka_unit_test(direct_only_does_not_take_the_relay_of_the_peer_either),
		cmocka_unit_test(another_path_in_the_config_is_taken_at_once),
		cmocka_unit_test(a_hundred_thousand_lies_harm_no_direct_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
