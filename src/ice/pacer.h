/* pacer.h -- how fast all agents of a node may ask, together.
 *
 *   agent A  --wants to send--> slot at 0 ms
 *   agent B  --wants to send--> slot at 5 ms        first come, first served
 *   agent A  --its Ta is over-> slot at 50 ms
 *
 * RFC 8445 section 14.2: one transaction per 5 ms over all agents, and Ta = 50 ms
 * in each. Here every request counts, also one that is sent again, so that a peer's
 * list of candidates can make a node send 20 checks a second and all peers' lists
 * together 200, whatever stands in them (section 19.5.1).
 */
#ifndef ICE_PACER_H
#define ICE_PACER_H

#include <stdbool.h>

#include "base/msec.h"

enum {
	PACER_GAP = 5,			/* msec between two requests of a node */
	PACER_TA = 50,			/* and between two of an agent */
};

struct ice_pacer {
	msec next;			/* the first slot that is free */
	msec last;			/* when a slot was used */
};

void ice_pacer_init(struct ice_pacer *p);

/* A slot, not before now. Nobody else gets it; left unused it is lost. */
msec ice_pacer_reserve(struct ice_pacer *p, msec now);

/* May the owner of that slot send now? False: too early, or, as the loop was late and
 * several slots are due at once, only after another reservation. */
bool ice_pacer_take(struct ice_pacer *p, msec slot, msec now);

#endif
