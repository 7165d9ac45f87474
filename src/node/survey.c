/* survey.c -- how others see our listen port, asked by STUN. */
#include "node/survey.h"

#include <assert.h>
#include <string.h>

#include "node/brain.h"

/* Sent after 0, 500, 1500 and 3500 ms, over after 4500 ms, as in ice/reflexive.c. */
static const struct transaction_timing timing = {.rto = 500, .sends = 4, .last_wait = 2};

void survey_init(struct survey *s)
{
	*s = (struct survey){.doubted = NEVER, .settle_due = NEVER, .tell = NEVER};
}

static bool is_called(const struct survey_server *server, const char *host, uint16_t port)
{
	return server->port == port && strcmp(server->host, host) == 0;
}

static const struct survey_server *find_server(const struct survey *s, const char *host,
					       uint16_t port)
{
	for (size_t i = 0; i < s->servers_len; i++) {
		if (is_called(&s->servers[i], host, port))
			return &s->servers[i];
	}
	return NULL;
}

void survey_set_servers(struct survey *s, const struct node_stun_server *servers, size_t n)
{
	const struct survey before = *s;

	s->servers_len = n < NODE_STUN_MAX ? n : NODE_STUN_MAX;
	for (size_t i = 0; i < s->servers_len; i++) {
		const struct survey_server *known =
			find_server(&before, servers[i].host, servers[i].port);

		assert(strlen(servers[i].host) < NODE_HOST_MAX);
		if (known) {
			s->servers[i] = *known;
			continue;
		}
		s->servers[i] = (struct survey_server){.port = servers[i].port};
		strcpy(s->servers[i].host, servers[i].host);
	}
}

void survey_doubt(struct survey *s, msec now)
{
	s->doubted = now;
}

/* -- asking -------------------------------------------------------------------- */

static struct binding_query *find_query(struct binding *b, const struct endpoint *to)
{
	for (size_t i = 0; i < b->count; i++) {
		if (endpoint_equal(&b->queries[i].transaction.to, to))
			return &b->queries[i];
	}
	return NULL;
}

static void ask(struct node *node, struct binding *b, const struct endpoint *to, msec now)
{
	struct survey *s = &node->signalling.survey;

	if (to->ip.family == IP_NONE || !gather_has_family(&node->signalling.gather, to->ip.family) ||
	    find_query(&s->first, to) || find_query(&s->others, to))
		return;
	binding_add(b, to, &timing, node->shared.rng, now);
	node->signalling.touched = true;
}

static void ask_server(struct node *node, struct survey_server *server, msec now)
{
	struct binding *b = &node->signalling.survey.first;

	if (now >= server->look_up_after && !server->is_looked_up)
		server->wants_look_up = true;
	ask(node, b, &server->at4, now);
	ask(node, b, &server->at6, now);
}

bool survey_may_ask(const struct peer *peer)
{
	return peer->introducer && peer->introducer->client.state == RENDEZVOUS_REGISTERED &&
	       !via_is_wrapped(peer->path.via);
}

/* Those who introduce us, and those whom we would like to call by UDP again. */
static void ask_peers(struct node *node, msec now)
{
	const struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (survey_may_ask(peer) || transport_is_tcp(peer, now))
			ask(node, &node->signalling.survey.first, &peer->path.remote, now);
	}
}

static void begin(struct node *node, msec now)
{
	struct survey *s = &node->signalling.survey;

	s->first = s->others = (struct binding){.count = 0};
	s->next = now + SURVEY_AGAIN;
	if (s->doubted != NEVER) {
		s->outdated = s->doubted;
		s->settle_due = now + SURVEY_SETTLE;
	}
	s->doubted = NEVER;
	for (size_t i = 0; i < s->servers_len; i++)
		ask_server(node, &s->servers[i], now);
	ask_peers(node, now);
}

/* Who has found its peers wants to know how it looks only when all may be different. */
static bool is_wanted(const struct node *node)
{
	const struct signalling *s = &node->signalling;

	list_for_each(struct reach, r, &s->reaches, link) {
		if (r->searching_since != NEVER || s->survey.doubted != NEVER)
			return true;
	}
	return false;
}

static msec begins(const struct node *node, msec now)
{
	const struct survey *s = &node->signalling.survey;
	msec next = s->next;

	if (!is_wanted(node)) {
		if (!transport_uses_tcp(node, now))
			return NEVER;
		next += TRANSPORT_BACK - SURVEY_AGAIN;
	}
	return s->doubted != NEVER || next < now ? now : next;
}

static bool is_under_way(const struct survey *s, msec now)
{
	return now < s->next;
}

void survey_meet(struct node *node, const struct peer *introducer, msec now)
{
	struct survey *s = &node->signalling.survey;

	if (!via_is_wrapped(introducer->path.via) && is_wanted(node) && is_under_way(s, now))
		ask(node, &s->first, &introducer->path.remote, now);
}

/* -- names --------------------------------------------------------------------- */

static void take_addresses(struct survey_server *server, const struct endpoint *endpoints, size_t n)
{
	server->at4 = server->at6 = (struct endpoint){0};
	for (size_t i = n; i-- > 0;) {		/* so that the best of each family stays */
		if (endpoints[i].ip.family == IP_V4)
			server->at4 = endpoints[i];
		else
			server->at6 = endpoints[i];
	}
}

void survey_resolved(struct node *node, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n, msec now)
{
	struct survey *s = &node->signalling.survey;

	for (size_t i = 0; i < s->servers_len; i++) {
		struct survey_server *server = &s->servers[i];

		if (!server->is_looked_up || !is_called(server, host, port))
			continue;
		server->is_looked_up = false;
		server->look_up_after = now + (n ? SURVEY_NAMES_AGE : SURVEY_NAMES_RETRY);
		if (n)
			take_addresses(server, endpoints, n);
		if (is_under_way(s, now))
			ask_server(node, server, now);
	}
}

static enum action_kind poll_names(struct survey *s, struct action *action)
{
	for (size_t i = 0; i < s->servers_len; i++) {
		struct survey_server *server = &s->servers[i];

		if (!server->wants_look_up)
			continue;
		server->wants_look_up = false;
		server->is_looked_up = true;
		action->host = server->host;
		action->port = server->port;
		return ACTION_RESOLVE;
	}
	return ACTION_NONE;
}

/* -- answers ------------------------------------------------------------------- */

void survey_tell(struct survey *s, msec now)
{
	s->tell = msec_min(s->tell, now + SURVEY_TELL);
}

static void ask_other_port(struct node *node, const struct binding_query *q, msec now)
{
	struct endpoint other = q->transaction.to;

	if (q->other.ip.family != other.ip.family || q->other.port == other.port)
		return;
	other.port = q->other.port;
	ask(node, &node->signalling.survey.others, &other, now);
}

static bool feed(struct node *node, struct binding *b, const struct path *path,
		 struct bytes datagram, msec now)
{
	const struct binding_query *q;

	if (!binding_feed(b, now, &path->remote, datagram))
		return false;
	q = find_query(b, &path->remote);
	if (q && q->result == BINDING_DONE) {
		if (gather_observe(&node->signalling.gather, &q->mapped, path, now))
			survey_tell(&node->signalling.survey, now);
		transport_answered(node, &path->remote, now);
		if (b == &node->signalling.survey.first)
			ask_other_port(node, q, now);
	}
	return true;
}

bool survey_feed(struct node *node, const struct path *path, struct bytes datagram, msec now)
{
	struct survey *s = &node->signalling.survey;

	return !path->via && (feed(node, &s->first, path, datagram, now) ||
			      feed(node, &s->others, path, datagram, now));
}

/* -- time ---------------------------------------------------------------------- */

static bool has_answer(const struct binding *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->queries[i].result == BINDING_DONE)
			return true;
	}
	return false;
}

/* What was seen before the doubt and not since is of a NAT that is gone; unless nobody
 * answers at all, which tells nothing. */
static void settle(struct node *node, msec now)
{
	struct survey *s = &node->signalling.survey;

	if (now < s->settle_due)
		return;
	s->settle_due = NEVER;
	if (has_answer(&s->first) && gather_forget_before(&node->signalling.gather, s->outdated))
		s->tell = now;
}

void survey_tick(struct node *node, msec now)
{
	struct survey *s = &node->signalling.survey;

	binding_tick(&s->first, now);
	binding_tick(&s->others, now);
	settle(node, now);
	if (now < s->tell)
		return;
	s->tell = NEVER;
	signalling_tell(node, now);
}

msec survey_due(const struct node *node, msec now)
{
	const struct survey *s = &node->signalling.survey;

	msec questions = msec_min(binding_due(&s->first), binding_due(&s->others));
	msec news = msec_min(s->settle_due, s->tell);

	return msec_min(msec_min(questions, news), begins(node, now));
}

static bool waits_for_names(const struct survey *s)
{
	for (size_t i = 0; i < s->servers_len; i++) {
		if (s->servers[i].wants_look_up || s->servers[i].is_looked_up)
			return true;
	}
	return false;
}

bool survey_is_settled(const struct node *node, msec now)
{
	const struct survey *s = &node->signalling.survey;

	return !waits_for_names(s) && begins(node, now) > now && binding_due(&s->first) == NEVER &&
	       binding_due(&s->others) == NEVER && s->tell == NEVER;
}

enum action_kind survey_poll(struct node *node, struct action *action, msec now)
{
	struct survey *s = &node->signalling.survey;
	uint8_t *room = signalling_frame_room(&node->signalling);
	struct writer w = writer_over(room, BINDING_REQUEST_LEN);
	struct endpoint to;
	enum action_kind kind;

	if (begins(node, now) <= now)
		begin(node, now);
	kind = poll_names(s, action);
	if (kind != ACTION_NONE)
		return kind;
	if (!binding_poll(&s->first, &w, &to) && !binding_poll(&s->others, &w, &to))
		return ACTION_NONE;
	action->datagram = (struct datagram){
		.packet = {room, room, w.len, room + BINDING_REQUEST_LEN},
		.path = {.remote = to},
	};
	return ACTION_SEND;
}
