/* packet_test.c -- where a packet lies in its buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/packet.h"

static void rooms_and_packet_make_up_the_buffer(void **state)
{
	uint8_t buffer[100];
	struct packet p = packet_in(buffer, sizeof(buffer), 10, 70);

	(void)state;
	assert_int_equal(packet_headroom(&p), 10);
	assert_int_equal(packet_tailroom(&p), 20);
	assert_ptr_equal(packet_bytes(&p).data, buffer + 10);
	assert_int_equal(packet_bytes(&p).len, 70);
}

static void headers_and_tags_move_the_edges(void **state)
{
	uint8_t buffer[100];
	struct packet p = packet_in(buffer, sizeof(buffer), 10, 70);

	(void)state;
	p.data -= 10;
	p.len += 10 + 20;
	assert_int_equal(packet_headroom(&p), 0);
	assert_int_equal(packet_tailroom(&p), 0);
	assert_int_equal(packet_bytes(&p).len, sizeof(buffer));
}

static void an_empty_packet_may_fill_no_buffer(void **state)
{
	uint8_t buffer[1];
	struct packet p = packet_in(buffer, 0, 0, 0);

	(void)state;
	assert_int_equal(packet_headroom(&p), 0);
	assert_int_equal(packet_tailroom(&p), 0);
	assert_int_equal(packet_bytes(&p).len, 0);
}

/* WireGuard in front is 16 bytes, padding at most 15 and the tag 16 behind. */
static void a_slot_has_room_for_the_largest_packet_sealed(void **state)
{
	struct packet p = packet_in((uint8_t[PACKET_SLOT]){0}, PACKET_SLOT, HEADROOM, 65535);

	(void)state;
	assert_true(packet_headroom(&p) >= 16);
	assert_true(packet_tailroom(&p) >= 15 + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rooms_and_packet_make_up_the_buffer),
		cmocka_unit_test(headers_and_tags_move_the_edges),
		cmocka_unit_test(an_empty_packet_may_fill_no_buffer),
		cmocka_unit_test(a_slot_has_room_for_the_largest_packet_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
