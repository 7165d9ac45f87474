/* link_rule_test.c -- a default route through the tunnel that our own datagrams do not take. */
#include "netns.h"

#include "tun/link.h"

/* What every network namespace starts with. */
#define RULES4 "0:\tfrom all lookup local\n" "%s" \
	"32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
#define RULES6 "0:\tfrom all lookup local\n" "%s" "32766:\tfrom all lookup main\n"

#define OURS \
	"32764:\tnot from all fwmark 0xca6c lookup main suppress_prefixlength 0 proto 112\n" \
	"32765:\tnot from all fwmark 0xca6c lookup 51820 proto 112\n"

static void assert_rules(const char *ours4, const char *ours6)
{
	char expected[1024];

	snprintf(expected, sizeof(expected), RULES4, ours4);
	assert_output("ip -4 rule show", expected);
	snprintf(expected, sizeof(expected), RULES6, ours6);
	assert_output("ip -6 rule show", expected);
}

static struct link *open_link(void)
{
	struct link *link;

	assert_int_equal(link_open(&link), 0);
	return link;
}

static void each_family_has_rules_of_its_own(void **state)
{
	struct link *link = open_link();

	(void)state;
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_rules(OURS, "");
	assert_int_equal(link_add_default_rules(link, IP_V6, 51820, 51820), 0);
	assert_rules(OURS, OURS);
	assert_int_equal(link_del_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_rules("", OURS);
	assert_int_equal(link_del_default_rules(link, IP_V6, 51820, 51820), 0);
	assert_rules("", "");
	link_free(link);
}

static void what_a_killed_program_left_does_not_double(void **state)
{
	struct link *link = open_link();

	(void)state;
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	link_free(link);
	link = open_link();
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_rules(OURS, "");
	link_free(link);
}

static void every_copy_is_deleted_and_none_is_no_error(void **state)
{
	struct link *link = open_link();

	(void)state;
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	run("ip rule add not fwmark 51820 table 51820 proto 112 pref 100;"
	    "ip rule add not fwmark 51820 table main suppress_prefixlength 0 proto 112 pref 99");
	assert_int_equal(link_del_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_rules("", "");
	assert_int_equal(link_del_default_rules(link, IP_V4, 51820, 51820), 0);
	link_free(link);
}

static void rules_of_wg_quick_and_of_another_network_stay(void **state)
{
	static const char others[] =
		"32760:\tnot from all fwmark 0xca6c lookup main suppress_prefixlength 0\n"
		"32761:\tfrom all lookup main suppress_prefixlength 0\n"
		"32762:\tnot from all fwmark 0xca6c lookup 51820\n"
		"32764:\tnot from all fwmark 0xca6d lookup main suppress_prefixlength 0 proto 112\n"
		"32765:\tnot from all fwmark 0xca6d lookup 51821 proto 112\n";
	struct link *link = open_link();

	(void)state;
	assert_int_equal(link_add_default_rules(link, IP_V4, 51821, 51821), 0);
	run("ip rule add not fwmark 51820 table 51820 pref 32762;"
	    "ip rule add table main suppress_prefixlength 0 pref 32761;"
	    "ip rule add not fwmark 51820 table main suppress_prefixlength 0 pref 32760");
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_int_equal(link_del_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_rules(others, "");
	link_free(link);
}

/* host -- lan0 10.1.0.0/16, the old default route; mesh0: the new one */
static void marked_packets_find_the_old_default_and_lans_stay(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct link *link = open_link();

	(void)state;
	run("ip link add lan0 type veth peer name lan1; ip link set lan1 up; ip link set lan0 up;"
	    "ip addr add 10.1.0.1/16 dev lan0; ip route add default via 10.1.0.254;"
	    "ip link set mesh0 up; ip addr add 10.77.0.1/24 dev mesh0;"
	    "ip route add default dev mesh0 table 51820");
	assert_int_equal(link_add_default_rules(link, IP_V4, 51820, 51820), 0);
	assert_output("ip route get 198.51.100.1 | grep -o 'dev [a-z0-9]*'", "dev mesh0\n");
	assert_output("ip route get 198.51.100.1 mark 51820 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	assert_output("ip route get 10.1.2.3 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	assert_output("ip route get 10.1.2.3 mark 51820 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	link_free(link);
	tun_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(each_family_has_rules_of_its_own),
		netns_test(what_a_killed_program_left_does_not_double),
		netns_test(every_copy_is_deleted_and_none_is_no_error),
		netns_test(rules_of_wg_quick_and_of_another_network_stay),
		netns_test(marked_packets_find_the_old_default_and_lans_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
