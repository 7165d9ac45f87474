/* receive.c -- from the network to the TUN device: what is it, whose, opened, in.
 *
 * Data messages of one session that arrive together are opened together. A
 * handshake message costs a curve computation, so it must pass the gate first. A
 * response is written over the message that it answers: no memory is spent on
 * strangers, and fewer bytes go back than came.
 *
 * What a relay has put into its session is a datagram of its own, and is looked at when
 * the burst is through. In such a one there is no other.
 */
#include <string.h>

#include "base/ecn.h"
#include "node/brain.h"
#include "node/demux.h"
#include "node/verdict.h"

/* -- data ------------------------------------------------------------------ */

/* A peer that is looked for has a way of its own choice; else the source is it. To a rendezvous no
 * relay leads. */
static void heard(struct peer *peer, const struct path *path, msec now)
{
	if (peer->link && via_is_relay(path->via))
		return;
	if ((peer->reach && !reach_heard(peer->reach, path, now)) || !peer_allows(peer, path))
		peer->unanswered = 0;
	else
		peer_heard(peer, path, now);
}

/* A server that we are connected to is no way to anybody else. */
static bool is_astray(struct node *node, const struct peer *peer, const struct path *path)
{
	if (link_stream_allows(peer, path))
		return false;
	node_count(node, COUNT_WRONG_WAY, 1);
	return true;
}

/* An opened packet: is it one, is it the peer's, and does it go on? */
static void deliver(struct node *node, struct peer *peer, struct packet *inner, uint8_t ecn,
		    struct node_out *out)
{
	size_t len = inner_packet_len(packet_bytes(inner));

	if (len == 0) {
		node_count(node, COUNT_BAD_INNER, 1);
		return;
	}
	inner->len = len;	/* without the padding */
	if (!allowedips_allows(&node->roster.allowedips, packet_bytes(inner), peer)) {
		node_count(node, COUNT_WRONG_SOURCE, 1);
		return;
	}
	if (!ecn_merge(inner, ecn)) {
		node_count(node, COUNT_ECN_DROP, 1);
		return;
	}
	out->to_tun[out->to_tun_len++] = *inner;
}

/* Datagrams that were inside those of a burst. */
struct inside {
	size_t len;
	struct datagram datagrams[BURST_MAX];
};

static void receive_relayed(struct node *node, struct peer *from, const struct datagram *outer,
			    struct packet *plain, struct inside *inside, msec now)
{
	struct datagram d = {.packet = *plain, .ecn = outer->ecn};
	struct packet packet;
	uint8_t tag[RELAY_TAG];

	if (via_is_relay(outer->path.via))
		node_count(node, COUNT_RELAYED_TWICE, 1);
	else if (!relay_read(&d.packet, tag, &packet))
		node_count(node, COUNT_BAD_SIGNAL, 1);
	else if (relays_take(node, from, tag, &packet, &d))
		inside->datagrams[inside->len++] = d;
	else if (from->link)
		node_count(node, COUNT_BAD_SIGNAL, 1);
	else
		introduction_relay(node, from, tag, &d, now);
}

static void receive_frame(struct node *node, struct peer *peer, const struct datagram *d,
			  struct packet *inner, struct node_out *out, msec now)
{
	if (peer->link || !ping_feed(node, peer, d, inner, out, now))
		signalling_frame(node, peer, packet_bytes(inner), now);
}

/* By a way of the peer's? It is told who came by it, once for all that come by the same in a
 * row: *way is that of the last, or NULL. */
static bool comes_by(struct node *node, struct peer *peer, const struct path *path,
		     const struct path **way, msec now)
{
	if (*way && path_equal(*way, path))
		return true;
	*way = NULL;
	if (is_astray(node, peer, path))
		return false;
	heard(peer, path, now);
	if (peer->introducer)
		peer->introducer->is_heard = true;
	*way = path;
	return true;
}

/* n data messages of one session. */
static void receive_data(struct node *node, struct session *session, struct datagram *datagrams,
			 size_t n, struct inside *inside, struct node_out *out, msec now)
{
	struct peer *peer = container_of(session, struct peer, session);
	struct packet packets[BURST_MAX];
	enum session_verdict verdicts[BURST_MAX];
	const struct path *way = NULL;

	for (size_t i = 0; i < n; i++)
		packets[i] = datagrams[i].packet;
	session_open(session, packets, verdicts, n, now);
	for (size_t i = 0; i < n; i++) {
		if (verdicts[i] != SESSION_OK) {
			node_count(node, verdict_on_data(verdicts[i]), 1);
			continue;
		}
		if (!comes_by(node, peer, &datagrams[i].path, &way, now))
			continue;
		if (relay_is(packet_bytes(&packets[i]))) {
			receive_relayed(node, peer, &datagrams[i], &packets[i], inside, now);
		} else if (frame_is(packet_bytes(&packets[i]))) {
			receive_frame(node, peer, &datagrams[i], &packets[i], out, now);
			way = NULL;	/* it may have changed what is known of ways */
		} else if (packets[i].len) {
			deliver(node, peer, &packets[i], datagrams[i].ecn, out);
		}
	}
	if (peer->reach && reach_counts(peer->reach, now))
		node->signalling.touched = true;
	node_touch(node, peer);
}

static struct session *data_session(const struct node *node, struct bytes message)
{
	const struct message_data *msg = (const void *)message.data;

	return index_find(&node->shared.indices, load_le32(msg->receiver));
}

/* -- handshakes -------------------------------------------------------------- */

static void count_handshake(struct node *node, enum session_verdict verdict)
{
	if (verdict != SESSION_OK)
		node_count(node, verdict_on_handshake(verdict), 1);
}

static void reply(struct datagram *d, const void *message, size_t len, struct node_out *out)
{
	gate_reply(d, message, len);
	out->to_net[out->to_net_len++] = *d;
}

/* May this initiation or response cost us a curve computation? */
static bool admit(struct node *node, struct cookie_checker *cookies, struct datagram *d,
		  struct node_out *out, msec now)
{
	switch (gate_check(&node->gate, cookies, d, now)) {
	case GATE_OPEN:
		return true;
	case GATE_BAD_MAC1:
		node_count(node, COUNT_BAD_MAC1, 1);
		break;
	case GATE_COOKIE:
		out->to_net[out->to_net_len++] = *d;
		node_count(node, COUNT_COOKIE_SENT, 1);
		break;
	case GATE_LIMITED:
		node_count(node, COUNT_RATE_LIMITED, 1);
		break;
	}
	return false;
}

/* One of a suite that we may not speak is authentic as well, and is answered with a call. */
static bool accepted(struct node *node, struct peer *peer, const struct datagram *d,
		     enum session_verdict verdict, msec now)
{
	count_handshake(node, verdict);
	if (verdict == SESSION_WRONG_SUITE)
		cipher_refused(peer, message_suite(d->packet.data), now);
	else if (verdict != SESSION_OK)
		return false;
	heard(peer, &d->path, now);
	node->signalling.touched = true;
	node_touch(node, peer);
	return verdict == SESSION_OK;
}

static void respond(struct node *node, struct peer *peer, const struct noise_claim *claim,
		    struct datagram *d, struct node_out *out, msec now)
{
	const struct message_initiation *msg = (const void *)d->packet.data;
	struct message_response message;

	if (accepted(node, peer, d,
		     session_feed_initiation(&peer->session, claim, msg, &message, now), now))
		reply(d, &message, sizeof(message), out);
}

static void receive_initiation(struct node *node, struct datagram *d, struct node_out *out,
			       msec now)
{
	const struct message_initiation *msg = (const void *)d->packet.data;
	struct noise_claim claim;
	struct peer *peer;

	if (!noise_read_initiation(&claim, msg, &node->shared.identity)) {
		node_count(node, COUNT_BAD_HANDSHAKE, 1);
		return;
	}
	peer = node_find_peer(node, claim.public_key);
	if (!peer)
		node_count(node, COUNT_STRANGER, 1);
	else if (!peer_allows(peer, &d->path))
		node_count(node, COUNT_WRONG_WAY, 1);
	else if (!spare_top_up(&node->shared))
		node_count(node, COUNT_NO_MEMORY, 1);
	else
		respond(node, peer, &claim, d, out, now);
	wipe(&claim, sizeof(claim));
}

static struct peer *peer_by_index(struct node *node, const uint8_t index[static 4])
{
	struct session *session = index_find(&node->shared.indices, load_le32(index));

	if (session)
		return container_of(session, struct peer, session);
	node_count(node, COUNT_UNEXPECTED_HANDSHAKE, 1);
	return NULL;
}

/* The responses of a rendezvous are meant for who we are to it. */
static struct cookie_checker *cookies_for_response(struct node *node, const struct datagram *d)
{
	const struct message_response *msg = (const void *)d->packet.data;
	struct session *session = index_find(&node->shared.indices, load_le32(msg->receiver));
	struct peer *peer = session ? container_of(session, struct peer, session) : NULL;

	return peer && peer->link ? &peer->link->cookies : &node->gate.cookies;
}

static void receive_response(struct node *node, const struct datagram *d, msec now)
{
	const struct message_response *msg = (const void *)d->packet.data;
	struct peer *peer = peer_by_index(node, msg->receiver);

	if (!peer || is_astray(node, peer, &d->path))
		return;
	if (!spare_top_up(&node->shared)) {
		node_count(node, COUNT_NO_MEMORY, 1);
		return;
	}
	accepted(node, peer, d, session_feed_response(&peer->session, msg, now), now);
}

/* Kept for the next initiation; it moves no path and sends nothing. */
static void receive_cookie(struct node *node, const struct datagram *d, msec now)
{
	const struct message_cookie *msg = (const void *)d->packet.data;
	struct peer *peer = peer_by_index(node, msg->receiver);
	enum session_verdict verdict;

	if (!peer)
		return;
	verdict = session_feed_cookie(&peer->session, msg, now);
	count_handshake(node, verdict);
	if (verdict == SESSION_OK)
		node_count(node, COUNT_COOKIE_RECEIVED, 1);
}

static void receive_other(struct node *node, enum demux_kind kind, struct datagram *d,
			  struct node_out *out, msec now)
{
	switch (kind) {
	case DEMUX_INITIATION:
		if (!aead_has(message_suite(d->packet.data)))
			node_count(node, COUNT_UNSUPPORTED, 1);
		else if (!is_astray(node, NULL, &d->path) &&
			 admit(node, &node->gate.cookies, d, out, now))
			receive_initiation(node, d, out, now);
		break;
	case DEMUX_RESPONSE:
		if (admit(node, cookies_for_response(node, d), d, out, now))
			receive_response(node, d, now);
		break;
	case DEMUX_COOKIE:
		receive_cookie(node, d, now);
		break;
	case DEMUX_STUN:
		if (survey_tcp_calls(node, d->path.via) || !is_astray(node, NULL, &d->path))
			signalling_stun(node, d, out, now);
		break;
	case DEMUX_ENVELOPE:
		if (!is_astray(node, NULL, &d->path))
			signalling_direct(node, d, now);
		break;
	case DEMUX_CHANNEL:
		node_count(node, COUNT_UNSUPPORTED, 1);
		break;
	case DEMUX_UNKNOWN:
		node_count(node, COUNT_UNKNOWN_DATAGRAM, 1);
		break;
	case DEMUX_DATA:
		node_count(node, COUNT_UNKNOWN_INDEX, 1);
		break;
	}
}

/* The session that a datagram brings data for; NULL: none, and *kind says what it is. */
static struct session *session_of(const struct node *node, const struct datagram *d,
				  enum demux_kind *kind)
{
	struct bytes message = packet_bytes(&d->packet);

	*kind = demux(message, false);
	return *kind == DEMUX_DATA ? data_session(node, message) : NULL;
}

/* What a TURN server passes on is taken out of it, and is what follows. False: nothing does. */
static bool unwrap(struct node *node, struct datagram *d, msec now)
{
	struct turn_link *l = turns_link_of(&node->signalling.turns, &d->path);

	return !l || turn_link_unwrap(node, l, d, now);
}

static void receive_burst(struct node *node, struct datagram *datagrams, size_t n,
			  struct inside *inside, struct node_out *out, msec now)
{
	struct session *owner = NULL;
	size_t first = 0;

	inside->len = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_something = unwrap(node, &datagrams[i], now);
		enum demux_kind kind = DEMUX_UNKNOWN;
		struct session *session = NULL;

		if (is_something)
			session = session_of(node, &datagrams[i], &kind);
		if (session && session == owner)
			continue;
		if (owner)
			receive_data(node, owner, datagrams + first, i - first, inside, out, now);
		owner = session;
		first = i;
		if (is_something && !session)
			receive_other(node, kind, &datagrams[i], out, now);
	}
	if (owner)
		receive_data(node, owner, datagrams + first, n - first, inside, out, now);
}

void node_receive(struct node *node, struct datagram *datagrams, size_t n, struct node_out *out,
		  msec now)
{
	struct inside inside, none;

	out->to_net_len = out->to_tun_len = 0;
	rooms_begin(&node->rooms);
	receive_burst(node, datagrams, n, &inside, out, now);
	if (inside.len)
		receive_burst(node, inside.datagrams, inside.len, &none, out, now);
	introduction_pass_on(node, out, now);
	out->to_net_len = wrap(node, out->to_net, out->to_net_len, now);
}
