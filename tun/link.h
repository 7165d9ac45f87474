/* link.h -- interfaces, addresses, routes and rules, asked of the kernel by rtnetlink.
 *
 * Each call is one request and its answer: 0 or -errno. Adding what is there
 * and deleting what is gone are not errors. Nothing is ever done by running a
 * command.
 */
#ifndef TUN_LINK_H
#define TUN_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct link;		/* an rtnetlink socket */

int link_open(struct link **out);
void link_free(struct link *link);

int link_index(struct link *link, const char *name, uint32_t *ifindex);	/* -ENODEV */

struct link_interface {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool is_running;	/* up, and with a carrier as far as the driver knows */
	bool is_loopback;
	bool is_point_to_point;	/* a tunnel, a modem: no LAN */
	bool has_multicast;
};

int link_interface(struct link *link, uint32_t ifindex, struct link_interface *out); /* -ENODEV */
int link_set_mtu(struct link *link, uint32_t ifindex, uint32_t mtu);
/* Without link-local addresses of its own (addrgenmode none): no packets that nobody sent,
 * but for multicast reports (RFC 3810) of a host that forwards IPv6. */
int link_set_up(struct link *link, uint32_t ifindex);

/* An IPv6 address is usable at once (no duplicate address detection).
 * `metric` is that of the route to the address's network, which comes with it.
 * -EACCES or -EOPNOTSUPP for IPv6 where the host has it switched off. */
int link_add_address(struct link *link, uint32_t ifindex, const struct cidr *address,
		     uint32_t metric);
int link_del_address(struct link *link, uint32_t ifindex, const struct cidr *address);

enum { ROUTE_TABLE_MAIN = 254 };

struct route {
	struct cidr to;		/* host bits are ignored */
	uint32_t ifindex;
	uint32_t table;
	uint32_t metric;
};

/* An equal route of another interface keeps its place before ours. */
int link_add_route(struct link *link, const struct route *route);
int link_del_route(struct link *link, const struct route *route);

/* The two policy rules of a default route through a tunnel, as wg-quick sets
 * them, for one family: packets without our mark look into `table`, but first
 * the main table's routes other than its default are honoured. Adding begins
 * with deleting: what a killed program left behind does not double. */
int link_add_default_rules(struct link *link, enum ip_family family, uint32_t mark, uint32_t table);
int link_del_default_rules(struct link *link, enum ip_family family, uint32_t mark, uint32_t table);

/* What the host has. Each walk stops early when `each` returns false, which must not use
 * `link` itself. */

struct link_address {
	struct ip ip;
	struct cidr on_link;	/* its network, or on a point-to-point link the other end */
	uint32_t ifindex;
	bool is_temporary;	/* RFC 8981: gone in some days */
	bool is_deprecated;	/* RFC 4862 section 5.5.4: not for anything new */
	bool is_tentative;	/* RFC 4862 section 5.4: may turn out to be another's, or did */
};

typedef bool link_walk_address_fn(void *context, const struct link_address *address);
int link_walk_addresses(struct link *link, link_walk_address_fn *each, void *context);

/* The same in short: the address with its network's length. */
typedef bool link_address_fn(void *context, uint32_t ifindex, const struct cidr *address);
int link_each_address(struct link *link, link_address_fn *each, void *context);

struct link_gateway {
	struct ip ip;		/* an IPv4 route may lead to an IPv6 gateway, RFC 8950 */
	uint32_t ifindex;
	uint32_t metric;	/* of its route: the least one is used */
};

/* The routers of one family's default routes in the main table, all those of a route with
 * several; not those behind a link that is down. */
typedef bool link_walk_gateway_fn(void *context, const struct link_gateway *gateway);
int link_walk_gateways(struct link *link, enum ip_family family, link_walk_gateway_fn *each,
		       void *context);

#endif
