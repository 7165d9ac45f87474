/* acceptor.c -- who connects to a port of ours: one stream each, within bounds. */
#include "io/acceptor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	ERROR_TEXT = 512,
	OPEN_TRIES = 5,			/* a port that is free in IPv4 may be taken in IPv6 */
	TAKES_PER_TURN = 32,
	CLOSED_FOR = 1000,		/* msec */
};

/* -- opening --------------------------------------------------------------- */

/* A kernel without the family, or with IPv6 switched off by ipv6.disable. */
static bool lacks_family(int err)
{
	return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL || err == -EPROTONOSUPPORT;
}

static void on_ready(struct stream_watch *watch, msec now)
{
	acceptor_take(container_of(watch, struct acceptor_door, watch)->acceptor, now);
}

static int open_door(struct acceptor *a, struct acceptor_door *door, enum ip_family family,
		     const struct tcp_socket_settings *settings)
{
	struct tcp_socket_settings at = *settings;
	int fd;

	if (settings->address.family && settings->address.family != family)
		return 0;
	at.port = a->port;
	fd = tcp_socket_listen(family, &at);
	if (fd < 0)
		return lacks_family(fd) && !settings->address.family ? 0 : fd;
	door->watch.fd = fd;
	a->port = tcp_socket_port(fd);
	return stream_set_watch(a->set, &door->watch, EPOLLIN);
}

static int open_doors(struct acceptor *a, const struct tcp_socket_settings *settings)
{
	int err;

	for (size_t i = 0; i < 2; i++)
		a->doors[i] = (struct acceptor_door){{.ready = on_ready, .fd = -1}, a};
	a->port = settings->port;
	err = open_door(a, &a->doors[0], IP_V4, settings);
	if (!err)
		err = open_door(a, &a->doors[1], IP_V6, settings);
	if (!err && a->doors[0].watch.fd < 0 && a->doors[1].watch.fd < 0)
		err = -EAFNOSUPPORT;
	if (err)
		acceptor_close(a);
	return err;
}

static void say_why(int err, uint16_t port, char error[static ERROR_TEXT])
{
	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT, "TCP port %u is taken by another program", port);
	else if (err == -EACCES || err == -EPERM)
		snprintf(error, ERROR_TEXT,
			 "TCP port %u needs more rights (root, or CAP_NET_BIND_SERVICE for ports "
			 "below 1024)",
			 port);
	else
		snprintf(error, ERROR_TEXT, "cannot open TCP port %u: %s", port, strerror(-err));
}

int acceptor_open(struct acceptor *a, struct stream_set *set,
		  const struct tcp_socket_settings *settings, char error[static ERROR_TEXT])
{
	int err = -EADDRINUSE;

	a->set = set;
	a->shared = settings->shared;
	a->closed_until = NEVER;
	for (int i = 0; err == -EADDRINUSE && i < (settings->port ? 1 : OPEN_TRIES); i++)
		err = open_doors(a, settings);
	if (err)
		say_why(err, settings->port, error);
	return err;
}

void acceptor_close(struct acceptor *a)
{
	for (size_t i = 0; i < 2; i++) {
		struct stream_watch *watch = &a->doors[i].watch;

		if (watch->fd < 0)
			continue;
		stream_set_unwatch(a->set, watch);
		close(watch->fd);
		watch->fd = -1;
	}
}

/* -- taking ---------------------------------------------------------------- */

static bool same_customer(const struct ip *a, const struct ip *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, a->family == IP_V4 ? 4 : 8) == 0;
}

static bool has_room(struct acceptor *a, const struct ip *from, msec now)
{
	struct list *unproven = &a->set->unproven;
	unsigned theirs = 0;

	list_for_each(struct stream, s, unproven, link)
		theirs += s->called && same_customer(&s->path.remote.ip, from);
	return theirs < ACCEPTOR_STRANGERS &&
	       (a->set->len < a->set->max || stream_set_evict(a->set, now));
}

static void take(struct acceptor *a, int fd, msec now)
{
	struct path path = {0};

	if (tcp_socket_remote(fd, &path.remote) && tcp_socket_local(fd, &path.local) &&
	    has_room(a, &path.remote.ip, now)) {
		a->accepted(a->context, fd, &path, now);
		return;
	}
	a->set->counters[STREAM_REFUSED_CALLS]++;
	tcp_socket_reset(fd);
}

static void watch_doors(struct acceptor *a, uint32_t events)
{
	for (size_t i = 0; i < 2; i++) {
		if (a->doors[i].watch.fd >= 0)
			stream_set_watch(a->set, &a->doors[i].watch, events);
	}
}

static bool is_out_of_room(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

/* Who waits while there is no descriptor left would wake us again and again: so for a while we
 * ask to be told of nothing (EPOLLET alone). */
static void take_from(struct acceptor *a, const struct acceptor_door *door, msec now)
{
	for (int i = 0; i < TAKES_PER_TURN; i++) {
		int fd = tcp_socket_accept(door->watch.fd, a->shared);

		if (fd >= 0) {
			take(a, fd, now);
		} else if (is_out_of_room(fd)) {
			a->closed_until = now + CLOSED_FOR;
			watch_doors(a, EPOLLET);
			return;
		} else if (fd == -EAGAIN) {
			return;
		}
	}
}

void acceptor_take(struct acceptor *a, msec now)
{
	for (size_t i = 0; i < 2; i++) {
		if (a->doors[i].watch.fd >= 0)
			take_from(a, &a->doors[i], now);
	}
}

msec acceptor_due(const struct acceptor *a)
{
	return a->closed_until;
}

void acceptor_tick(struct acceptor *a, msec now)
{
	if (a->closed_until > now)
		return;
	a->closed_until = NEVER;
	watch_doors(a, EPOLLIN);
}
