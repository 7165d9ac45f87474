/* report_test.c -- a reader of the report lives with what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/report.h"

static void writes_times_as_rfc3339_in_utc(void **state)
{
	char out[REPORT_TIME_TEXT];

	(void)state;
	assert_string_equal(report_time(out, 0), "1970-01-01T00:00:00Z");
	assert_string_equal(report_time(out, 1767323045), "2026-01-02T03:04:05Z");
	assert_string_equal(report_time_ms(out, 1767323045007), "2026-01-02T03:04:05.007Z");
}

static void has_no_text_for_a_time_that_no_calendar_knows(void **state)
{
	char out[REPORT_TIME_TEXT];

	(void)state;
	assert_string_equal(report_time(out, INT64_MAX), "");
}

static void gives_the_value_or_the_default(void **state)
{
	json_t *o = json_pack("{s:s, s:i, s:n}", "name", "nas", "mtu", 1400, "rtt_ms");

	(void)state;
	assert_string_equal(report_text(o, "name", "-"), "nas");
	assert_string_equal(report_text(o, "missing", "-"), "-");
	assert_string_equal(report_text(o, "mtu", "not a text"), "not a text");
	assert_null(report_text(o, "rtt_ms", NULL));
	assert_int_equal(report_number(o, "mtu", 1), 1400);
	assert_int_equal(report_number(o, "missing", -1), -1);
	assert_int_equal(report_number(o, "name", -1), -1);
	assert_int_equal(report_number(o, "rtt_ms", -1), -1);
	json_decref(o);
}

static void lives_with_a_part_that_is_missing_altogether(void **state)
{
	(void)state;
	assert_string_equal(report_text(NULL, "name", "-"), "-");
	assert_int_equal(report_number(NULL, "mtu", 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_times_as_rfc3339_in_utc),
		cmocka_unit_test(has_no_text_for_a_time_that_no_calendar_knows),
		cmocka_unit_test(gives_the_value_or_the_default),
		cmocka_unit_test(lives_with_a_part_that_is_missing_altogether),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
