/* ecn_test.c -- congestion marks through the tunnel, RFC 6040 figure 4 as a table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/ecn.h"

static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += load_be16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static struct packet ipv4(uint8_t buffer[static 20], uint8_t tos)
{
	static const uint8_t header[20] = {0x45, 0, 0, 20, 0x12, 0x34, 0, 0, 64, 17, 0, 0,
					   10,   0, 0, 1,  10,   0,    0, 2};

	memcpy(buffer, header, sizeof(header));
	buffer[1] = tos;
	store_be16(buffer + 10, checksum(buffer, 20));
	return packet_in(buffer, 20, 0, 20);
}

static struct packet ipv6(uint8_t buffer[static 40], uint8_t class)
{
	memset(buffer, 0, 40);
	buffer[0] = (uint8_t)(0x60 | class >> 4);
	buffer[1] = (uint8_t)(class << 4 | 0x0c);	/* with a flow label behind it */
	return packet_in(buffer, 40, 0, 40);
}

/* outgoing[inner][outer]; 9: dropped */
static const uint8_t figure_4[4][4] = {
	[ECN_NOT] = {[ECN_NOT] = 0, [ECN_ECT1] = 0, [ECN_ECT0] = 0, [ECN_CE] = 9},
	[ECN_ECT0] = {[ECN_NOT] = 2, [ECN_ECT1] = 1, [ECN_ECT0] = 2, [ECN_CE] = 3},
	[ECN_ECT1] = {[ECN_NOT] = 1, [ECN_ECT1] = 1, [ECN_ECT0] = 1, [ECN_CE] = 3},
	[ECN_CE] = {[ECN_NOT] = 3, [ECN_ECT1] = 3, [ECN_ECT0] = 3, [ECN_CE] = 3},
};

static void the_table_of_the_standard_holds_for_ipv4_and_keeps_the_checksum(void **state)
{
	uint8_t buffer[20];

	(void)state;
	for (unsigned dscp = 0; dscp < 256; dscp += 4) {
		for (unsigned i = 0; i < 16; i++) {
			uint8_t inner = (uint8_t)(i >> 2), outer = i & 3, want = figure_4[inner][outer];
			struct packet p = ipv4(buffer, (uint8_t)(dscp | inner));

			assert_int_equal(ecn_of(packet_bytes(&p)), inner);
			assert_int_equal(ecn_merge(&p, outer), want != 9);
			if (want == 9)
				continue;
			assert_int_equal(buffer[1], dscp | want);
			assert_int_equal(checksum(buffer, 20), 0);
		}
	}
}

static void the_table_of_the_standard_holds_for_ipv6(void **state)
{
	uint8_t buffer[40];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		uint8_t inner = (uint8_t)(i >> 2), outer = i & 3, want = figure_4[inner][outer];
		struct packet p = ipv6(buffer, (uint8_t)(0xb8 | inner));

		assert_int_equal(ecn_of(packet_bytes(&p)), inner);
		assert_int_equal(ecn_merge(&p, outer), want != 9);
		if (want == 9)
			continue;
		assert_int_equal(buffer[0], 0x6b);
		assert_int_equal(buffer[1], 0x80 | want << 4 | 0x0c);
	}
}

static void what_is_no_ip_packet_has_no_mark(void **state)
{
	static const uint8_t junk[40] = {0x15, 0xff, 0xff};

	(void)state;
	assert_int_equal(ecn_of(bytes_of(junk, sizeof(junk))), ECN_NOT);
	assert_int_equal(ecn_of(bytes_of(junk, 0)), ECN_NOT);
	assert_int_equal(ecn_of(bytes_of("\x45\x03", 2)), ECN_NOT);
	assert_int_equal(ecn_of(bytes_of("\x60\x30", 2)), ECN_NOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_the_standard_holds_for_ipv4_and_keeps_the_checksum),
		cmocka_unit_test(the_table_of_the_standard_holds_for_ipv6),
		cmocka_unit_test(what_is_no_ip_packet_has_no_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
