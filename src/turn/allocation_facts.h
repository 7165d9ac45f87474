/* allocation_facts.h -- what allocation.c and allocation_feed.c tell each other. */
#ifndef TURN_ALLOCATION_FACTS_H
#define TURN_ALLOCATION_FACTS_H

#include "turn/allocation.h"

#define REFRESH_RETRY SECONDS(5)	/* also the least time between two of them */

/* The only one that writes `state`. ALLOCATING from ALLOCATING: ask again. */
void allocation_enter(struct turn_allocation *a, enum turn_state next, msec now);
void allocation_fail(struct turn_allocation *a, struct turn_failure failure, msec now);
void allocation_fail_as(struct turn_allocation *a, enum turn_failure_kind kind, msec now);

/* To begin with, or as the server says: the credential has not been shown to it yet. */
void allocation_set_server(struct turn_allocation *a, const struct endpoint *at);

#endif
