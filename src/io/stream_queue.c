/* stream_queue.c -- what a stream has not sent yet: whole frames, and perhaps the end of one. */
#include "io/stream_queue.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 4096 };

struct stream_queue {
	uint8_t *bytes;
	size_t start, len, cap;
	uint32_t left[STREAM_QUEUE_FRAMES];	/* bytes of each frame; a ring */
	unsigned first, frames;
};

struct bytes stream_queue_bytes(const struct stream_queue *q)
{
	return q ? bytes_of(q->bytes + q->start, q->len) : bytes_of(NULL, 0);
}

unsigned stream_queue_frames(const struct stream_queue *q)
{
	return q ? q->frames : 0;
}

void stream_queue_clear(struct stream_queue **q)
{
	if (*q)
		free((*q)->bytes);
	free(*q);
	*q = NULL;
}

/* Room behind what waits: by moving it to the front, or in a larger buffer. */
static bool make_room(struct stream_queue *q, size_t n)
{
	size_t cap = q->cap ? q->cap : FIRST_CAP;
	uint8_t *bytes;

	if (q->start + q->len + n <= q->cap)
		return true;
	if (q->start)
		memmove(q->bytes, q->bytes + q->start, q->len);
	q->start = 0;
	while (cap < q->len + n)
		cap *= 2;
	if (cap > STREAM_QUEUE_LEN)
		cap = STREAM_QUEUE_LEN;
	if (cap == q->cap)
		return true;
	bytes = realloc(q->bytes, cap);
	if (!bytes)
		return false;
	q->bytes = bytes;
	q->cap = cap;
	return true;
}

static void append(struct stream_queue *q, struct bytes b)
{
	if (b.len)
		memcpy(q->bytes + q->start + q->len, b.data, b.len);
	q->len += b.len;
}

bool stream_queue_put(struct stream_queue **out, struct bytes header, struct bytes body)
{
	struct stream_queue *q = *out ? *out : calloc(1, sizeof(*q));
	size_t n = header.len + body.len;

	if (!q)
		return false;
	*out = q;
	if (q->frames == STREAM_QUEUE_FRAMES || q->len + n > STREAM_QUEUE_LEN || !make_room(q, n)) {
		if (!q->frames)
			stream_queue_clear(out);
		return false;
	}
	append(q, header);
	append(q, body);
	q->left[(q->first + q->frames++) % STREAM_QUEUE_FRAMES] = (uint32_t)n;
	return true;
}

void stream_queue_sent(struct stream_queue **out, size_t n)
{
	struct stream_queue *q = *out;

	q->start += n;
	q->len -= n;
	while (q->frames && n >= q->left[q->first]) {
		n -= q->left[q->first];
		q->first = (q->first + 1) % STREAM_QUEUE_FRAMES;
		q->frames--;
	}
	if (!q->frames)
		stream_queue_clear(out);
	else
		q->left[q->first] -= (uint32_t)n;
}

void stream_queue_drop(struct stream_queue **q)
{
	stream_queue_sent(q, (*q)->left[(*q)->first]);
}
