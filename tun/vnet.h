/* vnet.h -- what stands before each packet at the kernel's interface, if both agreed on it.
 *
 *   flags | gso_type | hdr_len | gso_size | csum_start | csum_offset     in the machine's order
 *
 * It says that the checksum is not finished: to be summed from csum_start on and put at
 * csum_start + csum_offset, where the sum of the pseudo-header stands already; and that the
 * packet is many segments, of gso_size bytes each. Virtual I/O Device (VIRTIO) 1.3, section
 * 5.1.6. The numbers are our own, as older headers of Linux lack some.
 */
#ifndef TUN_VNET_H
#define TUN_VNET_H

#include <stdint.h>

enum { VNET_NEEDS_CSUM = 1 };		/* flags */

enum {
	VNET_GSO_NONE = 0,
	VNET_GSO_TCP4 = 1,
	VNET_GSO_TCP6 = 4,
	VNET_GSO_UDP = 5,		/* UDP_L4: datagrams, not fragments; of either family */
	VNET_GSO_ECN = 0x80,		/* a flag: TCP has CWR set */
};

struct vnet_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
};

enum { VNET_HEADER_LEN = 10 };
_Static_assert(sizeof(struct vnet_header) == VNET_HEADER_LEN, "as on the wire");

#endif
