/* tun_linux.c -- the kernel's virtual interface: /dev/net/tun.
 *
 *   socket --> routing --> m0 =====> read(fd)     a packet per call,
 *   socket <-- routing <-- m0 <===== write(fd)    without any header (IFF_NO_PI)
 *
 * Linux, Documentation/networking/tuntap.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "tun/tun_impl.h"

static const struct tun_ops linux_ops;

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
static int attach(struct tun *tun, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

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

int tun_linux_open(struct tun **out, const char *name)
{
	struct tun *tun = calloc(1, sizeof(*tun));
	int err;

	if (!tun)
		return -ENOMEM;
	tun->ops = &linux_ops;
	err = open_clone(&tun->fd);
	if (err)
		goto free_tun;
	err = attach(tun, name);
	if (err)
		goto close_fd;
	log_debug("%s: interface attached", tun->name);
	*out = tun;
	return 0;

close_fd:
	close(tun->fd);
free_tun:
	free(tun);
	return err;
}

static void linux_free(struct tun *tun)
{
	close(tun->fd);
	free(tun);
}

/* What was read before an error is handed over; the error will still be there
 * at the next call. */
static int linux_read(struct tun *tun, struct packet *packets, size_t n)
{
	size_t got = 0;

	while (got < n) {
		struct packet *slot = &packets[got];
		ssize_t len = read(tun->fd, slot->start + HEADROOM, tun_slot_room(slot));

		if (len < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || got > 0)
				break;
			return -errno;
		}
		tun_slot_fill(slot, (size_t)len);
		got++;
	}
	return (int)got;
}

/* One refused packet says nothing about the next: the kernel looks at each. */
static size_t linux_write(struct tun *tun, const struct packet *packets, size_t n)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		ssize_t len = write(tun->fd, packets[i].data, packets[i].len);

		if (len >= 0 && (size_t)len == packets[i].len)
			taken++;
		else
			log_trace("%s: %zu bytes not taken: %s", tun->name, packets[i].len,
				  strerror(errno));
	}
	return taken;
}

static const struct tun_ops linux_ops = {
	.read = linux_read,
	.write = linux_write,
	.free = linux_free,
};
