/* aead_sodium.c -- the engine that is always there: libsodium.
 *
 * ChaCha20-Poly1305 needs no context. AES-256-GCM keeps the expanded key, which
 * is half a KB; libsodium has it only where the CPU does.
 */
#include <sodium.h>

#include "crypto/aead_engine.h"

static bool init(enum aead_suite suite)
{
	(void)suite;
	return sodium_init() >= 0;
}

/* -- ChaCha20-Poly1305 --------------------------------------------------- */

static void chacha_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(nonce, AEAD_CHACHA20POLY1305, job->counter);
		crypto_aead_chacha20poly1305_ietf_encrypt_detached(job->text, job->text + job->len,
								   NULL, job->text, job->len, NULL,
								   0, NULL, nonce, key->bytes);
	}
}

static void chacha_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
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
	.seal = chacha_seal,
	.open = chacha_open,
};

/* -- AES-256-GCM --------------------------------------------------------- */

static bool aes_key_init(struct aead_key *key)
{
	return crypto_aead_aes256gcm_beforenm(key->contexts[0], key->bytes) == 0;
}

static void aes_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(nonce, AEAD_AES256GCM, job->counter);
		crypto_aead_aes256gcm_encrypt_detached_afternm(job->text, job->text + job->len,
							       NULL, job->text, job->len, NULL, 0,
							       NULL, nonce, key->contexts[0]);
	}
}

static void aes_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	(void)lane;
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(nonce, AEAD_AES256GCM, job->counter);
		job->ok = crypto_aead_aes256gcm_decrypt_detached_afternm(
				  job->text, NULL, job->text, job->len, job->text + job->len, NULL,
				  0, nonce, key->contexts[0]) == 0;
	}
}

const struct aead_engine aead_sodium_aes = {
	.name = "libsodium",
	.suite = AEAD_AES256GCM,
	.init = init,
	.context_len = sizeof(crypto_aead_aes256gcm_state),
	.key_init = aes_key_init,
	.seal = aes_seal,
	.open = aes_open,
};
