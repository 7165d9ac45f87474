/* crypto_test.c -- getting ready, once, or saying that it cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/provider.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/hash.h"

/* OpenSSL with its "null" provider has no algorithms at all. */
static void an_openssl_without_blake2s_is_refused(void **state)
{
	OSSL_PROVIDER *null = OSSL_PROVIDER_load(NULL, "null");

	(void)state;
	assert_non_null(null);
	assert_null(aead_engine(AEAD_CHACHA20POLY1305));
	assert_false(hash_init());
	assert_false(digest_init());
	assert_false(crypto_init());
	assert_null(aead_engine(AEAD_CHACHA20POLY1305));
	OSSL_PROVIDER_unload(null);
}

static void an_openssl_without_chacha_leaves_the_work_to_libsodium(void **state)
{
	struct aead_engine_report out[AEAD_ENGINES_MAX];
	OSSL_PROVIDER *null = OSSL_PROVIDER_load(NULL, "null");

	(void)state;
	assert_non_null(null);
	assert_false(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	for (size_t n = aead_choose_engines(NULL, out); n-- > 0;)
		assert_false(strcmp(out[n].name, "openssl") == 0 && out[n].passed);
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
	OSSL_PROVIDER_unload(null);
}

static void crypto_init_is_repeatable_and_leaves_the_choice_alone(void **state)
{
	OSSL_PROVIDER *all = OSSL_PROVIDER_load(NULL, "default");
	uint8_t out[HASH_LEN];

	(void)state;
	assert_non_null(all);
	assert_true(crypto_init());
	blake2s(out, bytes_of("abc", 3), bytes_of(NULL, 0));
	assert_int_equal(load_be32(out), 0x508c5e8c);
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "libsodium"));
	assert_true(crypto_init());
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "libsodium");
	assert_true(aead_use_engine(AEAD_CHACHA20POLY1305, "openssl"));
	assert_true(crypto_init());
	assert_string_equal(aead_engine(AEAD_CHACHA20POLY1305), "openssl");
}

int main(void)
{
	const struct CMUnitTest tests[] = {	/* in this order */
		cmocka_unit_test(an_openssl_without_blake2s_is_refused),
		cmocka_unit_test(an_openssl_without_chacha_leaves_the_work_to_libsodium),
		cmocka_unit_test(crypto_init_is_repeatable_and_leaves_the_choice_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
