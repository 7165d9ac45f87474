/* send.c -- from the TUN device to the network: whose packet is it, sealed, off.
 *
 * Consecutive packets of one peer are sealed together. What finds no key is
 * copied into the peer's queue, and a handshake begins; what finds no way at
 * all is answered with an ICMP error.
 */
#include <string.h>

#include "base/ecn.h"
#include "node/brain.h"
#include "node/demux.h"
#include "node/icmp.h"

enum { PROTO_UDP = 17, IPV4_MIN = 20, IPV6_LEN = 40, UDP_LEN = 8 };

/* The UDP header and payload of an IP packet; false: not UDP. */
static bool find_udp(struct bytes packet, struct bytes *udp)
{
	size_t header;

	if (packet.len < IPV4_MIN)
		return false;
	if (packet.data[0] >> 4 == 4) {
		header = (packet.data[0] & 15u) * 4u;
		if (packet.data[9] != PROTO_UDP)
			return false;
	} else {
		header = IPV6_LEN;
		if (packet.len < IPV6_LEN || packet.data[6] != PROTO_UDP)
			return false;
	}
	if (packet.len < header + UDP_LEN)
		return false;
	*udp = bytes_of(packet.data + header, packet.len - header);
	return true;
}

/* The addresses of one in which find_udp() has found some. */
static void read_addresses(struct bytes packet, struct ip *from, struct ip *to)
{
	const uint8_t *v4 = packet.data + 12;

	if (packet.data[0] >> 4 == 4) {
		*from = ip_v4(v4[0], v4[1], v4[2], v4[3]);
		*to = ip_v4(v4[4], v4[5], v4[6], v4[7]);
	} else {
		*from = ip_v6(packet.data + 8);
		*to = ip_v6(packet.data + 24);
	}
}

static bool is_own_port(const struct node *node, uint16_t port)
{
	return port == node->listen_port || sockets_has_port(&node->signalling.sockets, port);
}

/* One of our own datagrams, routed into the tunnel instead of out: sealing it would
 * make another one, and so on. It has our port, a message, and our address or that
 * of a peer. The port is looked at first: of what is carried, hardly anything has ours. */
static bool is_own_datagram(const struct node *node, struct bytes packet)
{
	const struct peer *peer;
	struct bytes udp;
	struct endpoint to = {0};
	struct ip from;

	if (!find_udp(packet, &udp) || !is_own_port(node, load_be16(udp.data)) ||
	    demux(bytes_of(udp.data + UDP_LEN, udp.len - UDP_LEN), false) == DEMUX_UNKNOWN)
		return false;
	read_addresses(packet, &from, &to.ip);
	to.port = load_be16(udp.data + 2);
	if (gather_is_local(&node->signalling.gather, &from))
		return true;
	for (size_t i = 0; (peer = node_contact(node, i)); i++) {
		if (peer_is_endpoint(peer, &to))
			return true;
	}
	return false;
}

static bool icmp_may_be_sent(struct node *node, msec now)
{
	if (now - node->icmp_second >= SECONDS(1)) {
		node->icmp_second = now;
		node->icmp_sent = 0;
	}
	return node->icmp_sent++ < ICMP_PER_SECOND;
}

static void refuse(struct node *node, struct packet *packet, struct node_out *out,
		   enum node_counter why, msec now)
{
	bool is_v4 = packet->len && packet->data[0] >> 4 == 4;

	node_count(node, why, 1);
	if (icmp_may_be_sent(node, now) &&
	    icmp_unreachable(packet, is_v4 ? &node->source4 : &node->source6))
		out->to_tun[out->to_tun_len++] = *packet;
}

/* Whose it is. `owner`: whose the packet before it is, NULL if nobody's. */
static struct peer *route(const struct node *node, struct peer *owner, const struct packet *packet)
{
	if (owner && allowedips_same_route(packet_bytes(packet - 1), packet_bytes(packet)))
		return owner;
	return allowedips_route(&node->roster.allowedips, packet_bytes(packet));
}

/* Whose it is; NULL if it goes nowhere (and was answered). */
static struct peer *classify(struct node *node, struct peer *owner, struct packet *packet,
			     struct node_out *out, msec now)
{
	struct peer *peer = route(node, owner, packet);

	if (!peer) {
		refuse(node, packet, out, COUNT_NO_PEER, now);
		return NULL;
	}
	if (is_own_datagram(node, packet_bytes(packet))) {
		node_count(node, COUNT_LOOP, 1);
		return NULL;
	}
	return peer;
}

static void enqueue(struct node *node, struct peer *peer, const struct packet *packet)
{
	unsigned dropped;

	if (!queue_add(&peer->queue, packet, &dropped))
		node_count(node, COUNT_NO_MEMORY, 1);
	node_count(node, COUNT_QUEUE_FULL, dropped);
}

/* No key, or others wait already: let the packets wait, if there is any hope. */
static void wait_for_key(struct node *node, struct peer *peer, struct packet *packets, size_t n,
			 struct node_out *out, msec now)
{
	bool hope = peer_may_send(peer, now) || peer_connect(peer, now);

	/* Where it was found once it need not be any more: look for it meanwhile. */
	if (!hope || (!peer_may_send(peer, now) && !peer->settings->endpoint_host))
		hope |= signalling_seek(node, peer, now);

	for (size_t i = 0; i < n; i++) {
		if (hope)
			enqueue(node, peer, &packets[i]);
		else
			refuse(node, &packets[i], out, COUNT_NO_ENDPOINT, now);
	}
}

/* The first packets after a silence go by a standby as well, if the burst leaves room. */
static void copy_to_standby(struct node *node, struct peer *peer, size_t sealed, size_t room,
			    struct node_out *out)
{
	size_t first = out->to_net_len - sealed;
	struct path path;

	for (size_t i = 0; i < sealed && i < room && standby_takes_copy(peer->reach, &path); i++)
		out->to_net_len += wrap_copy(node, &out->to_net[out->to_net_len],
					     &out->to_net[first + i], &path);
}

/* `left`: packets of the burst that are still to come, to others. */
static void peer_send(struct node *node, struct peer *peer, struct packet *packets, size_t n,
		      size_t left, struct node_out *out, msec now)
{
	uint8_t ecn[BURST_MAX];
	size_t sealed = 0;

	/* What waits already goes first: node_poll() sends it, in order. */
	if (!peer->queue.len && peer_may_send(peer, now)) {
		for (size_t i = 0; i < n; i++)
			ecn[i] = ecn_of(packet_bytes(&packets[i]));
		sealed = session_seal(&peer->session, packets, n, node->mtu, now);
	}
	if (peer->reach)
		reach_want(peer->reach, now);
	for (size_t i = 0; i < sealed; i++)
		out->to_net[out->to_net_len++] = (struct datagram){
			.packet = packets[i], .path = peer->path, .ecn = ecn[i]};
	if (peer->reach)
		copy_to_standby(node, peer, sealed, BURST_MAX - left - out->to_net_len, out);
	if (sealed < n)
		wait_for_key(node, peer, packets + sealed, n - sealed, out, now);
	node_touch(node, peer);
}

void node_send(struct node *node, struct packet *packets, size_t n, struct node_out *out, msec now)
{
	struct peer *owner = NULL;
	size_t first = 0, i;

	out->to_net_len = out->to_tun_len = 0;
	rooms_begin(&node->rooms);
	for (i = 0; i < n; i++) {
		struct peer *peer = classify(node, owner, &packets[i], out, now);

		if (peer == owner)
			continue;
		if (owner)
			peer_send(node, owner, packets + first, i - first, n - i, out, now);
		owner = peer;
		first = i;
	}
	if (owner)
		peer_send(node, owner, packets + first, n - first, 0, out, now);
	out->by_relay = wrap_wants(out->to_net, out->to_net_len);
	if (out->by_relay)
		out->to_net_len = wrap(node, out->to_net, out->to_net_len, now);
}
