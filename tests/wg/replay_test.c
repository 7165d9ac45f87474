/* replay_test.c -- the edges of the window, and the window against a long list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "wg/replay.h"

enum { EDGE = REPLAY_WINDOW + 1 };	/* one more than may be late */

struct step {
	uint64_t counter;
	bool fresh;
};

/* Every step asks twice before and once after: asking changes nothing. */
static void take(struct replay *r, uint64_t counter, bool fresh)
{
	assert_int_equal(replay_may_accept(r, counter), fresh);
	assert_int_equal(replay_may_accept(r, counter), fresh);
	assert_int_equal(replay_accept(r, counter), fresh);
	assert_false(replay_may_accept(r, counter));
}

static void walk(const struct step *steps, size_t n)
{
	struct replay r;

	replay_init(&r);
	for (size_t i = 0; i < n; i++)
		take(&r, steps[i].counter, steps[i].fresh);
}

#define WALK(...)                                                                \
	do {                                                                     \
		static const struct step steps[] = {__VA_ARGS__};                \
		walk(steps, sizeof(steps) / sizeof(*steps));                     \
	} while (0)

static void takes_each_counter_once_in_any_order(void **state)
{
	(void)state;
	WALK({0, true}, {1, true}, {1, false}, {0, false}, {9, true}, {8, true}, {7, true},
	     {7, false}, {9, false});
}

static void takes_what_is_late_by_the_window_and_nothing_later(void **state)
{
	(void)state;
	WALK({EDGE, true}, {EDGE - 1, true}, {EDGE - 1, false}, {EDGE - 2, true}, {2, true},
	     {2, false}, {1, true}, {0, false});
	WALK({EDGE + 16, true}, {16, false}, {17, true}, {17, false});
	WALK({EDGE * 4, true}, {EDGE * 4 - REPLAY_WINDOW, true}, {EDGE * 4 - EDGE, false},
	     {EDGE * 4 - EDGE - 1, false}, {10, false}, {0, false});
}

static void forgets_all_after_a_jump_past_the_window(void **state)
{
	(void)state;
	WALK({5, true}, {5 + REPLAY_BITS, true}, {5, false}, {6 + REPLAY_BITS - EDGE, true});
	WALK({5, true}, {UINT64_C(1) << 40, true}, {5, false}, {(UINT64_C(1) << 40) - 1, true},
	     {(UINT64_C(1) << 40) - REPLAY_WINDOW, true}, {(UINT64_C(1) << 40) - EDGE, false});
	/* the place in the ring where 5 was */
	WALK({5, true}, {3 * REPLAY_BITS + 100, true}, {3 * REPLAY_BITS + 5, true});
}

static void takes_nothing_from_the_limit_on(void **state)
{
	(void)state;
	WALK({REJECT_AFTER_MESSAGES, false}, {REJECT_AFTER_MESSAGES - 1, true},
	     {REJECT_AFTER_MESSAGES, false}, {REJECT_AFTER_MESSAGES - 1, false},
	     {REJECT_AFTER_MESSAGES - 2, true}, {REJECT_AFTER_MESSAGES + 1, false},
	     {REJECT_AFTER_MESSAGES + 2, false}, {UINT64_MAX - 1, false}, {UINT64_MAX, false},
	     {REJECT_AFTER_MESSAGES - 3, true}, {REJECT_AFTER_MESSAGES - EDGE, true},
	     {REJECT_AFTER_MESSAGES - EDGE - 1, false}, {0, false});
}

static void the_limit_is_the_papers(void **state)
{
	(void)state;
	/* 2^64 - 2^13 - 1 and 2^60; section 6.1 */
	assert_true(REJECT_AFTER_MESSAGES == UINT64_C(0xffffffffffffdfff));
	assert_true(REKEY_AFTER_MESSAGES == UINT64_C(0x1000000000000000));
}

static void takes_a_whole_window_upwards(void **state)
{
	struct replay r;

	(void)state;
	replay_init(&r);
	for (uint64_t i = 1; i <= REPLAY_WINDOW; i++)
		take(&r, i, true);
	take(&r, 0, true);
	take(&r, 0, false);

	replay_init(&r);
	for (uint64_t i = 2; i <= EDGE; i++)
		take(&r, i, true);
	take(&r, 1, true);
	take(&r, 0, false);
}

static void takes_a_whole_window_downwards(void **state)
{
	struct replay r;

	(void)state;
	replay_init(&r);
	for (uint64_t i = EDGE; i-- > 0;)
		take(&r, i, true);

	replay_init(&r);
	for (uint64_t i = EDGE + 1; i-- > 1;)
		take(&r, i, true);
	take(&r, 0, false);

	replay_init(&r);
	for (uint64_t i = EDGE; i-- > 1;)
		take(&r, i, true);
	take(&r, EDGE, true);
	take(&r, 0, false);

	replay_init(&r);
	for (uint64_t i = EDGE; i-- > 1;)
		take(&r, i, true);
	take(&r, 0, true);
	take(&r, EDGE, true);
}

/* -- against a list of all that was ever seen ---------------------------- */

enum { SPAN = 1 << 18 };

struct list_of_seen {
	bool seen[SPAN];
	bool any;
	uint64_t highest;
};

static bool list_accept(struct list_of_seen *l, uint64_t counter)
{
	if (l->any && counter + REPLAY_WINDOW < l->highest)
		return false;
	if (l->seen[counter])
		return false;
	l->seen[counter] = true;
	if (!l->any || counter > l->highest)
		l->highest = counter;
	l->any = true;
	return true;
}

/* Mostly near the front, at times far behind it or far ahead. */
static uint64_t random_counter(struct rng *rng, uint64_t highest)
{
	uint64_t spread = rng_below(rng, 256) ? 64 : 2 * REPLAY_BITS;
	uint64_t counter = highest + rng_below(rng, (uint32_t)spread) + 3 - spread / 2;

	return counter < SPAN ? counter : rng_below(rng, (uint32_t)highest + 1);
}

static void agrees_with_a_list_of_all_that_was_seen(void **state)
{
	static struct list_of_seen list;
	struct replay r;
	struct rng rng;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		rng_seed(&rng, seed);
		replay_init(&r);
		memset(&list, 0, sizeof(list));
		for (int i = 0; i < 20000; i++) {
			uint64_t counter = random_counter(&rng, list.highest);

			take(&r, counter, list_accept(&list, counter));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_counter_once_in_any_order),
		cmocka_unit_test(takes_what_is_late_by_the_window_and_nothing_later),
		cmocka_unit_test(forgets_all_after_a_jump_past_the_window),
		cmocka_unit_test(takes_nothing_from_the_limit_on),
		cmocka_unit_test(the_limit_is_the_papers),
		cmocka_unit_test(takes_a_whole_window_upwards),
		cmocka_unit_test(takes_a_whole_window_downwards),
		cmocka_unit_test(agrees_with_a_list_of_all_that_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
