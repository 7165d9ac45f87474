/* control_test.c -- a real UNIX socket, and all kinds of people at its other end.
 *
 * The daemon's side runs here, one turn of the loop at a time; a client is a
 * plain descriptor, or a child that is somebody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "io/control.h"
#include "io/peercred.h"
#include "scratch.h"

enum { NOBODY = 65534, REPLY_MAX = 1 << 16 };

/* The linker puts this in the place of uv_timer_start() (--wrap). */
static bool in_a_hurry;
static uint64_t last_timeout;
int __real_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);

int __wrap_uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
	last_timeout = timeout;
	return __real_uv_timer_start(timer, cb, in_a_hurry ? timeout / 100 : timeout, repeat);
}

static uv_loop_t loop;
static struct control *control;
static unsigned answered, waits, stopped, pings, pings_ended, left_alone;
static bool connected, pong, enough;
static uint64_t happened;	/* the number of the latest event */
static unsigned told;
static size_t reply_padding;

static void pad(json_t *reply)
{
	char *text = reply_padding ? test_calloc(1, reply_padding + 1) : NULL;

	if (!text)
		return;
	memset(text, 'x', reply_padding);
	json_object_set_new(reply, "padding", json_string(text));
	test_free(text);
}

static json_t *answer(void *context, const struct ctl_request *request)
{
	json_t *reply = ctl_ok();

	(void)context;
	answered++;
	json_object_set_new(reply, "verb", json_string(ctl_verb_name(request->verb)));
	pad(reply);
	return reply;
}

static void wait_begins(void *context)
{
	(void)context;
	waits++;
}

static bool is_connected(void *context)
{
	(void)context;
	return connected;
}

enum { PING_ID = 4711 };

static bool ping_begins(void *context, const struct ctl_request *request, uint64_t *id,
			json_t **reply)
{
	bool known = strcmp(request->peer, "nobody") != 0;

	(void)context;
	*id = PING_ID;
	*reply = known ? NULL : ctl_error(EXIT_UNKNOWN, "nobody");
	pings += known;
	return known;
}

static bool is_answered(void *context, uint64_t id)
{
	(void)context;
	assert_int_equal(id, PING_ID);
	return pong;
}

static json_t *ping_reply(void *context, uint64_t id)
{
	(void)context;
	assert_int_equal(id, PING_ID);
	return json_pack("{s:b, s:b}", "ok", 1, "answered", pong);
}

static void ping_ends(void *context, uint64_t id)
{
	(void)context;
	assert_int_equal(id, PING_ID);
	pings_ended++;
}

static bool events(void *context, const struct ctl_request *request, uint64_t *next,
		   json_t **reply, bool *last)
{
	(void)context;
	assert_string_equal(request->peer, "laptop");
	if (*next > happened)
		return false;
	*next = happened + 1;
	*reply = json_pack("{s:b, s:I}", "ok", 1, "to", (json_int_t)happened);
	pad(*reply);
	*last = *last || enough;
	told++;
	return true;
}

static void stop(void *context)
{
	(void)context;
	stopped++;
}

static void all_left(void *context)
{
	(void)context;
	left_alone++;
}

static const struct control_hooks hooks = {
	.answer = answer,
	.wait_begins = wait_begins,
	.is_connected = is_connected,
	.ping_begins = ping_begins,
	.is_answered = is_answered,
	.ping_reply = ping_reply,
	.ping_ends = ping_ends,
	.events = events,
	.stop = stop,
	.all_left = all_left,
};

static int set_up(void **state)
{
	char error[512];

	if (scratch_begin(state))
		return -1;
	answered = waits = stopped = pings = pings_ended = left_alone = 0;
	connected = pong = enough = false;
	happened = told = 0;
	reply_padding = 0;
	in_a_hurry = false;
	uv_loop_init(&loop);
	signal(SIGPIPE, SIG_IGN);
	return control_open(&control, &loop, scratch_path("run/home.sock"), &hooks, error);
}

static int tear_down(void **state)
{
	control_close(control);
	control = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop))
		return -1;
	return scratch_end(state);
}

/* -- clients -------------------------------------------------------------- */

/* -1: nobody listens, or (EAGAIN) too many knock at once. */
static int try_dial(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", scratch_path("run/home.sock"));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int dial(void)
{
	int fd;

	while ((fd = try_dial()) < 0 && errno == EAGAIN)
		uv_run(&loop, UV_RUN_ONCE);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Run the loop until a whole line came or the other side hung up. NULL: hung up. */
static const char *hear(int fd)
{
	static char text[REPLY_MAX];
	size_t len = 0;

	for (;;) {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);

		if (n > 0) {
			len += (size_t)n;
			text[len] = '\0';
			if (text[len - 1] == '\n')
				return text;
		} else if (n == 0 || errno != EAGAIN) {
			return NULL;
		} else {
			uv_run(&loop, UV_RUN_ONCE);
		}
	}
}

static int code_in(const char *reply)
{
	json_t *object = reply ? json_loads(reply, 0, NULL) : NULL;
	int code = (int)json_integer_value(json_object_get(object, "code"));

	json_decref(object);
	return code;
}

static void assert_ok(const char *reply)
{
	assert_non_null(reply);
	assert_non_null(strstr(reply, "\"ok\":true"));
}

static const char *ask(const char *line)
{
	int fd = dial();
	const char *reply;

	assert_true(fd >= 0);
	say(fd, line);
	reply = hear(fd);
	close(fd);
	return reply;
}

#define STATUS "{\"verb\":\"status\"}\n"
#define DOWN "{\"verb\":\"down\"}\n"

/* -- questions and answers ------------------------------------------------ */

static void answers_a_line_and_hangs_up(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, STATUS);
	assert_string_equal(hear(fd), "{\"ok\":true,\"verb\":\"status\"}\n");
	assert_null(hear(fd));
	close(fd);
}

static void run_until_left_alone(void)
{
	while (!left_alone)
		uv_run(&loop, UV_RUN_ONCE);
}

static void tells_when_the_last_has_left(void **state)
{
	int stays = dial();

	(void)state;
	assert_ok(ask(STATUS));
	assert_ok(ask(STATUS));
	assert_int_equal(left_alone, 0);
	close(stays);
	run_until_left_alone();
	assert_int_equal(left_alone, 1);
	left_alone = 0;
	assert_ok(ask(STATUS));
	run_until_left_alone();
}

static void a_line_may_come_in_pieces(void **state)
{
	static const char line[] = STATUS;
	int fd = dial();

	(void)state;
	for (size_t i = 0; i < sizeof(line) - 1; i++) {
		assert_int_equal(send(fd, line + i, 1, 0), 1);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_ok(hear(fd));
	close(fd);
}

static void who_shuts_its_side_still_gets_the_answer(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, STATUS);
	shutdown(fd, SHUT_WR);
	assert_ok(hear(fd));
	close(fd);
}

static void junk_gets_a_sentence_and_changes_nothing(void **state)
{
	static const char *const junk[] = {
		"\n", "hello\n", "{}\n", "{\"verb\":\"format\"}\n", "GET / HTTP/1.0\r\n\r\n",
		"\xff\xfe\x01\n", "{\"verb\":\"down\",\"now\":true}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++)
		assert_int_equal(code_in(ask(junk[i])), EXIT_USAGE);
	assert_int_equal(answered, 0);
	assert_int_equal(stopped, 0);
	assert_ok(ask(STATUS));
}

static void a_line_without_end_is_cut_short(void **state)
{
	char text[CTL_LINE_MAX + 2];

	(void)state;
	memset(text, 'x', CTL_LINE_MAX + 1);
	text[CTL_LINE_MAX + 1] = '\0';
	assert_int_equal(code_in(ask(text)), EXIT_USAGE);
	assert_ok(ask(STATUS));
}

static void the_longest_line_is_taken(void **state)
{
	char text[CTL_LINE_MAX + 2];

	(void)state;
	memset(text, ' ', CTL_LINE_MAX);
	memcpy(text, STATUS, strlen(STATUS) - 1);
	memcpy(text + CTL_LINE_MAX, "\n", 2);
	assert_ok(ask(text));
}

static void who_hangs_up_in_the_middle_harms_nobody(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "{\"verb\":");
	uv_run(&loop, UV_RUN_NOWAIT);
	close(fd);
	fd = dial();
	reply_padding = 4096;
	say(fd, STATUS);
	close(fd);		/* does not take the answer */
	assert_ok(ask(STATUS));
}

static void who_says_nothing_is_sent_away(void **state)
{
	int fd = dial();

	(void)state;
	in_a_hurry = true;
	assert_null(hear(fd));
	assert_int_equal(last_timeout, CONTROL_PATIENCE);
	close(fd);
}

static void who_does_not_take_the_answer_is_sent_away(void **state)
{
	struct pollfd p = {.fd = dial(), .events = POLLRDHUP};

	(void)state;
	in_a_hurry = true;
	reply_padding = 4 << 20;	/* more than a socket holds */
	say(p.fd, STATUS);
	while (poll(&p, 1, 0) == 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(answered, 1);
	close(p.fd);
}

static void down_stops_after_its_reply(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, DOWN);
	assert_ok(hear(fd));
	assert_null(hear(fd));
	assert_int_equal(stopped, 1);
	close(fd);
}

/* -- waiting -------------------------------------------------------------- */

static void wait_is_answered_when_all_are_connected(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "{\"verb\":\"wait\",\"seconds\":60}\n");
	while (!waits)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(control_has_waiting(control));
	control_check(control);
	assert_true(control_has_waiting(control));
	assert_ok(ask(STATUS));
	connected = true;
	control_check(control);
	assert_false(control_has_waiting(control));
	assert_ok(hear(fd));
	close(fd);
}

static void wait_is_answered_at_once_if_they_are_already(void **state)
{
	(void)state;
	connected = true;
	assert_ok(ask("{\"verb\":\"wait\",\"seconds\":60}\n"));
}

static void wait_ends_when_its_time_is_up(void **state)
{
	(void)state;
	assert_int_equal(code_in(ask("{\"verb\":\"wait\",\"seconds\":0}\n")), EXIT_TIMEOUT);
	assert_false(control_has_waiting(control));
}

static void who_stops_waiting_is_forgotten(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "{\"verb\":\"wait\",\"seconds\":60}\n");
	while (!waits)
		uv_run(&loop, UV_RUN_ONCE);
	close(fd);
	while (control_has_waiting(control))
		uv_run(&loop, UV_RUN_ONCE);
}

/* -- pinging -------------------------------------------------------------- */

#define PING(peer, seconds) "{\"verb\":\"ping\",\"peer\":\"" peer "\",\"seconds\":" seconds "}\n"

/* A client whose ping is under way. */
static int dial_and_ping(void)
{
	int fd = dial();

	say(fd, PING("laptop", "60"));
	while (!pings)
		uv_run(&loop, UV_RUN_ONCE);
	return fd;
}

static void a_ping_is_answered_when_the_pong_is_there(void **state)
{
	int fd = dial_and_ping();

	(void)state;
	control_check(control);
	assert_false(control_has_waiting(control));	/* for all to be connected */
	assert_int_equal(pings_ended, 0);
	pong = true;
	control_check(control);
	control_check(control);
	assert_string_equal(hear(fd), "{\"ok\":true,\"answered\":true}\n");
	assert_null(hear(fd));
	assert_int_equal(pings_ended, 1);
	close(fd);
}

static void a_ping_that_takes_too_long_is_answered_nevertheless(void **state)
{
	(void)state;
	assert_string_equal(ask(PING("laptop", "0")), "{\"ok\":true,\"answered\":false}\n");
	assert_int_equal(pings_ended, 1);
}

static void a_ping_of_nobody_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(code_in(ask(PING("nobody", "60"))), EXIT_UNKNOWN);
	assert_int_equal(pings + pings_ended, 0);
}

static void a_ping_ends_with_who_asked_for_it(void **state)
{
	int fd = dial_and_ping();

	(void)state;
	close(fd);
	while (!pings_ended)
		uv_run(&loop, UV_RUN_ONCE);
	control_check(control);
	assert_int_equal(pings_ended, 1);
}

static void a_ping_ends_with_the_daemon(void **state)
{
	int fd = dial_and_ping();

	(void)state;
	control_close(control);
	control = NULL;
	assert_int_equal(pings_ended, 1);
	assert_null(hear(fd));
	close(fd);
}

/* -- events --------------------------------------------------------------- */

#define EVENTS "{\"verb\":\"events\",\"peer\":\"laptop\"}\n"
#define FOLLOW "{\"verb\":\"events\",\"peer\":\"laptop\",\"follow\":true}\n"

static int dial_and_follow(void)
{
	int fd = dial();

	say(fd, FOLLOW);
	while (!told)
		uv_run(&loop, UV_RUN_ONCE);
	return fd;
}

static void happens(void)
{
	happened++;
	control_check(control);
}

static void events_are_told_once(void **state)
{
	int fd = dial();

	(void)state;
	happened = 7;
	say(fd, EVENTS);
	assert_string_equal(hear(fd), "{\"ok\":true,\"to\":7}\n");
	assert_null(hear(fd));
	close(fd);
}

static void who_follows_hears_what_happens_and_nothing_twice(void **state)
{
	int fd = dial_and_follow();

	(void)state;
	assert_string_equal(hear(fd), "{\"ok\":true,\"to\":0}\n");
	control_check(control);
	for (int i = 0; i < 3; i++) {
		happens();
		control_check(control);
		assert_non_null(hear(fd));
	}
	assert_int_equal(told, 4);
	close(fd);
}

static void who_follows_has_no_time_limit(void **state)
{
	int fd;

	(void)state;
	in_a_hurry = true;
	fd = dial_and_follow();
	assert_non_null(hear(fd));
	for (uv_update_time(&loop); told < 20; uv_run(&loop, UV_RUN_NOWAIT)) {
		usleep(CONTROL_PATIENCE / 100 * 1000 / 10);
		happens();
		assert_non_null(hear(fd));
	}
	close(fd);
}

static void the_last_word_ends_it(void **state)
{
	int fd = dial_and_follow();

	(void)state;
	assert_non_null(hear(fd));
	enough = true;
	happens();
	assert_string_equal(hear(fd), "{\"ok\":true,\"to\":1}\n");
	assert_null(hear(fd));
	happens();
	assert_int_equal(told, 2);
	close(fd);
}

static void who_stops_following_is_forgotten(void **state)
{
	int fd = dial_and_follow();

	(void)state;
	assert_non_null(hear(fd));
	close(fd);
	uv_run(&loop, UV_RUN_ONCE);
	happens();
	assert_int_equal(told, 1);
}

/* Nothing piles up for one who does not read: there is one reply on the way, and no more. */
static void who_follows_too_slowly_is_sent_away(void **state)
{
	struct pollfd p = {.events = POLLRDHUP};

	(void)state;
	in_a_hurry = true;
	reply_padding = 4 << 20;
	p.fd = dial_and_follow();
	for (int i = 0; i < 10; i++)
		happens();
	assert_int_equal(told, 1);
	while (poll(&p, 1, 0) == 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(last_timeout, CONTROL_PATIENCE);
	happens();
	assert_int_equal(told, 1);
	close(p.fd);
}

/* -- crowds --------------------------------------------------------------- */

static void a_crowd_is_told_to_come_back_and_then_served(void **state)
{
	int fds[CONTROL_CONNECTIONS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		fds[i] = dial();
		assert_true(fds[i] >= 0);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	fds[CONTROL_CONNECTIONS_MAX] = dial();
	assert_int_equal(code_in(hear(fds[CONTROL_CONNECTIONS_MAX])), EXIT_FAILED);
	say(fds[0], STATUS);
	assert_ok(hear(fds[0]));
	assert_null(hear(fds[0]));
	assert_ok(ask(STATUS));
	for (size_t i = 0; i <= CONTROL_CONNECTIONS_MAX; i++)
		close(fds[i]);
}

static void a_slow_reader_holds_up_nobody(void **state)
{
	int slow = dial();

	(void)state;
	reply_padding = 4 << 20;
	say(slow, STATUS);
	while (!answered)
		uv_run(&loop, UV_RUN_ONCE);
	reply_padding = 0;
	assert_ok(ask(STATUS));
	close(slow);
}

/* -- who is who ------------------------------------------------------------ */

/* What a child with these groups and this user is told. */
static int code_for(uid_t uid, gid_t gid, size_t groups_len, const gid_t *groups, const char *line)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		char reply[1024];
		int fd;
		ssize_t n;

		if (setgroups(groups_len, groups) || setgid(gid) || setuid(uid))
			_exit(100);
		fd = try_dial();
		fcntl(fd, F_SETFL, 0);
		if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
			_exit(101);
		n = recv(fd, reply, sizeof(reply) - 1, 0);
		if (n <= 0)
			_exit(102);
		reply[n] = '\0';
		_exit(code_in(reply));
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_stranger_may_ask_but_not_change(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(scratch_mode("run/home.sock"), 0666);
	assert_int_equal(scratch_mode("run"), 0755);
	assert_int_equal(code_for(NOBODY, NOBODY, 0, NULL, STATUS), 0);
	assert_int_equal(code_for(NOBODY, NOBODY, 0, NULL, "{\"verb\":\"log\"}\n"), 0);
	assert_int_equal(answered, 2);
	assert_int_equal(code_for(NOBODY, NOBODY, 0, NULL, DOWN), EXIT_PERMISSION);
	assert_int_equal(code_for(NOBODY, NOBODY, 0, NULL, "{\"verb\":\"reload\"}\n"),
			 EXIT_PERMISSION);
	assert_int_equal(code_for(NOBODY, NOBODY, 0, NULL,
				  "{\"verb\":\"log\",\"level\":\"debug\"}\n"), EXIT_PERMISSION);
	assert_int_equal(answered, 2);
	assert_int_equal(stopped, 0);
}

static void strangers_cannot_keep_root_out(void **state)
{
	pid_t pid;
	int ready[2], status;
	char byte;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(100);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 2 * CONTROL_CONNECTIONS_MAX; i++)
			try_dial();
		close(ready[1]);
		pause();
	}
	close(ready[1]);
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	while (read(ready[0], &byte, 1) != 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_ok(ask(STATUS));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(ready[0]);
}

/* Are they let change things who connect with these groups, being nobody? */
static bool stranger_may_change(gid_t gid, size_t groups_len, const gid_t *groups,
				const gid_t *group)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int status, fd, peer;
	pid_t pid;
	bool yes;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", scratch_path("who.sock"));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	chmod(addr.sun_path, 0666);
	listen(fd, 1);
	pid = fork();
	if (pid == 0) {
		int c = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setgroups(groups_len, groups) || setgid(gid) || setuid(NOBODY))
			_exit(100);
		_exit(connect(c, (struct sockaddr *)&addr, sizeof(addr)) ? 101 : 0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	peer = accept(fd, NULL, NULL);
	yes = peercred_may_change(peer, group);
	close(peer);
	close(fd);
	unlink(addr.sun_path);
	return yes;
}

static void members_of_the_group_may_change(void **state)
{
	static const gid_t group = 4711, many[] = {1, 2, 4711, 4}, others[] = {1, 2, 4};

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(stranger_may_change(4711, 0, NULL, &group));
	assert_true(stranger_may_change(NOBODY, 4, many, &group));
	assert_false(stranger_may_change(NOBODY, 3, others, &group));
	assert_false(stranger_may_change(NOBODY, 0, NULL, &group));
	assert_false(stranger_may_change(4711, 4, many, NULL));
}

static void the_daemons_own_user_may_change(void **state)
{
	int fds[2];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(peercred_may_change(fds[0], NULL));
	assert_int_equal(seteuid(0), 0);
	close(fds[0]);
	assert_false(peercred_may_change(fds[0], NULL));	/* no socket */
	close(fds[1]);
}

static void knows_groups_by_name(void **state)
{
	gid_t gid = 1;

	(void)state;
	assert_true(peercred_find_group(&gid, "root"));
	assert_int_equal(gid, 0);
	assert_false(peercred_find_group(&gid, "nosuchgroup0"));
}

/* -- the file -------------------------------------------------------------- */

static int open_second(char error[static 512])
{
	struct control *second = NULL;
	int err = control_open(&second, &loop, scratch_path("run/home.sock"), &hooks, error);

	control_close(second);
	return err;
}

static void the_socket_is_gone_when_it_closes(void **state)
{
	(void)state;
	control_close(control);
	control = NULL;
	assert_false(scratch_has("run/home.sock"));
	assert_int_equal(dial(), -1);
}

static void a_stale_socket_is_replaced(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char error[512];

	(void)state;
	control_close(control);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", scratch_path("run/home.sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	assert_int_equal(control_open(&control, &loop, addr.sun_path, &hooks, error), 0);
	assert_ok(ask(STATUS));
}

static void a_living_one_is_not(void **state)
{
	char error[512];

	(void)state;
	assert_int_equal(open_second(error), -EADDRINUSE);
	assert_non_null(strstr(error, "another daemon"));
	assert_ok(ask(STATUS));
}

static void no_other_file_is_taken_away(void **state)
{
	char error[512];

	(void)state;
	control_close(control);
	control = NULL;
	scratch_write("run/home.sock", "precious");
	assert_int_equal(open_second(error), -EEXIST);
	assert_non_null(strstr(error, "in the way"));
	assert_string_equal(scratch_read("run/home.sock"), "precious");
}

static void a_path_that_is_too_long_is_said(void **state)
{
	struct control *second = NULL;
	char path[200], error[512];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_open(&second, &loop, path, &hooks, error), -ENAMETOOLONG);
	assert_non_null(strstr(error, "too long"));
}

static void closes_with_people_in_every_state(void **state)
{
	int silent = dial(), waiting = dial(), slow = dial(), following = dial_and_follow();

	(void)state;
	say(waiting, "{\"verb\":\"wait\",\"seconds\":60}\n");
	reply_padding = 4 << 20;
	say(slow, STATUS);
	while (!waits || !answered)
		uv_run(&loop, UV_RUN_ONCE);
	control_close(control);
	control = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	close(silent);
	close(waiting);
	close(slow);
	close(following);
}

int main(void)
{
#define with_control(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_control(answers_a_line_and_hangs_up),
		with_control(tells_when_the_last_has_left),
		with_control(a_line_may_come_in_pieces),
		with_control(who_shuts_its_side_still_gets_the_answer),
		with_control(junk_gets_a_sentence_and_changes_nothing),
		with_control(a_line_without_end_is_cut_short),
		with_control(the_longest_line_is_taken),
		with_control(who_hangs_up_in_the_middle_harms_nobody),
		with_control(who_says_nothing_is_sent_away),
		with_control(who_does_not_take_the_answer_is_sent_away),
		with_control(down_stops_after_its_reply),
		with_control(wait_is_answered_when_all_are_connected),
		with_control(wait_is_answered_at_once_if_they_are_already),
		with_control(wait_ends_when_its_time_is_up),
		with_control(who_stops_waiting_is_forgotten),
		with_control(a_ping_is_answered_when_the_pong_is_there),
		with_control(a_ping_that_takes_too_long_is_answered_nevertheless),
		with_control(a_ping_of_nobody_is_refused_at_once),
		with_control(a_ping_ends_with_who_asked_for_it),
		with_control(a_ping_ends_with_the_daemon),
		with_control(events_are_told_once),
		with_control(who_follows_hears_what_happens_and_nothing_twice),
		with_control(who_follows_has_no_time_limit),
		with_control(the_last_word_ends_it),
		with_control(who_stops_following_is_forgotten),
		with_control(who_follows_too_slowly_is_sent_away),
		with_control(a_crowd_is_told_to_come_back_and_then_served),
		with_control(a_slow_reader_holds_up_nobody),
		with_control(a_stranger_may_ask_but_not_change),
		with_control(strangers_cannot_keep_root_out),
		with_control(members_of_the_group_may_change),
		with_control(the_daemons_own_user_may_change),
		with_control(knows_groups_by_name),
		with_control(the_socket_is_gone_when_it_closes),
		with_control(a_stale_socket_is_replaced),
		with_control(a_living_one_is_not),
		with_control(no_other_file_is_taken_away),
		with_control(a_path_that_is_too_long_is_said),
		with_control(closes_with_people_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
