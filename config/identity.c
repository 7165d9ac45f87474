/* identity.c -- what a node has from its key alone: an address and a port.
 *
 *   ULA   fd | first 15 bytes of BLAKE2s-256("p2pnet ula"  || public key)
 *   port  20000 + (first 2 bytes of BLAKE2s-256("p2pnet port" || public key)) mod 12768
 *
 * RFC 4193 section 3.1: fd is a locally assigned unique local address. Its
 * section 3.2.2 draws the 40-bit global ID at random; a hash of the key is as
 * good, and the remaining 80 bits from the same hash make the address itself
 * as hard to clash with as 120 bits are.
 */
#include "config/identity.h"

#include <string.h>

#include "crypto/hash.h"

enum {
	ULA_PREFIX = 0xfd,
	PORT_FIRST = 20000,
	PORT_COUNT = 12768, /* up to 32767: Linux' ephemeral ports begin at 32768 */
};

static void hash_labelled(uint8_t out[static HASH_LEN], const char *label,
			  const uint8_t public_key[static KEY_LEN])
{
	blake2s(out, bytes_of(label, strlen(label)), bytes_of(public_key, KEY_LEN));
}

struct ip identity_ula(const uint8_t public_key[static KEY_LEN])
{
	uint8_t hash[HASH_LEN];
	uint8_t bytes[16] = {ULA_PREFIX};

	hash_labelled(hash, "p2pnet ula", public_key);
	memcpy(bytes + 1, hash, sizeof(bytes) - 1);
	return ip_v6(bytes);
}

uint16_t identity_port(const uint8_t public_key[static KEY_LEN])
{
	uint8_t hash[HASH_LEN];

	hash_labelled(hash, "p2pnet port", public_key);
	return (uint16_t)(PORT_FIRST + load_be16(hash) % PORT_COUNT);
}
