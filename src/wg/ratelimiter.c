/* ratelimiter.c -- when is this node under load, and who may still knock.
 *
 *   under_load:  a bucket that each message fills and time empties
 *   allows:      a bucket per source that time fills and each message empties
 *
 *   hash(source) --> set --> | bucket | bucket | bucket | bucket |   256 sets of 4
 *
 * A table that is full never refuses anybody: the newcomer takes over the
 * bucket that slept longest. Who is crowded out so starts afresh later, with
 * a full burst; a crowd of proven addresses is the price of 256 times 4.
 */
#include "wg/ratelimiter.h"

#include <string.h>

#include "base/rng.h"

enum {
	MESSAGE = 1000,			/* both queues count in 1/1000 of a message */
	PREFIX_LEN = 8,			/* an IPv6 /64 is one customer */
};

void ratelimiter_init(struct ratelimiter *rl, uint64_t hash_seed, msec now)
{
	memset(rl, 0, sizeof(*rl));
	rl->drained = now;
	rl->loaded_until = now;
	rl->hash_seed = hash_seed;
}

/* Time that passed, and no more than is of interest: so that products fit. */
static uint32_t elapsed(msec since, msec now, msec most)
{
	return now <= since ? 0 : (uint32_t)msec_min(now - since, most);
}

/* -- load ---------------------------------------------------------------- */

/* LOAD_DRAIN messages per second are as many thousandths per msec. */
static void drain(struct ratelimiter *rl, msec now)
{
	uint32_t leaves = elapsed(rl->drained, now, LOAD_MAX * MESSAGE / LOAD_DRAIN) * LOAD_DRAIN;

	rl->depth -= leaves < rl->depth ? leaves : rl->depth;
	if (now > rl->drained)
		rl->drained = now;
}

bool ratelimiter_under_load(struct ratelimiter *rl, msec now)
{
	drain(rl, now);
	rl->depth += MESSAGE;
	if (rl->depth > LOAD_MAX * MESSAGE)
		rl->depth = LOAD_MAX * MESSAGE;
	if (rl->depth > LOAD_THRESHOLD * MESSAGE)
		rl->loaded_until = now + LOAD_LINGER;
	return now < rl->loaded_until;
}

/* -- sources ------------------------------------------------------------- */

/* The seed goes in twice, so that a stranger cannot choose sources that meet
 * in one set. */
static struct limit_bucket *set_of(struct ratelimiter *rl, const struct limit_bucket *key)
{
	uint64_t hash;

	memcpy(&hash, key->source, sizeof(hash));
	hash = rng_mix(hash ^ rl->hash_seed) + key->family;
	return rl->buckets[rng_mix(hash + rl->hash_seed) % LIMIT_SETS];
}

static struct limit_bucket full_bucket(const struct ip *source, msec now)
{
	struct limit_bucket b = {
		.family = source->family,
		.seen = now,
		.credit = LIMIT_BURST * MESSAGE,
	};

	/* An IPv4 address has zeroes after its four bytes. */
	memcpy(b.source, source->bytes, PREFIX_LEN);
	return b;
}

static bool same_source(const struct limit_bucket *a, const struct limit_bucket *b)
{
	return a->family == b->family && memcmp(a->source, b->source, sizeof(a->source)) == 0;
}

static bool is_better_victim(const struct limit_bucket *a, const struct limit_bucket *b)
{
	if (!a->family || !b->family)
		return !a->family && b->family;
	return a->seen < b->seen;
}

/* The source's own bucket, or a full one in the place of the least missed. */
static struct limit_bucket *bucket_for(struct ratelimiter *rl, const struct ip *source, msec now)
{
	struct limit_bucket fresh = full_bucket(source, now);
	struct limit_bucket *set = set_of(rl, &fresh), *victim = set;

	for (struct limit_bucket *b = set; b < set + LIMIT_WAYS; b++) {
		if (same_source(b, &fresh))
			return b;
		if (is_better_victim(b, victim))
			victim = b;
	}
	*victim = fresh;
	return victim;
}

static void refill(struct limit_bucket *b, msec now)
{
	b->credit += elapsed(b->seen, now, LIMIT_BURST * MESSAGE / LIMIT_RATE) * LIMIT_RATE;
	if (b->credit > LIMIT_BURST * MESSAGE)
		b->credit = LIMIT_BURST * MESSAGE;
	if (now > b->seen)
		b->seen = now;
}

bool ratelimiter_allows(struct ratelimiter *rl, const struct ip *source, msec now)
{
	struct limit_bucket *b;

	if (!ip_bits(source))
		return false;
	b = bucket_for(rl, source, now);
	refill(b, now);
	if (b->credit < MESSAGE)
		return false;
	b->credit -= MESSAGE;
	return true;
}
