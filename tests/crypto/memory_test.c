/* memory_test.c -- what happens when OpenSSL's malloc fails, and that what is
 * done for every packet never asks for memory.
 *
 * OpenSSL takes its memory from the functions below. They count, and fail once
 * a countdown is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"

static unsigned long asked;
static unsigned long fail_from = ULONG_MAX;

static bool memory_left(void)
{
	return asked++ < fail_from;
}

static void *count_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_left() ? malloc(len) : NULL;
}

static void *count_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_left() ? realloc(p, len) : NULL;
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void fail_after(unsigned long n)
{
	asked = 0;
	fail_from = n;
}

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static void a_key_is_made_whole_or_not_at_all(void **state)
{
	static const uint8_t bytes[KEY_LEN] = {1};
	static const struct aead_key nothing;
	struct aead_key key;
	unsigned long n = 0;

	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	for (fail_after(0); !aead_key_init(&key, AEAD_CHACHA20POLY1305, bytes); fail_after(++n))
		assert_memory_equal(&key, &nothing, sizeof(key));
	fail_after(ULONG_MAX);
	assert_true(n > 0);
	aead_key_wipe(&key);
}

static void an_engine_without_memory_is_not_used(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];

	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	fail_after(0);
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	aead_choose_engines(NULL, out);
	fail_after(ULONG_MAX);
	assert_true(!out[0].passed && out[1].chosen);
}

static void packets_and_their_macs_ask_for_no_memory(void **state)
{
	static const uint8_t bytes[KEY_LEN] = {1};
	uint8_t text[100 + AEAD_TAG_LEN] = {0}, mac[MAC_LEN];
	struct aead_job job = {.text = text, .len = 100};
	struct aead_key key;

	(void)state;
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	assert_true(aead_key_init(&key, AEAD_CHACHA20POLY1305, bytes));
	fail_after(0);
	for (int i = 0; i < 3; i++) {
		aead_seal(&key, &job, 1);
		aead_open(&key, &job, 1);
		assert_true(job.ok);
		aead_open(&key, &job, 1);
		assert_false(job.ok);
	}
	blake2s_mac(mac, bytes, sizeof(bytes), bytes_of(text, sizeof(text)));
	assert_int_equal(asked, 0);
	fail_after(ULONG_MAX);
	aead_key_wipe(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_made_whole_or_not_at_all),
		cmocka_unit_test(an_engine_without_memory_is_not_used),
		cmocka_unit_test(packets_and_their_macs_ask_for_no_memory),
	};

	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, ready, NULL);
}
