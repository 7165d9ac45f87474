/* chacha20_avx2.c -- the rounds in the vector units, and Poly1305 in the others at the same time.
 *
 * ChaCha20 waits for the vector units, Poly1305 for the multiplier and for itself. The CPU does
 * both in the time of one, if it finds the one's instructions among the other's; it looks ahead for
 * some 200. So blocks for Poly1305 stand between the quarter rounds:
 *
 *	columns 0, 1 | block | columns 2, 3 | block | diagonals 0, 1 | block | diagonals 2, 3
 *
 * Ten of these double rounds take 30 blocks of 16 bytes; a stride of text has 32.
 */
#include "crypto/chacha20_avx2.h"

#define AVX2 __attribute__((target("avx2,bmi2")))
#define INLINE static inline __attribute__((always_inline, target("avx2,bmi2")))

enum { DOUBLE_ROUNDS = 10, BLOCKS = 3 };

/* -- what each lane computes --------------------------------------------- */

AVX2 void chacha20_set_key(struct chacha20_rows *rows, const uint8_t key[static KEY_LEN])
{
	static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t words[KEY_LEN / sizeof(uint32_t)];

	memcpy(words, key, KEY_LEN);
	for (int i = 0; i < 4; i++) {
		rows->a[i] = _mm256_set1_epi32((int)constants[i]);
		rows->b[i] = _mm256_set1_epi32((int)words[i]);
		rows->c[i] = _mm256_set1_epi32((int)words[4 + i]);
		rows->d[i] = _mm256_setzero_si256();
	}
	wipe(words, sizeof(words));
}

AVX2 void chacha20_set_lanes(struct chacha20_rows *rows, unsigned lane, uint32_t block, uint64_t counter)
{
	const __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
	__m256i ours = _mm256_cmpgt_epi32(lanes, _mm256_set1_epi32((int)lane - 1));
	__m256i blocks = _mm256_add_epi32(lanes, _mm256_set1_epi32((int)(block - lane)));
	__m256i low = _mm256_set1_epi32((int)counter), high = _mm256_set1_epi32((int)(counter >> 32));

	rows->d[0] = _mm256_blendv_epi8(rows->d[0], blocks, ours);
	rows->d[2] = _mm256_blendv_epi8(rows->d[2], low, ours);
	rows->d[3] = _mm256_blendv_epi8(rows->d[3], high, ours);
}

/* -- rounds -------------------------------------------------------------- */

/* What vpshufb is told to rotate each word to the left by 16 bits, and by 8. */
static const _Alignas(32) uint8_t rotate_16[32] = {
	2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
	2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
};
static const _Alignas(32) uint8_t rotate_8[32] = {
	3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
	3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,
};

/* Two quarter rounds side by side, 1 and 2, so that the units have a choice. x += y, z ^= x; and
 * z is rotated to the left. */
#define ADD_XOR(x, y, z)                                                                           \
	"vpaddd %[" #y "1], %[" #x "1], %[" #x "1]\n\t"                                            \
	"vpaddd %[" #y "2], %[" #x "2], %[" #x "2]\n\t"                                            \
	"vpxor %[" #x "1], %[" #z "1], %[" #z "1]\n\t"                                             \
	"vpxor %[" #x "2], %[" #z "2], %[" #z "2]\n\t"
#define ROTATE_BYTES(z, by)                                                                        \
	"vpshufb %[" #by "], %[" #z "1], %[" #z "1]\n\t"                                           \
	"vpshufb %[" #by "], %[" #z "2], %[" #z "2]\n\t"
#define ROTATE(z, left, right)                                                                     \
	"vpslld $" #left ", %[" #z "1], %[t1]\n\t"                                                 \
	"vpsrld $" #right ", %[" #z "1], %[" #z "1]\n\t"                                           \
	"vpslld $" #left ", %[" #z "2], %[t2]\n\t"                                                 \
	"vpsrld $" #right ", %[" #z "2], %[" #z "2]\n\t"                                           \
	"vpor %[t1], %[" #z "1], %[" #z "1]\n\t"                                                   \
	"vpor %[t2], %[" #z "2], %[" #z "2]\n\t"

/* Section 2.1, of columns i and i + 1; or, shifted by 1, of the diagonals that begin there. In
 * assembly because gcc 12 takes a tenth longer: it moves registers to memory and back too often. */
INLINE void quarter_rounds(struct chacha20_rows *v, int i, int shift)
{
	__m256i *a = v->a + i, *b = v->b, *c = v->c, *d = v->d, t1, t2;
	int j = i + shift, k = j + shift, l = k + shift;

	__asm__(ADD_XOR(a, b, d) ROTATE_BYTES(d, rotate_16)
		ADD_XOR(c, d, b) ROTATE(b, 12, 20)
		ADD_XOR(a, b, d) ROTATE_BYTES(d, rotate_8)
		ADD_XOR(c, d, b) ROTATE(b, 7, 25)
		: [a1] "+x"(a[0]), [b1] "+x"(b[j % 4]), [c1] "+x"(c[k % 4]), [d1] "+x"(d[l % 4]),
		  [a2] "+x"(a[1]), [b2] "+x"(b[(j + 1) % 4]), [c2] "+x"(c[(k + 1) % 4]), [d2] "+x"(d[(l + 1) % 4]),
		  [t1] "=&x"(t1), [t2] "=&x"(t2)
		: [rotate_16] "m"(rotate_16), [rotate_8] "m"(rotate_8));
}

/* There are 16 registers, and rotating takes two: these rows wait in memory until their next turn,
 * rather than whichever the compiler would choose. */
INLINE void park(__m256i *x, __m256i *y)
{
	__asm__("" : "+m"(*x), "+m"(*y));
}

/* With BLOCKS of the text for the authenticator; NULL: without. */
INLINE void double_round(struct chacha20_rows *v, struct poly1305 *mac, const uint8_t *text)
{
	quarter_rounds(v, 0, 0);
	park(&v->c[0], &v->c[1]);
	if (mac)
		poly1305_block(mac, text);
	quarter_rounds(v, 2, 0);
	if (mac)
		poly1305_block(mac, text + POLY1305_BLOCK_LEN);
	quarter_rounds(v, 0, 1);
	park(&v->c[2], &v->c[3]);
	if (mac)
		poly1305_block(mac, text + 2 * POLY1305_BLOCK_LEN);
	quarter_rounds(v, 2, 1);
}

/* -- from rows to blocks ------------------------------------------------- */

/* Four rows, of a word of each of eight blocks, to four words each of blocks i, in the lower half
 * of row i, and i + 4, in the upper. */
INLINE void transpose(__m256i r[static 4])
{
	__m256i low01 = _mm256_unpacklo_epi32(r[0], r[1]), high01 = _mm256_unpackhi_epi32(r[0], r[1]);
	__m256i low23 = _mm256_unpacklo_epi32(r[2], r[3]), high23 = _mm256_unpackhi_epi32(r[2], r[3]);

	r[0] = _mm256_unpacklo_epi64(low01, low23);
	r[1] = _mm256_unpackhi_epi64(low01, low23);
	r[2] = _mm256_unpacklo_epi64(high01, high23);
	r[3] = _mm256_unpackhi_epi64(high01, high23);
}

INLINE void store(uint8_t *out, __m256i x)
{
	_mm256_store_si256((__m256i *)out, x);
}

/* Eight rows to half of each block, section 2.3's last addition included. */
INLINE void store_halves(uint8_t *out, __m256i x[static 4], const __m256i x0[static 4],
			 __m256i y[static 4], const __m256i y0[static 4])
{
	for (int i = 0; i < 4; i++) {
		x[i] = _mm256_add_epi32(x[i], x0[i]);
		y[i] = _mm256_add_epi32(y[i], y0[i]);
	}
	transpose(x);
	transpose(y);
	for (int i = 0; i < 4; i++) {
		store(out + CHACHA20_BLOCK_LEN * i, _mm256_permute2x128_si256(x[i], y[i], 0x20));
		store(out + CHACHA20_BLOCK_LEN * (i + 4), _mm256_permute2x128_si256(x[i], y[i], 0x31));
	}
}

/* As `=` does, but by registers: gcc 12 calls for the CPU's slow way to copy bytes. */
INLINE void copy(struct chacha20_rows *to, const struct chacha20_rows *from)
{
	for (int i = 0; i < 4; i++) {
		to->a[i] = from->a[i];
		to->b[i] = from->b[i];
		to->c[i] = from->c[i];
		to->d[i] = from->d[i];
	}
}

AVX2 const uint8_t *chacha20_stride(uint8_t keystream[static CHACHA20_STRIDE_LEN],
				    const struct chacha20_rows *rows, struct poly1305 *mac,
				    const uint8_t *text, size_t len)
{
	enum { STEP = BLOCKS * POLY1305_BLOCK_LEN };
	struct chacha20_rows v;
	struct poly1305 m = *mac;
	int i = 0;

	copy(&v, rows);
	for (; i < DOUBLE_ROUNDS && len >= STEP; i++, text += STEP, len -= STEP)
		double_round(&v, &m, text);
	for (; i < DOUBLE_ROUNDS; i++)
		double_round(&v, NULL, NULL);
	*mac = m;
	store_halves(keystream, v.a, rows->a, v.b, rows->b);
	store_halves(keystream + CHACHA20_BLOCK_LEN / 2, v.c, rows->c, v.d, rows->d);
	return text;
}

/* -- encrypting ---------------------------------------------------------- */

INLINE void xor_32(uint8_t *text, const uint8_t *keystream)
{
	__m256i x = _mm256_loadu_si256((const __m256i *)text);
	__m256i y = _mm256_loadu_si256((const __m256i *)keystream);

	_mm256_storeu_si256((__m256i *)text, _mm256_xor_si256(x, y));
}

AVX2 void chacha20_xor(uint8_t *text, const uint8_t *keystream, size_t len)
{
	enum { STEP = 32 };

	for (; len >= STEP; len -= STEP, text += STEP, keystream += STEP)
		xor_32(text, keystream);
	while (len-- > 0)
		*text++ ^= *keystream++;
}
