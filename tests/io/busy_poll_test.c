/* busy_poll_test.c -- for whom the loop stays awake, how long, and for whom it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/busy_poll.h"

enum { PAUSE = 1000000 };

static struct busy_poll p;
static usec now;

static int set_up(void **state)
{
	(void)state;
	busy_poll_init(&p, 2);
	now = 1000000;
	return 0;
}

/* A packet leaves after a pause, and the answer is there after `gap`. */
static void exchange(usec gap)
{
	now += PAUSE;
	busy_poll_sent(&p, 1, now);
	now += gap;
	busy_poll_received(&p, 1, now);
}

static void learns(usec gap)
{
	for (int i = 0; i < BUSY_POLL_ANSWERS; i++)
		exchange(gap);
}

/* Whether there is one when a packet leaves now. */
static bool polls(void)
{
	now += PAUSE;
	busy_poll_sent(&p, 1, now);
	return busy_poll_is_on(&p);
}

/* How long it is on if nothing comes. */
static usec ends_after(void)
{
	usec begin = now;

	while (busy_poll_goes_on(&p, now))
		now++;
	return now - begin;
}

static void begins_after_four_that_came_soon(void **state)
{
	(void)state;
	for (int i = 0; i < BUSY_POLL_ANSWERS; i++) {
		assert_false(polls());
		assert_false(busy_poll_goes_on(&p, now));
		now += 90;
		busy_poll_received(&p, 1, now);
	}
	assert_true(polls());
	assert_true(busy_poll_goes_on(&p, now));
	assert_int_equal(p.begun, 1);
}

static void ends_when_the_answer_comes(void **state)
{
	(void)state;
	learns(90);
	assert_true(polls());
	now += 90;
	assert_true(busy_poll_goes_on(&p, now));
	busy_poll_received(&p, 1, now);
	assert_false(busy_poll_is_on(&p));
	assert_false(busy_poll_goes_on(&p, now));
	assert_int_equal(p.in_vain, 0);
	assert_true(polls());
}

static void lasts_twice_what_answers_take(void **state)
{
	static const struct {
		usec gap, wanted;
	} cases[] = {{0, 50}, {1, 52}, {60, 170}, {125, 300}, {126, BUSY_POLL_MAX}, {BUSY_POLL_SOON, BUSY_POLL_MAX}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(state);
		learns(cases[i].gap);
		assert_true(polls());
		assert_int_equal(ends_after(), cases[i].wanted);
	}
}

static void follows_answers_that_take_longer_than_they_did(void **state)
{
	usec before, after;

	learns(20);
	assert_true(polls());
	before = ends_after();
	set_up(state);
	learns(20);
	for (int i = 0; i < 20; i++)
		exchange(80);
	assert_true(polls());
	after = ends_after();
	assert_int_equal(before, 90);
	assert_in_range(after, 200, 210);
}

static void in_vain_once_ends_it_until_it_is_learnt_anew(void **state)
{
	(void)state;
	learns(90);
	assert_true(polls());
	ends_after();
	assert_int_equal(p.in_vain, 1);
	for (int i = 0; i < 100; i++)
		assert_false(polls());
	assert_int_equal(p.begun, 1);
	busy_poll_received(&p, 1, now + 90);	/* the first of them again */
	for (int i = 1; i < BUSY_POLL_ANSWERS; i++) {
		assert_false(busy_poll_is_on(&p));
		exchange(90);
	}
	assert_true(polls());
}

static void given_up_it_was_in_vain(void **state)
{
	(void)state;
	busy_poll_give_up(&p);
	assert_int_equal(p.in_vain, 0);
	learns(90);
	assert_true(polls());
	busy_poll_give_up(&p);
	busy_poll_give_up(&p);
	assert_false(busy_poll_is_on(&p));
	assert_int_equal(p.in_vain, 1);
	assert_false(polls());
}

static void one_from_afar_ends_it(void **state)
{
	(void)state;
	learns(90);
	exchange(BUSY_POLL_SOON + 1);
	assert_false(polls());
}

static void is_never_on_for_one_who_is_far(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		exchange(BUSY_POLL_SOON + 1);
	assert_false(polls());
	assert_int_equal(p.begun, 0);
}

static void is_never_on_at_one_who_only_answers(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		now += PAUSE;
		busy_poll_received(&p, 1, now);
		busy_poll_sent(&p, 1, now + 30);
		assert_false(busy_poll_is_on(&p));
	}
}

static void is_never_on_in_a_stream(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		busy_poll_sent(&p, 1, now += 50);
		busy_poll_sent(&p, 1, now += 50);
		assert_false(busy_poll_is_on(&p));
		busy_poll_received(&p, 1, now += 50);
	}
	for (int i = 0; i < 1000; i++) {
		busy_poll_received(&p, 1, now += 50);
		busy_poll_received(&p, 1, now += 50);
		busy_poll_sent(&p, 1, now += 50);
		assert_false(busy_poll_is_on(&p));
	}
}

static void is_never_on_among_bursts(void **state)
{
	(void)state;
	learns(90);
	busy_poll_sent(&p, 2, now += 50);
	assert_false(busy_poll_is_on(&p));
	busy_poll_received(&p, 1, now += 50);
	assert_false(polls());
	busy_poll_received(&p, 1, now += 50);
	learns(90);
	busy_poll_sent(&p, 1, now += 50);
	busy_poll_received(&p, 2, now += 50);
	assert_false(polls());
}

static void what_moved_nothing_changes_nothing(void **state)
{
	(void)state;
	learns(90);
	busy_poll_sent(&p, 0, now);
	assert_false(busy_poll_is_on(&p));
	assert_true(polls());
	busy_poll_received(&p, 0, now);
	assert_true(busy_poll_goes_on(&p, now));
}

static void is_never_on_with_one_core(void **state)
{
	(void)state;
	busy_poll_init(&p, 1);
	learns(90);
	assert_false(polls());
	assert_int_equal(p.begun, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begins_after_four_that_came_soon, set_up),
		cmocka_unit_test_setup(ends_when_the_answer_comes, set_up),
		cmocka_unit_test_setup(lasts_twice_what_answers_take, set_up),
		cmocka_unit_test_setup(follows_answers_that_take_longer_than_they_did, set_up),
		cmocka_unit_test_setup(in_vain_once_ends_it_until_it_is_learnt_anew, set_up),
		cmocka_unit_test_setup(given_up_it_was_in_vain, set_up),
		cmocka_unit_test_setup(one_from_afar_ends_it, set_up),
		cmocka_unit_test_setup(is_never_on_for_one_who_is_far, set_up),
		cmocka_unit_test_setup(is_never_on_at_one_who_only_answers, set_up),
		cmocka_unit_test_setup(is_never_on_in_a_stream, set_up),
		cmocka_unit_test_setup(is_never_on_among_bursts, set_up),
		cmocka_unit_test_setup(what_moved_nothing_changes_nothing, set_up),
		cmocka_unit_test_setup(is_never_on_with_one_core, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
