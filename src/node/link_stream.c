/* link_stream.c -- the connection of a rendezvous link that goes over TLS. */
#include "node/link_stream.h"

#include "node/brain.h"

void link_stream_init(struct link_stream *ls, bool is_used, msec now)
{
	*ls = (struct link_stream){
		.is_used = is_used, .udp_since = now, .why = NODE_STREAM_ENDS};
}

static struct link_stream *stream_of(const struct peer *peer)
{
	return &peer->link->stream;
}

/* -- UDP and TLS ------------------------------------------------------------------ */

/* One that did answer does so until a question is overdue; one that did not has to. */
static bool answers(const struct peer *other, bool did, msec now)
{
	const struct introducer *in = other->introducer;

	if (!in || !peer_may_send(other, now))
		return false;
	return in->client.state == RENDEZVOUS_REGISTERED ||
	       (did && in->client.state == RENDEZVOUS_REGISTERING && !in->client.tries);
}

static bool is_same_by_udp(const struct peer *other, const struct peer *peer)
{
	return !stream_of(other)->is_used &&
	       key_equal(other->session.peer.public_key, peer->session.peer.public_key);
}

static void look_at_udp(struct node *node, const struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);
	bool works = false;

	ls->has_udp = false;
	for (size_t i = 0; i < node->links.len; i++) {
		const struct peer *other = node->links.peers[i];

		if (!is_same_by_udp(other, peer))
			continue;
		ls->has_udp = true;
		works |= answers(other, ls->udp_works, now);
	}
	if (works == ls->udp_works)
		return;
	ls->udp_works = works;
	ls->udp_since = now;
}

bool link_stream_stands_by(const struct peer *peer)
{
	return stream_of(peer)->is_used && stream_of(peer)->udp_works;
}

/* -- when ------------------------------------------------------------------------- */

/* UDP is first to be asked where there is both. */
static msec opens_at(const struct peer *peer)
{
	const struct link_stream *ls = stream_of(peer);

	if (ls->udp_works || peer->link->again != NEVER)
		return NEVER;
	if (ls->has_udp && ls->again < ls->udp_since + LINK_RACE)
		return ls->udp_since + LINK_RACE;
	return ls->again;
}

static msec closes_at(const struct peer *peer)
{
	const struct link_stream *ls = stream_of(peer);

	return ls->udp_works ? ls->udp_since + LINK_LINGER : NEVER;
}

msec link_stream_due(const struct peer *peer)
{
	if (!stream_of(peer)->is_used)
		return NEVER;
	return stream_of(peer)->via ? closes_at(peer) : opens_at(peer);
}

/* 1, 2, 4 .. 60 s, less up to a quarter: after the end of a rendezvous all come back. */
static msec wait_after(struct node *node, unsigned failures)
{
	msec wait = failures < 6 ? (msec)LINK_WAIT << failures : LINK_WAIT_MAX;

	return wait - rng_below(node->shared.rng, (uint32_t)wait / 4);
}

/* -- up and down -------------------------------------------------------------------- */

static void take(struct node *node, struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);
	struct node_stream_target target = {
		.host = peer->link->host,
		.port = peer->link->port,
		.tls = true,
		.ca_file = *peer->link->ca_file ? peer->link->ca_file : NULL,
		.framing = FRAMING_RFC4571,
	};

	ls->via = streams_take(&node->signalling.streams, &target);
	if (!ls->via)
		ls->again = now + LINK_WAIT;
}

void link_stream_drop(struct node *node, struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);

	if (!ls->via)
		return;
	streams_release(&node->signalling.streams, ls->via);
	ls->via = 0;
	ls->is_up = false;
	peer->path = (struct path){0};
	session_set_persistent(&peer->session, 0, now);
	node_touch(node, peer);
	node->signalling.touched = true;
}

/* The handshake tells the rendezvous at once where we are now, and asks whether it has forgotten
 * us: a REGISTER under keys that only we have would not be answered. */
static void come_up(struct node *node, struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);

	ls->is_up = true;
	peer->path = streams_path(&node->signalling.streams, ls->via);
	session_set_persistent(&peer->session, INTRODUCER_KEEPALIVE, now);
	session_call_anew(&peer->session, now);
	node_touch(node, peer);
}

static void fail(struct node *node, struct peer *peer, enum node_stream_end why, msec now)
{
	struct link_stream *ls = stream_of(peer);

	link_stream_drop(node, peer, now);
	ls->again = now + wait_after(node, ls->failures++);
	if (ls->why == why)
		return;
	ls->why = why;
	peer_tell_stream(peer, why, now);
}

/* What is said on a stream arrives, or the stream is broken. */
static bool is_silent(const struct peer *peer)
{
	const struct introducer *in = peer->introducer;

	return in && in->client.state == RENDEZVOUS_REGISTERING && in->client.tries >= LINK_TRIES;
}

static void follow(struct node *node, struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);
	const struct streams *s = &node->signalling.streams;

	switch (streams_state(s, ls->via)) {
	case STREAM_OPEN:
		if (!ls->is_up)
			come_up(node, peer, now);
		else if (is_silent(peer))
			fail(node, peer, STREAM_TIMED_OUT, now);
		break;
	case STREAM_CLOSED:
		fail(node, peer, streams_why(s, ls->via), now);
		break;
	case STREAM_WANTED:
	case STREAM_OPENING:
	case STREAM_FREE:
	case STREAM_LEAVING:
		break;
	}
}

void link_stream_attend(struct node *node, struct peer *peer, msec now)
{
	struct link_stream *ls = stream_of(peer);

	if (!ls->is_used)
		return;
	look_at_udp(node, peer, now);
	if (!ls->via && now >= opens_at(peer))
		take(node, peer, now);
	else if (ls->via && now >= closes_at(peer))
		link_stream_drop(node, peer, now);
	if (ls->via)
		follow(node, peer, now);
	if (rendezvous_link_state(peer, now) != NODE_RENDEZVOUS_OK)
		return;
	ls->failures = 0;
	ls->why = NODE_STREAM_ENDS;
}

void link_stream_hurry(struct node *node, struct peer *peer, bool slept, msec now)
{
	struct link_stream *ls = stream_of(peer);

	ls->again = 0;
	ls->failures = 0;
	if (slept || !ls->is_up || !gather_is_local(&node->signalling.gather, &peer->path.local))
		link_stream_drop(node, peer, now);
}

/* -- what comes by it ------------------------------------------------------------- */

bool link_stream_allows(const struct peer *peer, const struct path *path)
{
	if (peer && peer->link && stream_of(peer)->is_used)
		return stream_of(peer)->via && path->via == stream_of(peer)->via;
	return !via_is_stream(path->via);
}
