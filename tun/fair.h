/* fair.h -- what was read from the TUN device waits here: little of it, and each gets its turn.
 *
 *                      .- flows that were quiet: [ping] [ssh] ------- first, one quantum each
 *   read --> by hash --+
 *                      '- destinations, in turn: 10.77.0.2: [bulk] [bulk]      --> cut up, sealed
 *                                                10.77.0.3: [bulk]
 *
 * The kernel's own queue for the device is a single one, and no flow is held back before it
 * is full: one download would keep all else waiting. So it is emptied at once, into this
 * one. Flows are queued and served as in RFC 8290 (FQ-CoDel): deficit round robin in bytes,
 * with priority for flows that had nothing waiting. Other than there, destinations take
 * turns first, and then the flows to one destination: a peer with a hundred connections gets
 * as much as one with a single one. (Which peer has an address is not known here.)
 *
 * A flow whose queue stands (RFC 8289) gets a mark if it knows ECN, and else loses one packet: of
 * a packet of many segments only the first. Beyond the bound in bytes or frames, the oldest of
 * the fattest flow are dropped whole. That is rare: a flow from this machine hears of the
 * first loss in no time, and the bound is what comes while we do not get to run for 5 ms.
 *
 * A frame is an IP packet of up to 64 KB with what the device says of it before it. It stays
 * where it was read to: slots in one span that the kernel fills page by page, the lowest
 * first, so that few are ever touched; and those are given back when there is peace.
 */
#ifndef TUN_FAIR_H
#define TUN_FAIR_H

#include "base/packet.h"
#include "tun/codel.h"

enum {
	FAIR_FRAMES = 512,
	FAIR_BYTES = 3 << 20,
	FAIR_QUANTUM = 65536,	/* a whole frame: its segments stay together, and so they are joined at
				   the other end. What a ping may wait for is cut up in 50 us */
};

enum fair_counter {
	FAIR_MARKED,		/* told by a mark */
	FAIR_LOST,		/* told by leaving a packet or a segment out */
	FAIR_OVERFLOWN,	/* frames dropped, beyond the bound */
	FAIR_COUNTERS
};

struct fair;

struct frame {
	struct packet packet;	/* with HEADROOM before it, TAILROOM behind it */
	bool leave_first_out;	/* of its segments: that one is lost */
};

/* NULL: no memory. The seed is secret. */
struct fair *fair_new(uint64_t seed);
void fair_free(struct fair *fair);	/* NULL is fine */

/* An empty slot for the next frame; the same one until something is put there. */
struct packet fair_room(struct fair *fair);

/* len bytes were read to room.data. is_many: its first segment can be left out. */
void fair_put(struct fair *fair, size_t len, bool is_many, usec now);

/* Whose turn it is. The frame is the caller's until fair_release(). */
bool fair_take(struct fair *fair, struct frame *out, usec now);
bool fair_is_empty(const struct fair *fair);

/* All frames that were taken are done with, but for this one (NULL: all). */
void fair_release(struct fair *fair, const struct frame *but, usec now);

uint64_t fair_counter(const struct fair *fair, enum fair_counter counter);
const char *fair_counter_name(enum fair_counter counter);

#endif
