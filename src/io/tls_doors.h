/* tls_doors.h -- where a rendezvous is called over TLS: its listeners, in libuv's loop.
 *
 *   door 0  address:port --TLS-- connections FIRST ........... --.
 *   door 1  address:port --TLS-- connections FIRST + each ....  --+-- received(), ended(), touched()
 *
 * All have one certificate, which is read again when it is renewed.
 */
#ifndef IO_TLS_DOORS_H
#define IO_TLS_DOORS_H

#include <uv.h>

#include "io/tls_listener.h"
#include "node/rendezvous_node.h"

struct tls_doors_settings {
	const struct endpoint *listen;
	size_t listen_len;		/* <= RENDEZVOUS_LISTENERS_MAX; 0: there are none */
	const char *cert_file, *key_file;
	uint32_t clients_max;
	void (*received)(void *context, struct datagram *datagrams, size_t n, msec now);
	void (*ended)(void *context, uint16_t via, msec now);
	void (*touched)(void *context);		/* after these, in each turn of the loop */
	void *context;
};

struct tls_door {
	struct tls_doors *doors;
	struct tls_listener *listener;
	uv_poll_t poll;
};

struct tls_doors {
	struct tls_door doors[RENDEZVOUS_LISTENERS_MAX];
	size_t len;
	uint16_t each;			/* connections that a door may have */
	void (*touched)(void *context);
	void *context;
};

/* 0, or an EXIT_* code with a sentence in error. In any case to be closed. */
int tls_doors_open(struct tls_doors *d, const struct tls_doors_settings *settings,
		   char error[static 512]);
void tls_doors_close(struct tls_doors *d);

int tls_doors_watch(struct tls_doors *d, uv_loop_t *loop);	/* 0 or -errno */
void tls_doors_renew(struct tls_doors *d);	/* says how that went */

uint16_t tls_doors_port(const struct tls_doors *d, size_t i);
uint16_t tls_doors_connections(const struct tls_doors *d);	/* that there may be, in all */

/* All by one connection, whose number is path.via. */
void tls_doors_send(struct tls_doors *d, const struct datagram *datagrams, size_t n, msec now);
msec tls_doors_due(const struct tls_doors *d);
void tls_doors_tick(struct tls_doors *d, msec now);

#endif
