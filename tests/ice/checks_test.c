/* checks_test.c -- requests that are out and may still be answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ice/checks.h"

static struct checks checks;
static struct checklist list;
static struct rng rng;

static int begin(void **state)
{
	(void)state;
	memset(&checks, 0, sizeof(checks));
	checklist_init(&list, true);
	rng_seed(&rng, 1);
	for (unsigned i = 0; i < PAIRS_MAX; i++)
		list.pairs[i] = (struct pair){.state = PAIR_WAITING, .serial = (uint16_t)(i + 1)};
	return 0;
}

static struct check *start(uint8_t pair, enum check_kind kind, int32_t wait, msec now)
{
	return checks_start(&checks, &list, pair, kind, wait, &rng, now);
}

static void a_connect_check_is_sent_as_stun_wants_it(void **state)
{
	static const msec sends[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct check *c = start(0, CHECK_CONNECT, CHECK_RTO, 0);
	uint8_t id[STUN_ID_LEN];

	(void)state;
	memcpy(id, c->id, sizeof(id));
	for (size_t i = 1; i < sizeof(sends) / sizeof(*sends); i++) {
		assert_false(check_is_spent(c));
		assert_ptr_equal(checks_first(&checks, false), c);
		assert_int_equal(c->due, sends[i]);
		check_sent_again(c, c->due);
	}
	assert_true(check_is_spent(c));
	assert_ptr_equal(checks_first(&checks, true), c);
	assert_null(checks_first(&checks, false));
	assert_int_equal(c->due, 39500);
	assert_memory_equal(c->id, id, sizeof(id));
}

static void a_question_is_sent_once(void **state)
{
	struct check *c = start(0, CHECK_PROBE, 500, 100);

	(void)state;
	assert_true(check_is_spent(c));
	assert_int_equal(c->due, 600);
	c = start(1, CHECK_CONSENT, 1000, 100);
	assert_true(check_is_spent(c));
	assert_int_equal(c->due, 1100);
}

static void a_round_trip_is_measured_only_if_it_is_certain(void **state)
{
	struct check *c = start(0, CHECK_CONNECT, CHECK_RTO, 100);

	(void)state;
	assert_int_equal(check_rtt(c, 170), 70);
	check_sent_again(c, 600);
	assert_int_equal(check_rtt(c, 670), -1);
}

static void ids_are_never_the_same(void **state)
{
	struct check *a = start(0, CHECK_CONNECT, 500, 0), *b = start(1, CHECK_CONNECT, 500, 0);

	(void)state;
	assert_memory_not_equal(a->id, b->id, STUN_ID_LEN);
	assert_ptr_equal(checks_find(&checks, a->id, 0), a);
	assert_ptr_equal(checks_find(&checks, b->id, 0), b);
}

static void a_second_check_on_a_pair_makes_the_first_late(void **state)
{
	struct check *a = start(3, CHECK_CONNECT, 500, 0), *b = start(3, CHECK_CONNECT, 500, 50);

	(void)state;
	assert_int_equal(a->state, CHECK_LATE);
	assert_ptr_equal(checks_live(&checks, 3), b);
	assert_ptr_equal(checks_find(&checks, a->id, 60), a);
	assert_ptr_equal(checks_first(&checks, false), b);
}

static void a_late_answer_is_taken_for_40_s(void **state)
{
	struct check *c = start(3, CHECK_CONNECT, 500, 0);

	(void)state;
	check_hush(c);
	assert_ptr_equal(checks_find(&checks, c->id, CHECK_TOO_LATE - 1), c);
	assert_null(checks_find(&checks, c->id, CHECK_TOO_LATE));
}

static void the_oldest_late_one_makes_room(void **state)
{
	uint8_t first[STUN_ID_LEN], second[STUN_ID_LEN];

	(void)state;
	memcpy(first, start(0, CHECK_CONNECT, 500, 0)->id, sizeof(first));
	memcpy(second, start(0, CHECK_CONNECT, 500, 1)->id, sizeof(second));
	for (unsigned i = 2; i < CHECKS_MAX; i++)
		start(0, CHECK_CONNECT, 500, i);
	assert_non_null(checks_find(&checks, first, 100));
	start(0, CHECK_CONNECT, 500, 100);
	assert_null(checks_find(&checks, first, 100));
	assert_non_null(checks_find(&checks, second, 100));
}

static void with_a_live_check_on_every_pair_there_is_still_room(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (uint8_t i = 0; i < PAIRS_MAX; i++)
			start(i, CHECK_CONNECT, 500, round * 100 + i);
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		assert_int_equal(checks_live(&checks, i)->first_sent, 200 + i);
}

static void checks_go_with_their_pair(void **state)
{
	struct check *gone = start(0, CHECK_CONNECT, 500, 0);
	struct check *anew = start(1, CHECK_CONNECT, 500, 0);
	struct check *kept = start(2, CHECK_CONNECT, 500, 0);

	(void)state;
	list.pairs[0] = (struct pair){0};
	list.pairs[1].serial = 99;		/* the slot has another pair now */
	checks_sweep(&checks, &list);
	assert_int_equal(gone->state, CHECK_NONE);
	assert_int_equal(anew->state, CHECK_NONE);
	assert_int_equal(kept->state, CHECK_LIVE);
}

static void the_one_due_first_comes_first(void **state)
{
	struct check *slow = start(0, CHECK_CONNECT, 900, 0);
	struct check *quick = start(1, CHECK_CONNECT, 500, 100);

	(void)state;
	assert_ptr_equal(checks_first(&checks, false), quick);
	check_sent_again(quick, 600);
	assert_ptr_equal(checks_first(&checks, false), slow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_connect_check_is_sent_as_stun_wants_it, begin),
		cmocka_unit_test_setup(a_question_is_sent_once, begin),
		cmocka_unit_test_setup(a_round_trip_is_measured_only_if_it_is_certain, begin),
		cmocka_unit_test_setup(ids_are_never_the_same, begin),
		cmocka_unit_test_setup(a_second_check_on_a_pair_makes_the_first_late, begin),
		cmocka_unit_test_setup(a_late_answer_is_taken_for_40_s, begin),
		cmocka_unit_test_setup(the_oldest_late_one_makes_room, begin),
		cmocka_unit_test_setup(with_a_live_check_on_every_pair_there_is_still_room, begin),
		cmocka_unit_test_setup(checks_go_with_their_pair, begin),
		cmocka_unit_test_setup(the_one_due_first_comes_first, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
