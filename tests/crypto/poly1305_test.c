/* poly1305_test.c -- the authenticator alone, where its carries and its last reduction are at their edges.
 *
 * The AEAD gives it whole blocks only, so there are no others here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>

#include "crypto/poly1305.h"
#include "vectors.h"

enum { BLOCKS_MAX = 12 };

static void authenticate(uint8_t tag[static POLY1305_TAG_LEN], const uint8_t key[static POLY1305_KEY_LEN],
			 const uint8_t *text, size_t blocks)
{
	struct poly1305 p;

	poly1305_init(&p, key);
	for (size_t i = 0; i < blocks; i++)
		poly1305_block(&p, text + POLY1305_BLOCK_LEN * i);
	poly1305_finish(&p, tag);
}

static void gives_the_tags_of_the_rfc(void **state)
{
	/* RFC 8439 appendix A.3, those of whole blocks */
	static const struct {
		const char *r, *s, *text, *tag;
	} vectors[] = {
		/* 1 */
		{"00000000000000000000000000000000", "00000000000000000000000000000000",
		 "0000000000000000000000000000000000000000000000000000000000000000"
		 "0000000000000000000000000000000000000000000000000000000000000000",
		 "00000000000000000000000000000000"},
		/* 5: h is 2^130 - 2 before the last reduction */
		{"02000000000000000000000000000000", "00000000000000000000000000000000",
		 "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000"},
		/* 6: h + s is more than 2^128 */
		{"02000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
		 "02000000000000000000000000000000", "03000000000000000000000000000000"},
		/* 7: the multiplication's lowest limb is all ones and has a carry */
		{"01000000000000000000000000000000", "00000000000000000000000000000000",
		 "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff"
		 "11000000000000000000000000000000",
		 "05000000000000000000000000000000"},
		/* 8: h is 2^130 - 5 */
		{"01000000000000000000000000000000", "00000000000000000000000000000000",
		 "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe"
		 "01010101010101010101010101010101",
		 "00000000000000000000000000000000"},
		/* 9: h is 2^130 - 6 */
		{"02000000000000000000000000000000", "00000000000000000000000000000000",
		 "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"},
		/* 10 */
		{"01000000000000000400000000000000", "00000000000000000000000000000000",
		 "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000"
		 "0000000000000000000000000000000001000000000000000000000000000000",
		 "14000000000000005500000000000000"},
		/* 11 */
		{"01000000000000000400000000000000", "00000000000000000000000000000000",
		 "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000"
		 "00000000000000000000000000000000",
		 "13000000000000000000000000000000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t key[POLY1305_KEY_LEN], text[64], want[POLY1305_TAG_LEN], tag[POLY1305_TAG_LEN];
		size_t len = from_hex(text, sizeof(text), vectors[i].text);

		from_hex(key, 16, vectors[i].r);
		from_hex(key + 16, 16, vectors[i].s);
		from_hex(want, sizeof(want), vectors[i].tag);
		authenticate(tag, key, text, len / POLY1305_BLOCK_LEN);
		assert_memory_equal(tag, want, sizeof(want));
	}
}

/* Words that are all ones, or nearly, or few, as often as any others. */
static void fill(uint8_t *out, size_t len)
{
	static const uint64_t edges[] = {0, 1, 4, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 4, UINT64_C(1) << 63};

	for (size_t i = 0; i < len; i += 8) {
		uint32_t which = randombytes_uniform(2 * sizeof(edges) / sizeof(edges[0]));

		if (which < sizeof(edges) / sizeof(edges[0]))
			memcpy(out + i, &edges[which], 8);
		else
			randombytes_buf(out + i, 8);
	}
}

static void gives_the_tags_of_libsodium(void **state)
{
	(void)state;
	for (int round = 0; round < 30000; round++) {
		uint8_t key[POLY1305_KEY_LEN], text[BLOCKS_MAX * POLY1305_BLOCK_LEN];
		uint8_t want[POLY1305_TAG_LEN], tag[POLY1305_TAG_LEN];
		size_t blocks = randombytes_uniform(BLOCKS_MAX + 1);

		fill(key, sizeof(key));
		fill(text, sizeof(text));
		crypto_onetimeauth_poly1305(want, text, POLY1305_BLOCK_LEN * blocks, key);
		authenticate(tag, key, text, blocks);
		assert_memory_equal(tag, want, sizeof(want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_tags_of_the_rfc),
		cmocka_unit_test(gives_the_tags_of_libsodium),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
