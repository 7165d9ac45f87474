/* icmp.c -- "no way there", said to the host's own programs at once. */
#include "node/icmp.h"

#include <string.h>

enum {
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	ICMP_LEN = 8,
	IPV4_ERROR_MAX = 576,	/* RFC 1812 section 4.3.2.3 */
	IPV6_ERROR_MAX = 1280,	/* RFC 4443 section 2.4 (c) */
	PROTO_ICMP = 1,
	PROTO_ICMPV6 = 58,
	TTL = 64,
};

static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len >= 2; p += 2, len -= 2)
		sum += load_be16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 1122 section 3.2.2: never about an error, a multicast, a later fragment or nobody. */
static bool ipv4_deserves(struct bytes p)
{
	struct ip source = ip_v4(p.data[12], p.data[13], p.data[14], p.data[15]);
	struct ip to = ip_v4(p.data[16], p.data[17], p.data[18], p.data[19]);
	size_t header = (p.data[0] & 15u) * 4u;

	if (load_be16(p.data + 6) & 0x1fff || ip_is_multicast(&to) || ip_is_multicast(&source) ||
	    ip_is_unspecified(&source) || to.bytes[0] == 255)
		return false;
	if (p.data[9] != PROTO_ICMP)
		return true;
	return p.len > header && (p.data[header] == 8 || p.data[header] == 0);
}

static bool ipv6_deserves(struct bytes p)
{
	struct ip source = {.family = IP_V6}, to = {.family = IP_V6};

	memcpy(source.bytes, p.data + 8, 16);
	memcpy(to.bytes, p.data + 24, 16);
	if (ip_is_multicast(&to) || ip_is_multicast(&source) || ip_is_unspecified(&source))
		return false;
	/* ICMPv6 errors have the top bit of the type clear */
	return p.data[6] != PROTO_ICMPV6 || (p.len > IPV6_LEN && p.data[IPV6_LEN] & 0x80);
}

/* Make room for `len` bytes in front and keep at most max bytes of the whole. */
static uint8_t *push(struct packet *p, size_t len, size_t max)
{
	p->data -= len;
	p->len += len;
	if (p->len > max)
		p->len = max;
	memset(p->data, 0, len);
	return p->data;
}

static void ipv4_error(struct packet *p, const struct ip *from)
{
	uint8_t to[4];
	uint8_t *h;

	memcpy(to, p->data + 12, sizeof(to));
	h = push(p, IPV4_LEN + ICMP_LEN, IPV4_ERROR_MAX);
	h[0] = 0x45;
	h[1] = 0xc0;	/* internetwork control, RFC 1812 section 4.3.2.5 */
	store_be16(h + 2, (uint16_t)p->len);
	h[8] = TTL;
	h[9] = PROTO_ICMP;
	memcpy(h + 12, from->bytes, 4);
	memcpy(h + 16, to, 4);
	store_be16(h + 10, fold(sum_words(0, h, IPV4_LEN)));
	h[IPV4_LEN] = 3;	/* destination unreachable */
	h[IPV4_LEN + 1] = 1;	/* host unreachable */
	store_be16(h + IPV4_LEN + 2, fold(sum_words(0, h + IPV4_LEN, p->len - IPV4_LEN)));
}

static void ipv6_error(struct packet *p, const struct ip *from)
{
	uint8_t to[16];
	uint32_t sum;
	uint8_t *h;

	memcpy(to, p->data + 8, sizeof(to));
	h = push(p, IPV6_LEN + ICMP_LEN, IPV6_ERROR_MAX);
	h[0] = 0x60;
	store_be16(h + 4, (uint16_t)(p->len - IPV6_LEN));
	h[6] = PROTO_ICMPV6;
	h[7] = TTL;
	memcpy(h + 8, from->bytes, 16);
	memcpy(h + 24, to, 16);
	h[IPV6_LEN] = 1;	/* destination unreachable */
	h[IPV6_LEN + 1] = 3;	/* address unreachable */
	/* RFC 8200 section 8.1: pseudo-header */
	sum = sum_words((uint32_t)(p->len - IPV6_LEN) + PROTO_ICMPV6, h + 8, 32);
	store_be16(h + IPV6_LEN + 2, fold(sum_words(sum, h + IPV6_LEN, p->len - IPV6_LEN)));
}

bool icmp_unreachable(struct packet *packet, const struct ip *from)
{
	struct bytes p = packet_bytes(packet);

	if (packet_headroom(packet) < IPV6_LEN + ICMP_LEN)
		return false;
	if (from->family == IP_V4 && p.len >= IPV4_LEN && p.data[0] >> 4 == 4 && ipv4_deserves(p)) {
		ipv4_error(packet, from);
		return true;
	}
	if (from->family == IP_V6 && p.len >= IPV6_LEN && p.data[0] >> 4 == 6 && ipv6_deserves(p)) {
		ipv6_error(packet, from);
		return true;
	}
	return false;
}
