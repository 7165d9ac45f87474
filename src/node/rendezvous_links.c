/* rendezvous_links.c -- the rendezvous of the settings: sessions with who is no peer. */
#include "node/rendezvous_links.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"

struct peer *node_contact(const struct node *node, size_t i)
{
	const struct rendezvous_links *links = &node->links;

	if (i < node->roster.len)
		return node->roster.peers[i];
	i -= node->roster.len;
	return i < links->len ? links->peers[i] : NULL;
}

static struct rendezvous_link *link_new(struct rng *rng)
{
	struct rendezvous_link *link = calloc(1, sizeof(*link));
	uint8_t key[KEY_LEN];

	if (!link)
		return NULL;
	key_generate(key, rng);
	noise_identity_init(&link->identity, key);
	wipe(key, sizeof(key));
	cookie_checker_init(&link->cookies, link->identity.public_key);
	link->again = NEVER;
	return link;
}

static struct node_peer_settings as_peer(const struct node_rendezvous_settings *from)
{
	struct node_peer_settings to = {
		.name = from->name,
		.endpoint_host = from->host,
		.endpoint_port = from->port,
		.keepalive = INTRODUCER_KEEPALIVE,
	};

	memcpy(to.public_key, from->public_key, KEY_LEN);
	memcpy(to.psk, from->psk, KEY_LEN);
	return to;
}

static struct peer *make(struct node *node, const struct node_peer_settings *from,
			 struct peer_settings *settings)
{
	struct rendezvous_link *link = link_new(node->shared.rng);
	struct peer *peer = NULL;
	bool bad_key;

	if (link)
		peer = peer_new(&node->shared, &node->events, from, settings, link, &bad_key);
	if (!peer && link)
		wipe(link, sizeof(*link));
	if (!peer)
		free(link);
	return peer;
}

static struct peer *take_from(struct rendezvous_links *old, const struct node_peer_settings *s)
{
	for (size_t i = 0; i < old->len; i++) {
		struct peer *peer = old->peers[i];

		if (!peer || !peer_is_named(peer, s->endpoint_host, s->endpoint_port) ||
		    !key_equal(peer->session.peer.public_key, s->public_key))
			continue;
		old->peers[i] = NULL;
		return peer;
	}
	return NULL;
}

/* NULL: no memory, or a key that cannot be. */
static struct peer *find_or_make(struct node *node, struct rendezvous_links *old,
				 const struct node_rendezvous_settings *from, msec now)
{
	struct node_peer_settings as = as_peer(from);
	struct peer_settings *settings = peer_settings_new(&as);
	struct peer *peer = NULL;

	if (settings)
		peer = take_from(old, &as);
	if (peer)
		peer_configure(peer, settings, as.psk, now);
	else if (settings)
		peer = make(node, &as, settings);
	if (!peer)
		peer_settings_free(settings);
	wipe(&as, sizeof(as));
	return peer;
}

static void free_all(struct rendezvous_links *links)
{
	for (size_t i = 0; i < links->len; i++)
		peer_free(links->peers[i]);
	links->len = 0;
}

/* The heap of timers is a new one. */
void rendezvous_links_set(struct node *node, const struct node_settings *settings, msec now)
{
	struct rendezvous_links old = node->links;

	node->links.len = 0;
	for (size_t i = 0; i < settings->rendezvous_len; i++) {
		struct peer *peer = find_or_make(node, &old, &settings->rendezvous[i], now);

		if (!peer) {
			log_warn("rendezvous %s: out of memory, or a public key that cannot be; "
				 "going on without it", settings->rendezvous[i].name);
			continue;
		}
		peer->timer.place = 0;
		node_touch(node, peer);
		node->links.peers[node->links.len++] = peer;
	}
	free_all(&old);
}

void rendezvous_links_deinit(struct node *node)
{
	free_all(&node->links);
}

void rendezvous_link_rest(struct node *node, struct peer *peer, msec now)
{
	session_set_persistent(&peer->session, 0, now);
	peer->link->again = now + LINK_REST + rng_below(node->shared.rng, LINK_REST);
	node->signalling.touched = true;
}

void rendezvous_link_wake(struct node *node, struct peer *peer, msec now)
{
	peer->link->again = NEVER;
	session_set_persistent(&peer->session, INTRODUCER_KEEPALIVE, now);
	peer_connect(peer, now);
	node_touch(node, peer);
}

/* -- for those who ask ------------------------------------------------------------ */

const char *rendezvous_state_name(enum node_rendezvous_state state)
{
	static const char *const names[] = {
		[NODE_RENDEZVOUS_OK] = "ok",
		[NODE_RENDEZVOUS_CONNECTING] = "connecting",
		[NODE_RENDEZVOUS_NO_ANSWER] = "no_answer",
		[NODE_RENDEZVOUS_NO_ADDRESS] = "no_address",
	};

	return names[state];
}

/* Still so while it is asked again, until it does not answer at once. */
static bool holds_mailboxes(const struct introducer *in)
{
	return in->client.state == RENDEZVOUS_REGISTERED ||
	       (in->client.state == RENDEZVOUS_REGISTERING && in->was_up && !in->client.tries);
}

static enum node_rendezvous_state state_of(const struct peer *peer, msec now)
{
	if (peer_may_send(peer, now) && peer->introducer && holds_mailboxes(peer->introducer))
		return NODE_RENDEZVOUS_OK;
	if (!peer_has_path(peer) && peer->unresolved)
		return NODE_RENDEZVOUS_NO_ADDRESS;
	return peer->link->again != NEVER ? NODE_RENDEZVOUS_NO_ANSWER : NODE_RENDEZVOUS_CONNECTING;
}

size_t node_rendezvous_len(const struct node *node)
{
	return node->links.len;
}

void node_rendezvous_status(const struct node *node, size_t i, struct rendezvous_status *out,
			    msec now)
{
	const struct peer *peer = node->links.peers[i];

	*out = (struct rendezvous_status){
		.name = peer->settings->name,
		.host = peer->settings->endpoint_host,
		.port = peer->settings->endpoint_port,
		.state = state_of(peer, now),
		.at = peer->path.remote,
		.rtt = peer->session.handshake_rtt,
	};
}
