/* inband.h -- what two connected peers tell each other inside their session.
 *
 *   DESC   a DESC as desc.h has it, for exchange_feed_session()
 *   BYE    u8 reason
 *   PING   u32 path, u64 echo        which of the sender's paths it went by
 *   PONG   u32 path, u64 echo        the same, back on the path it came by
 *   REPORT u32 key, u64 first,       of your data messages under that key (its receiver
 *          1 to 3 times              index), from that counter on, second by second: how many
 *          u32 span, u32 received    there were, and how many of them have come
 *
 * Envelopes that a peer passes on for others are rendezvous.h's.
 */
#ifndef SIGNAL_INBAND_H
#define SIGNAL_INBAND_H

#include "signal/desc.h"
#include "signal/frame.h"

enum { INBAND_MAX = FRAME_HEADER + DESC_MAX };

enum inband_reason { INBAND_GOING_DOWN = 1, INBAND_REMOVED = 2 };

enum { INBAND_SECONDS = 3 };

struct inband_second {
	uint32_t span;			/* not 0 */
	uint32_t received;		/* at most span */
};

struct inband_report {
	uint32_t key;
	uint64_t first;
	struct inband_second seconds[INBAND_SECONDS];	/* the last one last */
	size_t seconds_len;
};

struct inband {
	enum frame_kind kind;		/* one of the five above */
	struct bytes desc;		/* a view */
	uint8_t reason;			/* enum inband_reason, or one that is not known yet */
	uint32_t path;
	uint64_t echo;
	struct inband_report report;
};

/* The length, or 0: does not fit. */
size_t inband_write(uint8_t *out, size_t cap, const struct inband *message);

/* False: not one of these five, or malformed. */
bool inband_read(struct inband *out, struct bytes plain);

#endif
