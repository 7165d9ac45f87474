/* candidate_test.c -- what a candidate is worth, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ice/candidate.h"

static struct endpoint endpoint(const char *text)
{
	struct endpoint e;

	if (!endpoint_parse(&e, text))
		fail_msg("bad endpoint: %s", text);
	return e;
}

/* -- worth --------------------------------------------------------------- */

/* Values that browsers and libnice print for the same inputs. */
static void priorities_are_those_of_the_rfc(void **state)
{
	(void)state;
	assert_int_equal(candidate_priority(CANDIDATE_HOST, 65535, 1), 2130706431);
	assert_int_equal(candidate_priority(CANDIDATE_PRFLX, 65535, 1), 1862270975);
	assert_int_equal(candidate_priority(CANDIDATE_SRFLX, 65535, 1), 1694498815);
	assert_int_equal(candidate_priority(CANDIDATE_RELAY, 65535, 1), 16777215);
	assert_int_equal(candidate_priority(CANDIDATE_HOST, 65535, 2), 2130706430);
	assert_int_equal(candidate_priority(CANDIDATE_HOST, 0, 1), 126 << 24 | 255);
	assert_int_equal(candidate_priority(CANDIDATE_RELAY, 0, 256), 0);
}

static void the_local_preference_can_be_taken_out_again(void **state)
{
	(void)state;
	for (unsigned p = 0; p <= UINT16_MAX; p += 257)
		assert_int_equal(candidate_local_preference(candidate_priority(
					 CANDIDATE_SRFLX, (uint16_t)p, 1)), p);
}

static void the_families_take_turns_and_ipv6_begins(void **state)
{
	(void)state;
	assert_int_equal(candidate_preference_of(IP_V6, 0), 65535);
	assert_int_equal(candidate_preference_of(IP_V4, 0), 65534);
	assert_int_equal(candidate_preference_of(IP_V6, 1), 65533);
	assert_int_equal(candidate_preference_of(IP_V4, 1), 65532);
	assert_int_equal(candidate_preference_of(IP_V4, 100000), 0);
}

static void a_foundation_is_type_base_protocol_and_server(void **state)
{
	const struct local_candidate a = {
		.c = {.type = CANDIDATE_SRFLX, .at = endpoint("192.0.2.1:1")},
		.base = {.at = endpoint("10.0.0.1:5")},
		.server = ip_v4(198, 51, 100, 1),
	};
	struct local_candidate b = a;

	(void)state;
	b.c.at = endpoint("192.0.2.2:9");
	b.base.at.port = 6;
	assert_true(candidate_same_foundation(&a, &b));
	b.server = ip_v4(198, 51, 100, 2);
	assert_false(candidate_same_foundation(&a, &b));
	b = a;
	b.base.at = endpoint("10.0.0.2:5");
	assert_false(candidate_same_foundation(&a, &b));
	b = a;
	b.c.type = CANDIDATE_HOST;
	assert_false(candidate_same_foundation(&a, &b));
	b = a;
	b.c.proto = CANDIDATE_TCP_ACTIVE;
	assert_false(candidate_same_foundation(&a, &b));
}

static void bases_are_told_apart_by_address_and_socket_not_by_interface(void **state)
{
	const struct ice_base a = {endpoint("10.0.0.1:5"), 3, 1};
	struct ice_base b = a;

	(void)state;
	b.ifindex = 4;
	assert_true(base_equal(&a, &b));
	b.via = 2;
	assert_false(base_equal(&a, &b));
	b = a;
	b.at.port = 6;
	assert_false(base_equal(&a, &b));
}

/* -- hygiene ------------------------------------------------------------- */

static void each_refused_range_is_refused_up_to_its_edge(void **state)
{
	static const struct {
		const char *at;
		enum candidate_fault fault;
	} table[] = {
		{"192.0.2.1:1", CANDIDATE_FINE},
		{"10.1.2.3:65535", CANDIDATE_FINE},
		{"[2001:db8::1]:1", CANDIDATE_FINE},
		{"[fd00::1]:1", CANDIDATE_FINE},
		{"0.0.0.0:1", FAULT_UNSPECIFIED},
		{"0.255.255.255:1", FAULT_UNSPECIFIED},
		{"1.0.0.0:1", CANDIDATE_FINE},
		{"126.255.255.255:1", CANDIDATE_FINE},
		{"127.0.0.0:1", FAULT_LOOPBACK},
		{"127.255.255.255:1", FAULT_LOOPBACK},
		{"128.0.0.0:1", CANDIDATE_FINE},
		{"169.253.255.255:1", CANDIDATE_FINE},
		{"169.254.0.0:1", FAULT_LINK_LOCAL},
		{"169.254.169.254:80", FAULT_LINK_LOCAL},
		{"169.255.0.0:1", CANDIDATE_FINE},
		{"223.255.255.255:1", CANDIDATE_FINE},
		{"224.0.0.0:1", FAULT_MULTICAST},
		{"239.255.255.255:1", FAULT_MULTICAST},
		{"240.0.0.0:1", CANDIDATE_FINE},
		{"255.255.255.255:1", FAULT_BROADCAST},
		{"[::]:1", FAULT_UNSPECIFIED},
		{"[::1]:1", FAULT_LOOPBACK},
		{"[::2]:1", FAULT_DEPRECATED},
		{"[::7f00:1]:1", FAULT_DEPRECATED},
		{"[fe80::1]:1", FAULT_LINK_LOCAL},
		{"[febf::1]:1", FAULT_LINK_LOCAL},
		{"[fe80::1%2]:1", CANDIDATE_FINE},
		{"[ff:ffff:ffff:ffff::1]:9", CANDIDATE_FINE},
		{"[100::]:9", FAULT_DISCARD},
		{"[100::ffff:ffff:ffff:ffff]:9", FAULT_DISCARD},
		{"[100:0:0:1::]:9", CANDIDATE_FINE},
		{"[fec0::1]:1", FAULT_DEPRECATED},
		{"[feff::1]:1", FAULT_DEPRECATED},
		{"[ff00::1]:1", FAULT_MULTICAST},
		{"[fe7f::1]:1", CANDIDATE_FINE},
		{"[::ffff:127.0.0.1]:1", FAULT_LOOPBACK},	/* the parser made it IPv4 */
		{"[2002:7f00:1::1]:1", FAULT_EMBEDDED},		/* 6to4 of 127.0.0.1 */
		{"[2002:c000:201::1]:1", CANDIDATE_FINE},
		{"[2002:a9fe:a9fe::1]:1", FAULT_EMBEDDED},
		{"[2001:0:1:2:3:4:80ff:fffe]:1", FAULT_EMBEDDED},	/* Teredo of 127.0.0.1 */
		{"[2001:0:1:2:3:4:3fff:fdfe]:1", CANDIDATE_FINE},
		{"[64:ff9b::e000:1]:1", FAULT_EMBEDDED},	/* NAT64 of 224.0.0.1 */
		{"[64:ff9b::c000:201]:1", CANDIDATE_FINE},
		{"[64:ff9b:1::e000:1]:1", CANDIDATE_FINE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct endpoint e = endpoint(table[i].at);
		enum candidate_fault fault = candidate_check(&e, NULL, 0);

		if (fault != table[i].fault)
			fail_msg("%s: %s, not %s", table[i].at, candidate_fault_text(fault),
				 candidate_fault_text(table[i].fault));
	}
}

static void no_address_and_no_port_are_refused(void **state)
{
	struct endpoint e = {.port = 5};

	(void)state;
	assert_int_equal(candidate_check(&e, NULL, 0), FAULT_FAMILY);
	e = endpoint("192.0.2.1:5");
	e.port = 0;
	assert_int_equal(candidate_check(&e, NULL, 0), FAULT_PORT);
}

/* ip_v6() never makes one; whoever fills in the bytes by hand must not get further. */
static void a_v4_mapped_address_made_by_hand_is_refused(void **state)
{
	struct endpoint e = {
		.ip = {IP_V6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}},
		.port = 1,
	};

	(void)state;
	assert_int_equal(candidate_check(&e, NULL, 0), FAULT_DEPRECATED);
}

static void the_virtual_prefixes_are_refused_in_any_wrapping(void **state)
{
	static const char *const inside[] = {
		"10.77.0.1:1", "10.77.255.255:1", "[fd12:3456::9]:1",
		"[2002:a4d:1::1]:1", "[64:ff9b::a4d:1]:1",
	};
	struct cidr refused[2];
	struct endpoint e;

	(void)state;
	assert_true(cidr_parse(&refused[0], "10.77.0.0/16"));
	assert_true(cidr_parse(&refused[1], "fd12:3456::/32"));
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++) {
		e = endpoint(inside[i]);
		assert_int_equal(candidate_check(&e, refused, 2), FAULT_REFUSED);
		assert_int_equal(candidate_check(&e, refused, 0), CANDIDATE_FINE);
	}
	e = endpoint("10.78.0.0:1");
	assert_int_equal(candidate_check(&e, refused, 2), CANDIDATE_FINE);
}

static void every_fault_has_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < CANDIDATE_FAULTS; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(candidate_fault_text((enum candidate_fault)i),
						candidate_fault_text((enum candidate_fault)j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priorities_are_those_of_the_rfc),
		cmocka_unit_test(the_local_preference_can_be_taken_out_again),
		cmocka_unit_test(the_families_take_turns_and_ipv6_begins),
		cmocka_unit_test(a_foundation_is_type_base_protocol_and_server),
		cmocka_unit_test(bases_are_told_apart_by_address_and_socket_not_by_interface),
		cmocka_unit_test(each_refused_range_is_refused_up_to_its_edge),
		cmocka_unit_test(no_address_and_no_port_are_refused),
		cmocka_unit_test(a_v4_mapped_address_made_by_hand_is_refused),
		cmocka_unit_test(the_virtual_prefixes_are_refused_in_any_wrapping),
		cmocka_unit_test(every_fault_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
