/* exact.h -- a datagram that came in, in memory that begins and ends with it.
 *
 * Whoever reads or writes beside it is found by AddressSanitizer. It is not made by malloc():
 * tests that watch what the code under test allocates put their own in its place. (A compiler
 * may make realloc() of nothing that, too.)
 */
#ifndef TESTS_EXACT_H
#define TESTS_EXACT_H

#include <stdlib.h>
#include <string.h>

#include "base/packet.h"

/* To be given back by exact_free(start). */
static inline struct packet exact_packet(const void *bytes, size_t len)
{
	uint8_t *copy = reallocarray(NULL, 1, len);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return packet_in(copy, len, 0, len);
}

static inline void exact_free(uint8_t *start)
{
	start = reallocarray(start, 0, 0);
}

#endif
