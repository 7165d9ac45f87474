/* checksum.h -- the Internet's checksum: the one's complement sum of 16-bit words.
 *
 *   sum = 0
 *   sum = checksum_add(sum, header)              any order, as often as one likes; what has
 *   sum = checksum_copy(sum, to, payload)        an odd length comes last
 *   store_be16(field, ~checksum_fold(sum))
 *
 * Sums are not folded on the way and are in the byte order of the machine, which comes to the
 * same (RFC 1071 section 2). One holds more than 2^31 words.
 */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <string.h>

#include "base/bytes.h"

uint64_t checksum_add(uint64_t sum, struct bytes span);
uint64_t checksum_copy(uint64_t sum, uint8_t *to, struct bytes from);	/* add it, and copy it */

/* -- numbers rather than spans --------------------------------------------- */

static inline uint64_t checksum_add_u16(uint64_t sum, uint16_t number)
{
	uint8_t bytes[2];
	uint16_t word;

	store_be16(bytes, number);
	memcpy(&word, bytes, sizeof(word));
	return sum + word;
}

static inline uint64_t checksum_add_u32(uint64_t sum, uint32_t number)
{
	return checksum_add_u16(checksum_add_u16(sum, (uint16_t)(number >> 16)), (uint16_t)number);
}

/* What was added before, taken out again. */
static inline uint64_t checksum_take_u16(uint64_t sum, uint16_t number)
{
	return checksum_add_u16(sum, (uint16_t)~number);
}

static inline uint64_t checksum_take_u32(uint64_t sum, uint32_t number)
{
	return checksum_add_u32(sum, ~number);
}

static inline uint16_t checksum_fold(uint64_t sum)
{
	uint8_t bytes[2];
	uint16_t word;

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)sum;
	memcpy(bytes, &word, sizeof(bytes));
	return load_be16(bytes);
}

#endif
