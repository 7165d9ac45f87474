/* trial.c -- is another way clearly better than the chosen one, though of a later tier? */
#include "node/reach_facts.h"

bool trial_is_sooner(const struct reach *r, uint8_t pair, uint8_t than)
{
	int32_t rtt = pair_of(r, pair)->srtt, slow = pair_of(r, than)->srtt;

	return rtt >= 0 && slow / TRIAL_CLEARLY > rtt && slow - rtt > TRIAL_SLOWER;
}

/* -- rivals ------------------------------------------------------------------- */

static bool is_rival(const struct reach *r, uint8_t pair)
{
	struct path way, chosen = reach_path(r, r->chosen);

	if (pair == r->chosen || !reach_is_valid(r, pair))
		return false;
	way = reach_path(r, pair);
	return !way_shares_fate(&way, &chosen) && !penalty_of(&r->penalties, &way);
}

static uint8_t rival_of_tier(const struct reach *r, enum reach_tier tier)
{
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (is_rival(r, i) && reach_tier_of(r, i) == tier &&
		    (best == NO_INDEX || reach_is_better(r, i, best)))
			best = i;
	}
	return best;
}

/* Of the same tier it takes over anyhow (reach_worth.c). */
static bool is_sooner_rival(const struct reach *r, uint8_t pair)
{
	return is_rival(r, pair) && reach_tier_of(r, pair) > reach_tier(r) &&
	       trial_is_sooner(r, pair, r->chosen);
}

/* As far as is known: the times of rivals are old. */
static bool is_slow(const struct reach *r)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (is_sooner_rival(r, i))
			return true;
	}
	return false;
}


/* -- one trial ----------------------------------------------------------------- */

static void enter(struct reach *r, uint8_t pair, msec now)
{
	struct trial *t = &r->trial;

	if (pair == NO_INDEX || !ice_agent_sample(&r->agent, pair, now))
		return;
	t->rivals[t->rivals_len] = pair;
	t->lost[t->rivals_len++] = NO_INDEX;
}

static void begin(struct reach *r, msec now)
{
	struct trial *t = &r->trial;

	t->rivals_len = 0;
	t->loss = loss_of(&r->loss, now);
	if (t->loss < LOSS_BAD)
		ice_agent_sample(&r->agent, r->chosen, now);
	for (enum reach_tier tier = 0; tier < TIERS; tier++)
		enter(r, rival_of_tier(r, tier), now);
	t->under_way = t->rivals_len > 0;
	t->due = now + (t->under_way ? TRIAL_PATIENCE : TRIAL_AGAIN);
}

static bool is_clearly_better(const struct reach *r, unsigned rival)
{
	const struct trial *t = &r->trial;
	uint8_t pair = t->rivals[rival];
	unsigned lost = t->lost[rival];

	if (lost == NO_INDEX || !is_rival(r, pair))
		return false;
	if (t->loss >= LOSS_BAD)
		return lost * 1000 * TRIAL_CLEARLY <= t->loss * ICE_SAMPLES;
	return lost == 0 && is_sooner_rival(r, pair);
}

static void judge(struct reach *r, msec now)
{
	struct trial *t = &r->trial;
	uint8_t best = NO_INDEX;

	t->under_way = false;
	t->due = now + TRIAL_AGAIN;
	for (unsigned i = 0; i < t->rivals_len; i++) {
		if (is_clearly_better(r, i) &&
		    (best == NO_INDEX || reach_is_better(r, t->rivals[i], best)))
			best = t->rivals[i];
	}
	if (best != NO_INDEX)
		reach_leave_for(r, best, t->loss >= LOSS_BAD ? EVENT_LOSSY : EVENT_SLOW, now);
}

static bool has_reason(const struct reach *r, msec now)
{
	if (r->promoted_at != NEVER && now - r->promoted_at < REACH_DWELL)
		return false;
	return loss_of(&r->loss, now) >= LOSS_BAD || is_slow(r);
}

/* -- those that have served their time ------------------------------------------ */

static uint8_t best_of_kind(const struct reach *r, const struct path *way)
{
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		struct path other;

		if (!reach_is_valid(r, i))
			continue;
		other = reach_path(r, i);
		if (way_shares_fate(&other, way) && (best == NO_INDEX || reach_is_better(r, i, best)))
			best = i;
	}
	return best;
}

/* One that does not work has to prove itself in any case. */
static void try_again(struct reach *r, msec now)
{
	struct penalty *penalty;

	while ((penalty = penalty_due(&r->penalties, now))) {
		uint8_t pair = best_of_kind(r, &penalty->way);

		if (pair == NO_INDEX || !ice_agent_sample(&r->agent, pair, now))
			penalty_lift(penalty, now);
	}
}

static void take_trial(struct reach *r, uint8_t pair, unsigned lost, msec now)
{
	struct path way = reach_path(r, pair);
	struct penalty *penalty = penalty_of(&r->penalties, &way);

	if (!penalty || penalty->state != PENALTY_TRIED)
		return;
	if (lost || (r->chosen != NO_INDEX && trial_is_sooner(r, r->chosen, pair)))
		penalty_prolong(penalty, now);
	else
		penalty_lift(penalty, now);
}

/* -- time ------------------------------------------------------------------------ */

void trial_cancel(struct trial *t)
{
	*t = (struct trial){0};
}

void trial_take(struct reach *r, uint8_t pair, unsigned lost, msec now)
{
	struct trial *t = &r->trial;
	bool all_known = true;

	take_trial(r, pair, lost, now);
	for (unsigned i = 0; i < t->rivals_len; i++) {
		if (t->rivals[i] == pair)
			t->lost[i] = (uint8_t)lost;
		all_known = all_known && t->lost[i] != NO_INDEX;
	}
	if (t->under_way && all_known && r->chosen != NO_INDEX)
		judge(r, now);
}

void trial_tick(struct reach *r, msec now)
{
	try_again(r, now);
	if (r->chosen == NO_INDEX || now < r->trial.due)
		return;
	if (r->trial.under_way)
		judge(r, now);
	else if (has_reason(r, now))
		begin(r, now);
}
