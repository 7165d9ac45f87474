/* since_test.c -- points in time that people give, and what is none. */
#include "cli/claims.h"

#include <stdlib.h>

#include "cli/since.h"

enum { NOW = 1767397267 };	/* 2026-01-02T23:41:07Z */

static int set_zone(void **state)
{
	(void)state;
	setenv("TZ", "XST-1", 1);	/* an hour before UTC: 00:41:07 on the 3rd */
	tzset();
	return 0;
}

static void assert_since(const char *text, int64_t seconds)
{
	uint64_t ms;

	if (!since_parse(&ms, text, NOW))
		fail_msg("not taken: %s", text);
	assert_int_equal(ms, (uint64_t)seconds * 1000);
}

static void so_long_ago(void **state)
{
	(void)state;
	assert_since("0s", NOW);
	assert_since("90s", NOW - 90);
	assert_since("10m", NOW - 600);
	assert_since("2h", NOW - 7200);
	assert_since("3d", NOW - 3 * 86400);
}

static void when_the_clock_showed_it_last_here(void **state)
{
	(void)state;
	assert_since("00:41", NOW - 7);
	assert_since("00:41:07", NOW);
	assert_since("00:00", NOW - 41 * 60 - 7);
	/* that was yesterday */
	assert_since("00:41:08", NOW + 1 - 86400);
	assert_since("23:59", NOW - 41 * 60 - 7 - 60);
}

static void rfc_3339(void **state)
{
	(void)state;
	assert_since("2026-01-02T23:41:07Z", NOW);
	assert_since("2026-01-02t23:41:07z", NOW);
	assert_since("2026-01-02 23:41:07Z", NOW);
	assert_since("2026-01-02T23:41:07.123456789Z", NOW);
	assert_since("2026-01-03T00:41:07+01:00", NOW);
	assert_since("2026-01-02T18:11:07-05:30", NOW);
	assert_since("1970-01-01T00:00:00Z", 0);
	assert_since("2026-01-03T00:00:00Z", NOW + 18 * 60 + 53);	/* to come: why not */
	assert_since("2024-02-29T23:59:60+00:00", 1709251200);
}

static void anything_else_is_refused(void **state)
{
	static const char *const table[] = {
		"", " ", "10", "m", "10 m", "10m ", "10M", "10min", "-10m", "+10m", "1.5h", "1h30m",
		"9999999999s", "1:00", "24:00", "12:60", "12:0", "12:", ":12", "12:00:61", "12:00:",
		"12:00 ", "12:00Z", "now", "yesterday", "2026-01-02", "2026-01-02T23:41Z",
		"2026-01-02T23:41:07", "2026-01-02T23:41:07+0100", "2026-01-02T23:41:07+01",
		"2026-01-02T23:41:07+24:00", "2026-01-02T23:41:07.Z", "2026-01-02T23:41:07Zx",
		"2026-13-02T23:41:07Z", "2026-00-02T23:41:07Z", "2026-01-32T23:41:07Z",
		"2026-01-00T23:41:07Z", "26-01-02T23:41:07Z", "20260102T234107Z",
		"2026-01-02X23:41:07Z", "1969-12-31T23:59:59Z", "100000d",
	};
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (since_parse(&ms, table[i], NOW))
			fail_msg("taken: '%s'", table[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_long_ago),
		cmocka_unit_test(when_the_clock_showed_it_last_here),
		cmocka_unit_test(rfc_3339),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
