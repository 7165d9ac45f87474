/* receive_test.c -- from the network: data opened for their owner, or dropped and counted. */
#include "base/ecn.h"
#include "node/lab.h"

/* -- what is nothing ------------------------------------------------------------- */

static void a_datagram_of_no_kind_is_counted_as_unknown(void **state)
{
	static const uint8_t junk[40] = {5, 6, 7};
	struct lab *lab = lab_ready();
	struct mail m = lab_stray(junk, sizeof(junk));
	struct mail empty = lab_stray(NULL, 0);

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_feed(lab, &lab->us, &empty);
	lab_assert_only(lab, COUNT_UNKNOWN_DATAGRAM, 2);
	lab_free(lab);
}

static void stun_answers_to_nothing_are_counted_as_unsupported(void **state)
{
	static const uint8_t stun[20] = {0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct lab *lab = lab_ready();
	struct mail m = lab_stray(stun, sizeof(stun));

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_UNSUPPORTED, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void whoever_asks_by_stun_is_told_how_we_see_him(void **state)
{
	static const uint8_t request[20] = {0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};
	struct lab *lab = lab_ready();
	struct mail m = lab_stray(request, sizeof(request));

	(void)state;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &m.from));
	assert_memory_equal(lab->us.sent[0].bytes, "\x01\x01", 2);
	lab_free(lab);
}

static void data_for_no_keypair_are_counted_as_unknown_index(void **state)
{
	static const uint8_t data[32] = {MESSAGE_DATA, [4] = 0xff};
	struct lab *lab = lab_ready();
	struct mail m = lab_stray(data, sizeof(data));

	(void)state;
	lab_feed(lab, &lab->us, &m);
	m.bytes[1] = AEAD_AES256GCM;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_UNKNOWN_INDEX, 2);
	lab_free(lab);
}

/* The index is live, but nothing can be sealed for it yet. */
static void data_for_a_handshake_that_is_under_way_are_counted_as_unknown_index(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = lab_stray(NULL, 0);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	m.len = 32;
	m.bytes[0] = MESSAGE_DATA;
	memcpy(m.bytes + 4, lab->us.sent[0].bytes + 4, 4);
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_UNKNOWN_INDEX, 1);
	lab_free(lab);
}

/* -- what does not open ---------------------------------------------------------- */

static void data_with_one_bit_turned_are_counted_as_bad(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	m = lab_seal(lab, 0, NULL, 0);
	m.bytes[m.len - 1] ^= 1;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_DATA, 1);
	lab_free(lab);
}

static void data_of_another_suite_than_the_keys_are_counted_as_bad(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	m = lab_seal(lab, 0, NULL, 0);
	m.bytes[1] = AEAD_AES256GCM;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_DATA, 1);
	lab_free(lab);
}

static void data_that_come_twice_are_counted_as_replayed(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab_say(lab, &lab->far[0], &lab->us, 100);
	lab_exchange(lab);
	lab_feed(lab, &lab->us, &lab->far[0].sent[0]);
	lab_assert_only(lab, COUNT_REPLAYED_DATA, 1);
	assert_int_equal(lab->us.got_len, 1);
	lab_free(lab);
}

static void data_under_a_key_of_180_s_are_counted_as_expired(void **state)
{
	struct lab *lab = lab_ready();
	struct mail young, old;

	(void)state;
	lab_connect(lab, 0);
	young = lab_seal(lab, 0, NULL, 0);
	old = lab_seal(lab, 0, NULL, 0);
	lab->now += REJECT_AFTER_TIME - 1;
	lab_feed(lab, &lab->us, &young);
	lab_assert_only(lab, COUNT_EXPIRED_DATA, 0);
	lab->now += 1;
	lab_feed(lab, &lab->us, &old);
	lab_assert_only(lab, COUNT_EXPIRED_DATA, 1);
	lab_free(lab);
}

/* -- what is inside -------------------------------------------------------------- */

static void a_packet_comes_out_as_it_went_in_without_its_padding(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (size_t len = 20; len < 60; len++) {
		struct packet p = lab_packet(lab, 0, &lab->far[0].inner4, &lab->us.inner4, len);
		uint8_t copy[64];

		memcpy(copy, p.data, len);
		lab_send(lab, &lab->far[0], &p, 1);
		assert_int_equal(lab->far[0].sent[0].len % PADDING, 0);
		lab_exchange(lab);
		assert_int_equal(lab->us.got_len, 1);
		assert_int_equal(lab->us.got[0].len, len);
		assert_memory_equal(lab->us.got[0].bytes, copy, len);
		lab_forget(lab);
	}
	lab_free(lab);
}

static void a_keepalive_delivers_nothing_and_is_no_error(void **state)
{
	struct lab *lab = lab_ready();
	uint64_t before;
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	before = lab_status(lab, 0).rx_bytes;
	m = lab_seal(lab, 0, NULL, 0);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab->us.got_len, 0);
	assert_int_equal(lab_status(lab, 0).rx_bytes, before + 32);
	lab_assert_only(lab, COUNT_BAD_INNER, 0);
	lab_free(lab);
}

struct inner {
	const char *what;
	size_t len;
	uint8_t bytes[64];
};

static const struct inner bad_inners[] = {
	{"one byte", 1, {0x45}},
	{"zeroes", 20, {0}},
	{"version 5", 20, {0x55, 0, 0, 20}},
	{"an IPv4 header of 16 bytes", 20, {0x44, 0, 0, 20}},
	{"an IPv4 header that is cut off", 19, {0x45, 0, 0, 20}},
	{"an IPv4 total length below the header", 20, {0x45, 0, 0, 19}},
	{"an IPv4 total length below its options", 24, {0x46, 0, 0, 20}},
	{"an IPv4 total length beyond the packet", 48, {0x45, 0, 0, 49}},
	{"an IPv6 header that is cut off", 39, {0x60}},
	{"an IPv6 payload length beyond the packet", 48, {0x60, 0, 0, 0, 0, 9}},
};

static void what_is_no_ip_packet_inside_is_counted_as_bad_inner(void **state)
{
	struct lab *lab = lab_ready();
	size_t n = sizeof(bad_inners) / sizeof(bad_inners[0]);

	(void)state;
	lab_connect(lab, 0);
	for (size_t i = 0; i < n; i++) {
		const struct inner *bad = &bad_inners[i];
		struct mail m = lab_seal(lab, 0, bad->bytes, bad->len);

		lab_feed(lab, &lab->us, &m);
		if (lab_count(lab, COUNT_BAD_INNER) != i + 1)
			fail_msg("%s", bad->what);
	}
	lab_assert_only(lab, COUNT_BAD_INNER, n);
	assert_int_equal(lab->us.got_len, 0);
	lab_free(lab);
}

/* What one of far[0]'s packets, from this address, leads to. */
static void say_as(struct lab *lab, const struct ip *from)
{
	const struct ip *to = from->family == IP_V4 ? &lab->us.inner4 : &lab->us.inner6;
	struct packet p = lab_packet(lab, 0, from, to, 80);

	lab_send(lab, &lab->far[0], &p, 1);
	lab_exchange(lab);
}

static void a_source_that_is_not_the_peers_is_counted_and_not_delivered(void **state)
{
	struct lab *lab = lab_ready();
	const struct ip strange = ip_v4(8, 8, 8, 8);

	(void)state;
	lab_connect(lab, 0);
	say_as(lab, &lab->far[1].inner4);
	say_as(lab, &lab->far[1].inner6);
	say_as(lab, &lab->us.inner4);
	say_as(lab, &strange);
	assert_int_equal(lab->us.got_len, 0);
	lab_assert_only(lab, COUNT_WRONG_SOURCE, 4);
	lab_free(lab);
}

static void any_source_in_the_peers_prefixes_is_delivered(void **state)
{
	struct lab *lab = lab_ready();
	struct ip other4 = lab->far[0].inner4, other6 = lab->far[0].inner6;

	(void)state;
	other4.bytes[3] = 77;
	other6.bytes[14] = 77;
	lab_connect(lab, 0);
	say_as(lab, &other4);
	say_as(lab, &other6);
	assert_int_equal(lab->us.got_len, 2);
	lab_assert_only(lab, COUNT_WRONG_SOURCE, 0);
	lab_free(lab);
}

/* One packet with these two bits inside, in a datagram with those outside. */
static void feed_ecn(struct lab *lab, enum ecn inner, enum ecn outer)
{
	struct packet p = lab_packet(lab, 0, &lab->far[0].inner4, &lab->us.inner4, 64);
	struct mail m;

	p.data[1] = (uint8_t)inner;
	m = lab_seal(lab, 0, p.data, p.len);
	m.ecn = (uint8_t)outer;
	lab_feed(lab, &lab->us, &m);
}

static void congestion_on_a_flow_that_cannot_be_told_is_counted_and_dropped(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	feed_ecn(lab, ECN_NOT, ECN_CE);
	assert_int_equal(lab->us.got_len, 0);
	lab_assert_only(lab, COUNT_ECN_DROP, 1);
	lab_free(lab);
}

static void congestion_is_passed_on_to_a_flow_that_can_be_told(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	feed_ecn(lab, ECN_ECT0, ECN_CE);
	feed_ecn(lab, ECN_ECT1, ECN_ECT0);
	assert_int_equal(lab->us.got_len, 2);
	assert_int_equal(lab->us.got[0].bytes[1], ECN_CE);
	assert_int_equal(lab->us.got[1].bytes[1], ECN_ECT1);
	lab_assert_only(lab, COUNT_ECN_DROP, 0);
	lab_free(lab);
}

/* -- bursts ------------------------------------------------------------------------ */

enum { SEQ = 40 };	/* where a test marks its packet */

/* A packet of far[i] that says `mark`, sealed. */
static struct mail marked(struct lab *lab, size_t i, uint8_t mark)
{
	struct packet p = lab_packet(lab, 0, &lab->far[i].inner4, &lab->us.inner4, 100);

	p.data[SEQ] = mark;
	return lab_seal(lab, i, p.data, p.len);
}

static void a_full_burst_is_delivered_in_order(void **state)
{
	static struct mail burst[BURST_MAX];
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (unsigned i = 0; i < BURST_MAX; i++)
		burst[i] = marked(lab, 0, (uint8_t)i);
	lab_feed_burst(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.got_len, BURST_MAX);
	for (unsigned i = 0; i < BURST_MAX; i++)
		assert_int_equal(lab->us.got[i].bytes[SEQ], i);
	lab_assert_only(lab, COUNT_BAD_DATA, 0);
	lab_free(lab);
}

/* far[0], far[1], ..., junk between them, and again: 0 1 2 3 junk 0 1 2 3 junk ... */
static void a_burst_of_several_peers_and_junk_keeps_the_order_of_each(void **state)
{
	static struct mail burst[BURST_MAX];
	struct lab *lab = lab_ready();

	(void)state;
	for (size_t i = 0; i < LAB_FARS; i++)
		lab_connect(lab, i);
	for (unsigned i = 0; i < BURST_MAX; i++)
		burst[i] = i % 5 < LAB_FARS ? marked(lab, i % 5, (uint8_t)i) : lab_stray("junk", 4);
	lab_feed_burst(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.got_len, BURST_MAX - BURST_MAX / 5);
	for (size_t i = 0; i < lab->us.got_len; i++) {
		const uint8_t *p = lab->us.got[i].bytes;

		assert_int_equal(p[SEQ], i / 4 * 5 + i % 4);
		assert_memory_equal(p + 12, lab->far[i % 4].inner4.bytes, 4);
	}
	lab_assert_only(lab, COUNT_UNKNOWN_DATAGRAM, BURST_MAX / 5);
	lab_free(lab);
}

/* Sent with ECT(0), ECT(1) and not at all in turn; a router has marked every second one. */
static void each_datagram_of_a_burst_brings_its_own_mark(void **state)
{
	static const uint8_t inner[] = {ECN_ECT0, ECN_ECT1, ECN_NOT};
	static struct mail burst[BURST_MAX];
	struct lab *lab = lab_ready();
	unsigned n = 0;

	(void)state;
	lab_connect(lab, 0);
	for (unsigned i = 0; i < BURST_MAX; i++) {
		struct packet p = lab_packet(lab, 0, &lab->far[0].inner4, &lab->us.inner4, 100);

		p.data[1] = inner[i % 3];
		p.data[SEQ] = (uint8_t)i;
		burst[i] = lab_seal(lab, 0, p.data, p.len);
		burst[i].ecn = i % 2 ? ECN_CE : inner[i % 3];
	}
	lab_feed_burst(lab, &lab->us, burst, BURST_MAX);
	for (unsigned i = 0; i < BURST_MAX; i++) {
		if (i % 2 && inner[i % 3] == ECN_NOT)
			continue;
		assert_int_equal(lab->us.got[n].bytes[SEQ], i);
		assert_int_equal(lab->us.got[n++].bytes[1], i % 2 ? ECN_CE : inner[i % 3]);
	}
	assert_int_equal(lab->us.got_len, n);
	lab_assert_only(lab, COUNT_ECN_DROP, BURST_MAX - n);
	lab_free(lab);
}

/* It went back and forth within the burst: where it was last is where it is. */
static void the_last_source_in_a_burst_is_where_the_peer_is(void **state)
{
	static const struct endpoint elsewhere = {
		.ip = {IP_V4, {203, 0, 113, 9}}, .port = 9999};
	static struct mail burst[6];
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (uint8_t i = 0; i < 6; i++) {
		burst[i] = marked(lab, 0, (uint8_t)i);
		if (i == 2 || i == 3 || i == 5)
			burst[i].from = elsewhere;
	}
	lab_feed_burst(lab, &lab->us, burst, 5);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_feed_burst(lab, &lab->us, burst + 5, 1);
	assert_true(lab_is_at(lab, 0, &elsewhere));
	assert_int_equal(lab->us.got_len, 6);
	lab_free(lab);
}

static void a_handshake_and_the_first_data_may_come_in_one_burst(void **state)
{
	struct lab *lab = lab_ready();
	struct mail burst[2];

	(void)state;
	lab_connect(lab, 1);
	burst[0] = lab_initiation(lab, 0);
	burst[1] = marked(lab, 1, 9);
	lab_feed_burst(lab, &lab->us, burst, 2);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_RESPONSE);
	assert_int_equal(lab->us.got_len, 1);
	lab_free(lab);
}

/* -- where the peer is ---------------------------------------------------------------- */

static void the_source_of_authentic_data_becomes_the_peers_path(void **state)
{
	static const struct endpoint elsewhere = {
		.ip = {.family = IP_V4, .bytes = {198, 51, 100, 7}}, .port = 777};
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	m = lab_seal(lab, 0, NULL, 0);
	m.from = elsewhere;
	lab_feed(lab, &lab->us, &m);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &elsewhere));
	assert_true(ip_equal(&lab->us.sent[0].path.local, &lab->us.at.ip));
	assert_int_equal(lab->us.sent[0].path.ifindex, 3);
	lab_free(lab);
}

static void neither_bad_nor_replayed_data_move_the_peers_path(void **state)
{
	struct lab *lab = lab_ready();
	struct mail bad, twice;

	(void)state;
	lab_connect(lab, 0);
	twice = lab_seal(lab, 0, NULL, 0);
	lab_feed(lab, &lab->us, &twice);
	bad = lab_seal(lab, 0, NULL, 0);
	bad.bytes[bad.len - 1] ^= 1;
	bad.from = twice.from = lab_stray(NULL, 0).from;
	lab_feed(lab, &lab->us, &bad);
	lab_feed(lab, &lab->us, &twice);
	assert_int_equal(lab_count(lab, COUNT_BAD_DATA) + lab_count(lab, COUNT_REPLAYED_DATA), 2);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_of_no_kind_is_counted_as_unknown),
		cmocka_unit_test(stun_answers_to_nothing_are_counted_as_unsupported),
		cmocka_unit_test(whoever_asks_by_stun_is_told_how_we_see_him),
		cmocka_unit_test(data_for_no_keypair_are_counted_as_unknown_index),
		cmocka_unit_test(data_for_a_handshake_that_is_under_way_are_counted_as_unknown_index),
		cmocka_unit_test(data_with_one_bit_turned_are_counted_as_bad),
		cmocka_unit_test(data_of_another_suite_than_the_keys_are_counted_as_bad),
		cmocka_unit_test(data_that_come_twice_are_counted_as_replayed),
		cmocka_unit_test(data_under_a_key_of_180_s_are_counted_as_expired),
		cmocka_unit_test(a_packet_comes_out_as_it_went_in_without_its_padding),
		cmocka_unit_test(a_keepalive_delivers_nothing_and_is_no_error),
		cmocka_unit_test(what_is_no_ip_packet_inside_is_counted_as_bad_inner),
		cmocka_unit_test(a_source_that_is_not_the_peers_is_counted_and_not_delivered),
		cmocka_unit_test(any_source_in_the_peers_prefixes_is_delivered),
		cmocka_unit_test(congestion_on_a_flow_that_cannot_be_told_is_counted_and_dropped),
		cmocka_unit_test(congestion_is_passed_on_to_a_flow_that_can_be_told),
		cmocka_unit_test(a_full_burst_is_delivered_in_order),
		cmocka_unit_test(a_burst_of_several_peers_and_junk_keeps_the_order_of_each),
		cmocka_unit_test(each_datagram_of_a_burst_brings_its_own_mark),
		cmocka_unit_test(the_last_source_in_a_burst_is_where_the_peer_is),
		cmocka_unit_test(a_handshake_and_the_first_data_may_come_in_one_burst),
		cmocka_unit_test(the_source_of_authentic_data_becomes_the_peers_path),
		cmocka_unit_test(neither_bad_nor_replayed_data_move_the_peers_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
