/* stream_data.h -- the datagrams of a stream that is open: what comes, and what is sent. */
#ifndef IO_STREAM_DATA_H
#define IO_STREAM_DATA_H

#include <sys/types.h>

#include "io/stream.h"

/* It is over; the set ends it when it may. */
void stream_give_up(struct stream *s, enum node_stream_end why);

/* What recv() or send() said. */
enum tls_result stream_result_of(ssize_t n, size_t *done);

/* Reads what has come and hands it out; whoever gets it may drop the stream. */
void stream_read_in(struct stream *s, msec now);

/* Into the queue, or dropped and counted. */
void stream_put(struct stream *s, struct bytes datagram);
void stream_flush(struct stream *s);

/* What waits to be sent and what is kept of a frame is lost. */
void stream_forget_data(struct stream *s);

#endif
