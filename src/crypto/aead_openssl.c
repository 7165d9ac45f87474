/* aead_openssl.c -- OpenSSL's ChaCha20-Poly1305, faster where there is AVX.
 *
 * The cipher is fetched once and each key keeps one context, so that a packet
 * costs a new nonce and nothing else. A context knows one direction. Ours
 * begin by sealing and turn around when asked to open; as a transport key
 * only ever does one of the two, that happens at most once.
 */
#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/aead_engine.h"

enum { OPEN = 0, SEAL = 1 };		/* EVP_CipherInit_ex2's `enc` */

static EVP_CIPHER *cipher;

static bool init(void)
{
	if (!cipher)
		cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	return cipher != NULL;
}

static void key_wipe(struct aead_key *key)
{
	EVP_CIPHER_CTX_free(key->context);	/* wipes its copy of the key */
	key->context = NULL;
}

static bool key_init(struct aead_key *key)
{
	key->context = EVP_CIPHER_CTX_new();
	if (key->context &&
	    EVP_CipherInit_ex2(key->context, cipher, key->bytes, NULL, SEAL, NULL) == 1)
		return true;
	key_wipe(key);
	return false;
}

/* Sent on after an error, `text` might be the plaintext: rather stop. None of
 * the calls so guarded can fail for a context that key_init() made. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

static void turn(struct aead_key *key, int direction)
{
	if (EVP_CIPHER_CTX_is_encrypting(key->context) != direction)
		must(EVP_CipherInit_ex2(key->context, NULL, key->bytes, NULL, direction, NULL) == 1);
}

/* The text in place, up to the tag, with this job's nonce. */
static void run(EVP_CIPHER_CTX *ctx, const struct aead_job *job)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	int len;

	assert(job->len <= INT_MAX);
	aead_nonce(nonce, job->counter);
	must(EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) == 1 &&
	     EVP_CipherUpdate(ctx, job->text, &len, job->text, (int)job->len) == 1);
}

static void seal(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	EVP_CIPHER_CTX *ctx = key->context;
	int len;

	turn(key, SEAL);
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t *tag = job->text + job->len;

		run(ctx, job);
		must(EVP_CipherFinal_ex(ctx, tag, &len) == 1 &&
		     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, tag) == 1);
	}
}

static void open(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	EVP_CIPHER_CTX *ctx = key->context;
	int len;

	turn(key, OPEN);
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t *tag = job->text + job->len;

		run(ctx, job);
		must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1);
		job->ok = EVP_CipherFinal_ex(ctx, tag, &len) == 1;
	}
}

const struct aead_engine aead_openssl = {
	.name = "openssl",
	.init = init,
	.key_init = key_init,
	.key_wipe = key_wipe,
	.seal = seal,
	.open = open,
};
