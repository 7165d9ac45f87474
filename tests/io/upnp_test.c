/* upnp_test.c -- the helper: what it is told, what it says, and what it may do.
 *
 * The program of this test is the helper as well, in several characters: good, mute,
 * talkative, and one that looks at what is left to it in its sandbox.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/sandbox.h"
#include "io/upnp.h"

static const struct mapper_upnp_job job = {
	.gateway = {IP_V4, {192, 168, 1, 1}},
	.ifindex = 2,
	.proto = PORTMAP_UDP,
	.self = {{IP_V4, {192, 168, 1, 100}}, 41999, 0},
	.ports = {41999, 20001, 20002, 20003},
	.lease = 3600,
};

static const struct mapper_upnp_result result = {
	.ok = true,
	.external = {{IP_V4, {203, 0, 113, 4}}, 42000, 0},
	.lease = 3600,
};

/* -- as the helper --------------------------------------------------------- */

static void say(const struct mapper_upnp_result *r)
{
	uint8_t answer[UPNP_ANSWER_LEN];

	upnp_write_answer(answer, r);
	if (write(STDOUT_FILENO, answer, sizeof(answer)) != sizeof(answer))
		_exit(9);
}

/* Its number is the first thing that is wrong; 0: nothing. */
static uint16_t look_around(void)
{
	if (sandbox_enter(10))
		return 1;
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)	/* the filter says EPERM, or it is 1 */
		return 3;
	if (fork() >= 0)
		return 4;
	if (close(3) == 0)
		return 5;
	if (setuid(0) == 0 || open("/etc/shadow", O_RDONLY) >= 0)
		return 6;
	if (socket(AF_INET, SOCK_DGRAM, 0) < 0)
		return 7;
	return 0;
}

/* The gateway tells which character: 192.168.1.N. */
static int helper(int words_len, char **words)
{
	struct mapper_upnp_job got;
	struct mapper_upnp_result r = result;

	if (!upnp_read_job(&got, words_len, words))
		return 9;
	switch (got.gateway.bytes[3]) {
	case 1:
		say(&r);
		return memcmp(got.ports, job.ports, sizeof(job.ports)) != 0;
	case 2:
		return 0;
	case 3:
		say(&r);
		say(&r);
		return 0;
	case 4:
		pause();
		return 0;
	case 5:
		r.error = look_around();
		say(&r);
		_exit(0);
	}
	return 9;
}

/* -- as its parent --------------------------------------------------------- */

static uv_loop_t loop;
static struct mapper_upnp_result heard;
static unsigned answers;

static void on_done(void *context, const struct mapper_upnp_result *r)
{
	assert_ptr_equal(context, &heard);
	heard = *r;
	answers++;
}

static struct upnp_process *start(uint8_t character)
{
	struct mapper_upnp_job changed = job;
	struct upnp_process *p;

	changed.gateway.bytes[3] = character;
	answers = 0;
	memset(&heard, 0, sizeof(heard));
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(upnp_start(&p, &loop, "/proc/self/exe", &changed, on_done, &heard), 0);
	return p;
}

static void run_out(void)
{
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_job_is_read_as_it_was_written(void **state)
{
	char text[UPNP_WORDS][UPNP_WORD_TEXT], *words[UPNP_WORDS];
	struct mapper_upnp_job deletes = job, got;

	(void)state;
	upnp_write_job(text, words, &job);
	assert_true(upnp_read_job(&got, UPNP_WORDS - 1, words));
	assert_memory_equal(&got, &job, sizeof(job));
	deletes.deletes = true;
	deletes.proto = PORTMAP_TCP;
	upnp_write_job(text, words, &deletes);
	assert_true(upnp_read_job(&got, UPNP_WORDS - 1, words));
	assert_memory_equal(&got, &deletes, sizeof(job));
}

static void a_word_that_is_wrong_or_missing_is_no_job(void **state)
{
	char text[UPNP_WORDS][UPNP_WORD_TEXT], *words[UPNP_WORDS], wrong[] = "-1";
	struct mapper_upnp_job got;

	(void)state;
	for (int i = 0; i < UPNP_WORDS - 1; i++) {
		upnp_write_job(text, words, &job);
		assert_false(upnp_read_job(&got, i, words));
		words[i] = wrong;
		assert_false(upnp_read_job(&got, UPNP_WORDS - 1, words));
	}
}

static void an_answer_is_read_as_it_was_written(void **state)
{
	uint8_t answer[UPNP_ANSWER_LEN + 1];
	struct mapper_upnp_result got;

	(void)state;
	upnp_write_answer(answer, &result);
	assert_true(upnp_read_answer(&got, bytes_of(answer, UPNP_ANSWER_LEN)));
	assert_memory_equal(&got, &result, sizeof(got));
	for (size_t len = 0; len < UPNP_ANSWER_LEN; len++)
		assert_false(upnp_read_answer(&got, bytes_of(answer, len)));
	assert_false(upnp_read_answer(&got, bytes_of(answer, UPNP_ANSWER_LEN + 1)));
	answer[0] = 2;
	assert_false(upnp_read_answer(&got, bytes_of(answer, UPNP_ANSWER_LEN)));
}

static void the_helper_is_given_the_job_and_its_answer_comes(void **state)
{
	(void)state;
	start(1);
	run_out();
	assert_int_equal(answers, 1);
	assert_memory_equal(&heard, &result, sizeof(heard));
}

static void one_that_says_nothing_or_too_much_has_failed(void **state)
{
	(void)state;
	for (uint8_t character = 2; character <= 3; character++) {
		start(character);
		run_out();
		assert_int_equal(answers, 1);
		assert_false(heard.ok);
	}
}

static void one_that_hangs_is_ended_at_once_and_says_no_more(void **state)
{
	struct upnp_process *p = start(4);
	msec before = clock_now();

	(void)state;
	uv_run(&loop, UV_RUN_NOWAIT);
	upnp_cancel(p);
	run_out();
	assert_int_equal(answers, 0);
	assert_true(clock_now() - before < 2000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* there is no child, nor a zombie */
}

static void in_the_sandbox_there_is_nothing_to_be_had(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	start(5);
	run_out();
	assert_int_equal(answers, 1);
	assert_true(heard.ok);
	assert_int_equal(heard.error, 0);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
	struct upnp_process *p;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(upnp_start(&p, &loop, "/nowhere/p2pnet", &job, on_done, &heard), -ENOENT);
	run_out();
}

#define test(f) cmocka_unit_test(f)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(a_job_is_read_as_it_was_written),
		test(a_word_that_is_wrong_or_missing_is_no_job),
		test(an_answer_is_read_as_it_was_written),
		test(the_helper_is_given_the_job_and_its_answer_comes),
		test(one_that_says_nothing_or_too_much_has_failed),
		test(one_that_hangs_is_ended_at_once_and_says_no_more),
		test(in_the_sandbox_there_is_nothing_to_be_had),
		test(a_program_that_is_not_there_is_an_error),
	};

	if (argc > 2 && strcmp(argv[1], UPNP_HELPER) == 0)
		return helper(argc - 2, argv + 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
