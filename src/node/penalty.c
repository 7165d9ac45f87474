/* penalty.c -- ways that work, but so badly that any other one is better. */
#include "node/penalty.h"

static bool holds(const struct penalty *p)
{
	return p->state == PENALTY_IN_FORCE || p->state == PENALTY_TRIED;
}

/* The one for this way, whether it holds or not; else a free one, a lifted one, or the one that
 * ends first. */
static struct penalty *slot_for(struct penalties *p, const struct path *way)
{
	struct penalty *best = &p->all[0];

	for (struct penalty *one = p->all; one < p->all + PENALTIES; one++) {
		if (one->state != PENALTY_NONE && way_shares_fate(&one->way, way))
			return one;
		if (holds(best) != holds(one) ? holds(best) : one->until < best->until)
			best = one;
	}
	*best = (struct penalty){0};
	return best;
}

static msec duration(unsigned times)
{
	msec d = PENALTY_FIRST;

	while (times-- && d < PENALTY_MAX)
		d *= 2;
	return d < PENALTY_MAX ? d : PENALTY_MAX;
}

void penalty_impose(struct penalties *p, const struct path *way, msec now)
{
	struct penalty *one = slot_for(p, way);

	if (one->state == PENALTY_NONE || now - one->until >= PENALTY_MEMORY)
		one->times = 0;
	one->way = *way;
	one->until = now + duration(one->times);
	if (duration(one->times) < PENALTY_MAX)
		one->times++;
	one->state = PENALTY_IN_FORCE;
}

struct penalty *penalty_of(const struct penalties *p, const struct path *way)
{
	for (const struct penalty *one = p->all; one < p->all + PENALTIES; one++) {
		if (holds(one) && way_shares_fate(&one->way, way))
			return (struct penalty *)one;
	}
	return NULL;
}

struct penalty *penalty_due(struct penalties *p, msec now)
{
	for (struct penalty *one = p->all; one < p->all + PENALTIES; one++) {
		if (!holds(one) || now < one->until)
			continue;
		one->state = PENALTY_TRIED;
		one->until = now + PENALTY_TRY;
		return one;
	}
	return NULL;
}

void penalty_lift(struct penalty *penalty, msec now)
{
	penalty->state = PENALTY_LIFTED;
	penalty->until = now;
}

void penalty_prolong(struct penalty *penalty, msec now)
{
	penalty->state = PENALTY_IN_FORCE;
	penalty->until = now + PENALTY_FIRST;
}

void penalty_doubt(struct penalties *p, msec now)
{
	for (struct penalty *one = p->all; one < p->all + PENALTIES; one++) {
		if (one->state == PENALTY_IN_FORCE)
			one->until = now;
	}
}
