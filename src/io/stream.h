/* stream.h -- one connection whose bytes are datagrams: TCP, TLS on it, perhaps through a proxy.
 *
 *   CONNECT --> PROXY --> TLS --> OPEN --> OVER (why) --> GONE
 *      '----------'--------'-------^         ^
 *      '----------'--------'-----------------'
 *
 * A phase that it does not need is left out. Until it is open the last few datagrams that are
 * to be sent wait. Then what is read is cut into datagrams, and what is sent leaves at once
 * or waits in a queue (stream_queue.h); when that is full, the newest are dropped.
 *
 * It belongs to a set (stream_set.h), which lets it go on and ends it. A stream that
 * we began is proven when it is open; one that another began, when something is sent by it:
 * nobody answers what makes no sense.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include "io/proxy.h"
#include "io/stream_queue.h"
#include "io/stream_set.h"
#include "io/tls.h"

enum {
	STREAM_PATIENCE = 10000,	/* msec to be proven */
	STREAM_STRANGER_FRAME = 2048,	/* bytes of a datagram until then */
	STREAM_WAIT_FRAMES = 8,		/* that wait until it is open */
};

enum stream_phase { PHASE_CONNECT, PHASE_PROXY, PHASE_TLS, PHASE_OPEN, PHASE_OVER, PHASE_GONE };

struct stream {
	struct stream_watch watch;
	struct stream_set *set;
	struct list link;
	struct heap_node deadline;
	struct path path;		/* of what comes, and of what is sent */
	enum stream_phase phase;
	enum node_stream_end why;	/* it is OVER */
	enum node_framing framing;
	uint32_t frame_max;
	bool called;			/* the other end began it */
	bool proven;
	msec since, last_used;
	struct ssl_st *tls;		/* NULL: none */
	struct stream_proxy *proxy;	/* NULL: none, or passed */
	struct stream_queue *queue;
	uint8_t *rest;			/* the beginning of a frame; NULL: none */
	size_t rest_len;
	void *owner;			/* whose it is */
};

struct stream_settings {
	struct path path;		/* local: if it is known */
	enum node_framing framing;
	size_t frame_max;		/* of a datagram that comes, once it is proven */
	bool called;			/* else it connects, or has connected, to path.remote */
	const struct tls *tls;		/* NULL: none. The rest is for those that we begin: */
	const char *host;		/* that it leads to, and whom its certificate must name */
	uint16_t port;
	const struct proxy *proxy;	/* path.remote is that, which shall lead us to host:port; NULL */
	void *owner;
};

/* Takes the descriptor in any case. NULL: the set is full, or no memory; counted. */
struct stream *stream_add(struct stream_set *set, int fd, const struct stream_settings *settings,
			  msec now);
/* Ends it, and nobody is told. Whatever of it waits is lost. */
void stream_drop(struct stream *s);

/* n <= BURST_MAX; path is not looked at. It never ends the stream at once. */
void stream_send(struct stream *s, const struct datagram *datagrams, size_t n, msec now);

/* Why it is over, for a person; in the `ended` hook. */
char *stream_complaint(const struct stream *s, char out[static TLS_COMPLAINT]);

/* -- for the set ----------------------------------------------------------- */

enum {
	STREAM_READ_LEN = 32 << 10,	/* more than a TLS record has */
	STREAM_FRAME_ROOM = FRAMING_HEADER_LEN + FRAMING_MAX,
};

msec stream_due(const struct stream *s);	/* when it is over for want of a word */

#endif
