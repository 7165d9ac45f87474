/* stream_data.c -- the datagrams of a stream that is open: what comes, and what is sent.
 *
 *   in       read --> set->in --> cutter (set->frame) --> set->slots --> received()
 *   out      frames --> queue --> write, until it would block
 *
 * The buffers to read into are the set's: between two reads a stream keeps only the
 * beginning of a frame whose end is not here yet.
 */
#include "io/stream_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "io/http_refusal.h"
#include "io/slots.h"
#include "turn/frame.h"

enum {
	READS_PER_TURN = 4,
	SET_QUEUED_MAX = 16 << 20,	/* bytes in the queues of a whole set */
};

static void count(struct stream *s, enum stream_counter counter)
{
	s->set->counters[counter]++;
}

/* -- reading and writing, in TLS or not ------------------------------------ */

enum tls_result stream_result_of(ssize_t n, size_t *done)
{
	if (n > 0) {
		*done = (size_t)n;
		return TLS_DONE;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? TLS_AGAIN : TLS_ENDED;
}

static enum tls_result read_some(struct stream *s, uint8_t *out, size_t len, size_t *done)
{
	if (s->tls)
		return tls_read(s->tls, out, len, done);
	return stream_result_of(recv(s->watch.fd, out, len, 0), done);
}

static enum tls_result write_some(struct stream *s, struct bytes b, size_t *done)
{
	if (s->tls)
		return tls_write(s->tls, b.data, b.len, done);
	return stream_result_of(send(s->watch.fd, b.data, b.len, MSG_NOSIGNAL), done);
}

/* What ended a stream that was open. */
static enum node_stream_end end_of(enum tls_result result)
{
	return result == TLS_FAILED ? STREAM_BAD_TLS : STREAM_ENDED;
}

/* -- in -------------------------------------------------------------------- */

/* Either kind of splitter; both keep what they have in set->frame. */
struct cutter {
	enum node_framing framing;
	struct framing_splitter rfc4571;
	struct turn_splitter turn;
};

static size_t room_of_frame(const struct stream *s)
{
	size_t max = s->proven ? s->frame_max : STREAM_STRANGER_FRAME;

	return s->framing == FRAMING_RFC4571 ? FRAMING_HEADER_LEN + max : max;
}

static struct cutter cutter_of(struct stream *s)
{
	struct cutter c = {.framing = s->framing};

	framing_splitter_init(&c.rfc4571, s->set->frame, room_of_frame(s));
	turn_splitter_init(&c.turn, s->set->frame, room_of_frame(s));
	if (s->rest)
		memcpy(s->set->frame, s->rest, s->rest_len);
	c.rfc4571.len = c.turn.len = s->rest_len;
	return c;
}

static bool next_datagram(struct cutter *c, struct bytes *in, struct bytes *datagram)
{
	return c->framing == FRAMING_TURN ? turn_splitter_next(&c->turn, in, datagram)
					  : framing_splitter_next(&c->rfc4571, in, datagram);
}

/* False: no memory. */
static bool keep_rest(struct stream *s, size_t len)
{
	uint8_t *rest = NULL;

	if (len) {
		rest = realloc(s->rest, len);
		if (!rest)
			return false;
		memcpy(rest, s->set->frame, len);
	} else {
		free(s->rest);
	}
	s->rest = rest;
	s->rest_len = len;
	return true;
}

/* A browser, or who wants to know what this is. There is room for the answer, as nothing was sent
 * before. */
static void refuse_http(struct stream *s, const struct cutter *c)
{
	size_t n;

	if (s->called && !s->proven && s->tls && c->rfc4571.bad && http_is_request(c->rfc4571.buffer))
		write_some(s, http_refusal(), &n);
}

static void settle_rest(struct stream *s, const struct cutter *c)
{
	bool turn = c->framing == FRAMING_TURN;

	if (turn ? c->turn.bad : c->rfc4571.bad) {
		refuse_http(s, c);
		count(s, STREAM_BAD_FRAMES);
		stream_give_up(s, STREAM_BAD_FRAME);
	} else if (!keep_rest(s, turn ? c->turn.len : c->rfc4571.len)) {
		count(s, STREAM_NO_MEMORY);
		stream_give_up(s, STREAM_ENDED);
	}
}

static void hand_out(struct stream *s, size_t n, msec now)
{
	struct stream_set *set = s->set;

	if (n)
		set->hooks.received(set->hooks.context, s, set->datagrams, n, now);
}

static void fill_slot(struct stream *s, size_t i, struct bytes datagram)
{
	struct packet packet = slot_packet(s->set->slots, i);

	memcpy(packet.data, datagram.data, datagram.len);
	packet.len = datagram.len;
	s->set->datagrams[i] = (struct datagram){.packet = packet, .path = s->path};
}

/* Whoever gets them may drop the stream. */
static void take(struct stream *s, struct bytes in, msec now)
{
	struct cutter c = cutter_of(s);
	struct bytes datagram;
	size_t n = 0;

	while (s->phase == PHASE_OPEN && next_datagram(&c, &in, &datagram)) {
		fill_slot(s, n++, datagram);
		if (n == BURST_MAX) {
			hand_out(s, n, now);
			n = 0;
		}
	}
	if (s->phase == PHASE_OPEN)
		hand_out(s, n, now);
	if (s->phase == PHASE_OPEN)
		settle_rest(s, &c);
}

/* What is left over wakes us again: TLS keeps nothing back of a record that is shorter than
 * the buffer. */
void stream_read_in(struct stream *s, msec now)
{
	for (int i = 0; i < READS_PER_TURN && s->phase == PHASE_OPEN; i++) {
		size_t n;
		enum tls_result result = read_some(s, s->set->in, STREAM_READ_LEN, &n);

		if (result == TLS_AGAIN)
			return;
		if (result == TLS_DONE) {
			s->last_used = now;
			take(s, bytes_of(s->set->in, n), now);
		} else {
			stream_give_up(s, end_of(result));
		}
	}
}

/* -- out ------------------------------------------------------------------- */

static void left(struct stream *s, size_t n)
{
	stream_queue_sent(&s->queue, n);
	s->set->queued -= n;
}

void stream_flush(struct stream *s)
{
	while (s->queue && s->phase == PHASE_OPEN) {
		size_t n;
		enum tls_result result = write_some(s, stream_queue_bytes(s->queue), &n);

		if (result == TLS_AGAIN)
			return;
		if (result == TLS_DONE)
			left(s, n);
		else
			stream_give_up(s, end_of(result));
	}
}

/* What was sent first may be stale by now. */
static void drop_oldest(struct stream *s)
{
	size_t before = stream_queue_bytes(s->queue).len;

	stream_queue_drop(&s->queue);
	s->set->queued -= before - stream_queue_bytes(s->queue).len;
	count(s, STREAM_WAIT_FULL);
}

static bool enqueue(struct stream *s, struct bytes header, struct bytes body)
{
	if (s->set->queued + header.len + body.len > SET_QUEUED_MAX ||
	    !stream_queue_put(&s->queue, header, body))
		return false;
	s->set->queued += header.len + body.len;
	return true;
}

void stream_put(struct stream *s, struct bytes datagram)
{
	uint8_t length[FRAMING_HEADER_LEN];
	struct bytes header;

	if (!datagram.len || datagram.len > FRAMING_MAX) {
		count(s, STREAM_TOO_LONG);
		return;
	}
	store_be16(length, (uint16_t)datagram.len);
	header = bytes_of(length, s->framing == FRAMING_RFC4571 ? sizeof(length) : 0);
	if (s->phase < PHASE_OPEN && stream_queue_frames(s->queue) == STREAM_WAIT_FRAMES)
		drop_oldest(s);
	if (enqueue(s, header, datagram))
		return;
	stream_flush(s);
	if (!enqueue(s, header, datagram))
		count(s, STREAM_QUEUE_FULL);
}

void stream_forget_data(struct stream *s)
{
	s->set->counters[STREAM_CUT_OFF] += stream_queue_frames(s->queue);
	s->set->queued -= stream_queue_bytes(s->queue).len;
	stream_queue_clear(&s->queue);
	keep_rest(s, 0);
}
