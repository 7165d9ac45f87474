/* checksum.c -- the Internet's checksum, RFC 1071, 64 bytes at a time.
 *
 *   8 bytes  [ high 32 | low 32 ]  --> sum += low, sum += high
 *
 * As 2^16 is 1 modulo 2^16 - 1, wider words have the same sum, and sums of 64 bits need not look
 * for a carry. GCC and clang make vectors of it, whatever the machine has; GCC on x86-64 also makes each
 * loop for AVX2, and the loader takes the one that fits.
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

INLINE void add(lanes *sum, const lanes *words)
{
	*sum += (*words & 0xffffffff) + (*words >> 32);
}

INLINE uint64_t total(const lanes *one, const lanes *two)
{
	lanes both = *one + *two;

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
	lanes one = {0}, two = {0}, a, b;

	if (len < STEP)		/* a header */
		return add_rest(sum, p, len);
	for (; len >= STEP; p += STEP, len -= STEP) {
		load(&a, p);
		load(&b, p + sizeof(a));
		add(&one, &a);
		add(&two, &b);
	}
	return add_rest(sum + total(&one, &two), p, len);
}

FOR_EACH_CPU uint64_t checksum_copy(uint64_t sum, uint8_t *to, struct bytes from)
{
	const uint8_t *p = from.data;
	size_t len = from.len;
	lanes one = {0}, two = {0}, a, b;

	for (; len >= STEP; p += STEP, to += STEP, len -= STEP) {
		load(&a, p);
		load(&b, p + sizeof(a));
		store(to, &a);
		store(to + sizeof(a), &b);
		add(&one, &a);
		add(&two, &b);
	}
	memcpy(to, p, len);
	return add_rest(sum + total(&one, &two), p, len);
}

uint64_t checksum_add_u16(uint64_t sum, uint16_t word)
{
	uint8_t bytes[2] = {(uint8_t)(word >> 8), (uint8_t)word};

	return add_rest(sum, bytes, sizeof(bytes));
}

uint16_t checksum_fold(uint64_t sum)
{
	uint8_t bytes[2];
	uint16_t word;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)sum;
	memcpy(bytes, &word, sizeof(bytes));
	return load_be16(bytes);
}
