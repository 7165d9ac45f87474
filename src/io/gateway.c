/* gateway.c -- the router that may open a port for us, and our address towards it. */
#include "io/gateway.h"

enum { GATEWAYS_MAX = 8, ADDRESSES_MAX = 64 };

/* RFC 8981: an address for a day is no address to be found at. */
static bool is_ours_towards(const struct local_address *a, const struct gateway *g)
{
	if (a->ifindex != g->ifindex || a->ip.family != g->at.ip.family)
		return false;
	if (a->ip.family == IP_V4)
		return cidr_contains(&a->on_link, &g->at.ip) && !mapper_is_public(&a->ip);
	return ip_is_link_local(&g->at.ip) && mapper_is_public(&a->ip) && !a->is_temporary;
}

void gateway_choose(struct mapper_place *place, enum ip_family family,
		    const struct gateway *gateways, size_t gateways_len,
		    const struct local_address *addresses, size_t addresses_len)
{
	*place = (struct mapper_place){.gateway.family = IP_NONE};
	for (size_t i = 0; i < gateways_len; i++) {
		const struct gateway *g = &gateways[i];

		if (g->at.ip.family != family)
			continue;
		for (size_t j = 0; j < addresses_len; j++) {
			if (!is_ours_towards(&addresses[j], g))
				continue;
			*place = (struct mapper_place){g->at.ip, addresses[j].ip, g->ifindex};
			return;
		}
		return;		/* the others are not what we leave by */
	}
}

void gateway_find(struct mapper_place *place, enum ip_family family, uint32_t own)
{
	struct gateway gateways[GATEWAYS_MAX];
	struct local_address addresses[ADDRESSES_MAX];
	int n = links_gateways(gateways, GATEWAYS_MAX, own);
	int m = links_list(addresses, ADDRESSES_MAX, own);

	gateway_choose(place, family, gateways, n < 0 ? 0 : (size_t)n, addresses,
		       m < 0 ? 0 : (size_t)m);
}
