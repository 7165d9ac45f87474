/* aead.c -- keys go to their engine; the handshake's few messages to libsodium. */
#include "crypto/aead.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead_engine.h"

enum { CACHE_LINE = 64 };

static const char *const names[AEAD_SUITES] = {
	[AEAD_CHACHA20POLY1305] = "chacha20",
	[AEAD_AES256GCM] = "aes256gcm",
};

const char *aead_suite_name(enum aead_suite suite)
{
	return names[suite];
}

bool aead_has(enum aead_suite suite)
{
	return aead_current(suite) != NULL;
}

/* On lines of the cache of its own. */
static bool context_new(struct aead_key *key)
{
	size_t len = (key->engine->context_len + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;

	if (len)
		key->contexts[0] = aligned_alloc(CACHE_LINE, len);
	return !len || key->contexts[0];
}

static void context_free(struct aead_key *key)
{
	if (!key->engine->context_len || !key->contexts[0])
		return;
	wipe(key->contexts[0], key->engine->context_len);
	free(key->contexts[0]);
}

/* As secret_equal(), but for each packet. */
static bool is_tag(const uint8_t *tag, const uint8_t *wanted)
{
	uint64_t a[AEAD_TAG_LEN / sizeof(uint64_t)], b[AEAD_TAG_LEN / sizeof(uint64_t)];

	memcpy(a, tag, sizeof(a));
	memcpy(b, wanted, sizeof(b));
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

void aead_verify(struct aead_job *job, const uint8_t tag[static AEAD_TAG_LEN])
{
	job->ok = is_tag(job->text + job->len, tag);
	if (!job->ok)
		memset(job->text, 0, job->len);
}

bool aead_key_init_with(const struct aead_engine *engine, struct aead_key *key,
			const uint8_t bytes[static KEY_LEN])
{
	*key = (struct aead_key){.engine = engine, .lanes = aead_lanes()};
	memcpy(key->bytes, bytes, KEY_LEN);
	if (context_new(key) && (!engine->key_init || engine->key_init(key)))
		return true;
	context_free(key);
	wipe(key, sizeof(*key));
	return false;
}

bool aead_key_init(struct aead_key *key, enum aead_suite suite,
		   const uint8_t bytes[static KEY_LEN])
{
	assert(aead_has(suite));
	return aead_key_init_with(aead_current(suite), key, bytes);
}

void aead_key_wipe(struct aead_key *key)
{
	if (key->engine && key->engine->key_wipe)
		key->engine->key_wipe(key);
	if (key->engine)
		context_free(key);
	wipe(key, sizeof(*key));
}

void aead_seal(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	aead_share(key->engine->seal, key, jobs, n);
}

void aead_open(struct aead_key *key, struct aead_job *jobs, size_t n)
{
	aead_share(key->engine->open, key, jobs, n);
}

void aead_seal_once(uint8_t *out, enum aead_suite suite, const uint8_t key[static KEY_LEN],
		    uint64_t counter, struct bytes plain, struct bytes ad)
{
	uint8_t nonce[AEAD_NONCE_LEN];

	assert(aead_has(suite));
	aead_nonce(nonce, suite, counter);
	if (suite == AEAD_CHACHA20POLY1305)
		crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.len, ad.data,
							  ad.len, NULL, nonce, key);
	else
		crypto_aead_aes256gcm_encrypt(out, NULL, plain.data, plain.len, ad.data, ad.len,
					      NULL, nonce, key);
}

bool aead_open_once(uint8_t *out, enum aead_suite suite, const uint8_t key[static KEY_LEN],
		    uint64_t counter, struct bytes sealed, struct bytes ad)
{
	uint8_t nonce[AEAD_NONCE_LEN];

	assert(aead_has(suite));
	if (sealed.len < AEAD_TAG_LEN)
		return false;
	aead_nonce(nonce, suite, counter);
	if (suite == AEAD_CHACHA20POLY1305)
		return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data,
								 sealed.len, ad.data, ad.len, nonce,
								 key) == 0;
	return crypto_aead_aes256gcm_decrypt(out, NULL, NULL, sealed.data, sealed.len, ad.data,
					     ad.len, nonce, key) == 0;
}

void xaead_seal(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes plain, struct bytes ad)
{
	crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.len, ad.data,
						   ad.len, NULL, nonce, key);
}

bool xaead_open(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes sealed, struct bytes ad)
{
	if (sealed.len < AEAD_TAG_LEN)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, sealed.len,
							  ad.data, ad.len, nonce, key) == 0;
}
