/* tls.h -- TLS for streams: whom a client trusts or who a server is, and one session.
 *
 *   struct tls        made once from files; many sessions may be made from it
 *   struct ssl_st     one session over a non-blocking descriptor (OpenSSL's SSL)
 *
 *   tls_connect(host) --.
 *                       +--> tls_shake_hands() ... --> tls_read(), tls_write() --> tls_end()
 *   tls_accept() -------'
 *
 * TLS 1.2 or newer. A client proves that the server is `host`: its certificate is for that name or
 * address, in force, and by a CA that is trusted. It offers the protocol "http/1.1" (ALPN),
 * as what does HTTPS does. There are no session tickets: a session leaves nothing behind.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;
struct ssl_st;

enum { TLS_COMPLAINT = 160, TLS_NAME = 254 };

enum tls_result {
	TLS_DONE,
	TLS_AGAIN,		/* when the descriptor is ready, see tls_wants_write() */
	TLS_ENDED,		/* the other end has closed it */
	TLS_BAD_CERTIFICATE,	/* tls_complaint() */
	TLS_FAILED,		/* no TLS is spoken there, or wrongly; tls_complaint() */
};

/* 0, or -errno with a sentence in error that names the file. NULL: the system's CAs. */
int tls_client_new(struct tls **out, const char *ca_file, char error[static 512]);
/* PEM: the certificate and those up to a CA's; its private key. */
int tls_server_new(struct tls **out, const char *cert_file, const char *key_file,
		   char error[static 512]);
void tls_free(struct tls *tls);		/* NULL is fine; sessions may go on */
/* The first name that a certificate is for, and not a pattern. False: it has none. */
bool tls_certificate_name(char out[static TLS_NAME], const char *cert_file);

/* NULL: no memory. The descriptor is borrowed. */
struct ssl_st *tls_connect(const struct tls *tls, int fd, const char *host);
struct ssl_st *tls_accept(const struct tls *tls, int fd);
/* Says so to the other end if the session is up. NULL is fine. */
void tls_end(struct ssl_st *session);

enum tls_result tls_shake_hands(struct ssl_st *session);
/* *done: how many bytes, at least one when TLS_DONE. What was not written has to be written
 * again, with more behind it or not. */
enum tls_result tls_read(struct ssl_st *session, uint8_t *out, size_t len, size_t *done);
enum tls_result tls_write(struct ssl_st *session, const uint8_t *data, size_t len, size_t *done);
bool tls_wants_write(const struct ssl_st *session);

/* What went wrong, for a person: "certificate has expired". */
char *tls_complaint(const struct ssl_st *session, char out[static TLS_COMPLAINT]);

#endif
