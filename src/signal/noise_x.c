/* noise_x.c -- one message from one key to another: Noise's pattern X.
 *
 * Noise spec, section 7.4 and, for the psk, section 9.
 */
#include "signal/noise_x.h"

#include <string.h>

#include "crypto/x25519.h"

static const char x[] = "Noise_X_25519_ChaChaPoly_BLAKE2s";
static const char xpsk1[] = "Noise_Xpsk1_25519_ChaChaPoly_BLAKE2s";

enum { SEALED_KEY_LEN = KEY_LEN + AEAD_TAG_LEN };

void noise_x_self_init(struct noise_x_self *self, const uint8_t private_key[static KEY_LEN])
{
	memcpy(self->private_key, private_key, KEY_LEN);
	x25519_public(self->public_key, private_key);
}

bool noise_x_peer_init(struct noise_x_peer *peer, const struct noise_x_self *self,
		       const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN])
{
	memset(peer, 0, sizeof(*peer));
	if (key_equal(public_key, self->public_key) ||
	    !x25519(peer->static_static, self->private_key, public_key))
		return false;
	memcpy(peer->public_key, public_key, KEY_LEN);
	memcpy(peer->psk, psk, KEY_LEN);
	peer->has_psk = !key_is_zero(psk);
	return true;
}

/* "<- s", then the token e, which goes into the key only if there is a psk. */
static void start(struct noise_symmetric *s, struct bytes prologue,
		  const uint8_t recipient[static KEY_LEN], const uint8_t ephemeral[static KEY_LEN],
		  bool with_psk)
{
	noise_symmetric_init(s, with_psk ? xpsk1 : x, prologue);
	noise_mix_hash(s, bytes_of(recipient, KEY_LEN));
	if (with_psk)
		noise_mix_ephemeral(s, ephemeral);
	else
		noise_mix_hash(s, bytes_of(ephemeral, KEY_LEN));
}

static void mix_peer(struct noise_symmetric *s, const struct noise_x_peer *peer)
{
	noise_mix_key(s, peer->static_static);				/* ss */
	if (peer->has_psk)
		noise_mix_key_and_hash(s, peer->psk);			/* psk */
}

bool noise_x_write(uint8_t *out, struct bytes prologue, const struct noise_x_self *self,
		   const struct noise_x_peer *to, struct bytes plain, struct rng *rng)
{
	struct noise_symmetric s;
	uint8_t ephemeral[KEY_LEN];
	bool ok;

	key_generate(ephemeral, rng);
	x25519_public(out, ephemeral);
	start(&s, prologue, to->public_key, out, to->has_psk);		/* e */
	ok = noise_mix_dh(&s, ephemeral, to->public_key);		/* es */
	if (ok) {
		noise_encrypt_and_hash(&s, out + KEY_LEN, bytes_of(self->public_key, KEY_LEN)); /* s */
		mix_peer(&s, to);
		noise_encrypt_and_hash(&s, out + KEY_LEN + SEALED_KEY_LEN, plain);
	}
	wipe(ephemeral, sizeof(ephemeral));
	noise_symmetric_wipe(&s);
	return ok;
}

bool noise_x_read_sender(struct noise_x_claim *out, struct bytes message, struct bytes prologue,
			 const struct noise_x_self *self, bool with_psk)
{
	struct reader r = reader_over(message);
	struct bytes ephemeral = get_bytes(&r, KEY_LEN);
	struct bytes key = get_bytes(&r, SEALED_KEY_LEN);
	bool ok;

	memset(out, 0, sizeof(*out));
	if (r.bad || r.rest.len < AEAD_TAG_LEN)
		return false;
	start(&out->symmetric, prologue, self->public_key, ephemeral.data, with_psk);	/* e */
	ok = noise_mix_dh(&out->symmetric, self->private_key, ephemeral.data) &&	/* es */
	     noise_decrypt_and_hash(&out->symmetric, out->sender, key);			/* s */
	if (!ok)
		wipe(out, sizeof(*out));
	return ok;
}

bool noise_x_read(uint8_t *plain, const struct noise_x_claim *claim, struct bytes message,
		  const struct noise_x_peer *from)
{
	struct noise_symmetric s = claim->symmetric;
	struct reader r = reader_over(message);
	bool ok;

	get_bytes(&r, KEY_LEN + SEALED_KEY_LEN);
	if (r.bad || !key_equal(claim->sender, from->public_key))
		return false;
	mix_peer(&s, from);
	ok = noise_decrypt_and_hash(&s, plain, r.rest);
	noise_symmetric_wipe(&s);
	return ok;
}
