/* hash.h -- BLAKE2s and what Noise builds from it (WireGuard paper, section 5.4).
 *
 * OpenSSL computes, in contexts that crypto_init() makes once and all calls
 * share: one thread only. Lengths in bytes. None of these can fail for sizes
 * that the prototypes allow.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"

enum {
	HASH_LEN = 32,
	MAC_LEN = 16,
};

/* Hash( a || b ); pass {0} for an absent part. */
void blake2s(uint8_t out[static HASH_LEN], struct bytes a, struct bytes b);

/* Keyed BLAKE2s with 16 bytes of output: mac1, mac2, cookies. key_len 1..32. */
void blake2s_mac(uint8_t out[static MAC_LEN], const uint8_t *key, size_t key_len, struct bytes input);

/* HMAC-BLAKE2s, RFC 2104 with a 64-byte block. */
void hmac_blake2s(uint8_t out[static HASH_LEN], struct bytes key, struct bytes input);

/* KDF1, KDF2, KDF3: HKDF with chaining key `ck` and `input`; outputs may alias ck. */
void kdf1(uint8_t t1[static HASH_LEN], const uint8_t ck[static HASH_LEN], struct bytes input);
void kdf2(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN],
	  const uint8_t ck[static HASH_LEN], struct bytes input);
void kdf3(uint8_t t1[static HASH_LEN], uint8_t t2[static HASH_LEN], uint8_t t3[static HASH_LEN],
	  const uint8_t ck[static HASH_LEN], struct bytes input);

/* Part of crypto_init(). False: OpenSSL has no BLAKE2s here. Again: nothing. */
bool hash_init(void);

#endif
