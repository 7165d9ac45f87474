/* replay.c -- which counters were seen: a sliding window of 8192 bits (RFC 6479).
 *
 *   words   | 126 | 127 |  0  |  1  |  2  | ...        a ring, here with `next` in word 1
 *             old   old   old   new  oldest
 *
 * Position n stands for counter n - 1, so that `next` == 0 ("none yet") is a
 * position like any other. Going ahead by k words clears k words, 128 at most.
 */
#include "wg/replay.h"

#include <string.h>

void replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

static uint64_t bit_of(uint64_t position)
{
	return UINT64_C(1) << (position % 64);
}

static uint64_t word_of(uint64_t position)
{
	return position / 64 % REPLAY_WORDS;
}

/* Neither sum wraps: positions stay below 2^64 - 2^13, the window is smaller. */
static bool in_reach(const struct replay *r, uint64_t counter)
{
	return counter < REJECT_AFTER_MESSAGES && counter + 1 + REPLAY_WINDOW >= r->next;
}

bool replay_may_accept(const struct replay *r, uint64_t counter)
{
	uint64_t position = counter + 1;

	if (!in_reach(r, counter))
		return false;
	return position > r->next || !(r->seen[word_of(position)] & bit_of(position));
}

static void advance(struct replay *r, uint64_t position)
{
	uint64_t ahead = position / 64 - r->next / 64;

	if (ahead > REPLAY_WORDS)
		ahead = REPLAY_WORDS;
	for (uint64_t i = 1; i <= ahead; i++)
		r->seen[(r->next / 64 + i) % REPLAY_WORDS] = 0;
	r->next = position;
}

bool replay_accept(struct replay *r, uint64_t counter)
{
	uint64_t position = counter + 1;

	if (!replay_may_accept(r, counter))
		return false;
	if (position > r->next)
		advance(r, position);
	r->seen[word_of(position)] |= bit_of(position);
	return true;
}
