/* way.h -- the path of a report, as people read it. */
#ifndef CLI_WAY_H
#define CLI_WAY_H

#include <jansson.h>

enum { WAY_TEXT = 512, RTT_TEXT = 32 };

/* "udp4 203.0.113.9:52011 (punched)"; nothing is added for an endpoint that was configured,
 * or that was found and is the peer's own. */
char *format_way(char out[static WAY_TEXT], const json_t *path);

/* Its "rtt_ms", a whole number: "12 ms", "<1 ms", or "-" if there is none. */
char *format_rtt(char out[static RTT_TEXT], const json_t *object);

#endif
