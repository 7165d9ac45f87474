/* certificates.h -- certificates for one test, made when it begins, in the directory of scratch.h.
 *
 *   certificates_make("good", "relay.test", 3600, CA)       good.pem, good.key
 *   certificates_make_ca()                                  ca.pem
 */
#ifndef TESTS_IO_CERTIFICATES_H
#define TESTS_IO_CERTIFICATES_H

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "scratch.h"

static EVP_PKEY *ca_key;
static X509 *ca;

static inline void must_be(int ok)
{
	if (!ok)
		abort();
}

static inline void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must_be(e && X509_add_ext(cert, e, -1));
	X509_EXTENSION_free(e);
}

/* Its name, for so many seconds from an hour ago. */
static inline X509 *begin_certificate(EVP_PKEY *key, const char *name, long lasts)
{
	static long serial;
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	must_be(X509_set_version(cert, X509_VERSION_3) &&
		ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial) &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
		X509_gmtime_adj(X509_getm_notAfter(cert), -3600 + lasts) &&
		X509_set_pubkey(cert, key) &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					   (const unsigned char *)name, -1, -1, 0));
	return cert;
}

static inline void write_pem(const char *name, const char *suffix, X509 *cert, EVP_PKEY *key)
{
	char file[64];
	FILE *f;

	snprintf(file, sizeof(file), "%s.%s", name, suffix);
	f = fopen(scratch_path(file), "w");
	must_be(f && (cert ? PEM_write_X509(f, cert)
			   : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)));
	fclose(f);
}

static inline void certificates_make_ca(void)
{
	ca_key = EVP_EC_gen("P-256");
	ca = begin_certificate(ca_key, "Test CA", 7200);
	must_be(X509_set_issuer_name(ca, X509_get_subject_name(ca)));
	add_extension(ca, NID_basic_constraints, "critical,CA:TRUE");
	must_be(X509_sign(ca, ca_key, EVP_sha256()));
	write_pem("ca", "pem", ca, NULL);
}

/* `whom`: as in "DNS:relay.test,IP:127.0.0.1". by_ca false: by itself. */
static inline void certificates_make(const char *name, const char *whom, long lasts, bool by_ca)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = begin_certificate(key, name, lasts);

	must_be(X509_set_issuer_name(cert, X509_get_subject_name(by_ca ? ca : cert)));
	add_extension(cert, NID_subject_alt_name, whom);
	must_be(X509_sign(cert, by_ca ? ca_key : key, EVP_sha256()));
	write_pem(name, "pem", cert, NULL);
	write_pem(name, "key", NULL, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static inline void certificates_forget_ca(void)
{
	X509_free(ca);
	EVP_PKEY_free(ca_key);
}

#endif
