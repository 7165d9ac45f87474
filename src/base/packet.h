/* packet.h -- a packet in a buffer with room before and after it.
 *
 *   start        data              data + len      end
 *     |-- headroom --|==== packet ====|-- tailroom --|
 *
 * Layers put their headers into the headroom and tags into the tailroom, so a
 * packet is read once from the TUN device and sealed where it lies. A struct
 * packet is a view: whoever made the buffer owns it. Packets travel in bursts:
 * arrays of at most BURST_MAX of them.
 */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include "base/bytes.h"
#include "base/path.h"

enum {
	BURST_MAX = 135,	/* packets in a burst: three of the kernel's messages, of 45 packets of 1452
				   bytes, so that few of those are torn */
	HEADROOM = 96,		/* before a packet that comes from the TUN device: two WireGuard headers
				   and what a relay wants in between and around */
	TAILROOM = 80,		/* after it: padding to 16 bytes and the tag, twice, and TURN's padding */
	PACKET_SLOT = 65536 + HEADROOM + TAILROOM,
};

struct packet {
	uint8_t *start;
	uint8_t *data;
	size_t len;
	uint8_t *end;
};

/* A packet together with the path that it came by or goes. */
struct datagram {
	struct packet packet;
	struct path path;
	uint8_t ecn;		/* the two ECN bits of the outer header, RFC 6040 */
	uint8_t dscp;		/* the six DSCP bits to send with */
};

/* A packet of len bytes at data, in the buffer start..start + cap. */
static inline struct packet packet_in(uint8_t *start, size_t cap, size_t headroom, size_t len)
{
	return (struct packet){start, start + headroom, len, start + cap};
}

static inline size_t packet_headroom(const struct packet *p)
{
	return (size_t)(p->data - p->start);
}

static inline size_t packet_tailroom(const struct packet *p)
{
	return (size_t)(p->end - p->data) - p->len;
}

static inline struct bytes packet_bytes(const struct packet *p)
{
	return bytes_of(p->data, p->len);
}

#endif
