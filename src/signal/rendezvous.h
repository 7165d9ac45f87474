/* rendezvous.h -- the words between a node and who passes envelopes on for it.
 *
 *   node                                                     rendezvous
 *   REGISTER   u16 sequence, u16 lifetime in s, ids ...  --->
 *              <--- OBSERVED   u16 sequence, u16 lifetime granted, u16 ids held, u16 ids at most,
 *                              u8 flags, u64 ms since 1970, address that the node is seen at
 *   PUBLISH    envelope                                  --->
 *              <--- DELIVER    envelope
 *
 * They are frames inside the node's WireGuard session with the rendezvous, which
 * brings cookies, roaming, replay protection and authenticity of its pinned key;
 * outside a session it says nothing. A lifetime of 0 takes the ids back. Flag 1: it
 * passes on datagrams as well (relay.h), to whoever has registered.
 *
 * A connected peer that is willing to speaks the same, with its peers as clients.
 * What was delivered is never published again, so an envelope makes one hop.
 */
#ifndef SIGNAL_RENDEZVOUS_H
#define SIGNAL_RENDEZVOUS_H

#include "base/addr.h"
#include "signal/frame.h"
#include "signal/seal.h"

enum {
	RENDEZVOUS_IDS_MAX = 64,		/* in one message */
	RENDEZVOUS_FRAME_MAX = FRAME_HEADER + ENVELOPE_MAX,
	RENDEZVOUS_LIFETIME_MAX = 600,		/* s */
	RENDEZVOUS_RATE = 10,			/* messages per second from one client, */
	RENDEZVOUS_BURST = 20,			/* and at once */
	RENDEZVOUS_RELAYS = 1,			/* in flags */
};

struct rendezvous_message {
	enum frame_kind kind;		/* REGISTER, PUBLISH, DELIVER or OBSERVED */
	uint16_t sequence;		/* of a REGISTER; the OBSERVED that answers it repeats it */
	uint16_t lifetime;		/* s */
	const uint8_t (*ids)[MAILBOX_LEN];	/* a view */
	size_t ids_len;
	struct bytes envelope;		/* a view; as envelope_mailbox() demands */
	uint16_t held, limit;		/* ids of this client: are registered, may be */
	uint8_t flags;			/* those that we do not know may be set */
	uint64_t time_ms;
	struct endpoint address;
};

size_t rendezvous_write(uint8_t *out, size_t cap, const struct rendezvous_message *message);
/* False: not one of these four, or malformed. */
bool rendezvous_read(struct rendezvous_message *out, struct bytes plain);

#endif
