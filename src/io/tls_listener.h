/* tls_listener.h -- datagrams from strangers over TLS: many connections to one port.
 *
 *   client --TLS--.
 *   client --TLS--+-- address:port --> received(): datagrams, path.via says whose
 *   client --TLS--'                    tls_listener_send(): path.via says whither
 *
 * In the stream each datagram has its length before it (RFC 4571). A connection has a number,
 * first_via and up, as long as it lasts; later another may have it, so what is sent must have
 * the remote endpoint of that very connection in its path, too.
 *
 * It is watched as UDP sockets are: when tls_listener_fd() is readable, tls_listener_ready();
 * when tls_listener_due() has come, tls_listener_tick(). It has no timer or loop of its own.
 *
 * A connection costs some 15 KB, nearly all of it OpenSSL's, and more only while its other
 * end reads slowly or is in the middle of a frame. Who sends nothing that is answered is
 * closed after 10 s, who is silent after 2 min; of those whom nothing was answered yet at
 * most 8 are taken from one address, and when all numbers are in use the oldest of them makes
 * room. Sending never fails: what a slow reader has no room for is dropped, and counted. Who
 * speaks HTTP is told that there is nothing (http_refusal.h).
 */
#ifndef IO_TLS_LISTENER_H
#define IO_TLS_LISTENER_H

#include "base/msec.h"
#include "base/packet.h"
#include "io/stream_set.h"

struct tls_listener;

struct tls_listener_settings {
	struct endpoint at;		/* ip.family IP_NONE: all addresses of this host; port 0: any, for tests */
	const char *cert_file;		/* PEM: the server's certificate, then those up to a CA's */
	const char *key_file;		/* PEM; its private key */
	uint16_t first_via;
	uint16_t connections_max;
	uint16_t frame_max;		/* bytes of the longest datagram that is taken */
	/* n <= BURST_MAX, all of one connection, each with HEADROOM and TAILROOM; good for the
	 * call. It may send. */
	void (*received)(void *context, struct datagram *datagrams, size_t n, msec now);
	/* That number is nobody's any more. NULL: never mind. */
	void (*ended)(void *context, uint16_t via, msec now);
	void *context;
};

/* 0, or -errno with a sentence in error that names the file or the port: -EADDRINUSE if that is
 * taken, -EINVAL if a file is not what it should be. */
int tls_listener_open(struct tls_listener **out, const struct tls_listener_settings *settings,
		      char error[static 512]);
void tls_listener_free(struct tls_listener *l);		/* NULL is fine */

/* Read both files again; connections that there are stay. An error changes nothing. */
int tls_listener_renew(struct tls_listener *l, char error[static 512]);

uint16_t tls_listener_port(const struct tls_listener *l);
size_t tls_listener_connections(const struct tls_listener *l);

int tls_listener_fd(const struct tls_listener *l);
void tls_listener_ready(struct tls_listener *l, msec now);
msec tls_listener_due(const struct tls_listener *l);	/* NEVER: nothing is planned */
void tls_listener_tick(struct tls_listener *l, msec now);

/* By path.via, to path.remote. n <= BURST_MAX. */
void tls_listener_send(struct tls_listener *l, const struct datagram *datagrams, size_t n,
		       msec now);

uint64_t tls_listener_counter(const struct tls_listener *l, enum stream_counter counter);

#endif
