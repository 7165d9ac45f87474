/* marks_test.c -- the state directory: old number or new one, never half of either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/log.h"
#include "io/marks.h"
#include "scratch.h"

static unsigned errors, warnings, infos;

static void count_lines(enum log_level level, const char *line)
{
	(void)line;
	errors += level == LOG_ERROR;
	warnings += level == LOG_WARN;
	infos += level == LOG_INFO;
}

static struct marks opened(void)
{
	struct marks marks;
	char error[512];

	errors = warnings = infos = 0;
	log_to(count_lines, LOG_INFO);
	assert_int_equal(marks_open(&marks, scratch_path("state"), error), 0);
	return marks;
}

static void makes_its_directory_for_its_owner_alone(void **state)
{
	struct marks marks;
	char error[512];

	(void)state;
	assert_int_equal(marks_open(&marks, scratch_path("var/lib/home"), error), 0);
	assert_int_equal(scratch_mode("var/lib/home"), 0700);
	assert_int_equal(scratch_mode("var/lib"), 0755);
	marks_close(&marks);
	marks_close(&marks);
}

static void says_which_directory_cannot_be(void **state)
{
	struct marks marks;
	char error[512] = "";

	(void)state;
	scratch_write("file", "");
	assert_int_equal(marks_open(&marks, scratch_path("file"), error), -ENOTDIR);
	assert_non_null(strstr(error, "/file"));
	assert_int_equal(marks_open(&marks, scratch_path("file/below"), error), -ENOTDIR);
	marks_close(&marks);
}

static void a_new_machine_has_no_mark(void **state)
{
	struct marks marks = opened();

	(void)state;
	assert_int_equal(marks_load(&marks, "clock"), 0);
	assert_int_equal(warnings, 0);
	marks_close(&marks);
}

static void loads_what_was_saved(void **state)
{
	static const uint64_t values[] = {0, 1, 1767323045000000000, INT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct marks marks = opened();

		marks_save(&marks, "clock", values[i]);
		marks_close(&marks);
		marks = opened();
		assert_int_equal(marks_load(&marks, "clock"), values[i]);
		marks_close(&marks);
	}
	assert_int_equal(scratch_mode("state/clock"), 0600);
	assert_false(scratch_has("state/clock.new"));
}

static void garbage_counts_as_none_and_is_said(void **state)
{
	static const char *const garbage[] = {
		"", "\n", "12", "12\n\n", "-1\n", "0x10\n", " 1\n", "1 \n", "clock\n",
		"9223372036854775808\n", "99999999999999999999999999\n", "\xff\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
		struct marks marks = opened();

		scratch_write("state/clock", garbage[i]);
		assert_int_equal(marks_load(&marks, "clock"), 0);
		assert_int_equal(warnings, 1);
		marks_close(&marks);
	}
}

static void half_a_file_beside_it_changes_nothing(void **state)
{
	struct marks marks = opened();

	(void)state;
	marks_save(&marks, "clock", 4711);
	scratch_write("state/clock.new", "99");
	assert_int_equal(marks_load(&marks, "clock"), 4711);
	marks_save(&marks, "clock", 4712);
	assert_string_equal(scratch_read("state/clock"), "4712\n");
	assert_false(scratch_has("state/clock.new"));
	marks_close(&marks);
}

static void does_not_write_through_a_link(void **state)
{
	struct marks marks = opened();

	(void)state;
	scratch_write("victim", "precious");
	assert_int_equal(symlink(scratch_path("victim"), scratch_path("state/clock.new")), 0);
	marks_save(&marks, "clock", 1);
	assert_string_equal(scratch_read("victim"), "precious");
	assert_int_equal(errors, 1);
	marks_close(&marks);
}

static void a_lost_directory_is_said_once_until_it_works_again(void **state)
{
	struct marks marks = opened();

	(void)state;
	/* A directory where the new file should go: no open, no rename. */
	assert_int_equal(mkdir(scratch_path("state/clock.new"), 0700), 0);
	marks_save(&marks, "clock", 1);
	marks_save(&marks, "clock", 2);
	assert_int_equal(errors, 1);
	assert_int_equal(rmdir(scratch_path("state/clock.new")), 0);
	marks_save(&marks, "clock", 3);
	marks_save(&marks, "clock", 4);
	assert_int_equal(infos, 1);
	assert_int_equal(marks_load(&marks, "clock"), 4);
	marks_close(&marks);
}

int main(void)
{
#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)
	const struct CMUnitTest tests[] = {
		in_scratch(makes_its_directory_for_its_owner_alone),
		in_scratch(says_which_directory_cannot_be),
		in_scratch(a_new_machine_has_no_mark),
		in_scratch(loads_what_was_saved),
		in_scratch(garbage_counts_as_none_and_is_said),
		in_scratch(half_a_file_beside_it_changes_nothing),
		in_scratch(does_not_write_through_a_link),
		in_scratch(a_lost_directory_is_said_once_until_it_works_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
