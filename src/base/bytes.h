/* bytes.h -- bounded reading and writing of bytes.
 *
 * Everything that a stranger may have sent is read through a `struct reader`.
 * A read past the end gives zeroes and turns the reader bad; it stays bad, so
 * a parser reads all that it wants and asks once, at the end, whether it was
 * there. A `struct writer` is bounded in the same way.
 *
 * Neither owns memory: they borrow the span they are given.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){data, len};
}

struct reader {
	struct bytes rest;	/* what was not read yet */
	bool bad;		/* something was asked for that was not there */
};

struct reader reader_over(struct bytes span);
bool reader_done(const struct reader *r);	/* nothing is left, or bad */

uint8_t get_u8(struct reader *r);
uint16_t get_be16(struct reader *r);
uint32_t get_be32(struct reader *r);
uint64_t get_be64(struct reader *r);
uint32_t get_le32(struct reader *r);
uint64_t get_le64(struct reader *r);
struct bytes get_bytes(struct reader *r, size_t len);	/* a view, not a copy */
void get_copy(struct reader *r, void *out, size_t len);

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

/* The same at a fixed place, for layouts whose size is already checked. */
uint16_t load_be16(const uint8_t p[static 2]);
uint32_t load_be32(const uint8_t p[static 4]);
uint64_t load_be64(const uint8_t p[static 8]);
uint32_t load_le32(const uint8_t p[static 4]);
uint64_t load_le64(const uint8_t p[static 8]);
void store_be16(uint8_t p[static 2], uint16_t v);
void store_be32(uint8_t p[static 4], uint32_t v);
void store_be64(uint8_t p[static 8], uint64_t v);
void store_le32(uint8_t p[static 4], uint32_t v);
void store_le64(uint8_t p[static 8], uint64_t v);

#endif
