/* seal.h -- the envelope: what a carrier sees of a message between two peers.
 *
 *   0         1              17
 *   | version | mailbox (16) | Noise X message: 96 bytes and the plaintext |
 *
 * The mailbox says whom it is for, to those two alone (see mailbox.h). The
 * prologue of the Noise message holds the mailbox and the recipient's key, so
 * an envelope that was put into another mailbox does not open.
 *
 * The first byte of the plaintext says what it is, so that a token never
 * passes for a message of a channel. An envelope fits a datagram.
 */
#ifndef SIGNAL_SEAL_H
#define SIGNAL_SEAL_H

#include "signal/noise_x.h"

enum {
	MAILBOX_LEN = 16,
	ENVELOPE_VERSION = 1,
	ENVELOPE_MAX = 1200,
	ENVELOPE_OVERHEAD = 1 + MAILBOX_LEN + NOISE_X_OVERHEAD,
	SEAL_PLAIN_MAX = ENVELOPE_MAX - ENVELOPE_OVERHEAD,
};

/* The first byte of the plaintext. */
enum seal_content {
	SEAL_DESC = 1,		/* a DESC follows */
	SEAL_TOKEN = 2,		/* what token.h says */
};

/* The mailbox of an envelope, a view of it; NULL: these bytes are none. This is
 * all that a carrier can know. */
const uint8_t *envelope_mailbox(struct bytes envelope);

/* Length of the envelope, or 0: plain is longer than SEAL_PLAIN_MAX or empty, or the
 * peer's key is of low order. */
size_t seal_envelope(uint8_t out[static ENVELOPE_MAX], const uint8_t mailbox[static MAILBOX_LEN],
		     const struct noise_x_self *self, const struct noise_x_peer *to,
		     struct bytes plain, struct rng *rng);

/* Length of the plaintext, or 0: not from this peer to us, or altered. */
size_t seal_open(uint8_t plain[static SEAL_PLAIN_MAX], struct bytes envelope,
		 const struct noise_x_self *self, const struct noise_x_peer *from);

/* Who says to have sent it? For envelopes whose mailbox is not ours to look up
 * (tokens); with and without psk are two different questions. False: not for us. */
bool seal_read_sender(uint8_t sender[static KEY_LEN], struct bytes envelope,
		      const struct noise_x_self *self, bool with_psk);

#endif
