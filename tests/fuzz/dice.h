/* dice.h -- random numbers that the fuzzer chooses: for targets that draw what happens. */
#ifndef TESTS_FUZZ_DICE_H
#define TESTS_FUZZ_DICE_H

#include <string.h>

#include "base/bytes.h"
#include "base/rng.h"

struct dice {
	struct rng rng;			/* first, so that one is the other */
	struct bytes left;
};

/* Zeroes at the end: every roll must have an outcome. */
static inline void dice_roll(struct rng *rng, void *out, size_t len)
{
	struct dice *dice = (struct dice *)rng;
	size_t n = len < dice->left.len ? len : dice->left.len;

	memset(out, 0, len);
	if (n)
		memcpy(out, dice->left.data, n);
	dice->left = bytes_of(dice->left.data + n, dice->left.len - n);
}

static inline struct dice dice_of(const uint8_t *data, size_t size)
{
	return (struct dice){.rng.fill = dice_roll, .left = bytes_of(data, size)};
}

#endif
