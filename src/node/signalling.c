/* signalling.c -- how peers that have no way yet tell each other of themselves. */
#include "node/signalling.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "signal/inband.h"

/* What we do for others: their mailboxes, in tables of a fixed size. */
struct introduction {
	struct rendezvous_server server;
	struct rendezvous_seat *seats;
	struct rendezvous_box boxes[INTRODUCER_BOXES];
	uint32_t chains[INTRODUCER_BOXES];
	struct rendezvous_letter letters[INTRODUCER_LETTERS];
};

/* -- life ------------------------------------------------------------------ */

void signalling_set_addresses(struct node *node, const struct node_settings *settings)
{
	struct signalling *s = &node->signalling;

	s->lan = settings->lan;
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
	list_init(&s->reaches);
	rng->fill(rng, &seed, sizeof(seed));
	responder_init(&s->responder, seed);
	s->due = NEVER;
	signalling_set_addresses(node, settings);
}

static void free_introduction(struct signalling *s)
{
	if (s->introduction)
		free(s->introduction->seats);
	free(s->introduction);
	s->introduction = NULL;
}

void signalling_deinit(struct node *node)
{
	struct signalling *s = &node->signalling;

	free_introduction(s);
	free(s->mailboxes);
	exchange_shared_deinit(&s->shared);
}

/* -- mailboxes --------------------------------------------------------------- */

static struct noise_x_peer noise_of(const struct peer *peer)
{
	const struct noise_peer *from = &peer->session.peer;
	struct noise_x_peer to = {.has_psk = !key_is_zero(from->psk)};

	memcpy(to.public_key, from->public_key, KEY_LEN);
	memcpy(to.static_static, from->static_static, KEY_LEN);
	memcpy(to.psk, from->psk, KEY_LEN);
	return to;
}

static void make_mailboxes(struct node *node)
{
	struct signalling *s = &node->signalling;

	s->first_day = mailbox_first_day(s->shared.wall_ms);
	for (size_t i = 0; i < s->mailboxes_len; i++) {
		struct noise_x_peer to = noise_of(node->roster.peers[i / 2]);

		mailbox_id(s->mailboxes[i], &s->shared.self, &to, MAILBOX_FROM_PEER,
			   s->first_day + (uint32_t)(i & 1));
		wipe(&to, sizeof(to));
	}
}

static struct peer *peer_of_mailbox(const struct node *node, const uint8_t id[static MAILBOX_LEN])
{
	const struct signalling *s = &node->signalling;

	for (size_t i = 0; i < s->mailboxes_len; i++) {
		if (memcmp(s->mailboxes[i], id, MAILBOX_LEN) == 0)
			return node->roster.peers[i / 2];
	}
	return NULL;
}

static void announce_mailboxes(struct node *node, bool hurry, msec now)
{
	const struct signalling *s = &node->signalling;

	for (size_t i = 0; i < node->roster.len; i++) {
		struct introducer *in = node->roster.peers[i]->introducer;

		if (in)
			rendezvous_client_set_ids(&in->client,
						  (const uint8_t(*)[MAILBOX_LEN])s->mailboxes,
						  s->mailboxes_len, hurry, now);
	}
}

/* The first time that we hear of is not a new day, but the end of not knowing it. */
static void renew_mailboxes(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;
	bool knew = s->knows_day;

	if (knew && mailbox_first_day(s->shared.wall_ms) == s->first_day)
		return;
	s->knows_day = true;
	make_mailboxes(node);
	announce_mailboxes(node, !knew, now);
}

void signalling_set_wall(struct node *node, uint64_t wall_ms)
{
	struct signalling *s = &node->signalling;

	exchange_shared_set_clock(&s->shared, wall_ms, mailbox_day(wall_ms));
	if (!s->knows_day || mailbox_first_day(wall_ms) != s->first_day)
		s->touched = true;
}

/* -- introducers ------------------------------------------------------------- */

/* Is there anybody whom we cannot call? */
static bool needs_introduction(const struct node *node)
{
	for (size_t i = 0; i < node->roster.len; i++) {
		if (!node->roster.peers[i]->settings->endpoint_host)
			return true;
	}
	return false;
}

static void stop_introducer(struct peer *peer, msec now)
{
	if (!peer->introducer)
		return;
	free(peer->introducer);
	peer->introducer = NULL;
	session_set_persistent(&peer->session, peer->settings->keepalive, now);
}

static bool start_introducer(struct node *node, struct peer *peer, msec now)
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

static bool choose_introducers(struct node *node, msec now)
{
	size_t room = needs_introduction(node) ? INTRODUCERS_MAX : 0;

	for (size_t i = 0; i < node->roster.len; i++) {
		struct peer *peer = node->roster.peers[i];

		if (!peer->settings->endpoint_host || !room) {
			stop_introducer(peer, now);
			continue;
		}
		room--;
		if (!start_introducer(node, peer, now))
			return false;
	}
	return true;
}

bool signalling_set_peers(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;
	size_t n = 2 * node->roster.len;
	bool ok;

	free_introduction(s);	/* its clients are places in the roster; they register again */
	free(s->mailboxes);
	s->mailboxes = calloc(n ? n : 1, sizeof(*s->mailboxes));
	s->mailboxes_len = s->mailboxes ? n : 0;
	make_mailboxes(node);
	ok = choose_introducers(node, now) && s->mailboxes;
	announce_mailboxes(node, true, now);	/* in any case: the old list is gone */
	s->touched = true;
	return ok;
}

/* The session has come up or gone down, or the peer turns out to know nothing of this. */
static void attend_introducer(struct peer *peer, msec now)
{
	struct introducer *in = peer->introducer;
	bool up = peer_may_send(peer, now) && !in->is_plain;

	if (up && in->client.state == RENDEZVOUS_OFF) {
		rendezvous_client_connected(&in->client, in->was_connected, now);
		in->was_connected = true;
	} else if (!up && in->client.state != RENDEZVOUS_OFF) {
		rendezvous_client_disconnected(&in->client);
	}
	if (in->client.state == RENDEZVOUS_REGISTERING && in->client.tries > INTRODUCER_TRIES) {
		log_info("%s: is plain WireGuard, it passes no signalling on", peer->settings->name);
		in->is_plain = true;
		rendezvous_client_disconnected(&in->client);
		session_set_persistent(&peer->session, peer->settings->keepalive, now);
	}
}

static bool has_carrier(const struct node *node)
{
	if (node->signalling.lan && node->signalling.gather.locals_len)
		return true;
	for (size_t i = 0; i < node->roster.len; i++) {
		const struct introducer *in = node->roster.peers[i]->introducer;

		if (in && !in->is_plain)
			return true;
	}
	return false;
}

/* -- looking for a peer -------------------------------------------------------- */

static size_t count_reaches(const struct signalling *s)
{
	size_t n = 0;

	list_for_each(struct reach, r, &s->reaches, link)
		n++;
	return n;
}

static bool start_reach(struct node *node, struct peer *peer, msec now)
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
	if (count_reaches(s) >= REACH_MAX)
		return false;
	peer->reach = reach_new(peer, &context, now);
	if (!peer->reach)
		return false;
	list_append(&s->reaches, &peer->reach->link);
	s->touched = true;
	log_info("%s: looking for a way", peer->settings->name);
	return true;
}

bool signalling_seek(struct node *node, struct peer *peer, msec now)
{
	if (!has_carrier(node) || !start_reach(node, peer, now))
		return false;
	reach_want(peer->reach, now);
	node->signalling.touched = true;
	return true;
}

/* Our candidates are others now. */
static void tell_reaches(struct signalling *s, msec now)
{
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
	tell_reaches(s, now);
	announce_mailboxes(node, true, now);	/* and be told how the new ones look from outside */
	s->touched = true;
}

void node_resumed(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	list_for_each(struct reach, r, &s->reaches, link)
		reach_doubt(r, now);
	announce_mailboxes(node, true, now);
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

/* A check goes to the agent that it names, an answer to the one that asked. */
static bool feed_agents(struct signalling *s, const struct ice_base *base,
			const struct endpoint *remote, struct bytes message, msec now)
{
	struct bytes ufrag = ice_local_ufrag_of(message);
	struct reach *named = ufrag.len ? reach_of_ufrag(s, ufrag) : NULL;

	if (named)
		return ice_agent_feed(&named->agent, base, remote, message, now) != ICE_NOT_OURS;
	if (ufrag.len)
		return false;
	list_for_each(struct reach, r, &s->reaches, link) {
		if (ice_agent_feed(&r->agent, base, remote, message, now) != ICE_NOT_OURS)
			return true;
	}
	return false;
}

static bool respond(struct signalling *s, struct datagram *d, msec now)
{
	uint8_t answer[RESPONDER_ANSWER_MAX];
	struct writer w = writer_over(answer, sizeof(answer));
	struct endpoint to = {.ip = d->path.local, .port = s->gather.port};
	struct endpoint source;

	if (!responder_feed(&s->responder, now, &d->path.remote, &to, packet_bytes(&d->packet), &w,
			    &source) ||
	    w.bad || w.len > (size_t)(d->packet.end - d->packet.data))
		return false;
	memcpy(d->packet.data, answer, w.len);
	d->packet.len = w.len;
	d->ecn = d->dscp = 0;
	return true;
}

void signalling_stun(struct node *node, struct datagram *d, struct node_out *out, msec now)
{
	struct signalling *s = &node->signalling;
	struct ice_base base;

	if (gather_base(&s->gather, &d->path, &base) &&
	    feed_agents(s, &base, &d->path.remote, packet_bytes(&d->packet), now))
		s->touched = true;
	else if (respond(s, d, now))
		out->to_net[out->to_net_len++] = *d;
	else
		node_count(node, COUNT_UNSUPPORTED, 1);
}

static void take_desc(struct node *node, struct reach *r, enum exchange_verdict verdict,
		      struct desc *desc, const struct exchange_news *news, uint32_t ifindex,
		      msec now)
{
	node->signalling.touched = true;
	if (verdict == EXCHANGE_LIVE || verdict == EXCHANGE_UNPROVEN)
		reach_take(r, desc, verdict, news, ifindex, now);
	else
		node_count(node, COUNT_BAD_SIGNAL, 1);
	wipe(desc, sizeof(*desc));
}

/* Nothing is set up for an envelope that does not open: carriers know the mailboxes too. */
static bool is_from(const struct node *node, const struct peer *peer, struct bytes envelope)
{
	struct noise_x_peer from = noise_of(peer);
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

	return id ? peer_of_mailbox(node, id) : NULL;
}

/* `peer`: what addressee() says. */
static void take_envelope(struct node *node, struct peer *peer, struct bytes envelope,
			  uint32_t ifindex, msec now)
{
	struct exchange_news news;
	struct desc desc;

	if (!peer || !lan_may_open(&node->signalling.lan_gate, now)) {
		node_count(node, COUNT_BAD_SIGNAL, 1);
		return;
	}
	if (!peer->reach && (!is_from(node, peer, envelope) || !start_reach(node, peer, now))) {
		node_count(node, COUNT_BAD_SIGNAL, 1);
		return;
	}
	take_desc(node, peer->reach,
		  exchange_feed(&peer->reach->exchange, envelope, &desc, &news, now), &desc, &news,
		  ifindex, now);
}

void node_feed_lan(struct node *node, struct bytes datagram, uint32_t ifindex, msec now)
{
	struct peer *peer = node->signalling.lan ? addressee(node, datagram) : NULL;

	/* our own, and what is for others, come by here as well */
	if (peer)
		take_envelope(node, peer, datagram, ifindex, now);
}

/* -- frames from sessions --------------------------------------------------------- */

static uint32_t seat_of(const struct node *node, const struct peer *peer)
{
	for (uint32_t i = 0; i < node->roster.len; i++) {
		if (node->roster.peers[i] == peer)
			return i;
	}
	return 0;
}

static bool make_introduction(struct node *node)
{
	struct signalling *s = &node->signalling;
	struct introduction *in = calloc(1, sizeof(*in));
	struct rendezvous_tables tables;

	if (!in)
		return false;
	in->seats = calloc(node->roster.len, sizeof(*in->seats));
	if (!in->seats) {
		free(in);
		return false;
	}
	tables = (struct rendezvous_tables){
		.seats = in->seats, .seats_len = (uint32_t)node->roster.len,
		.boxes = in->boxes, .boxes_len = INTRODUCER_BOXES,
		.chains = in->chains, .chains_len = INTRODUCER_BOXES,
		.letters = in->letters, .letters_len = INTRODUCER_LETTERS,
	};
	rendezvous_server_init(&in->server, &tables, INTRODUCER_BOXES_EACH, node->shared.rng);
	s->introduction = in;
	return true;
}

static void serve(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct signalling *s = &node->signalling;

	if (!s->introduction && !make_introduction(node)) {
		node_count(node, COUNT_NO_MEMORY, 1);
		return;
	}
	rendezvous_server_set_wall(&s->introduction->server, s->shared.wall_ms);
	rendezvous_server_feed(&s->introduction->server, seat_of(node, peer), &peer->path.remote,
			       plain, now);
}

static void take_news(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct signalling *s = &node->signalling;
	struct rendezvous_message message;

	switch (rendezvous_client_feed(&peer->introducer->client, plain, &message, now)) {
	case RENDEZVOUS_NOTHING:
		break;
	case RENDEZVOUS_ENVELOPE:
		take_envelope(node, addressee(node, message.envelope), message.envelope, 0, now);
		break;
	case RENDEZVOUS_SEEN:
		if (gather_observe(&s->gather, &message.address, &peer->path, now))
			tell_reaches(s, now);
		break;
	}
}

static void take_inband(struct node *node, struct peer *peer, const struct inband *message,
			msec now)
{
	struct exchange_news news;
	struct desc desc;

	if (message->kind != FRAME_DESC || !start_reach(node, peer, now))
		return;
	take_desc(node, peer->reach,
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
	if (kind == FRAME_REGISTER || kind == FRAME_PUBLISH)
		serve(node, peer, plain, now);
	else if ((kind == FRAME_DELIVER || kind == FRAME_OBSERVED) && peer->introducer)
		take_news(node, peer, plain, now);
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

static uint8_t *frame_room(struct signalling *s)
{
	return s->frame + HEADROOM;
}

/* The envelope to its next carrier. */
static enum action_kind poll_post(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	struct post *post = &s->post;
	struct bytes envelope = bytes_of(post->envelope, post->len);

	if (!post->len)
		return ACTION_NONE;
	if (post->saves) {
		post->saves = false;
		action->which = MARK_SIGNALS;
		action->mark = s->shared.stamp.reserved;
		return ACTION_SAVE_MARK;
	}
	if (post->by_lan) {
		post->by_lan = false;
		action->bytes = envelope;
		return ACTION_LAN;
	}
	while (post->next_peer < node->roster.len) {
		struct peer *peer = node->roster.peers[post->next_peer++];
		size_t len = 0;

		if (peer->introducer)
			len = rendezvous_client_publish(&peer->introducer->client, frame_room(s),
							envelope, now);
		if (len && send_frame(node, peer, len, action, now) == ACTION_SEND)
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

	if (!exchange_poll(&r->exchange, &message, now))
		return ACTION_NONE;
	if (peer_may_send(r->peer, now) && reach_is_heard(r, now) && !message.save_first) {
		inband.desc = bytes_of(message.desc, message.len);
		return send_frame(node, r->peer,
				  inband_write(frame_room(s), ENVELOPE_MAX, &inband), action, now);
	}
	s->post = (struct post){
		.saves = message.save_first,
		.by_lan = s->lan && lan_may_send(&r->lan, now),
	};
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
		announce_mailboxes(node, true, now);	/* the answer says how we are seen */
	}
	kind = poll_exchange(node, r, action, now);
	if (kind != ACTION_NONE)
		return kind;
	if (reach_poll(r, &action->datagram, now))
		return ACTION_SEND;
	node_touch(node, peer);		/* it may have a path now */
	if (reach_is_over(r, now)) {
		node_count(node, COUNT_NO_ENDPOINT, queue_clear(&peer->queue));
		peer_drop_reach(peer);
	}
	return ACTION_NONE;
}

static enum action_kind poll_introducer(struct node *node, struct peer *peer,
					struct action *action, msec now)
{
	attend_introducer(peer, now);
	return send_frame(node, peer,
			  rendezvous_client_poll(&peer->introducer->client,
						 frame_room(&node->signalling), now),
			  action, now);
}

/* What is owed to those whose mailboxes we hold; to one that is gone it is lost. */
static enum action_kind poll_introduction(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	uint32_t seat;
	size_t len;

	while (s->introduction &&
	       (len = rendezvous_server_poll(&s->introduction->server, &seat, frame_room(s)))) {
		if (send_frame(node, node->roster.peers[seat], len, action, now) == ACTION_SEND)
			return ACTION_SEND;
	}
	return ACTION_NONE;
}

static enum action_kind poll_all(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	enum action_kind kind;

	renew_mailboxes(node, now);
	kind = poll_post(node, action, now);
	for (size_t i = 0; i < node->roster.len && kind == ACTION_NONE; i++) {
		if (node->roster.peers[i]->introducer)
			kind = poll_introducer(node, node->roster.peers[i], action, now);
	}
	if (kind == ACTION_NONE)
		kind = poll_introduction(node, action, now);
	list_for_each(struct reach, r, &s->reaches, link) {
		if (kind != ACTION_NONE)
			break;
		kind = poll_reach(node, r, action, now);
	}
	return kind;
}

static msec next_due(const struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;
	msec due = s->introduction ? rendezvous_server_due(&s->introduction->server) : NEVER;

	for (size_t i = 0; i < node->roster.len; i++) {
		const struct introducer *in = node->roster.peers[i]->introducer;

		if (in)
			due = msec_min(due, rendezvous_client_due(&in->client, now));
	}
	list_for_each(struct reach, r, &s->reaches, link)
		due = msec_min(due, reach_due(r, now));
	return due;
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
	if (s->introduction)
		rendezvous_server_tick(&s->introduction->server, now);
	for (size_t i = 0; i < node->roster.len; i++) {
		struct introducer *in = node->roster.peers[i]->introducer;

		if (in)
			rendezvous_client_tick(&in->client, now);
	}
	list_for_each(struct reach, r, &s->reaches, link)
		reach_tick(r, now);
}

msec signalling_due(const struct node *node)
{
	return node->signalling.touched ? 0 : node->signalling.due;
}
