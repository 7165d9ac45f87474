/* demux_test.c -- each kind of datagram is one kind, and only by exact size. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "node/demux.h"
#include "signal/seal.h"

static uint8_t buffer[2048];

/* `head` written over len bytes of 0xee. */
static enum demux_kind kind_of(const uint8_t *head, size_t head_len, size_t len, bool turn)
{
	memset(buffer, 0xee, sizeof(buffer));
	memcpy(buffer, head, head_len);
	return demux(bytes_of(buffer, len), turn);
}

static void wireguard_is_known_by_type_and_exact_size(void **state)
{
	static const struct {
		uint8_t type;
		size_t len;
		enum demux_kind kind;
	} table[] = {
		{1, 148, DEMUX_INITIATION}, {1, 147, DEMUX_UNKNOWN}, {1, 149, DEMUX_UNKNOWN},
		{2, 92, DEMUX_RESPONSE},    {2, 91, DEMUX_UNKNOWN},  {2, 93, DEMUX_UNKNOWN},
		{3, 64, DEMUX_COOKIE},      {3, 63, DEMUX_UNKNOWN},  {3, 65, DEMUX_UNKNOWN},
		{4, 32, DEMUX_DATA},        {4, 31, DEMUX_UNKNOWN},  {4, 33, DEMUX_DATA},
		{4, 2000, DEMUX_DATA},      {0, 148, DEMUX_UNKNOWN}, {5, 148, DEMUX_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const uint8_t head[4] = {table[i].type};

		assert_int_equal(kind_of(head, 4, table[i].len, false), table[i].kind);
	}
}

static void reserved_bytes_that_are_not_zero_make_it_unknown(void **state)
{
	static const uint8_t suite[] = {4, 1, 0, 0}, second[] = {4, 2, 0, 0},
			     third[] = {4, 0, 1, 0}, fourth[] = {4, 0, 0, 1};

	(void)state;
	assert_int_equal(kind_of(suite, 4, 64, false), DEMUX_DATA);
	assert_int_equal(kind_of(second, 4, 64, false), DEMUX_UNKNOWN);
	assert_int_equal(kind_of(third, 4, 64, false), DEMUX_UNKNOWN);
	assert_int_equal(kind_of(fourth, 4, 64, false), DEMUX_UNKNOWN);
}

/* wg/suite.h */
static void another_suite_has_one_in_the_second_byte(void **state)
{
	static const struct {
		uint8_t head[4];
		size_t len;
		enum demux_kind kind;
	} table[] = {
		{{4, 1, 0, 0}, 32, DEMUX_DATA},        {{4, 1, 0, 0}, 31, DEMUX_UNKNOWN},
		{{4, 1, 2, 2}, 64, DEMUX_UNKNOWN},     {{2, 1, 0, 0}, 92, DEMUX_RESPONSE},
		{{2, 1, 2, 0}, 92, DEMUX_UNKNOWN},     {{2, 1, 0, 2}, 92, DEMUX_UNKNOWN},
		{{1, 1, 2, 2}, 148, DEMUX_INITIATION}, {{1, 1, 3, 3}, 148, DEMUX_INITIATION},
		{{1, 1, 7, 6}, 148, DEMUX_INITIATION}, /* what is not known yet may be offered */
		{{1, 1, 2, 2}, 147, DEMUX_UNKNOWN},    {{1, 1, 0, 0}, 148, DEMUX_UNKNOWN},
		{{1, 1, 1, 2}, 148, DEMUX_UNKNOWN},    {{1, 1, 2, 1}, 148, DEMUX_INITIATION},
		{{1, 1, 0, 128}, 148, DEMUX_UNKNOWN},  {{1, 1, 2, 0}, 148, DEMUX_INITIATION},
		{{1, 0, 2, 2}, 148, DEMUX_UNKNOWN},    {{1, 2, 6, 6}, 148, DEMUX_UNKNOWN},
		{{3, 1, 0, 0}, 64, DEMUX_UNKNOWN},     {{3, 1, 2, 2}, 64, DEMUX_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_int_equal(kind_of(table[i].head, 4, table[i].len, false), table[i].kind);
}

/* RFC 8489 section 5, with all of its conditions but the two that a head can break. */
static bool is_stun_of(const uint8_t head[static 4], size_t len)
{
	return (head[0] & 0xc0) == 0 && head[3] % 4 == 0 &&
	       (size_t)(head[2] << 8 | head[3]) + 20 == len;
}

/* Whatever the second to fourth byte are and however long it is: STUN's cookie stands where an
 * index may be any number, so nothing else tells the two apart. */
static void no_message_of_any_suite_is_stun_as_well(void **state)
{
	static const size_t lens[] = {148, 92, 64, 32, 36, 1420};
	unsigned stun = 0, messages = 0;

	(void)state;
	for (uint32_t n = 0; n < 5u << 24; n++) {
		uint8_t head[8] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n,
				   0x21, 0x12, 0xa4, 0x42};

		if (head[1] > 3)
			n |= 0xfcffff;	/* and so are all the others */
		for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
			enum demux_kind kind;

			memcpy(buffer, head, sizeof(head));
			kind = demux(bytes_of(buffer, lens[i]), false);
			assert_true((kind == DEMUX_STUN) == is_stun_of(head, lens[i]));
			stun += kind == DEMUX_STUN;
			messages += kind != DEMUX_STUN && kind != DEMUX_UNKNOWN;
		}
	}
	assert_true(stun > 0 && messages > 0);
}

static void stun_has_its_cookie_and_says_its_own_length(void **state)
{
	uint8_t head[20] = {0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42};

	(void)state;
	assert_int_equal(kind_of(head, 20, 28, false), DEMUX_STUN);
	assert_int_equal(kind_of(head, 20, 27, false), DEMUX_UNKNOWN);
	assert_int_equal(kind_of(head, 20, 32, false), DEMUX_UNKNOWN);
	head[3] = 0;
	assert_int_equal(kind_of(head, 20, 20, false), DEMUX_STUN);
	assert_int_equal(kind_of(head, 19, 19, false), DEMUX_UNKNOWN);
	head[3] = 6;	/* no multiple of four */
	assert_int_equal(kind_of(head, 20, 26, false), DEMUX_UNKNOWN);
	head[3] = 8;
	head[4] = 0x22;	/* no cookie: classic STUN */
	assert_int_equal(kind_of(head, 20, 28, false), DEMUX_UNKNOWN);
	head[4] = 0x21;
	head[0] = 0x80;	/* RTP's top bits */
	assert_int_equal(kind_of(head, 20, 28, false), DEMUX_UNKNOWN);
}

static void channel_data_counts_only_from_a_turn_server(void **state)
{
	uint8_t head[4] = {0x40, 0x00, 0x00, 0x10};

	(void)state;
	assert_int_equal(kind_of(head, 4, 20, true), DEMUX_CHANNEL);
	assert_int_equal(kind_of(head, 4, 23, true), DEMUX_CHANNEL);	/* padded */
	assert_int_equal(kind_of(head, 4, 20, false), DEMUX_UNKNOWN);
	assert_int_equal(kind_of(head, 4, 19, true), DEMUX_UNKNOWN);
	head[0] = 0x4f;
	assert_int_equal(kind_of(head, 4, 20, true), DEMUX_CHANNEL);
	head[0] = 0x50;
	assert_int_equal(kind_of(head, 4, 20, true), DEMUX_UNKNOWN);
}

static void what_is_too_short_for_anything_is_unknown(void **state)
{
	static const uint8_t head[4] = {4, 0, 0, 0};

	(void)state;
	for (size_t len = 0; len < 32; len++)
		assert_int_equal(kind_of(head, 4, len, true), DEMUX_UNKNOWN);
}

static void noise_is_hardly_ever_anything(void **state)
{
	struct rng rng;
	unsigned known = 0;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 100000; i++) {
		size_t len = rng_below(&rng, 200);

		rng.fill(&rng, buffer, len);
		known += demux(bytes_of(buffer, len), false) != DEMUX_UNKNOWN;
	}
	assert_in_range(known, 0, 3);	/* what an envelope has for sure are two bytes */
}

static void an_envelope_has_its_mark_its_version_and_a_possible_length(void **state)
{
	static const uint8_t head[] = {DEMUX_ENVELOPE_MARK, ENVELOPE_VERSION};

	(void)state;
	for (size_t len = 0; len < 1400; len++)
		assert_int_equal(kind_of(head, sizeof(head), len, len % 2),
				 len > 1 + ENVELOPE_OVERHEAD && len <= 1 + ENVELOPE_MAX
					 ? DEMUX_ENVELOPE : DEMUX_UNKNOWN);
}

static void an_envelope_of_another_version_is_unknown(void **state)
{
	static const uint8_t head[] = {DEMUX_ENVELOPE_MARK, ENVELOPE_VERSION + 1};

	(void)state;
	assert_int_equal(kind_of(head, sizeof(head), 300, false), DEMUX_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wireguard_is_known_by_type_and_exact_size),
		cmocka_unit_test(reserved_bytes_that_are_not_zero_make_it_unknown),
		cmocka_unit_test(another_suite_has_one_in_the_second_byte),
		cmocka_unit_test(no_message_of_any_suite_is_stun_as_well),
		cmocka_unit_test(stun_has_its_cookie_and_says_its_own_length),
		cmocka_unit_test(channel_data_counts_only_from_a_turn_server),
		cmocka_unit_test(what_is_too_short_for_anything_is_unknown),
		cmocka_unit_test(noise_is_hardly_ever_anything),
		cmocka_unit_test(an_envelope_has_its_mark_its_version_and_a_possible_length),
		cmocka_unit_test(an_envelope_of_another_version_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
