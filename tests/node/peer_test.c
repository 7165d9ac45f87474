/* peer_test.c -- where a peer is: names, addresses, and when we ask again. */
#include "node/lab.h"

/* far[0] is known by name only. */
static struct lab *with_name(uint32_t keepalive)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = "anna.example";
	lab->peers[0].keepalive = keepalive;
	lab_start(lab);
	return lab;
}

static void answer(struct lab *lab, const struct endpoint *endpoints, size_t n)
{
	node_resolved(lab->us.node, "anna.example", LAB_PORT, endpoints, n, lab->now);
	lab_poll(lab, &lab->us);
}

static struct endpoint address(uint8_t last)
{
	return (struct endpoint){.ip = ip_v4(198, 51, 100, last), .port = LAB_PORT};
}

/* How many of the datagrams that we sent went there. */
static unsigned sent_to(const struct lab *lab, const struct endpoint *to)
{
	unsigned n = 0;

	for (size_t i = 0; i < lab->us.sent_len; i++)
		n += endpoint_equal(&lab->us.sent[i].path.remote, to);
	return n;
}

/* -- asking -------------------------------------------------------------------------- */

static void a_name_is_asked_for_when_it_is_first_needed(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_pass(lab, SECONDS(3600));
	assert_int_equal(lab->us.asked_len, 0);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 1);
	assert_string_equal(lab->us.asked[0].host, "anna.example");
	assert_int_equal(lab->us.asked[0].port, LAB_PORT);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_name_is_not_asked_for_again_while_we_wait(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	for (int i = 0; i < 10; i++) {
		lab_say(lab, &lab->us, &lab->far[0], 100);
		lab_pass(lab, SECONDS(60));
	}
	assert_int_equal(lab->us.asked_len, 1);
	assert_int_equal(lab_status(lab, 0).queued, 10);
	lab_free(lab);
}

static void what_waits_for_the_name_goes_once_it_is_there(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &lab->far[0].at, 1);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 1);
	assert_int_equal(lab->us.asked_len, 1);
	lab_free(lab);
}

static void a_peer_with_keepalive_is_asked_for_at_once(void **state)
{
	struct lab *lab = with_name(25000);

	(void)state;
	assert_int_equal(lab->us.asked_len, 1);
	answer(lab, &lab->far[0].at, 1);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

static void an_address_is_never_asked_for(void **state)
{
	static const uint8_t bytes6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 9};
	struct lab *lab = lab_new();
	struct endpoint v6 = {.ip = ip_v6(bytes6), .port = LAB_PORT};

	(void)state;
	lab->peers[1].endpoint_host = "2001:db8::9";
	lab->peers[1].keepalive = 25000;
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_pass(lab, SECONDS(100));
	assert_int_equal(lab->us.asked_len, 0);
	assert_true(sent_to(lab, &lab->far[0].at) > 10);
	assert_true(sent_to(lab, &v6) > 10);
	lab_free(lab);
}

static void a_peer_that_has_called_is_not_asked_for(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_connect(lab, 0);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 0);
	assert_int_equal(lab->us.sent_len, 1);
	lab_free(lab);
}

/* -- asking again ---------------------------------------------------------------------- */

static void a_name_is_asked_for_again_when_nobody_answers_there(void **state)
{
	struct lab *lab = with_name(0);
	const struct endpoint dead = address(1);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &dead, 1);
	lab_pass(lab, RESOLVE_PAUSE - 1);
	assert_int_equal(lab->us.asked_len, 1);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.asked_len, 2);
	lab_free(lab);
}

static void each_answer_leads_to_the_address_after_the_one_that_failed(void **state)
{
	struct endpoint all[] = {address(1), address(2), address(3)};
	static const size_t expected[] = {0, 1, 2, 0};
	struct lab *lab = with_name(0);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		lab_say(lab, &lab->us, &lab->far[0], 100);
		for (int seconds = 0; lab->us.asked_len == i && seconds < 60; seconds++)
			lab_pass(lab, SECONDS(1));
		assert_int_equal(lab->us.asked_len, i + 1);
		answer(lab, all, 3);
		assert_true(lab_is_at(lab, 0, &all[expected[i]]));
	}
	lab_free(lab);
}

static void an_address_that_left_the_list_gives_way_to_the_first(void **state)
{
	struct endpoint old = address(9), all[] = {address(1), address(2)};
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &old, 1);
	lab_pass(lab, RESOLVE_PAUSE + REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.asked_len, 2);
	answer(lab, all, 2);
	assert_true(lab_is_at(lab, 0, &all[0]));
	lab_free(lab);
}

static void the_only_address_is_kept(void **state)
{
	struct endpoint only = address(1);
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &only, 1);
	lab_pass(lab, RESOLVE_PAUSE + REKEY_TIMEOUT + REKEY_JITTER);
	answer(lab, &only, 1);
	assert_true(lab_is_at(lab, 0, &only));
	lab_free(lab);
}

/* far[0] was found by its name, spoke with us, and has been silent since. */
static struct lab *silent_again(void)
{
	struct lab *lab = with_name(0);

	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &lab->far[0].at, 1);
	lab_pass(lab, 4 * (REKEY_TIMEOUT + REKEY_JITTER));	/* not the first try succeeds */
	lab_forget(lab);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_pass(lab, KEEPALIVE_TIMEOUT);
	lab_exchange(lab);					/* and it has heard us */
	lab_pass(lab, 4 * REJECT_AFTER_TIME);
	assert_int_equal(lab->us.asked_len, 0);
	lab_forget(lab);
	return lab;
}

static void who_has_answered_may_miss_two_more_before_the_name_is_asked_for(void **state)
{
	struct lab *lab = silent_again();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.sent_len, RESOLVE_AGAIN_AFTER);
	assert_int_equal(lab->us.asked_len, 0);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.sent_len, RESOLVE_AGAIN_AFTER + 1);
	assert_int_equal(lab->us.asked_len, 1);
	lab_free(lab);
}

static void an_answer_that_brings_nothing_new_keeps_our_source_address(void **state)
{
	struct lab *lab = silent_again();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_pass(lab, 2 * (REKEY_TIMEOUT + REKEY_JITTER));
	assert_int_equal(lab->us.asked_len, 1);
	answer(lab, &lab->far[0].at, 1);
	assert_true(ip_equal(&lab_peer(lab, 0)->path.local, &lab->us.at.ip));
	lab_free(lab);
}

/* -- failing ------------------------------------------------------------------------------ */

static void what_waits_is_counted_and_dropped_if_the_name_has_no_address(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, NULL, 0);
	lab_assert_only(lab, COUNT_NO_ENDPOINT, 2);
	assert_int_equal(lab_status(lab, 0).queued, 0);
	assert_int_equal(node_due(lab->us.node), NEVER);
	lab_free(lab);
}

static void a_name_without_address_is_asked_for_again_only_if_packets_come(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, NULL, 0);
	lab_pass(lab, SECONDS(3600));
	assert_int_equal(lab->us.asked_len, 1);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 2);
	lab_free(lab);
}

/* Otherwise it would lie there until the next one comes. */
static void a_packet_that_comes_too_soon_for_a_question_waits_for_it(void **state)
{
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, NULL, 0);
	lab_pass(lab, 1000);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 1);
	lab_pass(lab, RESOLVE_RETRY - 1001);
	assert_int_equal(lab->us.asked_len, 1);
	lab_pass(lab, 1);
	assert_int_equal(lab->us.asked_len, 2);
	answer(lab, &lab->far[0].at, 1);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 1);
	lab_free(lab);
}

static void a_peer_with_keepalive_is_asked_for_again_less_and_less_often(void **state)
{
	static const msec waits[] = {5000, 10000, 20000, 40000, 60000, 60000, 60000};
	struct lab *lab = with_name(25000);

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		assert_int_equal(lab->us.asked_len, i + 1);
		answer(lab, NULL, 0);
		lab_pass(lab, waits[i] - 1);
		assert_int_equal(lab->us.asked_len, i + 1);
		lab_pass(lab, i ? 1 + waits[i] / 10 : 1);
	}
	/* an answer, and all begins anew */
	answer(lab, &lab->far[0].at, 1);
	assert_int_equal(lab_peer(lab, 0)->unresolved, 0);
	lab_free(lab);
}

static void a_failure_does_not_spoil_an_address_that_is_known(void **state)
{
	struct endpoint dead = address(1);
	struct lab *lab = with_name(0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	answer(lab, &dead, 1);
	lab_pass(lab, RESOLVE_PAUSE + REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.asked_len, 2);
	answer(lab, NULL, 0);
	assert_true(lab_is_at(lab, 0, &dead));
	assert_int_equal(lab_status(lab, 0).queued, 1);
	lab_free(lab);
}

static void who_shares_a_name_shares_the_answer(void **state)
{
	struct endpoint found = address(1);
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = lab->peers[1].endpoint_host = "anna.example";
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_say(lab, &lab->us, &lab->far[1], 100);
	answer(lab, &found, 1);
	assert_true(lab_is_at(lab, 0, &found));
	assert_true(lab_is_at(lab, 1, &found));
	lab_free(lab);
}

static void an_answer_that_nobody_asked_for_is_ignored(void **state)
{
	struct endpoint wrong = address(1);
	struct lab *lab = with_name(0);

	(void)state;
	node_resolved(lab->us.node, "nobody.example", LAB_PORT, &wrong, 1, lab->now);
	node_resolved(lab->us.node, "anna.example", LAB_PORT + 1, &wrong, 1, lab->now);
	answer(lab, &wrong, 1);
	assert_int_equal(lab_status(lab, 0).path.remote.ip.family, IP_NONE);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

/* -- the way back ---------------------------------------------------------------------------- */

static void a_source_address_that_is_gone_is_forgotten_by_all_who_used_it(void **state)
{
	struct path gone = {0}, other = {.local = ip_v4(1, 2, 3, 4)};
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab_connect(lab, 1);
	node_source_gone(lab->us.node, &other);
	node_source_gone(lab->us.node, &gone);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_true(ip_equal(&lab->us.sent[0].path.local, &lab->us.at.ip));
	gone = lab->us.sent[0].path;
	node_source_gone(lab->us.node, &gone);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_say(lab, &lab->us, &lab->far[1], 100);
	for (size_t i = 1; i < 3; i++) {
		const struct path *path = &lab->us.sent[i].path;

		assert_int_equal(path->local.family, IP_NONE);
		assert_int_equal(path->ifindex, 0);
		assert_true(endpoint_equal(&path->remote, &lab->far[i - 1].at));
	}
	lab_free(lab);
}

/* -- connecting ------------------------------------------------------------------------------ */

static void connect_all_begins_with_whom_we_know_a_way_to_and_have_no_key_for(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[2].endpoint_host = "cleo.example";
	lab_start(lab);
	lab_connect(lab, 3);
	lab_connect(lab, 1);
	lab_forget(lab);
	node_connect_all(lab->us.node, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &lab->far[0].at));
	assert_int_equal(lab->us.asked_len, 1);
	assert_string_equal(lab->us.asked[0].host, "cleo.example");
	lab_assert_only(lab, COUNT_NO_ENDPOINT, 0);
	lab_free(lab);
}

static void a_peer_with_keepalive_is_called_at_once_and_held(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].keepalive = 25000;
	lab_start(lab);
	assert_int_equal(lab->us.sent_len, 1);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_forget(lab);
	lab_pass(lab, 25000);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].len, 32);
	assert_int_equal(lab->us.sent[0].dscp, 0);
	lab_free(lab);
}

/* -- time -------------------------------------------------------------------------------------- */

static void nothing_is_planned_for_silent_peers(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	assert_int_equal(node_due(lab->us.node), NEVER);
	lab_free(lab);
}

static void what_is_owed_is_due_at_once_and_then_at_its_timer(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	node_connect_all(lab->us.node, lab->now);
	assert_int_equal(node_due(lab->us.node), 0);
	lab_poll(lab, &lab->us);
	assert_in_range(node_due(lab->us.node), lab->now + REKEY_TIMEOUT,
			lab->now + REKEY_TIMEOUT + REKEY_JITTER);
	lab_free(lab);
}

static void to_tick_too_early_does_nothing(void **state)
{
	struct lab *lab = lab_ready();
	msec due;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	due = node_due(lab->us.node);
	node_tick(lab->us.node, due - 1);
	lab_poll(lab, &lab->us);
	assert_int_equal(node_due(lab->us.node), due);
	assert_int_equal(lab->us.sent_len, 1);
	lab_free(lab);
}

static void a_session_that_is_over_leaves_nothing_planned(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab_pass(lab, 3 * SECONDS(180) + SECONDS(100));
	assert_int_equal(node_due(lab->us.node), NEVER);
	assert_int_equal(lab_status(lab, 0).state, PEER_IDLE);
	assert_null(lab_peer(lab, 0)->session.current);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_asked_for_when_it_is_first_needed),
		cmocka_unit_test(a_name_is_not_asked_for_again_while_we_wait),
		cmocka_unit_test(what_waits_for_the_name_goes_once_it_is_there),
		cmocka_unit_test(a_peer_with_keepalive_is_asked_for_at_once),
		cmocka_unit_test(an_address_is_never_asked_for),
		cmocka_unit_test(a_peer_that_has_called_is_not_asked_for),
		cmocka_unit_test(a_name_is_asked_for_again_when_nobody_answers_there),
		cmocka_unit_test(each_answer_leads_to_the_address_after_the_one_that_failed),
		cmocka_unit_test(an_address_that_left_the_list_gives_way_to_the_first),
		cmocka_unit_test(the_only_address_is_kept),
		cmocka_unit_test(who_has_answered_may_miss_two_more_before_the_name_is_asked_for),
		cmocka_unit_test(an_answer_that_brings_nothing_new_keeps_our_source_address),
		cmocka_unit_test(what_waits_is_counted_and_dropped_if_the_name_has_no_address),
		cmocka_unit_test(a_name_without_address_is_asked_for_again_only_if_packets_come),
		cmocka_unit_test(a_packet_that_comes_too_soon_for_a_question_waits_for_it),
		cmocka_unit_test(a_peer_with_keepalive_is_asked_for_again_less_and_less_often),
		cmocka_unit_test(a_failure_does_not_spoil_an_address_that_is_known),
		cmocka_unit_test(who_shares_a_name_shares_the_answer),
		cmocka_unit_test(an_answer_that_nobody_asked_for_is_ignored),
		cmocka_unit_test(a_source_address_that_is_gone_is_forgotten_by_all_who_used_it),
		cmocka_unit_test(connect_all_begins_with_whom_we_know_a_way_to_and_have_no_key_for),
		cmocka_unit_test(a_peer_with_keepalive_is_called_at_once_and_held),
		cmocka_unit_test(nothing_is_planned_for_silent_peers),
		cmocka_unit_test(what_is_owed_is_due_at_once_and_then_at_its_timer),
		cmocka_unit_test(to_tick_too_early_does_nothing),
		cmocka_unit_test(a_session_that_is_over_leaves_nothing_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
