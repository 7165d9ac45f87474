/* tun_linux.c -- the kernel's virtual interface: /dev/net/tun.
 *
 *   socket --> routing --> m0 ===[vnet | packet]===> readv(fd)  --> segments --> a burst
 *   socket <-- routing <-- m0 <==[vnet | packet]==== writev(fd) <-- coalesce <-- a burst
 *
 * No header of the interface's own (IFF_NO_PI), but that of vnet.h before each packet if
 * offloads are wanted (IFF_VNET_HDR). What is read may then be up to 64 KB of segments, of those
 * kinds that were agreed on by TUNSETOFFLOAD; what is written may be so without any agreement.
 * An old kernel answers EINVAL to kinds that it does not know: to TUNSETOFFLOAD USO until 6.2,
 * and to the write of a packet of UDP segments.
 *
 * All that the kernel has is read at once into the frames of a fair queue (fair.h), which says
 * what goes next. A packet that is one stays in its frame; one of many segments is cut up into
 * the caller's slots.
 *
 *   frame    [ HEADROOM ... vnet | packet | TAILROOM ]
 *
 * Linux, Documentation/networking/tuntap.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "tun/fair.h"
#include "tun/offload_coalesce.h"
#include "tun/offload_segment.h"
#include "tun/tun_impl.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum {
	READ_MAX = PACKET_SLOT - HEADROOM - TAILROOM,
	READS_MAX = 2 * BURST_MAX,	/* at once. Who sends more than twice what can be sealed
					   fills the kernel's queue, which costs least */
	PAUSE = 1000,			/* usec without a packet: what comes then is mostly alone */
};

struct linux_tun {
	struct tun tun;
	size_t vnet_len;		/* 0: there is none */
	unsigned kinds;			/* enum coalesce_kind: what may be written as one */
	struct fair *fair;
	usec last_used;			/* in either direction */
	usec last_busy;			/* the same, but for the first write after a pause */
	struct frame frame;		/* the one that is cut up, */
	struct segments segments;	/* and what is left of it */
	struct coalesce coalesce;
	struct joined joined;
};

static const struct tun_ops linux_ops;

static struct linux_tun *linux_of(struct tun *tun)
{
	return container_of(tun, struct linux_tun, tun);
}

/* -- opening --------------------------------------------------------------- */

/* The node in /dev may be there while nobody stands behind it (ENODEV, ENXIO:
 * the module is not loaded) or be root's alone (EACCES). */
static int open_clone(int *fd)
{
	*fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	switch (errno) {
	case ENODEV:
	case ENXIO:
		return -ENOENT;
	case EACCES:
		return -EPERM;
	default:
		return -errno;
	}
}

/* A persistent interface that was left behind is attached to like a new one is
 * made; the kernel answers EBUSY if another process holds it. From here on it
 * lives as long as our descriptor, and what its last owner had agreed to take
 * (packets of many segments, or without a checksum) is off. */
static int attach(struct tun *tun, const char *name, bool with_vnet)
{
	struct ifreq request = {
		.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | (with_vnet ? IFF_VNET_HDR : 0))};

	if (!*name || strlen(name) >= sizeof(request.ifr_name))
		return -EINVAL;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(tun->fd, TUNSETIFF, &request) < 0)
		return -errno;
	if (ioctl(tun->fd, TUNSETPERSIST, 0) < 0 || ioctl(tun->fd, TUNSETOFFLOAD, 0) < 0)
		return -errno;
	memcpy(tun->name, request.ifr_name, sizeof(tun->name));
	tun->name[sizeof(tun->name) - 1] = '\0';
	return 0;
}

/* The last owner may have wanted another length or order of bytes. */
static int agree_on_vnet(struct tun *tun)
{
	int len = VNET_HEADER_LEN, little_endian = 0;

	if (ioctl(tun->fd, TUNSETVNETHDRSZ, &len) < 0 ||
	    ioctl(tun->fd, TUNSETVNETLE, &little_endian) < 0)
		return -errno;
	return 0;
}

static void add_lack(struct tun *tun, const char *name)
{
	size_t len = strlen(tun->lacks);

	snprintf(tun->lacks + len, sizeof(tun->lacks) - len, "%s%s", len ? " " : "", name);
}

/* Step by step, as the kernel refuses all if it does not know one. Without the first there is
 * none of the others; and it wants USO for both families or none. */
static void agree_on_segments(struct tun *tun)
{
	static const struct {
		unsigned flags;
		const char *name;
	} steps[] = {
		{TUN_F_CSUM, "CSUM"},
		{TUN_F_TSO4, "TSO4"},
		{TUN_F_TSO6, "TSO6"},
		{TUN_F_TSO_ECN, "TSO_ECN"},
		{TUN_F_USO4 | TUN_F_USO6, "USO4 USO6"},
	};
	unsigned long agreed = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (ioctl(tun->fd, TUNSETOFFLOAD, agreed | steps[i].flags) == 0)
			agreed |= steps[i].flags;
		else
			add_lack(tun, steps[i].name);
	}
	if (agreed & (TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4))
		tun->offloads |= OFFLOAD_TUN_GSO;
}

static int agree(struct linux_tun *t, unsigned wanted)
{
	int err;

	if (!wanted)
		return 0;
	err = agree_on_vnet(&t->tun);
	if (err)
		return err;
	t->vnet_len = VNET_HEADER_LEN;
	if (wanted & OFFLOAD_TUN_GSO)
		agree_on_segments(&t->tun);
	if (wanted & OFFLOAD_TUN_GRO) {
		t->tun.offloads |= OFFLOAD_TUN_GRO;
		t->kinds = COALESCE_ALL;
	}
	return 0;
}

static int make_queue(struct linux_tun *t)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	t->fair = fair_new(seed);
	t->tun.fair = t->fair;
	return t->fair ? 0 : -ENOMEM;
}

int tun_linux_open(struct tun **out, const char *name, unsigned offloads)
{
	struct linux_tun *t = calloc(1, sizeof(*t));
	unsigned wanted = offloads & (OFFLOAD_TUN_GSO | OFFLOAD_TUN_GRO);
	int err;

	if (!t)
		return -ENOMEM;
	t->tun.ops = &linux_ops;
	err = make_queue(t);
	if (err)
		goto free_tun;
	err = open_clone(&t->tun.fd);
	if (err)
		goto free_queue;
	err = attach(&t->tun, name, wanted);
	if (!err)
		err = agree(t, wanted);
	if (err)
		goto close_fd;
	log_debug("%s: interface attached", t->tun.name);
	*out = &t->tun;
	return 0;

close_fd:
	close(t->tun.fd);
free_queue:
	fair_free(t->fair);
free_tun:
	free(t);
	return err;
}

static void linux_free(struct tun *tun)
{
	fair_free(linux_of(tun)->fair);
	close(tun->fd);
	free(linux_of(tun));
}

/* -- from the kernel ------------------------------------------------------- */

static usec clock_now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* Zeroes, if there is none. It lies before the packet in its frame. */
static struct vnet_header vnet_of(const struct linux_tun *t, const struct packet *packet)
{
	struct vnet_header vnet = {0};

	memcpy(&vnet, packet->data - t->vnet_len, t->vnet_len);
	return vnet;
}

/* 0 or -errno. */
static int read_frame(struct linux_tun *t, usec now)
{
	struct packet room = fair_room(t->fair);
	ssize_t len;

	do
		len = read(t->tun.fd, room.data - t->vnet_len, t->vnet_len + READ_MAX);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	if ((size_t)len <= t->vnet_len)
		return -EIO;
	fair_put(t->fair, (size_t)len - t->vnet_len,
		 vnet_of(t, &room).gso_type != VNET_GSO_NONE, now);
	return 0;
}

/* A read that finds nothing costs as much as one that does. The first packet after a pause goes
 * on its way without one, and so does the answer to the first one that was written: if it is not
 * alone, the next poll says so. */
static int read_frames(struct linux_tun *t, usec now)
{
	size_t most = now - t->last_busy < PAUSE ? READS_MAX : 1;
	int err = 0;

	t->last_used = t->last_busy = now;
	for (size_t i = 0; i < most && !err; i++)
		err = read_frame(t, now);
	return err == -EAGAIN ? 0 : err;
}

static size_t take_segments(struct linux_tun *t, uint8_t **room, struct packet *packets, size_t n)
{
	size_t got = 0;

	for (; got < n && segments_left(&t->segments); got++)
		packets[got] = tun_place(room, segments_next(&t->segments, *room + HEADROOM));
	return got;
}

static bool is_good(struct linux_tun *t, enum segment_verdict verdict)
{
	if (verdict == SEGMENT_GOOD)
		return true;
	t->tun.malformed++;
	log_trace("%s: %zu bytes with %s", t->tun.name, t->frame.packet.len,
		  segment_verdict_name(verdict));
	return false;
}

/* The frame was taken: how many packets of it there are now, at most n. */
static size_t take_frame(struct linux_tun *t, uint8_t **room, struct packet *packets, size_t n)
{
	struct packet *p = &t->frame.packet;
	struct vnet_header vnet = vnet_of(t, p);

	if (vnet.gso_type == VNET_GSO_NONE) {
		if (!is_good(t, segment_finish(&vnet, p->data, p->len)))
			return 0;
		packets[0] = *p;
		return 1;
	}
	if (!is_good(t, segments_begin(&t->segments, &vnet, packet_bytes(p))))
		return 0;
	if (t->frame.leave_first_out)
		segments_next(&t->segments, *room + HEADROOM);
	return take_segments(t, room, packets, n);
}

/* What was read before an error is handed over; the error will still be there
 * at the next call. */
static int linux_read(struct tun *tun, uint8_t *room, struct packet *packets, size_t n)
{
	struct linux_tun *t = linux_of(tun);
	usec now = clock_now_usec();
	size_t got;
	int err;

	fair_release(t->fair, segments_left(&t->segments) ? &t->frame : NULL, now);
	err = read_frames(t, now);
	got = take_segments(t, &room, packets, n);
	while (got < n && fair_take(t->fair, &t->frame, now))
		got += take_frame(t, &room, packets + got, n - got);
	return got ? (int)got : err;
}

static bool linux_holds(const struct tun *tun)
{
	const struct linux_tun *t = container_of(tun, const struct linux_tun, tun);

	return segments_left(&t->segments) || !fair_is_empty(t->fair);
}

/* -- to the kernel --------------------------------------------------------- */

/* One refused packet says nothing about the next: the kernel looks at each. 0 or -errno. */
static int write_parts(struct linux_tun *t)
{
	struct joined *joined = &t->joined;
	ssize_t len;
	int err = 0;

	joined->parts[0].iov_len = t->vnet_len;
	len = writev(t->tun.fd, joined->parts, joined->parts_len);
	if (len < 0)
		err = -errno;
	else if ((size_t)len != t->vnet_len + joined->len)
		err = -EIO;
	if (err)
		log_trace("%s: %u packets, %zu bytes not taken: %s", t->tun.name, joined->packets,
			  joined->len, strerror(-err));
	return err;
}

static const char *name_of_lack(enum coalesce_kind kind)
{
	switch (kind) {
	case COALESCE_TCP4:
		return "GRO-TCP4";
	case COALESCE_TCP6:
		return "GRO-TCP6";
	case COALESCE_UDP4:
		return "GRO-UDP4";
	case COALESCE_UDP6:
		return "GRO-UDP6";
	}
	return "?";
}

/* The kernel does not know packets of this kind: its parts go one by one, now and later. */
static size_t write_apart(struct linux_tun *t)
{
	uint16_t place = t->joined.first;
	size_t taken = 0;

	if (t->kinds & t->joined.kind)
		add_lack(&t->tun, name_of_lack(t->joined.kind));
	t->kinds &= ~t->joined.kind;
	for (; place != COALESCE_NONE; place = coalesce_after(&t->coalesce, place)) {
		coalesce_single(&t->coalesce, &t->joined, place);
		taken += write_parts(t) == 0;
	}
	return taken;
}

/* Returns how many packets were taken. */
static size_t write_joined(struct linux_tun *t)
{
	int err = write_parts(t);

	if (!err)
		return t->joined.packets;
	return err == -EINVAL && t->joined.packets > 1 ? write_apart(t) : 0;
}

static size_t linux_write(struct tun *tun, const struct packet *packets, size_t n)
{
	struct linux_tun *t = linux_of(tun);
	size_t taken = 0;
	usec now;

	coalesce_begin(&t->coalesce, packets, n, t->kinds);
	while (coalesce_next(&t->coalesce, &t->joined))
		taken += write_joined(t);
	now = clock_now_usec();
	if (now - t->last_used < PAUSE)
		t->last_busy = now;
	t->last_used = now;
	return taken;
}

static const struct tun_ops linux_ops = {
	.read = linux_read,
	.holds = linux_holds,
	.write = linux_write,
	.free = linux_free,
};
