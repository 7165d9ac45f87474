/* stamp.c -- the time in our messages: milliseconds that never go back. */
#include "signal/stamp.h"

#define MINUTE	UINT64_C(60000)
#define HOUR	(60 * MINUTE)
#define LATEST	(UINT64_C(1) << 62)	/* no clock; so that the sums below do not overflow */

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void stamp_init(struct stamp *s, uint64_t mark)
{
	s->last = s->reserved = at_most(mark, LATEST);
}

bool stamp_next(struct stamp *s, uint64_t wall_ms, uint64_t *out)
{
	uint64_t wall = at_most(wall_ms, LATEST);
	bool is_ahead = wall <= s->last;

	*out = s->last = is_ahead ? s->last + 1 : wall;
	if (s->last <= s->reserved)
		return false;
	s->reserved = s->last + (is_ahead ? MINUTE : HOUR);
	return true;
}
