/* penalty.h -- ways that work, but so badly that any other one is better.
 *
 *                             something is lost: 60 s more
 *                               .------------------.
 *                               v                  |
 *   left for its loss --> IN FORCE --time is up--> TRIED --nothing is lost--> LIFTED, remembered
 *                           60 s                                                  |
 *                           120 s, 240 s .. 600 s <-------left again soon---------'
 *
 * The next packets will tell whether it is better now: questions get through where a stream
 * does not. Hence the times that double.
 *
 * A penalty is for all ways between two addresses over the same thing: what befalls one of
 * them befalls the others.
 */
#ifndef NODE_PENALTY_H
#define NODE_PENALTY_H

#include "base/msec.h"
#include "node/via.h"

enum {
	PENALTIES = 8,			/* at once for a peer; then the one that ends first goes */
	PENALTY_FIRST = 60 * 1000,	/* msec */
	PENALTY_MAX = 600 * 1000,
	PENALTY_TRY = 5 * 1000,		/* msec by which a trial has a result */
	PENALTY_MEMORY = 600 * 1000,	/* msec after the end; then it is the first again */
};

enum penalty_state { PENALTY_NONE, PENALTY_IN_FORCE, PENALTY_TRIED, PENALTY_LIFTED };

struct penalty {
	struct path way;
	msec until;			/* LIFTED: when that was */
	uint8_t state;			/* enum penalty_state */
	uint8_t times;			/* that it was imposed, as far as that matters */
};

struct penalties {
	struct penalty all[PENALTIES];
};

void penalty_impose(struct penalties *p, const struct path *way, msec now);
/* The penalty that holds for it; NULL: none. */
struct penalty *penalty_of(const struct penalties *p, const struct path *way);

/* One whose time is up: it is being tried now. NULL: none. */
struct penalty *penalty_due(struct penalties *p, msec now);
void penalty_lift(struct penalty *penalty, msec now);
void penalty_prolong(struct penalty *penalty, msec now);

/* The network may be another one: the time of all is up. */
void penalty_doubt(struct penalties *p, msec now);

#endif
