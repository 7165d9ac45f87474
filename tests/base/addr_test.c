/* addr_test.c -- addresses in and out of text, and which net holds which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/path.h"
#include "base/rng.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ip ip(const char *text)
{
	struct ip out;

	if (!ip_parse(&out, text))
		fail_msg("no address: %s", text);
	return out;
}

static struct cidr cidr(const char *text)
{
	struct cidr out;

	if (!cidr_parse(&out, text))
		fail_msg("no prefix: %s", text);
	return out;
}

static void addresses_are_parsed_and_printed(void **state)
{
	static const struct {
		const char *text, *printed;
		enum ip_family family;
	} rows[] = {
		{"0.0.0.0", "0.0.0.0", IP_V4},
		{"192.0.2.1", "192.0.2.1", IP_V4},
		{"255.255.255.255", "255.255.255.255", IP_V4},
		{"::", "::", IP_V6},
		{"::1", "::1", IP_V6},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1", IP_V6},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", IP_V6},
		/* IPv4-mapped, in all spellings */
		{"::ffff:192.0.2.1", "192.0.2.1", IP_V4},
		{"::ffff:c000:201", "192.0.2.1", IP_V4},
		{"0:0:0:0:0:FFFF:192.0.2.1", "192.0.2.1", IP_V4},
		/* like it, but not it */
		{"::fffe:192.0.2.1", "::fffe:c000:201", IP_V6},
		{"1::ffff:192.0.2.1", "1::ffff:c000:201", IP_V6},
		{"64:ff9b::192.0.2.1", "64:ff9b::c000:201", IP_V6},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip a = ip(rows[i].text), again;
		char text[IP_TEXT];

		assert_int_equal(a.family, rows[i].family);
		assert_ptr_equal(ip_format(text, &a), text);
		assert_string_equal(text, rows[i].printed);
		again = ip(text);
		assert_true(ip_equal(&a, &again));
	}
}

static void other_text_is_no_address(void **state)
{
	static const char *const bad[] = {
		"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4",
		"01.2.3.4", "0x1.2.3.4", "1.2.3.4/8", "1.2.3.4:5", "localhost", ":", ":::", "1::2::3",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "[::1]", "::1%2", "::1.2.3",
		"::ffff:1.2.3.256",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ip out = ip_v4(9, 9, 9, 9);

		if (ip_parse(&out, bad[i]))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(out.bytes[0], 9);		/* left alone */
	}
}

static void no_address_prints_as_a_dash(void **state)
{
	struct ip none = {0};
	struct endpoint nowhere = {0};
	char text[ENDPOINT_TEXT];

	(void)state;
	assert_string_equal(ip_format(text, &none), "-");
	assert_string_equal(endpoint_format(text, &nowhere), "-:0");
	assert_int_equal(ip_bits(&none), 0);
}

static void equal_means_every_byte_and_the_family(void **state)
{
	static const uint8_t zero[16];
	struct ip v4 = ip_v4(0, 0, 0, 0), v6 = ip_v6(zero), a = ip("2001:db8::1");

	(void)state;
	assert_false(ip_equal(&v4, &v6));
	assert_true(ip_equal(&v4, &v4));
	for (int bit = 0; bit < 128; bit++) {
		struct ip b = a;

		b.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ip_equal(&a, &b));
	}
}

static void kinds_of_address_are_told_apart(void **state)
{
	enum { UNSPECIFIED = 1, LOOPBACK = 2, MULTICAST = 4, LINK_LOCAL = 8 };
	static const struct {
		const char *text;
		int kinds;
	} rows[] = {
		{"0.0.0.0", UNSPECIFIED}, {"::", UNSPECIFIED}, {"0.0.0.1", 0}, {"8.8.8.8", 0},
		{"126.255.255.255", 0}, {"127.0.0.0", LOOPBACK}, {"127.255.255.255", LOOPBACK},
		{"128.0.0.0", 0}, {"::1", LOOPBACK}, {"::2", 0}, {"1::1", 0},
		{"223.255.255.255", 0}, {"224.0.0.0", MULTICAST}, {"239.255.255.255", MULTICAST},
		{"240.0.0.0", 0}, {"ff00::", MULTICAST}, {"ff02::1", MULTICAST}, {"feff::", 0},
		{"169.253.255.255", 0}, {"169.254.0.0", LINK_LOCAL}, {"169.254.255.255", LINK_LOCAL},
		{"169.255.0.0", 0}, {"fe7f::", 0}, {"fe80::", LINK_LOCAL}, {"febf::1", LINK_LOCAL},
		{"fec0::", 0}, {"7f00::", 0}, {"e000::", 0}, {"a9fe::", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip a = ip(rows[i].text);
		int kinds = (ip_is_unspecified(&a) ? UNSPECIFIED : 0) |
			    (ip_is_loopback(&a) ? LOOPBACK : 0) |
			    (ip_is_multicast(&a) ? MULTICAST : 0) |
			    (ip_is_link_local(&a) ? LINK_LOCAL : 0);

		if (kinds != rows[i].kinds)
			fail_msg("%s: %d", rows[i].text, kinds);
	}
}

static void prefixes_are_parsed_and_printed(void **state)
{
	static const struct {
		const char *text, *printed;
	} rows[] = {
		{"10.1.2.3/8", "10.1.2.3/8"},		/* host bits are kept */
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"10.1.2.3/32", "10.1.2.3/32"},
		{"10.1.2.3", "10.1.2.3/32"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"2001:db8::/0", "2001:db8::/0"},
		{"2001:db8::/128", "2001:db8::/128"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"},
		/* 96 of the bits are those that say IPv4 */
		{"::ffff:10.1.2.3", "10.1.2.3/32"},
		{"::ffff:10.1.2.3/128", "10.1.2.3/32"},
		{"::ffff:10.0.0.0/104", "10.0.0.0/8"},
		{"::ffff:0:0/96", "0.0.0.0/0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cidr c = cidr(rows[i].text), again;
		char text[CIDR_TEXT];

		assert_ptr_equal(cidr_format(text, &c), text);
		assert_string_equal(text, rows[i].printed);
		again = cidr(text);
		assert_true(cidr_equal(&c, &again));
	}
}

static void other_text_is_no_prefix(void **state)
{
	static const char *const bad[] = {
		"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+1", "10.0.0.0/ 8",
		"10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.0/0x8", "10.0.0.0/4294967304", "10.0.0.0/255.0.0.0",
		"10.0.0/8", "::/129", "::/a", "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/95",
		"::ffff:10.0.0.0/129", "[::]/0",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64",	/* longer than any */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cidr out;

		if (cidr_parse(&out, bad[i]))
			fail_msg("accepted: %s", bad[i]);
	}
}

static bool bit_of(const struct ip *a, unsigned bit)
{
	return a->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static void masks_are_right_at_every_length(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 4);
	for (unsigned len = 0; len <= 128; len++) {
		struct cidr c = {.len = (uint8_t)len}, masked;

		c.ip.family = len <= 32 && rng_below(&rng, 2) ? IP_V4 : IP_V6;
		rng.fill(&rng, c.ip.bytes, ip_bits(&c.ip) / 8);
		masked = cidr_masked(c);
		assert_int_equal(masked.len, len);
		assert_int_equal(masked.ip.family, c.ip.family);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(bit_of(&masked.ip, bit), bit < len && bit_of(&c.ip, bit));
	}
}

static void a_net_contains_what_agrees_in_its_bits_at_every_length(void **state)
{
	static const char *const hosts[] = {"203.0.113.77", "2001:db8:aaaa:5555:f0f0:0f0f:1234:5678"};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct ip host = ip(hosts[i]);

		for (unsigned len = 0; len <= ip_bits(&host); len++) {
			struct cidr c = {host, (uint8_t)len};

			assert_true(cidr_contains(&c, &host));
			for (unsigned bit = 0; bit < ip_bits(&host); bit++) {
				struct ip other = host;

				other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
				assert_int_equal(cidr_contains(&c, &other), bit >= len);
			}
		}
	}
}

static void a_net_contains_no_address_of_the_other_family(void **state)
{
	struct cidr all4 = cidr("0.0.0.0/0"), all6 = cidr("::/0");
	struct ip v4 = ip("10.0.0.1"), v6 = ip("::1"), none = {0};

	(void)state;
	assert_true(cidr_contains(&all4, &v4) && cidr_contains(&all6, &v6));
	assert_false(cidr_contains(&all4, &v6));
	assert_false(cidr_contains(&all6, &v4));
	assert_false(cidr_contains(&all4, &none));
	assert_false(cidr_contains(&all6, &none));
}

static void prefixes_are_equal_if_address_and_length_are(void **state)
{
	struct cidr a = cidr("10.0.0.0/8"), b = cidr("10.0.0.0/9"), c = cidr("10.0.0.1/8");

	(void)state;
	assert_true(cidr_equal(&a, &a));
	assert_false(cidr_equal(&a, &b));
	assert_false(cidr_equal(&a, &c));
	c = cidr_masked(c);
	assert_true(cidr_equal(&a, &c));
}

static void endpoints_are_parsed_and_printed(void **state)
{
	static const struct {
		const char *text, *printed;
		uint32_t scope;
	} rows[] = {
		{"192.0.2.1:51820", "192.0.2.1:51820", 0},
		{"192.0.2.1:1", "192.0.2.1:1", 0},
		{"192.0.2.1:65535", "192.0.2.1:65535", 0},
		{"[2001:db8::1]:51820", "[2001:db8::1]:51820", 0},
		{"[::ffff:192.0.2.1]:51820", "192.0.2.1:51820", 0},
		{"[fe80::1]:51820", "[fe80::1]:51820", 0},
		{"[fe80::1%3]:51820", "[fe80::1%3]:51820", 3},
		{"[fe80::1%2147483647]:51820", "[fe80::1%2147483647]:51820", INT32_MAX},
		{"[fe80:1111:2222:3333:4444:5555:6666:7777%2147483647]:65535",
		 "[fe80:1111:2222:3333:4444:5555:6666:7777%2147483647]:65535", INT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e, again;
		char text[ENDPOINT_TEXT];

		if (!endpoint_parse(&e, rows[i].text))
			fail_msg("no endpoint: %s", rows[i].text);
		assert_int_equal(e.scope, rows[i].scope);
		assert_ptr_equal(endpoint_format(text, &e), text);
		assert_string_equal(text, rows[i].printed);
		assert_true(endpoint_parse(&again, text));
		assert_true(endpoint_equal(&e, &again));
	}
}

static void other_text_is_no_endpoint(void **state)
{
	static const char *const bad[] = {
		"", ":", ":1", "1", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
		"192.0.2.1:-1", "192.0.2.1:+1", "192.0.2.1: 1", "192.0.2.1:1 ", "192.0.2.1:99999999999",
		"192.0.2.1:4294967297", "[192.0.2.1]:1", "2001:db8::1:51820", "[2001:db8::1]",
		"[2001:db8::1]51820", "[2001:db8::1:51820", "2001:db8::1]:51820", "[]:1", "[:1", "]:1",
		"[[::1]]:1", "[fe80::1]%3:1", "[fe80::1%]:1", "[fe80::1%0]:1", "[fe80::1%eth0]:1",
		"[fe80::1%3%4]:1", "[%3]:1",
		"[fe80::1%2147483648]:1",	/* no interface index */
		"[fe80::1%8589934600]:1",	/* 8, if 32 bits wrap around */
		"[2001:db8::1%3]:1",		/* a scope only for link-local addresses */
		"169.254.1.1%3:1",		/* of IPv6 */
		"[::ffff:169.254.1.1%3]:1",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct endpoint out = {.port = 9};

		if (endpoint_parse(&out, bad[i]))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(out.port, 9);			/* left alone */
	}
}

static void every_port_goes_to_text_and_back(void **state)
{
	(void)state;
	for (unsigned port = 1; port < 65536; port++) {
		struct endpoint e = {ip_v4(192, 0, 2, 1), (uint16_t)port, 0}, again;
		char text[ENDPOINT_TEXT];

		assert_true(endpoint_parse(&again, endpoint_format(text, &e)));
		assert_int_equal(again.port, port);
	}
}

static void the_longest_endpoint_fits(void **state)
{
	struct endpoint e = {.port = 65535, .scope = UINT32_MAX};
	char text[ENDPOINT_TEXT];

	(void)state;
	e.ip.family = IP_V6;
	memset(e.ip.bytes, 0xff, sizeof(e.ip.bytes));
	assert_string_equal(endpoint_format(text, &e),
			    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
}

static void endpoints_and_paths_differ_in_any_part(void **state)
{
	struct path a = {.remote = {ip_v4(192, 0, 2, 1), 1, 0}, .local = ip_v4(10, 0, 0, 1), .ifindex = 2};
	struct path b = a;

	(void)state;
	assert_true(path_equal(&a, &b));
	b.remote.port = 2;
	assert_false(path_equal(&a, &b) || endpoint_equal(&a.remote, &b.remote));
	b = a;
	b.remote.scope = 1;
	assert_false(path_equal(&a, &b) || endpoint_equal(&a.remote, &b.remote));
	b = a;
	b.remote.ip.bytes[3] = 2;
	assert_false(path_equal(&a, &b) || endpoint_equal(&a.remote, &b.remote));
	b = a;
	b.local = (struct ip){0};
	assert_false(path_equal(&a, &b));
	b = a;
	b.ifindex = 3;
	assert_false(path_equal(&a, &b));
}

/* Random text over the characters that matter: parsed or not, nothing is read
 * or written out of bounds, and what parses prints as something equal. */
static void garbage_is_survived(void **state)
{
	static const char letters[] = "0123456789abcdef.:/%[]: ";
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int i = 0; i < 50000; i++) {
		char text[80], printed[ENDPOINT_TEXT];
		struct endpoint e, e2;
		struct cidr c, c2;
		size_t len = rng_below(&rng, sizeof(text));

		for (size_t k = 0; k < len; k++)
			text[k] = letters[rng_below(&rng, sizeof(letters) - 1)];
		text[len] = '\0';
		if (endpoint_parse(&e, text))
			assert_true(endpoint_parse(&e2, endpoint_format(printed, &e)) &&
				    endpoint_equal(&e, &e2));
		if (cidr_parse(&c, text))
			assert_true(cidr_parse(&c2, cidr_format(printed, &c)) && cidr_equal(&c, &c2));
	}
}

static void the_private_networks_of_rfc_1918_are_known(void **state)
{
	static const struct {
		struct ip ip;
		bool is_private;
	} table[] = {
		{{IP_V4, {10, 0, 0, 0}}, true},	      {{IP_V4, {9, 255, 255, 255}}, false},
		{{IP_V4, {11, 0, 0, 0}}, false},      {{IP_V4, {172, 16, 0, 0}}, true},
		{{IP_V4, {172, 31, 255, 255}}, true}, {{IP_V4, {172, 15, 255, 255}}, false},
		{{IP_V4, {172, 32, 0, 0}}, false},    {{IP_V4, {192, 168, 0, 1}}, true},
		{{IP_V4, {192, 167, 0, 1}}, false},   {{IP_V4, {192, 169, 0, 1}}, false},
		{{IP_V6, {10, 0, 0, 0}}, false},      {{IP_NONE, {10, 0, 0, 0}}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(ip_is_private(&table[i].ip), table[i].is_private);
}

static void the_carriers_own_network_of_rfc_6598_is_known(void **state)
{
	static const struct {
		struct ip ip;
		bool is_shared;
	} table[] = {
		{{IP_V4, {100, 64, 0, 0}}, true},    {{IP_V4, {100, 63, 255, 255}}, false},
		{{IP_V4, {100, 127, 255, 255}}, true}, {{IP_V4, {100, 128, 0, 0}}, false},
		{{IP_V4, {101, 64, 0, 0}}, false},   {{IP_V6, {100, 64, 0, 0}}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(ip_is_shared(&table[i].ip), table[i].is_shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_private_networks_of_rfc_1918_are_known),
		cmocka_unit_test(the_carriers_own_network_of_rfc_6598_is_known),
		cmocka_unit_test(addresses_are_parsed_and_printed),
		cmocka_unit_test(other_text_is_no_address),
		cmocka_unit_test(no_address_prints_as_a_dash),
		cmocka_unit_test(equal_means_every_byte_and_the_family),
		cmocka_unit_test(kinds_of_address_are_told_apart),
		cmocka_unit_test(prefixes_are_parsed_and_printed),
		cmocka_unit_test(other_text_is_no_prefix),
		cmocka_unit_test(masks_are_right_at_every_length),
		cmocka_unit_test(a_net_contains_what_agrees_in_its_bits_at_every_length),
		cmocka_unit_test(a_net_contains_no_address_of_the_other_family),
		cmocka_unit_test(prefixes_are_equal_if_address_and_length_are),
		cmocka_unit_test(endpoints_are_parsed_and_printed),
		cmocka_unit_test(other_text_is_no_endpoint),
		cmocka_unit_test(every_port_goes_to_text_and_back),
		cmocka_unit_test(the_longest_endpoint_fits),
		cmocka_unit_test(endpoints_and_paths_differ_in_any_part),
		cmocka_unit_test(garbage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
