/* rendezvous_loop.h -- a rendezvous, running: the loop that gives its brain bytes and time.
 *
 *   door 2i      udp at listener i's address and port -----.
 *   door 2i + 1  the same address, the port for STUN ------+-- drain(rendezvous_node)
 *   connections  over TLS (tls_doors.h) -------------------+
 *   SIGTERM, SIGINT, SIGHUP, one timer --------------------'
 *
 * It needs no device, no rights, no file; over TLS a certificate, which SIGHUP has it read again. What rendezvous_loop_open() opened it closes
 * when a later step fails.
 */
#ifndef IO_RENDEZVOUS_LOOP_H
#define IO_RENDEZVOUS_LOOP_H

#include "node/rendezvous_node.h"

struct rendezvous_loop;

struct rendezvous_loop_settings {
	uint8_t private_key[KEY_LEN];
	uint8_t psk[KEY_LEN];		/* zeroes: none is demanded */
	uint32_t clients_max;
	const struct endpoint *listen;	/* family IP_NONE: at all addresses of this host */
	size_t listen_len;		/* <= RENDEZVOUS_LISTENERS_MAX */
	uint16_t stun_port;		/* 0: each listener's port + 1, or none if that is taken */
	bool relay;			/* see rendezvous_node.h */
	uint32_t relay_rate;
	const struct endpoint *tls_listen;
	size_t tls_listen_len;		/* <= RENDEZVOUS_LISTENERS_MAX; 0: not over TLS */
	const char *cert_file, *cert_key_file;
};

/* 0, or an EXIT_* code with one sentence in error: what is wrong and what to do. */
int rendezvous_loop_open(struct rendezvous_loop **out,
			 const struct rendezvous_loop_settings *settings, char error[static 512]);
void rendezvous_loop_run(struct rendezvous_loop *loop);	/* until a signal */
void rendezvous_loop_free(struct rendezvous_loop *loop);

const uint8_t *rendezvous_loop_public_key(const struct rendezvous_loop *loop);
/* The ports that listener i has got. */
struct rendezvous_listener rendezvous_loop_listener(const struct rendezvous_loop *loop, size_t i);
uint16_t rendezvous_loop_tls_port(const struct rendezvous_loop *loop, size_t i);

#endif
