/* lease.h -- a mapping is had for a time, and asked for again before that is over.
 *
 *   0                              1/2   5/8  3/4 13/16 7/8                 lifetime
 *   |-------------------------------[=====]----[==]-----[]-- ...  -------------|
 *   granted                          first   second   third               it is gone
 *
 * Each time is drawn from its window, so that the hosts of a house do not all ask at
 * once; no two are less than 4 s apart (RFC 6887 section 11.2.1; RFC 6886 section 3.3
 * asks for the same in fewer words).
 */
#ifndef PORTMAP_LEASE_H
#define PORTMAP_LEASE_H

#include <stdbool.h>

#include "base/msec.h"
#include "base/rng.h"

enum {
	LEASE_MIN = 30,			/* seconds; for less it is not worth asking again and again */
	LEASE_MAX = 24 * 3600,		/* RFC 6887 section 15: more is not believed */
};

struct lease {
	msec start, end;
	msec due;			/* when to ask again, or the end */
	unsigned asked;
	bool is_doubted;
	msec trusted;			/* until then it is not doubted again; outlives the lease */
};

/* `seconds`: as granted. False, and no lease: less than LEASE_MIN. */
bool lease_start(struct lease *l, uint32_t seconds, struct rng *rng, msec now);
/* It was asked for again: `due` is the next time. */
void lease_asked(struct lease *l, struct rng *rng, msec now);
/* The router has forgotten it, it seems: ask within 5 s (RFC 6887 section 14.1.3), and believe
 * in it a little longer. But once in a minute: whoever says so all the time is asked no more
 * often than that. */
void lease_doubt(struct lease *l, struct rng *rng, msec now);

#endif
