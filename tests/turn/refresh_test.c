/* refresh_test.c -- how an allocation is kept, lost, and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "turn/played.h"

/* Up, with that lifetime. */
static void play_with_lifetime(uint32_t seconds)
{
	play(&plain_settings);
	next_request();
	demand(401, "nonce 1");
	next_request();
	assert_int_equal(grant_for(seconds), TURN_HANDLED);
	no_request();
	assert_int_equal(a.state, TURN_UP);
}

/* Time passes until it asks the server something; keepalives go out meanwhile. */
static void pass_until_request(uint16_t method)
{
	do {
		pass(NEVER);
	} while (!poll_request() || request.class != STUN_REQUEST);
	assert_int_equal(request.method, method);
}

/* -- refresh ------------------------------------------------------------- */

/* A minute early or at half time, and up to a tenth earlier, but never in quick succession. */
static void it_is_refreshed_in_time(void **state)
{
	static const struct {
		uint32_t lifetime;
		msec latest;
	} cases[] = {
		{600, SECONDS(540)},
		{3600, SECONDS(3540)},
		{120, SECONDS(60)},
		{119, 59500},
		{20, SECONDS(10)},
		{11, SECONDS(5) + 500},
		{UINT32_MAX, SECONDS(24 * 3600 - 60)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		msec begin;

		play_with_lifetime(cases[i].lifetime);
		begin = now;
		pass_until_request(STUN_REFRESH);
		assert_true(now - begin <= cases[i].latest);
		assert_true(now - begin >= cases[i].latest - cases[i].latest / 10);
		assert_null(stun_find(&request, ATTR_LIFETIME));	/* as long as usual */
		assert_non_null(stun_find(&request, ATTR_MESSAGE_INTEGRITY));
	}
}

static void a_refresh_counts_from_when_it_was_asked_for(void **state)
{
	msec asked;

	(void)state;
	play_with_lifetime(600);
	pass_until_request(STUN_REFRESH);
	asked = now;
	now += 300;
	assert_int_equal(grant_for(200), TURN_HANDLED);
	assert_int_equal(a.expires, asked + SECONDS(200));
	assert_int_equal(a.state, TURN_UP);
	pass_until_request(STUN_REFRESH);
	assert_true(now < asked + SECONDS(141));
}

static void a_lifetime_of_a_second_is_lost_and_not_asked_for_again(void **state)
{
	msec begin;

	(void)state;
	play_with_lifetime(1);
	begin = now;
	pass(NEVER);
	no_request();
	assert_int_equal(now, begin + SECONDS(1));
	assert_int_equal(a.failure.kind, TURN_LOST);
	assert_int_equal(a.failure.retry_at, now + SECONDS(5));
}

static void a_stale_nonce_costs_a_round_trip_and_nothing_else(void **state)
{
	(void)state;
	play_with_lifetime(600);
	for (int i = 0; i < 10; i++) {
		pass_until_request(STUN_REFRESH);
		assert_int_equal(demand(438, "the next"), TURN_HANDLED);
		next_request();
		assert_int_equal(request.method, STUN_REFRESH);
		assert_int_equal(grant(), TURN_HANDLED);
		assert_int_equal(a.state, TURN_UP);
	}
	assert_int_equal(ends, 0);
}

/* The server was restarted, or is gone. */
static void who_is_in_doubt_asks_and_believes_the_answer_or_the_silence(void **state)
{
	(void)state;
	play_with_lifetime(600);
	turn_allocation_doubt(&a, now);
	next_request();
	assert_int_equal(request.method, STUN_REFRESH);
	assert_int_equal(grant(), TURN_HANDLED);
	assert_int_equal(a.state, TURN_UP);
	turn_allocation_doubt(&a, now);
	next_request();
	assert_int_equal(demand(438, "of another life"), TURN_HANDLED);
	next_request();
	assert_int_equal(refuse(437), TURN_HANDLED);
	assert_int_equal(a.failure.kind, TURN_LOST);

	play_with_lifetime(600);
	turn_allocation_doubt(&a, now);
	turn_allocation_doubt(&a, now);
	while (a.state == TURN_UP) {
		poll_request();
		pass(NEVER);
	}
	assert_int_equal(a.failure.kind, TURN_LOST);
	assert_true(now < 1000 + SECONDS(45));
}

static void other_errors_are_asked_about_again_as_long_as_there_is_time(void **state)
{
	static const unsigned codes[] = {300, 400, 403, 420, 486, 500, 508};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		msec begin;

		play_with_lifetime(600);
		pass_until_request(STUN_REFRESH);
		assert_int_equal(refuse(codes[i]), TURN_HANDLED);
		assert_int_equal(a.state, TURN_UP);
		begin = now;
		pass_until_request(STUN_REFRESH);
		assert_int_equal(now, begin + SECONDS(5));
		assert_int_equal(grant(), TURN_HANDLED);
		assert_int_equal(a.expires, now + SECONDS(600));
	}
}

static void so_are_answers_that_make_no_sense(void **state)
{
	msec begin, expires;

	(void)state;
	play_with_lifetime(600);
	expires = a.expires;
	for (int i = 0; i < 3; i++) {
		struct writer *w;

		pass_until_request(STUN_REFRESH);
		w = answer(STUN_SUCCESS);
		if (i == 0)
			stun_put_u32(w, ATTR_LIFETIME, 0);
		if (i == 1)
			stun_put_u32(w, 0x7ffe, 0);
		assert_int_equal(send_signed(), TURN_HANDLED);
		assert_int_equal(a.expires, expires);
		begin = now;
		pass_until_request(STUN_REFRESH);
		assert_int_equal(now, begin + SECONDS(5));
	}
}

static void without_an_answer_it_ends_when_its_time_is_over(void **state)
{
	msec expires;

	(void)state;
	play_with_lifetime(600);
	expires = a.expires;
	while (now < expires - 1) {
		assert_int_equal(a.state, TURN_UP);
		pass(expires - 1);
		poll_request();
	}
	assert_int_equal(a.state, TURN_UP);
	pass(NEVER);
	no_request();
	assert_int_equal(now, expires);
	assert_int_equal(a.state, TURN_FAILED);
	assert_int_equal(a.failure.kind, TURN_LOST);
	assert_int_equal(ends, 1);
}

static void a_server_that_has_forgotten_it_says_so(void **state)
{
	(void)state;
	play_with_lifetime(600);
	pass_until_request(STUN_REFRESH);
	assert_int_equal(refuse(437), TURN_HANDLED);
	no_request();
	assert_int_equal(a.failure.kind, TURN_LOST);
	assert_int_equal(ports, 0);
}

static void another_user_or_none_is_the_end(void **state)
{
	(void)state;
	play_with_lifetime(600);
	pass_until_request(STUN_REFRESH);
	assert_int_equal(refuse(441), TURN_HANDLED);
	assert_int_equal(a.failure.kind, TURN_DENIED);
	assert_int_equal(a.failure.retry_at, NEVER);
	play_with_lifetime(600);
	pass_until_request(STUN_REFRESH);
	assert_int_equal(demand(401, "nonce 2"), TURN_HANDLED);
	assert_int_equal(a.failure.kind, TURN_DENIED);
}

/* -- keepalives ---------------------------------------------------------- */

static void when_nothing_is_sent_nats_are_kept_open(void **state)
{
	msec last;

	(void)state;
	play_with_lifetime(3600);
	last = now;
	for (int i = 0; i < 100; i++) {
		pass(NEVER);
		assert_true(poll_request());
		assert_int_equal(request.class, STUN_INDICATION);
		assert_int_equal(request.method, STUN_BINDING);
		assert_true(now - last <= TURN_KEEPALIVE);
		assert_true(now - last >= TURN_KEEPALIVE * 9 / 10 - 1);
		last = now;
		no_request();
	}
}

static void what_is_sent_keeps_them_open_as_well(void **state)
{
	uint8_t room[256];
	msec last;

	(void)state;
	play_until_permitted(true);
	for (int i = 0; i < 50; i++) {
		struct packet p = packet_in(room, sizeof(room), HEADROOM, 100);

		assert_true(turn_allocation_wrap(&a, &p, &peer, now));
		last = now;
		pass(now + SECONDS(2));
		no_request();
		now = last + SECONDS(2);
	}
}

/* -- the end ------------------------------------------------------------- */

static void stopped_it_is_given_back(void **state)
{
	uint32_t lifetime = 1;

	(void)state;
	play_until_permitted(true);
	turn_allocation_stop(&a, now);
	assert_int_equal(a.state, TURN_CLOSING);
	assert_false(turn_allocation_permits(&a, &peer, now));
	assert_false(turn_allocation_want(&a, &peer, false, now));
	next_request();
	assert_int_equal(request.method, STUN_REFRESH);
	assert_true(stun_get_u32(&request, ATTR_LIFETIME, &lifetime));
	assert_int_equal(lifetime, 0);
	assert_int_equal(demand(438, "nonce 2"), TURN_HANDLED);
	next_request();
	assert_true(stun_get_u32(&request, ATTR_LIFETIME, &lifetime));
	assert_int_equal(lifetime, 0);
	assert_int_equal(grant_for(0), TURN_HANDLED);
	no_request();
	assert_int_equal(a.state, TURN_OFF);
	assert_int_equal(a.failure.kind, TURN_NO_FAILURE);
	assert_int_equal(ends, 1);
	assert_int_equal(turn_allocation_due(&a), NEVER);
}

static void whatever_the_server_says_to_that_it_is_off(void **state)
{
	static const unsigned codes[] = {400, 437, 441, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		play_with_lifetime(600);
		turn_allocation_stop(&a, now);
		next_request();
		assert_int_equal(refuse(codes[i]), TURN_HANDLED);
		assert_int_equal(a.state, TURN_OFF);
	}
}

static void nobody_waits_longer_than_1_5_s_for_that(void **state)
{
	msec begin;
	unsigned n = 0;

	(void)state;
	play_with_lifetime(600);
	turn_allocation_stop(&a, now);
	for (begin = now; a.state == TURN_CLOSING; pass(NEVER))
		n += poll_request();
	assert_int_equal(n, 2);
	assert_int_equal(now - begin, 1500);
	no_request();
	assert_int_equal(ends, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_refreshed_in_time),
		cmocka_unit_test(a_refresh_counts_from_when_it_was_asked_for),
		cmocka_unit_test(a_lifetime_of_a_second_is_lost_and_not_asked_for_again),
		cmocka_unit_test(a_stale_nonce_costs_a_round_trip_and_nothing_else),
		cmocka_unit_test(who_is_in_doubt_asks_and_believes_the_answer_or_the_silence),
		cmocka_unit_test(other_errors_are_asked_about_again_as_long_as_there_is_time),
		cmocka_unit_test(so_are_answers_that_make_no_sense),
		cmocka_unit_test(without_an_answer_it_ends_when_its_time_is_over),
		cmocka_unit_test(a_server_that_has_forgotten_it_says_so),
		cmocka_unit_test(another_user_or_none_is_the_end),
		cmocka_unit_test(when_nothing_is_sent_nats_are_kept_open),
		cmocka_unit_test(what_is_sent_keeps_them_open_as_well),
		cmocka_unit_test(stopped_it_is_given_back),
		cmocka_unit_test(whatever_the_server_says_to_that_it_is_off),
		cmocka_unit_test(nobody_waits_longer_than_1_5_s_for_that),
	};

	return cmocka_run_group_tests(tests, played_ready, NULL);
}
