/* turns_ask.c -- when a TURN server is asked for an address, where, and by what. */
#include <string.h>

#include "node/brain.h"
#include "node/turns_facts.h"

/* Its link by that transport that is not on its way out; NULL: none. */
struct turn_link *turns_find_trying(const struct turns *t, const struct turns_server *s)
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

bool turns_is_trying(const struct turns *t, const struct turns_server *s)
{
	return s->stream_at != NEVER || s->wants_look_up || s->is_looked_up || turns_find_trying(t, s);
}

/* 2, 4 .. 60 s, and up to a tenth less. */
msec turns_wait_after(const struct turns_server *s, struct rng *rng)
{
	unsigned doublings = s->failures ? s->failures - 1 : 0;

	if (!s->failures)
		return 0;
	return turn_earlier(rng, doublings < 5 ? (msec)TURNS_RETRY << doublings : TURNS_RETRY_MAX);
}

void turns_rest(struct node *node, struct turns_server *s, msec now)
{
	s->failures++;
	s->retry_at = now + turns_wait_after(s, node->shared.rng);
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

bool turns_may_begin(const struct node *node, const struct turns_server *s, msec now)
{
	const struct turns *t = &node->signalling.turns;

	return !t->is_stopped && now >= s->retry_at && !turns_is_trying(t, s) &&
	       (s->used ? !is_renewed(t, s, now) : turns_are_wanted(node, now));
}

/* UDP has had its time, unless it is just being asked who we are. */
static bool stream_is_due(const struct turns *t, const struct turns_server *s, msec now)
{
	const struct turn_link *udp = turns_find_trying(t, s);

	return now >= s->stream_at && !(udp && turn_link_is_answered(udp));
}

void turns_attend_server(struct node *node, struct turns_server *s, msec now)
{
	const struct turns *t = &node->signalling.turns;

	if (turns_may_begin(node, s, now))
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
		if (!s->is_looked_up || !turns_is_called(s, host, port))
			continue;
		s->is_looked_up = false;
		if (n) {
			s->look_up_after = now + TURNS_NAMES_AGE;
			take_addresses(node, s, endpoints, n);
		}
		s->no_address = !s->at_len;
		if (s->at_len)
			open_udp(node, s, now);
		else if (!turns_is_trying(t, s))
			turns_rest(node, s, now);
		node->signalling.touched = true;
	}
}

enum action_kind turns_poll_names(struct turns *t, struct action *action)
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

msec turns_server_due(const struct node *node, const struct turns_server *s, bool wanted)
{
	const struct turns *t = &node->signalling.turns;
	const struct turn_link *trying = turns_find_trying(t, s);
	msec due = trying && turn_link_is_answered(trying) ? NEVER : s->stream_at;

	if (turns_is_trying(t, s))
		return due;
	if (s->used)
		return t->is_secret ? s->used->began + TURNS_SECRET_RENEW : NEVER;
	return wanted ? s->retry_at : NEVER;
}
