/* checks.c -- requests that are out and may still be answered. */
#include "ice/checks.h"

#include <assert.h>
#include <string.h>

/* A free slot, else that of the late check whose answer is least likely to come. Live
 * ones are fewer than slots, so there is always one. */
static struct check *take_slot(struct checks *t)
{
	struct check *oldest = NULL;

	for (unsigned i = 0; i < CHECKS_MAX; i++) {
		struct check *c = &t->slots[i];

		if (c->state == CHECK_NONE)
			return c;
		if (c->state == CHECK_LATE && (!oldest || c->last_sent < oldest->last_sent))
			oldest = c;
	}
	assert(oldest);
	return oldest;
}

/* RFC 8489 section 6.2.1: each wait is twice the one before, the last is Rm * RTO. */
static msec wait_after(const struct check *c)
{
	if (c->kind != CHECK_CONNECT)
		return c->wait;
	return (msec)c->wait * (c->sends < CHECK_SENDS ? 1 << (c->sends - 1) : CHECK_LAST_WAIT);
}

struct check *checks_start(struct checks *t, const struct checklist *l, uint8_t pair,
			   enum check_kind kind, int32_t wait, struct rng *rng, msec now)
{
	struct check *before = checks_live(t, pair), *c;

	if (before)
		check_hush(before);
	c = take_slot(t);
	*c = (struct check){
		.serial = l->pairs[pair].serial,
		.pair = pair,
		.state = CHECK_LIVE,
		.kind = (uint8_t)kind,
		.controlling = l->controlling,
		.wait = wait,
		.first_sent = now,
	};
	rng->fill(rng, c->id, sizeof(c->id));
	check_sent_again(c, now);
	return c;
}

void check_sent_again(struct check *c, msec now)
{
	c->sends++;
	c->last_sent = now;
	c->due = now + wait_after(c);
}

bool check_is_spent(const struct check *c)
{
	return c->kind != CHECK_CONNECT || c->sends == CHECK_SENDS;
}

msec check_rtt(const struct check *c, msec now)
{
	return c->sends == 1 ? now - c->first_sent : -1;
}

struct check *checks_find(struct checks *t, const uint8_t id[static STUN_ID_LEN], msec now)
{
	for (unsigned i = 0; i < CHECKS_MAX; i++) {
		struct check *c = &t->slots[i];

		if (c->state != CHECK_NONE && memcmp(c->id, id, STUN_ID_LEN) == 0)
			return now - c->last_sent < CHECK_TOO_LATE || c->state == CHECK_LIVE ? c
											     : NULL;
	}
	return NULL;
}

struct check *checks_live(const struct checks *t, uint8_t pair)
{
	for (unsigned i = 0; i < CHECKS_MAX; i++)
		if (t->slots[i].state == CHECK_LIVE && t->slots[i].pair == pair)
			return (struct check *)&t->slots[i];
	return NULL;
}

void check_hush(struct check *c)
{
	c->state = CHECK_LATE;
	c->due = NEVER;
}

struct check *checks_first(const struct checks *t, bool spent)
{
	const struct check *first = NULL;

	for (unsigned i = 0; i < CHECKS_MAX; i++) {
		const struct check *c = &t->slots[i];

		if (c->state == CHECK_LIVE && check_is_spent(c) == spent &&
		    (!first || c->due < first->due))
			first = c;
	}
	return (struct check *)first;
}

void checks_sweep(struct checks *t, const struct checklist *l)
{
	for (unsigned i = 0; i < CHECKS_MAX; i++) {
		struct check *c = &t->slots[i];
		const struct pair *p = &l->pairs[c->pair];

		if (c->state != CHECK_NONE && (p->state == PAIR_NONE || p->serial != c->serial))
			*c = (struct check){0};
	}
}
