/* timers_test.c -- each timer: what arms it, what stops it, when it fires. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wg/timers.h"

enum { START = 5000 };

static struct rng rng;

static int seed_rng(void **state)
{
	(void)state;
	rng_seed(&rng, 42);
	return 0;
}

static struct timers fresh(uint32_t persistent_interval)
{
	struct timers t;

	timers_init(&t, persistent_interval);
	return t;
}

static void assert_between(msec value, msec low, msec high)
{
	assert_true(value >= low);
	assert_true(value <= high);
}

static void nothing_is_due_at_first(void **state)
{
	struct timers t = fresh(25000);

	(void)state;
	assert_true(timers_due(&t) == NEVER);
	assert_int_equal(timers_fire(&t, SECONDS(1000000)), 0);
}

/* -- retransmit ---------------------------------------------------------- */

static void an_initiation_is_repeated_5_s_and_up_to_333_ms_later(void **state)
{
	msec least = SECONDS(100), most = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct timers t = fresh(0);

		timers_handshake_initiated(&t, &rng, START);
		least = msec_min(least, timers_due(&t) - START);
		most = -msec_min(-most, -(timers_due(&t) - START));
		assert_int_equal(timers_fire(&t, timers_due(&t) - 1), 0);
		assert_int_equal(timers_fire(&t, timers_due(&t)), TIMER_RETRANSMIT);
		assert_true(timers_due(&t) == NEVER);
	}
	assert_int_equal(least, REKEY_TIMEOUT);
	assert_int_equal(most, REKEY_TIMEOUT + REKEY_JITTER - 1);
}

/* Initiates until it gives up; returns how many initiations that were. */
static unsigned initiate_in_vain(struct timers *t, msec *now)
{
	for (unsigned sent = 1;; sent++) {
		unsigned fired;

		timers_handshake_initiated(t, &rng, *now);
		*now = t->retransmit;
		fired = timers_fire(t, *now);
		if (fired & TIMER_GIVE_UP)
			return sent;
		assert_true(fired & TIMER_RETRANSMIT);
	}
}

static void gives_up_after_90_s_and_18_initiations(void **state)
{
	struct timers t = fresh(0);
	msec now = START;

	(void)state;
	assert_int_equal(REKEY_ATTEMPTS_MAX * 5 * 1000, REKEY_ATTEMPT_TIME);
	assert_int_equal(initiate_in_vain(&t, &now), REKEY_ATTEMPTS_MAX);
	assert_between(now - START, REKEY_ATTEMPTS_MAX * REKEY_TIMEOUT,
		       REKEY_ATTEMPTS_MAX * (REKEY_TIMEOUT + REKEY_JITTER - 1));
	assert_true(t.retransmit == NEVER);
}

static void giving_up_stops_keepalives_and_lets_the_keys_end(void **state)
{
	struct timers t = fresh(0);
	msec now = START;

	(void)state;
	for (unsigned i = 0; i < REKEY_ATTEMPTS_MAX; i++)
		timers_handshake_initiated(&t, &rng, now);
	now = t.retransmit;
	timers_data_received(&t, now);
	timers_data_received(&t, now);
	assert_int_equal(timers_fire(&t, now), TIMER_GIVE_UP);
	assert_true(t.keepalive == NEVER);
	assert_false(t.need_another_keepalive);
	assert_int_equal(timers_due(&t), now + 3 * REJECT_AFTER_TIME);
}

static void giving_up_does_not_prolong_the_life_of_keys(void **state)
{
	struct timers t = fresh(0);
	msec now = START;

	(void)state;
	timers_session_derived(&t, now);
	initiate_in_vain(&t, &now);
	assert_int_equal(t.zero_keys, START + 3 * REJECT_AFTER_TIME);
}

static void a_new_wish_gets_all_its_attempts(void **state)
{
	struct timers t = fresh(0);
	msec now = START;

	(void)state;
	initiate_in_vain(&t, &now);
	timers_handshake_wanted(&t);
	assert_int_equal(initiate_in_vain(&t, &now), REKEY_ATTEMPTS_MAX);
}

static void a_postponed_initiation_waits_from_the_last_message_on(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_handshake_postponed(&t, &rng, START);
	assert_between(timers_due(&t), START + REKEY_TIMEOUT,
		       START + REKEY_TIMEOUT + POSTPONE_JITTER - 1);
	assert_int_equal(t.attempts, 0);
	assert_int_equal(timers_fire(&t, timers_due(&t)), TIMER_RETRANSMIT);
}

static void postponing_does_not_move_a_timer_that_runs(void **state)
{
	struct timers t = fresh(0);
	msec due;

	(void)state;
	timers_handshake_initiated(&t, &rng, START);
	due = timers_due(&t);
	timers_handshake_postponed(&t, &rng, START + 2000);
	assert_int_equal(timers_due(&t), due);
}

static void a_completed_handshake_is_not_repeated(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_handshake_initiated(&t, &rng, START);
	timers_handshake_complete(&t);
	assert_true(timers_due(&t) == NEVER);
	assert_int_equal(t.attempts, 0);
}

/* -- keepalive ----------------------------------------------------------- */

static void received_data_is_answered_10_s_later(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_data_received(&t, START);
	assert_int_equal(timers_due(&t), START + KEEPALIVE_TIMEOUT);
	assert_int_equal(timers_fire(&t, START + KEEPALIVE_TIMEOUT - 1), 0);
	assert_int_equal(timers_fire(&t, START + KEEPALIVE_TIMEOUT), TIMER_KEEPALIVE);
	timers_any_authenticated_sent(&t);
	timers_keepalive_sent(&t, START + KEEPALIVE_TIMEOUT);
	assert_true(timers_due(&t) == NEVER);
}

static void whatever_is_sent_answers_received_data(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_data_received(&t, START);
	timers_any_authenticated_sent(&t);
	assert_true(timers_due(&t) == NEVER);
}

static void more_data_gets_a_second_keepalive_and_no_third(void **state)
{
	struct timers t = fresh(0);
	msec first = START + KEEPALIVE_TIMEOUT, second = first + KEEPALIVE_TIMEOUT;

	(void)state;
	timers_data_received(&t, START);
	timers_data_received(&t, START + 1);
	timers_data_received(&t, START + 2);
	assert_int_equal(timers_fire(&t, first), TIMER_KEEPALIVE);
	timers_any_authenticated_sent(&t);
	timers_keepalive_sent(&t, first);
	assert_int_equal(timers_due(&t), second);
	assert_int_equal(timers_fire(&t, second), TIMER_KEEPALIVE);
	timers_any_authenticated_sent(&t);
	timers_keepalive_sent(&t, second);
	assert_true(timers_due(&t) == NEVER);
}

static void data_that_is_sent_makes_a_second_keepalive_needless(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_data_received(&t, START);
	timers_data_received(&t, START);
	timers_any_authenticated_sent(&t);
	timers_data_sent(&t, &rng, START);
	timers_any_authenticated_received(&t);
	timers_keepalive_sent(&t, START);
	assert_true(timers_due(&t) == NEVER);
}

/* -- new handshake ------------------------------------------------------- */

static void data_without_any_answer_starts_over_after_15_s(void **state)
{
	struct timers t = fresh(0);
	msec least = START + KEEPALIVE_TIMEOUT + REKEY_TIMEOUT;
	msec due;

	(void)state;
	timers_data_sent(&t, &rng, START);
	due = timers_due(&t);
	assert_between(due, least, least + REKEY_JITTER - 1);
	timers_data_sent(&t, &rng, START + 9000);
	assert_int_equal(timers_due(&t), due);	/* counts from the first unanswered one */
	assert_int_equal(timers_fire(&t, due), TIMER_NEW_HANDSHAKE);
	assert_true(timers_due(&t) == NEVER);
}

static void any_answer_keeps_the_handshake(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_data_sent(&t, &rng, START);
	timers_any_authenticated_received(&t);
	assert_true(timers_due(&t) == NEVER);
}

/* -- zero keys ----------------------------------------------------------- */

static void keys_are_wiped_540_s_after_the_last_were_derived(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_session_derived(&t, START);
	timers_session_derived(&t, START + 7);
	assert_int_equal(timers_due(&t), START + 7 + 3 * REJECT_AFTER_TIME);
	assert_int_equal(timers_fire(&t, START + 3 * REJECT_AFTER_TIME), 0);
	assert_int_equal(timers_fire(&t, START + 7 + 3 * REJECT_AFTER_TIME), TIMER_ZERO_KEYS);
}

/* -- persistent ---------------------------------------------------------- */

static void a_silent_persistent_peer_hears_us_each_interval(void **state)
{
	struct timers t = fresh(25000);
	msec now = START;
	int fired = 0;

	(void)state;
	timers_any_authenticated_traversal(&t, now);
	while (now < START + SECONDS(3600)) {
		now = timers_due(&t);
		assert_int_equal(timers_fire(&t, now), TIMER_PERSISTENT);
		fired++;
	}
	assert_int_equal(fired, 3600 / 25);
}

static void traffic_puts_off_the_persistent_keepalive(void **state)
{
	struct timers t = fresh(25000);

	(void)state;
	timers_any_authenticated_traversal(&t, START);
	timers_any_authenticated_traversal(&t, START + 20000);
	assert_int_equal(timers_due(&t), START + 45000);
}

static void without_an_interval_traffic_arms_nothing(void **state)
{
	struct timers t = fresh(0);

	(void)state;
	timers_any_authenticated_traversal(&t, START);
	assert_true(timers_due(&t) == NEVER);
}

static void the_interval_can_change_and_end(void **state)
{
	struct timers t = fresh(25000);

	(void)state;
	timers_any_authenticated_traversal(&t, START);
	timers_set_persistent(&t, 10000, START + 100);
	assert_int_equal(timers_due(&t), START + 10100);
	timers_set_persistent(&t, 0, START + 200);
	assert_true(timers_due(&t) == NEVER);
}

/* -- all of them --------------------------------------------------------- */

static struct timers all_armed(void)
{
	struct timers t = fresh(25000);

	timers_handshake_initiated(&t, &rng, START);
	timers_data_received(&t, START);
	timers_data_sent(&t, &rng, START);
	timers_session_derived(&t, START);
	timers_any_authenticated_traversal(&t, START);
	return t;
}

static void the_due_time_is_that_of_the_next_to_fire(void **state)
{
	const unsigned order[] = {TIMER_RETRANSMIT, TIMER_KEEPALIVE, TIMER_NEW_HANDSHAKE};
	struct timers t = all_armed();

	(void)state;
	t.persistent = NEVER;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(timers_fire(&t, timers_due(&t)), order[i]);
	assert_int_equal(timers_fire(&t, timers_due(&t)), TIMER_ZERO_KEYS);
	assert_true(timers_due(&t) == NEVER);
}

static void all_that_is_due_fires_after_a_long_sleep(void **state)
{
	struct timers t = all_armed();

	(void)state;
	assert_int_equal(timers_fire(&t, START + SECONDS(8 * 3600)),
			 TIMER_RETRANSMIT | TIMER_KEEPALIVE | TIMER_NEW_HANDSHAKE |
				 TIMER_ZERO_KEYS | TIMER_PERSISTENT);
}

static void stopped_timers_do_not_fire(void **state)
{
	struct timers t = all_armed();

	(void)state;
	timers_stop(&t);
	assert_true(timers_due(&t) == NEVER);
	assert_int_equal(timers_fire(&t, START + SECONDS(100000)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_at_first),
		cmocka_unit_test(an_initiation_is_repeated_5_s_and_up_to_333_ms_later),
		cmocka_unit_test(gives_up_after_90_s_and_18_initiations),
		cmocka_unit_test(giving_up_stops_keepalives_and_lets_the_keys_end),
		cmocka_unit_test(giving_up_does_not_prolong_the_life_of_keys),
		cmocka_unit_test(a_new_wish_gets_all_its_attempts),
		cmocka_unit_test(a_postponed_initiation_waits_from_the_last_message_on),
		cmocka_unit_test(postponing_does_not_move_a_timer_that_runs),
		cmocka_unit_test(a_completed_handshake_is_not_repeated),
		cmocka_unit_test(received_data_is_answered_10_s_later),
		cmocka_unit_test(whatever_is_sent_answers_received_data),
		cmocka_unit_test(more_data_gets_a_second_keepalive_and_no_third),
		cmocka_unit_test(data_that_is_sent_makes_a_second_keepalive_needless),
		cmocka_unit_test(data_without_any_answer_starts_over_after_15_s),
		cmocka_unit_test(any_answer_keeps_the_handshake),
		cmocka_unit_test(keys_are_wiped_540_s_after_the_last_were_derived),
		cmocka_unit_test(a_silent_persistent_peer_hears_us_each_interval),
		cmocka_unit_test(traffic_puts_off_the_persistent_keepalive),
		cmocka_unit_test(without_an_interval_traffic_arms_nothing),
		cmocka_unit_test(the_interval_can_change_and_end),
		cmocka_unit_test(the_due_time_is_that_of_the_next_to_fire),
		cmocka_unit_test(all_that_is_due_fires_after_a_long_sleep),
		cmocka_unit_test(stopped_timers_do_not_fire),
	};

	return cmocka_run_group_tests(tests, seed_rng, NULL);
}
