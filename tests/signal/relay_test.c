/* relay_test.c -- the frame around a datagram for another peer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "signal/relay.h"

static const uint8_t tag[RELAY_TAG] = {0xa1, 0xb2, 0xc3, 0xd4};
static const uint8_t vector[] = {
	0x09,			/* FRAME_RELAY */
	0x00, 0x09,		/* tag and datagram */
	0xa1, 0xb2, 0xc3, 0xd4,
	'h', 'e', 'l', 'l', 'o',
};

static struct packet packet_of(uint8_t *room, size_t cap, const void *bytes, size_t len)
{
	struct packet p = packet_in(room, cap, RELAY_HEADER, len);

	memcpy(p.data, bytes, len);
	return p;
}

static void the_form_is_this(void **state)
{
	uint8_t room[64], read_tag[RELAY_TAG];
	struct packet p = packet_of(room, sizeof(room), "hello", 5), inside;

	(void)state;
	assert_true(relay_put(&p, tag));
	assert_int_equal(p.len, sizeof(vector));
	assert_memory_equal(p.data, vector, sizeof(vector));
	assert_ptr_equal(p.data, room);
	assert_true(relay_is(packet_bytes(&p)));
	assert_true(relay_read(&p, read_tag, &inside));
	assert_memory_equal(read_tag, tag, RELAY_TAG);
	assert_int_equal(inside.len, 5);
	assert_memory_equal(inside.data, "hello", 5);
	assert_ptr_equal(inside.end, p.end);
}

static void padding_is_taken_off_the_frame_and_the_datagram(void **state)
{
	uint8_t room[64] = {0}, read_tag[RELAY_TAG];
	struct packet p = packet_of(room, sizeof(room), vector, sizeof(vector)), inside;

	(void)state;
	p.len += FRAME_PADDING - 1;
	assert_true(relay_read(&p, read_tag, &inside));
	assert_int_equal(p.len, sizeof(vector));
	assert_int_equal(inside.len, 5);

	p.len += FRAME_PADDING;		/* more than there can be */
	assert_false(relay_read(&p, read_tag, &inside));
	p.len = sizeof(vector) + 1;
	p.data[sizeof(vector)] = 1;	/* and not zero */
	assert_false(relay_read(&p, read_tag, &inside));
}

static void every_truncation_is_refused(void **state)
{
	uint8_t room[64], read_tag[RELAY_TAG];
	struct packet p, inside;

	(void)state;
	for (size_t len = 0; len < sizeof(vector); len++) {
		p = packet_of(room, sizeof(room), vector, len);
		assert_false(relay_read(&p, read_tag, &inside));
		assert_int_equal(p.len, len);
	}
}

static void there_must_be_a_datagram_and_it_must_be_this_kind(void **state)
{
	uint8_t bytes[sizeof(vector)], room[64], read_tag[RELAY_TAG];
	struct packet p, inside;

	(void)state;
	memcpy(bytes, vector, sizeof(bytes));
	bytes[2] = RELAY_TAG;
	p = packet_of(room, sizeof(room), bytes, RELAY_HEADER);
	assert_false(relay_read(&p, read_tag, &inside));
	memcpy(bytes, vector, sizeof(bytes));
	bytes[0] = FRAME_DELIVER;
	p = packet_of(room, sizeof(room), bytes, sizeof(bytes));
	assert_false(relay_is(packet_bytes(&p)));
	assert_false(relay_read(&p, read_tag, &inside));
	assert_false(relay_is(bytes_of(NULL, 0)));
}

static void the_longest_is_what_the_length_can_say(void **state)
{
	static uint8_t room[RELAY_HEADER + UINT16_MAX];
	struct packet p = packet_in(room, sizeof(room), RELAY_HEADER, UINT16_MAX - RELAY_TAG + 1);

	(void)state;
	assert_false(relay_put(&p, tag));
	p.len--;
	assert_true(relay_put(&p, tag));
	assert_int_equal(p.len, FRAME_HEADER + UINT16_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_this),
		cmocka_unit_test(padding_is_taken_off_the_frame_and_the_datagram),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(there_must_be_a_datagram_and_it_must_be_this_kind),
		cmocka_unit_test(the_longest_is_what_the_length_can_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
