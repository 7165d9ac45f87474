/* udp.c -- one UDP port: its two sockets, and more beside them. What goes through them is
 * udp_in.c's and udp_out.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/offload.h"
#include "io/sockaddr.h"
#include "io/udp_impl.h"
#include "io/udp_socket.h"

enum {
	ERROR_TEXT = 512,
	OPEN_TRIES = 5,			/* a port that is free in IPv4 may be taken in IPv6 */
};

static const char *const counter_names[UDP_COUNTERS] = {
	[UDP_TRUNCATED] = "udp_truncated",     [UDP_NO_ROOM] = "udp_no_room",
	[UDP_UNREACHABLE] = "udp_unreachable", [UDP_TOO_BIG] = "udp_too_big",
	[UDP_NO_SOCKET] = "udp_no_socket",     [UDP_SEND_FAILED] = "udp_send_failed",
	[UDP_SOURCE_GONE] = "udp_source_gone", [UDP_MERGED_OUT] = "udp_merged_out",
	[UDP_MERGED_IN] = "udp_merged_in",     [UDP_SPLIT] = "udp_split",
};

const char *udp_counter_name(enum udp_counter counter)
{
	return counter_names[counter];
}

uint64_t udp_counter(const struct udp *udp, enum udp_counter counter)
{
	return udp->counters[counter];
}

uint16_t udp_port(const struct udp *udp)
{
	return udp->port;
}

unsigned udp_offloads(const struct udp *udp)
{
	return udp->offloads;
}

int udp_fd(const struct udp *udp, enum ip_family family)
{
	if (family == IP_V4)
		return udp->fd4;
	return family == IP_V6 ? udp->fd6 : -1;
}

/* -- opening ------------------------------------------------------------- */

/* A kernel without the family, or with IPv6 switched off by ipv6.disable. */
static bool lacks_family(int err)
{
	return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL || err == -EPROTONOSUPPORT;
}

static void say_why(int err, uint16_t port, char error[static ERROR_TEXT])
{
	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT,
			 "UDP port %u is taken by another program; choose another with listen_port =",
			 port);
	else if (err == -EACCES || err == -EPERM)
		snprintf(error, ERROR_TEXT,
			 "UDP port %u needs more rights (root, or CAP_NET_ADMIN and "
			 "CAP_NET_BIND_SERVICE for ports below 1024); try sudo",
			 port);
	else
		snprintf(error, ERROR_TEXT, "cannot open UDP port %u: %s", port, strerror(-err));
}

/* *fd stays -1 if an address of the other family is wanted, or this host lacks this one. */
static int open_family(struct udp *udp, int *fd, int domain, const struct udp_settings *settings)
{
	enum ip_family family = domain == AF_INET ? IP_V4 : IP_V6;
	int opened;

	if (settings->address.family && settings->address.family != family)
		return 0;
	opened = udp_socket_open(domain, &settings->address, udp->port, settings->mark);
	if (opened < 0)
		return lacks_family(opened) && !settings->address.family ? 0 : opened;
	*fd = opened;
	udp->offloads = udp_socket_offload(opened, udp->offloads);
	udp->port = udp_socket_port(opened);
	return 0;
}

static int open_both(struct udp *udp, const struct udp_settings *settings)
{
	int err;

	udp->port = settings->port;
	udp->mark = settings->mark;
	udp->address = settings->address;
	udp->offloads = settings->offloads & (OFFLOAD_UDP_GSO | OFFLOAD_UDP_GRO);
	udp->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (udp->epoll < 0)
		return -errno;
	err = open_family(udp, &udp->fd4, AF_INET, settings);
	if (!err)
		err = open_family(udp, &udp->fd6, AF_INET6, settings);
	if (!err && udp->fd4 < 0 && udp->fd6 < 0)
		err = -EAFNOSUPPORT;
	return err;
}

int udp_open(struct udp **out, const struct udp_settings *settings, char error[static ERROR_TEXT])
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int err = -ENOMEM;

	if (udp) {
		udp->fd4 = udp->fd6 = udp->epoll = -1;
		udp->source_gone = settings->source_gone;
		udp->context = settings->context;
		err = udp_in_init(&udp->in);
		if (!err)
			err = open_both(udp, settings);
	}
	if (err) {
		say_why(err, udp ? udp->port : settings->port, error);
		udp_free(udp);
		return err;
	}
	if (!settings->address.family && (udp->fd4 < 0 || udp->fd6 < 0))
		log_info("this host has no %s; going on with %s", udp->fd4 < 0 ? "IPv4" : "IPv6",
			 udp->fd4 < 0 ? "IPv6" : "IPv4");
	*out = udp;
	return 0;
}

int udp_open_any(struct udp **out, const struct udp_settings *settings,
		 char error[static ERROR_TEXT])
{
	struct udp_settings any = *settings;
	int err = -EADDRINUSE;

	any.port = 0;
	for (int i = 0; err == -EADDRINUSE && i < OPEN_TRIES; i++)
		err = udp_open(out, &any, error);
	return err;
}

void udp_free(struct udp *udp)
{
	if (!udp)
		return;
	if (udp->fd4 >= 0)
		close(udp->fd4);
	if (udp->fd6 >= 0)
		close(udp->fd6);
	for (uint16_t via = 1; via <= UDP_MORE_MAX; via++)
		udp_remove(udp, via);
	if (udp->epoll >= 0)
		close(udp->epoll);
	udp_in_deinit(&udp->in);
	free(udp);
}

int udp_more_fd(const struct udp *udp)
{
	return udp->epoll;
}

static int open_more(struct udp *udp, uint16_t via, enum ip_family family)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = via};
	int fd = -EAFNOSUPPORT;
	int err;

	if (!udp->address.family || udp->address.family == family)
		fd = udp_socket_open(family == IP_V6 ? AF_INET6 : AF_INET, &udp->address, 0, udp->mark);
	if (fd < 0)
		return fd;
	udp_socket_offload(fd, udp->offloads);
	if (epoll_ctl(udp->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

uint16_t udp_add(struct udp *udp, uint16_t via, enum ip_family family)
{
	int fd;

	udp_remove(udp, via);
	fd = open_more(udp, via, family);
	if (fd < 0) {
		log_debug("cannot open another UDP socket: %s", strerror(-fd));
		return 0;
	}
	udp->more[via] = fd;
	return udp_socket_port(fd);
}

void udp_remove(struct udp *udp, uint16_t via)
{
	if (udp->more[via])
		close(udp->more[via]);
	udp->more[via] = 0;
}

static int connected_name(int fd, struct endpoint *out, const struct endpoint *to)
{
	union sockaddr_any name;
	socklen_t len = sockaddr_write(&name, to);

	if (connect(fd, &name.any, len))
		return -errno;
	len = sizeof(name);
	if (getsockname(fd, &name.any, &len))
		return -errno;
	return sockaddr_read(out, &name, len) ? 0 : -EAFNOSUPPORT;
}

/* To connect sends nothing: it only chooses. */
int udp_source(struct ip *out, const struct endpoint *to)
{
	int fd = socket(to->ip.family == IP_V4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct endpoint own;
	int err;

	if (fd < 0)
		return -errno;
	err = connected_name(fd, &own, to);
	close(fd);
	if (!err)
		*out = own.ip;
	return err;
}
