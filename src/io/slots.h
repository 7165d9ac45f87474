/* slots.h -- the buffers of one burst, made once.
 *
 *   | PACKET_SLOT | PACKET_SLOT | ...                 BURST_MAX of them
 *
 * One span of memory that the kernel gives page by page as it is touched: small
 * packets leave most of each slot untouched. It holds plaintext, so it is left
 * out of core files.
 */
#ifndef IO_SLOTS_H
#define IO_SLOTS_H

#include "base/packet.h"

uint8_t *slots_new(void);	/* NULL: no memory */
void slots_free(uint8_t *slots);	/* NULL is fine */
/* The memory that was touched goes back to the kernel, and what was in it is gone. */
void slots_release(uint8_t *slots);

/* The i-th slot as an empty packet, HEADROOM bytes in. */
static inline struct packet slot_packet(uint8_t *slots, size_t i)
{
	return packet_in(slots + i * PACKET_SLOT, PACKET_SLOT, HEADROOM, 0);
}

#endif
