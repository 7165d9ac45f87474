/* offload_headers.c -- where the headers of a TCP or UDP packet lie. */
#include "tun/offload_headers.h"

#include "base/checksum.h"

/* What may stand between IPv6 and what it carries: RFC 8200 section 4.1. */
enum { NEXT_HOP_BY_HOP = 0, NEXT_FRAGMENT = 44, NEXT_DESTINATION_OPTIONS = 60 };

enum { IPV4_MORE_FRAGMENTS_AND_OFFSET = 0x3fff };

static enum headers_verdict find_ipv4(struct headers *out, struct bytes packet)
{
	const uint8_t *ip = packet.data;

	if (packet.len < IPV4_HEADER_LEN)
		return HEADERS_STRANGE;
	out->l4 = (uint16_t)((ip[0] & 15) * 4);
	if (out->l4 < IPV4_HEADER_LEN || out->l4 > packet.len || load_be16(ip + 2) != packet.len)
		return HEADERS_STRANGE;
	if (load_be16(ip + 6) & IPV4_MORE_FRAGMENTS_AND_OFFSET)
		return HEADERS_FRAGMENT;
	out->protocol = ip[9];
	return HEADERS_FOUND;
}

/* RFC 8200 section 4.2: next header, length beyond the first 8 bytes in units of 8. */
static enum headers_verdict skip_options(struct headers *out, struct bytes packet)
{
	struct reader r = reader_over(packet);
	size_t l4 = IPV6_HEADER_LEN;

	get_bytes(&r, l4);
	while (out->protocol == NEXT_HOP_BY_HOP || out->protocol == NEXT_DESTINATION_OPTIONS) {
		uint8_t next = get_u8(&r);
		size_t len = get_u8(&r) * 8u + 8;

		get_bytes(&r, len - 2);
		if (r.bad)
			return HEADERS_STRANGE;
		out->protocol = next;
		l4 += len;
	}
	out->l4 = (uint16_t)l4;
	return out->protocol == NEXT_FRAGMENT ? HEADERS_FRAGMENT : HEADERS_FOUND;
}

static enum headers_verdict find_ipv6(struct headers *out, struct bytes packet)
{
	const uint8_t *ip = packet.data;

	if (packet.len < IPV6_HEADER_LEN || load_be16(ip + 4) != packet.len - IPV6_HEADER_LEN)
		return HEADERS_STRANGE;
	out->protocol = ip[6];
	return skip_options(out, packet);
}

static enum headers_verdict find_ip(struct headers *out, struct bytes packet)
{
	out->version = packet.len ? packet.data[0] >> 4 : 0;
	switch (out->version) {
	case 4:
		return find_ipv4(out, packet);
	case 6:
		return find_ipv6(out, packet);
	}
	return HEADERS_STRANGE;
}

enum headers_verdict headers_find(struct headers *out, struct bytes packet)
{
	enum headers_verdict verdict = find_ip(out, packet);
	size_t len, room;

	if (verdict != HEADERS_FOUND)
		return verdict;
	room = packet.len - out->l4;
	switch (out->protocol) {
	case PROTO_TCP:
		len = room < TCP_HEADER_LEN ? 0 : (packet.data[out->l4 + 12] >> 4) * 4u;
		if (len < TCP_HEADER_LEN || len > room)
			return HEADERS_STRANGE;
		break;
	case PROTO_UDP:
		len = UDP_HEADER_LEN;
		if (len > room)
			return HEADERS_STRANGE;
		break;
	default:
		return HEADERS_OTHER;
	}
	out->header_len = (uint16_t)(out->l4 + len);
	return HEADERS_FOUND;
}

uint64_t headers_pseudo_sum(const struct headers *h, const uint8_t *packet, size_t l4_len)
{
	struct bytes addresses = h->version == 4 ? bytes_of(packet + 12, 8) : bytes_of(packet + 8, 32);
	uint64_t sum = checksum_add(0, addresses);

	sum = checksum_add_u16(sum, h->protocol);
	return checksum_add_u16(sum, (uint16_t)l4_len);
}
