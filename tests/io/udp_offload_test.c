/* udp_offload_test.c -- many datagrams as one for the kernel, on a loopback of its own.
 *
 *   a (sender) --> 127.0.0.x, ::1                 --> b (receiver)
 *              --> 198.51.100.7, 2001:db8::7      --> b     by a route whose MTU is 1280
 *
 * In a network namespace of its own: it needs root and ip. This kernel's ways can all segment
 * (there is no IPsec on them), so EIO alone is said by the test in the kernel's place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/offload.h"
#include "io/script.h"
#include "io/slots.h"
#include "io/udp_impl.h"

enum { LEN_MAX = 65507, SEGMENTS_MAX = 64, REFUSED_FOR = 1 << 14, MEMORY_MAX = 3 << 19 };

static const char small_mtu4[] = "198.51.100.7", small_mtu6[] = "2001:db8::7";

/* -- the kernel's part, watched -------------------------------------------- */

static size_t send_calls, messages_sent, receive_calls;
static bool lacks_offloads;
static const int *said_segment;		/* by the next UDP_GRO control messages */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len);

/* A step: an errno; or, negated, how many messages to take. */
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	int step = next_in_script();
	int sent;

	send_calls++;
	if (step > 0) {
		errno = step;
		return -1;
	}
	sent = __real_sendmmsg(fd, messages, step ? (unsigned)-step : n, flags);
	messages_sent += sent > 0 ? (size_t)sent : 0;
	return sent;
}

static void say_segment(struct msghdr *hdr)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(CMSG_DATA(c), said_segment, sizeof(*said_segment));
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *t)
{
	int got = __real_recvmmsg(fd, messages, n, flags, t);

	receive_calls++;
	for (int i = 0; said_segment && i < got; i++)
		say_segment(&messages[i].msg_hdr);
	return got;
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	if (lacks_offloads && level == SOL_UDP) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return __real_setsockopt(fd, level, option, value, len);
}

int __wrap_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	if (lacks_offloads && level == SOL_UDP) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return __real_getsockopt(fd, level, option, value, len);
}

/* -- two ports ------------------------------------------------------------- */

static struct udp *a, *b;
static struct datagram burst[BURST_MAX], got[BURST_MAX];
static uint8_t bytes[BURST_MAX][LEN_MAX];
static size_t sources_gone;

static void note_gone(void *context, const struct path *path)
{
	(void)context;
	(void)path;
	sources_gone++;
}

static struct udp *open_with(unsigned offloads)
{
	struct udp_settings settings = {.offloads = offloads, .source_gone = note_gone};
	struct udp *udp = NULL;
	char error[512];

	if (udp_open(&udp, &settings, error))
		fail_msg("%s", error);
	return udp;
}

static int set_up(void **state)
{
	(void)state;
	script_len = sources_gone = send_calls = messages_sent = receive_calls = 0;
	lacks_offloads = false;
	said_segment = NULL;
	memset(burst, 0, sizeof(burst));
	a = open_with(OFFLOAD_ALL);
	b = open_with(OFFLOAD_ALL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	udp_free(a);
	udp_free(b);
	return 0;
}

static struct endpoint at(const char *ip, const struct udp *udp)
{
	struct endpoint e = {.port = udp_port(udp)};

	assert_true(ip_parse(&e.ip, ip));
	return e;
}

/* burst[i], all of whose bytes are i + 1. */
static void make(size_t i, const char *ip, size_t len)
{
	memset(bytes[i], (int)i + 1, len);
	burst[i] = (struct datagram){
		.packet = packet_in(bytes[i], len, 0, len),
		.path.remote = at(ip, b),
	};
}

static void send_equal(const char *ip, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++)
		make(i, ip, len);
	udp_send(a, burst, n);
}

static void assert_is(const struct datagram *d, size_t i, size_t len)
{
	assert_int_equal(d->packet.len, len);
	assert_int_equal(packet_headroom(&d->packet), 0);
	assert_int_equal(packet_tailroom(&d->packet), 0);
	for (size_t k = 0; k < len; k++)
		assert_int_equal(d->packet.data[k], i + 1);
}

static bool is_readable(struct udp *udp, enum ip_family family)
{
	struct pollfd p = {.fd = udp_fd(udp, family), .events = POLLIN};

	return udp_holds(udp) || poll(&p, 1, 5000) == 1;
}

/* At most n of them, as soon as there is one; 0 after five seconds without. */
static size_t receive(enum ip_family family, size_t n)
{
	size_t taken = 0;
	bool more;

	while (!taken && is_readable(b, family))
		taken = udp_recv(b, family, got, n, &more);
	return taken;
}

/* The one that is to come to this address next: by one path nothing overtakes. */
static size_t expected(const bool *has_come, size_t n, const struct ip *to)
{
	size_t i = 0;

	while (i < n && (has_come[i] || !ip_equal(&burst[i].path.remote.ip, to)))
		i++;
	assert_true(i < n);
	return i;
}

static size_t take(enum ip_family family, bool *has_come, size_t n)
{
	size_t taken = receive(family, BURST_MAX);

	assert_true(taken > 0);
	for (size_t k = 0; k < taken; k++) {
		size_t i = expected(has_come, n, &got[k].path.local);

		has_come[i] = true;
		assert_int_equal(got[k].path.remote.port, udp_port(a));
		assert_int_equal(got[k].ecn, burst[i].ecn);
		assert_int_equal(got[k].dscp, burst[i].dscp);
		assert_is(&got[k], i, burst[i].packet.len);
	}
	return taken;
}

static bool is_silent(enum ip_family family)
{
	bool more;

	return udp_recv(b, family, got, BURST_MAX, &more) == 0 && !more;
}

/* The first n of burst[] come to b, once each. What is empty is not handed out. */
static void assert_arrive(size_t n)
{
	bool has_come[BURST_MAX] = {false};
	size_t left[2] = {0};

	for (size_t i = 0; i < n; i++) {
		has_come[i] = burst[i].packet.len == 0;
		left[burst[i].path.remote.ip.family == IP_V6] += !has_come[i];
	}
	while (left[0])
		left[0] -= take(IP_V4, has_come, n);
	while (left[1])
		left[1] -= take(IP_V6, has_come, n);
	assert_true(is_silent(IP_V4) && is_silent(IP_V6));
}

/* -- merged ---------------------------------------------------------------- */

static void many_leave_and_come_by_one_call_each(void **state)
{
	static const char *const ways[] = {"127.0.0.1", "::1"};

	(void)state;
	assert_int_equal(udp_offloads(a), OFFLOAD_UDP_GSO | OFFLOAD_UDP_GRO);
	for (size_t i = 0; i < 2; i++) {
		send_calls = messages_sent = receive_calls = 0;
		send_equal(ways[i], SEGMENTS_MAX, 1000);
		assert_int_equal(send_calls, 1);
		assert_int_equal(messages_sent, 1);
		assert_int_equal(receive(i ? IP_V6 : IP_V4, SEGMENTS_MAX), SEGMENTS_MAX);
		assert_int_equal(receive_calls, 1);
		for (size_t k = 0; k < SEGMENTS_MAX; k++)
			assert_is(&got[k], k, 1000);
		assert_int_equal(udp_counter(a, UDP_MERGED_OUT), (i + 1) * SEGMENTS_MAX);
		assert_int_equal(udp_counter(b, UDP_MERGED_IN), (i + 1) * SEGMENTS_MAX);
	}
}

/* What one asks for is nothing to the other. */
static void each_side_may_go_without(void **state)
{
	static const unsigned offloads[][2] = {
		{OFFLOAD_UDP_GSO, 0}, {0, OFFLOAD_UDP_GRO}, {0, 0}, {OFFLOAD_UDP_GRO, OFFLOAD_UDP_GSO},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		udp_free(a);
		udp_free(b);
		a = open_with(offloads[i][0]);
		b = open_with(offloads[i][1]);
		messages_sent = 0;
		send_equal("127.0.0.1", 50, 1200);
		assert_int_equal(messages_sent, i ? 50 : 1);
		assert_arrive(50);
		assert_int_equal(udp_counter(b, UDP_MERGED_IN), 0);
	}
}

static void a_kernel_without_them_goes_on_one_by_one(void **state)
{
	(void)state;
	udp_free(a);
	udp_free(b);
	lacks_offloads = true;
	a = open_with(OFFLOAD_ALL);
	b = open_with(OFFLOAD_ALL);
	assert_int_equal(udp_offloads(a), 0);
	send_equal("127.0.0.1", 20, 1200);
	assert_int_equal(messages_sent, 20);
	assert_arrive(20);
}

/* | 900 900 300 | 900 900 900 | 1000 1000 | nothing | 200 200 100 | */
static void only_the_last_of_a_message_is_shorter(void **state)
{
	static const size_t lens[] = {900, 900, 300, 900, 900, 900, 1000, 1000, 0, 200, 200, 100};
	enum { COUNT = sizeof(lens) / sizeof(*lens) };

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		make(i, "127.0.0.1", lens[i]);
	udp_send(a, burst, COUNT);
	assert_int_equal(send_calls, 1);
	assert_int_equal(messages_sent, 5);
	assert_arrive(COUNT);
	assert_int_equal(udp_counter(b, UDP_TRUNCATED), 0);
}

static void what_is_interleaved_is_a_message_for_each_peer(void **state)
{
	static const char *const peers[] = {"127.0.0.1", "::1", "127.0.0.2"};

	(void)state;
	for (size_t i = 0; i < 60; i++)
		make(i, peers[i % 3], 1000);
	udp_send(a, burst, 60);
	assert_int_equal(messages_sent, 3);
	assert_arrive(60);
}

static void no_message_is_above_what_a_datagram_may_be(void **state)
{
	(void)state;
	send_equal("127.0.0.1", 50, 1400);
	assert_int_equal(messages_sent, 2);	/* 46 of them are 64,400 bytes */
	assert_arrive(50);
	messages_sent = 0;
	send_equal("127.0.0.1", 3, LEN_MAX);
	assert_int_equal(messages_sent, 3);
	assert_arrive(3);
}

/* What comes later goes later, even if an earlier message has room. */
static void congestion_marks_part_messages_and_are_on_all_of_each(void **state)
{
	static const char *const ways[] = {"127.0.0.1", "::1"};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		messages_sent = 0;
		for (size_t i = 0; i < 30; i++) {
			make(i, ways[w], 500);
			burst[i].ecn = i < 10 ? 2 : i < 20 ? 3 : 2;
			burst[i].dscp = 0x22;
		}
		udp_send(a, burst, 30);
		assert_int_equal(messages_sent, 3);
		assert_arrive(30);
	}
}

/* Random lengths, marks and peers, many times over. */
static void whatever_the_mix_each_arrives_once_and_in_order(void **state)
{
	static const char *const peers[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3",
					    "::1",	 small_mtu4,  small_mtu6};
	static const size_t lens[] = {0, 1, 80, 80, 1400, 1400, 1400, 1399};
	uint32_t random = 1;

	(void)state;
	for (size_t round = 0; round < 300; round++) {
		for (size_t i = 0; i < BURST_MAX; i++) {
			random = random * 1664525 + 1013904223;
			make(i, peers[(random >> 24) % 6], lens[random >> 20 & 7]);
			burst[i].ecn = random >> 16 & 7 ? 1 : 2;
		}
		udp_send(a, burst, BURST_MAX);
		assert_arrive(BURST_MAX);
	}
	assert_true(udp_counter(a, UDP_MERGED_OUT) > 0);
	assert_true(udp_counter(b, UDP_MERGED_IN) > 0);
}

static void more_sockets_do_so_too(void **state)
{
	struct pollfd p = {.fd = udp_more_fd(b), .events = POLLIN};
	uint16_t port = udp_add(b, 5, IP_V4);
	bool more;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		make(i, "127.0.0.1", 700);
		burst[i].path.remote.port = port;
	}
	udp_send(a, burst, 10);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(udp_recv_more(b, got, 4, &more), 4);
	assert_true(more && udp_holds(b));
	assert_int_equal(udp_recv_more(b, got, BURST_MAX, &more), 6);
	assert_int_equal(udp_counter(b, UDP_MERGED_IN), 10);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(got[i].path.via, 5);
		assert_is(&got[i], i + 4, 700);
	}
	messages_sent = 0;
	udp_send(b, got, 6);
	assert_int_equal(messages_sent, 1);
}

/* -- cut up ---------------------------------------------------------------- */

static void what_has_no_place_waits_where_it_lies(void **state)
{
	bool more;

	(void)state;
	send_equal("127.0.0.1", 12, 300);
	assert_int_equal(receive(IP_V4, 5), 5);
	for (size_t i = 5; i < 12; i += 5) {
		assert_true(udp_holds(b));
		assert_int_equal(udp_recv(b, IP_V4, got, 5, &more), i == 5 ? 5 : 2);
		assert_is(&got[0], i, 300);
		assert_int_equal(more, i == 5);
	}
	assert_false(udp_holds(b));
	assert_int_equal(receive_calls, 1);
}

/* They were one packet on the other side, and may be so again. */
static void a_message_that_fits_is_not_torn(void **state)
{
	bool more;

	(void)state;
	send_equal("127.0.0.1", 50, 1000);
	send_equal("127.0.0.1", 50, 1000);
	send_equal("127.0.0.1", 50, 1000);
	send_equal("127.0.0.1", 20, 1000);
	assert_int_equal(receive(IP_V4, BURST_MAX), 100);
	assert_int_equal(udp_recv(b, IP_V4, got, BURST_MAX, &more), 70);
	assert_false(udp_holds(b));
}

/* Each side writes to its own: to open one must not touch the next. */
static void each_is_the_caller_s_to_write_to(void **state)
{
	(void)state;
	send_equal("127.0.0.1", 10, 100);
	assert_int_equal(receive(IP_V4, 5), 5);
	for (size_t i = 0; i < 5; i++)
		memset(got[i].packet.data, 0xff, got[i].packet.len);
	assert_int_equal(receive(IP_V4, 5), 5);
	for (size_t i = 0; i < 5; i++)
		assert_is(&got[i], i + 5, 100);
}

static void a_flood_of_single_bytes_comes_in_turns_of_some_hundred(void **state)
{
	enum { MESSAGES = 100 };
	size_t left = MESSAGES * BURST_MAX, calls;

	(void)state;
	for (size_t i = 0; i < MESSAGES; i++)
		send_equal("127.0.0.1", BURST_MAX, 1);
	while (left) {
		size_t taken = receive(IP_V4, BURST_MAX);

		assert_true(taken && taken <= left);
		for (size_t i = 0; i < taken; i++)
			assert_int_equal(got[i].packet.len, 1);
		left -= taken;
	}
	assert_int_equal(udp_counter(b, UDP_MERGED_IN), MESSAGES * BURST_MAX);
	calls = receive_calls;	/* the first one did not know */
	assert_true(4 * (calls - 1) + BURST_MAX >= MESSAGES);
	assert_true(is_silent(IP_V4));
}

static void a_length_of_nothing_is_dropped_and_counted(void **state)
{
	static const int lengths[] = {0, -1, -1000};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		said_segment = &lengths[i];
		send_equal("127.0.0.1", 10, 100);
		send_equal("127.0.0.1", 1, 77);
		assert_int_equal(receive(IP_V4, BURST_MAX), 1);
		assert_int_equal(got[0].packet.len, 77);
		assert_int_equal(udp_counter(b, UDP_TRUNCATED), i + 1);
	}
}

static void a_length_above_the_message_s_is_one_datagram(void **state)
{
	static const int length = 2000;

	(void)state;
	said_segment = &length;
	send_equal("127.0.0.1", 10, 100);
	assert_int_equal(receive(IP_V4, BURST_MAX), 1);
	assert_int_equal(got[0].packet.len, 1000);
}

static size_t resident(void)
{
	static unsigned char pages[BURST_MAX * PACKET_SLOT / 4096 + 1];
	size_t n = 0;

	assert_int_equal(mincore(b->in.slots, (size_t)BURST_MAX * PACKET_SLOT, pages), 0);
	for (size_t i = 0; i < sizeof(pages); i++)
		n += pages[i] & 1;
	return n * 4096;
}

static void swallow(size_t n)
{
	while (n) {
		size_t taken = receive(IP_V4, BURST_MAX);

		assert_true(taken && taken <= n);
		n -= taken;
	}
}

/* Short ones, so that many are asked for at once; then long ones come. */
static void long_messages_cost_little_memory(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 4; i++) {
			for (size_t k = 0; k < BURST_MAX; k++)
				make(k, "127.0.0.1", k + 1);	/* none is merged */
			udp_send(a, burst, BURST_MAX);
		}
		swallow(4 * BURST_MAX);
		for (int i = 0; i < 40; i++)
			send_equal("127.0.0.1", 45, 1400);
		swallow(40 * 45);
		for (int i = 0; i < 8; i++)
			send_equal("127.0.0.1", 45, 1400);
		swallow(8 * 45);
		assert_true(resident() < MEMORY_MAX);
	}
}

/* -- refused --------------------------------------------------------------- */

/* A datagram alone may be fragmented; as one of many it may not. */
static void a_small_mtu_ends_merging_for_that_path_alone(void **state)
{
	static const char *const ways[] = {small_mtu4, small_mtu6};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		send_equal(ways[w], 10, 1400);
		assert_arrive(10);
		assert_int_equal(udp_counter(a, UDP_SPLIT), 10 * (w + 1));
		send_calls = messages_sent = 0;
		send_equal(ways[w], 10, 1400);		/* known now */
		assert_int_equal(send_calls, 1);
		assert_int_equal(messages_sent, 10);
		assert_arrive(10);
		messages_sent = 0;
		send_equal(ways[w], 10, 1000);		/* these fit */
		assert_int_equal(messages_sent, 1);
		assert_arrive(10);
		messages_sent = 0;
		send_equal(w ? "::1" : "127.0.0.1", 10, 1400);
		assert_int_equal(messages_sent, 1);
		assert_arrive(10);
		assert_int_equal(udp_counter(a, UDP_SPLIT), 10 * (w + 1));
	}
	assert_int_equal(sources_gone, 0);
}

/* Others take the place of what was remembered longest, and nothing is lost by it. */
static void more_paths_than_are_remembered_are_fine(void **state)
{
	char ip[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 1; i <= 2 * UDP_REFUSALS; i++) {
			snprintf(ip, sizeof(ip), "198.51.100.%d", i);
			send_equal(ip, 3, 1400);
			assert_arrive(3);
		}
	}
	assert_int_equal(udp_counter(a, UDP_SPLIT), 3 * 2 * 2 * UDP_REFUSALS);
}

/* The way may have changed. */
static void after_a_while_merging_is_tried_again(void **state)
{
	(void)state;
	play(EIO);
	for (size_t sent = 0; sent < REFUSED_FOR; sent += SEGMENTS_MAX) {
		send_equal("127.0.0.1", SEGMENTS_MAX, 100);
		assert_arrive(SEGMENTS_MAX);
	}
	assert_int_equal(udp_counter(a, UDP_SPLIT), SEGMENTS_MAX);
	send_equal("127.0.0.1", SEGMENTS_MAX, 100);
	messages_sent = 0;
	send_equal("127.0.0.1", SEGMENTS_MAX, 100);
	assert_int_equal(messages_sent, 1);
}

static void a_way_that_cannot_segment_takes_them_one_by_one(void **state)
{
	(void)state;
	play(EIO);
	send_equal("127.0.0.1", 20, 1400);
	assert_int_equal(messages_sent, 20);
	assert_arrive(20);
	messages_sent = 0;
	send_equal("127.0.0.1", 20, 50);	/* whatever their length */
	assert_int_equal(messages_sent, 20);
	assert_arrive(20);
	messages_sent = 0;
	send_equal("127.0.0.2", 20, 1400);
	assert_int_equal(messages_sent, 1);
	assert_int_equal(udp_counter(a, UDP_SPLIT), 20);
}

/* Three messages: the first is taken, the second refused as one; of its datagrams some are taken,
 * then one is refused, and the rest and the third follow. */
static void nothing_is_lost_or_doubled_by_a_refusal_in_the_middle(void **state)
{
	static const char *const peers[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};

	(void)state;
	for (size_t i = 0; i < 60; i++)
		make(i, peers[i / 20], 1000);
	play(-1, EMSGSIZE, EINTR, -3, -1, EINTR);
	udp_send(a, burst, 60);
	assert_int_equal(messages_sent, 1 + 20 + 1);
	assert_arrive(60);

	play(-1, EINVAL, -3, EPERM);
	for (size_t i = 0; i < 60; i++)
		make(i, peers[i / 20], 900);
	udp_send(a, burst, 60);
	assert_int_equal(udp_counter(a, UDP_UNREACHABLE), 1);
	burst[23].packet.len = 0;	/* it was dropped */
	assert_arrive(60);
}

static void what_is_dropped_is_counted_by_the_datagram(void **state)
{
	static const struct {
		int error;
		enum udp_counter counter;
	} refusals[] = {
		{EPERM, UDP_UNREACHABLE},
		{ENETUNREACH, UDP_UNREACHABLE},
		{ENOBUFS, UDP_NO_ROOM},
		{EAGAIN, UDP_NO_ROOM},
		{ECONNREFUSED, UDP_SEND_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		uint64_t before = udp_counter(a, refusals[i].counter);

		play(refusals[i].error);
		send_equal("127.0.0.1", 20, 1000);
		assert_int_equal(udp_counter(a, refusals[i].counter), before + 20);
		assert_true(is_silent(IP_V4));
	}
	assert_int_equal(udp_counter(a, UDP_SPLIT), 0);
	assert_int_equal(udp_counter(a, UDP_MERGED_OUT), 0);
}

static void a_full_send_buffer_drops_the_rest_while_splitting(void **state)
{
	(void)state;
	play(EIO, -5, EAGAIN, -1, EAGAIN);
	send_equal("127.0.0.1", 20, 1000);
	assert_int_equal(udp_counter(a, UDP_NO_ROOM), 15);
	assert_arrive(5);
}

/* EINVAL may mean either: that all of it goes without the source shows that it was this. */
static void a_source_that_is_gone_is_not_merging_s_fault(void **state)
{
	static const char *const addresses[][2] = {
		{"127.0.0.1", "192.0.2.77"},
		{"::1", "2001:db8::77"},
	};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		for (size_t i = 0; i < 10; i++) {
			make(i, addresses[w][0], 1000);
			ip_parse(&burst[i].path.local, addresses[w][1]);
		}
		udp_send(a, burst, 10);
		assert_arrive(10);
		assert_int_equal(udp_counter(a, UDP_SOURCE_GONE), 10 * (w + 1));
		assert_int_equal(sources_gone, w + 1);
		messages_sent = 0;
		send_equal(addresses[w][0], 10, 1000);
		assert_int_equal(messages_sent, 1);
		assert_arrive(10);
	}
	assert_int_equal(udp_counter(a, UDP_SPLIT), 0);
}

/* Here the errno says it: the whole message goes without. */
static void a_way_that_is_gone_is_left_out_for_the_whole_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++) {
		make(i, "127.0.0.1", 1000);
		ip_parse(&burst[i].path.local, "127.0.0.1");
	}
	play(ENETUNREACH);
	udp_send(a, burst, 10);
	assert_int_equal(send_calls, 1);
	assert_arrive(10);
	assert_int_equal(sources_gone, 1);
	assert_int_equal(udp_counter(a, UDP_SOURCE_GONE), 10);
}

/* Refused with its source for one reason, and without it for another; before Linux 6.14 a small
 * MTU says EINVAL, too. Then it is not the source's fault unless one alone is refused as well. */
static void both_may_be_to_blame(void **state)
{
	static const int errors[] = {ENETUNREACH, EINVAL};
	static const char *const peers[] = {small_mtu4, "198.51.100.8"};

	(void)state;
	for (size_t e = 0; e < 2; e++) {
		for (size_t i = 0; i < 10; i++) {
			make(i, peers[e], 1400);
			ip_parse(&burst[i].path.local, "127.0.0.1");
		}
		play(errors[e]);
		udp_send(a, burst, 10);
		assert_arrive(10);
		assert_int_equal(udp_counter(a, UDP_SPLIT), 10 * (e + 1));
		assert_int_equal(sources_gone, 0);
	}
}

static void a_chosen_source_is_kept_in_merged_messages(void **state)
{
	struct ip from;

	(void)state;
	assert_true(ip_parse(&from, "127.0.0.9"));
	for (size_t i = 0; i < 10; i++) {
		make(i, "127.0.0.1", 1000);
		burst[i].path.local = from;
	}
	udp_send(a, burst, 10);
	assert_int_equal(messages_sent, 1);
	assert_int_equal(receive(IP_V4, BURST_MAX), 10);
	for (size_t i = 0; i < 10; i++)
		assert_true(ip_equal(&got[i].path.remote.ip, &from));
}

int main(void)
{
#define with_ports(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_ports(many_leave_and_come_by_one_call_each),
		with_ports(each_side_may_go_without),
		with_ports(a_kernel_without_them_goes_on_one_by_one),
		with_ports(only_the_last_of_a_message_is_shorter),
		with_ports(what_is_interleaved_is_a_message_for_each_peer),
		with_ports(no_message_is_above_what_a_datagram_may_be),
		with_ports(congestion_marks_part_messages_and_are_on_all_of_each),
		with_ports(whatever_the_mix_each_arrives_once_and_in_order),
		with_ports(more_sockets_do_so_too),
		with_ports(what_has_no_place_waits_where_it_lies),
		with_ports(a_message_that_fits_is_not_torn),
		with_ports(each_is_the_caller_s_to_write_to),
		with_ports(a_flood_of_single_bytes_comes_in_turns_of_some_hundred),
		with_ports(a_length_of_nothing_is_dropped_and_counted),
		with_ports(a_length_above_the_message_s_is_one_datagram),
		with_ports(long_messages_cost_little_memory),
		with_ports(a_small_mtu_ends_merging_for_that_path_alone),
		with_ports(more_paths_than_are_remembered_are_fine),
		with_ports(after_a_while_merging_is_tried_again),
		with_ports(a_way_that_cannot_segment_takes_them_one_by_one),
		with_ports(nothing_is_lost_or_doubled_by_a_refusal_in_the_middle),
		with_ports(what_is_dropped_is_counted_by_the_datagram),
		with_ports(a_full_send_buffer_drops_the_rest_while_splitting),
		with_ports(a_source_that_is_gone_is_not_merging_s_fault),
		with_ports(a_way_that_is_gone_is_left_out_for_the_whole_message),
		with_ports(both_may_be_to_blame),
		with_ports(a_chosen_source_is_kept_in_merged_messages),
	};

	if (unshare(CLONE_NEWNET) || system("ip link set lo up") ||
	    system("ip route add local 198.51.100.0/24 dev lo mtu 1280") ||
	    system("ip -6 route add local 2001:db8::7/128 dev lo mtu 1280")) {
		fprintf(stderr, "skipped: a network namespace is needed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
