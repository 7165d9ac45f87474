/* aead_engine.h -- what an engine of the AEAD provides; private to this folder. */
#ifndef CRYPTO_AEAD_ENGINE_H
#define CRYPTO_AEAD_ENGINE_H

#include <string.h>

#include "crypto/aead.h"

enum { AEAD_NONCE_LEN = 12 };

/* Seal or open n messages. */
typedef void aead_run(struct aead_key *key, unsigned lane, struct aead_job *jobs, size_t n);

/* A library's way to compute one suite, or ours. `bytes` and `lanes` of the key are set when key_init is called;
 * `contexts` are the engine's, NULL before key_init and after key_wipe, but for the one that context_len asks for.
 * Calls with one key may run at the same time, but not in the same lane, which is less than key->lanes. */
struct aead_engine {
	const char *name;
	enum aead_suite suite;
	bool (*init)(enum aead_suite suite);	/* again: no harm; false: not on this machine */
	size_t context_len;			/* bytes of contexts[0], there for key_init, and wiped for the engine; 0: none */
	bool (*key_init)(struct aead_key *key);	/* NULL: nothing to do; so too key_wipe */
	void (*key_wipe)(struct aead_key *key);
	aead_run *seal, *open;
};

extern const struct aead_engine aead_openssl, aead_openssl_aes;	/* with P2PNET_OPENSSL_AEAD */
extern const struct aead_engine aead_sodium, aead_sodium_aes;
extern const struct aead_engine aead_ipsec_mb, aead_ipsec_mb_aes;	/* with P2PNET_IPSEC_MB */
extern const struct aead_engine aead_avx2, aead_vaes;		/* with P2PNET_VECTOR_AEAD */

/* Noise spec, section 12: zeroes, then the counter in the order that the suite calls for. */
static inline void aead_nonce(uint8_t nonce[static AEAD_NONCE_LEN], enum aead_suite suite,
			      uint64_t counter)
{
	memset(nonce, 0, AEAD_NONCE_LEN - 8);
	if (suite == AEAD_AES256GCM)
		store_be64(nonce + AEAD_NONCE_LEN - 8, counter);
	else
		store_le64(nonce + AEAD_NONCE_LEN - 8, counter);
}

bool aead_key_init_with(const struct aead_engine *engine, struct aead_key *key,
			const uint8_t bytes[static KEY_LEN]);

/* For an engine that has computed what the tag must be: set `ok`, in constant time. What does not
 * belong to its tag is not left lying about. */
void aead_verify(struct aead_job *job, const uint8_t tag[static AEAD_TAG_LEN]);

/* aead_team.c: how many lanes a key must have that is made now, and a burst done by the team,
 * if there is one and the burst is worth it; else by the caller. */
unsigned aead_lanes(void);
void aead_share(aead_run *run, struct aead_key *key, struct aead_job *jobs, size_t n);

/* aead_check.c: does it pass the known-answer test? */
bool aead_engine_works(const struct aead_engine *engine);

/* aead_choose.c: the one in use; NULL before the first choice, and if none works. */
const struct aead_engine *aead_current(enum aead_suite suite);

#endif
