/* pair_test.c -- what a pair is worth and what it measures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/pair.h"

static void priorities_are_those_of_the_rfc(void **state)
{
	(void)state;
	/* 2^32 * min + 2 * max + (G > D) */
	assert_true(pair_priority(1, 2) == (UINT64_C(1) << 32) + 4);
	assert_true(pair_priority(2, 1) == (UINT64_C(1) << 32) + 5);
	assert_true(pair_priority(7, 7) == (UINT64_C(7) << 32) + 14);
	assert_true(pair_priority(2130706431, 1694498815) == UINT64_C(7277816997797167103));
	assert_true(pair_priority(2130706431, 2130706431) == UINT64_C(9151314442783293438));
	assert_true(pair_priority(INT32_MAX, INT32_MAX) ==
		    (UINT64_C(0x7fffffff) << 32) + UINT64_C(0xfffffffe));
}

/* RFC 6298 section 2, by hand: R = 100, then 200. */
static void round_trips_are_smoothed(void **state)
{
	struct pair p = {.srtt = -1};

	(void)state;
	pair_answered(&p, 100, 5000);
	assert_int_equal(p.srtt, 100000);
	assert_int_equal(p.rttvar, 50000);
	assert_int_equal(p.last_answer, 5000);
	assert_int_equal(p.last_rx, 5000);
	pair_answered(&p, 200, 6000);
	assert_int_equal(p.rttvar, 62500);		/* 3/4 * 50 + 1/4 * 100 */
	assert_int_equal(p.srtt, 112500);		/* 7/8 * 100 + 1/8 * 200 */
	pair_answered(&p, -1, 7000);			/* not to be measured */
	assert_int_equal(p.srtt, 112500);
	assert_int_equal(p.last_answer, 7000);
}

static void a_wild_round_trip_does_not_overflow(void **state)
{
	struct pair p = {.srtt = -1};

	(void)state;
	pair_answered(&p, INT64_C(1) << 40, 0);
	pair_answered(&p, 0, 0);
	pair_answered(&p, INT64_C(1) << 40, 0);
	assert_in_range(p.srtt, 0, 60000000);
}

static void loss_is_counted_over_the_last_eight(void **state)
{
	struct pair p = {.srtt = -1};

	(void)state;
	assert_int_equal(pair_lost(&p), 0);
	for (unsigned i = 1; i <= 12; i++) {
		pair_missed(&p);
		assert_int_equal(pair_lost(&p), i < 8 ? i : 8);
	}
	for (unsigned i = 1; i <= 8; i++) {
		pair_answered(&p, 1, 0);
		assert_int_equal(pair_lost(&p), 8 - i);
	}
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	for (int i = PAIR_NONE; i <= PAIR_FAILED; i++)
		for (int j = PAIR_NONE; j < i; j++)
			assert_string_not_equal(pair_state_name((enum pair_state)i),
						pair_state_name((enum pair_state)j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priorities_are_those_of_the_rfc),
		cmocka_unit_test(round_trips_are_smoothed),
		cmocka_unit_test(a_wild_round_trip_does_not_overflow),
		cmocka_unit_test(loss_is_counted_over_the_last_eight),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
