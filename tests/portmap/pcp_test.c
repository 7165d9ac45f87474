/* pcp_test.c -- the messages of RFC 6887, byte by byte, and its rules of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "portmap/pcp.h"

static const struct portmap_wish wish = {
	.proto = PORTMAP_UDP,
	.self = {IP_V4, {192, 168, 1, 100}},
	.port = 41999,
	.nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
};

/* An answer to the wish: 203.0.113.4:42000 for two hours. */
static const uint8_t granted[60] = {
	2, 0x81, 0, 0,					/* version, R and MAP, reserved, result */
	0, 0, 0x1c, 0x20,				/* lifetime */
	0, 0, 0x01, 0x02,				/* epoch */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,		/* nonce */
	17, 0, 0, 0,					/* UDP */
	0xa4, 0x0f, 0xa4, 0x10,				/* internal, external port */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 4,
};

static struct bytes map(const struct portmap_wish *w, const struct endpoint *suggested,
			uint32_t lifetime)
{
	static uint8_t out[PCP_REQUEST_LEN];
	struct writer writer = writer_over(out, sizeof(out));

	pcp_write_map(&writer, w, suggested, lifetime);
	assert_false(writer.bad);
	assert_int_equal(writer.len, PCP_REQUEST_LEN);
	return writer_bytes(&writer);
}

static void a_request_is_60_bytes_as_in_figures_2_and_9(void **state)
{
	static const uint8_t wanted[] = {
		2, 1, 0, 0,
		0, 0, 0x1c, 0x20,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 100,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		17, 0, 0, 0,
		0xa4, 0x0f, 0xa4, 0x0f,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0,	/* no address suggested */
	};
	struct endpoint suggested = {.port = 41999};

	(void)state;
	assert_memory_equal(map(&wish, &suggested, 7200).data, wanted, sizeof(wanted));
}

static void what_was_had_before_is_suggested(void **state)
{
	static const uint8_t wanted[] = {
		0xa4, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 4};
	struct endpoint before = {ip_v4(203, 0, 113, 4), 42000, 0};

	(void)state;
	assert_memory_equal(map(&wish, &before, 7200).data + 42, wanted, sizeof(wanted));
}

static void ipv6_is_as_it_is(void **state)
{
	static const uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
	static const uint8_t zeroes[16];
	struct portmap_wish six = wish;
	struct endpoint none = {0};
	struct bytes request;

	(void)state;
	six.self = ip_v6(address);
	request = map(&six, &none, 7200);
	assert_memory_equal(request.data + 8, address, 16);
	assert_memory_equal(request.data + 44, zeroes, 16);
}

static void an_answer_is_read(void **state)
{
	struct pcp_answer a;
	struct endpoint external = {ip_v4(203, 0, 113, 4), 42000, 0};

	(void)state;
	assert_true(pcp_read(&a, bytes_of(granted, 60)));
	assert_true(a.has_map && !a.is_announcement);
	assert_int_equal(a.result, PCP_SUCCESS);
	assert_int_equal(a.lifetime, 7200);
	assert_int_equal(a.epoch, 258);
	assert_memory_equal(a.nonce, wish.nonce, 12);
	assert_int_equal(a.proto, 17);
	assert_int_equal(a.internal, 41999);
	assert_true(endpoint_equal(&a.external, &external));
}

static void options_behind_it_are_left_alone(void **state)
{
	uint8_t longer[68];
	struct pcp_answer a;

	(void)state;
	memcpy(longer, granted, 60);
	memset(longer + 60, 0xee, 8);
	assert_true(pcp_read(&a, bytes_of(longer, 68)));
	assert_int_equal(a.internal, 41999);
}

static void what_is_cut_short_is_no_answer(void **state)
{
	struct pcp_answer a;

	(void)state;
	for (size_t len = 0; len < 60; len++)
		assert_false(pcp_read(&a, bytes_of(granted, len)));
}

static void a_length_that_cannot_be_is_no_answer(void **state)
{
	static uint8_t longer[PCP_MAX + 4];
	struct pcp_answer a;

	(void)state;
	memcpy(longer, granted, 60);
	for (size_t len = 61; len < 64; len++)
		assert_false(pcp_read(&a, bytes_of(longer, len)));
	assert_true(pcp_read(&a, bytes_of(longer, PCP_MAX)));
	assert_false(pcp_read(&a, bytes_of(longer, PCP_MAX + 4)));
}

/* One byte is another. */
static bool reads_with(size_t at, uint8_t value, size_t len, struct pcp_answer *a)
{
	uint8_t changed[60];

	memcpy(changed, granted, 60);
	changed[at] = value;
	return pcp_read(a, bytes_of(changed, len));
}

static void a_request_or_another_opcode_is_no_answer(void **state)
{
	struct pcp_answer a;

	(void)state;
	assert_false(reads_with(1, 0x01, 60, &a));
	assert_false(reads_with(1, 0x82, 60, &a));	/* PEER */
}

static void another_version_is_one_only_to_refuse_ours(void **state)
{
	uint8_t old[24] = {1, 0x81, 0, PCP_UNSUPP_VERSION};
	struct pcp_answer a;

	(void)state;
	assert_false(reads_with(0, 1, 60, &a));
	assert_true(pcp_read(&a, bytes_of(old, 24)));
	assert_int_equal(a.version, 1);
}

static void every_result_is_read_and_has_a_name(void **state)
{
	(void)state;
	for (uint8_t result = 0; result < PCP_RESULTS + 2; result++) {
		struct pcp_answer a;
		bool short_one = result == PCP_UNSUPP_VERSION || result == PCP_MALFORMED_REQUEST ||
				 result == PCP_UNSUPP_OPCODE;

		assert_true(reads_with(3, result, 60, &a));
		assert_int_equal(a.result, result);
		assert_true(strlen(pcp_result_name(result)) > 3);
		/* these may go without what was asked */
		assert_int_equal(reads_with(3, result, 24, &a), short_one);
	}
}

static void an_announcement_is_read(void **state)
{
	static const uint8_t said[24] = {2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
	struct pcp_answer a;

	(void)state;
	assert_true(pcp_read(&a, bytes_of(said, 24)));
	assert_true(a.is_announcement);
	assert_int_equal(a.epoch, 7);
}

static void waits_are_3_s_and_double_up_to_1024_give_or_take_a_tenth(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 1000; i++) {
		msec wait = 0;

		wait = pcp_wait(wait, &rng);
		assert_in_range(wait, 2700, 3300);
		wait = pcp_wait(3000, &rng);
		assert_in_range(wait, 5400, 6600);
		wait = pcp_wait(1000000, &rng);
		assert_in_range(wait, 921600, 1126400);
	}
}

static void a_refusal_stands_for_what_it_says_within_reason(void **state)
{
	struct pcp_answer a = {.result = PCP_NO_RESOURCES, .lifetime = 100};

	(void)state;
	assert_int_equal(pcp_error_lifetime(&a), 100);
	a.lifetime = 0;
	assert_int_equal(pcp_error_lifetime(&a), 30);
	a.lifetime = UINT32_MAX;
	assert_int_equal(pcp_error_lifetime(&a), 1800);
	a.result = PCP_UNSUPP_VERSION;
	assert_int_equal(pcp_error_lifetime(&a), UINT32_MAX);
}

static void the_epoch_tells_a_restart(void **state)
{
	static const struct {
		uint32_t last, now;
		msec elapsed;
		bool goes_on;
	} edges[] = {
		{1000, 1000, 0, true},
		{1000, 999, 0, true},
		{1000, 998, 0, false},		/* back by more than a second */
		{1000, 1160, 160000, true},
		{1000, 1148, 160000, true},	/* it + 2 = ours - 1/16 */
		{1000, 1147, 160000, false},
		{1000, 1172, 160000, true},	/* ours + 2 = its - 1/16 */
		{1000, 1173, 160000, false},
		{1000, 0, 3600000, false},
		{1000, 4600, 0, false},		/* an hour in no time: not the same clock */
		{UINT32_MAX, UINT32_MAX, 0, true},
		{UINT32_MAX, 3, 4000, false},
		{0, UINT32_MAX, 1000, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		if (pcp_epoch_goes_on(edges[i].last, edges[i].now, edges[i].elapsed) !=
		    edges[i].goes_on)
			fail_msg("edge %zu", i);
	}
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_request_is_60_bytes_as_in_figures_2_and_9),
		test(what_was_had_before_is_suggested),
		test(ipv6_is_as_it_is),
		test(an_answer_is_read),
		test(options_behind_it_are_left_alone),
		test(what_is_cut_short_is_no_answer),
		test(a_length_that_cannot_be_is_no_answer),
		test(a_request_or_another_opcode_is_no_answer),
		test(another_version_is_one_only_to_refuse_ours),
		test(every_result_is_read_and_has_a_name),
		test(an_announcement_is_read),
		test(waits_are_3_s_and_double_up_to_1024_give_or_take_a_tenth),
		test(a_refusal_stands_for_what_it_says_within_reason),
		test(the_epoch_tells_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
