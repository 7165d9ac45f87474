/* identity.h -- what a node has from its key alone: an address and a port.
 *
 * The ULA (RFC 4193) is fd and 120 bits of BLAKE2s over the public key, so two
 * nodes that know each other's keys know each other's addresses, with nothing
 * to configure and nothing that can clash. The port is also drawn from the
 * key: stable over restarts, and different for two nodes behind one NAT. It lies
 * in 20000..32767: above the well-known services, below Linux' ephemeral range.
 */
#ifndef CONFIG_IDENTITY_H
#define CONFIG_IDENTITY_H

#include "base/addr.h"
#include "crypto/key.h"

struct ip identity_ula(const uint8_t public_key[static KEY_LEN]);
uint16_t identity_port(const uint8_t public_key[static KEY_LEN]);

#endif
