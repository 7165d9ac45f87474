/* transport.c -- a peer's endpoint is called over UDP, and over TCP as well where that is silent. */
#include "node/transport.h"

#include <string.h>

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
static bool may_be_called_by_tcp(const struct node *node, const struct peer *peer)
{
	return node->signalling.gather.tcp && has_both(peer) &&
	       !(peer->reach && peer->reach->chosen != NO_INDEX);
}

bool transport_takes_copy(const struct node *node, const struct peer *peer,
			  const struct path *first, struct path *path)
{
	bool by_tcp = first->via == VIA_TCP;
	bool hopeless = (!by_tcp && node->signalling.udp_is_blocked) ||
			(peer->introducer && introducer_is_doubted(peer->introducer));

	if (!may_be_called_by_tcp(node, peer) || first->via != peer->path.via ||
	    (peer->unanswered < 2 && !hopeless))
		return false;
	*path = (struct path){.remote = peer->configured, .via = by_tcp ? VIA_LISTEN : VIA_TCP};
	return true;
}

/* -- the first one, by TCP as well ------------------------------------------------- */

void transport_called(struct node *node, struct peer *peer, const struct datagram *d, msec now)
{
	if (peer->unanswered != 1 || d->path.via != VIA_LISTEN || !may_be_called_by_tcp(node, peer))
		return;
	for (struct transport_call *c = node->calls; c < node->calls + TRANSPORT_CALLS; c++) {
		if (c->peer)
			continue;
		c->peer = peer;
		c->due = now + TRANSPORT_PATIENCE;
		memcpy(c->message, d->packet.data, sizeof(c->message));
		return;
	}
}

/* Not if it was answered meanwhile, or is about to be repeated. */
bool transport_poll(struct node *node, struct datagram *out, msec now)
{
	for (struct transport_call *c = node->calls; c < node->calls + TRANSPORT_CALLS; c++) {
		struct peer *peer = c->peer;

		if (!peer || c->due > now)
			continue;
		c->peer = NULL;
		if (peer->unanswered != 1 || !may_be_called_by_tcp(node, peer))
			continue;
		*out = (struct datagram){
			.packet = packet_in(c->message, sizeof(c->message), 0, sizeof(c->message)),
			.path = {.remote = peer->configured, .via = VIA_TCP},
			.dscp = HANDSHAKE_DSCP,
		};
		return true;
	}
	return false;
}

msec transport_due(const struct node *node)
{
	msec due = NEVER;

	for (const struct transport_call *c = node->calls; c < node->calls + TRANSPORT_CALLS; c++) {
		if (c->peer)
			due = msec_min(due, c->due);
	}
	return due;
}

void transport_forget(struct node *node)
{
	memset(node->calls, 0, sizeof(node->calls));
}

/* -- and back --------------------------------------------------------------------- */

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
