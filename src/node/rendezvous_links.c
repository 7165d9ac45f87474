/* rendezvous_links.c -- the rendezvous of the settings: sessions with who is no peer. */
#include "node/rendezvous_links.h"

#include <stdio.h>
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

static const char *ca_file_of(const struct node_rendezvous_settings *from)
{
	return from->ca_file ? from->ca_file : "";
}

static struct rendezvous_link *link_new(const struct node_rendezvous_settings *from,
					struct rng *rng, msec now)
{
	const char *ca_file = ca_file_of(from);
	struct rendezvous_link *link = calloc(1, sizeof(*link) + strlen(ca_file) + 1);
	uint8_t key[KEY_LEN];

	if (!link)
		return NULL;
	strcpy(link->ca_file, ca_file);
	snprintf(link->host, sizeof(link->host), "%s", from->host);
	link->port = from->port;
	link_stream_init(&link->stream, from->tls, now);
	key_generate(key, rng);
	noise_identity_init(&link->identity, key);
	wipe(key, sizeof(key));
	cookie_checker_init(&link->cookies, link->identity.public_key);
	link->again = NEVER;
	return link;
}

/* Over TLS a name is nothing that the node looks up. */
static struct node_peer_settings as_peer(const struct node_rendezvous_settings *from)
{
	struct node_peer_settings to = {
		.name = from->name,
		.endpoint_host = from->tls ? NULL : from->host,
		.endpoint_port = from->port,
		.keepalive = INTRODUCER_KEEPALIVE,
	};

	memcpy(to.public_key, from->public_key, KEY_LEN);
	memcpy(to.psk, from->psk, KEY_LEN);
	return to;
}

static struct peer *make(struct node *node, const struct node_rendezvous_settings *from,
			 const struct node_peer_settings *as, struct peer_settings *settings,
			 msec now)
{
	struct rendezvous_link *link = link_new(from, node->shared.rng, now);
	struct peer *peer = NULL;
	bool bad_key;

	if (link)
		peer = peer_new(&node->shared, &node->events, as, settings, link, &bad_key);
	if (!peer && link)
		wipe(link, sizeof(*link));
	if (!peer)
		free(link);
	return peer;
}

static bool leads_there(const struct rendezvous_link *link,
			const struct node_rendezvous_settings *s)
{
	return link->stream.is_used == s->tls && link->port == s->port &&
	       strcmp(link->host, s->host) == 0 && strcmp(link->ca_file, ca_file_of(s)) == 0;
}

static struct peer *take_from(struct rendezvous_links *old,
			      const struct node_rendezvous_settings *s)
{
	for (size_t i = 0; i < old->len; i++) {
		struct peer *peer = old->peers[i];

		if (!peer || !leads_there(peer->link, s) ||
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
		peer = take_from(old, from);
	if (peer)
		peer_configure(peer, settings, as.psk, now);
	else if (settings)
		peer = make(node, from, &as, settings, now);
	if (!peer)
		peer_settings_free(settings);
	wipe(&as, sizeof(as));
	return peer;
}

static void free_all(struct node *node, struct rendezvous_links *links, msec now)
{
	for (size_t i = 0; i < links->len; i++) {
		if (links->peers[i])
			link_stream_drop(node, links->peers[i], now);
		peer_free(links->peers[i]);
	}
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
	free_all(node, &old, now);
}

void rendezvous_links_deinit(struct node *node)
{
	free_all(node, &node->links, 0);
}

void rendezvous_links_attend(struct node *node, msec now)
{
	for (size_t i = 0; i < node->links.len; i++)
		link_stream_attend(node, node->links.peers[i], now);
}

void rendezvous_links_hurry(struct node *node, bool slept, msec now)
{
	for (size_t i = 0; i < node->links.len; i++)
		link_stream_hurry(node, node->links.peers[i], slept, now);
}

void rendezvous_link_rest(struct node *node, struct peer *peer, msec now)
{
	session_set_persistent(&peer->session, 0, now);
	link_stream_drop(node, peer, now);
	peer->link->again = now + LINK_REST + rng_below(node->shared.rng, LINK_REST);
	node->signalling.touched = true;
}

void rendezvous_link_wake(struct node *node, struct peer *peer, msec now)
{
	peer->link->again = NEVER;
	if (peer_has_path(peer))
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
		[NODE_RENDEZVOUS_NO_CONNECTION] = "no_connection",
		[NODE_RENDEZVOUS_STANDS_BY] = "stands_by",
	};

	return names[state];
}

/* Still so while it is asked again, until it does not answer at once. */
static bool holds_mailboxes(const struct introducer *in)
{
	return in->client.state == RENDEZVOUS_REGISTERED ||
	       (in->client.state == RENDEZVOUS_REGISTERING && in->was_up && !in->client.tries);
}

enum node_rendezvous_state rendezvous_link_state(const struct peer *peer, msec now)
{
	const struct link_stream *stream = &peer->link->stream;
	bool was_cut = !stream->is_up && stream->why != NODE_STREAM_ENDS;

	if (peer_may_send(peer, now) && peer->introducer && holds_mailboxes(peer->introducer))
		return NODE_RENDEZVOUS_OK;
	if (link_stream_stands_by(peer))
		return NODE_RENDEZVOUS_STANDS_BY;
	if (!peer_has_path(peer) &&
	    (peer->unresolved || (was_cut && stream->why == STREAM_NO_ADDRESS)))
		return NODE_RENDEZVOUS_NO_ADDRESS;
	if (was_cut)
		return NODE_RENDEZVOUS_NO_CONNECTION;
	return peer->link->again != NEVER ? NODE_RENDEZVOUS_NO_ANSWER : NODE_RENDEZVOUS_CONNECTING;
}

bool rendezvous_links_miss_udp(const struct node *node, msec now)
{
	for (size_t i = 0; i < node->links.len; i++) {
		const struct peer *peer = node->links.peers[i];
		const struct link_stream *stream = &peer->link->stream;

		if (stream->is_used && stream->has_udp && !stream->udp_works &&
		    rendezvous_link_state(peer, now) == NODE_RENDEZVOUS_OK)
			return true;
	}
	return false;
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
		.host = peer->link->host,
		.port = peer->link->port,
		.tls = peer->link->stream.is_used,
		.state = rendezvous_link_state(peer, now),
		.why = peer->link->stream.why,
		.at = peer->path.remote,
		.rtt = peer->session.handshake_rtt,
	};
}
