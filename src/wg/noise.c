/* noise.c -- Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard uses it, and with AESGCM.
 *
 * Paper, sections 5.4.2 and 5.4.3. The comments name the tokens of the pattern:
 *
 *   <- s
 *   -> e, es, s, ss, {timestamp}
 *   <- e, ee, se, psk, {}
 */
#include "wg/noise.h"

#include <string.h>

#include "crypto/x25519.h"
#include "crypto/noise_symmetric.h"

static const char *const constructions[AEAD_SUITES] = {
	[AEAD_CHACHA20POLY1305] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
	[AEAD_AES256GCM] = "Noise_IKpsk2_25519_AESGCM_BLAKE2s",
};

/* WireGuard's goes with its own suite; with all others ours, and what they offer. */
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";
static const char identifier_of_others[] = "p2pnet suites 1";

enum { PROLOGUE_MAX = 40, HEAD_LEN = 4 };

enum { INITIATION_INTERVAL = 20 };	/* msec: at most 50 per second from one peer */

/* -- who ----------------------------------------------------------------- */

void noise_identity_init(struct noise_identity *id, const uint8_t private_key[static KEY_LEN])
{
	memcpy(id->private_key, private_key, KEY_LEN);
	x25519_public(id->public_key, private_key);
}

bool noise_peer_init(struct noise_peer *peer, const struct noise_identity *id,
		     const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN])
{
	memset(peer, 0, sizeof(*peer));
	if (key_equal(public_key, id->public_key) ||
	    !x25519(peer->static_static, id->private_key, public_key))
		return false;
	memcpy(peer->public_key, public_key, KEY_LEN);
	noise_peer_set_psk(peer, psk);
	return true;
}

void noise_peer_set_psk(struct noise_peer *peer, const uint8_t psk[static KEY_LEN])
{
	memcpy(peer->psk, psk, KEY_LEN);
}

/* -- the transcript ------------------------------------------------------ */

/* What both sides must agree on, beyond the keys, and where it is bound:
 *
 *   suite, both sets      here, as bytes 1 to 3 of the initiation have them
 *   responder's key       "<- s": mixed into the hash next, below
 *   initiator's key       s: sealed, and the sealed form mixed into the hash
 *   which statement of
 *   the initiator it is   the timestamp, likewise: a later one counts, an older one is refused
 *
 * The hash is authenticated with each thing that is sealed, so both messages hold all of it.
 * The construction is the first chaining key, so the keys of two suites have nothing in common. */
static struct bytes prologue(uint8_t out[static PROLOGUE_MAX], const uint8_t head[static HEAD_LEN])
{
	struct writer w = writer_over(out, PROLOGUE_MAX);

	if (message_suite(head) == AEAD_CHACHA20POLY1305)
		return bytes_of(identifier, sizeof(identifier) - 1);
	put_bytes(&w, bytes_of(identifier_of_others, sizeof(identifier_of_others) - 1));
	put_bytes(&w, bytes_of(head + 1, HEAD_LEN - 1));
	return writer_bytes(&w);
}

/* "<- s": both sides know the responder's static key beforehand. */
static void start_transcript(struct noise_symmetric *s, const uint8_t head[static HEAD_LEN],
			     const uint8_t responder[static KEY_LEN])
{
	uint8_t room[PROLOGUE_MAX];

	noise_symmetric_init(s, constructions[message_suite(head)], prologue(room, head));
	noise_mix_hash(s, bytes_of(responder, KEY_LEN));
}

static void resume_transcript(struct noise_symmetric *s, const struct noise_handshake *hs)
{
	noise_symmetric_resume(s, hs->suite, hs->hash, hs->chaining_key);
}

/* A message was made or taken. What the handshake needs no more is wiped:
 * each of our ephemeral keys serves one step. */
static void enter(struct noise_handshake *hs, enum noise_state state,
		  const struct noise_symmetric *s)
{
	hs->state = state;
	memcpy(hs->hash, s->hash, HASH_LEN);
	memcpy(hs->chaining_key, s->chaining_key, HASH_LEN);
	if (state != NOISE_CREATED_INITIATION)
		wipe(hs->ephemeral_private, KEY_LEN);
}

/* -- the initiation ------------------------------------------------------ */

static bool write_initiation(struct message_initiation *out, struct noise_symmetric *s,
			     const struct noise_identity *id, const struct noise_peer *peer,
			     const uint8_t ephemeral[static KEY_LEN],
			     const uint8_t timestamp[static TIMESTAMP_LEN])
{
	start_transcript(s, out->type, peer->public_key);
	noise_mix_ephemeral(s, out->ephemeral);				/* e */
	if (!noise_mix_dh(s, ephemeral, peer->public_key))		/* es */
		return false;
	noise_encrypt_and_hash(s, out->static_key, bytes_of(id->public_key, KEY_LEN));	/* s */
	noise_mix_key(s, peer->static_static);				/* ss */
	noise_encrypt_and_hash(s, out->timestamp, bytes_of(timestamp, TIMESTAMP_LEN));
	return true;
}

bool noise_create_initiation(struct message_initiation *out, struct noise_handshake *hs,
			     const struct noise_identity *id, const struct noise_peer *peer,
			     const struct suite_offer *offer, uint32_t local_index,
			     const uint8_t timestamp[static TIMESTAMP_LEN], struct rng *rng)
{
	struct noise_symmetric s;
	uint8_t ephemeral[KEY_LEN];
	bool ok;

	memset(out, 0, sizeof(*out));
	store_le32(out->type, message_head(MESSAGE_INITIATION, offer->suite));
	out->type[2] = offer->offered;
	out->type[3] = offer->expected;
	store_le32(out->sender, local_index);
	key_generate(ephemeral, rng);
	x25519_public(out->ephemeral, ephemeral);

	ok = write_initiation(out, &s, id, peer, ephemeral, timestamp);
	if (ok) {
		memset(hs, 0, sizeof(*hs));
		hs->suite = offer->suite;
		hs->offered = offer->offered;
		hs->local_index = local_index;
		memcpy(hs->ephemeral_private, ephemeral, KEY_LEN);
		enter(hs, NOISE_CREATED_INITIATION, &s);
	}
	wipe(ephemeral, sizeof(ephemeral));
	noise_symmetric_wipe(&s);
	return ok;
}

static bool is_suite_of_ours(uint8_t suite)
{
	return suite < AEAD_SUITES && aead_has(suite);
}

bool noise_read_initiation(struct noise_claim *out, const struct message_initiation *msg,
			   const struct noise_identity *id)
{
	struct noise_symmetric s;
	uint8_t sender[KEY_LEN];
	bool ok;

	if (!is_suite_of_ours(message_suite(msg->type)))
		return false;
	start_transcript(&s, msg->type, id->public_key);
	noise_mix_ephemeral(&s, msg->ephemeral);			/* e */
	ok = noise_mix_dh(&s, id->private_key, msg->ephemeral) &&	/* es */
	     noise_decrypt_and_hash(&s, sender, bytes_of(msg->static_key, sizeof(msg->static_key)));
	if (ok) {
		memcpy(out->public_key, sender, KEY_LEN);
		out->suite = s.suite;
		memcpy(out->hash, s.hash, HASH_LEN);
		memcpy(out->chaining_key, s.chaining_key, HASH_LEN);
	}
	wipe(sender, sizeof(sender));
	noise_symmetric_wipe(&s);
	return ok;
}

/* Asked only of an authentic timestamp. TAI64N is big-endian, so bytes compare
 * as times do. A replay is called one however soon it comes. */
static enum noise_verdict judge_timestamp(const struct noise_peer *peer,
					  const uint8_t timestamp[static TIMESTAMP_LEN], msec now)
{
	if (memcmp(timestamp, peer->timestamp, TIMESTAMP_LEN) <= 0)
		return NOISE_REPLAYED;
	if (peer->has_accepted && now - peer->initiation_accepted < INITIATION_INTERVAL)
		return NOISE_TOO_SOON;
	return NOISE_OK;
}

/* Sealed with the timestamp, or part of the prologue: both are the sender's own words. */
static uint8_t offered_by(const struct message_initiation *msg,
			  const uint8_t timestamp[static TIMESTAMP_LEN])
{
	return message_suite(msg->type) == AEAD_CHACHA20POLY1305 ? suite_marked(timestamp)
								 : msg->type[2] & SUITE_ALL;
}

static void accept_timestamp(struct noise_peer *peer, const uint8_t timestamp[static TIMESTAMP_LEN],
			     msec now)
{
	memcpy(peer->timestamp, timestamp, TIMESTAMP_LEN);
	peer->initiation_accepted = now;
	peer->has_accepted = true;
}

enum noise_verdict noise_consume_initiation(struct noise_handshake *hs, struct noise_peer *peer,
					    const struct noise_claim *claim,
					    const struct message_initiation *msg, msec now)
{
	struct noise_symmetric s;
	uint8_t timestamp[TIMESTAMP_LEN];
	struct bytes sealed = bytes_of(msg->timestamp, sizeof(msg->timestamp));
	enum noise_verdict verdict = NOISE_BAD;

	noise_symmetric_resume(&s, claim->suite, claim->hash, claim->chaining_key);
	noise_mix_key(&s, peer->static_static);				/* ss */
	if (key_equal(claim->public_key, peer->public_key) &&
	    noise_decrypt_and_hash(&s, timestamp, sealed))
		verdict = judge_timestamp(peer, timestamp, now);
	if (verdict == NOISE_OK) {
		accept_timestamp(peer, timestamp, now);
		hs->suite = claim->suite;
		hs->offered = offered_by(msg, timestamp);
		hs->remote_index = load_le32(msg->sender);
		memcpy(hs->remote_ephemeral, msg->ephemeral, KEY_LEN);
		enter(hs, NOISE_CONSUMED_INITIATION, &s);
	}
	noise_symmetric_wipe(&s);
	return verdict;
}

/* -- the response -------------------------------------------------------- */

static bool write_response(struct message_response *out, struct noise_symmetric *s,
			   const struct noise_handshake *hs, const struct noise_peer *peer,
			   const uint8_t ephemeral[static KEY_LEN])
{
	resume_transcript(s, hs);
	noise_mix_ephemeral(s, out->ephemeral);				/* e */
	if (!noise_mix_dh(s, ephemeral, hs->remote_ephemeral) ||	/* ee */
	    !noise_mix_dh(s, ephemeral, peer->public_key))		/* se */
		return false;
	noise_mix_key_and_hash(s, peer->psk);				/* psk */
	noise_encrypt_and_hash(s, out->empty, (struct bytes){0});
	return true;
}

bool noise_create_response(struct message_response *out, struct noise_handshake *hs,
			   const struct noise_peer *peer, uint32_t local_index, struct rng *rng)
{
	struct noise_symmetric s;
	uint8_t ephemeral[KEY_LEN];
	bool ok;

	if (hs->state != NOISE_CONSUMED_INITIATION)
		return false;
	memset(out, 0, sizeof(*out));
	store_le32(out->type, message_head(MESSAGE_RESPONSE, hs->suite));
	store_le32(out->sender, local_index);
	store_le32(out->receiver, hs->remote_index);
	key_generate(ephemeral, rng);
	x25519_public(out->ephemeral, ephemeral);

	ok = write_response(out, &s, hs, peer, ephemeral);
	if (ok) {
		hs->local_index = local_index;
		enter(hs, NOISE_CREATED_RESPONSE, &s);
	}
	wipe(ephemeral, sizeof(ephemeral));
	noise_symmetric_wipe(&s);
	return ok;
}

static bool read_response(struct noise_symmetric *s, const struct noise_handshake *hs,
			  const struct message_response *msg, const struct noise_identity *id,
			  const struct noise_peer *peer)
{
	uint8_t nothing[1];

	resume_transcript(s, hs);
	noise_mix_ephemeral(s, msg->ephemeral);				/* e */
	if (!noise_mix_dh(s, hs->ephemeral_private, msg->ephemeral) ||	/* ee */
	    !noise_mix_dh(s, id->private_key, msg->ephemeral))		/* se */
		return false;
	noise_mix_key_and_hash(s, peer->psk);				/* psk */
	return noise_decrypt_and_hash(s, nothing, bytes_of(msg->empty, sizeof(msg->empty)));
}

enum noise_verdict noise_consume_response(struct noise_handshake *hs,
					  const struct message_response *msg,
					  const struct noise_identity *id,
					  const struct noise_peer *peer)
{
	struct noise_symmetric s;
	bool ok;

	if (hs->state != NOISE_CREATED_INITIATION || load_le32(msg->receiver) != hs->local_index ||
	    load_le32(msg->type) != message_head(MESSAGE_RESPONSE, hs->suite))
		return NOISE_UNEXPECTED;
	ok = read_response(&s, hs, msg, id, peer);
	if (ok) {
		hs->remote_index = load_le32(msg->sender);
		memcpy(hs->remote_ephemeral, msg->ephemeral, KEY_LEN);
		enter(hs, NOISE_CONSUMED_RESPONSE, &s);
	}
	noise_symmetric_wipe(&s);
	return ok ? NOISE_OK : NOISE_BAD;
}

/* -- the end ------------------------------------------------------------- */

bool noise_derive_keys(struct noise_handshake *hs, uint8_t send[static KEY_LEN],
		       uint8_t recv[static KEY_LEN])
{
	uint32_t local_index = hs->local_index, remote_index = hs->remote_index;
	struct noise_symmetric s;

	if (hs->state != NOISE_CONSUMED_RESPONSE && hs->state != NOISE_CREATED_RESPONSE)
		return false;
	resume_transcript(&s, hs);
	if (hs->state == NOISE_CONSUMED_RESPONSE)
		noise_split(&s, send, recv);
	else
		noise_split(&s, recv, send);
	noise_symmetric_wipe(&s);
	wipe(hs, sizeof(*hs));
	hs->state = NOISE_NONE;
	hs->local_index = local_index;
	hs->remote_index = remote_index;
	return true;
}
