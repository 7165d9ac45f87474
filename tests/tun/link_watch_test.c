/* link_watch_test.c -- what changes on the host is news, what we do to our device is not.
 *
 *   v0 --veth-- v1        the host's
 *   mesh0                 ours
 */
#include "netns.h"

#include <net/if.h>
#include <sys/socket.h>

#include "tun/link.h"
#include "tun/link_watch.h"

static struct tun *tun;
static struct link_watch *watch;

/* All is up and has its carrier before anybody watches, so that nothing comes by itself. */
static int set_up(void **state)
{
	if (fresh_netns(state))
		return -1;
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	tun = open_tun("mesh0");
	run("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up;"
	    "for i in $(seq 500); do"
	    "  [ $(ip link | grep -c 'state UP') = 2 ] && exit 0; sleep 0.01;"
	    "done; exit 1");
	return link_watch_open(&watch, if_nametoindex("mesh0"));
}

static int tear_down(void **state)
{
	(void)state;
	link_watch_free(watch);
	tun_free(tun);
	return 0;
}

#define watch_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void nothing_is_no_news(void **state)
{
	(void)state;
	assert_false(link_watch_read(watch));
}

static void whatever_changes_is_news(void **state)
{
	static const char *const changes[] = {
		"ip addr add 10.1.0.1/24 dev v0",
		"ip addr add fd01::1/64 dev v0 nodad",
		"ip route add 10.9.0.0/16 via 10.1.0.2",
		"ip route add 10.8.0.0/16 nexthop via 10.1.0.2 nexthop via 10.1.0.3",
		"ip route add unreachable 10.7.0.0/16",
		"ip -6 route add fd09::/16 via fd01::2",
		"ip rule add from 10.1.0.1 lookup 77",
		"ip -6 rule add from fd01::1 lookup 77",
		"ip link set v0 mtu 1400",
		"ip link add name other0 type bridge",
		"ip rule del from 10.1.0.1 lookup 77",
		"ip route del 10.9.0.0/16",
		"ip addr del 10.1.0.1/24 dev v0",
		"ip link del other0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		run(changes[i]);
		if (!link_watch_read(watch))
			fail_msg("no news after: %s", changes[i]);
		while (link_watch_read(watch))
			;
	}
}

static void our_own_device_is_no_news(void **state)
{
	(void)state;
	run("ip link set mesh0 mtu 1400; ip link set mesh0 up;"
	    "ip addr add 10.77.0.1/24 dev mesh0; ip addr add fd77::1/64 dev mesh0;"
	    "ip route add 10.78.0.0/16 dev mesh0; ip -6 route add fd78::/16 dev mesh0;"
	    DAD_DONE IPV6_SETTLED
	    "ip route del 10.78.0.0/16; ip addr del 10.77.0.1/24 dev mesh0; ip link set mesh0 down");
	assert_false(link_watch_read(watch));
}

static void the_host_is_news_also_among_our_own(void **state)
{
	(void)state;
	run("ip link set mesh0 mtu 1400; ip addr add 10.1.0.1/24 dev v0; ip link set mesh0 mtu 1500");
	assert_true(link_watch_read(watch));
	assert_false(link_watch_read(watch));
}

static void lost_news_is_news(void **state)
{
	int small = 1;

	(void)state;
	setsockopt(link_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	run("for i in 1 2 3 4 5 6 7 8 9 10; do"
	    "  ip link set mesh0 mtu 1400; ip link set mesh0 mtu 1500;"
	    "done");
	assert_true(link_watch_read(watch));
	while (link_watch_read(watch))
		;
	run("ip link set mesh0 mtu 1400");
	assert_false(link_watch_read(watch));
}

static void much_news_is_read_in_parts(void **state)
{
	(void)state;
	run("ip link set mesh0 up; for i in $(seq 70); do echo addr add 10.77.$i.1/32 dev mesh0; done |"
	    " ip -batch -; ip addr add 10.1.0.1/24 dev v0");
	assert_false(link_watch_read(watch));	/* 64 of 70 and more, all ours */
	while (!link_watch_read(watch))
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		watch_test(nothing_is_no_news),
		watch_test(whatever_changes_is_news),
		watch_test(our_own_device_is_no_news),
		watch_test(the_host_is_news_also_among_our_own),
		watch_test(lost_news_is_news),
		watch_test(much_news_is_read_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
