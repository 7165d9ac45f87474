/* link_test.c -- what rtnetlink was asked for is what ip(8) sees. */
#include "netns.h"

#include "tun/link.h"

struct world {
	struct tun *tun;
	struct link *link;
	uint32_t ifindex;
};

static struct world make_world(void)
{
	struct world w = {.tun = open_tun("mesh0")};

	assert_int_equal(link_open(&w.link), 0);
	assert_int_equal(link_index(w.link, "mesh0", &w.ifindex), 0);
	return w;
}

static struct world make_world_up(void)
{
	struct world w = make_world();

	assert_int_equal(link_set_up(w.link, w.ifindex), 0);
	return w;
}

static void end_world(struct world w)
{
	link_free(w.link);
	tun_free(w.tun);
}

static struct cidr cidr(const char *text)
{
	struct cidr c;

	assert_true(cidr_parse(&c, text));
	return c;
}

static int add_address(struct world w, const char *text)
{
	struct cidr address = cidr(text);

	return link_add_address(w.link, w.ifindex, &address, 5000);
}

static int del_address(struct world w, const char *text)
{
	struct cidr address = cidr(text);

	return link_del_address(w.link, w.ifindex, &address);
}

static struct route route(struct world w, const char *to, uint32_t table, uint32_t metric)
{
	return (struct route){cidr(to), w.ifindex, table, metric};
}

static int add_route(struct world w, const char *to, uint32_t table, uint32_t metric)
{
	struct route r = route(w, to, table, metric);

	return link_add_route(w.link, &r);
}

static int del_route(struct world w, const char *to, uint32_t table, uint32_t metric)
{
	struct route r = route(w, to, table, metric);

	return link_del_route(w.link, &r);
}

/* --- interfaces --- */

static void the_index_is_the_one_ip_shows(void **state)
{
	struct world w = make_world();
	char expected[16];

	(void)state;
	snprintf(expected, sizeof(expected), "%u\n", (unsigned)w.ifindex);
	assert_output("ip -o link show mesh0 | cut -d: -f1", expected);
	end_world(w);
}

static void no_such_interface_is_enodev(void **state)
{
	struct world w = make_world();
	uint32_t ifindex = 77;

	(void)state;
	assert_int_equal(link_index(w.link, "nothing0", &ifindex), -ENODEV);
	assert_int_equal(link_index(w.link, "", &ifindex), -ENODEV);
	assert_int_equal(link_index(w.link, "longer-than-any-name-can-be", &ifindex), -ENODEV);
	assert_int_equal(ifindex, 77);
	assert_int_equal(link_set_mtu(w.link, 9999, 1400), -ENODEV);
	assert_int_equal(link_set_up(w.link, 9999), -ENODEV);
	end_world(w);
}

static void the_mtu_is_set(void **state)
{
	struct world w = make_world();

	(void)state;
	assert_int_equal(link_set_mtu(w.link, w.ifindex, 1400), 0);
	assert_output("ip -o link show mesh0 | grep -o 'mtu [0-9]*'", "mtu 1400\n");
	assert_int_equal(link_set_mtu(w.link, w.ifindex, 1 << 20), -EINVAL);
	end_world(w);
}

static void up_makes_no_link_local_address_and_no_packet(void **state)
{
	static uint8_t room[PACKET_SLOT];
	struct packet packet;
	struct world w = make_world();

	(void)state;
	assert_int_equal(link_set_up(w.link, w.ifindex), 0);
	assert_int_equal(link_set_up(w.link, w.ifindex), 0);
	assert_int_equal(add_address(w, "10.77.0.1/24"), 0);
	assert_int_equal(add_address(w, "fd77::1/64"), 0);
	assert_output("ip -o link show up | grep -c mesh0", "1\n");
	assert_output("grep -c fe80 /proc/net/if_inet6 || true", "0\n");
	assert_int_equal(tun_read(w.tun, room, &packet, 1), 0);
	end_world(w);
}

static void up_works_where_the_interface_is_too_small_for_ipv6(void **state)
{
	struct world w = make_world();

	(void)state;
	assert_int_equal(link_set_mtu(w.link, w.ifindex, 1000), 0);
	assert_int_equal(link_set_up(w.link, w.ifindex), 0);
	assert_output("ip -o link show up | grep -c mesh0", "1\n");
	end_world(w);
}

/* --- addresses --- */

static void an_ipv4_address_brings_its_network_with_the_metric(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_address(w, "10.77.0.1/24"), 0);
	assert_output("ip -4 -o addr show dev mesh0 | grep -o 'inet.*' | cut -d' ' -f1-6",
		      "inet 10.77.0.1/24 metric 5000 scope global\n");
	assert_output("ip -4 route show dev mesh0",
		      "10.77.0.0/24 proto kernel scope link src 10.77.0.1 metric 5000\n");
	end_world(w);
}

/* Flags 82 are IFA_F_PERMANENT and IFA_F_NODAD; IFA_F_TENTATIVE would be 40. */
static void an_ipv6_address_is_usable_at_once(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_address(w, "fd77::1/64"), 0);
	assert_output("cut -d' ' -f1,3-5 /proc/net/if_inet6",
		      "fd770000000000000000000000000001 40 00 82\n");
	assert_output("ip -6 route show dev mesh0",
		      "fd77::/64 proto kernel metric 5000 pref medium\n");
	end_world(w);
}

static void addresses_are_added_and_deleted_twice_without_error(void **state)
{
	static const char *const addresses[] = {"10.77.0.1/24", "10.78.0.1/32", "fd77::1/64",
						"fd78::1/128"};
	struct world w = make_world_up();

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(add_address(w, addresses[i % 4]), 0);
	assert_output("ip -o addr show dev mesh0 | grep -c inet", "4\n");
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(del_address(w, addresses[i % 4]), 0);
	assert_output("ip -o addr show dev mesh0 | grep -c inet || true", "0\n");
	end_world(w);
}

static void an_address_of_a_deleted_interface_is_gone(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_address(w, "10.77.0.1/24"), 0);
	run("ip link del mesh0");
	assert_int_equal(del_address(w, "10.77.0.1/24"), 0);
	assert_int_equal(del_address(w, "fd77::1/64"), 0);
	assert_int_equal(add_address(w, "10.77.0.1/24"), -ENODEV);
	end_world(w);
}

static void where_ipv6_is_off_its_addresses_are_eacces(void **state)
{
	struct world w = make_world();

	(void)state;
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	assert_int_equal(link_set_up(w.link, w.ifindex), 0);
	assert_int_equal(add_address(w, "fd77::1/64"), -EACCES);
	assert_int_equal(add_route(w, "fd78::/64", ROUTE_TABLE_MAIN, 5000), -EACCES);
	assert_int_equal(del_address(w, "fd77::1/64"), 0);
	assert_int_equal(add_address(w, "10.77.0.1/24"), 0);
	end_world(w);
}

struct seen {
	char text[1024];
	size_t calls;
	size_t stop_after;
};

static bool see_address(void *context, uint32_t ifindex, const struct cidr *address)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);
	char text[CIDR_TEXT];

	snprintf(seen->text + len, sizeof(seen->text) - len, "%u:%s ", (unsigned)ifindex,
		 cidr_format(text, address));
	return ++seen->calls != seen->stop_after;
}

static void each_address_of_each_interface_is_seen(void **state)
{
	struct world w = make_world_up();
	struct seen seen = {0};
	char expected[256];

	(void)state;
	run("ip link set lo up; ip addr add 10.9.0.1 peer 10.9.0.2/32 dev lo");
	assert_int_equal(add_address(w, "10.77.0.1/24"), 0);
	assert_int_equal(add_address(w, "fd77::1/64"), 0);
	assert_int_equal(link_each_address(w.link, see_address, &seen), 0);
	snprintf(expected, sizeof(expected),
		 "1:127.0.0.1/8 1:10.9.0.1/32 %u:10.77.0.1/24 1:::1/128 %u:fd77::1/64 ",
		 (unsigned)w.ifindex, (unsigned)w.ifindex);
	assert_string_equal(seen.text, expected);
	end_world(w);
}

static void a_walk_stopped_early_does_not_disturb_what_follows(void **state)
{
	struct world w = make_world_up();
	struct seen seen = {.stop_after = 1};
	uint32_t ifindex;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		char text[CIDR_TEXT];

		snprintf(text, sizeof(text), "fd77::%x/128", i + 1);
		assert_int_equal(add_address(w, text), 0);
	}
	assert_int_equal(link_each_address(w.link, see_address, &seen), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(link_index(w.link, "mesh0", &ifindex), 0);
	assert_int_equal(ifindex, w.ifindex);
	seen.stop_after = 0;
	assert_int_equal(link_each_address(w.link, see_address, &seen), 0);
	assert_int_equal(seen.calls, 1 + 200);
	end_world(w);
}

/* --- routes --- */

static void routes_are_ours_by_number_with_their_metric(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
	assert_int_equal(add_route(w, "10.5.5.5/32", ROUTE_TABLE_MAIN, 5000), 0);
	assert_int_equal(add_route(w, "fd40::/48", ROUTE_TABLE_MAIN, 5000), 0);
	assert_output("ip -4 route show", "10.5.5.5 dev mesh0 proto 112 scope link metric 5000\n"
		      "192.168.40.0/24 dev mesh0 proto 112 scope link metric 5000\n");
	assert_output("ip -6 route show", "fd40::/48 dev mesh0 proto 112 metric 5000 pref medium\n");
	end_world(w);
}

static void host_bits_of_a_route_are_ignored(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_route(w, "192.168.40.7/24", ROUTE_TABLE_MAIN, 1), 0);
	assert_int_equal(add_route(w, "fd40::7/48", ROUTE_TABLE_MAIN, 1), 0);
	assert_output("ip route show | cut -d' ' -f1", "192.168.40.0/24\n");
	assert_output("ip -6 route show | cut -d' ' -f1", "fd40::/48\n");
	assert_int_equal(del_route(w, "192.168.40.9/24", ROUTE_TABLE_MAIN, 1), 0);
	assert_output("ip route show", "");
	end_world(w);
}

static void a_default_route_goes_into_a_table_of_any_number(void **state)
{
	struct world w = make_world_up();

	(void)state;
	assert_int_equal(add_route(w, "0.0.0.0/0", 51820, 5000), 0);
	assert_int_equal(add_route(w, "::/0", 51820, 5000), 0);
	assert_output("ip -4 route show table 51820",
		      "default dev mesh0 proto 112 scope link metric 5000\n");
	assert_output("ip -6 route show table 51820",
		      "default dev mesh0 proto 112 metric 5000 pref medium\n");
	assert_int_equal(del_route(w, "0.0.0.0/0", 51820, 5000), 0);
	assert_int_equal(del_route(w, "::/0", 51820, 5000), 0);
	assert_output("ip route show table 51820; ip -6 route show table 51820", "");
	end_world(w);
}

static void routes_are_added_and_deleted_twice_without_error(void **state)
{
	struct world w = make_world_up();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(add_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
		assert_int_equal(add_route(w, "fd40::/48", ROUTE_TABLE_MAIN, 5000), 0);
	}
	assert_output("(ip route show; ip -6 route show) | wc -l", "2\n");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(del_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
		assert_int_equal(del_route(w, "fd40::/48", ROUTE_TABLE_MAIN, 5000), 0);
		assert_int_equal(del_route(w, "fd40::/48", 4711, 5000), 0);
	}
	assert_output("ip route show; ip -6 route show", "");
	end_world(w);
}

static void the_same_route_of_another_interface_is_not_replaced(void **state)
{
	struct world w = make_world_up();
	struct tun *other = open_tun("other0");

	(void)state;
	run("ip link set other0 up; ip route add 192.168.40.0/24 dev other0 metric 5000;"
	    "ip -6 route add fd40::/48 dev other0 metric 5000");
	assert_int_equal(add_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
	assert_int_equal(add_route(w, "fd40::/48", ROUTE_TABLE_MAIN, 5000), 0);
	assert_output("ip route get 192.168.40.1 | grep -o 'dev [a-z0-9]*'", "dev other0\n");
	assert_output("ip -6 route show fd40::/48 | grep -c dev", "2\n");
	assert_int_equal(del_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
	assert_int_equal(del_route(w, "fd40::/48", ROUTE_TABLE_MAIN, 5000), 0);
	assert_output("(ip route show; ip -6 route show fd40::/48) | cut -d' ' -f1-3",
		      "192.168.40.0/24 dev other0\nfd40::/48 dev other0\n");
	tun_free(other);
	end_world(w);
}

static void a_route_somebody_else_set_is_not_deleted(void **state)
{
	struct world w = make_world_up();

	(void)state;
	run("ip route add 192.168.40.0/24 dev mesh0 metric 5000");
	assert_int_equal(del_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), 0);
	assert_output("ip route show | wc -l", "1\n");
	end_world(w);
}

static void a_route_through_an_interface_that_is_down_is_refused(void **state)
{
	struct world w = make_world();

	(void)state;
	assert_int_equal(add_route(w, "192.168.40.0/24", ROUTE_TABLE_MAIN, 5000), -ENETDOWN);
	end_world(w);
}

static void freeing_nothing_is_safe(void **state)
{
	(void)state;
	link_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(the_index_is_the_one_ip_shows),
		netns_test(no_such_interface_is_enodev),
		netns_test(the_mtu_is_set),
		netns_test(up_makes_no_link_local_address_and_no_packet),
		netns_test(up_works_where_the_interface_is_too_small_for_ipv6),
		netns_test(an_ipv4_address_brings_its_network_with_the_metric),
		netns_test(an_ipv6_address_is_usable_at_once),
		netns_test(addresses_are_added_and_deleted_twice_without_error),
		netns_test(an_address_of_a_deleted_interface_is_gone),
		netns_test(where_ipv6_is_off_its_addresses_are_eacces),
		netns_test(each_address_of_each_interface_is_seen),
		netns_test(a_walk_stopped_early_does_not_disturb_what_follows),
		netns_test(routes_are_ours_by_number_with_their_metric),
		netns_test(host_bits_of_a_route_are_ignored),
		netns_test(a_default_route_goes_into_a_table_of_any_number),
		netns_test(routes_are_added_and_deleted_twice_without_error),
		netns_test(the_same_route_of_another_interface_is_not_replaced),
		netns_test(a_route_somebody_else_set_is_not_deleted),
		netns_test(a_route_through_an_interface_that_is_down_is_refused),
		netns_test(freeing_nothing_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
