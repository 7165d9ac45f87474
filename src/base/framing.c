/* framing.c -- datagrams one behind the other in a stream, as RFC 4571 has them. */
#include "base/framing.h"

#include <string.h>

void framing_splitter_init(struct framing_splitter *s, uint8_t *buffer, size_t cap)
{
	*s = (struct framing_splitter){.buffer = buffer, .cap = cap};
}

/* Until `want` bytes of the frame are kept. */
static bool fill(struct framing_splitter *s, struct bytes *in, size_t want)
{
	size_t n = want - s->len < in->len ? want - s->len : in->len;

	if (n)
		memcpy(s->buffer + s->len, in->data, n);
	s->len += n;
	*in = bytes_of(in->data + n, in->len - n);
	return s->len == want;
}

/* The whole frame; false: it is not here yet, or never will be. */
static bool take_frame(struct framing_splitter *s, struct bytes *in, size_t *len)
{
	if (s->len < FRAMING_HEADER_LEN && !fill(s, in, FRAMING_HEADER_LEN))
		return false;
	*len = load_be16(s->buffer);
	s->bad = *len > s->cap - FRAMING_HEADER_LEN;
	return !s->bad && fill(s, in, FRAMING_HEADER_LEN + *len);
}

bool framing_splitter_next(struct framing_splitter *s, struct bytes *in, struct bytes *datagram)
{
	size_t len;

	s->bad |= s->cap < FRAMING_HEADER_LEN;
	while (!s->bad && take_frame(s, in, &len)) {
		s->len = 0;
		if (len) {
			*datagram = bytes_of(s->buffer + FRAMING_HEADER_LEN, len);
			return true;
		}
	}
	return false;
}
