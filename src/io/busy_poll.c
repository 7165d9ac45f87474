/* busy_poll.c -- whether to look again for an answer that is due, instead of going to sleep. */
#include "io/busy_poll.h"

enum {
	SLACK = 50,			/* usec: an answer is late by so much now and then */
	WEIGHT = 4,			/* of what was, to one part of what is */
};

void busy_poll_init(struct busy_poll *p, unsigned cores)
{
	*p = (struct busy_poll){.alone = cores < 2};
}

static void forget(struct busy_poll *p)
{
	p->asked = false;
	p->soon = 0;
	p->until = 0;
}

static void learn(struct busy_poll *p, usec gap)
{
	p->gap = p->soon ? (p->gap * (WEIGHT - 1) + gap) / WEIGHT : gap;
	if (p->soon < BUSY_POLL_ANSWERS)
		p->soon++;
}

/* Twice as long as it takes on the average. */
static usec length(const struct busy_poll *p)
{
	usec len = 2 * p->gap + SLACK;

	return len < BUSY_POLL_MAX ? len : BUSY_POLL_MAX;
}

void busy_poll_sent(struct busy_poll *p, size_t n, usec now)
{
	if (!n)
		return;
	if (n > 1 || p->asked)
		forget(p);
	p->asked = n == 1;
	p->left = now;
	if (p->soon < BUSY_POLL_ANSWERS || p->alone)
		return;
	p->until = now + length(p);
	p->begun++;
}

void busy_poll_received(struct busy_poll *p, size_t n, usec now)
{
	if (!n)
		return;
	if (n > 1 || !p->asked || now - p->left > BUSY_POLL_SOON)
		forget(p);
	else
		learn(p, now - p->left);
	p->asked = false;
	p->until = 0;
}

void busy_poll_give_up(struct busy_poll *p)
{
	if (!p->until)
		return;
	p->in_vain++;
	p->soon = 0;
	p->until = 0;
}

bool busy_poll_goes_on(struct busy_poll *p, usec now)
{
	if (now >= p->until)
		busy_poll_give_up(p);
	return p->until != 0;
}
