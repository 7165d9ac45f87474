/* allowedips.c -- cryptokey routing: which peer owns an address (paper, section 2).
 *
 *   10.0.0.0/8 A, 10.1.0.0/16 B, 10.2.0.0/16 C:      10.0.0.0/8 A
 *                                                        | bit 8 = 0
 *                                              (10.0.0.0/14)  a fork, no owner
 *                                        bit 14 = 0 |        | bit 14 = 1
 *                                         10.1.0.0/16 B    10.2.0.0/16 C
 *
 * A node's prefix begins with its parent's; the first bit after the parent's
 * prefix chooses the child. So a look-up passes every prefix that holds the
 * address, shortest first, and remembers the last owner it saw.
 */
#include "wg/allowedips.h"

#include <string.h>

void allowedips_init(struct allowedips *t, struct allowedips_node *nodes, uint32_t cap)
{
	*t = (struct allowedips){.nodes = nodes, .cap = cap};
}

size_t allowedips_nodes_for(size_t prefixes)
{
	return 2 * prefixes;
}

/* How many bits two addresses have in common from the left, 128 at most. */
static unsigned common_bits(const uint8_t a[static 16], const uint8_t b[static 16])
{
	uint64_t high = load_be64(a) ^ load_be64(b);
	uint64_t low = load_be64(a + 8) ^ load_be64(b + 8);

	if (high)
		return (unsigned)__builtin_clzll(high);
	if (low)
		return 64 + (unsigned)__builtin_clzll(low);
	return 128;
}

static unsigned bit_at(const uint8_t bits[static 16], unsigned i)
{
	return bits[i / 8] >> (7 - i % 8) & 1;
}

static struct allowedips_node *node_at(const struct allowedips *t, uint32_t link)
{
	return link ? &t->nodes[link - 1] : NULL;
}

/* The room for it was checked. */
static uint32_t new_node(struct allowedips *t, const struct cidr *prefix, void *owner)
{
	struct allowedips_node *n = &t->nodes[t->len++];

	*n = (struct allowedips_node){.len = prefix->len, .owner = owner};
	memcpy(n->bits, prefix->ip.bytes, sizeof(n->bits));
	return t->len;
}

/* Put `prefix` above the node at *link, with which it shares all its bits. */
static void insert_above(struct allowedips *t, uint32_t *link, const struct cidr *prefix,
			 void *owner)
{
	uint32_t below = *link;
	uint32_t above = new_node(t, prefix, owner);

	node_at(t, above)->child[bit_at(node_at(t, below)->bits, prefix->len)] = below;
	*link = above;
}

/* Put `prefix` beside the node at *link: both below a fork at what they share. */
static void insert_beside(struct allowedips *t, uint32_t *link, const struct cidr *prefix,
			  unsigned shared, void *owner)
{
	struct cidr fork = cidr_masked((struct cidr){prefix->ip, (uint8_t)shared});
	uint32_t leaf = new_node(t, prefix, owner);

	insert_above(t, link, &fork, NULL);
	node_at(t, *link)->child[bit_at(prefix->ip.bytes, shared)] = leaf;
}

static bool has_room(const struct allowedips *t, uint32_t nodes)
{
	return t->cap - t->len >= nodes;
}

static bool insert(struct allowedips *t, uint32_t *link, const struct cidr *prefix, void *owner)
{
	unsigned shared = 0;
	struct allowedips_node *n;

	while ((n = node_at(t, *link))) {
		shared = common_bits(n->bits, prefix->ip.bytes);
		if (shared < n->len || prefix->len <= n->len)
			break;
		link = &n->child[bit_at(prefix->ip.bytes, n->len)];
	}
	if (n && shared >= n->len && n->len == prefix->len) {
		n->owner = owner;
		return true;
	}
	if (!has_room(t, n && shared < prefix->len ? 2 : 1))
		return false;
	if (!n)
		*link = new_node(t, prefix, owner);
	else if (shared >= prefix->len)
		insert_above(t, link, prefix, owner);
	else
		insert_beside(t, link, prefix, shared, owner);
	return true;
}

bool allowedips_add(struct allowedips *t, const struct cidr *prefix, void *owner)
{
	struct cidr masked = cidr_masked(*prefix);

	return insert(t, prefix->ip.family == IP_V4 ? &t->root4 : &t->root6, &masked, owner);
}

void *allowedips_find(const struct allowedips *t, const struct ip *ip)
{
	const struct allowedips_node *n = node_at(t, ip->family == IP_V4 ? t->root4 : t->root6);
	unsigned bits = ip_bits(ip);
	void *owner = NULL;

	while (n && common_bits(n->bits, ip->bytes) >= n->len) {
		if (n->owner)
			owner = n->owner;
		if (n->len >= bits)
			break;
		n = node_at(t, n->child[bit_at(ip->bytes, n->len)]);
	}
	return owner;
}

enum which { SOURCE, DESTINATION };

/* An address of the IP header at the start of the packet, empty if that is none: IPv4 (RFC 791)
 * has them at 12 and 16, IPv6 (RFC 8200) at 8 and 24. */
static struct bytes header_address(struct bytes packet, enum which which)
{
	struct reader r = reader_over(packet);
	uint8_t version = get_u8(&r) >> 4;
	struct bytes source, destination;

	if (version != 4 && version != 6)
		return bytes_of(NULL, 0);
	get_bytes(&r, version == 4 ? 11 : 7);
	source = get_bytes(&r, version == 4 ? 4 : 16);
	destination = get_bytes(&r, version == 4 ? 4 : 16);
	if (r.bad)
		return bytes_of(NULL, 0);
	return which == SOURCE ? source : destination;
}

/* An IPv4-mapped address in an IPv6 header stays IPv6: made IPv4, it would pass for somebody
 * else's. */
static void *find_address(const struct allowedips *t, struct bytes address)
{
	struct ip ip = {.family = address.len == 4 ? IP_V4 : IP_V6};

	if (!address.len)
		return NULL;
	memcpy(ip.bytes, address.data, address.len);
	return allowedips_find(t, &ip);
}

void *allowedips_route(const struct allowedips *t, struct bytes packet)
{
	return find_address(t, header_address(packet, DESTINATION));
}

bool allowedips_same_route(struct bytes a, struct bytes b)
{
	struct bytes to_a = header_address(a, DESTINATION);
	struct bytes to_b = header_address(b, DESTINATION);

	if (!to_a.len || to_a.len != to_b.len)
		return false;
	return to_a.len == 4 ? memcmp(to_a.data, to_b.data, 4) == 0
			     : memcmp(to_a.data, to_b.data, 16) == 0;
}

bool allowedips_allows(const struct allowedips *t, struct bytes packet, const void *owner)
{
	return owner && find_address(t, header_address(packet, SOURCE)) == owner;
}

static size_t ipv4_len(struct reader *r, uint8_t first)
{
	size_t header = (first & 0xfu) * 4;
	size_t total;

	get_u8(r);	/* type of service */
	total = get_be16(r);
	return header >= 20 && total >= header ? total : 0;
}

static size_t ipv6_len(struct reader *r)
{
	get_bytes(r, 3);	/* rest of the traffic class, flow label */
	return 40u + get_be16(r);
}

size_t inner_packet_len(struct bytes plain)
{
	struct reader r = reader_over(plain);
	uint8_t first = get_u8(&r);
	size_t len = 0;

	if (first >> 4 == 4)
		len = ipv4_len(&r, first);
	else if (first >> 4 == 6)
		len = ipv6_len(&r);
	return !r.bad && len <= plain.len ? len : 0;
}
