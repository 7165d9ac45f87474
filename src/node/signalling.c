/* signalling.c -- who is looked for: life, and what has changed around us. */
#include "node/signalling.h"

#include "node/brain.h"

/* -- life ------------------------------------------------------------------ */

void signalling_set_addresses(struct node *node, const struct node_settings *settings, msec now)
{
	struct signalling *s = &node->signalling;

	s->lan = settings->lan;
	if (gather_allow_tcp(&s->gather, settings->tcp))
		survey_tell(&s->survey, 0);
	survey_set_servers(&s->survey, settings->stun, settings->stun_len);
	survey_tcp_stop(node);
	turns_configure(node, settings, now);
	s->refused_len = 0;
	for (size_t i = 0; i < settings->addresses_len && s->refused_len < NODE_LOCALS_MAX; i++)
		s->refused[s->refused_len++] = cidr_masked(settings->addresses[i]);
}

void signalling_init(struct node *node, const struct node_settings *settings, uint64_t mark,
		     struct rng *rng, msec now)
{
	struct signalling *s = &node->signalling;
	uint64_t seed;

	exchange_shared_init(&s->shared, settings->private_key, mark, rng);
	ice_pacer_init(&s->pacer);
	gather_init(&s->gather, settings->listen_port);
	survey_init(&s->survey);
	turns_init(&s->turns, now);
	list_init(&s->reaches);
	rng->fill(rng, &seed, sizeof(seed));
	responder_init(&s->responder, seed);
	s->due = NEVER;
	sprayer_init(&s->sprayer, settings->punch_rate);
	signalling_set_addresses(node, settings, now);
}

void signalling_deinit(struct node *node)
{
	struct signalling *s = &node->signalling;

	turns_deinit(node);
	introduction_free(s->introduction);
	mailboxes_deinit(&s->mailboxes);
	exchange_shared_deinit(&s->shared);
}

bool signalling_set_peers(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;
	bool ok;

	introduction_renew(node, now);
	ok = mailboxes_set_peers(node);
	ok = introducers_set_peers(node, now) && ok;
	relays_set_peers(node, now);
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
		.relays = &s->relays,
		.turns = &s->turns,
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

/* The addresses are the same, but a route is another one, or so. */
static void climb_all(struct signalling *s, msec now)
{
	list_for_each(struct reach, r, &s->reaches, link)
		standby_climb(r, now);
	s->touched = true;
}

void node_set_locals(struct node *node, const struct node_local_address *locals, size_t n,
		     msec now)
{
	struct signalling *s = &node->signalling;

	if (!gather_set_locals(&s->gather, locals, n)) {
		climb_all(s, now);
		return;
	}
	events_add(&node->events,
		   &(struct event){.at = now, .kind = EVENT_ADDRESSES_CHANGED, .addresses = (unsigned)n});
	signalling_tell(node, now);
	survey_doubt(&s->survey, now);
	rendezvous_links_hurry(node, false, now);
	turns_doubt(node, now);
	introducers_announce(node, true, now);	/* and be told how the new ones look from outside */
	s->touched = true;
}

void node_set_mapped(struct node *node, const struct node_mapped *mapped, msec now)
{
	if (gather_set_mapped(&node->signalling.gather, mapped))
		signalling_tell(node, now);
}

bool node_wants_tcp_map(const struct node *node)
{
	return node->signalling.wants_tcp_map;
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
		s->other_via = sockets_keep(&s->sockets, IP_V4);
	s->touched = true;
}

void node_resumed(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	events_add(&node->events, &(struct event){.at = now, .kind = EVENT_RESUMED});
	list_for_each(struct reach, r, &s->reaches, link)
		reach_doubt(r, now);
	survey_doubt(&s->survey, now);
	rendezvous_links_hurry(node, true, now);
	turns_doubt(node, now);
	introducers_announce(node, true, now);
	s->touched = true;
}
