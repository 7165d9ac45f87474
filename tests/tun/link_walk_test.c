/* link_walk_test.c -- addresses, interfaces and default gateways are told as ip(8) made them.
 *
 *   v0 --veth-- v1        both here; no address but those that a test gives
 */
#include "netns.h"

#include "tun/link.h"

static char seen[4096];
static struct link *link;

static void note(const char *line)
{
	size_t len = strlen(seen);

	snprintf(seen + len, sizeof(seen) - len, "%s\n", line);
}

/* Interfaces make no addresses of their own, and look for no duplicates unless told to. */
static int set_up(void **state)
{
	if (fresh_netns(state))
		return -1;
	seen[0] = '\0';
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
	return link_open(&link);
}

static int tear_down(void **state)
{
	(void)state;
	link_free(link);
	return 0;
}

#define walk_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static uint32_t index_of(const char *name)
{
	uint32_t ifindex = 0;

	assert_int_equal(link_index(link, name, &ifindex), 0);
	return ifindex;
}

/* -- addresses ------------------------------------------------------------- */

static bool see_address(void *context, const struct link_address *a)
{
	char ip[IP_TEXT], on_link[CIDR_TEXT], line[256];

	(void)context;
	assert_int_equal(a->ifindex, index_of("v0"));
	snprintf(line, sizeof(line), "%s on %s%s%s%s", ip_format(ip, &a->ip),
		 cidr_format(on_link, &a->on_link), a->is_temporary ? " temporary" : "",
		 a->is_deprecated ? " deprecated" : "", a->is_tentative ? " tentative" : "");
	note(line);
	return true;
}

/* index_of() asks by `link`, so the walk has one of its own. */
static void walk_addresses(void)
{
	struct link *walker;

	assert_int_equal(link_open(&walker), 0);
	assert_int_equal(link_walk_addresses(walker, see_address, NULL), 0);
	link_free(walker);
}

static void an_address_is_told_with_its_network(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.7/16 dev v0; ip addr add 10.1.0.8/16 dev v0;"
	    "ip addr add fd01::7/64 dev v0;" DAD_DONE);
	walk_addresses();
	assert_string_equal(seen, "10.1.0.7 on 10.1.0.0/16\n"
				  "10.1.0.8 on 10.1.0.0/16\n"
				  "fd01::7 on fd01::/64\n");
}

static void on_a_point_to_point_link_the_other_end_is_told(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1 peer 10.2.0.2/32 dev v0;"
	    "ip addr add fd01::1 peer fd02::2/128 dev v0;" DAD_DONE);
	walk_addresses();
	assert_string_equal(seen, "10.1.0.1 on 10.2.0.2/32\nfd01::1 on fd02::2/128\n");
}

static void a_deprecated_address_is_told_as_such(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0 valid_lft 1000 preferred_lft 0;"
	    "ip addr add fd01::1/64 dev v0 valid_lft 1000 preferred_lft 0;" DAD_DONE);
	walk_addresses();
	assert_string_equal(seen, "10.1.0.1 on 10.1.0.0/24 deprecated\n"
				  "fd01::1 on fd01::/64 deprecated\n");
}

static void a_temporary_address_is_told_as_such(void **state)
{
	(void)state;
	write_file("/proc/sys/net/ipv6/conf/v0/use_tempaddr", "2");
	run("ip addr add fd01::1/64 dev v0 mngtmpaddr valid_lft 86400 preferred_lft 43200;"
	    DAD_DONE);
	walk_addresses();
	assert_non_null(strstr(seen, "fd01::1 on fd01::/64\n"));
	assert_non_null(strstr(seen, " on fd01::/64 temporary\n"));
}

static void an_address_that_may_be_anothers_is_tentative(void **state)
{
	(void)state;
	write_file("/proc/sys/net/ipv6/conf/v0/accept_dad", "1");
	write_file("/proc/sys/net/ipv6/conf/v0/dad_transmits", "100");
	run("ip addr add fd01::1/64 dev v0");
	walk_addresses();
	assert_string_equal(seen, "fd01::1 on fd01::/64 tentative\n");
}

static void an_address_that_is_anothers_stays_tentative(void **state)
{
	(void)state;
	write_file("/proc/sys/net/ipv6/conf/v0/accept_dad", "1");
	run("ip addr add fd01::1/64 dev v1;" DAD_DONE IPV6_SETTLED "ip addr add fd01::1/64 dev v0;"
	    "for i in $(seq 500); do"
	    "  ip addr show v0 | grep -q dadfailed && break; sleep 0.01;"
	    "done; ip addr show v0 | grep dadfailed; ip addr del fd01::1/64 dev v1");
	walk_addresses();
	assert_string_equal(seen, "fd01::1 on fd01::/64 tentative\n");
}

/* -- interfaces ------------------------------------------------------------ */

static struct link_interface interface(const char *name)
{
	struct link_interface found;

	assert_int_equal(link_interface(link, index_of(name), &found), 0);
	assert_string_equal(found.name, name);
	assert_int_equal(found.ifindex, index_of(name));
	return found;
}

static void interfaces_are_told_apart(void **state)
{
	struct tun *tun = open_tun("mesh0");

	(void)state;
	run("ip link set lo up; ip link set mesh0 up");
	assert_true(interface("lo").is_loopback);
	assert_true(interface("lo").is_running);
	assert_false(interface("v0").is_loopback);
	assert_false(interface("v0").is_point_to_point);
	assert_true(interface("v0").has_multicast);
	assert_true(interface("mesh0").is_point_to_point);
	run("ip link set v0 multicast off");
	assert_false(interface("v0").has_multicast);
	tun_free(tun);
}

static void an_interface_that_is_down_or_without_carrier_does_not_run(void **state)
{
	(void)state;
	run("for i in $(seq 500); do"
	    "  ip link show v0 | grep -q 'state UP' && exit 0; sleep 0.01;"
	    "done; exit 1");
	assert_true(interface("v0").is_running);
	run("ip link set v1 down; for i in $(seq 500); do"
	    "  ip link show v0 | grep -q NO-CARRIER && exit 0;"
	    "  sleep 0.01;"
	    "done; exit 1");
	assert_false(interface("v0").is_running);
	assert_false(interface("v1").is_running);
}

static void an_interface_that_is_not_there_is_enodev(void **state)
{
	struct link_interface found = {.ifindex = 77};

	(void)state;
	assert_int_equal(link_interface(link, 9999, &found), -ENODEV);
	assert_int_equal(link_interface(link, 0, &found), -ENODEV);
	assert_int_equal(found.ifindex, 77);
}

/* -- gateways -------------------------------------------------------------- */

static bool see_gateway(void *context, const struct link_gateway *gateway)
{
	char ip[IP_TEXT], line[128];
	unsigned *left = context;

	snprintf(line, sizeof(line), "%s %u", ip_format(ip, &gateway->ip), gateway->metric);
	note(line);
	return !left || --*left;
}

static void walk_gateways(enum ip_family family)
{
	assert_int_equal(link_walk_gateways(link, family, see_gateway, NULL), 0);
}

static void only_default_routes_have_a_gateway(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add fd01::1/64 dev v0;"
	    "ip route add default via 10.1.0.254 metric 100;"
	    "ip route add 10.9.0.0/16 via 10.1.0.253;"
	    "ip route add default dev v1 metric 200;"
	    "ip route add unreachable default metric 300;"
	    "ip -6 route add default via fe80::1 dev v0 metric 100;"
	    "ip -6 route add fd09::/16 via fd01::2");
	walk_gateways(IP_V4);
	assert_string_equal(seen, "10.1.0.254 100\n");
	walk_gateways(IP_V6);
	assert_string_equal(seen, "10.1.0.254 100\nfe80::1 100\n");
}

static void a_gateway_of_another_table_is_not_told(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip route add default via 10.1.0.254 table 77;"
	    "ip -6 route add default via fe80::1 dev v0 table 7777");
	walk_gateways(IP_V4);
	walk_gateways(IP_V6);
	assert_string_equal(seen, "");
}

static void all_gateways_of_a_route_are_told(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip addr add 10.2.0.1/24 dev v1;"
	    "ip route add default metric 5 nexthop via 10.1.0.254 nexthop via 10.2.0.254;"
	    "ip -6 route add default metric 7 nexthop via fe80::1 dev v0"
	    "                                 nexthop via fe80::2 dev v1");
	walk_gateways(IP_V4);
	walk_gateways(IP_V6);
	assert_string_equal(seen, "10.1.0.254 5\n10.2.0.254 5\nfe80::1 7\nfe80::2 7\n");
}

static void an_ipv4_route_may_lead_to_an_ipv6_gateway(void **state)
{
	(void)state;
	run("ip -4 route add default via inet6 fe80::1 dev v0 metric 3");
	walk_gateways(IP_V4);
	assert_string_equal(seen, "fe80::1 3\n");
}

static void a_gateway_behind_a_dead_link_is_not_told(void **state)
{
	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0; ip route add default via 10.1.0.254;"
	    "ip link set v1 down; for i in $(seq 500); do"
	    "  ip route show default | grep -q linkdown && exit 0; sleep 0.01;"
	    "done; exit 1");
	walk_gateways(IP_V4);
	assert_string_equal(seen, "");
}

static void a_walk_along_gateways_stops_when_told_to(void **state)
{
	unsigned left = 2;

	(void)state;
	run("ip addr add 10.1.0.1/24 dev v0;"
	    "ip route add default via 10.1.0.254 metric 1;"
	    "ip route add default metric 2 nexthop via 10.1.0.2 nexthop via 10.1.0.3;"
	    "ip route add default via 10.1.0.4 metric 3");
	assert_int_equal(link_walk_gateways(link, IP_V4, see_gateway, &left), 0);
	assert_string_equal(seen, "10.1.0.254 1\n10.1.0.2 2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		walk_test(an_address_is_told_with_its_network),
		walk_test(on_a_point_to_point_link_the_other_end_is_told),
		walk_test(a_deprecated_address_is_told_as_such),
		walk_test(a_temporary_address_is_told_as_such),
		walk_test(an_address_that_may_be_anothers_is_tentative),
		walk_test(an_address_that_is_anothers_stays_tentative),
		walk_test(interfaces_are_told_apart),
		walk_test(an_interface_that_is_down_or_without_carrier_does_not_run),
		walk_test(an_interface_that_is_not_there_is_enodev),
		walk_test(only_default_routes_have_a_gateway),
		walk_test(a_gateway_of_another_table_is_not_told),
		walk_test(all_gateways_of_a_route_are_told),
		walk_test(an_ipv4_route_may_lead_to_an_ipv6_gateway),
		walk_test(a_gateway_behind_a_dead_link_is_not_told),
		walk_test(a_walk_along_gateways_stops_when_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
