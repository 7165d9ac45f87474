/* crypto.c -- made ready once, before anything else of this folder is called. */
#include "crypto/crypto.h"

#include <sodium.h>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/hash.h"

bool crypto_init(void)
{
	struct aead_engine_report reports[AEAD_ENGINES_MAX];

	/* All of these do nothing the second time. */
	if (sodium_init() < 0 || !hash_init() || !digest_init())
		return false;
	if (!aead_has(AEAD_CHACHA20POLY1305))
		aead_choose_engines(NULL, reports);
	return aead_has(AEAD_CHACHA20POLY1305);
}
