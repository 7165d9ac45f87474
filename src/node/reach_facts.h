/* reach_facts.h -- what the files of a reach tell each other.
 *
 *   reach.c           life, choosing, timers
 *   reach_peer.c      what the peer tells of itself
 *   reach_silence.c   what was heard last, and asking when nothing is
 *   reach_tcp.c       when TCP is tried
 *   reach_worth.c     what a pair is worth
 */
#ifndef NODE_REACH_FACTS_H
#define NODE_REACH_FACTS_H

#include "node/reach.h"

static inline const struct pair *pair_of(const struct reach *r, uint8_t index)
{
	return &r->agent.list.pairs[index];
}

static inline msec later(msec a, msec b)
{
	return b != NEVER && b > a ? b : a;
}

/* The peer is behind each relay of ours, if it uses that as well. */
void reach_add_hops(struct reach *r, msec now);

/* Our candidates, by the next DESC. */
void reach_offer(struct reach *r, msec now);

/* The chosen pair went with its candidate. Data stay on that path until another is found:
 * it may still work. */
void reach_drop_lost_choice(struct reach *r, enum event_reason why, msec now);

/* The search has begun, if it has. Not before it is certain who asks for it: us, or the peer. */
void reach_tell_begin(struct reach *r, msec now);

/* Back to the chosen pair, if it was heard again since the peer was followed elsewhere. */
void reach_return_to_choice(struct reach *r, msec now);

/* The chosen one works, but badly: this one takes over, until the penalty ends. */
void reach_leave_for(struct reach *r, uint8_t pair, enum event_reason why, msec now);

/* Anything by the chosen pair: data, a question of the peer's, an answer. */
msec reach_last_heard(const struct reach *r);

void reach_ask_all(struct reach *r, msec now);		/* each pair that works */

/* Data go out and nothing comes back: is it the way? And if it does not answer, are we seen
 * elsewhere now? */
void reach_ask_after_silence(struct reach *r, msec now);
msec reach_ask_due(const struct reach *r, msec now);	/* when, if nothing is heard until then */

#endif
