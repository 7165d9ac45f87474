/* explain.h -- the reply to `explain`: schema 1, as stable as that of ctl/report.h.
 *
 *	{
 *	  "schema": 1, "net": "home", "name": "phone", "public_key": "...", "ips": ["10.77.0.4/32"],
 *	  "state": "connecting", "path": (as in the report), "endpoint": null,
 *	  "rtt_ms": 12 | null, "loss": 0 | null, "since_s": 12 | null,
 *	  "verdict": "all_failed" (and others: node/explain.h), "why": "...", "fix": "...",
 *	  "rounds_failed": 0,
 *	  "self": {
 *	    "nat": "none" | "easy" | "hard" | "unknown",
 *	    "in_a_row": false (a hard one that gives each destination the next port: true),
 *	    "observed": [{"address": "203.0.113.4:41999", "base": "192.168.1.5", "by": "192.0.2.9", "age_s": 3}],
 *	    "candidates": [{"type": "host", "address": "192.168.1.5:41999"}]
 *	  },
 *	  "peer": {"nat": "hard" | "unknown", "in_a_row": false, "candidates": [...]},
 *	  "pairs": [{
 *	    "local": {"type": "host", "address": "..."}, "remote": {...},
 *	    "state": "valid" | "failed" | "in progress" | "waiting" | "frozen",
 *	    "rtt_ms": 12 | null, "loss": 0 | null, "answered_s": 2 | null, "in_use": true
 *	  }],
 *	  "channels": [
 *	    {"kind": "lan", "state": "on" | "off"},
 *	    {"kind": "last addresses", "state": "on" | "off"},
 *	    {"kind": "introducer", "name": "vps", "state": "connected" | "not connected" | "plain WireGuard"}
 *	  ]
 *	}
 */
#ifndef IO_EXPLAIN_H
#define IO_EXPLAIN_H

#include <jansson.h>

#include "node/explain.h"

/* NULL: no memory. */
json_t *describe_explanation(const char *net, const struct explanation *e);

/* The reply to who asks for a peer that there is not. */
json_t *describe_unknown_peer(const char *net, const char *what);

#endif
