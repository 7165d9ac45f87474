/* wrap.c -- what goes by a relay is put into another datagram before it leaves the node. */
#include "node/wrap.h"

#include <string.h>

#include "node/brain.h"

static bool goes_by_relay(const struct path *path)
{
	return path->via >= VIA_TURN;
}

/* Control messages lie where they were made, with nothing around them. */
static bool make_room(struct node *node, struct packet *p)
{
	struct packet copy;

	if (packet_headroom(p) >= HEADROOM && packet_tailroom(p) >= TAILROOM)
		return true;
	if (p->len > WRAP_LEN)
		return false;
	copy = packet_in(node->wrapped, sizeof(node->wrapped), HEADROOM, p->len);
	memcpy(copy.data, p->data, p->len);
	*p = copy;
	return true;
}

bool wrap(struct node *node, struct datagram *d, msec now)
{
	(void)now;
	if (!goes_by_relay(&d->path))
		return true;
	make_room(node, &d->packet);
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
