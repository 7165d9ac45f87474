/* msec.h -- time as this program uses it: milliseconds, always an argument.
 *
 * `now` is CLOCK_BOOTTIME, which runs on while a laptop sleeps, so that a key
 * that was fresh before the lid closed is old when it opens. No library below
 * io/ reads a clock; a test moves time by adding to a number.
 */
#ifndef BASE_MSEC_H
#define BASE_MSEC_H

#include <stdint.h>

typedef int64_t msec;

#define NEVER	INT64_MAX	/* a deadline that does not come */
#define SECONDS(n) ((msec)(n) * 1000)

static inline msec msec_min(msec a, msec b)
{
	return a < b ? a : b;
}

#endif
