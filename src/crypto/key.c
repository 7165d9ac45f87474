/* key.c -- the 32-byte keys of Curve25519 and their text.
 *
 *	| 8 bits | 8 bits | 8 bits |	32 bytes are 256 bits; with two zero
 *	| 6  | 6   |   6  |  6     |	bits after them 43 characters, then '='
 *
 * A private key passes through here, so no table is indexed with its bits and
 * no branch taken on them: a cache or the branch predictor would remember.
 */
#include "crypto/key.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { DIGITS = KEY_TEXT - 2 };		/* characters before the '=' */

/* All ones if a > b, else 0. Both are below 2^31. */
static unsigned mask_above(unsigned a, unsigned b)
{
	return 0u - ((b - a) >> 31);
}

/* The alphabet of RFC 4648 is five ranges; each step jumps to the next one. */
static char to_digit(unsigned v)
{
	unsigned c = v + 'A';

	c += mask_above(v, 25) & ('a' - 26u - 'A');
	c += mask_above(v, 51) & ('0' - 52u - ('a' - 26u));
	c += mask_above(v, 61) & ('+' - 62u - ('0' - 52u));
	c += mask_above(v, 62) & ('/' - 63u - ('+' - 62u));
	return (char)c;
}

/* 1 + base + (c - first) if c is in first..last, else 0. */
static unsigned in_range(unsigned c, unsigned first, unsigned last, unsigned base)
{
	return ~mask_above(first, c) & ~mask_above(c, last) & (1 + base + c - first);
}

/* 1 + the value of the digit, or 0 if it is none. */
static unsigned from_digit(char digit)
{
	unsigned c = (uint8_t)digit;

	return in_range(c, 'A', 'Z', 0) | in_range(c, 'a', 'z', 26) | in_range(c, '0', '9', 52) |
	       in_range(c, '+', '+', 62) | in_range(c, '/', '/', 63);
}

void base64_write(char *out, const uint8_t *data, size_t len)
{
	size_t digits = (len * 8 + 5) / 6, next = 0, i;
	unsigned bits = 0, held = 0;

	for (i = 0; i < digits; i++) {
		if (held < 6) {
			bits = bits << 8 | (next < len ? data[next++] : 0);
			held += 8;
		}
		held -= 6;
		out[i] = to_digit(bits >> held & 63);
	}
	while (i % 4)
		out[i++] = '=';
	out[i] = '\0';
}

char *key_to_base64(char out[static KEY_TEXT], const uint8_t key[static KEY_LEN])
{
	base64_write(out, key, KEY_LEN);
	return out;
}

bool key_from_base64(uint8_t key[static KEY_LEN], const char *text)
{
	unsigned bits = 0, held = 0, bad = 0;
	uint8_t *next = key;

	memset(key, 0, KEY_LEN);
	if (strnlen(text, KEY_TEXT) != KEY_TEXT - 1 || text[DIGITS] != '=')
		return false;
	for (int i = 0; i < DIGITS; i++) {
		unsigned v = from_digit(text[i]);

		bad |= mask_above(1, v);
		bits = bits << 6 | ((v - 1) & 63);
		held += 6;
		if (held >= 8) {
			held -= 8;
			*next++ = (uint8_t)(bits >> held);
		}
	}
	bad |= bits & 3;		/* the two that no byte took */
	if (bad)
		wipe(key, KEY_LEN);
	return !bad;
}

void key_generate(uint8_t key[static KEY_LEN], struct rng *rng)
{
	rng->fill(rng, key, KEY_LEN);
	/* RFC 7748 section 5, decodeScalar25519 */
	key[0] &= 248;
	key[31] = (uint8_t)((key[31] & 127) | 64);
}

void credential_generate(char *out, size_t len, struct rng *rng)
{
	uint8_t random[CREDENTIAL_MAX];

	assert(len <= sizeof(random));
	rng->fill(rng, random, len);
	for (size_t i = 0; i < len; i++)
		out[i] = to_digit(random[i] & 63);
	out[len] = '\0';
	wipe(random, sizeof(random));
}

bool key_is_zero(const uint8_t key[static KEY_LEN])
{
	return sodium_is_zero(key, KEY_LEN);
}

bool key_equal(const uint8_t a[static KEY_LEN], const uint8_t b[static KEY_LEN])
{
	return secret_equal(a, b, KEY_LEN);
}

bool secret_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}
