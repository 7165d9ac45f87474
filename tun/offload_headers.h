/* offload_headers.h -- where the headers of a TCP or UDP packet lie.
 *
 *   0            l4                header_len          len
 *   [ IPv4, IPv6 | TCP, UDP        | payload ..........]
 *
 * Only of whole packets: no fragment, and as long as its IP header says. IPv4 may have options,
 * IPv6 hop-by-hop and destination options before the rest.
 */
#ifndef TUN_OFFLOAD_HEADERS_H
#define TUN_OFFLOAD_HEADERS_H

#include "base/bytes.h"

enum {
	IPV4_HEADER_LEN = 20,
	IPV4_HEADER_MAX = 60,
	IPV6_HEADER_LEN = 40,
	TCP_HEADER_LEN = 20,
	TCP_HEADER_MAX = 60,
	UDP_HEADER_LEN = 8,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
};

enum {
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_CWR = 0x80,
};

struct headers {
	uint8_t version;	/* 4, 6 */
	uint8_t protocol;
	uint16_t l4;
	uint16_t header_len;	/* all of them */
};

enum headers_verdict {
	HEADERS_FOUND,
	HEADERS_OTHER,		/* a whole packet of another protocol */
	HEADERS_FRAGMENT,
	HEADERS_STRANGE,	/* not IP, cut short, lengths that contradict each other */
};

enum headers_verdict headers_find(struct headers *out, struct bytes packet);

/* The unfolded sum of the pseudo-header: addresses, protocol, and the length of what is behind
 * the IP header. RFC 9293 section 3.1, RFC 8200 section 8.1. */
uint64_t headers_pseudo_sum(const struct headers *h, const uint8_t *packet, size_t l4_len);

/* Where the checksum stands behind l4. */
static inline uint16_t headers_checksum_offset(const struct headers *h)
{
	return h->protocol == PROTO_TCP ? 16 : 6;
}

#endif
