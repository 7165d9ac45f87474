/* aead_openssl.c -- OpenSSL's two suites, ChaCha20-Poly1305 the faster where there is AVX.
 *
 * A cipher is fetched once and each key keeps a context for each lane, so that a
 * packet costs a new nonce and nothing else. A context knows one direction. Ours
 * begin by sealing and turn around when asked to open; as a transport key
 * only ever does one of the two, that happens at most once.
 */
#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/aead_engine.h"

enum { OPEN = 0, SEAL = 1 };		/* EVP_CipherInit_ex2's `enc` */

static const char *const names[AEAD_SUITES] = {
	[AEAD_CHACHA20POLY1305] = "ChaCha20-Poly1305",
	[AEAD_AES256GCM] = "AES-256-GCM",
};

static EVP_CIPHER *ciphers[AEAD_SUITES];

static bool init(enum aead_suite suite)
{
	if (!ciphers[suite])
		ciphers[suite] = EVP_CIPHER_fetch(NULL, names[suite], NULL);
	return ciphers[suite] != NULL;
}

static void key_wipe(struct aead_key *key)
{
	for (unsigned i = 0; i < key->lanes; i++) {
		EVP_CIPHER_CTX_free(key->contexts[i]);	/* wipes its copy of the key */
		key->contexts[i] = NULL;
	}
}

static bool lane_init(struct aead_key *key, unsigned lane)
{
	const EVP_CIPHER *cipher = ciphers[key->engine->suite];
	EVP_CIPHER_CTX *ctx = key->contexts[lane] = EVP_CIPHER_CTX_new();

	return ctx && EVP_CipherInit_ex2(ctx, cipher, key->bytes, NULL, SEAL, NULL) == 1;
}

static bool key_init(struct aead_key *key)
{
	for (unsigned i = 0; i < key->lanes; i++) {
		if (!lane_init(key, i)) {
			key_wipe(key);
			return false;
		}
	}
	return true;
}

/* Sent on after an error, `text` might be the plaintext: rather stop. None of
 * the calls so guarded can fail for a context that key_init() made. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

/* The lane's context, in that direction. */
static EVP_CIPHER_CTX *turned(struct aead_key *key, unsigned lane, int direction)
{
	EVP_CIPHER_CTX *ctx = key->contexts[lane];

	if (EVP_CIPHER_CTX_is_encrypting(ctx) != direction)
		must(EVP_CipherInit_ex2(ctx, NULL, key->bytes, NULL, direction, NULL) == 1);
	return ctx;
}

/* The text in place, up to the tag, with this job's nonce. */
static void run(EVP_CIPHER_CTX *ctx, enum aead_suite suite, const struct aead_job *job)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	int len;

	assert(job->len <= INT_MAX);
	aead_nonce(nonce, suite, job->counter);
	must(EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) == 1 &&
	     EVP_CipherUpdate(ctx, job->text, &len, job->text, (int)job->len) == 1);
}

static void seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	EVP_CIPHER_CTX *ctx = turned(key, lane, SEAL);
	int len;

	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t *tag = job->text + job->len;

		run(ctx, key->engine->suite, job);
		must(EVP_CipherFinal_ex(ctx, tag, &len) == 1 &&
		     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, tag) == 1);
	}
}

static void open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	EVP_CIPHER_CTX *ctx = turned(key, lane, OPEN);
	int len;

	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t *tag = job->text + job->len;

		run(ctx, key->engine->suite, job);
		must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1);
		job->ok = EVP_CipherFinal_ex(ctx, tag, &len) == 1;
	}
}

const struct aead_engine aead_openssl = {
	.name = "openssl",
	.suite = AEAD_CHACHA20POLY1305,
	.init = init,
	.key_init = key_init,
	.key_wipe = key_wipe,
	.seal = seal,
	.open = open,
};

const struct aead_engine aead_openssl_aes = {
	.name = "openssl",
	.suite = AEAD_AES256GCM,
	.init = init,
	.key_init = key_init,
	.key_wipe = key_wipe,
	.seal = seal,
	.open = open,
};
