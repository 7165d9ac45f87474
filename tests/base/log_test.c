/* log_test.c -- who hears which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static int lines;
static enum log_level last_level;
static char last_line[2048];

static void keep(enum log_level level, const char *line)
{
	lines++;
	last_level = level;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

static int fresh(void **state)
{
	(void)state;
	lines = 0;
	log_to(keep, LOG_INFO);
	return 0;
}

static void a_line_reaches_the_sink_formatted(void **state)
{
	(void)state;
	log_warn("%s has %d", "peer", 3);
	assert_int_equal(lines, 1);
	assert_int_equal(last_level, LOG_WARN);
	assert_string_equal(last_line, "peer has 3");
}

static void lines_above_the_highest_level_are_dropped(void **state)
{
	(void)state;
	for (int highest = LOG_ERROR; highest < LOG_LEVELS; highest++) {
		log_to(keep, (enum log_level)highest);
		assert_int_equal(log_level(), highest);
		lines = 0;
		log_error("e");
		log_warn("w");
		log_info("i");
		log_debug("d");
		log_trace("t");
		assert_int_equal(lines, highest + 1);
		assert_int_equal(last_level, highest);
	}
}

static void without_a_sink_nothing_happens(void **state)
{
	(void)state;
	log_to(NULL, LOG_TRACE);
	log_error("%s", "nobody listens");
	assert_int_equal(lines, 0);
}

static void a_long_line_is_cut(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	assert_int_equal(lines, 1);
	assert_int_equal(strlen(last_line), 511);
	assert_memory_equal(last_line, text, 511);
}

static void levels_have_names_and_other_words_are_none(void **state)
{
	static const char *const bad[] = {"", "Error", "warning", "info ", "5", "tracee"};
	enum log_level level = LOG_WARN;

	(void)state;
	for (int i = 0; i < LOG_LEVELS; i++) {
		assert_true(log_level_parse(&level, log_level_name((enum log_level)i)));
		assert_int_equal(level, i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(log_level_parse(&level, bad[i]));
		assert_int_equal(level, LOG_TRACE);		/* left alone */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_reaches_the_sink_formatted, fresh),
		cmocka_unit_test_setup(lines_above_the_highest_level_are_dropped, fresh),
		cmocka_unit_test_setup(without_a_sink_nothing_happens, fresh),
		cmocka_unit_test_setup(a_long_line_is_cut, fresh),
		cmocka_unit_test_setup(levels_have_names_and_other_words_are_none, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
