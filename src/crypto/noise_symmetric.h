/* noise_symmetric.h -- the running state of a Noise handshake (Noise spec, section 5.2).
 *
 *   hash           everything said so far, both in the clear and sealed
 *   chaining key   everything secret that both sides know so far
 *   key, counter   what the next part of the message is sealed with
 *
 *   init --> mix_hash / mix_key / mix_dh ... --> encrypt_and_hash --> ... --> split
 *
 * A pattern such as IKpsk2 or X is a list of these calls, the same on both
 * sides but for encrypt and decrypt. The state is small: work on a local one,
 * keep what is to be kept, and wipe it on every way out.
 */
#ifndef CRYPTO_NOISE_SYMMETRIC_H
#define CRYPTO_NOISE_SYMMETRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key.h"

struct noise_symmetric {
	uint8_t hash[HASH_LEN];
	uint8_t chaining_key[HASH_LEN];
	uint8_t key[KEY_LEN];
	uint64_t counter;
	enum aead_suite suite;
	bool has_key;		/* mix_key() came before; encrypt and decrypt need it */
};

/* `protocol` is the full name, as "Noise_X_25519_ChaChaPoly_BLAKE2s". The cipher
 * in it, ChaChaPoly or AESGCM, is the suite; the machine must have it. */
void noise_symmetric_init(struct noise_symmetric *s, const char *protocol, struct bytes prologue);
/* Go on from a kept hash and chaining key. A key must be mixed in next. */
void noise_symmetric_resume(struct noise_symmetric *s, enum aead_suite suite,
			    const uint8_t hash[static HASH_LEN],
			    const uint8_t chaining_key[static HASH_LEN]);
void noise_symmetric_wipe(struct noise_symmetric *s);

void noise_mix_hash(struct noise_symmetric *s, struct bytes data);
void noise_mix_key(struct noise_symmetric *s, const uint8_t input[static KEY_LEN]);
/* The token "psk". */
void noise_mix_key_and_hash(struct noise_symmetric *s, const uint8_t psk[static KEY_LEN]);
/* The token "e" of a pattern that has a psk: into the hash and the key. */
void noise_mix_ephemeral(struct noise_symmetric *s, const uint8_t public_key[static KEY_LEN]);
/* The tokens "ee", "es", "se", "ss". False: a point of low order; drop the message. */
bool noise_mix_dh(struct noise_symmetric *s, const uint8_t private_key[static KEY_LEN],
		  const uint8_t public_key[static KEY_LEN]);

/* out: plain.len + 16 bytes. Not in place. */
void noise_encrypt_and_hash(struct noise_symmetric *s, uint8_t *out, struct bytes plain);
/* out: sealed.len - 16 bytes, not in place. False: not authentic; drop the message. */
bool noise_decrypt_and_hash(struct noise_symmetric *s, uint8_t *out, struct bytes sealed);

/* The transport keys: from the initiator to the responder, and back. */
void noise_split(const struct noise_symmetric *s, uint8_t to_responder[static KEY_LEN],
		 uint8_t to_initiator[static KEY_LEN]);

#endif
