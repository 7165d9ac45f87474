/* rpfilter_test.c -- a strict reverse path filter is named where it would hurt. */
#include "netns.h"

#include <unistd.h>

#include "tun/netplan.h"
#include "tun/rpfilter.h"

#define CONF(interface) "/proc/sys/net/ipv4/conf/" interface "/rp_filter"
#define WARNING(interface) \
	interface " drops what distant peers send while the default route is in mesh0 " \
	"(rp_filter is strict); allow it with: sysctl net.ipv4.conf." interface ".rp_filter=2\n"

/* mesh0 and lo are no way out; wan0 is the one that counts. */
static struct tun *make_host(const char *all, const char *wan)
{
	struct tun *tun = open_tun("mesh0");

	run("ip link add wan0 type dummy 2>/dev/null || ip tuntap add dev wan0 mode tun");
	write_file(CONF("all"), all);
	write_file(CONF("lo"), "0");
	write_file(CONF("mesh0"), "0");
	write_file(CONF("wan0"), wan);
	return tun;
}

static void check(const char *all, const char *wan, const char *expected)
{
	struct tun *tun = make_host(all, wan);

	rpfilter_check("mesh0");
	assert_string_equal(logged, expected);
	tun_free(tun);
}

static void off_is_silent(void **state)
{
	(void)state;
	check("0", "0", "");
}

static void strict_on_the_interface_is_named(void **state)
{
	(void)state;
	check("0", "1", WARNING("wan0"));
}

static void strict_for_all_is_named(void **state)
{
	(void)state;
	check("1", "0", WARNING("wan0"));
}

static void the_higher_of_both_counts(void **state)
{
	(void)state;
	check("1", "2", "");
}

static void loose_for_all_is_silent(void **state)
{
	(void)state;
	check("2", "1", "");
}

static void the_tunnel_itself_and_lo_do_not_count(void **state)
{
	struct tun *tun = make_host("0", "0");

	(void)state;
	write_file(CONF("mesh0"), "1");
	write_file(CONF("lo"), "1");
	write_file(CONF("default"), "1");
	rpfilter_check("mesh0");
	assert_string_equal(logged, "");
	tun_free(tun);
}

static void apply(struct netplan_state **s, const char *route)
{
	struct cidr address, to;
	struct netplan want = {
		.device = "mesh0",
		.mtu = 1400,
		.addresses = &address,
		.addresses_len = 1,
		.routes = &to,
		.routes_len = 1,
		.table = ROUTE_TABLE_MAIN,
		.mark = 51820,
	};
	char error[256];

	assert_true(cidr_parse(&address, "10.77.0.1/24"));
	assert_true(cidr_parse(&to, route));
	assert_int_equal(netplan_apply(s, &want, error), 0);
}

static void only_a_default_route_asks_and_only_once(void **state)
{
	struct tun *tun = make_host("1", "1");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, "10.1.0.0/16");
	apply(&s, "::/0");
	assert_string_equal(logged, "");
	apply(&s, "0.0.0.0/0");
	apply(&s, "0.0.0.0/0");
	assert_string_equal(logged, WARNING("wan0"));
	netplan_undo(s);
	tun_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(off_is_silent),
		netns_test(strict_on_the_interface_is_named),
		netns_test(strict_for_all_is_named),
		netns_test(the_higher_of_both_counts),
		netns_test(loose_for_all_is_silent),
		netns_test(the_tunnel_itself_and_lo_do_not_count),
		netns_test(only_a_default_route_asks_and_only_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
