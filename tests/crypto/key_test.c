/* key_test.c -- base64 in and out, private keys, comparing and wiping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "crypto/key.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const uint8_t zero[KEY_LEN];

/* The same text, key by key, as `base64` of coreutils prints. */
static void known_keys_have_known_text(void **state)
{
	uint8_t rising[KEY_LEN], ones[KEY_LEN];
	char text[KEY_TEXT];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (size_t i = 0; i < sizeof(rising); i++)
		rising[i] = (uint8_t)i;
	assert_string_equal(key_to_base64(text, zero), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	assert_string_equal(key_to_base64(text, ones), "//////////////////////////////////////////8=");
	assert_string_equal(key_to_base64(text, rising), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
}

static void text_and_back_is_the_same_key(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 2000; i++) {
		uint8_t key[KEY_LEN], back[KEY_LEN];
		char text[KEY_TEXT];

		rng.fill(&rng, key, sizeof(key));
		assert_true(key_from_base64(back, key_to_base64(text, key)));
		assert_memory_equal(back, key, KEY_LEN);
	}
}

/* What RFC 4648 allows at this place: a digit; the last one ends in two zero
 * bits; then the padding. */
static bool belongs(int place, char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	if (place == 43)
		return c == '=';
	return at && (place < 42 || (at - digits) % 4 == 0);
}

static void every_other_byte_at_every_place_is_judged_as_the_rfc_says(void **state)
{
	static const char good[KEY_TEXT] = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";

	(void)state;
	for (int place = 0; place < KEY_TEXT - 1; place++) {
		for (int c = 0; c < 256; c++) {
			uint8_t key[KEY_LEN];
			char text[KEY_TEXT], again[KEY_TEXT];

			memcpy(text, good, sizeof(text));
			text[place] = (char)c;
			if (key_from_base64(key, text) != belongs(place, (char)c))
				fail_msg("byte %d at %d", c, place);
			if (belongs(place, (char)c))
				assert_string_equal(key_to_base64(again, key), text);
			else
				assert_memory_equal(key, zero, KEY_LEN);
		}
	}
}

static void malformed_text_is_refused_and_leaves_zeroes(void **state)
{
	static const char *const bad[] = {
		"",
		"=",
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk",		/* no padding */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk==",
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n",
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk= ",
		" yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm=",		/* one short */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmkA",		/* 33 bytes */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmkA=",
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBml=",		/* unused bits 01 */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmm=",		/* 10 */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmn=",		/* 11 */
		"yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBm==",		/* 31 bytes */
		"yAnz5TF-lXXJte14tji3zlMNq_hd2rYUIgJBgB3fBmk=",		/* the URL alphabet */
		"c809f3e5317e9575c9b5ed78b638b7ce530dabe85ddab61422024180",	/* hex */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t key[KEY_LEN];

		memset(key, 0xaa, sizeof(key));
		if (key_from_base64(key, bad[i]))
			fail_msg("accepted: %s", bad[i]);
		assert_memory_equal(key, zero, KEY_LEN);
	}
}

static void a_generated_key_is_clamped_and_comes_from_the_rng(void **state)
{
	struct rng rng;
	uint8_t seen_or[KEY_LEN] = {0}, seen_and[KEY_LEN];

	(void)state;
	rng_seed(&rng, 2);
	memset(seen_and, 0xff, sizeof(seen_and));
	for (int n = 0; n < 200; n++) {
		uint8_t key[KEY_LEN];

		key_generate(key, &rng);
		for (size_t i = 0; i < KEY_LEN; i++) {
			seen_or[i] |= key[i];
			seen_and[i] &= key[i];
		}
	}
	/* every bit was seen as 0 and as 1, but for the five that are fixed */
	for (size_t i = 0; i < KEY_LEN; i++) {
		assert_int_equal(seen_or[i], i == 0 ? 0xf8 : i == 31 ? 0x7f : 0xff);
		assert_int_equal(seen_and[i], i == 31 ? 0x40 : 0);
	}
}

static void one_bit_makes_keys_differ(void **state)
{
	uint8_t a[KEY_LEN], b[KEY_LEN];

	(void)state;
	for (size_t i = 0; i < KEY_LEN; i++)
		a[i] = b[i] = (uint8_t)(3 * i);
	assert_true(key_equal(a, b));
	for (size_t bit = 0; bit < 8 * KEY_LEN; bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(key_equal(a, b));
		assert_false(secret_equal(a, b, bit / 8 + 1));
		assert_true(secret_equal(a, b, bit / 8));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(secret_equal(a, b, 0));
}

static void only_the_zero_key_is_zero(void **state)
{
	(void)state;
	assert_true(key_is_zero(zero));
	for (size_t bit = 0; bit < 8 * KEY_LEN; bit++) {
		uint8_t key[KEY_LEN] = {0};

		key[bit / 8] = (uint8_t)(1 << bit % 8);
		assert_false(key_is_zero(key));
	}
}

static void wipe_clears_what_it_was_given_and_no_more(void **state)
{
	uint8_t buffer[KEY_LEN + 2];

	(void)state;
	memset(buffer, 0xaa, sizeof(buffer));
	wipe(buffer + 1, KEY_LEN);
	assert_memory_equal(buffer + 1, zero, KEY_LEN);
	assert_int_equal(buffer[0], 0xaa);
	assert_int_equal(buffer[KEY_LEN + 1], 0xaa);
}

static void a_credential_is_of_base64s_alphabet_and_ends(void **state)
{
	char text[CREDENTIAL_MAX + 2];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (size_t len = 0; len <= CREDENTIAL_MAX; len++) {
		memset(text, '#', sizeof(text));
		credential_generate(text, len, &rng);
		assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789+/"), len);
		assert_int_equal(text[len], '\0');
		assert_int_equal(text[len + 1], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_credential_is_of_base64s_alphabet_and_ends),
		cmocka_unit_test(known_keys_have_known_text),
		cmocka_unit_test(text_and_back_is_the_same_key),
		cmocka_unit_test(every_other_byte_at_every_place_is_judged_as_the_rfc_says),
		cmocka_unit_test(malformed_text_is_refused_and_leaves_zeroes),
		cmocka_unit_test(a_generated_key_is_clamped_and_comes_from_the_rng),
		cmocka_unit_test(one_bit_makes_keys_differ),
		cmocka_unit_test(only_the_zero_key_is_zero),
		cmocka_unit_test(wipe_clears_what_it_was_given_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
