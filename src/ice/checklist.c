/* checklist.c -- the candidates of both sides, their pairs, and whose turn it is.
 *
 * How a new pair starts (RFC 8445 section 6.1.2.6, RFC 8838 section 12): pairs whose
 * candidates have the same foundations are kin.
 *
 *   none of its kin has been tried, or one works         --> WAITING
 *   one of its kin is waiting or in progress             --> FROZEN
 */
#include "ice/checklist.h"

#include <stdio.h>
#include <string.h>

void checklist_init(struct checklist *l, bool controlling)
{
	memset(l, 0, sizeof(*l));
	l->controlling = controlling;
}

void checklist_forget_remote(struct checklist *l)
{
	memset(l->remotes, 0, sizeof(l->remotes));
	memset(l->pairs, 0, sizeof(l->pairs));
	l->triggered_len = 0;
	for (unsigned i = LOCALS_OFFERED; i < LOCALS_MAX; i++)
		l->locals[i] = (struct local_candidate){0};
}

/* -- pairs --------------------------------------------------------------- */

static uint64_t priority_of(const struct checklist *l, uint8_t local, uint8_t remote)
{
	uint32_t ours = l->locals[local].c.priority, theirs = l->remotes[remote].priority;

	return l->controlling ? pair_priority(ours, theirs) : pair_priority(theirs, ours);
}

void checklist_set_role(struct checklist *l, bool controlling)
{
	l->controlling = controlling;
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		struct pair *p = &l->pairs[i];

		if (p->state != PAIR_NONE)
			p->priority = priority_of(l, p->local, p->remote);
	}
}

static bool is_hop(const struct candidate *c)
{
	return c->proto == CANDIDATE_HOP;
}

/* One transport, one family, and a link-local address reaches only its own link (RFC 8445
 * section 6.1.2.2). */
static bool is_compatible(const struct local_candidate *local, const struct candidate *remote)
{
	const struct endpoint *from = &local->base.at, *to = &remote->at;

	if (is_hop(&local->c) || is_hop(remote))
		return local->c.proto == remote->proto && ip_equal(&from->ip, &to->ip);
	if (!candidate_same_transport(&local->c, remote))
		return false;
	if (from->ip.family != to->ip.family || local->c.component != remote->component)
		return false;
	return ip_is_link_local(&from->ip) == ip_is_link_local(&to->ip) &&
	       from->scope == to->scope;
}

static uint8_t find_pair(const struct checklist *l, const struct ice_base *base, uint8_t remote)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &l->pairs[i];

		if (p->state != PAIR_NONE && p->remote == remote &&
		    base_equal(&l->locals[p->local].base, base))
			return i;
	}
	return NO_INDEX;
}

static void untrigger(struct checklist *l, uint8_t pair)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < l->triggered_len; i++)
		if (l->triggered[i] != pair)
			l->triggered[kept++] = l->triggered[i];
	l->triggered_len = kept;
}

static void remove_pair(struct checklist *l, uint8_t pair)
{
	untrigger(l, pair);
	l->pairs[pair] = (struct pair){0};
}

static bool is_expendable(const struct pair *p)
{
	return !p->active && !p->nominated &&
	       (p->state == PAIR_FROZEN || p->state == PAIR_WAITING || p->state == PAIR_FAILED);
}

/* A free slot, or that of the worst pair that is worse than this and not in use. Hops are the last
 * resort, and few: none makes room for another, all others do for one. */
static uint8_t room_for_pair(struct checklist *l, uint8_t local, uint8_t remote)
{
	uint64_t priority = is_hop(&l->locals[local].c) ? UINT64_MAX : priority_of(l, local, remote);
	uint8_t worst = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (l->pairs[i].state == PAIR_NONE)
			return i;
		if (is_expendable(&l->pairs[i]) && l->pairs[i].priority < priority &&
		    !is_hop(&l->locals[l->pairs[i].local].c)) {
			priority = l->pairs[i].priority;
			worst = i;
		}
	}
	if (worst != NO_INDEX)
		remove_pair(l, worst);
	return worst;
}

static bool is_kin(const struct checklist *l, const struct pair *a, const struct pair *b)
{
	return strcmp(l->locals[a->local].c.foundation, l->locals[b->local].c.foundation) == 0 &&
	       strcmp(l->remotes[a->remote].foundation, l->remotes[b->remote].foundation) == 0;
}

static bool has_kin_in(const struct checklist *l, const struct pair *p, enum pair_state state)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		const struct pair *other = &l->pairs[i];

		if (other != p && other->state == state && is_kin(l, other, p))
			return true;
	}
	return false;
}

static bool kin_is_under_way(const struct checklist *l, const struct pair *p)
{
	return has_kin_in(l, p, PAIR_WAITING) || has_kin_in(l, p, PAIR_IN_PROGRESS);
}

static void start_pair(struct checklist *l, uint8_t pair, uint8_t local, uint8_t remote)
{
	struct pair *p = &l->pairs[pair];

	*p = (struct pair){
		.priority = priority_of(l, local, remote),
		.last_rx = NEVER,
		.last_answer = NEVER,
		.last_tx = NEVER,
		.srtt = -1,
		.serial = ++l->pairs_made,
		.local = local,
		.remote = remote,
		.mapped = NO_INDEX,
	};
	if (kin_is_under_way(l, p) && !has_kin_in(l, p, PAIR_VALID))
		p->state = PAIR_FROZEN;
	else
		p->state = PAIR_WAITING;
}

/* RFC 8445 section 6.1.2.4: the same base and place with another local candidate in
 * front. Once a check is under way it does not matter any more. */
static void take_better_local(struct checklist *l, uint8_t pair, uint8_t local)
{
	struct pair *p = &l->pairs[pair];
	uint64_t priority = priority_of(l, local, p->remote);

	if (priority > p->priority && is_expendable(p) &&
	    candidate_may_call(&l->locals[local].c, &l->remotes[p->remote])) {
		p->local = local;
		p->priority = priority;
	}
}

uint8_t checklist_pair(struct checklist *l, uint8_t local, uint8_t remote)
{
	uint8_t pair = find_pair(l, &l->locals[local].base, remote);

	if (pair != NO_INDEX) {
		take_better_local(l, pair, local);
		return pair;
	}
	if (!is_compatible(&l->locals[local], &l->remotes[remote]))
		return NO_INDEX;
	pair = room_for_pair(l, local, remote);
	if (pair != NO_INDEX)
		start_pair(l, pair, local, remote);
	return pair;
}

static unsigned count_tcp_pairs(const struct checklist *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PAIRS_MAX; i++)
		n += l->pairs[i].state != PAIR_NONE &&
		     candidate_is_tcp(&l->remotes[l->pairs[i].remote]);
	return n;
}

/* One that nobody has asked on yet. */
static void plan_pair(struct checklist *l, uint8_t local, uint8_t remote)
{
	const struct candidate *ours = &l->locals[local].c, *theirs = &l->remotes[remote];

	if (ours->type == CANDIDATE_NONE || theirs->type == CANDIDATE_NONE ||
	    !candidate_may_call(ours, theirs))
		return;
	if (candidate_is_tcp(ours) && count_tcp_pairs(l) >= PAIRS_TCP_MAX)
		return;
	checklist_pair(l, local, remote);
}

/* -- local candidates ---------------------------------------------------- */

/* Of that transport and family. */
static unsigned count_locals(const struct checklist *l, const struct candidate *like)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LOCALS_OFFERED; i++) {
		const struct candidate *c = &l->locals[i].c;

		n += c->type != CANDIDATE_NONE && c->at.ip.family == like->at.ip.family &&
		     candidate_same_transport(c, like);
	}
	return n;
}

/* Is n the foundation of one of them? */
static bool foundation_is_taken(const struct checklist *l, const char *foundation)
{
	for (unsigned i = 0; i < LOCALS_MAX; i++)
		if (strcmp(l->locals[i].c.foundation, foundation) == 0)
			return true;
	return false;
}

/* A small number, so that it tells nothing of the addresses behind it. */
static void choose_foundation(const struct checklist *l, struct local_candidate *c)
{
	for (unsigned i = 0; i < LOCALS_MAX; i++) {
		const struct local_candidate *other = &l->locals[i];

		if (other->c.type != CANDIDATE_NONE && candidate_same_foundation(other, c)) {
			memcpy(c->c.foundation, other->c.foundation, sizeof(c->c.foundation));
			return;
		}
	}
	for (unsigned n = 1; n <= LOCALS_MAX + 1; n++) {
		snprintf(c->c.foundation, sizeof(c->c.foundation), "%u", n);
		if (!foundation_is_taken(l, c->c.foundation))
			return;
	}
}

static uint8_t find_local(const struct checklist *l, const struct local_candidate *c)
{
	for (uint8_t i = 0; i < LOCALS_MAX; i++) {
		const struct local_candidate *other = &l->locals[i];

		if (other->c.type != CANDIDATE_NONE && candidate_same_place(&other->c, &c->c) &&
		    base_equal(&other->base, &c->base))
			return i;
	}
	return NO_INDEX;
}

/* Into a free slot from here on, up to there. */
static uint8_t put_local(struct checklist *l, const struct local_candidate *c, uint8_t from,
			 uint8_t end)
{
	for (uint8_t i = from; i < end; i++) {
		struct local_candidate mine = *c;

		if (l->locals[i].c.type != CANDIDATE_NONE)
			continue;
		choose_foundation(l, &mine);
		l->locals[i] = mine;
		return i;
	}
	return NO_INDEX;
}

/* A check has found it before the STUN server did: what is told replaces what was learnt. */
static void forget_learnt_local(struct checklist *l, uint8_t learnt, uint8_t told)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++)
		if (l->pairs[i].state != PAIR_NONE && l->pairs[i].mapped == learnt)
			l->pairs[i].mapped = told;
	l->locals[learnt] = (struct local_candidate){0};
}

uint8_t checklist_add_local(struct checklist *l, const struct local_candidate *c)
{
	struct local_candidate mine = *c;
	uint8_t known = find_local(l, c), slot;

	if (known < LOCALS_OFFERED)
		return known;
	mine.c.component = COMPONENT;
	if (!mine.c.priority)
		mine.c.priority = candidate_worth(
			&mine.c, candidate_preference_of(mine.c.at.ip.family, count_locals(l, &mine.c)));
	slot = put_local(l, &mine, 0, LOCALS_OFFERED);
	if (slot == NO_INDEX)
		return NO_INDEX;
	if (known != NO_INDEX)
		forget_learnt_local(l, known, slot);
	for (uint8_t r = 0; r < REMOTES_MAX; r++)
		plan_pair(l, slot, r);
	return slot;
}

uint8_t checklist_add_base(struct checklist *l, const struct ice_base *base)
{
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_PRFLX,
			.component = COMPONENT,
			.priority = candidate_priority(CANDIDATE_PRFLX, 1, COMPONENT),
			.at = base->at,
		},
		.base = *base,
	};
	uint8_t known = checklist_find_base(l, base);

	return known != NO_INDEX ? known : put_local(l, &c, 0, LOCALS_OFFERED);
}

void checklist_remove_base(struct checklist *l, const struct ice_base *base)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		if (l->pairs[i].state != PAIR_NONE &&
		    base_equal(&l->locals[l->pairs[i].local].base, base))
			remove_pair(l, i);
	for (unsigned i = 0; i < LOCALS_MAX; i++)
		if (l->locals[i].c.type != CANDIDATE_NONE && base_equal(&l->locals[i].base, base))
			l->locals[i] = (struct local_candidate){0};
}

/* Another candidate of the same base. */
static uint8_t heir_of(const struct checklist *l, uint8_t slot)
{
	for (uint8_t i = 0; i < LOCALS_OFFERED; i++)
		if (i != slot && l->locals[i].c.type != CANDIDATE_NONE &&
		    base_equal(&l->locals[i].base, &l->locals[slot].base))
			return i;
	return NO_INDEX;
}

/* Its pairs go on from the base that they leave from, with another candidate in front. If
 * there is none, it stays: one of them may be in use. */
void checklist_remove_reflexive(struct checklist *l, uint8_t slot)
{
	uint8_t heir = heir_of(l, slot);

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		if (l->pairs[i].state == PAIR_NONE || l->pairs[i].local != slot)
			continue;
		if (heir == NO_INDEX)
			return;
		l->pairs[i].local = heir;
	}
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		if (l->pairs[i].state != PAIR_NONE && l->pairs[i].mapped == slot)
			l->pairs[i].mapped = NO_INDEX;
	l->locals[slot] = (struct local_candidate){0};
}

uint8_t checklist_find_base(const struct checklist *l, const struct ice_base *base)
{
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < LOCALS_OFFERED; i++) {
		const struct local_candidate *c = &l->locals[i];

		if (c->c.type != CANDIDATE_NONE && base_equal(&c->base, base) &&
		    (best == NO_INDEX || c->c.priority > l->locals[best].c.priority))
			best = i;
	}
	return best;
}

/* The same place and base, whoever calls there. */
static uint8_t find_learnt_local(const struct checklist *l, const struct local_candidate *c)
{
	for (uint8_t i = 0; i < LOCALS_MAX; i++) {
		const struct local_candidate *other = &l->locals[i];

		if (other->c.type != CANDIDATE_NONE && endpoint_equal(&other->c.at, &c->c.at) &&
		    base_equal(&other->base, &c->base))
			return i;
	}
	return NO_INDEX;
}

/* RFC 8445 section 7.2.5.3.1: its priority is the one that the check has told. */
uint8_t checklist_learn_local(struct checklist *l, uint8_t sent_from, const struct endpoint *mapped,
			      bool *is_new)
{
	const struct local_candidate *from = &l->locals[sent_from];
	struct local_candidate c = {
		.c = {
			.type = CANDIDATE_PRFLX,
			.proto = from->c.proto,
			.component = COMPONENT,
			.priority = candidate_worth_as_prflx(&from->c),
			.at = *mapped,
			.related = from->base.at,
		},
		.base = from->base,
	};
	uint8_t slot = find_learnt_local(l, &c);

	*is_new = false;
	if (slot == NO_INDEX) {
		slot = put_local(l, &c, LOCALS_OFFERED, LOCALS_MAX);
		*is_new = slot != NO_INDEX;
	}
	return slot;
}

/* -- remote candidates --------------------------------------------------- */

uint8_t checklist_find_remote(const struct checklist *l, uint8_t local, const struct endpoint *at)
{
	for (uint8_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &l->remotes[i];

		if (c->type != CANDIDATE_NONE && candidate_same_transport(c, &l->locals[local].c) &&
		    endpoint_equal(&c->at, at))
			return i;
	}
	return NO_INDEX;
}

static void pair_with_locals(struct checklist *l, uint8_t remote)
{
	for (uint8_t i = 0; i < LOCALS_OFFERED; i++)
		plan_pair(l, i, remote);
}

static uint8_t free_remote(const struct checklist *l, uint8_t from, uint8_t end)
{
	for (uint8_t i = from; i < end; i++)
		if (l->remotes[i].type == CANDIDATE_NONE)
			return i;
	return NO_INDEX;
}

/* RFC 8838 section 11: what is told of it replaces what was guessed; its pairs go on. */
static void replace_remote(struct checklist *l, uint8_t old, uint8_t slot,
			   const struct candidate *c)
{
	l->remotes[old] = (struct candidate){0};
	l->remotes[slot] = *c;
	for (unsigned i = 0; i < PAIRS_MAX; i++)
		if (l->pairs[i].state != PAIR_NONE && l->pairs[i].remote == old)
			l->pairs[i].remote = slot;
	checklist_set_role(l, l->controlling);		/* gives its pairs their new priority */
}

/* Of one that was learnt it is not certain whether it is active or both. */
static bool is_place(const struct candidate *known, const struct candidate *c)
{
	if (known->type == CANDIDATE_PRFLX)
		return candidate_same_transport(known, c) && endpoint_equal(&known->at, &c->at);
	return known->type != CANDIDATE_NONE && candidate_same_place(known, c);
}

static uint8_t find_place(const struct checklist *l, const struct candidate *c)
{
	for (uint8_t i = 0; i < REMOTES_MAX; i++)
		if (is_place(&l->remotes[i], c))
			return i;
	return NO_INDEX;
}

enum remote_added checklist_add_remote(struct checklist *l, const struct candidate *c)
{
	uint8_t known = find_place(l, c), slot = free_remote(l, 0, REMOTES_SIGNALLED);
	enum remote_added added = REMOTE_ADDED;

	if (known < REMOTES_SIGNALLED) {
		if (c->priority > l->remotes[known].priority)
			replace_remote(l, known, known, c);
		return REMOTE_KNOWN;
	}
	if (slot == NO_INDEX)
		return REMOTE_NO_ROOM;
	if (known != NO_INDEX) {
		replace_remote(l, known, slot, c);
		added = REMOTE_SIGNALLED;
	} else {
		l->remotes[slot] = *c;
	}
	pair_with_locals(l, slot);
	return added;
}

static bool is_way_to(const struct pair *p, uint8_t remote)
{
	return p->state != PAIR_NONE && p->remote == remote;
}

bool checklist_remove_remote(struct checklist *l, uint8_t remote)
{
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		if (is_way_to(&l->pairs[i], remote) && l->pairs[i].state == PAIR_VALID)
			return false;
	for (uint8_t i = 0; i < PAIRS_MAX; i++)
		if (is_way_to(&l->pairs[i], remote))
			remove_pair(l, i);
	l->remotes[remote] = (struct candidate){0};
	return true;
}

/* Has any of its pairs a future, or was heard of just now? */
static bool remote_is_useful(const struct checklist *l, uint8_t remote, msec now)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &l->pairs[i];

		if (p->remote == remote && p->state != PAIR_NONE &&
		    (p->state != PAIR_FAILED || p->last_rx > now - PRFLX_REST))
			return true;
	}
	return false;
}

/* The slot of a peer-reflexive candidate that led nowhere. Not at once: two NATs that take
 * a new port for each destination show a new one with each check, and each check makes
 * the other side ask back; without a rest they would chase each other for ever. */
static uint8_t evict_prflx(struct checklist *l, msec now)
{
	for (uint8_t r = REMOTES_SIGNALLED; r < REMOTES_MAX; r++) {
		if (remote_is_useful(l, r, now))
			continue;
		for (uint8_t i = 0; i < PAIRS_MAX; i++)
			if (l->pairs[i].state != PAIR_NONE && l->pairs[i].remote == r)
				remove_pair(l, i);
		return r;
	}
	return NO_INDEX;
}

/* RFC 8445 section 7.3.1.3. The foundation is like no other: "~" is not in ice-char. */
uint8_t checklist_learn_remote(struct checklist *l, uint8_t to, const struct endpoint *source,
			       uint32_t priority, msec now, bool *is_new)
{
	uint8_t slot = checklist_find_remote(l, to, source);
	struct candidate *c;

	*is_new = false;
	if (slot != NO_INDEX)
		return slot;
	slot = free_remote(l, REMOTES_SIGNALLED, REMOTES_MAX);
	if (slot == NO_INDEX)
		slot = evict_prflx(l, now);
	if (slot == NO_INDEX)
		return NO_INDEX;
	c = &l->remotes[slot];
	*c = (struct candidate){
		.type = CANDIDATE_PRFLX,
		.proto = (uint8_t)candidate_proto_of_caller(l->locals[to].c.proto),
		.component = COMPONENT,
		.priority = priority,
		.at = *source,
	};
	snprintf(c->foundation, sizeof(c->foundation), "~%u", l->prflx_seen++);
	*is_new = true;
	return slot;
}

/* -- whose turn it is ---------------------------------------------------- */

void checklist_trigger(struct checklist *l, uint8_t pair)
{
	for (unsigned i = 0; i < l->triggered_len; i++)
		if (l->triggered[i] == pair)
			return;
	l->triggered[l->triggered_len++] = pair;
}

uint8_t checklist_next_triggered(struct checklist *l)
{
	uint8_t pair = l->triggered_len ? l->triggered[0] : NO_INDEX;

	if (pair != NO_INDEX)
		untrigger(l, pair);
	return pair;
}

typedef bool pair_test(const struct checklist *l, const struct pair *p);

static bool is_waiting(const struct checklist *l, const struct pair *p)
{
	(void)l;
	return p->state == PAIR_WAITING;
}

static bool may_thaw(const struct checklist *l, const struct pair *p)
{
	return p->state == PAIR_FROZEN && !kin_is_under_way(l, p);
}

static bool is_valid(const struct checklist *l, const struct pair *p)
{
	(void)l;
	return p->state == PAIR_VALID;
}

static uint8_t best_that(const struct checklist *l, pair_test *test)
{
	uint8_t best = NO_INDEX;

	for (uint8_t i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &l->pairs[i];

		if (test(l, p) && (best == NO_INDEX || p->priority > l->pairs[best].priority))
			best = i;
	}
	return best;
}

uint8_t checklist_next_ordinary(const struct checklist *l)
{
	uint8_t pair = best_that(l, is_waiting);

	return pair != NO_INDEX ? pair : best_that(l, may_thaw);
}

void checklist_unfreeze_kin(struct checklist *l, uint8_t pair)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		struct pair *p = &l->pairs[i];

		if (p->state == PAIR_FROZEN && is_kin(l, p, &l->pairs[pair]))
			p->state = PAIR_WAITING;
	}
}

uint8_t checklist_best_valid(const struct checklist *l)
{
	return best_that(l, is_valid);
}

unsigned checklist_count(const struct checklist *l, enum pair_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PAIRS_MAX; i++)
		n += l->pairs[i].state == state;
	return n;
}

bool checklist_hopes_above(const struct checklist *l, uint64_t priority)
{
	for (unsigned i = 0; i < PAIRS_MAX; i++) {
		const struct pair *p = &l->pairs[i];

		if ((p->state == PAIR_FROZEN || p->state == PAIR_WAITING ||
		     p->state == PAIR_IN_PROGRESS) && p->priority > priority)
			return true;
	}
	return false;
}
