/* describe.h -- all that is known about a running net, as the report of ctl/report.h. */
#ifndef IO_DESCRIBE_H
#define IO_DESCRIBE_H

#include <jansson.h>

#include "io/busy_poll.h"
#include "io/portmap.h"
#include "io/profile.h"
#include "io/pump.h"
#include "node/status.h"

struct description {
	const struct profile *profile;
	const char *device;		/* as the kernel named it */
	const struct node *node;
	const struct pump *pump;	/* for its counters, and udp's */
	const struct busy_poll *busy_poll;	/* likewise */
	const struct portmap *portmap;
	unsigned offloads_wanted;	/* enum offload */
	unsigned offloads;		/* those in effect; the kernel refused the others */
	unsigned threads;		/* that seal and open */
	uint64_t helped;		/* packets that others than the first of them did */
	const char *tun_lacks;		/* what it refused of a part of one, in its words; or NULL */
	msec started;
	uint64_t wall_started_ns;
};

/* The keys of the report are added to `reply`. False: no memory. */
bool describe(json_t *reply, const struct description *d, msec now, uint64_t wall_ns);

/* Parts of it that other replies have as well: the path, and who the peer is and how it is
 * reached. NULL: no memory. */
json_t *describe_path(const struct path_status *way);
json_t *describe_way_to(const struct peer_status *peer);

#endif
