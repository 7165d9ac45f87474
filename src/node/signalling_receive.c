/* signalling_receive.c -- what comes in: checks, envelopes, and frames inside sessions. */
#include "node/signalling.h"

#include <string.h>

#include "node/answer.h"
#include "node/brain.h"
#include "signal/inband.h"

static struct reach *reach_of_ufrag(const struct signalling *s, struct bytes ufrag)
{
	list_for_each(struct reach, r, &s->reaches, link) {
		if (ufrag.len == ICE_UFRAG_LEN && memcmp(r->agent.ufrag, ufrag.data, ufrag.len) == 0)
			return r;
	}
	return NULL;
}

/* A check that came to another socket than that of the listen port was guessed there. The
 * agent has made sure whose it is before it says that it has no such base. */
static enum ice_verdict feed_named(struct reach *r, const struct ice_base *base,
				   const struct endpoint *remote, struct bytes message, msec now)
{
	enum ice_verdict verdict = ICE_REFUSED_SOURCE;

	if (reach_allows(r, base->via, remote))
		verdict = ice_agent_feed(&r->agent, base, remote, message, now);
	if (verdict == ICE_NO_SUCH_BASE && via_is_socket(base->via) &&
	    reach_adopt(r, base, ice_is_guess(message), now))
		verdict = ice_agent_feed(&r->agent, base, remote, message, now);
	return verdict;
}

/* So is one that came by TCP before its sender's DESC, or before TCP is used here. */
static void heard_by_tcp(struct signalling *s, struct reach *r, msec now)
{
	r->tcp.by_peer = true;
	reach_tcp_attend(r, &s->gather, s->udp_is_blocked, now);
}

/* A check goes to the agent that it names, an answer to the one that asked. */
static bool feed_agents(struct signalling *s, const struct ice_base *base,
			const struct endpoint *remote, struct bytes message, msec now)
{
	struct bytes ufrag = ice_local_ufrag_of(message);
	struct reach *named = ufrag.len ? reach_of_ufrag(s, ufrag) : NULL;

	if (named && base->via == VIA_TCP)
		heard_by_tcp(s, named, now);
	if (named)
		return feed_named(named, base, remote, message, now) != ICE_NOT_OURS;
	if (ufrag.len)
		return false;
	list_for_each(struct reach, r, &s->reaches, link) {
		if (ice_agent_feed(&r->agent, base, remote, message, now) != ICE_NOT_OURS)
			return true;
	}
	return false;
}

/* The other port is one of IPv4 and UDP only: to IPv6 and TCP we are a server without one. */
static uint16_t port_of(const struct signalling *s, const struct path *path)
{
	if (via_is_socket(path->via))
		return s->sockets.by_via[path->via].port;
	return path->via == VIA_LISTEN && path->local.family == IP_V4 ? s->gather.port : 0;
}

static bool respond(struct signalling *s, struct rooms *rooms, struct datagram *d, msec now)
{
	uint16_t asked, port;

	if (d->path.via && d->path.via != s->other_via && d->path.via != VIA_TCP)
		return false;
	asked = port = port_of(s, &d->path);
	if (!answer_stun(&s->responder, rooms, d, &port, now))
		return false;
	if (port != asked)
		d->path.via = d->path.via ? 0 : s->other_via;
	return true;
}

void signalling_stun(struct node *node, struct datagram *d, struct node_out *out, msec now)
{
	struct signalling *s = &node->signalling;
	struct ice_base base;

	if (gather_base(&s->gather, &d->path, &base) &&
	    feed_agents(s, &base, &d->path.remote, packet_bytes(&d->packet), now))
		s->touched = true;
	else if (survey_feed(node, &d->path, packet_bytes(&d->packet), now) ||
		 survey_tcp_feed(node, &d->path, packet_bytes(&d->packet), now))
		s->touched = true;
	else if (respond(s, &node->rooms, d, now))
		out->to_net[out->to_net_len++] = *d;
	else
		node_count(node, COUNT_UNSUPPORTED, 1);
}

/* Where the peer was before, beside what it says: of the outside of its NAT it may not know. */
static void add_known(const struct node *node, struct reach *r, msec now)
{
	struct endpoint targets[KNOWN_TARGETS];
	size_t n = known_targets(node, r->peer, targets);

	for (size_t i = 0; i < n; i++)
		reach_add_known(r, &targets[i], now);
}

bool signalling_take_desc(struct node *node, struct reach *r, enum exchange_verdict verdict,
			  struct desc *desc, const struct exchange_news *news, uint32_t ifindex,
			  msec now)
{
	bool good = verdict == EXCHANGE_LIVE || verdict == EXCHANGE_UNPROVEN;

	node->signalling.touched = true;
	if (good) {
		reach_take(r, desc, verdict, news, ifindex, now);
		add_known(node, r, now);
		known_changed(node, now);
	} else {
		node_count(node, COUNT_BAD_SIGNAL, 1);
	}
	wipe(desc, sizeof(*desc));
	return good;
}

/* Nothing is set up for an envelope that does not open: carriers know the mailboxes too. */
static bool is_from(const struct node *node, const struct peer *peer, struct bytes envelope)
{
	struct noise_x_peer from = mailboxes_noise_of(peer);
	uint8_t plain[SEAL_PLAIN_MAX];
	bool ok = seal_open(plain, envelope, &node->signalling.shared.self, &from) > 0;

	wipe(&from, sizeof(from));
	wipe(plain, sizeof(plain));
	return ok;
}

/* The peer whose mailbox it lies in; NULL: it is not for us. */
static struct peer *addressee(const struct node *node, struct bytes envelope)
{
	const uint8_t *id = envelope_mailbox(envelope);

	return id ? mailboxes_find(node, id) : NULL;
}

/* `peer`: what addressee() says; `gate`: the carrier's own, so that none can use up the
 * share of another. True: it was news from this peer. */
static bool take_envelope(struct node *node, struct peer *peer, struct bytes envelope,
			  uint32_t ifindex, struct lan_gate *gate, msec now)
{
	struct exchange_news news;
	struct desc desc;

	if (!peer || !lan_may_open(gate, now)) {
		node_count(node, COUNT_BAD_SIGNAL, 1);
		return false;
	}
	if (!peer->reach && (!is_from(node, peer, envelope) || !signalling_start(node, peer, now))) {
		node_count(node, COUNT_BAD_SIGNAL, 1);
		return false;
	}
	return signalling_take_desc(node, peer->reach,
				    exchange_feed(&peer->reach->exchange, envelope, &desc, &news,
						  now), &desc, &news, ifindex, now);
}

/* The answer goes back there too: its NAT may show another port than before. */
void signalling_direct(struct node *node, const struct datagram *d, msec now)
{
	struct bytes envelope = bytes_of(d->packet.data + 1, d->packet.len - 1);
	struct peer *peer = addressee(node, envelope);

	if (!peer)
		node_count(node, COUNT_UNKNOWN_MAILBOX, 1);
	else if (take_envelope(node, peer, envelope, 0, &node->signalling.lan_gate, now))
		known_came_from(peer, &d->path.remote);
}

void node_feed_lan(struct node *node, struct bytes datagram, uint32_t ifindex, msec now)
{
	struct peer *peer = node->signalling.lan ? addressee(node, datagram) : NULL;

	/* our own, and what is for others, come by here as well */
	if (peer)
		take_envelope(node, peer, datagram, ifindex, &node->signalling.lan_gate, now);
}

/* -- frames from sessions --------------------------------------------------------- */

static void take_news(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct signalling *s = &node->signalling;
	struct rendezvous_message message;

	switch (rendezvous_client_feed(&peer->introducer->client, plain, &message, now)) {
	case RENDEZVOUS_NOTHING:
		break;
	case RENDEZVOUS_ENVELOPE:
		take_envelope(node, addressee(node, message.envelope), message.envelope, 0,
			      &peer->introducer->gate, now);
		break;
	case RENDEZVOUS_SEEN:
		peer->introducer->has_answered = true;
		peer->introducer->relays = message.flags & RENDEZVOUS_RELAYS;
		if (via_is_stream(peer->path.via))
			break;		/* how we are seen by TCP says nothing */
		if (gather_observe(&s->gather, &message.address, &peer->path, now)) {
			peer_tell_seen(peer, &message.address, now);
			signalling_tell(node, now);
		}
		survey_meet(node, peer, now);
		break;
	}
}

static void take_inband(struct node *node, struct peer *peer, const struct inband *message,
			msec now)
{
	struct exchange_news news;
	struct desc desc;

	if (message->kind == FRAME_REPORT && peer->reach &&
	    !loss_take(&peer->reach->loss, &peer->session, &message->report, now))
		node_count(node, COUNT_BAD_SIGNAL, 1);
	if (message->kind != FRAME_DESC || !signalling_start(node, peer, now))
		return;
	signalling_take_desc(node, peer->reach,
		  exchange_feed_session(&peer->reach->exchange, message->desc, &desc, &news, now),
		  &desc, &news, 0, now);
}

void signalling_frame(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct inband message;
	struct bytes body;
	unsigned kind;

	if (!frame_read(plain, &kind, &body)) {
		node_count(node, COUNT_BAD_SIGNAL, 1);
		return;
	}
	node->signalling.touched = true;
	if ((kind == FRAME_DELIVER || kind == FRAME_OBSERVED) && peer->introducer)
		take_news(node, peer, plain, now);
	else if (peer->link)
		node_count(node, COUNT_BAD_SIGNAL, 1);
	else if (kind == FRAME_REGISTER || kind == FRAME_PUBLISH)
		introduction_feed(node, peer, plain, now);
	else if (inband_read(&message, plain))
		take_inband(node, peer, &message, now);
	else
		node_count(node, COUNT_BAD_SIGNAL, 1);
}
