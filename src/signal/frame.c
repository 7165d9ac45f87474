/* frame.c -- control messages inside the data of a WireGuard session. */
#include "signal/frame.h"

bool frame_is(struct bytes plain)
{
	return plain.len && plain.data[0] >= 1 && plain.data[0] <= FRAME_KIND_MAX;
}

struct writer frame_begin(uint8_t *out, size_t cap, enum frame_kind kind)
{
	struct writer w = writer_over(out, cap);

	put_u8(&w, (uint8_t)kind);
	put_be16(&w, 0);
	return w;
}

size_t frame_end(struct writer *w)
{
	if (w->bad || w->len - FRAME_HEADER > UINT16_MAX)
		return 0;
	store_be16(w->data + 1, (uint16_t)(w->len - FRAME_HEADER));
	return w->len;
}

static bool is_padding(struct bytes rest)
{
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.data[i])
			return false;
	}
	return rest.len < FRAME_PADDING;
}

bool frame_read(struct bytes plain, unsigned *kind, struct bytes *body)
{
	struct reader r = reader_over(plain);

	if (!frame_is(plain))
		return false;
	*kind = get_u8(&r);
	*body = get_bytes(&r, get_be16(&r));
	return !r.bad && is_padding(r.rest);
}
