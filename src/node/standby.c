/* standby.c -- ways that are kept ready for when the chosen one dies. */
#include "node/reach.h"

/* What makes two ways die together, the likelier the more. */
enum { SAME_FAMILY = 1, SAME_END = 2, SAME_RELAY = 4 };

static bool is_relayed(const struct reach *r, uint8_t pair)
{
	return reach_tier_of(r, pair) >= TIER_RELAY;
}

/* 0: they share nothing; NO_INDEX: all. */
static unsigned kinship(const struct reach *r, uint8_t a, uint8_t b)
{
	struct path pa = reach_path(r, a), pb = reach_path(r, b);
	unsigned kin = 0;

	if (way_shares_fate(&pa, &pb))
		return NO_INDEX;
	if (pa.local.family == pb.local.family)
		kin += SAME_FAMILY;
	if (way_begins_as(&pa, &pb))
		kin += via_is_udp(pa.via) ? SAME_END : SAME_RELAY;
	if (ip_equal(&pa.remote.ip, &pb.remote.ip))
		kin += SAME_END;
	return kin;
}

static unsigned kinship_with(const struct reach *r, uint8_t pair, const uint8_t *taken, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned kin = kinship(r, pair, taken[i]);

		if (kin == NO_INDEX)
			return NO_INDEX;
		sum += kin;
	}
	return sum;
}

/* The least akin to those; of such, the best. */
static uint8_t best_of_other_kind(const struct reach *r, const uint8_t *taken, unsigned n,
				  bool relayed)
{
	unsigned least = NO_INDEX;
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		unsigned kin;

		if (!reach_is_valid(r, i) || is_relayed(r, i) != relayed)
			continue;
		kin = kinship_with(r, i, taken, n);
		if (kin < least || (kin == least && best != NO_INDEX && reach_is_better(r, i, best))) {
			least = kin;
			best = i;
		}
	}
	return best;
}

/* A direct one first, then one by a relay; and what there is, if there is no such. */
uint8_t standby_pair(const struct reach *r, unsigned nth)
{
	uint8_t taken[1 + STANDBYS] = {r->chosen};

	for (unsigned i = 0; i <= nth; i++) {
		bool relayed = i > 0;

		if (taken[i] == NO_INDEX)
			return NO_INDEX;
		taken[i + 1] = best_of_other_kind(r, taken, i + 1, relayed);
		if (taken[i + 1] == NO_INDEX)
			taken[i + 1] = best_of_other_kind(r, taken, i + 1, !relayed);
	}
	return taken[nth + 1];
}

void standby_ask(struct reach *r, msec now)
{
	r->standby.asked = now;
	for (unsigned i = 0; i < STANDBYS; i++)
		ice_agent_check_now(&r->agent, standby_pair(r, i));
}

/* -- up again ------------------------------------------------------------------- */

static void climb(struct reach *r, msec now)
{
	r->standby.climbed = now;
	r->standby.climbs++;
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (r->agent.list.pairs[i].state != PAIR_NONE && reach_outranks(r, i, r->chosen))
			ice_agent_check_now(&r->agent, i);
	}
}

void standby_begin_climb(struct reach *r, msec now)
{
	r->standby.climb_began = now;
	r->standby.climbs = 0;
}

/* One that is out of use is asked for what it is worth when it is wanted again. */
void standby_climb(struct reach *r, msec now)
{
	if (r->chosen == NO_INDEX || !reach_is_active(r, now))
		return;
	climb(r, now);
	standby_begin_climb(r, now);
}

static msec climb_due(const struct reach *r)
{
	static const msec sooner[STANDBY_CLIMBS] = {SECONDS(2), SECONDS(5), SECONDS(10),
						    SECONDS(20), SECONDS(40)};
	const struct standby *s = &r->standby;

	if (reach_tier(r) > TIER_IPV4 && s->climbs < STANDBY_CLIMBS)
		return s->climb_began + sooner[s->climbs];
	return s->climbed + STANDBY_CLIMB;
}

/* -- time ------------------------------------------------------------------------ */

void standby_tick(struct reach *r, msec now)
{
	if (r->chosen == NO_INDEX)
		return;
	if (now - r->standby.asked >= STANDBY_ASK)
		standby_ask(r, now);
	if (now >= climb_due(r))
		climb(r, now);
}

void standby_resume(struct reach *r)
{
	r->standby.copies = STANDBY_COPIES;
}

/* Where there is none, it is asked for with each packet: rather see this than go by kinship. */
static bool has_other(const struct reach *r)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (i != r->chosen && r->agent.list.pairs[i].state == PAIR_VALID)
			return true;
	}
	return false;
}

static bool best_path(const struct reach *r, struct path *path)
{
	uint8_t pair = has_other(r) ? standby_pair(r, 0) : NO_INDEX;

	if (pair == NO_INDEX)
		return false;
	*path = reach_path(r, pair);
	return true;
}

bool standby_takes_copy(struct reach *r, struct path *path)
{
	if (!r->standby.copies || !best_path(r, path))
		return false;
	r->standby.copies--;
	return true;
}

bool standby_takes_initiation(const struct reach *r, unsigned nth, struct path *path)
{
	return (r->standby.copies || nth > 1) && best_path(r, path);
}
