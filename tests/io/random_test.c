/* random_test.c -- small draws share a call, and share nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/random.h"

enum { DRAWS = 64 };

static bool has(const uint8_t *bytes, size_t len, const void *part, size_t part_len)
{
	for (size_t i = 0; i + part_len <= len; i++)
		if (memcmp(bytes + i, part, part_len) == 0)
			return true;
	return false;
}

/* Chance repeats one of 64 numbers of 64 bits once in 10^16 runs. */
static void no_draw_repeats_another(void **state)
{
	uint64_t drawn[DRAWS];
	struct rng rng;

	(void)state;
	random_init(&rng);
	for (int i = 0; i < DRAWS; i++) {
		rng.fill(&rng, &drawn[i], sizeof(drawn[i]));
		for (int k = 0; k < i; k++)
			assert_true(drawn[i] != drawn[k]);
	}
}

static void what_was_drawn_does_not_stay(void **state)
{
	struct rng rng;

	(void)state;
	random_init(&rng);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t drawn;

		rng.fill(&rng, &drawn, sizeof(drawn));
		assert_false(has((const uint8_t *)&rng, sizeof(rng), &drawn, sizeof(drawn)));
	}
}

static void a_key_does_not_come_from_what_lay_there(void **state)
{
	uint8_t key[32];
	struct rng before, rng;

	(void)state;
	random_init(&rng);
	rng_u32(&rng);
	before = rng;
	rng.fill(&rng, key, sizeof(key));
	assert_memory_equal(&rng, &before, sizeof(rng));
	assert_false(has((const uint8_t *)&rng, sizeof(rng), key, 4));
}

static void lengths_that_do_not_fit_what_is_left_are_filled_whole(void **state)
{
	uint8_t seen[8] = {0};
	struct rng rng;

	(void)state;
	random_init(&rng);
	for (int i = 0; i < DRAWS; i++) {
		uint8_t drawn[8] = {0};
		size_t len = 1 + (size_t)i * 3 % sizeof(drawn);

		rng.fill(&rng, drawn, len);
		for (size_t k = len; k < sizeof(drawn); k++)
			assert_int_equal(drawn[k], 0);
		for (size_t k = 0; k < sizeof(drawn); k++)
			seen[k] |= drawn[k];
	}
	for (size_t k = 0; k < sizeof(seen); k++)
		assert_int_not_equal(seen[k], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_draw_repeats_another),
		cmocka_unit_test(what_was_drawn_does_not_stay),
		cmocka_unit_test(a_key_does_not_come_from_what_lay_there),
		cmocka_unit_test(lengths_that_do_not_fit_what_is_left_are_filled_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
