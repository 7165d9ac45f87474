/* reflexive.c -- how STUN servers see our bases: server-reflexive candidates. */
#include "ice/reflexive.h"

/* Sent after 0, 500, 1500 and 3500 ms, over after 4500 ms. */
static const struct transaction_timing timing = {.rto = 500, .sends = 4, .last_wait = 2};

void reflexive_init(struct reflexive *r, struct rng *rng)
{
	*r = (struct reflexive){.rng = rng};
}

bool reflexive_ask(struct reflexive *r, const struct ice_base *base, const struct endpoint *server,
		   msec now)
{
	if (base->at.ip.family != server->ip.family || r->len == REFLEXIVE_MAX)
		return false;
	if (r->next_start < now)
		r->next_start = now;
	r->questions[r->len++] = (struct reflexive_question){
		.base = *base,
		.server = *server,
		.start = r->next_start,
	};
	r->next_start += BINDING_PACE;
	return true;
}

static bool has_begun(const struct reflexive_question *q)
{
	return q->start == NEVER;
}

static bool has_ended(const struct reflexive_question *q)
{
	return has_begun(q) &&
	       (q->unreachable || q->binding.queries[0].result != BINDING_PENDING);
}

bool reflexive_feed(struct reflexive *r, const struct endpoint *from, struct bytes datagram,
		    msec now)
{
	for (size_t i = 0; i < r->len; i++) {
		struct reflexive_question *q = &r->questions[i];

		if (has_begun(q) && binding_feed(&q->binding, now, from, datagram))
			return true;
	}
	return false;
}

void reflexive_tick(struct reflexive *r, msec now)
{
	for (size_t i = 0; i < r->len; i++) {
		struct reflexive_question *q = &r->questions[i];

		if (has_begun(q)) {
			binding_tick(&q->binding, now);
		} else if (q->start <= now) {
			q->start = NEVER;
			binding_start(&q->binding, &q->server, 1, &timing, r->rng, now);
		}
	}
}

msec reflexive_due(const struct reflexive *r)
{
	msec due = NEVER;

	for (size_t i = 0; i < r->len; i++) {
		const struct reflexive_question *q = &r->questions[i];

		if (!has_begun(q))
			due = msec_min(due, q->start);
		else if (!has_ended(q))
			due = msec_min(due, binding_due(&q->binding));
	}
	return due;
}

bool reflexive_poll(struct reflexive *r, struct writer *w, struct ice_base *base,
		    struct endpoint *to)
{
	for (size_t i = 0; i < r->len; i++) {
		struct reflexive_question *q = &r->questions[i];

		if (has_begun(q) && !has_ended(q) && binding_poll(&q->binding, w, to)) {
			*base = q->base;
			return true;
		}
	}
	return false;
}

void reflexive_give_up(struct reflexive *r, const struct ice_base *base, const struct endpoint *to)
{
	for (size_t i = 0; i < r->len; i++) {
		struct reflexive_question *q = &r->questions[i];

		if (!has_ended(q) && base_equal(&q->base, base) && endpoint_equal(&q->server, to)) {
			q->start = NEVER;
			q->unreachable = true;
		}
	}
}

bool reflexive_next(struct reflexive *r, struct reflexive_answer *out)
{
	for (size_t i = 0; i < r->len; i++) {
		struct reflexive_question *q = &r->questions[i];
		const struct binding_query *query = &q->binding.queries[0];

		if (q->told || !has_ended(q))
			continue;
		q->told = true;
		*out = (struct reflexive_answer){
			.base = q->base,
			.server = q->server,
			.result = q->unreachable ? BINDING_TIMEOUT : query->result,
			.unreachable = q->unreachable,
			.mapped = query->mapped,
			.error = query->error,
		};
		return true;
	}
	return false;
}

bool reflexive_is_over(const struct reflexive *r)
{
	for (size_t i = 0; i < r->len; i++)
		if (!r->questions[i].told)
			return false;
	return true;
}

struct local_candidate reflexive_candidate(const struct reflexive_answer *answer)
{
	return (struct local_candidate){
		.c = {
			.type = CANDIDATE_SRFLX,
			.at = answer->mapped,
			.related = answer->base.at,
		},
		.base = answer->base,
		.server = answer->server.ip,
	};
}
