/* tun_impl.h -- what the makers of a struct tun share; only for tun_*.c. */
#ifndef TUN_TUN_IMPL_H
#define TUN_TUN_IMPL_H

#include "tun/tun.h"

struct tun_ops {
	int (*read)(struct tun *tun, struct packet *packets, size_t n);
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

/* Where a packet is read to: HEADROOM before it, and TAILROOM left behind it. */
static inline size_t tun_slot_room(const struct packet *slot)
{
	return (size_t)(slot->end - slot->start) - HEADROOM - TAILROOM;
}

static inline void tun_slot_fill(struct packet *slot, size_t len)
{
	slot->data = slot->start + HEADROOM;
	slot->len = len;
}

#endif
