/* rendezvous_server_test.c -- envelopes find their boxes, and no client fills the house. */
#include <stdlib.h>

#include "pair.h"
#include "signal/rendezvous_server.h"

enum { SEATS = 8, BOXES = 256, CHAINS = 64, LETTERS = 64, PER_CLIENT = 40, LEN = 200 };

struct house {
	struct rng rng;
	struct rendezvous_server s;
	struct rendezvous_seat seats[SEATS];
	struct rendezvous_box boxes[BOXES];
	uint32_t chains[CHAINS];
	struct rendezvous_letter letters[LETTERS];
	msec now;
};

static void open_house(struct house *h)
{
	struct rendezvous_tables tables = {
		h->seats, SEATS, h->boxes, BOXES, h->chains, CHAINS, h->letters, LETTERS};

	memset(h, 0xa5, sizeof(*h));
	h->now = 0;
	rng_seed(&h->rng, 1);
	rendezvous_server_init(&h->s, &tables, PER_CLIENT, &h->rng);
	rendezvous_server_set_wall(&h->s, 123456789);
}

static bool feed(struct house *h, uint32_t client, const struct rendezvous_message *m)
{
	struct endpoint from = {.ip = ip_v4(192, 0, 2, (uint8_t)client), .port = 1000};
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	size_t len = rendezvous_write(frame, sizeof(frame), m);

	return rendezvous_server_feed(&h->s, client, &from, bytes_of(frame, len), h->now);
}

static void make_id(uint8_t id[static MAILBOX_LEN], uint32_t n)
{
	memset(id, 0, MAILBOX_LEN);
	store_be32(id, n);
}

static bool do_register(struct house *h, uint32_t client, uint32_t first, uint32_t n,
			uint16_t lifetime)
{
	uint8_t ids[RENDEZVOUS_IDS_MAX][MAILBOX_LEN];
	struct rendezvous_message m = {
		.kind = FRAME_REGISTER, .sequence = 7, .lifetime = lifetime,
		.ids = (const uint8_t (*)[MAILBOX_LEN])ids, .ids_len = n};

	for (uint32_t i = 0; i < n; i++)
		make_id(ids[i], first + i);
	return feed(h, client, &m);
}

/* `text` is somewhere in the envelope. */
static bool do_publish(struct house *h, uint32_t client, uint32_t id, uint8_t text)
{
	uint8_t envelope[LEN] = {ENVELOPE_VERSION};
	struct rendezvous_message m = {.kind = FRAME_PUBLISH, .envelope = {envelope, LEN}};

	make_id(envelope + 1, id);
	envelope[LEN - 1] = text;
	return feed(h, client, &m);
}

/* Nothing more is owed. */
static bool is_silent(struct house *h)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	uint32_t client;

	return rendezvous_server_poll(&h->s, &client, frame) == 0;
}

static void assert_observed(struct house *h, uint32_t client, uint16_t lifetime, uint16_t held)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	struct rendezvous_message m;
	uint32_t to;
	size_t len = rendezvous_server_poll(&h->s, &to, frame);

	assert_true(rendezvous_read(&m, bytes_of(frame, len)));
	assert_int_equal(m.kind, FRAME_OBSERVED);
	assert_int_equal(to, client);
	assert_int_equal(m.sequence, 7);
	assert_int_equal(m.lifetime, lifetime);
	assert_int_equal(m.held, held);
	assert_int_equal(m.limit, PER_CLIENT);
	assert_int_equal(m.time_ms, 123456789);
	assert_int_equal(m.address.ip.bytes[3], client);
}

static void assert_delivered(struct house *h, uint32_t client, uint32_t id, uint8_t text)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX], expected[MAILBOX_LEN];
	struct rendezvous_message m;
	uint32_t to;
	size_t len = rendezvous_server_poll(&h->s, &to, frame);

	assert_true(rendezvous_read(&m, bytes_of(frame, len)));
	assert_int_equal(m.kind, FRAME_DELIVER);
	assert_int_equal(to, client);
	make_id(expected, id);
	assert_memory_equal(envelope_mailbox(m.envelope), expected, MAILBOX_LEN);
	assert_int_equal(m.envelope.len, LEN);
	assert_int_equal(m.envelope.data[LEN - 1], text);
}

static void wait_for(struct house *h, msec wait)
{
	msec end = h->now + wait;

	while (rendezvous_server_due(&h->s) <= end) {
		h->now = rendezvous_server_due(&h->s);
		rendezvous_server_tick(&h->s, h->now);
	}
	h->now = end;
}

/* -- delivering ---------------------------------------------------------- */

static void an_envelope_goes_to_who_registered_its_mailbox(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 2, 300));
	assert_observed(&h, 3, 300, 2);
	assert_true(do_publish(&h, 5, 101, 'x'));
	assert_delivered(&h, 3, 101, 'x');
	assert_true(is_silent(&h));
	assert_true(do_publish(&h, 5, 102, 'y'));	/* nobody's */
	assert_true(is_silent(&h));
}

static void who_comes_later_gets_the_last_one_still(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_true(do_publish(&h, 5, 100, 'y'));
	wait_for(&h, SECONDS(89));
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_delivered(&h, 3, 100, 'y');
	assert_true(is_silent(&h));
}

static void after_ninety_seconds_it_is_gone(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_publish(&h, 5, 100, 'x'));
	wait_for(&h, SECONDS(91));
	assert_int_equal(h.s.boxes_used, 0);
	assert_int_equal(rendezvous_server_due(&h.s), NEVER);
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_true(is_silent(&h));
}

static void a_refresh_does_not_deliver_it_again_but_a_new_session_does(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_delivered(&h, 3, 100, 'x');
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_true(is_silent(&h));

	assert_true(do_register(&h, 4, 100, 1, 300));		/* the same node, back again */
	assert_observed(&h, 4, 300, 1);
	assert_delivered(&h, 4, 100, 'x');
	rendezvous_server_forget(&h.s, 4);
	assert_true(do_register(&h, 4, 100, 1, 300));		/* and its number once more */
	assert_observed(&h, 4, 300, 1);
	assert_delivered(&h, 4, 100, 'x');
}

static void the_newest_registration_counts(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_true(do_register(&h, 4, 100, 1, 300));
	assert_observed(&h, 3, 300, 0);
	assert_observed(&h, 4, 300, 1);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_delivered(&h, 4, 100, 'x');
	rendezvous_server_forget(&h.s, 3);
	assert_true(do_publish(&h, 5, 100, 'y'));
	assert_delivered(&h, 4, 100, 'y');
}

static void what_is_not_fetched_yet_is_replaced(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_true(do_publish(&h, 6, 100, 'y'));
	assert_delivered(&h, 3, 100, 'y');
	assert_true(is_silent(&h));
}

static void a_refresh_before_delivery_does_not_double_it(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 2, 300));
	assert_observed(&h, 3, 300, 2);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_true(do_publish(&h, 5, 101, 'y'));
	assert_true(do_register(&h, 3, 100, 2, 300));
	assert_true(do_register(&h, 3, 100, 2, 300));
	assert_observed(&h, 3, 300, 2);
	assert_delivered(&h, 3, 100, 'x');
	assert_delivered(&h, 3, 101, 'y');
	assert_true(is_silent(&h));
}

static void who_left_before_delivery_gets_nothing(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 1, 300));
	assert_observed(&h, 3, 300, 1);
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_true(do_register(&h, 3, 101, 0, 300));
	rendezvous_server_forget(&h.s, 3);
	assert_true(is_silent(&h));
}

/* -- registrations end --------------------------------------------------- */

static void a_registration_ends_with_its_lifetime(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 2, 60));
	assert_observed(&h, 3, 60, 2);
	h.now = SECONDS(60);			/* the hand has not come by yet */
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_true(is_silent(&h));
	wait_for(&h, SECONDS(152));
	assert_int_equal(h.s.boxes_used, 0);
	assert_int_equal(h.seats[3].boxes, 0);
}

static void a_refresh_prolongs_it(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (int i = 0; i < 20; i++) {
		assert_true(do_register(&h, 3, 100, 1, 60));
		assert_observed(&h, 3, 60, 1);
		wait_for(&h, SECONDS(50));
	}
	assert_true(do_publish(&h, 5, 100, 'x'));
	assert_delivered(&h, 3, 100, 'x');
}

static void nobody_stays_longer_than_ten_minutes(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 1, UINT16_MAX));
	assert_observed(&h, 3, RENDEZVOUS_LIFETIME_MAX, 1);
}

static void a_lifetime_of_0_takes_ids_back_but_only_ones_own(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 3, 300));
	assert_observed(&h, 3, 300, 3);
	assert_true(do_register(&h, 4, 100, 3, 0));
	assert_observed(&h, 4, 0, 0);
	assert_int_equal(h.seats[3].boxes, 3);
	assert_true(do_register(&h, 3, 101, 1, 0));	/* the middle one of the list */
	assert_observed(&h, 3, 0, 2);
	assert_true(do_publish(&h, 5, 101, 'x'));
	assert_true(is_silent(&h));
	assert_true(do_publish(&h, 5, 100, 'y'));
	assert_delivered(&h, 3, 100, 'y');
	assert_true(do_publish(&h, 5, 102, 'z'));
	assert_delivered(&h, 3, 102, 'z');
}

static void who_is_forgotten_leaves_nothing_but_letters(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 5, 300));
	assert_true(do_publish(&h, 3, 200, 'x'));
	rendezvous_server_forget(&h.s, 3);
	assert_true(is_silent(&h));
	assert_int_equal(h.s.boxes_used, 1);
	assert_true(do_register(&h, 4, 200, 1, 300));
	assert_observed(&h, 4, 300, 1);
	assert_delivered(&h, 4, 200, 'x');
	wait_for(&h, SECONDS(400));
	assert_int_equal(h.s.boxes_used, 0);
}

/* -- limits -------------------------------------------------------------- */

static void each_client_has_so_many_boxes(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_true(do_register(&h, 3, 100, 60, 300));
	assert_observed(&h, 3, 300, PER_CLIENT);
	wait_for(&h, SECONDS(200));
	assert_true(do_register(&h, 3, 100, PER_CLIENT, 300));	/* those it has it keeps */
	assert_observed(&h, 3, 300, PER_CLIENT);
	wait_for(&h, SECONDS(200));
	assert_int_equal(h.seats[3].boxes, PER_CLIENT);
	assert_true(do_register(&h, 3, 100, 1, 0));
	assert_observed(&h, 3, 0, PER_CLIENT - 1);
	assert_true(do_register(&h, 3, 150, 2, 300));
	assert_observed(&h, 3, 300, PER_CLIENT);
}

static void each_client_has_so_many_letters_the_oldest_goes(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (uint32_t i = 0; i < 2 * RENDEZVOUS_LETTERS_PER_CLIENT; i++) {
		h.now += 100;
		assert_true(do_publish(&h, 5, 1000 + i, 'x'));
	}
	assert_int_equal(h.seats[5].letters, RENDEZVOUS_LETTERS_PER_CLIENT);
	assert_int_equal(h.s.boxes_used, RENDEZVOUS_LETTERS_PER_CLIENT);
	assert_int_equal(h.s.counters[RENDEZVOUS_LETTER_LOST], RENDEZVOUS_LETTERS_PER_CLIENT);
	assert_true(do_register(&h, 3, 1000 + RENDEZVOUS_LETTERS_PER_CLIENT - 1, 2, 300));
	assert_observed(&h, 3, 300, 2);
	assert_delivered(&h, 3, 1000 + RENDEZVOUS_LETTERS_PER_CLIENT, 'x');
	assert_true(is_silent(&h));
}

static void when_all_letters_are_used_the_oldest_goes(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (uint32_t i = 0; i <= LETTERS; i++) {
		if (i % 3 == 0)
			h.now += 100;
		assert_true(do_publish(&h, i % 3, i, 'x'));
	}
	assert_true(do_register(&h, 7, 0, 2, 300));
	assert_observed(&h, 7, 300, 2);
	assert_delivered(&h, 7, 1, 'x');
	assert_true(is_silent(&h));
}

static void when_all_boxes_are_used_newcomers_wait(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (uint32_t client = 0; client < 6; client++)
		assert_true(do_register(&h, client, client * PER_CLIENT, PER_CLIENT, 60));
	assert_true(do_register(&h, 6, 900, PER_CLIENT, 60));
	assert_int_equal(h.seats[6].boxes, BOXES - 6 * PER_CLIENT);
	assert_false(do_publish(&h, 7, 2000, 'x'));
	assert_true(h.s.counters[RENDEZVOUS_NO_BOX] > 0);
	assert_true(do_publish(&h, 7, 0, 'x'));		/* a box that is there will do */
	rendezvous_server_forget(&h.s, 0);
	assert_true(do_publish(&h, 7, 2000, 'x'));
}

static void ten_messages_a_second_are_heard(void **state)
{
	struct house h;
	unsigned heard = 0;

	(void)state;
	open_house(&h);
	for (h.now = 0; h.now < SECONDS(10); h.now += 5)
		heard += do_publish(&h, 5, 100, 'x');
	assert_in_range(heard, 110, 120);
	assert_int_equal(h.s.counters[RENDEZVOUS_TAKEN] + h.s.counters[RENDEZVOUS_TOO_MANY], 2000);
	assert_true(do_publish(&h, 6, 100, 'x'));	/* another client's share is its own */
}

static void junk_and_words_that_are_not_for_a_server_are_dropped(void **state)
{
	uint8_t envelope[LEN] = {ENVELOPE_VERSION};
	struct rendezvous_message deliver = {.kind = FRAME_DELIVER, .envelope = {envelope, LEN}};
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = 1};
	struct house h;

	(void)state;
	open_house(&h);
	assert_false(feed(&h, 1, &deliver));
	assert_false(rendezvous_server_feed(&h.s, 1, &from, bytes_of("\x06junk", 5), 0));
	assert_false(rendezvous_server_feed(&h.s, 1, &from, bytes_of(NULL, 0), 0));
	assert_int_equal(h.s.counters[RENDEZVOUS_MALFORMED], 3);
	assert_true(is_silent(&h));
}

/* -- many ---------------------------------------------------------------- */

enum { MANY = 1000, MANY_BOXES = 65536, MANY_LETTERS = 1024 };

struct town {
	struct rng rng;
	struct rendezvous_server s;
	struct rendezvous_seat seats[MANY];
	struct rendezvous_box boxes[MANY_BOXES];
	uint32_t chains[MANY_BOXES];
	struct rendezvous_letter letters[MANY_LETTERS];
};

/* All that one can count of the tables agrees. */
static void assert_consistent(const struct town *t)
{
	uint32_t used = 0, letters = 0, of_clients = 0, of_authors = 0, chained = 0;

	for (uint32_t i = 0; i < MANY_BOXES; i++) {
		used += t->boxes[i].client != UINT32_MAX || t->boxes[i].letter != UINT32_MAX;
		letters += t->boxes[i].letter != UINT32_MAX;
		for (uint32_t b = t->chains[i]; b != UINT32_MAX; b = t->boxes[b].chain_next)
			chained++;
	}
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t n = 0;

		for (uint32_t b = t->seats[i].first_box; b != UINT32_MAX; b = t->boxes[b].client_next) {
			assert_int_equal(t->boxes[b].client, i);
			n++;
		}
		assert_int_equal(n, t->seats[i].boxes);
		of_clients += n;
		of_authors += t->seats[i].letters;
	}
	assert_int_equal(used, t->s.boxes_used);
	assert_int_equal(chained, used);
	assert_true(of_clients <= used && letters <= MANY_LETTERS && of_authors <= letters);
}

/* One step of a client that does as it likes. */
static void misbehave(struct town *t, uint32_t client, msec now)
{
	uint8_t ids[RENDEZVOUS_IDS_MAX][MAILBOX_LEN], frame[RENDEZVOUS_FRAME_MAX];
	uint8_t envelope[ENVELOPE_MAX] = {ENVELOPE_VERSION};
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = (uint16_t)client};
	struct rendezvous_message m = {
		.kind = rng_below(&t->rng, 2) ? FRAME_REGISTER : FRAME_PUBLISH,
		.lifetime = (uint16_t)rng_below(&t->rng, 120),
		.ids = (const uint8_t (*)[MAILBOX_LEN])ids,
		.ids_len = rng_below(&t->rng, RENDEZVOUS_IDS_MAX + 1),
		.envelope = {envelope, ENVELOPE_OVERHEAD + 1 + rng_below(&t->rng, 1000)},
	};

	if (rng_below(&t->rng, 50) == 0) {
		rendezvous_server_forget(&t->s, client);
		return;
	}
	for (size_t i = 0; i < m.ids_len; i++)
		make_id(ids[i], rng_below(&t->rng, 200000));
	make_id(envelope + 1, rng_below(&t->rng, 200000));
	rendezvous_server_feed(&t->s, client, &from,
			       bytes_of(frame, rendezvous_write(frame, sizeof(frame), &m)), now);
}

static void a_thousand_wild_clients_stay_within_the_tables(void **state)
{
	struct town *t = calloc(1, sizeof(*t));
	struct rendezvous_tables tables = {t->seats, MANY, t->boxes, MANY_BOXES,
					   t->chains, MANY_BOXES, t->letters, MANY_LETTERS};
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	uint32_t client;
	msec now = 0;

	(void)state;
	rng_seed(&t->rng, 3);
	rendezvous_server_init(&t->s, &tables, 100, &t->rng);
	for (int i = 0; i < 20000; i++) {
		misbehave(t, rng_below(&t->rng, MANY), now);
		if (rng_below(&t->rng, 4) == 0)
			while (rendezvous_server_poll(&t->s, &client, frame))
				assert_true(client < MANY);
		now += rng_below(&t->rng, 20);
		if (now >= rendezvous_server_due(&t->s))
			rendezvous_server_tick(&t->s, now);
		if (i % 2000 == 0)
			assert_consistent(t);
	}
	assert_true(t->s.counters[RENDEZVOUS_DELIVERED] > 100);
	while (rendezvous_server_due(&t->s) != NEVER)
		rendezvous_server_tick(&t->s, rendezvous_server_due(&t->s));
	assert_int_equal(t->s.boxes_used, 0);
	assert_consistent(t);
	free(t);
}

/* -- by tag ---------------------------------------------------------------- */

static void open_relay(struct house *h)
{
	open_house(h);
	rendezvous_server_set_relays(&h->s);
}

/* An id that begins like n's, and goes on otherwise. */
static bool register_alike(struct house *h, uint32_t client, uint32_t n, uint8_t otherwise,
			   uint16_t lifetime)
{
	uint8_t ids[1][MAILBOX_LEN];
	struct rendezvous_message m = {
		.kind = FRAME_REGISTER, .sequence = 7, .lifetime = lifetime,
		.ids = (const uint8_t (*)[MAILBOX_LEN])ids, .ids_len = 1};

	make_id(ids[0], n);
	ids[0][MAILBOX_LEN - 1] = otherwise;
	return feed(h, client, &m);
}

static uint32_t find(struct house *h, uint32_t n)
{
	uint8_t id[MAILBOX_LEN];
	uint32_t client;

	make_id(id, n);
	return rendezvous_server_find(&h->s, id, &client, h->now) ? client : UINT32_MAX;
}

static void who_registered_is_found_by_the_beginning_of_the_id(void **state)
{
	struct house h;

	(void)state;
	open_relay(&h);
	assert_true(do_register(&h, 3, 100, 20, 60));
	assert_true(do_register(&h, 4, 200, 20, 300));
	for (uint32_t i = 0; i < 20; i++) {
		assert_int_equal(find(&h, 100 + i), 3);
		assert_int_equal(find(&h, 200 + i), 4);
	}
	assert_int_equal(find(&h, 300), UINT32_MAX);
	h.now = SECONDS(61);			/* the hand has not come by yet */
	assert_int_equal(find(&h, 100), UINT32_MAX);
	assert_int_equal(find(&h, 200), 4);
	rendezvous_server_forget(&h.s, 4);
	assert_int_equal(find(&h, 200), UINT32_MAX);
}

static void an_envelope_alone_makes_nobody_found(void **state)
{
	struct house h;

	(void)state;
	open_relay(&h);
	assert_true(do_publish(&h, 5, 101, 'x'));
	assert_int_equal(find(&h, 101), UINT32_MAX);
	assert_true(do_register(&h, 3, 101, 1, 60));
	assert_int_equal(find(&h, 101), 3);
}

static void of_two_that_begin_alike_the_first_counts(void **state)
{
	struct house h;

	(void)state;
	open_relay(&h);
	assert_true(register_alike(&h, 3, 100, 1, 60));
	assert_true(register_alike(&h, 4, 100, 2, 300));
	assert_true(register_alike(&h, 5, 100, 3, 300));
	assert_int_equal(h.s.counters[RENDEZVOUS_TAG_TWICE], 2);
	assert_int_equal(find(&h, 100), 3);
	assert_true(register_alike(&h, 4, 100, 2, 300));	/* again: that is no other */
	assert_int_equal(h.s.counters[RENDEZVOUS_TAG_TWICE], 2);
	h.now = SECONDS(61);
	assert_int_equal(find(&h, 100), 4);
	rendezvous_server_forget(&h.s, 4);
	assert_int_equal(find(&h, 100), 5);
}

static void a_client_is_told_that_its_boxes_are_lost(void **state)
{
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 3), .port = 1000};
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	struct rendezvous_message m;
	struct house h;
	uint32_t to;

	(void)state;
	open_relay(&h);
	rendezvous_server_tell(&h.s, 3, &from);
	rendezvous_server_tell(&h.s, 3, &from);
	assert_true(rendezvous_read(&m, bytes_of(frame, rendezvous_server_poll(&h.s, &to, frame))));
	assert_int_equal(to, 3);
	assert_int_equal(m.kind, FRAME_OBSERVED);
	assert_int_equal(m.held, 0);
	assert_int_equal(m.flags, RENDEZVOUS_RELAYS);
	assert_true(endpoint_equal(&m.address, &from));
	assert_true(is_silent(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_envelope_goes_to_who_registered_its_mailbox),
		cmocka_unit_test(who_comes_later_gets_the_last_one_still),
		cmocka_unit_test(after_ninety_seconds_it_is_gone),
		cmocka_unit_test(a_refresh_does_not_deliver_it_again_but_a_new_session_does),
		cmocka_unit_test(the_newest_registration_counts),
		cmocka_unit_test(what_is_not_fetched_yet_is_replaced),
		cmocka_unit_test(a_refresh_before_delivery_does_not_double_it),
		cmocka_unit_test(who_left_before_delivery_gets_nothing),
		cmocka_unit_test(a_registration_ends_with_its_lifetime),
		cmocka_unit_test(a_refresh_prolongs_it),
		cmocka_unit_test(nobody_stays_longer_than_ten_minutes),
		cmocka_unit_test(a_lifetime_of_0_takes_ids_back_but_only_ones_own),
		cmocka_unit_test(who_is_forgotten_leaves_nothing_but_letters),
		cmocka_unit_test(each_client_has_so_many_boxes),
		cmocka_unit_test(each_client_has_so_many_letters_the_oldest_goes),
		cmocka_unit_test(when_all_letters_are_used_the_oldest_goes),
		cmocka_unit_test(when_all_boxes_are_used_newcomers_wait),
		cmocka_unit_test(ten_messages_a_second_are_heard),
		cmocka_unit_test(junk_and_words_that_are_not_for_a_server_are_dropped),
		cmocka_unit_test(a_thousand_wild_clients_stay_within_the_tables),
		cmocka_unit_test(who_registered_is_found_by_the_beginning_of_the_id),
		cmocka_unit_test(an_envelope_alone_makes_nobody_found),
		cmocka_unit_test(of_two_that_begin_alike_the_first_counts),
		cmocka_unit_test(a_client_is_told_that_its_boxes_are_lost),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
