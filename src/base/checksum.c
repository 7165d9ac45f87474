/* checksum.c -- the Internet's checksum, RFC 1071, 64 bytes at a time.
 *
 *   8 bytes  [ high 32 | low 32 ]  --> sum += low, sum += high
 *
 * As 2^16 is 1 modulo 2^16 - 1, wider words have the same sum, and sums of 64 bits need not look
 * for a carry. GCC and clang make vectors of it, whatever the machine has.
 */
#include "base/checksum.h"

#include <string.h>

typedef uint64_t lanes __attribute__((vector_size(16)));

enum { STEP = 4 * sizeof(lanes) };

static inline lanes halves(lanes words)
{
	return (words & 0xffffffff) + (words >> 32);
}

static inline lanes load(const uint8_t *p)
{
	lanes words;

	memcpy(&words, p, sizeof(words));
	return words;
}

static inline void store(uint8_t *p, lanes words)
{
	memcpy(p, &words, sizeof(words));
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

uint64_t checksum_add(uint64_t sum, struct bytes span)
{
	const uint8_t *p = span.data;
	size_t len = span.len;
	lanes one = {0}, two = {0};

	for (; len >= STEP; p += STEP, len -= STEP) {
		one += halves(load(p)) + halves(load(p + 16));
		two += halves(load(p + 32)) + halves(load(p + 48));
	}
	one += two;
	return add_rest(sum + one[0] + one[1], p, len);
}

uint64_t checksum_copy(uint64_t sum, uint8_t *to, struct bytes from)
{
	const uint8_t *p = from.data;
	size_t len = from.len;
	lanes one = {0}, two = {0};

	for (; len >= STEP; p += STEP, to += STEP, len -= STEP) {
		lanes a = load(p), b = load(p + 16), c = load(p + 32), d = load(p + 48);

		store(to, a);
		store(to + 16, b);
		store(to + 32, c);
		store(to + 48, d);
		one += halves(a) + halves(b);
		two += halves(c) + halves(d);
	}
	memcpy(to, p, len);
	one += two;
	return add_rest(sum + one[0] + one[1], p, len);
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
