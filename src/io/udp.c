/* udp.c -- one UDP port: its two sockets, more beside them, and bursts of datagrams.
 *
 *   udp_recv    recvmmsg --> message --> address, pktinfo, TOS --> struct datagram
 *   udp_send    struct datagram --> message (udp_message.c) --> sendmmsg
 *                                                 |
 *                     refused: send it without its source, or drop it;
 *                     then go on with the next one
 */
#include "io/udp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "io/udp_message.h"
#include "io/udp_socket.h"

enum {
	ERROR_TEXT = 512,
	OPEN_TRIES = 5,			/* a port that is free in IPv4 may be taken in IPv6 */
};

struct udp {
	int fd4, fd6;
	int epoll;			/* watches what is in `more` */
	int more[UDP_MORE_MAX + 1];	/* by number; 0: closed (descriptor 0 is never ours) */
	uint16_t port;
	uint32_t mark;
	struct ip address;
	void (*source_gone)(void *context, const struct path *path);
	void *context;
	uint64_t counters[UDP_COUNTERS];
	struct mmsghdr messages[BURST_MAX];
	struct udp_message parts[BURST_MAX];
};

static const char *const counter_names[UDP_COUNTERS] = {
	[UDP_TRUNCATED] = "udp_truncated",     [UDP_NO_ROOM] = "udp_no_room",
	[UDP_UNREACHABLE] = "udp_unreachable", [UDP_TOO_BIG] = "udp_too_big",
	[UDP_NO_SOCKET] = "udp_no_socket",     [UDP_SEND_FAILED] = "udp_send_failed",
	[UDP_SOURCE_GONE] = "udp_source_gone",
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
	udp->port = udp_socket_port(opened);
	return 0;
}

static int open_both(struct udp *udp, const struct udp_settings *settings)
{
	int err;

	udp->port = settings->port;
	udp->mark = settings->mark;
	udp->address = settings->address;
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

/* -- in ------------------------------------------------------------------ */

/* Keep the good ones at the front; the messages know their buffers, so the order of the
 * buffers may change. */
static size_t take_good(struct udp *udp, uint16_t via, struct datagram *datagrams, size_t n)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++) {
		struct datagram d = datagrams[i];

		if (!udp_message_read(&udp->messages[i], &udp->parts[i], &d)) {
			udp->counters[UDP_TRUNCATED]++;
			continue;
		}
		d.path.via = via;
		if (d.packet.len) {
			datagrams[i] = datagrams[good];
			datagrams[good++] = d;
		}
	}
	return good;
}

static size_t receive(struct udp *udp, int fd, uint16_t via, struct datagram *datagrams, size_t n,
		      bool *more)
{
	int got;

	for (size_t i = 0; i < n; i++)
		udp_message_to_fill(&udp->messages[i], &udp->parts[i], &datagrams[i].packet);
	do {
		got = recvmmsg(fd, udp->messages, (unsigned)n, 0, NULL);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		/* Anything else is news of a datagram sent before (ECONNREFUSED): read on. */
		*more = errno != EAGAIN;
		return 0;
	}
	*more = (size_t)got == n;
	return take_good(udp, via, datagrams, (size_t)got);
}

size_t udp_recv(struct udp *udp, enum ip_family family, struct datagram *datagrams, size_t n,
		bool *more)
{
	return receive(udp, udp_fd(udp, family), 0, datagrams, n, more);
}

size_t udp_recv_more(struct udp *udp, struct datagram *datagrams, size_t n, bool *more)
{
	struct epoll_event event;

	*more = epoll_wait(udp->epoll, &event, 1, 0) > 0;
	if (!*more)
		return 0;
	return receive(udp, udp->more[event.data.u32], (uint16_t)event.data.u32, datagrams, n, more);
}

/* -- out ----------------------------------------------------------------- */

/* The 1st, 2nd, 4th, 8th ... time: a dead link must not fill the log. */
static void count_drop(struct udp *udp, enum udp_counter counter, const struct datagram *d, int err)
{
	uint64_t times = ++udp->counters[counter];
	char text[ENDPOINT_TEXT];

	if ((times & (times - 1)) == 0)
		log_debug("to %s: %s (%" PRIu64 " times)", endpoint_format(text, &d->path.remote),
			  strerror(err), times);
}

/* Errors that may come from the source address or interface that was asked for. */
static bool may_blame_source(int err)
{
	switch (err) {
	case EINVAL:		/* not an address of this host */
	case EADDRNOTAVAIL:
	case ENODEV:
	case ENXIO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return true;
	}
	return false;
}

/* 0 or the errno. */
static int send_one(int fd, const struct msghdr *message)
{
	ssize_t n;

	do {
		n = sendmsg(fd, message, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? errno : 0;
}

static enum udp_counter counter_of(int err)
{
	switch (err) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return UDP_NO_ROOM;
	case EPERM:
	case EACCES:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
		return UDP_UNREACHABLE;
	case EMSGSIZE:
		return UDP_TOO_BIG;
	}
	return UDP_SEND_FAILED;
}

/* A datagram was refused: once more without its source, if that may be why. */
static void handle_refused(struct udp *udp, int fd, size_t i, const struct datagram *d, int err)
{
	bool blamed = d->path.local.family != IP_NONE && may_blame_source(err);

	if (blamed) {
		udp_message_drop_source(&udp->messages[i], &udp->parts[i], d);
		err = send_one(fd, &udp->messages[i].msg_hdr);
	}
	if (err)
		count_drop(udp, counter_of(err), d, err);
	if (blamed) {
		count_drop(udp, UDP_SOURCE_GONE, d, EADDRNOTAVAIL);
		udp->source_gone(udp->context, &d->path);
	}
}

/* All to one family, whose messages are ready. */
static void send_run(struct udp *udp, int fd, const struct datagram *datagrams, size_t n)
{
	size_t done = 0;

	while (done < n) {
		int sent = sendmmsg(fd, udp->messages + done, (unsigned)(n - done), 0);
		int err = errno;

		if (sent > 0) {
			done += (size_t)sent;
		} else if (err == EAGAIN) {
			/* Full: the rest of the burst would not fit either. */
			for (; done < n; done++)
				count_drop(udp, UDP_NO_ROOM, &datagrams[done], err);
		} else if (err != EINTR) {
			handle_refused(udp, fd, done, &datagrams[done], err);
			done++;
		}
	}
}

/* -1: there is none. */
static int fd_for(const struct udp *udp, const struct path *path)
{
	if (path->via)
		return udp->more[path->via] ? udp->more[path->via] : -1;
	return udp_fd(udp, path->remote.ip.family);
}

/* Those that leave by the same socket. */
static size_t run_len(const struct datagram *datagrams, size_t n)
{
	const struct path *first = &datagrams[0].path;
	size_t len = 1;

	while (len < n && datagrams[len].path.remote.ip.family == first->remote.ip.family &&
	       datagrams[len].path.via == first->via)
		len++;
	return len;
}

void udp_send(struct udp *udp, const struct datagram *datagrams, size_t n)
{
	while (n) {
		size_t len = run_len(datagrams, n);
		int fd = fd_for(udp, &datagrams[0].path);

		for (size_t i = 0; i < len; i++) {
			if (fd < 0)
				count_drop(udp, UDP_NO_SOCKET, &datagrams[i], EAFNOSUPPORT);
			else
				udp_message_to_send(&udp->messages[i], &udp->parts[i], &datagrams[i]);
		}
		if (fd >= 0)
			send_run(udp, fd, datagrams, len);
		datagrams += len;
		n -= len;
	}
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
