/* events.h -- the reply to `events`: schema 1, as stable as that of ctl/report.h.
 *
 *	{
 *	  "schema": 1, "net": "home",
 *	  "events": [{
 *	    "schema": 1, "net": "home", "number": 17, "time": "2026-01-02T03:04:05.678Z",
 *	    "kind": "path_chosen" (and others: node/events.h),
 *	    "peer": "phone" | null (it is about this host), "public_key": "..." | null,
 *	    "reason": "better" | null, "path": (to the peer after it, as in the report) | null,
 *	    "seen": "203.0.113.4:41999" | null, "addresses": 2 | null,
 *	    "text": "direct udp4 203.0.113.9:52011 (punched): it is better"
 *	  }]
 *	}
 *
 * Each event has schema and net of its own: `p2pnet events --json` prints one a line.
 */
#ifndef IO_EVENTS_H
#define IO_EVENTS_H

#include <jansson.h>

#include "node/events.h"

/* NULL: no memory. */
json_t *describe_event(const char *net, const struct event *e);

#endif
