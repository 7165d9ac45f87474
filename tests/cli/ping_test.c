/* ping_test.c -- the command against a daemon that is played, and what it prints.
 *
 *   cli_run() in a child ---> socket in a temporary directory <--- a child that
 *                                                                  plays the daemon
 */
#include "cli/claims.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/ping.h"

#define LAPTOP "\"name\":\"laptop\",\"ips\":[\"fd00::2/128\",\"10.77.0.2/32\"]"
#define YES(ms, how) "{\"ok\":true," LAPTOP ",\"answered\":true,\"rtt_ms\":" ms ",\"path\":{\"proto\":\"udp4\"," \
	"\"remote\":\"198.51.100.7:41999\",\"how\":\"" how "\"},\"why\":null}\n"
#define NO "{\"ok\":true," LAPTOP ",\"answered\":false,\"rtt_ms\":null,\"path\":null,\"why\":\"it is asleep\"}\n"
#define UNKNOWN "{\"ok\":false,\"code\":6,\"error\":\"home has no peer 'laptop'\"}\n"
#define NEVER_COMES ""

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { PATIENCE = 20 };		/* s; then a child that still runs is ended by its alarm */

static char dir[64], socket_path[96], out_path[96], printed[4096];
static int listener, asked[2];

static int set_up(void **state)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	(void)state;
	strcpy(dir, "/tmp/p2pnet-ping-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/home.sock", dir);
	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	strcpy(to.sun_path, socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 4) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(listener);
	unlink(socket_path);
	unlink(out_path);
	return rmdir(dir);
}

/* A byte in the pipe says that the answer which never comes is waited for. */
static void answer_one(const char *reply)
{
	int fd = accept(listener, NULL, NULL);
	char line[256];
	ssize_t n = read(fd, line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	if (!strstr(line, "\"ping\"") || !strstr(line, "\"laptop\""))
		_exit(1);
	if (!*reply && write(asked[1], "?", 1) == 1)
		pause();
	if (write(fd, reply, strlen(reply)) < 0)
		_exit(1);
	close(fd);
}

static pid_t play(const char *const *replies)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(PATIENCE);
	for (; *replies; replies++)
		answer_one(*replies);
	_exit(0);
}

static pid_t start_program(const char *const *options)
{
	const char *argv[16] = {"p2pnet", "ping", "laptop", "-s", socket_path,
				"-n", "home", "-i", "0.2"};
	int argc = 9;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(PATIENCE);
	for (; *options; options++)
		argv[argc++] = *options;
	if (!freopen(out_path, "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(99);
	_exit(cli_run(argc, (char *const *)argv));
}

static void read_what_was_printed(void)
{
	FILE *in = fopen(out_path, "r");

	assert_non_null(in);
	memset(printed, 0, sizeof(printed));
	assert_true(fread(printed, 1, sizeof(printed) - 1, in) < sizeof(printed));
	fclose(in);
}

/* The exit code. `waits`: the last reply never comes, and ^C is pressed instead. */
static int run(const char *const *replies, const char *const *options, bool waits)
{
	pid_t player, program;
	int status = 0;
	char byte;

	assert_int_equal(pipe(asked), 0);
	player = play(replies);
	program = start_program(options);
	close(asked[1]);
	if (waits && read(asked[0], &byte, 1) == 1)
		kill(program, SIGINT);
	waitpid(program, &status, 0);
	kill(player, SIGKILL);
	waitpid(player, NULL, 0);
	close(asked[0]);
	read_what_was_printed();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_to_the_end(const char *const *replies, const char *const *options)
{
	return run(replies, options, false);
}

static int run_until_interrupt(const char *const *replies)
{
	return run(replies, WORDS("-q"), true);
}

static void answers_are_printed_with_their_path(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46.3", "relayed"), YES("9.04", "punched")),
					WORDS("-c", "2")), 0);
	assert_string_equal(printed,
		"reply from laptop (10.77.0.2) via relay udp4 198.51.100.7:41999 (relayed)  46 ms\n"
		"reply from laptop (10.77.0.2) via direct udp4 198.51.100.7:41999 (punched)  9.0 ms\n"
		"2 sent, 2 received, path direct, rtt min/avg/max 9.0/28/46 ms\n");
}

static void one_answer_is_enough_for_code_0(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, YES("0.25", "configured"), NO), WORDS("-c3")), 0);
	assert_string_equal(printed,
		"no reply from laptop (10.77.0.2): it is asleep\n"
		"reply from laptop (10.77.0.2) via direct udp4 198.51.100.7:41999  0.25 ms\n"
		"no reply from laptop (10.77.0.2): it is asleep\n"
		"3 sent, 1 received, path direct\n");
}

static void no_answer_is_code_1(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, NO), WORDS("-c", "2", "-q")), 1);
	assert_string_equal(printed, "2 sent, 0 received\n");
}

static void an_error_is_code_2(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(UNKNOWN), WORDS("-c", "2")), 2);
	assert_string_equal(printed, "");
}

static void until_direct_ends_with_the_first_direct_answer(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46", "relayed"), NO, YES("9", "lan"), NO),
					WORDS("--until-direct", "-q")), 0);
	assert_string_equal(printed,
		"3 sent, 2 received, path direct, rtt min/avg/max 9.0/28/46 ms\n");
}

static void until_direct_fails_if_it_never_was(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46", "relayed"), YES("44", "relayed")),
					WORDS("--until-direct", "-q", "-c", "2")), 1);
	assert_string_equal(printed,
		"2 sent, 2 received, path relay, rtt min/avg/max 44/45/46 ms\n");
}

static void an_interrupt_ends_it_with_the_tally(void **state)
{
	(void)state;
	assert_int_equal(run_until_interrupt(WORDS(YES("9", "lan"), NEVER_COMES)), 0);
	assert_string_equal(printed, "1 sent, 1 received, path direct\n");
	assert_int_equal(run_until_interrupt(WORDS(NEVER_COMES)), 1);
	assert_string_equal(printed, "0 sent, 0 received\n");
}

static void json_is_one_object(void **state)
{
	json_t *report, *replies;

	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, YES("9.5", "lan")), WORDS("-c", "2", "--json")), 0);
	report = json_loads(printed, 0, NULL);
	assert_non_null(report);
	assert_int_equal(json_integer_value(json_object_get(report, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(report, "sent")), 2);
	assert_int_equal(json_integer_value(json_object_get(report, "received")), 1);
	assert_string_equal(json_string_value(json_object_get(report, "path")), "direct");
	replies = json_object_get(report, "replies");
	assert_int_equal(json_array_size(replies), 2);
	assert_null(json_object_get(json_array_get(replies, 0), "ok"));
	json_decref(report);
}

static void a_reply_with_nothing_in_it_prints(void **state)
{
	json_t *reply = json_object();
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	ping_print_reply(out, reply);
	json_object_set_new(reply, "answered", json_true());
	ping_print_reply(out, reply);
	fclose(out);
	assert_string_equal(text, "no reply from ? (-): it did not answer\n"
				  "reply from ? (-) via direct ? ?  0.00 ms\n");
	free(text);
	json_decref(reply);
}

int main(void)
{
#define with_socket(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_socket(answers_are_printed_with_their_path),
		with_socket(one_answer_is_enough_for_code_0),
		with_socket(no_answer_is_code_1),
		with_socket(an_error_is_code_2),
		with_socket(until_direct_ends_with_the_first_direct_answer),
		with_socket(until_direct_fails_if_it_never_was),
		with_socket(an_interrupt_ends_it_with_the_tally),
		with_socket(json_is_one_object),
		cmocka_unit_test(a_reply_with_nothing_in_it_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
