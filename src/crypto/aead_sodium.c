/* aead_sodium.c -- the engine that is always there: libsodium, no context. */
#include <sodium.h>

#include "crypto/aead_engine.h"

static bool init(enum aead_suite suite)
{
	(void)suite;
	return sodium_init() >= 0;
}

static bool key_init(struct aead_key *key)
{
	(void)key;
	return true;
}

static void key_wipe(struct aead_key *key)
{
	(void)key;
}

static void seal(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(nonce, AEAD_CHACHA20POLY1305, job->counter);
		crypto_aead_chacha20poly1305_ietf_encrypt_detached(job->text, job->text + job->len,
								   NULL, job->text, job->len, NULL,
								   0, NULL, nonce, key->bytes);
	}
}

static void open(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(nonce, AEAD_CHACHA20POLY1305, job->counter);
		job->ok = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
				  job->text, NULL, job->text, job->len, job->text + job->len, NULL,
				  0, nonce, key->bytes) == 0;
	}
}

const struct aead_engine aead_sodium = {
	.name = "libsodium",
	.suite = AEAD_CHACHA20POLY1305,
	.init = init,
	.key_init = key_init,
	.key_wipe = key_wipe,
	.seal = seal,
	.open = open,
};
