/* rooms.c -- room around a datagram that has none: one that came in, or one of our own messages. */
#include "node/rooms.h"

#include <string.h>

void rooms_begin(struct rooms *rooms)
{
	rooms->used = 0;
}

bool rooms_move(struct rooms *rooms, struct packet *p)
{
	struct packet moved;

	if (p->len > ROOMS_DATAGRAM)
		return false;
	moved = packet_in(rooms->bytes[rooms->used++ % BURST_MAX], ROOM_LEN, HEADROOM, p->len);
	memcpy(moved.data, p->data, p->len);
	*p = moved;
	return true;
}
