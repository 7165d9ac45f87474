/* rng.c -- randomness, given from outside like the time. */
#include "base/rng.h"

#include <string.h>

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

static uint64_t xoshiro_next(uint64_t s[static 4])
{
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

static void seeded_fill(struct rng *rng, void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		uint64_t v = xoshiro_next(rng->state);
		size_t n = len < sizeof(v) ? len : sizeof(v);

		memcpy(p, &v, n);
		p += n;
		len -= n;
	}
}

uint64_t rng_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* splitmix64 spreads a small seed over the whole state. */
void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->fill = seeded_fill;
	for (int i = 0; i < 4; i++) {
		seed += 0x9e3779b97f4a7c15;
		rng->state[i] = rng_mix(seed);
	}
}

uint32_t rng_u32(struct rng *rng)
{
	uint32_t v;

	rng->fill(rng, &v, sizeof(v));
	return v;
}

uint32_t rng_below(struct rng *rng, uint32_t bound)
{
	return (uint32_t)((uint64_t)rng_u32(rng) * bound >> 32);
}
