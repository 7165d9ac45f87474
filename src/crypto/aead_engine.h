/* aead_engine.h -- what an engine of the AEAD provides; private to this folder. */
#ifndef CRYPTO_AEAD_ENGINE_H
#define CRYPTO_AEAD_ENGINE_H

#include "crypto/aead.h"

enum { AEAD_NONCE_LEN = 12 };

/* One library's way to compute one suite. `bytes` of the key is set when key_init is called; `context` is the
 * engine's, NULL before key_init and after key_wipe. */
struct aead_engine {
	const char *name;
	enum aead_suite suite;
	bool (*init)(enum aead_suite suite);	/* again: no harm; false: not on this machine */
	bool (*key_init)(struct aead_key *key);
	void (*key_wipe)(struct aead_key *key);
	void (*seal)(struct aead_key *key, struct aead_job *jobs, size_t n);
	void (*open)(struct aead_key *key, struct aead_job *jobs, size_t n);
};

extern const struct aead_engine aead_openssl, aead_openssl_aes, aead_sodium;

void aead_nonce(uint8_t nonce[static AEAD_NONCE_LEN], enum aead_suite suite, uint64_t counter);
bool aead_key_init_with(const struct aead_engine *engine, struct aead_key *key,
			const uint8_t bytes[static KEY_LEN]);

/* aead_check.c: does it pass the known-answer test? */
bool aead_engine_works(const struct aead_engine *engine);

/* aead_choose.c: the one in use; NULL before the first choice, and if none works. */
const struct aead_engine *aead_current(enum aead_suite suite);

#endif
