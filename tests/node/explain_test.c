/* explain_test.c -- what a node says of a path, and of why there is none.
 *
 *   A, B   behind NATs of all kinds      PUBLIC, SECOND   introduce them
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/explain.h"
#include "node/ping.h"
#include "sim/sim.h"

enum { A, B, SECOND, PUBLIC, NODES };

static struct sim *two_behind(enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b, SIM_NO_NAT};
	struct sim *sim = sim_new_behind_nats(1, kinds, NODES, 1);

	sim->punch_rate = 0;	/* what is hard stays hard */
	sim->tcp = false;
	for (size_t i = A; i <= B; i++) {
		sim->nodes[i].calls = 1u << PUBLIC | 1u << SECOND;
		sim_restart(sim, i);
	}
	sim_run(sim, SECONDS(5));
	return sim;
}

static struct explanation explain(const struct sim *sim, size_t peer)
{
	struct explanation e;

	assert_true(node_explain(sim->nodes[A].node, sim->nodes[peer].public_key, &e, sim->now));
	return e;
}

/* As long as somebody wants it, it is looked for. */
static uint64_t ping_for(struct sim *sim, size_t peer, int seconds)
{
	uint64_t id = node_ping(sim->nodes[A].node, sim->nodes[peer].public_key, sim->now);

	assert_int_not_equal(id, 0);
	for (int i = 0; i < seconds; i++) {
		sim_run(sim, SECONDS(1));
		sim_packet(sim, A, peer, 100);
	}
	sim_run(sim, 100);
	return id;
}

static void sleep_forever(struct sim *sim, size_t i)
{
	sim->nodes[i].asleep_until = INT64_MAX / 2;
}

/* -- verdicts ---------------------------------------------------------------- */

static void each_case_has_its_verdict(void **state)
{
	static const struct {
		uint32_t facts;
		enum explain_verdict verdict;
	} table[] = {
		{0, VERDICT_NO_CHANNEL},
		{FACT_SESSION | FACT_RELAYED | FACT_BY_STREAM | FACT_RELAY_ONLY | FACT_TURN_UP,
		 VERDICT_RELAY_ONLY},
		{FACT_SESSION | FACT_RELAYED | FACT_BY_STREAM | FACT_HARD | FACT_PEER_HARD,
		 VERDICT_RELAYED_NO_UDP},
		{FACT_SESSION | FACT_RELAYED | FACT_HARD | FACT_PEER_HARD, VERDICT_RELAYED_BOTH_HARD},
		{FACT_SESSION | FACT_LEFT, VERDICT_SECOND_BEST},
		{FACT_SESSION | FACT_RELAYED | FACT_BY_STREAM | FACT_LEFT, VERDICT_SECOND_BEST},
		{FACT_SESSION | FACT_LEFT | FACT_UNANSWERED, VERDICT_GONE},
		{FACT_LOOKED_FOR | FACT_RELAY_ONLY | FACT_FAILED, VERDICT_NO_RELAY},
		{FACT_LOOKED_FOR | FACT_RELAY_ONLY | FACT_TURN_UP | FACT_HEARD, VERDICT_CHECKING},
		{FACT_LOOKED_FOR | FACT_DIRECT_ONLY | FACT_FAILED | FACT_HARD, VERDICT_DIRECT_ONLY},
		{FACT_LAN, VERDICT_IDLE},
		{FACT_PLACES, VERDICT_IDLE},
		{FACT_LOOKED_FOR | FACT_TOKEN | FACT_TRYING | FACT_LONG, VERDICT_TOKEN_OUT},
		{FACT_LOOKED_FOR | FACT_TOKEN | FACT_HEARD, VERDICT_CHECKING},
		{FACT_INTRODUCER | FACT_INTRODUCER_UP, VERDICT_IDLE},
		{FACT_INTRODUCER, VERDICT_NO_INTRODUCER},
		{FACT_LAN | FACT_INTRODUCER | FACT_LOOKED_FOR | FACT_LONG, VERDICT_NO_INTRODUCER},
		{FACT_LAN | FACT_LOOKED_FOR | FACT_TRYING, VERDICT_LOOKING},
		{FACT_LAN | FACT_LOOKED_FOR | FACT_TRYING | FACT_LONG, VERDICT_PEER_SILENT},
		{FACT_LAN | FACT_LOOKED_FOR | FACT_HEARD | FACT_TRYING, VERDICT_CHECKING},
		{FACT_LAN | FACT_LOOKED_FOR | FACT_HEARD | FACT_LONG, VERDICT_CHECKING},
		{FACT_LOOKED_FOR | FACT_FAILED, VERDICT_ALL_FAILED},
		{FACT_LOOKED_FOR | FACT_FAILED | FACT_HARD, VERDICT_WE_ARE_HARD},
		{FACT_LOOKED_FOR | FACT_FAILED | FACT_PEER_HARD, VERDICT_PEER_IS_HARD},
		{FACT_LOOKED_FOR | FACT_FAILED | FACT_HARD | FACT_PEER_HARD, VERDICT_BOTH_HARD},
		{FACT_LOOKED_FOR | FACT_HEARD | FACT_NO_FAMILY, VERDICT_NO_FAMILY},
		{FACT_LOOKED_FOR | FACT_HEARD | FACT_ONE_OUTSIDE, VERDICT_CHECKING},
		{FACT_LOOKED_FOR | FACT_FAILED | FACT_ONE_OUTSIDE | FACT_PEER_HARD, VERDICT_ONE_OUTSIDE},
		{FACT_LAN | FACT_TRYING, VERDICT_CONNECTING},
		{FACT_LAN | FACT_TRYING | FACT_UNANSWERED, VERDICT_PEER_SILENT},
		{FACT_ENDPOINT, VERDICT_IDLE},
		{FACT_ENDPOINT | FACT_TRYING, VERDICT_CONNECTING},
		{FACT_ENDPOINT | FACT_TRYING | FACT_UNANSWERED, VERDICT_ENDPOINT_SILENT},
		{FACT_ENDPOINT | FACT_LOOKED_FOR | FACT_UNANSWERED, VERDICT_ENDPOINT_SILENT},
		{FACT_ENDPOINT | FACT_LOOKED_FOR | FACT_HEARD | FACT_UNANSWERED, VERDICT_CHECKING},
		{FACT_ENDPOINT | FACT_NO_ADDRESS | FACT_TRYING, VERDICT_NO_ADDRESS},
		{FACT_ENDPOINT | FACT_TRYING | FACT_UNANSWERED | FACT_DEAF, VERDICT_UDP_BLOCKED},
		{FACT_LAN | FACT_INTRODUCER | FACT_LOOKED_FOR | FACT_DEAF, VERDICT_UDP_BLOCKED},
		{FACT_INTRODUCER | FACT_INTRODUCER_UP | FACT_LOOKED_FOR | FACT_DEAF, VERDICT_LOOKING},
		{FACT_LAN | FACT_LOOKED_FOR | FACT_HEARD | FACT_DEAF, VERDICT_CHECKING},
		{FACT_WORKS | FACT_HEARD | FACT_LOOKED_FOR, VERDICT_IDLE},
		{FACT_WORKS | FACT_HEARD | FACT_LOOKED_FOR | FACT_TRYING, VERDICT_CONNECTING},
		{FACT_WORKS | FACT_TRYING | FACT_UNANSWERED, VERDICT_WIREGUARD_LOST},
		{FACT_SESSION | FACT_WORKS | FACT_HEARD | FACT_LOOKED_FOR, VERDICT_DIRECT},
		{FACT_SESSION | FACT_AES | FACT_ENDPOINT, VERDICT_DIRECT},
		{FACT_CIPHERS_APART | FACT_SESSION, VERDICT_CIPHERS_APART},	/* of before */
		{FACT_CIPHERS_APART | FACT_ENDPOINT | FACT_AES | FACT_UNANSWERED, VERDICT_CIPHERS_APART},
		{FACT_CIPHERS_APART | FACT_WORKS | FACT_HEARD | FACT_LOOKED_FOR, VERDICT_CIPHERS_APART},
		{FACT_AES | FACT_ENDPOINT | FACT_TRYING, VERDICT_CONNECTING},
		{FACT_AES | FACT_ENDPOINT | FACT_TRYING | FACT_UNANSWERED, VERDICT_AES_UNANSWERED},
		{FACT_AES | FACT_ENDPOINT | FACT_UNANSWERED | FACT_DEAF, VERDICT_UDP_BLOCKED},
		{FACT_AES | FACT_WORKS | FACT_TRYING | FACT_UNANSWERED, VERDICT_AES_UNANSWERED},
		{FACT_SESSION | FACT_ENDPOINT, VERDICT_DIRECT},
		{FACT_SESSION | FACT_RELAYED | FACT_WORKS, VERDICT_RELAYED},
		{FACT_SESSION | FACT_TCP | FACT_WORKS, VERDICT_DIRECT_TCP},
		{FACT_SESSION | FACT_TCP | FACT_RELAYED, VERDICT_RELAYED},
		{FACT_SESSION | FACT_TRYING | FACT_UNANSWERED, VERDICT_GONE},
	};
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(explain_judge(table[i].facts), table[i].verdict);
		seen |= 1u << table[i].verdict;
	}
	assert_int_equal(seen, (1u << VERDICTS) - 1);
}

static void whatever_the_facts_there_is_a_verdict(void **state)
{
	(void)state;
	for (uint32_t facts = 0; facts < FACTS_END; facts++)
		assert_in_range(explain_judge(facts), 0, VERDICTS - 1);
}

static void each_verdict_has_a_name_of_its_own_a_reason_and_an_advice(void **state)
{
	(void)state;
	for (enum explain_verdict v = 0; v < VERDICTS; v++) {
		assert_true(strlen(explain_why(v)) > 10 && strlen(explain_fix(v)) > 10);
		assert_int_equal(strspn(explain_name(v), "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(explain_name(v)));
		for (enum explain_verdict other = 0; other < v; other++)
			assert_string_not_equal(explain_name(v), explain_name(other));
	}
}

/* -- paths ------------------------------------------------------------------- */

static void a_path_through_nats_is_punched(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_ADDRESS_RESTRICTED);
	uint64_t id = ping_for(sim, B, 2);
	struct peer_status s = sim_status(sim, A, B);

	(void)state;
	assert_int_equal(s.state, PEER_DIRECT);
	assert_int_equal(s.way.how, PATH_PUNCHED);
	assert_string_equal(s.way.local_type, "srflx");
	assert_string_equal(s.way.remote_type, "srflx");
	assert_in_range(s.way.rtt, 35000, 45000);	/* twice 20 ms, in microseconds */
	assert_int_equal(s.way.lost, 0);
	assert_int_equal(node_ping_find(sim->nodes[A].node, id)->state, PING_ANSWERED);
	sim_free(sim);
}

static void a_path_without_a_nat_between_is_just_found(void **state)
{
	struct sim *sim = two_behind(SIM_NO_NAT, SIM_NO_NAT);

	(void)state;
	ping_for(sim, B, 2);
	assert_int_equal(sim_status(sim, A, B).way.how, PATH_FOUND);
	sim_free(sim);
}

static void a_path_within_a_site_is_lan(void **state)
{
	struct sim *sim = two_behind(SIM_NO_NAT, SIM_NO_NAT);
	struct peer_status s;

	(void)state;
	sim_roam(sim, A, ip_v4(192, 168, 7, 1));
	sim_roam(sim, B, ip_v4(192, 168, 7, 2));
	sim_run(sim, SECONDS(1));
	ping_for(sim, B, 2);
	s = sim_status(sim, A, B);
	assert_int_equal(s.way.how, PATH_LAN);
	assert_string_equal(s.way.local_type, "host");
	assert_string_equal(s.way.remote_type, "host");
	sim_free(sim);
}

static void an_endpoint_is_configured_at_the_one_side_and_has_called_at_the_other(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	struct peer_status to = sim_status(sim, A, PUBLIC), from = sim_status(sim, PUBLIC, A);

	(void)state;
	assert_int_equal(to.way.how, PATH_CONFIGURED);
	assert_int_equal(from.way.how, PATH_CALLED_US);
	assert_null(to.way.local_type);
	assert_null(from.way.remote_type);
	assert_int_equal(to.way.rtt, -1);
	assert_int_equal(to.way.lost, -1);
	sim_free(sim);
}

static void a_peer_that_is_looked_for_is_connecting(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	sleep_forever(sim, B);
	assert_int_equal(sim_status(sim, A, B).state, PEER_IDLE);
	sim_packet(sim, A, B, 100);
	assert_int_equal(sim_status(sim, A, B).state, PEER_CONNECTING);
	sim_run(sim, SECONDS(60));
	assert_int_equal(sim_status(sim, A, B).state, PEER_CONNECTING);
	sim_run(sim, SECONDS(60));
	assert_int_equal(sim_status(sim, A, B).state, PEER_IDLE);
	sim_free(sim);
}

/* -- explanations ------------------------------------------------------------ */

static void a_direct_peer_is_explained_with_its_pairs(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	struct explanation e;
	struct ip outside;

	(void)state;
	ping_for(sim, B, 3);
	e = explain(sim, B);
	assert_int_equal(e.verdict, VERDICT_DIRECT);
	assert_string_equal(e.nat, "easy");
	assert_string_equal(e.peer_nat, "unknown");
	assert_int_equal(e.observed_len, 2);
	outside = sim_outside(sim, A);
	assert_true(ip_equal(&e.observed[0].mapped.ip, &outside));
	assert_int_equal(e.introducers_len, 2);
	assert_true(e.introducers[0].connected && !e.introducers[0].is_plain);
	assert_int_equal(e.locals_len, 2);
	assert_true(e.remotes_len >= 2 && e.pairs_len >= 2);
	assert_true(e.pairs[0].in_use);
	assert_string_equal(e.pairs[0].state, "valid");
	assert_in_range(e.pairs[0].answered, 0, 10000);
	for (size_t i = 1; i < e.pairs_len; i++)
		assert_false(e.pairs[i].in_use);
	assert_in_range(e.since, 1, 3100);
	sim_free(sim);
}

static void two_symmetric_nats_are_named_when_all_has_failed(void **state)
{
	struct sim *sim = two_behind(SIM_SYMMETRIC, SIM_SYMMETRIC);
	struct explanation e;

	(void)state;
	ping_for(sim, B, 10);
	e = explain(sim, B);
	assert_int_equal(e.verdict, VERDICT_CHECKING);
	assert_string_equal(e.nat, "hard");
	assert_string_equal(e.peer_nat, "hard");
	ping_for(sim, B, 40);
	e = explain(sim, B);
	assert_int_equal(e.verdict, VERDICT_BOTH_HARD);
	assert_true(e.rounds_failed >= 1);
	/* whose checks begin anew each time that ours do, before they have come to their end */
	assert_true(node_explain(sim->nodes[B].node, sim->nodes[A].public_key, &e, sim->now));
	assert_int_equal(e.verdict, VERDICT_BOTH_HARD);
	sim_free(sim);
}

static void our_symmetric_nat_is_named_before_a_strict_one(void **state)
{
	struct sim *sim = two_behind(SIM_SYMMETRIC, SIM_PORT_RESTRICTED);
	struct explanation e;

	(void)state;
	ping_for(sim, B, 50);
	e = explain(sim, B);
	assert_int_equal(e.verdict, VERDICT_WE_ARE_HARD);
	sim_free(sim);
}

static void a_peer_that_is_not_there_is_silent(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

	(void)state;
	assert_int_equal(explain(sim, B).verdict, VERDICT_IDLE);
	assert_int_equal(explain(sim, B).since, -1);
	sleep_forever(sim, B);
	ping_for(sim, B, 2);
	assert_int_equal(explain(sim, B).verdict, VERDICT_LOOKING);
	ping_for(sim, B, 12);
	assert_int_equal(explain(sim, B).verdict, VERDICT_PEER_SILENT);
	assert_in_range(explain(sim, B).since, 13000, 16000);
	sim_free(sim);
}

static void without_an_introducer_nobody_can_ask_it(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	struct explanation e;

	(void)state;
	sleep_forever(sim, PUBLIC);
	sleep_forever(sim, SECOND);
	sim_run(sim, SECONDS(300));
	e = explain(sim, B);
	assert_int_equal(e.verdict, VERDICT_UDP_BLOCKED);
	assert_false(e.introducers[0].connected || e.introducers[1].connected);
	e = explain(sim, PUBLIC);
	assert_int_equal(e.verdict, VERDICT_UDP_BLOCKED);
	sim_free(sim);
}

/* One that does not answer may just be down. */
static void one_silent_introducer_is_no_reason_to_suspect_the_network(void **state)
{
	const enum sim_nat_kind kinds[] = {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED};
	struct sim *sim = sim_new_behind_nats(1, kinds, 3, 1);
	const size_t introducer = 2;

	(void)state;
	sim_run(sim, SECONDS(5));
	sleep_forever(sim, introducer);
	sim_run(sim, SECONDS(300));
	assert_int_equal(explain(sim, B).verdict, VERDICT_NO_INTRODUCER);
	assert_int_equal(explain(sim, introducer).verdict, VERDICT_ENDPOINT_SILENT);
	sim_free(sim);
}

static void udp_that_is_blocked_is_named_here_and_suspected_there(void **state)
{
	struct sim *sim = two_behind(SIM_UDP_BLOCKED, SIM_PORT_RESTRICTED);
	struct explanation there;

	(void)state;
	for (int i = 0; i < 30; i++) {
		sim_packet(sim, A, B, 100);
		sim_packet(sim, B, A, 100);
		sim_run(sim, SECONDS(1));
	}
	assert_int_equal(explain(sim, B).verdict, VERDICT_UDP_BLOCKED);
	assert_true(node_explain(sim->nodes[B].node, sim->nodes[A].public_key, &there, sim->now));
	assert_int_equal(there.verdict, VERDICT_PEER_SILENT);
	sim_free(sim);
}

/* A and B each behind a router at home, these behind one carrier; and who introduces them. */
static struct sim *two_homes_of_one_carrier(void)
{
	static const struct cidr inside = {.ip = {IP_V4, {100, 64}}, .len = 10};
	static const struct cidr home = {.ip = {IP_V4, {192, 168}}, .len = 16};
	struct nat carrier = sim_nat(SIM_PORT_RESTRICTED, ip_v4(203, 0, 113, 40));
	struct sim *sim = sim_prepare(1, 3);
	uint8_t net = sim_add_net(sim, &carrier, NET_INTERNET, inside);

	sim->gathers = true;
	sim_add_link(sim, 2, ip_v4(192, 0, 2, 3), NET_INTERNET);
	sim->nodes[2].calls = 0;
	sim_start(sim, 2);
	for (uint8_t i = A; i <= B; i++) {
		struct nat router = sim_nat(SIM_PORT_RESTRICTED, ip_v4(100, 64, 3, i + 2));

		sim_add_link(sim, i, ip_v4(192, 168, i, 100), sim_add_net(sim, &router, net, home));
		sim->nodes[i].calls = 1u << 2;
		sim_start(sim, i);
	}
	sim_run(sim, SECONDS(5));
	return sim;
}

static void one_outside_address_without_hairpin_is_named(void **state)
{
	struct sim *sim = two_homes_of_one_carrier();

	(void)state;
	ping_for(sim, B, 10);
	assert_int_equal(explain(sim, B).verdict, VERDICT_CHECKING);
	ping_for(sim, B, 40);
	assert_int_equal(explain(sim, B).verdict, VERDICT_ONE_OUTSIDE);
	sim_free(sim);
}

static void a_node_with_nobody_to_ask_says_so(void **state)
{
	struct sim *sim = sim_new(1, 2, false);

	(void)state;
	assert_int_equal(explain(sim, B).verdict, VERDICT_NO_CHANNEL);
	assert_false(node_explain(sim->nodes[A].node, sim->nodes[A].public_key,
				  &(struct explanation){0}, sim->now));
	sim_free(sim);
}

static void an_endpoint_that_answers_no_more_is_gone(void **state)
{
	struct sim *sim = sim_new(1, 2, true);

	(void)state;
	assert_int_equal(explain(sim, B).verdict, VERDICT_IDLE);
	sim_packet(sim, A, B, 100);
	assert_int_equal(explain(sim, B).verdict, VERDICT_CONNECTING);
	sim_run(sim, SECONDS(1));
	assert_int_equal(explain(sim, B).verdict, VERDICT_DIRECT);
	sleep_forever(sim, B);
	ping_for(sim, B, 40);
	assert_int_equal(explain(sim, B).verdict, VERDICT_GONE);
	sim_free(sim);
}

static void peers_are_found_as_a_person_calls_them(void **state)
{
	struct sim *sim = sim_new(1, 2, true);
	char key[KEY_TEXT];
	struct peer_status s;
	const struct node *node = sim->nodes[A].node;

	(void)state;
	key_to_base64(key, sim->nodes[B].public_key);
	assert_true(node_find_peer_called(node, "n1", &s, sim->now));
	assert_true(node_find_peer_called(node, "10.0.0.2", &s, sim->now));
	assert_true(node_find_peer_called(node, key, &s, sim->now));
	assert_memory_equal(s.public_key, sim->nodes[B].public_key, KEY_LEN);
	key_to_base64(key, sim->nodes[A].public_key);
	assert_false(node_find_peer_called(node, key, &s, sim->now));
	assert_false(node_find_peer_called(node, "n", &s, sim->now));
	assert_false(node_find_peer_called(node, "10.0.0.3", &s, sim->now));
	assert_false(node_find_peer_called(node, "", &s, sim->now));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_has_its_verdict),
		cmocka_unit_test(whatever_the_facts_there_is_a_verdict),
		cmocka_unit_test(each_verdict_has_a_name_of_its_own_a_reason_and_an_advice),
		cmocka_unit_test(a_path_through_nats_is_punched),
		cmocka_unit_test(a_path_without_a_nat_between_is_just_found),
		cmocka_unit_test(a_path_within_a_site_is_lan),
		cmocka_unit_test(an_endpoint_is_configured_at_the_one_side_and_has_called_at_the_other),
		cmocka_unit_test(a_peer_that_is_looked_for_is_connecting),
		cmocka_unit_test(a_direct_peer_is_explained_with_its_pairs),
		cmocka_unit_test(two_symmetric_nats_are_named_when_all_has_failed),
		cmocka_unit_test(our_symmetric_nat_is_named_before_a_strict_one),
		cmocka_unit_test(a_peer_that_is_not_there_is_silent),
		cmocka_unit_test(without_an_introducer_nobody_can_ask_it),
		cmocka_unit_test(one_silent_introducer_is_no_reason_to_suspect_the_network),
		cmocka_unit_test(udp_that_is_blocked_is_named_here_and_suspected_there),
		cmocka_unit_test(one_outside_address_without_hairpin_is_named),
		cmocka_unit_test(a_node_with_nobody_to_ask_says_so),
		cmocka_unit_test(an_endpoint_that_answers_no_more_is_gone),
		cmocka_unit_test(peers_are_found_as_a_person_calls_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
