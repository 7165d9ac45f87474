/* binding.c -- ask STUN servers which address they see us behind. */
#include "stun/binding.h"

#include <string.h>

#include "stun/integrity.h"

/* In a success response; all but one are of no use to us. */
static const uint16_t understood[] = {
	ATTR_XOR_MAPPED_ADDRESS,
	ATTR_MAPPED_ADDRESS,
	ATTR_SOURCE_ADDRESS,
	ATTR_CHANGED_ADDRESS,
};

void binding_start(struct binding *b, const struct endpoint *servers, size_t n,
		   const struct transaction_timing *timing, struct rng *rng, msec now)
{
	memset(b, 0, sizeof(*b));
	b->count = n < BINDING_SERVERS_MAX ? n : BINDING_SERVERS_MAX;
	for (size_t i = 0; i < b->count; i++)
		transaction_start(&b->queries[i].transaction, STUN_BINDING, &servers[i], timing,
				  rng, now + (msec)i * BINDING_PACE);
	binding_tick(b, now);
}

static msec next_turn(const struct binding *b, msec now)
{
	const struct transaction *last;
	msec next;

	if (b->count == 0)
		return now;
	last = &b->queries[b->count - 1].transaction;
	next = (last->sent ? last->first_sent : last->due) + BINDING_PACE;
	return next > now ? next : now;
}

bool binding_add(struct binding *b, const struct endpoint *server,
		 const struct transaction_timing *timing, struct rng *rng, msec now)
{
	struct binding_query *q = &b->queries[b->count];

	if (b->count == BINDING_SERVERS_MAX)
		return false;
	*q = (struct binding_query){0};
	transaction_start(&q->transaction, STUN_BINDING, server, timing, rng, next_turn(b, now));
	binding_query_tick(q, now);
	b->count++;
	return true;
}

/* What a NAT may have put in front of us: nothing that no packet can come from. */
static bool is_plausible(const struct endpoint *e)
{
	return e->port && !ip_is_unspecified(&e->ip) && !ip_is_multicast(&e->ip);
}

static enum binding_result read_success(struct binding_query *q, const struct stun_msg *msg)
{
	uint16_t unknown[STUN_UNKNOWN_MAX];
	size_t n = sizeof(understood) / sizeof(*understood);

	if (stun_unknown(msg, understood, n, unknown) ||
	    !stun_get_xor_address(msg, ATTR_XOR_MAPPED_ADDRESS, &q->mapped) ||
	    !is_plausible(&q->mapped))
		return BINDING_USELESS;
	if (!stun_get_address(msg, ATTR_OTHER_ADDRESS, &q->other) || !is_plausible(&q->other))
		q->other.ip.family = IP_NONE;
	return BINDING_DONE;
}

void binding_query_answer(struct binding_query *q, msec now, const struct stun_msg *msg)
{
	q->rtt = transaction_answer(&q->transaction, now);
	if (msg->class == STUN_SUCCESS)
		q->result = read_success(q, msg);
	else
		q->result = stun_get_error(msg, &q->error) ? BINDING_REFUSED : BINDING_USELESS;
}

bool binding_feed(struct binding *b, msec now, const struct endpoint *from, struct bytes datagram)
{
	struct stun_msg msg;

	if (!stun_parse(&msg, datagram) ||
	    (stun_find(&msg, ATTR_FINGERPRINT) && !stun_check_fingerprint(&msg)))
		return false;
	for (size_t i = 0; i < b->count; i++) {
		struct binding_query *q = &b->queries[i];

		if (transaction_matches(&q->transaction, from, &msg)) {
			binding_query_answer(q, now, &msg);
			return true;
		}
	}
	return false;
}

void binding_query_tick(struct binding_query *q, msec now)
{
	transaction_tick(&q->transaction, now);
	if (q->transaction.state == TRANSACTION_FAILED)
		q->result = BINDING_TIMEOUT;
}

void binding_tick(struct binding *b, msec now)
{
	for (size_t i = 0; i < b->count; i++)
		binding_query_tick(&b->queries[i], now);
}

msec binding_due(const struct binding *b)
{
	msec due = NEVER;

	for (size_t i = 0; i < b->count; i++)
		due = msec_min(due, transaction_due(&b->queries[i].transaction));
	return due;
}

bool binding_poll(struct binding *b, struct writer *w, struct endpoint *to)
{
	for (size_t i = 0; i < b->count; i++) {
		struct transaction *t = &b->queries[i].transaction;

		if (!transaction_poll(t))
			continue;
		stun_begin(w, STUN_BINDING, STUN_REQUEST, t->id);
		stun_pad(w, BINDING_REQUEST_LEN);
		*to = t->to;
		return true;
	}
	return false;
}
