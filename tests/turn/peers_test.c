/* peers_test.c -- permissions and channels: asked for, used, kept, refused, run out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "turn/played.h"

static uint8_t room[256];
static struct packet packet;

/* "hello" to that peer; what would be sent is in `packet`. */
static bool wrap(const struct endpoint *to)
{
	packet = packet_in(room, sizeof(room), HEADROOM, 5);
	memcpy(packet.data, "hello", 5);
	return turn_allocation_wrap(&a, &packet, to, now);
}

static bool wraps_in_channel(const struct endpoint *to, uint16_t *channel)
{
	struct bytes data;

	return wrap(to) && turn_is_channel_data(packet_bytes(&packet)) &&
	       channel_data_read(channel, &data, packet_bytes(&packet)) && data.len == 5 &&
	       memcmp(data.data, "hello", 5) == 0;
}

static bool wraps_in_indication(const struct endpoint *to)
{
	struct stun_msg msg;

	return wrap(to) && stun_parse(&msg, packet_bytes(&packet)) && msg.method == STUN_SEND;
}

static void want(const struct endpoint *at, bool channel)
{
	assert_true(turn_allocation_want(&a, at, channel, now));
	turn_allocation_tick(&a, now);
}

static struct endpoint nth_peer(unsigned n)
{
	return (struct endpoint){.ip = ip_v4(198, 51, (uint8_t)(n >> 8), (uint8_t)n), .port = 9};
}

/* Time passes until it asks the server about a peer; that is when. The allocation itself is
 * refreshed meanwhile. False: until then it does not. */
static bool pass_until_asked(msec until)
{
	while (now < until) {
		pass(until);
		while (poll_request()) {
			if (request.method == STUN_REFRESH)
				grant();
			else if (request.class == STUN_REQUEST)
				return true;
		}
	}
	return false;
}

/* -- asking -------------------------------------------------------------- */

static void a_permission_is_asked_for_before_anything_is_sent(void **state)
{
	struct endpoint named;

	(void)state;
	play_until_up();
	assert_false(wrap(&peer));
	assert_int_equal(a.unsent, 1);
	want(&peer, false);
	assert_false(wrap(&peer));
	next_request();
	assert_int_equal(request.method, STUN_CREATE_PERMISSION);
	assert_true(stun_get_xor_address(&request, ATTR_XOR_PEER_ADDRESS, &named));
	assert_true(endpoint_equal(&named, &peer));
	assert_non_null(stun_find(&request, ATTR_MESSAGE_INTEGRITY));
	assert_false(wrap(&peer));
	assert_int_equal(grant(), TURN_HANDLED);
	no_request();
	assert_int_equal(permitted, 1);
	assert_true(endpoint_equal(&news, &peer));
	assert_true(wraps_in_indication(&peer));
}

static void with_a_channel_one_question_gives_both(void **state)
{
	uint32_t number;
	uint16_t channel;

	(void)state;
	play_until_up();
	want(&peer, true);
	next_request();
	assert_int_equal(request.method, STUN_CHANNEL_BIND);
	assert_true(stun_get_u32(&request, ATTR_CHANNEL_NUMBER, &number));
	assert_int_equal(number, 0x40000000);
	assert_int_equal(grant(), TURN_HANDLED);
	no_request();
	assert_int_equal(permitted, 1);
	assert_true(wraps_in_channel(&peer, &channel));
	assert_int_equal(channel, 0x4000);
}

static void a_permission_grows_into_a_channel(void **state)
{
	uint16_t channel;

	(void)state;
	play_until_permitted(false);
	want(&peer, true);
	next_request();
	assert_int_equal(request.method, STUN_CHANNEL_BIND);
	assert_true(wraps_in_indication(&peer));
	grant();
	no_request();
	assert_true(wraps_in_channel(&peer, &channel));
	assert_int_equal(permitted, 1);
}

static void a_channel_wanted_meanwhile_is_asked_for_next(void **state)
{
	(void)state;
	play_until_up();
	want(&peer, false);
	next_request();
	want(&peer, true);
	no_request();			/* one at a time for each peer */
	grant();
	turn_allocation_tick(&a, now);
	next_request();
	assert_int_equal(request.method, STUN_CHANNEL_BIND);
}

static void what_is_wanted_twice_is_asked_for_once(void **state)
{
	(void)state;
	play_until_permitted(true);
	for (int i = 0; i < 5; i++)
		want(&peer, i & 1);
	no_request();
}

static void a_permission_is_for_all_ports_of_an_address(void **state)
{
	struct endpoint other_port = peer, other_ip = peer;

	(void)state;
	play_until_permitted(true);
	other_port.port++;
	other_ip.ip.bytes[3]++;
	assert_true(wraps_in_indication(&other_port));
	assert_false(wrap(&other_ip));
}

static void peers_of_the_other_family_are_not_for_this_address(void **state)
{
	struct endpoint v6;

	(void)state;
	play_until_up();
	assert_true(endpoint_parse(&v6, "[2001:db8::9]:9"));
	assert_false(turn_allocation_want(&a, &v6, false, now));
}

static void before_it_is_up_nothing_can_be_wanted(void **state)
{
	(void)state;
	play(&plain_settings);
	assert_false(turn_allocation_want(&a, &peer, false, now));
}

static void on_a_stream_channel_data_is_padded(void **state)
{
	struct turn_settings settings = plain_settings;

	(void)state;
	settings.stream = true;
	settings.timing = transaction_reliable;
	play(&settings);
	next_request();
	demand(401, "nonce 1");
	next_request();
	grant();
	want(&peer, true);
	next_request();
	grant();
	assert_true(wrap(&peer));
	assert_int_equal(packet.len, CHANNEL_HEADER_LEN + 8);
	assert_int_equal(load_be16(packet.data + 2), 5);
}

static void dont_fragment_is_asked_for_with_each_indication(void **state)
{
	struct turn_settings settings = plain_settings;
	struct stun_msg msg;

	(void)state;
	settings.dont_fragment = true;
	play(&settings);
	next_request();
	demand(401, "nonce 1");
	next_request();
	grant();
	want(&peer, false);
	next_request();
	grant();
	assert_true(wrap(&peer));
	assert_true(stun_parse(&msg, packet_bytes(&packet)));
	assert_non_null(stun_find(&msg, ATTR_DONT_FRAGMENT));
}

/* -- nonces -------------------------------------------------------------- */

/* Ten questions are out when the nonce goes stale: each is asked again, and none fails. */
static void a_nonce_goes_stale_under_many_questions_at_once(void **state)
{
	static struct stun_msg requests[10];
	static uint8_t bytes[10][TURN_MESSAGE_MAX];

	(void)state;
	play_until_up();
	for (unsigned i = 0; i < 10; i++) {
		struct endpoint at = nth_peer(i);

		want(&at, i & 1);
	}
	for (unsigned i = 0; i < 10; i++) {
		next_request();
		memcpy(bytes[i], request.datagram.data, request.datagram.len);
		assert_true(stun_parse(&requests[i], bytes_of(bytes[i], request.datagram.len)));
	}
	for (unsigned i = 0; i < 10; i++) {
		char nonce[16];

		snprintf(nonce, sizeof(nonce), "fresh %u", i);
		request = requests[i];
		assert_int_equal(demand(438, nonce), TURN_HANDLED);
	}
	for (unsigned i = 0; i < 10; i++) {
		struct bytes nonce;

		next_request();
		assert_true(stun_get_bytes(&request, ATTR_NONCE, &nonce));
		assert_memory_equal(nonce.data, "fresh 0", nonce.len);
		assert_int_equal(grant(), TURN_HANDLED);
	}
	no_request();
	assert_int_equal(permitted, 10);
	assert_int_equal(a.state, TURN_UP);
}

/* Bytes under an id do not change, so with another nonce there is another id. */
static void what_would_be_sent_again_is_asked_anew_with_the_new_nonce(void **state)
{
	struct endpoint other = nth_peer(1);
	uint8_t id[STUN_ID_LEN];
	struct bytes nonce;

	(void)state;
	play_until_up();
	want(&peer, false);
	next_request();
	memcpy(id, request.id, sizeof(id));
	now += 100;
	want(&other, false);
	next_request();
	demand(438, "nonce 2");
	next_request();
	grant();
	pass(NEVER);
	next_request();
	assert_memory_not_equal(request.id, id, sizeof(id));
	assert_true(stun_get_bytes(&request, ATTR_NONCE, &nonce));
	assert_memory_equal(nonce.data, "nonce 2", nonce.len);
	grant();
	no_request();
	assert_int_equal(permitted, 2);
}

/* -- time ---------------------------------------------------------------- */

static void one_question_each_240_s_keeps_both(void **state)
{
	static const bool kinds[] = {false, true};

	(void)state;
	for (int k = 0; k < 2; k++) {
		msec last;

		play_until_permitted(kinds[k]);
		last = now;
		for (int i = 0; i < 20; i++) {
			msec half = last + TURN_REASK / 2;

			assert_false(pass_until_asked(half));	/* it is in use meanwhile */
			assert_true(wrap(&peer));
			assert_true(pass_until_asked(last + TURN_REASK));
			assert_true(now - last >= TURN_REASK * 9 / 10);
			assert_int_equal(request.method,
					 kinds[k] ? STUN_CHANNEL_BIND : STUN_CREATE_PERMISSION);
			last = now;
			assert_int_equal(grant(), TURN_HANDLED);
		}
		assert_int_equal(permitted, 1);
	}
}

static void a_permission_ends_300_s_after_it_was_asked_for(void **state)
{
	msec asked;

	(void)state;
	play_until_up();
	want(&peer, false);
	asked = now;
	next_request();
	now += 400;
	grant();
	no_request();
	now = asked + SECONDS(300) - 1;
	assert_true(wrap(&peer));
	assert_int_equal(pass_on(&peer, "x"), TURN_PAYLOAD);
	now = asked + SECONDS(300);
	assert_false(wrap(&peer));
	assert_int_equal(pass_on(&peer, "x"), TURN_NO_PERMISSION);
}

static void a_channel_ends_600_s_after_it_was_asked_for(void **state)
{
	static const uint8_t data[] = {0x40, 0, 0, 1, 'x'};
	uint16_t channel;
	msec asked;

	(void)state;
	play_until_permitted(true);
	asked = now;
	now = asked + SECONDS(600) - 1;
	assert_true(wraps_in_channel(&peer, &channel));
	assert_int_equal(feed(bytes_of(data, sizeof(data))), TURN_PAYLOAD);
	now = asked + SECONDS(600);
	assert_false(wrap(&peer));
	assert_int_equal(feed(bytes_of(data, sizeof(data))), TURN_NO_CHANNEL);
}

static void who_is_not_talked_with_is_left_to_run_out(void **state)
{
	msec begin;
	int asked = 0;

	(void)state;
	play_until_permitted(true);
	begin = now;
	while (pass_until_asked(begin + SECONDS(7200))) {
		asked++;
		grant();
	}
	assert_in_range(asked, 2, 3);			/* in the first 10 minutes */
	assert_false(wrap(&peer));
	turn_allocation_tick(&a, now);
	next_request();					/* and again, when it is wanted again */
	assert_int_equal(request.method, STUN_CHANNEL_BIND);
}

static void who_talks_to_us_is_kept(void **state)
{
	msec begin;
	int asked = 0;

	(void)state;
	play_until_permitted(false);
	for (begin = now; now < begin + SECONDS(3600);) {
		if (pass_until_asked(now + SECONDS(100))) {
			asked++;
			grant();
		}
		assert_int_equal(pass_on(&peer, "x"), TURN_PAYLOAD);
	}
	assert_in_range(asked, 14, 18);
}

static void without_an_answer_it_is_asked_again_later(void **state)
{
	msec begin, failed;
	int n = 1;

	(void)state;
	play_until_up();
	want(&peer, false);
	next_request();
	for (begin = now; pass_until_asked(begin + 39500); n++)
		assert_int_equal(request.method, STUN_CREATE_PERMISSION);
	assert_int_equal(n, 7);
	failed = now;
	assert_true(pass_until_asked(failed + TURN_PEER_RETRY));
	assert_true(now >= failed + TURN_PEER_RETRY * 9 / 10);
	grant();
	assert_true(wrap(&peer));
}

/* -- refusals ------------------------------------------------------------ */

static void a_forbidden_peer_is_not_asked_for_again(void **state)
{
	static const unsigned codes[] = {403, 443};

	(void)state;
	for (int i = 0; i < 4; i++) {
		play_until_up();
		want(&peer, i / 2);
		next_request();
		assert_int_equal(refuse(codes[i % 2]), TURN_HANDLED);
		no_request();
		assert_int_equal(refused, 1);
		assert_true(endpoint_equal(&news, &peer));
		assert_false(turn_allocation_want(&a, &peer, false, now));
		assert_false(pass_until_asked(now + SECONDS(1000)));
		assert_int_equal(a.state, TURN_UP);
	}
}

static void without_a_channel_there_is_still_the_permission(void **state)
{
	static const unsigned codes[] = {400, 486, 500, 508};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		uint16_t channel;
		msec begin;

		play_until_up();
		want(&peer, true);
		next_request();
		assert_int_equal(refuse(codes[i]), TURN_HANDLED);
		begin = now;
		turn_allocation_tick(&a, now);
		next_request();
		assert_int_equal(request.method, STUN_CREATE_PERMISSION);
		grant();
		assert_true(wraps_in_indication(&peer));
		assert_true(pass_until_asked(begin + TURN_PEER_RETRY));
		assert_int_equal(request.method, STUN_CHANNEL_BIND);
		assert_true(now >= begin + TURN_PEER_RETRY * 9 / 10);
		grant();
		assert_true(wraps_in_channel(&peer, &channel));
	}
}

static void without_a_permission_it_is_asked_again_after_a_minute(void **state)
{
	static const unsigned codes[] = {400, 486, 500, 508};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		msec begin;

		play_until_up();
		want(&peer, false);
		next_request();
		assert_int_equal(refuse(codes[i]), TURN_HANDLED);
		begin = now;
		assert_true(pass_until_asked(begin + TURN_PEER_RETRY));
		assert_true(now >= begin + TURN_PEER_RETRY * 9 / 10);
	}
}

static void a_peer_s_question_may_tell_that_all_is_lost(void **state)
{
	(void)state;
	play_until_up();
	want(&peer, false);
	next_request();
	assert_int_equal(refuse(437), TURN_HANDLED);
	no_request();
	assert_int_equal(a.failure.kind, TURN_LOST);
	play_until_up();
	want(&peer, false);
	next_request();
	assert_int_equal(refuse(441), TURN_HANDLED);
	assert_int_equal(a.failure.kind, TURN_DENIED);
	play_until_up();
	want(&peer, true);
	next_request();
	assert_int_equal(demand(401, "nonce 2"), TURN_HANDLED);
	assert_int_equal(a.failure.kind, TURN_DENIED);
}

static void an_odd_answer_is_as_a_refusal(void **state)
{
	(void)state;
	play_until_up();
	want(&peer, false);
	next_request();
	stun_put_u32(answer(STUN_SUCCESS), 0x7ffe, 0);
	assert_int_equal(send_signed(), TURN_HANDLED);
	assert_false(wrap(&peer));
	assert_true(pass_until_asked(now + TURN_PEER_RETRY));
}

/* -- the table ----------------------------------------------------------- */

static void ask_for_all(bool channel)
{
	for (unsigned i = 0; i < TURN_PEERS_MAX; i++) {
		struct endpoint at = nth_peer(i);

		want(&at, channel);
		next_request();
		grant();
	}
}

static void each_peer_has_a_channel_of_its_own(void **state)
{
	bool seen[TURN_PEERS_MAX] = {false};

	(void)state;
	play_until_up();
	ask_for_all(true);
	for (unsigned i = 0; i < TURN_PEERS_MAX; i++) {
		struct endpoint at = nth_peer(i);
		uint16_t channel = 0;

		assert_true(wraps_in_channel(&at, &channel));
		assert_in_range(channel, 0x4000, 0x4000 + TURN_PEERS_MAX - 1);
		assert_false(seen[channel - 0x4000]);
		seen[channel - 0x4000] = true;
	}
}

static void a_full_table_has_room_where_nobody_was_heard_of(void **state)
{
	struct endpoint busy = nth_peer(0), idle = nth_peer(1), fresh = nth_peer(1000);

	(void)state;
	play_until_up();
	ask_for_all(false);
	assert_false(turn_allocation_want(&a, &fresh, false, now));
	now += TURN_PEER_HOLD;
	for (unsigned i = 0; i < TURN_PEERS_MAX; i++) {
		struct endpoint at = nth_peer(i);

		if (i != 1)
			assert_true(wrap(&at));
	}
	want(&fresh, false);
	assert_true(wrap(&busy));
	assert_false(wrap(&idle));
	assert_int_equal(pass_on(&idle, "x"), TURN_NO_PERMISSION);
}

/* RFC 8656 section 12: not before 5 minutes after its binding has ended. */
static void a_channel_does_not_come_to_mean_another_peer(void **state)
{
	struct endpoint fresh = nth_peer(1000);
	msec begin;

	(void)state;
	play_until_up();
	ask_for_all(true);
	begin = now;
	now = begin + SECONDS(900);
	assert_false(turn_allocation_want(&a, &fresh, false, now));
	now = begin + TURN_NUMBER_LIFE;
	assert_true(turn_allocation_want(&a, &fresh, false, now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_permission_is_asked_for_before_anything_is_sent),
		cmocka_unit_test(with_a_channel_one_question_gives_both),
		cmocka_unit_test(a_permission_grows_into_a_channel),
		cmocka_unit_test(a_channel_wanted_meanwhile_is_asked_for_next),
		cmocka_unit_test(what_is_wanted_twice_is_asked_for_once),
		cmocka_unit_test(a_permission_is_for_all_ports_of_an_address),
		cmocka_unit_test(peers_of_the_other_family_are_not_for_this_address),
		cmocka_unit_test(before_it_is_up_nothing_can_be_wanted),
		cmocka_unit_test(on_a_stream_channel_data_is_padded),
		cmocka_unit_test(dont_fragment_is_asked_for_with_each_indication),
		cmocka_unit_test(a_nonce_goes_stale_under_many_questions_at_once),
		cmocka_unit_test(what_would_be_sent_again_is_asked_anew_with_the_new_nonce),
		cmocka_unit_test(one_question_each_240_s_keeps_both),
		cmocka_unit_test(a_permission_ends_300_s_after_it_was_asked_for),
		cmocka_unit_test(a_channel_ends_600_s_after_it_was_asked_for),
		cmocka_unit_test(who_is_not_talked_with_is_left_to_run_out),
		cmocka_unit_test(who_talks_to_us_is_kept),
		cmocka_unit_test(without_an_answer_it_is_asked_again_later),
		cmocka_unit_test(a_forbidden_peer_is_not_asked_for_again),
		cmocka_unit_test(without_a_channel_there_is_still_the_permission),
		cmocka_unit_test(without_a_permission_it_is_asked_again_after_a_minute),
		cmocka_unit_test(a_peer_s_question_may_tell_that_all_is_lost),
		cmocka_unit_test(an_odd_answer_is_as_a_refusal),
		cmocka_unit_test(each_peer_has_a_channel_of_its_own),
		cmocka_unit_test(a_full_table_has_room_where_nobody_was_heard_of),
		cmocka_unit_test(a_channel_does_not_come_to_mean_another_peer),
	};

	return cmocka_run_group_tests(tests, played_ready, NULL);
}
