/* offload.h -- work on many packets at once that the kernel takes from us, or gives to us.
 *
 *             big packets                 equal datagrams as one
 *   TUN  --- OFFLOAD_TUN_GSO --> sealed --- OFFLOAD_UDP_GSO -->   UDP socket
 *   TUN  <-- OFFLOAD_TUN_GRO --- opened <-- OFFLOAD_UDP_GRO ---   UDP socket
 *
 * All are tried unless the config says otherwise (`offload =`); what a kernel or a network
 * card refuses is done packet by packet. Linux, Documentation/networking/segmentation-offloads.rst.
 */
#ifndef BASE_OFFLOAD_H
#define BASE_OFFLOAD_H

enum offload {
	OFFLOAD_TUN_GSO = 1 << 0,	/* packets of many segments are read, and cut up by us */
	OFFLOAD_TUN_GRO = 1 << 1,	/* what belongs together is joined by us, and written as one */
	OFFLOAD_UDP_GSO = 1 << 2,	/* UDP_SEGMENT: datagrams of one size leave by one call */
	OFFLOAD_UDP_GRO = 1 << 3,	/* they come in so */
	OFFLOAD_ALL = (1 << 4) - 1,
};

/* Of one of them, as config and status have it: "tun-gso". */
const char *offload_word(enum offload offload);

#endif
