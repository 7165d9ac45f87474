/* known.c -- where peers were when we were last connected, to meet again without anybody's help. */
#include "node/known.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"

void known_init(struct known_clock *clock, msec now)
{
	*clock = (struct known_clock){.due = NEVER, .written = now - KNOWN_PAUSE};
}

void known_changed(struct node *node, msec now)
{
	struct known_clock *clock = &node->known;
	msec due = now + KNOWN_SETTLE;

	if (due < clock->written + KNOWN_PAUSE)
		due = clock->written + KNOWN_PAUSE;
	clock->due = msec_min(clock->due, due);
}

static struct known *known_of(struct peer *peer)
{
	if (!peer->known)
		peer->known = calloc(1, sizeof(*peer->known));
	return peer->known;
}

/* -- learning -------------------------------------------------------------- */

/* A link-local address is no place: what link, after a restart? */
static void add_place(struct known *k, const struct endpoint *at)
{
	if (at->ip.family == IP_NONE || ip_is_link_local(&at->ip))
		return;
	for (size_t i = 0; i < k->len; i++) {
		if (endpoint_equal(&k->places[i], at))
			return;
	}
	if (k->len < CACHE_PLACES)
		k->places[k->len++] = *at;
}

static void add_remotes(struct known *k, const struct checklist *list, bool hosts)
{
	for (size_t i = 0; i < REMOTES_MAX; i++) {
		const struct candidate *c = &list->remotes[i];

		if (c->type != CANDIDATE_NONE && c->type != CANDIDATE_RELAY &&
		    c->proto == CANDIDATE_UDP &&
		    (c->type == CANDIDATE_HOST) == hosts)
			add_place(k, &c->at);
	}
}

/* By a relay of ours the path leads to whom that takes for the peer, one of the peer's is somewhere
 * else tomorrow, and by TCP it leads to a port that the peer's NAT has for that. */
static bool is_at_place(const struct peer *peer)
{
	return via_is_udp(peer->path.via) &&
	       !(peer->reach && reach_is_relay_of_peer(peer->reach, &peer->path.remote));
}

/* Addresses outside before those behind its NAT: on one LAN they find each other anyhow. */
static void learn_places(struct known *k, const struct peer *peer)
{
	k->len = 0;
	if (is_at_place(peer))
		add_place(k, &peer->path.remote);
	for (int hosts = 0; peer->reach && hosts <= 1; hosts++)
		add_remotes(k, &peer->reach->agent.list, hosts);
}

static void learn(const struct node *node, struct peer *peer, bool connected)
{
	struct known *k = known_of(peer);

	if (!k)
		return;
	k->connected = connected;
	k->connected_ms = node->signalling.shared.wall_ms;
	k->came_from = (struct endpoint){0};	/* it is among the places now, or was no way */
	learn_places(k, peer);
}

static bool has_moved(const struct known *k, const struct peer *peer)
{
	return k->len && is_at_place(peer) && !ip_is_link_local(&peer->path.remote.ip) &&
	       !endpoint_equal(&k->places[0], &peer->path.remote);
}

void known_attend(struct node *node, struct peer *peer, msec now)
{
	bool connected = peer_may_send(peer, now);
	const struct known *k = peer->known;
	bool was = k && k->connected;

	if (connected == was && !(was && has_moved(k, peer)))
		return;
	learn(node, peer, connected);
	known_changed(node, now);
}

void known_came_from(struct peer *peer, const struct endpoint *from)
{
	struct known *k = known_of(peer);

	if (k)
		k->came_from = *from;
}

/* -- using ----------------------------------------------------------------- */

static bool may_send_to(const struct node *node, const struct endpoint *at)
{
	const struct signalling *s = &node->signalling;

	return at->ip.family != IP_NONE &&
	       candidate_check(at, s->refused, s->refused_len) == CANDIDATE_FINE;
}

/* Handshakes go to the configured endpoint anyhow. */
static bool is_target(const struct node *node, const struct peer *peer, const struct endpoint *at)
{
	return !endpoint_equal(at, &peer->configured) && may_send_to(node, at);
}

size_t known_targets(const struct node *node, const struct peer *peer,
		     struct endpoint out[static KNOWN_TARGETS])
{
	const struct known *k =
		peer->settings->path == PEER_PATH_RELAY_ONLY ? NULL : peer->known;
	bool twice = false;
	size_t n = 0;

	for (size_t i = 0; k && i < k->len; i++) {
		if (is_target(node, peer, &k->places[i]))
			out[n++] = k->places[i];
		twice |= endpoint_equal(&k->places[i], &k->came_from);
	}
	if (k && !twice && is_target(node, peer, &k->came_from))
		out[n++] = k->came_from;
	return n;
}

/* -- the file -------------------------------------------------------------- */

bool known_poll(struct node *node, msec now)
{
	struct known_clock *clock = &node->known;

	if (now < clock->due)
		return false;
	clock->due = NEVER;
	clock->written = now;
	return true;
}

size_t node_known_size(const struct node *node)
{
	return CACHE_FRAME + node->roster.len * CACHE_ENTRY_MAX;
}

static uint64_t heard_ms(const struct peer *peer)
{
	return peer->reach ? peer->reach->exchange.heard_ms : peer->signal_heard_ms;
}

static void write_peer(struct writer *w, const struct peer *peer)
{
	struct cache_entry e = {.heard_ms = heard_ms(peer)};
	const struct known *k = peer->known;

	if (k) {
		e.connected_ms = k->connected_ms;
		e.connected = k->connected;
		e.places_len = k->len;
		memcpy(e.places, k->places, sizeof(e.places));
	}
	memcpy(e.public_key, peer->session.peer.public_key, KEY_LEN);
	e.suites = peer->session.theirs;
	if (e.heard_ms || e.places_len || e.suites)
		cache_put(w, &e);
}

void node_known_write(struct node *node, struct writer *w, msec now)
{
	bool connected = false;

	cache_begin(w);
	for (size_t i = 0; i < node->roster.len; i++) {
		struct peer *peer = node->roster.peers[i];

		if (peer_may_send(peer, now))
			learn(node, peer, true);
		else if (peer->known)
			peer->known->connected = false;
		connected |= peer->known && peer->known->connected;
		write_peer(w, peer);
	}
	cache_end(w);
	if (connected)
		node->known.due = msec_min(node->known.due, now + KNOWN_REFRESH);
}

static bool is_fresh(const struct node *node, const struct cache_entry *e)
{
	uint64_t wall_ms = node->signalling.shared.wall_ms;

	/* a clock that was set back makes nobody old */
	return e->connected && (wall_ms < e->connected_ms || wall_ms - e->connected_ms < KNOWN_FRESH);
}

/* Of the last life; what this one has learnt already stands. */
static bool take(struct peer *peer, const struct cache_entry *e, msec now)
{
	struct known *k;

	if (peer->signal_heard_ms < e->heard_ms)
		peer->signal_heard_ms = e->heard_ms;
	if (!peer->session.theirs)
		session_learn_suites(&peer->session, e->suites, now);
	k = e->places_len && !peer->known ? known_of(peer) : NULL;
	if (!k)
		return false;
	k->connected_ms = e->connected_ms;
	k->len = e->places_len;
	memcpy(k->places, e->places, sizeof(k->places));
	return true;
}

/* Who never told us where it is has called us, or is plain WireGuard: it is called back. */
static void resume(struct node *node, struct peer *peer, unsigned *seeks, msec now)
{
	const struct endpoint *place = &peer->known->places[0];

	if (!peer->signal_heard_ms && !peer->settings->endpoint_host &&
	    peer->settings->path != PEER_PATH_RELAY_ONLY && may_send_to(node, place))
		peer->path = (struct path){.remote = *place};
	if (!peer_connect(peer, now)) {
		if (*seeks == KNOWN_SEEKS || !signalling_seek(node, peer, now))
			return;
		(*seeks)++;
		peer->eager = true;
	}
	node_touch(node, peer);
}

bool node_known_restore(struct node *node, struct bytes file, msec now)
{
	struct reader entries;
	struct cache_entry e;
	unsigned seeks = 0;

	if (!cache_open(&entries, file))
		return false;
	while (cache_next(&e, &entries)) {
		struct peer *peer = node_find_peer(node, e.public_key);

		if (peer && take(peer, &e, now) && is_fresh(node, &e))
			resume(node, peer, &seeks, now);
	}
	return true;
}
