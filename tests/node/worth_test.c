/* worth_test.c -- which pair to send on, and when to leave it for another. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/reach.h"

enum { CHOSEN, OTHER, THIRD, LATER = REACH_DWELL + 1 };

static struct reach r;

/* Pairs of one tier, from one address of ours to three of the peer's; the first is chosen and
 * has the highest priority, and all were asked eight times. */
static int three_ways(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	r.promoted_at = NEVER;
	r.agent.list.locals[0].c.at.ip = r.agent.list.locals[0].base.at.ip = ip_v4(192, 168, 1, 2);
	for (uint8_t i = CHOSEN; i <= THIRD; i++) {
		r.agent.list.remotes[i].type = CANDIDATE_SRFLX;
		r.agent.list.remotes[i].at.ip = ip_v4(203, 0, 113, i);
		r.agent.list.pairs[i] = (struct pair){
			.state = PAIR_VALID, .remote = i, .mapped = NO_INDEX, .srtt = 50000,
			.priority = 100u - i, .history_len = PAIR_HISTORY};
	}
	return 0;
}

static struct pair *pair(uint8_t i)
{
	return &r.agent.list.pairs[i];
}

static void of_one_tier_the_priority_decides_at_first(void **state)
{
	(void)state;
	assert_int_equal(reach_best(&r), CHOSEN);
	pair(CHOSEN)->state = PAIR_FAILED;
	assert_int_equal(reach_best(&r), OTHER);
	pair(OTHER)->state = pair(THIRD)->state = PAIR_WAITING;
	assert_int_equal(reach_best(&r), NO_INDEX);
}

/* By more than 10 ms and 20 %, whatever its priority. */
static void a_faster_one_takes_over_later(void **state)
{
	(void)state;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(OTHER)->srtt = 40000;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(CHOSEN)->srtt = pair(THIRD)->srtt = 100000;
	pair(OTHER)->srtt = 80000;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(OTHER)->srtt = 79999;
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	pair(CHOSEN)->srtt = pair(THIRD)->srtt = 50000;
	pair(OTHER)->srtt = 39999;
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	assert_int_equal(reach_rival(&r, REACH_DWELL - 1), NO_INDEX);
	pair(THIRD)->srtt = 20000;
	assert_int_equal(reach_rival(&r, LATER), THIRD);
	pair(THIRD)->history_len = 2;				/* luck */
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	pair(OTHER)->state = PAIR_FAILED;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
}

static void a_better_tier_needs_two_answers_and_no_time(void **state)
{
	(void)state;
	r.agent.list.remotes[OTHER] = (struct candidate){
		.type = CANDIDATE_HOST, .at.ip = ip_v4(192, 168, 1, 9)};
	pair(OTHER)->srtt = 90000;
	assert_int_equal(reach_tier_of(&r, OTHER), TIER_LAN);
	pair(OTHER)->history_len = 1;
	assert_int_equal(reach_rival(&r, 0), NO_INDEX);
	assert_true(reach_is_half_proved(&r, OTHER));
	pair(OTHER)->history_len = 2;
	assert_int_equal(reach_rival(&r, 0), OTHER);
	assert_false(reach_is_half_proved(&r, OTHER));
	pair(OTHER)->history = 2;				/* the one before was lost */
	assert_int_equal(reach_rival(&r, 0), NO_INDEX);
	pair(OTHER)->history = 0;
	r.promoted_at = 0;					/* only just changed */
	assert_int_equal(reach_rival(&r, REACH_DWELL - 1), NO_INDEX);
	assert_int_equal(reach_rival(&r, REACH_DWELL), OTHER);
}

static void a_worse_tier_never_takes_over_from_what_works(void **state)
{
	(void)state;
	r.agent.list.remotes[OTHER].type = CANDIDATE_RELAY;
	pair(OTHER)->srtt = 1000;
	assert_int_equal(reach_tier_of(&r, OTHER), TIER_RELAY);
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(of_one_tier_the_priority_decides_at_first, three_ways),
		cmocka_unit_test_setup(a_faster_one_takes_over_later, three_ways),
		cmocka_unit_test_setup(a_better_tier_needs_two_answers_and_no_time, three_ways),
		cmocka_unit_test_setup(a_worse_tier_never_takes_over_from_what_works, three_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
