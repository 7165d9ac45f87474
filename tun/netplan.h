/* netplan.h -- what the host's network should look like, and making it so.
 *
 *   want = addresses, routes, MTU          (from the config)
 *   have = what we set ourselves before    (kept here)
 *   apply: take away have - want, add want - have
 *
 * Only what this file added is ever taken away. A route goes in with a metric
 * worse than any network the host is on itself (METRIC), so a LAN with the same
 * prefix wins while we are there; a prefix that lies inside a network of
 * another interface is left out, with a warning (of an address: its network,
 * not the address), and tried again at the next apply. A /0 goes into a table of
 * its own, by the two rules of link_add_default_rules(), so that our own
 * datagrams (which carry `mark`) still find the old default route. A strict
 * rp_filter, which then drops what distant peers send, is named in a warning.
 */
#ifndef TUN_NETPLAN_H
#define TUN_NETPLAN_H

#include "tun/link.h"

enum { NETPLAN_METRIC = 5000 };

struct netplan {
	const char *device;
	uint32_t mtu;
	const struct cidr *addresses;	/* /len as configured: gives the connected route */
	size_t addresses_len;
	const struct cidr *routes;
	size_t routes_len;
	uint32_t table;			/* 0: no routes; ROUTE_TABLE_MAIN: as above; else all into that one, no rules */
	uint32_t mark;			/* of our own datagrams; also the number of the table for /0,
					 * so neither 0 nor one of the system's, 253..255 */
};

struct netplan_state;			/* what was set so far */

/* 0 or -errno with a sentence in error. On failure what this call added is taken back.
 * *state starts as NULL. Things that can be lived with (IPv6 is off on this host; a route
 * left out) are log_warn lines. */
int netplan_apply(struct netplan_state **state, const struct netplan *want, char error[static 256]);

/* Take everything away and free; safe on NULL. Called before the device is closed. */
void netplan_undo(struct netplan_state *state);

#endif
