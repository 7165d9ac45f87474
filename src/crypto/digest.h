/* digest.h -- MD5, SHA-1 and SHA-256, for protocols that name them.
 *
 * STUN and TURN do (RFC 8489 sections 9.2 and 14.5): HMAC-SHA1 and HMAC-SHA256
 * of messages, MD5 and SHA-256 of passwords. WireGuard and what is our own use
 * hash.h.
 *
 * The input is a list of parts, hashed as if they stood one after the other.
 * OpenSSL computes, in contexts that crypto_init() makes once and all calls
 * share: one thread only. Lengths in bytes; none of these can fail.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/bytes.h"

enum {
	MD5_LEN = 16,
	SHA1_LEN = 20,
	SHA256_LEN = 32,
};

void md5(uint8_t out[static MD5_LEN], const struct bytes *parts, size_t n);
void sha256(uint8_t out[static SHA256_LEN], const struct bytes *parts, size_t n);

/* RFC 2104; the key may have any length. */
void hmac_sha1(uint8_t out[static SHA1_LEN], struct bytes key, const struct bytes *parts, size_t n);
void hmac_sha256(uint8_t out[static SHA256_LEN], struct bytes key, const struct bytes *parts,
		 size_t n);

/* Part of crypto_init(). False: OpenSSL has not all of them (a FIPS build has
 * no MD5). Again: nothing. */
bool digest_init(void);

#endif
