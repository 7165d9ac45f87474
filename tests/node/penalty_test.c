/* penalty_test.c -- ways that were left for their loss, and for how long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/penalty.h"

static struct penalties all;

static int begin(void **state)
{
	(void)state;
	memset(&all, 0, sizeof(all));
	return 0;
}

static struct path way(uint8_t local, uint8_t remote, uint16_t port, uint16_t via)
{
	return (struct path){
		.remote = {.ip = ip_v4(203, 0, 113, remote), .port = port},
		.local = ip_v4(192, 0, 2, local),
		.via = via,
	};
}

static void it_holds_for_all_between_two_addresses(void **state)
{
	const struct path left = way(1, 1, 1000, 0), other_port = way(1, 1, 2000, 7);
	const struct path from_elsewhere = way(2, 1, 1000, 0), to_elsewhere = way(1, 2, 1000, 0);
	const struct path tcp = way(1, 1, 1000, VIA_TCP);

	(void)state;
	assert_null(penalty_of(&all, &left));
	penalty_impose(&all, &left, 0);
	assert_non_null(penalty_of(&all, &left));
	assert_ptr_equal(penalty_of(&all, &other_port), penalty_of(&all, &left));
	assert_null(penalty_of(&all, &from_elsewhere));
	assert_null(penalty_of(&all, &to_elsewhere));
	assert_null(penalty_of(&all, &tcp));
}

/* Until it was tried, and then again if something was lost. */
static void it_holds_until_a_trial_goes_well(void **state)
{
	const struct path left = way(1, 1, 1000, 0);
	struct penalty *p;

	(void)state;
	penalty_impose(&all, &left, 0);
	assert_null(penalty_due(&all, PENALTY_FIRST - 1));
	p = penalty_due(&all, PENALTY_FIRST);
	assert_ptr_equal(p, penalty_of(&all, &left));
	assert_null(penalty_due(&all, PENALTY_FIRST));		/* it is being tried */
	penalty_prolong(p, PENALTY_FIRST + 1000);
	assert_null(penalty_due(&all, 2 * PENALTY_FIRST));
	assert_ptr_equal(penalty_due(&all, 2 * PENALTY_FIRST + 1000), p);
	penalty_lift(p, 2 * PENALTY_FIRST + 2000);
	assert_null(penalty_of(&all, &left));
	assert_null(penalty_due(&all, 100 * PENALTY_FIRST));
}

static void a_trial_without_a_result_is_repeated(void **state)
{
	const struct path left = way(1, 1, 1000, 0);

	(void)state;
	penalty_impose(&all, &left, 0);
	assert_non_null(penalty_due(&all, PENALTY_FIRST));
	assert_null(penalty_due(&all, PENALTY_FIRST + PENALTY_TRY - 1));
	assert_non_null(penalty_due(&all, PENALTY_FIRST + PENALTY_TRY));
	assert_non_null(penalty_of(&all, &left));
}

static void each_is_twice_as_long_up_to_ten_minutes_unless_the_last_is_long_ago(void **state)
{
	static const msec expected[] = {60, 120, 240, 480, 600, 600, 600};
	const struct path left = way(1, 1, 1000, 0);
	msec now = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		penalty_impose(&all, &left, now);
		assert_int_equal(penalty_of(&all, &left)->until - now, SECONDS(expected[i]));
		now += SECONDS(expected[i]);
		penalty_lift(penalty_due(&all, now), now);
		now += PENALTY_MEMORY - 1;
	}
	penalty_impose(&all, &left, now + 1);
	assert_int_equal(penalty_of(&all, &left)->until - now, PENALTY_FIRST + 1);
}

static void when_the_network_may_be_another_one_all_are_tried(void **state)
{
	const struct path one = way(1, 1, 1000, 0), other = way(1, 2, 1000, 0);

	(void)state;
	penalty_impose(&all, &one, 0);
	penalty_impose(&all, &other, 0);
	penalty_doubt(&all, 1000);
	assert_non_null(penalty_due(&all, 1000));
	assert_non_null(penalty_due(&all, 1000));
	assert_null(penalty_due(&all, 1000));
	assert_non_null(penalty_of(&all, &one));
}

/* First those that do not hold any more, then the one that ends first. */
static void there_is_always_room(void **state)
{
	struct path ways[PENALTIES + 2];

	(void)state;
	for (uint8_t i = 0; i < PENALTIES + 2; i++)
		ways[i] = way(1, i, 1000, 0);
	for (uint8_t i = 0; i < PENALTIES; i++)
		penalty_impose(&all, &ways[i], i);
	penalty_lift(penalty_of(&all, &ways[3]), SECONDS(1));
	penalty_impose(&all, &ways[PENALTIES], SECONDS(1));
	for (uint8_t i = 0; i <= PENALTIES; i++)
		assert_int_equal(penalty_of(&all, &ways[i]) != NULL, i != 3);
	penalty_impose(&all, &ways[PENALTIES + 1], SECONDS(2));
	assert_null(penalty_of(&all, &ways[0]));
	assert_non_null(penalty_of(&all, &ways[1]));
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_holds_for_all_between_two_addresses),
		TEST(it_holds_until_a_trial_goes_well),
		TEST(a_trial_without_a_result_is_repeated),
		TEST(each_is_twice_as_long_up_to_ten_minutes_unless_the_last_is_long_ago),
		TEST(when_the_network_may_be_another_one_all_are_tried),
		TEST(there_is_always_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
