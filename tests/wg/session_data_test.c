/* session_data_test.c -- sealing and opening: bytes, bursts, replays, limits. */
#include "world.h"

#include "vectors.h"

static struct world w;
static struct side *const a = &w.side[A], *const b = &w.side[B];

static int begin(void **state)
{
	(void)state;
	world_init(&w, 2);
	world_handshake(&w);
	world_run(&w, 1000);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_deinit(&w);
	return 0;
}

static enum session_verdict deliver(int to, const struct message *m)
{
	return world_deliver(&w, to, m->bytes, m->len);
}

/* -- the bytes ----------------------------------------------------------- */

/* The keys, indices and messages come from an independent implementation. */
static void load_known_keys(struct keypair *kp)
{
	uint8_t key[KEY_LEN];

	aead_key_wipe(&kp->send);
	from_hex(key, KEY_LEN, "5f075f069554f345e5fb51f218db2396505fb732ea3a6bbc7b89a74db3264eaf");
	assert_true(aead_key_init(&kp->send, AEAD_CHACHA20POLY1305, key));
	kp->remote_index = 0x0a0b0c0d;
	kp->send_counter = 0;
}

static void messages_are_the_known_ones_byte_by_byte(void **state)
{
	static const char keepalive[] =
		"04000000 0d0c0b0a 0000000000000000"	/* type, receiver, counter */
		"ed8681812449bd535494a6c3bc2ff983";	/* tag */
	static const char data[] =
		"04000000 0d0c0b0a 0100000000000000"
		"1825e328c19c589000974d9c6746bccfb96743c10817862f11e3b753fd9ca2f4"
		"4e750f1d727e598d6502475c354d5cc3";
	uint8_t expected[64], room[96] = {0};
	struct packet p = packet_in(room, sizeof(room), 16, 0);

	(void)state;
	load_known_keys(a->session.current);
	assert_int_equal(session_seal(&a->session, &p, 1, MTU, w.now), 1);
	assert_int_equal(p.len, from_hex(expected, sizeof(expected), keepalive));
	assert_memory_equal(p.data, expected, p.len);

	p = packet_in(room, sizeof(room), 16, 28);	/* 28 bytes, padded to 32 */
	memset(room, 0xee, sizeof(room));
	from_hex(p.data, 28, "450000140000000000000000000000000a080001 0000000000000000");
	assert_int_equal(session_seal(&a->session, &p, 1, MTU, w.now), 1);
	assert_int_equal(p.len, from_hex(expected, sizeof(expected), data));
	assert_memory_equal(p.data, expected, p.len);
}

static void packets_are_padded_to_16_bytes_but_never_above_the_mtu(void **state)
{
	static const struct {
		size_t len, mtu, padded;
	} cases[] = {
		{0, 1400, 0},	    {1, 1400, 16},	{15, 1400, 16},	    {16, 1400, 16},
		{17, 1400, 32},	    {1392, 1400, 1392}, {1393, 1400, 1400}, {1400, 1400, 1400},
		{1401, 1400, 1408}, {9, 10, 10},	{10, 10, 10},
	};
	uint8_t room[1500];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct packet p = packet_in(room, sizeof(room), 16, cases[i].len);

		memset(room, 0xee, sizeof(room));
		assert_int_equal(session_seal(&a->session, &p, 1, cases[i].mtu, w.now), 1);
		assert_int_equal(p.len, 32 + cases[i].padded);
		assert_ptr_equal(p.data, room);
	}
}

static void opened_packets_keep_their_padding_which_is_zero(void **state)
{
	uint8_t room[128];
	struct packet p = packet_in(room, sizeof(room), 16, 20);
	enum session_verdict verdict;

	(void)state;
	memset(room, 0xee, sizeof(room));
	session_seal(&a->session, &p, 1, MTU, w.now);
	session_open(&b->session, &p, &verdict, 1, w.now);
	assert_int_equal(verdict, SESSION_OK);
	assert_int_equal(p.len, 32);
	assert_ptr_equal(p.data, room + 16);
	for (size_t i = 0; i < 32; i++)
		assert_int_equal(p.data[i], i < 20 ? 0xee : 0);
}

/* -- bursts -------------------------------------------------------------- */

enum { SLOT = 128 };

static uint8_t slots[BURST_MAX][SLOT];

/* Packet i says i, and is i % 40 bytes longer than that. */
static void make_burst(struct packet *burst, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		burst[i] = packet_in(slots[i], SLOT, 16, 1 + i % 40);
		memset(burst[i].data, (int)i, burst[i].len);
	}
}

static void seal_burst(int from, struct packet *burst, size_t n)
{
	make_burst(burst, n);
	assert_int_equal(session_seal(&w.side[from].session, burst, n, MTU, w.now), n);
}

static void a_full_burst_comes_out_as_it_went_in(void **state)
{
	struct packet burst[BURST_MAX];
	enum session_verdict verdicts[BURST_MAX];

	(void)state;
	seal_burst(A, burst, BURST_MAX);
	session_open(&b->session, burst, verdicts, BURST_MAX, w.now);
	for (size_t i = 0; i < BURST_MAX; i++) {
		assert_int_equal(verdicts[i], SESSION_OK);
		assert_int_equal(burst[i].data[0], i);
	}
}

static void a_packet_that_is_twice_in_a_burst_is_taken_once(void **state)
{
	struct packet burst[6];
	enum session_verdict verdicts[6];

	(void)state;
	seal_burst(A, burst, 3);
	for (size_t i = 3; i < 6; i++) {
		memcpy(slots[i], slots[i - 3], SLOT);
		burst[i] = packet_in(slots[i], SLOT, 0, burst[i - 3].len);
	}
	session_open(&b->session, burst, verdicts, 6, w.now);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(verdicts[i], i < 3 ? SESSION_OK : SESSION_REPLAYED);
}

/* What is wrong is told one by one, and does not spoil what lies beside it. */
static void each_packet_of_a_burst_is_judged_alone(void **state)
{
	static const enum session_verdict expected[] = {
		SESSION_OK, SESSION_BAD, SESSION_OK, SESSION_BAD,
		SESSION_OK, SESSION_UNEXPECTED, SESSION_EXPIRED, SESSION_OK,
	};
	struct packet burst[8];
	enum session_verdict verdicts[8];

	(void)state;
	seal_burst(A, burst, 8);
	burst[1].data[20] ^= 1;
	burst[3].len = MESSAGE_DATA_MIN - 1;
	burst[5].data[4] ^= 1;
	memset(burst[6].data + 8, 0xff, 8);
	session_open(&b->session, burst, verdicts, 8, w.now);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(verdicts[i], expected[i]);
		if (verdicts[i] == SESSION_OK)
			assert_int_equal(burst[i].data[0], i);
	}
}

static void a_burst_across_a_rekey_opens_with_both_keys(void **state)
{
	struct packet burst[9];
	enum session_verdict verdicts[9];

	(void)state;
	seal_burst(A, burst, 6);
	world_run(&w, REKEY_TIMEOUT);
	world_handshake(&w);
	for (size_t i = 6; i < 9; i++) {
		burst[i] = packet_in(slots[i], SLOT, 16, 1);
		slots[i][16] = (uint8_t)i;
	}
	assert_int_equal(session_seal(&a->session, burst + 6, 3, MTU, w.now), 3);
	for (size_t i = 0; i < 3; i++) {
		struct packet swapped = burst[2 * i];

		burst[2 * i] = burst[6 + i];
		burst[6 + i] = swapped;
	}
	session_open(&b->session, burst, verdicts, 9, w.now);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(verdicts[i], SESSION_OK);
	assert_int_equal(burst[0].data[0], 6);
	assert_int_equal(burst[1].data[0], 1);
	assert_int_equal(burst[8].data[0], 4);
}

static void the_first_burst_with_new_keys_confirms_them(void **state)
{
	struct packet burst[4];
	enum session_verdict verdicts[4];
	struct keypair *old = b->session.current, *fresh;

	(void)state;
	world_run(&w, REKEY_TIMEOUT);
	w.lose[B] = 1 << MESSAGE_DATA;
	session_want_handshake(&a->session, w.now);
	world_run(&w, 1000);
	fresh = b->session.next;
	assert_non_null(fresh);
	assert_ptr_equal(b->session.current, old);
	seal_burst(A, burst, 4);
	session_open(&b->session, burst, verdicts, 4, w.now);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(verdicts[i], SESSION_OK);
	assert_ptr_equal(b->session.current, fresh);
	assert_ptr_equal(b->session.previous, old);
	assert_null(b->session.next);
	assert_int_equal(b->session.last_handshake, w.now);
}

static void sealing_nothing_changes_nothing(void **state)
{
	struct timers before = a->session.timers;

	(void)state;
	assert_int_equal(session_seal(&a->session, NULL, 0, MTU, w.now), 0);
	assert_memory_equal(&before, &a->session.timers, sizeof(before));
}

/* -- replays and late packets -------------------------------------------- */

static void no_message_is_ever_taken_twice(void **state)
{
	enum { KEPT = 5000, TIMES = 20 };
	static uint8_t kept[KEPT][64];
	struct message m;

	(void)state;
	for (size_t i = 0; i < KEPT; i++) {
		world_seal(&w, A, &m, 24);
		assert_int_equal(m.len, sizeof(kept[i]));
		memcpy(kept[i], m.bytes, m.len);
		assert_int_equal(deliver(B, &m), SESSION_OK);
	}
	for (size_t i = 0; i < KEPT * TIMES; i++)
		assert_int_equal(world_deliver(&w, B, kept[i % KEPT], sizeof(kept[0])),
				 SESSION_REPLAYED);
	assert_int_equal(b->data_got, KEPT);
}

static void a_replay_is_refused_before_it_costs_an_aead(void **state)
{
	struct message m;

	(void)state;
	world_seal(&w, A, &m, 24);
	assert_int_equal(deliver(B, &m), SESSION_OK);
	m.bytes[m.len - 1] ^= 1;
	assert_int_equal(deliver(B, &m), SESSION_REPLAYED);
}

static void any_order_within_8000_loses_nothing(void **state)
{
	enum { MANY = 8000 };
	static uint8_t kept[MANY][64];
	static size_t order[MANY];
	struct message m;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		size_t j = rng_below(&w.rng, (uint32_t)i + 1);

		world_seal(&w, A, &m, 24);
		memcpy(kept[i], m.bytes, m.len);
		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < MANY; i++)
		world_deliver(&w, B, kept[order[i]], sizeof(kept[0]));
	assert_int_equal(b->data_got, MANY);
}

static void what_is_later_than_the_window_is_refused(void **state)
{
	struct message late, edge, m;

	(void)state;
	world_seal(&w, A, &late, 24);
	world_seal(&w, A, &edge, 24);
	a->session.current->send_counter += REPLAY_WINDOW - 1;
	world_seal(&w, A, &m, 24);
	assert_int_equal(deliver(B, &m), SESSION_OK);
	assert_int_equal(deliver(B, &late), SESSION_REPLAYED);
	assert_int_equal(deliver(B, &edge), SESSION_OK);
}

static void a_late_packet_opens_with_the_previous_keys_and_not_with_older_ones(void **state)
{
	struct message first, second;

	(void)state;
	world_seal(&w, A, &first, 24);
	world_seal(&w, A, &second, 24);
	world_run(&w, REKEY_TIMEOUT);
	world_handshake(&w);
	assert_int_equal(deliver(B, &first), SESSION_OK);
	world_run(&w, REKEY_TIMEOUT);
	world_handshake(&w);
	assert_int_equal(deliver(B, &second), SESSION_UNEXPECTED);
}

/* -- forgeries ----------------------------------------------------------- */

static void every_flipped_bit_is_refused_and_the_true_message_still_taken(void **state)
{
	struct session before = b->session;
	struct keypair keys = *b->session.current;
	struct message m;

	(void)state;
	world_seal(&w, A, &m, 24);
	for (size_t bit = 8 * 4; bit < 8 * m.len; bit++) {	/* the type is the demux's */
		struct message bad = m;

		bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(deliver(B, &bad), SESSION_OK);
	}
	assert_memory_equal(&before, &b->session, sizeof(before));
	assert_memory_equal(&keys, b->session.current, sizeof(keys));
	assert_int_equal(deliver(B, &m), SESSION_OK);
}

static void every_truncation_is_refused(void **state)
{
	struct message m;

	(void)state;
	world_seal(&w, A, &m, 24);
	for (size_t len = 0; len < m.len; len++) {
		uint8_t *copy = test_malloc(len + 1);
		struct packet p = packet_in(copy, len, 0, len);
		enum session_verdict verdict;

		memcpy(copy, m.bytes, len);
		session_open(&b->session, &p, &verdict, 1, w.now);
		assert_int_equal(verdict, SESSION_BAD);
		test_free(copy);
	}
}

/* -- limits -------------------------------------------------------------- */

static void old_keys_open_nothing(void **state)
{
	struct message m;

	(void)state;
	world_seal(&w, A, &m, 24);
	w.now = b->session.current->born + REJECT_AFTER_TIME - 1;
	assert_int_equal(deliver(B, &m), SESSION_OK);
	w.now++;
	world_deliver(&w, B, m.bytes, m.len);
	assert_int_equal(deliver(B, &m), SESSION_EXPIRED);
}

static void old_keys_seal_nothing_and_new_ones_are_wanted(void **state)
{
	uint8_t room[64] = {0};
	struct packet p = packet_in(room, sizeof(room), 16, 8);

	(void)state;
	w.now = b->session.current->born + REJECT_AFTER_TIME;
	assert_int_equal(session_seal(&b->session, &p, 1, MTU, w.now), 0);
	assert_int_equal(p.len, 8);
	assert_true(b->session.owes_initiation);
}

static void a_key_seals_no_more_than_its_count(void **state)
{
	struct packet burst[4];
	enum session_verdict verdicts[4];

	(void)state;
	w.now += REKEY_TIMEOUT;
	a->session.current->send_counter = REJECT_AFTER_MESSAGES - 2;
	make_burst(burst, 4);
	assert_int_equal(session_seal(&a->session, burst, 4, MTU, w.now), 2);
	assert_int_equal(burst[2].len, 3);
	assert_true(a->session.owes_initiation);
	assert_false(session_may_send(&a->session, w.now));
	session_open(&b->session, burst, verdicts, 2, w.now);
	assert_int_equal(verdicts[0], SESSION_OK);
	assert_int_equal(verdicts[1], SESSION_OK);
}

static void a_counter_at_the_limit_is_refused(void **state)
{
	struct message m;

	(void)state;
	a->session.current->send_counter = REJECT_AFTER_MESSAGES - 1;
	world_seal(&w, A, &m, 24);
	assert_int_equal(deliver(B, &m), SESSION_OK);
	assert_int_equal(deliver(B, &m), SESSION_EXPIRED);
	store_le64(m.bytes + 8, REJECT_AFTER_MESSAGES);
	assert_int_equal(deliver(B, &m), SESSION_EXPIRED);
}

static void a_great_many_messages_make_either_role_rekey(void **state)
{
	struct message m;

	(void)state;
	w.now += REKEY_TIMEOUT;
	for (int i = 0; i < SIDES; i++) {
		struct session *s = &w.side[i].session;

		s->current->send_counter = REKEY_AFTER_MESSAGES - 1;
		world_seal(&w, i, &m, 24);
		assert_false(s->owes_initiation);
		world_seal(&w, i, &m, 24);
		assert_true(s->owes_initiation);
	}
}

static void age_makes_only_the_initiator_rekey(void **state)
{
	struct message m;

	(void)state;
	w.now = a->session.current->born + REKEY_AFTER_TIME - 1;
	world_seal(&w, A, &m, 24);
	assert_false(a->session.owes_initiation);
	w.now++;
	world_seal(&w, A, &m, 24);
	assert_true(a->session.owes_initiation);
	w.now += REJECT_AFTER_TIME - REKEY_AFTER_TIME - 1000;
	world_seal(&w, B, &m, 24);
	assert_false(b->session.owes_initiation);
}

/* -- what a packet does to the timers ------------------------------------ */

static void data_arms_and_a_keepalive_does_not(void **state)
{
	struct message m;

	(void)state;
	timers_any_authenticated_sent(&b->session.timers);
	timers_any_authenticated_received(&a->session.timers);
	world_seal(&w, A, &m, 0);
	assert_true(a->session.timers.new_handshake == NEVER);
	assert_int_equal(deliver(B, &m), SESSION_OK);
	assert_true(b->session.timers.keepalive == NEVER);

	world_seal(&w, A, &m, 24);
	assert_true(a->session.timers.new_handshake != NEVER);
	assert_int_equal(deliver(B, &m), SESSION_OK);
	assert_int_equal(b->session.timers.keepalive, w.now + KEEPALIVE_TIMEOUT);
}

static void data_makes_an_owed_keepalive_needless(void **state)
{
	struct message m;

	(void)state;
	a->session.owes_keepalive = true;
	world_seal(&w, A, &m, 24);
	assert_false(a->session.owes_keepalive);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(messages_are_the_known_ones_byte_by_byte),
		CLAIM(packets_are_padded_to_16_bytes_but_never_above_the_mtu),
		CLAIM(opened_packets_keep_their_padding_which_is_zero),
		CLAIM(a_full_burst_comes_out_as_it_went_in),
		CLAIM(a_packet_that_is_twice_in_a_burst_is_taken_once),
		CLAIM(each_packet_of_a_burst_is_judged_alone),
		CLAIM(a_burst_across_a_rekey_opens_with_both_keys),
		CLAIM(the_first_burst_with_new_keys_confirms_them),
		CLAIM(sealing_nothing_changes_nothing),
		CLAIM(no_message_is_ever_taken_twice),
		CLAIM(a_replay_is_refused_before_it_costs_an_aead),
		CLAIM(any_order_within_8000_loses_nothing),
		CLAIM(what_is_later_than_the_window_is_refused),
		CLAIM(a_late_packet_opens_with_the_previous_keys_and_not_with_older_ones),
		CLAIM(every_flipped_bit_is_refused_and_the_true_message_still_taken),
		CLAIM(every_truncation_is_refused),
		CLAIM(old_keys_open_nothing),
		CLAIM(old_keys_seal_nothing_and_new_ones_are_wanted),
		CLAIM(a_key_seals_no_more_than_its_count),
		CLAIM(a_counter_at_the_limit_is_refused),
		CLAIM(a_great_many_messages_make_either_role_rekey),
		CLAIM(age_makes_only_the_initiator_rekey),
		CLAIM(data_arms_and_a_keepalive_does_not),
		CLAIM(data_makes_an_owed_keepalive_needless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
