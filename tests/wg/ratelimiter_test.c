/* ratelimiter_test.c -- floods, crowds and clocks that stand still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "wg/ratelimiter.h"

enum { NOW = 1000, SEED = 4711, BUCKETS = LIMIT_SETS * LIMIT_WAYS };

static struct ratelimiter rl;	/* 32 KB: too much for a stack */

static int start(void **state)
{
	(void)state;
	ratelimiter_init(&rl, SEED, NOW);
	return 0;
}

/* `n` messages, evenly over `span` msec from `from`; is there load at the end? */
static bool messages(unsigned n, msec from, msec span)
{
	bool loaded = false;

	for (unsigned i = 0; i < n; i++)
		loaded = ratelimiter_under_load(&rl, from + span * (i + 1) / n);
	return loaded;
}

static unsigned allowed(const struct ip *source, unsigned n, msec from, msec span)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += ratelimiter_allows(&rl, source, from + span * i / n);
	return count;
}

static struct ip nth_ipv4(uint32_t n)
{
	struct ip ip = ip_v4(10, 0, 0, 0);

	ip.bytes[1] = (uint8_t)(n >> 16);
	store_be16(ip.bytes + 2, (uint16_t)n);
	return ip;
}

static struct ip nth_ipv6(uint32_t prefix, uint64_t host)
{
	struct ip ip = {.family = IP_V6, .bytes = {0x20, 0x01, 0x0d, 0xb8}};

	store_be32(ip.bytes + 4, prefix);
	store_be64(ip.bytes + 8, host);
	return ip;
}

/* -- load ---------------------------------------------------------------- */

static void at_first_there_is_no_load(void **state)
{
	(void)state;
	assert_false(ratelimiter_under_load(&rl, NOW));
}

static void the_129th_message_at_once_is_load(void **state)
{
	(void)state;
	assert_false(messages(LOAD_THRESHOLD, NOW, 0));
	assert_true(ratelimiter_under_load(&rl, NOW));
}

static void a_thousand_messages_per_second_are_no_load(void **state)
{
	(void)state;
	for (msec now = NOW; now < NOW + SECONDS(10); now++)
		assert_false(ratelimiter_under_load(&rl, now));
}

static void two_thousand_per_second_are_load_after_128_more_than_drained(void **state)
{
	msec now = NOW;

	(void)state;
	while (!messages(2, now, 0))
		now++;
	assert_in_range(now - NOW, LOAD_THRESHOLD - 3, LOAD_THRESHOLD + 1);
}

static void load_lingers_for_a_second_after_the_threshold(void **state)
{
	(void)state;
	assert_true(messages(LOAD_THRESHOLD + 1, NOW, 0));
	assert_true(ratelimiter_under_load(&rl, NOW + LOAD_LINGER - 1));
	assert_false(ratelimiter_under_load(&rl, NOW + LOAD_LINGER));
}

static void a_flood_fills_the_queue_no_further_than_its_end(void **state)
{
	(void)state;
	assert_true(messages(100000, NOW, SECONDS(1)));
	assert_in_range(rl.depth, LOAD_THRESHOLD * 1000, LOAD_MAX * 1000);
	/* 1024 drain to 128 in 0.9 s; then load lingers for one more */
	assert_true(ratelimiter_under_load(&rl, NOW + SECONDS(1) + 890));
	assert_false(ratelimiter_under_load(&rl, NOW + SECONDS(1) + 890 + LOAD_LINGER));
}

static void a_long_silence_empties_the_queue(void **state)
{
	(void)state;
	messages(100000, NOW, 0);
	assert_false(ratelimiter_under_load(&rl, NOW + SECONDS(1000000000)));
	assert_int_equal(rl.depth, 1000);
}

static void load_does_not_drain_while_time_stands_or_goes_back(void **state)
{
	(void)state;
	assert_true(messages(5000, NOW, 0));
	assert_int_equal(rl.depth, LOAD_MAX * 1000);
	assert_true(ratelimiter_under_load(&rl, NOW - 500));
	assert_int_equal(rl.depth, LOAD_MAX * 1000);
	/* and what drained is not drained a second time */
	ratelimiter_under_load(&rl, NOW + 100);
	assert_int_equal(rl.depth, (LOAD_MAX - 100 + 1) * 1000);
}

/* -- one source ---------------------------------------------------------- */

static void a_source_gets_five_at_once(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	assert_int_equal(allowed(&source, 100, NOW, 0), LIMIT_BURST);
}

static void then_one_each_50_ms(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	allowed(&source, LIMIT_BURST, NOW, 0);
	assert_false(ratelimiter_allows(&rl, &source, NOW + 49));
	assert_true(ratelimiter_allows(&rl, &source, NOW + 50));
	assert_false(ratelimiter_allows(&rl, &source, NOW + 99));
	assert_true(ratelimiter_allows(&rl, &source, NOW + 100));
}

static void a_flood_gets_20_per_second(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	assert_in_range(allowed(&source, 100000, NOW, SECONDS(10)), 10 * LIMIT_RATE,
			10 * LIMIT_RATE + LIMIT_BURST);
}

static void twenty_per_second_are_all_allowed(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	assert_int_equal(allowed(&source, 200, NOW, SECONDS(10)), 200);
}

static void silence_saves_up_no_more_than_a_burst(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	allowed(&source, 100, NOW, 0);
	assert_int_equal(allowed(&source, 100, NOW + SECONDS(1000000000), 0), LIMIT_BURST);
	/* also on top of what is left */
	assert_int_equal(allowed(&source, 1, NOW + SECONDS(1000000001), 0), 1);
	assert_int_equal(allowed(&source, 100, NOW + SECONDS(1000000002), 0), LIMIT_BURST);
}

static void nothing_is_regained_while_time_stands_or_goes_back(void **state)
{
	struct ip source = nth_ipv4(1);

	(void)state;
	assert_int_equal(allowed(&source, 1000, NOW, 0), LIMIT_BURST);
	assert_false(ratelimiter_allows(&rl, &source, NOW - 1000));
	assert_false(ratelimiter_allows(&rl, &source, NOW));
	assert_true(ratelimiter_allows(&rl, &source, NOW + 50));
}

/* -- many sources -------------------------------------------------------- */

static void ipv4_addresses_are_counted_apart(void **state)
{
	struct ip a = nth_ipv4(1), b = nth_ipv4(2);

	(void)state;
	assert_int_equal(allowed(&a, 100, NOW, 0), LIMIT_BURST);
	assert_int_equal(allowed(&b, 100, NOW, 0), LIMIT_BURST);
	assert_int_equal(allowed(&a, 100, NOW, 0), 0);
}

static void an_ipv6_64_is_counted_as_one(void **state)
{
	unsigned count = 0;

	(void)state;
	for (uint64_t host = 0; host < 1000; host++) {
		struct ip source = nth_ipv6(7, host << 54 | host);

		count += ratelimiter_allows(&rl, &source, NOW);
	}
	assert_int_equal(count, LIMIT_BURST);
}

static void the_last_bit_of_a_64_makes_another(void **state)
{
	struct ip a = nth_ipv6(6, 1), b = nth_ipv6(7, 1);

	(void)state;
	assert_int_equal(allowed(&a, 100, NOW, 0), LIMIT_BURST);
	assert_int_equal(allowed(&b, 100, NOW, 0), LIMIT_BURST);
}

static void an_ipv4_address_is_not_the_ipv6_prefix_of_the_same_bytes(void **state)
{
	struct ip a = ip_v4(0x20, 0x01, 0x0d, 0xb8), b = nth_ipv6(0, 0);

	(void)state;
	/* with some of the seeds both are in one set */
	for (uint64_t seed = 0; seed < 10 * LIMIT_SETS; seed++) {
		ratelimiter_init(&rl, seed, NOW);
		assert_int_equal(allowed(&a, LIMIT_BURST + 1, NOW, 0), LIMIT_BURST);
		assert_int_equal(allowed(&b, LIMIT_BURST + 1, NOW, 0), LIMIT_BURST);
	}
}

static void no_address_is_not_allowed(void **state)
{
	struct ip none = {0};

	(void)state;
	assert_false(ratelimiter_allows(&rl, &none, NOW));
	for (size_t i = 0; i < BUCKETS; i++)
		assert_int_equal(rl.buckets[i / LIMIT_WAYS][i % LIMIT_WAYS].family, 0);
}

/* -- the table ----------------------------------------------------------- */

static size_t buckets_in_use(void)
{
	size_t n = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		n += rl.buckets[i / LIMIT_WAYS][i % LIMIT_WAYS].family != 0;
	return n;
}

static void sources_spread_over_the_whole_table(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < BUCKETS; n++) {
		struct ip source = nth_ipv4(n);

		assert_true(ratelimiter_allows(&rl, &source, NOW));
	}
	/* Thrown at random, about 80 % of the buckets are hit (Poisson, 4 a set). */
	assert_in_range(buckets_in_use(), BUCKETS * 70 / 100, BUCKETS * 90 / 100);
}

static void a_crowd_is_served_however_great(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 20 * BUCKETS; n++) {
		struct ip source = n & 1 ? nth_ipv4(n) : nth_ipv6(n, 0);

		assert_true(ratelimiter_allows(&rl, &source, NOW + n / 100));
	}
	assert_int_equal(buckets_in_use(), BUCKETS);
}

/* Four sources that meet in one set, and more. */
static void find_set_mates(struct ip *out, size_t n)
{
	size_t found = 0;

	for (uint32_t i = 0; found < n; i++) {
		struct ip source = nth_ipv4(i);

		ratelimiter_init(&rl, SEED, NOW);
		ratelimiter_allows(&rl, &source, NOW);
		if (rl.buckets[0][0].family)
			out[found++] = source;
	}
	ratelimiter_init(&rl, SEED, NOW);
}

static void the_bucket_used_longest_ago_is_taken_over(void **state)
{
	struct ip mates[LIMIT_WAYS + 1];

	(void)state;
	find_set_mates(mates, LIMIT_WAYS + 1);
	for (int i = 0; i < LIMIT_WAYS; i++)
		assert_int_equal(allowed(&mates[i], 10, NOW + i, 0), LIMIT_BURST);
	/* the first knocks again, so the second is now the oldest */
	assert_false(ratelimiter_allows(&rl, &mates[0], NOW + 10));
	assert_int_equal(allowed(&mates[LIMIT_WAYS], 10, NOW + 11, 0), LIMIT_BURST);

	assert_false(ratelimiter_allows(&rl, &mates[0], NOW + 12));
	assert_false(ratelimiter_allows(&rl, &mates[2], NOW + 12));
	assert_false(ratelimiter_allows(&rl, &mates[3], NOW + 12));
	assert_int_equal(allowed(&mates[1], 10, NOW + 13, 0), LIMIT_BURST);
}

static void a_free_bucket_is_taken_before_any_other(void **state)
{
	struct ip mates[LIMIT_WAYS];

	(void)state;
	find_set_mates(mates, LIMIT_WAYS);
	for (int i = 0; i < LIMIT_WAYS; i++)
		allowed(&mates[i], LIMIT_BURST, NOW, 0);
	assert_int_equal(buckets_in_use(), LIMIT_WAYS);
	for (int i = 0; i < LIMIT_WAYS; i++)
		assert_false(ratelimiter_allows(&rl, &mates[i], NOW));
}

static void another_seed_makes_other_sets(void **state)
{
	struct ip mates[4 * LIMIT_WAYS];
	unsigned still_together = 0;

	(void)state;
	find_set_mates(mates, 4 * LIMIT_WAYS);
	ratelimiter_init(&rl, SEED + 1, NOW);
	for (size_t i = 0; i < 4 * LIMIT_WAYS; i++)
		ratelimiter_allows(&rl, &mates[i], NOW);
	for (int set = 0; set < LIMIT_SETS; set++)
		still_together += rl.buckets[set][LIMIT_WAYS - 1].family != 0;
	assert_int_equal(still_together, 0);
}

#define test(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(at_first_there_is_no_load),
		test(the_129th_message_at_once_is_load),
		test(a_thousand_messages_per_second_are_no_load),
		test(two_thousand_per_second_are_load_after_128_more_than_drained),
		test(load_lingers_for_a_second_after_the_threshold),
		test(a_flood_fills_the_queue_no_further_than_its_end),
		test(a_long_silence_empties_the_queue),
		test(load_does_not_drain_while_time_stands_or_goes_back),
		test(a_source_gets_five_at_once),
		test(then_one_each_50_ms),
		test(a_flood_gets_20_per_second),
		test(twenty_per_second_are_all_allowed),
		test(silence_saves_up_no_more_than_a_burst),
		test(nothing_is_regained_while_time_stands_or_goes_back),
		test(ipv4_addresses_are_counted_apart),
		test(an_ipv6_64_is_counted_as_one),
		test(the_last_bit_of_a_64_makes_another),
		test(an_ipv4_address_is_not_the_ipv6_prefix_of_the_same_bytes),
		test(no_address_is_not_allowed),
		test(sources_spread_over_the_whole_table),
		test(a_crowd_is_served_however_great),
		test(the_bucket_used_longest_ago_is_taken_over),
		test(a_free_bucket_is_taken_before_any_other),
		test(another_seed_makes_other_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
