/* random.c -- the system's generator, as the libraries want it. */
#include "io/random.h"

#include <sodium.h>
#include <string.h>

enum { SMALL = 8 };

/* A jitter is drawn whenever a packet breaks a silence: such draws share a system call. Keys do not
 * lie about before they are drawn, and what was drawn does not stay.
 *
 * Stops the program when the kernel has no randomness: there is nothing else to do. */
static void system_fill(struct rng *rng, void *out, size_t len)
{
	uint8_t *pool = (uint8_t *)rng->state;

	if (len > SMALL) {
		randombytes_buf(out, len);
		return;
	}
	if (rng->left < len) {
		randombytes_buf(pool, sizeof(rng->state));
		rng->left = sizeof(rng->state);
	}
	rng->left -= len;
	memcpy(out, pool + rng->left, len);
	memset(pool + rng->left, 0, len);
}

void random_init(struct rng *rng)
{
	*rng = (struct rng){.fill = system_fill};
}
