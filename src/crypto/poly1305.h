/* poly1305.h -- the one-time authenticator of RFC 8439, section 2.5, in x86-64's 64-bit registers;
 * private to this folder.
 *
 *	h = (h + block) r  mod 2^130 - 5, block by block; in the end, tag = h + s  mod 2^128
 *
 *	              h2     h1     h0        limbs of 64 bits, h2 less than 8
 *	         x           r1     r0        of 60 bits each, by the clamp
 *	     ---------------------------
 *	                  h1 r0  h0 r0        2^128 counts as 5/4, for 2^130 counts as 5; and as
 *	           h2 r0  h0 r1  h1 q1        r1 is a multiple of 4, q1 = r1 5/4 is whole
 *	                  h2 q1
 *
 * It leaves the vector units alone, so that they may do something else meanwhile: all is inline,
 * to be mixed with that. No branch and no address depends on what is secret.
 */
#ifndef CRYPTO_POLY1305_H
#define CRYPTO_POLY1305_H

#include <stdint.h>
#include <string.h>

#define POLY1305_INLINE static inline __attribute__((always_inline))

enum { POLY1305_KEY_LEN = 32, POLY1305_BLOCK_LEN = 16, POLY1305_TAG_LEN = 16 };

__extension__ typedef unsigned __int128 poly1305_wide;

struct poly1305 {
	uint64_t h[3], r[2], q1, s[2];
};

/* x += y, limb by limb. In assembly because gcc 12 puts most carries into a register and back,
 * which makes a block take a quarter longer. */
POLY1305_INLINE void poly1305_add2(uint64_t *x0, uint64_t *x1, uint64_t y0, uint64_t y1)
{
	__asm__("add %[y0], %[x0]\n\t"
		"adc %[y1], %[x1]"
		: [x0] "+&r"(*x0), [x1] "+r"(*x1)
		: [y0] "re"(y0), [y1] "re"(y1)
		: "cc");
}

POLY1305_INLINE void poly1305_add3(uint64_t x[static 3], uint64_t y0, uint64_t y1, uint64_t y2)
{
	__asm__("add %[y0], %[x0]\n\t"
		"adc %[y1], %[x1]\n\t"
		"adc %[y2], %[x2]"
		: [x0] "+&r"(x[0]), [x1] "+&r"(x[1]), [x2] "+r"(x[2])
		: [y0] "re"(y0), [y1] "re"(y1), [y2] "re"(y2)
		: "cc");
}

POLY1305_INLINE void poly1305_init(struct poly1305 *p, const uint8_t key[static POLY1305_KEY_LEN])
{
	memset(p->h, 0, sizeof(p->h));
	memcpy(p->r, key, sizeof(p->r));
	memcpy(p->s, key + sizeof(p->r), sizeof(p->s));
	p->r[0] &= UINT64_C(0x0ffffffc0fffffff);
	p->r[1] &= UINT64_C(0x0ffffffc0ffffffc);
	p->q1 = p->r[1] + (p->r[1] >> 2);
}

POLY1305_INLINE void poly1305_block(struct poly1305 *p, const uint8_t block[static POLY1305_BLOCK_LEN])
{
	uint64_t *h = p->h, m[2], d1, d2, over;
	poly1305_wide low, high;

	memcpy(m, block, sizeof(m));
	poly1305_add3(h, m[0], m[1], 1);
	low = (poly1305_wide)h[0] * p->r[0] + (poly1305_wide)h[1] * p->q1;
	high = (poly1305_wide)h[0] * p->r[1] + (poly1305_wide)h[1] * p->r[0];
	d1 = (uint64_t)high;
	d2 = (uint64_t)(high >> 64);
	poly1305_add2(&d1, &d2, h[2] * p->q1, h[2] * p->r[0]);
	poly1305_add2(&d1, &d2, (uint64_t)(low >> 64), 0);
	/* what is over 2^130, times 5, goes back to the bottom */
	over = (d2 & ~UINT64_C(3)) + (d2 >> 2);
	h[0] = (uint64_t)low;
	h[1] = d1;
	h[2] = d2 & 3;
	poly1305_add3(h, over, 0, 0);
}

/* h is less than twice 2^130 - 5: if h + 5 reaches 2^130, that less 2^130 is what remains. */
POLY1305_INLINE void poly1305_finish(const struct poly1305 *p, uint8_t tag[static POLY1305_TAG_LEN])
{
	uint64_t g[3], t[2], is_over;

	memcpy(g, p->h, sizeof(g));
	poly1305_add3(g, 5, 0, 0);
	is_over = -(g[2] >> 2);
	for (int i = 0; i < 2; i++)
		t[i] = (g[i] & is_over) | (p->h[i] & ~is_over);
	poly1305_add2(&t[0], &t[1], p->s[0], p->s[1]);
	memcpy(tag, t, sizeof(t));
}

#endif
