/* status.c -- what a node knows, for those who ask. */
#include "node/status.h"

#include <string.h>

#include "node/brain.h"

const char *peer_state_name(enum peer_state state)
{
	static const char *const names[] = {
		[PEER_IDLE] = "idle",
		[PEER_CONNECTING] = "connecting",
		[PEER_DIRECT] = "direct",
	};

	return names[state];
}

size_t node_peers_len(const struct node *node)
{
	return node->roster.len;
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
		.path = peer->path,
		.last_handshake = session->last_handshake,
		.handshake_rtt = session->handshake_rtt,
		.rx_bytes = session->rx_bytes,
		.tx_bytes = session->tx_bytes,
		.keepalive = settings->keepalive,
		.queued = peer->queue.len,
		.endpoint_host = settings->endpoint_host,
		.endpoint_port = settings->endpoint_port,
	};
	memcpy(out->public_key, session->peer.public_key, KEY_LEN);
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
		[COUNT_NO_MEMORY] = "no_memory",
	};

	return names[counter];
}

uint64_t node_counter(const struct node *node, enum node_counter counter)
{
	return node->counters[counter];
}
