/* x25519_test.c -- the vectors of RFC 7748, and points that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "vectors.h"

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

/* RFC 7748 section 5.2 */
static void multiplies_as_in_the_rfc(void **state)
{
	static const struct {
		const char *scalar, *u, *result;
	} rows[] = {
		{"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
		{"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t k[KEY_LEN], u[KEY_LEN], want[KEY_LEN], got[KEY_LEN];

		from_hex(k, KEY_LEN, rows[i].scalar);
		from_hex(u, KEY_LEN, rows[i].u);
		from_hex(want, KEY_LEN, rows[i].result);
		assert_true(x25519(got, k, u));
		assert_memory_equal(got, want, KEY_LEN);
	}
}

/* RFC 7748 section 5.2: k, u = X25519(k, u), k; at first both are 9. */
static void a_thousand_iterations_end_where_the_rfc_says(void **state)
{
	uint8_t k[KEY_LEN] = {9}, u[KEY_LEN] = {9}, next[KEY_LEN], want[KEY_LEN];

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		assert_true(x25519(next, k, u));
		memcpy(u, k, KEY_LEN);
		memcpy(k, next, KEY_LEN);
		if (i == 1) {
			from_hex(want, KEY_LEN,
				 "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
			assert_memory_equal(k, want, KEY_LEN);
		}
	}
	from_hex(want, KEY_LEN, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
	assert_memory_equal(k, want, KEY_LEN);
}

/* RFC 7748 section 6.1 */
static void alice_and_bob_share_a_secret(void **state)
{
	uint8_t a[KEY_LEN], b[KEY_LEN], want[KEY_LEN];
	uint8_t a_public[KEY_LEN], b_public[KEY_LEN], shared[KEY_LEN];

	(void)state;
	from_hex(a, KEY_LEN, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
	from_hex(b, KEY_LEN, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
	x25519_public(a_public, a);
	x25519_public(b_public, b);
	from_hex(want, KEY_LEN, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	assert_memory_equal(a_public, want, KEY_LEN);
	from_hex(want, KEY_LEN, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
	assert_memory_equal(b_public, want, KEY_LEN);
	from_hex(want, KEY_LEN, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
	assert_true(x25519(shared, a, b_public));
	assert_memory_equal(shared, want, KEY_LEN);
	assert_true(x25519(shared, b, a_public));
	assert_memory_equal(shared, want, KEY_LEN);
}

/* All that there are, with both values of the bit that X25519 ignores:
 * https://cr.yp.to/ecdh.html, "How do I validate Curve25519 public keys?" */
static void points_of_low_order_are_refused_and_leave_zeroes(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",	/* p - 1 */
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",	/* p */
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",	/* p + 1 */
	};
	static const uint8_t zero[KEY_LEN];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (size_t i = 0; i < 2 * sizeof(points) / sizeof(points[0]); i++) {
		uint8_t point[KEY_LEN], key[KEY_LEN], shared[KEY_LEN];

		from_hex(point, KEY_LEN, points[i / 2]);
		point[31] |= (uint8_t)(i % 2 << 7);
		key_generate(key, &rng);
		memset(shared, 0xaa, sizeof(shared));
		if (x25519(shared, key, point))
			fail_msg("accepted: %s", points[i / 2]);
		assert_memory_equal(shared, zero, KEY_LEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiplies_as_in_the_rfc),
		cmocka_unit_test(a_thousand_iterations_end_where_the_rfc_says),
		cmocka_unit_test(alice_and_bob_share_a_secret),
		cmocka_unit_test(points_of_low_order_are_refused_and_leave_zeroes),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
