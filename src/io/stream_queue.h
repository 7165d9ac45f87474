/* stream_queue.h -- what a stream has not sent yet: whole frames, and perhaps the end of one.
 *
 *     sent      | frame | frame | frame |     free      |
 *               '- start                '- start + len  '- cap
 *
 * It is there only while something waits: NULL is an empty one. What does not fit is refused;
 * so what waits is at most two packets of 64 KB, cut up by us (base/offload.h), and not old.
 */
#ifndef IO_STREAM_QUEUE_H
#define IO_STREAM_QUEUE_H

#include "base/framing.h"

enum {
	STREAM_QUEUE_FRAMES = 128,
	STREAM_QUEUE_LEN = 2 * (FRAMING_HEADER_LEN + FRAMING_MAX),
};

struct stream_queue;

/* A frame, of a header and what follows. False: no room. */
bool stream_queue_put(struct stream_queue **q, struct bytes header, struct bytes body);
/* The oldest frame is given up; only while nothing of it was sent. */
void stream_queue_drop(struct stream_queue **q);

struct bytes stream_queue_bytes(const struct stream_queue *q);
unsigned stream_queue_frames(const struct stream_queue *q);
/* So many bytes of it have left. */
void stream_queue_sent(struct stream_queue **q, size_t n);
void stream_queue_clear(struct stream_queue **q);

#endif
