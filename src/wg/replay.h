/* replay.h -- which counters were seen: a sliding window of 8192 bits (RFC 6479).
 *
 * The window is a ring of 64-bit words; moving ahead clears whole words, so
 * nothing is ever shifted. One word is always being filled, which leaves 8128
 * counters that may arrive late.
 */
#ifndef WG_REPLAY_H
#define WG_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REPLAY_BITS = 8192,
	REPLAY_WORDS = REPLAY_BITS / 64,
	REPLAY_WINDOW = REPLAY_BITS - 64,	/* usable */
};

#define REJECT_AFTER_MESSAGES (UINT64_MAX - (1u << 13))	/* 2^64 - 2^13 - 1 */
#define REKEY_AFTER_MESSAGES (UINT64_C(1) << 60)

struct replay {
	uint64_t next;		/* the highest counter seen, plus one; 0: none */
	uint64_t seen[REPLAY_WORDS];
};

void replay_init(struct replay *r);

/* Could this counter still be new? Before the AEAD: may reject, sets nothing. */
bool replay_may_accept(const struct replay *r, uint64_t counter);

/* After the AEAD has opened the message: true once for each counter. */
bool replay_accept(struct replay *r, uint64_t counter);

#endif
