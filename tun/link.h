/* link.h -- interfaces, addresses, routes and rules, asked of the kernel by rtnetlink.
 *
 * Each call is one request and its answer: 0 or -errno. Adding what is there
 * and deleting what is gone are not errors. Nothing is ever done by running a
 * command.
 */
#ifndef TUN_LINK_H
#define TUN_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct link;		/* an rtnetlink socket */

int link_open(struct link **out);
void link_free(struct link *link);

int link_index(struct link *link, const char *name, uint32_t *ifindex);	/* -ENODEV */
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

/* Every address of every interface; stops early when `each` returns false. The
 * address has its network's length. `each` must not use `link` itself. */
typedef bool link_address_fn(void *context, uint32_t ifindex, const struct cidr *address);
int link_each_address(struct link *link, link_address_fn *each, void *context);

#endif
