/* agent_pairs.c -- what follows from a request, an answer, a silence.
 *
 *   the peer asks      the pair is made if need be, and we ask back on it (triggered)
 *   an answer          the pair works; so may its kin; it may be the nominated one
 *   no answer          the pair has failed, or is one question poorer
 *   a role conflict    one side gives way by tie-breaker; priorities turn round
 */
#include "ice/agent_facts.h"

/* -- nomination ---------------------------------------------------------- */

/* Of several that a controlling peer nominates, the best (RFC 8445 section 8.1.1). */
static void nominated(struct ice_agent *a, uint8_t pair)
{
	struct pair *p = &a->list.pairs[pair];

	if (a->nominated == pair)
		return;
	if (a->nominated != NO_INDEX) {
		if (a->list.pairs[a->nominated].priority > p->priority)
			return;
		a->list.pairs[a->nominated].nominated = false;
	}
	a->nominated = pair;
	p->nominated = true;
	p->news |= NEWS_NOMINATED;
}

static void start_nomination(struct ice_agent *a, uint8_t pair)
{
	a->nominee = pair;
	a->list.pairs[pair].use_candidate = true;
	checklist_trigger(&a->list, pair);
}

static bool may_nominate(const struct ice_agent *a)
{
	return a->list.controlling && a->nominee == NO_INDEX && a->nominated == NO_INDEX;
}

bool ice_agent_nominate(struct ice_agent *a, uint8_t pair)
{
	if (!may_nominate(a) || pair >= PAIRS_MAX || a->list.pairs[pair].state != PAIR_VALID)
		return false;
	start_nomination(a, pair);
	return true;
}

/* RFC 8445 section 8.1.1 leaves open when; here, as soon as nothing better can come, or
 * ICE_SETTLE after the first pair that works. */
static void consider_nomination(struct ice_agent *a, msec now)
{
	uint8_t best = checklist_best_valid(&a->list);

	if (best == NO_INDEX || !may_nominate(a))
		return;
	if (a->settled ||
	    (a->ended && !checklist_hopes_above(&a->list, a->list.pairs[best].priority)))
		start_nomination(a, best);
	else if (a->settle_due == NEVER)
		a->settle_due = now + ICE_SETTLE;
}

/* RFC 8863 section 4: the peer may still find us, or have more to tell. */
static void consider_failure(struct ice_agent *a)
{
	if (a->patient || a->failed || !agent_knows_remote(a))
		return;
	if (checklist_count(&a->list, PAIR_VALID) || checklist_hopes_above(&a->list, 0))
		return;
	a->failed = true;
	a->owes_failed = true;
}

void agent_consider(struct ice_agent *a, msec now)
{
	consider_nomination(a, now);
	consider_failure(a);
}

/* -- roles --------------------------------------------------------------- */

static void ask_anew(struct ice_agent *a, uint8_t pair)
{
	if (a->list.pairs[pair].state != PAIR_VALID)
		a->list.pairs[pair].state = PAIR_WAITING;
	checklist_trigger(&a->list, pair);
	a->failed = false;
}

/* RFC 8445 section 7.2.5.1 asks anew only where the conflict was found; what else is
 * under way in the old role would only find it again. */
void agent_set_role(struct ice_agent *a, bool controlling)
{
	if (a->list.controlling == controlling)
		return;
	checklist_set_role(&a->list, controlling);
	a->owes_role = true;
	a->nominee = NO_INDEX;
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		struct check *c = checks_live(&a->checks, i);

		a->list.pairs[i].use_candidate = false;
		if (c && c->kind == CHECK_CONNECT) {
			check_hush(c);
			ask_anew(a, i);
		}
	}
}

void agent_lost_conflict(struct ice_agent *a, const struct check *c)
{
	struct rng *rng = a->settings.rng;

	if (c->controlling == a->list.controlling) {
		rng->fill(rng, &a->tie_breaker, sizeof(a->tie_breaker));
		agent_set_role(a, !c->controlling);
	}
	if (c->kind == CHECK_CONNECT)
		ask_anew(a, c->pair);
}

/* -- a request of the peer's --------------------------------------------- */

/* RFC 8445 section 7.3.1.4. What is being asked is asked afresh, since the peer's packet
 * may have just opened the way; the old question may still be answered. */
static void ask_back(struct ice_agent *a, uint8_t pair)
{
	struct pair *p = &a->list.pairs[pair];
	struct check *live = checks_live(&a->checks, pair);

	if (p->state == PAIR_VALID || (live && live->kind != CHECK_CONNECT))
		return;
	if (live)
		check_hush(live);
	ask_anew(a, pair);
}

bool agent_heard_request(struct ice_agent *a, const struct ice_early *request, msec now)
{
	bool is_new;
	uint8_t remote = checklist_learn_remote(&a->list, request->local, &request->from,
						request->priority, now, &is_new);
	uint8_t pair;
	struct pair *p;

	if (remote == NO_INDEX)
		return false;
	if (is_new) {
		a->list.remotes[remote].proto = a->list.locals[request->local].c.proto;
		a->new_remotes |= UINT64_C(1) << remote;
	}
	pair = checklist_pair(&a->list, request->local, remote);
	checks_sweep(&a->checks, &a->list);
	if (pair == NO_INDEX)
		return false;
	p = &a->list.pairs[pair];
	p->last_rx = now;
	if (request->use_candidate && !a->list.controlling) {
		p->use_candidate = true;
		if (p->state == PAIR_VALID)
			nominated(a, pair);
	}
	ask_back(a, pair);
	return true;
}

/* -- answers and silences ------------------------------------------------ */

/* RFC 8445 section 7.2.5.3.1: how the peer sees us. */
static void learn_mapped(struct ice_agent *a, struct pair *p, const struct endpoint *mapped)
{
	struct endpoint at = *mapped;
	bool is_new;

	at.scope = ip_is_link_local(&at.ip) ? a->list.locals[p->local].base.at.scope : 0;
	p->mapped = checklist_learn_local(&a->list, p->local, &at, &is_new);
	if (is_new)
		a->new_locals |= UINT64_C(1) << p->mapped;
}

static void becomes_valid(struct ice_agent *a, uint8_t pair)
{
	struct pair *p = &a->list.pairs[pair];

	a->failed = false;
	if (p->state == PAIR_VALID)
		return;
	p->state = PAIR_VALID;
	p->news |= NEWS_VALID;
	checklist_unfreeze_kin(&a->list, pair);
}

/* There is no need to ask any more what was just answered. */
static void stop_asking(struct ice_agent *a, uint8_t pair)
{
	struct check *live = checks_live(&a->checks, pair);

	a->list.pairs[pair].questions_left = 0;
	if (live && !live->nominates)
		check_hush(live);
}

void agent_end_sample(struct ice_agent *a, uint8_t pair)
{
	struct pair *p = &a->list.pairs[pair];

	for (unsigned i = p->sampled; i < ICE_SAMPLES; i++)
		pair_missed(p);
	if (!p->sampled)
		p->state = PAIR_FAILED;
	p->sampling = false;
	p->news |= NEWS_SAMPLED;
}

static void take_sample(struct ice_agent *a, uint8_t pair)
{
	struct pair *p = &a->list.pairs[pair];

	if (!p->sampling)
		return;
	p->sampled++;
	if (p->sampled == ICE_SAMPLES)
		agent_end_sample(a, pair);
}

void agent_check_succeeded(struct ice_agent *a, struct check *c, const struct endpoint *mapped,
			   msec now)
{
	struct pair *p = &a->list.pairs[c->pair];
	struct check was = *c;

	c->state = CHECK_NONE;
	pair_answered(p, check_rtt(&was, now), now);
	learn_mapped(a, p, mapped);
	becomes_valid(a, was.pair);
	stop_asking(a, was.pair);
	if (was.kind == CHECK_SAMPLE)
		take_sample(a, was.pair);
	if (was.kind == CHECK_PROBE || was.kind == CHECK_CONSENT || p->probing)
		p->news |= NEWS_ANSWERED;
	p->probing = false;
	if (a->active == was.pair)
		a->consent_until = now + ICE_CONSENT;
	if (a->list.controlling ? was.nominates && was.controlling : p->use_candidate)
		nominated(a, was.pair);
	agent_consider(a, now);
}

void agent_check_failed(struct ice_agent *a, struct check *c)
{
	struct pair *p = &a->list.pairs[c->pair];
	bool probe_is_over = p->probing && p->questions_left == 0;

	if (c->kind == CHECK_SAMPLE) {		/* it counts in the end */
		check_hush(c);
		return;
	}
	pair_missed(p);
	if (probe_is_over || c->kind == CHECK_CONSENT)
		p->news |= NEWS_MISSED;
	if (probe_is_over || c->kind == CHECK_CONNECT)
		p->state = PAIR_FAILED;
	if (probe_is_over)
		p->probing = false;
	if (c->nominates && a->nominee == c->pair && p->state == PAIR_FAILED) {
		a->nominee = NO_INDEX;
		p->use_candidate = false;
	}
	check_hush(c);
}
