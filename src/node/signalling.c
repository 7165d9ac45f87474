/* signalling.c -- how peers that have no way yet tell each other of themselves. */
#include "node/signalling.h"

#include <string.h>

#include "node/answer.h"
#include "node/brain.h"
#include "node/demux.h"
#include "signal/inband.h"

/* -- life ------------------------------------------------------------------ */

void signalling_set_addresses(struct node *node, const struct node_settings *settings)
{
	struct signalling *s = &node->signalling;

	s->lan = settings->lan;
	survey_set_servers(&s->survey, settings->stun, settings->stun_len);
	s->refused_len = 0;
	for (size_t i = 0; i < settings->addresses_len && s->refused_len < NODE_LOCALS_MAX; i++)
		s->refused[s->refused_len++] = cidr_masked(settings->addresses[i]);
}

void signalling_init(struct node *node, const struct node_settings *settings, uint64_t mark,
		     struct rng *rng)
{
	struct signalling *s = &node->signalling;
	uint64_t seed;

	exchange_shared_init(&s->shared, settings->private_key, mark, rng);
	ice_pacer_init(&s->pacer);
	gather_init(&s->gather, settings->listen_port);
	survey_init(&s->survey);
	list_init(&s->reaches);
	rng->fill(rng, &seed, sizeof(seed));
	responder_init(&s->responder, seed);
	s->due = NEVER;
	sprayer_init(&s->sprayer, settings->punch_rate);
	signalling_set_addresses(node, settings);
}

void signalling_deinit(struct node *node)
{
	struct signalling *s = &node->signalling;

	introduction_free(s->introduction);
	mailboxes_deinit(&s->mailboxes);
	exchange_shared_deinit(&s->shared);
}

bool signalling_set_peers(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;
	bool ok;

	introduction_free(s->introduction);	/* its clients are places in the roster */
	s->introduction = NULL;
	ok = mailboxes_set_peers(node);
	ok = introducers_set_peers(node, now) && ok;
	introducers_announce(node, true, now);	/* in any case: the old list is gone */
	s->touched = true;
	return ok;
}

void signalling_set_wall(struct node *node, uint64_t wall_ms)
{
	struct signalling *s = &node->signalling;

	exchange_shared_set_clock(&s->shared, wall_ms, mailbox_day(wall_ms));
	if (mailboxes_are_old(&s->mailboxes, wall_ms))
		s->touched = true;
}

/* The first time that we hear of is not a new day, but the end of not knowing it. */
static void renew_mailboxes(struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;

	if (mailboxes_are_old(&s->mailboxes, s->shared.wall_ms))
		introducers_announce(node, !mailboxes_renew(node), now);
}

uint8_t *signalling_frame_room(struct signalling *s)
{
	return s->frame + HEADROOM;
}

static bool has_carrier(const struct node *node, const struct peer *peer)
{
	struct endpoint targets[KNOWN_TARGETS];

	return (node->signalling.lan && node->signalling.gather.locals_len) ||
	       introducers_exist(node) || known_targets(node, peer, targets);
}

/* -- looking for a peer -------------------------------------------------------- */

static size_t count_reaches(const struct signalling *s)
{
	size_t n = 0;

	list_for_each(struct reach, r, &s->reaches, link)
		n++;
	return n;
}

bool signalling_has_room(const struct node *node, const struct peer *peer)
{
	return peer->reach || count_reaches(&node->signalling) < REACH_MAX;
}

bool signalling_start(struct node *node, struct peer *peer, msec now)
{
	struct signalling *s = &node->signalling;
	struct reach_context context = {
		.shared = &s->shared,
		.pacer = &s->pacer,
		.rng = node->shared.rng,
		.gather = &s->gather,
		.refused = s->refused,
		.refused_len = s->refused_len,
	};

	if (peer->reach)
		return true;
	if (!signalling_has_room(node, peer))
		return false;
	peer->reach = reach_new(peer, &context, now);
	if (!peer->reach)
		return false;
	list_append(&s->reaches, &peer->reach->link);
	s->touched = true;
	return true;
}

bool signalling_seek(struct node *node, struct peer *peer, msec now)
{
	if (!has_carrier(node, peer) || !signalling_start(node, peer, now))
		return false;
	reach_want(peer->reach, now);
	node->signalling.touched = true;
	return true;
}

void signalling_tell(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	list_for_each(struct reach, r, &s->reaches, link)
		reach_set_locals(r, &s->gather, now);
	s->touched = true;
}

void node_set_locals(struct node *node, const struct node_local_address *locals, size_t n,
		     msec now)
{
	struct signalling *s = &node->signalling;

	if (!gather_set_locals(&s->gather, locals, n))
		return;
	events_add(&node->events,
		   &(struct event){.at = now, .kind = EVENT_ADDRESSES_CHANGED, .addresses = (unsigned)n});
	signalling_tell(node, now);
	survey_doubt(&s->survey, now);
	introducers_announce(node, true, now);	/* and be told how the new ones look from outside */
	s->touched = true;
}

void node_set_mapped(struct node *node, const struct node_mapped *mapped, msec now)
{
	if (gather_set_mapped(&node->signalling.gather, mapped))
		signalling_tell(node, now);
}

void node_socket_opened(struct node *node, uint16_t via, uint16_t port)
{
	struct signalling *s = &node->signalling;

	sockets_opened(&s->sockets, via, port);
	if (via == s->other_via && port)
		responder_set_two_ports(&s->responder, s->gather.port, port);
	s->touched = true;
}

void node_stream_opened(struct node *node, const struct path *path, msec now)
{
	(void)now;
	streams_opened(&node->signalling.streams, path);
	node->signalling.touched = true;
}

void node_stream_closed(struct node *node, uint16_t via, enum node_stream_end why, msec now)
{
	(void)now;
	streams_closed(&node->signalling.streams, via, why);
	node->signalling.touched = true;
}

/* If it cannot be opened the number stays taken, and it is not tried again. */
void signalling_want_other_port(struct node *node)
{
	struct signalling *s = &node->signalling;

	if (!s->other_via)
		s->other_via = sockets_take(&s->sockets);
	s->touched = true;
}

void node_resumed(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	events_add(&node->events, &(struct event){.at = now, .kind = EVENT_RESUMED});
	list_for_each(struct reach, r, &s->reaches, link)
		reach_doubt(r, now);
	survey_doubt(&s->survey, now);
	introducers_announce(node, true, now);
	s->touched = true;
}

/* -- in ------------------------------------------------------------------------ */

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
	enum ice_verdict verdict = ice_agent_feed(&r->agent, base, remote, message, now);

	if (verdict == ICE_NO_SUCH_BASE && base->via &&
	    reach_adopt(r, base, ice_is_guess(message), now))
		verdict = ice_agent_feed(&r->agent, base, remote, message, now);
	return verdict;
}

/* A check goes to the agent that it names, an answer to the one that asked. */
static bool feed_agents(struct signalling *s, const struct ice_base *base,
			const struct endpoint *remote, struct bytes message, msec now)
{
	struct bytes ufrag = ice_local_ufrag_of(message);
	struct reach *named = ufrag.len ? reach_of_ufrag(s, ufrag) : NULL;

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

/* The other port is one of IPv4 only: to IPv6 we are a server without one. */
static uint16_t port_of(const struct signalling *s, const struct path *path)
{
	if (path->via)
		return s->sockets.by_via[path->via].port;
	return path->local.family == IP_V4 ? s->gather.port : 0;
}

static bool respond(struct signalling *s, struct datagram *d, msec now)
{
	uint16_t asked = port_of(s, &d->path), port = asked;

	if ((d->path.via && d->path.via != s->other_via) ||
	    !answer_stun(&s->responder, d, &port, now))
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
	else if (survey_feed(node, &d->path, packet_bytes(&d->packet), now))
		s->touched = true;
	else if (respond(s, d, now))
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
		if (gather_observe(&s->gather, &message.address, &peer->path, now)) {
			peer_tell_seen(peer, &message.address, now);
			signalling_tell(node, now);
		}
		survey_meet(node, &peer->path.remote, now);
		break;
	}
}

static void take_inband(struct node *node, struct peer *peer, const struct inband *message,
			msec now)
{
	struct exchange_news news;
	struct desc desc;

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

/* -- out ---------------------------------------------------------------------------- */

/* Seal the frame that stands in s->frame behind the headroom. */
static enum action_kind send_frame(struct node *node, struct peer *peer, size_t len,
				   struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	struct packet packet = packet_in(s->frame, sizeof(s->frame), HEADROOM, len);

	if (!len || !peer_may_send(peer, now) ||
	    session_seal(&peer->session, &packet, 1, sizeof(s->frame), now) == 0)
		return ACTION_NONE;
	node_touch(node, peer);
	action->datagram = (struct datagram){.packet = packet, .path = peer->path};
	return ACTION_SEND;
}

static enum action_kind save_mark(const struct signalling *s, struct action *action)
{
	action->which = MARK_SIGNALS;
	action->mark = s->shared.stamp.reserved;
	return ACTION_SAVE_MARK;
}

/* Straight to the next place where the peer may be. */
static enum action_kind send_direct(struct signalling *s, struct action *action)
{
	struct post *post = &s->post;
	struct packet packet = packet_in(s->frame, sizeof(s->frame), 0, 1 + post->len);

	packet.data[0] = DEMUX_ENVELOPE_MARK;
	memcpy(packet.data + 1, post->envelope, post->len);
	action->datagram = (struct datagram){
		.packet = packet,
		.path.remote = post->direct[--post->direct_len],
	};
	return ACTION_SEND;
}

/* The envelope to its next carrier. */
static enum action_kind poll_post(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	struct post *post = &s->post;
	struct bytes envelope = bytes_of(post->envelope, post->len);
	struct peer *to;
	size_t len;

	if (!post->len)
		return ACTION_NONE;
	if (post->saves) {
		post->saves = false;
		return save_mark(s, action);
	}
	if (post->by_lan) {
		post->by_lan = false;
		action->bytes = envelope;
		return ACTION_LAN;
	}
	if (post->direct_len)
		return send_direct(s, action);
	while ((len = introducers_publish(node, &post->next_peer, envelope, &to, now))) {
		if (send_frame(node, to, len, action, now) == ACTION_SEND)
			return ACTION_SEND;
	}
	post->len = 0;
	return ACTION_NONE;
}

/* A DESC that is owed: inside the session if there is one, else by all carriers. */
static enum action_kind poll_exchange(struct node *node, struct reach *r, struct action *action,
				      msec now)
{
	struct signalling *s = &node->signalling;
	struct exchange_message message;
	struct inband inband = {.kind = FRAME_DESC};

	if (!reach_poll_exchange(r, &message, now))
		return ACTION_NONE;
	if (peer_may_send(r->peer, now) && reach_is_heard(r, now) && !message.save_first) {
		inband.desc = bytes_of(message.desc, message.len);
		return send_frame(node, r->peer,
				  inband_write(signalling_frame_room(s), ENVELOPE_MAX, &inband), action, now);
	}
	s->post = (struct post){
		.saves = message.save_first,
		.by_lan = s->lan && lan_may_send(&r->lan, now),
	};
	s->post.direct_len = known_targets(node, r->peer, s->post.direct);
	s->post.len = exchange_seal(&r->exchange, s->post.envelope, &message);
	return poll_post(node, action, now);
}

static enum action_kind poll_reach(struct node *node, struct reach *r, struct action *action,
				   msec now)
{
	struct peer *peer = r->peer;
	enum action_kind kind;

	if (r->doubts_itself) {
		r->doubts_itself = false;
		survey_doubt(&node->signalling.survey, now);
		introducers_announce(node, true, now);	/* the answer says how we are seen */
	}
	kind = poll_exchange(node, r, action, now);
	if (kind != ACTION_NONE)
		return kind;
	if (reach_poll(r, &action->datagram, now))
		return ACTION_SEND;
	node_touch(node, peer);		/* it may have a path now */
	if (reach_is_over(r, now)) {
		if (r->searching_since != NEVER)
			peer_tell(peer, EVENT_SEARCH_ENDED, EVENT_NO_REASON, now);
		node_count(node, COUNT_NO_ENDPOINT, queue_clear(&peer->queue));
		peer_drop_reach(peer);
	}
	return ACTION_NONE;
}

static enum action_kind poll_introducers(struct node *node, struct action *action, msec now)
{
	struct peer *to;
	size_t len;

	while ((len = introducers_poll(node, &to, now))) {
		if (send_frame(node, to, len, action, now) == ACTION_SEND)
			return ACTION_SEND;
	}
	return ACTION_NONE;
}

/* What is owed to one that is gone is lost. */
static enum action_kind poll_introduction(struct node *node, struct action *action, msec now)
{
	struct peer *to;
	size_t len;

	while ((len = introduction_poll(node, &to))) {
		if (send_frame(node, to, len, action, now) == ACTION_SEND)
			return ACTION_SEND;
	}
	return ACTION_NONE;
}

static enum action_kind poll_all(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	enum action_kind kind;

	renew_mailboxes(node, now);
	if (s->owes_mark) {
		s->owes_mark = false;
		return save_mark(s, action);
	}
	kind = streams_poll(&s->streams, action);
	if (kind == ACTION_NONE)
		kind = poll_post(node, action, now);
	if (kind == ACTION_NONE)
		kind = poll_introducers(node, action, now);
	if (kind == ACTION_NONE)
		kind = poll_introduction(node, action, now);
	list_for_each(struct reach, r, &s->reaches, link) {
		if (kind != ACTION_NONE)
			break;
		kind = poll_reach(node, r, action, now);
	}
	if (kind == ACTION_NONE)
		kind = survey_poll(node, action, now);
	if (kind == ACTION_NONE)
		kind = spray_poll(node, action, now);
	return kind;
}

static msec next_due(const struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;
	msec due = msec_min(introduction_due(s->introduction), introducers_due(node, now));

	list_for_each(struct reach, r, &s->reaches, link)
		due = msec_min(due, reach_due(r, now));
	return msec_min(due, msec_min(survey_due(node, now), spray_due(node, now)));
}

enum action_kind signalling_poll(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	enum action_kind kind;

	if (!s->touched && now < s->due)
		return ACTION_NONE;
	kind = poll_all(node, action, now);
	if (kind == ACTION_NONE) {
		s->touched = false;
		s->due = next_due(node, now);
		if (s->due <= now)
			s->due = now + 1;
	}
	return kind;
}

void signalling_tick(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	if (now < s->due)
		return;
	s->touched = true;
	introduction_tick(s->introduction, now);
	introducers_tick(node, now);
	survey_tick(node, now);
	list_for_each(struct reach, r, &s->reaches, link)
		reach_tick(r, now);
}

msec signalling_due(const struct node *node)
{
	return node->signalling.touched ? 0 : node->signalling.due;
}
