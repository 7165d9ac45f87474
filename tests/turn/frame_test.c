/* frame_test.c -- ChannelData and Send indications, byte by byte; and in streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "turn/frame.h"

static const uint8_t id[STUN_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t buffer[256];

static struct packet hello(size_t headroom, size_t tailroom)
{
	memset(buffer, 0xee, sizeof(buffer));
	memcpy(buffer + headroom, "hello", 5);
	return packet_in(buffer, headroom + 5 + tailroom, headroom, 5);
}

/* -- ChannelData --------------------------------------------------------- */

static void four_bytes_go_in_front_of_a_payload(void **state)
{
	static const uint8_t wanted[] = {0x40, 0x01, 0x00, 0x05, 'h', 'e', 'l', 'l', 'o'};
	struct packet p = hello(CHANNEL_HEADER_LEN, 0);

	(void)state;
	assert_true(channel_data_wrap(&p, 0x4001, false));
	assert_ptr_equal(p.data, buffer);
	assert_int_equal(p.len, sizeof(wanted));
	assert_memory_equal(p.data, wanted, sizeof(wanted));
}

static void on_a_stream_it_is_padded_and_the_length_does_not_count_that(void **state)
{
	static const uint8_t wanted[] = {0x4f, 0xff, 0x00, 0x05, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
	struct packet p = hello(CHANNEL_HEADER_LEN, 3);

	(void)state;
	assert_true(channel_data_wrap(&p, 0x4fff, true));
	assert_int_equal(p.len, sizeof(wanted));
	assert_memory_equal(p.data, wanted, sizeof(wanted));
}

static void without_room_a_packet_stays_as_it_was(void **state)
{
	struct packet short_head = hello(CHANNEL_HEADER_LEN - 1, 3);
	struct packet short_tail;

	(void)state;
	assert_false(channel_data_wrap(&short_head, 0x4000, false));
	assert_int_equal(short_head.len, 5);
	short_tail = hello(CHANNEL_HEADER_LEN, 2);
	assert_false(channel_data_wrap(&short_tail, 0x4000, true));
	assert_memory_equal(short_tail.data, "hello", 5);
	assert_true(channel_data_wrap(&short_tail, 0x4000, false));
}

static void what_is_too_long_for_the_length_is_refused(void **state)
{
	static uint8_t large[CHANNEL_HEADER_LEN + UINT16_MAX + 1];
	struct packet p = packet_in(large, sizeof(large), CHANNEL_HEADER_LEN, UINT16_MAX + 1);
	struct packet q = packet_in(large, sizeof(large), CHANNEL_HEADER_LEN, UINT16_MAX);

	(void)state;
	assert_false(channel_data_wrap(&p, 0x4000, false));
	assert_true(channel_data_wrap(&q, 0x4000, false));
}

static void channel_data_is_read_by_its_length(void **state)
{
	static const struct {
		uint8_t bytes[10];
		size_t len;
		bool good;
		uint16_t channel;
		size_t data_len;
	} cases[] = {
		{{0x40, 0x00, 0, 2, 'h', 'i'}, 6, true, 0x4000, 2},
		{{0x4f, 0xff, 0, 0}, 4, true, 0x4fff, 0},
		{{0x40, 0x07, 0, 2, 'h', 'i', 0, 0}, 8, true, 0x4007, 2},	/* padded */
		{{0x40, 0x07, 0, 2, 'h', 'i', 1, 2, 3, 4}, 10, true, 0x4007, 2},
		{{0x40, 0x07, 0, 3, 'h', 'i'}, 6, false, 0, 0},		/* too short */
		{{0x40, 0x07, 0}, 3, false, 0, 0},
		{{0x50, 0x00, 0, 0}, 4, false, 0, 0},			/* reserved */
		{{0x7f, 0xff, 0, 0}, 4, false, 0, 0},
		{{0x3f, 0xff, 0, 0}, 4, false, 0, 0},
		{{0}, 0, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes data = {0};
		uint16_t channel = 0;

		assert_int_equal(channel_data_read(&channel, &data,
						   bytes_of(cases[i].bytes, cases[i].len)),
				 cases[i].good);
		assert_int_equal(channel, cases[i].channel);
		assert_int_equal(data.len, cases[i].data_len);
	}
}

static void the_first_two_bits_tell_it_from_stun(void **state)
{
	(void)state;
	assert_true(turn_is_channel_data(bytes_of("\x40", 1)));
	assert_true(turn_is_channel_data(bytes_of("\x7f", 1)));
	assert_false(turn_is_channel_data(bytes_of("\x3f", 1)));
	assert_false(turn_is_channel_data(bytes_of("\x80", 1)));
	assert_false(turn_is_channel_data(bytes_of("", 0)));
}

/* -- Send indications ---------------------------------------------------- */

/* RFC 8656 section 20 has such a message in words: the peer's address is mixed with the
 * cookie, the data padded. */
static void a_send_indication_goes_around_a_payload(void **state)
{
	static const uint8_t wanted[] = {
		0x00, 0x16, 0x00, 0x18,			/* Send indication, 24 bytes follow */
		0x21, 0x12, 0xa4, 0x42,			/* cookie */
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,	/* id */
		0x00, 0x12, 0x00, 0x08, 0x00, 0x01,	/* XOR-PEER-ADDRESS, IPv4 */
		0xe7, 0xc6,				/* 50900 ^ 0x2112 */
		0xe1, 0x12, 0xa6, 0x54,			/* 192.0.2.22 ^ cookie */
		0x00, 0x13, 0x00, 0x05,			/* DATA, 5 bytes */
		'h', 'e', 'l', 'l', 'o', 0, 0, 0,	/* and padding */
	};
	struct endpoint to = {.ip = ip_v4(192, 0, 2, 22), .port = 50900};
	struct packet p = hello(36, 3);

	(void)state;
	assert_true(send_indication_wrap(&p, &to, false, id));
	assert_int_equal(p.len, sizeof(wanted));
	assert_memory_equal(p.data, wanted, sizeof(wanted));
}

static void it_is_what_a_server_can_read(void **state)
{
	static const char *const peers[] = {"198.51.100.9:9", "[2001:db8::9]:65535"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool dont_fragment = i & 1;
		struct packet p = hello(SEND_HEADER_MAX, 3);
		struct endpoint to, got;
		struct stun_msg msg;
		struct bytes data;

		assert_true(endpoint_parse(&to, peers[i / 2]));
		assert_true(send_indication_wrap(&p, &to, dont_fragment, id));
		assert_true(stun_parse(&msg, packet_bytes(&p)));
		assert_int_equal(msg.class, STUN_INDICATION);
		assert_int_equal(msg.method, STUN_SEND);
		assert_true(stun_get_xor_address(&msg, ATTR_XOR_PEER_ADDRESS, &got));
		assert_true(endpoint_equal(&got, &to));
		assert_int_equal(stun_find(&msg, ATTR_DONT_FRAGMENT) != NULL, dont_fragment);
		assert_true(stun_get_bytes(&msg, ATTR_DATA, &data));
		assert_int_equal(data.len, 5);
		assert_memory_equal(data.data, "hello", 5);
	}
}

/* A WireGuard packet from the TUN device has 64 - 16 bytes in front of it. */
static void it_fits_where_a_sealed_packet_lies(void **state)
{
	struct packet p = hello(HEADROOM - 16, TAILROOM - 16);
	struct endpoint to;

	(void)state;
	assert_true(endpoint_parse(&to, "[2001:db8::9]:9"));
	assert_true(send_indication_wrap(&p, &to, false, id));
}

static void without_room_there_is_no_indication(void **state)
{
	struct endpoint to = {.ip = ip_v4(192, 0, 2, 22), .port = 1};
	struct packet short_head = hello(35, 3), short_tail;

	(void)state;
	assert_false(send_indication_wrap(&short_head, &to, false, id));
	short_tail = hello(36, 2);
	assert_false(send_indication_wrap(&short_tail, &to, false, id));
	assert_int_equal(short_tail.len, 5);
	assert_memory_equal(short_tail.data, "hello", 5);
}

/* -- streams ------------------------------------------------------------- */

static const uint8_t stream[] = {
	0x40, 0x00, 0, 2, 'h', 'i', 0, 0,			/* ChannelData, padded */
	0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4,	/* STUN without attributes */
	5, 6, 7, 8, 9, 10, 11, 12,
	0x40, 0x01, 0, 0,					/* ChannelData without data */
	0x40, 0x02, 0, 4, 'y', 'o', 'u', '!',
};
static const size_t frames[] = {8, 20, 4, 8};

static void frames_come_out_however_the_stream_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step <= sizeof(stream); step++) {
		struct turn_splitter s;
		uint8_t kept[20];
		size_t n = 0, at = 0;

		turn_splitter_init(&s, kept, sizeof(kept));
		for (size_t i = 0; i < sizeof(stream); i += step) {
			struct bytes in = bytes_of(stream + i, step);
			struct bytes frame;

			if (in.len > sizeof(stream) - i)
				in.len = sizeof(stream) - i;
			while (turn_splitter_next(&s, &in, &frame)) {
				assert_int_equal(frame.len, frames[n++]);
				assert_memory_equal(frame.data, stream + at, frame.len);
				at += frame.len;
			}
			assert_false(s.bad);
			assert_int_equal(in.len, 0);
		}
		assert_int_equal(n, 4);
	}
}

static void a_stream_of_something_else_is_over(void **state)
{
	static const uint8_t heads[][4] = {
		{0x80, 0, 0, 0},	/* the first bits are neither 00 nor 01 */
		{'H', 'T', 'T', 'P'},	/* 0x4854 is the number of a channel, 0x5454 too long */
		{0x50, 0, 0, 4},	/* a reserved number */
		{0x01, 0x01, 0, 2},	/* STUN, whose length is a multiple of 4 */
		{0x40, 0, 0, 33},	/* longer than what we keep */
		{0x01, 0x01, 0, 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct bytes in = bytes_of(heads[i], 4), frame;
		struct turn_splitter s;
		uint8_t kept[36];

		turn_splitter_init(&s, kept, sizeof(kept));
		assert_false(turn_splitter_next(&s, &in, &frame));
		assert_true(s.bad);
		in = bytes_of(stream, sizeof(stream));
		assert_false(turn_splitter_next(&s, &in, &frame));
		assert_int_equal(in.len, sizeof(stream));
	}
}

static void a_frame_as_long_as_the_buffer_is_taken(void **state)
{
	struct bytes in = bytes_of(stream, 8), frame;
	struct turn_splitter s;
	uint8_t kept[8];

	(void)state;
	turn_splitter_init(&s, kept, sizeof(kept));
	assert_true(turn_splitter_next(&s, &in, &frame));
	in = bytes_of(stream + 8, 20);
	assert_false(turn_splitter_next(&s, &in, &frame));
	assert_true(s.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_bytes_go_in_front_of_a_payload),
		cmocka_unit_test(on_a_stream_it_is_padded_and_the_length_does_not_count_that),
		cmocka_unit_test(without_room_a_packet_stays_as_it_was),
		cmocka_unit_test(what_is_too_long_for_the_length_is_refused),
		cmocka_unit_test(channel_data_is_read_by_its_length),
		cmocka_unit_test(the_first_two_bits_tell_it_from_stun),
		cmocka_unit_test(a_send_indication_goes_around_a_payload),
		cmocka_unit_test(it_is_what_a_server_can_read),
		cmocka_unit_test(it_fits_where_a_sealed_packet_lies),
		cmocka_unit_test(without_room_there_is_no_indication),
		cmocka_unit_test(frames_come_out_however_the_stream_is_cut),
		cmocka_unit_test(a_stream_of_something_else_is_over),
		cmocka_unit_test(a_frame_as_long_as_the_buffer_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
