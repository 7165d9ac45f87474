/* digest_test.c -- MD5, SHA-256 and their HMACs against the RFCs and Python's hashlib.
 *
 * A chain hashes many answers into one: h = SHA256(h || answer), from 32 zero
 * bytes on. The ends of the chains are what Python's hashlib and hmac come to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "vectors.h"

enum { CHAIN = 300 };

static uint8_t pattern[2 * CHAIN];

static int ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(7 * i);
	return crypto_init() ? 0 : -1;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[64];

	assert_int_equal(from_hex(want, sizeof(want), hex), len);
	assert_memory_equal(got, want, len);
}

static void link_to(uint8_t chain[static SHA256_LEN], const uint8_t *answer, size_t len)
{
	const struct bytes parts[] = {bytes_of(chain, SHA256_LEN), bytes_of(answer, len)};

	sha256(chain, parts, 2);
}

/* RFC 1321 appendix A.5, FIPS 180-2 appendix B.1. */
static void hashes_as_in_the_standards(void **state)
{
	const struct bytes abc = text("abc");
	uint8_t out[SHA256_LEN];

	(void)state;
	md5(out, &abc, 1);
	assert_hex(out, MD5_LEN, "900150983cd24fb0d6963f7d28e17f72");
	md5(out, NULL, 0);
	assert_hex(out, MD5_LEN, "d41d8cd98f00b204e9800998ecf8427e");
	sha256(out, &abc, 1);
	assert_hex(out, SHA256_LEN, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 2202 section 3 and RFC 4231 section 4.3: test case 2. */
static void macs_as_in_the_rfcs(void **state)
{
	const struct bytes input = text("what do ya want for nothing?");
	uint8_t out[SHA256_LEN];

	(void)state;
	hmac_sha1(out, text("Jefe"), &input, 1);
	assert_hex(out, SHA1_LEN, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	hmac_sha256(out, text("Jefe"), &input, 1);
	assert_hex(out, SHA256_LEN, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hashes_every_length_as_python_does(void **state)
{
	uint8_t by_md5[SHA256_LEN] = {0}, by_sha256[SHA256_LEN] = {0}, out[SHA256_LEN];

	(void)state;
	for (size_t len = 0; len < CHAIN; len++) {
		const struct bytes part = bytes_of(pattern, len);

		md5(out, &part, 1);
		link_to(by_md5, out, MD5_LEN);
		sha256(out, &part, 1);
		link_to(by_sha256, out, SHA256_LEN);
	}
	assert_hex(by_md5, SHA256_LEN, "eb1a62cb12ef93168dbebeac35a3cd7e16addecb3ee446bba5df708f20ca4d86");
	assert_hex(by_sha256, SHA256_LEN, "0bca936a5d957116002d68e5f34a04019a1e1e2b776ab474285cb08151477d2d");
}

/* Keys shorter than, as long as and longer than the block of 64. */
static void macs_every_key_length_as_python_does(void **state)
{
	uint8_t by_sha1[SHA256_LEN] = {0}, by_sha256[SHA256_LEN] = {0}, out[SHA256_LEN];

	(void)state;
	for (size_t len = 0; len < CHAIN; len++) {
		const struct bytes part = bytes_of(pattern, 2 * len);

		hmac_sha1(out, bytes_of(pattern, len), &part, 1);
		link_to(by_sha1, out, SHA1_LEN);
		hmac_sha256(out, bytes_of(pattern, len), &part, 1);
		link_to(by_sha256, out, SHA256_LEN);
	}
	assert_hex(by_sha1, SHA256_LEN, "44cd1fadb22958fc67b3ac4c2d30337a425d944dbba44783065c7d3e1f609ef4");
	assert_hex(by_sha256, SHA256_LEN, "071ae6d4c58115a98992778828174daa63bcc67f7412acb8f94aae597fc9be0f");
}

static void parts_hash_like_the_whole_wherever_it_is_cut(void **state)
{
	const struct bytes whole = bytes_of(pattern, 200);
	uint8_t want[SHA256_LEN], got[SHA256_LEN];

	(void)state;
	for (size_t at = 0; at <= 200; at++) {
		const struct bytes parts[] = {bytes_of(pattern, at), {NULL, 0},
					      bytes_of(pattern + at, 200 - at)};

		sha256(want, &whole, 1);
		sha256(got, parts, 3);
		assert_memory_equal(got, want, SHA256_LEN);
		hmac_sha1(want, text("key"), &whole, 1);
		hmac_sha1(got, text("key"), parts, 3);
		assert_memory_equal(got, want, SHA1_LEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_in_the_standards),
		cmocka_unit_test(macs_as_in_the_rfcs),
		cmocka_unit_test(hashes_every_length_as_python_does),
		cmocka_unit_test(macs_every_key_length_as_python_does),
		cmocka_unit_test(parts_hash_like_the_whole_wherever_it_is_cut),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
