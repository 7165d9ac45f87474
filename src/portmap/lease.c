/* lease.c -- a mapping is had for a time, and asked for again before that is over. */
#include "portmap/lease.h"

enum {
	APART = 4000,			/* msec between two renewals */
	JITTER = 5000,			/* msec, RFC 6887 section 14.1.3 */
	TRUST = 60000,			/* msec between two doubts */
	DOUBT = 40000,			/* msec that one in doubt is given */
	HALVINGS_MAX = 20,
};

/* The nth window, from 1: it begins 1/2^n before the end, and is a quarter of that long. */
static msec nth_time(const struct lease *l, unsigned n, struct rng *rng)
{
	msec left = (l->end - l->start) >> n;

	return l->end - left + rng_below(rng, (uint32_t)(left / 4) + 1);
}

static void plan(struct lease *l, msec earliest, struct rng *rng)
{
	msec next = l->end;

	if (l->asked < HALVINGS_MAX)
		next = nth_time(l, l->asked + 1, rng);
	l->due = next < earliest ? l->end : next;
}

bool lease_start(struct lease *l, uint32_t seconds, struct rng *rng, msec now)
{
	if (seconds < LEASE_MIN)
		return false;
	if (seconds > LEASE_MAX)
		seconds = LEASE_MAX;
	*l = (struct lease){
		.start = now, .end = now + SECONDS(seconds), .trusted = l->trusted};
	plan(l, now + APART, rng);
	return true;
}

void lease_asked(struct lease *l, struct rng *rng, msec now)
{
	l->asked++;
	plan(l, now + APART, rng);
}

void lease_doubt(struct lease *l, struct rng *rng, msec now)
{
	msec from = now < l->trusted ? l->trusted : now;

	if (l->is_doubted)
		return;
	*l = (struct lease){
		.start = from,
		.end = msec_min(l->end, from + DOUBT),
		.is_doubted = true,
		.trusted = from + TRUST,
	};
	l->due = msec_min(l->end, from + rng_below(rng, JITTER + 1));
}
