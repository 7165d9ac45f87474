/* signalling_send.c -- what goes out: each DESC to all its carriers, one action at a time. */
#include "node/signalling.h"

#include <string.h>

#include "node/brain.h"
#include "node/demux.h"
#include "signal/inband.h"

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

static enum action_kind send_inband(struct node *node, struct peer *peer,
				    const struct inband *message, struct action *action, msec now)
{
	uint8_t *room = signalling_frame_room(&node->signalling);

	return send_frame(node, peer, inband_write(room, ENVELOPE_MAX, message), action, now);
}

/* What was missing of the peer's data. */
static enum action_kind poll_report(struct node *node, struct reach *r, struct action *action,
				    msec now)
{
	struct inband report;

	return loss_poll(&r->loss, &report) ? send_inband(node, r->peer, &report, action, now)
					    : ACTION_NONE;
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
		return send_inband(node, r->peer, &inband, action, now);
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
	struct signalling *s = &node->signalling;
	enum action_kind kind;

	reach_tcp_attend(r, &s->gather, s->udp_is_blocked, now);
	if (r->doubts_itself) {
		r->doubts_itself = false;
		survey_doubt(&s->survey, now);
		introducers_announce(node, true, now);	/* the answer says how we are seen */
	}
	kind = poll_exchange(node, r, action, now);
	if (kind == ACTION_NONE)
		kind = poll_report(node, r, action, now);
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

/* The first time that we hear of is not a new day, but the end of not knowing it. */
static void renew_mailboxes(struct node *node, msec now)
{
	const struct signalling *s = &node->signalling;

	if (mailboxes_are_old(&s->mailboxes, s->shared.wall_ms))
		introducers_announce(node, !mailboxes_renew(node), now);
}

static bool wants_tcp_map(const struct signalling *s, msec now)
{
	list_for_each(struct reach, r, &s->reaches, link) {
		if (reach_tcp_wants_map(r, now))
			return true;
	}
	return false;
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
	rendezvous_links_attend(node, now);
	kind = streams_poll(&s->streams, action);
	if (kind == ACTION_NONE)
		kind = poll_post(node, action, now);
	if (kind == ACTION_NONE)
		kind = poll_introducers(node, action, now);
	if (kind == ACTION_NONE)
		kind = poll_introduction(node, action, now);
	s->udp_is_blocked = transport_udp_is_blocked(node, now);
	list_for_each(struct reach, r, &s->reaches, link) {
		if (kind != ACTION_NONE)
			break;
		kind = poll_reach(node, r, action, now);
	}
	s->wants_tcp_map = wants_tcp_map(s, now);
	if (kind == ACTION_NONE)
		kind = survey_poll(node, action, now);
	if (kind == ACTION_NONE)
		kind = survey_tcp_poll(node, action, now);
	if (kind == ACTION_NONE)
		kind = turns_poll(node, action, now);
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
	due = msec_min(due, msec_min(survey_due(node, now), survey_tcp_due(node, now)));
	return msec_min(due, msec_min(turns_due(node, now), spray_due(node, now)));
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
	survey_tcp_tick(node, now);
	turns_tick(node, now);
	list_for_each(struct reach, r, &s->reaches, link)
		reach_tick(r, now);
}

msec signalling_due(const struct node *node)
{
	return node->signalling.touched ? 0 : node->signalling.due;
}
