/* pacer.c -- how fast all agents of a node may ask, together. */
#include "ice/pacer.h"

void ice_pacer_init(struct ice_pacer *p)
{
	*p = (struct ice_pacer){.next = INT64_MIN, .last = INT64_MIN};
}

/* To the one that was used last. */
static bool is_too_close(const struct ice_pacer *p, msec slot)
{
	return p->last != INT64_MIN && slot - p->last < PACER_GAP;
}

msec ice_pacer_reserve(struct ice_pacer *p, msec now)
{
	msec slot = p->next > now ? p->next : now;

	if (is_too_close(p, slot))
		slot = p->last + PACER_GAP;
	p->next = slot + PACER_GAP;
	return slot;
}

bool ice_pacer_take(struct ice_pacer *p, msec slot, msec now)
{
	if (now < slot || is_too_close(p, now))
		return false;
	p->last = now;
	return true;
}
