/* frame.h -- control messages inside the data of a WireGuard session.
 *
 *   | kind: 1..15 | length of the body, big-endian | body ... | zeroes, at most 15 |
 *
 * The first half of an IP packet's first byte is its version, 4 or 6. Here it
 * is zero, so a plain WireGuard peer drops such a packet, and ours never takes
 * it for one of the network's. WireGuard fills its plaintext up to a multiple
 * of 16; hence the length.
 *
 * The session has proved who sent it, and that it is no replay.
 */
#ifndef SIGNAL_FRAME_H
#define SIGNAL_FRAME_H

#include "base/bytes.h"

enum frame_kind {
	FRAME_DESC = 1,		/* between two peers: see inband.h */
	FRAME_BYE = 2,
	FRAME_PING = 3,
	FRAME_PONG = 4,
	FRAME_REGISTER = 5,	/* to and from who passes envelopes on: see rendezvous.h */
	FRAME_PUBLISH = 6,
	FRAME_DELIVER = 7,
	FRAME_OBSERVED = 8,
	FRAME_RELAY = 9,	/* to and from who passes datagrams on: see relay.h */
	FRAME_REPORT = 10,	/* inband.h */
};

enum { FRAME_KIND_MAX = 15, FRAME_HEADER = 3, FRAME_PADDING = 16 };

/* Is this plaintext of a session a frame, or a packet of the network? */
bool frame_is(struct bytes plain);

/* Begin, put the body, end: the length of the whole, or 0 if it did not fit. */
struct writer frame_begin(uint8_t *out, size_t cap, enum frame_kind kind);
size_t frame_end(struct writer *w);

/* *kind may be one that we do not know: ignore it. False: malformed. */
bool frame_read(struct bytes plain, unsigned *kind, struct bytes *body);

#endif
