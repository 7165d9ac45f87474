/* handshake_vectors.h -- one WireGuard handshake, known byte for byte.
 *
 * Computed independently of this program. Every private key is one byte
 * repeated 32 times (the initiator's static 11, its ephemeral 22, the
 * responder's static 33, its ephemeral 44), the psk is 55 times 32. The sender
 * indices are 01020304 and 0a0b0c0d.
 *
 * Also here: the two sides of it, for tests that shake hands.
 */
#ifndef TESTS_WG_HANDSHAKE_VECTORS_H
#define TESTS_WG_HANDSHAKE_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"
#include "wg/cookie.h"
#include "wg/noise.h"

enum {
	INITIATOR_STATIC = 0x11,
	INITIATOR_EPHEMERAL = 0x22,
	RESPONDER_STATIC = 0x33,
	RESPONDER_EPHEMERAL = 0x44,
	PSK = 0x55,
	INITIATOR_INDEX = 0x01020304,
	RESPONDER_INDEX = 0x0a0b0c0d,
};

#define INITIATOR_PUBLIC "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13"
#define INITIATOR_EPHEMERAL_PUBLIC                                                                 \
	"0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20"
#define RESPONDER_PUBLIC "7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14"
#define RESPONDER_EPHEMERAL_PUBLIC                                                                 \
	"ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b"

#define TIMESTAMP "40000000 6554a480 00000000"

#define NO_MAC "00000000000000000000000000000000"

#define INITIATION_BODY                                                                            \
	"01000000"                                                         /* type and reserved */ \
	"04030201"                                                         /* sender */            \
	"0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20" /* ephemeral */         \
	"3d95fc552c29d1bed66597b8ccddb5766350b66aad8baf1f3be1ddc6d207869c" /* static */            \
	"1b35fcf9165dca7274c2fc8309478ea5"                                 /* its tag */           \
	"a698d106dde32b8925181bc1"                                         /* timestamp */         \
	"da10aa03fc48c42c9fbd15a1e895908f"                                 /* its tag */
#define INITIATION_MAC1 "f75a0c051ef3d11039b5755a2b4348e8"
#define INITIATION INITIATION_BODY INITIATION_MAC1 NO_MAC

#define RESPONSE_BODY                                                                              \
	"02000000"                                                         /* type and reserved */ \
	"0d0c0b0a"                                                         /* sender */            \
	"04030201"                                                         /* receiver */          \
	"ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b" /* ephemeral */         \
	"aefe796aa420f2adc653f7767f8b53f7"                                 /* the tag of nothing */
#define RESPONSE_MAC1 "7d836deaf44557be7a453f2548e71635"
#define RESPONSE RESPONSE_BODY RESPONSE_MAC1 NO_MAC

#define TO_RESPONDER "5f075f069554f345e5fb51f218db2396505fb732ea3a6bbc7b89a74db3264eaf"
#define TO_INITIATOR "087a4496ac383e7755f26a7f16fb89d546014bacbfa7369ede7f7de61aa43147"

static inline void assert_hex(const void *data, size_t len, const char *hex)
{
	uint8_t expected[256];

	assert_int_equal(from_hex(expected, sizeof(expected), hex), len);
	assert_memory_equal(data, expected, len);
}

/* A generator that gives the same byte for ever. */
static inline void fill_with_byte(struct rng *rng, void *out, size_t len)
{
	memset(out, (int)rng->state[0], len);
}

static inline struct rng rng_of_byte(uint8_t byte)
{
	return (struct rng){.fill = fill_with_byte, .state = {byte}};
}

struct side {
	struct noise_identity id;
	struct noise_peer peer;
	struct noise_handshake handshake;
	struct cookie_checker checker;
	struct cookie_jar jar;
};

static inline void side_init(struct side *side, uint8_t private_byte, const char *peer_public)
{
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN], psk[KEY_LEN];

	memset(side, 0, sizeof(*side));
	memset(private_key, private_byte, KEY_LEN);
	memset(psk, PSK, KEY_LEN);
	from_hex(public_key, sizeof(public_key), peer_public);
	noise_identity_init(&side->id, private_key);
	assert_true(noise_peer_init(&side->peer, &side->id, public_key, psk));
	cookie_checker_init(&side->checker, side->id.public_key);
	cookie_jar_init(&side->jar, side->peer.public_key);
}

static inline void sides_init(struct side *initiator, struct side *responder)
{
	side_init(initiator, INITIATOR_STATIC, RESPONDER_PUBLIC);
	side_init(responder, RESPONDER_STATIC, INITIATOR_PUBLIC);
}

/* The n-th initiation: each has a later timestamp. Signed. */
static inline void side_offers(struct side *side, struct message_initiation *out,
			       const struct suite_offer *offer, uint8_t nth, msec now)
{
	struct rng rng = rng_of_byte(INITIATOR_EPHEMERAL);
	uint8_t timestamp[TIMESTAMP_LEN];

	from_hex(timestamp, sizeof(timestamp), TIMESTAMP);
	timestamp[8] = nth;
	assert_true(noise_create_initiation(out, &side->handshake, &side->id, &side->peer, offer,
					    INITIATOR_INDEX, timestamp, &rng));
	cookie_jar_sign(&side->jar, (uint8_t *)out, sizeof(*out), now);
}

static inline void side_initiates(struct side *side, struct message_initiation *out, uint8_t nth,
				  msec now)
{
	static const struct suite_offer plain;

	side_offers(side, out, &plain, nth, now);
}

static inline enum noise_verdict side_takes_initiation(struct side *side,
						       const struct message_initiation *msg,
						       msec now)
{
	struct noise_claim claim;

	if (!noise_read_initiation(&claim, msg, &side->id))
		return NOISE_BAD;
	return noise_consume_initiation(&side->handshake, &side->peer, &claim, msg, now);
}

static inline void side_responds(struct side *side, struct message_response *out, msec now)
{
	struct rng rng = rng_of_byte(RESPONDER_EPHEMERAL);

	assert_true(
		noise_create_response(out, &side->handshake, &side->peer, RESPONDER_INDEX, &rng));
	cookie_jar_sign(&side->jar, (uint8_t *)out, sizeof(*out), now);
}

static inline enum noise_verdict side_takes_response(struct side *side,
						     const struct message_response *msg)
{
	return noise_consume_response(&side->handshake, msg, &side->id, &side->peer);
}

#endif
