/* rooms.h -- room around a datagram that has none: one that came in, or one of our own messages.
 *
 *   as they came        | datagram | datagram | datagram |
 *                                        |
 *   a room     | HEADROOM            | datagram |       | TAILROOM |
 *
 * There are as many as a burst has packets, so that no two of one burst share one; they are used
 * in turn. In zeroed memory that the kernel gives page by page, those that were never used cost
 * nothing: a node that wraps nothing touches none.
 */
#ifndef NODE_ROOMS_H
#define NODE_ROOMS_H

#include "base/packet.h"

enum {
	ROOMS_DATAGRAM = 2048,		/* bytes of one that can have a room */
	ROOM_LEN = HEADROOM + ROOMS_DATAGRAM + TAILROOM,
};

struct rooms {
	size_t used;
	uint8_t bytes[BURST_MAX][ROOM_LEN];
};

/* What lies in them has left: the first ones are used again. */
void rooms_begin(struct rooms *rooms);

/* The packet is copied into the next one, with HEADROOM and TAILROOM around it at least. False: it
 * is too long. */
bool rooms_move(struct rooms *rooms, struct packet *p);

#endif
