/* turns.c -- relayed addresses of ours on TURN servers, shared by all peers. */
#include "node/turns.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/brain.h"

/* -- servers ------------------------------------------------------------------- */

void turns_init(struct turns *t, msec now)
{
	*t = (struct turns){.used = now - TURNS_IDLE};
}

static void free_link(struct node *node, unsigned number)
{
	struct turns *t = &node->signalling.turns;

	turn_link_free(node, t->links[number]);
	t->links_len -= t->links[number] != NULL;
	t->links[number] = NULL;
}

void turns_deinit(struct node *node)
{
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++)
		free_link(node, i);
	free(node->signalling.turns.ca_file);
	wipe(&node->signalling.turns, sizeof(node->signalling.turns));
}

static bool is_called(const struct turns_server *s, const char *host, uint16_t port)
{
	return s->port == port && strcmp(s->host, host) == 0;
}

static bool is_same(const struct turns_server *s, const struct node_turn_server *n)
{
	return is_called(s, n->host, n->port) && s->udp == n->udp && s->tcp == n->tcp &&
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

static const char *problem_of(const struct turns_server *s)
{
	if (s->stream_closed)
		return node_stream_end_text(s->why);
	if (s->failure.kind == TURN_NO_FAILURE && s->no_address)
		return "its name has no address";
	return turn_failure_text(&s->failure);
}

static void tell(struct node *node, const struct turns_server *s, enum event_kind kind, msec now)
{
	struct event e = {.at = now, .kind = kind, .text = s->problem};

	if (s->used) {
		e.way.transport = s->used->transport;
		e.seen = s->used->allocation.relayed;
	}
	snprintf(e.way.relay, sizeof(e.way.relay), "%s", s->name);
	events_add(&node->events, &e);
}

/* -- whether they are wanted ----------------------------------------------------- */

static bool is_wanted(const struct node *node, msec now)
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

	if (is_wanted(node, now))
		t->used = now;
	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		if (t->links[i] && t->links[i]->carried > t->used)
			t->used = t->links[i]->carried;
	}
}

/* -- asking a server --------------------------------------------------------------- */

/* Its link by that transport that is not on its way out; NULL: none. */
static struct turn_link *find_trying(const struct turns *t, const struct turns_server *s)
{
	uint8_t number = (uint8_t)(s - t->servers);

	for (unsigned i = 0; i < NODE_TURNS_MAX; i++) {
		struct turn_link *l = t->links[i];

		if (l && l->server == number && l != s->used && !turn_link_is_ending(l) &&
		    !turn_link_is_up(l))
			return l;
	}
	return NULL;
}

static bool is_trying(const struct turns *t, const struct turns_server *s)
{
	return s->stream_at != NEVER || s->wants_look_up || s->is_looked_up || find_trying(t, s);
}

/* 2, 4 .. 60 s, and up to a tenth less. */
static msec wait_after(const struct turns_server *s, struct rng *rng)
{
	unsigned doublings = s->failures ? s->failures - 1 : 0;

	if (!s->failures)
		return 0;
	return turn_earlier(rng, doublings < 5 ? (msec)TURNS_RETRY << doublings : TURNS_RETRY_MAX);
}

static void rest(struct node *node, struct turns_server *s, msec now)
{
	s->failures++;
	s->retry_at = now + wait_after(s, node->shared.rng);
}

/* One more link to it; what cannot be had just now may be had later. */
static void open_link(struct node *node, struct turns_server *s, struct turn_link_settings *settings,
		      msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turn_credential made = {0};
	uint64_t expiry = (node->shared.wall_ns / 1000000 + (uint64_t)TURNS_SECRET_LIFE) / 1000;
	unsigned number = 0;

	while (number < NODE_TURNS_MAX && t->links[number])
		number++;
	settings->user = t->user;
	settings->password = t->password;
	if (t->is_secret && turn_credential_make(&made, bytes_of(t->password, strlen(t->password)),
						 t->user, expiry)) {
		settings->user = made.user;
		settings->password = made.password;
	}
	settings->family = s->no_ipv4 ? IP_V6 : IP_V4;
	if (number < NODE_TURNS_MAX)
		t->links[number] = turn_link_new(node, settings, now);
	wipe(&made, sizeof(made));
	if (number == NODE_TURNS_MAX || !t->links[number])
		return;
	t->links_len++;
	t->links[number]->server = (uint8_t)(s - t->servers);
	t->links[number]->via = (uint16_t)(VIA_TURN + number);
}

static void open_udp(struct node *node, struct turns_server *s, msec now)
{
	struct turn_link_settings settings = {.at = s->at[s->next_at++ % s->at_len]};

	open_link(node, s, &settings, now);
}

static void open_stream(struct node *node, struct turns_server *s, msec now)
{
	const struct node_stream_target target = {
		.host = s->host, .port = s->port, .tls = s->tls,
		.ca_file = node->signalling.turns.ca_file, .framing = FRAMING_TURN};
	struct turn_link_settings settings = {.stream = &target};

	s->stream_at = NEVER;
	open_link(node, s, &settings, now);
}

static void begin_udp(struct node *node, struct turns_server *s, msec now)
{
	struct ip ip;

	if (ip_parse(&ip, s->host)) {
		s->at[0] = (struct endpoint){.ip = ip, .port = s->port};
		s->at_len = 1;
	}
	if (s->at_len && (now < s->look_up_after || ip_parse(&ip, s->host)))
		open_udp(node, s, now);
	else
		s->wants_look_up = true;
}

static void begin(struct node *node, struct turns_server *s, msec now)
{
	s->failure = (struct turn_failure){0};
	s->stream_closed = s->no_address = false;
	if (s->udp)
		begin_udp(node, s, now);
	if (s->tcp || s->tls)
		s->stream_at = s->udp ? now + TURNS_STREAM_AFTER : now;
	node->signalling.touched = true;
}

static bool is_renewed(const struct turns *t, const struct turns_server *s, msec now)
{
	return !t->is_secret || !s->used || now - s->used->began < TURNS_SECRET_RENEW;
}

static bool may_begin(const struct node *node, const struct turns_server *s, msec now)
{
	const struct turns *t = &node->signalling.turns;

	return !t->is_stopped && now >= s->retry_at && !is_trying(t, s) &&
	       (s->used ? !is_renewed(t, s, now) : is_wanted(node, now));
}

/* UDP has had its time, unless it is just being asked who we are. */
static bool stream_is_due(const struct turns *t, const struct turns_server *s, msec now)
{
	const struct turn_link *udp = find_trying(t, s);

	return now >= s->stream_at && !(udp && turn_link_is_answered(udp));
}

static void attend_server(struct node *node, struct turns_server *s, msec now)
{
	const struct turns *t = &node->signalling.turns;

	if (may_begin(node, s, now))
		begin(node, s, now);
	if (stream_is_due(t, s, now))
		open_stream(node, s, now);
}

/* -- names --------------------------------------------------------------------------- */

/* Of a family that we have an address of. */
static void take_addresses(const struct node *node, struct turns_server *s,
			   const struct endpoint *endpoints, size_t n)
{
	s->at_len = s->next_at = 0;
	for (size_t i = 0; i < n && s->at_len < TURNS_ADDRESSES; i++) {
		if (gather_has_family(&node->signalling.gather, endpoints[i].ip.family))
			s->at[s->at_len++] = endpoints[i];
	}
}

void turns_resolved(struct node *node, const char *host, uint16_t port,
		    const struct endpoint *endpoints, size_t n, msec now)
{
	struct turns *t = &node->signalling.turns;

	for (struct turns_server *s = t->servers; s < t->servers + t->len; s++) {
		if (!s->is_looked_up || !is_called(s, host, port))
			continue;
		s->is_looked_up = false;
		if (n) {
			s->look_up_after = now + TURNS_NAMES_AGE;
			take_addresses(node, s, endpoints, n);
		}
		s->no_address = !s->at_len;
		if (s->at_len)
			open_udp(node, s, now);
		else if (!is_trying(t, s))
			rest(node, s, now);
		node->signalling.touched = true;
	}
}

static enum action_kind poll_names(struct turns *t, struct action *action)
{
	for (struct turns_server *s = t->servers; s < t->servers + t->len; s++) {
		if (!s->wants_look_up)
			continue;
		s->wants_look_up = false;
		s->is_looked_up = true;
		action->host = s->host;
		action->port = s->port;
		return ACTION_RESOLVE;
	}
	return ACTION_NONE;
}

/* -- what becomes of a link ------------------------------------------------------------ */

static struct turns_server *server_of(struct turns *t, const struct turn_link *l)
{
	return l->server == NO_INDEX ? NULL : &t->servers[l->server];
}

static void show_candidate(struct node *node, const struct turn_link *l,
			   const struct gathered_turn *turn, msec now)
{
	if (gather_set_turn(&node->signalling.gather, l->via, turn))
		signalling_tell(node, now);
}

/* Nothing is sent there any more. */
static void give_back(struct node *node, struct turn_link *l, msec now)
{
	struct turns_server *s = server_of(&node->signalling.turns, l);

	if (s && s->used == l)
		s->used = NULL;
	show_candidate(node, l, &(struct gathered_turn){0}, now);
	turn_link_stop(l, now);
}

/* What else was tried in this round is too late; the one before, whose credential is about to
 * run out, stays for a moment. */
static void link_is_up(struct node *node, struct turn_link *l, msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turns_server *s = server_of(t, l);
	const struct gathered_turn turn = {
		.base = {.at = l->allocation.relayed, .via = l->via},
		.mapped = l->allocation.mapped,
		.server = l->at.ip,
		.is_stream = l->transport != PATH_UDP,
	};
	struct turn_link *other;

	if (!s)
		return;
	if (s->used)
		s->used->retires = now + TURNS_HANDOVER;
	s->used = l;
	s->stream_at = NEVER;
	s->has_worked = true;
	s->problem = NULL;
	s->failure = (struct turn_failure){0};
	while ((other = find_trying(t, s)))
		turn_link_stop(other, now);
	tell(node, s, EVENT_TURN_UP, now);
	show_candidate(node, l, &turn, now);
}

static bool is_answer(enum turn_failure_kind kind)
{
	return kind == TURN_REFUSED || kind == TURN_DENIED || kind == TURN_UNSIGNED;
}

/* An answer of the server's tells more than silence. */
static void keep_failure(struct turns_server *s, const struct turn_link *l)
{
	if (is_answer(s->failure.kind))
		return;
	s->failure = l->allocation.failure;
	s->stream_closed = l->stream_closed;
	s->why = l->why;
}

/* All ways of this round have failed. */
static void round_failed(struct node *node, struct turns_server *s, msec now)
{
	rest(node, s, now);
	s->problem = problem_of(s);
	if (is_answer(s->failure.kind))
		s->retry_at = s->failure.retry_at;
	if (s->retry_at == NEVER && s->has_worked)
		s->retry_at = now + TURNS_RETRY_MAX;	/* what was good once may be again */
	if (s->failures == 1 || s->retry_at == NEVER)
		tell(node, s, s->retry_at == NEVER ? EVENT_TURN_REFUSED : EVENT_TURN_FAILED, now);
}

static void link_failed(struct node *node, struct turns_server *s, const struct turn_link *l,
			msec now)
{
	bool lacks_ipv4 = l->allocation.failure.error == STUN_FAMILY_NOT_SUPPORTED;

	if (lacks_ipv4 && !s->no_ipv4)
		s->no_ipv4 = true;		/* and again at once */
	else if (s->stream_at != NEVER)
		s->stream_at = now;
	else if (!is_trying(&node->signalling.turns, s))
		round_failed(node, s, now);
}

static void link_was_lost(struct node *node, struct turns_server *s, const struct turn_link *l,
			  msec now)
{
	if (now - l->up_since >= TURNS_STEADY)
		s->failures = 0;
	s->retry_at = now + wait_after(s, node->shared.rng);
	s->failures++;
	s->problem = problem_of(s);
	tell(node, s, EVENT_TURN_LOST, now);
}

static void link_is_over(struct node *node, unsigned number, msec now)
{
	struct turns *t = &node->signalling.turns;
	struct turn_link *l = t->links[number];
	struct turns_server *s = l->is_stopped ? NULL : server_of(t, l);
	bool was_used = s && s->used == l;

	if (!l->is_stopped)
		give_back(node, l, now);
	if (s)
		keep_failure(s, l);
	if (was_used)
		link_was_lost(node, s, l, now);
	else if (s && l->up_since == NEVER)
		link_failed(node, s, l, now);
	free_link(node, number);
	node->signalling.touched = true;
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
			give_back(node, l, now);
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
		attend_server(node, s, now);
}

void turns_tick(struct node *node, msec now)
{
	struct turns *t = &node->signalling.turns;

	for (unsigned i = 0; t->links_len && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			turn_link_tick(t->links[i], now);
	}
}

static msec server_due(const struct node *node, const struct turns_server *s, bool wanted)
{
	const struct turns *t = &node->signalling.turns;
	const struct turn_link *trying = find_trying(t, s);
	msec due = trying && turn_link_is_answered(trying) ? NEVER : s->stream_at;

	if (is_trying(t, s))
		return due;
	if (s->used)
		return t->is_secret ? s->used->began + TURNS_SECRET_RENEW : NEVER;
	return wanted ? s->retry_at : NEVER;
}

msec turns_due(const struct node *node, msec now)
{
	const struct turns *t = &node->signalling.turns;
	bool wanted = t->len && is_wanted(node, now);
	msec due = t->links_len ? t->used + TURNS_IDLE : NEVER;

	for (const struct turns_server *s = t->servers; s < t->servers + t->len; s++)
		due = msec_min(due, server_due(node, s, wanted));
	for (unsigned i = 0; t->links_len && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			due = msec_min(due, turn_link_due(t->links[i]));
	}
	return due;
}

bool turns_are_settled(const struct node *node, msec now)
{
	const struct turns *t = &node->signalling.turns;

	for (const struct turns_server *s = t->servers; s < t->servers + t->len; s++) {
		if (!s->used && (is_trying(t, s) || may_begin(node, s, now)))
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
			link_is_up(node, t->links[number], now);
			break;
		case TURN_LINK_IS_OVER:
			link_is_over(node, number, now);
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
	kind = poll_names(t, action);
	for (unsigned i = 0; kind == ACTION_NONE && i < NODE_TURNS_MAX; i++) {
		if (t->links[i])
			kind = poll_link(node, i, action, now);
	}
	return kind;
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
	if (is_trying(t, s))
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
			give_back(node, l, now);
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
