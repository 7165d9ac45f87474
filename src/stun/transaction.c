/* transaction.c -- one request, sent again until it is answered or hopeless. */
#include "stun/transaction.h"

#include <string.h>

const struct transaction_timing transaction_udp = {.rto = 500, .sends = 7, .last_wait = 16};
const struct transaction_timing transaction_reliable = {.rto = 39500, .sends = 1, .last_wait = 1};

/* `due` is that of a WAITING one. */
static void enter(struct transaction *t, enum transaction_state next, msec due)
{
	t->state = next;
	t->due = due;
	if (next != TRANSACTION_WAITING)
		t->owes_request = false;
}

void transaction_start(struct transaction *t, uint16_t method, const struct endpoint *to,
		       const struct transaction_timing *timing, struct rng *rng, msec start)
{
	memset(t, 0, sizeof(*t));
	rng->fill(rng, t->id, sizeof(t->id));
	t->method = method;
	t->to = t->from = *to;
	t->timing = *timing;
	enter(t, TRANSACTION_WAITING, start);
}

static msec wait_after(const struct transaction_timing *timing, unsigned sent)
{
	return sent < timing->sends ? timing->rto << (sent - 1) : timing->rto * timing->last_wait;
}

void transaction_tick(struct transaction *t, msec now)
{
	if (t->state != TRANSACTION_WAITING || now < t->due)
		return;
	if (t->sent >= t->timing.sends) {
		enter(t, TRANSACTION_FAILED, NEVER);
		return;
	}
	if (t->sent++ == 0)
		t->first_sent = now;
	t->owes_request = true;
	enter(t, TRANSACTION_WAITING, now + wait_after(&t->timing, t->sent));
}

msec transaction_due(const struct transaction *t)
{
	return t->state == TRANSACTION_WAITING ? t->due : NEVER;
}

bool transaction_poll(struct transaction *t)
{
	bool owes = t->owes_request;

	t->owes_request = false;
	return owes;
}

bool transaction_matches(const struct transaction *t, const struct endpoint *from,
			 const struct stun_msg *msg)
{
	return t->state == TRANSACTION_WAITING && endpoint_equal(from, &t->from) &&
	       stun_is_response_to(msg, t->method, t->id);
}

msec transaction_answer(struct transaction *t, msec now)
{
	enter(t, TRANSACTION_ANSWERED, NEVER);
	return t->sent == 1 ? now - t->first_sent : -1;
}

void transaction_hush(struct transaction *t, msec now)
{
	if (t->state != TRANSACTION_WAITING)
		return;
	t->timing.sends = t->sent;
	t->owes_request = false;
	t->due = now + t->timing.rto * t->timing.last_wait;
}
