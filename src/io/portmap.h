/* portmap.h -- the mappers' sockets and helpers: for UDP and for TCP, of IPv4, and of IPv6 through
 * its firewall.
 *
 *   links_watch --> portmap_look --> a gateway? --> mapper <--> one socket to it, port 5351
 *                                                     ^ ^------ one for its news, port 5350
 *   mapped() <----------------------------------------' '-----> upnp helper
 *
 * A port of TCP is asked for while that is of use, and PORTMAP_TCP_KEEP longer.
 *
 * Without a gateway there is no socket and no timer. What comes is handed to the mapper, which
 * believes the gateway alone.
 */
#ifndef IO_PORTMAP_H
#define IO_PORTMAP_H

#include <uv.h>

#include "portmap/mapper.h"

enum { PORTMAP_TCP_KEEP = 5 * 60 * 1000 };	/* msec */

struct portmap;

/* The port is mapped now, or no more (mapping->external family IP_NONE). */
typedef void portmap_mapped_fn(void *context, enum portmap_proto proto, enum ip_family family,
			       const struct mapping *mapping);
/* Something came in: portmap_due() may be another now. */
typedef void portmap_touched_fn(void *context);

struct portmap_settings {
	uint16_t port;			/* ours */
	uint32_t own;			/* interface index of our device, or 0 */
	uint32_t mark;			/* SO_MARK of what we send; 0: none */
	bool methods[MAPPER_METHODS];
	const char *program;		/* this one, to run as the UPnP helper; NULL: no UPnP */
	const uint8_t *secret;		/* 32 bytes, borrowed: the nonces are drawn from it */
	portmap_mapped_fn *mapped;
	portmap_touched_fn *touched;
	void *context;
};

/* NULL: no memory. The rng must outlive it. */
struct portmap *portmap_new(uv_loop_t *loop, const struct portmap_settings *settings,
			    struct rng *rng);

/* The host's interfaces or addresses may have changed; also at the start. */
void portmap_look(struct portmap *p, msec now);
void portmap_tick(struct portmap *p, msec now);
msec portmap_due(const struct portmap *p);

/* Is a port of TCP of use? To be said after every input, also if it is the same again. */
void portmap_want_tcp(struct portmap *p, bool wanted, msec now);

/* NULL: nothing is mapped. */
const struct mapping *portmap_mapping(const struct portmap *p, enum portmap_proto proto,
				      enum ip_family family);
uint64_t portmap_counter(const struct portmap *p, enum mapper_counter counter);

/* Give back what is mapped; it is over when the helpers have done their part. */
void portmap_stop(struct portmap *p, msec now);
bool portmap_is_over(const struct portmap *p);

/* No call comes any more. The memory goes when the loop has run. NULL is fine. */
void portmap_close(struct portmap *p);

#endif
