/* netgoal.h -- a netplan worked out to the single addresses, routes and rules.
 *
 *   facts: [ addresses as configured | routes, sorted | rules ]
 *           set from left to right -->      <-- taken away from right to left
 *
 * Only for netplan.c.
 */
#ifndef TUN_NETGOAL_H
#define TUN_NETGOAL_H

#include "tun/netplan.h"

enum fact_kind { FACT_ADDRESS, FACT_ROUTE, FACT_RULES };

struct fact {
	enum fact_kind kind;
	struct cidr to;		/* the address, or where a route leads; rules: /0 of their family */
	uint32_t table;		/* of a route, or that rules lead to */
	uint32_t mark;		/* of rules */
	bool absent;		/* could not be had here: IPv6 is off */
};

struct netgoal {
	uint32_t ifindex;
	struct fact *facts;
	size_t len;
	size_t addresses_len;	/* so many facts are addresses */
};

/* 0 or -errno with a sentence; free with netgoal_deinit(). What is left out
 * because it lies inside a network of the host is a log_warn line. */
int netgoal_init(struct netgoal *goal, struct link *link, uint32_t ifindex,
		 const struct netplan *plan, char error[static 256]);
void netgoal_deinit(struct netgoal *goal);

bool netgoal_has(const struct netgoal *goal, const struct fact *fact);	/* and not absent */

#endif
