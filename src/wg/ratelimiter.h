/* ratelimiter.h -- when is this node under load, and who may still knock.
 *
 * Handshake messages are worked off as they arrive, so load is a queue that is
 * only counted: each message adds one, LOAD_DRAIN leave per second. Over
 * LOAD_THRESHOLD the node is under load, and for one second after
 * (wireguard-go: a queue of 1024 that is over one eighth full).
 *
 * Under load, a source that has proved its address gets 20 messages per second
 * in bursts of 5, counted per IPv4 address or IPv6 /64. The table is fixed in
 * size; when it is full the bucket that was used longest ago is taken over.
 */
#ifndef WG_RATELIMITER_H
#define WG_RATELIMITER_H

#include "base/addr.h"
#include "base/msec.h"

enum {
	LOAD_THRESHOLD = 128,
	LOAD_MAX = 1024,
	LOAD_DRAIN = 1000,		/* per second */
	LOAD_LINGER = 1000,		/* msec */
	LIMIT_RATE = 20,		/* per second and source */
	LIMIT_BURST = 5,
	LIMIT_WAYS = 4,
	LIMIT_SETS = 256,
};

struct limit_bucket {
	uint8_t source[8];	/* IPv4 address or IPv6 /64 */
	uint8_t family;		/* 0: free */
	msec seen;
	uint32_t credit;	/* in 1/1000 of a message */
};

struct ratelimiter {
	uint32_t depth;		/* messages in the counted queue, in 1/1000 */
	msec drained;		/* when depth was right */
	msec loaded_until;
	uint64_t hash_seed;
	struct limit_bucket buckets[LIMIT_SETS][LIMIT_WAYS];
};

void ratelimiter_init(struct ratelimiter *rl, uint64_t hash_seed, msec now);
/* A handshake message came in: count it, and tell whether we are under load. */
bool ratelimiter_under_load(struct ratelimiter *rl, msec now);
bool ratelimiter_allows(struct ratelimiter *rl, const struct ip *source, msec now);

#endif
