/* stream_set.h -- many streams, watched by one epoll descriptor.
 *
 *   acceptor --.                   .--> received()    a burst of datagrams of one stream
 *   stream ----+--> fd: ready() ---+--> opened()      once
 *   stream ----+--> due: tick() ---'--> ended(why)    once; then it is gone
 *
 * Whoever holds a set decides which streams there are and whose they are. The set lets each
 * go on when its descriptor is ready, and ends those that have failed, take too long, or
 * are idle:
 *
 *   add --> unproven --stream_prove()--> proven       nobody sends for `idle`: ended
 *              '--10 s: ended
 *
 * What they all need for a moment only (buffers to read into) they have in common.
 */
#ifndef IO_STREAM_SET_H
#define IO_STREAM_SET_H

#include "base/heap.h"
#include "base/list.h"
#include "base/packet.h"
#include "node/node.h"

struct stream;

enum stream_counter {
	STREAM_QUEUE_FULL,	/* dropped: the other end does not read as fast as that */
	STREAM_WAIT_FULL,	/* dropped, the oldest: the connection is not open yet */
	STREAM_CUT_OFF,		/* dropped: it ended with them in its queue */
	STREAM_TOO_LONG,	/* dropped: no frame is as long */
	STREAM_NO_STREAM,	/* dropped: for a connection that there is not */
	STREAM_TOO_SOON,	/* dropped: another attempt was a moment ago */
	STREAM_TOO_MANY,	/* dropped: no room for another connection */
	STREAM_FAILED,		/* a connection could not be made */
	STREAM_BAD_FRAMES,	/* it ended as something else came than frames */
	STREAM_REFUSED_CALLS,	/* not accepted: too many of theirs, or of all */
	STREAM_SILENT_CALLS,	/* accepted, and ended as nothing they sent was answered */
	STREAM_EVICTED,		/* likewise, to make room for another */
	STREAM_NO_MEMORY,
	STREAM_COUNTERS,
};

const char *stream_counter_name(enum stream_counter counter);	/* lower_snake */

/* All may send, and may drop streams, also the one that it is about. */
struct stream_hooks {
	void *context;
	/* n <= BURST_MAX; the datagrams are good for the call. */
	void (*received)(void *context, struct stream *s, struct datagram *datagrams, size_t n,
			 msec now);
	void (*opened)(void *context, struct stream *s, msec now);
	/* NULL: never mind. The stream is there until it returns. */
	void (*ended)(void *context, struct stream *s, enum node_stream_end why, msec now);
};

/* What epoll tells of: the beginning of a stream, or of a socket that listens. */
struct stream_watch {
	void (*ready)(struct stream_watch *watch, msec now);
	int fd;			/* -1: none */
	uint32_t events;	/* that are asked for */
};

struct stream_set {
	struct stream_hooks hooks;
	msec idle;
	size_t max, len;
	int epoll;
	struct heap deadlines;
	struct list proven, unproven;	/* struct stream.link; the oldest first */
	struct list over;		/* to be freed when no function of theirs is left */
	bool busy;
	size_t queued;			/* bytes in all their queues */
	uint8_t *in, *frame, *slots;	/* see stream.c */
	struct datagram datagrams[BURST_MAX];
	uint64_t counters[STREAM_COUNTERS];
};

/* At most `max` streams; idle: NEVER, or when they are closed for want of use. 0, or -errno;
 * then there is nothing to deinit. */
int stream_set_init(struct stream_set *set, const struct stream_hooks *hooks, size_t max,
		    msec idle);
void stream_set_deinit(struct stream_set *set);		/* ends all, untold */

/* Readable: stream_set_ready(). */
int stream_set_fd(const struct stream_set *set);
void stream_set_ready(struct stream_set *set, msec now);
msec stream_set_due(const struct stream_set *set);
void stream_set_tick(struct stream_set *set, msec now);

/* The memory that bursts have touched goes back to the kernel. Not while it hands one out. */
void stream_set_rest(struct stream_set *set);

/* Ends the oldest that is not proven, to make room. False: there is none. */
bool stream_set_evict(struct stream_set *set, msec now);

/* -- for streams and acceptors ------------------------------------------- */

int stream_set_watch(struct stream_set *set, struct stream_watch *watch, uint32_t events);
void stream_set_unwatch(struct stream_set *set, struct stream_watch *watch);
void stream_set_reap(struct stream_set *set);	/* frees those that are gone, if it may now */

#endif
