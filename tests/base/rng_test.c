/* rng_test.c -- a seed repeats a whole run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"

static uint64_t next(struct rng *rng)
{
	uint64_t v;

	rng->fill(rng, &v, sizeof(v));
	return v;
}

/* The first outputs of the authors' xoshiro256starstar.c from state 1 2 3 4. */
static void generates_what_xoshiro256_starstar_does(void **state)
{
	static const uint64_t want[] = {
		11520, 0, 1509978240, 1215971899390074240, 1216172134540287360,
		607988272756665600, 16172922978634559625u, 8476171486693032832,
		10595114339597558777u, 2904607092377533576,
	};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 0);
	for (uint64_t i = 0; i < 4; i++)
		rng.state[i] = i + 1;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(next(&rng) == want[i]);
}

/* splitmix64.c from 0 */
static void a_seed_is_spread_by_splitmix64(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 0);
	assert_true(rng.state[0] == 0xe220a8397b1dcdaf);
	assert_true(rng.state[1] == 0x6e789e6aa1b965f4);
	assert_true(rng.state[2] == 0x06c45d188009454f);
	assert_true(rng.state[3] == 0xf88bb8a8724c81ec);
}

static void the_same_seed_repeats_and_another_does_not(void **state)
{
	struct rng a, b, c;
	uint8_t from_a[100], from_b[100], from_c[100];

	(void)state;
	rng_seed(&a, 7);
	rng_seed(&b, 7);
	rng_seed(&c, 8);
	a.fill(&a, from_a, sizeof(from_a));
	b.fill(&b, from_b, sizeof(from_b));
	c.fill(&c, from_c, sizeof(from_c));
	assert_memory_equal(from_a, from_b, sizeof(from_a));
	assert_memory_not_equal(from_a, from_c, sizeof(from_a));
	assert_int_equal(rng_u32(&a), rng_u32(&b));
}

static void fill_writes_exactly_what_was_asked_for(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 9);
	for (size_t len = 0; len <= 20; len++) {
		uint8_t seen[20] = {0};

		/* after 64 fills every byte but those beyond was once not zero */
		for (int n = 0; n < 64; n++) {
			uint8_t buffer[21] = {0};

			rng.fill(&rng, buffer, len);
			for (size_t i = 0; i < len; i++)
				seen[i] |= buffer[i];
			for (size_t i = len; i < sizeof(buffer); i++)
				assert_int_equal(buffer[i], 0);
		}
		for (size_t i = 0; i < len; i++)
			assert_int_not_equal(seen[i], 0);
	}
}

static void all_below_the_bound_come_equally_often(void **state)
{
	enum { BOUND = 10, DRAWS = 20000 };
	int counts[BOUND] = {0};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 10);
	for (int i = 0; i < DRAWS; i++) {
		uint32_t v = rng_below(&rng, BOUND);

		assert_true(v < BOUND);
		counts[v]++;
	}
	for (int i = 0; i < BOUND; i++)		/* five standard deviations are 212 */
		assert_in_range(counts[i], DRAWS / BOUND - 212, DRAWS / BOUND + 212);
	for (int i = 0; i < 100; i++)
		assert_int_equal(rng_below(&rng, 1), 0);
}

static void fill_ones(struct rng *rng, void *out, size_t len)
{
	(void)rng;
	memset(out, 0xff, len);
}

static void the_largest_draw_stays_below_every_bound(void **state)
{
	static const uint32_t bounds[] = {1, 2, 3, 1000, 1u << 31, UINT32_MAX};
	struct rng rng = {.fill = fill_ones};

	(void)state;
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		assert_int_equal(rng_below(&rng, bounds[i]), bounds[i] - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generates_what_xoshiro256_starstar_does),
		cmocka_unit_test(a_seed_is_spread_by_splitmix64),
		cmocka_unit_test(the_same_seed_repeats_and_another_does_not),
		cmocka_unit_test(fill_writes_exactly_what_was_asked_for),
		cmocka_unit_test(all_below_the_bound_come_equally_often),
		cmocka_unit_test(the_largest_draw_stays_below_every_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
