/* cache_test.c -- peers.cache: what was written is read, and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "node/cache.h"

static uint8_t file[1024];

static struct cache_entry entry(void)
{
	struct cache_entry e = {
		.heard_ms = 1700000000001,
		.connected_ms = 1700000000002,
		.connected = true,
		.suites = 3,
		.places_len = 2,
		.places = {{.ip = ip_v4(192, 0, 2, 1), .port = 51820},
			   {.ip = {.family = IP_V6, .bytes = {0x20, 1, 0xd, 0xb8, [15] = 7}}, .port = 1}},
	};

	memset(e.public_key, 0x42, KEY_LEN);
	return e;
}

static struct bytes written(const struct cache_entry *e, unsigned n)
{
	struct writer w = writer_over(file, sizeof(file));

	assert_true(crypto_init());
	cache_begin(&w);
	while (n--)
		cache_put(&w, e);
	cache_end(&w);
	assert_false(w.bad);
	return writer_bytes(&w);
}

static void what_was_written_is_read(void **state)
{
	struct cache_entry e = entry(), got;
	struct reader r;
	unsigned n = 0;

	(void)state;
	assert_true(cache_open(&r, written(&e, 3)));
	for (; cache_next(&got, &r); n++) {
		assert_memory_equal(got.public_key, e.public_key, KEY_LEN);
		assert_true(got.heard_ms == e.heard_ms && got.connected_ms == e.connected_ms);
		assert_true(got.connected);
		assert_int_equal(got.suites, 3);
		assert_int_equal(got.places_len, 2);
		for (size_t i = 0; i < 2; i++)
			assert_true(endpoint_equal(&got.places[i], &e.places[i]));
	}
	assert_int_equal(n, 3);
	assert_false(r.bad);
}

/* The sum of what stands in `file` by now. */
static void sum_anew(size_t len)
{
	uint8_t hash[HASH_LEN];

	blake2s(hash, bytes_of("p2pnet cache", 12), bytes_of(file, len - 16));
	memcpy(file + len - 16, hash, 16);
}

/* It knew nothing of suites. */
static void a_file_of_the_version_before_is_read(void **state)
{
	struct cache_entry e = entry(), got;
	struct bytes whole;
	struct reader r;

	(void)state;
	e.suites = 0;
	whole = written(&e, 1);
	file[13]--;
	assert_int_equal(file[13], '1');
	sum_anew(whole.len);
	assert_true(cache_open(&r, whole));
	assert_true(cache_next(&got, &r));
	assert_true(got.connected && got.suites == 0 && got.places_len == 2);
	file[13] = '3';
	sum_anew(whole.len);
	assert_false(cache_open(&r, whole));
}

static void a_file_without_peers_is_one(void **state)
{
	struct cache_entry e = entry();
	struct bytes whole = written(&e, 0);
	struct reader r;

	(void)state;
	assert_int_equal(whole.len, CACHE_FRAME);
	assert_true(cache_open(&r, whole));
	assert_false(cache_next(&e, &r));
}

static void no_bit_of_it_may_be_another(void **state)
{
	struct cache_entry e = entry();
	struct bytes whole = written(&e, 2);
	struct reader r;

	(void)state;
	for (size_t bit = 0; bit < 8 * whole.len; bit++) {
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(cache_open(&r, whole));
		file[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(cache_open(&r, whole));
}

static void half_of_it_is_nothing(void **state)
{
	struct cache_entry e = entry();
	struct bytes whole = written(&e, 2);
	struct reader r;

	(void)state;
	for (size_t len = 0; len < whole.len; len++)
		assert_false(cache_open(&r, bytes_of(whole.data, len)));
	file[whole.len] = 0;
	assert_false(cache_open(&r, bytes_of(whole.data, whole.len + 1)));
}

/* With a right sum, as one who may write the file could make it. */
static void entries_that_cannot_be_are_refused(void **state)
{
	struct cache_entry e = entry();
	struct reader r;

	(void)state;
	e.places[1].ip.family = 5;
	assert_false(cache_open(&r, written(&e, 1)));
	e = entry();
	for (unsigned bit = 1; bit < 4; bit++) {	/* of the flags, that mean nothing yet */
		struct bytes whole = written(&e, 1);

		file[15 + KEY_LEN + 16] ^= (uint8_t)(1u << bit);
		sum_anew(whole.len);
		assert_false(cache_open(&r, whole));
	}
	e.places_len = 0;
	assert_true(cache_open(&r, written(&e, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_file_of_the_version_before_is_read),
		cmocka_unit_test(a_file_without_peers_is_one),
		cmocka_unit_test(no_bit_of_it_may_be_another),
		cmocka_unit_test(half_of_it_is_nothing),
		cmocka_unit_test(entries_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
