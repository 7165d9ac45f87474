/* answers.h -- what a router says, made by hand. */
#ifndef TESTS_PORTMAP_ANSWERS_H
#define TESTS_PORTMAP_ANSWERS_H

#include "portmap/pcp.h"

struct said {
	uint8_t data[64];
	size_t len;
};

static inline struct said pmp_address(uint16_t result, uint32_t epoch, struct ip ip)
{
	struct said s;
	struct writer w = writer_over(s.data, sizeof(s.data));

	put_be16(&w, 128);
	put_be16(&w, result);
	put_be32(&w, epoch);
	put_bytes(&w, bytes_of(ip.bytes, 4));
	s.len = w.len;
	return s;
}

static inline struct said pmp_map(uint16_t result, uint32_t epoch, uint16_t internal,
				  uint16_t external, uint32_t lifetime)
{
	struct said s;
	struct writer w = writer_over(s.data, sizeof(s.data));

	put_be16(&w, 129);
	put_be16(&w, result);
	put_be32(&w, epoch);
	put_be16(&w, internal);
	put_be16(&w, external);
	put_be32(&w, lifetime);
	s.len = w.len;
	return s;
}

/* The answer to this very request, with that. */
static inline struct said pcp_to(const uint8_t request[static 60], uint8_t result, uint32_t lifetime,
				 uint32_t epoch, const struct endpoint *external)
{
	struct said s;
	struct writer w = writer_over(s.data, sizeof(s.data));

	put_u8(&w, 2);
	put_u8(&w, 0x81);
	put_u8(&w, 0);
	put_u8(&w, result);
	put_be32(&w, lifetime);
	put_be32(&w, epoch);
	put_zeroes(&w, 12);
	put_bytes(&w, bytes_of(request + 24, 18));
	put_be16(&w, external->port);
	if (external->ip.family == IP_V6) {
		put_bytes(&w, bytes_of(external->ip.bytes, 16));
	} else {
		put_zeroes(&w, 10);
		put_be16(&w, 0xffff);
		put_bytes(&w, bytes_of(external->ip.bytes, 4));
	}
	s.len = w.len;
	return s;
}

static inline struct said pcp_announcement(uint32_t epoch)
{
	struct said s;
	struct writer w = writer_over(s.data, sizeof(s.data));

	put_u8(&w, 2);
	put_u8(&w, 0x80);
	put_zeroes(&w, 6);
	put_be32(&w, epoch);
	put_zeroes(&w, 12);
	s.len = w.len;
	return s;
}

static inline struct bytes said_bytes(const struct said *s)
{
	return bytes_of(s->data, s->len);
}

#endif
