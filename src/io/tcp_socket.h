/* tcp_socket.h -- one TCP socket that carries datagrams: late is as bad as lost.
 *
 * Non-blocking; what is sent leaves at once (TCP_NODELAY), and no more than some 16 KB waits
 * in the kernel unsent (TCP_NOTSENT_LOWAT), so that it does not grow old there. A connection
 * whose other end has gone ends after some 20 s.
 */
#ifndef IO_TCP_SOCKET_H
#define IO_TCP_SOCKET_H

#include "base/addr.h"

struct tcp_socket_settings {
	struct ip address;		/* ours; all zeroes: any */
	uint16_t port;			/* ours; 0: any */
	uint32_t mark;			/* SO_MARK, 0: none */
	/* The port is shared by a listener and connections that we begin, so that both ends may
	 * call each other at once (RFC 6544 section 4.5); and a connection ends at once, so that
	 * a new one between the same ports can follow. */
	bool shared;
};

/* Each is the descriptor or -errno. */
int tcp_socket_listen(enum ip_family family, const struct tcp_socket_settings *settings);
/* Begins to connect; writable: it is, or has failed (tcp_socket_error). */
int tcp_socket_connect(const struct endpoint *to, const struct tcp_socket_settings *settings);
int tcp_socket_accept(int listener, bool shared);

/* 0: connected; -EINPROGRESS: not yet; else why it failed. */
int tcp_socket_error(int fd);
void tcp_socket_reset(int fd);		/* closes it, and the other end's */

/* False, or port 0: it has none. */
uint16_t tcp_socket_port(int fd);
bool tcp_socket_local(int fd, struct ip *out);
bool tcp_socket_remote(int fd, struct endpoint *out);

#endif
