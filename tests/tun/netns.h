/* netns.h -- a network of its own for each test: nothing but lo, and that down.
 *
 * What our code did is looked at with ip(8) and /proc, never with our code.
 */
#ifndef TESTS_TUN_NETNS_H
#define TESTS_TUN_NETNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>

#include "base/log.h"
#include "tun/tun.h"

enum { OUTPUT_MAX = 16384, LOGGED_MAX = 8192 };

static char logged[LOGGED_MAX];	/* every warning since the test began, a line each */

static void remember_line(enum log_level level, const char *line)
{
	size_t len = strlen(logged);

	if (level <= LOG_WARN)
		snprintf(logged + len, sizeof(logged) - len, "%s\n", line);
}

/* Setup of each test. */
static inline int fresh_netns(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		print_error("cannot make a network namespace (%s): run this test as root\n",
			    strerror(errno));
		return -1;
	}
	logged[0] = '\0';
	log_to(remember_line, LOG_WARN);
	return 0;
}

#define netns_test(f) cmocka_unit_test_setup(f, fresh_netns)

/* Spaces at the end of a line go: ip(8) is free with them. */
static inline void tidy(char *text)
{
	char *out = text;

	for (const char *p = text; *p; p++) {
		while (*p == '\n' && out > text && out[-1] == ' ')
			out--;
		*out++ = *p;
	}
	*out = '\0';
}

/* What a shell command writes; it must succeed. */
static inline const char *output_of(const char *command)
{
	static char out[OUTPUT_MAX];
	FILE *pipe = popen(command, "r");
	size_t len;
	int status;

	assert_non_null(pipe);
	len = fread(out, 1, sizeof(out) - 1, pipe);
	out[len] = '\0';
	status = pclose(pipe);
	if (status)
		fail_msg("%s: status %d", command, status);
	tidy(out);
	return out;
}

static inline void assert_output(const char *command, const char *expected)
{
	assert_string_equal(output_of(command), expected);
}

static inline void run(const char *command)
{
	output_of(command);
}

/* An IPv6 address can be bound to at once, but the kernel makes its local route,
 * without which nothing comes in, in a worker that may be some milliseconds late. */
#define IPV6_SETTLED \
	"for i in $(seq 200); do" \
	"  [ $(wc -l </proc/net/if_inet6) ="  \
	"    $(ip -6 route show table local type local | wc -l) ] && break; sleep 0.01;" \
	"done;"

/* That an IPv6 address is nobody else's is found out by a worker, even if it is not asked. */
#define DAD_DONE \
	"for i in $(seq 500); do ip addr | grep -q tentative || break; sleep 0.01; done;"

static inline void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline struct tun *open_tun(const char *name)
{
	struct tun *tun;

	assert_int_equal(tun_linux_open(&tun, name, OFFLOAD_ALL), 0);
	return tun;
}

#endif
