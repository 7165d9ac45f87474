/* hash_test.c -- BLAKE2s, its MAC, HMAC and the KDF against other implementations.
 *
 * A chain hashes many answers into one: h = BLAKE2s(h || answer), from 32
 * zero bytes on. The ends of the chains are what Python's hashlib and hmac
 * (the reference code of BLAKE2) come to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "vectors.h"

enum { CHAIN = 300 };

static const struct bytes nothing;
static uint8_t pattern[2 * CHAIN];

static int ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(7 * i);
	return crypto_init() ? 0 : -1;
}

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[64];

	assert_int_equal(from_hex(want, sizeof(want), hex), len);
	assert_memory_equal(got, want, len);
}

/* RFC 7693 appendix B, and the hash of nothing. */
static void hashes_as_in_the_rfc(void **state)
{
	uint8_t out[HASH_LEN];

	(void)state;
	blake2s(out, bytes_of("abc", 3), nothing);
	assert_hex(out, HASH_LEN, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
	blake2s(out, nothing, nothing);
	assert_hex(out, HASH_LEN, "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
}

static void hashes_every_length_as_python_does(void **state)
{
	uint8_t chain[HASH_LEN] = {0}, out[HASH_LEN];

	(void)state;
	for (size_t len = 0; len < CHAIN; len++) {
		blake2s(out, bytes_of(pattern, len), nothing);
		blake2s(chain, bytes_of(chain, HASH_LEN), bytes_of(out, HASH_LEN));
	}
	assert_hex(chain, HASH_LEN, "ddfcffaebde71e875d9286a1878ef191e54bad89b5e5cc0129d2640bf31f3183");
}

static void two_parts_hash_like_the_whole_wherever_it_is_cut(void **state)
{
	uint8_t whole[HASH_LEN], cut[HASH_LEN];

	(void)state;
	blake2s(whole, nothing, bytes_of(pattern, 200));
	for (size_t at = 0; at <= 200; at++) {
		blake2s(cut, bytes_of(pattern, at), bytes_of(pattern + at, 200 - at));
		assert_memory_equal(cut, whole, HASH_LEN);
	}
}

/* Inputs of every length, keys of 1 to 32 bytes. */
static void macs_every_length_as_python_does(void **state)
{
	uint8_t chain[HASH_LEN] = {0}, out[MAC_LEN];

	(void)state;
	for (size_t len = 0; len < CHAIN; len++) {
		blake2s_mac(out, pattern + 1, len % 32 + 1, bytes_of(pattern, len));
		blake2s(chain, bytes_of(chain, HASH_LEN), bytes_of(out, MAC_LEN));
	}
	assert_hex(chain, HASH_LEN, "e8bc0282aebbb355c9c86cf637f8141af231bc2929363c16ca6935d5eead7cb1");
}

/* The cookie of 192.0.2.1:51820 under a secret of 32 times 0x66; not the
 * start of the 32-byte MAC, for BLAKE2s hashes the output length as well. */
static void a_cookie_has_its_known_mac(void **state)
{
	static const uint8_t address[6] = {192, 0, 2, 1, 51820 >> 8, 51820 & 0xff};
	uint8_t secret[HASH_LEN], out[MAC_LEN];

	(void)state;
	memset(secret, 0x66, sizeof(secret));
	blake2s_mac(out, secret, sizeof(secret), bytes_of(address, sizeof(address)));
	assert_hex(out, MAC_LEN, "0da54ebfa83089e16a06e54293a58209");
}

static void a_mac_does_not_remember_the_key_before(void **state)
{
	uint8_t first[MAC_LEN], other[MAC_LEN], again[MAC_LEN];

	(void)state;
	blake2s_mac(first, pattern, 32, bytes_of("abc", 3));
	blake2s_mac(other, pattern, 31, bytes_of("abc", 3));
	assert_memory_not_equal(first, other, MAC_LEN);
	blake2s_mac(again, pattern, 32, bytes_of("abc", 3));
	assert_memory_equal(first, again, MAC_LEN);
}

/* Keys shorter than, as long as and longer than the block of 64. */
static void hmacs_every_key_length_as_python_does(void **state)
{
	uint8_t chain[HASH_LEN] = {0}, out[HASH_LEN];

	(void)state;
	for (size_t len = 0; len < CHAIN; len++) {
		hmac_blake2s(out, bytes_of(pattern, len), bytes_of(pattern, 2 * len));
		blake2s(chain, bytes_of(chain, HASH_LEN), bytes_of(out, HASH_LEN));
	}
	assert_hex(chain, HASH_LEN, "cdff8c78043c19fe4323bbfc3426733695693044e6882a159991662760f78d5e");
}

/* wireguard-go's device/kdf_test.go. Its keys are shorter than ours, but HMAC
 * fills a key up with zeroes. */
static void derives_the_keys_that_wireguard_go_does(void **state)
{
	static const struct {
		const char *key, *input, *t[3];
	} rows[] = {
		{"test-key", "test-input",
		 {"6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633",
		  "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a",
		  "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24"}},
		{"wireguard", "wireguard",
		 {"491d43bbfdaa8750aaf535e334ecbfe5129967cd64635101c566d4caefda96e8",
		  "1e71a379baefd8a79aa4662212fcafe19a23e2b609a3db7d6bcba8f560e3d25f",
		  "31e1ae48bddfbe5de38f295e5452b1909a1b4e38e183926af3780b0c1e1f0160"}},
		{"", "",
		 {"8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0",
		  "58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e",
		  "0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes input = bytes_of(rows[i].input, strlen(rows[i].input));
		uint8_t ck[HASH_LEN] = {0}, t1[HASH_LEN], t2[HASH_LEN], t3[HASH_LEN];

		memcpy(ck, rows[i].key, strlen(rows[i].key));
		kdf3(t1, t2, t3, ck, input);
		assert_hex(t1, HASH_LEN, rows[i].t[0]);
		assert_hex(t2, HASH_LEN, rows[i].t[1]);
		assert_hex(t3, HASH_LEN, rows[i].t[2]);
		memset(t1, 0, HASH_LEN);
		memset(t2, 0, HASH_LEN);
		kdf2(t1, t2, ck, input);
		assert_hex(t1, HASH_LEN, rows[i].t[0]);
		assert_hex(t2, HASH_LEN, rows[i].t[1]);
		memset(t1, 0, HASH_LEN);
		kdf1(t1, ck, input);
		assert_hex(t1, HASH_LEN, rows[i].t[0]);
	}
}

static void outputs_may_replace_the_chaining_key(void **state)
{
	struct bytes input = bytes_of("input", 5);
	uint8_t t1[HASH_LEN], t2[HASH_LEN], t3[HASH_LEN], ck[HASH_LEN], a[HASH_LEN], b[HASH_LEN];

	(void)state;
	kdf3(t1, t2, t3, pattern, input);
	memcpy(ck, pattern, HASH_LEN);
	kdf1(ck, ck, input);
	assert_memory_equal(ck, t1, HASH_LEN);
	memcpy(ck, pattern, HASH_LEN);
	kdf2(ck, a, ck, input);
	assert_memory_equal(ck, t1, HASH_LEN);
	assert_memory_equal(a, t2, HASH_LEN);
	memcpy(ck, pattern, HASH_LEN);
	kdf3(ck, a, b, ck, input);
	assert_memory_equal(ck, t1, HASH_LEN);
	assert_memory_equal(a, t2, HASH_LEN);
	assert_memory_equal(b, t3, HASH_LEN);
	memcpy(ck, pattern, HASH_LEN);
	kdf3(a, b, ck, ck, input);
	assert_memory_equal(ck, t3, HASH_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_in_the_rfc),
		cmocka_unit_test(hashes_every_length_as_python_does),
		cmocka_unit_test(two_parts_hash_like_the_whole_wherever_it_is_cut),
		cmocka_unit_test(macs_every_length_as_python_does),
		cmocka_unit_test(a_cookie_has_its_known_mac),
		cmocka_unit_test(a_mac_does_not_remember_the_key_before),
		cmocka_unit_test(hmacs_every_key_length_as_python_does),
		cmocka_unit_test(derives_the_keys_that_wireguard_go_does),
		cmocka_unit_test(outputs_may_replace_the_chaining_key),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
