/* turn_probe.h -- do TURN servers relay for us, and if not, why: asked without a daemon.
 *
 *   host:port --name; TCP or TLS, perhaps a proxy--> Allocate --> up? --> Refresh 0 --> closed again
 *
 * All at once; it takes as long as the slowest, some twenty seconds at most.
 */
#ifndef IO_TURN_PROBE_H
#define IO_TURN_PROBE_H

#include "base/msec.h"
#include "io/proxy.h"
#include "node/status.h"

struct turn_probe {
	const char *host;		/* a name or an address */
	uint16_t port;
	enum path_transport transport;
	const char *ca_file;		/* of TLS; NULL: the system's */
	const char *user, *password;
	/* what came of it */
	const char *problem;		/* "no answer"; NULL: it is up */
	msec rtt;			/* of one of the two questions that it takes */
};

/* n <= NODE_STREAMS_MAX; proxy NULL: none. 0 or -errno with a sentence in error. */
int turn_probe_run(struct turn_probe *probes, size_t n, const struct proxy *proxy,
		   char error[static 512]);

#endif
