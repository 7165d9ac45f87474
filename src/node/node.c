/* node.c -- the brain: its peers, and what it owes to the world.
 *
 * Data take the short way through send.c and receive.c.
 */
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ecn.h"
#include "node/brain.h"

enum { SEEK_AFTER = 2 };		/* unanswered initiations, then the endpoint is not believed */

void node_count(struct node *node, enum node_counter counter, uint64_t n)
{
	node->counters[counter] += n;
}

/* -- the roster ------------------------------------------------------------ */

static int compare_peers(const void *a, const void *b)
{
	const struct peer *const *pa = a;
	const struct peer *const *pb = b;

	return memcmp((*pa)->session.peer.public_key, (*pb)->session.peer.public_key, KEY_LEN);
}

static struct peer *find_in(const struct roster *roster, const uint8_t key[static KEY_LEN])
{
	size_t low = 0, high = roster->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct peer *peer = roster->by_key[mid];
		int order = memcmp(key, peer->session.peer.public_key, KEY_LEN);

		if (order == 0)
			return peer;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct peer *node_find_peer(const struct node *node, const uint8_t key[static KEY_LEN])
{
	return find_in(&node->roster, key);
}

static void roster_free(struct roster *roster)
{
	free(roster->peers);
	free(roster->by_key);
	free(roster->timer_slots);
	free(roster->allowedips.nodes);
	*roster = (struct roster){0};
}

static size_t count_prefixes(const struct node_settings *settings)
{
	size_t n = 0;

	for (size_t i = 0; i < settings->peers_len; i++)
		n += settings->peers[i].allowed_ips_len;
	return n;
}

/* Never zero bytes, so that NULL means no memory. */
static void *array_new(size_t n, size_t size)
{
	return calloc(n ? n : 1, size);
}

static bool roster_alloc(struct roster *roster, const struct node_settings *settings)
{
	size_t n = settings->peers_len;
	size_t nodes = allowedips_nodes_for(count_prefixes(settings));
	struct allowedips_node *trie = array_new(nodes, sizeof(*trie));

	*roster = (struct roster){
		.peers = array_new(n, sizeof(*roster->peers)),
		.by_key = array_new(n, sizeof(*roster->by_key)),
		.timer_slots = array_new(n + NODE_RENDEZVOUS_MAX, sizeof(*roster->timer_slots)),
	};
	allowedips_init(&roster->allowedips, trie, (uint32_t)nodes);
	return roster->peers && roster->by_key && roster->timer_slots && trie;
}

/* The peers are all there. False: two of them have the same key. */
static bool roster_sort(struct roster *roster)
{
	memcpy(roster->by_key, roster->peers, roster->len * sizeof(*roster->peers));
	qsort(roster->by_key, roster->len, sizeof(*roster->by_key), compare_peers);
	for (size_t i = 1; i < roster->len; i++) {
		if (compare_peers(&roster->by_key[i - 1], &roster->by_key[i]) == 0)
			return false;
	}
	return true;
}

/* Their settings are in force. */
static void roster_route(struct roster *roster)
{
	struct allowedips *t = &roster->allowedips;

	for (size_t i = 0; i < roster->len; i++) {
		const struct peer_settings *s = roster->peers[i]->settings;

		for (size_t j = 0; j < s->allowed_ips_len; j++)
			allowedips_add(t, &s->allowed_ips[j], roster->peers[i]);
	}
}

/* -- being made, changed, unmade -------------------------------------------- */

static void set_addresses(struct node *node, const struct node_settings *settings)
{
	node->source4 = node->source6 = (struct ip){0};
	for (size_t i = 0; i < settings->addresses_len; i++) {
		const struct ip *ip = &settings->addresses[i].ip;
		struct ip *source = ip->family == IP_V4 ? &node->source4 : &node->source6;

		if (source->family == IP_NONE)
			*source = *ip;
	}
}

/* One peer of the new settings: its settings copied, and the peer itself made if
 * the node does not have it. */
struct arrival {
	const struct node_peer_settings *from;
	struct peer_settings *settings;
	struct peer *peer;
	bool is_new;
};

static bool arrive(struct node *node, struct arrival *a, const struct node_peer_settings *from,
		   char error[static 256])
{
	bool bad_key = false;

	if (from->cipher == NODE_CIPHER_AES256GCM && !aead_has(AEAD_AES256GCM)) {
		snprintf(error, 256, "peer %s: this CPU has no instructions for AES", from->name);
		return false;
	}
	a->from = from;
	a->settings = peer_settings_new(from);
	a->peer = node_find_peer(node, from->public_key);
	if (a->settings && !a->peer) {
		a->peer = peer_new(&node->shared, &node->events, from, a->settings, NULL, &bad_key);
		a->is_new = a->peer != NULL;
	}
	if (bad_key)
		snprintf(error, 256, "peer %s: no handshake is possible with this public key",
			 from->name);
	else if (!a->settings || !a->peer)
		snprintf(error, 256, "out of memory at peer %s", from->name);
	return a->settings && a->peer;
}

static void send_back(struct arrival *arrivals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (arrivals[i].is_new)
			peer_free(arrivals[i].peer);
		else
			peer_settings_free(arrivals[i].settings);
	}
}

/* Peers of the old roster that the new one does not have. */
static void free_departed(struct node *node, const struct roster *next)
{
	for (size_t i = 0; i < node->roster.len; i++) {
		struct peer *peer = node->roster.peers[i];

		if (find_in(next, peer->session.peer.public_key))
			continue;
		heap_remove(&node->timers, &peer->timer);
		peer_free(peer);
	}
}

/* From here on nothing can fail. */
static void move_in(struct node *node, struct roster *next, struct arrival *arrivals, msec now)
{
	for (size_t i = 0; i < next->len; i++) {
		struct arrival *a = &arrivals[i];

		if (!a->is_new)
			peer_configure(a->peer, a->settings, a->from->psk, now);
	}
	roster_route(next);
	transport_forget(node);
	free_departed(node, next);
	roster_free(&node->roster);
	node->roster = *next;
	heap_init(&node->timers, next->timer_slots, next->len + NODE_RENDEZVOUS_MAX);
	for (size_t i = 0; i < next->len; i++) {
		struct peer *peer = next->peers[i];

		peer->timer.place = 0;
		peer->seat = (uint32_t)i;
		if (arrivals[i].is_new && peer->settings->keepalive)
			peer_connect(peer, now);
		node_touch(node, peer);
	}
}

static bool set_peers(struct node *node, const struct node_settings *settings, msec now,
		      char error[static 256])
{
	struct arrival *arrivals = array_new(settings->peers_len, sizeof(*arrivals));
	struct roster next;
	size_t n = 0;

	if (!roster_alloc(&next, settings) || !arrivals) {
		snprintf(error, 256, "out of memory for %zu peers", settings->peers_len);
		goto undo;
	}
	for (; n < settings->peers_len; n++) {
		if (!arrive(node, &arrivals[n], &settings->peers[n], error)) {
			n++;
			goto undo;
		}
		next.peers[n] = arrivals[n].peer;
	}
	next.len = n;
	if (!roster_sort(&next)) {
		snprintf(error, 256, "two peers have the same public key");
		goto undo;
	}
	move_in(node, &next, arrivals, now);
	free(arrivals);
	rendezvous_links_set(node, settings, now);
	node->relay = settings->relay;
	node->relay_rate = settings->relay_rate;
	if (!signalling_set_peers(node, now))
		log_warn("out of memory: peers without an endpoint will not be found");
	return true;

undo:
	if (arrivals)
		send_back(arrivals, n);
	free(arrivals);
	roster_free(&next);
	return false;
}

struct node *node_new(const struct node_settings *settings, struct rng *rng,
		      const uint64_t marks[static NODE_MARKS], msec now, char error[static 256])
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node || !spare_init(&node->shared)) {
		snprintf(error, 256, "out of memory");
		free(node);
		return NULL;
	}
	events_init(&node->events);
	node->shared.rng = rng;
	noise_identity_init(&node->shared.identity, settings->private_key);
	tai64n_init(&node->shared.clock, marks[MARK_HANDSHAKES]);
	gate_init(&node->gate, node->shared.identity.public_key, rng, now);
	list_init(&node->owing);
	node->listen_port = settings->listen_port;
	node->mtu = settings->mtu;
	set_addresses(node, settings);
	signalling_init(node, settings, marks[MARK_SIGNALS], rng, now);
	known_init(&node->known, now);
	if (!set_peers(node, settings, now, error)) {
		node_free(node);
		return NULL;
	}
	return node;
}

void node_free(struct node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->roster.len; i++)
		peer_free(node->roster.peers[i]);
	rendezvous_links_deinit(node);
	signalling_deinit(node);
	roster_free(&node->roster);
	spare_deinit(&node->shared);
	free(node->flying);
	wipe(node, sizeof(*node));
	free(node);
}

bool node_reconfigure(struct node *node, const struct node_settings *settings, msec now,
		      char error[static 256])
{
	if (!key_equal(settings->private_key, node->shared.identity.private_key) ||
	    settings->listen_port != node->listen_port || settings->mtu != node->mtu) {
		snprintf(error, 256,
			 "private_key, listen_port and mtu cannot change while the net is up");
		return false;
	}
	if (!set_peers(node, settings, now, error))
		return false;
	set_addresses(node, settings);
	signalling_set_addresses(node, settings, now);
	return true;
}

void node_set_wall(struct node *node, uint64_t wall_ns)
{
	node->shared.wall_ns = wall_ns;
	node->events.wall_ms = wall_ns / 1000000;
	signalling_set_wall(node, wall_ns / 1000000);
}

/* -- what is owed ------------------------------------------------------------ */

void node_touch(struct node *node, struct peer *peer)
{
	list_remove(&peer->owing);
	list_append(&node->owing, &peer->owing);
}

static struct packet message_packet(struct node *node, size_t len)
{
	return packet_in(node->message, sizeof(node->message), 0, len);
}

/* Where a peer was found once it need not be any more: who wakes after hours, and has a
 * handshake to repeat, looks for it first (reach_hold). */
static void seek_before_calling(struct node *node, struct peer *peer, msec now)
{
	if (session_due(&peer->session) == 0 && !session_may_send(&peer->session, now) &&
	    peer->signal_heard_ms && !peer->reach && !peer->settings->endpoint_host)
		signalling_seek(node, peer, now);
}

/* A handshake message or a keepalive, if the session owes one. */
static enum action_kind poll_session(struct node *node, struct peer *peer, struct action *action,
				     msec now)
{
	size_t len = 0;
	enum session_owed owed = OWED_NOTHING;
	bool initiates;

	seek_before_calling(node, peer, now);
	if (peer_has_path(peer) && !peer_is_held(peer, now))
		owed = session_poll(&peer->session, node->message, &len, now);
	if (owed == OWED_NOTHING)
		return ACTION_NONE;
	initiates = node->message[0] == MESSAGE_INITIATION;
	if (initiates) {
		peer_initiated(peer, now);
		if (peer->unanswered > SEEK_AFTER && !peer->link)
			signalling_seek(node, peer, now);
	}
	action->datagram = (struct datagram){
		.packet = message_packet(node, len),
		.path = initiates ? transport_way(node, peer) : peer->path,
		.dscp = owed == OWED_KEEPALIVE ? 0 : HANDSHAKE_DSCP,
	};
	if (initiates)
		transport_called(node, peer, &action->datagram, now);
	if (owed != OWED_HANDSHAKE_AFTER_SAVE)
		return ACTION_SEND;
	node->after_save = action->datagram;
	action->which = MARK_HANDSHAKES;
	action->mark = node->shared.clock.reserved;
	return ACTION_SAVE_MARK;
}

/* A packet that waited for the key. */
static enum action_kind poll_queue(struct node *node, struct peer *peer, struct action *action,
				   msec now)
{
	struct queued *item;

	if (!peer->queue.len || !peer_may_send(peer, now))
		return ACTION_NONE;
	item = queue_take(&peer->queue);
	node->flying = item;
	action->datagram = (struct datagram){
		.path = peer->path,
		.ecn = ecn_of(packet_bytes(&item->packet)),
	};
	if (session_seal(&peer->session, &item->packet, 1, node->mtu, now) == 0)
		return ACTION_NONE;
	action->datagram.packet = item->packet;
	return ACTION_SEND;
}

static enum action_kind poll_resolve(struct peer *peer, struct action *action)
{
	if (!peer->wants_resolve)
		return ACTION_NONE;
	peer->wants_resolve = false;
	action->host = peer->settings->endpoint_host;
	action->port = peer->settings->endpoint_port;
	return ACTION_RESOLVE;
}

/* After a silence the same goes by a standby; so does an initiation that nobody answered, or
 * by the endpoint's other transport. */
static bool takes_copy(const struct node *node, const struct peer *peer, const struct datagram *d,
		       struct path *path)
{
	if (d->packet.data[0] != MESSAGE_INITIATION)
		return peer->reach && standby_takes_copy(peer->reach, path);
	return (peer->reach && standby_takes_initiation(peer->reach, peer->unanswered, path)) ||
	       transport_takes_copy(node, peer, &d->path, path);
}

static void send_copy(struct node *node, const struct peer *peer, const struct datagram *d)
{
	struct path path;

	if (!takes_copy(node, peer, d, &path))
		return;
	if (!wrap_copy(node, &node->copy, d, &path))
		node->copy.packet.len = 0;
}

/* The queue before the session: packets confirm a new key as well as a keepalive does. */
static enum action_kind poll_peer(struct node *node, struct peer *peer, struct action *action,
				  msec now)
{
	enum action_kind kind = poll_queue(node, peer, action, now);

	if (kind == ACTION_NONE)
		kind = poll_session(node, peer, action, now);
	if (kind != ACTION_NONE)
		send_copy(node, peer, &action->datagram);
	else
		kind = poll_resolve(peer, action);
	return kind;
}

static bool take_datagram(struct datagram *from, struct action *action)
{
	action->datagram = *from;
	from->packet.len = 0;
	return action->datagram.packet.len > 0;
}

static void note_gave_up(struct node *node, struct peer *peer, msec now)
{
	if (!peer->session.gave_up)
		return;
	peer->session.gave_up = false;
	node_count(node, COUNT_GAVE_UP, queue_clear(&peer->queue));
	peer_tell(peer, EVENT_GAVE_UP, EVENT_NO_REASON, now);
	if (peer->link)
		rendezvous_link_rest(node, peer, now);
}

static enum action_kind poll_node(struct node *node, struct action *action, msec now)
{
	struct peer *peer;

	*action = (struct action){0};
	if (take_datagram(&node->after_save, action) || take_datagram(&node->copy, action))
		return action->kind = ACTION_SEND;
	free(node->flying);
	node->flying = NULL;
	rooms_begin(&node->rooms);
	if (introduction_poll_relay(node, &action->datagram, now) ||
	    transport_poll(node, &action->datagram, now))
		return action->kind = ACTION_SEND;
	action->kind = signalling_poll(node, action, now);
	if (action->kind == ACTION_NONE)
		action->kind = ping_poll(node, action, now);
	if (action->kind != ACTION_NONE)
		return action->kind;
	while ((peer = list_first(&node->owing, struct peer, owing)) != NULL) {
		if (!spare_top_up(&node->shared))
			node_count(node, COUNT_NO_MEMORY, 1);
		peer_call_if_found(peer, now);
		known_attend(node, peer, now);
		cipher_attend(node, peer, now);
		action->kind = poll_peer(node, peer, action, now);
		if (action->kind != ACTION_NONE)
			return action->kind;
		note_gave_up(node, peer, now);
		peer_tell_session(peer, now);
		list_remove(&peer->owing);
		heap_set(&node->timers, &peer->timer, peer_due(peer));
	}
	spare_trim(&node->shared);
	return action->kind = known_poll(node, now) ? ACTION_SAVE_PEERS : ACTION_NONE;
}

enum action_kind node_poll(struct node *node, struct action *action, msec now)
{
	enum action_kind kind;

	do {
		kind = poll_node(node, action, now);
	} while (kind == ACTION_SEND && !wrap(node, &action->datagram, 1, now));
	return kind;
}

void node_tick(struct node *node, msec now)
{
	while (heap_due(&node->timers) <= now) {
		struct peer *peer = container_of(heap_first(&node->timers), struct peer, timer);

		heap_remove(&node->timers, &peer->timer);
		peer_tick(peer, now);
		node_touch(node, peer);
	}
	signalling_tick(node, now);
}

msec node_due(const struct node *node)
{
	if (!list_empty(&node->owing))
		return 0;
	return msec_min(msec_min(msec_min(node->known.due, transport_due(node)),
				 heap_due(&node->timers)),
			msec_min(signalling_due(node),
				 introduction_relay_due(node->signalling.introduction)));
}

/* A name that has no address today: the peer may be where it was. */
static void resolved(struct node *node, struct peer *peer, const struct endpoint *endpoints,
		     size_t n, msec now)
{
	struct endpoint known[KNOWN_TARGETS];

	if (n == 0) {
		n = known_targets(node, peer, known);
		endpoints = known;
	}
	node_count(node, COUNT_NO_ENDPOINT, peer_resolved(peer, endpoints, n, now));
}

void node_resolved(struct node *node, const char *host, uint16_t port,
		   const struct endpoint *endpoints, size_t n, msec now)
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (!peer_is_named(peer, host, port))
			continue;
		resolved(node, peer, endpoints, n, now);
		node_touch(node, peer);
	}
	survey_resolved(node, host, port, endpoints, n, now);
	turns_resolved(node, host, port, endpoints, n, now);
}

void node_stop(struct node *node, msec now)
{
	turns_stop(node, now);
}

bool node_is_over(const struct node *node)
{
	return node->signalling.turns.links_len == 0;
}

void node_source_gone(struct node *node, const struct path *path)
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (ip_equal(&peer->path.local, &path->local) && path->local.family != IP_NONE) {
			peer->path.local = (struct ip){0};
			peer->path.ifindex = 0;
		}
	}
}

const struct events *node_events(const struct node *node)
{
	return &node->events;
}

void node_connect_all(struct node *node, msec now)
{
	for (size_t i = 0; i < node->roster.len; i++) {
		struct peer *peer = node->roster.peers[i];

		if (peer->settings->endpoint_host && !peer_may_send(peer, now)) {
			peer_connect(peer, now);
			node_touch(node, peer);
		}
	}
}
