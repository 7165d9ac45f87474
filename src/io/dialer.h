/* dialer.h -- connections to servers by number, for whom the node asks (ACTION_OPEN_STREAM).
 *
 *   dialer_open(via, host:port) --> look_up() --> dialer_resolved()
 *        --> connect to one address after the other, 2.5 s each, 10 s in all; then proxy, TLS
 *        --> opened(path) ... received() ... closed(via, why)
 *
 * With a proxy, connections in TLS go through it, and it is the proxy's name that is looked
 * up; theirs the proxy knows or does not.
 *
 * A number is told closed() once, unless dialer_close() came first. Watched as UDP sockets
 * are: dialer_fd() readable: dialer_ready(); dialer_due() come: dialer_tick().
 */
#ifndef IO_DIALER_H
#define IO_DIALER_H

#include "io/proxy.h"
#include "io/stream_set.h"

struct dialer;

struct dialer_settings {
	uint32_t mark;			/* SO_MARK; 0: none */
	uint16_t listen_port;		/* for those that leave from there; it is shared as in tcp.h */
	struct proxy proxy;		/* host "": none */
	void *context;
	/* Answered by dialer_resolved(), at once or later. host is borrowed. */
	void (*look_up)(void *context, const char *host, uint16_t port);
	/* via is its number, remote whom it is connected with: the server, or the proxy. */
	void (*opened)(void *context, const struct path *path, msec now);
	/* It may send. n <= BURST_MAX, all of one number; good for the call. */
	void (*received)(void *context, struct datagram *datagrams, size_t n, msec now);
	void (*closed)(void *context, uint16_t via, enum node_stream_end why, msec now);
};

/* 0 or -errno. */
int dialer_new(struct dialer **out, const struct dialer_settings *settings);
void dialer_free(struct dialer *d);		/* NULL is fine; nobody is told */

/* For those that are opened from now on, NULL: none; files of CAs are read again, too. */
void dialer_set_proxy(struct dialer *d, const struct proxy *proxy);

/* via_is_stream(via). One that was open by that number is closed first, untold. */
void dialer_open(struct dialer *d, uint16_t via, const struct node_stream_target *target, msec now);
void dialer_close(struct dialer *d, uint16_t via);
/* An answer, also one that was asked for by others; n = 0: nobody knows the name. */
void dialer_resolved(struct dialer *d, const char *host, uint16_t port,
		     const struct endpoint *endpoints, size_t n, msec now);

int dialer_fd(const struct dialer *d);
void dialer_ready(struct dialer *d, msec now);
msec dialer_due(const struct dialer *d);
void dialer_tick(struct dialer *d, msec now);
void dialer_rest(struct dialer *d);	/* stream_set_rest() */

/* By path.via; n <= BURST_MAX. What cannot be sent is dropped and counted. */
void dialer_send(struct dialer *d, const struct datagram *datagrams, size_t n, msec now);

uint64_t dialer_counter(const struct dialer *d, enum stream_counter counter);

#endif
