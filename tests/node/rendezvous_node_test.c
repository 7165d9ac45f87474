/* rendezvous_node_test.c -- strangers meet, as many as there is room for, and nobody pays for it. */
#include <malloc.h>
#include <stdio.h>

#include "callers.h"
#include "node/spare.h"
#include "signal/rendezvous_server.h"
#include "stun/message.h"

enum { CALLERS = 24, ALL = CALLERS };

static const uint8_t psk[KEY_LEN] = {1, 2, 3};
static struct hall hall;
static struct caller callers[CALLERS];

/* -- the heap as we watch it: bytes that the project's code has (memory_test.c) ------ */

static size_t live;
static bool no_memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

static void *watched(void *p)
{
	live += p ? malloc_usable_size(p) : 0;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : watched(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : watched(__real_calloc(n, size));
}

void __wrap_free(void *p)
{
	live -= p ? malloc_usable_size(p) : 0;
	__real_free(p);
}

/* -- the stage ----------------------------------------------------------------- */

static void open_for(uint32_t clients, const uint8_t *key)
{
	hall_open(&hall, clients, key);
	for (unsigned i = 0; i < CALLERS; i++)
		caller_init(&hall, &callers[i], i, key);
}

static void close_all(void)
{
	for (unsigned i = 0; i < CALLERS; i++)
		caller_deinit(&callers[i]);
	hall_close(&hall);
}

static uint64_t count(enum node_counter counter)
{
	return rendezvous_node_count(hall.rendezvous, counter);
}

static uint64_t guests(enum guest_counter counter)
{
	return rendezvous_node_guests(hall.rendezvous, counter);
}

static uint32_t known(void)
{
	return rendezvous_node_clients(hall.rendezvous);
}

static void connect_all(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		assert_true(caller_connect(&hall, &callers[i]));
		hall.now += 10;
	}
	hall_poll(&hall, callers, ALL);
}

/* The response comes, and nothing is said under its keys. */
static void knock(struct caller *c)
{
	uint8_t message[148];
	size_t len = caller_initiate(&hall, c, message);

	assert_true(hall_feed(&hall, &c->at, 0, message, len));
	assert_int_equal(hall.answer.len, sizeof(struct message_response));
}

static void keep_alive(struct caller *c)
{
	caller_say(&hall, c, "", 0);
}

static void register_box(struct caller *c, uint8_t box)
{
	caller_register(&hall, c, box);
}

static void publish(struct caller *c, uint8_t box)
{
	caller_publish(&hall, c, box);
}

/* -- what it is for -------------------------------------------------------------- */

static void an_envelope_finds_whoever_registered_its_mailbox(void **state)
{
	struct rendezvous_message m;

	(void)state;
	open_for(8, NULL);
	connect_all(0, 3);
	register_box(&callers[0], 77);
	publish(&callers[1], 77);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[0], FRAME_DELIVER, &m), 1);
	assert_int_equal(m.envelope.len, caller_envelope(77).len);
	assert_memory_equal(m.envelope.data, caller_envelope(77).data, m.envelope.len);
	assert_int_equal(caller_heard(&callers[1], FRAME_DELIVER, &m), 0);
	assert_int_equal(caller_heard(&callers[2], FRAME_DELIVER, &m), 0);
	close_all();
}

static void a_client_is_told_how_it_is_seen_and_what_day_it_is(void **state)
{
	struct rendezvous_message m;

	(void)state;
	open_for(8, NULL);
	connect_all(0, 1);
	register_box(&callers[0], 1);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[0], FRAME_OBSERVED, &m), 1);
	assert_true(endpoint_equal(&m.address, &callers[0].at));
	assert_int_equal(m.time_ms, HALL_WALL / 1000000);
	assert_int_equal(m.held, 1);
	assert_int_equal(m.lifetime, 120);
	close_all();
}

/* Its router has given it another port. */
static void a_client_that_moves_is_followed(void **state)
{
	struct rendezvous_message m;

	(void)state;
	open_for(8, NULL);
	connect_all(0, 2);
	register_box(&callers[0], 5);
	hall_poll(&hall, callers, ALL);
	callers[0].at.port++;
	keep_alive(&callers[0]);
	publish(&callers[1], 5);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[0], FRAME_DELIVER, &m), 1);
	close_all();
}

/* What is registered outlives the keys that it came under. */
static void a_session_that_rekeys_keeps_its_mailboxes(void **state)
{
	struct rendezvous_message m;

	(void)state;
	open_for(8, NULL);
	connect_all(0, 2);
	register_box(&callers[0], 5);
	for (int i = 0; i < 2; i++) {
		hall_pass(&hall, SECONDS(50), callers, ALL);
		connect_all(0, 2);
	}
	publish(&callers[1], 5);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[0], FRAME_DELIVER, &m), 1);
	assert_int_equal(known(), 2);
	close_all();
}

static void data_are_answered_by_an_empty_packet_so_that_silence_means_something(void **state)
{
	(void)state;
	open_for(8, NULL);
	connect_all(0, 1);
	publish(&callers[0], 9);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(callers[0].heard_len, 0);
	hall_pass(&hall, KEEPALIVE_TIMEOUT, callers, ALL);
	assert_int_equal(callers[0].heard_len, 1);
	assert_int_equal(callers[0].heard[0].len, 0);
	close_all();
}

static void it_calls_nobody(void **state)
{
	(void)state;
	open_for(8, NULL);
	connect_all(0, 2);
	register_box(&callers[0], 5);
	hall_poll(&hall, callers, ALL);
	/* the client is gone; hear() would not open anything but data */
	hall_pass(&hall, SECONDS(3600), callers, ALL);
	assert_int_equal(known(), 0);
	assert_int_equal(rendezvous_node_due(hall.rendezvous), NEVER);
	close_all();
}

/* -- who is let in ------------------------------------------------------------------ */

/* Noise_IKpsk2: the response is given before the psk has shown. */
static void without_the_psk_there_is_no_seat_and_no_word(void **state)
{
	struct rendezvous_message m;
	struct caller *stranger = &callers[0];
	uint8_t message[148];
	size_t len;

	(void)state;
	open_for(8, psk);
	caller_deinit(stranger);
	caller_init(&hall, stranger, 0, NULL);
	connect_all(1, 2);
	publish(&callers[1], 5);
	knock(stranger);
	assert_int_equal(caller_conclude(&hall, stranger, message), 0);
	assert_int_equal(known(), 1);
	/* data under keys of its own making */
	len = sizeof(message);
	memset(message, 0, len);
	message[0] = MESSAGE_DATA;
	memcpy(message + 4, ((struct message_response *)hall.answer.bytes)->sender, 4);
	assert_false(hall_feed(&hall, &stranger->at, 0, message, len));
	assert_int_equal(count(COUNT_BAD_DATA), 1);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(stranger->heard_len, 0);
	hall_pass(&hall, GUEST_PATIENCE + 1, callers, ALL);
	assert_int_equal(guests(GUEST_UNPROVEN), 1);
	assert_int_equal(known(), 1);

	register_box(&callers[1], 5);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[1], FRAME_DELIVER, &m), 1);
	close_all();
}

static void a_wrong_psk_is_none(void **state)
{
	static const uint8_t other[KEY_LEN] = {3, 2, 1};

	(void)state;
	open_for(8, psk);
	caller_deinit(&callers[0]);
	caller_init(&hall, &callers[0], 0, other);
	assert_false(caller_connect(&hall, &callers[0]));
	assert_true(caller_connect(&hall, &callers[1]));
	assert_int_equal(known(), 1);
	close_all();
}

static void a_replayed_initiation_changes_nothing(void **state)
{
	uint8_t old[148], ignored[148];
	struct endpoint elsewhere = {.ip = ip_v4(203, 0, 113, 1), .port = 1};
	struct rendezvous_message m;
	size_t len;

	(void)state;
	open_for(8, NULL);
	len = caller_initiate(&hall, &callers[0], old);
	hall_feed(&hall, &callers[0].at, 0, old, len);
	assert_true(caller_conclude(&hall, &callers[0], ignored) > 0);
	register_box(&callers[0], 5);
	connect_all(1, 2);
	hall.now += 1000;
	assert_false(hall_feed(&hall, &elsewhere, 0, old, len));
	assert_int_equal(count(COUNT_REPLAYED_INITIATION), 1);
	publish(&callers[1], 5);
	hall_poll(&hall, callers, ALL);		/* to where it was */
	assert_int_equal(caller_heard(&callers[0], FRAME_DELIVER, &m), 1);
	close_all();
}

/* When it is gone, its initiation may be played again: that makes a newcomer, no more. */
static void a_replay_for_one_who_is_gone_gets_no_seat(void **state)
{
	uint8_t old[148];
	size_t len;

	(void)state;
	open_for(8, NULL);
	len = caller_initiate(&hall, &callers[0], old);
	hall_feed(&hall, &callers[0].at, 0, old, len);
	hall_pass(&hall, SECONDS(300), callers, ALL);
	assert_true(hall_feed(&hall, &callers[1].at, 0, old, len));
	assert_int_equal(known(), 0);
	hall_pass(&hall, GUEST_PATIENCE + 1, callers, ALL);
	assert_int_equal(guests(GUEST_UNPROVEN), 2);
	close_all();
}

static void who_has_no_room_is_turned_away_while_all_are_active(void **state)
{
	uint8_t message[148];
	size_t len;

	(void)state;
	open_for(4, NULL);
	connect_all(0, 4);
	hall.now += GUEST_SILENCE - 1000;
	len = caller_initiate(&hall, &callers[4], message);
	assert_false(hall_feed(&hall, &callers[4].at, 0, message, len));
	assert_int_equal(guests(GUEST_TURNED_AWAY), 1);
	assert_int_equal(known(), 4);
	/* nobody had to say so: the tick was late */
	hall.now += 1001;
	assert_true(hall_feed(&hall, &callers[4].at, 0, message, len));
	assert_true(known() < 4);
	close_all();
}

static void the_oldest_newcomer_goes_first_and_never_one_that_is_known(void **state)
{
	uint8_t message[148];
	size_t len;

	(void)state;
	open_for(4, NULL);
	connect_all(0, 2);
	knock(&callers[2]);
	hall.now += 10;
	knock(&callers[3]);
	hall.now += 10;
	knock(&callers[4]);		/* pushes 2 out */
	assert_int_equal(guests(GUEST_PUSHED_OUT), 1);
	len = caller_conclude(&hall, &callers[4], message);
	hall_feed(&hall, &callers[4].at, 0, message, len);
	assert_int_equal(known(), 3);
	/* 3 is still there, 2 is not */
	hall.now += 10;
	knock(&callers[5]);		/* pushes 3 out */
	knock(&callers[6]);		/* pushes 5 out */
	assert_int_equal(guests(GUEST_PUSHED_OUT), 3);
	len = caller_conclude(&hall, &callers[6], message);
	hall_feed(&hall, &callers[6].at, 0, message, len);
	assert_int_equal(known(), 4);
	len = caller_initiate(&hall, &callers[7], message);
	assert_false(hall_feed(&hall, &callers[7].at, 0, message, len));
	assert_int_equal(known(), 4);
	hall_poll(&hall, callers, ALL);
	close_all();
}

/* An initiation that does not prove who it is from makes no room for itself. */
static void who_does_not_prove_himself_pushes_nobody_out(void **state)
{
	struct cookie_jar jar;
	uint8_t message[148];
	size_t len;

	(void)state;
	open_for(2, NULL);
	connect_all(0, 1);
	knock(&callers[1]);
	len = caller_initiate(&hall, &callers[2], message);
	((struct message_initiation *)message)->timestamp[3] ^= 1;
	cookie_jar_init(&jar, rendezvous_node_public_key(hall.rendezvous));
	cookie_jar_sign(&jar, message, len, hall.now);
	assert_false(hall_feed(&hall, &callers[2].at, 0, message, len));
	assert_int_equal(count(COUNT_BAD_HANDSHAKE), 1);
	assert_int_equal(guests(GUEST_PUSHED_OUT), 0);
	close_all();
}

static void a_seat_that_is_left_is_clean_for_the_next(void **state)
{
	struct rendezvous_message m;

	(void)state;
	open_for(1, NULL);
	connect_all(0, 1);
	register_box(&callers[0], 5);
	hall_pass(&hall, GUEST_SILENCE + 1, callers, ALL);
	connect_all(1, 2);
	register_box(&callers[1], 6);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[1], FRAME_OBSERVED, &m), 1);
	assert_int_equal(m.held, 1);
	publish(&callers[1], 5);
	hall_poll(&hall, callers, ALL);
	assert_int_equal(caller_heard(&callers[1], FRAME_DELIVER, &m), 0);
	close_all();
}

/* -- what is not taken ------------------------------------------------------------- */

static void packets_of_a_network_are_not_taken(void **state)
{
	static const uint8_t ip_packet[20] = {0x45, [3] = 20};

	(void)state;
	open_for(8, NULL);
	connect_all(0, 1);
	caller_say(&hall, &callers[0], ip_packet, sizeof(ip_packet));
	assert_int_equal(count(COUNT_BAD_SIGNAL), 1);
	close_all();
}

static void a_client_that_talks_too_much_is_not_heard(void **state)
{
	(void)state;
	open_for(8, NULL);
	connect_all(0, 1);
	for (int i = 0; i < 100; i++)
		publish(&callers[0], 1);
	assert_int_equal(count(COUNT_BAD_SIGNAL), 100 - RENDEZVOUS_BURST);
	close_all();
}

static void data_for_old_keys_are_dropped(void **state)
{
	uint8_t buffer[HALL_BUFFER];
	struct packet late = packet_in(buffer, sizeof(buffer), HEADROOM, 4);

	(void)state;
	open_for(8, NULL);
	connect_all(0, 1);
	memset(late.data, 0, 4);
	assert_int_equal(session_seal(&callers[0].session, &late, 1, HALL_BUFFER, hall.now), 1);
	hall.now += SECONDS(10);
	connect_all(0, 1);
	hall_pass(&hall, GUEST_OLD_KEYS - 1000, callers, ALL);
	assert_int_equal(count(COUNT_UNKNOWN_INDEX), 0);
	hall_pass(&hall, 2000, callers, ALL);
	assert_false(hall_feed(&hall, &callers[0].at, 0, late.data, late.len));
	assert_int_equal(count(COUNT_UNKNOWN_INDEX), 1);
	close_all();
}

/* What strangers may send: for each there is no answer, or one that is not longer. */
static void outside_a_session_no_more_bytes_go_out_than_came_in(void **state)
{
	static const struct {
		uint8_t head[4];
		size_t len;
		enum node_counter counter;
	} rows[] = {
		{{1}, 148, COUNT_BAD_MAC1}, {{2}, 92, COUNT_UNEXPECTED_HANDSHAKE},
		{{3}, 64, COUNT_UNEXPECTED_HANDSHAKE}, {{4}, 32, COUNT_UNKNOWN_INDEX},
		{{4}, 1400, COUNT_UNKNOWN_INDEX}, {{0x40}, 100, COUNT_UNKNOWN_DATAGRAM},
		/* of another suite: a rendezvous has WireGuard's alone */
		{{1, 1, 2, 2}, 148, COUNT_UNSUPPORTED}, {{2, 1}, 92, COUNT_UNEXPECTED_HANDSHAKE},
		{{4, 1}, 100, COUNT_UNKNOWN_INDEX}, {{1, 1}, 148, COUNT_UNKNOWN_DATAGRAM},
		{{1}, 147, COUNT_UNKNOWN_DATAGRAM}, {{255, 9}, 1, COUNT_UNKNOWN_DATAGRAM},
		{{0}, 0, COUNT_UNKNOWN_DATAGRAM},
	};
	uint8_t bytes[1400];

	(void)state;
	open_for(8, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t before = count(rows[i].counter);

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, rows[i].head, sizeof(rows[i].head));
		assert_false(hall_feed(&hall, &callers[0].at, 0, bytes, rows[i].len));
		assert_int_equal(count(rows[i].counter), before + 1);
		/* on the port for STUN there is nothing else */
		before = count(COUNT_UNSUPPORTED);
		assert_false(hall_feed(&hall, &callers[0].at, 1, bytes, rows[i].len));
		assert_int_equal(count(COUNT_UNSUPPORTED), before + 1);
	}
	assert_int_equal(hall_pass(&hall, SECONDS(60), callers, ALL), 0);
	knock(&callers[1]);
	assert_true(hall.answer.len < 148);
	assert_int_equal(hall_pass(&hall, SECONDS(600), callers, ALL), 0);
	close_all();
}

static struct bytes stun_request(uint8_t *out, size_t len, uint32_t change)
{
	static const uint8_t id[STUN_ID_LEN] = {1};
	struct writer w = writer_over(out, 256);

	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	if (change)
		stun_put_u32(&w, ATTR_CHANGE_REQUEST, change);
	stun_pad(&w, len);
	return stun_finish(&w);
}

static void both_ports_answer_stun_and_stand_in_for_each_other(void **state)
{
	uint8_t out[256];
	struct bytes request = stun_request(out, 80, 0);
	struct endpoint other;
	struct stun_msg msg;

	(void)state;
	open_for(8, NULL);
	for (uint16_t via = 0; via < 2; via++) {
		assert_true(hall_feed(&hall, &callers[0].at, via, request.data, request.len));
		assert_int_equal(hall.answer.via, via);
		assert_true(hall.answer.len <= request.len);
		assert_true(stun_parse(&msg, bytes_of(hall.answer.bytes, hall.answer.len)));
		assert_true(stun_get_address(&msg, ATTR_OTHER_ADDRESS, &other));
		assert_int_equal(other.port, via ? HALL_PORT : HALL_STUN_PORT);
	}
	request = stun_request(out, 80, 2);
	for (uint16_t via = 0; via < 2; via++) {
		assert_true(hall_feed(&hall, &callers[0].at, via, request.data, request.len));
		assert_int_equal(hall.answer.via, via ^ 1);
	}
	close_all();
}

/* -- floods ------------------------------------------------------------------------ */

/* Handshakes that are right, from 64 keys in turn, 100,000 in a second: we are under
 * load at once, and all but the first get a cookie. */
static void a_flood_of_100000_initiations_costs_no_memory(void **state)
{
	enum { KEYS = 16, TIMES = 100000 };
	uint8_t messages[KEYS][148];
	size_t before, most = 0;

	(void)state;
	open_for(16, NULL);
	connect_all(KEYS, KEYS + 4);
	for (unsigned i = 0; i < KEYS; i++)
		caller_initiate(&hall, &callers[i], messages[i]);
	before = live;
	for (unsigned i = 0; i < TIMES; i++) {
		struct endpoint from = {.ip = ip_v4(203, 0, (uint8_t)(i >> 8), (uint8_t)i),
					.port = 5};

		hall_feed(&hall, &from, 0, messages[i % KEYS], 148);
		hall.now += i % 100 == 0;
		most = live > most ? live : most;
	}
	assert_true(hall.bytes_out < hall.bytes_in);
	assert_true(count(COUNT_COOKIE_SENT) > TIMES * 9 / 10);
	/* one keypair for each newcomer, some spare, and a longer table of indices */
	assert_true(most - before <=
		    (16 + SPARE_KEYPAIRS) * (sizeof(struct keypair) + 16) + 4096);
	assert_int_equal(known(), 4);
	for (unsigned i = KEYS; i < KEYS + 4; i++)
		keep_alive(&callers[i]);
	hall_pass(&hall, SECONDS(30), callers, ALL);
	assert_int_equal(known(), 4);
	close_all();
}

/* Slowly enough that nobody asks for cookies, each with a key of its own. */
static void newcomers_that_never_speak_take_no_more_than_the_table(void **state)
{
	struct caller *c = &callers[5];
	size_t before;

	(void)state;
	open_for(16, NULL);
	connect_all(0, 2);
	before = live;
	for (unsigned i = 0; i < 1000; i++) {
		caller_deinit(c);
		caller_init(&hall, c, 100 + i, NULL);
		knock(c);
		hall.now += 10;
		if (i % 100 == 0) {
			keep_alive(&callers[0]);
			keep_alive(&callers[1]);
		}
	}
	assert_int_equal(known(), 2);
	assert_true(live - before <= 16 * (sizeof(struct keypair) + 16) + 4096);
	hall_pass(&hall, GUEST_PATIENCE + 1, callers, ALL);
	rendezvous_node_tick(hall.rendezvous, hall.now);
	assert_true(live - before <= 10 * (sizeof(struct keypair) + 16) + 4096);
	close_all();
}

/* One after the other, as one struct caller is large; the hall keeps them apart by key.
 * Twice each, because new keys come beside the old ones for a while. */
static void a_client_costs_two_and_a_half_kilobytes(void **state)
{
	enum { MANY = 512 };
	size_t before, each;

	(void)state;
	open_for(MANY, NULL);
	before = live;
	for (unsigned i = 0; i < MANY; i++) {
		caller_deinit(&callers[0]);
		caller_init(&hall, &callers[0], 100 + i, NULL);
		assert_true(caller_connect(&hall, &callers[0]));
		hall.now += 25;
		caller_restart(&hall, &callers[0], NULL);
		assert_true(caller_connect(&hall, &callers[0]));
		hall.now += 25;
	}
	hall_pass(&hall, GUEST_OLD_KEYS + 1, callers, ALL);
	assert_int_equal(known(), MANY);
	each = (live - before) / MANY + sizeof(struct guest) + sizeof(struct rendezvous_seat) +
	       sizeof(struct heap_node *) + sizeof(uint32_t);
	print_message("a client costs %zu bytes\n", each);
	assert_true(each <= 2560);
	close_all();
}

static void without_memory_nobody_is_let_in_and_nothing_breaks(void **state)
{
	uint8_t message[148];
	size_t len;

	(void)state;
	open_for(8, NULL);
	len = caller_initiate(&hall, &callers[0], message);
	no_memory = true;
	assert_false(hall_feed(&hall, &callers[0].at, 0, message, len));
	no_memory = false;
	assert_int_equal(count(COUNT_NO_MEMORY), 1);
	assert_true(hall_feed(&hall, &callers[0].at, 0, message, len));
	close_all();
}

static void without_memory_it_is_not_made(void **state)
{
	struct rendezvous_listener listener = {1, 2};
	struct rendezvous_node_settings settings = {
		.private_key = {1}, .clients_max = 1, .listeners = &listener, .listeners_len = 1};

	(void)state;
	rng_seed(&hall.rng, 1);
	no_memory = true;
	assert_null(rendezvous_node_new(&settings, &hall.rng, 0));
	no_memory = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_envelope_finds_whoever_registered_its_mailbox),
		cmocka_unit_test(a_client_is_told_how_it_is_seen_and_what_day_it_is),
		cmocka_unit_test(a_client_that_moves_is_followed),
		cmocka_unit_test(a_session_that_rekeys_keeps_its_mailboxes),
		cmocka_unit_test(data_are_answered_by_an_empty_packet_so_that_silence_means_something),
		cmocka_unit_test(it_calls_nobody),
		cmocka_unit_test(without_the_psk_there_is_no_seat_and_no_word),
		cmocka_unit_test(a_wrong_psk_is_none),
		cmocka_unit_test(a_replayed_initiation_changes_nothing),
		cmocka_unit_test(a_replay_for_one_who_is_gone_gets_no_seat),
		cmocka_unit_test(who_has_no_room_is_turned_away_while_all_are_active),
		cmocka_unit_test(the_oldest_newcomer_goes_first_and_never_one_that_is_known),
		cmocka_unit_test(who_does_not_prove_himself_pushes_nobody_out),
		cmocka_unit_test(a_seat_that_is_left_is_clean_for_the_next),
		cmocka_unit_test(packets_of_a_network_are_not_taken),
		cmocka_unit_test(a_client_that_talks_too_much_is_not_heard),
		cmocka_unit_test(data_for_old_keys_are_dropped),
		cmocka_unit_test(outside_a_session_no_more_bytes_go_out_than_came_in),
		cmocka_unit_test(both_ports_answer_stun_and_stand_in_for_each_other),
		cmocka_unit_test(a_flood_of_100000_initiations_costs_no_memory),
		cmocka_unit_test(newcomers_that_never_speak_take_no_more_than_the_table),
		cmocka_unit_test(a_client_costs_two_and_a_half_kilobytes),
		cmocka_unit_test(without_memory_nobody_is_let_in_and_nothing_breaks),
		cmocka_unit_test(without_memory_it_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
