/* links.h -- what this host is connected to, and news of it.
 *
 *   links_list       the addresses that others could reach us at
 *   links_gateways   the routers that might open a port for us
 *   links_watch      changed() after something of that changed:
 *
 *        news    news news                     news news news news news ...
 *     ----+-------+----+----------|-------------+----+----+----+----+-|------
 *                       - quiet - changed()     ------ patience ------ changed()
 *
 *   links_resumed    the machine slept, so all of it may have changed
 *
 * `own` is the interface index of our own device everywhere (0: none), which
 * is left out: it is not what we are connected by.
 */
#ifndef IO_LINKS_H
#define IO_LINKS_H

#include <net/if.h>
#include <uv.h>

#include "base/addr.h"
#include "base/msec.h"

enum {
	LINKS_QUIET = 100,	/* msec without news before changed() */
	LINKS_PATIENCE = 500,	/* msec after the first news, however much more there is */
	LINKS_SLEPT = 10000,	/* msec of sleep after which nothing is taken for granted */
};

struct local_address {
	struct ip ip;
	struct cidr on_link;	/* what is reached there without a router: mostly ip's network */
	uint32_t ifindex;
	char name[IF_NAMESIZE];	/* of the interface */
	bool is_temporary;	/* RFC 8981 */
	bool is_lan;		/* its interface has multicast and more than one other end */
};

/* The addresses of all interfaces that are running, but for loopback, `own`, and addresses that
 * are tentative or deprecated (RFC 4862). Those after the first `max` are left out. How many, or
 * -errno. */
int links_list(struct local_address *out, size_t max, uint32_t own);

struct gateway {
	struct endpoint at;	/* port 0; its scope is set if it is link-local */
	uint32_t ifindex;
	uint32_t metric;
};

/* The default gateways of the main table, the first `max` of them: IPv4 before IPv6, and those
 * of one family in the order in which the kernel prefers them. How many, or -errno. */
int links_gateways(struct gateway *out, size_t max, uint32_t own);

struct links_watch;

typedef void links_changed_fn(void *context);

/* 0 or -errno. */
int links_watch_open(struct links_watch **out, uv_loop_t *loop, uint32_t own,
		     links_changed_fn *changed, void *context);

/* No changed() comes any more. The memory goes when the loop has run. NULL is fine. */
void links_watch_close(struct links_watch *watch);

/* CLOCK_BOOTTIME runs on in suspend and CLOCK_MONOTONIC does not. */
struct links_sleep {
	bool is_set;
	msec slept;		/* by how much they differed when we last said so, or at first */
};

/* True once when the machine has slept more than LINKS_SLEPT since the last time. Zeroes are the
 * start. */
bool links_resumed(struct links_sleep *sleep, msec now_boot, msec now_mono);

#endif
