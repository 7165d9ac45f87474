/* stamp.h -- the time in our messages: milliseconds that never go back.
 *
 * Whoever gets a message takes it only if its time is greater than that of the
 * last one, and remembers that for good. So what we write is the wall clock or
 * the last time plus one, whichever is greater; and the mark up to which we may
 * have written is on disk, an hour ahead, before it is used (a minute ahead
 * while the wall clock is behind it). A clock that was wrong yesterday, or
 * boots in 1970, thus does no harm.
 */
#ifndef SIGNAL_STAMP_H
#define SIGNAL_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct stamp {
	uint64_t last;		/* milliseconds since 1970 of the last message */
	uint64_t reserved;	/* up to here the disk allows */
};

/* `mark`: what was saved last, or 0. */
void stamp_init(struct stamp *s, uint64_t mark);

/* The next time. True: `s->reserved` has moved and must be on disk before a
 * message with this time leaves. */
bool stamp_next(struct stamp *s, uint64_t wall_ms, uint64_t *out);

#endif
