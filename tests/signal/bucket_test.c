/* bucket_test.c -- bursts and rates; and the LAN's, which are made of them. */
#include "pair.h"
#include "signal/bucket.h"
#include "signal/lan.h"

static const struct bucket_limit limit = {.per_second = 3, .burst = 5};

static void a_burst_then_the_rate(void **state)
{
	struct bucket b = {0};
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, &limit, 1000));
	assert_false(bucket_take(&b, &limit, 1000));
	for (msec now = 1001; now <= 11000; now++)
		taken += bucket_take(&b, &limit, now);
	assert_int_equal(taken, 30);
}

static void it_says_when_the_next_may_be_taken(void **state)
{
	struct bucket b = {0};

	(void)state;
	assert_int_equal(bucket_due(&b, &limit, 50), 50);
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, &limit, 50));
	assert_int_equal(bucket_due(&b, &limit, 50), 50 + 334);
	assert_false(bucket_take(&b, &limit, 50 + 333));
	assert_true(bucket_take(&b, &limit, 50 + 334));
}

static void a_long_rest_fills_it_and_no_more(void **state)
{
	struct bucket b = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, &limit, 0));
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, &limit, INT64_MAX / 2));
	assert_false(bucket_take(&b, &limit, INT64_MAX / 2));
}

static void time_that_goes_back_fills_nothing(void **state)
{
	struct bucket b = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(bucket_take(&b, &limit, 5000));
	assert_false(bucket_take(&b, &limit, 0));
}

static void the_lan_hears_of_a_wanted_peer_every_two_seconds_at_most(void **state)
{
	struct lan_pace pace = {0};
	unsigned sent = 0;

	(void)state;
	for (msec now = 0; now < 20000; now += 10)
		sent += lan_may_send(&pace, now);
	assert_int_equal(sent, 10);
}

static void a_flood_on_the_lan_opens_fifty_per_second(void **state)
{
	struct lan_gate gate = {0};
	unsigned opened = 0;

	(void)state;
	for (msec now = 0; now < 10000; now++)
		for (int i = 0; i < 10; i++)
			opened += lan_may_open(&gate, now);
	assert_in_range(opened, 100 + 499, 100 + 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_then_the_rate),
		cmocka_unit_test(it_says_when_the_next_may_be_taken),
		cmocka_unit_test(a_long_rest_fills_it_and_no_more),
		cmocka_unit_test(time_that_goes_back_fills_nothing),
		cmocka_unit_test(the_lan_hears_of_a_wanted_peer_every_two_seconds_at_most),
		cmocka_unit_test(a_flood_on_the_lan_opens_fifty_per_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
