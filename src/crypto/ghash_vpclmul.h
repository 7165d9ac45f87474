/* ghash_vpclmul.h -- GHASH (NIST SP 800-38D, section 6.4) of two blocks at a time, by VPCLMULQDQ;
 * private to this folder.
 *
 *	Y = X1 H^n + X2 H^(n-1) + ... + Xn H
 *
 *	register     [ X1     | X2      ]   [ X3     | X4      ]         two blocks: a pair
 *	powers         H^n      H^(n-1)       H^(n-2)  H^(n-3)  ...
 *	products     [ high | both | low ]                               added up as they are
 *	reduced      once, in the end
 *
 * Of a block's halves a and b, and c and d of its power, `high` is a c, `low` is b d, and `both` is
 * (a + b)(c + d), of which the other two leave what is in the middle, a d + b c (Karatsuba): three
 * multiplications for four. They take as long as four rounds of AES, and by the same units.
 *
 * The bytes of a block are turned around, so bit i is the coefficient of x^(127 - i). A product of
 * two such, read in the same way, comes out multiplied by x: so each power of H is kept divided
 * by x. See Gueron and Kounavis, "Intel Carry-Less Multiplication Instruction and its Usage for
 * Computing the GCM Mode" (2014), and Gueron, "AES-GCM for Efficient Authenticated Encryption"
 * (2013) for how it is reduced.
 */
#ifndef CRYPTO_GHASH_VPCLMUL_H
#define CRYPTO_GHASH_VPCLMUL_H

#include <immintrin.h>
#include <stddef.h>

/* The rest of the program is for any x86-64. */
#define VAES __attribute__((target("avx2,aes,pclmul,vaes,vpclmulqdq")))
#define VAES_INLINE static inline __attribute__((always_inline, target("avx2,aes,pclmul,vaes,vpclmulqdq")))

enum { GHASH_BLOCKS = 13 };	/* so many may be added up */

struct ghash_key {
	__m128i powers[GHASH_BLOCKS + 1];	/* of H: the highest first, H itself, and zero */
	__m128i halves[GHASH_BLOCKS + 1];	/* of them, added up */
};

/* Each is of the first blocks of pairs in its lower half, of the second in its upper. */
struct ghash_sum {
	__m256i low, both, high;
};

VAES_INLINE __m256i twice(__m128i block)
{
	return _mm256_broadcastsi128_si256(block);
}

/* A pair whose second block is zero. */
VAES_INLINE __m256i alone(__m128i block)
{
	return _mm256_zextsi128_si256(block);
}

/* Each block by itself. */
VAES_INLINE __m256i turned_around(__m256i pair)
{
	return _mm256_shuffle_epi8(pair, twice(_mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f)));
}

VAES_INLINE __m128i first_of(__m256i pair)
{
	return _mm256_castsi256_si128(pair);
}

VAES_INLINE __m128i both_added(__m256i pair)
{
	return _mm_xor_si128(first_of(pair), _mm256_extracti128_si256(pair, 1));
}

/* In both halves of each block, their sum. */
VAES_INLINE __m256i ghash_halves(__m256i pair)
{
	return _mm256_xor_si256(pair, _mm256_shuffle_epi32(pair, _MM_SHUFFLE(1, 0, 3, 2)));
}

/* A pair times H^n and H^(n - 1). The empty instruction is there because gcc would rather add all
 * products in the end, for which there are not enough registers. */
VAES_INLINE void ghash_add(struct ghash_sum *s, __m256i pair, const struct ghash_key *key, size_t n)
{
	__m256i powers = _mm256_loadu_si256((const __m256i *)&key->powers[GHASH_BLOCKS - n]);
	__m256i halves = _mm256_loadu_si256((const __m256i *)&key->halves[GHASH_BLOCKS - n]);

	s->low = _mm256_xor_si256(s->low, _mm256_clmulepi64_epi128(pair, powers, 0x00));
	s->both = _mm256_xor_si256(s->both, _mm256_clmulepi64_epi128(ghash_halves(pair), halves, 0x00));
	s->high = _mm256_xor_si256(s->high, _mm256_clmulepi64_epi128(pair, powers, 0x11));
	__asm__("" : "+x"(s->low), "+x"(s->both), "+x"(s->high));
}

/* The lower half of `low` is made zero by a multiple of the polynomial, 1 + x^121 + x^126 + x^127 + x^128
 * as it is turned; what is left belongs to `next`, 64 bits further up. */
VAES_INLINE __m128i ghash_fold(__m128i low, __m128i next)
{
	const __m128i polynomial = _mm_set_epi64x((long long)0xc200000000000000, 1);
	__m128i multiple = _mm_clmulepi64_si128(low, polynomial, 0x10);
	__m128i left = _mm_shuffle_epi32(low, _MM_SHUFFLE(1, 0, 3, 2));

	return _mm_xor_si128(next, _mm_xor_si128(multiple, left));
}

VAES_INLINE __m128i ghash_reduce(const struct ghash_sum *s)
{
	__m128i low = both_added(s->low), high = both_added(s->high);
	__m128i middle = _mm_xor_si128(both_added(s->both), _mm_xor_si128(low, high));

	return ghash_fold(ghash_fold(low, middle), high);
}

/* H^n. */
VAES_INLINE void ghash_set_power(struct ghash_key *key, size_t n, __m128i power)
{
	key->powers[GHASH_BLOCKS - n] = power;
	key->halves[GHASH_BLOCKS - n] = first_of(ghash_halves(alone(power)));
}

/* From H, as AES gives it.
 * To divide by x is to shift to the left; what leaves, x^0, comes back as x^127 + x^6 + x + 1. */
VAES_INLINE void ghash_set_key(struct ghash_key *key, __m128i from)
{
	__m128i h = first_of(turned_around(alone(from)));
	__m128i left = _mm_srai_epi32(_mm_shuffle_epi32(h, _MM_SHUFFLE(3, 1, 0, 3)), 31);

	left = _mm_and_si128(left, _mm_set_epi32((int)0xc2000000, 1, 0, 1));
	h = _mm_xor_si128(_mm_add_epi64(h, h), left);
	ghash_set_power(key, 0, _mm_setzero_si128());
	ghash_set_power(key, 1, h);
	for (size_t n = 2; n <= GHASH_BLOCKS; n++) {
		struct ghash_sum product = {0};

		ghash_add(&product, alone(h), key, n - 1);
		ghash_set_power(key, n, ghash_reduce(&product));
	}
}

#endif
