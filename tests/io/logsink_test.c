/* logsink_test.c -- lines as a person or the journal likes them, and not too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "base/msec.h"
#include "io/logsink.h"
#include "scratch.h"

/* The linker puts this in the place of clock_now() (--wrap). */
static msec now = 1000;
msec __wrap_clock_now(void);

msec __wrap_clock_now(void)
{
	return now;
}

/* And these in the place of syslog(3): the last line. */
static int last_priority;
static char last_line[1024];
void __wrap_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap_openlog(const char *ident, int option, int facility);

void __wrap_syslog(int priority, const char *format, ...)
{
	va_list args;

	last_priority = priority;
	va_start(args, format);
	vsnprintf(last_line, sizeof(last_line), format, args);
	va_end(args);
}

void __wrap_openlog(const char *ident, int option, int facility)
{
	(void)option;
	(void)facility;
	assert_string_equal(ident, "p2pnet");
}

static int real_stderr = -1;

static int redirect(void **state)
{
	int fd;

	if (scratch_begin(state))
		return -1;
	unsetenv("JOURNAL_STREAM");
	real_stderr = dup(STDERR_FILENO);
	fd = open(scratch_path("log"), O_RDWR | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return 0;
}

static int restore(void **state)
{
	log_to(NULL, LOG_ERROR);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	return scratch_end(state);
}

static unsigned lines_of(const char *word)
{
	FILE *f = fopen(scratch_path("log"), "r");
	char line[1024];
	unsigned n = 0;

	while (fgets(line, sizeof(line), f))
		n += strstr(line, word) != NULL;
	fclose(f);
	return n;
}

static void a_person_gets_time_level_and_net(void **state)
{
	const char *text;

	(void)state;
	logsink_start(LOG_INFO, "home");
	log_warn("laptop: %s", "gone");
	text = scratch_read("log");
	assert_true(isdigit((unsigned char)text[0]));
	assert_string_equal(text + strlen("2026-01-02 03:04:05"), " warn  home: laptop: gone\n");
}

static void the_journal_gets_priorities_and_no_time(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev,
		 (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	logsink_start(LOG_TRACE, NULL);
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	log_trace("e");
	assert_string_equal(scratch_read("log"), "<3>a\n<4>b\n<6>c\n<7>d\n<7>e\n");
}

static void syslog_gets_the_priority_apart_and_stderr_nothing(void **state)
{
	(void)state;
	logsink_start_syslog(LOG_INFO, "home");
	log_warn("laptop: gone\n");
	assert_int_equal(last_priority, 4);
	assert_string_equal(last_line, "home: laptop: gone ");
	logsink_set_level(LOG_TRACE);
	log_trace("x");
	assert_int_equal(last_priority, 7);
	assert_int_equal(lines_of(""), 0);
}

static void a_stderr_that_was_redirected_is_no_journal(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	logsink_start(LOG_INFO, NULL);
	log_info("c");
	assert_null(strstr(scratch_read("log"), "<6>"));
}

static void says_nothing_below_its_level_and_the_level_may_change(void **state)
{
	(void)state;
	logsink_start(LOG_INFO, NULL);
	log_debug("quiet");
	logsink_set_level(LOG_DEBUG);
	log_debug("loud");
	assert_int_equal(lines_of("quiet"), 0);
	assert_int_equal(lines_of("loud"), 1);
	assert_int_equal(log_level(), LOG_DEBUG);
}

static void a_flood_is_cut_and_what_was_left_out_is_said_once(void **state)
{
	(void)state;
	now = 5000;
	logsink_start(LOG_DEBUG, NULL);
	for (int i = 0; i < 250; i++)
		log_debug("flood");
	assert_int_equal(lines_of("flood"), 100);
	log_info("another level is not cut");
	assert_int_equal(lines_of("another"), 1);
	now += 999;
	log_debug("flood");
	assert_int_equal(lines_of("flood"), 100);
	now += 1;
	log_debug("flood");
	log_debug("flood");
	assert_int_equal(lines_of("flood"), 102);
	assert_int_equal(lines_of("151 more debug lines were left out"), 1);
	assert_int_equal(lines_of("left out"), 1);
}

static void a_line_cannot_pretend_to_be_two(void **state)
{
	(void)state;
	logsink_start(LOG_INFO, NULL);
	log_info("one\n<3>two\x1b[31m");
	assert_int_equal(lines_of(""), 1);
	assert_null(strchr(scratch_read("log"), '\x1b'));
}

static void a_line_that_is_too_long_is_cut(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	logsink_start(LOG_INFO, "home");
	log_info("%s", text);
	assert_int_equal(lines_of("xxxx"), 1);
	assert_true(strlen(scratch_read("log")) < 640);
}

int main(void)
{
#define redirected(test) cmocka_unit_test_setup_teardown(test, redirect, restore)
	const struct CMUnitTest tests[] = {
		redirected(a_person_gets_time_level_and_net),
		redirected(the_journal_gets_priorities_and_no_time),
		redirected(syslog_gets_the_priority_apart_and_stderr_nothing),
		redirected(a_stderr_that_was_redirected_is_no_journal),
		redirected(says_nothing_below_its_level_and_the_level_may_change),
		redirected(a_flood_is_cut_and_what_was_left_out_is_said_once),
		redirected(a_line_cannot_pretend_to_be_two),
		redirected(a_line_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
