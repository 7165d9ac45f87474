/* aead.h -- authenticated encryption: one face, several engines.
 *
 * Nonces are Noise's (section 12): 4 zero bytes, then the counter, which is
 * little-endian for ChaCha20-Poly1305 and big-endian for AES-256-GCM. Bulk data
 * goes through struct aead_key and arrays of jobs; which engine does the work
 * (OpenSSL, libsodium, intel-ipsec-mb, our own) was decided for each suite at start by
 * aead_choose_engines(): each must pass a known-answer test, then the fastest
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

/* WireGuard's, which works everywhere, and one for CPUs that compute AES themselves. */
enum aead_suite { AEAD_CHACHA20POLY1305, AEAD_AES256GCM, AEAD_SUITES };

/* "chacha20", "aes256gcm". */
const char *aead_suite_name(enum aead_suite suite);
/* Can it be used here? AES-256-GCM only where the CPU has instructions for it:
 * in tables it would be slow, and would tell its key to whoever measures time. */
bool aead_has(enum aead_suite suite);

/* One message of a burst, worked on in place: text[0..len) is the plaintext,
 * and text[len..len + 16) the tag, written by seal and read by open. */
struct aead_job {
	uint8_t *text;
	size_t len;		/* without the tag */
	uint64_t counter;
	bool ok;		/* out, of aead_open: the tag was right */
};

/* Threads that may share the work of a burst: see aead_team.c. */
enum { AEAD_LANES_MAX = 4 };

/* A key as the chosen engine wants it. Not copyable once initialised. */
struct aead_key {
	const struct aead_engine *engine;	/* the suite's, chosen when the key was made */
	unsigned lanes;				/* of the team, when the key was made; 1: there was none */
	uint8_t bytes[KEY_LEN];
	void *contexts[AEAD_LANES_MAX];		/* the engine's own, for each lane or one for all; or NULL */
};

/* Needs aead_has(suite). False: no memory for the engine's context; the key is
 * then wiped. */
bool aead_key_init(struct aead_key *key, enum aead_suite suite,
		   const uint8_t bytes[static KEY_LEN]);
void aead_key_wipe(struct aead_key *key);	/* also fine on zeroed memory, and twice */

/* Seal or open n messages without associated data. A message whose tag is
 * wrong has ok = false and its text is unspecified: do not look at it. */
void aead_seal(struct aead_key *key, struct aead_job *jobs, size_t n);
void aead_open(struct aead_key *key, struct aead_job *jobs, size_t n);

/* A lane is what one thread needs for itself; no two calls of a part at one time have the same,
 * and the caller of run() has lane 0. */
typedef void aead_part(void *work, unsigned lane, size_t from, size_t to);

struct aead_team {
	unsigned lanes;		/* 2..AEAD_LANES_MAX */
	/* Have parts done that together are [0, n), each message once, and return when all are. */
	void (*run)(struct aead_team *team, aead_part *part, void *work, size_t n);
};

/* Bursts under keys made from now on are shared. NULL: no longer, of any key. The team is
 * the caller's, and must outlive that. */
void aead_set_team(struct aead_team *team);

/* One message, of a suite that aead_has(): out has room for len + 16 (seal),
 * len - 16 (open; sealed.len >= 16 or false). Never in place. */
void aead_seal_once(uint8_t *out, enum aead_suite suite, const uint8_t key[static KEY_LEN],
		    uint64_t counter, struct bytes plain, struct bytes ad);
bool aead_open_once(uint8_t *out, enum aead_suite suite, const uint8_t key[static KEY_LEN],
		    uint64_t counter, struct bytes sealed, struct bytes ad);

/* XChaCha20-Poly1305 with a random nonce, for cookie replies. */
void xaead_seal(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes plain, struct bytes ad);
bool xaead_open(uint8_t *out, const uint8_t key[static KEY_LEN],
		const uint8_t nonce[static XAEAD_NONCE_LEN], struct bytes sealed, struct bytes ad);

/* For the self-measurement of the engines. */
struct aead_clock {
	uint64_t (*now_ns)(void);
	uint64_t measure_ns;	/* so long for each engine */
};

struct aead_engine_report {
	enum aead_suite suite;
	const char *name;	/* "openssl", "libsodium", "ipsec-mb", "avx2", "vaes" */
	bool passed;		/* its known-answer test */
	bool chosen;
	unsigned seal_ns;	/* for AEAD_MEASURED_LEN bytes; 0: not measured */
	unsigned open_ns;
};

enum {
	AEAD_ENGINES_MAX = 8,
	AEAD_MEASURED_LEN = 1420,	/* 1500 less IPv6, UDP, our header and the tag */
};

/* Report on every engine, suite by suite, and use each suite's best from now
 * on; returns how many. NULL: take the first that passes, without measuring. */
size_t aead_choose_engines(const struct aead_clock *clock,
			   struct aead_engine_report out[static AEAD_ENGINES_MAX]);
/* Keys of this suite made from now on use this one, for tests and benchmarks.
 * False: there is no such engine, or it does not work here. */
bool aead_use_engine(enum aead_suite suite, const char *name);
/* The report on the engine in use. NULL before crypto_init(), and for a suite
 * that this machine does not have. */
const struct aead_engine_report *aead_chosen(enum aead_suite suite);
const char *aead_engine(enum aead_suite suite);		/* its name */
/* Is it as fast here as any other suite, as far as was measured? False without aead_has(). */
bool aead_fast(enum aead_suite suite);

#endif
