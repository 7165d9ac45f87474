/* hygiene_test.c -- where no peer can make us knock. */
#include "pair.h"
#include "signal/hygiene.h"

static struct cidr virtuals[3];

static void set_up_prefixes(void)
{
	assert_true(cidr_parse(&virtuals[0], "10.77.0.0/24"));
	assert_true(cidr_parse(&virtuals[1], "fd5c:9e1:77::/48"));
	assert_true(cidr_parse(&virtuals[2], "192.168.40.0/24"));
}

static bool allows(const char *text, uint32_t ifindex)
{
	struct endpoint e;

	assert_true(endpoint_parse(&e, text));
	return hygiene_allows(&e, virtuals, 3, ifindex);
}

static void ordinary_addresses_are_fine(void **state)
{
	static const char *const good[] = {
		"192.0.2.1:1", "10.78.0.1:41999", "192.168.1.1:65535", "100.64.0.1:9",
		"223.255.255.255:9", "1.0.0.0:9", "[2001:db8::1]:9", "[fd00::1]:9",
		"[2002:c000:201::1]:9",		/* 6to4 of 192.0.2.1 */
		"[64:ff9b::192.0.2.1]:9",	/* NAT64 of it */
		"[2001:0:c000:201::3fff:fdfe]:9",	/* Teredo, server and client of it */
		"[2001:1::7f00:1]:9",		/* not Teredo */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(allows(good[i], 0));
}

static void ourselves_groups_and_nowhere_are_refused(void **state)
{
	static const char *const bad[] = {
		"127.0.0.1:9", "127.255.0.1:9", "0.0.0.0:9", "0.1.2.3:9", "224.0.0.1:9",
		"239.255.255.255:9", "240.0.0.1:9", "255.255.255.255:9",
		"[::]:9", "[::1]:9", "[ff02::1]:9", "[ff0e::1]:9",
		"[::ffff:127.0.0.1]:9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(allows(bad[i], 0));
		assert_false(allows(bad[i], 3));
	}
}

static void they_are_refused_when_wrapped_as_well(void **state)
{
	static const char *const bad[] = {
		"[2002:7f00:1::1]:9", "[2002:e000:1::1]:9", "[2002:a9fe:101::1]:9",
		"[2002:a4d:1::1]:9",			/* 6to4 of 10.77.0.1 */
		"[64:ff9b::127.0.0.1]:9", "[64:ff9b::255.255.255.255]:9", "[64:ff9b::10.77.0.9]:9",
		"[::127.0.0.1]:9", "[::2]:9",
		"[2001:0:7f00:1::3fff:fdfe]:9",		/* Teredo: its server */
		"[2001:0:c000:201::80ff:fffe]:9",	/* its client, 127.0.0.1 inverted */
		"[2001:0:c000:201::f5b2:fffe]:9",	/* 10.77.0.1 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(allows(bad[i], 0));
}

static void the_tunnel_itself_is_refused(void **state)
{
	(void)state;
	assert_false(allows("10.77.0.0:9", 0));
	assert_false(allows("10.77.0.255:9", 0));
	assert_true(allows("10.77.1.0:9", 0));
	assert_false(allows("[fd5c:9e1:77::1]:9", 0));
	assert_true(allows("[fd5c:9e1:78::1]:9", 0));
	assert_false(allows("192.168.40.7:9", 0));
}

static void link_local_counts_only_over_that_link(void **state)
{
	(void)state;
	assert_false(allows("169.254.169.254:80", 0));
	assert_false(allows("[fe80::1]:9", 0));
	assert_true(allows("169.254.1.1:9", 3));
	assert_true(allows("[fe80::1]:9", 3));
}

static void without_port_or_address_it_is_none(void **state)
{
	struct endpoint e = {.ip = ip_v4(192, 0, 2, 1)};

	(void)state;
	assert_false(hygiene_allows(&e, virtuals, 3, 0));
	e = (struct endpoint){.port = 9};
	assert_false(hygiene_allows(&e, virtuals, 3, 0));
}

static void cleaning_keeps_the_good_in_order_and_gives_scopes(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1:1", "192.0.2.1:2", "[fe80::1]:3", "10.77.0.2:4", "192.0.2.2:5"};
	struct desc d = {.candidates_len = 5};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(endpoint_parse(&d.candidates[i].endpoint, texts[i]));
	assert_int_equal(hygiene_clean(&d, virtuals, 3, 7), 2);
	assert_int_equal(d.candidates_len, 3);
	assert_int_equal(d.candidates[0].endpoint.port, 2);
	assert_int_equal(d.candidates[0].endpoint.scope, 0);
	assert_int_equal(d.candidates[1].endpoint.port, 3);
	assert_int_equal(d.candidates[1].endpoint.scope, 7);
	assert_int_equal(d.candidates[2].endpoint.port, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_addresses_are_fine),
		cmocka_unit_test(ourselves_groups_and_nowhere_are_refused),
		cmocka_unit_test(they_are_refused_when_wrapped_as_well),
		cmocka_unit_test(the_tunnel_itself_is_refused),
		cmocka_unit_test(link_local_counts_only_over_that_link),
		cmocka_unit_test(without_port_or_address_it_is_none),
		cmocka_unit_test(cleaning_keeps_the_good_in_order_and_gives_scopes),
	};

	set_up_prefixes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
