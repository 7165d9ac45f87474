/* hygiene.c -- which candidates of a peer we send checks to. */
#include "signal/hygiene.h"

#include <string.h>

/* Not one of a link, a multitude, or ourselves. Link-local is judged apart. */
static bool is_unicast(const struct ip *ip)
{
	if (ip->family == IP_V4)
		return ip->bytes[0] != 0 && !ip_is_loopback(ip) && ip->bytes[0] < 224;
	return !ip_is_unspecified(ip) && !ip_is_loopback(ip) && !ip_is_multicast(ip);
}

static bool is_virtual(const struct ip *ip, const struct cidr *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (cidr_contains(&prefixes[i], ip))
			return true;
	}
	return false;
}

static struct ip v4_at(const uint8_t *b)
{
	return ip_v4(b[0], b[1], b[2], b[3]);
}

/* The IPv4 addresses that a packet to this IPv6 address goes to in the end. */
static size_t wrapped(struct ip out[static 2], const struct ip *ip)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};	/* RFC 6052, 64:ff9b::/96 */
	static const uint8_t compatible[12];				/* ::/96, RFC 4291 */
	const uint8_t *b = ip->bytes;

	if (memcmp(b, nat64, 12) == 0 || memcmp(b, compatible, 12) == 0) {
		out[0] = v4_at(b + 12);
		return 1;
	}
	if (b[0] == 0x20 && b[1] == 0x02) {				/* RFC 3056, 2002::/16 */
		out[0] = v4_at(b + 2);
		return 1;
	}
	if (b[0] == 0x20 && b[1] == 0x01 && !b[2] && !b[3]) {		/* RFC 4380, 2001::/32 */
		out[0] = v4_at(b + 4);
		out[1] = ip_v4(b[12] ^ 0xff, b[13] ^ 0xff, b[14] ^ 0xff, b[15] ^ 0xff);
		return 2;
	}
	return 0;
}

static bool wraps_good_ones(const struct ip *ip, const struct cidr *prefixes, size_t n)
{
	struct ip inner[2];
	size_t count = ip->family == IP_V6 ? wrapped(inner, ip) : 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_unicast(&inner[i]) || ip_is_link_local(&inner[i]) ||
		    is_virtual(&inner[i], prefixes, n))
			return false;
	}
	return true;
}

bool hygiene_allows(const struct endpoint *e, const struct cidr *virtual_prefixes, size_t n,
		    uint32_t ifindex)
{
	if (!ip_bits(&e->ip) || !e->port || !is_unicast(&e->ip))
		return false;
	if (ip_is_link_local(&e->ip) && !ifindex)
		return false;
	return !is_virtual(&e->ip, virtual_prefixes, n) &&
	       wraps_good_ones(&e->ip, virtual_prefixes, n);
}

size_t hygiene_clean(struct desc *d, const struct cidr *virtual_prefixes, size_t n, uint32_t ifindex)
{
	size_t kept = 0, before = d->candidates_len;

	for (size_t i = 0; i < before; i++) {
		struct desc_candidate c = d->candidates[i];

		if (!hygiene_allows(&c.endpoint, virtual_prefixes, n, ifindex))
			continue;
		if (c.endpoint.ip.family == IP_V6 && ip_is_link_local(&c.endpoint.ip))
			c.endpoint.scope = ifindex;
		d->candidates[kept++] = c;
	}
	d->candidates_len = kept;
	return before - kept;
}
