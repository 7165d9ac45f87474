/* checksum.c -- the Internet's checksum, RFC 1071, 64 bytes at a time.
 *
 *   8 bytes  [ high 32 | low 32 ]  --> all += word, high += word >> 32
 *   in the end                         low = all - (high << 32)
 *
 * As 2^16 is 1 modulo 2^16 - 1, wider words have the same sum. Sums of halves do not overflow 64
 * bits; that of the words may, which takes nothing from the lower halves. GCC and clang make vectors
 * of it, whatever the machine has; GCC on x86-64 also makes each loop for AVX2, and the loader takes
 * the one that fits.
 */
#include "base/checksum.h"

#include <string.h>

#if defined(__x86_64__) && !defined(__clang__)	/* 14 of which gives clones names that nobody finds */
#define FOR_EACH_CPU __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_CPU
#endif
/* Vectors that the CPU may not have are no arguments for a real call. */
#define INLINE static inline __attribute__((always_inline))

typedef uint64_t lanes __attribute__((vector_size(32)));

enum { STEP = 2 * sizeof(lanes) };

INLINE void load(lanes *words, const uint8_t *p)
{
	memcpy(words, p, sizeof(*words));
}

INLINE void store(uint8_t *p, const lanes *words)
{
	memcpy(p, words, sizeof(*words));
}

/* Of the words: all of them, as far as 64 bits hold that, and their upper halves. */
struct sums {
	lanes all, high;
};

INLINE void add(struct sums *sums, const lanes *a, const lanes *b)
{
	sums->all += *a + *b;
	sums->high += (*a >> 32) + (*b >> 32);
}

INLINE uint64_t total(const struct sums *sums)
{
	lanes low = sums->all - (sums->high << 32), both = low + sums->high;

	return both[0] + both[1] + both[2] + both[3];
}

/* What is less than a step. A byte too few counts as zero. */
static uint64_t add_rest(uint64_t sum, const uint8_t *p, size_t len)
{
	uint32_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len) {
		word = 0;
		memcpy(&word, p, len);
		sum += word;
	}
	return sum;
}

FOR_EACH_CPU uint64_t checksum_add(uint64_t sum, struct bytes span)
{
	const uint8_t *p = span.data;
	size_t len = span.len;
	struct sums sums = {{0}, {0}};
	lanes a, b;

	if (len < STEP)		/* a header */
		return add_rest(sum, p, len);
	for (; len >= STEP; p += STEP, len -= STEP) {
		load(&a, p);
		load(&b, p + sizeof(a));
		add(&sums, &a, &b);
	}
	return add_rest(sum + total(&sums), p, len);
}

FOR_EACH_CPU uint64_t checksum_copy(uint64_t sum, uint8_t *to, struct bytes from)
{
	const uint8_t *p = from.data;
	size_t len = from.len;
	struct sums sums = {{0}, {0}};
	lanes a, b;

	for (; len >= STEP; p += STEP, to += STEP, len -= STEP) {
		load(&a, p);
		load(&b, p + sizeof(a));
		store(to, &a);
		store(to + sizeof(a), &b);
		add(&sums, &a, &b);
	}
	memcpy(to, p, len);
	return add_rest(sum + total(&sums), p, len);
}
