/* tcp.h -- TCP from one port as if it were a datagram socket: whoever is sent to is connected to.
 *
 *               .--- connection with 198.51.100.7:41999 --- begun by us, from the port
 *   port (TCP) -+--- connection with 203.0.113.4:50112 ---- begun by them, to the port
 *               '--- ...                                    at most 256
 *
 *   tcp_send(datagram to X)    by the connection with X; else one is begun, and the datagram waits
 *   received(datagrams of X)   path.remote = X, path.local = ours, path.via = VIA_TCP
 *
 * Each datagram has its length before it (RFC 4571). When two call each other at once there
 * is one connection in the end (RFC 6544 section 4.5): both call from the port that they
 * listen at. A connection that failed or ended is begun anew by the next datagram, but not
 * within 200 ms. Nobody is told of any of this: it is a socket that may drop datagrams.
 *
 * Watched as UDP sockets are: tcp_fd() readable: tcp_ready(); tcp_due() come: tcp_tick().
 */
#ifndef IO_TCP_H
#define IO_TCP_H

#include "io/stream_set.h"

struct tcp;

struct tcp_settings {
	struct ip address;		/* that it is at; family IP_NONE: at all of this host's, of both families */
	uint16_t port;			/* 0: any, for tests */
	uint32_t mark;			/* SO_MARK; 0: none */
	/* n <= BURST_MAX, all of one connection; good for the call. It may send. */
	void (*received)(void *context, struct datagram *datagrams, size_t n, msec now);
	void *context;
};

enum {
	TCP_CONNECTIONS_MAX = 256,
	TCP_IDLE = 120000,		/* msec */
	TCP_AGAIN = 200,
};

/* 0, or -errno with a sentence in error (-EADDRINUSE: the port is taken). */
int tcp_open(struct tcp **out, const struct tcp_settings *settings, char error[static 512]);
void tcp_free(struct tcp *tcp);		/* NULL is fine */

uint16_t tcp_port(const struct tcp *tcp);
size_t tcp_connections(const struct tcp *tcp);

int tcp_fd(const struct tcp *tcp);
void tcp_ready(struct tcp *tcp, msec now);
msec tcp_due(const struct tcp *tcp);
void tcp_tick(struct tcp *tcp, msec now);

void tcp_rest(struct tcp *tcp);		/* stream_set_rest() */

/* To path.remote, from path.local if it is given; n <= BURST_MAX. What cannot be sent is
 * dropped and counted. */
void tcp_send(struct tcp *tcp, const struct datagram *datagrams, size_t n, msec now);

uint64_t tcp_counter(const struct tcp *tcp, enum stream_counter counter);

#endif
