/* offload_coalesce.h -- packets of a burst that belong together, joined to be written as one.
 *
 *   burst   A1 B1 A2 A3 x B2 A4               A, B: flows; x: of no flow
 *   out     [vnet | headers | A1 A2 A3 A4]    the payloads stay where they are
 *           [vnet | headers | B1 B2]
 *           [none | x]
 *
 * Only what segments would be, had it been one packet: the whole cut up again (offload_segment.h)
 * gives the packets bit for bit. So two are joined if they have the same headers but for what
 * grows from each to the next, and the first is as long as the second at least; one that is
 * shorter, or has PSH, is the last. The checksum of what is joined is verified first, as nobody
 * can do so after.
 *
 * The packets of a flow come out in order: one that cannot be joined ends what was begun. What
 * may belong to any flow (a fragment) ends all.
 */
#ifndef TUN_OFFLOAD_COALESCE_H
#define TUN_OFFLOAD_COALESCE_H

#include <sys/uio.h>

#include "base/packet.h"
#include "tun/offload_headers.h"
#include "tun/vnet.h"

enum {
	COALESCE_MAX = 64,		/* packets in one: UDP_MAX_SEGMENTS of Linux until 6.9 */
	COALESCE_LEN_MAX = 65535,	/* bytes in one */
	COALESCE_BUCKETS = 64,
	COALESCE_NONE = UINT16_MAX,	/* no packet, no run */
	COALESCE_ALL = (1 << 4) - 1,	/* kinds */
};

/* What is joined; the flags are for coalesce_begin(). */
enum coalesce_kind {
	COALESCE_TCP4 = 1 << 0,
	COALESCE_TCP6 = 1 << 1,
	COALESCE_UDP4 = 1 << 2,
	COALESCE_UDP6 = 1 << 3,
};

/* Packets that come out as one. */
struct run {
	uint16_t first, last;		/* places in the burst */
	uint16_t packets;
	uint16_t older;			/* in the same bucket */
	struct headers headers;		/* of each */
	enum coalesce_kind kind;
	uint16_t gso_size;		/* payload of the first */
	uint32_t len;			/* of all: headers once, and the payloads */
	bool open;			/* more may come */
	bool verified;			/* the checksum of the first was right */
};

struct coalesce {
	const struct packet *burst;
	size_t burst_len;
	unsigned kinds;
	uint16_t runs_len;
	uint16_t given;			/* of them */
	uint16_t latest;		/* where the packet before went; COALESCE_NONE: nowhere to join */
	struct run runs[BURST_MAX];	/* as they began */
	uint16_t next[BURST_MAX];	/* the packet after this in its run */
	uint16_t newest[COALESCE_BUCKETS];
};

/* One write. */
struct joined {
	size_t len;				/* of all parts but vnet */
	enum coalesce_kind kind;		/* if packets > 1 */
	uint16_t first;				/* place in the burst; COALESCE_NONE ends them */
	uint16_t packets;
	int parts_len;
	struct iovec parts[2 + COALESCE_MAX];	/* vnet, headers, payloads; or vnet, packet */
	struct vnet_header vnet;
	uint8_t headers[IPV4_HEADER_MAX + TCP_HEADER_MAX];
};

/* The burst, n <= BURST_MAX, is borrowed until the last was taken. */
void coalesce_begin(struct coalesce *c, const struct packet *burst, size_t n, unsigned kinds);
/* False: that was all. */
bool coalesce_next(struct coalesce *c, struct joined *out);
/* The packet after this one of the same joined, or COALESCE_NONE. */
uint16_t coalesce_after(const struct coalesce *c, uint16_t place);
/* Make it one packet only, as it came. */
void coalesce_single(const struct coalesce *c, struct joined *out, uint16_t place);

#endif
