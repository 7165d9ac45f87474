/* transport.c -- a peer's endpoint is called over UDP, and over TCP as well where that is silent. */
#include "node/transport.h"

#include "node/brain.h"

/* A rendezvous has a port of its own for TCP (rendezvous_links.h). */
static bool has_both(const struct peer *peer)
{
	return !peer->link && peer->configured.ip.family != IP_NONE;
}

static bool is_called(const struct peer *peer)
{
	return has_both(peer) && endpoint_equal(&peer->path.remote, &peer->configured);
}

bool transport_is_tcp(const struct peer *peer, msec now)
{
	return peer->path.via == VIA_TCP && is_called(peer) && peer_may_send(peer, now);
}

struct path transport_way(const struct node *node, struct peer *peer)
{
	bool by_udp = has_both(peer) && peer->path.via == VIA_TCP &&
		      (peer->udp_answers || !node->signalling.gather.tcp);

	peer->udp_answers = false;
	return by_udp ? (struct path){.remote = peer->configured} : peer->path;
}

/* The one for which ICE has found a way has no need of it. */
bool transport_takes_copy(const struct node *node, const struct peer *peer,
			  const struct path *first, struct path *path)
{
	bool by_tcp = first->via == VIA_TCP;
	bool hopeless = (!by_tcp && node->signalling.udp_is_blocked) ||
			(peer->introducer && introducer_is_doubted(peer->introducer));

	if (!node->signalling.gather.tcp || !has_both(peer) || first->via != peer->path.via ||
	    (peer->reach && peer->reach->chosen != NO_INDEX) || (peer->unanswered < 2 && !hopeless))
		return false;
	*path = (struct path){.remote = peer->configured, .via = by_tcp ? VIA_LISTEN : VIA_TCP};
	return true;
}

bool transport_uses_tcp(const struct node *node, msec now)
{
	const struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (transport_is_tcp(peer, now))
			return true;
	}
	return false;
}

bool transport_udp_is_blocked(const struct node *node, msec now)
{
	const struct peer *peer;
	bool by_tcp = false;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (!is_called(peer) || !peer_may_send(peer, now) || peer->unanswered > 1)
			continue;
		if (peer->path.via == VIA_LISTEN)
			return false;
		by_tcp |= peer->path.via == VIA_TCP;
	}
	return by_tcp;
}

void transport_answered(struct node *node, const struct endpoint *there, msec now)
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (!transport_is_tcp(peer, now) || !endpoint_equal(&peer->configured, there))
			continue;
		peer->udp_answers = true;
		session_want_handshake(&peer->session, now);
		node_touch(node, peer);
	}
}
