/* mailbox.c -- the address on an envelope, which only the two ends can compute. */
#include "signal/mailbox.h"

#include <string.h>

#include "crypto/hash.h"

static const char label[] = "mbox";

#define DAY	UINT64_C(86400000)	/* msec */

enum { LABEL_LEN = sizeof(label) - 1 };

static void pair_key(uint8_t out[static KEY_LEN], const struct noise_x_peer *peer)
{
	if (peer->has_psk)
		kdf1(out, peer->static_static, bytes_of(peer->psk, KEY_LEN));
	else
		memcpy(out, peer->static_static, KEY_LEN);
}

/* Both ends must name the two directions alike: 0 goes from the lesser key up. */
static uint8_t direction_byte(const struct noise_x_self *self, const struct noise_x_peer *peer,
			      enum mailbox_direction direction)
{
	bool is_lesser = memcmp(self->public_key, peer->public_key, KEY_LEN) < 0;

	return is_lesser != (direction == MAILBOX_TO_PEER);
}

void mailbox_id(uint8_t out[static MAILBOX_LEN], const struct noise_x_self *self,
		const struct noise_x_peer *peer, enum mailbox_direction direction, uint32_t day)
{
	uint8_t key[KEY_LEN], text[LABEL_LEN + 1 + 4];
	struct writer w = writer_over(text, sizeof(text));

	put_bytes(&w, bytes_of(label, LABEL_LEN));
	put_u8(&w, direction_byte(self, peer, direction));
	put_be32(&w, day);
	pair_key(key, peer);
	blake2s_mac(out, key, sizeof(key), writer_bytes(&w));
	wipe(key, sizeof(key));
}

uint32_t mailbox_day(uint64_t wall_ms)
{
	return (uint32_t)(wall_ms / DAY);
}

uint32_t mailbox_first_day(uint64_t wall_ms)
{
	return wall_ms < DAY / 2 ? 0 : mailbox_day(wall_ms - DAY / 2);
}
