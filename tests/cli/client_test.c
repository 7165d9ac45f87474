/* client_test.c -- ask a net that is not there, that errs, that says nothing.
 *
 *   client_ask() ---> socket in a temporary directory <--- a child that plays
 *                                                          the daemon's part
 */
#include "cli/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/client.h"
#include "ctl/report.h"

struct stage {
	char dir[64];
	struct place place;
	int listener;
	pid_t player;
};

static const struct ctl_request status = {.verb = CTL_STATUS};

static int set_up(void **state)
{
	static struct stage s;
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	s = (struct stage){.dir = "/tmp/p2pnet-client-XXXXXX", .place = {.net = "home"}};
	if (!mkdtemp(s.dir))
		return -1;
	snprintf(s.place.socket, sizeof(s.place.socket), "%s/home.sock", s.dir);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/home.sock", s.dir);
	s.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(s.listener, (struct sockaddr *)&to, sizeof(to)) || listen(s.listener, 4))
		return -1;
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	if (s->player > 0)
		waitpid(s->player, NULL, 0);
	close(s->listener);
	unlink(s->place.socket);
	return rmdir(s->dir);
}

/* One connection: read a line, say `reply` in pieces, and close. */
static void play(struct stage *s, const char *reply)
{
	char line[256];
	int fd;

	s->player = fork();
	if (s->player)
		return;
	fd = accept(s->listener, NULL, NULL);
	if (read(fd, line, sizeof(line)) <= 0 || strncmp(line, "{\"verb\":\"status\"}\n", 18) != 0)
		_exit(1);
	for (size_t left = strlen(reply); left;) {
		size_t n = left < 1000 ? left : 1000;

		if (write(fd, reply, n) != (ssize_t)n)
			_exit(1);
		reply += n;
		left -= n;
	}
	_exit(0);
}

static int ask(struct stage *s, json_t **reply, char error[static CLIENT_ERROR])
{
	*reply = NULL;
	return client_ask(reply, &s->place, &status, 2, error);
}

static void a_reply_that_says_ok_is_handed_on(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "{\"ok\":true,\"net\":\"home\"}\n");
	assert_int_equal(ask(s, &reply, error), EXIT_OK);
	assert_string_equal(report_text(reply, "net", ""), "home");
	json_decref(reply);
}

static void a_reply_may_be_long(void **state)
{
	static char text[100000];
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	snprintf(text, sizeof(text), "{\"ok\":true,\"x\":\"%*s\"}\n", 99000, "y");
	play(s, text);
	assert_int_equal(ask(s, &reply, error), EXIT_OK);
	assert_int_equal(json_string_length(json_object_get(reply, "x")), 99000);
	json_decref(reply);
}

static void a_reply_without_a_newline_counts(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "{\"ok\":true}");
	assert_int_equal(ask(s, &reply, error), EXIT_OK);
	json_decref(reply);
}

static void an_error_comes_with_its_code_and_sentence(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "{\"ok\":false,\"code\":4,\"error\":\"down: try sudo\"}\n");
	assert_int_equal(ask(s, &reply, error), EXIT_PERMISSION);
	assert_string_equal(error, "down: try sudo");
}

static void a_code_that_is_none_is_a_failure(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "{\"ok\":false,\"code\":0}\n");
	assert_int_equal(ask(s, &reply, error), EXIT_FAILED);
	assert_string_equal(error, "the daemon refused, and said not why");
}

static void what_is_no_json_is_not_p2pnet(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "220 mail.example.net\n");
	assert_int_equal(ask(s, &reply, error), EXIT_FAILED);
	assert_non_null(strstr(error, "what answers is not p2pnet"));
}

static void a_daemon_that_closes_without_a_word_is_a_failure(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	play(s, "");
	assert_int_equal(ask(s, &reply, error), EXIT_FAILED);
	assert_non_null(strstr(error, "cannot ask: Connection reset"));
}

static void a_daemon_that_does_not_answer_is_given_up(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply = NULL;

	/* It is connected as soon as it is in the backlog. */
	assert_int_equal(client_ask(&reply, &s->place, &status, 1, error), EXIT_TIMEOUT);
	assert_string_equal(error, "home does not answer; look at its log (journalctl -t p2pnet)");
}

static void no_socket_is_not_running(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	unlink(s->place.socket);
	assert_int_equal(ask(s, &reply, error), EXIT_NOT_RUNNING);
	assert_string_equal(error, "home is not running; start it with: p2pnet up home");
}

static void a_socket_that_was_left_behind_is_not_running(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR];
	json_t *reply;

	close(s->listener);
	assert_int_equal(ask(s, &reply, error), EXIT_NOT_RUNNING);
}

static void a_socket_that_is_not_for_us_is_a_matter_of_permission(void **state)
{
	struct stage *s = *state;
	char error[CLIENT_ERROR] = "";
	json_t *reply;
	int status_of_child;
	pid_t pid = fork();

	/* Root may do all, so somebody else asks. */
	if (pid == 0) {
		chmod(s->place.socket, 0);
		if (geteuid() == 0 && (chmod(s->dir, 0755) || setuid(65534)))
			_exit(99);
		_exit(ask(s, &reply, error));
	}
	waitpid(pid, &status_of_child, 0);
	assert_int_equal(WEXITSTATUS(status_of_child), EXIT_PERMISSION);
}

static void a_path_that_no_socket_can_have_is_a_failure(void **state)
{
	struct stage *s = *state;
	struct place place = s->place;
	char error[CLIENT_ERROR];
	json_t *reply;

	memset(place.socket, 'x', 200);
	place.socket[200] = '\0';
	assert_int_equal(client_ask(&reply, &place, &status, 1, error), EXIT_FAILED);
	assert_non_null(strstr(error, "File name too long"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_reply_that_says_ok_is_handed_on),
		CLAIM(a_reply_may_be_long),
		CLAIM(a_reply_without_a_newline_counts),
		CLAIM(an_error_comes_with_its_code_and_sentence),
		CLAIM(a_code_that_is_none_is_a_failure),
		CLAIM(what_is_no_json_is_not_p2pnet),
		CLAIM(a_daemon_that_closes_without_a_word_is_a_failure),
		CLAIM(a_daemon_that_does_not_answer_is_given_up),
		CLAIM(no_socket_is_not_running),
		CLAIM(a_socket_that_was_left_behind_is_not_running),
		CLAIM(a_socket_that_is_not_for_us_is_a_matter_of_permission),
		CLAIM(a_path_that_no_socket_can_have_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
