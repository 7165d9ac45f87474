/* codel.h -- is a queue standing? Then its flow is told, ever more often. RFC 8289.
 *
 *                  above the target for 100 ms
 *   calm -------------------------------------> telling: one packet, and the next after
 *        <-------------------------------------          100 ms / sqrt(how many so far)
 *                          below it
 *
 * A queue that drains now and then does its work, however long it was in between.
 */
#ifndef TUN_CODEL_H
#define TUN_CODEL_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t usec;

/* Sections 4.2 and 4.3, but for the target, 5 ms there: what stands here waits for the CPU, not for a slow
 * line, and at 5 Gbit/s that would be 3 MB. */
enum { CODEL_TARGET = 3000, CODEL_INTERVAL = 100000 };

struct codel {
	usec first_above;		/* when above will have been so for an interval; 0: is below */
	usec next;		/* telling: when the next one is due */
	uint32_t count;
	uint32_t last_count;		/* with which it began to tell */
	bool is_telling;
};

/* A packet is about to leave; `above`: its queue is longer than it should be. True: tell the
 * flow by this packet, with a mark or by dropping it. */
bool codel_tells(struct codel *c, bool above, usec now);

#endif
