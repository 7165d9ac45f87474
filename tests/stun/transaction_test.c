/* transaction_test.c -- when a request is sent again, and what answers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stun/transaction.h"

enum { START = 1000 };

static struct rng rng;
static struct endpoint server, stranger;

static int ready(void **state)
{
	(void)state;
	rng_seed(&rng, 1);
	return endpoint_parse(&server, "192.0.2.1:3478") &&
	       endpoint_parse(&stranger, "192.0.2.1:3479") ? 0 : -1;
}

static void start(struct transaction *t, const struct transaction_timing *timing)
{
	transaction_start(t, STUN_BINDING, &server, timing, &rng, START);
	transaction_tick(t, START);
}

static struct stun_msg answer_to(const struct transaction *t, enum stun_class class)
{
	struct stun_msg msg = {.class = class, .method = t->method};

	memcpy(msg.id, t->id, STUN_ID_LEN);
	return msg;
}

/* RFC 8489 section 6.2.1: the example with the default values. */
static void sends_seven_times_and_gives_up_after_39_5_s(void **state)
{
	static const msec times[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct transaction t;
	uint8_t id[STUN_ID_LEN];
	msec now = START;

	(void)state;
	start(&t, &transaction_udp);
	memcpy(id, t.id, sizeof(id));
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(now - START, times[i]);
		assert_true(transaction_poll(&t));
		assert_false(transaction_poll(&t));
		now = transaction_due(&t);
		transaction_tick(&t, now - 1);
		assert_false(transaction_poll(&t));
		assert_int_equal(t.state, TRANSACTION_WAITING);
		transaction_tick(&t, now);
	}
	assert_int_equal(t.state, TRANSACTION_FAILED);
	assert_int_equal(now - START, 39500);
	assert_true(transaction_due(&t) == NEVER);
	assert_false(transaction_poll(&t));
	assert_memory_equal(id, t.id, sizeof(id));
	transaction_tick(&t, now + 1000);
	assert_false(transaction_poll(&t));
}

static void over_tcp_it_sends_once_and_waits_as_long(void **state)
{
	struct transaction t;

	(void)state;
	start(&t, &transaction_reliable);
	assert_true(transaction_poll(&t));
	assert_int_equal(transaction_due(&t), START + 39500);
	transaction_tick(&t, START + 39500);
	assert_int_equal(t.state, TRANSACTION_FAILED);
}

static void the_rto_sends_and_last_wait_are_its_owners(void **state)
{
	static const struct transaction_timing probing = {.rto = 200, .sends = 3, .last_wait = 4};
	struct transaction t;
	msec now;
	int sent = 0;

	(void)state;
	start(&t, &probing);
	for (now = START; transaction_due(&t) != NEVER; transaction_tick(&t, now)) {
		sent += transaction_poll(&t);
		now = transaction_due(&t);
	}
	assert_int_equal(sent, 3);
	assert_int_equal(now - START, 200 + 400 + 800);
}

static void a_start_that_lies_ahead_is_waited_for(void **state)
{
	struct transaction t;

	(void)state;
	transaction_start(&t, STUN_BINDING, &server, &transaction_udp, &rng, START);
	assert_int_equal(transaction_due(&t), START);
	transaction_tick(&t, START - 1);
	assert_false(transaction_poll(&t));
	transaction_tick(&t, START);
	assert_true(transaction_poll(&t));
	assert_int_equal(transaction_answer(&t, START + 30), 30);
}

static void idle_memory_owes_nothing(void **state)
{
	struct transaction t = {0};
	struct stun_msg msg = {.class = STUN_SUCCESS};

	(void)state;
	assert_true(transaction_due(&t) == NEVER);
	transaction_tick(&t, START);
	assert_false(transaction_poll(&t));
	assert_false(transaction_matches(&t, &t.from, &msg));
	transaction_hush(&t, START);
	assert_true(transaction_due(&t) == NEVER);
}

static void only_its_own_answer_matches(void **state)
{
	struct transaction t;
	struct stun_msg msg;

	(void)state;
	start(&t, &transaction_udp);
	msg = answer_to(&t, STUN_SUCCESS);
	assert_true(transaction_matches(&t, &server, &msg));
	assert_false(transaction_matches(&t, &stranger, &msg));
	msg.id[11] ^= 1;
	assert_false(transaction_matches(&t, &server, &msg));
	msg = answer_to(&t, STUN_ERROR);
	assert_true(transaction_matches(&t, &server, &msg));
	msg.method = STUN_ALLOCATE;
	assert_false(transaction_matches(&t, &server, &msg));
	msg = answer_to(&t, STUN_REQUEST);
	assert_false(transaction_matches(&t, &server, &msg));
}

static void an_answer_ends_it(void **state)
{
	struct transaction t;
	struct stun_msg msg;

	(void)state;
	start(&t, &transaction_udp);
	msg = answer_to(&t, STUN_SUCCESS);
	transaction_answer(&t, START + 20);
	assert_int_equal(t.state, TRANSACTION_ANSWERED);
	assert_true(transaction_due(&t) == NEVER);
	assert_false(transaction_poll(&t));		/* not even the one owed */
	assert_false(transaction_matches(&t, &server, &msg));
	transaction_tick(&t, START + 60000);
	assert_int_equal(t.state, TRANSACTION_ANSWERED);
}

static void a_failed_one_is_not_answered_any_more(void **state)
{
	struct transaction t;
	struct stun_msg msg;

	(void)state;
	start(&t, &transaction_reliable);
	msg = answer_to(&t, STUN_SUCCESS);
	transaction_tick(&t, START + 39500);
	assert_false(transaction_matches(&t, &server, &msg));
}

/* Karn: with two requests on the way, nobody knows which one it answers. */
static void a_round_trip_is_measured_only_without_a_retransmission(void **state)
{
	struct transaction t;

	(void)state;
	start(&t, &transaction_udp);
	assert_int_equal(transaction_answer(&t, START + 499), 499);
	start(&t, &transaction_udp);
	transaction_tick(&t, START + 500);
	assert_int_equal(transaction_answer(&t, START + 501), -1);
}

static void ids_are_drawn_anew(void **state)
{
	struct transaction a, b;

	(void)state;
	start(&a, &transaction_udp);
	start(&b, &transaction_udp);
	assert_memory_not_equal(a.id, b.id, STUN_ID_LEN);
}

/* RFC 8445 section 7.3.1.4: a triggered check cancels the one in progress. */
static void a_hushed_one_sends_no_more_but_still_takes_its_answer(void **state)
{
	struct transaction t;
	struct stun_msg msg;

	(void)state;
	start(&t, &transaction_udp);
	assert_true(transaction_poll(&t));
	transaction_tick(&t, START + 500);
	transaction_hush(&t, START + 600);
	assert_false(transaction_poll(&t));
	msg = answer_to(&t, STUN_SUCCESS);
	assert_true(transaction_matches(&t, &server, &msg));
	assert_int_equal(transaction_due(&t), START + 600 + 8000);
	transaction_tick(&t, START + 8600);
	assert_int_equal(t.state, TRANSACTION_FAILED);
	assert_false(transaction_poll(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_seven_times_and_gives_up_after_39_5_s),
		cmocka_unit_test(over_tcp_it_sends_once_and_waits_as_long),
		cmocka_unit_test(the_rto_sends_and_last_wait_are_its_owners),
		cmocka_unit_test(a_start_that_lies_ahead_is_waited_for),
		cmocka_unit_test(idle_memory_owes_nothing),
		cmocka_unit_test(only_its_own_answer_matches),
		cmocka_unit_test(an_answer_ends_it),
		cmocka_unit_test(a_failed_one_is_not_answered_any_more),
		cmocka_unit_test(a_round_trip_is_measured_only_without_a_retransmission),
		cmocka_unit_test(ids_are_drawn_anew),
		cmocka_unit_test(a_hushed_one_sends_no_more_but_still_takes_its_answer),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
