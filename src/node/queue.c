/* queue.c -- packets that wait for their peer's first key. */
#include "node/queue.h"

#include <stdlib.h>
#include <string.h>

struct queued *queue_take(struct queue *q)
{
	struct queued *item = q->first;

	if (!item)
		return NULL;
	q->first = item->next;
	if (!q->first)
		q->last = NULL;
	q->len--;
	q->bytes -= item->packet.len;
	return item;
}

bool queue_add(struct queue *q, const struct packet *packet, unsigned *dropped)
{
	size_t cap = HEADROOM + packet->len + TAILROOM;
	struct queued *item = malloc(sizeof(*item) + cap);

	*dropped = 0;
	if (!item)
		return false;
	item->next = NULL;
	item->packet = packet_in(item->buffer, cap, HEADROOM, packet->len);
	memcpy(item->packet.data, packet->data, packet->len);
	while (q->len && (q->len >= QUEUE_PACKETS || q->bytes + packet->len > QUEUE_BYTES)) {
		free(queue_take(q));
		++*dropped;
	}
	if (q->last)
		q->last->next = item;
	else
		q->first = item;
	q->last = item;
	q->len++;
	q->bytes += packet->len;
	return true;
}

unsigned queue_clear(struct queue *q)
{
	unsigned n = q->len;

	while (q->first)
		free(queue_take(q));
	return n;
}
