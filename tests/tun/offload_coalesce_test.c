/* offload_coalesce_test.c -- which packets are joined, and which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tun/offload_coalesce.h"
#include "tun/packets.h"

enum { LARGEST = 2048, PAYLOAD = 100 };

static uint8_t bytes[BURST_MAX][LARGEST];
static struct packet burst[BURST_MAX];
static size_t burst_len;
static struct coalesce c;
static struct joined joined;
static uint8_t payload[LARGEST];

static int fresh_burst(void **state)
{
	(void)state;
	burst_len = 0;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	return 0;
}

static struct recipe tcp4(void)
{
	return (struct recipe){.ttl = 64,
			       .fragment = 0x4000,
			       .id = 7,
			       .seq = 1000,
			       .ack = 5,
			       .flags = 0x10,
			       .window = 500,
			       .options = true,
			       .payload = bytes_of(payload, PAYLOAD)};
}

static struct recipe udp6(void)
{
	return (struct recipe){
		.v6 = true, .udp = true, .ttl = 64, .payload = bytes_of(payload, PAYLOAD)};
}

/* Add it to the burst, and make it the one that would follow. */
static void add(struct recipe *r)
{
	assert_true(burst_len < BURST_MAX);
	burst[burst_len] = packet_in(bytes[burst_len], LARGEST, 0, make_packet(bytes[burst_len], r));
	burst_len++;
	r->seq += (uint32_t)r->payload.len;
	r->id++;
}

static void resum(size_t i)
{
	size_t l4 = burst[i].data[0] >> 4 == 6 ? 40 : 20;

	finish_sums(burst[i].data, burst[i].len, l4, burst[i].data[l4 == 20 ? 9 : 6] == 17 ? 6 : 16);
}

static void begin(void)
{
	coalesce_begin(&c, burst, burst_len, COALESCE_ALL);
}

/* The next is made of these, in this order. */
static void expect(const char *places)
{
	uint16_t place;

	assert_true(coalesce_next(&c, &joined));
	assert_int_equal(joined.packets, strlen(places));
	place = joined.first;
	for (; *places; places++, place = coalesce_after(&c, place))
		assert_int_equal(place, *places - '0');
	assert_int_equal(place, COALESCE_NONE);
}

static void expect_end(void)
{
	assert_false(coalesce_next(&c, &joined));
}

/* All alone. */
static void expect_apart(void)
{
	begin();
	for (size_t i = 0; i < burst_len; i++) {
		const char place[] = {(char)('0' + i), '\0'};

		expect(place);
	}
	expect_end();
}

/* --- what comes out --- */

static void three_of_tcp4_are_as_written_down(void **state)
{
	static const uint8_t packets[3][42] = {
		{0x45, 0x00, 0x00, 0x2a, 0x00, 0x07, 0x40, 0x00, 0x40, 0x06, 0x26, 0x2b, 0x0a, 0x4d,
		 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01,
		 0x00, 0x00, 0x00, 0x07, 0x50, 0x10, 0x01, 0x00, 0x01, 0x40, 0x00, 0x00, 'h', 'e'},
		{0x45, 0x00, 0x00, 0x2a, 0x00, 0x08, 0x40, 0x00, 0x40, 0x06, 0x26, 0x2a, 0x0a, 0x4d,
		 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x03,
		 0x00, 0x00, 0x00, 0x07, 0x50, 0x10, 0x01, 0x00, 0xfd, 0x36, 0x00, 0x00, 'l', 'l'},
		{0x45, 0x00, 0x00, 0x29, 0x00, 0x09, 0x40, 0x00, 0x40, 0x06, 0x26, 0x2a, 0x0a, 0x4d,
		 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x05,
		 0x00, 0x00, 0x00, 0x07, 0x50, 0x18, 0x01, 0x00, 0xfa, 0x99, 0x00, 0x00, 'o'}};
	static const uint8_t headers[] = {
		0x45, 0x00, 0x00, 0x2d, 0x00, 0x07, 0x40, 0x00,	/* 45 bytes */
		0x40, 0x06, 0x26, 0x28, 0x0a, 0x4d, 0x00, 0x01,
		0x0a, 0x4d, 0x00, 0x02,
		0x30, 0x39, 0x00, 0x50, 0x00, 0x00, 0x00, 0x01,
		0x00, 0x00, 0x00, 0x07, 0x50, 0x18, 0x01, 0x00,	/* ACK, PSH */
		0x14, 0xbc, 0x00, 0x00};	/* 0a4d 0001 0a4d 0002 0006 0019, not complemented */

	(void)state;
	for (size_t i = 0; i < 3; i++)
		burst[i] = packet_in((uint8_t *)(uintptr_t)packets[i], 42, 0, i == 2 ? 41 : 42);
	burst_len = 3;
	begin();
	expect("012");
	assert_int_equal(joined.vnet.flags, 1);
	assert_int_equal(joined.vnet.gso_type, 1);
	assert_int_equal(joined.vnet.hdr_len, 40);
	assert_int_equal(joined.vnet.gso_size, 2);
	assert_int_equal(joined.vnet.csum_start, 20);
	assert_int_equal(joined.vnet.csum_offset, 16);
	assert_int_equal(joined.parts_len, 5);
	assert_ptr_equal(joined.parts[0].iov_base, &joined.vnet);
	assert_int_equal(joined.parts[0].iov_len, 10);
	assert_int_equal(joined.parts[1].iov_len, sizeof(headers));
	assert_memory_equal(joined.parts[1].iov_base, headers, sizeof(headers));
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(joined.parts[2 + i].iov_base, packets[i] + 40);
		assert_int_equal(joined.parts[2 + i].iov_len, i == 2 ? 1 : 2);
	}
	assert_int_equal(joined.len, 45);
	expect_end();
}

static void datagrams_have_the_length_of_all(void **state)
{
	struct recipe r = udp6();

	(void)state;
	add(&r);
	add(&r);
	begin();
	expect("01");
	assert_int_equal(joined.vnet.gso_type, 5);
	assert_int_equal(joined.vnet.csum_start, 40);
	assert_int_equal(joined.vnet.csum_offset, 6);
	assert_int_equal(load_be16(joined.headers + 4), 8 + 2 * PAYLOAD);
	assert_int_equal(load_be16(joined.headers + 44), 8 + 2 * PAYLOAD);
	expect_end();
}

static void one_alone_comes_out_as_it_is(void **state)
{
	struct recipe r = tcp4();

	(void)state;
	add(&r);
	bytes[0][60] ^= 1;	/* its checksum is not for us to judge */
	begin();
	expect("0");
	assert_int_equal(joined.vnet.flags, 0);
	assert_int_equal(joined.vnet.gso_type, 0);
	assert_int_equal(joined.parts_len, 2);
	assert_ptr_equal(joined.parts[1].iov_base, bytes[0]);
	assert_int_equal(joined.parts[1].iov_len, burst[0].len);
	expect_end();
}

static void a_burst_of_nothing_is_nothing(void **state)
{
	(void)state;
	begin();
	expect_end();
}

static void one_of_a_joined_can_be_had_alone(void **state)
{
	struct recipe r = tcp4();

	(void)state;
	add(&r);
	add(&r);
	begin();
	expect("01");
	coalesce_single(&c, &joined, 1);
	assert_int_equal(joined.vnet.gso_type, 0);
	assert_int_equal(joined.packets, 1);
	assert_ptr_equal(joined.parts[1].iov_base, bytes[1]);
	expect_end();
}

static void a_kind_that_is_not_wanted_is_left_alone(void **state)
{
	struct recipe four = tcp4(), six = udp6();

	(void)state;
	for (int i = 0; i < 2; i++) {
		add(&four);
		add(&six);
	}
	coalesce_begin(&c, burst, burst_len, COALESCE_ALL & ~COALESCE_UDP6);
	expect("02");
	expect("1");
	expect("3");
	expect_end();
}

/* --- how much --- */

static void a_shorter_one_is_the_last(void **state)
{
	struct recipe r = tcp4();

	(void)state;
	add(&r);
	r.payload.len = 50;
	add(&r);
	add(&r);
	add(&r);
	begin();
	expect("01");
	expect("23");
	expect_end();
}

static void a_longer_one_begins_anew(void **state)
{
	struct recipe r = tcp4();

	(void)state;
	add(&r);
	r.payload.len++;
	add(&r);
	add(&r);
	begin();
	expect("0");
	expect("12");
	expect_end();
}

static void psh_is_the_last(void **state)
{
	struct recipe r = tcp4();

	(void)state;
	add(&r);
	r.flags = 0x18;
	add(&r);
	add(&r);	/* it begins and ends */
	r.flags = 0x10;
	add(&r);
	add(&r);
	begin();
	expect("01");
	expect("2");
	expect("34");
	expect_end();
}

static void at_most_64_packets_and_65535_bytes_are_one(void **state)
{
	struct recipe r = tcp4();
	size_t bytes_seen = 0, n = 0;

	(void)state;
	r.payload.len = LARGEST - PACKETS_HEADERS_MAX;
	while (burst_len < BURST_MAX)
		add(&r);
	begin();
	while (coalesce_next(&c, &joined)) {
		assert_true(joined.len <= 65535 && joined.packets <= COALESCE_MAX);
		bytes_seen += joined.len - 52;
		n += joined.packets;
	}
	assert_int_equal(n, BURST_MAX);
	assert_int_equal(bytes_seen, BURST_MAX * r.payload.len);
	fresh_burst(NULL);
	r = tcp4();
	r.payload.len = 8;
	while (burst_len < BURST_MAX)
		add(&r);
	begin();
	assert_true(coalesce_next(&c, &joined));
	assert_int_equal(joined.packets, COALESCE_MAX);
}

/* --- what is never joined --- */

/* Two that would be joined if the second had not been changed. The others of the flow are kept
 * in order, so a third, which would follow the first, is not joined either. */
static void assert_a_change_parts(struct recipe r, void (*change)(struct recipe *r))
{
	struct recipe changed;

	fresh_burst(NULL);
	add(&r);
	changed = r;
	change(&changed);
	add(&changed);
	add(&r);
	expect_apart();
}

static void change_seq(struct recipe *r) { r->seq++; }
static void change_id(struct recipe *r) { r->id++; }
static void change_id_stands(struct recipe *r) { r->id--; }
static void change_tos(struct recipe *r) { r->tos = 0xb8; }
static void change_ecn(struct recipe *r) { r->tos ^= 3; }
static void change_ttl(struct recipe *r) { r->ttl--; }
static void change_df(struct recipe *r) { r->fragment ^= 0x4000; }
static void change_label(struct recipe *r) { r->label++; }
static void change_ack(struct recipe *r) { r->ack++; }
static void change_window(struct recipe *r) { r->window++; }
static void change_urgent(struct recipe *r) { r->urgent++; }
static void change_options(struct recipe *r) { r->options = !r->options; }
static void change_stamp(struct recipe *r) { r->stamp++; }
static void change_fin(struct recipe *r) { r->flags |= 1; }
static void change_syn(struct recipe *r) { r->flags |= 2; }
static void change_rst(struct recipe *r) { r->flags |= 4; }
static void change_urg(struct recipe *r) { r->flags |= 0x20; }
static void change_ece(struct recipe *r) { r->flags |= 0x40; }
static void change_cwr(struct recipe *r) { r->flags |= 0x80; }
static void change_no_ack(struct recipe *r) { r->flags = 0; }
static void change_empty(struct recipe *r) { r->payload.len = 0; }

static void a_header_that_differs_parts(void **state)
{
	static void (*const of_tcp[])(struct recipe *r) = {
		change_seq,   change_tos,   change_ecn,	   change_ttl,	 change_ack,
		change_window, change_urgent, change_options, change_stamp, change_fin,
		change_syn,   change_rst,   change_urg,	   change_ece,	 change_cwr,
		change_no_ack, change_empty,
	};
	static void (*const of_ipv4[])(struct recipe *r) = {
		change_id, change_df, change_tos, change_ecn, change_ttl,
		change_empty,
	};
	static void (*const of_ipv6[])(struct recipe *r) = {
		change_label, change_tos, change_ecn, change_ttl, change_empty,
	};
	struct recipe r = tcp4(), udp = udp6();

	(void)state;
	for (size_t i = 0; i < sizeof(of_tcp) / sizeof(of_tcp[0]); i++) {
		r.v6 = false;
		assert_a_change_parts(r, of_tcp[i]);
		r.v6 = true;
		assert_a_change_parts(r, of_tcp[i]);
	}
	for (size_t i = 0; i < sizeof(of_ipv6) / sizeof(of_ipv6[0]); i++) {
		assert_a_change_parts(r, of_ipv6[i]);
		assert_a_change_parts(udp, of_ipv6[i]);
	}
	r.v6 = udp.v6 = false;
	assert_a_change_parts(r, change_id_stands);
	for (size_t i = 0; i < sizeof(of_ipv4) / sizeof(of_ipv4[0]); i++) {
		assert_a_change_parts(r, of_ipv4[i]);
		assert_a_change_parts(udp, of_ipv4[i]);
	}
}

/* Three; `change` is done to bytes of the second, whose sums are made right again or not. */
static void assert_bytes_part(struct recipe r, size_t at, uint8_t flip, bool right)
{
	fresh_burst(NULL);
	for (int i = 0; i < 3; i++)
		add(&r);
	bytes[1][at] ^= flip;
	if (right)
		resum(1);
	expect_apart();
}

static void the_reserved_bits_of_tcp_part(void **state)
{
	(void)state;
	assert_bytes_part(tcp4(), 20 + 12, 0x01, true);
}

static void a_bad_checksum_is_not_laundered(void **state)
{
	struct recipe udp4 = udp6();

	(void)state;
	udp4.v6 = false;
	assert_bytes_part(tcp4(), 60, 0x01, false);	/* a byte of the payload */
	assert_bytes_part(tcp4(), 20 + 16, 0x80, false);
	assert_bytes_part(tcp4(), 10, 0x01, false);	/* the sum of the IPv4 header */
	assert_bytes_part(udp4, 20 + 6, 0x01, false);
	assert_bytes_part(udp6(), 60, 0x01, false);
	for (int i = 0; i < 3; i++) {			/* the first of all */
		struct recipe r = tcp4();

		fresh_burst(NULL);
		add(&r);
		bytes[0][60] ^= 1;
		add(&r);
		add(&r);
		begin();
		expect("0");
		expect("12");
		expect_end();
	}
}

static void datagrams_without_a_checksum_are_left_alone(void **state)
{
	struct recipe r = udp6();

	(void)state;
	r.v6 = false;
	for (int i = 0; i < 3; i++) {
		add(&r);
		store_be16(bytes[i] + 26, 0);
	}
	expect_apart();
}

static void a_length_of_udp_that_is_not_that_of_ip_parts(void **state)
{
	(void)state;
	assert_bytes_part(udp6(), 45, 0x04, true);
}

/* --- flows --- */

static void flows_are_joined_each_for_itself(void **state)
{
	struct recipe flows[4] = {tcp4(), tcp4(), udp6(), tcp4()};

	(void)state;
	flows[1].flow = 1;
	flows[3].v6 = true;
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 4; j++)
			add(&flows[j]);
	}
	begin();
	expect("04");
	expect("15");
	expect("26");
	expect("37");
	expect_end();
}

/* Turned round, addresses or ports have the same sum: those flows are looked for in one place. */
static void assert_turned_round_is_another_flow(size_t at, size_t len)
{
	struct recipe r = tcp4();

	fresh_burst(NULL);
	for (size_t i = 0; i < 4; i++) {
		struct recipe same = r;

		add(i % 2 ? &r : &same);
		if (i % 2) {
			uint8_t first[4];

			memcpy(first, bytes[i] + at, len);
			memcpy(bytes[i] + at, bytes[i] + at + len, len);
			memcpy(bytes[i] + at + len, first, len);
		}
	}
	begin();
	expect("02");
	expect("13");
	expect_end();
}

static void addresses_and_ports_make_flows(void **state)
{
	(void)state;
	assert_turned_round_is_another_flow(12, 4);
	assert_turned_round_is_another_flow(20, 2);
}

/* All flows a burst can have, one packet each and then another. */
static void as_many_flows_as_packets_are_kept_apart(void **state)
{
	enum { HALF = BURST_MAX / 2 };
	struct recipe r = tcp4();

	(void)state;
	for (size_t i = 0; i < 2 * HALF; i++) {
		struct recipe one = r;

		one.flow = (uint8_t)(i % HALF);
		if (i >= HALF) {
			one.seq += PAYLOAD;
			one.id++;
		}
		add(&one);
	}
	begin();
	for (uint16_t i = 0; i < HALF; i++) {
		assert_true(coalesce_next(&c, &joined));
		assert_int_equal(joined.packets, 2);
		assert_int_equal(joined.first, i);
		assert_int_equal(coalesce_after(&c, i), i + HALF);
	}
	expect_end();
}

static void an_acknowledgement_in_between_keeps_its_place(void **state)
{
	struct recipe r = tcp4(), ack;

	(void)state;
	add(&r);
	add(&r);
	ack = r;
	ack.payload.len = 0;
	add(&ack);
	add(&r);
	add(&r);
	begin();
	expect("01");
	expect("2");
	expect("34");
	expect_end();
}

static void what_may_be_of_any_flow_ends_all(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} strange[] = {
		{6, 0x20},	/* the beginning of a fragmented packet */
		{7, 1},		/* the rest of one */
		{0, 0x55},	/* no IP */
		{0, 0x46},	/* options */
		{3, 1},		/* shorter than it says */
		{32, 0},	/* no header of TCP */
	};
	struct recipe r = tcp4(), six = udp6(), other = tcp4();

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		fresh_burst(NULL);
		r = tcp4();
		six = udp6();
		add(&r);
		add(&six);
		add(&other);
		bytes[2][strange[i].at] = strange[i].value;
		add(&r);
		add(&six);
		expect_apart();
	}
}

static void another_protocol_ends_nothing(void **state)
{
	struct recipe r = tcp4(), other = tcp4();

	(void)state;
	add(&r);
	add(&other);
	bytes[1][9] = 1;	/* ICMP */
	add(&r);
	begin();
	expect("02");
	expect("1");
	expect_end();
}

static void anything_of_any_length_comes_out_once(void **state)
{
	struct recipe r = tcp4(), six = udp6();

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		for (size_t len = 0; len < 90; len++) {
			fresh_burst(NULL);
			add(kind ? &six : &r);
			add(kind ? &six : &r);
			burst[1].len = len;
			burst[1].data = bytes[1] + LARGEST - len;	/* a read past its end is seen */
			memmove(burst[1].data, bytes[1], len);
			expect_apart();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(three_of_tcp4_are_as_written_down, fresh_burst),
		cmocka_unit_test_setup(datagrams_have_the_length_of_all, fresh_burst),
		cmocka_unit_test_setup(one_alone_comes_out_as_it_is, fresh_burst),
		cmocka_unit_test_setup(a_burst_of_nothing_is_nothing, fresh_burst),
		cmocka_unit_test_setup(one_of_a_joined_can_be_had_alone, fresh_burst),
		cmocka_unit_test_setup(a_kind_that_is_not_wanted_is_left_alone, fresh_burst),
		cmocka_unit_test_setup(a_shorter_one_is_the_last, fresh_burst),
		cmocka_unit_test_setup(a_longer_one_begins_anew, fresh_burst),
		cmocka_unit_test_setup(psh_is_the_last, fresh_burst),
		cmocka_unit_test_setup(at_most_64_packets_and_65535_bytes_are_one, fresh_burst),
		cmocka_unit_test_setup(a_header_that_differs_parts, fresh_burst),
		cmocka_unit_test_setup(the_reserved_bits_of_tcp_part, fresh_burst),
		cmocka_unit_test_setup(a_bad_checksum_is_not_laundered, fresh_burst),
		cmocka_unit_test_setup(datagrams_without_a_checksum_are_left_alone, fresh_burst),
		cmocka_unit_test_setup(a_length_of_udp_that_is_not_that_of_ip_parts, fresh_burst),
		cmocka_unit_test_setup(flows_are_joined_each_for_itself, fresh_burst),
		cmocka_unit_test_setup(addresses_and_ports_make_flows, fresh_burst),
		cmocka_unit_test_setup(as_many_flows_as_packets_are_kept_apart, fresh_burst),
		cmocka_unit_test_setup(an_acknowledgement_in_between_keeps_its_place, fresh_burst),
		cmocka_unit_test_setup(what_may_be_of_any_flow_ends_all, fresh_burst),
		cmocka_unit_test_setup(another_protocol_ends_nothing, fresh_burst),
		cmocka_unit_test_setup(anything_of_any_length_comes_out_once, fresh_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
