/* netplan_test.c -- what was wanted is there, and nothing is left behind.
 *
 *   mesh0: the tunnel      lan0 <-> lan1: a network the host is on, where a test wants one
 */
#include "netns.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tun/netplan.h"

enum { LIST_MAX = 1024 };

/* A plan written as text: lists are separated by spaces. */
struct draft {
	struct netplan plan;
	struct cidr addresses[8];
	struct cidr routes[LIST_MAX];
};

static size_t parse_list(struct cidr *out, const char *text)
{
	char word[CIDR_TEXT];
	size_t n = 0;
	int used;

	for (; sscanf(text, "%49s%n", word, &used) == 1; text += used)
		assert_true(cidr_parse(&out[n++], word));
	return n;
}

static struct netplan *draft(const char *addresses, const char *routes)
{
	static struct draft d;

	d.plan = (struct netplan){
		.device = "mesh0",
		.mtu = 1400,
		.addresses = d.addresses,
		.addresses_len = parse_list(d.addresses, addresses),
		.routes = d.routes,
		.routes_len = parse_list(d.routes, routes),
		.table = ROUTE_TABLE_MAIN,
		.mark = 51820,
	};
	return &d.plan;
}

static void apply(struct netplan_state **s, const struct netplan *want)
{
	char error[256] = "";

	if (netplan_apply(s, want, error) != 0)
		fail_msg("%s", error);
}

static void apply_fails(struct netplan_state **s, const struct netplan *want, int err,
			const char *sentence)
{
	char error[256] = "";

	assert_int_equal(netplan_apply(s, want, error), err);
	assert_string_equal(error, sentence);
}

#define ADDRESSES "ip -o addr show dev mesh0 | awk '{print $4}'"
#define ROUTES4 "ip -4 route show dev mesh0 | cut -d' ' -f1"
#define ROUTES6 "ip -6 route show dev mesh0 | cut -d' ' -f1"
#define RULES "(ip rule; ip -6 rule) | grep 'proto 112' | cut -f2"
#define EVERYTHING \
	IPV6_SETTLED "ip addr; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule"

static char *copy_of(const char *command)
{
	char *copy = strdup(output_of(command));

	assert_non_null(copy);
	return copy;
}

/* --- setting --- */

static void addresses_routes_and_mtu_are_set(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/128", "192.168.40.0/24 fd40::/48 10.9.9.9/32"));
	assert_output("ip -o link show up mesh0 | grep -o 'mtu [0-9]*'", "mtu 1400\n");
	assert_output(ADDRESSES, "10.77.0.1/24\nfd77::1/128\n");
	assert_output("ip -4 route show", "10.9.9.9 dev mesh0 proto 112 scope link metric 5000\n"
		      "10.77.0.0/24 dev mesh0 proto kernel scope link src 10.77.0.1 metric 5000\n"
		      "192.168.40.0/24 dev mesh0 proto 112 scope link metric 5000\n");
	assert_output("ip -6 route show", "fd40::/48 dev mesh0 proto 112 metric 5000 pref medium\n"
		      "fd77::1 dev mesh0 proto kernel metric 5000 pref medium\n");
	assert_output(RULES " || true", "");
	assert_string_equal(logged, "");
	netplan_undo(s);
	tun_free(tun);
}

static void addresses_keep_their_order_the_first_is_the_source(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.9/32 10.77.0.1/32", "192.168.40.0/24"));
	assert_output("ip route get 192.168.40.1 | grep -o 'src [0-9.]*'", "src 10.77.0.9\n");
	netplan_undo(s);
	tun_free(tun);
}

static void routes_inside_our_own_network_need_none(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64",
			"10.77.0.2/32 10.77.0.0/24 10.77.0.128/25 fd77::2/128 10.77.0.0/23"));
	assert_output(ROUTES4, "10.77.0.0/24\n10.77.0.0/23\n");
	assert_output(ROUTES6, "fd77::/64\n");
	assert_string_equal(logged, "");
	netplan_undo(s);
	tun_free(tun);
}

static void what_is_named_twice_is_set_once(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/32 10.77.0.1/32", "10.8.0.0/16 10.8.0.1/16 0.0.0.0/0 0.0.0.0/0"));
	assert_output(ADDRESSES, "10.77.0.1/32\n");
	assert_output(ROUTES4, "10.8.0.0/16\n");
	assert_output(RULES " | wc -l", "2\n");
	netplan_undo(s);
	tun_free(tun);
}

static void the_same_plan_again_changes_nothing(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24 10.77.0.2/24 fd77::1/64",
				     "192.168.40.0/24 fd40::/48 0.0.0.0/0 ::/0");
	char *before;

	(void)state;
	apply(&s, want);
	before = copy_of(EVERYTHING);
	apply(&s, want);
	assert_output(EVERYTHING, before);
	free(before);
	netplan_undo(s);
	tun_free(tun);
}

static void what_was_lost_comes_back_with_the_next_apply(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24 fd77::1/64", "192.168.40.0/24 fd40::/48");
	char *before;

	(void)state;
	apply(&s, want);
	before = copy_of(EVERYTHING);
	run("ip addr flush dev mesh0; ip link set mesh0 mtu 1300 down");
	apply(&s, want);
	assert_output(EVERYTHING, before);
	free(before);
	netplan_undo(s);
	tun_free(tun);
}

/* --- a new plan --- */

static void a_new_plan_takes_the_old_away_and_adds_the_new(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/128", "10.1.0.0/16 10.2.0.0/16 fd40::/48"));
	want = draft("10.77.0.1/24 fd77::2/128", "10.2.0.0/16 10.3.0.0/16 fd41::/48");
	want->mtu = 1380;
	apply(&s, want);
	assert_output(ADDRESSES, "10.77.0.1/24\nfd77::2/128\n");
	assert_output(ROUTES4, "10.2.0.0/16\n10.3.0.0/16\n10.77.0.0/24\n");
	assert_output(ROUTES6, "fd41::/48\nfd77::2\n");
	assert_output("ip -o link show mesh0 | grep -o 'mtu [0-9]*'", "mtu 1380\n");
	netplan_undo(s);
	tun_free(tun);
}

/* The kernel deletes 10.77.0.2, a "secondary", together with 10.77.0.1, and
 * every IPv4 route of the interface with its last address. */
static void what_the_kernel_takes_with_an_address_is_set_again(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 10.77.0.2/24", "10.1.0.0/16"));
	apply(&s, draft("10.77.0.2/24", "10.1.0.0/16"));
	assert_output(ADDRESSES, "10.77.0.2/24\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.77.0.0/24\n");
	apply(&s, draft("10.78.0.1/24", "10.1.0.0/16"));
	assert_output(ADDRESSES, "10.78.0.1/24\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.78.0.0/24\n");
	netplan_undo(s);
	tun_free(tun);
}

static void an_address_may_change_its_length(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64", ""));
	apply(&s, draft("10.77.0.1/16 fd77::1/48", ""));
	assert_output(ADDRESSES, "10.77.0.1/16\nfd77::1/48\n");
	assert_output(ROUTES4, "10.77.0.0/16\n");
	assert_output(ROUTES6, "fd77::/48\n");
	netplan_undo(s);
	tun_free(tun);
}

static void what_others_added_stays(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24", "10.1.0.0/16"));
	run("ip addr add 10.99.0.1/32 dev mesh0; ip route add 10.50.0.0/16 dev mesh0;"
	    "ip route add 10.1.0.0/16 dev mesh0 metric 7; ip rule add fwmark 5 table 9 pref 1000");
	apply(&s, draft("10.77.0.1/24", "10.2.0.0/16 0.0.0.0/0"));
	netplan_undo(s);
	assert_output(ADDRESSES, "10.99.0.1/32\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.50.0.0/16\n");
	assert_output("ip rule show pref 1000 | cut -f2", "from all fwmark 0x5 lookup 9\n");
	tun_free(tun);
}

static void an_interface_made_anew_gets_everything_again(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24", "10.1.0.0/16 0.0.0.0/0"));
	tun_free(tun);
	tun = open_tun("mesh0");
	apply(&s, draft("10.77.0.1/24", "10.1.0.0/16 0.0.0.0/0"));
	assert_output(ADDRESSES, "10.77.0.1/24\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.77.0.0/24\n");
	assert_output(RULES " | wc -l", "2\n");
	assert_string_equal(logged, "");
	netplan_undo(s);
	tun_free(tun);
}

static void another_interface_leaves_nothing_on_the_first(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct tun *other = open_tun("mesh1");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24", "10.1.0.0/16");

	(void)state;
	apply(&s, want);
	want->device = "mesh1";
	apply(&s, want);
	assert_output("ip -4 route show | cut -d' ' -f1-3",
		      "10.1.0.0/16 dev mesh1\n10.77.0.0/24 dev mesh1\n");
	assert_output("ip -o addr show | awk '{print $2, $4}'", "mesh1 10.77.0.1/24\n");
	netplan_undo(s);
	tun_free(other);
	tun_free(tun);
}

/* --- undo --- */

static void undo_leaves_nothing(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	char *before;

	(void)state;
	run("ip link set mesh0 addrgenmode none; ip link set mesh0 mtu 1400 up");
	before = copy_of(EVERYTHING);
	apply(&s, draft("10.77.0.1/24 fd77::1/64", "192.168.40.0/24 fd40::/48 0.0.0.0/0 ::/0"));
	netplan_undo(s);
	assert_output(EVERYTHING, before);
	assert_string_equal(logged, "");
	free(before);
	tun_free(tun);
}

static void undo_after_the_device_is_gone_still_removes_the_rules(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64", "10.1.0.0/16 fd40::/48 0.0.0.0/0 ::/0"));
	tun_free(tun);
	netplan_undo(s);
	assert_output(RULES " || true", "");
	assert_string_equal(logged, "");
}

static void undo_of_nothing_is_safe(void **state)
{
	(void)state;
	netplan_undo(NULL);
}

/* --- failure --- */

/* The kernel takes no multicast address, and no route longer than an address. */
static void a_first_plan_that_fails_leaves_nothing(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	char *before;

	(void)state;
	run("ip link set mesh0 addrgenmode none; ip link set mesh0 mtu 1400 up");
	before = copy_of(EVERYTHING);
	apply_fails(&s, draft("10.77.0.1/24 fd77::1/64 ff02::5/64", "10.1.0.0/16"), -EADDRNOTAVAIL,
		    "mesh0: cannot set the address ff02::5/64: Cannot assign requested address");
	assert_null(s);
	assert_output(EVERYTHING, before);
	free(before);
	tun_free(tun);
}

static void a_new_plan_that_fails_leaves_the_old_in_force(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want;
	struct draft *d;
	char *before;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64", "10.1.0.0/16 fd40::/48 0.0.0.0/0"));
	before = copy_of(EVERYTHING);
	want = draft("10.78.0.1/24 fd77::1/64", "10.1.0.0/16 10.2.0.0/16 10.3.0.0/16 ::/0");
	want->mtu = 1300;
	d = (struct draft *)want;
	d->routes[2].len = 33;
	apply_fails(&s, want, -EINVAL, "mesh0: cannot set the route 10.3.0.0/33: Invalid argument");
	assert_output(EVERYTHING, before);
	netplan_undo(s);
	assert_output(ADDRESSES "; " RULES " || true", "");
	free(before);
	tun_free(tun);
}

static void a_bad_mtu_is_named_and_the_old_one_stays(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24", "");

	(void)state;
	apply(&s, want);
	want->mtu = 1 << 20;
	apply_fails(&s, want, -EINVAL, "mesh0: cannot set its MTU: Invalid argument");
	assert_output("ip -o link show mesh0 | grep -o 'mtu [0-9]*'", "mtu 1400\n");
	netplan_undo(s);
	tun_free(tun);
}

static void without_the_interface_it_says_so(void **state)
{
	struct netplan_state *s = NULL;

	(void)state;
	apply_fails(&s, draft("10.77.0.1/24", ""), -ENODEV, "no interface mesh0: No such device");
	assert_null(s);
}

static void without_rights_it_says_what_it_takes(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		char error[256];

		_exit(setresuid(65534, 65534, 65534) == 0 &&
		      netplan_apply(&s, draft("10.77.0.1/24", ""), error) == -EPERM &&
		      strstr(error, "CAP_NET_ADMIN") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	tun_free(tun);
}

/* --- default routes and tables --- */

static void a_default_route_goes_by_rules_into_the_table_of_the_mark(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64", "0.0.0.0/0 ::/0 10.1.0.0/16"));
	assert_output("ip route show table 51820; ip -6 route show table 51820",
		      "default dev mesh0 proto 112 scope link metric 5000\n"
		      "default dev mesh0 proto 112 metric 5000 pref medium\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.77.0.0/24\n");
	assert_output(RULES, "not from all fwmark 0xca6c lookup main suppress_prefixlength 0 proto 112\n"
		      "not from all fwmark 0xca6c lookup 51820 proto 112\n"
		      "not from all fwmark 0xca6c lookup main suppress_prefixlength 0 proto 112\n"
		      "not from all fwmark 0xca6c lookup 51820 proto 112\n");
	apply(&s, draft("10.77.0.1/24", "10.1.0.0/16"));
	assert_output("ip route show table all proto 112", "10.1.0.0/16 dev mesh0 scope link metric 5000\n");
	assert_output(RULES " || true", "");
	netplan_undo(s);
	tun_free(tun);
}

/* If they were deleted and added, they would come before the rule at 50. */
static void rules_in_force_are_left_alone(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24", "0.0.0.0/0"));
	run("ip rule add fwmark 5 table 9 pref 50");
	apply(&s, draft("10.78.0.1/24", "0.0.0.0/0 10.1.0.0/16"));
	assert_output("ip rule | cut -f1", "0:\n50:\n32764:\n32765:\n32766:\n32767:\n");
	netplan_undo(s);
	tun_free(tun);
}

static void a_new_mark_moves_the_default_route(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24", "0.0.0.0/0");

	(void)state;
	apply(&s, want);
	want->mark = 1000;
	apply(&s, want);
	assert_output(RULES, "not from all fwmark 0x3e8 lookup main suppress_prefixlength 0 proto 112\n"
		      "not from all fwmark 0x3e8 lookup 1000 proto 112\n");
	assert_output("ip route show table all proto 112",
		      "default dev mesh0 table 1000 scope link metric 5000\n");
	netplan_undo(s);
	tun_free(tun);
}

static void rules_left_by_a_killed_program_do_not_double(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *killed = NULL, *s = NULL;

	(void)state;
	apply(&killed, draft("10.77.0.1/24", "0.0.0.0/0"));
	tun_free(tun);
	tun = open_tun("mesh0");
	apply(&s, draft("10.77.0.1/24", "0.0.0.0/0"));
	assert_output(RULES " | wc -l", "2\n");
	netplan_undo(s);
	assert_output(RULES " || true", "");
	netplan_undo(killed);
	tun_free(tun);
}

static void a_default_route_needs_a_mark_that_is_no_system_table(void **state)
{
	static const uint32_t bad[] = {0, 253, 254, 255};
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct netplan *want = draft("10.77.0.1/24", "0.0.0.0/0");
		char sentence[256];

		want->mark = bad[i];
		snprintf(sentence, sizeof(sentence),
			 "a default route needs a firewall mark other than %u", (unsigned)bad[i]);
		apply_fails(&s, want, -EINVAL, sentence);
		assert_null(s);
	}
	tun_free(tun);
}

static void table_off_sets_addresses_alone(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24", "10.1.0.0/16 0.0.0.0/0 fd40::/48");

	(void)state;
	want->table = 0;
	apply(&s, want);
	assert_output(ADDRESSES, "10.77.0.1/24\n");
	assert_output("ip route show table all proto 112; ip -6 route show table all proto 112", "");
	assert_output(RULES " || true", "");
	netplan_undo(s);
	tun_free(tun);
}

static void a_table_by_number_gets_everything_and_no_rules(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24", "0.0.0.0/0 10.77.0.2/32 10.1.0.0/16 ::/0");

	(void)state;
	want->table = 1234;
	want->mark = 0;
	apply(&s, want);
	assert_output("ip -4 route show table 1234 | cut -d' ' -f1",
		      "default\n10.1.0.0/16\n10.77.0.2\n");
	assert_output("ip -6 route show table 1234 | cut -d' ' -f1", "default\n");
	assert_output(ROUTES4, "10.77.0.0/24\n");
	assert_output(RULES " || true", "");
	netplan_undo(s);
	assert_output("ip route show table all proto 112; ip -6 route show table all proto 112", "");
	tun_free(tun);
}

/* --- the networks that the host is on --- */

static void join_lan(const char *address)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "ip link add lan0 type veth peer name lan1; ip link set lan1 up;"
		 "ip link set lan0 addrgenmode none up; ip addr add %s dev lan0%s", address,
		 strchr(address, ':') ? " nodad" : "");
	run(command);
}

static void a_lan_with_the_same_prefix_wins_while_we_are_on_it(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("192.168.40.5/24");
	apply(&s, draft("10.77.0.1/24", "192.168.40.0/24"));
	assert_output("ip route get 192.168.40.9 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	run("ip link del lan0");
	assert_output("ip route get 192.168.40.9 | grep -o 'dev [a-z0-9]*'", "dev mesh0\n");
	assert_string_equal(logged, "");
	join_lan("192.168.40.5/24");
	assert_output("ip route get 192.168.40.9 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	netplan_undo(s);
	tun_free(tun);
}

static void a_lan_wins_over_the_network_of_our_address_too(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24 fd77::1/64", ""));
	join_lan("10.77.0.5/24");
	run("ip addr add fd77::5/64 dev lan0 nodad");
	assert_output("ip route get 10.77.0.9 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	assert_output("ip route get fd77::9 | grep -o 'dev [a-z0-9]*'", "dev lan0\n");
	netplan_undo(s);
	tun_free(tun);
}

static void a_route_inside_a_lan_is_left_out_with_a_warning(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("192.168.0.5/16");
	apply(&s, draft("10.77.0.1/24", "192.168.40.0/24 10.1.0.0/16 192.168.0.0/15"));
	assert_output(ROUTES4, "10.1.0.0/16\n10.77.0.0/24\n192.168.0.0/15\n");
	assert_string_equal(logged, "route 192.168.40.0/24 left out: it lies inside 192.168.0.0/16 "
			    "of lan0, which would lose a part\n");
	netplan_undo(s);
	tun_free(tun);
}

static void an_ipv6_route_inside_a_lan_is_left_out_with_a_warning(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("fd40::5/64");
	apply(&s, draft("fd77::1/128", "fd40::9/128 fd40::/48"));
	assert_output(ROUTES6, "fd40::/48\nfd77::1\n");
	assert_string_equal(logged, "route fd40::9/128 left out: it lies inside fd40::/64 "
			    "of lan0, which would lose a part\n");
	netplan_undo(s);
	tun_free(tun);
}

static void an_address_inside_a_lan_comes_without_its_network(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("10.0.0.5/8");
	apply(&s, draft("10.77.0.1/24", "10.77.0.2/32"));
	assert_output(ADDRESSES, "10.77.0.1/32\n");
	assert_output(ROUTES4, "");
	assert_string_equal(logged, "network of the address 10.77.0.1/24 left out: it lies inside "
			    "10.0.0.0/8 of lan0, which would lose a part\n"
			    "route 10.77.0.2/32 left out: it lies inside 10.0.0.0/8 of lan0, "
			    "which would lose a part\n");
	run("ip link del lan0");
	apply(&s, draft("10.77.0.1/24", "10.77.0.2/32"));
	assert_output(ADDRESSES, "10.77.0.1/24\n");
	assert_output(ROUTES4, "10.77.0.0/24\n");
	netplan_undo(s);
	tun_free(tun);
}

static void a_host_address_inside_a_lan_is_no_matter(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("10.0.0.5/8");
	apply(&s, draft("10.77.0.1/32", ""));
	assert_output(ADDRESSES, "10.77.0.1/32\n");
	assert_string_equal(logged, "");
	netplan_undo(s);
	tun_free(tun);
}

static void a_lan_that_comes_takes_the_route_away_at_the_next_apply(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/24", "192.168.40.0/24"));
	join_lan("192.168.0.5/16");
	apply(&s, draft("10.77.0.1/24", "192.168.40.0/24"));
	assert_output(ROUTES4, "10.77.0.0/24\n");
	run("ip link del lan0");
	apply(&s, draft("10.77.0.1/24", "192.168.40.0/24"));
	assert_output(ROUTES4, "10.77.0.0/24\n192.168.40.0/24\n");
	netplan_undo(s);
	tun_free(tun);
}

static void another_tunnel_is_a_network_like_any(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct tun *other = open_tun("mesh1");
	struct netplan_state *s = NULL;

	(void)state;
	run("ip link set mesh1 up; ip addr add 10.77.0.1/16 dev mesh1");
	apply(&s, draft("10.78.0.1/24", "10.77.5.0/24 10.77.0.0/16"));
	assert_output(ROUTES4, "10.77.0.0/16\n10.78.0.0/24\n");
	assert_output("ip route get 10.77.9.9 | grep -o 'dev [a-z0-9]*'", "dev mesh1\n");
	netplan_undo(s);
	assert_output("ip -4 route show", "10.77.0.0/16 dev mesh1 proto kernel scope link src 10.77.0.1\n");
	tun_free(other);
	tun_free(tun);
}

static void our_own_old_network_is_no_lan(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	apply(&s, draft("10.77.0.1/16", ""));
	apply(&s, draft("10.78.0.1/24", "10.77.5.0/24"));
	assert_output(ROUTES4, "10.77.5.0/24\n10.78.0.0/24\n");
	assert_string_equal(logged, "");
	netplan_undo(s);
	tun_free(tun);
}

static void a_host_on_many_networks_is_looked_at_whole(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	join_lan("172.16.0.1/24");
	run("for i in $(seq 1 60); do ip addr add 172.16.$i.1/24 dev lan0; done");
	apply(&s, draft("10.77.0.1/24", "172.16.60.9/32 172.16.61.9/32"));
	assert_output(ROUTES4, "10.77.0.0/24\n172.16.61.9\n");
	netplan_undo(s);
	tun_free(tun);
}

/* --- IPv6 switched off --- */

static void without_ipv6_the_rest_is_set_with_one_warning(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;

	(void)state;
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	apply(&s, draft("fd77::1/128 10.77.0.1/24", "fd40::/48 ::/0 0.0.0.0/0 10.1.0.0/16"));
	assert_output(ADDRESSES, "10.77.0.1/24\n");
	assert_output(ROUTES4, "10.1.0.0/16\n10.77.0.0/24\n");
	assert_output(RULES " | wc -l", "2\n");
	assert_string_equal(logged, "IPv6 is off on this host: its addresses and routes are left out\n");
	netplan_undo(s);
	assert_output(ADDRESSES "; " RULES " || true", "");
	tun_free(tun);
}

static void when_ipv6_comes_on_the_next_apply_sets_it(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("fd77::1/128 10.77.0.1/24", "fd40::/48 ::/0");

	(void)state;
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	apply(&s, want);
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
	apply(&s, want);
	assert_output(ROUTES6, "fd40::/48\nfd77::1\n");
	assert_output("ip -6 rule | grep -c 'proto 112'", "2\n");
	netplan_undo(s);
	assert_output(RULES " || true", "");
	tun_free(tun);
}

static void when_ipv6_goes_off_its_rules_are_not_forgotten(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("fd77::1/128 10.77.0.1/24", "fd40::/48 ::/0");

	(void)state;
	apply(&s, want);
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	apply(&s, want);
	netplan_undo(s);
	assert_output(RULES " || true", "");
	tun_free(tun);
}

/* --- size --- */

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void a_thousand_routes_take_less_than_100_ms(void **state)
{
	struct tun *tun = open_tun("mesh0");
	struct netplan_state *s = NULL;
	struct netplan *want = draft("10.77.0.1/24 fd77::1/128", "");
	struct draft *d = (struct draft *)want;
	int64_t start, set, again, undone;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		d->routes[i] = cidr_host(ip_v4(10, 200, (uint8_t)(i >> 8), (uint8_t)i));
	want->routes_len = 1000;
	start = now_us();
	apply(&s, want);
	set = now_us();
	assert_output(ROUTES4 " | wc -l", "1001\n");
	again = now_us();
	apply(&s, want);
	again = now_us() - again;
	undone = now_us();
	netplan_undo(s);
	undone = now_us() - undone;
	assert_output(ROUTES4, "");
	print_message("1000 routes: %lld us, again %lld us, undone %lld us\n", (long long)(set - start),
		      (long long)again, (long long)undone);
	assert_true(set - start < 100000);
	assert_true(again < 100000);
	assert_true(undone < 100000);
	tun_free(tun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(addresses_routes_and_mtu_are_set),
		netns_test(addresses_keep_their_order_the_first_is_the_source),
		netns_test(routes_inside_our_own_network_need_none),
		netns_test(what_is_named_twice_is_set_once),
		netns_test(the_same_plan_again_changes_nothing),
		netns_test(what_was_lost_comes_back_with_the_next_apply),
		netns_test(a_new_plan_takes_the_old_away_and_adds_the_new),
		netns_test(what_the_kernel_takes_with_an_address_is_set_again),
		netns_test(an_address_may_change_its_length),
		netns_test(what_others_added_stays),
		netns_test(an_interface_made_anew_gets_everything_again),
		netns_test(another_interface_leaves_nothing_on_the_first),
		netns_test(undo_leaves_nothing),
		netns_test(undo_after_the_device_is_gone_still_removes_the_rules),
		netns_test(undo_of_nothing_is_safe),
		netns_test(a_first_plan_that_fails_leaves_nothing),
		netns_test(a_new_plan_that_fails_leaves_the_old_in_force),
		netns_test(a_bad_mtu_is_named_and_the_old_one_stays),
		netns_test(without_the_interface_it_says_so),
		netns_test(without_rights_it_says_what_it_takes),
		netns_test(a_default_route_goes_by_rules_into_the_table_of_the_mark),
		netns_test(rules_in_force_are_left_alone),
		netns_test(a_new_mark_moves_the_default_route),
		netns_test(rules_left_by_a_killed_program_do_not_double),
		netns_test(a_default_route_needs_a_mark_that_is_no_system_table),
		netns_test(table_off_sets_addresses_alone),
		netns_test(a_table_by_number_gets_everything_and_no_rules),
		netns_test(a_lan_with_the_same_prefix_wins_while_we_are_on_it),
		netns_test(a_lan_wins_over_the_network_of_our_address_too),
		netns_test(a_route_inside_a_lan_is_left_out_with_a_warning),
		netns_test(an_ipv6_route_inside_a_lan_is_left_out_with_a_warning),
		netns_test(an_address_inside_a_lan_comes_without_its_network),
		netns_test(a_host_address_inside_a_lan_is_no_matter),
		netns_test(a_lan_that_comes_takes_the_route_away_at_the_next_apply),
		netns_test(another_tunnel_is_a_network_like_any),
		netns_test(our_own_old_network_is_no_lan),
		netns_test(a_host_on_many_networks_is_looked_at_whole),
		netns_test(without_ipv6_the_rest_is_set_with_one_warning),
		netns_test(when_ipv6_comes_on_the_next_apply_sets_it),
		netns_test(when_ipv6_goes_off_its_rules_are_not_forgotten),
		netns_test(a_thousand_routes_take_less_than_100_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
