/* gateway_test.c -- which router is asked for a port, and which is let alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/gateway.h"

static struct ip ip(const char *text)
{
	struct ip out;

	assert_true(ip_parse(&out, text));
	return out;
}

static struct local_address local(const char *text, const char *on_link, uint32_t ifindex)
{
	struct local_address a = {.ip = ip(text), .ifindex = ifindex};

	assert_true(cidr_parse(&a.on_link, on_link));
	return a;
}

static struct gateway gateway(const char *text, uint32_t ifindex)
{
	return (struct gateway){.at.ip = ip(text), .ifindex = ifindex};
}

/* One gateway and one address. */
static bool is_asked(enum ip_family family, struct gateway g, struct local_address a)
{
	struct mapper_place place;

	gateway_choose(&place, family, &g, 1, &a, 1);
	return place.gateway.family != IP_NONE;
}

static void the_router_of_a_home_is_asked(void **state)
{
	struct gateway g = gateway("192.168.1.1", 2);
	struct local_address a[] = {
		local("10.0.0.7", "10.0.0.0/24", 3),
		local("192.168.1.100", "192.168.1.0/24", 2),
	};
	struct mapper_place place;

	(void)state;
	gateway_choose(&place, IP_V4, &g, 1, a, 2);
	assert_true(ip_equal(&place.gateway, &g.at.ip));
	assert_true(ip_equal(&place.self, &a[1].ip));
	assert_int_equal(place.ifindex, 2);
}

static void no_gateway_is_none(void **state)
{
	struct local_address a = local("192.168.1.100", "192.168.1.0/24", 2);
	struct mapper_place place;

	(void)state;
	gateway_choose(&place, IP_V4, NULL, 0, &a, 1);
	assert_int_equal(place.gateway.family, IP_NONE);
	assert_false(is_asked(IP_V6, gateway("192.168.1.1", 2), a));
}

static void who_has_a_public_address_asks_nobody(void **state)
{
	(void)state;
	assert_false(is_asked(IP_V4, gateway("203.0.113.1", 2), local("203.0.113.2", "203.0.113.0/29", 2)));
	assert_true(is_asked(IP_V4, gateway("100.64.0.1", 2), local("100.64.0.2", "100.64.0.0/10", 2)));
}

static void a_gateway_beyond_our_network_or_interface_is_none(void **state)
{
	(void)state;
	assert_false(is_asked(IP_V4, gateway("192.168.2.1", 2), local("192.168.1.2", "192.168.1.0/24", 2)));
	assert_false(is_asked(IP_V4, gateway("192.168.1.1", 3), local("192.168.1.2", "192.168.1.0/24", 2)));
}

static void only_the_best_of_several_is_asked(void **state)
{
	struct gateway g[] = {gateway("10.9.0.1", 3), gateway("192.168.1.1", 2)};
	struct local_address a = local("192.168.1.100", "192.168.1.0/24", 2);
	struct mapper_place place;

	(void)state;
	gateway_choose(&place, IP_V4, g, 2, &a, 1);	/* we leave by the first, a tunnel it seems */
	assert_int_equal(place.gateway.family, IP_NONE);
}

static void an_ipv6_router_that_announced_itself_is_asked_with_a_lasting_address(void **state)
{
	struct gateway g = gateway("fe80::1", 2);
	struct local_address a[] = {
		local("fe80::2", "fe80::/64", 2),
		local("fd00::2", "fd00::/64", 2),
		local("2001:db8::7", "2001:db8::/64", 2),
		local("2001:db8::8", "2001:db8::/64", 2),
	};
	struct mapper_place place;

	(void)state;
	a[2].is_temporary = true;
	gateway_choose(&place, IP_V6, &g, 1, a, 4);
	assert_true(ip_equal(&place.gateway, &g.at.ip));
	assert_true(ip_equal(&place.self, &a[3].ip));
}

static void one_of_a_static_route_is_not(void **state)
{
	(void)state;
	assert_false(is_asked(IP_V6, gateway("2001:db8::1", 2), local("2001:db8::7", "2001:db8::/64", 2)));
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_router_of_a_home_is_asked),
		test(no_gateway_is_none),
		test(who_has_a_public_address_asks_nobody),
		test(a_gateway_beyond_our_network_or_interface_is_none),
		test(only_the_best_of_several_is_asked),
		test(an_ipv6_router_that_announced_itself_is_asked_with_a_lasting_address),
		test(one_of_a_static_route_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
