/* mailbox.c -- the address on an envelope, which only the two ends can compute. */
#include "signal/mailbox.h"

#include <assert.h>
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

/* -- the table ----------------------------------------------------------- */

void mailbox_table_init(struct mailbox_table *t, struct mailbox_slot *slots, size_t cap)
{
	assert(cap && !(cap & (cap - 1)));
	memset(slots, 0, cap * sizeof(*slots));
	*t = (struct mailbox_table){.slots = slots, .cap = cap};
}

/* Where this id is, or the free slot where it would be. */
static struct mailbox_slot *place_of(const struct mailbox_table *t,
				     const uint8_t id[static MAILBOX_LEN])
{
	size_t place = (size_t)load_le64(id) & (t->cap - 1);

	while (t->slots[place].peer && memcmp(t->slots[place].id, id, MAILBOX_LEN) != 0)
		place = (place + 1) & (t->cap - 1);
	return &t->slots[place];
}

bool mailbox_table_add(struct mailbox_table *t, const uint8_t id[static MAILBOX_LEN], uint32_t peer)
{
	struct mailbox_slot *slot = place_of(t, id);

	if (!slot->peer) {
		if (t->len >= t->cap / 2)
			return false;
		t->len++;
	}
	memcpy(slot->id, id, MAILBOX_LEN);
	slot->peer = peer + 1;
	return true;
}

bool mailbox_table_find(const struct mailbox_table *t, const uint8_t id[static MAILBOX_LEN],
			uint32_t *peer)
{
	const struct mailbox_slot *slot = place_of(t, id);

	if (!slot->peer)
		return false;
	*peer = slot->peer - 1;
	return true;
}
