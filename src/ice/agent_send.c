/* agent_send.c -- datagrams out, one at a time.
 *
 *   replies                 at once: who asked knows our password
 *   indications             at once
 *   requests, one per slot  1. triggered: the peer asks there, or we nominate
 *                           2. questions of a probe
 *                           3. consent
 *                           4. what is to be sent again
 *                           5. the best pair that waits
 */
#include <string.h>

#include "ice/agent_facts.h"
#include "stun/integrity.h"

static void send_from(struct ice_agent *a, struct ice_action *action, uint8_t local,
		      const struct endpoint *to, const struct writer *w)
{
	action->base = a->list.locals[local].base;
	action->remote = *to;
	action->datagram = stun_finish(w);
}

static void send_on(struct ice_agent *a, struct ice_action *action, uint8_t pair,
		    const struct writer *w)
{
	const struct pair *p = &a->list.pairs[pair];

	action->pair = pair;
	send_from(a, action, p->local, &a->list.remotes[p->remote].at, w);
}

/* -- replies and indications --------------------------------------------- */

static void write_reply(struct ice_agent *a, const struct ice_reply *r, struct writer *w)
{
	stun_begin(w, STUN_BINDING, r->error ? STUN_ERROR : STUN_SUCCESS, r->id);
	if (r->error)
		stun_put_error(w, r->error);
	else
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &r->to);
	if (r->unknown_len)
		stun_put_unknown(w, r->unknown, r->unknown_len);
	stun_put_integrity(w, agent_text(a->pwd));
	stun_put_fingerprint(w);
}

bool agent_poll_reply(struct ice_agent *a, struct ice_action *action)
{
	while (a->replies_len) {
		struct writer w = writer_over(a->message, sizeof(a->message));
		struct ice_reply r = a->replies[0];

		memmove(a->replies, a->replies + 1, --a->replies_len * sizeof(r));
		if (a->list.locals[r.local].c.type == CANDIDATE_NONE)
			continue;		/* the base has gone since */
		write_reply(a, &r, &w);
		send_from(a, action, r.local, &r.to, &w);
		return true;
	}
	return false;
}

bool agent_poll_indication(struct ice_agent *a, struct ice_action *action)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		struct writer w = writer_over(a->message, sizeof(a->message));
		uint8_t id[STUN_ID_LEN];

		if (!a->list.pairs[i].owes_indication)
			continue;
		a->list.pairs[i].owes_indication = false;
		a->settings.rng->fill(a->settings.rng, id, sizeof(id));
		stun_begin(&w, STUN_BINDING, STUN_INDICATION, id);
		stun_put_fingerprint(&w);
		send_on(a, action, i, &w);
		return true;
	}
	return false;
}

/* -- requests ------------------------------------------------------------ */

/* RFC 8445 sections 7.1 and 7.2.4: the priority that we would have as peer-reflexive. */
static uint32_t priority_to_tell(const struct ice_agent *a, uint8_t pair)
{
	return candidate_worth_as_prflx(&a->list.locals[a->list.pairs[pair].local].c);
}

/* What a check is made of: the same fields make the same bytes, when it is sent again. */
static void write_request(const struct ice_agent *a, const uint8_t id[static STUN_ID_LEN],
			  uint32_t priority, bool controlling, bool nominates, struct writer *w)
{
	uint8_t username[ICE_CREDENTIAL_MAX + 1 + ICE_UFRAG_LEN];
	struct writer u = writer_over(username, sizeof(username));

	put_bytes(&u, agent_text(a->remote_ufrag));
	put_u8(&u, ':');
	put_bytes(&u, agent_text(a->ufrag));
	stun_begin(w, STUN_BINDING, STUN_REQUEST, id);
	stun_put(w, ATTR_USERNAME, writer_bytes(&u));
	stun_put_u32(w, ATTR_PRIORITY, priority);
	stun_put_u64(w, controlling ? ATTR_ICE_CONTROLLING : ATTR_ICE_CONTROLLED, a->tie_breaker);
	if (nominates)
		stun_put(w, ATTR_USE_CANDIDATE, bytes_of(NULL, 0));
	stun_put_integrity(w, agent_text(a->remote_pwd));
	stun_put_fingerprint(w);
}

/* With the least priority: it stands for no candidate that was told. */
static uint32_t priority_of_guess(void)
{
	return candidate_priority(CANDIDATE_PRFLX, 0, COMPONENT);
}

bool ice_is_guess(struct bytes datagram)
{
	struct stun_msg msg;
	uint32_t priority;

	return stun_parse(&msg, datagram) && stun_get_u32(&msg, ATTR_PRIORITY, &priority) &&
	       priority == priority_of_guess();
}

struct bytes ice_agent_guess(struct ice_agent *a)
{
	struct writer w = writer_over(a->message, sizeof(a->message));
	uint8_t id[STUN_ID_LEN];

	if (!agent_knows_remote(a))
		return bytes_of(NULL, 0);
	a->settings.rng->fill(a->settings.rng, id, sizeof(id));
	write_request(a, id, priority_of_guess(), a->list.controlling, false, &w);
	return stun_finish(&w);
}

static void send_check(struct ice_agent *a, const struct check *c, struct ice_action *action,
		       msec now)
{
	struct writer w = writer_over(a->message, sizeof(a->message));

	a->list.pairs[c->pair].last_tx = now;
	write_request(a, c->id, priority_to_tell(a, c->pair), c->controlling, c->nominates, &w);
	send_on(a, action, c->pair, &w);
}

/* RFC 8445 section 14.3: so slow that all that is under way finds its slot. */
static int32_t connect_rto(const struct ice_agent *a)
{
	unsigned busy = checklist_count(&a->list, PAIR_WAITING) +
			checklist_count(&a->list, PAIR_IN_PROGRESS);
	int32_t rto = (int32_t)busy * PACER_TA;

	return rto > CHECK_RTO ? rto : CHECK_RTO;
}

static struct check *start_check(struct ice_agent *a, uint8_t pair, enum check_kind kind,
				 int32_t wait, msec now)
{
	struct pair *p = &a->list.pairs[pair];

	if (p->state == PAIR_FROZEN || p->state == PAIR_WAITING ||
	    (p->state == PAIR_FAILED && kind == CHECK_CONNECT))
		p->state = PAIR_IN_PROGRESS;
	return checks_start(&a->checks, &a->list, pair, kind, wait, a->settings.rng, now);
}

/* It tells the nomination as well, until one that did is answered. */
static struct check *nominating(const struct ice_agent *a, struct check *c)
{
	c->nominates = a->list.controlling && a->nominee == c->pair &&
		       a->nominated != c->pair;
	return c;
}

static struct check *start_connect(struct ice_agent *a, uint8_t pair, msec now)
{
	return nominating(a, start_check(a, pair, CHECK_CONNECT, connect_rto(a), now));
}

static struct check *start_triggered(struct ice_agent *a, msec now)
{
	uint8_t pair;

	while ((pair = checklist_next_triggered(&a->list)) != NO_INDEX)
		if (a->list.pairs[pair].state != PAIR_VALID || a->nominee == pair)
			return start_connect(a, pair, now);
	return NULL;
}

/* A pair that is to be probed and waits for no answer to that just now. A nomination under way
 * is no such question: silence would fail it after 40 s. */
static uint8_t next_probed(const struct ice_agent *a)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct check *live;

		if (!a->list.pairs[i].questions_left)
			continue;
		live = checks_live(&a->checks, i);
		if (!live || live->kind != CHECK_PROBE)
			return i;
	}
	return NO_INDEX;
}

static struct check *start_probe(struct ice_agent *a, msec now)
{
	uint8_t pair = next_probed(a);
	struct pair *p;
	int32_t wait;

	if (pair == NO_INDEX)
		return NULL;
	p = &a->list.pairs[pair];
	p->questions_left--;
	wait = p->questions_left ? ICE_PROBE_GAP : ICE_ASK_WAIT;
	return nominating(a, start_check(a, pair, CHECK_PROBE, wait, now));
}

static bool may_sample(const struct ice_agent *a, uint8_t pair)
{
	const struct check *live = checks_live(&a->checks, pair);

	return !live || live->kind == CHECK_CONSENT || live->kind == CHECK_SAMPLE;
}

/* The pair whose next sample is due first; NO_INDEX: none. */
static uint8_t next_sampled(const struct ice_agent *a)
{
	uint8_t first = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &a->list.pairs[i];

		if (p->sampling && p->samples_left && may_sample(a, i) &&
		    (first == NO_INDEX || p->sample_due < a->list.pairs[first].sample_due))
			first = i;
	}
	return first;
}

static struct check *start_sample(struct ice_agent *a, msec now)
{
	uint8_t pair = next_sampled(a);
	struct pair *p;

	if (pair == NO_INDEX || a->list.pairs[pair].sample_due > now)
		return NULL;
	p = &a->list.pairs[pair];
	p->samples_left--;
	p->sample_due = now + (p->samples_left ? ICE_SAMPLE_GAP : ICE_ASK_WAIT);
	return start_check(a, pair, CHECK_SAMPLE, ICE_ASK_WAIT, now);
}

/* RFC 7675 section 5.1. A question that is out on the pair anyway does as well. */
static struct check *start_consent(struct ice_agent *a, msec now)
{
	if (a->ask_due > now)
		return NULL;
	a->ask_due = now + ICE_ASK_MIN +
		     rng_below(a->settings.rng, ICE_ASK_MAX - ICE_ASK_MIN + 1);
	if (checks_live(&a->checks, a->active))
		return NULL;
	return checks_start(&a->checks, &a->list, a->active, CHECK_CONSENT, ICE_ASK_WAIT,
			    a->settings.rng, now);
}

static struct check *send_again(struct ice_agent *a, msec now)
{
	struct check *c = checks_first(&a->checks, false);

	if (!c || c->due > now)
		return NULL;
	check_sent_again(c, now);
	return c;
}

static struct check *start_ordinary(struct ice_agent *a, msec now)
{
	uint8_t pair = checklist_next_ordinary(&a->list);

	return pair == NO_INDEX ? NULL : start_connect(a, pair, now);
}

static const struct check *next_check(struct ice_agent *a, msec now)
{
	const struct check *c = start_triggered(a, now);

	if (!c)
		c = start_probe(a, now);
	if (!c)
		c = start_consent(a, now);
	if (!c)
		c = start_sample(a, now);
	if (!c)
		c = send_again(a, now);
	if (!c)
		c = start_ordinary(a, now);
	return c;
}

/* When there is something to ask, were it not for the pace. */
static msec wanted_at(const struct ice_agent *a)
{
	const struct check *again;
	uint8_t sampled;

	if (!agent_knows_remote(a))
		return NEVER;
	if (a->list.triggered_len || next_probed(a) != NO_INDEX ||
	    checklist_next_ordinary(&a->list) != NO_INDEX)
		return INT64_MIN;
	again = checks_first(&a->checks, false);
	sampled = next_sampled(a);
	return msec_min(msec_min(a->ask_due, again ? again->due : NEVER),
			sampled == NO_INDEX ? NEVER : a->list.pairs[sampled].sample_due);
}

static msec later(msec a, msec b)
{
	return a > b ? a : b;
}

msec agent_request_due(const struct ice_agent *a)
{
	msec wanted = wanted_at(a);

	if (wanted == NEVER)
		return NEVER;
	if (a->slot != NEVER)
		wanted = later(wanted, a->slot);
	return later(wanted, a->next_send);
}

/* Is it our turn? Reserves a slot first, if there is none. */
static bool take_turn(struct ice_agent *a, msec now)
{
	struct ice_pacer *pacer = a->settings.pacer;

	if (wanted_at(a) > now || a->next_send > now)
		return false;
	if (a->slot == NEVER)
		a->slot = ice_pacer_reserve(pacer, now);
	if (a->slot > now)
		return false;
	if (!ice_pacer_take(pacer, a->slot, now)) {
		a->slot = ice_pacer_reserve(pacer, now);
		return false;
	}
	a->slot = NEVER;
	return true;
}

bool agent_poll_request(struct ice_agent *a, struct ice_action *action, msec now)
{
	const struct check *c;

	if (!take_turn(a, now))
		return false;
	c = next_check(a, now);
	if (!c)
		return false;
	a->next_send = now + PACER_TA;
	send_check(a, c, action, now);
	return true;
}
