/* crypto.h -- made ready once, before anything else of this folder is called. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>

/* libsodium initialised, OpenSSL's algorithms fetched, the first engine
 * that works selected for each AEAD suite. False: this machine's OpenSSL has no BLAKE2s or MD5 (a FIPS
 * build), say so and stop. Calling it again does nothing. */
bool crypto_init(void);

#endif
