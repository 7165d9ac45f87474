/* codel_test.c -- when a standing queue is told, RFC 8289. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tun/codel.h"

/* A packet leaves each 0.1 ms until `end`, and its queue is above all the time. Where flows
 * were told is written to times; how often is returned. */
static size_t run(struct codel *c, usec from, usec end, usec times[static 16])
{
	size_t n = 0;

	for (usec now = from; now < end; now += 100)
		if (codel_tells(c, true, now) && n < 16)
			times[n++] = now;
	return n;
}

static void a_queue_above_for_less_than_an_interval_is_left_alone(void **state)
{
	struct codel c = {0};
	usec times[16];

	(void)state;
	for (usec t = 1000; t < 1000000; t += 100000) {
		assert_int_equal(run(&c, t, t + CODEL_INTERVAL - 100, times), 0);
		assert_false(codel_tells(&c, false, t + CODEL_INTERVAL - 100));
	}
}

/* RFC 8289 section 5.6: interval / sqrt(count); 100, 70.7, 57.7, 50 ms */
static void a_standing_one_is_told_ever_more_often(void **state)
{
	struct codel c = {0};
	usec times[16];

	(void)state;
	assert_int_equal(run(&c, 1000, 400000, times), 5);
	assert_int_equal(times[0], 101000);
	assert_int_equal(times[1], 201000);
	assert_in_range(times[2], 271700, 271800);
	assert_in_range(times[3], 329400, 329500);
	assert_in_range(times[4], 379400, 379500);
}

static void it_ends_with_the_first_packet_below(void **state)
{
	struct codel c = {0};
	usec times[16];

	(void)state;
	assert_int_equal(run(&c, 1000, 150000, times), 1);
	assert_false(codel_tells(&c, false, 150000));
	assert_int_equal(run(&c, 150100, 250000, times), 0);
	assert_int_equal(run(&c, 250000, 250200, times), 1);
}

/* Four more were told since it began: it goes on at that rate, not at the first. */
static void soon_after_it_goes_on_where_it_was(void **state)
{
	struct codel c = {0};
	usec times[16];

	(void)state;
	assert_int_equal(run(&c, 1000, 400000, times), 5);
	assert_false(codel_tells(&c, false, 400000));
	assert_int_equal(run(&c, 400100, 400100 + CODEL_INTERVAL + 55000, times), 2);
	assert_in_range(times[1] - times[0], 49900, 50100);
}

static void long_after_it_begins_anew(void **state)
{
	struct codel c = {0};
	usec times[16];

	(void)state;
	assert_int_equal(run(&c, 1000, 400000, times), 5);
	assert_false(codel_tells(&c, false, 400000));
	assert_int_equal(run(&c, 9000000, 9000000 + 2 * CODEL_INTERVAL + 100, times), 2);
	assert_int_equal(times[1] - times[0], CODEL_INTERVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_above_for_less_than_an_interval_is_left_alone),
		cmocka_unit_test(a_standing_one_is_told_ever_more_often),
		cmocka_unit_test(it_ends_with_the_first_packet_below),
		cmocka_unit_test(soon_after_it_goes_on_where_it_was),
		cmocka_unit_test(long_after_it_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
