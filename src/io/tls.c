/* tls.c -- TLS for streams: whom a client trusts or who a server is, and one session. */
#include "io/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/addr.h"

enum { ERROR_TEXT = 512 };

/* Length and name: RFC 7301 section 3.1, 6. */
static const unsigned char alpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct tls {
	SSL_CTX *context;
};

/* -- what many sessions have in common ------------------------------------- */

/* Little memory while idle; nothing to resume; writing may go on from another place. */
static void set_common(SSL_CTX *c)
{
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				       SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static int new_tls(struct tls **out, const SSL_METHOD *method, char error[static ERROR_TEXT])
{
	struct tls *tls = calloc(1, sizeof(*tls));

	ERR_clear_error();
	if (tls)
		tls->context = SSL_CTX_new(method);
	if (!tls || !tls->context) {
		free(tls);
		snprintf(error, ERROR_TEXT, "out of memory for TLS");
		return -ENOMEM;
	}
	set_common(tls->context);
	*out = tls;
	return 0;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

/* 0 or -errno, with its sentence: what the system says is clearer than what OpenSSL does. */
static int check_readable(const char *file, const char *what, char error[static ERROR_TEXT])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? -errno : 0;

	if (err)
		snprintf(error, ERROR_TEXT, "cannot read the %s %.300s: %s", what, file,
			 strerror(-err));
	else
		close(fd);
	return err;
}

/* -- clients --------------------------------------------------------------- */

static int trust(SSL_CTX *c, const char *ca_file, char error[static ERROR_TEXT])
{
	int err;

	if (!ca_file) {
		/* A host without any CAs says so by each certificate that it refuses. */
		SSL_CTX_set_default_verify_paths(c);
		return 0;
	}
	err = check_readable(ca_file, "CA certificates", error);
	if (!err && !SSL_CTX_load_verify_file(c, ca_file)) {
		snprintf(error, ERROR_TEXT, "%.300s has no CA certificates in PEM form", ca_file);
		err = -EINVAL;
	}
	return err;
}

int tls_client_new(struct tls **out, const char *ca_file, char error[static ERROR_TEXT])
{
	struct tls *tls;
	int err = new_tls(&tls, TLS_client_method(), error);

	if (err)
		return err;
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_alpn_protos(tls->context, alpn, sizeof(alpn));
	err = trust(tls->context, ca_file, error);
	if (err) {
		tls_free(tls);
		return err;
	}
	*out = tls;
	return 0;
}

/* Its name goes into SNI and must be in the certificate; an address only the latter
 * (RFC 6066 section 3). */
static bool demand_host(SSL *session, const char *host)
{
	struct ip ip;

	if (ip_parse(&ip, host))
		return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(session), ip.bytes,
						 ip_bits(&ip) / 8);
	SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(session, host) && SSL_set_tlsext_host_name(session, host);
}

static SSL *new_session(const struct tls *tls, int fd)
{
	SSL *session = SSL_new(tls->context);

	if (session && !SSL_set_fd(session, fd)) {
		SSL_free(session);
		return NULL;
	}
	return session;
}

struct ssl_st *tls_connect(const struct tls *tls, int fd, const char *host)
{
	SSL *session = new_session(tls, fd);

	if (session && !demand_host(session, host)) {
		SSL_free(session);
		return NULL;
	}
	if (session)
		SSL_set_connect_state(session);
	return session;
}

/* -- servers --------------------------------------------------------------- */

/* Who offers no protocol, or another, is served as well. */
static int choose_protocol(SSL *session, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned int in_len, void *context)
{
	unsigned char *chosen;

	(void)session;
	(void)context;
	if (SSL_select_next_proto(&chosen, out_len, alpn, sizeof(alpn), in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void say_bad_key(const char *cert_file, const char *key_file, char error[static ERROR_TEXT])
{
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH)
		snprintf(error, ERROR_TEXT,
			 "%.200s is not the private key of the certificate in %.200s", key_file,
			 cert_file);
	else
		snprintf(error, ERROR_TEXT, "%.300s has no private key in PEM form", key_file);
}

static int show_who(SSL_CTX *c, const char *cert_file, const char *key_file,
		    char error[static ERROR_TEXT])
{
	int err = check_readable(cert_file, "certificate", error);

	if (!err)
		err = check_readable(key_file, "private key", error);
	if (err)
		return err;
	if (SSL_CTX_use_certificate_chain_file(c, cert_file) != 1) {
		snprintf(error, ERROR_TEXT, "%.300s has no certificate in PEM form", cert_file);
		return -EINVAL;
	}
	if (SSL_CTX_use_PrivateKey_file(c, key_file, SSL_FILETYPE_PEM) != 1) {
		say_bad_key(cert_file, key_file, error);
		return -EINVAL;
	}
	return 0;
}

int tls_server_new(struct tls **out, const char *cert_file, const char *key_file,
		   char error[static ERROR_TEXT])
{
	struct tls *tls;
	int err = new_tls(&tls, TLS_server_method(), error);

	if (err)
		return err;
	SSL_CTX_set_options(tls->context, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_alpn_select_cb(tls->context, choose_protocol, NULL);
	err = show_who(tls->context, cert_file, key_file, error);
	if (err) {
		tls_free(tls);
		return err;
	}
	*out = tls;
	return 0;
}

struct ssl_st *tls_accept(const struct tls *tls, int fd)
{
	SSL *session = new_session(tls, fd);

	if (session)
		SSL_set_accept_state(session);
	return session;
}

static bool take_name(char out[static TLS_NAME], const GENERAL_NAME *name)
{
	int type;
	const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
	int len = type == GEN_DNS ? ASN1_STRING_length(value) : 0;
	const char *text = len ? (const char *)ASN1_STRING_get0_data(value) : NULL;

	if (!len || len >= TLS_NAME || memchr(text, '*', (size_t)len))
		return false;
	snprintf(out, TLS_NAME, "%.*s", len, text);
	return true;
}

bool tls_certificate_name(char out[static TLS_NAME], const char *cert_file)
{
	FILE *file = fopen(cert_file, "re");
	X509 *cert = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
	GENERAL_NAMES *names = cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = take_name(out, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	X509_free(cert);
	if (file)
		fclose(file);
	return found;
}

/* -- one session ----------------------------------------------------------- */

/* After a fatal error nothing more may be said by it. */
void tls_end(struct ssl_st *session)
{
	if (!session)
		return;
	ERR_clear_error();
	if (SSL_is_init_finished(session))
		SSL_shutdown(session);
	SSL_free(session);
}

static enum tls_result result_of(const SSL *session, int returned)
{
	switch (SSL_get_error(session, returned)) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return TLS_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
	case SSL_ERROR_SYSCALL:
		return TLS_ENDED;
	}
	return SSL_get_verify_result(session) == X509_V_OK ? TLS_FAILED : TLS_BAD_CERTIFICATE;
}

enum tls_result tls_shake_hands(struct ssl_st *session)
{
	ERR_clear_error();
	return result_of(session, SSL_do_handshake(session));
}

enum tls_result tls_read(struct ssl_st *session, uint8_t *out, size_t len, size_t *done)
{
	ERR_clear_error();
	return result_of(session, SSL_read_ex(session, out, len, done));
}

enum tls_result tls_write(struct ssl_st *session, const uint8_t *data, size_t len, size_t *done)
{
	ERR_clear_error();
	return result_of(session, SSL_write_ex(session, data, len, done));
}

bool tls_wants_write(const struct ssl_st *session)
{
	return SSL_want_write(session);
}

char *tls_complaint(const struct ssl_st *session, char out[static TLS_COMPLAINT])
{
	long verified = SSL_get_verify_result(session);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verified != X509_V_OK)
		reason = X509_verify_cert_error_string(verified);
	snprintf(out, TLS_COMPLAINT, "%s", reason ? reason : "it broke off");
	return out;
}
