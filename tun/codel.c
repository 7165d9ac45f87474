/* codel.c -- is a queue standing? RFC 8289 section 5, whose names are kept in comments. */
#include "tun/codel.h"

/* Whole part, digit by digit in base 4. */
static uint32_t square_root(uint64_t v)
{
	uint64_t root = 0;

	for (uint64_t bit = UINT64_C(1) << 62; bit; bit >>= 2) {
		bool fits = v >= root + bit;

		if (fits)
			v -= root + bit;
		root = root / 2 + (fits ? bit : 0);
	}
	return (uint32_t)root;
}

/* control_law() */
static usec next_after(usec t, uint32_t count)
{
	return t + square_root((uint64_t)CODEL_INTERVAL * CODEL_INTERVAL / count);
}

/* dodequeue(): ok_to_drop */
static bool is_standing(struct codel *c, bool above, usec now)
{
	if (!above)
		c->first_above = 0;
	else if (!c->first_above)
		c->first_above = now + CODEL_INTERVAL;
	else
		return now >= c->first_above;
	return false;
}

/* If it told until a moment ago, it goes on at about that rate. */
static void begin(struct codel *c, usec now)
{
	uint32_t delta = c->count - c->last_count;

	c->count = delta > 1 && now - c->next < 16 * CODEL_INTERVAL ? delta : 1;
	c->last_count = c->count;
	c->next = next_after(now, c->count);
	c->is_telling = true;
}

bool codel_tells(struct codel *c, bool above, usec now)
{
	if (!is_standing(c, above, now)) {
		c->is_telling = false;
		return false;
	}
	if (!c->is_telling) {
		begin(c, now);
		return true;
	}
	if (now < c->next)
		return false;
	c->next = next_after(c->next, ++c->count);
	return true;
}
