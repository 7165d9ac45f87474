/* wrap.c -- what goes by a relay is put into another datagram before it leaves the node. */
#include "node/wrap.h"

#include "node/brain.h"

enum {
	RELAY_BEFORE = RELAY_HEADER + sizeof(struct message_data),
	RELAY_AFTER = AEAD_TAG_LEN,
	TURN_AFTER = 3,			/* bytes of padding */
};

/* Packets from the TUN device have room for all that may be put around them. Control messages lie
 * where they were made, and what came in where it came, with nothing around them but what they
 * were in themselves. */
static bool has_room(struct node *node, struct packet *p, size_t before, size_t after)
{
	return (packet_headroom(p) >= before && packet_tailroom(p) >= after) ||
	       rooms_move(&node->rooms, p);
}

bool wrap_copy(struct node *node, struct datagram *out, const struct datagram *d,
	       const struct path *path)
{
	*out = *d;
	out->path = *path;
	if (!via_is_wrapped(d->path.via) && !via_is_wrapped(path->via))
		return true;
	return rooms_move(&node->rooms, &out->packet);
}

bool wrap(struct node *node, struct datagram *d, msec now)
{
	if (!via_is_wrapped(d->path.via))
		return true;
	if (via_is_turn(d->path.via) && has_room(node, &d->packet, SEND_HEADER_MAX, TURN_AFTER))
		return turns_wrap(node, d, now);
	if (via_is_relay(d->path.via) && has_room(node, &d->packet, RELAY_BEFORE, RELAY_AFTER))
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
