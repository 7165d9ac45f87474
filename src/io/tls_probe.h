/* tls_probe.h -- do servers answer over TLS, and if not, why: asked without a daemon.
 *
 *   host:port --name, TCP, perhaps a proxy, TLS--> is it who it should be? --> closed again
 *
 * All at once; it takes as long as the slowest, ten seconds at most.
 */
#ifndef IO_TLS_PROBE_H
#define IO_TLS_PROBE_H

#include "base/msec.h"
#include "io/proxy.h"
#include "node/node.h"

struct tls_probe {
	const char *host;		/* a name or an address */
	uint16_t port;
	const char *ca_file;		/* NULL: the system's */
	/* what came of it */
	enum node_stream_end why;	/* NODE_STREAM_ENDS: it is there, and who it should be */
	msec rtt;			/* until then */
};

/* n <= NODE_STREAMS_MAX; proxy NULL: none. 0 or -errno with a sentence in error. */
int tls_probe_run(struct tls_probe *probes, size_t n, const struct proxy *proxy,
		  char error[static 512]);

#endif
