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

void wrap_give_up(struct node *node, struct datagram *d)
{
	node_count(node, COUNT_NO_RELAY, 1);
	d->packet.len = 0;
	d->path.via = VIA_LISTEN;
}

bool wrap_wants(const struct datagram *datagrams, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (via_is_wrapped(datagrams[i].path.via))
			return true;
	}
	return false;
}

static bool wrap_for_turn(struct node *node, struct datagram *d, msec now)
{
	if (!via_is_turn(d->path.via))
		return d->packet.len > 0;
	if (has_room(node, &d->packet, SEND_HEADER_MAX, TURN_AFTER))
		return turns_wrap(node, d, now);
	wrap_give_up(node, d);
	return false;
}

/* A relay may be reached by a TURN server, but not the other way round. */
size_t wrap(struct node *node, struct datagram *datagrams, size_t n, msec now)
{
	size_t kept = 0;

	if (!wrap_wants(datagrams, n))
		return n;
	for (size_t i = 0; i < n; i++) {
		if (via_is_relay(datagrams[i].path.via) &&
		    !has_room(node, &datagrams[i].packet, RELAY_BEFORE, RELAY_AFTER))
			wrap_give_up(node, &datagrams[i]);
	}
	relays_wrap(node, datagrams, n, now);
	for (size_t i = 0; i < n; i++) {
		if (wrap_for_turn(node, &datagrams[i], now))
			datagrams[kept++] = datagrams[i];
	}
	return kept;
}
