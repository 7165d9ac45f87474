/* describe.h -- all that is known about a running net, as the report of ctl/report.h. */
#ifndef IO_DESCRIBE_H
#define IO_DESCRIBE_H

#include <jansson.h>

#include "io/profile.h"
#include "io/pump.h"

struct description {
	const struct profile *profile;
	const char *device;		/* as the kernel named it */
	const struct node *node;
	const struct pump *pump;	/* for its counters, and udp's */
	msec started;
	uint64_t wall_started_ns;
};

/* The keys of the report are added to `reply`. False: no memory. */
bool describe(json_t *reply, const struct description *d, msec now, uint64_t wall_ns);

#endif
