/* status.c -- what a node knows, for those who ask. */
#include "node/status.h"

#include <stdio.h>
#include <string.h>

#include "node/brain.h"
#include "node/mapping.h"

const char *peer_state_name(enum peer_state state)
{
	static const char *const names[] = {
		[PEER_IDLE] = "idle",
		[PEER_CONNECTING] = "connecting",
		[PEER_DIRECT] = "direct",
		[PEER_RELAY] = "relay",
	};

	return names[state];
}

const char *path_how_name(enum path_how how)
{
	static const char *const names[] = {
		[PATH_CONFIGURED] = "configured",
		[PATH_CALLED_US] = "called_us",
		[PATH_LAN] = "lan",
		[PATH_FOUND] = "found",
		[PATH_PUNCHED] = "punched",
		[PATH_RELAYED] = "relayed",
	};

	return names[how];
}

const char *path_transport_name(enum path_transport transport)
{
	static const char *const names[] = {
		[PATH_UDP] = "udp",
		[PATH_TCP] = "tcp",
		[PATH_TLS] = "tls",
	};

	return names[transport];
}

const char *turn_state_name(enum node_turn_state state)
{
	static const char *const names[] = {
		[NODE_TURN_OFF] = "off",
		[NODE_TURN_TRYING] = "trying",
		[NODE_TURN_UP] = "up",
		[NODE_TURN_RESTING] = "resting",
		[NODE_TURN_REFUSED] = "refused",
	};

	return names[state];
}

/* -- the path ------------------------------------------------------------------ */

/* The pair that the path is; NULL: it was not found by ICE, or the peer has left it. */
static const struct pair *pair_in_use(const struct peer *peer)
{
	const struct reach *r = peer->reach;
	const struct pair *p;
	struct path chosen;

	if (!r || r->chosen == NO_INDEX)
		return NULL;
	p = &r->agent.list.pairs[r->chosen];
	chosen = reach_path(r, r->chosen);
	return p->state != PAIR_NONE && way_equal(&chosen, &peer->path) ? p : NULL;
}

static enum path_how how_by_pair(enum reach_tier tier, uint8_t local, uint8_t remote)
{
	if (tier == TIER_LAN)
		return PATH_LAN;
	if (tier >= TIER_RELAY)
		return PATH_RELAYED;
	return local == CANDIDATE_HOST && remote == CANDIDATE_HOST ? PATH_FOUND : PATH_PUNCHED;
}

static void describe_pair(const struct reach *r, const struct pair *p, struct path_status *out)
{
	const struct checklist *list = &r->agent.list;
	uint8_t local = list->locals[p->mapped == NO_INDEX ? p->local : p->mapped].c.type;
	uint8_t remote = list->remotes[p->remote].type;

	out->how = how_by_pair(reach_tier(r), local, remote);
	out->local_type = candidate_type_name(local);
	out->remote_type = candidate_type_name(remote);
	out->rtt = p->srtt;
	if (p->history_len)
		out->lost = (int)(pair_lost(p) * 100 / p->history_len);
}

static enum path_transport transport_of(uint16_t via)
{
	if (via == VIA_TCP)
		return PATH_TCP;
	return via_is_stream(via) ? PATH_TLS : PATH_UDP;
}

/* The way to the relay, in place of an address that is nobody's. */
static void describe_hop(const struct reach *r, struct path_status *out)
{
	const struct peer *relay = r ? relays_peer(r->relays, out->path.via) : NULL;

	snprintf(out->relay, sizeof(out->relay), "%s", relay ? relay->settings->name : "?");
	if (!relay)
		return;
	out->path = relay->path;
	out->transport = transport_of(relay->path.via);
}

static void describe_turn(const struct reach *r, struct path_status *out)
{
	const struct turns_server *s =
		r ? turns_server_of(r->turns, out->path.via, &out->transport) : NULL;

	snprintf(out->relay, sizeof(out->relay), "%s", s ? s->name : "turn:?");
}

/* Of the peer's relay we know the address only. */
static void describe_relay(const struct reach *r, struct path_status *out)
{
	char at[IP_TEXT];

	if (via_is_relay(out->path.via))
		describe_hop(r, out);
	else if (via_is_turn(out->path.via))
		describe_turn(r, out);
	else if (r && reach_is_relay_of_peer(r, &out->path.remote))
		snprintf(out->relay, sizeof(out->relay), "turn:%s",
			 ip_format(at, &out->path.remote.ip));
	if (*out->relay)
		out->how = PATH_RELAYED;
}

void peer_path_status(const struct peer *peer, struct path_status *out)
{
	const struct pair *p = pair_in_use(peer);
	bool configured = endpoint_equal(&peer->path.remote, &peer->configured);

	*out = (struct path_status){
		.path = peer->path,
		.how = configured ? PATH_CONFIGURED : PATH_CALLED_US,
		.transport = transport_of(peer->path.via),
		.rtt = -1,
		.lost = -1,
	};
	if (p)
		describe_pair(peer->reach, p, out);
	describe_relay(peer->reach, out);
}

/* -- peers --------------------------------------------------------------------- */

const char *node_nat(const struct node *node)
{
	return mapping_word_of_ours(&node->signalling.gather);
}

size_t node_peers_len(const struct node *node)
{
	return node->roster.len;
}

static const char *cipher_of(const struct session *s, msec now)
{
	return session_may_send(s, now) ? aead_suite_name(s->current->suite) : NULL;
}

static void describe(const struct peer *peer, struct peer_status *out, msec now)
{
	const struct peer_settings *settings = peer->settings;
	const struct session *session = &peer->session;

	*out = (struct peer_status){
		.name = settings->name,
		.has_psk = !key_is_zero(session->peer.psk),
		.allowed_ips = settings->allowed_ips,
		.allowed_ips_len = settings->allowed_ips_len,
		.state = peer_state(peer, now),
		.last_handshake = session->last_handshake,
		.handshake_rtt = session->handshake_rtt,
		.rx_bytes = session->rx_bytes,
		.tx_bytes = session->tx_bytes,
		.keepalive = settings->keepalive,
		.queued = peer->queue.len,
		.cipher = cipher_of(session, now),
		.endpoint_host = settings->endpoint_host,
		.endpoint_port = settings->endpoint_port,
	};
	memcpy(out->public_key, session->peer.public_key, KEY_LEN);
	peer_path_status(peer, &out->way);
	out->path = out->way.path;
	if (out->state == PEER_DIRECT && out->way.how == PATH_RELAYED)
		out->state = PEER_RELAY;
}

void node_peer_status(const struct node *node, size_t i, struct peer_status *out, msec now)
{
	describe(node->roster.peers[i], out, now);
}

bool node_find_peer_status(const struct node *node, const uint8_t key[static KEY_LEN],
			   struct peer_status *out, msec now)
{
	const struct peer *peer = node_find_peer(node, key);

	if (peer)
		describe(peer, out, now);
	return peer != NULL;
}

static bool has_address(const struct peer_settings *s, const struct ip *ip)
{
	for (size_t i = 0; i < s->allowed_ips_len; i++) {
		if (ip_equal(&s->allowed_ips[i].ip, ip))
			return true;
	}
	return false;
}

static bool is_called(const struct peer *peer, const char *what)
{
	uint8_t key[KEY_LEN];
	struct ip ip;

	return strcmp(peer->settings->name, what) == 0 ||
	       (key_from_base64(key, what) &&
		memcmp(key, peer->session.peer.public_key, KEY_LEN) == 0) ||
	       (ip_parse(&ip, what) && has_address(peer->settings, &ip));
}

bool node_find_peer_called(const struct node *node, const char *what, struct peer_status *out,
			   msec now)
{
	for (size_t i = 0; i < node->roster.len; i++) {
		if (!is_called(node->roster.peers[i], what))
			continue;
		describe(node->roster.peers[i], out, now);
		return true;
	}
	return false;
}

const uint8_t *node_public_key(const struct node *node)
{
	return node->shared.identity.public_key;
}

const char *node_counter_name(enum node_counter counter)
{
	static const char *const names[NODE_COUNTERS] = {
		[COUNT_UNKNOWN_DATAGRAM] = "unknown_datagram",
		[COUNT_UNSUPPORTED] = "unsupported",
		[COUNT_BAD_MAC1] = "bad_mac1",
		[COUNT_BAD_HANDSHAKE] = "bad_handshake",
		[COUNT_STRANGER] = "stranger",
		[COUNT_REPLAYED_INITIATION] = "replayed_initiation",
		[COUNT_INITIATION_TOO_SOON] = "initiation_too_soon",
		[COUNT_UNEXPECTED_HANDSHAKE] = "unexpected_handshake",
		[COUNT_COOKIE_SENT] = "cookie_sent",
		[COUNT_COOKIE_RECEIVED] = "cookie_received",
		[COUNT_RATE_LIMITED] = "rate_limited",
		[COUNT_WRONG_SUITE] = "wrong_suite",
		[COUNT_UNKNOWN_INDEX] = "unknown_index",
		[COUNT_BAD_DATA] = "bad_data",
		[COUNT_REPLAYED_DATA] = "replayed_data",
		[COUNT_EXPIRED_DATA] = "expired_data",
		[COUNT_BAD_INNER] = "bad_inner",
		[COUNT_WRONG_SOURCE] = "wrong_source",
		[COUNT_ECN_DROP] = "ecn_drop",
		[COUNT_NO_PEER] = "no_peer",
		[COUNT_NO_ENDPOINT] = "no_endpoint",
		[COUNT_LOOP] = "loop",
		[COUNT_QUEUE_FULL] = "queue_full",
		[COUNT_GAVE_UP] = "gave_up",
		[COUNT_BAD_SIGNAL] = "bad_signal",
		[COUNT_UNKNOWN_MAILBOX] = "unknown_mailbox",
		[COUNT_NO_RELAY] = "no_relay",
		[COUNT_RELAYED_TWICE] = "relayed_twice",
		[COUNT_BAD_RELAYED] = "bad_relayed",
		[COUNT_WRONG_WAY] = "wrong_way",
		[COUNT_NO_MEMORY] = "no_memory",
	};

	return names[counter];
}

uint64_t node_counter(const struct node *node, enum node_counter counter)
{
	return node->counters[counter];
}
