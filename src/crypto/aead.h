/* aead.h -- authenticated encryption: one face, several engines.
 *
 * The nonce is WireGuard's: 4 zero bytes, then the counter, little-endian.
 * Bulk data goes through struct aead_key and arrays of jobs; which engine
 * does the work (OpenSSL, libsodium) was decided at start by
 * aead_choose_engine(): each must pass a known-answer test, then the fastest
 * on this CPU wins. The handshake's few small messages use aead_seal_once().
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"
#include "crypto/key.h"

enum {
	AEAD_TAG_LEN = 16,
	XAEAD_NONCE_LEN = 24,
};

/* One message of a burst, worked on in place: text[0..len) is the plaintext,
 * and text[len..len + 16) the tag, written by seal and read by open. */
struct aead_job {
	uint8_t *text;
	size_t len;		/* without the tag */
	uint64_t counter;
	bool ok;		/* out, of aead_open: the tag was right */
};

/* A key as the chosen engine wants it. Not copyable once initialised. */
struct aead_key {
	const struct aead_engine *engine;	/* the one chosen when the key was made */
	uint8_t bytes[KEY_LEN];
	void *context;				/* the engine's own, or NULL */
};

/* False: no memory for the engine's context; the key is then wiped. */
bool aead_key_init(struct aead_key *key, const uint8_t bytes[static KEY_LEN]);
void aead_key_wipe(struct aead_key *key);	/* also fine on zeroed memory, and twice */

/* Seal or open n messages without associated data. A message whose tag is
 * wrong has ok = false and its text is unspecified: do not look at it. */
void aead_seal(struct aead_key *key, struct aead_job *jobs, size_t n);
void aead_open(struct aead_key *key, struct aead_job *jobs, size_t n);

/* ChaCha20-Poly1305 of one message: out has room for len + 16 (seal), len - 16
 * (open; sealed.len >= 16 or false). Never in place. */
void aead_seal_once(uint8_t *out, const uint8_t key[static KEY_LEN], uint64_t counter,
		    struct bytes plain, struct bytes ad);
bool aead_open_once(uint8_t *out, const uint8_t key[static KEY_LEN], uint64_t counter,
		    struct bytes sealed, struct bytes ad);

/* XChaCha20-Poly1305 with a random nonce, for cookie replies. */
void xaead_seal(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes plain, struct bytes ad);
bool xaead_open(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes sealed, struct bytes ad);

/* Engines. `now_ns` is a clock for the self-measurement (NULL: take the first
 * that passes its known-answer test, without measuring). */
struct aead_engine_report {
	const char *name;	/* "openssl", "libsodium" */
	bool passed;		/* its known-answer test */
	bool chosen;
	unsigned ns_per_packet;	/* sealing 1420 bytes; 0: not measured */
};

enum { AEAD_ENGINES_MAX = 4 };

/* Report on every engine and use the best from now on; returns how many. */
size_t aead_choose_engine(uint64_t (*now_ns)(void),
			  struct aead_engine_report out[static AEAD_ENGINES_MAX]);
/* Keys made from now on use this one, for tests and benchmarks. False: there
 * is no such engine, or it does not work here. */
bool aead_use_engine(const char *name);
const char *aead_engine(void);			/* NULL before crypto_init() */

#endif
