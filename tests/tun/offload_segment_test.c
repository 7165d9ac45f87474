/* offload_segment_test.c -- packets of many segments, cut up; each byte of some is written down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tun/offload_segment.h"
#include "tun/packets.h"

enum { ROOM = 65536 };

static uint8_t whole[ROOM], out[ROOM];

static struct vnet_header vnet_of(uint8_t type, uint16_t gso_size)
{
	return (struct vnet_header){
		.flags = VNET_NEEDS_CSUM, .gso_type = type, .gso_size = gso_size};
}

static void assert_refused(const struct vnet_header *vnet, size_t len, enum segment_verdict verdict)
{
	struct segments s;
	uint8_t *exact = malloc(len ? len : 1);	/* so that a read past its end is seen */

	assert_non_null(exact);
	memcpy(exact, whole, len);
	assert_int_equal(segments_begin(&s, vnet, bytes_of(exact, len)), verdict);
	assert_false(segments_left(&s));
	free(exact);
}

/* --- every byte --- */

static void tcp4_of_three_segments_is_as_written_down(void **state)
{
	static const uint8_t super[] = {
		0x45, 0x02, 0x00, 0x2d, 0xff, 0xff, 0x40, 0x00,	/* ECT(0), 45 bytes, ID 65535, DF */
		0x40, 0x06, 0x00, 0x00, 0x0a, 0x4d, 0x00, 0x01,
		0x0a, 0x4d, 0x00, 0x02,
		0x30, 0x39, 0x00, 0x50, 0xff, 0xff, 0xff, 0xff,	/* sequence 2^32 - 1 */
		0x00, 0x00, 0x00, 0x07, 0x50, 0x99, 0x01, 0x00,	/* CWR, ACK, PSH, FIN */
		0x00, 0x00, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o'};
	static const uint8_t first[] = {
		0x45, 0x02, 0x00, 0x2a, 0xff, 0xff, 0x40, 0x00,
		0x40, 0x06, 0x26, 0x30, 0x0a, 0x4d, 0x00, 0x01,
		0x0a, 0x4d, 0x00, 0x02,
		0x30, 0x39, 0x00, 0x50, 0xff, 0xff, 0xff, 0xff,
		0x00, 0x00, 0x00, 0x07, 0x50, 0x90, 0x01, 0x00,	/* CWR, ACK */
		0x00, 0xc1, 0x00, 0x00, 'h', 'e'};
	static const uint8_t second[] = {
		0x45, 0x02, 0x00, 0x2a, 0x00, 0x00, 0x40, 0x00,	/* ID 0 */
		0x40, 0x06, 0x26, 0x30, 0x0a, 0x4d, 0x00, 0x01,
		0x0a, 0x4d, 0x00, 0x02,
		0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01,	/* sequence 1 */
		0x00, 0x00, 0x00, 0x07, 0x50, 0x10, 0x01, 0x00,	/* ACK */
		0xfd, 0x38, 0x00, 0x00, 'l', 'l'};
	static const uint8_t third[] = {
		0x45, 0x02, 0x00, 0x29, 0x00, 0x01, 0x40, 0x00,
		0x40, 0x06, 0x26, 0x30, 0x0a, 0x4d, 0x00, 0x01,
		0x0a, 0x4d, 0x00, 0x02,
		0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x03,
		0x00, 0x00, 0x00, 0x07, 0x50, 0x19, 0x01, 0x00,	/* ACK, PSH, FIN */
		0xfa, 0x9a, 0x00, 0x00, 'o'};
	struct vnet_header vnet = vnet_of(VNET_GSO_TCP4 | VNET_GSO_ECN, 2);
	struct segments s;

	(void)state;
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(super, sizeof(super))), SEGMENT_GOOD);
	assert_int_equal(segments_next(&s, out), sizeof(first));
	assert_memory_equal(out, first, sizeof(first));
	assert_int_equal(segments_next(&s, out), sizeof(second));
	assert_memory_equal(out, second, sizeof(second));
	assert_true(segments_left(&s));
	assert_int_equal(segments_next(&s, out), sizeof(third));
	assert_memory_equal(out, third, sizeof(third));
	assert_false(segments_left(&s));
}

static void udp6_of_two_datagrams_is_as_written_down(void **state)
{
	static const uint8_t super[] = {
		0x60, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x11, 0x40,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0x30, 0x39, 0x00, 0x35, 0x00, 0x0b, 0x12, 0x34, 'a', 'b', 'c'};
	static const uint8_t first[] = {
		0x60, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x11, 0x40,	/* length 10 */
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0x30, 0x39, 0x00, 0x35, 0x00, 0x0a, 0x73, 0x17, 'a', 'b'};
	static const uint8_t second[] = {
		0x60, 0x00, 0x00, 0x00, 0x00, 0x09, 0x11, 0x40,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0x30, 0x39, 0x00, 0x35, 0x00, 0x09, 0x71, 0x7b, 'c'};
	struct vnet_header vnet = vnet_of(VNET_GSO_UDP, 2);
	struct segments s;

	(void)state;
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(super, sizeof(super))), SEGMENT_GOOD);
	assert_int_equal(segments_next(&s, out), sizeof(first));
	assert_memory_equal(out, first, sizeof(first));
	assert_int_equal(segments_next(&s, out), sizeof(second));
	assert_memory_equal(out, second, sizeof(second));
	assert_false(segments_left(&s));
}

/* --- each kind --- */

static void assert_segments_are_right(const struct recipe *r, uint8_t type, uint16_t gso_size)
{
	struct vnet_header vnet = vnet_of(type, gso_size);
	size_t len = make_packet(whole, r), got = 0, segments = 0;
	size_t headers = len - r->payload.len;
	struct segments s;

	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len)), SEGMENT_GOOD);
	for (; segments_left(&s); segments++) {
		size_t n = segments_next(&s, out);

		assert_true(sums_are_right(out, n));
		assert_memory_equal(out + headers, r->payload.data + got, n - headers);
		got += n - headers;
		assert_true(n - headers == gso_size || got == r->payload.len);
	}
	assert_int_equal(got, r->payload.len);
	assert_int_equal(segments, (r->payload.len + gso_size - 1) / gso_size);
}

static void every_kind_is_cut_up_to_the_largest(void **state)
{
	static uint8_t payload[65000];
	struct recipe r = {.ttl = 64, .flags = 0x10, .payload = bytes_of(payload, sizeof(payload))};

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
	for (int options = 0; options < 2; options++) {
		r.options = options;
		r.v6 = r.udp = false;
		assert_segments_are_right(&r, VNET_GSO_TCP4, 1448);
		r.v6 = true;
		assert_segments_are_right(&r, VNET_GSO_TCP6, 1428);
	}
	r.udp = true;
	assert_segments_are_right(&r, VNET_GSO_UDP, 1200);
	r.v6 = false;
	assert_segments_are_right(&r, VNET_GSO_UDP, 32);	/* 2,032 datagrams */
	assert_segments_are_right(&r, VNET_GSO_UDP, 65000);	/* one */
	assert_segments_are_right(&r, VNET_GSO_UDP, 65535);
}

static void a_udp_sum_of_zero_goes_as_its_other_form(void **state)
{
	uint8_t payload[4] = {0};
	struct recipe r = {.udp = true, .ttl = 64, .payload = bytes_of(payload, 4)};
	struct vnet_header vnet = vnet_of(VNET_GSO_UDP, 2);
	struct segments s;
	size_t len;

	(void)state;
	r.payload.len = 2;
	make_packet(whole, &r);		/* its sum, put into the payload, makes zero */
	store_be16(payload, load_be16(whole + 26));
	store_be16(payload + 2, load_be16(whole + 26));
	r.payload.len = 4;
	len = make_packet(whole, &r);
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len)), SEGMENT_GOOD);
	while (segments_left(&s)) {
		segments_next(&s, out);
		assert_int_equal(load_be16(out + 26), 0xffff);
	}
}

/* --- options before the rest --- */

static void options_of_ipv4_are_on_each(void **state)
{
	struct recipe r = {.ttl = 64, .flags = 0x10, .payload = bytes_of("abcd", 4)};
	struct vnet_header vnet = vnet_of(VNET_GSO_TCP4, 2);
	struct segments s;
	size_t len = make_packet(whole, &r);

	(void)state;
	memmove(whole + 24, whole + 20, len - 20);
	store_be32(whole + 20, 0x01010101);
	whole[0] = 0x46;
	store_be16(whole + 2, (uint16_t)(len + 4));
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len + 4)), SEGMENT_GOOD);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(segments_next(&s, out), 24 + 20 + 2);
		assert_int_equal(load_be32(out + 20), 0x01010101);
		assert_int_equal(load_be32(out + 24 + 4), 2 * i);
		assert_int_equal(words_fold(words_sum(out, 24)), 0xffff);
	}
	assert_false(segments_left(&s));
}

static void options_of_ipv6_are_on_each(void **state)
{
	struct recipe r = {.v6 = true, .ttl = 64, .flags = 0x10, .payload = bytes_of("abcd", 4)};
	struct vnet_header vnet = vnet_of(VNET_GSO_TCP6, 2);
	struct segments s;
	size_t len = make_packet(whole, &r);

	(void)state;
	memmove(whole + 56, whole + 40, len - 40);
	memcpy(whole + 40, "\x3c\0\1\4\0\0\0\0\6\0\1\4\0\0\0\0", 16);	/* hop by hop, destination */
	whole[6] = 0;
	store_be16(whole + 4, (uint16_t)(len - 40 + 16));
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len + 16)), SEGMENT_GOOD);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(segments_next(&s, out), 56 + 20 + 2);
		assert_int_equal(load_be16(out + 4), 16 + 20 + 2);
		assert_int_equal(load_be32(out + 56 + 4), 2 * i);
	}
	store_be16(whole + 4, 16);
	assert_refused(&vnet, 56, SEGMENT_BAD_HEADERS);	/* nothing behind the options */
	whole[41] = 1;
	store_be16(whole + 4, 8);
	assert_refused(&vnet, 48, SEGMENT_BAD_HEADERS);	/* they are longer than the packet */
}

/* --- only a checksum --- */

static void a_checksum_is_finished_where_the_packet_lies(void **state)
{
	struct recipe r = {.v6 = true, .flags = 0x02, .payload = bytes_of("odd", 3)};
	struct vnet_header vnet = {.flags = VNET_NEEDS_CSUM, .csum_start = 40, .csum_offset = 16};
	uint8_t wanted[256];
	struct segments s;
	size_t len = make_packet(wanted, &r);

	(void)state;
	memcpy(whole, wanted, len);
	store_be16(whole + 56, pseudo_of(whole, len));
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len)), SEGMENT_GOOD);
	assert_int_equal(segments_next(&s, out), len);
	assert_memory_equal(out, wanted, len);
	assert_false(segments_left(&s));
	assert_int_equal(segment_finish(&vnet, whole, len), SEGMENT_GOOD);
	assert_memory_equal(whole, wanted, len);
}

static void what_is_finished_is_not_touched(void **state)
{
	struct vnet_header vnet = {.csum_start = 60000, .csum_offset = 60000};

	(void)state;
	memcpy(whole, "\xff\1\2\3", 4);
	assert_int_equal(segment_finish(&vnet, whole, 4), SEGMENT_GOOD);
	assert_memory_equal(whole, "\xff\1\2\3", 4);
}

/* --- what is refused --- */

static void a_checksum_outside_of_the_packet_is_refused(void **state)
{
	static const struct {
		uint16_t start, offset;
		bool good;
	} rows[] = {
		{0, 0, true},	  {38, 0, true},       {0, 38, true},	  {39, 0, false},
		{0, 39, false},	  {40, 0, false},      {20, 18, true},	  {20, 19, false},
		{65535, 0, false}, {65535, 65535, false}, {0, 65535, false}, {40, 65535, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vnet_header vnet = {.flags = VNET_NEEDS_CSUM,
					   .csum_start = rows[i].start,
					   .csum_offset = rows[i].offset};

		assert_int_equal(segment_finish(&vnet, whole, 40),
				 rows[i].good ? SEGMENT_GOOD : SEGMENT_BAD_CHECKSUM);
	}
}

static void a_packet_of_another_kind_is_refused(void **state)
{
	static const uint8_t types[] = {VNET_GSO_TCP4, VNET_GSO_TCP6, VNET_GSO_UDP, 2, 3, 6, 0x45,
					VNET_GSO_ECN, VNET_GSO_UDP | VNET_GSO_ECN};
	struct recipe r = {.payload = bytes_of("abcd", 4)};

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		size_t len;

		r.v6 = kind & 1;
		r.udp = kind & 2;
		len = make_packet(whole, &r);
		for (size_t i = 0; i < sizeof(types); i++) {
			struct vnet_header vnet = vnet_of(types[i], 2);

			if (types[i] != (r.udp ? VNET_GSO_UDP : r.v6 ? VNET_GSO_TCP6 : VNET_GSO_TCP4))
				assert_refused(&vnet, len, SEGMENT_BAD_TYPE);
		}
	}
}

static void malformed_headers_are_refused(void **state)
{
	static const struct {
		bool v6, udp;
		uint8_t at, value;
	} rows[] = {
		{false, false, 0, 0x55},	/* no IP */
		{false, false, 0, 0x44},	/* IPv4 header of 16 bytes */
		{false, false, 0, 0x4f},	/* of more than there is */
		{false, false, 3, 43},		/* shorter than it says, */
		{false, false, 3, 45},		/* and longer */
		{false, false, 6, 0x20},	/* a fragment, */
		{false, false, 7, 1},		/* and a later one */
		{false, false, 9, 1},		/* ICMP */
		{false, false, 32, 0x40},	/* TCP header of 16 bytes, */
		{false, false, 32, 0xf0},	/* and of more than there is */
		{true, false, 5, 23},
		{true, false, 5, 25},
		{true, false, 6, 44},		/* a fragment */
		{true, false, 6, 43},		/* a routing header: whose address is last is not known */
		{true, false, 6, 0},		/* options, which are longer than there is */
		{true, false, 52, 0x10},
		{true, true, 6, 58},
	};
	struct recipe r = {.payload = bytes_of("abcd", 4)};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vnet_header vnet = vnet_of(VNET_GSO_TCP4, 2);
		size_t len;

		r.v6 = rows[i].v6;
		r.udp = rows[i].udp;
		vnet.gso_type = r.udp ? VNET_GSO_UDP : r.v6 ? VNET_GSO_TCP6 : VNET_GSO_TCP4;
		len = make_packet(whole, &r);
		whole[r.v6 ? 41 : 21] = 0xff;	/* as an option: too long */
		whole[rows[i].at] = rows[i].value;
		assert_refused(&vnet, len, SEGMENT_BAD_HEADERS);
	}
}

static void a_packet_cut_anywhere_in_its_headers_is_refused(void **state)
{
	struct recipe r = {.payload = bytes_of("abcd", 4)};

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct vnet_header vnet;
		size_t headers;

		r.v6 = kind & 1;
		r.udp = kind & 2;
		vnet = vnet_of(r.udp ? VNET_GSO_UDP : r.v6 ? VNET_GSO_TCP6 : VNET_GSO_TCP4, 2);
		headers = make_packet(whole, &r) - 4;
		for (size_t len = 0; len < headers; len++) {
			size_t l4 = r.v6 ? 40 : 20;

			if (len >= l4)		/* and its IP header knows */
				store_be16(whole + (r.v6 ? 4 : 2), (uint16_t)(r.v6 ? len - 40 : len));
			assert_refused(&vnet, len, SEGMENT_BAD_HEADERS);
		}
	}
}

static void segments_of_an_impossible_size_are_refused(void **state)
{
	static uint8_t payload[SEGMENTS_MAX + 1];
	struct recipe r = {.payload = bytes_of(payload, sizeof(payload))};
	struct vnet_header vnet = vnet_of(VNET_GSO_TCP4, 0);
	struct segments s;
	size_t len = make_packet(whole, &r);

	(void)state;
	assert_refused(&vnet, len, SEGMENT_BAD_SIZE);
	vnet.gso_size = 1;
	assert_refused(&vnet, len, SEGMENT_BAD_SIZE);	/* one too many */
	r.payload.len--;
	len = make_packet(whole, &r);
	assert_int_equal(segments_begin(&s, &vnet, bytes_of(whole, len)), SEGMENT_GOOD);
	r.payload.len = 0;
	len = make_packet(whole, &r);
	assert_refused(&vnet, len, SEGMENT_BAD_SIZE);	/* of nothing */
	vnet.gso_type = VNET_GSO_NONE;
	assert_refused(&vnet, 0, SEGMENT_BAD_SIZE);
}

static void each_verdict_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < SEGMENT_VERDICTS; i++)
		assert_true(strlen(segment_verdict_name((enum segment_verdict)i)) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp4_of_three_segments_is_as_written_down),
		cmocka_unit_test(udp6_of_two_datagrams_is_as_written_down),
		cmocka_unit_test(every_kind_is_cut_up_to_the_largest),
		cmocka_unit_test(a_udp_sum_of_zero_goes_as_its_other_form),
		cmocka_unit_test(options_of_ipv4_are_on_each),
		cmocka_unit_test(options_of_ipv6_are_on_each),
		cmocka_unit_test(a_checksum_is_finished_where_the_packet_lies),
		cmocka_unit_test(what_is_finished_is_not_touched),
		cmocka_unit_test(a_checksum_outside_of_the_packet_is_refused),
		cmocka_unit_test(a_packet_of_another_kind_is_refused),
		cmocka_unit_test(malformed_headers_are_refused),
		cmocka_unit_test(a_packet_cut_anywhere_in_its_headers_is_refused),
		cmocka_unit_test(segments_of_an_impossible_size_are_refused),
		cmocka_unit_test(each_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
