/* random.c -- the system's generator, as the libraries want it. */
#include "io/random.h"

#include <sodium.h>

/* Stops the program when the kernel has no randomness: there is nothing else to do. */
static void system_fill(struct rng *rng, void *out, size_t len)
{
	(void)rng;
	randombytes_buf(out, len);
}

void random_init(struct rng *rng)
{
	*rng = (struct rng){.fill = system_fill};
}
