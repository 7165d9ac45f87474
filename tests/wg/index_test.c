/* index_test.c -- the index table against a plain list, and its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wg/index.h"

enum { CAP = 64, MANY = 1024 };

/* Sessions are only pointers to this table. */
static char somebody[MANY];

static struct session *session_no(size_t i)
{
	return (struct session *)&somebody[i];
}

/* A generator that gives what a test wrote down, then the seeded ones. */
static uint32_t script[8];
static size_t script_len, script_at;
static struct rng seeded;

static void scripted_fill(struct rng *rng, void *out, size_t len)
{
	uint32_t v = script_at < script_len ? script[script_at++] : rng_u32(&seeded);

	(void)rng;
	assert_int_equal(len, sizeof(v));
	*(uint32_t *)out = v;
}

static struct rng scripted(const uint32_t *values, size_t n)
{
	script_len = n;
	script_at = 0;
	for (size_t i = 0; i < n; i++)
		script[i] = values[i];
	rng_seed(&seeded, 1);
	return (struct rng){.fill = scripted_fill};
}

#define SCRIPTED(...)                                                            \
	scripted((const uint32_t[]){__VA_ARGS__},                                \
		 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void finds_what_was_added_until_it_is_removed(void **state)
{
	struct index_slot slots[CAP];
	struct index_table t;
	struct rng rng;
	uint32_t a, b;

	(void)state;
	rng_seed(&rng, 7);
	index_init(&t, slots, CAP);
	a = index_add(&t, session_no(1), &rng);
	b = index_add(&t, session_no(1), &rng);
	assert_true(a && b && a != b);
	assert_ptr_equal(index_find(&t, a), session_no(1));
	assert_ptr_equal(index_find(&t, b), session_no(1));
	index_remove(&t, a);
	assert_null(index_find(&t, a));
	assert_ptr_equal(index_find(&t, b), session_no(1));
	assert_int_equal(t.len, 1);
}

static void never_gives_zero_nor_one_that_is_in_use(void **state)
{
	struct index_slot slots[CAP];
	struct index_table t;
	struct rng rng = SCRIPTED(0, 5, 5, 0, 5, 9);

	(void)state;
	index_init(&t, slots, CAP);
	assert_int_equal(index_add(&t, session_no(0), &rng), 5);
	assert_int_equal(index_add(&t, session_no(1), &rng), 9);
	assert_null(index_find(&t, 0));
}

static void is_full_when_half_full(void **state)
{
	struct index_slot slots[CAP];
	struct index_table t;
	struct rng rng;
	uint32_t last = 0;

	(void)state;
	rng_seed(&rng, 8);
	index_init(&t, slots, CAP);
	for (size_t i = 0; i < CAP / 2; i++)
		assert_true(last = index_add(&t, session_no(i), &rng));
	assert_int_equal(index_add(&t, session_no(0), &rng), 0);
	index_remove(&t, last);
	assert_int_not_equal(index_add(&t, session_no(0), &rng), 0);
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
	struct index_slot slots[CAP];
	struct index_table t;
	struct rng rng = SCRIPTED(3);

	(void)state;
	index_init(&t, slots, CAP);
	index_remove(&t, 3);
	index_add(&t, session_no(0), &rng);
	index_remove(&t, 0);
	index_remove(&t, 3 + CAP);
	assert_int_equal(t.len, 1);
	assert_ptr_equal(index_find(&t, 3), session_no(0));
}

/* Slots 62, 63, 0, 1, 2 hold 62, 62', 62'', 0, 1: the cluster wraps around. */
static void removing_keeps_a_cluster_together_across_the_end(void **state)
{
	const uint32_t all[] = {62, 62 + CAP, 62 + 2 * CAP, CAP, 1};

	(void)state;
	for (size_t gone = 0; gone < 5; gone++) {
		struct index_slot slots[CAP];
		struct index_table t;
		struct rng rng = SCRIPTED(62, 62 + CAP, 62 + 2 * CAP, CAP, 1);

		index_init(&t, slots, CAP);
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(index_add(&t, session_no(i), &rng), all[i]);
		index_remove(&t, all[gone]);
		for (size_t i = 0; i < 5; i++)
			assert_ptr_equal(index_find(&t, all[i]), i == gone ? NULL : session_no(i));
	}
}

static void growing_keeps_everything_and_hands_back_the_old_slots(void **state)
{
	struct index_slot small[CAP], great[4 * CAP];
	struct index_table t;
	struct rng rng;
	uint32_t given[CAP / 2];

	(void)state;
	rng_seed(&rng, 9);
	index_init(&t, small, CAP);
	for (size_t i = 0; i < CAP / 2; i++)
		given[i] = index_add(&t, session_no(i), &rng);
	assert_ptr_equal(index_grow(&t, great, 4 * CAP), small);
	assert_int_equal(t.len, CAP / 2);
	for (size_t i = 0; i < CAP / 2; i++)
		assert_ptr_equal(index_find(&t, given[i]), session_no(i));
	assert_int_not_equal(index_add(&t, session_no(0), &rng), 0);
}

/* Few distinct homes, so that clusters are long and meet each other. */
static void crowded_fill(struct rng *rng, void *out, size_t len)
{
	struct rng *inner = (struct rng *)rng->state[0];

	(void)len;
	*(uint32_t *)out = (rng_below(inner, 16) + MANY - 8) % MANY + MANY * rng_below(inner, 1 << 16);
}

static void agrees_with_a_list_over_random_adds_and_removes(void **state)
{
	static struct index_slot slots[MANY];
	static uint32_t live[MANY];
	struct index_table t;
	struct rng inner, rng = {.fill = crowded_fill, .state = {(uint64_t)(uintptr_t)&inner}};

	(void)state;
	rng_seed(&inner, 10);
	index_init(&t, slots, MANY);
	for (int step = 0; step < 20000; step++) {
		size_t i = rng_below(&inner, 100);

		if (live[i]) {
			index_remove(&t, live[i]);
			assert_null(index_find(&t, live[i]));
			live[i] = 0;
		} else {
			live[i] = index_add(&t, session_no(i), &rng);
		}
		i = rng_below(&inner, 100);
		if (live[i])
			assert_ptr_equal(index_find(&t, live[i]), session_no(i));
	}
	for (size_t i = 0; i < 100; i++)
		if (live[i])
			assert_ptr_equal(index_find(&t, live[i]), session_no(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added_until_it_is_removed),
		cmocka_unit_test(never_gives_zero_nor_one_that_is_in_use),
		cmocka_unit_test(is_full_when_half_full),
		cmocka_unit_test(removing_what_is_not_there_changes_nothing),
		cmocka_unit_test(removing_keeps_a_cluster_together_across_the_end),
		cmocka_unit_test(growing_keeps_everything_and_hands_back_the_old_slots),
		cmocka_unit_test(agrees_with_a_list_over_random_adds_and_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
