/* turns.c -- relayed addresses of ours on TURN servers, shared by all peers. */
#include "node/turns.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "node/turns_facts.h"

/* -- servers ------------------------------------------------------------------- */

void turns_init(struct turns *t, msec now)
{
	*t = (struct turns){.used = now - TURNS_IDLE};
}

void turns_free_link(struct node *node, unsigned number)
{
	struct turns *t = &node->signalling.turns;

	turn_link_free(node, t->links[number]);
	t->links_len -= t->links[number] != NULL;
	t->links[number] = NULL;
}

void turns_deinit(struct node *node)
{
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++)
		turns_free_link(node, i);
	free(node->signalling.turns.ca_file);
	wipe(&node->signalling.turns, sizeof(node->signalling.turns));
}

bool turns_is_called(const struct turns_server *s, const char *host, uint16_t port)
{
	return s->port == port && strcmp(s->host, host) == 0;
}

static bool is_same(const struct turns_server *s, const struct node_turn_server *n)
{
	return turns_is_called(s, n->host, n->port) && s->udp == n->udp && s->tcp == n->tcp &&
	       s->tls == n->tls;
}

static void init_server(struct turns_server *s, const struct node_turn_server *from)
{
	assert(strlen(from->host) < NODE_HOST_MAX);
	*s = (struct turns_server){
		.port = from->port,
		.udp = from->udp,
		.tcp = from->tcp,
		.tls = from->tls,
		.stream_at = NEVER,
	};
	strcpy(s->host, from->host);
	snprintf(s->name, sizeof(s->name), "turn:%s", from->host);
}

/* -- whether they are wanted ----------------------------------------------------- */

bool turns_are_wanted(const struct node *node, msec now)
{
	list_for_each(struct reach, r, &node->signalling.reaches, link) {
		if (reach_wants_relay(r, now))
			return true;
	}
	return false;
}

static void note_use(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	if (turns_are_wanted(node, now))
		t->used = now;
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		if (t->links[i] && t->links[i]->carried > t->used)
			t->used = t->links[i]->carried;
	}
}

void turns_doubt(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	for (struct turns_server *s = t->servers; s < t->servers + t->len; s++) {
		if (s->retry_at == NEVER)
			continue;
		s->retry_at = now;
		s->failures = 0;
	}
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			turn_link_doubt(t->links[i], now);
	}
	node->signalling.touched = true;
}

/* -- datagrams --------------------------------------------------------------------------- */

bool turns_wrap(struct node *node, struct datagram *d, msec now)
{
	struct turn_link *l = node->signalling.turns.links[d->path.via - VIA_TURN];

	if (l)
		return turn_link_wrap(node, l, d, now);
	node_count(node, COUNT_NO_RELAY, 1);
	return false;
}

struct turn_link *turns_link_of(const struct turns *t, const struct path *path)
{
	for (unsigned i = 0; path->via && t->links_len && i < NODE_TURNS_MAX; i++) {
		if (t->links[i] && t->links[i]->carrier == path->via)
			return t->links[i];
	}
	return NULL;
}

const struct turns_server *turns_server_of(const struct turns *t, uint16_t via,
					   enum path_transport *transport)
{
	const struct turn_link *l = via_is_turn(via) ? t->links[via - VIA_TURN] : NULL;

	if (!l || l->server == NO_INDEX)
		return NULL;
	*transport = l->transport;
	return &t->servers[l->server];
}

/* -- time ---------------------------------------------------------------------------------- */

static void attend_links(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;
	bool idle = now - t->used >= TURNS_IDLE;

	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		struct turn_link *l = t->links[i];

		if (l && !l->is_stopped && (idle || now >= l->retires))
			turns_give_back(node, l, now);
	}
	for (struct turns_server *s = t->servers; idle && s < t->servers + t->len; s++)
		s->stream_at = NEVER;
}

void turns_stop(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	t->is_stopped = true;		/* nobody is told: they will notice that we are gone */
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			turn_link_stop(t->links[i], now);
	}
	node->signalling.touched = true;
}

static void attend(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	note_use(node, now);
	attend_links(node, now);
	for (struct turns_server *s = t->servers; s < t->servers + t->len; s++)
		turns_attend_server(node, s, now);
}

void turns_tick(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	for (unsigned i = 0; t->links_len && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			turn_link_tick(t->links[i], now);
	}
}

static msec link_due(const struct turn_link *l)
{
	return msec_min(turn_link_due(l), l->is_stopped ? NEVER : l->retires);
}

msec turns_due(const struct node *node, msec now)
{
	const struct turns *t = &node->signalling.turns;
	bool wanted = t->len && turns_are_wanted(node, now);
	msec due = t->links_len ? t->used + TURNS_IDLE : NEVER;

	for (const struct turns_server *s = t->servers; s < t->servers + t->len; s++)
		due = msec_min(due, turns_server_due(node, s, wanted));
	for (unsigned i = 0; t->links_len && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			due = msec_min(due, link_due(t->links[i]));
	}
	return due;
}

bool turns_are_settled(const struct node *node, msec now)
{
	const struct turns *t = &node->signalling.turns;

	for (const struct turns_server *s = t->servers; s < t->servers + t->len; s++) {
		if (!s->used && (turns_is_trying(t, s) || turns_may_begin(node, s, now)))
			return false;
	}
	return true;
}

static enum action_kind poll_link(struct node *node, unsigned number, struct action *action,
				  msec now)
{
	struct turns *t = &node->signalling.turns;

	for (;;) {
		switch (turn_link_poll(node, t->links[number], t->message, &action->datagram, now)) {
		case TURN_LINK_NOTHING:
			return ACTION_NONE;
		case TURN_LINK_SENDS:
			return ACTION_SEND;
		case TURN_LINK_IS_UP:
			turns_link_is_up(node, t->links[number], now);
			break;
		case TURN_LINK_IS_OVER:
			turns_link_is_over(node, number, now);
			return ACTION_NONE;
		}
	}
}

enum action_kind turns_poll(struct node *node, struct action *action, msec now)
{
	struct turns *t = &node->signalling.turns;
	enum action_kind kind;

	if (!t->len && !t->links_len)
		return ACTION_NONE;
	attend(node, now);
	kind = turns_poll_names(t, action);
	for (unsigned i = 0; kind == ACTION_NONE && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			kind = poll_link(node, i, action, now);
	}
	return kind == ACTION_NONE ? streams_poll(&node->signalling.streams, action) : kind;
}

/* -- for who asks ------------------------------------------------------------------------ */

size_t node_turns_len(const struct node *node)
{
	return node->signalling.turns.len;
}

static enum node_turn_state turn_state_of(const struct turns *t, const struct turns_server *s,
					 msec now)
{
	if (s->used)
		return NODE_TURN_UP;
	if (turns_is_trying(t, s))
		return NODE_TURN_TRYING;
	if (s->retry_at == NEVER)
		return NODE_TURN_REFUSED;
	return s->retry_at > now ? NODE_TURN_RESTING : NODE_TURN_OFF;
}

void node_turn_status(const struct node *node, size_t i, struct turn_status *out, msec now)
{
	const struct turns *t = &node->signalling.turns;
	const struct turns_server *s = &t->servers[i];

	*out = (struct turn_status){.state = turn_state_of(t, s, now), .problem = s->problem};
	snprintf(out->name, sizeof(out->name), "%s", s->name);
	if (s->used) {
		out->transport = s->used->transport;
		out->relayed = s->used->allocation.relayed;
	}
	if (out->state == NODE_TURN_RESTING)
		out->retry = s->retry_at - now;
}

/* -- other settings ------------------------------------------------------------------------ */

static const char *text_or_none(const char *text)
{
	return text ? text : "";
}

static bool has_credential(const struct turns *t, const struct node_settings *settings)
{
	return strcmp(text_or_none(t->ca_file), text_or_none(settings->turn_ca)) == 0 &&
	       strcmp(t->user, text_or_none(settings->turn_user)) == 0 &&
	       strcmp(t->password, text_or_none(settings->turn_password)) == 0 &&
	       t->is_secret == settings->turn_is_secret;
}

/* Its links go on under another number of a server, or end. */
static void move_links(struct node *node, const uint8_t to[static TURNS_SERVERS], msec now)
{
	struct turns *t = &node->signalling.turns;

	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		struct turn_link *l = t->links[i];

		if (!l || l->server == NO_INDEX)
			continue;
		if (to[l->server] == NO_INDEX)
			turns_give_back(node, l, now);
		l->server = to[l->server];
	}
}

static uint8_t find_same(const struct node_settings *settings, const struct turns_server *s)
{
	for (size_t i = 0; i < settings->turn_len; i++) {
		if (is_same(s, &settings->turn[i]))
			return (uint8_t)i;
	}
	return NO_INDEX;
}

void turns_configure(struct node *node, const struct node_settings *settings, msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turns_server servers[TURNS_SERVERS];
	bool keeps = has_credential(t, settings);
	uint8_t to[TURNS_SERVERS];

	assert(settings->turn_len <= TURNS_SERVERS);
	for (size_t i = 0; i < settings->turn_len; i++)
		init_server(&servers[i], &settings->turn[i]);
	for (size_t i = 0; i < TURNS_SERVERS; i++) {
		to[i] = keeps && i < t->len ? find_same(settings, &t->servers[i]) : NO_INDEX;
		if (to[i] != NO_INDEX)
			servers[to[i]] = t->servers[i];
	}
	move_links(node, to, now);
	memcpy(t->servers, servers, settings->turn_len * sizeof(*servers));
	t->len = settings->turn_len;
	snprintf(t->user, sizeof(t->user), "%s", text_or_none(settings->turn_user));
	snprintf(t->password, sizeof(t->password), "%s", text_or_none(settings->turn_password));
	t->is_secret = settings->turn_is_secret;
	free(t->ca_file);
	t->ca_file = settings->turn_ca ? strdup(settings->turn_ca) : NULL;
	node->signalling.touched = true;
}
