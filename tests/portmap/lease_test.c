/* lease_test.c -- when a mapping is asked for again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "portmap/lease.h"

static struct rng rng;

static int ready(void **state)
{
	(void)state;
	rng_seed(&rng, 1);
	return 0;
}

static void renewals_lie_in_the_windows_of_rfc_6887(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct lease l = {0};

		assert_true(lease_start(&l, 7200, &rng, 1000));
		assert_in_range(l.due, 1000 + SECONDS(3600), 1000 + SECONDS(4500));
		lease_asked(&l, &rng, l.due);
		assert_in_range(l.due, 1000 + SECONDS(5400), 1000 + SECONDS(5850));
		lease_asked(&l, &rng, l.due);
		assert_in_range(l.due, 1000 + SECONDS(6300), 1000 + SECONDS(6525));
	}
}

static void and_do_not_all_come_at_once(void **state)
{
	struct lease a = {0}, b = {0};

	(void)state;
	lease_start(&a, 7200, &rng, 0);
	lease_start(&b, 7200, &rng, 0);
	assert_int_not_equal(a.due, b.due);
}

static void are_never_less_than_4_s_apart_and_end_with_the_lease(void **state)
{
	(void)state;
	for (uint32_t seconds = LEASE_MIN; seconds < 400; seconds++) {
		struct lease l = {0};
		msec last = 0;
		unsigned n = 0;

		for (lease_start(&l, seconds, &rng, 0); l.due < l.end; n++) {
			assert_true(l.due - last >= 4000);
			last = l.due;
			lease_asked(&l, &rng, last);
		}
		assert_int_equal(l.due, SECONDS(seconds));
		assert_in_range(n, 1, 10);
	}
}

static void a_lease_of_seconds_is_none(void **state)
{
	struct lease l = {0};

	(void)state;
	assert_false(lease_start(&l, 0, &rng, 0));
	assert_false(lease_start(&l, LEASE_MIN - 1, &rng, 0));
	assert_true(lease_start(&l, LEASE_MIN, &rng, 0));
}

static void one_for_ever_is_one_for_a_day(void **state)
{
	struct lease l = {0};

	(void)state;
	assert_true(lease_start(&l, UINT32_MAX, &rng, 5));
	assert_int_equal(l.end, 5 + SECONDS(86400));
}

static void in_doubt_it_is_asked_for_soon_and_believed_for_40_s(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct lease l = {0};

		lease_start(&l, 7200, &rng, 0);
		lease_doubt(&l, &rng, 100000);
		assert_in_range(l.due, 100000, 105000);
		assert_int_equal(l.end, 140000);
		lease_asked(&l, &rng, l.due);
		assert_in_range(l.due, 130000, 140000);
	}
}

static void doubt_does_not_prolong_it(void **state)
{
	struct lease l = {0};

	(void)state;
	lease_start(&l, 30, &rng, 0);
	lease_doubt(&l, &rng, 20000);
	assert_int_equal(l.end, 30000);
	assert_in_range(l.due, 20000, 25000);
}

static void it_is_doubted_once_a_minute(void **state)
{
	struct lease l = {0};
	msec due;

	(void)state;
	lease_start(&l, 7200, &rng, 1000);
	lease_doubt(&l, &rng, 1001);
	assert_in_range(l.due, 1001, 6001);
	due = l.due;
	lease_doubt(&l, &rng, 1002);
	assert_int_equal(l.due, due);
	lease_start(&l, 7200, &rng, due);
	lease_doubt(&l, &rng, due + 1);
	assert_in_range(l.due, 61001, 66001);
	assert_int_equal(l.end, 101001);
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(renewals_lie_in_the_windows_of_rfc_6887),
		test(and_do_not_all_come_at_once),
		test(are_never_less_than_4_s_apart_and_end_with_the_lease),
		test(a_lease_of_seconds_is_none),
		test(one_for_ever_is_one_for_a_day),
		test(in_doubt_it_is_asked_for_soon_and_believed_for_40_s),
		test(doubt_does_not_prolong_it),
		test(it_is_doubted_once_a_minute),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
