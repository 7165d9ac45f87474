/* x25519.c -- Diffie-Hellman on Curve25519, RFC 7748; libsodium computes. */
#include "crypto/x25519.h"

#include <sodium.h>

void x25519_public(uint8_t public_key[static KEY_LEN], const uint8_t private_key[static KEY_LEN])
{
	crypto_scalarmult_base(public_key, private_key);
}

bool x25519(uint8_t shared[static KEY_LEN], const uint8_t private_key[static KEY_LEN],
	    const uint8_t public_key[static KEY_LEN])
{
	/* RFC 7748 section 6.1: an all-zero result means that the other side
	 * chose a point of low order, and the secret is none. */
	if (crypto_scalarmult(shared, private_key, public_key) != 0) {
		wipe(shared, KEY_LEN);
		return false;
	}
	return true;
}
