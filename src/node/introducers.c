/* introducers.c -- peers, and rendezvous, that pass our signalling on. */
#include "node/introducers.h"

#include <stdlib.h>

#include "node/brain.h"

/* Is there anybody whom we cannot call? */
static bool needs_introduction(const struct node *node)
{
	for (size_t i = 0; i < node->roster.len; i++) {
		if (!node->roster.peers[i]->settings->endpoint_host)
			return true;
	}
	return false;
}

static void stop(struct peer *peer, msec now)
{
	if (!peer->introducer)
		return;
	free(peer->introducer);
	peer->introducer = NULL;
	session_set_persistent(&peer->session, peer->settings->keepalive, now);
}

static bool start(struct node *node, struct peer *peer, msec now)
{
	uint32_t keepalive = peer->settings->keepalive;

	if (!peer->introducer) {
		peer->introducer = calloc(1, sizeof(*peer->introducer));
		if (!peer->introducer)
			return false;
		rendezvous_client_init(&peer->introducer->client, node->shared.rng);
	}
	peer->introducer->is_plain = false;	/* it may have become one of ours */
	if (keepalive == 0 || keepalive > INTRODUCER_KEEPALIVE)
		session_set_persistent(&peer->session, INTRODUCER_KEEPALIVE, now);
	peer_connect(peer, now);
	node_touch(node, peer);
	return true;
}

bool introducers_set_peers(struct node *node, msec now)
{
	size_t room = needs_introduction(node) ? INTRODUCERS_MAX : 0;

	for (size_t i = 0; i < node->roster.len; i++) {
		struct peer *peer = node->roster.peers[i];

		if (!peer->settings->endpoint_host || !room) {
			stop(peer, now);
			continue;
		}
		room--;
		if (!start(node, peer, now))
			return false;
	}
	for (size_t i = 0; i < node->links.len; i++) {
		if (!start(node, node->links.peers[i], now))
			return false;
	}
	return true;
}

static bool is_resting(const struct peer *peer)
{
	return peer->link && peer->link->again != NEVER;
}

void introducers_announce(struct node *node, bool hurry, msec now)
{
	const struct mailboxes *m = &node->signalling.mailboxes;
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		struct introducer *in = peer->introducer;

		if (in)
			rendezvous_client_set_ids(&in->client, (const uint8_t(*)[MAILBOX_LEN])m->ids,
						  m->len, hurry, now);
		if (hurry && is_resting(peer))
			rendezvous_link_wake(node, peer, now);
	}
}

bool introducers_exist(const struct node *node)
{
	const struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (peer->introducer && !peer->introducer->is_plain)
			return true;
	}
	return false;
}

static bool over_tls(const struct peer *peer)
{
	return peer->link && peer->link->stream.is_used;
}

static bool stands_by(const struct peer *peer)
{
	return peer->link && link_stream_stands_by(peer);
}

/* While it is registered anew nothing is told. */
static void tell(struct peer *peer, msec now)
{
	struct introducer *in = peer->introducer;
	bool up = in->client.state == RENDEZVOUS_REGISTERED ||
		  (in->was_up && in->client.state != RENDEZVOUS_OFF);

	if (up == in->was_up)
		return;
	in->was_up = up;
	if (up)
		peer_tell(peer, EVENT_INTRODUCER_UP, EVENT_NO_REASON, now);
	else if (stands_by(peer))
		peer_tell(peer, EVENT_INTRODUCER_STANDS_BY, EVENT_NO_REASON, now);
	else
		peer_tell(peer, EVENT_INTRODUCER_DOWN, EVENT_NO_REASON, now);
}

/* It hears us, for WireGuard acknowledges data with a keepalive, and does not answer. One that
 * is not heard at all may be anything. */
static bool seems_plain(const struct peer *peer)
{
	const struct introducer *in = peer->introducer;

	return in->client.state == RENDEZVOUS_REGISTERING && !in->has_answered &&
	       in->client.tries > in->tries_before + INTRODUCER_TRIES;
}

/* The session has come up or gone down, or the peer turns out to know nothing of this. Those who
 * lost a connection do not come back all at once anyway. */
static void attend(struct peer *peer, msec now)
{
	struct introducer *in = peer->introducer;
	bool up = peer_may_send(peer, now) && !in->is_plain && !stands_by(peer);

	if (up && in->client.state == RENDEZVOUS_OFF) {
		rendezvous_client_connected(&in->client, in->was_connected && !over_tls(peer), now);
		in->was_connected = true;
	} else if (!up && in->client.state != RENDEZVOUS_OFF) {
		rendezvous_client_disconnected(&in->client);
	}
	if (in->client.tries == 0)
		in->is_heard = false;
	if (!in->is_heard)
		in->tries_before = in->client.tries;
	if (!peer->link && seems_plain(peer)) {
		peer_tell(peer, EVENT_INTRODUCER_PLAIN, EVENT_NO_REASON, now);
		in->is_plain = true;
		rendezvous_client_disconnected(&in->client);
		session_set_persistent(&peer->session, peer->settings->keepalive, now);
	}
	tell(peer, now);
}

bool introducer_is_doubted(const struct introducer *in)
{
	return in->client.state == RENDEZVOUS_REGISTERING && in->client.tries >= INTRODUCER_DOUBTED;
}

/* WireGuard would find out after 15 s that nobody answers; but a peer may be looked for. When
 * it has answered, perhaps by another way, it is asked once more. */
static void call_anew_if_silent(struct node *node, struct peer *peer, msec now)
{
	struct introducer *in = peer->introducer;
	bool doubted = introducer_is_doubted(in) && in->has_answered;

	if (doubted && !in->was_doubted) {
		in->handshake_before = peer->session.last_handshake;
		session_want_handshake(&peer->session, now);
	} else if (doubted && peer->session.last_handshake != in->handshake_before) {
		introducers_announce(node, true, now);
	}
	in->was_doubted = doubted;
}

void introducers_tick(struct node *node, msec now)
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (peer->introducer)
			rendezvous_client_tick(&peer->introducer->client, now);
		if (is_resting(peer) && now >= peer->link->again)
			rendezvous_link_wake(node, peer, now);
	}
}

msec introducers_due(const struct node *node, msec now)
{
	const struct peer *peer;
	msec due = NEVER;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (peer->introducer)
			due = msec_min(due, rendezvous_client_due(&peer->introducer->client, now));
		if (peer->link)
			due = msec_min(due, msec_min(peer->link->again, link_stream_due(peer)));
	}
	return due;
}

size_t introducers_poll(struct node *node, struct peer **to, msec now)
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		size_t len;

		if (!peer->introducer)
			continue;
		attend(peer, now);
		relays_attend(node, peer, now);
		call_anew_if_silent(node, peer, now);
		len = rendezvous_client_poll(&peer->introducer->client,
					     signalling_frame_room(&node->signalling), now);
		if (len) {
			*to = peer;
			return len;
		}
	}
	return 0;
}

size_t introducers_publish(struct node *node, size_t *next, struct bytes envelope,
			   struct peer **to, msec now)
{
	struct peer *peer;

	while ((peer = node_contact(node, *next))) {
		size_t len = 0;

		++*next;
		if (peer->introducer)
			len = rendezvous_client_publish(&peer->introducer->client,
							signalling_frame_room(&node->signalling),
							envelope, now);
		if (len) {
			*to = peer;
			return len;
		}
	}
	return 0;
}
