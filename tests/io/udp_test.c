/* udp_test.c -- two ports on loopback, and a kernel that says no on demand.
 *
 *   a (sender) --> 127.0.0.1, 127.0.0.2, ::1 --> b (receiver)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/script.h"
#include "io/udp.h"

/* -- the kernel's part, for once ------------------------------------------ */

/* A step: an errno; or, negated, how many messages to take; or the first message that came was
 * longer than there was room. */
enum { CUT_OFF = 1000 };
enum { NO_FAMILY = -2, EVERY_FAMILY = -1 };

static int refused_family = NO_FAMILY;	/* of socket() */
static int refused_with;

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	int step = next_in_script();

	if (step > 0) {
		errno = step;
		return -1;
	}
	return __real_sendmmsg(fd, messages, step ? (unsigned)-step : n, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t)
{
	int step = next_in_script(), got_now;

	if (step > 0 && step < CUT_OFF) {
		errno = step;
		return -1;
	}
	got_now = __real_recvmmsg(fd, messages, n, flags, t);
	if (step == CUT_OFF)
		messages[0].msg_hdr.msg_flags |= MSG_TRUNC;
	return got_now;
}

int __wrap_socket(int domain, int type, int protocol)
{
	if (refused_family == domain || refused_family == EVERY_FAMILY) {
		errno = refused_with;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

/* -- two ports ------------------------------------------------------------ */

static struct udp *a, *b;
static struct datagram got[BURST_MAX];
static unsigned sources_gone;
static struct path gone;

static void note_gone(void *context, const struct path *path)
{
	assert_ptr_equal(context, &sources_gone);
	sources_gone++;
	gone = *path;
}

static struct udp *open_port(uint16_t port)
{
	struct udp_settings settings = {
		.port = port,
		.source_gone = note_gone,
		.context = &sources_gone,
	};
	struct udp *udp = NULL;
	char error[512];

	if (udp_open(&udp, &settings, error))
		fail_msg("%s", error);
	return udp;
}

static int set_up(void **state)
{
	(void)state;
	refused_family = NO_FAMILY;
	script_len = sources_gone = 0;
	a = open_port(0);
	b = open_port(0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	udp_free(a);
	udp_free(b);
	return 0;
}

/* A burst, as soon as there is one; 0 after five seconds without. */
static size_t receive(struct udp *udp, enum ip_family family)
{
	struct pollfd p = {.fd = udp_fd(udp, family), .events = POLLIN};
	bool more;
	size_t n = 0;

	while (!n && poll(&p, 1, 5000) == 1)
		n = udp_recv(udp, family, got, BURST_MAX, &more);
	return n;
}

static size_t receive_more(struct udp *udp)
{
	struct pollfd p = {.fd = udp_more_fd(udp), .events = POLLIN};
	bool more;
	size_t n = 0;

	while (!n && poll(&p, 1, 5000) == 1)
		n = udp_recv_more(udp, got, BURST_MAX, &more);
	return n;
}

static bool is_silent(struct udp *udp, enum ip_family family)
{
	bool more;

	return udp_recv(udp, family, got, BURST_MAX, &more) == 0 && !more;
}

static struct endpoint at(const char *ip, const struct udp *udp)
{
	struct endpoint e = {.port = udp_port(udp)};

	assert_true(ip_parse(&e.ip, ip));
	return e;
}

static struct datagram datagram_to(struct endpoint to, const char *text)
{
	static uint8_t buffers[BURST_MAX][64];
	static unsigned next;
	uint8_t *buffer = buffers[next++ % BURST_MAX];

	assert_true(strlen(text) <= 64);
	memcpy(buffer, text, strlen(text));
	return (struct datagram){
		.packet = packet_in(buffer, 64, 0, strlen(text)),
		.path.remote = to,
	};
}

static void assert_text(const struct datagram *d, const char *text)
{
	assert_int_equal(d->packet.len, strlen(text));
	assert_memory_equal(d->packet.data, text, d->packet.len);
}

static void send_text(struct endpoint to, const char *text)
{
	struct datagram d = datagram_to(to, text);

	udp_send(a, &d, 1);
}

/* -- the way there -------------------------------------------------------- */

static void carries_a_datagram_and_says_whence(void **state)
{
	static const struct {
		const char *ip;
		enum ip_family family;
	} ways[] = {{"127.0.0.1", IP_V4}, {"::1", IP_V6}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct endpoint from = at(ways[i].ip, a);

		send_text(at(ways[i].ip, b), "hello");
		assert_int_equal(receive(b, ways[i].family), 1);
		assert_text(&got[0], "hello");
		assert_true(endpoint_equal(&got[0].path.remote, &from));
		assert_true(ip_equal(&got[0].path.local, &from.ip));
		assert_int_equal(got[0].path.ifindex, if_nametoindex("lo"));
		assert_int_equal(packet_headroom(&got[0].packet), 0);
		assert_int_equal(packet_tailroom(&got[0].packet), 0);
	}
}

static void carries_bursts_in_order(void **state)
{
	enum { COUNT = 200 };
	unsigned expect = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT;) {
		struct datagram burst[BURST_MAX];
		size_t n = 0;

		for (; n < BURST_MAX && i < COUNT; n++, i++) {
			char text[16];

			snprintf(text, sizeof(text), "%u", i);
			burst[n] = datagram_to(at("127.0.0.1", b), text);
		}
		udp_send(a, burst, n);
	}
	while (expect < COUNT) {
		size_t n = receive(b, IP_V4);

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++) {
			char text[16];

			snprintf(text, sizeof(text), "%u", expect++);
			assert_text(&got[i], text);
		}
	}
	assert_true(is_silent(b, IP_V4));
}

/* What has no place in the caller's array waits, and nothing tells of it but udp_holds(). */
static void says_whether_there_may_be_more(void **state)
{
	bool more;

	(void)state;
	for (int i = 0; i < 3; i++)
		send_text(at("127.0.0.1", b), "x");
	assert_int_equal(udp_recv(b, IP_V4, got, 2, &more), 2);
	assert_true(more);
	assert_true(udp_holds(b));
	assert_int_equal(udp_recv(b, IP_V4, got, 2, &more), 1);
	assert_false(more);
	assert_false(udp_holds(b));
	assert_int_equal(udp_recv(b, IP_V4, got, 2, &more), 0);
	assert_false(more);
}

static void a_burst_may_mix_families(void **state)
{
	struct datagram burst[4] = {
		datagram_to(at("127.0.0.1", b), "1"),
		datagram_to(at("::1", b), "2"),
		datagram_to(at("::1", b), "3"),
		datagram_to(at("127.0.0.1", b), "4"),
	};

	(void)state;
	udp_send(a, burst, 4);
	assert_int_equal(receive(b, IP_V4), 2);
	assert_text(&got[0], "1");
	assert_text(&got[1], "4");
	assert_int_equal(receive(b, IP_V6), 2);
	assert_text(&got[0], "2");
	assert_text(&got[1], "3");
}

static void tos_goes_through_both_ways(void **state)
{
	static const struct {
		const char *ip;
		enum ip_family family;
	} ways[] = {{"127.0.0.1", IP_V4}, {"::1", IP_V6}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct datagram burst[3];

		for (uint8_t ecn = 0; ecn < 3; ecn++) {
			burst[ecn] = datagram_to(at(ways[i].ip, b), "x");
			burst[ecn].ecn = ecn + 1;
			burst[ecn].dscp = ecn == 1 ? 0 : 0x22;
		}
		udp_send(a, burst, 3);
		assert_int_equal(receive(b, ways[i].family), 3);
		for (uint8_t ecn = 0; ecn < 3; ecn++) {
			assert_int_equal(got[ecn].ecn, ecn + 1);
			assert_int_equal(got[ecn].dscp, ecn == 1 ? 0 : 0x22);
		}
	}
}

static void leaves_from_the_address_that_was_asked_for(void **state)
{
	struct datagram d = datagram_to(at("127.0.0.1", b), "x");
	struct endpoint from = at("127.0.0.2", a);

	(void)state;
	d.path.local = from.ip;
	d.path.ifindex = if_nametoindex("lo");
	udp_send(a, &d, 1);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_true(endpoint_equal(&got[0].path.remote, &from));
	assert_int_equal(sources_gone, 0);
}

static void an_answer_leaves_from_where_the_question_went(void **state)
{
	struct endpoint asked = at("127.0.0.2", b);
	struct datagram answer;

	(void)state;
	send_text(asked, "question");
	assert_int_equal(receive(b, IP_V4), 1);
	answer = got[0];
	udp_send(b, &answer, 1);
	assert_int_equal(receive(a, IP_V4), 1);
	assert_text(&got[0], "question");
	assert_true(endpoint_equal(&got[0].path.remote, &asked));
}

static void an_ipv6_answer_does_so_too(void **state)
{
	struct endpoint asked = at("::1", b);

	(void)state;
	send_text(asked, "question");
	assert_int_equal(receive(b, IP_V6), 1);
	udp_send(b, got, 1);
	assert_int_equal(receive(a, IP_V6), 1);
	assert_true(endpoint_equal(&got[0].path.remote, &asked));
}

/* -- what goes wrong ------------------------------------------------------ */

static void a_source_that_is_gone_is_left_out_and_said(void **state)
{
	static const char *const addresses[][2] = {
		{"127.0.0.1", "192.0.2.77"},
		{"::1", "2001:db8::77"},
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct datagram burst[2] = {
			datagram_to(at(addresses[i][0], b), "1"),
			datagram_to(at(addresses[i][0], b), "2"),
		};
		enum ip_family family = i ? IP_V6 : IP_V4;
		size_t n;

		ip_parse(&burst[0].path.local, addresses[i][1]);
		udp_send(a, burst, 2);
		n = receive(b, family);
		assert_int_equal(n, 2);
		assert_text(&got[0], "1");
		assert_text(&got[1], "2");
		assert_int_equal(sources_gone, i + 1);
		assert_true(path_equal(&gone, &burst[0].path));
	}
	assert_int_equal(udp_counter(a, UDP_SOURCE_GONE), 2);
}

static void an_interface_that_is_gone_is_left_out_and_said(void **state)
{
	struct datagram d = datagram_to(at("127.0.0.1", b), "x");

	(void)state;
	ip_parse(&d.path.local, "127.0.0.1");
	d.path.ifindex = 123456;
	udp_send(a, &d, 1);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_int_equal(sources_gone, 1);
}

static void a_source_of_the_other_family_counts_as_none(void **state)
{
	struct datagram d = datagram_to(at("127.0.0.1", b), "x");

	(void)state;
	ip_parse(&d.path.local, "::1");
	udp_send(a, &d, 1);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_int_equal(sources_gone, 0);
}

/* Three datagrams, the second of which is refused with this errno. */
static void send_three(int refusal)
{
	struct datagram burst[3] = {
		datagram_to(at("127.0.0.1", b), "1"),
		datagram_to(at("127.0.0.1", b), "2"),
		datagram_to(at("127.0.0.1", b), "3"),
	};

	play(-1, refusal);
	udp_send(a, burst, 3);
	script_len = 0;
}

static void one_refused_datagram_does_not_stop_the_others(void **state)
{
	static const struct {
		int error;
		enum udp_counter counter;
	} refusals[] = {
		{EPERM, UDP_UNREACHABLE},	{EACCES, UDP_UNREACHABLE},
		{ENETUNREACH, UDP_UNREACHABLE}, {EHOSTUNREACH, UDP_UNREACHABLE},
		{ENOBUFS, UDP_NO_ROOM},		{EMSGSIZE, UDP_TOO_BIG},
		{EINVAL, UDP_SEND_FAILED},	{ECONNREFUSED, UDP_SEND_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		uint64_t before = udp_counter(a, refusals[i].counter);

		send_three(refusals[i].error);
		assert_int_equal(receive(b, IP_V4), 2);
		assert_text(&got[0], "1");
		assert_text(&got[1], "3");
		assert_int_equal(udp_counter(a, refusals[i].counter), before + 1);
	}
	assert_int_equal(sources_gone, 0);
}

static void a_full_send_buffer_drops_the_rest_of_the_burst(void **state)
{
	(void)state;
	send_three(EAGAIN);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_text(&got[0], "1");
	assert_true(is_silent(b, IP_V4));
	assert_int_equal(udp_counter(a, UDP_NO_ROOM), 2);
}

static void an_interrupted_call_is_made_again(void **state)
{
	(void)state;
	send_three(EINTR);
	assert_int_equal(receive(b, IP_V4), 3);
}

static void a_datagram_above_the_limit_is_dropped(void **state)
{
	struct datagram burst[2] = {
		datagram_to(at("127.0.0.1", b), "big"),
		datagram_to(at("127.0.0.1", b), "small"),
	};
	uint8_t *big = calloc(1, 65508);

	(void)state;
	burst[0].packet = packet_in(big, 65508, 0, 65508);
	udp_send(a, burst, 2);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_text(&got[0], "small");
	assert_int_equal(udp_counter(a, UDP_TOO_BIG), 1);
	free(big);
}

static void the_largest_datagram_fits(void **state)
{
	struct datagram d = datagram_to(at("127.0.0.1", b), "");
	uint8_t *big = calloc(1, 65507);

	(void)state;
	big[65506] = 0x5a;
	d.packet = packet_in(big, 65507, 0, 65507);
	udp_send(a, &d, 1);
	assert_int_equal(receive(b, IP_V4), 1);
	assert_int_equal(got[0].packet.len, 65507);
	assert_int_equal(got[0].packet.data[65506], 0x5a);
	free(big);
}

static void what_is_cut_off_or_empty_is_dropped(void **state)
{
	struct pollfd p = {.fd = udp_fd(b, IP_V4), .events = POLLIN};
	bool more;

	(void)state;
	send_text(at("127.0.0.1", b), "123456789");
	send_text(at("127.0.0.1", b), "");
	send_text(at("127.0.0.1", b), "12345678");
	assert_int_equal(poll(&p, 1, 5000), 1);
	play(CUT_OFF);
	assert_int_equal(udp_recv(b, IP_V4, got, BURST_MAX, &more), 1);
	assert_text(&got[0], "12345678");
	assert_int_equal(udp_counter(b, UDP_TRUNCATED), 1);
}

static void news_of_an_old_datagram_does_not_end_reading(void **state)
{
	bool more = false;

	(void)state;
	send_text(at("127.0.0.1", b), "x");
	play(ECONNREFUSED, EINTR, 0);
	assert_int_equal(udp_recv(b, IP_V4, got, BURST_MAX, &more), 0);
	assert_true(more);
	assert_int_equal(udp_recv(b, IP_V4, got, BURST_MAX, &more), 1);
}

static void nobody_at_the_other_end_is_no_error(void **state)
{
	struct endpoint to = at("127.0.0.1", b);

	(void)state;
	udp_free(b);
	b = NULL;
	for (int i = 0; i < 3; i++)
		send_text(to, "x");
	assert_true(is_silent(a, IP_V4));
	assert_int_equal(udp_counter(a, UDP_SEND_FAILED), 0);
}

/* -- opening -------------------------------------------------------------- */

static void both_families_share_the_port_and_no_child_gets_it(void **state)
{
	struct sockaddr_in6 v6;
	socklen_t len = sizeof(v6);

	(void)state;
	assert_int_equal(getsockname(udp_fd(a, IP_V6), (struct sockaddr *)&v6, &len), 0);
	assert_int_equal(ntohs(v6.sin6_port), udp_port(a));
	assert_true(fcntl(udp_fd(a, IP_V4), F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(udp_fd(a, IP_V6), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(udp_fd(a, IP_NONE), -1);
}

static void marks_what_it_sends_when_asked(void **state)
{
	struct udp_settings settings = {.mark = 0x70321234, .source_gone = note_gone};
	uint32_t mark = 0;
	socklen_t len = sizeof(mark);
	struct udp *udp;
	char error[512];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(udp_open(&udp, &settings, error), 0);
	getsockopt(udp_fd(udp, IP_V6), SOL_SOCKET, SO_MARK, &mark, &len);
	assert_int_equal(mark, 0x70321234);
	udp_free(udp);
}

static void a_port_that_is_taken_is_said(void **state)
{
	struct udp_settings settings = {.port = udp_port(b), .source_gone = note_gone};
	struct udp *udp = NULL;
	char error[512], port[16];

	(void)state;
	snprintf(port, sizeof(port), "port %u ", udp_port(b));
	assert_int_equal(udp_open(&udp, &settings, error), -EADDRINUSE);
	assert_null(udp);
	assert_non_null(strstr(error, port));
	assert_non_null(strstr(error, "listen_port ="));
}

static void at_one_address_the_others_are_free(void **state)
{
	struct udp_settings settings = {.source_gone = note_gone};
	struct udp *one, *two, *six, *again;
	char error[512];

	(void)state;
	settings.address = ip_v4(127, 0, 0, 2);
	assert_int_equal(udp_open(&one, &settings, error), 0);
	assert_int_equal(udp_fd(one, IP_V6), -1);
	settings.port = udp_port(one);
	settings.address = ip_v4(127, 0, 0, 3);
	assert_int_equal(udp_open(&two, &settings, error), 0);
	assert_true(ip_parse(&settings.address, "::1"));
	assert_int_equal(udp_open(&six, &settings, error), 0);
	assert_int_equal(udp_fd(six, IP_V4), -1);
	settings.address = ip_v4(127, 0, 0, 2);
	assert_int_equal(udp_open(&again, &settings, error), -EADDRINUSE);

	send_text(at("127.0.0.3", two), "two");
	assert_int_equal(receive(two, IP_V4), 1);
	assert_text(&got[0], "two");
	assert_true(is_silent(one, IP_V4));
	send_text(at("::1", six), "six");
	assert_int_equal(receive(six, IP_V6), 1);
	udp_free(one);
	udp_free(two);
	udp_free(six);
}

static void an_address_that_is_not_ours_is_refused(void **state)
{
	struct udp_settings settings = {.address = ip_v4(192, 0, 2, 1), .source_gone = note_gone};
	struct udp *udp;
	char error[512];

	(void)state;
	assert_int_equal(udp_open(&udp, &settings, error), -EADDRNOTAVAIL);
}

static void one_family_is_enough(void **state)
{
	static const int families[] = {AF_INET6, AF_INET};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum ip_family has = i ? IP_V6 : IP_V4, lacks = i ? IP_V4 : IP_V6;
		struct datagram d = datagram_to(at(i ? "127.0.0.1" : "::1", b), "x");
		struct udp *udp;

		refused_family = families[i];
		refused_with = EAFNOSUPPORT;
		udp = open_port(0);
		assert_true(udp_fd(udp, has) >= 0);
		assert_int_equal(udp_fd(udp, lacks), -1);
		assert_true(udp_port(udp) != 0);
		udp_send(udp, &d, 1);
		assert_int_equal(udp_counter(udp, UDP_NO_SOCKET), 1);
		udp_free(udp);
	}
}

static void none_is_not(void **state)
{
	struct udp_settings settings = {.source_gone = note_gone};
	struct udp *udp = NULL;
	char error[512] = "";

	(void)state;
	refused_family = EVERY_FAMILY;
	refused_with = EAFNOSUPPORT;
	assert_int_equal(udp_open(&udp, &settings, error), -EAFNOSUPPORT);
	assert_true(strlen(error) > 0);
	refused_with = EMFILE;
	assert_int_equal(udp_open(&udp, &settings, error), -EMFILE);
	refused_with = EPERM;
	assert_int_equal(udp_open(&udp, &settings, error), -EPERM);
	assert_non_null(strstr(error, "sudo"));
}

static void the_source_is_the_one_that_the_kernel_would_take(void **state)
{
	struct endpoint to = {.ip = ip_v4(127, 0, 0, 5), .port = 7};
	struct ip own = {0};

	(void)state;
	assert_int_equal(udp_source(&own, &to), 0);
	assert_true(ip_equal(&own, &(struct ip){.family = IP_V4, .bytes = {127, 0, 0, 1}}));
	to = (struct endpoint){.ip = {.family = IP_V6, .bytes = {[15] = 1}}, .port = 7};
	if (udp_fd(a, IP_V6) >= 0) {
		assert_int_equal(udp_source(&own, &to), 0);
		assert_true(ip_equal(&own, &to.ip));
	}
	refused_family = AF_INET6;
	refused_with = EAFNOSUPPORT;
	assert_int_equal(udp_source(&own, &to), -EAFNOSUPPORT);
	refused_family = NO_FAMILY;
	to.ip = ip_v4(255, 255, 255, 255);	/* which needs a right of its own */
	assert_int_equal(udp_source(&own, &to), -EACCES);
}

static void counters_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < UDP_COUNTERS; i++)
		assert_int_equal(strncmp(udp_counter_name((enum udp_counter)i), "udp_", 4), 0);
}

/* -- more sockets ----------------------------------------------------------- */

static void more_sockets_have_numbers_and_ports_of_their_own(void **state)
{
	uint16_t one = udp_add(b, 1, IP_V4), last = udp_add(b, UDP_MORE_MAX, IP_V4);
	struct endpoint to = at("127.0.0.1", b);

	(void)state;
	assert_true(one && last && one != last && one != udp_port(b));
	to.port = last;
	send_text(to, "hello");
	assert_int_equal(receive_more(b), 1);
	assert_text(&got[0], "hello");
	assert_int_equal(got[0].path.via, UDP_MORE_MAX);
	assert_int_equal(got[0].path.remote.port, udp_port(a));
	udp_send(b, got, 1);
	assert_int_equal(receive(a, IP_V4), 1);
	assert_int_equal(got[0].path.via, 0);
	assert_int_equal(got[0].path.remote.port, last);
}

static void one_of_them_may_be_of_ipv6(void **state)
{
	uint16_t port = udp_add(b, 4, IP_V6);
	struct endpoint to = at("::1", b);

	(void)state;
	assert_true(port);
	to.port = port;
	send_text(to, "hello");
	assert_int_equal(receive_more(b), 1);
	assert_int_equal(got[0].path.via, 4);
	assert_int_equal(got[0].path.remote.ip.family, IP_V6);
	udp_send(b, got, 1);
	assert_int_equal(receive(a, IP_V6), 1);
	assert_int_equal(got[0].path.remote.port, port);
}

/* One burst to several of them, and what comes in to several. */
static void a_burst_may_leave_by_many_sockets(void **state)
{
	struct datagram burst[4];
	uint16_t ports[4] = {udp_port(b), udp_add(b, 3, IP_V4), udp_add(b, 9, IP_V4), udp_port(b)};
	static const uint16_t vias[4] = {0, 3, 9, 0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		burst[i] = datagram_to(at("127.0.0.1", a), "x");
		burst[i].path.via = vias[i];
	}
	udp_send(b, burst, 4);
	for (size_t done = 0; done < 4;) {
		size_t n = receive(a, IP_V4);

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i].path.remote.port, ports[done++]);
	}
}

static void a_number_that_is_closed_sends_nothing(void **state)
{
	struct datagram d = datagram_to(at("127.0.0.1", a), "x");
	bool more;

	(void)state;
	assert_true(udp_add(b, 2, IP_V4));
	udp_remove(b, 2);
	udp_remove(b, 2);
	d.path.via = 2;
	udp_send(b, &d, 1);
	assert_int_equal(udp_counter(b, UDP_NO_SOCKET), 1);
	assert_int_equal(udp_recv_more(b, got, BURST_MAX, &more), 0);
	assert_false(more);
	assert_true(udp_add(b, 2, IP_V4));
}

int main(void)
{
#define with_ports(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_ports(carries_a_datagram_and_says_whence),
		with_ports(carries_bursts_in_order),
		with_ports(says_whether_there_may_be_more),
		with_ports(a_burst_may_mix_families),
		with_ports(tos_goes_through_both_ways),
		with_ports(leaves_from_the_address_that_was_asked_for),
		with_ports(an_answer_leaves_from_where_the_question_went),
		with_ports(an_ipv6_answer_does_so_too),
		with_ports(a_source_that_is_gone_is_left_out_and_said),
		with_ports(an_interface_that_is_gone_is_left_out_and_said),
		with_ports(a_source_of_the_other_family_counts_as_none),
		with_ports(one_refused_datagram_does_not_stop_the_others),
		with_ports(a_full_send_buffer_drops_the_rest_of_the_burst),
		with_ports(an_interrupted_call_is_made_again),
		with_ports(a_datagram_above_the_limit_is_dropped),
		with_ports(the_largest_datagram_fits),
		with_ports(what_is_cut_off_or_empty_is_dropped),
		with_ports(news_of_an_old_datagram_does_not_end_reading),
		with_ports(nobody_at_the_other_end_is_no_error),
		with_ports(both_families_share_the_port_and_no_child_gets_it),
		with_ports(marks_what_it_sends_when_asked),
		with_ports(a_port_that_is_taken_is_said),
		with_ports(at_one_address_the_others_are_free),
		with_ports(an_address_that_is_not_ours_is_refused),
		with_ports(one_family_is_enough),
		with_ports(none_is_not),
		with_ports(the_source_is_the_one_that_the_kernel_would_take),
		with_ports(counters_have_names),
		with_ports(more_sockets_have_numbers_and_ports_of_their_own),
		with_ports(one_of_them_may_be_of_ipv6),
		with_ports(a_burst_may_leave_by_many_sockets),
		with_ports(a_number_that_is_closed_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
