/* netcheck_tls.h -- the rendezvous of a file that are called over TLS: are they there?
 *
 *	"tls": [{"url": "tls://rendezvous.example.net:443", "rtt_ms": 19 | null,
 *	         "reason": "bad_certificate" | ... | null, "why": (the same as a sentence) | null}]
 */
#ifndef CLI_NETCHECK_TLS_H
#define CLI_NETCHECK_TLS_H

#include <jansson.h>

#include "config/config.h"

struct tls_probe;

/* Asks them; NULL: it cannot, with a sentence in error, or no memory. */
json_t *netcheck_tls(const struct config *config, char error[static 512]);

/* What came of it. */
json_t *netcheck_tls_report(const struct config *config, const struct tls_probe *probes);
/* Is one of them there? So, too, for netcheck_turn.h. */
bool netcheck_tls_answers(const json_t *tls);

#endif
