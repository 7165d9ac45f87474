/* packets.h -- TCP and UDP packets made by hand, with checksums summed the slow way.
 *
 * Nothing here uses what it tests: the sums are RFC 1071 word by word.
 */
#ifndef TESTS_TUN_PACKETS_H
#define TESTS_TUN_PACKETS_H

#include <string.h>

#include "base/bytes.h"

enum { PACKETS_HEADERS_MAX = 40 + 20 + 12, TCP_OPTIONS_LEN = 12 };

struct recipe {
	bool v6, udp;
	uint8_t flow;		/* in the addresses' and ports' last bytes */
	uint8_t tos, ttl;
	uint16_t id, fragment;	/* IPv4; fragment: with DF and MF */
	uint32_t label;		/* IPv6 */
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window, urgent;
	bool options;		/* a timestamp */
	uint32_t stamp;
	struct bytes payload;
};

static inline uint32_t words_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (i & 1) ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static inline uint16_t words_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Of the pseudo-header of a packet with the shortest of IP headers. */
static inline uint16_t pseudo_of(const uint8_t *ip, size_t len)
{
	bool v6 = ip[0] >> 4 == 6;
	size_t l4_len = len - (v6 ? 40 : 20);

	return words_fold((v6 ? words_sum(ip + 8, 32) + ip[6] : words_sum(ip + 12, 8) + ip[9]) +
			  (uint32_t)l4_len);
}

/* All its checksums are right, and the two zeroes of UDP are told apart. */
static inline bool sums_are_right(const uint8_t *ip, size_t len)
{
	size_t l4 = ip[0] >> 4 == 6 ? 40 : 20;

	if (l4 == 20 && words_fold(words_sum(ip, 20)) != 0xffff)
		return false;
	return words_fold(pseudo_of(ip, len) + words_sum(ip + l4, len - l4)) == 0xffff;
}

static inline void finish_sums(uint8_t *ip, size_t len, size_t l4, size_t field)
{
	uint16_t sum;

	if (l4 == 20) {
		store_be16(ip + 10, 0);
		store_be16(ip + 10, (uint16_t)~words_fold(words_sum(ip, 20)));
	}
	store_be16(ip + l4 + field, 0);
	sum = (uint16_t)~words_fold(pseudo_of(ip, len) + words_sum(ip + l4, len - l4));
	store_be16(ip + l4 + field, field == 6 && sum == 0 ? 0xffff : sum);
}

static inline void put_ipv4(struct writer *w, const struct recipe *r, size_t l4_len)
{
	put_u8(w, 0x45);
	put_u8(w, r->tos);
	put_be16(w, (uint16_t)(20 + l4_len));
	put_be16(w, r->id);
	put_be16(w, r->fragment);
	put_u8(w, r->ttl);
	put_u8(w, r->udp ? 17 : 6);
	put_be16(w, 0);
	put_be32(w, 0x0a4d0000 | r->flow);	/* 10.77.0.x */
	put_be32(w, 0x0a4d00ff);
}

static inline void put_ipv6(struct writer *w, const struct recipe *r, size_t l4_len)
{
	put_be32(w, 6u << 28 | (uint32_t)r->tos << 20 | (r->label & 0xfffff));
	put_be16(w, (uint16_t)l4_len);
	put_u8(w, r->udp ? 17 : 6);
	put_u8(w, r->ttl);
	put_be64(w, 0xfd77000000000000);	/* fd77::x */
	put_be64(w, r->flow);
	put_be64(w, 0xfd77000000000000);
	put_be64(w, 0xff);
}

static inline void put_tcp(struct writer *w, const struct recipe *r)
{
	put_be32(w, 0x30390050);		/* from 12345 to 80 */
	put_be32(w, r->seq);
	put_be32(w, r->ack);
	put_u8(w, r->options ? 0x80 : 0x50);
	put_u8(w, r->flags);
	put_be16(w, r->window);
	put_be16(w, 0);
	put_be16(w, r->urgent);
	if (r->options) {
		put_be32(w, 0x0101080a);	/* no-op, no-op, timestamps of 10 bytes */
		put_be32(w, r->stamp);
		put_be32(w, 7);
	}
}

/* Its length; out has room for PACKETS_HEADERS_MAX and the payload. */
static inline size_t make_packet(uint8_t *out, const struct recipe *r)
{
	struct writer w = writer_over(out, PACKETS_HEADERS_MAX + r->payload.len);
	size_t l4_header = r->udp ? 8 : r->options ? 20 + TCP_OPTIONS_LEN : 20;

	if (r->v6)
		put_ipv6(&w, r, l4_header + r->payload.len);
	else
		put_ipv4(&w, r, l4_header + r->payload.len);
	if (r->udp) {
		put_be32(&w, 0x30390035);	/* to 53 */
		put_be16(&w, (uint16_t)(8 + r->payload.len));
		put_be16(&w, 0);
	} else {
		put_tcp(&w, r);
	}
	put_bytes(&w, r->payload);
	finish_sums(out, w.len, r->v6 ? 40 : 20, r->udp ? 6 : 16);
	return w.len;
}

#endif
