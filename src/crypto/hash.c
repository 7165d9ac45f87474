/* hash.c -- BLAKE2s (RFC 7693) and what Noise builds from it.
 *
 *	           input                 1       T1 | 2    T2 | 3
 *	             |                   |         |         |
 *	   ck --> HMAC --> secret --> HMAC      HMAC      HMAC	(each with the secret)
 *	                                 |         |         |
 *	                                T1        T2        T3
 *
 * Fetching an algorithm or making a context costs more than hashing a packet,
 * so both are kept; EVP_DigestInit_ex2() and EVP_MAC_init() begin anew in them.
 * The hash forgets its input at the end; the MAC holds its key until the next
 * one comes, and those are public (mac1) or last two minutes (cookies).
 */
#include "crypto/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"

enum { BLOCK_LEN = 64 };

static EVP_MD_CTX *hash_ctx;
static EVP_MAC_CTX *mac_ctx;

static EVP_MD_CTX *new_hash_ctx(void)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "BLAKE2S-256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!md || !ctx || EVP_DigestInit_ex2(ctx, md, NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MD_free(md);		/* the context holds on to it */
	return ctx;
}

static EVP_MAC_CTX *new_mac_ctx(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	size_t size = MAC_LEN;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};

	if (ctx && EVP_MAC_CTX_set_params(ctx, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MAC_free(mac);
	return ctx;
}

bool hash_init(void)
{
	if (!hash_ctx)
		hash_ctx = new_hash_ctx();
	if (!mac_ctx)
		mac_ctx = new_mac_ctx();
	return hash_ctx && mac_ctx;
}

/* Nobody can go on without a hash, so rather stop than use what is in `out`.
 * One thing can fail: EVP_DigestInit_ex2() of OpenSSL 3.0 makes the 128 bytes
 * of its state anew each time. A MAC, which strangers can make us compute by
 * the thousand, needs no memory. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool add(struct bytes part)
{
	return part.len == 0 || EVP_DigestUpdate(hash_ctx, part.data, part.len) == 1;
}

void blake2s(uint8_t out[static HASH_LEN], struct bytes a, struct bytes b)
{
	must(EVP_DigestInit_ex2(hash_ctx, NULL, NULL) == 1 && add(a) && add(b) &&
	     EVP_DigestFinal_ex(hash_ctx, out, NULL) == 1);
}

void blake2s_mac(uint8_t out[static MAC_LEN], const uint8_t *key, size_t key_len, struct bytes input)
{
	size_t len;

	must(EVP_MAC_init(mac_ctx, key, key_len, NULL) == 1 &&
	     EVP_MAC_update(mac_ctx, input.data, input.len) == 1 &&
	     EVP_MAC_final(mac_ctx, out, &len, MAC_LEN) == 1);
}

static void xor_block(uint8_t block[static BLOCK_LEN], uint8_t with)
{
	for (int i = 0; i < BLOCK_LEN; i++)
		block[i] ^= with;
}

/* RFC 2104: H(K ^ opad || H(K ^ ipad || input)) */
void hmac_blake2s(uint8_t out[static HASH_LEN], struct bytes key, struct bytes input)
{
	uint8_t block[BLOCK_LEN] = {0};
	uint8_t inner[HASH_LEN];

	if (key.len > sizeof(block))
		blake2s(block, key, bytes_of(NULL, 0));
	else if (key.len)
		memcpy(block, key.data, key.len);
	xor_block(block, 0x36);
	blake2s(inner, bytes_of(block, sizeof(block)), input);
	xor_block(block, 0x36 ^ 0x5c);
	blake2s(out, bytes_of(block, sizeof(block)), bytes_of(inner, sizeof(inner)));
	wipe(block, sizeof(block));
	wipe(inner, sizeof(inner));
}

/* HKDF, RFC 5869 with an empty info: n outputs one after the other. `out` is
 * none of the caller's buffers, which may be `ck` itself. */
static void expand(uint8_t (*out)[HASH_LEN], unsigned n, const uint8_t ck[static HASH_LEN],
		   struct bytes input)
{
	uint8_t secret[HASH_LEN];
	uint8_t previous[HASH_LEN + 1];
	size_t len = 0;

	hmac_blake2s(secret, bytes_of(ck, HASH_LEN), input);
	for (unsigned i = 0; i < n; i++) {
		previous[len] = (uint8_t)(i + 1);
		hmac_blake2s(out[i], bytes_of(secret, sizeof(secret)), bytes_of(previous, len + 1));
		memcpy(previous, out[i], HASH_LEN);
		len = HASH_LEN;
	}
	wipe(secret, sizeof(secret));
	wipe(previous, sizeof(previous));
}

void kdf1(uint8_t t1[static HASH_LEN], const uint8_t ck[static HASH_LEN], struct bytes input)
{
	uint8_t t[1][HASH_LEN];

	expand(t, 1, ck, input);
	memcpy(t1, t[0], HASH_LEN);
	wipe(t, sizeof(t));
}

void kdf2(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
	  const uint8_t ck[static HASH_LEN], struct bytes input)
{
	uint8_t t[2][HASH_LEN];

	expand(t, 2, ck, input);
	memcpy(t1, t[0], HASH_LEN);
	memcpy(t2, t[1], HASH_LEN);
	wipe(t, sizeof(t));
}

void kdf3(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN], uint8_t t3[static HASH_LEN],
	  const uint8_t ck[static HASH_LEN], struct bytes input)
{
	uint8_t t[3][HASH_LEN];

	expand(t, 3, ck, input);
	memcpy(t1, t[0], HASH_LEN);
	memcpy(t2, t[1], HASH_LEN);
	memcpy(t3, t[2], HASH_LEN);
	wipe(t, sizeof(t));
}
