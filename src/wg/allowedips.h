/* allowedips.h -- cryptokey routing: which peer owns an address (paper, section 2).
 *
 * A binary trie with path compression for each family; the longest prefix
 * wins. Nodes come from an array that the caller gives, two for each prefix at
 * most. A prefix that is added again moves to its new owner.
 */
#ifndef WG_ALLOWEDIPS_H
#define WG_ALLOWEDIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

struct allowedips_node {
	uint8_t bits[16];	/* masked */
	uint8_t len;
	uint32_t child[2];	/* index + 1 into the array; 0: none */
	void *owner;		/* NULL: only a fork */
};

struct allowedips {
	struct allowedips_node *nodes;
	uint32_t cap;
	uint32_t len;
	uint32_t root4, root6;	/* index + 1 */
};

void allowedips_init(struct allowedips *t, struct allowedips_node *nodes, uint32_t cap);
size_t allowedips_nodes_for(size_t prefixes);		/* how many nodes that many prefixes may need */
bool allowedips_add(struct allowedips *t, const struct cidr *prefix, void *owner);	/* false: full */
void *allowedips_find(const struct allowedips *t, const struct ip *ip);		/* NULL: nobody */

/* Straight from an IP packet: its destination's owner, or whether its source
 * belongs to this owner. Bytes that are no IP header belong to nobody. */
void *allowedips_route(const struct allowedips *t, struct bytes packet);
/* Do both go to one address? Then they go to one owner. */
bool allowedips_same_route(struct bytes a, struct bytes b);
bool allowedips_allows(const struct allowedips *t, struct bytes packet, const void *owner);

/* Length of the IP packet at the start of `plain`, as its own header says; 0 if
 * it is no IPv4 or IPv6 packet or the header claims more than there is. */
size_t inner_packet_len(struct bytes plain);

#endif
