/* tun_impl.h -- what the makers of a struct tun share; only for tun_*.c. */
#ifndef TUN_TUN_IMPL_H
#define TUN_TUN_IMPL_H

#include "tun/tun.h"

struct tun_ops {
	int (*read)(struct tun *tun, uint8_t *room, struct packet *packets, size_t n);
	bool (*holds)(const struct tun *tun);	/* NULL: never any */
	size_t (*write)(struct tun *tun, const struct packet *packets, size_t n);
	void (*free)(struct tun *tun);
};

/* What every maker has; it may stand in a larger struct of its own. */
struct tun {
	const struct tun_ops *ops;
	char name[IFNAMSIZ];
	int fd;			/* -1: in memory */
	unsigned offloads;	/* in effect */
	char lacks[96];		/* "": nothing */
	uint64_t malformed;
	const struct fair *fair;	/* NULL: none */
};

/* A packet of that length, which lies HEADROOM behind the beginning of the room; and the next one's
 * begins after it. One of 64 KB takes no more than PACKET_SLOT. */
static inline struct packet tun_place(uint8_t **room, size_t len)
{
	enum { ALIGNMENT = 16 };
	struct packet packet = packet_in(*room, HEADROOM + len + TAILROOM, HEADROOM, len);

	*room += (HEADROOM + len + TAILROOM + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return packet;
}

#endif
