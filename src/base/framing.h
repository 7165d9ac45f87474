/* framing.h -- datagrams one behind the other in a stream, as RFC 4571 has them.
 *
 *   | length, 2 bytes | datagram      | length | datagram | le...
 *
 * The length is big-endian and does not count itself. A length of zero is a keepalive and no
 * datagram. The splitter finds where datagrams end:
 *
 *   ...--| frame | frame | fra         bytes, as they come
 *            |       |      '--------> kept until the rest is here
 *            '-------'---------------> its datagram is handed out
 */
#ifndef BASE_FRAMING_H
#define BASE_FRAMING_H

#include "base/bytes.h"

enum {
	FRAMING_HEADER_LEN = 2,
	FRAMING_MAX = UINT16_MAX,	/* bytes of a datagram */
};

struct framing_splitter {
	uint8_t *buffer;		/* borrowed */
	size_t cap;
	size_t len;
	bool bad;
};

/* A frame that is longer than `cap`, with its length, ends the stream. */
void framing_splitter_init(struct framing_splitter *s, uint8_t *buffer, size_t cap);

/* The next datagram of what is kept and of `in`, of which it takes as much as it needs; valid
 * until the next call. False: nothing whole is left, all of `in` is taken; or the stream has
 * turned bad for good (a frame is too long): close it. */
bool framing_splitter_next(struct framing_splitter *s, struct bytes *in, struct bytes *datagram);

#endif
