/* trial.h -- is another way clearly better than the chosen one, though of a later tier?
 *
 *   the peer misses too much of what    -->  a SAMPLE of the best way of each tier but the
 *   we send (loss.h); or it takes very       chosen one, all at once: eight questions each
 *   long                                         |                |
 *       ^                                 one is clearly       none is: again
 *       |                                 better: traffic      after TRIAL_AGAIN
 *       |                                 goes there
 *   back, by its tier  <--- PENALTY (penalty.h) for the way that was left
 *
 * Clearly better: it loses at most a quarter of what the chosen way loses; or it takes less
 * than a quarter of the time, and 200 ms less.
 */
#ifndef NODE_TRIAL_H
#define NODE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/msec.h"

struct reach;

enum {
	TRIAL_RIVALS = 8,
	TRIAL_AGAIN = 15 * 1000,	/* msec after one that changed nothing */
	TRIAL_PATIENCE = 5 * 1000,	/* msec by which all have been asked, and had time to answer */
	TRIAL_CLEARLY = 4,		/* times better */
	TRIAL_SLOWER = 200 * 1000,	/* microseconds, at least */
};

struct trial {
	msec due;			/* not before; while it is under way: its end at the latest */
	bool under_way;
	unsigned loss;			/* of the chosen one when it began: see loss_of() */
	uint8_t rivals[TRIAL_RIVALS];	/* pairs */
	uint8_t lost[TRIAL_RIVALS];	/* of ICE_SAMPLES; NO_INDEX: not known yet */
	uint8_t rivals_len;
};

/* Another way was chosen: what is under way is of no use any more. */
void trial_cancel(struct trial *t);

/* In active use: begin one, if there is reason to; end it. */
void trial_tick(struct reach *r, msec now);

/* A pair was sampled. */
void trial_take(struct reach *r, uint8_t pair, unsigned lost, msec now);

/* Does this one answer that much sooner than that one? */
bool trial_is_sooner(const struct reach *r, uint8_t pair, uint8_t than);

#endif
