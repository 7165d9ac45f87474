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

#include "base/bytes.h"

uint64_t checksum_add(uint64_t sum, struct bytes span);
uint64_t checksum_copy(uint64_t sum, uint8_t *to, struct bytes from);	/* add it, and copy it */
uint64_t checksum_add_u16(uint64_t sum, uint16_t word);			/* a number, not a span */
uint16_t checksum_fold(uint64_t sum);

#endif
