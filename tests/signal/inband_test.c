/* inband_test.c -- frames inside a session, and what two peers say in them. */
#include "pair.h"
#include "signal/inband.h"
#include "vectors.h"

static bool reads(const char *hex)
{
	uint8_t bytes[64];
	struct inband m;
	size_t len = from_hex(bytes, sizeof(bytes), hex);

	return inband_read(&m, bytes_of(bytes, len));
}

static void assert_round_trip(const struct inband *m)
{
	uint8_t out[INBAND_MAX + FRAME_PADDING] = {0};
	struct inband back;
	size_t len = inband_write(out, INBAND_MAX, m);

	assert_true(len);
	for (size_t padding = 0; padding < FRAME_PADDING; padding++) {
		assert_true(inband_read(&back, bytes_of(out, len + padding)));
		assert_int_equal(back.kind, m->kind);
		assert_int_equal(back.reason, m->reason);
		assert_int_equal(back.path, m->path);
		assert_true(back.echo == m->echo);
		assert_int_equal(back.report.key, m->report.key);
		assert_true(back.report.first == m->report.first);
		assert_int_equal(back.report.seconds_len, m->report.seconds_len);
		assert_memory_equal(back.report.seconds, m->report.seconds, sizeof(m->report.seconds));
		assert_int_equal(back.desc.len, m->desc.len);
		if (m->desc.len)
			assert_memory_equal(back.desc.data, m->desc.data, m->desc.len);
	}
	assert_false(inband_read(&back, bytes_of(out, len + FRAME_PADDING)));
	for (size_t n = 0; n < len; n++)
		assert_false(inband_read(&back, bytes_of(out, n)));
}

static void each_message_comes_back_with_any_padding_and_not_cut(void **state)
{
	static const uint8_t desc[DESC_MAX] = {1};
	const struct inband messages[] = {
		{.kind = FRAME_DESC, .desc = {desc, 1}},
		{.kind = FRAME_DESC, .desc = {desc, DESC_MAX}},
		{.kind = FRAME_BYE, .reason = INBAND_GOING_DOWN},
		{.kind = FRAME_PING, .path = 7, .echo = UINT64_MAX},
		{.kind = FRAME_PONG, .path = UINT32_MAX, .echo = 1},
		{.kind = FRAME_REPORT,
		 .report = {UINT32_MAX, UINT64_MAX, {{UINT32_MAX, UINT32_MAX}}, 1}},
		{.kind = FRAME_REPORT, .report = {1, 2, {{1, 0}, {2, 2}}, 2}},
		{.kind = FRAME_REPORT, .report = {1, 2, {{1, 0}, {2, 2}, {300, 200}}, 3}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		assert_round_trip(&messages[i]);
}

static void the_form_is_this_one(void **state)
{
	const struct inband ping = {.kind = FRAME_PING, .path = 7, .echo = 0x0102030405060708};
	uint8_t expected[32], out[32];
	size_t len = from_hex(expected, sizeof(expected), "03 000c 00000007 0102030405060708");

	(void)state;
	assert_int_equal(inband_write(out, sizeof(out), &ping), len);
	assert_memory_equal(out, expected, len);
	assert_true(reads("02 0001 01"));
	assert_true(reads("0a 0014 01020304 0000000000000007 00000005 00000004"));
	assert_true(reads("0a 001c 01020304 0000000000000007 00000005 00000004 00000001 00000001"));
}

static void what_does_not_fit_is_not_written(void **state)
{
	const struct inband ping = {.kind = FRAME_PING};
	uint8_t out[32];

	(void)state;
	for (size_t cap = 0; cap < 15; cap++)
		assert_int_equal(inband_write(out, cap, &ping), 0);
	assert_int_equal(inband_write(out, 15, &ping), 15);
}

static void an_ip_packet_or_a_keepalive_is_no_frame(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		uint8_t byte = (uint8_t)first;

		assert_int_equal(frame_is(bytes_of(&byte, 1)), first >= 1 && first <= 15);
	}
	assert_false(frame_is(bytes_of(NULL, 0)));
	assert_false(reads("45000014"));
	assert_false(reads(""));
}

static void padding_that_is_not_zero_is_refused(void **state)
{
	(void)state;
	assert_true(reads("02 0001 01 0000"));
	assert_false(reads("02 0001 01 0001"));
	assert_false(reads("02 0001 01 0100"));
}

static void bodies_that_are_too_long_or_short_are_refused(void **state)
{
	(void)state;
	assert_false(reads("01 0000"));
	assert_false(reads("02 0000"));
	assert_false(reads("02 0002 0100"));
	assert_false(reads("03 000b 00000007 01020304050607"));
	assert_false(reads("04 000d 00000007 0102030405060708 00"));
	assert_false(reads("02 ffff 01"));
	assert_false(reads("0a 0013 01020304 0000000000000007 00000005 000004"));
	assert_false(reads("0a 0015 01020304 0000000000000007 00000005 00000004 00"));
	assert_false(reads("0a 000c 01020304 0000000000000007"));
	assert_false(reads("0a 002c 01020304 0000000000000007 00000005 00000004 00000001 00000001"
			   "00000001 00000001 00000001 00000001"));
}

static void a_report_of_nothing_or_of_more_than_was_sent_is_refused(void **state)
{
	(void)state;
	assert_true(reads("0a 0014 01020304 0000000000000007 00000005 00000005"));
	assert_false(reads("0a 0014 01020304 0000000000000007 00000005 00000006"));
	assert_false(reads("0a 0014 01020304 0000000000000007 00000000 00000000"));
	assert_false(reads("0a 001c 01020304 0000000000000007 00000001 00000001 00000005 00000006"));
}

static void a_desc_longer_than_any_is_refused(void **state)
{
	static uint8_t bytes[FRAME_HEADER + DESC_MAX + 1] = {FRAME_DESC};
	struct inband m;

	(void)state;
	store_be16(bytes + 1, DESC_MAX + 1);
	assert_false(inband_read(&m, bytes_of(bytes, sizeof(bytes))));
	store_be16(bytes + 1, DESC_MAX);
	assert_true(inband_read(&m, bytes_of(bytes, sizeof(bytes))));
}

static void other_kinds_are_well_formed_but_not_ours(void **state)
{
	uint8_t bytes[] = {9, 0, 1, 1};
	struct bytes body;
	unsigned kind;

	(void)state;
	for (uint8_t k = FRAME_REGISTER; k <= FRAME_KIND_MAX; k++) {
		struct inband m;

		bytes[0] = k;	/* a REPORT of that length is none */
		assert_false(inband_read(&m, bytes_of(bytes, sizeof(bytes))));
		assert_true(frame_read(bytes_of(bytes, sizeof(bytes)), &kind, &body));
		assert_int_equal(kind, k);
		assert_int_equal(body.len, 1);
	}
}

static void a_body_that_no_length_can_say_is_not_written(void **state)
{
	static uint8_t out[70000], body[65536];
	struct writer w = frame_begin(out, sizeof(out), FRAME_DESC);

	(void)state;
	put_bytes(&w, bytes_of(body, UINT16_MAX));
	assert_int_equal(frame_end(&w), FRAME_HEADER + UINT16_MAX);
	put_u8(&w, 0);
	assert_int_equal(frame_end(&w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_comes_back_with_any_padding_and_not_cut),
		cmocka_unit_test(the_form_is_this_one),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(an_ip_packet_or_a_keepalive_is_no_frame),
		cmocka_unit_test(padding_that_is_not_zero_is_refused),
		cmocka_unit_test(bodies_that_are_too_long_or_short_are_refused),
		cmocka_unit_test(a_report_of_nothing_or_of_more_than_was_sent_is_refused),
		cmocka_unit_test(a_desc_longer_than_any_is_refused),
		cmocka_unit_test(other_kinds_are_well_formed_but_not_ours),
		cmocka_unit_test(a_body_that_no_length_can_say_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
