/* standby.h -- ways that are kept ready for when the chosen one dies.
 *
 *   chosen    A-X   ====================== dies
 *   standby   B-X   ?    ?    ?    ?     ?   '=== takes over, known to work
 *   standby   A-Y     ?    ?    ?    ?    ?
 *
 * While a peer is in active use, two valid pairs of other kinds (from another address of
 * ours, or to another of the peer's, best both; one of them by a relay, if there is one) are
 * asked each 25 s.
 *
 * And those that would be better than the chosen one, so that traffic climbs back: each
 * minute; while no UDP leads straight to the peer also 2, 5, 10, 20 and 40 s after that was
 * chosen; and at once when anything has changed, here or there.
 *
 * After a silence nobody knows whether the chosen pair still works. The first few messages
 * go by the best standby as well, the same bytes: the replay window eats the copy.
 */
#ifndef NODE_STANDBY_H
#define NODE_STANDBY_H

#include <stdbool.h>

#include "base/msec.h"
#include "base/path.h"

struct reach;

enum {
	STANDBYS = 2,
	STANDBY_ASK = 25 * 1000,	/* msec */
	STANDBY_CLIMB = 60 * 1000,
	STANDBY_CLIMBS = 5,		/* sooner than that, see above */
	STANDBY_COPIES = 5,
};

struct standby {
	msec asked;			/* the standbys */
	msec climbed;			/* asked those that would be better */
	msec climb_began;		/* the way was chosen, or something has changed */
	unsigned climbs;		/* since */
	unsigned copies;		/* data messages that still go both ways */
};

/* The nth best, 0 or 1; NO_INDEX: there is none. */
uint8_t standby_pair(const struct reach *r, unsigned nth);

/* In active use: ask them, if it is time. */
void standby_tick(struct reach *r, msec now);
void standby_ask(struct reach *r, msec now);	/* now: the chosen one is in doubt */

/* Another one was chosen: there may be better ones. */
void standby_begin_climb(struct reach *r, msec now);
/* The network has changed, or the peer: ask those that would be better, now. */
void standby_climb(struct reach *r, msec now);

/* A message is sent after a silence: this one and the next few go both ways. */
void standby_resume(struct reach *r);
/* Do these data go by a standby as well, and which way is that? */
bool standby_takes_copy(struct reach *r, struct path *path);
/* The same for an initiation, the `nth` that nobody has answered yet. */
bool standby_takes_initiation(const struct reach *r, unsigned nth, struct path *path);

#endif
