/* messages.h -- WireGuard's four messages, byte by byte (paper, section 5.4).
 *
 *   initiation    type=1 | sender | ephemeral 32 | static 32+16 | timestamp 12+16 | mac1 16 | mac2 16   148
 *   response      type=2 | sender | receiver | ephemeral 32 | empty 0+16 | mac1 16 | mac2 16             92
 *   cookie reply  type=3 | receiver | nonce 24 | cookie 16+16                                            64
 *   data          type=4 | receiver | counter 8 | packet n+16                                        32 + n
 *
 * All integers are little-endian; the type is 32 bits, so three of its bytes
 * are always zero. Between two p2pnet peers the second of them may name another
 * cipher suite (suite.h), but in a cookie reply, which is sealed in one way
 * always. The structs are bytes only and need no alignment.
 */
#ifndef WG_MESSAGES_H
#define WG_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key.h"

enum message_type {
	MESSAGE_INITIATION = 1,
	MESSAGE_RESPONSE = 2,
	MESSAGE_COOKIE = 3,
	MESSAGE_DATA = 4,
};

/* The four bytes that a message begins with, little-endian. */
static inline uint32_t message_head(enum message_type type, enum aead_suite suite)
{
	return (uint32_t)type | (uint32_t)suite << 8;
}

/* And what stands in the second one: it may be no suite that there is. */
static inline uint8_t message_suite(const uint8_t type[static 4])
{
	return type[1];
}

enum { TIMESTAMP_LEN = 12, COOKIE_LEN = 16, PADDING = 16 };

struct message_macs {
	uint8_t mac1[MAC_LEN];
	uint8_t mac2[MAC_LEN];
};

struct message_initiation {
	uint8_t type[4];
	uint8_t sender[4];
	uint8_t ephemeral[KEY_LEN];
	uint8_t static_key[KEY_LEN + AEAD_TAG_LEN];
	uint8_t timestamp[TIMESTAMP_LEN + AEAD_TAG_LEN];
	struct message_macs macs;
};

struct message_response {
	uint8_t type[4];
	uint8_t sender[4];
	uint8_t receiver[4];
	uint8_t ephemeral[KEY_LEN];
	uint8_t empty[AEAD_TAG_LEN];
	struct message_macs macs;
};

struct message_cookie {
	uint8_t type[4];
	uint8_t receiver[4];
	uint8_t nonce[XAEAD_NONCE_LEN];
	uint8_t cookie[COOKIE_LEN + AEAD_TAG_LEN];
};

struct message_data {
	uint8_t type[4];
	uint8_t receiver[4];
	uint8_t counter[8];
	/* then the sealed packet and its tag */
};

_Static_assert(sizeof(struct message_initiation) == 148, "initiation");
_Static_assert(sizeof(struct message_response) == 92, "response");
_Static_assert(sizeof(struct message_cookie) == 64, "cookie reply");
_Static_assert(sizeof(struct message_data) == 16, "data header");

enum {
	MESSAGE_HANDSHAKE_MAX = sizeof(struct message_initiation),
	MESSAGE_DATA_MIN = sizeof(struct message_data) + AEAD_TAG_LEN,
};

#endif
