/* bytes_test.c -- reading and writing to the last byte, and not one further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static const uint8_t rising[8] = {0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};

/* Every fixed-size get, by its size, with the value that `rising` gives. */
static uint64_t get(struct reader *r, int which)
{
	switch (which) {
	case 0:
		return get_u8(r);
	case 1:
		return get_be16(r);
	case 2:
		return get_be32(r);
	case 3:
		return get_be64(r);
	case 4:
		return get_le32(r);
	default:
		return get_le64(r);
	}
}

static void put(struct writer *w, int which, uint64_t v)
{
	switch (which) {
	case 0:
		put_u8(w, (uint8_t)v);
		break;
	case 1:
		put_be16(w, (uint16_t)v);
		break;
	case 2:
		put_be32(w, (uint32_t)v);
		break;
	case 3:
		put_be64(w, v);
		break;
	case 4:
		put_le32(w, (uint32_t)v);
		break;
	default:
		put_le64(w, v);
		break;
	}
}

enum { KINDS = 6 };

static const size_t sizes[KINDS] = {1, 2, 4, 8, 4, 8};
static const uint64_t values[KINDS] = {
	0x81, 0x8182, 0x81828384, 0x8182838485868788, 0x84838281, 0x8887868584838281,
};

/* A copy on the heap, of exactly that size, so that AddressSanitizer watches
 * the edge. */
static uint8_t *exactly(size_t len)
{
	uint8_t *p = malloc(len ? len : 1);

	assert_non_null(p);
	memcpy(p, rising, len);
	return p;
}

static void every_number_is_read_to_the_last_byte(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		uint8_t *span = exactly(sizes[k]);
		struct reader r = reader_over(bytes_of(span, sizes[k]));

		assert_false(reader_done(&r));
		assert_true(get(&r, k) == values[k]);
		assert_true(reader_done(&r));
		assert_false(r.bad);
		free(span);
	}
}

static void a_number_that_is_not_all_there_is_zero_and_turns_the_reader_bad(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		for (size_t len = 0; len < sizes[k]; len++) {
			uint8_t *span = exactly(len);
			struct reader r = reader_over(bytes_of(span, len));

			assert_true(get(&r, k) == 0);
			assert_true(r.bad);
			assert_true(reader_done(&r));
			free(span);
		}
	}
}

static void a_bad_reader_stays_bad_even_if_more_would_fit(void **state)
{
	struct reader r = reader_over(bytes_of(rising, sizeof(rising)));
	uint8_t copy[2] = {1, 1};

	(void)state;
	assert_null(get_bytes(&r, 9).data);
	assert_true(r.bad);
	for (int k = 0; k < KINDS; k++)
		assert_true(get(&r, k) == 0);
	assert_null(get_bytes(&r, 0).data);
	get_copy(&r, copy, sizeof(copy));
	assert_int_equal(copy[0] | copy[1], 0);
	assert_true(r.bad && reader_done(&r));
}

static void views_follow_each_other_and_do_not_copy(void **state)
{
	struct reader r = reader_over(bytes_of(rising, sizeof(rising)));
	struct bytes first = get_bytes(&r, 3), none = get_bytes(&r, 0), second = get_bytes(&r, 5);

	(void)state;
	assert_ptr_equal(first.data, rising);
	assert_int_equal(first.len, 3);
	assert_int_equal(none.len, 0);
	assert_ptr_equal(second.data, rising + 3);
	assert_int_equal(second.len, 5);
	assert_true(reader_done(&r));
	assert_false(r.bad);
}

static void a_huge_length_does_not_wrap_around(void **state)
{
	struct reader r = reader_over(bytes_of(rising, sizeof(rising)));
	uint8_t buffer[4];
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	get_u8(&r);
	assert_int_equal(get_bytes(&r, SIZE_MAX).len, 0);
	assert_true(r.bad);
	put_u8(&w, 1);
	put_zeroes(&w, SIZE_MAX);
	assert_true(w.bad);
	assert_int_equal(w.len, 1);
}

static void nothing_can_be_read_from_nothing(void **state)
{
	struct reader r = reader_over(bytes_of(NULL, 0));
	uint8_t untouched = 7;

	(void)state;
	assert_true(reader_done(&r));
	assert_int_equal(get_bytes(&r, 0).len, 0);
	get_copy(&r, &untouched, 0);
	assert_int_equal(untouched, 7);
	assert_false(r.bad);
	assert_int_equal(get_u8(&r), 0);
	assert_true(r.bad);
}

static void a_copy_is_whole_or_zero(void **state)
{
	struct reader r = reader_over(bytes_of(rising, sizeof(rising)));
	uint8_t out[5];

	(void)state;
	get_copy(&r, out, 5);
	assert_memory_equal(out, rising, 5);
	get_copy(&r, out, 5);
	assert_true(r.bad);
	for (int i = 0; i < 5; i++)
		assert_int_equal(out[i], 0);
}

static void every_number_is_written_to_the_last_byte(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		uint8_t *span = exactly(sizes[k]);
		struct writer w = writer_over(span, sizes[k]);

		memset(span, 0, sizes[k]);
		put(&w, k, values[k]);
		assert_false(w.bad);
		assert_int_equal(writer_bytes(&w).len, sizes[k]);
		assert_ptr_equal(writer_bytes(&w).data, span);
		assert_memory_equal(span, rising, sizes[k]);
		free(span);
	}
}

static void what_does_not_fit_is_not_begun(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		for (size_t cap = 0; cap < sizes[k]; cap++) {
			uint8_t *span = exactly(cap);
			struct writer w = writer_over(span, cap);

			put(&w, k, 0);
			assert_true(w.bad);
			assert_int_equal(w.len, 0);
			assert_memory_equal(span, rising, cap);
			free(span);
		}
	}
}

static void a_bad_writer_stays_bad_even_if_less_would_fit(void **state)
{
	uint8_t buffer[6] = {0};
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	put_be16(&w, 0x0102);
	put_be64(&w, UINT64_MAX);
	assert_true(w.bad);
	put_u8(&w, 0xff);
	put_bytes(&w, bytes_of(rising, 1));
	put_bytes(&w, bytes_of(NULL, 0));
	put_zeroes(&w, 1);
	assert_true(w.bad);
	assert_int_equal(w.len, 2);
	assert_int_equal(buffer[2], 0);
}

static void bytes_and_zeroes_fill_a_writer(void **state)
{
	uint8_t buffer[7], want[7] = {0x81, 0x82, 0x83, 0, 0, 0, 0x81};
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	memset(buffer, 0xaa, sizeof(buffer));
	put_bytes(&w, bytes_of(rising, 3));
	put_zeroes(&w, 3);
	put_bytes(&w, bytes_of(rising, 1));
	assert_false(w.bad);
	assert_memory_equal(buffer, want, sizeof(want));
	put_bytes(&w, bytes_of(rising, 1));
	assert_true(w.bad);
	assert_int_equal(w.len, sizeof(buffer));
}

static void nothing_fits_everywhere(void **state)
{
	struct writer w = writer_over(NULL, 0);

	(void)state;
	put_bytes(&w, bytes_of(NULL, 0));
	put_zeroes(&w, 0);
	assert_false(w.bad);
	assert_int_equal(writer_bytes(&w).len, 0);
	put_u8(&w, 1);
	assert_true(w.bad);
}

static void loads_and_stores_have_the_order_in_their_name(void **state)
{
	uint8_t p[8];

	(void)state;
	assert_int_equal(load_be16(rising), 0x8182);
	assert_true(load_be32(rising) == 0x81828384);
	assert_true(load_be64(rising) == 0x8182838485868788);
	assert_true(load_le32(rising) == 0x84838281);
	assert_true(load_le64(rising) == 0x8887868584838281);
	store_be16(p, 0x8182);
	assert_memory_equal(p, rising, 2);
	store_be32(p, 0x81828384);
	assert_memory_equal(p, rising, 4);
	store_le32(p, 0x84838281);
	assert_memory_equal(p, rising, 4);
	store_be64(p, 0x8182838485868788);
	assert_memory_equal(p, rising, 8);
	memset(p, 0, sizeof(p));
	store_le64(p, 0x8887868584838281);
	assert_memory_equal(p, rising, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_read_to_the_last_byte),
		cmocka_unit_test(a_number_that_is_not_all_there_is_zero_and_turns_the_reader_bad),
		cmocka_unit_test(a_bad_reader_stays_bad_even_if_more_would_fit),
		cmocka_unit_test(views_follow_each_other_and_do_not_copy),
		cmocka_unit_test(a_huge_length_does_not_wrap_around),
		cmocka_unit_test(nothing_can_be_read_from_nothing),
		cmocka_unit_test(a_copy_is_whole_or_zero),
		cmocka_unit_test(every_number_is_written_to_the_last_byte),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
		cmocka_unit_test(a_bad_writer_stays_bad_even_if_less_would_fit),
		cmocka_unit_test(bytes_and_zeroes_fill_a_writer),
		cmocka_unit_test(nothing_fits_everywhere),
		cmocka_unit_test(loads_and_stores_have_the_order_in_their_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
