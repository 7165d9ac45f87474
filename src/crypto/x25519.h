/* x25519.h -- Diffie-Hellman on Curve25519, RFC 7748. */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include "crypto/key.h"

void x25519_public(uint8_t public_key[static KEY_LEN], const uint8_t private_key[static KEY_LEN]);

/* False if the result is all zero (a point of low order): refuse the message.
 * `shared` is then zeroed. */
bool x25519(uint8_t shared[static KEY_LEN], const uint8_t private_key[static KEY_LEN],
	    const uint8_t public_key[static KEY_LEN]);

#endif
