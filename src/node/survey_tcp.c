/* survey_tcp.c -- how others see our listen port when it calls them by TCP. */
#include "node/survey_tcp.h"

#include "node/brain.h"

/* By a connection that may have to be made first, or may break: asked three times. */
static const struct transaction_timing timing = {.rto = 1000, .sends = 3, .last_wait = 2};

static bool is_wanted(const struct node *node, msec now)
{
	list_for_each(struct reach, r, &node->signalling.reaches, link) {
		if (reach_tcp_is_needed(r, now))
			return true;
	}
	return false;
}

/* -- whom to ask ----------------------------------------------------------- */

static const struct binding_query *find_query(const struct binding *b, const struct endpoint *to)
{
	for (size_t i = 0; i < b->count; i++) {
		if (endpoint_equal(&b->queries[i].transaction.to, to))
			return &b->queries[i];
	}
	return NULL;
}

/* Those that were not asked yet in this round: one that is just registered with has its turn. */
static void ask_introducers(struct node *node, msec now)
{
	struct binding *b = &node->signalling.survey_tcp.introducers;
	const struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (!peer->link && survey_may_ask(peer) && !find_query(b, &peer->path.remote))
			binding_add(b, &peer->path.remote, &timing, node->shared.rng, now);
	}
}

static void hang_up(struct signalling *s, uint16_t *via)
{
	if (*via)
		streams_release(&s->streams, *via);
	*via = 0;
}

void survey_tcp_stop(struct node *node)
{
	struct signalling *s = &node->signalling;

	for (size_t i = 0; i < NODE_STUN_MAX; i++)
		hang_up(s, &s->survey_tcp.streams[i]);
	s->survey_tcp.servers = s->survey_tcp.introducers = (struct binding){.count = 0};
	s->survey_tcp.next = 0;
}

/* What is open stays so, and is asked once more. */
static void call_servers(struct node *node)
{
	struct signalling *s = &node->signalling;

	s->survey_tcp.servers = (struct binding){.count = 0};
	for (size_t i = 0; i < s->survey.servers_len; i++) {
		const struct survey_server *server = &s->survey.servers[i];
		uint16_t *via = &s->survey_tcp.streams[i];
		struct node_stream_target target = {
			.host = server->host,
			.port = server->port,
			.from_listen_port = true,
			.framing = FRAMING_TURN,
		};

		if (*via && streams_state(&s->streams, *via) == STREAM_CLOSED)
			hang_up(s, via);
		if (!*via)
			*via = streams_take(&s->streams, &target);
	}
}

static void ask_connected(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;
	struct binding *b = &s->survey_tcp.servers;

	for (size_t i = 0; i < NODE_STUN_MAX; i++) {
		uint16_t via = s->survey_tcp.streams[i];
		struct path path;

		if (!via || streams_state(&s->streams, via) != STREAM_OPEN)
			continue;
		path = streams_path(&s->streams, via);
		if (!find_query(b, &path.remote))
			binding_add(b, &path.remote, &transaction_reliable, node->shared.rng, now);
	}
}

bool survey_tcp_calls(const struct node *node, uint16_t via)
{
	for (size_t i = 0; via_is_stream(via) && i < NODE_STUN_MAX; i++) {
		if (node->signalling.survey_tcp.streams[i] == via)
			return true;
	}
	return false;
}

/* -- answers --------------------------------------------------------------- */

static bool feed(struct node *node, struct binding *b, const struct path *path,
		 struct bytes datagram, msec now)
{
	struct signalling *s = &node->signalling;
	const struct binding_query *q;
	struct path by = *path;

	if (!binding_feed(b, now, &path->remote, datagram))
		return false;
	by.via = VIA_TCP;		/* a stream from the listen port looks the same from outside */
	q = find_query(b, &path->remote);
	if (q && q->result == BINDING_DONE && gather_observe(&s->gather, &q->mapped, &by, now))
		survey_tell(&s->survey, now);
	return true;
}

bool survey_tcp_feed(struct node *node, const struct path *path, struct bytes datagram, msec now)
{
	struct survey_tcp *s = &node->signalling.survey_tcp;

	if (path->via == VIA_TCP)
		return feed(node, &s->introducers, path, datagram, now);
	return via_is_stream(path->via) && feed(node, &s->servers, path, datagram, now);
}

/* -- time ------------------------------------------------------------------ */

void survey_tcp_tick(struct node *node, msec now)
{
	struct survey_tcp *s = &node->signalling.survey_tcp;

	binding_tick(&s->introducers, now);
	binding_tick(&s->servers, now);
}

msec survey_tcp_due(const struct node *node, msec now)
{
	const struct survey_tcp *s = &node->signalling.survey_tcp;
	if (!is_wanted(node, now))
		return NEVER;
	return msec_min(msec_min(binding_due(&s->introducers), binding_due(&s->servers)), s->next);
}

static bool path_to_server(const struct signalling *s, const struct endpoint *to,
			   struct path *path)
{
	for (size_t i = 0; i < NODE_STUN_MAX; i++) {
		uint16_t via = s->survey_tcp.streams[i];

		if (!via || streams_state(&s->streams, via) != STREAM_OPEN)
			continue;
		*path = streams_path(&s->streams, via);
		if (endpoint_equal(&path->remote, to))
			return true;
	}
	return false;
}

static void begin(struct node *node, msec now)
{
	node->signalling.survey_tcp.next = now + SURVEY_TCP_AGAIN;
	node->signalling.survey_tcp.introducers = (struct binding){.count = 0};
	call_servers(node);
}

enum action_kind survey_tcp_poll(struct node *node, struct action *action, msec now)
{
	struct signalling *s = &node->signalling;
	uint8_t *room = signalling_frame_room(s);
	struct writer w = writer_over(room, BINDING_REQUEST_LEN);
	struct path path = {.via = VIA_TCP};

	if (!is_wanted(node, now)) {
		survey_tcp_stop(node);
		return streams_poll(&s->streams, action);
	}
	if (now >= s->survey_tcp.next)
		begin(node, now);
	ask_introducers(node, now);
	ask_connected(node, now);
	if (!binding_poll(&s->survey_tcp.introducers, &w, &path.remote) &&
	    !(binding_poll(&s->survey_tcp.servers, &w, &path.remote) &&
	      path_to_server(s, &path.remote, &path)))
		return streams_poll(&s->streams, action);
	action->datagram = (struct datagram){
		.packet = {room, room, w.len, room + BINDING_REQUEST_LEN},
		.path = path,
	};
	return ACTION_SEND;
}
