/* bucket.h -- so many at once, and so many per second after that. */
#ifndef SIGNAL_BUCKET_H
#define SIGNAL_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/msec.h"

struct bucket_limit {
	uint32_t per_second;	/* at least 1 */
	uint32_t burst;		/* at least 1 */
};

/* Zeroed memory is a full bucket. */
struct bucket {
	uint32_t missing;	/* thousandths of one, taken and not come back yet */
	msec counted;		/* when that was right */
};

/* False: too many; nothing was taken. */
bool bucket_take(struct bucket *b, const struct bucket_limit *limit, msec now);

/* When the next one may be taken: `now` if at once. */
msec bucket_due(const struct bucket *b, const struct bucket_limit *limit, msec now);

#endif
