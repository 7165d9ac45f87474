/* framing_test.c -- datagrams in a stream, however it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/framing.h"

/* RFC 4571 section 2, with a keepalive at the beginning, in the middle and at the end. */
static const uint8_t stream[] = {
	0, 0,
	0, 3, 'o', 'n', 'e',
	0, 1, '2',
	0, 0,
	0, 5, 't', 'h', 'r', 'e', 'e',
	0, 0,
};
static const char *const datagrams[] = {"one", "2", "three"};

static void datagrams_come_out_however_the_stream_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step <= sizeof(stream); step++) {
		struct framing_splitter s;
		uint8_t kept[7];
		size_t n = 0;

		framing_splitter_init(&s, kept, sizeof(kept));
		for (size_t i = 0; i < sizeof(stream); i += step) {
			struct bytes in = bytes_of(stream + i, step), datagram;

			if (in.len > sizeof(stream) - i)
				in.len = sizeof(stream) - i;
			while (framing_splitter_next(&s, &in, &datagram)) {
				assert_int_equal(datagram.len, strlen(datagrams[n]));
				assert_memory_equal(datagram.data, datagrams[n++], datagram.len);
			}
			assert_false(s.bad);
			assert_int_equal(in.len, 0);
		}
		assert_int_equal(n, 3);
	}
}

static void keepalives_alone_are_no_datagram(void **state)
{
	static const uint8_t zeroes[1000];
	struct bytes in = bytes_of(zeroes, sizeof(zeroes)), datagram;
	struct framing_splitter s;
	uint8_t kept[2];

	(void)state;
	framing_splitter_init(&s, kept, sizeof(kept));
	assert_false(framing_splitter_next(&s, &in, &datagram));
	assert_false(s.bad);
	assert_int_equal(in.len, 0);
}

static void a_frame_as_long_as_the_buffer_is_taken_and_no_longer_one(void **state)
{
	static const uint8_t fits[] = {0, 3, 1, 2, 3}, too_long[] = {0, 4};
	struct bytes in = bytes_of(fits, sizeof(fits)), datagram;
	struct framing_splitter s;
	uint8_t kept[5];

	(void)state;
	framing_splitter_init(&s, kept, sizeof(kept));
	assert_true(framing_splitter_next(&s, &in, &datagram));
	assert_int_equal(datagram.len, 3);
	in = bytes_of(too_long, sizeof(too_long));
	assert_false(framing_splitter_next(&s, &in, &datagram));
	assert_true(s.bad);
}

static void a_stream_that_was_bad_once_stays_so(void **state)
{
	static const uint8_t http[] = "GET / HTTP/1.1\r\n\r\n";
	struct bytes in = bytes_of(http, sizeof(http)), datagram;
	struct framing_splitter s;
	uint8_t kept[2048];

	(void)state;
	framing_splitter_init(&s, kept, sizeof(kept));
	assert_false(framing_splitter_next(&s, &in, &datagram));
	assert_true(s.bad);
	in = bytes_of(stream, sizeof(stream));
	assert_false(framing_splitter_next(&s, &in, &datagram));
	assert_int_equal(in.len, sizeof(stream));
}

static void the_longest_datagram_has_65535_bytes(void **state)
{
	static uint8_t kept[FRAMING_HEADER_LEN + FRAMING_MAX], frame[sizeof(kept)] = {0xff, 0xff};
	struct bytes in = bytes_of(frame, sizeof(frame)), datagram;
	struct framing_splitter s;

	(void)state;
	framing_splitter_init(&s, kept, sizeof(kept));
	assert_true(framing_splitter_next(&s, &in, &datagram));
	assert_int_equal(datagram.len, FRAMING_MAX);
}

static void without_a_buffer_nothing_can_be_split(void **state)
{
	struct bytes in = bytes_of(stream, sizeof(stream)), datagram;
	struct framing_splitter s;
	uint8_t kept[1];

	(void)state;
	framing_splitter_init(&s, kept, sizeof(kept));
	assert_false(framing_splitter_next(&s, &in, &datagram));
	assert_true(s.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_come_out_however_the_stream_is_cut),
		cmocka_unit_test(keepalives_alone_are_no_datagram),
		cmocka_unit_test(a_frame_as_long_as_the_buffer_is_taken_and_no_longer_one),
		cmocka_unit_test(a_stream_that_was_bad_once_stays_so),
		cmocka_unit_test(the_longest_datagram_has_65535_bytes),
		cmocka_unit_test(without_a_buffer_nothing_can_be_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
