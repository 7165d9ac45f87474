/* standby.c -- ways that are kept ready for when the chosen one dies. */
#include "node/reach.h"

enum { SAME_KIND = 2 };

/* How many of its ends it has in common with the other: with them it dies. */
static unsigned common_ends(const struct reach *r, uint8_t a, uint8_t b)
{
	struct path pa = reach_path(r, a), pb = reach_path(r, b);

	return way_begins_as(&pa, &pb) + ip_equal(&pa.remote.ip, &pb.remote.ip);
}

/* 0: it shares nothing with those that are taken; NO_INDEX: it is like one of them. */
static unsigned kinship(const struct reach *r, uint8_t pair, const uint8_t *taken, unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned common = common_ends(r, pair, taken[i]);

		if (common == SAME_KIND)
			return NO_INDEX;
		sum += common;
	}
	return sum;
}

/* The least akin to those; of such, the best. */
static uint8_t best_of_other_kind(const struct reach *r, const uint8_t *taken, unsigned n)
{
	unsigned least = NO_INDEX;
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		unsigned kin = reach_is_valid(r, i) ? kinship(r, i, taken, n) : NO_INDEX;

		if (kin < least || (kin == least && best != NO_INDEX && reach_is_better(r, i, best))) {
			least = kin;
			best = i;
		}
	}
	return best;
}

uint8_t standby_pair(const struct reach *r, unsigned nth)
{
	uint8_t taken[1 + STANDBYS] = {r->chosen};

	for (unsigned i = 0; i <= nth; i++) {
		if (taken[i] == NO_INDEX)
			return NO_INDEX;
		taken[i + 1] = best_of_other_kind(r, taken, i + 1);
	}
	return taken[nth + 1];
}

void standby_ask(struct reach *r, msec now)
{
	r->standby.asked = now;
	for (unsigned i = 0; i < STANDBYS; i++)
		ice_agent_check_now(&r->agent, standby_pair(r, i));
}

static void climb(struct reach *r, msec now)
{
	r->standby.climbed = now;
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (r->agent.list.pairs[i].state == PAIR_FAILED &&
		    reach_outranks(r, i, r->chosen))
			ice_agent_check_now(&r->agent, i);
	}
}

void standby_tick(struct reach *r, msec now)
{
	if (r->chosen == NO_INDEX)
		return;
	if (now - r->standby.asked >= STANDBY_ASK)
		standby_ask(r, now);
	if (now - r->standby.climbed >= STANDBY_CLIMB)
		climb(r, now);
}

void standby_resume(struct reach *r)
{
	r->standby.copies = STANDBY_COPIES;
}

static bool best_path(const struct reach *r, struct path *path)
{
	uint8_t pair = standby_pair(r, 0);

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
