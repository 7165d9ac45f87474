/* chacha20_avx2.h -- eight blocks of ChaCha20 at once (RFC 8439, section 2.3), and Poly1305 of
 * something else meanwhile; private to this folder, and for CPUs with AVX2 and BMI2 only.
 *
 *	lane        0     1     2    ...    7
 *	row  0    expa  expa  expa        expa      a row is one word of the state, in eight blocks
 *	...
 *	row  3    te k  te k  te k        te k
 *	row  4    key   key   key         key
 *	...
 *	row 11    key   key   key         key
 *	row 12    which block of the message
 *	row 13    0     0     0           0         the nonce: zeroes, then the message's counter,
 *	row 14    its low half
 *	row 15    its high half
 *
 * The rounds are the same for all lanes, so each lane may belong to another message.
 */
#ifndef CRYPTO_CHACHA20_AVX2_H
#define CRYPTO_CHACHA20_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/key.h"
#include "crypto/poly1305.h"

enum {
	CHACHA20_LANES = 8,
	CHACHA20_BLOCK_LEN = 64,
	CHACHA20_STRIDE_LEN = CHACHA20_LANES * CHACHA20_BLOCK_LEN,
};

/* Four each, beginning with row 0, 4, 8 and 12: in a quarter round's a, b, c and d. */
struct chacha20_rows {
	__m256i a[4], b[4], c[4], d[4];
};

void chacha20_set_key(struct chacha20_rows *rows, const uint8_t key[static KEY_LEN]);
/* From this lane on: that block of the message with that counter, and those that follow. */
void chacha20_set_lanes(struct chacha20_rows *rows, unsigned lane, uint32_t block, uint64_t counter);

/* The keystream of the eight lanes, to where 32 divides the address. Meanwhile the authenticator
 * takes as many whole blocks of `text` as there is time for; the result is where it stopped. */
const uint8_t *chacha20_stride(uint8_t keystream[static CHACHA20_STRIDE_LEN],
			       const struct chacha20_rows *rows, struct poly1305 *mac,
			       const uint8_t *text, size_t len);

/* text ^= keystream */
void chacha20_xor(uint8_t *text, const uint8_t *keystream, size_t len);

#endif
