/* bytes.c -- bounded reading and writing of bytes. */
#include "base/bytes.h"

#include <string.h>

uint16_t load_be16(const uint8_t p[static 2])
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t load_be32(const uint8_t p[static 4])
{
	return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

uint64_t load_be64(const uint8_t p[static 8])
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

uint32_t load_le32(const uint8_t p[static 4])
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

uint64_t load_le64(const uint8_t p[static 8])
{
	return (uint64_t)load_le32(p + 4) << 32 | load_le32(p);
}

void store_be16(uint8_t p[static 2], uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void store_be32(uint8_t p[static 4], uint32_t v)
{
	store_be16(p, (uint16_t)(v >> 16));
	store_be16(p + 2, (uint16_t)v);
}

void store_be64(uint8_t p[static 8], uint64_t v)
{
	store_be32(p, (uint32_t)(v >> 32));
	store_be32(p + 4, (uint32_t)v);
}

void store_le32(uint8_t p[static 4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void store_le64(uint8_t p[static 8], uint64_t v)
{
	store_le32(p, (uint32_t)v);
	store_le32(p + 4, (uint32_t)(v >> 32));
}

struct reader reader_over(struct bytes span)
{
	return (struct reader){.rest = span};
}

bool reader_done(const struct reader *r)
{
	return r->bad || r->rest.len == 0;
}

struct bytes get_bytes(struct reader *r, size_t len)
{
	struct bytes got = {r->rest.data, len};

	if (r->bad || len > r->rest.len) {
		r->bad = true;
		return (struct bytes){NULL, 0};
	}
	if (len) {
		r->rest.data += len;
		r->rest.len -= len;
	}
	return got;
}

void get_copy(struct reader *r, void *out, size_t len)
{
	struct bytes b = get_bytes(r, len);

	memset(out, 0, len);
	if (b.len)
		memcpy(out, b.data, b.len);
}

uint8_t get_u8(struct reader *r)
{
	uint8_t b[1];

	get_copy(r, b, sizeof(b));
	return b[0];
}

uint16_t get_be16(struct reader *r)
{
	uint8_t b[2];

	get_copy(r, b, sizeof(b));
	return load_be16(b);
}

uint32_t get_be32(struct reader *r)
{
	uint8_t b[4];

	get_copy(r, b, sizeof(b));
	return load_be32(b);
}

uint64_t get_be64(struct reader *r)
{
	uint8_t b[8];

	get_copy(r, b, sizeof(b));
	return load_be64(b);
}

uint32_t get_le32(struct reader *r)
{
	uint8_t b[4];

	get_copy(r, b, sizeof(b));
	return load_le32(b);
}

uint64_t get_le64(struct reader *r)
{
	uint8_t b[8];

	get_copy(r, b, sizeof(b));
	return load_le64(b);
}

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
