/* bytes.c -- bounded reading and writing of bytes. */
#include "base/bytes.h"

struct writer writer_over(void *data, size_t cap)
{
	return (struct writer){.data = data, .cap = cap};
}

struct bytes writer_bytes(const struct writer *w)
{
	return bytes_of(w->data, w->len);
}

/* Where the next len bytes go; NULL if they do not fit or there are none. */
static uint8_t *claim(struct writer *w, size_t len)
{
	if (w->bad || len > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	if (len == 0)
		return NULL;
	w->len += len;
	return w->data + w->len - len;
}

void put_bytes(struct writer *w, struct bytes b)
{
	uint8_t *at = claim(w, b.len);

	if (at)
		memcpy(at, b.data, b.len);
}

void put_zeroes(struct writer *w, size_t len)
{
	uint8_t *at = claim(w, len);

	if (at)
		memset(at, 0, len);
}

void put_u8(struct writer *w, uint8_t v)
{
	uint8_t *at = claim(w, 1);

	if (at)
		*at = v;
}

void put_be16(struct writer *w, uint16_t v)
{
	uint8_t *at = claim(w, 2);

	if (at)
		store_be16(at, v);
}

void put_be32(struct writer *w, uint32_t v)
{
	uint8_t *at = claim(w, 4);

	if (at)
		store_be32(at, v);
}

void put_be64(struct writer *w, uint64_t v)
{
	uint8_t *at = claim(w, 8);

	if (at)
		store_be64(at, v);
}

void put_le32(struct writer *w, uint32_t v)
{
	uint8_t *at = claim(w, 4);

	if (at)
		store_le32(at, v);
}

void put_le64(struct writer *w, uint64_t v)
{
	uint8_t *at = claim(w, 8);

	if (at)
		store_le64(at, v);
}
