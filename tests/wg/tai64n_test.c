/* tai64n_test.c -- clocks that are wrong, disks that lag, and 10^5 timestamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "vectors.h"
#include "wg/tai64n.h"

#define SECOND	UINT64_C(1000000000)
#define HOUR	(3600 * SECOND)
#define DAY	(24 * HOUR)
#define YEAR	(365 * DAY)
#define TODAY	(UINT64_C(1700000000) * SECOND)
#define STEP	(UINT64_C(1) << 24)

/* A clock, its disk, and the greatest timestamp that it gave. */
struct host {
	struct tai64n_clock clock;
	uint64_t disk;
	unsigned saves;
	uint8_t last[TIMESTAMP_LEN];
};

static void boot(struct host *h)
{
	tai64n_init(&h->clock, h->disk);
}

static void assert_sends(struct host *h, uint64_t wall)
{
	uint8_t now[TIMESTAMP_LEN];

	if (tai64n_next(&h->clock, wall, now)) {
		h->disk = h->clock.reserved;
		h->saves++;
	}
	assert_true(memcmp(now, h->last, TIMESTAMP_LEN) > 0);
	assert_true(h->clock.last <= h->disk);
	memcpy(h->last, now, TIMESTAMP_LEN);
}

static void assert_written(uint64_t ns, const char *hex)
{
	uint8_t expected[TIMESTAMP_LEN], out[TIMESTAMP_LEN];

	from_hex(expected, sizeof(expected), hex);
	tai64n_write(out, ns);
	assert_memory_equal(out, expected, TIMESTAMP_LEN);
}

/* -- the format ---------------------------------------------------------- */

static void the_start_of_1970_is_ten_seconds_after_2_to_the_62(void **state)
{
	(void)state;
	assert_written(0, "400000000000000a 00000000");
	assert_written(SECOND, "400000000000000b 00000000");
	assert_written(UINT64_C(0x6554a476) * SECOND, "400000006554a480 00000000");
}

static void the_low_24_bits_of_the_nanoseconds_are_cleared(void **state)
{
	(void)state;
	assert_written(STEP - 1, "400000000000000a 00000000");
	assert_written(STEP, "400000000000000a 01000000");
	assert_written(STEP + 12345, "400000000000000a 01000000");
	assert_written(SECOND - 1, "400000000000000a 3b000000");
	assert_written(TODAY + 999999999, "400000006553f10a 3b000000");
}

static void the_greatest_number_can_be_written(void **state)
{
	(void)state;
	assert_written(UINT64_MAX, "400000044b82fa13 2a000000");
}

static void next_gives_the_wall_clock_whitened(void **state)
{
	struct host h = {0};
	uint8_t expected[TIMESTAMP_LEN];

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY + 5 * STEP + 77);
	tai64n_write(expected, TODAY + 5 * STEP);
	assert_memory_equal(h.last, expected, TIMESTAMP_LEN);
}

/* -- never back ---------------------------------------------------------- */

static void a_hundred_thousand_at_one_moment_rise_strictly(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (int i = 0; i < 100000; i++)
		assert_sends(&h, TODAY);
	assert_in_range(h.clock.last - TODAY, 99999 * STEP * 99 / 100, 100000 * STEP);
}

static void a_hundred_thousand_a_millisecond_apart_rise_strictly(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (uint64_t i = 0; i < 100000; i++)
		assert_sends(&h, TODAY + i * (SECOND / 1000));
}

static void a_clock_that_is_set_back_does_not_matter(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	assert_sends(&h, TODAY - DAY);
	assert_sends(&h, TODAY - 10 * YEAR);
	assert_sends(&h, 0);
	assert_sends(&h, TODAY + SECOND);
}

static void a_boot_in_1970_goes_on_after_the_mark(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	boot(&h);
	for (uint64_t i = 0; i < 1000; i++)
		assert_sends(&h, i * SECOND);
}

static void without_a_mark_1970_is_good_enough(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, 0);
	assert_sends(&h, 0);
}

static void a_clock_that_was_ten_years_ahead_is_survived(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY + 10 * YEAR);
	assert_sends(&h, TODAY);
	boot(&h);
	assert_sends(&h, TODAY + SECOND);
}

static void the_end_of_time_is_not_the_end_of_timestamps(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (int i = 0; i < 10000; i++)
		assert_sends(&h, UINT64_MAX - (uint64_t)i);
	assert_sends(&h, TODAY);
	h.disk = UINT64_MAX;		/* a mark that no clock of ours wrote */
	boot(&h);
	tai64n_write(h.last, UINT64_C(1) << 63);
	assert_sends(&h, TODAY);
	assert_sends(&h, UINT64_MAX);
}

/* -- the disk ------------------------------------------------------------ */

static void the_first_timestamp_must_be_saved_first(void **state)
{
	struct tai64n_clock clock;
	uint8_t out[TIMESTAMP_LEN];

	(void)state;
	tai64n_init(&clock, 0);
	assert_true(tai64n_next(&clock, TODAY, out));
	assert_int_equal(clock.reserved, TODAY + HOUR);
	assert_false(tai64n_next(&clock, TODAY + SECOND, out));
}

static void a_day_of_use_costs_one_save_per_hour(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (uint64_t t = 0; t < DAY; t += 5 * SECOND)
		assert_sends(&h, TODAY + t);
	assert_in_range(h.saves, 23, 24);
}

static void no_use_costs_no_save(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	assert_sends(&h, TODAY + YEAR);
	assert_int_equal(h.saves, 2);
}

/* The timestamp was made, the disk was not reached, so nothing was sent. */
static void a_crash_between_save_and_use_loses_nothing(void **state)
{
	struct host h = {0};
	uint8_t lost[TIMESTAMP_LEN];

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	assert_true(tai64n_next(&h.clock, TODAY + 2 * HOUR, lost));
	boot(&h);			/* not saved, not sent */
	assert_sends(&h, TODAY + SECOND);

	assert_true(tai64n_next(&h.clock, TODAY + 2 * HOUR, lost));
	h.disk = h.clock.reserved;	/* saved, not sent */
	boot(&h);
	assert_sends(&h, TODAY + SECOND);
}

static void after_a_crash_everything_sent_lies_below(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	for (uint64_t t = 0; t < HOUR; t += 7 * SECOND) {
		assert_sends(&h, TODAY + t);
		if (t % (70 * SECOND) == 0)
			boot(&h);
	}
}

static void a_mark_between_two_steps_is_passed(void **state)
{
	struct host h = {.disk = TODAY + 59 * STEP + 1234567};
	uint8_t mark[TIMESTAMP_LEN];

	(void)state;
	tai64n_write(mark, h.disk);
	memcpy(h.last, mark, TIMESTAMP_LEN);
	boot(&h);
	assert_sends(&h, TODAY);
}

/* Were it an hour each time, a night of restarts would lead a year ahead, and
 * a lost state file would then lock the key out for as long. */
static void restarts_do_not_run_far_ahead_of_the_wall_clock(void **state)
{
	struct host h = {0};
	uint64_t wall = TODAY;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		boot(&h);
		assert_sends(&h, wall += SECOND);
	}
	assert_true(h.clock.last < wall + HOUR + 1000 * 61 * SECOND);
}

static void behind_the_mark_3500_timestamps_cost_one_save(void **state)
{
	struct host h = {0};

	(void)state;
	boot(&h);
	assert_sends(&h, TODAY);
	boot(&h);
	h.saves = 0;
	for (int i = 0; i < 35000; i++)
		assert_sends(&h, 0);
	assert_in_range(h.saves, 9, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_of_1970_is_ten_seconds_after_2_to_the_62),
		cmocka_unit_test(the_low_24_bits_of_the_nanoseconds_are_cleared),
		cmocka_unit_test(the_greatest_number_can_be_written),
		cmocka_unit_test(next_gives_the_wall_clock_whitened),
		cmocka_unit_test(a_hundred_thousand_at_one_moment_rise_strictly),
		cmocka_unit_test(a_hundred_thousand_a_millisecond_apart_rise_strictly),
		cmocka_unit_test(a_clock_that_is_set_back_does_not_matter),
		cmocka_unit_test(a_boot_in_1970_goes_on_after_the_mark),
		cmocka_unit_test(without_a_mark_1970_is_good_enough),
		cmocka_unit_test(a_clock_that_was_ten_years_ahead_is_survived),
		cmocka_unit_test(the_end_of_time_is_not_the_end_of_timestamps),
		cmocka_unit_test(the_first_timestamp_must_be_saved_first),
		cmocka_unit_test(a_day_of_use_costs_one_save_per_hour),
		cmocka_unit_test(no_use_costs_no_save),
		cmocka_unit_test(a_crash_between_save_and_use_loses_nothing),
		cmocka_unit_test(after_a_crash_everything_sent_lies_below),
		cmocka_unit_test(a_mark_between_two_steps_is_passed),
		cmocka_unit_test(restarts_do_not_run_far_ahead_of_the_wall_clock),
		cmocka_unit_test(behind_the_mark_3500_timestamps_cost_one_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
