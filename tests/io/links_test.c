/* links_test.c -- what this host is connected to, and when it is said to have changed.
 *
 *   v0 --veth-- v1        the host's
 *   mesh0                 ours
 *
 * One thread: the test changes something, then runs the loop until a condition holds.
 */
#include "tun/netns.h"

#include <limits.h>

#include "io/clock.h"
#include "io/links.h"
#include "tun/link.h"
#include "tun/link_watch.h"

static uv_loop_t loop;
static struct tun *tun;
static struct link *asker;
static struct links_watch *watch;
static uint32_t own;

/* -- the kernel's and libuv's part, for once -------------------------------- */

static unsigned links_left = UINT_MAX;	/* that may be opened */
static bool refuses_watch;
static int poll_init_fails, poll_start_fails;

int __real_link_open(struct link **out);
int __wrap_link_open(struct link **out);
int __real_link_watch_open(struct link_watch **out, uint32_t without);
int __wrap_link_watch_open(struct link_watch **out, uint32_t without);
int __real_uv_poll_init(uv_loop_t *l, uv_poll_t *poll, int fd);
int __wrap_uv_poll_init(uv_loop_t *l, uv_poll_t *poll, int fd);
int __real_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);
int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback);

int __wrap_link_open(struct link **out)
{
	return links_left-- ? __real_link_open(out) : -EMFILE;
}

int __wrap_link_watch_open(struct link_watch **out, uint32_t without)
{
	return refuses_watch ? -EMFILE : __real_link_watch_open(out, without);
}

int __wrap_uv_poll_init(uv_loop_t *l, uv_poll_t *poll, int fd)
{
	return poll_init_fails ? poll_init_fails : __real_uv_poll_init(l, poll, fd);
}

int __wrap_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb callback)
{
	return poll_start_fails ? poll_start_fails : __real_uv_poll_start(poll, events, callback);
}

/* -- a host ----------------------------------------------------------------- */

static int set_up(void **state)
{
	links_left = UINT_MAX;
	refuses_watch = false;
	poll_init_fails = poll_start_fails = 0;
	if (fresh_netns(state) || uv_loop_init(&loop) || link_open(&asker))
		return -1;
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	tun = open_tun("mesh0");
	run("ip link set lo up; ip link set mesh0 up;"
	    "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up;"
	    "for i in $(seq 500); do"
	    "  [ $(ip link | grep -c 'state UP') = 2 ] && exit 0; sleep 0.01;"
	    "done; exit 1");
	return link_index(asker, "mesh0", &own);
}

static int tear_down(void **state)
{
	(void)state;
	links_watch_close(watch);
	watch = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	link_free(asker);
	tun_free(tun);
	return uv_loop_close(&loop);
}

#define links_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static uint32_t index_of(const char *name)
{
	uint32_t ifindex = 0;

	assert_int_equal(link_index(asker, name, &ifindex), 0);
	return ifindex;
}

/* -- addresses ------------------------------------------------------------- */

/* One line each. */
static const char *listed(size_t max, uint32_t without)
{
	static char text[2048];
	struct local_address list[8];
	size_t len = 0;
	int n = links_list(list, max, without);

	assert_in_range(n, 0, max);
	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		char ip[IP_TEXT], on_link[CIDR_TEXT];

		assert_int_equal(list[i].ifindex, index_of(list[i].name));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s of %s%s%s\n",
					list[i].name, ip_format(ip, &list[i].ip),
					cidr_format(on_link, &list[i].on_link),
					list[i].is_temporary ? " temporary" : "",
					list[i].is_lan ? " lan" : "");
	}
	return text;
}

static void usable_addresses_are_listed(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add fd01::1/64 dev v0;"
	    "ip addr add fe80::1/64 dev v1; ip addr add 10.9.0.1/32 dev lo;"
	    "ip addr add 10.77.0.1/24 dev mesh0;" DAD_DONE);
	assert_string_equal(listed(8, 0), "mesh0 10.77.0.1 of 10.77.0.0/24\n"
					  "v0 10.1.0.1 of 10.1.0.0/24 lan\n"
					  "v1 fe80::1 of fe80::/64 lan\n"
					  "v0 fd01::1 of fd01::/64 lan\n");
}

static void our_own_device_is_left_out(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add 10.77.0.1/24 dev mesh0");
	assert_string_equal(listed(8, own), "v0 10.1.0.1 of 10.1.0.0/24 lan\n");
}

static void an_interface_that_does_not_run_is_left_out(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add 10.2.0.1/24 dev v1; ip link set v1 down;"
	    "for i in $(seq 500); do"
	    "  ip link show v0 | grep -q NO-CARRIER && exit 0; sleep 0.01;"
	    "done; exit 1");
	assert_string_equal(listed(8, 0), "");
}

static void tentative_and_deprecated_addresses_are_left_out(void **state)
{
	(void)state;
	write_file("/proc/sys/net/ipv6/conf/v0/accept_dad", "1");
	write_file("/proc/sys/net/ipv6/conf/v0/dad_transmits", "100");
	run("ip addr add fd01::1/64 dev v0; ip addr add fd01::2/64 dev v1 nodad;"
	    "ip addr add fd01::3/64 dev v1 nodad valid_lft 1000 preferred_lft 0");
	assert_string_equal(listed(8, 0), "v1 fd01::2 of fd01::/64 lan\n");
}

static void a_temporary_address_is_told_from_a_lasting_one(void **state)
{
	const char *text;

	(void)state;
	write_file("/proc/sys/net/ipv6/conf/v0/use_tempaddr", "2");
	run("ip addr add fd01::1/64 dev v0 mngtmpaddr valid_lft 86400 preferred_lft 43200;"
	    DAD_DONE);
	text = listed(8, 0);
	assert_non_null(strstr(text, "v0 fd01::1 of fd01::/64 lan\n"));
	assert_non_null(strstr(text, " of fd01::/64 temporary lan\n"));
}

static void an_interface_without_multicast_is_no_lan(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip link set v0 multicast off");
	assert_string_equal(listed(8, 0), "v0 10.1.0.1 of 10.1.0.0/24\n");
}

static void no_more_addresses_than_there_is_room_for(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add 10.1.0.2/24 dev v0;"
	    "ip addr add 10.1.0.3/24 dev v0");
	assert_string_equal(listed(2, 0), "v0 10.1.0.1 of 10.1.0.0/24 lan\n"
					  "v0 10.1.0.2 of 10.1.0.0/24 lan\n");
	assert_string_equal(listed(0, 0), "");
}

/* -- gateways -------------------------------------------------------------- */

static const char *gateways(size_t max)
{
	static char text[1024];
	struct gateway list[8];
	size_t len = 0;
	int n = links_gateways(list, max, own);

	assert_in_range(n, 0, max);
	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		char ip[IP_TEXT];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s by v%u, %u\n",
					ip_format(ip, &list[i].at.ip),
					list[i].at.scope ? " scoped" : "",
					list[i].ifindex == index_of("v1"), list[i].metric);
		if (list[i].at.scope)
			assert_int_equal(list[i].at.scope, list[i].ifindex);
	}
	return text;
}

static void gateways_are_listed_in_the_order_of_their_use(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add 10.2.0.1/24 dev v1;"
	    "ip addr add fd01::1/64 dev v0; ip addr add 10.77.0.1/24 dev mesh0;"
	    "ip route add default via 10.2.0.254 metric 600;"
	    "ip route add default via 10.1.0.254 metric 100;"
	    "ip route add default via 10.77.0.254 metric 1;"
	    "ip -6 route add default via fe80::fe dev v1 metric 50;"
	    "ip -6 route add default via fd01::fe metric 40");
	assert_string_equal(gateways(8), "10.1.0.254 by v0, 100\n10.2.0.254 by v1, 600\n"
					 "fd01::fe by v0, 40\nfe80::fe scoped by v1, 50\n");
	assert_string_equal(gateways(3), "10.1.0.254 by v0, 100\n10.2.0.254 by v1, 600\n"
					 "fd01::fe by v0, 40\n");
	assert_string_equal(gateways(1), "10.1.0.254 by v0, 100\n");
	assert_string_equal(gateways(0), "");
}

static void a_host_without_a_default_route_has_no_gateway(void **state)
{
	(void)state;
	assert_string_equal(gateways(8), "");
}

static void a_host_that_cannot_be_looked_at_is_an_error(void **state)
{
	struct local_address address;
	struct gateway gateway;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		links_left = i;
		assert_int_equal(links_list(&address, 1, 0), -EMFILE);
	}
	links_left = 0;
	assert_int_equal(links_gateways(&gateway, 1, 0), -EMFILE);
}

/* -- news ------------------------------------------------------------------ */

static unsigned changes;
static uint64_t changed_at;

static void note_change(void *context)
{
	assert_ptr_equal(context, &changes);
	changes++;
	changed_at = uv_hrtime() / 1000000;
}

static void open_watch(void)
{
	changes = 0;
	assert_int_equal(links_watch_open(&watch, &loop, own, note_change, &changes), 0);
}

static void set_flag(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Run the loop until there were `wanted` changes, at most so long. */
static void run_until(unsigned wanted, uint64_t at_most)
{
	uv_timer_t guard;
	bool over = false;

	uv_timer_init(&loop, &guard);
	guard.data = &over;
	uv_timer_start(&guard, set_flag, at_most, 0);
	while (changes < wanted && !over)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void assert_changes(unsigned wanted)
{
	run_until(wanted, 5000);
	assert_int_equal(changes, wanted);
}

/* Longer than any news would be held back. */
static void assert_no_change(void)
{
	unsigned before = changes;

	run_until(before + 1, LINKS_QUIET * 2);
	assert_int_equal(changes, before);
}

static int change_address(bool add, const char *text, uint32_t ifindex)
{
	struct cidr address;

	assert_true(cidr_parse(&address, text));
	return add ? link_add_address(asker, ifindex, &address, 5000)
		   : link_del_address(asker, ifindex, &address);
}

static void a_burst_of_news_is_one_change(void **state)
{
	(void)state;
	open_watch();
	run("ip link set v0 mtu 1400; ip addr add 10.1.0.1/24 dev v0;"
	    "ip route add default via 10.1.0.254; ip rule add from 10.1.0.1 lookup 77;"
	    "ip addr add fd01::1/64 dev v0; ip -6 route add default via fd01::fe;"
	    DAD_DONE IPV6_SETTLED);
	assert_changes(1);
	assert_no_change();
}

static void each_kind_of_news_is_a_change(void **state)
{
	static const char *const kinds[] = {
		"ip link set v0 mtu 1400",
		"ip addr add 10.1.0.1/24 dev v0",
		"ip route add default via 10.1.0.254",
		"ip rule add from 10.1.0.1 lookup 77",
		"ip -6 rule add from fd01::1 lookup 77",
		"ip addr del 10.1.0.1/24 dev v0",
	};

	(void)state;
	open_watch();
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		run(kinds[i]);
		assert_changes(i + 1);
	}
}

static void a_change_waits_for_quiet(void **state)
{
	uint64_t before;

	(void)state;
	open_watch();
	before = uv_hrtime() / 1000000;
	assert_int_equal(change_address(true, "10.1.0.1/24", index_of("v0")), 0);
	assert_changes(1);
	assert_true(changed_at >= before + LINKS_QUIET - 1);
}

/* News all the time, so quiet never comes. */
static void make_news(uv_timer_t *timer)
{
	unsigned *times = timer->data;

	assert_int_equal(change_address(++*times % 2, "10.1.0.1/24", index_of("v0")), 0);
}

static void a_change_does_not_wait_for_ever(void **state)
{
	static uv_timer_t noise;	/* the loop has it a little longer */
	unsigned times = 0;

	(void)state;
	open_watch();
	uv_timer_init(&loop, &noise);
	noise.data = &times;
	uv_timer_start(&noise, make_news, 0, LINKS_QUIET / 10);
	run_until(1, 10 * LINKS_PATIENCE);
	uv_close((uv_handle_t *)&noise, NULL);
	assert_int_equal(changes, 1);
}

static void our_own_device_is_no_change(void **state)
{
	(void)state;
	open_watch();
	assert_int_equal(change_address(true, "10.77.0.1/24", own), 0);
	assert_int_equal(change_address(true, "fd77::1/64", own), 0);
	assert_int_equal(link_set_mtu(asker, own, 1400), 0);
	assert_no_change();
}

/* All of it about our own device: that some was lost is the only news. */
static void lost_news_is_a_change(void **state)
{
	(void)state;
	open_watch();
	run("for i in $(seq 2000); do"
	    "  echo addr add 10.77.$((i / 250)).$((i % 250))/32 dev mesh0;"
	    "done | ip -batch -");
	assert_changes(1);
	assert_int_equal(change_address(true, "10.1.0.1/24", index_of("v0")), 0);
	assert_changes(2);
}

static void a_watch_that_cannot_be_opened_leaves_nothing_behind(void **state)
{
	struct links_watch *none;

	(void)state;
	refuses_watch = true;
	assert_int_equal(links_watch_open(&none, &loop, own, note_change, NULL), -EMFILE);
	refuses_watch = false;
	poll_init_fails = UV_ENOMEM;
	assert_int_equal(links_watch_open(&none, &loop, own, note_change, NULL), UV_ENOMEM);
	poll_init_fails = 0;
	poll_start_fails = UV_ENOMEM;
	assert_int_equal(links_watch_open(&none, &loop, own, note_change, NULL), UV_ENOMEM);
}

static void nothing_changes_after_the_watch_is_closed(void **state)
{
	(void)state;
	open_watch();
	assert_int_equal(change_address(true, "10.1.0.1/24", index_of("v0")), 0);
	uv_run(&loop, UV_RUN_NOWAIT);	/* the news is read, and quiet waited for */
	links_watch_close(watch);
	watch = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);	/* ends, as there is nothing left in it */
	assert_int_equal(changes, 0);
}

/* -- sleep ----------------------------------------------------------------- */

static void a_sleep_of_more_than_ten_seconds_is_told_once(void **state)
{
	struct links_sleep sleep = {0};

	(void)state;
	assert_false(links_resumed(&sleep, SECONDS(1000), SECONDS(1000)));
	assert_false(links_resumed(&sleep, SECONDS(2000), SECONDS(2000)));
	assert_true(links_resumed(&sleep, SECONDS(2000) + 10001, SECONDS(2000)));
	assert_false(links_resumed(&sleep, SECONDS(2000) + 10001, SECONDS(2000)));
	assert_true(links_resumed(&sleep, SECONDS(9000), SECONDS(2001)));
}

static void a_sleep_of_ten_seconds_is_none(void **state)
{
	struct links_sleep sleep = {0};

	(void)state;
	assert_false(links_resumed(&sleep, 5000, 5000));
	assert_false(links_resumed(&sleep, 15000, 5000));
}

static void a_machine_that_slept_before_we_began_did_not_resume(void **state)
{
	struct links_sleep sleep = {0};

	(void)state;
	assert_false(links_resumed(&sleep, SECONDS(99999), SECONDS(3)));
	assert_false(links_resumed(&sleep, SECONDS(99999), SECONDS(3)));
}

static void naps_add_up(void **state)
{
	struct links_sleep sleep = {0};

	(void)state;
	assert_false(links_resumed(&sleep, 0, 0));
	assert_false(links_resumed(&sleep, 6000, 0));
	assert_true(links_resumed(&sleep, 12000, 0));
	assert_false(links_resumed(&sleep, 18000, 0));
}

static void the_clocks_of_a_waking_machine_run_alike(void **state)
{
	struct links_sleep sleep = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_false(links_resumed(&sleep, clock_now(), (msec)(clock_cpu_ns() / 1000000)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		links_test(usable_addresses_are_listed),
		links_test(our_own_device_is_left_out),
		links_test(an_interface_that_does_not_run_is_left_out),
		links_test(tentative_and_deprecated_addresses_are_left_out),
		links_test(a_temporary_address_is_told_from_a_lasting_one),
		links_test(an_interface_without_multicast_is_no_lan),
		links_test(no_more_addresses_than_there_is_room_for),
		links_test(gateways_are_listed_in_the_order_of_their_use),
		links_test(a_host_without_a_default_route_has_no_gateway),
		links_test(a_host_that_cannot_be_looked_at_is_an_error),
		links_test(a_burst_of_news_is_one_change),
		links_test(each_kind_of_news_is_a_change),
		links_test(a_change_waits_for_quiet),
		links_test(a_change_does_not_wait_for_ever),
		links_test(our_own_device_is_no_change),
		links_test(lost_news_is_a_change),
		links_test(a_watch_that_cannot_be_opened_leaves_nothing_behind),
		links_test(nothing_changes_after_the_watch_is_closed),
		cmocka_unit_test(a_sleep_of_more_than_ten_seconds_is_told_once),
		cmocka_unit_test(a_sleep_of_ten_seconds_is_none),
		cmocka_unit_test(a_machine_that_slept_before_we_began_did_not_resume),
		cmocka_unit_test(naps_add_up),
		cmocka_unit_test(the_clocks_of_a_waking_machine_run_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
