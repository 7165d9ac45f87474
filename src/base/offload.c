/* offload.c -- the words for the offloads. */
#include "base/offload.h"

#include <stddef.h>

const char *offload_word(enum offload offload)
{
	switch (offload) {
	case OFFLOAD_TUN_GSO:
		return "tun-gso";
	case OFFLOAD_TUN_GRO:
		return "tun-gro";
	case OFFLOAD_UDP_GSO:
		return "udp-gso";
	case OFFLOAD_UDP_GRO:
		return "udp-gro";
	case OFFLOAD_ALL:
		break;
	}
	return NULL;
}
