/* queue.h -- packets that wait for their peer's first key.
 *
 * Copies, each with headroom and tailroom, so that they are sealed where they
 * lie. At most QUEUE_PACKETS and QUEUE_BYTES; the oldest make room for new ones.
 */
#ifndef NODE_QUEUE_H
#define NODE_QUEUE_H

#include "base/packet.h"

enum { QUEUE_PACKETS = 64, QUEUE_BYTES = 96 * 1024 };

struct queued {
	struct queued *next;
	struct packet packet;
	uint8_t buffer[];
};

struct queue {
	struct queued *first;
	struct queued *last;
	unsigned len;
	size_t bytes;
};

/* False: no memory, nothing was added. *dropped: how many older ones had to go. */
bool queue_add(struct queue *q, const struct packet *packet, unsigned *dropped);
struct queued *queue_take(struct queue *q);	/* NULL: empty. The caller frees it */
unsigned queue_clear(struct queue *q);		/* how many there were */

#endif
