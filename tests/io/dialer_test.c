/* dialer_test.c -- connections to servers: plain, in TLS, through a proxy; and all that may fail.
 *
 *   dialer --------------------------- server        a tls_listener that sends all back,
 *      '------ proxy ------------------'             or a plain socket of the test
 *
 * Names are the test's own. The clock is, too: ten seconds pass by adding to a number.
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

#include "base/log.h"
#include "io/clock.h"
#include "io/dialer.h"
#include "io/sockaddr.h"
#include "io/tcp_socket.h"
#include "io/tls_listener.h"

enum { VIA = VIA_STREAM + 5, PATIENCE = 5000, TEXT_MAX = 4096 };

static struct dialer *dialer;
static struct tls_listener *server;
static int plain = -1, guest = -1;	/* a socket that listens, and who has connected to it */
static msec ahead;

static struct path opened;		/* via 0: not */
static struct {
	uint16_t via;			/* 0: none was */
	enum node_stream_end why;
	unsigned times;
} closed;
static char heard[TEXT_MAX];		/* the last datagram */
static size_t heard_len, datagrams;
static char asked[256];			/* whose address was asked for last */
static bool close_when_heard, close_when_opened;
static char logged[TEXT_MAX];

static msec now(void)
{
	return clock_now() + ahead;
}

static void remember_line(enum log_level level, const char *line)
{
	size_t len = strlen(logged);

	if (level <= LOG_WARN)
		snprintf(logged + len, sizeof(logged) - len, "%s\n", line);
}

/* -- the servers ------------------------------------------------------------- */

static void send_back(void *context, struct datagram *d, size_t n, msec at)
{
	(void)context;
	tls_listener_send(server, d, n, at);
}

static void serve_tls(const char *certificate)
{
	struct tls_listener_settings settings = {
		.first_via = 1,
		.connections_max = 10,
		.frame_max = 2048,
		.received = send_back,
	};
	char cert[64], key[64], error[512];

	snprintf(cert, sizeof(cert), "%s.pem", certificate);
	snprintf(key, sizeof(key), "%s.key", certificate);
	ip_parse(&settings.at.ip, "127.0.0.1");
	settings.cert_file = scratch_path(cert);
	settings.key_file = scratch_path(key);
	if (tls_listener_open(&server, &settings, error))
		fail_msg("%s", error);
}

static uint16_t serve_plain(void)
{
	struct endpoint at = {0};
	union sockaddr_any name;
	socklen_t len;

	ip_parse(&at.ip, "127.0.0.1");
	len = sockaddr_write(&name, &at);
	plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(plain, &name.any, len), 0);
	assert_int_equal(listen(plain, 8), 0);
	getsockname(plain, &name.any, &len);
	return ntohs(name.v4.sin_port);
}

static bool has_guest(void)
{
	if (guest < 0)
		guest = accept4(plain, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return guest >= 0;
}

static void say(const void *data, size_t len)
{
	assert_int_equal(send(guest, data, len, MSG_NOSIGNAL), len);
}

/* That is all that it has said and was not read yet. */
static bool guest_said(const void *wanted, size_t len)
{
	char said[TEXT_MAX];

	return recv(guest, said, sizeof(said), MSG_PEEK) == (ssize_t)len &&
	       memcmp(said, wanted, len) == 0;
}

/* -- the dialer -------------------------------------------------------------- */

static void give(const char *host, uint16_t port, const char *a, const char *b)
{
	struct endpoint found[2] = {{.port = port}, {.port = port}};
	size_t n = (a && ip_parse(&found[0].ip, a)) + (b && ip_parse(&found[1].ip, b));

	dialer_resolved(dialer, host, port, found, n, now());
}

static void look_up(void *context, const char *host, uint16_t port)
{
	struct ip ip;

	(void)context;
	snprintf(asked, sizeof(asked), "%s", host);
	if (ip_parse(&ip, host))
		give(host, port, host, NULL);
	else if (strcmp(host, "nobody.test") == 0)
		give(host, port, NULL, NULL);
	else if (strcmp(host, "two.test") == 0)
		give(host, port, "127.0.0.9", "127.0.0.1");
	else if (strcmp(host, "late.test") != 0)
		give(host, port, "127.0.0.1", NULL);
}

static void on_opened(void *context, const struct path *path, msec at)
{
	(void)context;
	(void)at;
	opened = *path;
	if (close_when_opened)
		dialer_close(dialer, path->via);
}

static void on_received(void *context, struct datagram *d, size_t n, msec at)
{
	(void)context;
	(void)at;
	datagrams += n;
	heard_len = d[n - 1].packet.len;
	memcpy(heard, d[n - 1].packet.data, heard_len < TEXT_MAX ? heard_len : TEXT_MAX);
	assert_true(path_equal(&d[n - 1].path, &opened));
	if (close_when_heard)
		dialer_close(dialer, d->path.via);
}

static void on_closed(void *context, uint16_t via, enum node_stream_end why, msec at)
{
	(void)context;
	(void)at;
	closed.via = via;
	closed.why = why;
	closed.times++;
}

static int new_dialer(uint16_t listen_port)
{
	struct dialer_settings settings = {
		.listen_port = listen_port,
		.look_up = look_up,
		.opened = on_opened,
		.received = on_received,
		.closed = on_closed,
	};

	return dialer_new(&dialer, &settings);
}

static int set_up(void **state)
{
	(void)state;
	ahead = 0;
	opened = (struct path){0};
	memset(&closed, 0, sizeof(closed));
	heard_len = datagrams = 0;
	close_when_heard = close_when_opened = false;
	logged[0] = '\0';
	log_to(remember_line, LOG_WARN);
	return new_dialer(0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int tear_down(void **state)
{
	(void)state;
	dialer_free(dialer);
	tls_listener_free(server);
	server = NULL;
	close_fd(&plain);
	close_fd(&guest);
	return 0;
}

static void turn(void)
{
	struct pollfd fds[3] = {
		{.fd = dialer_fd(dialer), .events = POLLIN},
		{.fd = server ? tls_listener_fd(server) : -1, .events = POLLIN},
		{.fd = guest, .events = POLLIN},
	};

	poll(fds, 3, 5);
	dialer_ready(dialer, now());
	if (dialer_due(dialer) <= now())
		dialer_tick(dialer, now());
	if (server)
		tls_listener_ready(server, now());
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

static void dial(const char *host, uint16_t port, enum node_framing framing)
{
	struct node_stream_target target = {.host = host, .port = port, .framing = framing};

	dialer_open(dialer, VIA, &target, now());
}

static void dial_tls(const char *host, uint16_t port)
{
	struct node_stream_target target = {
		.host = host,
		.port = port,
		.tls = true,
		.ca_file = scratch_path("ca.pem"),
	};

	dialer_open(dialer, VIA, &target, now());
}

static void send_text(const char *text)
{
	uint8_t *data = (uint8_t *)text;
	struct datagram d = {.packet = {data, data, strlen(text), data + strlen(text)},
			     .path = opened};

	d.path.via = VIA;
	dialer_send(dialer, &d, 1, now());
}

static bool hears(const char *text)
{
	return heard_len == strlen(text) && memcmp(heard, text, heard_len) == 0;
}

static void must_close(enum node_stream_end why)
{
	until(closed.via);
	assert_int_equal(closed.via, VIA);
	assert_string_equal(node_stream_end_name(closed.why), node_stream_end_name(why));
	assert_int_equal(closed.times, 1);
	for (int i = 0; i < 3; i++)
		turn();
	assert_int_equal(closed.times, 1);
}

/* -- plain ------------------------------------------------------------------- */

static void frames_go_both_ways(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_RFC4571);
	until(opened.via);
	assert_int_equal(opened.via, VIA);
	assert_int_equal(opened.remote.port, port);
	assert_true(ip_is_loopback(&opened.remote.ip) && ip_is_loopback(&opened.local));
	send_text("hello");
	until(has_guest());
	say("\0\2hi\0\5there", 11);
	until(hears("there"));
	assert_int_equal(datagrams, 2);
	assert_true(guest_said("\0\5hello", 7));
}

/* RFC 8656 section 12.5: padded, which the length does not count. */
static void turn_has_frames_of_its_own(void **state)
{
	static const uint8_t channel[] = {0x40, 1, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
	static const uint8_t stun[20] = {1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_TURN);
	until(has_guest() && opened.via);
	say(channel, 7);
	turn();
	say(channel + 7, 5);
	until(datagrams == 1);
	assert_int_equal(heard_len, 12);
	say(stun, sizeof(stun));
	until(datagrams == 2);
	assert_int_equal(heard_len, 20);
	send_text("as it is");
	until(guest_said("as it is", 8));
}

/* It is taken already, by who listens there (tcp.h). */
static void one_may_leave_from_the_listen_port(void **state)
{
	struct tcp_socket_settings shared = {.shared = true};
	int listener = tcp_socket_listen(IP_V4, &shared);
	struct node_stream_target target = {.host = "relay.test", .framing = FRAMING_TURN,
					    .from_listen_port = true};
	struct endpoint from;

	(void)state;
	assert_true(listener >= 0);
	dialer_free(dialer);
	assert_int_equal(new_dialer(tcp_socket_port(listener)), 0);
	target.port = serve_plain();
	dialer_open(dialer, VIA, &target, now());
	until(opened.via && has_guest());
	assert_true(tcp_socket_remote(guest, &from));
	assert_int_equal(from.port, tcp_socket_port(listener));
	close(listener);
}

static void what_is_sent_while_it_connects_waits(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_RFC4571);
	send_text("early");
	until(has_guest() && guest_said("\0\5early", 7));
}

static void a_server_that_ends_it_is_told_of(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_RFC4571);
	until(has_guest() && opened.via);
	close_fd(&guest);
	must_close(STREAM_ENDED);
	send_text("too late");
	assert_int_equal(dialer_counter(dialer, STREAM_NO_STREAM), 1);
}

static void what_is_no_frame_ends_it(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_TURN);
	until(has_guest() && opened.via);
	say("SSH-2.0-OpenSSH_9.2p1\r\n", 23);
	must_close(STREAM_BAD_FRAME);
}

static void nobody_there_is_refused(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	close_fd(&plain);
	dial("relay.test", port, FRAMING_RFC4571);
	must_close(STREAM_REFUSED);
	assert_int_equal(dialer_counter(dialer, STREAM_FAILED), 1);
}

static void an_unknown_name_is_no_address(void **state)
{
	(void)state;
	dial("nobody.test", 443, FRAMING_RFC4571);
	must_close(STREAM_NO_ADDRESS);
	assert_string_equal(logged, "no connection to nobody.test, port 443: no_address\n");
}

/* Such networks are a way to nowhere (RFC 1122 section 3.2.1.3). */
static void no_way_is_unreachable(void **state)
{
	(void)state;
	dial("255.255.255.255", 443, FRAMING_RFC4571);
	must_close(STREAM_UNREACHABLE);
}

static void a_name_that_nobody_answers_for_times_out(void **state)
{
	(void)state;
	dial("late.test", 443, FRAMING_RFC4571);
	turn();
	ahead = 9900;
	turn();
	assert_int_equal(closed.times, 0);
	ahead = 10100;
	must_close(STREAM_TIMED_OUT);
	give("late.test", 443, "127.0.0.1", NULL);
	turn();
	assert_int_equal(closed.times, 1);
}

static void a_late_answer_is_in_time(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("late.test", port, FRAMING_RFC4571);
	turn();
	give("late.test", (uint16_t)(port + 1), "127.0.0.9", NULL);
	give("other.test", port, "127.0.0.9", NULL);
	give("late.test", port, "127.0.0.1", NULL);
	until(opened.via);
}

static void another_address_is_tried(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("two.test", port, FRAMING_RFC4571);
	until(opened.via);
	assert_int_equal(opened.remote.ip.bytes[3], 1);
	assert_int_equal(closed.times, 0);
}

/* The first one's SYNs are dropped, as its queue is full. */
static void another_address_is_tried_after_2_5_s_of_silence(void **state)
{
	struct endpoint at = {0};
	union sockaddr_any name;
	socklen_t len;
	uint16_t port = serve_plain();
	int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), queued[2];

	(void)state;
	ip_parse(&at.ip, "127.0.0.9");
	at.port = port;
	len = sockaddr_write(&name, &at);
	assert_int_equal(bind(deaf, &name.any, len), 0);
	assert_int_equal(listen(deaf, 0), 0);
	for (int i = 0; i < 2; i++) {
		queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(queued[i], &name.any, len);
	}
	dial("two.test", port, FRAMING_RFC4571);
	turn();
	ahead = 2400;
	turn();
	assert_false(has_guest());
	ahead = 2500;
	until(opened.via);
	assert_int_equal(opened.remote.ip.bytes[3], 1);
	close(deaf);
	close(queued[0]);
	close(queued[1]);
}

static void a_number_that_is_closed_is_silent(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial("relay.test", port, FRAMING_RFC4571);
	until(has_guest() && opened.via);
	dialer_close(dialer, VIA);
	until(recv(guest, heard, 1, 0) == 0);
	assert_int_equal(closed.times, 0);
	assert_int_equal(dialer_due(dialer), NEVER);
}

static void a_number_may_be_closed_by_what_it_hears(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	close_when_heard = true;
	dial("relay.test", port, FRAMING_RFC4571);
	until(has_guest() && opened.via);
	say("\0\1x\0\1y\0", 7);
	until(datagrams == 2);
	until(recv(guest, heard, 1, 0) == 0);
	assert_int_equal(closed.times, 0);
}

static void a_number_may_be_closed_as_it_opens(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	close_when_opened = true;
	dial("relay.test", port, FRAMING_RFC4571);
	until(has_guest() && opened.via);
	until(recv(guest, heard, 1, 0) == 0);
	assert_int_equal(closed.times, 0);
}

static void the_same_complaint_is_said_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		dial("nobody.test", 443, FRAMING_RFC4571);
	assert_string_equal(logged, "no connection to nobody.test, port 443: no_address\n");
	assert_int_equal(closed.times, 3);
}

/* -- TLS --------------------------------------------------------------------- */

static void a_server_that_proves_its_name_is_spoken_to(void **state)
{
	(void)state;
	serve_tls("good");
	dial_tls("relay.test", tls_listener_port(server));
	until(opened.via);
	send_text("hello");
	until(hears("hello"));
	assert_int_equal(opened.remote.port, tls_listener_port(server));
	assert_int_equal(tls_listener_connections(server), 1);
	dialer_close(dialer, VIA);
	until(tls_listener_connections(server) == 0);
}

static void an_address_can_be_proved_as_well(void **state)
{
	(void)state;
	serve_tls("good");
	dial_tls("127.0.0.1", tls_listener_port(server));
	until(opened.via);
	send_text("hello");
	until(hears("hello"));
}

/* More than a record, more than a queue. */
static void large_bursts_go_through_tls(void **state)
{
	static uint8_t data[2000];
	struct datagram burst[BURST_MAX];

	(void)state;
	serve_tls("good");
	dial_tls("relay.test", tls_listener_port(server));
	until(opened.via);
	for (size_t i = 0; i < BURST_MAX; i++)
		burst[i] = (struct datagram){{data, data, sizeof(data), data + sizeof(data)}, opened,
					     0, 0};
	for (int round = 0; round < 20; round++) {
		size_t before = datagrams;

		dialer_send(dialer, burst, 16, now());
		until(datagrams == before + 16);
	}
	assert_int_equal(heard_len, sizeof(data));
	assert_int_equal(dialer_counter(dialer, STREAM_QUEUE_FULL), 0);
}

static void who_is_somebody_else_is_not_spoken_to(void **state)
{
	char wanted[128];

	(void)state;
	serve_tls("good");
	dial_tls("other.test", tls_listener_port(server));
	must_close(STREAM_BAD_CERTIFICATE);
	snprintf(wanted, sizeof(wanted), "no connection to other.test, port %u: hostname mismatch\n",
		 tls_listener_port(server));
	assert_string_equal(logged, wanted);
	assert_int_equal(opened.via, 0);
}

static void nor_who_is_at_another_address(void **state)
{
	(void)state;
	serve_tls("elsewhere");
	dial_tls("127.0.0.1", tls_listener_port(server));
	must_close(STREAM_BAD_CERTIFICATE);
	assert_non_null(strstr(logged, "IP address mismatch"));
}

static void nor_whose_certificate_has_run_out(void **state)
{
	(void)state;
	serve_tls("expired");
	dial_tls("relay.test", tls_listener_port(server));
	must_close(STREAM_BAD_CERTIFICATE);
	assert_non_null(strstr(logged, "certificate has expired"));
}

static void nor_who_vouches_for_himself(void **state)
{
	(void)state;
	serve_tls("own");
	dial_tls("relay.test", tls_listener_port(server));
	must_close(STREAM_BAD_CERTIFICATE);
	assert_non_null(strstr(logged, "self-signed certificate"));
}

static void nor_whom_the_system_does_not_know(void **state)
{
	struct node_stream_target target = {.host = "relay.test", .tls = true};

	(void)state;
	serve_tls("good");
	target.port = tls_listener_port(server);
	dialer_open(dialer, VIA, &target, now());
	must_close(STREAM_BAD_CERTIFICATE);
	assert_non_null(strstr(logged, "unable to get local issuer certificate"));
}

static void without_its_cas_nobody_is_trusted(void **state)
{
	struct node_stream_target target = {.host = "relay.test", .port = 443, .tls = true};
	char wanted[256];

	(void)state;
	target.ca_file = scratch_path("missing.pem");
	dialer_open(dialer, VIA, &target, now());
	must_close(STREAM_BAD_CERTIFICATE);
	snprintf(wanted, sizeof(wanted),
		 "cannot read the CA certificates %s: No such file or directory\n",
		 target.ca_file);
	assert_string_equal(logged, wanted);
	scratch_write("empty.pem", "");
	target.ca_file = scratch_path("empty.pem");
	dialer_open(dialer, VIA, &target, now());
	assert_non_null(strstr(logged, "empty.pem has no CA certificates in PEM form"));
}

static void who_does_not_speak_tls_is_told_of(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial_tls("relay.test", port);
	until(has_guest());
	say("SSH-2.0-OpenSSH_9.2p1\r\n", 23);
	must_close(STREAM_BAD_TLS);
}

static void who_hangs_up_on_tls_is_told_of(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial_tls("relay.test", port);
	until(has_guest());
	close_fd(&guest);
	must_close(STREAM_BAD_TLS);
}

static void who_is_silent_on_tls_times_out(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	dial_tls("relay.test", port);
	until(has_guest());
	ahead = 10000;
	must_close(STREAM_TIMED_OUT);
}

/* RFC 7301 and RFC 6066 section 3, as they stand in a ClientHello. */
static void it_asks_as_a_browser_does(void **state)
{
	uint16_t port = serve_plain();
	char hello[TEXT_MAX];
	ssize_t n;

	(void)state;
	dial_tls("relay.test", port);
	until(has_guest());
	until((n = recv(guest, hello, sizeof(hello), 0)) > 0);
	assert_non_null(memmem(hello, (size_t)n, "\0\x09\x08http/1.1", 11));
	assert_non_null(memmem(hello, (size_t)n, "\0\0\x0arelay.test", 13));
}

/* -- through a proxy --------------------------------------------------------- */

static void use_proxy(uint16_t port, const char *login)
{
	struct proxy proxy = {.host = "proxy.test", .port = port};

	snprintf(proxy.login, sizeof(proxy.login), "%s", login);
	dialer_set_proxy(dialer, &proxy);
}

/* The guest is connected with the server from now on. */
static void pass_on(int to_server)
{
	char bytes[TEXT_MAX];
	ssize_t n = recv(guest, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		assert_int_equal(send(to_server, bytes, (size_t)n, 0), n);
	n = recv(to_server, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		say(bytes, (size_t)n);
}

static int connect_to_server(void)
{
	struct endpoint at = {.port = tls_listener_port(server)};
	union sockaddr_any name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	ip_parse(&at.ip, "127.0.0.1");
	len = sockaddr_write(&name, &at);
	assert_int_equal(connect(fd, &name.any, len), 0);
	return fd;
}

static void tls_goes_through_the_proxy(void **state)
{
	static const char wanted[] = "CONNECT relay.test:443 HTTP/1.1\r\n"
				     "Host: relay.test:443\r\n"
				     "Proxy-Authorization: Basic bWU6cHc=\r\n\r\n";
	uint16_t port = serve_plain();
	int to_server;

	(void)state;
	serve_tls("good");
	use_proxy(port, "me:pw");
	dial_tls("relay.test", 443);
	assert_string_equal(asked, "proxy.test");
	until(has_guest() && guest_said(wanted, strlen(wanted)));
	assert_int_equal(recv(guest, heard, sizeof(heard), 0), strlen(wanted));
	to_server = connect_to_server();
	say("HTTP/1.1 200 Conn", 17);
	turn();
	say("ection established\r\nVia: test\r\n\r\n", 33);
	until((pass_on(to_server), opened.via));
	assert_int_equal(opened.remote.port, port);
	send_text("hello");
	until((pass_on(to_server), hears("hello")));
	close(to_server);
}

static void a_proxy_may_refuse(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	use_proxy(port, "");
	dial_tls("relay.test", 443);
	until(has_guest());
	say("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", 46);
	must_close(STREAM_PROXY_REFUSED);
	assert_string_equal(logged, "no connection to relay.test, port 443: the proxy refuses: "
				    "status 407\n");
}

static void what_is_no_proxy_is_told_of(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	use_proxy(port, "");
	dial_tls("relay.test", 443);
	until(has_guest());
	say("220 smtp.example.net ESMTP\r\n", 28);
	must_close(STREAM_PROXY_REFUSED);
	assert_string_equal(logged, "no connection to relay.test, port 443: the proxy does not "
				    "speak HTTP\n");
}

static void a_proxy_that_babbles_is_left(void **state)
{
	char line[] = "X-Padding: 0123456789012345678901234567890\r\n";
	uint16_t port = serve_plain();

	(void)state;
	use_proxy(port, "");
	dial_tls("relay.test", 443);
	until(has_guest());
	say("HTTP/1.1 200 OK\r\n", 17);
	for (int i = 0; i < 100 && !closed.times; i++) {
		send(guest, line, strlen(line), MSG_NOSIGNAL);
		turn();
	}
	must_close(STREAM_PROXY_REFUSED);
}

static void plain_connections_do_not_go_through_the_proxy(void **state)
{
	uint16_t port = serve_plain();

	(void)state;
	use_proxy(1, "");
	dial("relay.test", port, FRAMING_RFC4571);
	assert_string_equal(asked, "relay.test");
	until(opened.via);
}

static int make_all(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	if (scratch_begin(state))
		return -1;
	certificates_make_ca();
	certificates_make("good", "DNS:relay.test,IP:127.0.0.1", 7200, true);
	certificates_make("elsewhere", "DNS:relay.test,IP:127.0.0.2", 7200, true);
	certificates_make("expired", "DNS:relay.test", 60, true);
	certificates_make("own", "DNS:relay.test", 7200, false);
	return 0;
}

static int forget_all(void **state)
{
	certificates_forget_ca();
	return scratch_end(state);
}

int main(void)
{
#define with_dialer(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_dialer(frames_go_both_ways),
		with_dialer(turn_has_frames_of_its_own),
		with_dialer(one_may_leave_from_the_listen_port),
		with_dialer(what_is_sent_while_it_connects_waits),
		with_dialer(a_server_that_ends_it_is_told_of),
		with_dialer(what_is_no_frame_ends_it),
		with_dialer(nobody_there_is_refused),
		with_dialer(an_unknown_name_is_no_address),
		with_dialer(no_way_is_unreachable),
		with_dialer(a_name_that_nobody_answers_for_times_out),
		with_dialer(a_late_answer_is_in_time),
		with_dialer(another_address_is_tried),
		with_dialer(another_address_is_tried_after_2_5_s_of_silence),
		with_dialer(a_number_that_is_closed_is_silent),
		with_dialer(a_number_may_be_closed_by_what_it_hears),
		with_dialer(a_number_may_be_closed_as_it_opens),
		with_dialer(the_same_complaint_is_said_once),
		with_dialer(a_server_that_proves_its_name_is_spoken_to),
		with_dialer(an_address_can_be_proved_as_well),
		with_dialer(large_bursts_go_through_tls),
		with_dialer(who_is_somebody_else_is_not_spoken_to),
		with_dialer(nor_who_is_at_another_address),
		with_dialer(nor_whose_certificate_has_run_out),
		with_dialer(nor_who_vouches_for_himself),
		with_dialer(nor_whom_the_system_does_not_know),
		with_dialer(without_its_cas_nobody_is_trusted),
		with_dialer(who_does_not_speak_tls_is_told_of),
		with_dialer(who_hangs_up_on_tls_is_told_of),
		with_dialer(who_is_silent_on_tls_times_out),
		with_dialer(it_asks_as_a_browser_does),
		with_dialer(tls_goes_through_the_proxy),
		with_dialer(a_proxy_may_refuse),
		with_dialer(what_is_no_proxy_is_told_of),
		with_dialer(a_proxy_that_babbles_is_left),
		with_dialer(plain_connections_do_not_go_through_the_proxy),
	};

	return cmocka_run_group_tests(tests, make_all, forget_all);
}
