/* seal.c -- the envelope: what a carrier sees of a message between two peers. */
#include "signal/seal.h"

#include <string.h>

static const char label[] = "p2pnet sig 1";

enum {
	LABEL_LEN = sizeof(label) - 1,
	HEADER_LEN = 1 + MAILBOX_LEN,
	PROLOGUE_LEN = LABEL_LEN + MAILBOX_LEN + KEY_LEN,
};

static struct bytes make_prologue(uint8_t out[static PROLOGUE_LEN],
				  const uint8_t mailbox[static MAILBOX_LEN],
				  const uint8_t recipient[static KEY_LEN])
{
	memcpy(out, label, LABEL_LEN);
	memcpy(out + LABEL_LEN, mailbox, MAILBOX_LEN);
	memcpy(out + LABEL_LEN + MAILBOX_LEN, recipient, KEY_LEN);
	return bytes_of(out, PROLOGUE_LEN);
}

const uint8_t *envelope_mailbox(struct bytes envelope)
{
	struct reader r = reader_over(envelope);
	uint8_t version = get_u8(&r);
	struct bytes mailbox = get_bytes(&r, MAILBOX_LEN);

	if (r.bad || version != ENVELOPE_VERSION)
		return NULL;
	if (envelope.len <= ENVELOPE_OVERHEAD || envelope.len > ENVELOPE_MAX)
		return NULL;
	return mailbox.data;
}

size_t seal_envelope(uint8_t out[static ENVELOPE_MAX], const uint8_t mailbox[static MAILBOX_LEN],
		     const struct noise_x_self *self, const struct noise_x_peer *to,
		     struct bytes plain, struct rng *rng)
{
	uint8_t prologue[PROLOGUE_LEN];

	if (plain.len == 0 || plain.len > SEAL_PLAIN_MAX)
		return 0;
	out[0] = ENVELOPE_VERSION;
	memcpy(out + 1, mailbox, MAILBOX_LEN);
	if (!noise_x_write(out + HEADER_LEN, make_prologue(prologue, mailbox, to->public_key), self,
			   to, plain, rng))
		return 0;
	return plain.len + ENVELOPE_OVERHEAD;
}

static struct bytes noise_part(struct bytes envelope)
{
	return bytes_of(envelope.data + HEADER_LEN, envelope.len - HEADER_LEN);
}

static bool read_claim(struct noise_x_claim *claim, struct bytes envelope,
		       const struct noise_x_self *self, bool with_psk)
{
	const uint8_t *mailbox = envelope_mailbox(envelope);
	uint8_t prologue[PROLOGUE_LEN];

	return mailbox && noise_x_read_sender(claim, noise_part(envelope),
					      make_prologue(prologue, mailbox, self->public_key),
					      self, with_psk);
}

size_t seal_open(uint8_t plain[static SEAL_PLAIN_MAX], struct bytes envelope,
		 const struct noise_x_self *self, const struct noise_x_peer *from)
{
	struct noise_x_claim claim;
	bool ok;

	if (!read_claim(&claim, envelope, self, from->has_psk))
		return 0;
	ok = noise_x_read(plain, &claim, noise_part(envelope), from);
	wipe(&claim, sizeof(claim));
	return ok ? envelope.len - ENVELOPE_OVERHEAD : 0;
}

bool seal_read_sender(uint8_t sender[static KEY_LEN], struct bytes envelope,
		      const struct noise_x_self *self, bool with_psk)
{
	struct noise_x_claim claim;

	if (!read_claim(&claim, envelope, self, with_psk))
		return false;
	memcpy(sender, claim.sender, KEY_LEN);
	wipe(&claim, sizeof(claim));
	return true;
}
