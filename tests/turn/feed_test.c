/* feed_test.c -- what a server passes on, and everything that is dropped, each counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stun/integrity.h"
#include "turn/played.h"

static const uint8_t id[STUN_ID_LEN] = {9};
static uint8_t buffer[512];
static struct writer w;

static struct writer *message(uint16_t method, enum stun_class class)
{
	w = writer_over(buffer, sizeof(buffer));
	stun_begin(&w, method, class, id);
	return &w;
}

/* Fed, it gives that verdict, is counted, and changes nothing. */
static void dropped(enum turn_verdict wanted, enum turn_verdict got)
{
	assert_int_equal(got, wanted);
	assert_true(a.verdicts[wanted] > 0);
	assert_int_equal(a.state, TURN_UP);
	assert_true(strlen(turn_verdict_name(wanted)) > 3);
}

static void heard(enum turn_verdict verdict, const char *data)
{
	assert_int_equal(verdict, TURN_PAYLOAD);
	assert_true(endpoint_equal(&payload.peer, &peer));
	assert_int_equal(payload.data.len, strlen(data));
	if (*data)
		assert_memory_equal(payload.data.data, data, strlen(data));
}

/* -- payloads ------------------------------------------------------------ */

static void data_of_a_permitted_peer_is_passed_on(void **state)
{
	(void)state;
	play_until_permitted(false);
	heard(pass_on(&peer, "hello"), "hello");
	heard(pass_on(&peer, ""), "");
	assert_int_equal(a.verdicts[TURN_PAYLOAD], 2);
}

static void so_is_that_of_another_port_of_its(void **state)
{
	struct endpoint other = peer;

	(void)state;
	play_until_permitted(false);
	other.port++;
	assert_int_equal(pass_on(&other, "hello"), TURN_PAYLOAD);
	assert_true(endpoint_equal(&payload.peer, &other));
}

static void channel_data_of_a_bound_channel_is_passed_on(void **state)
{
	static const uint8_t data[] = {0x40, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};

	(void)state;
	play_until_permitted(true);
	heard(feed(bytes_of(data, 9)), "hello");
	heard(feed(bytes_of(data, 12)), "hello");
}

/* It may overtake the answer. */
static void channel_data_is_passed_on_once_the_channel_is_asked_for(void **state)
{
	static const uint8_t data[] = {0x40, 0, 0, 0};

	(void)state;
	play_until_up();
	assert_true(turn_allocation_want(&a, &peer, true, now));
	dropped(TURN_NO_CHANNEL, feed(bytes_of(data, 4)));
	turn_allocation_tick(&a, now);
	next_request();
	heard(feed(bytes_of(data, 4)), "");
}

/* -- drops --------------------------------------------------------------- */

static void dropped_is_what_comes_from_elsewhere(void **state)
{
	struct endpoint other_port = server, other_ip = server;
	static const uint8_t data[] = {0x40, 0, 0, 0};

	(void)state;
	play_until_permitted(true);
	other_port.port++;
	other_ip.ip.bytes[3]++;
	dropped(TURN_NOT_OURS,
		turn_allocation_feed(&a, &other_port, bytes_of(data, 4), &payload, now));
	dropped(TURN_NOT_OURS,
		turn_allocation_feed(&a, &other_ip, bytes_of(data, 4), &payload, now));
}

static void what_is_neither_stun_nor_channel_data(void **state)
{
	static const struct {
		uint8_t bytes[20];
		size_t len;
	} cases[] = {
		{{0}, 0},
		{{0x40, 0, 0, 1}, 4},			/* shorter than it says */
		{{0x40, 0, 0}, 3},
		{{0x50, 0, 0, 0}, 4},			/* a reserved number */
		{{4, 0, 0, 0, 1, 2, 3, 4}, 8},		/* WireGuard */
		{{0x80, 0x17}, 20},
		{{0x00, 0x17, 0, 0, 0x21, 0x12, 0xa4, 0x43}, 20},	/* another cookie */
	};

	(void)state;
	play_until_permitted(true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		dropped(TURN_MALFORMED, feed(bytes_of(cases[i].bytes, cases[i].len)));
	assert_int_equal(a.verdicts[TURN_MALFORMED], 7);
}

static void a_wrong_fingerprint(void **state)
{
	(void)state;
	play_until_permitted(false);
	stun_put_xor_address(message(STUN_DATA, STUN_INDICATION), ATTR_XOR_PEER_ADDRESS, &peer);
	stun_put(&w, ATTR_DATA, text("hello"));
	stun_put_fingerprint(&w);
	heard(feed(stun_finish(&w)), "hello");
	buffer[w.len - 1] ^= 1;
	dropped(TURN_BAD_FINGERPRINT, feed(stun_finish(&w)));
}

static void requests_and_indications_that_no_server_sends(void **state)
{
	(void)state;
	play_until_permitted(false);
	message(STUN_BINDING, STUN_REQUEST);
	dropped(TURN_UNEXPECTED, feed(stun_finish(&w)));
	message(STUN_ALLOCATE, STUN_REQUEST);
	dropped(TURN_UNEXPECTED, feed(stun_finish(&w)));
	message(STUN_BINDING, STUN_INDICATION);
	dropped(TURN_UNEXPECTED, feed(stun_finish(&w)));
	stun_put_xor_address(message(STUN_SEND, STUN_INDICATION), ATTR_XOR_PEER_ADDRESS, &peer);
	stun_put(&w, ATTR_DATA, text("hello"));
	dropped(TURN_UNEXPECTED, feed(stun_finish(&w)));
}

static void answers_to_nothing(void **state)
{
	(void)state;
	play_until_permitted(false);
	message(STUN_ALLOCATE, STUN_SUCCESS);
	dropped(TURN_NO_TRANSACTION, feed(stun_finish(&w)));
	/* One that was answered already. */
	dropped(TURN_NO_TRANSACTION, grant());
	/* Another method under the right id. */
	assert_true(turn_allocation_want(&a, &server, false, now));
	turn_allocation_tick(&a, now);
	next_request();
	request.method = STUN_CHANNEL_BIND;
	dropped(TURN_NO_TRANSACTION, grant());
}

static void answers_that_are_not_signed(void **state)
{
	(void)state;
	play_until_up();
	assert_true(turn_allocation_want(&a, &peer, false, now));
	turn_allocation_tick(&a, now);
	next_request();
	answer(STUN_SUCCESS);
	dropped(TURN_BAD_INTEGRITY, send_bare());
	stun_put_integrity(answer(STUN_SUCCESS), text("another key"));
	dropped(TURN_BAD_INTEGRITY, send_bare());
	stun_put_error(answer(STUN_ERROR), 437);
	dropped(TURN_BAD_INTEGRITY, send_bare());
	assert_false(turn_allocation_permits(&a, &peer, now));
	assert_int_equal(grant(), TURN_HANDLED);
	assert_true(turn_allocation_permits(&a, &peer, now));
}

static void data_without_a_peer_or_without_data(void **state)
{
	(void)state;
	play_until_permitted(false);
	dropped(TURN_BAD_ATTRIBUTES, pass_on(&peer, NULL));
	stun_put(message(STUN_DATA, STUN_INDICATION), ATTR_DATA, text("hello"));
	dropped(TURN_BAD_ATTRIBUTES, feed(stun_finish(&w)));
	stun_put(message(STUN_DATA, STUN_INDICATION), ATTR_XOR_PEER_ADDRESS, text("short"));
	stun_put(&w, ATTR_DATA, text("hello"));
	dropped(TURN_BAD_ATTRIBUTES, feed(stun_finish(&w)));
}

static void data_with_what_must_be_understood(void **state)
{
	(void)state;
	play_until_permitted(false);
	stun_put_xor_address(message(STUN_DATA, STUN_INDICATION), ATTR_XOR_PEER_ADDRESS, &peer);
	stun_put(&w, ATTR_DATA, text("hello"));
	stun_put(&w, 0x7ffe, text("?"));
	dropped(TURN_BAD_ATTRIBUTES, feed(stun_finish(&w)));
}

static void data_of_peers_that_we_do_not_want_to_hear_from(void **state)
{
	struct endpoint other = peer;

	(void)state;
	play_until_permitted(false);
	other.ip.bytes[3]++;
	dropped(TURN_NO_PERMISSION, pass_on(&other, "hello"));
}

static void data_of_channels_that_we_have_not_bound(void **state)
{
	static const uint8_t numbers[][4] = {
		{0x40, 1, 0, 0},
		{0x40, TURN_PEERS_MAX - 1, 0, 0},
		{0x40, TURN_PEERS_MAX, 0, 0},
		{0x4f, 0xff, 0, 0},
	};
	static const uint8_t permitted_only[] = {0x40, 0, 0, 0};

	(void)state;
	play_until_permitted(true);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		dropped(TURN_NO_CHANNEL, feed(bytes_of(numbers[i], 4)));
	play_until_permitted(false);
	dropped(TURN_NO_CHANNEL, feed(bytes_of(permitted_only, 4)));
}

static void a_note_about_an_icmp_error(void **state)
{
	(void)state;
	play_until_permitted(false);
	stun_put_xor_address(message(STUN_DATA, STUN_INDICATION), ATTR_XOR_PEER_ADDRESS, &peer);
	stun_put_u64(&w, ATTR_ICMP, 0x0000030100000000);
	dropped(TURN_NOTE, feed(stun_finish(&w)));
}

static void everything_before_it_is_up(void **state)
{
	static const uint8_t data[] = {0x40, 0, 0, 0};

	(void)state;
	play(&plain_settings);
	assert_int_equal(pass_on(&peer, "hello"), TURN_NO_PERMISSION);
	assert_int_equal(feed(bytes_of(data, 4)), TURN_NO_CHANNEL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_a_permitted_peer_is_passed_on),
		cmocka_unit_test(so_is_that_of_another_port_of_its),
		cmocka_unit_test(channel_data_of_a_bound_channel_is_passed_on),
		cmocka_unit_test(channel_data_is_passed_on_once_the_channel_is_asked_for),
		cmocka_unit_test(dropped_is_what_comes_from_elsewhere),
		cmocka_unit_test(what_is_neither_stun_nor_channel_data),
		cmocka_unit_test(a_wrong_fingerprint),
		cmocka_unit_test(requests_and_indications_that_no_server_sends),
		cmocka_unit_test(answers_to_nothing),
		cmocka_unit_test(answers_that_are_not_signed),
		cmocka_unit_test(data_without_a_peer_or_without_data),
		cmocka_unit_test(data_with_what_must_be_understood),
		cmocka_unit_test(data_of_peers_that_we_do_not_want_to_hear_from),
		cmocka_unit_test(data_of_channels_that_we_have_not_bound),
		cmocka_unit_test(a_note_about_an_icmp_error),
		cmocka_unit_test(everything_before_it_is_up),
	};

	return cmocka_run_group_tests(tests, played_ready, NULL);
}
