/* aead_ipsec_mb.c -- intel-ipsec-mb: the fastest library where there is AES-NI, or AVX-512.
 *
 * Its manager is made for many buffers at once, but these two suites are done
 * when submitted, one by one: ChaCha20-Poly1305 as a job (which needs the key's
 * 32 bytes and nothing else), AES-256-GCM by direct calls with a context per
 * key: round keys and powers of the hash key, about 1 KB. The calls only read
 * the manager, but a job lies in it: so each lane has one, of 52 KB, made with
 * the first key that has that lane.
 *
 * It computes tags and leaves comparing them to us.
 */
#include <intel-ipsec-mb.h>
#include <stdlib.h>

#include "crypto/aead_engine.h"

static IMB_MGR *managers[AEAD_LANES_MAX];

/* Without AES-NI it would compute AES in software: leave that machine to others. */
static IMB_MGR *new_manager(void)
{
	IMB_MGR *mgr = alloc_mb_mgr(0);

	if (!mgr)
		return NULL;
	init_mb_mgr_auto(mgr, NULL);
	if (imb_get_errno(mgr) == 0 && mgr->features & IMB_FEATURE_AESNI)
		return mgr;
	free_mb_mgr(mgr);
	return NULL;
}

static bool has_lanes(unsigned lanes)
{
	for (unsigned i = 0; i < lanes; i++) {
		if (!managers[i])
			managers[i] = new_manager();
		if (!managers[i])
			return false;
	}
	return true;
}

static bool init(enum aead_suite suite)
{
	(void)suite;
	return has_lanes(1);
}

/* -- ChaCha20-Poly1305 --------------------------------------------------- */

static bool chacha_key_init(struct aead_key *key)
{
	return has_lanes(key->lanes);
}

/* Every field that the manager reads: its jobs are used again and again. */
static void chacha_run(IMB_MGR *manager, const uint8_t key[static KEY_LEN], const struct aead_job *job,
		       IMB_CIPHER_DIRECTION direction, uint8_t tag[static AEAD_TAG_LEN])
{
	IMB_JOB *mb = IMB_GET_NEXT_JOB(manager);
	uint8_t nonce[AEAD_NONCE_LEN];

	aead_nonce(nonce, AEAD_CHACHA20POLY1305, job->counter);
	mb->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	mb->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	mb->cipher_direction = direction;
	mb->chain_order = direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	mb->enc_keys = mb->dec_keys = key;
	mb->key_len_in_bytes = KEY_LEN;
	mb->src = mb->dst = job->text;
	mb->cipher_start_src_offset_in_bytes = 0;
	mb->hash_start_src_offset_in_bytes = 0;
	mb->msg_len_to_cipher_in_bytes = job->len;
	mb->msg_len_to_hash_in_bytes = job->len;
	mb->iv = nonce;
	mb->iv_len_in_bytes = AEAD_NONCE_LEN;
	mb->u.CHACHA20_POLY1305.aad = NULL;
	mb->u.CHACHA20_POLY1305.aad_len_in_bytes = 0;
	mb->auth_tag_output = tag;
	mb->auth_tag_output_len_in_bytes = AEAD_TAG_LEN;
	mb = IMB_SUBMIT_JOB_NOCHECK(manager);
	/* Sent on after an error, `text` might be the plaintext: rather stop. */
	if (!mb || mb->status != IMB_STATUS_COMPLETED)
		abort();
}

static void chacha_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		chacha_run(managers[lane], key->bytes, &jobs[i], IMB_DIR_ENCRYPT,
			   jobs[i].text + jobs[i].len);
}

static void chacha_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	uint8_t tag[AEAD_TAG_LEN];

	for (size_t i = 0; i < n; i++) {
		chacha_run(managers[lane], key->bytes, &jobs[i], IMB_DIR_DECRYPT, tag);
		aead_verify(&jobs[i], tag);
	}
}

const struct aead_engine aead_ipsec_mb = {
	.name = "ipsec-mb",
	.suite = AEAD_CHACHA20POLY1305,
	.init = init,
	.key_init = chacha_key_init,
	.seal = chacha_seal,
	.open = chacha_open,
};

/* -- AES-256-GCM --------------------------------------------------------- */

static bool aes_key_init(struct aead_key *key)
{
	IMB_AES256_GCM_PRE(managers[0], key->bytes, key->contexts[0]);
	return true;
}

static void aes_seal(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	struct gcm_context_data state;
	uint8_t nonce[AEAD_NONCE_LEN];

	(void)lane;
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];

		aead_nonce(nonce, AEAD_AES256GCM, job->counter);
		IMB_AES256_GCM_ENC(managers[0], key->contexts[0], &state, job->text, job->text, job->len,
				   nonce, NULL, 0, job->text + job->len, AEAD_TAG_LEN);
	}
	wipe(&state, sizeof(state));
}

static void aes_open(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n)
{
	struct gcm_context_data state;
	uint8_t nonce[AEAD_NONCE_LEN], tag[AEAD_TAG_LEN];

	(void)lane;
	for (size_t i = 0; i < n; i++) {
		struct aead_job *job = &jobs[i];

		aead_nonce(nonce, AEAD_AES256GCM, job->counter);
		IMB_AES256_GCM_DEC(managers[0], key->contexts[0], &state, job->text, job->text, job->len,
				   nonce, NULL, 0, tag, AEAD_TAG_LEN);
		aead_verify(job, tag);
	}
	wipe(&state, sizeof(state));
}

const struct aead_engine aead_ipsec_mb_aes = {
	.name = "ipsec-mb",
	.suite = AEAD_AES256GCM,
	.init = init,
	.context_len = sizeof(struct gcm_key_data),
	.key_init = aes_key_init,
	.seal = aes_seal,
	.open = aes_open,
};
