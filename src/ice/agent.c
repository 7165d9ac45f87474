/* agent.c -- ICE with one peer: life, candidates, timers.
 *
 * The timers, all of them (NEVER when they do not run):
 *
 *   a live check's due   send it again, or it has failed              checks.h
 *   a pair's sample_due  the next of its questions, or their end
 *   settle_due           ICE_SETTLE after the first valid pair: nominate the best
 *   patience_due         ICE_PATIENCE after set_remote: from now on failed is failed
 *   ask_due              ask for consent on the active pair
 *   consent_until        ICE_CONSENT after the last answer: stop sending on it
 *   slot, next_send      when the next request may go out             pacer.h
 */
#include "ice/agent.h"

#include <string.h>

#include "crypto/key.h"
#include "ice/agent_facts.h"

bool agent_knows_remote(const struct ice_agent *a)
{
	return a->remote_ufrag[0] != '\0';
}

struct bytes agent_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

const char *ice_verdict_name(enum ice_verdict verdict)
{
	switch (verdict) {
	case ICE_HANDLED:
		return "handled";
	case ICE_NOT_OURS:
		return "not_ours";
	case ICE_NO_SUCH_BASE:
		return "no_such_base";
	case ICE_NO_FINGERPRINT:
		return "no_fingerprint";
	case ICE_BAD_INTEGRITY:
		return "bad_integrity";
	case ICE_BAD_ATTRIBUTES:
		return "bad_attributes";
	case ICE_UNKNOWN_ATTRIBUTE:
		return "unknown_attribute";
	case ICE_REFUSED_SOURCE:
		return "refused_source";
	case ICE_WRONG_PATH:
		return "wrong_path";
	case ICE_NO_ROOM:
		return "no_room";
	case ICE_VERDICTS:
		break;
	}
	return "unknown";
}

/* -- life ---------------------------------------------------------------- */

static void forget_progress(struct ice_agent *a)
{
	checklist_forget_remote(&a->list);
	memset(&a->checks, 0, sizeof(a->checks));
	a->active = a->nominee = a->nominated = NO_INDEX;
	a->ended = a->settled = a->failed = a->owes_failed = false;
	a->patient = true;
	a->ask_due = a->consent_until = a->settle_due = a->patience_due = NEVER;
	a->new_locals = 0;
	a->new_remotes = 0;
}

void ice_agent_restart(struct ice_agent *a)
{
	forget_progress(a);
	a->replies_len = a->early_len = 0;
	wipe(a->remote_ufrag, sizeof(a->remote_ufrag));
	wipe(a->remote_pwd, sizeof(a->remote_pwd));
	credential_generate(a->ufrag, ICE_UFRAG_LEN, a->settings.rng);
	credential_generate(a->pwd, ICE_PWD_LEN, a->settings.rng);
}

void ice_agent_set_local(struct ice_agent *a, const char ufrag[static ICE_UFRAG_LEN + 1],
			 const char pwd[static ICE_PWD_LEN + 1])
{
	memcpy(a->ufrag, ufrag, sizeof(a->ufrag));
	memcpy(a->pwd, pwd, sizeof(a->pwd));
}

void ice_agent_init(struct ice_agent *a, const struct ice_settings *settings)
{
	memset(a, 0, sizeof(*a));
	a->settings = *settings;
	a->tie_breaker = settings->tie_breaker;
	if (!a->tie_breaker)
		settings->rng->fill(settings->rng, &a->tie_breaker, sizeof(a->tie_breaker));
	checklist_init(&a->list, settings->controlling || settings->remote_lite);
	a->next_send = INT64_MIN;
	a->slot = NEVER;
	ice_agent_restart(a);
}

void ice_agent_deinit(struct ice_agent *a)
{
	wipe(a, sizeof(*a));
}

/* -- candidates ---------------------------------------------------------- */

/* Nothing is sent to the address of a hop: its owner knows what to make of it. */
bool agent_refuses(const struct ice_agent *a, uint8_t proto, const struct endpoint *at)
{
	return proto != CANDIDATE_HOP && candidate_check(at, a->settings.refused,
							 a->settings.refused_len) != CANDIDATE_FINE;
}

uint8_t ice_agent_add_local(struct ice_agent *a, const struct local_candidate *c)
{
	uint8_t slot;

	if (c->c.type == CANDIDATE_NONE || agent_refuses(a, c->c.proto, &c->c.at) ||
	    agent_refuses(a, c->c.proto, &c->base.at))
		return NO_INDEX;
	slot = checklist_add_local(&a->list, c);
	checks_sweep(&a->checks, &a->list);
	if (slot != NO_INDEX)
		a->failed = false;
	return slot;
}

bool ice_agent_add_base(struct ice_agent *a, const struct ice_base *base)
{
	return !agent_refuses(a, CANDIDATE_UDP, &base->at) &&
	       checklist_add_base(&a->list, base) != NO_INDEX;
}

static void drop_active(struct ice_agent *a)
{
	if (a->active != NO_INDEX)
		a->list.pairs[a->active].active = false;
	a->active = NO_INDEX;
	a->ask_due = a->consent_until = NEVER;
}

static bool is_pair(const struct ice_agent *a, uint8_t pair)
{
	return pair < PAIRS_MAX && a->list.pairs[pair].state != PAIR_NONE;
}

static void forget_lost_pairs(struct ice_agent *a)
{
	checks_sweep(&a->checks, &a->list);
	if (a->active != NO_INDEX && !is_pair(a, a->active))
		drop_active(a);
	if (!is_pair(a, a->nominee))
		a->nominee = NO_INDEX;
	if (!is_pair(a, a->nominated))
		a->nominated = NO_INDEX;
}

void ice_agent_remove_base(struct ice_agent *a, const struct ice_base *base)
{
	checklist_remove_base(&a->list, base);
	forget_lost_pairs(a);
}

void ice_agent_remove_remote(struct ice_agent *a, uint8_t remote)
{
	if (checklist_remove_remote(&a->list, remote))
		forget_lost_pairs(a);
}

void ice_agent_remove_reflexive(struct ice_agent *a, uint8_t slot)
{
	checklist_remove_reflexive(&a->list, slot);
}

static bool is_credential(struct bytes b, size_t min)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.data[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '+' && c != '/')
			return false;
	}
	return b.len >= min && b.len <= ICE_CREDENTIAL_MAX;
}

static bool text_is(const char *text, struct bytes b)
{
	return strlen(text) == b.len && memcmp(text, b.data, b.len) == 0;
}

static void keep_credential(char out[static ICE_CREDENTIAL_MAX + 1], struct bytes b)
{
	wipe(out, ICE_CREDENTIAL_MAX + 1);
	memcpy(out, b.data, b.len);
}

/* Checks that came before we knew whom to ask back. */
static void hear_early(struct ice_agent *a, msec now)
{
	uint8_t n = a->early_len;

	a->early_len = 0;
	for (uint8_t i = 0; i < n; i++)
		if (a->list.locals[a->early[i].local].c.type != CANDIDATE_NONE &&
		    !agent_heard_request(a, &a->early[i], now))
			a->verdicts[ICE_NO_ROOM]++;
}

bool ice_agent_set_remote(struct ice_agent *a, struct bytes ufrag, struct bytes pwd, msec now)
{
	if (!is_credential(ufrag, ICE_UFRAG_MIN) || !is_credential(pwd, ICE_PWD_MIN))
		return false;
	if (text_is(a->remote_ufrag, ufrag) && text_is(a->remote_pwd, pwd))
		return true;
	forget_progress(a);
	keep_credential(a->remote_ufrag, ufrag);
	keep_credential(a->remote_pwd, pwd);
	a->patience_due = now + ICE_PATIENCE;
	hear_early(a, now);
	return true;
}

enum ice_remote ice_agent_add_remote(struct ice_agent *a, struct bytes ufrag,
				     const struct candidate *c, msec now)
{
	enum remote_added added;

	if (!agent_knows_remote(a) || !text_is(a->remote_ufrag, ufrag))
		return ICE_REMOTE_STALE;
	if (c->component != COMPONENT || c->type == CANDIDATE_NONE ||
	    agent_refuses(a, c->proto, &c->at))
		return ICE_REMOTE_REFUSED;
	added = checklist_add_remote(&a->list, c);
	checks_sweep(&a->checks, &a->list);
	agent_consider(a, now);
	switch (added) {
	case REMOTE_ADDED:
		a->failed = false;
		return ICE_REMOTE_TAKEN;
	case REMOTE_SIGNALLED:
		return ICE_REMOTE_TAKEN;
	case REMOTE_KNOWN:
		return ICE_REMOTE_KNOWN;
	case REMOTE_NO_ROOM:
		return ICE_REMOTE_NO_ROOM;
	}
	return ICE_REMOTE_NO_ROOM;
}

void ice_agent_end_of_candidates(struct ice_agent *a, struct bytes ufrag)
{
	if (agent_knows_remote(a) && text_is(a->remote_ufrag, ufrag))
		a->ended = true;
}

/* -- life of a pair ------------------------------------------------------ */

bool ice_agent_set_active(struct ice_agent *a, uint8_t pair, msec now)
{
	const struct pair *p;

	if (pair != NO_INDEX && !is_pair(a, pair))
		return false;
	if (pair == a->active)
		return true;
	drop_active(a);
	if (pair == NO_INDEX)
		return true;
	p = &a->list.pairs[pair];
	a->active = pair;
	a->list.pairs[pair].active = true;
	a->consent_until = now + ICE_CONSENT;
	a->ask_due = p->last_answer == NEVER ? now : p->last_answer + ICE_ASK_MIN;
	return true;
}

bool ice_agent_check_now(struct ice_agent *a, uint8_t pair)
{
	if (!is_pair(a, pair) || !agent_knows_remote(a))
		return false;
	if (!a->list.pairs[pair].probing)
		a->list.pairs[pair].questions_left = ICE_PROBE_QUESTIONS;
	a->list.pairs[pair].probing = true;
	return true;
}

bool ice_agent_sample(struct ice_agent *a, uint8_t pair, msec now)
{
	struct pair *p;

	if (!is_pair(a, pair) || !agent_knows_remote(a))
		return false;
	p = &a->list.pairs[pair];
	if (p->sampling)
		return true;
	p->sampling = true;
	p->samples_left = ICE_SAMPLES;
	p->sampled = 0;
	p->sample_due = now;
	return true;
}

bool ice_agent_keepalive(struct ice_agent *a, uint8_t pair)
{
	if (!is_pair(a, pair))
		return false;
	a->list.pairs[pair].owes_indication = true;
	return true;
}

/* -- time ---------------------------------------------------------------- */

/* Checks whose last wait is over. */
static void give_up_spent(struct ice_agent *a, msec now)
{
	struct check *c;

	while ((c = checks_first(&a->checks, true)) && c->due <= now)
		agent_check_failed(a, c);
}

static void end_samples(struct ice_agent *a, msec now)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &a->list.pairs[i];

		if (p->sampling && !p->samples_left && p->sample_due <= now)
			agent_end_sample(a, i);
	}
}

static void lose_consent(struct ice_agent *a)
{
	struct pair *p = &a->list.pairs[a->active];

	p->state = PAIR_FAILED;
	p->questions_left = 0;
	p->probing = false;
	p->news |= NEWS_CONSENT_LOST;
	if (a->nominee == a->active)
		a->nominee = NO_INDEX;
	drop_active(a);
}

void ice_agent_tick(struct ice_agent *a, msec now)
{
	give_up_spent(a, now);
	end_samples(a, now);
	if (a->consent_until <= now)
		lose_consent(a);
	if (a->settle_due <= now) {
		a->settle_due = NEVER;
		a->settled = true;
	}
	if (a->patience_due <= now) {
		a->patience_due = NEVER;
		a->patient = false;
	}
	agent_consider(a, now);
}

static bool has_news(const struct ice_agent *a)
{
	if (a->owes_role || a->owes_failed || a->new_locals || a->new_remotes || a->replies_len)
		return true;
	for (unsigned i = 0; i < PAIRS_MAX; i++)
		if (a->list.pairs[i].news || a->list.pairs[i].owes_indication)
			return true;
	return false;
}

msec ice_agent_due(const struct ice_agent *a)
{
	const struct check *spent = checks_first(&a->checks, true);
	msec due = agent_request_due(a);

	if (has_news(a))
		return 0;
	if (spent)
		due = msec_min(due, spent->due);
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &a->list.pairs[i];

		if (p->sampling && !p->samples_left)
			due = msec_min(due, p->sample_due);
	}
	due = msec_min(due, a->consent_until);
	due = msec_min(due, a->settle_due);
	return msec_min(due, a->patience_due);
}

/* -- what there is to tell ----------------------------------------------- */

/* The lowest bit, taken out; NO_INDEX: none. */
static uint8_t take_bit(uint64_t *bits)
{
	uint8_t i = *bits ? (uint8_t)__builtin_ctzll(*bits) : NO_INDEX;

	if (i != NO_INDEX)
		*bits &= *bits - 1;
	return i;
}

static enum ice_action_kind take_pair_news(struct pair *p, struct ice_action *action)
{
	static const struct {
		enum pair_news bit;
		enum ice_action_kind kind;
		bool answered;
	} table[] = {
		{NEWS_VALID, ICE_PAIR_VALID, false},
		{NEWS_NOMINATED, ICE_NOMINATED, false},
		{NEWS_ANSWERED, ICE_PROBE_RESULT, true},
		{NEWS_MISSED, ICE_PROBE_RESULT, false},
		{NEWS_SAMPLED, ICE_SAMPLED, false},
		{NEWS_CONSENT_LOST, ICE_CONSENT_LOST, false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (p->news & table[i].bit) {
			p->news &= (uint8_t)~table[i].bit;
			action->answered = table[i].answered;
			action->lost = (uint8_t)(ICE_SAMPLES - p->sampled);
			return table[i].kind;
		}
	}
	return ICE_NOTHING;
}

/* Unless they were signalled meanwhile, and are nothing new. */
static enum ice_action_kind poll_candidates(struct ice_agent *a, struct ice_action *action)
{
	uint8_t i;

	while ((i = take_bit(&a->new_locals)) != NO_INDEX) {
		action->candidate = i;
		if (a->list.locals[i].c.type != CANDIDATE_NONE)
			return ICE_NEW_LOCAL;
	}
	while ((i = take_bit(&a->new_remotes)) != NO_INDEX) {
		action->candidate = i;
		if (a->list.remotes[i].type != CANDIDATE_NONE)
			return ICE_NEW_REMOTE;
	}
	return ICE_NOTHING;
}

static enum ice_action_kind poll_pairs(struct ice_agent *a, struct ice_action *action)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (a->list.pairs[i].news) {
			action->pair = i;
			return take_pair_news(&a->list.pairs[i], action);
		}
	}
	return ICE_NOTHING;
}

static bool take_flag(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

enum ice_action_kind ice_agent_poll(struct ice_agent *a, struct ice_action *action, msec now)
{
	enum ice_action_kind kind;

	*action = (struct ice_action){.pair = NO_INDEX, .candidate = NO_INDEX};
	if (take_flag(&a->owes_role))
		return ICE_ROLE_CHANGED;
	kind = poll_candidates(a, action);
	if (kind == ICE_NOTHING)
		kind = poll_pairs(a, action);
	if (kind != ICE_NOTHING)
		return kind;
	if (take_flag(&a->owes_failed))
		return ICE_FAILED;
	if (agent_poll_reply(a, action) || agent_poll_indication(a, action) ||
	    agent_poll_request(a, action, now))
		return ICE_SEND;
	return ICE_NOTHING;
}
