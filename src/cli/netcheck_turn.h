/* netcheck_turn.h -- the TURN servers of a file: do they relay for us, and by what?
 *
 *	"turn": [{"server": "turn:relay.example.net:3478", "transport": "udp" | "tcp" | "tls",
 *	          "rtt_ms": 15 | null, "why": "no answer" | ... | null}]
 */
#ifndef CLI_NETCHECK_TURN_H
#define CLI_NETCHECK_TURN_H

#include <stdio.h>

#include <jansson.h>

#include "config/config.h"
#include "io/turn_probe.h"

enum { NETCHECK_TURN_MAX = 2 * CONFIG_TURN_MAX };	/* UDP and TCP of each */

/* Asks them; NULL: it cannot, with a sentence in error, or no memory. */
json_t *netcheck_turn(const struct config *config, char error[static 512]);

/* What is to be asked; how many. */
size_t netcheck_turn_probes(struct turn_probe probes[static NETCHECK_TURN_MAX],
			    const struct config *config);
/* What came of it. */
json_t *netcheck_turn_report(const struct config *config, const struct turn_probe *probes);

/* A line for each server: "TURN      turn:relay.example.net:3478 udp 15 ms, tcp 16 ms". */
void netcheck_turn_print(FILE *out, const json_t *list);

#endif
