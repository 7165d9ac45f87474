/* checksum_test.c -- the example of RFC 1071, and every length against the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/checksum.h"
#include "base/rng.h"

enum { LONGEST = 300 };

static uint8_t noise[LONGEST + 8];

static void fill_noise(void)
{
	struct rng rng;

	rng_seed(&rng, 1);
	rng.fill(&rng, noise, sizeof(noise));
}

static uint16_t slow(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (i & 1) ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void the_example_of_the_rfc_comes_out(void **state)
{
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, bytes_of(example, 8))), 0xddf2);
}

static void each_length_and_alignment_is_as_the_slow_way(void **state)
{
	uint8_t copy[LONGEST + 1];

	(void)state;
	fill_noise();
	for (size_t at = 0; at < 8; at++) {
		for (size_t len = 0; len <= LONGEST; len++) {
			struct bytes span = bytes_of(noise + at, len);

			assert_int_equal(checksum_fold(checksum_add(0, span)),
					 slow(span.data, len));
			memset(copy, 0x5a, sizeof(copy));
			assert_int_equal(checksum_fold(checksum_copy(0, copy, span)),
					 slow(span.data, len));
			assert_memory_equal(copy, span.data, len);
			assert_int_equal(copy[len], 0x5a);
		}
	}
}

static void parts_in_any_order_make_up_the_whole(void **state)
{
	uint16_t whole;

	(void)state;
	fill_noise();
	whole = slow(noise, 101);
	for (size_t cut = 0; cut <= 100; cut += 2) {
		uint64_t sum = checksum_add(0, bytes_of(noise + cut, 101 - cut));

		assert_int_equal(checksum_fold(checksum_add(sum, bytes_of(noise, cut))), whole);
	}
}

static void a_number_counts_like_its_bytes(void **state)
{
	static const uint8_t bytes[] = {0x12, 0x34};

	(void)state;
	assert_int_equal(checksum_fold(checksum_add_u16(0, 0x1234)), 0x1234);
	assert_int_equal(checksum_fold(checksum_add_u16(0, 0x1234)),
			 checksum_fold(checksum_add(0, bytes_of(bytes, 2))));
}

static void a_number_of_32_bits_counts_like_its_bytes(void **state)
{
	static const uint8_t bytes[] = {0x12, 0x34, 0xfe, 0xdc};

	(void)state;
	assert_int_equal(checksum_fold(checksum_add_u32(0, 0x1234fedc)), slow(bytes, sizeof(bytes)));
}

/* A sum of one's complement has two zeroes, and what is left of something is never 0. */
static void what_is_taken_out_was_never_there(void **state)
{
	uint64_t sum;

	(void)state;
	fill_noise();
	sum = checksum_add(0, bytes_of(noise, 100));
	for (size_t at = 0; at <= 96; at += 2) {
		uint64_t without_two = checksum_take_u16(sum, load_be16(noise + at));
		uint64_t without_four = checksum_take_u32(sum, load_be32(noise + at));
		uint8_t rest[100];

		memcpy(rest, noise, sizeof(rest));
		memset(rest + at, 0, 2);
		assert_int_equal(checksum_fold(without_two), slow(rest, sizeof(rest)));
		memset(rest + at, 0, 4);
		assert_int_equal(checksum_fold(without_four), slow(rest, sizeof(rest)));
	}
	assert_int_equal(checksum_fold(checksum_take_u16(checksum_add_u16(0, 0x1234), 0x1234)), 0xffff);
}

static void carries_are_not_lost(void **state)
{
	static uint8_t ones[65536];
	uint64_t sum = 0;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(checksum_fold(checksum_add(0, bytes_of(ones, sizeof(ones)))), 0xffff);
	for (int i = 0; i < 100; i++)
		sum = checksum_add(sum, bytes_of(ones, sizeof(ones)));
	assert_int_equal(checksum_fold(checksum_add_u16(sum, 1)), 1);
	assert_int_equal(checksum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(checksum_fold(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_rfc_comes_out),
		cmocka_unit_test(each_length_and_alignment_is_as_the_slow_way),
		cmocka_unit_test(parts_in_any_order_make_up_the_whole),
		cmocka_unit_test(a_number_counts_like_its_bytes),
		cmocka_unit_test(a_number_of_32_bits_counts_like_its_bytes),
		cmocka_unit_test(what_is_taken_out_was_never_there),
		cmocka_unit_test(carries_are_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
