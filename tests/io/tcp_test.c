/* tcp_test.c -- TCP as if it were a datagram socket, over the loopback.
 *
 *   a (127.0.0.1:port) === b (127.0.0.2:port)        two of ours
 *   raw socket ----------- b                          a stranger
 *
 * The clock is the test's own: ten seconds pass by adding to a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/framing.h"
#include "io/clock.h"
#include "io/sockaddr.h"
#include "io/stream_queue.h"
#include "io/tcp.h"

enum { KEPT_MAX = 512, PATIENCE = 5000 };

struct side {
	struct tcp *tcp;
	const char *address;
	bool answers;			/* sends back all that comes */
	size_t datagrams, bursts;
	size_t bytes;
	uint8_t last[FRAMING_MAX];
	size_t last_len;
	struct path path;		/* of the last */
};

static struct side a, b;
static msec ahead;			/* of the real clock */

static msec now(void)
{
	return clock_now() + ahead;
}

static void on_received(void *context, struct datagram *datagrams, size_t n, msec at)
{
	struct side *s = context;

	s->bursts++;
	s->datagrams += n;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(packet_headroom(&datagrams[i].packet), HEADROOM);
		assert_true(packet_tailroom(&datagrams[i].packet) >= TAILROOM);
		s->bytes += datagrams[i].packet.len;
	}
	s->path = datagrams[n - 1].path;
	s->last_len = datagrams[n - 1].packet.len;
	memcpy(s->last, datagrams[n - 1].packet.data, s->last_len);
	if (s->answers)
		tcp_send(s->tcp, datagrams, n, at);
}

static int open_at(struct side *s, uint16_t port, char error[static 512])
{
	struct tcp_settings settings = {.port = port, .received = on_received, .context = s};

	if (s->address)
		assert_true(ip_parse(&settings.address, s->address));
	return tcp_open(&s->tcp, &settings, error);
}

static void close_side(struct side *s)
{
	tcp_free(s->tcp);
	s->tcp = NULL;
}

static int set_up(void **state)
{
	char error[512];

	(void)state;
	ahead = 0;
	a = (struct side){.address = "127.0.0.1"};
	b = (struct side){.address = "127.0.0.2"};
	return open_at(&a, 0, error) || open_at(&b, tcp_port(a.tcp), error);
}

static int tear_down(void **state)
{
	(void)state;
	close_side(&a);
	close_side(&b);
	return 0;
}

/* -- time goes on ------------------------------------------------------------ */

static void serve(struct side *s)
{
	if (!s->tcp)
		return;
	tcp_ready(s->tcp, now());
	if (tcp_due(s->tcp) <= now())
		tcp_tick(s->tcp, now());
}

static void turn(void)
{
	struct pollfd fds[2] = {
		{.fd = a.tcp ? tcp_fd(a.tcp) : -1, .events = POLLIN},
		{.fd = b.tcp ? tcp_fd(b.tcp) : -1, .events = POLLIN},
	};

	poll(fds, 2, 5);
	serve(&a);
	serve(&b);
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

static struct path way(const char *local, const char *remote, uint16_t port)
{
	struct path path = {.remote = {.port = port}, .via = VIA_TCP};

	assert_true(ip_parse(&path.remote.ip, remote));
	if (local)
		assert_true(ip_parse(&path.local, local));
	return path;
}

static void send_bytes(struct side *s, const struct path *path, const void *data, size_t len)
{
	struct datagram d = {.packet = {(uint8_t *)data, (uint8_t *)data, len, (uint8_t *)data + len},
			     .path = *path};

	tcp_send(s->tcp, &d, 1, now());
}

static void send_text(struct side *s, const struct path *path, const char *text)
{
	send_bytes(s, path, text, strlen(text));
}

static bool has(const struct side *s, const char *text)
{
	return s->last_len == strlen(text) && memcmp(s->last, text, s->last_len) == 0;
}

/* -- strangers --------------------------------------------------------------- */

/* A plain socket that has connected to b. */
static int stranger_from(const char *address)
{
	struct path path = way(address ? address : "127.0.0.1", "127.0.0.2", tcp_port(b.tcp));
	struct endpoint own = {.ip = path.local};
	union sockaddr_any name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sockaddr_write(&name, &own);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &name.any, len), 0);
	len = sockaddr_write(&name, &path.remote);
	assert_int_equal(connect(fd, &name.any, len), 0);
	return fd;
}

static void say(int fd, const void *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

static bool is_closed(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* Says something that b answers. */
static int friend_from(const char *address)
{
	int fd = stranger_from(address);
	char answer[8];

	b.answers = true;
	say(fd, "\0\5hello", 7);
	until(recv(fd, answer, 7, MSG_DONTWAIT) == 7);
	assert_memory_equal(answer, "\0\5hello", 7);
	b.answers = false;
	return fd;
}

/* -- both ways --------------------------------------------------------------- */

static void datagrams_go_both_ways(void **state)
{
	struct path to_b = way(NULL, "127.0.0.2", tcp_port(b.tcp));

	(void)state;
	b.answers = true;
	send_text(&a, &to_b, "hello");
	until(a.datagrams == 1);
	assert_true(has(&b, "hello") && has(&a, "hello"));
	assert_int_equal(b.path.via, VIA_TCP);
	assert_int_equal(b.path.remote.port, tcp_port(a.tcp));
	assert_true(b.path.remote.ip.bytes[3] == 1 && b.path.local.bytes[3] == 2);
	assert_true(a.path.remote.ip.bytes[3] == 2 && a.path.local.bytes[3] == 1);
	assert_int_equal(tcp_connections(a.tcp) + tcp_connections(b.tcp), 2);
}

static void over_ipv6_as_well(void **state)
{
	char error[512];
	struct path to_b;

	(void)state;
	tear_down(NULL);
	a.address = NULL;
	b.address = "::1";
	assert_int_equal(open_at(&a, 0, error), 0);
	assert_int_equal(open_at(&b, 0, error), 0);
	to_b = way(NULL, "::1", tcp_port(b.tcp));
	send_text(&a, &to_b, "six");
	until(has(&b, "six"));
	assert_int_equal(b.path.remote.ip.family, IP_V6);
	assert_int_equal(b.path.remote.port, tcp_port(a.tcp));
}

static void the_longest_and_the_shortest_arrive_whole(void **state)
{
	static uint8_t long_one[FRAMING_MAX + 1];
	struct path to_b = way(NULL, "127.0.0.2", tcp_port(b.tcp));

	(void)state;
	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (uint8_t)(i * 7 >> 3);
	b.answers = true;		/* or a would be a stranger to it */
	send_text(&a, &to_b, "x");
	until(a.datagrams == 1);
	b.answers = false;
	send_bytes(&a, &to_b, long_one, FRAMING_MAX);
	until(b.datagrams == 2);
	assert_int_equal(b.last_len, FRAMING_MAX);
	assert_memory_equal(b.last, long_one, FRAMING_MAX);
	send_bytes(&a, &to_b, long_one, FRAMING_MAX + 1);
	send_bytes(&a, &to_b, long_one, 0);
	assert_int_equal(tcp_counter(a.tcp, STREAM_TOO_LONG), 2);
	send_text(&a, &to_b, "y");
	until(b.datagrams == 3);
	assert_true(has(&b, "y"));
}

static void it_leaves_from_the_address_that_was_asked_for(void **state)
{
	struct path to_b = way("127.0.0.3", "127.0.0.2", tcp_port(b.tcp));

	(void)state;
	close_side(&a);
	a.address = NULL;
	assert_int_equal(open_at(&a, 0, (char[512]){0}), 0);
	send_text(&a, &to_b, "from three");
	until(has(&b, "from three"));
	assert_int_equal(b.path.remote.ip.bytes[3], 3);
	assert_int_equal(b.path.remote.port, tcp_port(a.tcp));
	to_b = way("127.0.0.4", "127.0.0.2", tcp_port(b.tcp));
	ahead += TCP_AGAIN;
	send_text(&a, &to_b, "from four");
	until(has(&b, "from four"));
	assert_int_equal(tcp_connections(a.tcp), 2);
}

static void while_it_connects_the_last_few_wait(void **state)
{
	struct path to_b = way(NULL, "127.0.0.2", tcp_port(b.tcp));
	char text[] = "0";

	(void)state;
	for (; *text < '0' + 20; ++*text)
		send_text(&a, &to_b, text);
	until(b.datagrams == 8);
	assert_int_equal(tcp_counter(a.tcp, STREAM_WAIT_FULL), 12);
	assert_int_equal(*b.last, '0' + 19);
}

static void frames_of_one_read_are_one_burst(void **state)
{
	int fd = stranger_from(NULL);

	(void)state;
	until(tcp_connections(b.tcp) == 1);
	say(fd, "\0\1x\0\2yy\0\0\0\3zzz\0\4ww", 18);
	until(b.datagrams == 3);
	assert_int_equal(b.bursts, 1);
	assert_true(has(&b, "zzz"));
	say(fd, "ww", 2);
	until(b.datagrams == 4);
	assert_true(has(&b, "wwww"));
	close(fd);
}

static void more_tiny_frames_than_fit_are_two_bursts(void **state)
{
	uint8_t frames[3 * (BURST_MAX + 36)];
	int fd = stranger_from(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(frames); i += 3)
		memcpy(frames + i, "\0\1x", 3);
	until(tcp_connections(b.tcp) == 1);
	say(fd, frames, sizeof(frames));
	until(b.datagrams == sizeof(frames) / 3);
	assert_int_equal(b.bursts, 2);
	close(fd);
}

/* -- calling ----------------------------------------------------------------- */

/* On the loopback the one who calls first is heard before the other has called; the
 * other finds the connection and uses it. What SYNs that cross do is in tcp_cross_test.c. */
static void when_both_call_there_is_one_connection(void **state)
{
	struct path to_b = way("127.0.0.1", "127.0.0.2", tcp_port(b.tcp));
	struct path to_a = way("127.0.0.2", "127.0.0.1", tcp_port(a.tcp));

	(void)state;
	send_text(&a, &to_b, "from a");
	send_text(&b, &to_a, "from b");
	until(has(&b, "from a") && has(&a, "from b"));
	assert_int_equal(tcp_connections(a.tcp), 1);
	assert_int_equal(tcp_connections(b.tcp), 1);
	assert_int_equal(tcp_counter(b.tcp, STREAM_FAILED), 0);
}

static void after_a_refusal_the_next_but_not_at_once_calls_anew(void **state)
{
	uint16_t port = tcp_port(b.tcp);
	struct path to_b = way(NULL, "127.0.0.2", port);

	(void)state;
	close_side(&b);
	send_text(&a, &to_b, "to nobody");
	until(tcp_counter(a.tcp, STREAM_FAILED) == 1);
	assert_int_equal(tcp_counter(a.tcp, STREAM_CUT_OFF), 1);
	assert_int_equal(tcp_connections(a.tcp), 0);
	ahead = 0;
	send_text(&a, &to_b, "too soon");
	assert_int_equal(tcp_counter(a.tcp, STREAM_TOO_SOON), 1);
	assert_int_equal(tcp_connections(a.tcp), 0);
	assert_int_equal(open_at(&b, port, (char[512]){0}), 0);
	ahead += TCP_AGAIN;
	send_text(&a, &to_b, "again");
	until(has(&b, "again"));
}

static void after_an_end_the_next_datagram_calls_anew(void **state)
{
	uint16_t port = tcp_port(b.tcp);
	struct path to_b = way(NULL, "127.0.0.2", port);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		send_text(&a, &to_b, "hello");
		until(b.datagrams == 1);
		close_side(&b);
		until(tcp_connections(a.tcp) == 0);
		b.datagrams = 0;
		assert_int_equal(open_at(&b, port, (char[512]){0}), 0);
		ahead += TCP_AGAIN;
	}
	assert_int_equal(tcp_counter(a.tcp, STREAM_FAILED), 0);
}

/* SYNs to a listener whose queue is full are dropped. */
static void who_does_not_answer_is_given_up_after_10_s(void **state)
{
	struct path path = way(NULL, "127.0.0.9", 0);
	struct endpoint at = path.remote;
	union sockaddr_any name;
	socklen_t len = sockaddr_write(&name, &at);
	int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), queued[2];

	(void)state;
	assert_int_equal(bind(deaf, &name.any, len), 0);
	assert_int_equal(listen(deaf, 0), 0);
	len = sizeof(name);
	getsockname(deaf, &name.any, &len);
	for (int i = 0; i < 2; i++) {
		queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(queued[i], &name.any, len);
	}
	path.remote.port = ntohs(name.v4.sin_port);
	send_text(&a, &path, "anybody?");
	turn();
	assert_int_equal(tcp_connections(a.tcp), 1);
	ahead += 9000;
	turn();
	assert_int_equal(tcp_connections(a.tcp), 1);
	ahead += 1000;
	until(tcp_connections(a.tcp) == 0);
	assert_int_equal(tcp_counter(a.tcp, STREAM_FAILED), 1);
	for (int i = 0; i < 2; i++)
		close(queued[i]);
	close(deaf);
}

static void a_port_of_another_program_is_left_alone(void **state)
{
	struct side c = {.address = "127.0.0.7"};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct endpoint at = {.port = 0};
	union sockaddr_any name;
	char error[512], wanted[80];
	socklen_t len;

	(void)state;
	ip_parse(&at.ip, c.address);
	len = sockaddr_write(&name, &at);
	assert_int_equal(bind(fd, &name.any, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	len = sizeof(name);
	getsockname(fd, &name.any, &len);
	assert_int_equal(open_at(&c, ntohs(name.v4.sin_port), error), -EADDRINUSE);
	snprintf(wanted, sizeof(wanted), "TCP port %u is taken by another program",
		 ntohs(name.v4.sin_port));
	assert_string_equal(error, wanted);
	close(fd);
}

/* -- who reads slowly -------------------------------------------------------- */

static size_t read_frames(int fd, size_t frame_len)
{
	static uint8_t kept[FRAMING_HEADER_LEN + 2048];
	uint8_t in[16384];
	static struct framing_splitter s;
	struct bytes datagram;
	size_t frames = 0;
	ssize_t n;

	if (!s.buffer)
		framing_splitter_init(&s, kept, sizeof(kept));
	while ((n = recv(fd, in, sizeof(in), MSG_DONTWAIT)) > 0) {
		struct bytes rest = bytes_of(in, (size_t)n);

		while (framing_splitter_next(&s, &rest, &datagram)) {
			assert_int_equal(datagram.len, frame_len);
			frames++;
		}
		assert_false(s.bad);
	}
	return frames;
}

/* How much the kernel takes is its own affair: some MB here, which grow for a while. */
static void a_slow_reader_loses_the_newest_and_gets_the_rest_whole(void **state)
{
	static const uint8_t datagram[1000];
	int fd = friend_from(NULL);
	struct path back = b.path;
	size_t sent = 0, read = 0;

	(void)state;
	while (tcp_counter(b.tcp, STREAM_QUEUE_FULL) < 1000) {
		send_bytes(&b, &back, datagram, sizeof(datagram));
		assert_true(++sent < 100000);
	}
	until((read += read_frames(fd, sizeof(datagram))) ==
	      sent - tcp_counter(b.tcp, STREAM_QUEUE_FULL));
	send_bytes(&b, &back, datagram, sizeof(datagram));
	until(read_frames(fd, sizeof(datagram)) == 1);
	close(fd);
}

static void many_small_ones_fill_the_queue_too(void **state)
{
	int fd = friend_from(NULL);
	struct path back = b.path;
	size_t sent = 0, large = 0;
	static const uint8_t datagram[2000];

	(void)state;
	while (!tcp_counter(b.tcp, STREAM_QUEUE_FULL)) {
		send_bytes(&b, &back, datagram, sizeof(datagram));
		large++;
	}
	while (tcp_counter(b.tcp, STREAM_QUEUE_FULL) < 100) {
		send_text(&b, &back, "x");
		assert_true(++sent < 300);
	}
	assert_true(sent <= 100 + STREAM_QUEUE_FRAMES);
	assert_true(large > 32);
	close(fd);
}

/* -- strangers --------------------------------------------------------------- */

static void who_does_not_speak_in_frames_is_cut_off(void **state)
{
	int fd = stranger_from(NULL);

	(void)state;
	say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	until(is_closed(fd));
	assert_int_equal(tcp_counter(b.tcp, STREAM_BAD_FRAMES), 1);
	assert_int_equal(tcp_connections(b.tcp), 0);
	assert_int_equal(b.datagrams, 0);
	close(fd);
}

static void a_stranger_may_say_2048_bytes_at_once_and_no_more(void **state)
{
	static uint8_t fits[2 + 2048] = {8, 0}, too_long[2] = {8, 1};
	int fd = stranger_from(NULL);

	(void)state;
	say(fd, fits, sizeof(fits));
	until(b.datagrams == 1);
	assert_int_equal(b.last_len, 2048);
	say(fd, too_long, sizeof(too_long));
	until(is_closed(fd));
	close(fd);
}

static void who_is_answered_may_say_more(void **state)
{
	static uint8_t frame[2 + 9000] = {9000 >> 8, 9000 & 255};
	int fd = friend_from(NULL);

	(void)state;
	say(fd, frame, sizeof(frame));
	until(b.datagrams == 2);
	assert_int_equal(b.last_len, 9000);
	close(fd);
}

static void who_is_not_answered_is_closed_after_10_s(void **state)
{
	int silent = stranger_from(NULL), talks = stranger_from(NULL);

	(void)state;
	until(tcp_connections(b.tcp) == 2);
	for (int i = 0; i < 9; i++) {
		ahead += 1000;
		say(talks, "\0\1x", 3);
		until(b.datagrams == (size_t)i + 1);
	}
	assert_int_equal(tcp_connections(b.tcp), 2);
	ahead += 1000;
	until(is_closed(silent) && is_closed(talks));
	assert_int_equal(tcp_counter(b.tcp, STREAM_SILENT_CALLS), 2);
	close(silent);
	close(talks);
}

static void what_is_not_used_is_closed_after_2_minutes(void **state)
{
	int idle = friend_from(NULL), used = friend_from(NULL);

	(void)state;
	for (int i = 1; i <= 3; i++) {
		ahead += TCP_IDLE / 3 - 1000;
		say(used, "\0\1x", 3);
		until(b.datagrams == (size_t)i + 2);
	}
	assert_int_equal(tcp_connections(b.tcp), 2);
	ahead += 4000;
	until(is_closed(idle));
	assert_false(is_closed(used));
	close(idle);
	close(used);
}

static void of_one_address_at_most_8_strangers_are_taken(void **state)
{
	int fds[9], friend = friend_from(NULL);

	(void)state;
	for (int i = 0; i < 9; i++)
		fds[i] = stranger_from(NULL);
	until(tcp_connections(b.tcp) == 9 && tcp_counter(b.tcp, STREAM_REFUSED_CALLS) == 1);
	assert_true(is_closed(fds[8]));
	close(fds[0]);
	until(tcp_connections(b.tcp) == 8);
	fds[0] = stranger_from(NULL);
	until(tcp_connections(b.tcp) == 9);
	for (int i = 0; i < 9; i++)
		close(fds[i]);
	close(friend);
}

/* From many addresses, as 127.0.0.0/8 is all ours. */
static void a_flood_is_bounded_and_the_oldest_stranger_goes(void **state)
{
	enum { MORE = 20, ALL = TCP_CONNECTIONS_MAX + MORE };
	int friend = friend_from("127.0.0.1");
	static int fds[ALL];
	char address[16];

	(void)state;
	for (int i = 0; i < ALL; i++) {
		snprintf(address, sizeof(address), "127.1.%d.%d", i >> 7, (i & 127) + 1);
		fds[i] = stranger_from(address);
		if (i % 16 == 0)
			turn();
	}
	until(tcp_counter(b.tcp, STREAM_EVICTED) == MORE + 1);
	assert_int_equal(tcp_connections(b.tcp), TCP_CONNECTIONS_MAX);
	for (int i = 0; i < ALL; i++)
		assert_int_equal(is_closed(fds[i]), i < MORE + 1);
	say(friend, "\0\5still", 7);
	until(has(&b, "still"));
	for (int i = 0; i < ALL; i++)
		close(fds[i]);
	close(friend);
}

static void whom_we_call_gets_the_place_of_a_stranger(void **state)
{
	static int fds[TCP_CONNECTIONS_MAX];
	struct path to_a = way(NULL, "127.0.0.1", tcp_port(a.tcp));
	char address[16];

	(void)state;
	for (int i = 0; i < TCP_CONNECTIONS_MAX; i++) {
		snprintf(address, sizeof(address), "127.1.%d.%d", i >> 7, (i & 127) + 1);
		fds[i] = stranger_from(address);
		turn();
	}
	until(tcp_connections(b.tcp) == TCP_CONNECTIONS_MAX);
	send_text(&b, &to_a, "hello");
	until(has(&a, "hello"));
	assert_int_equal(tcp_connections(b.tcp), TCP_CONNECTIONS_MAX);
	assert_true(is_closed(fds[0]));
	assert_false(is_closed(fds[1]));
	for (int i = 0; i < TCP_CONNECTIONS_MAX; i++)
		close(fds[i]);
}

static void without_descriptors_left_callers_wait_and_the_loop_does_not_spin(void **state)
{
	struct rlimit before, none = {0, 0};
	int fd;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none.rlim_max = before.rlim_max;
	fd = stranger_from(NULL);
	setrlimit(RLIMIT_NOFILE, &none);
	turn();
	for (int i = 0; i < 3; i++)
		assert_int_equal(poll(&(struct pollfd){.fd = tcp_fd(b.tcp), .events = POLLIN}, 0, 0),
				 0);
	assert_int_equal(tcp_due(b.tcp) > now(), true);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(poll(&(struct pollfd){.fd = tcp_fd(b.tcp), .events = POLLIN}, 1, 0), 0);
	ahead += 1000;
	until(tcp_connections(b.tcp) == 1);
	close(fd);
}

int main(void)
{
#define with_sides(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_sides(datagrams_go_both_ways),
		with_sides(over_ipv6_as_well),
		with_sides(the_longest_and_the_shortest_arrive_whole),
		with_sides(it_leaves_from_the_address_that_was_asked_for),
		with_sides(while_it_connects_the_last_few_wait),
		with_sides(frames_of_one_read_are_one_burst),
		with_sides(more_tiny_frames_than_fit_are_two_bursts),
		with_sides(when_both_call_there_is_one_connection),
		with_sides(after_a_refusal_the_next_but_not_at_once_calls_anew),
		with_sides(after_an_end_the_next_datagram_calls_anew),
		with_sides(who_does_not_answer_is_given_up_after_10_s),
		with_sides(a_port_of_another_program_is_left_alone),
		with_sides(a_slow_reader_loses_the_newest_and_gets_the_rest_whole),
		with_sides(many_small_ones_fill_the_queue_too),
		with_sides(who_does_not_speak_in_frames_is_cut_off),
		with_sides(a_stranger_may_say_2048_bytes_at_once_and_no_more),
		with_sides(who_is_answered_may_say_more),
		with_sides(who_is_not_answered_is_closed_after_10_s),
		with_sides(what_is_not_used_is_closed_after_2_minutes),
		with_sides(of_one_address_at_most_8_strangers_are_taken),
		with_sides(a_flood_is_bounded_and_the_oldest_stranger_goes),
		with_sides(whom_we_call_gets_the_place_of_a_stranger),
		with_sides(without_descriptors_left_callers_wait_and_the_loop_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
