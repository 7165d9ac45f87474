/* ping.c -- is the peer there, and by which way do a word to it and its answer go? */
#include "node/ping.h"

#include <string.h>

#include "node/brain.h"
#include "signal/inband.h"

_Static_assert(PING_LEN == FRAME_HEADER + sizeof(uint32_t) + sizeof(uint64_t), "inband.h");

/* -- asking ------------------------------------------------------------------ */

static struct ping *find(struct pings *pings, uint64_t id)
{
	for (size_t i = 0; i < PINGS_MAX; i++) {
		if (pings->slots[i].state != PING_NONE && pings->slots[i].id == id)
			return &pings->slots[i];
	}
	return NULL;
}

static struct ping *free_slot(struct pings *pings)
{
	for (size_t i = 0; i < PINGS_MAX; i++) {
		if (pings->slots[i].state == PING_NONE)
			return &pings->slots[i];
	}
	return NULL;
}

/* What a packet for the peer would lead to. */
static void make_way(struct node *node, struct peer *peer, msec now)
{
	if (!peer_may_send(peer, now) && !peer_connect(peer, now))
		signalling_seek(node, peer, now);
	if (peer->reach)
		reach_want(peer->reach, now);
	node->signalling.touched = true;
	node_touch(node, peer);
}

/* An id is not to be guessed: the answer must come from who has read the question. */
static uint64_t draw_id(struct node *node)
{
	uint64_t id;

	do
		node->shared.rng->fill(node->shared.rng, &id, sizeof(id));
	while (id == 0 || find(&node->pings, id));
	return id;
}

uint64_t node_ping(struct node *node, const uint8_t peer_key[static KEY_LEN], msec now)
{
	struct peer *peer = node_find_peer(node, peer_key);
	struct ping *slot = free_slot(&node->pings);
	uint64_t id;

	if (!peer || !slot)
		return 0;
	id = draw_id(node);
	*slot = (struct ping){.state = PING_WAITING, .id = id};
	memcpy(slot->peer, peer_key, KEY_LEN);
	node->pings.len++;
	make_way(node, peer, now);
	slot->called = peer_has_path(peer);
	return id;
}

const struct ping *node_ping_find(const struct node *node, uint64_t id)
{
	return find((struct pings *)&node->pings, id);
}

void node_ping_end(struct node *node, uint64_t id)
{
	struct ping *slot = find(&node->pings, id);

	if (!slot)
		return;
	*slot = (struct ping){0};
	node->pings.len--;
}

/* -- out --------------------------------------------------------------------- */

static enum action_kind send(struct node *node, struct ping *ping, struct peer *peer,
			     struct action *action, msec now)
{
	const struct inband message = {
		.kind = FRAME_PING,
		.path = peer->reach ? peer->reach->chosen : NO_INDEX,
		.echo = ping->id,
	};
	uint8_t *frame = node->pings.frame;
	size_t len = inband_write(frame + HEADROOM, PING_LEN, &message);
	struct packet packet = packet_in(frame, PING_FRAME, HEADROOM, len);
	size_t sealed = session_seal(&peer->session, &packet, 1, node->mtu, now);

	node_touch(node, peer);
	if (!sealed)
		return ACTION_NONE;
	ping->state = PING_SENT;
	peer_path_status(peer, &ping->way);
	action->datagram = (struct datagram){.packet = packet, .path = peer->path};
	return ACTION_SEND;
}

/* A way was found: nobody but us wants to use it. */
static void call(struct node *node, struct ping *ping, struct peer *peer, msec now)
{
	if (ping->called || !peer_has_path(peer))
		return;
	ping->called = true;
	peer_connect(peer, now);
	node_touch(node, peer);
}

enum action_kind ping_poll(struct node *node, struct action *action, msec now)
{
	enum action_kind kind = ACTION_NONE;

	if (!node->pings.len)
		return ACTION_NONE;
	for (size_t i = 0; i < PINGS_MAX && kind == ACTION_NONE; i++) {
		struct ping *ping = &node->pings.slots[i];
		struct peer *peer = ping->state == PING_WAITING ? node_find_peer(node, ping->peer)
							       : NULL;

		if (peer && peer_may_send(peer, now))
			kind = send(node, ping, peer, action, now);
		else if (peer)
			call(node, ping, peer, now);
	}
	return kind;
}

/* -- in ---------------------------------------------------------------------- */

static bool may_answer(struct peer *peer, msec now)
{
	static const struct bucket_limit limit = {PONGS_PER_SECOND, PONGS_BURST};

	return session_may_send(&peer->session, now) && bucket_take(&peer->pongs, &limit, now);
}

/* A question that came without its padding is shorter than the answer. */
static bool has_room(const struct packet *inner)
{
	return packet_headroom(inner) >= sizeof(struct message_data) &&
	       (size_t)(inner->end - inner->data) >= PING_LEN + PING_ROOM;
}

/* In place of the question. */
static void answer(struct node *node, struct peer *peer, const struct datagram *d,
		   struct packet *inner, struct inband *message, struct node_out *out, msec now)
{
	if (!may_answer(peer, now) || (!has_room(inner) && !rooms_move(&node->rooms, inner))) {
		node_count(node, COUNT_RATE_LIMITED, 1);
		return;
	}
	message->kind = FRAME_PONG;
	inner->len = inband_write(inner->data, PING_LEN, message);
	if (session_seal(&peer->session, inner, 1, node->mtu, now))
		out->to_net[out->to_net_len++] =
			(struct datagram){.packet = *inner, .path = d->path};
}

static void take_answer(struct node *node, const struct peer *peer, const struct inband *message)
{
	struct ping *ping = find(&node->pings, message->echo);

	if (ping && ping->state == PING_SENT &&
	    memcmp(ping->peer, peer->session.peer.public_key, KEY_LEN) == 0)
		ping->state = PING_ANSWERED;
}

bool ping_feed(struct node *node, struct peer *peer, const struct datagram *d,
	       struct packet *inner, struct node_out *out, msec now)
{
	struct inband message;

	if (!inband_read(&message, packet_bytes(inner)))
		return false;
	if (message.kind == FRAME_PING)
		answer(node, peer, d, inner, &message, out, now);
	else if (message.kind == FRAME_PONG)
		take_answer(node, peer, &message);
	else
		return false;
	return true;
}
