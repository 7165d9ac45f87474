/* stamp_test.c -- times that never go back, whatever the clock and the disk do. */
#include "pair.h"
#include "signal/stamp.h"

#define MINUTE	UINT64_C(60000)
#define HOUR	(60 * MINUTE)
#define TODAY	UINT64_C(1700000000000)

struct host {
	struct stamp stamp;
	uint64_t disk, last;
	unsigned saves;
};

static void boot(struct host *h)
{
	stamp_init(&h->stamp, h->disk);
}

static void assert_sends(struct host *h, uint64_t wall)
{
	uint64_t t;

	if (stamp_next(&h->stamp, wall, &t)) {
		h->disk = h->stamp.reserved;
		h->saves++;
	}
	assert_true(t > h->last && t <= h->disk);
	h->last = t;
}

static void it_is_the_wall_clock_and_rises_within_a_millisecond(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	assert_true(h.last == TODAY);
	assert_sends(&h, TODAY);
	assert_true(h.last == TODAY + 1);
	assert_sends(&h, TODAY + 5);
	assert_true(h.last == TODAY + 5);
}

static void a_clock_set_back_and_a_boot_in_1970_do_no_harm(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	assert_sends(&h, TODAY - HOUR);
	assert_sends(&h, 0);
	boot(&h);
	assert_sends(&h, 0);
	boot(&h);
	assert_sends(&h, TODAY);
}

static void a_day_of_use_costs_one_save_per_hour(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (uint64_t t = 0; t < 24 * HOUR; t += 5000)
		assert_sends(&h, TODAY + t);
	assert_in_range(h.saves, 23, 24);
}

static void a_night_of_restarts_does_not_run_far_ahead(void **state)
{
	struct host h = {0};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		boot(&h);
		assert_sends(&h, TODAY + i * 1000);
	}
	assert_true(h.last < TODAY + HOUR + 1000 * (MINUTE + 2));
}

static void the_end_of_time_is_not_the_end_of_stamps(void **state)
{
	struct host h = {.disk = UINT64_MAX};

	(void)state;
	boot(&h);
	h.disk = h.stamp.reserved;
	for (int i = 0; i < 100; i++)
		assert_sends(&h, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_wall_clock_and_rises_within_a_millisecond),
		cmocka_unit_test(a_clock_set_back_and_a_boot_in_1970_do_no_harm),
		cmocka_unit_test(a_day_of_use_costs_one_save_per_hour),
		cmocka_unit_test(a_night_of_restarts_does_not_run_far_ahead),
		cmocka_unit_test(the_end_of_time_is_not_the_end_of_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
