/* tun.h -- the virtual network interface: whole IP packets, in bursts.
 *
 * Two makers, one face: tun_linux_open() asks the kernel, tun_memory_pair()
 * gives a test two ends. Reads and writes never block. The device is not
 * persistent: when its descriptor closes, by free or by death, the kernel takes
 * the interface away with its addresses and routes.
 */
#ifndef TUN_TUN_H
#define TUN_TUN_H

#include <net/if.h>

#include "base/offload.h"
#include "base/packet.h"
#include "tun/fair.h"

struct tun;

/* Make or take over the interface of this name ("%d" in it lets the kernel
 * number). 0 or -errno: -EPERM no right to, -ENOENT no /dev/net/tun, -EBUSY in
 * use by another process, -EINVAL the name belongs to something else.
 * offloads: those of enum offload that are wanted; what the kernel refuses is no error. */
int tun_linux_open(struct tun **out, const char *name, unsigned offloads);

/* Two ends in memory: what is written to one is read from the other. Each
 * holds at most `cap` packets and drops beyond that, like a full queue. */
int tun_memory_pair(struct tun **a, struct tun **b, size_t cap);

void tun_free(struct tun *tun);
const char *tun_name(const struct tun *tun);
int tun_fd(const struct tun *tun);	/* to poll for reading; -1: in memory */
unsigned tun_offloads(const struct tun *tun);	/* of enum offload, those in effect */
const char *tun_lacks(const struct tun *tun);	/* what the kernel refused: "USO4 USO6"; or NULL */
uint64_t tun_malformed(const struct tun *tun);	/* packets of the kernel that made no sense */

uint64_t tun_queue_counter(const struct tun *tun, enum fair_counter counter);

/* Read up to n packets, each with HEADROOM before it and TAILROOM behind it: in the room, of
 * n * PACKET_SLOT bytes, where they lie one after the other, so that small ones touch little of it;
 * or in memory of the device's own, which lasts until the next call.
 * After a pause the first may come alone, even if there are more: poll.
 * Returns how many; 0: nothing there now; -errno: the device is gone (-EBADFD). */
int tun_read(struct tun *tun, uint8_t *room, struct packet *packets, size_t n);

/* There is more to read, and no poll will tell of it: the kernel gave it already. */
bool tun_holds(const struct tun *tun);

/* Write n packets. Returns how many were taken; the rest was dropped because the
 * interface is down, full, or the packet is not IP. */
size_t tun_write(struct tun *tun, const struct packet *packets, size_t n);

#endif
