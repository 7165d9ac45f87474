/* noise_symmetric.c -- the running state of a Noise handshake (Noise spec, section 5.2). */
#include "crypto/noise_symmetric.h"

#include <assert.h>
#include <string.h>

#include "crypto/x25519.h"

/* A name that fits into a hash is one, padded with zeroes; a longer one is hashed. */
static void hash_name(uint8_t out[static HASH_LEN], const char *name)
{
	size_t len = strlen(name);

	if (len > HASH_LEN) {
		blake2s(out, bytes_of(name, len), (struct bytes){0});
		return;
	}
	memset(out, 0, HASH_LEN);
	memcpy(out, name, len);
}

static enum aead_suite suite_of(const char *name)
{
	return strstr(name, "_AESGCM_") ? AEAD_AES256GCM : AEAD_CHACHA20POLY1305;
}

void noise_symmetric_init(struct noise_symmetric *s, const char *protocol, struct bytes prologue)
{
	memset(s, 0, sizeof(*s));
	s->suite = suite_of(protocol);
	hash_name(s->hash, protocol);
	memcpy(s->chaining_key, s->hash, HASH_LEN);
	noise_mix_hash(s, prologue);
}

void noise_symmetric_resume(struct noise_symmetric *s, enum aead_suite suite,
			    const uint8_t hash[static HASH_LEN],
			    const uint8_t chaining_key[static HASH_LEN])
{
	memset(s, 0, sizeof(*s));
	s->suite = suite;
	memcpy(s->hash, hash, HASH_LEN);
	memcpy(s->chaining_key, chaining_key, HASH_LEN);
}

void noise_symmetric_wipe(struct noise_symmetric *s)
{
	wipe(s, sizeof(*s));
}

void noise_mix_hash(struct noise_symmetric *s, struct bytes data)
{
	uint8_t next[HASH_LEN];

	blake2s(next, bytes_of(s->hash, HASH_LEN), data);
	memcpy(s->hash, next, HASH_LEN);
}

static void start_key(struct noise_symmetric *s)
{
	s->counter = 0;
	s->has_key = true;
}

void noise_mix_key(struct noise_symmetric *s, const uint8_t input[static KEY_LEN])
{
	kdf2(s->chaining_key, s->key, s->chaining_key, bytes_of(input, KEY_LEN));
	start_key(s);
}

void noise_mix_key_and_hash(struct noise_symmetric *s, const uint8_t psk[static KEY_LEN])
{
	uint8_t into_hash[HASH_LEN];

	kdf3(s->chaining_key, into_hash, s->key, s->chaining_key, bytes_of(psk, KEY_LEN));
	noise_mix_hash(s, bytes_of(into_hash, HASH_LEN));
	start_key(s);
	wipe(into_hash, sizeof(into_hash));
}

/* Noise spec, section 9.2: with a psk each ephemeral goes into the key as
 * well, or two handshakes with the same psk could seal with the same key. */
void noise_mix_ephemeral(struct noise_symmetric *s, const uint8_t public_key[static KEY_LEN])
{
	noise_mix_hash(s, bytes_of(public_key, KEY_LEN));
	noise_mix_key(s, public_key);
}

bool noise_mix_dh(struct noise_symmetric *s, const uint8_t private_key[static KEY_LEN],
		  const uint8_t public_key[static KEY_LEN])
{
	uint8_t shared[KEY_LEN];
	bool ok = x25519(shared, private_key, public_key);

	if (ok)
		noise_mix_key(s, shared);
	wipe(shared, sizeof(shared));
	return ok;
}

void noise_encrypt_and_hash(struct noise_symmetric *s, uint8_t *out, struct bytes plain)
{
	assert(s->has_key);
	aead_seal_once(out, s->suite, s->key, s->counter++, plain, bytes_of(s->hash, HASH_LEN));
	noise_mix_hash(s, bytes_of(out, plain.len + AEAD_TAG_LEN));
}

bool noise_decrypt_and_hash(struct noise_symmetric *s, uint8_t *out, struct bytes sealed)
{
	assert(s->has_key);
	if (!aead_open_once(out, s->suite, s->key, s->counter++, sealed,
			    bytes_of(s->hash, HASH_LEN)))
		return false;
	noise_mix_hash(s, sealed);
	return true;
}

void noise_split(const struct noise_symmetric *s, uint8_t to_responder[static KEY_LEN],
		 uint8_t to_initiator[static KEY_LEN])
{
	kdf2(to_responder, to_initiator, s->chaining_key, (struct bytes){0});
}
