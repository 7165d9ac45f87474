/* bytes.h -- bounded reading and writing of bytes.
 *
 * Everything that a stranger may have sent is read through a `struct reader`.
 * A read past the end gives zeroes and turns the reader bad; it stays bad, so
 * a parser reads all that it wants and asks once, at the end, whether it was
 * there. A `struct writer` is bounded in the same way.
 *
 * Neither owns memory: they borrow the span they are given. What each packet is read with is
 * inline: a call costs more than the bound that it checks.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){data, len};
}

/* -- at a fixed place, for layouts whose size is already checked ---------------- */

static inline uint16_t load_be16(const uint8_t p[static 2])
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t p[static 4])
{
	return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

static inline uint64_t load_be64(const uint8_t p[static 8])
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static inline uint32_t load_le32(const uint8_t p[static 4])
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t load_le64(const uint8_t p[static 8])
{
	return (uint64_t)load_le32(p + 4) << 32 | load_le32(p);
}

static inline void store_be16(uint8_t p[static 2], uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_be32(uint8_t p[static 4], uint32_t v)
{
	store_be16(p, (uint16_t)(v >> 16));
	store_be16(p + 2, (uint16_t)v);
}

static inline void store_be64(uint8_t p[static 8], uint64_t v)
{
	store_be32(p, (uint32_t)(v >> 32));
	store_be32(p + 4, (uint32_t)v);
}

static inline void store_le32(uint8_t p[static 4], uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static inline void store_le64(uint8_t p[static 8], uint64_t v)
{
	store_le32(p, (uint32_t)v);
	store_le32(p + 4, (uint32_t)(v >> 32));
}

/* -- read ---------------------------------------------------------------------- */

struct reader {
	struct bytes rest;	/* what was not read yet */
	bool bad;		/* something was asked for that was not there */
};

static inline struct reader reader_over(struct bytes span)
{
	return (struct reader){.rest = span};
}

/* Nothing is left, or bad. */
static inline bool reader_done(const struct reader *r)
{
	return r->bad || r->rest.len == 0;
}

/* A view, not a copy. */
static inline struct bytes get_bytes(struct reader *r, size_t len)
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

static inline void get_copy(struct reader *r, void *out, size_t len)
{
	struct bytes b = get_bytes(r, len);

	memset(out, 0, len);
	if (b.len)
		memcpy(out, b.data, b.len);
}

static inline uint8_t get_u8(struct reader *r)
{
	uint8_t b[1];

	get_copy(r, b, sizeof(b));
	return b[0];
}

static inline uint16_t get_be16(struct reader *r)
{
	uint8_t b[2];

	get_copy(r, b, sizeof(b));
	return load_be16(b);
}

static inline uint32_t get_be32(struct reader *r)
{
	uint8_t b[4];

	get_copy(r, b, sizeof(b));
	return load_be32(b);
}

static inline uint64_t get_be64(struct reader *r)
{
	uint8_t b[8];

	get_copy(r, b, sizeof(b));
	return load_be64(b);
}

static inline uint32_t get_le32(struct reader *r)
{
	uint8_t b[4];

	get_copy(r, b, sizeof(b));
	return load_le32(b);
}

static inline uint64_t get_le64(struct reader *r)
{
	uint8_t b[8];

	get_copy(r, b, sizeof(b));
	return load_le64(b);
}

/* -- written --------------------------------------------------------------------- */

struct writer {
	uint8_t *data;
	size_t len;		/* written so far */
	size_t cap;
	bool bad;		/* something did not fit; nothing of it was written */
};

struct writer writer_over(void *data, size_t cap);
struct bytes writer_bytes(const struct writer *w);

void put_u8(struct writer *w, uint8_t v);
void put_be16(struct writer *w, uint16_t v);
void put_be32(struct writer *w, uint32_t v);
void put_be64(struct writer *w, uint64_t v);
void put_le32(struct writer *w, uint32_t v);
void put_le64(struct writer *w, uint64_t v);
void put_bytes(struct writer *w, struct bytes b);
void put_zeroes(struct writer *w, size_t len);

#endif
