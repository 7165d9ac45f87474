/* reach_silence.c -- is anybody there: what was heard last, and asking when nothing is. */
#include "node/reach_facts.h"

msec reach_last_heard(const struct reach *r)
{
	const struct pair *p = pair_of(r, r->chosen);

	return later(later(r->heard, p->last_rx), p->last_answer);
}

void reach_ask_all(struct reach *r, msec now)
{
	r->asked = now;
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (reach_is_valid(r, i))
			ice_agent_check_now(&r->agent, i);
	}
}

void reach_doubt(struct reach *r, msec now)
{
	r->is_stale = true;
	r->doubts_itself = true;
	r->review = now;
	penalty_doubt(&r->penalties, now);
	reach_ask_all(r, now);
	standby_climb(r, now);
	reach_offer(r, now);
}

/* After a silence the NATs may have closed: ask, send the first packets by a standby as well,
 * and after a long silence let the peer knock from its side. */
void reach_want(struct reach *r, msec now)
{
	msec before = later(r->wanted, r->chosen == NO_INDEX ? r->heard : reach_last_heard(r));

	reach_tell_begin(r, now);
	r->wanted = r->wished = now;
	if (now - before < REACH_SILENCE)
		return;
	r->resumed = r->review = now;
	reach_ask_all(r, now);
	standby_resume(r);
	if (now - before >= REACH_STALE) {
		r->is_stale = true;
		reach_offer(r, now);
	}
}

static bool is_answered_since(const struct reach *r, msec since)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (reach_is_valid(r, i) && later(since, pair_of(r, i)->last_answer) > since)
			return true;
	}
	return false;
}

msec reach_hold(const struct reach *r)
{
	if (r->chosen == NO_INDEX)
		return r->exchange.heard_ms ? r->searching_since + REACH_HOLD : 0;
	if (reach_last_heard(r) >= r->resumed || is_answered_since(r, r->resumed))
		return 0;
	return r->resumed + REACH_HOLD;
}

bool reach_counts(struct reach *r, msec now)
{
	return r->exchange.heard_ms && loss_count(&r->loss, &r->peer->session, now);
}

bool reach_is_heard(const struct reach *r, msec now)
{
	return r->chosen != NO_INDEX && !r->is_stale && now - r->heard < REACH_ASK_AGAIN;
}

static bool is_valid_way(const struct reach *r, const struct path *path)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		struct path way;

		if (!reach_is_valid(r, i))
			continue;
		way = reach_path(r, i);
		if (way_equal(&way, path))
			return true;
	}
	return false;
}

/* The peer sends by another way than we do. It may: each side has its own choice, unless ours
 * has died. So ask, and follow if there is no answer; or at once, if we have nothing to say. */
static bool must_follow(struct reach *r, const struct path *path, msec now)
{
	msec heard = reach_last_heard(r);
	msec patience = is_valid_way(r, path) ? REACH_SILENCE : REACH_ROAM;

	if (!reach_is_active(r, now) || (r->asked > heard && now - r->asked >= REACH_DOUBT)) {
		r->followed = now;
		loss_begin(&r->loss, &r->peer->session);
		return true;
	}
	if (now - heard > patience && r->asked <= heard)
		reach_ask_all(r, now);
	return false;
}

bool reach_heard(struct reach *r, const struct path *path, msec now)
{
	struct path chosen;

	if (r->chosen == NO_INDEX)
		return true;
	chosen = reach_path(r, r->chosen);
	if (!way_equal(path, &chosen))
		return must_follow(r, path, now);
	r->heard = now;
	r->is_stale = false;
	reach_return_to_choice(r, now);
	return false;
}

static msec silent_since(const struct reach *r)
{
	return later(reach_last_heard(r), r->resumed);
}

void reach_ask_after_silence(struct reach *r, msec now)
{
	msec since;

	if (r->chosen == NO_INDEX)
		return;
	since = silent_since(r);
	if (r->wanted < since || now - since < REACH_ASK_ALL)
		return;
	if (r->asked <= since || now - r->asked >= REACH_ASK_AGAIN)
		reach_ask_all(r, now);
	if (r->doubted <= since && now - r->asked >= ICE_ASK_WAIT) {
		r->doubted = now;
		r->doubts_itself = true;
	}
}

msec reach_ask_due(const struct reach *r, msec now)
{
	msec due = r->chosen == NO_INDEX ? NEVER : silent_since(r) + REACH_ASK_ALL;

	return due > now ? due : NEVER;
}
