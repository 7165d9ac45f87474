/* via.h -- by which of our places a datagram comes or leaves: what path.via counts.
 *
 *     0            the listen port's UDP sockets
 *     1 ..  384    UDP sockets on ports of their own                (sockets.h)
 *  1000            TCP from the listen port: a connection for each pair of endpoints, made when
 *                  something is sent there, or by who calls us; a datagram is a frame of RFC 4571
 *  1001 .. 1032    connections to servers, TCP or TLS              (streams.h)
 *  2000 .. 2015    relayed addresses on TURN servers
 *  3000 .. 3015    relays among our peers and rendezvous
 *
 * io/ knows the first four. What goes by one of the last two is put into another datagram
 * before it leaves the node, and is taken out of one when it comes.
 */
#ifndef NODE_VIA_H
#define NODE_VIA_H

#include "base/path.h"

enum {
	NODE_SOCKETS_MAX = 384,
	NODE_STREAMS_MAX = 32,
	NODE_TURNS_MAX = 16,
	NODE_RELAYS_MAX = 16,

	VIA_LISTEN = 0,
	VIA_SOCKET = 1,
	VIA_TCP = 1000,
	VIA_STREAM = 1001,
	VIA_TURN = 2000,
	VIA_RELAY = 3000,
};

static inline bool via_is_socket(uint16_t via)
{
	return via >= VIA_SOCKET && via < VIA_SOCKET + NODE_SOCKETS_MAX;
}

static inline bool via_is_udp(uint16_t via)
{
	return via == VIA_LISTEN || via_is_socket(via);
}

static inline bool via_is_stream(uint16_t via)
{
	return via >= VIA_STREAM && via < VIA_STREAM + NODE_STREAMS_MAX;
}

static inline bool via_is_turn(uint16_t via)
{
	return via >= VIA_TURN && via < VIA_TURN + NODE_TURNS_MAX;
}

static inline bool via_is_relay(uint16_t via)
{
	return via >= VIA_RELAY && via < VIA_RELAY + NODE_RELAYS_MAX;
}

static inline bool via_is_wrapped(uint16_t via)
{
	return via_is_turn(via) || via_is_relay(via);
}

/* Over the same: UDP, by whichever socket, or TCP, or that relay. */
static inline bool via_is_like(uint16_t a, uint16_t b)
{
	return a == b || (via_is_udp(a) && via_is_udp(b));
}

/* To the same place, over the same. By two sockets of ours it is still one way. */
static inline bool way_equal(const struct path *a, const struct path *b)
{
	return via_is_like(a->via, b->via) && endpoint_equal(&a->remote, &b->remote);
}

/* From the same address of ours over the same. */
static inline bool way_begins_as(const struct path *a, const struct path *b)
{
	return via_is_like(a->via, b->via) && ip_equal(&a->local, &b->local);
}

/* What befalls the one will befall the other. */
static inline bool way_shares_fate(const struct path *a, const struct path *b)
{
	return way_begins_as(a, b) && ip_equal(&a->remote.ip, &b->remote.ip);
}

#endif
