/* tcp_cross_test.c -- two that nobody can call call each other: RFC 6544's simultaneous open.
 *
 *   a (127.0.0.1:4000) --SYN--> X           a firewall lets in only what answers a question
 *                    X <--SYN-- b (127.0.0.2:4000)
 *
 * The first SYN is lost, as nobody has asked for it. The second is let in, as it looks like an
 * answer to the first; and there is one connection, which nobody has accepted. In a network
 * namespace of its own: it needs root and nft.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/clock.h"
#include "io/tcp.h"

enum { PORT = 4000, PATIENCE = 10000 };

struct side {
	struct tcp *tcp;
	char heard[16];
	size_t datagrams;
};

static struct side a, b;

static void on_received(void *context, struct datagram *datagrams, size_t n, msec now)
{
	struct side *s = context;

	(void)now;
	s->datagrams += n;
	snprintf(s->heard, sizeof(s->heard), "%.*s", (int)datagrams[n - 1].packet.len,
		 (const char *)datagrams[n - 1].packet.data);
}

static void open_at(struct side *s, const char *address)
{
	struct tcp_settings settings = {.port = PORT, .received = on_received, .context = s};
	char error[512];

	*s = (struct side){0};
	assert_true(ip_parse(&settings.address, address));
	if (tcp_open(&s->tcp, &settings, error))
		fail_msg("%s", error);
}

static int set_up(void **state)
{
	(void)state;
	open_at(&a, "127.0.0.1");
	open_at(&b, "127.0.0.2");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tcp_free(a.tcp);
	tcp_free(b.tcp);
	return 0;
}

static void serve(struct side *s)
{
	tcp_ready(s->tcp, clock_now());
	tcp_tick(s->tcp, clock_now());
}

static void until_both_have_heard(size_t datagrams)
{
	msec give_up = clock_now() + PATIENCE;

	while (a.datagrams < datagrams || b.datagrams < datagrams) {
		struct pollfd fds[2] = {{.fd = tcp_fd(a.tcp), .events = POLLIN},
					{.fd = tcp_fd(b.tcp), .events = POLLIN}};

		assert_true(clock_now() < give_up);
		poll(fds, 2, 5);
		serve(&a);
		serve(&b);
	}
}

static void say(struct side *s, const char *to, const char *text)
{
	uint8_t *data = (uint8_t *)text;
	struct datagram d = {
		.packet = {data, data, strlen(text), data + strlen(text)},
		.path = {.remote = {.port = PORT}, .via = VIA_TCP},
	};

	assert_true(ip_parse(&d.path.remote.ip, to));
	tcp_send(s->tcp, &d, 1, clock_now());
}

static void two_behind_firewalls_meet(void **state)
{
	(void)state;
	say(&a, "127.0.0.2", "from a");
	serve(&a);
	assert_int_equal(b.datagrams, 0);
	say(&b, "127.0.0.1", "from b");
	until_both_have_heard(1);
	assert_string_equal(a.heard, "from b");
	assert_string_equal(b.heard, "from a");
	assert_int_equal(tcp_connections(a.tcp), 1);
	assert_int_equal(tcp_connections(b.tcp), 1);
	assert_int_equal(tcp_counter(a.tcp, STREAM_FAILED) + tcp_counter(b.tcp, STREAM_FAILED), 0);
}

/* Neither port is kept by the end of a connection (TIME_WAIT). */
static void and_again_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		two_behind_firewalls_meet(NULL);
		tear_down(NULL);
		set_up(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_behind_firewalls_meet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(and_again_at_once, set_up, tear_down),
	};

	if (unshare(CLONE_NEWNET) || system("ip link set lo up") ||
	    system("nft 'add table inet t; "
		   "add chain inet t in { type filter hook input priority 0; policy accept; }; "
		   "add rule inet t in meta l4proto tcp ct state new drop'")) {
		fprintf(stderr, "skipped: a network namespace and nft are needed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
