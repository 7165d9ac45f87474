/* netcheck.h -- what netcheck found, told.
 *
 *	{
 *	  "schema": 1, "udp": true | false | null (nobody was asked), "cgnat": false | true | null (cannot be told),
 *	  "ipv4": {
 *	    "local": "192.168.1.5:41999" | null (no way out), "seen": "203.0.113.4:41999" | null,
 *	    "nat": "none" | "easy" | "hard" | "blocked" | "unknown",
 *	    "mapping": "direct" | "independent" | "address" | "port" | "dependent" | "unknown",
 *	    "filtering": "independent" | "address" | "port" | "unknown",
 *	    "ports": "preserved" | "changed" | "sequential" | "random" | "unknown",
 *	    "port_step": 1 | null, "hairpin": "yes" | "no" | "unknown"
 *	  },
 *	  "ipv6": (the same),
 *	  "servers": [{
 *	    "server": "stun.example.net:3478",
 *	    "ipv4": {"address": "192.0.2.1:3478", "rtt_ms": 12 | null, "why": null | "no answer"} | null,
 *	    "ipv6": (the same)
 *	  }],
 *	  "tls": as in netcheck_tls.h, "turn": as in netcheck_turn.h
 *	  "port_map": as in the status of a net | null (none); absent: no net runs
 *	  "verdict": "..."
 *	}
 */
#ifndef CLI_NETCHECK_H
#define CLI_NETCHECK_H

#include <stdio.h>

#include <jansson.h>

#include "cli/servers.h"
#include "io/netcheck.h"

/* NULL: no memory. */
json_t *netcheck_report(const struct netcheck *found, const struct servers *servers);

bool netcheck_has_udp(const struct netcheck *found);
const char *netcheck_verdict(const struct netcheck *found);

/* The report, for people. */
void netcheck_print(FILE *out, const json_t *report);

#endif
