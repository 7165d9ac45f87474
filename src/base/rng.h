/* rng.h -- randomness, given from outside like the time.
 *
 * io/ hands the libraries the system's generator; a test hands them one that
 * is drawn from a seed, and a whole run repeats itself.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(struct rng *rng, void *out, size_t len);
	uint64_t state[4];	/* of a seeded generator; of the system's, what it gave, */
	size_t left;		/* and how many bytes of that were not drawn yet */
};

/* xoshiro256**, for tests: repeatable, not secret. */
void rng_seed(struct rng *rng, uint64_t seed);

/* splitmix64's mixing: each bit of the input turns half of the output. For hash tables
 * whose seed is secret, so that strangers cannot choose what meets in one place. */
uint64_t rng_mix(uint64_t z);

uint32_t rng_u32(struct rng *rng);
uint32_t rng_below(struct rng *rng, uint32_t bound);	/* 0..bound - 1; bound > 0 */

#endif
