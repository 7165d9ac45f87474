/* noise.h -- Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard uses it, and with AESGCM.
 *
 *   initiator                                            responder
 *   create_initiation   -- e, es, s, ss, {timestamp} -->  consume_initiation
 *   consume_response    <-- e, ee, se, psk, {}        --  create_response
 *   derive_keys                                           derive_keys
 *
 * Each consume_* works in locals and touches its arguments only after its
 * last check. MACs are cookie.h's; this file leaves them zero.
 *
 * With AES-256-GCM the protocol has another name, and the prologue says which suites
 * were offered (suite.h). So no key of one is ever a key of the other.
 */
#ifndef WG_NOISE_H
#define WG_NOISE_H

#include "base/msec.h"
#include "base/rng.h"
#include "wg/messages.h"
#include "wg/suite.h"

/* Who we are. One per node. */
struct noise_identity {
	uint8_t private_key[KEY_LEN];
	uint8_t public_key[KEY_LEN];
};

void noise_identity_init(struct noise_identity *id, const uint8_t private_key[static KEY_LEN]);

/* Whom we talk to: what is fixed, and the greatest timestamp seen. */
struct noise_peer {
	uint8_t public_key[KEY_LEN];
	uint8_t psk[KEY_LEN];			/* zeroes: none */
	uint8_t static_static[KEY_LEN];		/* DH of both static keys: as secret as a private key */
	uint8_t timestamp[TIMESTAMP_LEN];	/* greatest that was accepted; zeroes: none */
	msec initiation_accepted;		/* when; at most one per 20 ms */
	bool has_accepted;
};

/* False: the public key is a point of low order, or our own key. */
bool noise_peer_init(struct noise_peer *peer, const struct noise_identity *id,
		     const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN]);
void noise_peer_set_psk(struct noise_peer *peer, const uint8_t psk[static KEY_LEN]);

enum noise_state {
	NOISE_NONE,
	NOISE_CREATED_INITIATION,
	NOISE_CONSUMED_INITIATION,
	NOISE_CREATED_RESPONSE,
	NOISE_CONSUMED_RESPONSE,
};

/* A handshake on its way. Wiped as soon as its keys are derived. */
struct noise_handshake {
	enum noise_state state;
	enum aead_suite suite;
	uint8_t offered;		/* by who called: enum suite_set */
	uint32_t local_index;		/* ours: the peer's messages name it as receiver */
	uint32_t remote_index;
	uint8_t ephemeral_private[KEY_LEN];
	uint8_t remote_ephemeral[KEY_LEN];
	uint8_t hash[HASH_LEN];
	uint8_t chaining_key[HASH_LEN];
};

/* What an initiation says about its sender, before we know the peer. Secret:
 * wipe it when it was consumed or no peer has this key. */
struct noise_claim {
	uint8_t public_key[KEY_LEN];
	enum aead_suite suite;
	/* the transcript so far, for noise_accept_initiation() */
	uint8_t hash[HASH_LEN];
	uint8_t chaining_key[HASH_LEN];
};

enum noise_verdict {
	NOISE_OK,
	NOISE_BAD,		/* does not authenticate, or of low order */
	NOISE_REPLAYED,		/* its timestamp is not greater than the last */
	NOISE_TOO_SOON,		/* less than 20 ms after the last */
	NOISE_UNEXPECTED,	/* no handshake of ours is waiting for it */
};

/* False: a point of low order; there is nothing to send and *hs is as before. */
bool noise_create_initiation(struct message_initiation *out, struct noise_handshake *hs,
			     const struct noise_identity *id, const struct noise_peer *peer,
			     const struct suite_offer *offer, uint32_t local_index,
			     const uint8_t timestamp[static TIMESTAMP_LEN], struct rng *rng);

/* Two steps, because the peer is looked up by the key that the first one
 * uncovers: open the static key, then (with the peer) check the rest. False, too: of
 * a suite that this machine does not have. */
bool noise_read_initiation(struct noise_claim *out, const struct message_initiation *msg,
			   const struct noise_identity *id);
enum noise_verdict noise_consume_initiation(struct noise_handshake *hs, struct noise_peer *peer,
					    const struct noise_claim *claim,
					    const struct message_initiation *msg, msec now);

/* False: no initiation was consumed, or a point of low order. */
bool noise_create_response(struct message_response *out, struct noise_handshake *hs,
			   const struct noise_peer *peer, uint32_t local_index, struct rng *rng);
enum noise_verdict noise_consume_response(struct noise_handshake *hs,
					  const struct message_response *msg,
					  const struct noise_identity *id,
					  const struct noise_peer *peer);

/* The transport keys of a completed handshake; wipes *hs except its indices.
 * False: the handshake is not complete. */
bool noise_derive_keys(struct noise_handshake *hs, uint8_t send[static KEY_LEN],
		       uint8_t recv[static KEY_LEN]);

#endif
