/* tcp_socket.c -- one TCP socket that carries datagrams: late is as bad as lost. */
#include "io/tcp_socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "io/sockaddr.h"

enum {
	BACKLOG = 64,
	UNSENT_MAX = 16 << 10,		/* bytes in the kernel that did not leave yet */
	GONE_AFTER = 20000,		/* msec without an acknowledgement */
	PROBE_AFTER = 20,		/* seconds without a word */
	PROBE_AGAIN = 5,
	PROBES = 4,
};

struct option {
	int level, name, value;
};

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_all(int fd, const struct option *options, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = set_int(fd, options[i].level, options[i].name, options[i].value);
	return err;
}

static int set_connection(int fd)
{
	static const struct option options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, GONE_AFTER},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER},
		{IPPROTO_TCP, TCP_KEEPINTVL, PROBE_AGAIN},
		{IPPROTO_TCP, TCP_KEEPCNT, PROBES},
	};

	return set_all(fd, options, sizeof(options) / sizeof(*options));
}

/* With a FIN one end would keep the pair of ports for a minute (TIME_WAIT). */
static int end_at_once(int fd)
{
	struct linger linger = {.l_onoff = 1};

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0 ? -errno : 0;
}

static int share_port(int fd)
{
	static const struct option options[] = {
		{SOL_SOCKET, SO_REUSEADDR, 1},
		{SOL_SOCKET, SO_REUSEPORT, 1},
	};
	int err = set_all(fd, options, 2);

	return err ? err : end_at_once(fd);
}

/* An address of a link is one only together with the link. */
static int bind_to(int fd, enum ip_family family, const struct tcp_socket_settings *settings,
		   uint32_t scope)
{
	struct endpoint at = {.ip = settings->address, .port = settings->port, .scope = scope};
	union sockaddr_any name;
	socklen_t len;

	at.ip.family = (uint8_t)family;
	len = sockaddr_write(&name, &at);
	return bind(fd, &name.any, len) ? -errno : 0;
}

static int prepare(int fd, enum ip_family family, const struct tcp_socket_settings *settings)
{
	int err = 0;

	if (settings->mark &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &settings->mark, sizeof(settings->mark)) < 0)
		err = -errno;
	if (!err && family == IP_V6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!err && settings->shared)
		err = share_port(fd);
	return err;
}

static int open_socket(enum ip_family family)
{
	int fd = socket(family == IP_V4 ? AF_INET : AF_INET6,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	return fd < 0 ? -errno : fd;
}

static int fd_or_error(int fd, int err)
{
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* A server that was restarted must not wait until its old connections are forgotten. */
int tcp_socket_listen(enum ip_family family, const struct tcp_socket_settings *settings)
{
	int fd = open_socket(family);
	int err;

	if (fd < 0)
		return fd;
	err = prepare(fd, family, settings);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!err)
		err = bind_to(fd, family, settings, 0);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	return fd_or_error(fd, err);
}

int tcp_socket_connect(const struct endpoint *to, const struct tcp_socket_settings *settings)
{
	enum ip_family family = (enum ip_family)to->ip.family;
	union sockaddr_any name;
	socklen_t len = sockaddr_write(&name, to);
	int fd = open_socket(family);
	int err;

	if (fd < 0)
		return fd;
	err = prepare(fd, family, settings);
	if (!err)
		err = set_connection(fd);
	if (!err && (settings->port || settings->address.family))
		err = bind_to(fd, family, settings, to->scope);
	if (!err && connect(fd, &name.any, len) && errno != EINPROGRESS)
		err = -errno;
	return fd_or_error(fd, err);
}

int tcp_socket_accept(int listener, bool shared)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = set_connection(fd);
	if (!err && shared)
		err = end_at_once(fd);
	return fd_or_error(fd, err);
}

int tcp_socket_error(int fd)
{
	union sockaddr_any name;
	socklen_t len = sizeof(name);
	int err;
	socklen_t err_len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len))
		return -errno;
	if (!err && getpeername(fd, &name.any, &len))
		err = errno == ENOTCONN ? EINPROGRESS : errno;
	return -err;
}

void tcp_socket_reset(int fd)
{
	end_at_once(fd);
	close(fd);
}

static bool local_end(int fd, struct endpoint *out)
{
	union sockaddr_any name;
	socklen_t len = sizeof(name);

	return getsockname(fd, &name.any, &len) == 0 && sockaddr_read(out, &name, len);
}

uint16_t tcp_socket_port(int fd)
{
	struct endpoint at;

	return local_end(fd, &at) ? at.port : 0;
}

bool tcp_socket_local(int fd, struct ip *out)
{
	struct endpoint at;

	if (!local_end(fd, &at))
		return false;
	*out = at.ip;
	return true;
}

bool tcp_socket_remote(int fd, struct endpoint *out)
{
	union sockaddr_any name;
	socklen_t len = sizeof(name);

	return getpeername(fd, &name.any, &len) == 0 && sockaddr_read(out, &name, len);
}
