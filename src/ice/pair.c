/* pair.c -- one of our bases and one remote candidate: a way that may work. */
#include "ice/pair.h"

#include <stdlib.h>

uint64_t pair_priority(uint32_t g, uint32_t d)
{
	uint64_t min = g < d ? g : d;
	uint64_t max = g < d ? d : g;

	return (min << 32) + 2 * max + (g > d ? 1 : 0);
}

const char *pair_state_name(enum pair_state state)
{
	switch (state) {
	case PAIR_NONE:
		return "none";
	case PAIR_FROZEN:
		return "frozen";
	case PAIR_WAITING:
		return "waiting";
	case PAIR_IN_PROGRESS:
		return "in progress";
	case PAIR_VALID:
		return "valid";
	case PAIR_FAILED:
		return "failed";
	}
	return "none";
}

/* RFC 6298 sections 2.2 and 2.3, with alpha = 1/8 and beta = 1/4. */
static void sample(struct pair *p, int32_t rtt)
{
	if (p->srtt < 0) {
		p->srtt = rtt;
		p->rttvar = rtt / 2;
		return;
	}
	p->rttvar += (abs(p->srtt - rtt) - p->rttvar) / 4;
	p->srtt += (rtt - p->srtt) / 8;
}

static void remember(struct pair *p, uint8_t lost)
{
	p->history = (uint8_t)(p->history << 1 | lost);
	if (p->history_len < PAIR_HISTORY)
		p->history_len++;
}

void pair_answered(struct pair *p, msec rtt, msec now)
{
	if (rtt >= 0)
		sample(p, (int32_t)(rtt < SECONDS(60) ? rtt : SECONDS(60)) * 1000);
	remember(p, 0);
	p->last_rx = p->last_answer = now;
}

void pair_missed(struct pair *p)
{
	remember(p, 1);
}

unsigned pair_lost(const struct pair *p)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < p->history_len; i++)
		lost += p->history >> i & 1u;
	return lost;
}
