/* offload_segment.h -- a packet of many segments, cut up into packets.
 *
 *   in    [ IP | TCP | payload ........................... ]
 *                      gso_size    gso_size    the rest
 *   out   [ IP | TCP |===========]
 *         [ IP | TCP |            ===========]
 *         [ IP | TCP |                        =============]
 *
 * Each has a length, a sequence number (TCP) or a length (UDP), an identification (IPv4) and
 * checksums of its own; FIN and PSH are on the last only, CWR on the first only. A packet that
 * is one already, but without its checksum, comes out with it.
 *
 * The packets are handed out one by one, so what does not fit the caller's burst stays here.
 */
#ifndef TUN_OFFLOAD_SEGMENT_H
#define TUN_OFFLOAD_SEGMENT_H

#include "base/packet.h"
#include "tun/offload_headers.h"
#include "tun/vnet.h"

enum {
	SEGMENTS_MAX = 2048,	/* of one packet: 65,535 bytes at TCP's least segment in Linux, 48
				   bytes, are 1,366 */
};

enum segment_verdict {
	SEGMENT_GOOD,
	SEGMENT_BAD_HEADERS,	/* malformed, a fragment, or of no protocol that has segments */
	SEGMENT_BAD_TYPE,	/* segments of another kind than the packet, or of none we know */
	SEGMENT_BAD_SIZE,	/* segments of no bytes, or too many of them */
	SEGMENT_BAD_CHECKSUM,	/* whose place is not in the packet */
	SEGMENT_VERDICTS,
};

struct segments {
	struct vnet_header vnet;
	struct bytes whole;
	struct headers headers;
	uint64_t ip_sum;	/* of headers, but for what differs from one segment to the next; */
	uint64_t l4_sum;	/* the latter with the pseudo-header */
	size_t at;		/* in the whole: the payload of the next; whole.len: none is left */
	uint16_t index;		/* of the next */
};

/* The packet is borrowed until the last segment was taken. If it is not good, there is none. */
enum segment_verdict segments_begin(struct segments *s, const struct vnet_header *vnet,
				    struct bytes packet);
bool segments_left(const struct segments *s);
/* One must be left. out: room for it, which is at most what the whole packet takes. Its length. */
size_t segments_next(struct segments *s, uint8_t *out);

/* The same for a packet that is no more than one, where it lies. */
enum segment_verdict segment_finish(const struct vnet_header *vnet, uint8_t *packet, size_t len);

const char *segment_verdict_name(enum segment_verdict verdict);

#endif
