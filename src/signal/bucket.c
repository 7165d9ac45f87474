/* bucket.c -- so many at once, and so many per second after that.
 *
 * N per second are N thousandths per millisecond, so nothing is ever rounded.
 */
#include "signal/bucket.h"

enum { ONE = 1000 };

static uint32_t missing_at(const struct bucket *b, const struct bucket_limit *limit, msec now)
{
	msec most = b->missing / limit->per_second + 1;		/* then it is full */
	msec passed = now < b->counted ? 0 : msec_min(now - b->counted, most);
	uint64_t back = (uint64_t)passed * limit->per_second;

	return back < b->missing ? b->missing - (uint32_t)back : 0;
}

static bool has_one(const struct bucket_limit *limit, uint32_t missing)
{
	return missing + ONE <= limit->burst * ONE;
}

bool bucket_take(struct bucket *b, const struct bucket_limit *limit, msec now)
{
	uint32_t missing = missing_at(b, limit, now);

	if (!has_one(limit, missing))
		return false;
	b->missing = missing + ONE;
	b->counted = now;
	return true;
}

msec bucket_due(const struct bucket *b, const struct bucket_limit *limit, msec now)
{
	uint32_t missing = missing_at(b, limit, now), excess;

	if (has_one(limit, missing))
		return now;
	excess = missing + ONE - limit->burst * ONE;
	return now + (excess + limit->per_second - 1) / limit->per_second;
}
