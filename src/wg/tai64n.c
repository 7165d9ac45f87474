/* tai64n.c -- timestamps of initiations that never go back.
 *
 *   on disk: mark                                           reserved
 *     |--------|=====|=====|=====|--- an hour of use --------->|
 *            each timestamp: max(wall, last + step)            the next one moves it
 *
 * After a crash the clock goes on at the mark, which is not below anything that
 * was sent. While that is ahead of the wall clock, each timestamp is one step,
 * so a minute's worth of steps is reserved at a time: a program that crashes
 * and restarts all night does not run hours ahead.
 */
#include "wg/tai64n.h"

#include "base/bytes.h"

#define NS_PER_SECOND	UINT64_C(1000000000)
#define STEP		(UINT64_C(1) << 24)
#define MINUTE		(60 * NS_PER_SECOND)
#define HOUR		(60 * MINUTE)
#define LATEST		(UINT64_C(1) << 63)	/* the year 2262; so that sums below do not overflow */
#define TAI64_EPOCH	((UINT64_C(1) << 62) + 10)

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Steps are counted from the start of each second, as other WireGuards do; the
 * last one of a second is a little shorter. */
static uint64_t whitened(uint64_t ns)
{
	return ns - ns % NS_PER_SECOND % STEP;
}

void tai64n_init(struct tai64n_clock *clock, uint64_t mark)
{
	clock->last = clock->reserved = at_most(mark, LATEST);
}

bool tai64n_next(struct tai64n_clock *clock, uint64_t wall_ns, uint8_t out[static TIMESTAMP_LEN])
{
	uint64_t wall = at_most(wall_ns, LATEST);
	bool is_ahead = wall < clock->last + STEP;

	clock->last = whitened(is_ahead ? clock->last + STEP : wall);
	tai64n_write(out, clock->last);
	if (clock->last <= clock->reserved)
		return false;
	clock->reserved = clock->last + (is_ahead ? MINUTE : HOUR);
	return true;
}

void tai64n_write(uint8_t out[static TIMESTAMP_LEN], uint64_t ns)
{
	uint64_t white = whitened(ns);

	store_be64(out, TAI64_EPOCH + white / NS_PER_SECOND);
	store_be32(out + 8, (uint32_t)(white % NS_PER_SECOND));
}
