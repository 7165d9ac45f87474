/* reach_tcp_test.c -- when TCP is told and tried for a peer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/reach.h"

enum { NOW = 100000 };

static struct reach r;

/* A pair of UDP and one by a relay, and nothing chosen; the peer has told its addresses now. */
static int nothing_found(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	r.tcp.allowed = true;
	r.chosen = NO_INDEX;
	r.checking_since = NOW;
	r.agent.list.locals[0].c.at.ip = ip_v4(192, 168, 1, 2);
	r.agent.list.remotes[0] = (struct candidate){.type = CANDIDATE_SRFLX};
	r.agent.list.remotes[1] = (struct candidate){.type = CANDIDATE_RELAY};
	for (uint8_t i = 0; i < 2; i++)
		r.agent.list.pairs[i] = (struct pair){
			.state = PAIR_VALID, .remote = i, .mapped = NO_INDEX};
	return 0;
}

static void it_waits_for_udp_a_moment(void **state)
{
	(void)state;
	assert_int_equal(reach_tcp_due(&r), NOW + REACH_TCP_AFTER);
}

static void a_peer_that_has_told_nothing_is_not_called(void **state)
{
	(void)state;
	r.checking_since = NEVER;
	assert_int_equal(reach_tcp_due(&r), NEVER);
}

static void who_was_found_over_udp_needs_none(void **state)
{
	(void)state;
	r.chosen = 0;
	r.checking_since = NEVER;
	assert_int_equal(reach_tcp_due(&r), NEVER);
	r.tcp.used = true;
	r.wanted = NOW;
	assert_false(reach_tcp_is_needed(&r, NOW));
}

static void a_relay_is_no_reason_not_to(void **state)
{
	(void)state;
	r.chosen = 1;
	r.chosen_at = NOW + 10;
	r.checking_since = NEVER;
	assert_int_equal(reach_tcp_due(&r), NOW + 10 + REACH_TCP_AFTER);
	r.tcp.used = true;
	r.wanted = NOW;
	assert_true(reach_tcp_is_needed(&r, NOW));
	assert_false(reach_tcp_is_needed(&r, NOW + REACH_ACTIVE));	/* nobody wants it */
	assert_false(reach_tcp_wants_map(&r, NOW + REACH_ACTIVE));
}

static void where_it_is_not_allowed_or_used_already_nothing_is_due(void **state)
{
	(void)state;
	r.tcp.used = true;
	assert_int_equal(reach_tcp_due(&r), NEVER);
	r.tcp = (struct reach_tcp){.by_peer = true};
	assert_int_equal(reach_tcp_due(&r), NEVER);
}

static void tcp_is_better_than_a_relay_and_worse_than_udp(void **state)
{
	(void)state;
	r.agent.list.locals[1] = r.agent.list.locals[0];
	r.agent.list.locals[1].c.proto = CANDIDATE_TCP_SO;
	r.agent.list.remotes[2] = (struct candidate){
		.type = CANDIDATE_HOST, .proto = CANDIDATE_TCP_SO, .at.ip = ip_v4(192, 168, 1, 3)};
	r.agent.list.pairs[2] = (struct pair){
		.state = PAIR_VALID, .local = 1, .remote = 2, .mapped = NO_INDEX};
	assert_int_equal(reach_tier_of(&r, 0), TIER_IPV4);
	assert_int_equal(reach_tier_of(&r, 1), TIER_RELAY);
	assert_int_equal(reach_tier_of(&r, 2), TIER_TCP);	/* on one LAN, too */
	assert_int_equal(reach_best(&r), 0);
	r.agent.list.pairs[0].state = PAIR_FAILED;
	assert_int_equal(reach_best(&r), 2);
	r.chosen = 2;
	assert_true(reach_tcp_wants_map(&r, NOW));	/* nobody wants it, but it is the way */
	r.chosen = 0;
	assert_false(reach_tcp_wants_map(&r, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_waits_for_udp_a_moment, nothing_found),
		cmocka_unit_test_setup(a_peer_that_has_told_nothing_is_not_called, nothing_found),
		cmocka_unit_test_setup(who_was_found_over_udp_needs_none, nothing_found),
		cmocka_unit_test_setup(a_relay_is_no_reason_not_to, nothing_found),
		cmocka_unit_test_setup(where_it_is_not_allowed_or_used_already_nothing_is_due, nothing_found),
		cmocka_unit_test_setup(tcp_is_better_than_a_relay_and_worse_than_udp, nothing_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
