/* wrap.c -- what goes by a relay is put into another datagram before it leaves the node. */
#include "node/wrap.h"

#include <string.h>

#include "node/brain.h"

static void copy_into(uint8_t room[static WRAP_ROOM], struct packet *p)
{
	struct packet copy = packet_in(room, WRAP_ROOM, HEADROOM, p->len);

	memcpy(copy.data, p->data, p->len);
	*p = copy;
}

/* A packet from the TUN device that was sealed has so much left. Control messages lie where they
 * were made, with nothing around them. */
enum {
	ROOM_BEFORE = HEADROOM - sizeof(struct message_data),
	ROOM_AFTER = TAILROOM - (PADDING - 1) - AEAD_TAG_LEN,
};

static bool make_room(struct node *node, struct packet *p)
{
	if (packet_headroom(p) >= ROOM_BEFORE && packet_tailroom(p) >= ROOM_AFTER)
		return true;
	if (p->len > WRAP_LEN)
		return false;
	copy_into(node->wrapped, p);
	return true;
}

void wrap_begin(struct node *node)
{
	node->copies_len = 0;
}

bool wrap_copy(struct node *node, struct datagram *out, const struct datagram *d,
	       const struct path *path)
{
	*out = *d;
	out->path = *path;
	if (!via_is_wrapped(d->path.via) && !via_is_wrapped(path->via))
		return true;
	if (node->copies_len == STANDBY_COPIES || d->packet.len > WRAP_LEN)
		return false;
	copy_into(node->copies[node->copies_len++], &out->packet);
	return true;
}

bool wrap(struct node *node, struct datagram *d, msec now)
{
	if (!via_is_wrapped(d->path.via))
		return true;
	if (make_room(node, &d->packet) && via_is_relay(d->path.via))
		return relays_wrap(node, d, now) && wrap(node, d, now);
	node_count(node, COUNT_NO_RELAY, 1);
	return false;
}

void wrap_burst(struct node *node, struct node_out *out, msec now)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->to_net_len; i++) {
		struct datagram *d = &out->to_net[i];

		if (wrap(node, d, now))
			out->to_net[kept++] = *d;
	}
	out->to_net_len = kept;
}
