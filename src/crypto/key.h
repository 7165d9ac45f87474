/* key.h -- the 32-byte keys of Curve25519 and their text.
 *
 * Text is base64 of 44 characters, as `wg` prints it. Secrets are wiped with
 * wipe() by whoever made them, on every way out.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

enum {
	KEY_LEN = 32,
	KEY_TEXT = 45,		/* base64 and the final NUL */
	CREDENTIAL_MAX = 24,
};

/* Characters and the final NUL of so many bytes; and these, in constant time. */
#define BASE64_TEXT(len) (((len) + 2) / 3 * 4 + 1)
void base64_write(char *out, const uint8_t *data, size_t len);

char *key_to_base64(char out[static KEY_TEXT], const uint8_t key[static KEY_LEN]);
/* Exactly 44 characters of canonical base64 (the unused low bits zero), in
 * constant time with regard to their values. False leaves `key` zeroed. */
bool key_from_base64(uint8_t key[static KEY_LEN], const char *text);

void key_generate(uint8_t key[static KEY_LEN], struct rng *rng);	/* private, clamped */
/* len characters (and a NUL) of base64's alphabet, 6 random bits each: the credentials of ICE
 * (RFC 8839 section 5.4). len is at most CREDENTIAL_MAX. */
void credential_generate(char *out, size_t len, struct rng *rng);

bool key_is_zero(const uint8_t key[static KEY_LEN]);
bool key_equal(const uint8_t a[static KEY_LEN], const uint8_t b[static KEY_LEN]);

/* Constant time, any length. */
bool secret_equal(const void *a, const void *b, size_t len);
void wipe(void *p, size_t len);

#endif
