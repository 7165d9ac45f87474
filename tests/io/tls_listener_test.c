/* tls_listener_test.c -- a port for strangers, in TLS: who gets in, and what they may cost.
 *
 *   client 0..31 (dialer) --TLS--.
 *                                 listener: notes what comes, and may send it back
 *   plain sockets ---------------'
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "certificates.h"

#include "io/clock.h"
#include "io/dialer.h"
#include "io/sockaddr.h"
#include "io/tls_listener.h"

enum { FIRST = 100, MAX = 20, PATIENCE = 5000, FRAME_MAX = 3000 };

static struct tls_listener *listener;
static struct dialer *dialer;
static msec ahead;
static bool answers;
static size_t datagrams;
static struct path came_by[NODE_STREAMS_MAX];	/* by what the datagram says */
static bool is_open[NODE_STREAMS_MAX];
static unsigned closed;
static enum node_stream_end why;
static char heard[NODE_STREAMS_MAX][8];
static size_t last_len;

static msec now(void)
{
	return clock_now() + ahead;
}

/* -- both sides -------------------------------------------------------------- */

static void on_datagrams(void *context, struct datagram *d, size_t n, msec at)
{
	(void)context;
	datagrams += n;
	for (size_t i = 0; i < n; i++)
		came_by[*d[i].packet.data % NODE_STREAMS_MAX] = d[i].path;
	last_len = d[n - 1].packet.len;
	if (answers)
		tls_listener_send(listener, d, n, at);
}

static void look_up(void *context, const char *host, uint16_t port)
{
	struct endpoint at = {.port = port};

	(void)context;
	ip_parse(&at.ip, "127.0.0.1");
	dialer_resolved(dialer, host, port, &at, 1, now());
}

static void on_opened(void *context, const struct path *path, msec at)
{
	(void)context;
	(void)at;
	is_open[path->via - VIA_STREAM] = true;
}

static void on_answers(void *context, struct datagram *d, size_t n, msec at)
{
	(void)context;
	(void)at;
	for (size_t i = 0; i < n; i++)
		snprintf(heard[d[i].path.via - VIA_STREAM], 8, "%.*s", (int)d[i].packet.len,
			 (const char *)d[i].packet.data);
}

static void on_closed(void *context, uint16_t via, enum node_stream_end end, msec at)
{
	(void)context;
	(void)at;
	is_open[via - VIA_STREAM] = false;
	why = end;
	closed++;
}

static struct tls_listener_settings settings_for_test(const char *name)
{
	char file[64];
	struct tls_listener_settings s = {
		.first_via = FIRST,
		.connections_max = MAX,
		.frame_max = FRAME_MAX,
		.received = on_datagrams,
	};

	ip_parse(&s.at.ip, "127.0.0.1");
	snprintf(file, sizeof(file), "%s.pem", name);
	s.cert_file = scratch_path(file);
	snprintf(file, sizeof(file), "%s.key", name);
	s.key_file = scratch_path(file);
	return s;
}

static int set_up(void **state)
{
	struct tls_listener_settings s = settings_for_test("good");
	struct dialer_settings d = {
		.look_up = look_up,
		.opened = on_opened,
		.received = on_answers,
		.closed = on_closed,
	};
	char error[512];

	(void)state;
	ahead = 0;
	answers = false;
	datagrams = closed = 0;
	memset(heard, 0, sizeof(heard));
	memset(is_open, 0, sizeof(is_open));
	return tls_listener_open(&listener, &s, error) || dialer_new(&dialer, &d);
}

static int tear_down(void **state)
{
	(void)state;
	dialer_free(dialer);
	tls_listener_free(listener);
	return 0;
}

static void turn(void)
{
	struct pollfd fds[2] = {
		{.fd = dialer_fd(dialer), .events = POLLIN},
		{.fd = tls_listener_fd(listener), .events = POLLIN},
	};

	poll(fds, 2, 5);
	dialer_ready(dialer, now());
	dialer_tick(dialer, now());
	tls_listener_ready(listener, now());
	if (tls_listener_due(listener) <= now())
		tls_listener_tick(listener, now());
}

/* Until it holds; fails the test if it never does. */
#define until(condition)                                                  \
	do {                                                              \
		msec give_up = clock_now() + PATIENCE;                    \
		while (!(condition)) {                                    \
			if (clock_now() > give_up)                        \
				fail_msg("never: %s", #condition);        \
			turn();                                           \
		}                                                         \
	} while (0)

static void call(unsigned client)
{
	struct node_stream_target target = {
		.host = "relay.test",
		.port = tls_listener_port(listener),
		.tls = true,
		.ca_file = scratch_path("ca.pem"),
	};

	dialer_open(dialer, (uint16_t)(VIA_STREAM + client), &target, now());
	until(is_open[client]);
}

static void say(unsigned client, const void *text, size_t len)
{
	uint8_t *data = (uint8_t *)text;
	struct datagram d = {.packet = {data, data, len, data + len},
			     .path = {.via = (uint16_t)(VIA_STREAM + client)}};

	dialer_send(dialer, &d, 1, now());
}

static void answer(const struct path *path, const void *text, size_t len)
{
	uint8_t *data = (uint8_t *)text;
	struct datagram d = {.packet = {data, data, len, data + len}, .path = *path};

	tls_listener_send(listener, &d, 1, now());
}

static int plain_call(void)
{
	struct endpoint at = {.port = tls_listener_port(listener)};
	union sockaddr_any name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	ip_parse(&at.ip, "127.0.0.1");
	len = sockaddr_write(&name, &at);
	assert_int_equal(connect(fd, &name.any, len), 0);
	return fd;
}

static bool is_closed(int fd)
{
	char c[512];
	ssize_t n = recv(fd, c, sizeof(c), MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* -- who gets in ------------------------------------------------------------- */

static void each_has_a_number_and_gets_its_own_answers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		char text[] = {(char)i, 'x', '\0'};

		call(i);
		say(i, text, 2);
		until(datagrams == i + 1);
	}
	assert_int_equal(tls_listener_connections(listener), 5);
	for (unsigned i = 0; i < 5; i++) {
		char text[] = {(char)('a' + i), '\0'};

		assert_int_equal(came_by[i].via, FIRST + i);
		answer(&came_by[i], text, 1);
		until(heard[i][0]);
		assert_string_equal(heard[i], text);
	}
	assert_int_equal(tls_listener_counter(listener, STREAM_NO_STREAM), 0);
}

static void what_is_for_one_who_has_gone_is_not_for_the_next(void **state)
{
	struct path gone;

	(void)state;
	call(0);
	say(0, "\0", 1);
	until(datagrams == 1);
	gone = came_by[0];
	dialer_close(dialer, VIA_STREAM);
	until(tls_listener_connections(listener) == 0);
	call(1);
	say(1, "\1", 1);
	until(datagrams == 2);
	assert_int_equal(came_by[1].via, gone.via);
	answer(&gone, "secret", 6);
	assert_int_equal(tls_listener_counter(listener, STREAM_NO_STREAM), 1);
	gone.via = FIRST + MAX;
	answer(&gone, "secret", 6);
	gone.via = FIRST - 1;
	answer(&gone, "secret", 6);
	assert_int_equal(tls_listener_counter(listener, STREAM_NO_STREAM), 3);
	answer(&came_by[1], "hello", 5);
	until(heard[1][0]);
	assert_string_equal(heard[1], "hello");
}

static void who_speaks_no_tls_is_cut_off(void **state)
{
	int fd = plain_call();

	(void)state;
	assert_int_equal(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	until(is_closed(fd));
	assert_int_equal(tls_listener_connections(listener), 0);
	assert_int_equal(datagrams, 0);
	close(fd);
}

static void who_is_slow_to_shake_hands_is_closed_after_10_s(void **state)
{
	int fd = plain_call();

	(void)state;
	until(tls_listener_connections(listener) == 1);
	assert_int_equal(send(fd, "\x16\x03\x01\x02", 4, 0), 4);
	ahead = 9000;
	turn();
	assert_int_equal(tls_listener_connections(listener), 1);
	ahead = 10000;
	until(is_closed(fd));
	assert_int_equal(tls_listener_counter(listener, STREAM_SILENT_CALLS), 1);
	close(fd);
}

static void who_is_not_answered_is_closed_who_is_may_stay(void **state)
{
	(void)state;
	call(0);
	call(1);
	answers = true;
	say(1, "\1", 1);
	until(heard[1][0]);
	ahead = 10000;
	until(closed == 1);
	assert_true(!is_open[0] && is_open[1]);
	ahead = 119000;
	turn();
	assert_true(is_open[1]);
	ahead = 131000;
	until(closed == 2);
	assert_int_equal(why, STREAM_ENDED);
}

static void a_frame_that_is_too_long_ends_it(void **state)
{
	static const uint8_t data[FRAME_MAX + 1];

	(void)state;
	answers = true;
	call(0);
	say(0, "x", 1);
	until(heard[0][0]);
	answers = false;
	say(0, data, FRAME_MAX);
	until(datagrams == 2);
	assert_int_equal(last_len, FRAME_MAX);
	say(0, data, FRAME_MAX + 1);
	until(closed == 1);
	assert_int_equal(tls_listener_counter(listener, STREAM_BAD_FRAMES), 1);
}

static void when_all_numbers_are_in_use_a_stranger_makes_room(void **state)
{
	(void)state;
	answers = true;
	for (unsigned i = 0; i < MAX; i++) {
		call(i);
		if (i == 7)
			continue;	/* who says nothing */
		say(i, "x", 1);
		until(heard[i][0]);
	}
	call(MAX);
	until(closed == 1);
	assert_false(is_open[7]);
	say(MAX, "x", 1);
	until(heard[MAX][0]);
	assert_int_equal(tls_listener_counter(listener, STREAM_EVICTED), 1);
	assert_int_equal(tls_listener_connections(listener), MAX);
}

static void when_all_are_proven_nobody_else_gets_in(void **state)
{
	int fd;

	(void)state;
	answers = true;
	for (unsigned i = 0; i < MAX; i++) {
		call(i);
		say(i, "x", 1);
		until(heard[i][0]);
	}
	fd = plain_call();
	until(is_closed(fd));
	assert_int_equal(tls_listener_counter(listener, STREAM_REFUSED_CALLS), 1);
	assert_int_equal(tls_listener_connections(listener), MAX);
	close(fd);
}

/* The dialer is not looked after meanwhile: nothing is read there. */
static void a_slow_reader_loses_the_newest(void **state)
{
	static const uint8_t data[2000] = {'x'};
	size_t sent = 0;

	(void)state;
	answers = true;
	call(0);
	say(0, "\0", 1);
	until(datagrams == 1);
	while (tls_listener_counter(listener, STREAM_QUEUE_FULL) < 100) {
		answer(&came_by[0], data, sizeof(data));
		assert_true(++sent < 100000);
	}
	until(heard[0][0] == 'x');
	memset(heard, 0, sizeof(heard));
	until((turn(), answer(&came_by[0], "end", 3), strcmp(heard[0], "end") == 0));
	assert_true(is_open[0]);
}

/* -- its files --------------------------------------------------------------- */

static void fails_with(const char *cert, const char *key, const char *says)
{
	struct tls_listener_settings s = settings_for_test("good");
	struct tls_listener *l = NULL;
	size_t before = count_fds();
	char error[512];

	s.cert_file = scratch_path(cert);
	s.key_file = scratch_path(key);
	assert_true(tls_listener_open(&l, &s, error) < 0);
	assert_null(l);
	if (!strstr(error, says))
		fail_msg("\"%s\" does not say \"%s\"", error, says);
	assert_int_equal(count_fds(), before);
}

static void what_is_wrong_with_its_files_is_said(void **state)
{
	(void)state;
	scratch_write("empty", "");
	fails_with("missing.pem", "good.key", "missing.pem: No such file or directory");
	fails_with("good.pem", "missing.key", "cannot read the private key ");
	fails_with("empty", "good.key", "empty has no certificate in PEM form");
	fails_with("good.pem", "empty", "empty has no private key in PEM form");
	fails_with("good.pem", "other.key", "other.key is not the private key of the certificate in ");
}

static void a_port_that_is_taken_is_said(void **state)
{
	struct tls_listener_settings s = settings_for_test("good");
	struct tls_listener *l = NULL;
	char error[512];

	(void)state;
	s.at.port = tls_listener_port(listener);
	assert_int_equal(tls_listener_open(&l, &s, error), -EADDRINUSE);
	assert_non_null(strstr(error, "is taken by another program"));
}

static void copy(const char *from, const char *to)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s", scratch_read(from));
	scratch_write(to, text);
}

static void a_new_certificate_is_for_those_who_call_from_then_on(void **state)
{
	char error[512];

	(void)state;
	call(0);
	copy("good.pem", "was.pem");
	copy("good.key", "was.key");
	copy("other.pem", "good.pem");
	assert_int_equal(tls_listener_renew(listener, error), -EINVAL);
	call(1);
	copy("other.key", "good.key");
	assert_int_equal(tls_listener_renew(listener, error), 0);
	dialer_open(dialer, VIA_STREAM + 2,
		    &(struct node_stream_target){.host = "relay.test",
						 .port = tls_listener_port(listener),
						 .tls = true,
						 .ca_file = scratch_path("ca.pem")},
		    now());
	until(closed == 1);
	assert_int_equal(why, STREAM_BAD_CERTIFICATE);
	assert_true(is_open[0] && is_open[1]);
	copy("was.pem", "good.pem");
	copy("was.key", "good.key");
}

static int make_all(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	if (scratch_begin(state))
		return -1;
	certificates_make_ca();
	certificates_make("good", "DNS:relay.test", 7200, true);
	certificates_make("other", "DNS:other.test", 7200, true);
	return 0;
}

static int forget_all(void **state)
{
	certificates_forget_ca();
	return scratch_end(state);
}

int main(void)
{
#define with_listener(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_listener(each_has_a_number_and_gets_its_own_answers),
		with_listener(what_is_for_one_who_has_gone_is_not_for_the_next),
		with_listener(who_speaks_no_tls_is_cut_off),
		with_listener(who_is_slow_to_shake_hands_is_closed_after_10_s),
		with_listener(who_is_not_answered_is_closed_who_is_may_stay),
		with_listener(a_frame_that_is_too_long_ends_it),
		with_listener(when_all_numbers_are_in_use_a_stranger_makes_room),
		with_listener(when_all_are_proven_nobody_else_gets_in),
		with_listener(a_slow_reader_loses_the_newest),
		with_listener(what_is_wrong_with_its_files_is_said),
		with_listener(a_port_that_is_taken_is_said),
		with_listener(a_new_certificate_is_for_those_who_call_from_then_on),
	};

	return cmocka_run_group_tests(tests, make_all, forget_all);
}
