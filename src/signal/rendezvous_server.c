/* rendezvous_server.c -- pass envelopes on between nodes that one cannot tell apart.
 *
 * A box lives while it is registered or holds a letter. Registrations end as a
 * hand sweeps once a minute over all boxes; until then one that is past its
 * time counts as none. Letters all live equally long, so the list by age is
 * the list by expiry.
 */
#include "signal/rendezvous_server.h"

#include <assert.h>
#include <string.h>

#include "crypto/hash.h"

enum {
	NONE = UINT32_MAX,
	SWEEPS = 60,			/* parts of the table, */
	SWEEP_GAP = 1000,		/* msec between them */
};

static const struct bucket_limit receive_limit = {RENDEZVOUS_RATE, RENDEZVOUS_BURST};

/* Whether a link that was initialised is in a list. */
static bool is_linked(const struct list *link)
{
	return !list_empty(link);
}

static uint32_t number_of(const struct rendezvous_server *s, const struct rendezvous_box *box)
{
	return (uint32_t)(box - s->tables.boxes);
}

static struct rendezvous_letter *letter_of(const struct rendezvous_server *s,
					   const struct rendezvous_box *box)
{
	return box->letter == NONE ? NULL : &s->tables.letters[box->letter];
}

/* -- beginning ----------------------------------------------------------- */

static void reset_seat(struct rendezvous_seat *seat)
{
	memset(seat, 0, sizeof(*seat));
	list_init(&seat->owing);
	list_init(&seat->authored);
	seat->first_box = NONE;
}

static void add_free_letter(struct rendezvous_server *s, struct rendezvous_letter *letter)
{
	list_init(&letter->by_author);
	list_init(&letter->outgoing);
	list_append(&s->free_letters, &letter->by_age);
}

void rendezvous_server_init(struct rendezvous_server *s, const struct rendezvous_tables *tables,
			    uint16_t boxes_per_client, struct rng *rng)
{
	assert(tables->letters_len && tables->boxes_len);
	assert(tables->chains_len && !(tables->chains_len & (tables->chains_len - 1)));
	memset(s, 0, sizeof(*s));
	s->tables = *tables;
	s->boxes_per_client = boxes_per_client;
	s->lifetime_max = RENDEZVOUS_LIFETIME_MAX;
	s->sweep_due = NEVER;
	rng->fill(rng, s->seed, sizeof(s->seed));
	list_init(&s->free_letters);
	list_init(&s->letters);
	list_init(&s->outgoing);
	list_init(&s->owing);
	for (uint32_t i = 0; i < tables->seats_len; i++)
		reset_seat(&tables->seats[i]);
	for (uint32_t i = 0; i < tables->letters_len; i++)
		add_free_letter(s, &tables->letters[i]);
	for (uint32_t i = 0; i < tables->chains_len; i++)
		tables->chains[i] = NONE;
	memset(tables->boxes, 0, tables->boxes_len * sizeof(*tables->boxes));
	s->free_box = NONE;
	for (uint32_t i = tables->boxes_len; i-- > 0;) {
		tables->boxes[i].client = tables->boxes[i].letter = NONE;
		tables->boxes[i].chain_next = s->free_box;
		s->free_box = i;
	}
}

void rendezvous_server_set_lifetime(struct rendezvous_server *s, uint16_t seconds)
{
	s->lifetime_max = seconds;
}

void rendezvous_server_set_relays(struct rendezvous_server *s)
{
	assert(s->boxes_used == 0);
	s->relays = true;
}

void rendezvous_server_set_wall(struct rendezvous_server *s, uint64_t wall_ms)
{
	s->wall_ms = wall_ms;
}

/* -- boxes --------------------------------------------------------------- */

/* A tag is as good as a hash, if nobody chooses it. */
static uint32_t *chain_of_tag(const struct rendezvous_server *s, const uint8_t tag[static RELAY_TAG])
{
	return &s->tables.chains[load_le32(tag) & (s->tables.chains_len - 1)];
}

static uint32_t *chain_of(const struct rendezvous_server *s, const uint8_t id[static MAILBOX_LEN])
{
	uint8_t hash[MAC_LEN];

	if (s->relays)
		return chain_of_tag(s, id);
	blake2s_mac(hash, s->seed, sizeof(s->seed), bytes_of(id, MAILBOX_LEN));
	return &s->tables.chains[load_le32(hash) & (s->tables.chains_len - 1)];
}

static struct rendezvous_box *find_box(struct rendezvous_server *s,
				       const uint8_t id[static MAILBOX_LEN])
{
	uint32_t i = *chain_of(s, id);

	while (i != NONE && memcmp(s->tables.boxes[i].id, id, MAILBOX_LEN) != 0)
		i = s->tables.boxes[i].chain_next;
	return i == NONE ? NULL : &s->tables.boxes[i];
}

/* It must be registered or get a letter before the next call. NULL: no room. */
static struct rendezvous_box *find_or_make_box(struct rendezvous_server *s,
					       const uint8_t id[static MAILBOX_LEN], msec now)
{
	struct rendezvous_box *box = find_box(s, id);
	uint32_t *chain = chain_of(s, id);

	if (box)
		return box;
	if (s->free_box == NONE) {
		s->counters[RENDEZVOUS_NO_BOX]++;
		return NULL;
	}
	box = &s->tables.boxes[s->free_box];
	s->free_box = box->chain_next;
	memcpy(box->id, id, MAILBOX_LEN);
	box->chain_next = *chain;
	*chain = number_of(s, box);
	if (s->boxes_used++ == 0)
		s->sweep_due = now + SWEEP_GAP;
	return box;
}

static void free_box_if_unused(struct rendezvous_server *s, struct rendezvous_box *box)
{
	uint32_t *link = chain_of(s, box->id), number = number_of(s, box);

	if (box->client != NONE || box->letter != NONE)
		return;
	while (*link != number)
		link = &s->tables.boxes[*link].chain_next;
	*link = box->chain_next;
	box->chain_next = s->free_box;
	s->free_box = number;
	if (--s->boxes_used == 0)
		s->sweep_due = NEVER;
}

static void assign(struct rendezvous_server *s, struct rendezvous_box *box, uint32_t client)
{
	struct rendezvous_seat *seat = &s->tables.seats[client];

	box->client = client;
	box->client_prev = NONE;
	box->client_next = seat->first_box;
	if (seat->first_box != NONE)
		s->tables.boxes[seat->first_box].client_prev = number_of(s, box);
	seat->first_box = number_of(s, box);
	seat->boxes++;
}

/* Nobody is there to read, so the letter stays, for the next one who registers. */
static void unassign(struct rendezvous_server *s, struct rendezvous_box *box)
{
	struct rendezvous_seat *seat = &s->tables.seats[box->client];
	struct rendezvous_letter *letter = letter_of(s, box);

	if (box->client_prev == NONE)
		seat->first_box = box->client_next;
	else
		s->tables.boxes[box->client_prev].client_next = box->client_next;
	if (box->client_next != NONE)
		s->tables.boxes[box->client_next].client_prev = box->client_prev;
	box->client = NONE;
	seat->boxes--;
	if (letter) {
		letter->reader = NONE;
		list_remove(&letter->outgoing);
	}
}

static bool is_away(const struct rendezvous_server *s, uint32_t client)
{
	return s->tables.seats[client].is_away;
}

static bool is_past(const struct rendezvous_box *box, msec now)
{
	return box->client != NONE && now >= SECONDS(box->expires);
}

/* -- letters ------------------------------------------------------------- */

static void drop_letter(struct rendezvous_server *s, struct rendezvous_letter *letter)
{
	struct rendezvous_box *box = &s->tables.boxes[letter->box];

	if (letter->author != NONE)
		s->tables.seats[letter->author].letters--;
	list_remove(&letter->by_age);
	list_remove(&letter->by_author);
	list_remove(&letter->outgoing);
	add_free_letter(s, letter);
	box->letter = NONE;
	free_box_if_unused(s, box);
}

/* The client's oldest beyond its share, or the oldest of all. */
static void make_room(struct rendezvous_server *s, struct rendezvous_seat *seat)
{
	struct rendezvous_letter *victim;

	if (seat->letters >= RENDEZVOUS_LETTERS_PER_CLIENT)
		victim = list_first(&seat->authored, struct rendezvous_letter, by_author);
	else if (list_empty(&s->free_letters))
		victim = list_first(&s->letters, struct rendezvous_letter, by_age);
	else
		return;
	s->counters[RENDEZVOUS_LETTER_LOST]++;
	drop_letter(s, victim);
}

static void put_letter(struct rendezvous_server *s, struct rendezvous_box *box, uint32_t author,
		       struct bytes envelope, msec now)
{
	struct rendezvous_letter *letter =
		list_first(&s->free_letters, struct rendezvous_letter, by_age);
	struct rendezvous_seat *seat = &s->tables.seats[author];

	list_remove(&letter->by_age);
	list_append(&s->letters, &letter->by_age);
	list_append(&seat->authored, &letter->by_author);
	seat->letters++;
	letter->author = author;
	letter->reader = NONE;
	letter->expires = now + RENDEZVOUS_LETTER_LIFE;
	letter->len = (uint16_t)envelope.len;
	memcpy(letter->envelope, envelope.data, envelope.len);
	letter->box = number_of(s, box);
	box->letter = (uint32_t)(letter - s->tables.letters);
	if (box->client != NONE && !is_past(box, now) && !is_away(s, box->client))
		list_append(&s->outgoing, &letter->outgoing);
}

/* A DESC replaces the one before, whoever sent that: only the two ends know the id. */
static bool take_publish(struct rendezvous_server *s, uint32_t client, struct bytes envelope,
			 msec now)
{
	const uint8_t *id = envelope_mailbox(envelope);
	struct rendezvous_box *box = find_box(s, id);
	struct rendezvous_letter *before = box ? letter_of(s, box) : NULL;

	if (before)
		drop_letter(s, before);
	make_room(s, &s->tables.seats[client]);
	box = find_or_make_box(s, id, now);
	if (!box)
		return false;
	put_letter(s, box, client, envelope, now);
	return true;
}

/* -- registering --------------------------------------------------------- */

/* Each new box stands first in its chain, so the last is the oldest. */
bool rendezvous_server_find(const struct rendezvous_server *s, const uint8_t tag[static RELAY_TAG],
			    uint32_t *client, msec now)
{
	bool found = false;

	assert(s->relays);
	for (uint32_t i = *chain_of_tag(s, tag); i != NONE; i = s->tables.boxes[i].chain_next) {
		const struct rendezvous_box *box = &s->tables.boxes[i];

		if (box->client == NONE || is_past(box, now) ||
		    memcmp(box->id, tag, RELAY_TAG) != 0)
			continue;
		*client = box->client;
		found = true;
	}
	return found;
}

/* What lies in the box and was not read by this client goes out. */
static void open_box(struct rendezvous_server *s, struct rendezvous_box *box)
{
	struct rendezvous_letter *letter = letter_of(s, box);

	if (letter && letter->reader != box->client && !is_linked(&letter->outgoing))
		list_append(&s->outgoing, &letter->outgoing);
}

/* The newest registration counts: a node that came back has another number. */
static void register_id(struct rendezvous_server *s, uint32_t client,
			const uint8_t id[static MAILBOX_LEN], uint16_t lifetime, msec now)
{
	struct rendezvous_box *box = find_box(s, id);
	bool is_new = !box || box->client != client;
	uint32_t other;

	if (is_new && s->tables.seats[client].boxes >= s->boxes_per_client)
		return;
	if (!box && s->relays && rendezvous_server_find(s, id, &other, now))
		s->counters[RENDEZVOUS_TAG_TWICE]++;
	box = find_or_make_box(s, id, now);
	if (!box)
		return;
	if (is_new && box->client != NONE)
		unassign(s, box);
	if (is_new)
		assign(s, box, client);
	box->expires = (uint32_t)(now / 1000) + lifetime;
	open_box(s, box);
}

static void unregister_id(struct rendezvous_server *s, uint32_t client,
			  const uint8_t id[static MAILBOX_LEN])
{
	struct rendezvous_box *box = find_box(s, id);

	if (!box || box->client != client)
		return;
	unassign(s, box);
	free_box_if_unused(s, box);
}

static void owe_observed(struct rendezvous_server *s, struct rendezvous_seat *seat)
{
	if (!is_linked(&seat->owing))
		list_append(&s->owing, &seat->owing);
}

void rendezvous_server_tell(struct rendezvous_server *s, uint32_t client,
			    const struct endpoint *from)
{
	s->tables.seats[client].address = *from;
	owe_observed(s, &s->tables.seats[client]);
}

static void take_register(struct rendezvous_server *s, uint32_t client,
			  const struct rendezvous_message *m, msec now)
{
	struct rendezvous_seat *seat = &s->tables.seats[client];

	seat->sequence = m->sequence;
	seat->lifetime = m->lifetime < s->lifetime_max ? m->lifetime : s->lifetime_max;
	for (size_t i = 0; i < m->ids_len; i++) {
		if (seat->lifetime)
			register_id(s, client, m->ids[i], seat->lifetime, now);
		else
			unregister_id(s, client, m->ids[i]);
	}
	owe_observed(s, seat);
}

/* -- in and out ---------------------------------------------------------- */

static bool drop(struct rendezvous_server *s, enum rendezvous_counter why)
{
	s->counters[why]++;
	return false;
}

bool rendezvous_server_feed(struct rendezvous_server *s, uint32_t client,
			    const struct endpoint *from, struct bytes plain, msec now)
{
	struct rendezvous_seat *seat = &s->tables.seats[client];
	struct rendezvous_message m;

	assert(client < s->tables.seats_len);
	if (!bucket_take(&seat->receives, &receive_limit, now))
		return drop(s, RENDEZVOUS_TOO_MANY);
	if (!rendezvous_read(&m, plain))
		return drop(s, RENDEZVOUS_MALFORMED);
	seat->address = *from;
	seat->is_away = false;
	if (m.kind == FRAME_REGISTER)
		take_register(s, client, &m, now);
	else if (m.kind != FRAME_PUBLISH)
		return drop(s, RENDEZVOUS_MALFORMED);
	else if (!take_publish(s, client, m.envelope, now))
		return false;
	s->counters[RENDEZVOUS_TAKEN]++;
	return true;
}

void rendezvous_server_away(struct rendezvous_server *s, uint32_t client)
{
	struct rendezvous_seat *seat = &s->tables.seats[client];

	assert(client < s->tables.seats_len);
	seat->is_away = true;
	list_remove(&seat->owing);
	for (uint32_t i = seat->first_box; i != NONE; i = s->tables.boxes[i].client_next) {
		struct rendezvous_letter *letter = letter_of(s, &s->tables.boxes[i]);

		if (!letter)
			continue;
		letter->reader = NONE;
		list_remove(&letter->outgoing);
	}
}

void rendezvous_server_forget(struct rendezvous_server *s, uint32_t client)
{
	struct rendezvous_seat *seat = &s->tables.seats[client];

	assert(client < s->tables.seats_len);
	while (seat->first_box != NONE) {
		struct rendezvous_box *box = &s->tables.boxes[seat->first_box];

		unassign(s, box);
		free_box_if_unused(s, box);
	}
	list_for_each(struct rendezvous_letter, letter, &seat->authored, by_author) {
		letter->author = NONE;
		list_remove(&letter->by_author);
	}
	list_remove(&seat->owing);
	reset_seat(seat);
}

msec rendezvous_server_due(const struct rendezvous_server *s)
{
	return s->sweep_due;
}

static void expire_letters(struct rendezvous_server *s, msec now)
{
	list_for_each(struct rendezvous_letter, letter, &s->letters, by_age) {
		if (now < letter->expires)
			return;
		drop_letter(s, letter);
	}
}

static void sweep_boxes(struct rendezvous_server *s, msec now)
{
	for (uint32_t n = s->tables.boxes_len / SWEEPS + 1; n > 0; n--) {
		struct rendezvous_box *box = &s->tables.boxes[s->sweep];

		if (is_past(box, now)) {
			unassign(s, box);
			free_box_if_unused(s, box);
		}
		s->sweep = (s->sweep + 1) % s->tables.boxes_len;
	}
}

void rendezvous_server_tick(struct rendezvous_server *s, msec now)
{
	if (now < s->sweep_due)
		return;
	s->sweep_due = now + SWEEP_GAP;
	sweep_boxes(s, now);
	expire_letters(s, now);
	if (s->boxes_used == 0)
		s->sweep_due = NEVER;
}

static size_t write_observed(struct rendezvous_server *s, const struct rendezvous_seat *seat,
			     uint8_t out[static RENDEZVOUS_FRAME_MAX])
{
	struct rendezvous_message m = {
		.kind = FRAME_OBSERVED,
		.sequence = seat->sequence,
		.lifetime = seat->lifetime,
		.held = (uint16_t)seat->boxes,
		.limit = s->boxes_per_client,
		.flags = s->relays ? RENDEZVOUS_RELAYS : 0,
		.time_ms = s->wall_ms,
		.address = seat->address,
	};

	return rendezvous_write(out, RENDEZVOUS_FRAME_MAX, &m);
}

static size_t write_deliver(const struct rendezvous_letter *letter,
			    uint8_t out[static RENDEZVOUS_FRAME_MAX])
{
	struct rendezvous_message m = {
		.kind = FRAME_DELIVER,
		.envelope = bytes_of(letter->envelope, letter->len),
	};

	return rendezvous_write(out, RENDEZVOUS_FRAME_MAX, &m);
}

size_t rendezvous_server_poll(struct rendezvous_server *s, uint32_t *client,
			      uint8_t out[static RENDEZVOUS_FRAME_MAX])
{
	struct rendezvous_seat *seat = list_first(&s->owing, struct rendezvous_seat, owing);
	struct rendezvous_letter *letter =
		list_first(&s->outgoing, struct rendezvous_letter, outgoing);

	if (seat) {
		list_remove(&seat->owing);
		*client = (uint32_t)(seat - s->tables.seats);
		return write_observed(s, seat, out);
	}
	if (!letter)
		return 0;
	list_remove(&letter->outgoing);
	*client = letter->reader = s->tables.boxes[letter->box].client;
	s->counters[RENDEZVOUS_DELIVERED]++;
	return write_deliver(letter, out);
}
