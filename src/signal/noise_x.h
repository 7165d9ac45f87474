/* noise_x.h -- one message from one key to another: Noise's pattern X.
 *
 *   Noise_X_25519_ChaChaPoly_BLAKE2s         e, es, s, ss, payload
 *   Noise_Xpsk1_25519_ChaChaPoly_BLAKE2s     e, es, s, ss, psk, payload     if the pair has a psk
 *
 *   | ephemeral key 32 | sender's key, sealed 32 + 16 | payload, sealed n + 16 |
 *
 * The recipient learns for certain who the sender is, nobody else learns even
 * that. There is no forward secrecy against a leak of the recipient's private
 * key, and whoever has that key can also pretend to him to be anybody: so this
 * carries addresses to try, never traffic.
 */
#ifndef SIGNAL_NOISE_X_H
#define SIGNAL_NOISE_X_H

#include "base/bytes.h"
#include "base/rng.h"
#include "crypto/key.h"
#include "crypto/noise_symmetric.h"

enum { NOISE_X_OVERHEAD = 32 + 32 + 16 + 16 };

/* Who we are. One per node; secret. */
struct noise_x_self {
	uint8_t private_key[KEY_LEN];
	uint8_t public_key[KEY_LEN];
};

void noise_x_self_init(struct noise_x_self *self, const uint8_t private_key[static KEY_LEN]);

/* Whom we talk to. Secret: wipe it. */
struct noise_x_peer {
	uint8_t public_key[KEY_LEN];
	uint8_t static_static[KEY_LEN];	/* DH of both static keys */
	uint8_t psk[KEY_LEN];		/* zeroes: none */
	bool has_psk;
};

/* `psk` zeroes: none. False: a point of low order, or our own key. */
bool noise_x_peer_init(struct noise_x_peer *peer, const struct noise_x_self *self,
		       const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN]);

/* out: plain.len + NOISE_X_OVERHEAD bytes, not in place. False: a point of low order. */
bool noise_x_write(uint8_t *out, struct bytes prologue, const struct noise_x_self *self,
		   const struct noise_x_peer *to, struct bytes plain, struct rng *rng);

/* What a message says about its sender before we know the peer. Wipe it. */
struct noise_x_claim {
	uint8_t sender[KEY_LEN];
	struct noise_symmetric symmetric;
};

/* Reading is two steps, because who has no other way may look the peer up by the
 * key that the first uncovers. A claim proves nothing until the second succeeds.
 * `plain`: message.len - NOISE_X_OVERHEAD bytes. False: drop the message. */
bool noise_x_read_sender(struct noise_x_claim *out, struct bytes message, struct bytes prologue,
			 const struct noise_x_self *self, bool with_psk);
bool noise_x_read(uint8_t *plain, const struct noise_x_claim *claim, struct bytes message,
		  const struct noise_x_peer *from);

#endif
