/* tai64n.h -- timestamps of initiations that never go back.
 *
 * A responder accepts an initiation only if its timestamp is greater than any
 * it has seen from that key. A clock that was set back (or a board that boots
 * in 1970) would lock its owner out. So the clock is a high-water mark: each
 * timestamp is the wall clock or the last one plus a step, whichever is
 * greater. The mark lives on disk, an hour ahead of what was used, so it costs
 * one write per hour and survives a crash (a minute ahead, which is 3600
 * steps, while the wall clock is behind it).
 *
 * TAI64N (12 bytes, big-endian): 2^62 + 10 + seconds, then nanoseconds. The low
 * 24 bits of the nanoseconds are cleared, so that the exact time of sending is
 * not given away (one step is 16.8 ms).
 */
#ifndef WG_TAI64N_H
#define WG_TAI64N_H

#include <stdbool.h>
#include <stdint.h>

#include "wg/messages.h"

struct tai64n_clock {
	uint64_t last;		/* nanoseconds since 1970 of the last timestamp */
	uint64_t reserved;	/* up to here the disk allows */
};

/* `mark`: the number that was saved, or 0 if there was none. */
void tai64n_init(struct tai64n_clock *clock, uint64_t mark);

/* Writes the next timestamp. True: `clock->reserved` has moved and must be on
 * disk before a message with this timestamp leaves. */
bool tai64n_next(struct tai64n_clock *clock, uint64_t wall_ns, uint8_t out[static TIMESTAMP_LEN]);

/* Nanoseconds since 1970 to bytes, whitened. */
void tai64n_write(uint8_t out[static TIMESTAMP_LEN], uint64_t ns);

#endif
