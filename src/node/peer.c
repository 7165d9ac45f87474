/* peer.c -- one configured peer: its session, its path, what waits for it. */
#include "node/reach.h"
#include "node/rendezvous_links.h"
#include "node/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer_settings *peer_settings_new(const struct node_peer_settings *from)
{
	size_t ips_size = from->allowed_ips_len * sizeof(*from->allowed_ips);
	size_t name_size = strlen(from->name) + 1;
	/* to call it there would tell it where we are */
	bool has_endpoint = from->endpoint_host && from->path != PEER_PATH_RELAY_ONLY;
	size_t host_size = has_endpoint ? strlen(from->endpoint_host) + 1 : 0;
	struct peer_settings *s = calloc(1, sizeof(*s) + ips_size + name_size + host_size);

	if (!s)
		return NULL;
	s->allowed_ips = (struct cidr *)(s + 1);
	s->allowed_ips_len = from->allowed_ips_len;
	if (ips_size)
		memcpy(s->allowed_ips, from->allowed_ips, ips_size);
	s->name = (char *)(s + 1) + ips_size;
	memcpy(s->name, from->name, name_size);
	if (host_size) {
		s->endpoint_host = s->name + name_size;
		memcpy(s->endpoint_host, from->endpoint_host, host_size);
	}
	s->endpoint_port = from->endpoint_port;
	s->keepalive = from->keepalive;
	s->path = from->path;
	s->cipher = from->cipher;
	return s;
}

void peer_settings_free(struct peer_settings *settings)
{
	free(settings);
}

/* The endpoint as configured: an address at once, a name when it is needed. */
static void start_from_endpoint(struct peer *peer)
{
	const struct peer_settings *s = peer->settings;
	struct ip ip;

	peer->configured = (struct endpoint){0};
	peer->resolve_after = 0;
	peer->unresolved = 0;
	if (s->endpoint_host && ip_parse(&ip, s->endpoint_host))
		peer->configured = (struct endpoint){.ip = ip, .port = s->endpoint_port};
	peer->path = (struct path){.remote = peer->configured};
}

struct peer *peer_new(struct session_shared *shared, struct events *events,
		      const struct node_peer_settings *from, struct peer_settings *settings,
		      struct rendezvous_link *link, bool *bad_key)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	const struct noise_identity *self = link ? &link->identity : &shared->identity;

	*bad_key = false;
	if (!peer)
		return NULL;
	if (!session_init_as(&peer->session, shared, self, from->public_key, from->psk,
			     settings->keepalive)) {
		*bad_key = true;
		free(peer);
		return NULL;
	}
	if (!link)
		session_set_suites(&peer->session, cipher_suites(settings->cipher), 0);
	peer->cipher.session = SUITE_CHACHA20;	/* that is not worth telling */
	peer->events = events;
	peer->settings = settings;
	peer->link = link;
	peer->timer.due = NEVER;
	peer->heard_by_udp = NEVER;
	list_init(&peer->owing);
	start_from_endpoint(peer);
	return peer;
}

void peer_drop_reach(struct peer *peer)
{
	reach_free(peer->reach);
	peer->reach = NULL;
	peer->eager = false;
}

void peer_free(struct peer *peer)
{
	if (!peer)
		return;
	peer_drop_reach(peer);
	free(peer->introducer);
	free(peer->known);
	list_remove(&peer->owing);
	queue_clear(&peer->queue);
	session_deinit(&peer->session);
	if (peer->link)
		wipe(peer->link, sizeof(*peer->link));
	free(peer->link);
	peer_settings_free(peer->settings);
	free(peer);
}

static bool same_endpoint(const struct peer_settings *a, const struct peer_settings *b)
{
	if (!a->endpoint_host || !b->endpoint_host)
		return a->endpoint_host == b->endpoint_host;
	return a->endpoint_port == b->endpoint_port &&
	       strcmp(a->endpoint_host, b->endpoint_host) == 0;
}

/* A question that is under way is about the old one. A peer that has none any more
 * stays where it is. */
static void change_endpoint(struct peer *peer)
{
	peer->wants_resolve = peer->resolving = false;
	peer->configured = (struct endpoint){0};
	if (peer->settings->endpoint_host)
		start_from_endpoint(peer);
}

void peer_configure(struct peer *peer, struct peer_settings *settings,
		    const uint8_t psk[static KEY_LEN], msec now)
{
	struct peer_settings *old = peer->settings;

	peer->settings = settings;
	if (!key_equal(peer->session.peer.psk, psk)) {
		session_set_psk(&peer->session, psk);
		peer->has_tag = false;
		peer_drop_reach(peer);	/* what it says is sealed with the old one */
	}
	if (old->keepalive != settings->keepalive)
		session_set_persistent(&peer->session, settings->keepalive, now);
	if (old->cipher != settings->cipher)
		cipher_configure(peer, now);
	if (!same_endpoint(old, settings))
		change_endpoint(peer);
	if (old->path != settings->path) {
		peer_drop_reach(peer);	/* it may have what is not to be used any more */
		start_from_endpoint(peer);
	}
	peer_settings_free(old);
}

bool peer_has_path(const struct peer *peer)
{
	return peer->path.remote.ip.family != IP_NONE;
}

bool peer_allows(const struct peer *peer, const struct path *path)
{
	if (peer->reach)
		return reach_allows(peer->reach, path->via, &path->remote);
	switch (peer->settings->path) {
	case PEER_PATH_DIRECT_ONLY:
		return !via_is_wrapped(path->via);
	case PEER_PATH_RELAY_ONLY:
		return via_is_wrapped(path->via);
	case PEER_PATH_AUTO:
		break;
	}
	return true;
}

bool peer_may_send(const struct peer *peer, msec now)
{
	return peer_has_path(peer) && session_may_send(&peer->session, now);
}

bool peer_is_endpoint(const struct peer *peer, const struct endpoint *remote)
{
	return endpoint_equal(&peer->path.remote, remote);
}

static bool has_name(const struct peer *peer)
{
	struct ip ip;

	return peer->settings->endpoint_host && !ip_parse(&ip, peer->settings->endpoint_host);
}

static void want_resolve(struct peer *peer, msec now)
{
	if (!has_name(peer) || peer->resolving || now < peer->resolve_after)
		return;
	peer->wants_resolve = true;
	peer->resolving = true;
}

bool peer_connect(struct peer *peer, msec now)
{
	if (peer_has_path(peer)) {
		session_want_handshake(&peer->session, now);
		return true;
	}
	want_resolve(peer, now);
	return has_name(peer);
}

void peer_call_if_found(struct peer *peer, msec now)
{
	bool found = peer->reach ? peer->reach->chosen != NO_INDEX : peer_has_path(peer);

	if (!peer->eager || !found)
		return;
	peer->eager = false;
	if (!session_may_send(&peer->session, now))
		session_want_handshake(&peer->session, now);
}

/* What was on its way by TCP when the two went over to UDP: to follow it would lead both back. */
static bool is_late(const struct peer *peer, const struct path *path, msec now)
{
	return path->via == VIA_TCP && via_is_udp(peer->path.via) && peer->heard_by_udp != NEVER &&
	       now - peer->heard_by_udp < TRANSPORT_LATE;
}

void peer_heard(struct peer *peer, const struct path *path, msec now)
{
	static const struct bucket_limit limit = {MOVES_PER_SECOND, MOVES_BURST};
	bool moved = !way_equal(&peer->path, path);

	peer->unanswered = 0;
	if (is_late(peer, path, now))
		return;
	if (via_is_udp(path->via))
		peer->heard_by_udp = now;
	peer->left = (struct endpoint){0};
	peer->path = *path;
	if (moved && bucket_take(&peer->moves, &limit, now))
		peer_tell(peer, EVENT_PATH_CHOSEN, EVENT_CALLED, now);
}

/* The address after the one that did not answer, or the first. */
static const struct endpoint *choose(const struct peer *peer, const struct endpoint *endpoints,
				     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (peer_is_endpoint(peer, &endpoints[i]))
			return &endpoints[(i + 1) % n];
	}
	return &endpoints[0];
}

bool peer_is_named(const struct peer *peer, const char *host, uint16_t port)
{
	const struct peer_settings *s = peer->settings;

	return s->endpoint_host && s->endpoint_port == port && strcmp(s->endpoint_host, host) == 0;
}

/* 5, 10, 20 .. 60 s, and a little more at random after the first. */
static msec resolve_wait(struct peer *peer)
{
	unsigned doublings = peer->unresolved++;
	msec wait = doublings < 4 ? (msec)RESOLVE_RETRY << doublings : RESOLVE_RETRY_MAX;

	return doublings ? wait + rng_below(peer->session.shared->rng, (uint32_t)wait / 10) : wait;
}

unsigned peer_resolved(struct peer *peer, const struct endpoint *endpoints, size_t n, msec now)
{
	bool waited = !peer_has_path(peer);
	const struct endpoint *chosen;

	if (!peer->resolving)
		return 0;
	peer->resolving = false;
	if (n == 0) {
		if (!peer->unresolved)
			log_warn("%s: no address found for its endpoint %s", peer->settings->name,
				 peer->settings->endpoint_host ? peer->settings->endpoint_host : "");
		peer->resolve_after = now + resolve_wait(peer);
		return waited ? queue_clear(&peer->queue) : 0;
	}
	peer->resolve_after = now + RESOLVE_PAUSE;
	peer->unresolved = 0;
	chosen = choose(peer, endpoints, n);
	peer->configured = *chosen;
	if (!peer_is_endpoint(peer, chosen)) {
		peer->path = (struct path){.remote = *chosen};
		if (session_may_send(&peer->session, now))
			peer_tell(peer, EVENT_PATH_CHOSEN, EVENT_BY_NAME, now);
	}
	if (waited)
		session_want_handshake(&peer->session, now);
	return 0;
}

/* Whoever could delay one datagram of the peer's and send it on may have led us astray; or
 * the peer was elsewhere and has come home. */
static void try_other_endpoint(struct peer *peer)
{
	bool is_home = peer_is_endpoint(peer, &peer->configured);
	struct endpoint other = is_home ? peer->left : peer->configured;

	if (other.ip.family == IP_NONE || (peer->reach && peer->reach->chosen != NO_INDEX))
		return;
	if (!is_home && via_is_udp(peer->path.via))
		peer->left = peer->path.remote;
	peer->path = (struct path){.remote = other};
}

void peer_initiated(struct peer *peer, msec now)
{
	if (++peer->unanswered <= RESOLVE_AGAIN_AFTER)
		return;
	want_resolve(peer, now);
	try_other_endpoint(peer);
}

/* Somebody waits for the name who does not come by again to ask for it. */
static msec next_question(const struct peer *peer)
{
	bool waits = peer->settings->keepalive || peer->queue.len;

	return waits && has_name(peer) && !peer_has_path(peer) && !peer->resolving
		       ? peer->resolve_after : NEVER;
}

bool peer_is_held(const struct peer *peer, msec now)
{
	return peer->reach && !session_may_send(&peer->session, now) &&
	       now < reach_hold(peer->reach);
}

/* What is owed and was not said is held back. */
static msec message_due(const struct peer *peer)
{
	msec due = session_due(&peer->session);

	return due || !peer->reach ? due : reach_hold(peer->reach);
}

/* What a session without a path owes stays owed; but its keys are wiped in time. */
msec peer_due(const struct peer *peer)
{
	msec end = peer->was_connected ? session_expires(&peer->session) : NEVER;

	if (peer_has_path(peer))
		return msec_min(message_due(peer), end);
	return msec_min(msec_min(timers_due(&peer->session.timers), next_question(peer)), end);
}

void peer_tick(struct peer *peer, msec now)
{
	session_tick(&peer->session, now);
	if (now >= next_question(peer))
		want_resolve(peer, now);
}

/* -- what is told of it -------------------------------------------------------- */

static struct event event_of(const struct peer *peer, enum event_kind kind, msec now)
{
	struct event e = {.at = now, .kind = kind};

	snprintf(e.name, sizeof(e.name), "%s", peer->settings->name);
	memcpy(e.peer, peer->session.peer.public_key, KEY_LEN);
	peer_path_status(peer, &e.way);
	return e;
}

void peer_tell(const struct peer *peer, enum event_kind kind, enum event_reason reason, msec now)
{
	struct event e = event_of(peer, kind, now);

	e.reason = reason;
	events_add(peer->events, &e);
}

void peer_tell_seen(const struct peer *peer, const struct endpoint *seen, msec now)
{
	struct event e = event_of(peer, EVENT_SEEN_AT, now);

	e.seen = *seen;
	events_add(peer->events, &e);
}

void peer_tell_stream(const struct peer *peer, enum node_stream_end why, msec now)
{
	struct event e = event_of(peer, EVENT_NO_CONNECTION, now);

	e.stream_end = why;
	events_add(peer->events, &e);
}

void peer_tell_cipher(const struct peer *peer, enum event_kind kind, enum aead_suite suite, msec now)
{
	struct event e = event_of(peer, kind, now);

	e.text = aead_suite_name(suite);
	events_add(peer->events, &e);
}

void peer_tell_session(struct peer *peer, msec now)
{
	bool connected = session_may_send(&peer->session, now);

	/* of a rendezvous it is told whether it passes our signalling on */
	if (peer->link || connected == peer->was_connected)
		return;
	peer->was_connected = connected;
	if (connected)
		peer_tell(peer, EVENT_CONNECTED, EVENT_NO_REASON, now);
	else
		peer_tell(peer, EVENT_DISCONNECTED,
			  peer->unanswered ? EVENT_UNANSWERED : EVENT_IDLE, now);
}

static bool is_looked_for(const struct peer *peer, msec now)
{
	return peer->reach && peer->reach->searching_since != NEVER &&
	       now - peer->reach->searching_since < REACH_SEARCH;
}

enum peer_state peer_state(const struct peer *peer, msec now)
{
	const struct session *s = &peer->session;

	if (session_may_send(s, now))
		return PEER_DIRECT;
	if (s->owes_initiation || s->timers.retransmit != NEVER || s->next ||
	    is_looked_for(peer, now))
		return PEER_CONNECTING;
	return PEER_IDLE;
}
