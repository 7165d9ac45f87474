/* icmp_test.c -- errors about packets that have no way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/icmp.h"

static uint8_t buffer[HEADROOM + 2000 + TAILROOM];
static const struct ip from4 = {.family = IP_V4, .bytes = {10, 0, 0, 1}};
static const struct ip from6 = {.family = IP_V6, .bytes = {0xfd, [15] = 1}};

static uint32_t add_up(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static bool checks(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static struct packet ipv4(size_t len, uint8_t proto)
{
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);

	for (size_t i = 0; i < len; i++)
		p.data[i] = (uint8_t)i;
	p.data[0] = 0x45;
	store_be16(p.data + 2, (uint16_t)len);
	store_be16(p.data + 6, 0x4000);		/* do not fragment, offset 0 */
	p.data[9] = proto;
	memcpy(p.data + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x63", 8);
	return p;
}

static struct packet ipv6(size_t len, uint8_t proto)
{
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);

	memset(p.data, 0x5a, len);
	p.data[0] = 0x60;
	p.data[6] = proto;
	p.data[8] = p.data[24] = 0xfd;
	return p;
}

static void ipv4_gets_host_unreachable_with_right_checksums(void **state)
{
	(void)state;
	for (size_t len = 28; len < 1500; len += 7) {
		struct packet p = ipv4(len, 17);
		size_t quoted = len + 28 > 576 ? 576 - 28 : len;

		assert_true(icmp_unreachable(&p, &from4));
		assert_int_equal(p.len, quoted + 28);
		assert_int_equal(load_be16(p.data + 2), p.len);
		assert_int_equal(p.data[9], 1);
		assert_memory_equal(p.data + 12, from4.bytes, 4);
		assert_memory_equal(p.data + 16, "\x0a\x00\x00\x01", 4);
		assert_int_equal(load_be16(p.data + 20), 0x0301);
		assert_int_equal(p.data[28], 0x45);	/* the packet it is about */
		assert_true(checks(add_up(p.data, 20)));
		assert_true(checks(add_up(p.data + 20, p.len - 20)));
	}
}

static void ipv6_gets_address_unreachable_with_a_right_checksum(void **state)
{
	(void)state;
	for (size_t len = 48; len < 1500; len += 7) {
		struct packet p = ipv6(len, 17);
		uint32_t sum;

		assert_true(icmp_unreachable(&p, &from6));
		assert_int_equal(p.len, len + 48 > 1280 ? 1280 : len + 48);
		assert_int_equal(load_be16(p.data + 4), p.len - 40);
		assert_memory_equal(p.data + 8, from6.bytes, 16);
		assert_int_equal(load_be16(p.data + 40), 0x0103);
		sum = add_up(p.data + 8, 32) + (uint32_t)(p.len - 40) + 58;
		assert_true(checks(sum + add_up(p.data + 40, p.len - 40)));
	}
}

static void no_error_about_what_must_not_have_one(void **state)
{
	struct packet p;

	(void)state;
	p = ipv4(60, 1);
	p.data[20] = 3;		/* an ICMP error */
	assert_false(icmp_unreachable(&p, &from4));
	p.data[20] = 8;		/* an echo request is fine */
	assert_true(icmp_unreachable(&p, &from4));
	p = ipv4(60, 17);
	p.data[7] = 1;		/* a later fragment */
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv4(60, 17);
	p.data[16] = 224;
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv4(60, 17);
	memset(p.data + 16, 255, 4);
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv4(60, 17);
	memset(p.data + 12, 0, 4);
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv4(20, 1);	/* ICMP without a type */
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv6(60, 58);
	p.data[40] = 1;
	assert_false(icmp_unreachable(&p, &from6));
	p.data[40] = 128;
	assert_true(icmp_unreachable(&p, &from6));
	p = ipv6(60, 17);
	p.data[24] = 0xff;
	assert_false(icmp_unreachable(&p, &from6));
	p = ipv6(60, 17);
	memset(p.data + 8, 0, 16);
	assert_false(icmp_unreachable(&p, &from6));
}

static void no_error_without_an_address_room_or_a_whole_header(void **state)
{
	static const struct ip none;
	struct packet p = ipv4(60, 17);

	(void)state;
	assert_false(icmp_unreachable(&p, &none));
	assert_false(icmp_unreachable(&p, &from6));
	p.start = p.data - 47;
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv4(19, 17);
	assert_false(icmp_unreachable(&p, &from4));
	p = ipv6(39, 17);
	assert_false(icmp_unreachable(&p, &from6));
	p.len = 0;
	assert_false(icmp_unreachable(&p, &from6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_gets_host_unreachable_with_right_checksums),
		cmocka_unit_test(ipv6_gets_address_unreachable_with_a_right_checksum),
		cmocka_unit_test(no_error_about_what_must_not_have_one),
		cmocka_unit_test(no_error_without_an_address_room_or_a_whole_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
