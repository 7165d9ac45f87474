/* reflexive_test.c -- each base asks each server, and each question ends once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ice/reflexive.h"
#include "stun/responder.h"

static const struct endpoint server1 = {.ip = {IP_V4, {198, 51, 100, 1}}, .port = 3478};
static const struct endpoint server2 = {.ip = {IP_V4, {198, 51, 100, 2}}, .port = 3478};
static const struct endpoint server6 = {.ip = {IP_V6, {0x20, 0x01}}, .port = 3478};
static const struct endpoint seen_as = {.ip = {IP_V4, {203, 0, 113, 9}}, .port = 4242};
static const struct ice_base base1 = {.at = {.ip = {IP_V4, {10, 0, 0, 1}}, .port = 5000}};
static const struct ice_base base2 = {.at = {.ip = {IP_V4, {10, 0, 0, 2}}, .port = 5000}};

static struct rng rng;
static struct reflexive r;

static int begin(void **state)
{
	(void)state;
	rng_seed(&rng, 1);
	reflexive_init(&r, &rng);
	return 0;
}

struct sent {
	uint8_t data[BINDING_REQUEST_LEN];
	size_t len;
	struct ice_base base;
	struct endpoint to;
};

static bool next_request(struct sent *s)
{
	struct writer w = writer_over(s->data, sizeof(s->data));

	if (!reflexive_poll(&r, &w, &s->base, &s->to))
		return false;
	s->len = writer_bytes(&w).len;
	return true;
}

static bool answer(const struct sent *s, const struct endpoint *from, msec now)
{
	uint8_t data[RESPONDER_ANSWER_MAX];
	struct writer w = writer_over(data, sizeof(data));
	static struct responder responder;
	struct endpoint source;

	responder_init(&responder, 1);
	assert_true(responder_feed(&responder, now, &seen_as, &s->to, bytes_of(s->data, s->len), &w,
				   &source));
	return reflexive_feed(&r, from, writer_bytes(&w), now);
}

static void every_base_asks_every_server_5_ms_apart(void **state)
{
	static const struct ice_base *const bases[] = {&base1, &base2, &base1, &base2};
	static const struct endpoint *const servers[] = {&server1, &server1, &server2, &server2};
	struct sent s;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_true(reflexive_ask(&r, bases[i], servers[i], 1000));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(reflexive_due(&r), 1000 + 5 * (msec)i);
		reflexive_tick(&r, reflexive_due(&r));
		assert_true(next_request(&s));
		assert_true(base_equal(&s.base, bases[i]));
		assert_true(endpoint_equal(&s.to, servers[i]));
		assert_false(next_request(&s));
	}
}

static void a_server_of_the_other_family_is_not_asked(void **state)
{
	(void)state;
	assert_false(reflexive_ask(&r, &base1, &server6, 0));
	assert_int_equal(reflexive_due(&r), NEVER);
	assert_true(reflexive_is_over(&r));
}

static void there_is_room_for_40_questions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REFLEXIVE_MAX; i++)
		assert_true(reflexive_ask(&r, &base1, &server1, 0));
	assert_false(reflexive_ask(&r, &base1, &server1, 0));
}

static void an_answer_is_told_once_and_makes_a_candidate(void **state)
{
	struct reflexive_answer a;
	struct local_candidate c;
	struct sent s;

	(void)state;
	assert_true(reflexive_ask(&r, &base1, &server1, 0));
	reflexive_tick(&r, 0);
	assert_true(next_request(&s));
	assert_false(reflexive_next(&r, &a));
	assert_false(answer(&s, &server2, 20));		/* somebody else's */
	assert_true(answer(&s, &server1, 20));
	assert_false(reflexive_is_over(&r));
	assert_true(reflexive_next(&r, &a));
	assert_false(reflexive_next(&r, &a));
	assert_true(reflexive_is_over(&r));
	assert_int_equal(reflexive_due(&r), NEVER);
	assert_int_equal(a.result, BINDING_DONE);
	c = reflexive_candidate(&a);
	assert_int_equal(c.c.type, CANDIDATE_SRFLX);
	assert_true(endpoint_equal(&c.c.at, &seen_as));
	assert_true(endpoint_equal(&c.c.related, &base1.at));
	assert_true(base_equal(&c.base, &base1));
	assert_true(ip_equal(&c.server, &server1.ip));
}

static void silence_ends_after_4_sends_and_4500_ms(void **state)
{
	struct reflexive_answer a;
	struct sent s;
	unsigned sends = 0;
	msec now = 0;

	(void)state;
	assert_true(reflexive_ask(&r, &base1, &server1, 0));
	for (; reflexive_due(&r) != NEVER; now = reflexive_due(&r)) {
		reflexive_tick(&r, now);
		sends += next_request(&s);
		if (reflexive_next(&r, &a))
			break;
	}
	assert_int_equal(now, 4500);
	assert_int_equal(sends, 4);
	assert_int_equal(a.result, BINDING_TIMEOUT);
	assert_false(a.unreachable);
	assert_true(reflexive_is_over(&r));
}

static void what_cannot_be_sent_ends_at_once_and_the_others_go_on(void **state)
{
	struct reflexive_answer a;
	struct sent s;

	(void)state;
	assert_true(reflexive_ask(&r, &base1, &server1, 0));
	assert_true(reflexive_ask(&r, &base2, &server1, 0));
	reflexive_tick(&r, 5);
	assert_true(next_request(&s));
	reflexive_give_up(&r, &s.base, &s.to);
	assert_true(reflexive_next(&r, &a));
	assert_true(a.unreachable);
	assert_true(base_equal(&a.base, &base1));
	assert_false(reflexive_is_over(&r));
	assert_true(next_request(&s));
	assert_true(base_equal(&s.base, &base2));
	assert_true(answer(&s, &server1, 5));
	assert_true(reflexive_next(&r, &a));
	assert_int_equal(a.result, BINDING_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_base_asks_every_server_5_ms_apart, begin),
		cmocka_unit_test_setup(a_server_of_the_other_family_is_not_asked, begin),
		cmocka_unit_test_setup(there_is_room_for_40_questions, begin),
		cmocka_unit_test_setup(an_answer_is_told_once_and_makes_a_candidate, begin),
		cmocka_unit_test_setup(silence_ends_after_4_sends_and_4500_ms, begin),
		cmocka_unit_test_setup(what_cannot_be_sent_ends_at_once_and_the_others_go_on,
				       begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
