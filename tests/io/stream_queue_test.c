/* stream_queue_test.c -- what waits to be sent: whole frames, in order, and not many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "io/stream_queue.h"

static struct stream_queue *q;

static int clear(void **state)
{
	(void)state;
	stream_queue_clear(&q);
	return 0;
}

static bool put(size_t len, uint8_t fill)
{
	static uint8_t body[STREAM_QUEUE_LEN];
	uint8_t header[2];

	store_be16(header, (uint16_t)len);
	memset(body, fill, len);
	return stream_queue_put(&q, bytes_of(header, 2), bytes_of(body, len));
}

static void check_front(const void *wanted, size_t len)
{
	struct bytes b = stream_queue_bytes(q);

	assert_true(b.len >= len);
	assert_memory_equal(b.data, wanted, len);
}

static void an_empty_one_is_null(void **state)
{
	(void)state;
	assert_int_equal(stream_queue_frames(NULL), 0);
	assert_int_equal(stream_queue_bytes(NULL).len, 0);
	assert_true(put(3, 'a'));
	assert_non_null(q);
	stream_queue_sent(&q, 5);
	assert_null(q);
}

static void frames_leave_in_order_however_they_are_cut(void **state)
{
	static const char wanted[] = "\0\3aaa\0\1b\0\2cc";
	size_t len = sizeof(wanted) - 1;

	(void)state;
	for (size_t step = 1; step <= len; step++) {
		size_t at = 0;

		assert_true(put(3, 'a') && put(1, 'b') && put(2, 'c'));
		while (q) {
			size_t n = len - at < step ? len - at : step;

			check_front(wanted + at, n);
			stream_queue_sent(&q, n);
			at += n;
			assert_int_equal(stream_queue_frames(q),
					 (at < 5) + (at < 8) + (at < len));
		}
		assert_int_equal(at, len);
	}
}

static void one_frame_more_is_refused_until_one_has_left(void **state)
{
	(void)state;
	for (int i = 0; i < STREAM_QUEUE_FRAMES; i++)
		assert_true(put(1, 'x'));
	assert_false(put(1, 'y'));
	stream_queue_sent(&q, 2);
	assert_false(put(1, 'y'));	/* not yet as a whole */
	stream_queue_sent(&q, 1);
	assert_true(put(1, 'z'));
	assert_int_equal(stream_queue_frames(q), STREAM_QUEUE_FRAMES);
}

static void what_does_not_fit_is_refused_and_nothing_of_it_stays(void **state)
{
	(void)state;
	assert_true(put(FRAMING_MAX, 'a') && put(40000, 'b'));
	assert_false(put(30000, 'c'));
	assert_int_equal(stream_queue_bytes(q).len, FRAMING_MAX + 2 + 40002);
	assert_true(put(25533, 'd'));
	assert_false(put(0, 'e'));
	assert_int_equal(stream_queue_bytes(q).len, STREAM_QUEUE_LEN);
}

static void two_of_the_longest_datagrams_fit_into_an_empty_one(void **state)
{
	(void)state;
	assert_true(put(FRAMING_MAX, 'a') && put(FRAMING_MAX, 'b'));
	stream_queue_sent(&q, STREAM_QUEUE_LEN);
	assert_null(q);
	assert_false(put(STREAM_QUEUE_LEN - 1, 'c'));
	assert_null(q);
}

/* Room that was left behind is used again. */
static void it_may_go_round_for_ever(void **state)
{
	(void)state;
	assert_true(put(1000, 'a'));
	for (int i = 0; i < 1000; i++) {
		uint8_t fill = (uint8_t)i;

		assert_true(put(1000, fill));
		stream_queue_sent(&q, 1002);
		assert_int_equal(stream_queue_bytes(q).len, 1002);
		assert_int_equal(stream_queue_bytes(q).data[1001], fill);
	}
}

static void the_oldest_can_be_given_up(void **state)
{
	(void)state;
	assert_true(put(3, 'a') && put(1, 'b'));
	stream_queue_drop(&q);
	check_front("\0\1b", 3);
	stream_queue_drop(&q);
	assert_null(q);
}

int main(void)
{
#define then_cleared(test) cmocka_unit_test_teardown(test, clear)
	const struct CMUnitTest tests[] = {
		then_cleared(an_empty_one_is_null),
		then_cleared(frames_leave_in_order_however_they_are_cut),
		then_cleared(one_frame_more_is_refused_until_one_has_left),
		then_cleared(what_does_not_fit_is_refused_and_nothing_of_it_stays),
		then_cleared(two_of_the_longest_datagrams_fit_into_an_empty_one),
		then_cleared(it_may_go_round_for_ever),
		then_cleared(the_oldest_can_be_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
