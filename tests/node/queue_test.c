/* queue_test.c -- packets that wait: in order, bounded by number and by bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "node/queue.h"

static unsigned add(struct queue *q, uint8_t mark, size_t len)
{
	static uint8_t bytes[65536];
	struct packet p = packet_in(bytes, sizeof(bytes), 0, len);
	unsigned dropped;

	bytes[0] = mark;
	assert_true(queue_add(q, &p, &dropped));
	return dropped;
}

static void packets_come_out_as_they_went_in_with_room_around_them(void **state)
{
	struct queue q = {0};

	(void)state;
	for (uint8_t i = 0; i < 10; i++)
		assert_int_equal(add(&q, i, 100), 0);
	for (uint8_t i = 0; i < 10; i++) {
		struct queued *item = queue_take(&q);

		assert_int_equal(item->packet.data[0], i);
		assert_int_equal(item->packet.len, 100);
		assert_int_equal(packet_headroom(&item->packet), HEADROOM);
		assert_int_equal(packet_tailroom(&item->packet), TAILROOM);
		free(item);
	}
	assert_null(queue_take(&q));
	assert_int_equal(q.bytes, 0);
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
	struct queue q = {0};
	struct queued *item;

	(void)state;
	for (uint8_t i = 0; i < QUEUE_PACKETS; i++)
		assert_int_equal(add(&q, i, 50), 0);
	assert_int_equal(add(&q, 200, 50), 1);
	assert_int_equal(q.len, QUEUE_PACKETS);
	item = queue_take(&q);
	assert_int_equal(item->packet.data[0], 1);
	free(item);
	assert_int_equal(queue_clear(&q), QUEUE_PACKETS - 1);
}

static void as_many_old_ones_go_as_a_large_one_needs_bytes(void **state)
{
	struct queue q = {0};

	(void)state;
	for (uint8_t i = 0; i < 48; i++)
		assert_int_equal(add(&q, i, 2048), 0);		/* 96 KB, full */
	assert_int_equal(add(&q, 100, 2049), 2);
	assert_int_equal(add(&q, 101, 60000), 29);
	assert_true(q.bytes <= QUEUE_BYTES);
	assert_int_equal(queue_clear(&q), 48 + 2 - 31);
	assert_int_equal(queue_clear(&q), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_out_as_they_went_in_with_room_around_them),
		cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
		cmocka_unit_test(as_many_old_ones_go_as_a_large_one_needs_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
