/* pair.h -- two nodes that have each other in their lists, and strangers. */
#ifndef TESTS_SIGNAL_PAIR_H
#define TESTS_SIGNAL_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "crypto/crypto.h"
#include "signal/seal.h"

struct pair {
	struct rng rng;
	struct noise_x_self a, b;
	struct noise_x_peer to_b;	/* as A has B in its list */
	struct noise_x_peer to_a;
};

static inline struct noise_x_self self_of(struct rng *rng)
{
	struct noise_x_self self;
	uint8_t key[KEY_LEN];

	key_generate(key, rng);
	noise_x_self_init(&self, key);
	return self;
}

static inline struct noise_x_peer peer_of(const struct noise_x_self *self,
					  const struct noise_x_self *other, const uint8_t *psk)
{
	static const uint8_t none[KEY_LEN];
	struct noise_x_peer peer;

	assert_true(noise_x_peer_init(&peer, self, other->public_key, psk ? psk : none));
	return peer;
}

/* `psk` NULL: none. */
static inline struct pair pair_of(uint64_t seed, const uint8_t *psk)
{
	struct pair p;

	rng_seed(&p.rng, seed);
	p.a = self_of(&p.rng);
	p.b = self_of(&p.rng);
	p.to_b = peer_of(&p.a, &p.b, psk);
	p.to_a = peer_of(&p.b, &p.a, psk);
	return p;
}

#endif
