/* relays.c -- those among our peers and rendezvous that pass datagrams on for us. */
#include "node/relays.h"

#include <string.h>

#include "crypto/hash.h"
#include "node/brain.h"

static const uint8_t prefix[8] = {0x01, 0x00};		/* 100::/64 */

struct endpoint relays_endpoint(const uint8_t relay_key[static KEY_LEN])
{
	uint8_t hash[HASH_LEN], bytes[16];

	blake2s(hash, bytes_of(relay_key, KEY_LEN), bytes_of(NULL, 0));
	memcpy(bytes, prefix, sizeof(prefix));
	memcpy(bytes + sizeof(prefix), hash, sizeof(bytes) - sizeof(prefix));
	return (struct endpoint){.ip = ip_v6(bytes), .port = RELAY_PORT};
}

/* How it begins: peers stand sorted by key. */
uint32_t relays_scope(const uint8_t peer_key[static KEY_LEN])
{
	return load_be32(peer_key);
}

/* -- who they are -------------------------------------------------------------- */

static struct relay *relay_at(struct relays *relays, uint16_t via)
{
	return &relays->by_number[via - VIA_RELAY];
}

const struct peer *relays_peer(const struct relays *relays, uint16_t via)
{
	return relays->by_number[via - VIA_RELAY].peer;
}

/* Its number, or that of a free place; 0: neither. */
static uint16_t via_of(const struct relays *relays, const struct peer *peer)
{
	for (uint16_t via = VIA_RELAY; via < VIA_RELAY + NODE_RELAYS_MAX; via++) {
		if (relays_peer(relays, via) == peer)
			return via;
	}
	return 0;
}

static void tell_all(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	list_for_each(struct reach, r, &s->reaches, link)
		reach_set_relays(r, &s->gather, now);
	s->touched = true;
}

static void add(struct node *node, struct peer *peer, msec now)
{
	struct signalling *s = &node->signalling;
	uint16_t via = via_of(&s->relays, NULL);
	struct relay *relay;

	if (!via)
		return;
	relay = relay_at(&s->relays, via);
	relay->peer = peer;
	memcpy(relay->key, peer->session.peer.public_key, KEY_LEN);
	relay->at = relays_endpoint(relay->key);
	gather_set_relay(&s->gather, via, &relay->at);
	peer_tell(peer, EVENT_RELAY_UP, EVENT_NO_REASON, now);
	tell_all(node, now);
}

static void drop(struct node *node, uint16_t via, msec now)
{
	struct signalling *s = &node->signalling;
	struct relay *relay = relay_at(&s->relays, via);

	if (relay->peer)
		peer_tell(relay->peer, EVENT_RELAY_DOWN, EVENT_NO_REASON, now);
	*relay = (struct relay){0};
	gather_set_relay(&s->gather, via, &(struct endpoint){0});
	tell_all(node, now);
}

/* One that is itself reached by another would make it two hops, or a circle. */
static bool relays_for_us(const struct peer *peer)
{
	const struct introducer *in = peer->introducer;

	return in && in->relays && in->was_up && !via_is_relay(peer->path.via);
}

void relays_attend(struct node *node, struct peer *introducer, msec now)
{
	uint16_t via = via_of(&node->signalling.relays, introducer);
	bool is_one = relays_for_us(introducer);

	if (is_one && !via)
		add(node, introducer, now);
	else if (!is_one && via)
		drop(node, via, now);
}

static struct peer *introducer_with(const struct node *node, const uint8_t key[static KEY_LEN])
{
	struct peer *peer;

	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (peer->introducer && key_equal(peer->session.peer.public_key, key))
			return peer;
	}
	return NULL;
}

/* Those of before may be gone. */
void relays_set_peers(struct node *node, msec now)
{
	for (uint16_t via = VIA_RELAY; via < VIA_RELAY + NODE_RELAYS_MAX; via++) {
		struct relay *relay = relay_at(&node->signalling.relays, via);

		if (!relay->peer)
			continue;
		relay->peer = introducer_with(node, relay->key);
		if (!relay->peer)
			drop(node, via, now);
	}
}

const char *relays_name_at(const struct relays *relays, const struct ip *ip)
{
	for (uint16_t via = VIA_RELAY; via < VIA_RELAY + NODE_RELAYS_MAX; via++) {
		const struct relay *relay = &relays->by_number[via - VIA_RELAY];

		if (relay->peer && ip_equal(&relay->at.ip, ip))
			return relay->peer->settings->name;
	}
	return "?";
}

enum reach_tier relays_tier(const struct relays *relays, uint16_t via)
{
	const struct peer *relay = relays_peer(relays, via);

	if (relay && via_is_turn(relay->path.via))
		return TIER_TWO_RELAYS;
	if (relay && (relay->path.via == VIA_TCP || via_is_stream(relay->path.via)))
		return TIER_RELAY_TCP;
	return TIER_RELAY;
}

/* -- data ----------------------------------------------------------------------- */

/* The first in the order of keys that begins so. */
static struct peer *peer_of_scope(const struct node *node, uint32_t scope)
{
	const struct roster *roster = &node->roster;
	size_t low = 0, high = roster->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (relays_scope(roster->by_key[mid]->session.peer.public_key) < scope)
			low = mid + 1;
		else
			high = mid;
	}
	return low < roster->len &&
	       relays_scope(roster->by_key[low]->session.peer.public_key) == scope
		       ? roster->by_key[low] : NULL;
}

static bool put_tag(struct node *node, struct datagram *d)
{
	struct peer *to = peer_of_scope(node, d->path.remote.scope);

	return to && relay_put(&d->packet, mailboxes_tag(node, to));
}

/* NULL: there is none, or no way to it. */
static struct peer *ready_relay(const struct node *node, uint16_t via, msec now)
{
	struct peer *by = node->signalling.relays.by_number[via - VIA_RELAY].peer;

	return by && peer_may_send(by, now) && !via_is_relay(by->path.via) ? by : NULL;
}

/* All that go by the same relay as the first. */
static void seal_for_relay(struct node *node, struct datagram *datagrams, size_t n, msec now)
{
	uint16_t via = datagrams[0].path.via;
	struct peer *by = ready_relay(node, via, now);
	struct datagram *inside[BURST_MAX];
	struct packet packets[BURST_MAX];
	size_t len = 0, sealed = 0;

	for (size_t i = 0; i < n; i++) {
		if (datagrams[i].path.via != via)
			continue;
		inside[len] = &datagrams[i];
		packets[len++] = datagrams[i].packet;
	}
	if (by) {
		sealed = session_seal(&by->session, packets, len, SESSION_UNPADDED, now);
		node_touch(node, by);
	}
	for (size_t i = 0; i < sealed; i++) {
		inside[i]->packet = packets[i];
		inside[i]->path = by->path;
	}
	for (size_t i = sealed; i < len; i++)
		wrap_give_up(node, inside[i]);
}

void relays_wrap(struct node *node, struct datagram *datagrams, size_t n, msec now)
{
	for (size_t i = 0; i < n; i++) {
		if (via_is_relay(datagrams[i].path.via) && !put_tag(node, &datagrams[i]))
			wrap_give_up(node, &datagrams[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (via_is_relay(datagrams[i].path.via))
			seal_for_relay(node, datagrams + i, n - i, now);
	}
}

bool relays_take(struct node *node, const struct peer *from, const uint8_t tag[static RELAY_TAG],
		 const struct packet *inside, struct datagram *d)
{
	uint16_t via = via_of(&node->signalling.relays, from);
	const struct peer *peer = via ? mailboxes_find_tag(node, tag) : NULL;

	if (!peer)
		return false;
	d->packet = *inside;
	d->path = (struct path){.remote = relay_at(&node->signalling.relays, via)->at, .via = via};
	d->path.local = d->path.remote.ip;
	d->path.remote.scope = relays_scope(peer->session.peer.public_key);
	return true;
}
