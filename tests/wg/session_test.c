/* session_test.c -- handshakes and timers of two sessions on a slow, lossy wire. */
#include "world.h"

static struct world w;
static struct side *const a = &w.side[A], *const b = &w.side[B];

enum { SOON = 10 * 20 };	/* a few round trips; less than any timer */

static int begin(void **state)
{
	(void)state;
	world_init(&w, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_deinit(&w);
	return 0;
}

/* One packet each second from each side of the mask. */
static void chat(msec span, unsigned sides)
{
	for (msec t = 0; t < span; t += 1000) {
		if (sides & 1u << A)
			world_say(&w, A);
		if (sides & 1u << B)
			world_say(&w, B);
		world_run(&w, 1000);
	}
}

enum { ONLY_A = 1 << A, ONLY_B = 1 << B, BOTH = ONLY_A | ONLY_B };

/* -- the handshake ------------------------------------------------------- */

static void a_silent_session_has_nothing_to_do(void **state)
{
	(void)state;
	assert_true(session_due(&a->session) == NEVER);
	assert_false(session_may_send(&a->session, w.now));
	world_run(&w, SECONDS(3600));
	assert_int_equal(a->sent[MESSAGE_INITIATION], 0);
}

static void a_packet_without_a_key_starts_a_handshake_and_then_goes_out(void **state)
{
	(void)state;
	world_say(&w, A);
	world_run(&w, SOON);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
	assert_int_equal(b->sent[MESSAGE_RESPONSE], 1);
	assert_int_equal(b->data_got, 1);
	assert_int_equal(a->keepalives_sent, 0);	/* the data has confirmed the keys */
	assert_int_equal(a->session.last_handshake, 1000 + 2 * w.delay);
	assert_int_equal(b->session.last_handshake, 1000 + 3 * w.delay);
}

static void the_initiator_knows_how_long_the_answer_took(void **state)
{
	(void)state;
	assert_int_equal(a->session.handshake_rtt, -1);
	world_handshake(&w);
	assert_int_equal(a->session.handshake_rtt, 2 * w.delay);
	assert_int_equal(b->session.handshake_rtt, -1);
}

static void without_data_a_keepalive_confirms_the_keys(void **state)
{
	(void)state;
	session_want_handshake(&a->session, w.now);
	world_run(&w, SOON);
	assert_int_equal(a->keepalives_sent, 1);
	assert_int_equal(b->keepalives_got, 1);
	assert_true(session_may_send(&b->session, w.now));
}

static void a_responder_does_not_send_before_the_keys_are_confirmed(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_DATA;
	session_want_handshake(&a->session, w.now);
	world_run(&w, SOON);
	assert_true(session_may_send(&a->session, w.now));
	assert_non_null(b->session.next);
	assert_null(b->session.current);
	assert_false(session_may_send(&b->session, w.now));
	assert_int_equal(b->session.last_handshake, 0);

	w.lose[B] = 0;
	world_say(&w, A);
	world_run(&w, SOON);
	assert_null(b->session.next);
	assert_true(session_may_send(&b->session, w.now));
}

static void the_first_timestamp_must_be_saved_and_the_next_need_not(void **state)
{
	(void)state;
	world_handshake(&w);
	assert_int_equal(a->saves, 1);
	assert_int_equal(a->shared.clock.last <= a->shared.clock.reserved, 1);
	world_run(&w, SECONDS(10));
	world_handshake(&w);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
	assert_int_equal(a->saves, 1);
}

static void a_completed_handshake_leaves_no_secret_of_its_own(void **state)
{
	static const struct noise_handshake blank;

	(void)state;
	world_handshake(&w);
	assert_memory_equal(&a->session.handshake, &blank, sizeof(blank));
	assert_memory_equal(&b->session.handshake, &blank, sizeof(blank));
	assert_int_equal(a->shared.indices.len, 1);
	assert_int_equal(b->shared.indices.len, 1);
}

static void different_psks_never_agree(void **state)
{
	static const uint8_t one[KEY_LEN] = {1}, two[KEY_LEN] = {2};

	(void)state;
	world_deinit(&w);
	world_init_with_psks(&w, 1, one, two);
	world_say(&w, A);
	world_run(&w, 5 * REKEY_TIMEOUT);
	assert_true(a->sent[MESSAGE_INITIATION] > 1);
	assert_int_equal(a->verdicts[SESSION_BAD], b->sent[MESSAGE_RESPONSE]);
	assert_null(a->session.current);
	assert_null(b->session.current);

	session_set_psk(&b->session, one);
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER + SOON);
	assert_int_equal(b->data_got, 1);
}

static void a_key_of_low_order_makes_no_session(void **state)
{
	static const uint8_t zero[KEY_LEN];
	struct session s;

	(void)state;
	assert_false(session_init(&s, &a->shared, zero, zero, 0));
	assert_false(session_init(&s, &a->shared, a->shared.identity.public_key, zero, 0));
}

static void both_sides_count_the_same_bytes(void **state)
{
	(void)state;
	world_handshake(&w);
	chat(SECONDS(300), BOTH);
	world_run(&w, SOON);
	assert_true(a->session.tx_bytes > 300 * 32);
	assert_int_equal(a->session.tx_bytes, b->session.rx_bytes);
	assert_int_equal(b->session.tx_bytes, a->session.rx_bytes);
}

/* -- lost and repeated handshake messages -------------------------------- */

static void a_lost_initiation_is_made_anew(void **state)
{
	struct message_initiation first, second;

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	world_run(&w, SOON);
	memcpy(&first, w.last[B][MESSAGE_INITIATION].bytes, sizeof(first));
	assert_ptr_equal(index_find(&a->shared.indices, load_le32(first.sender)), &a->session);
	w.lose[B] = 0;
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER);
	memcpy(&second, w.last[B][MESSAGE_INITIATION].bytes, sizeof(second));

	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
	assert_memory_not_equal(first.sender, second.sender, sizeof(first.sender));
	assert_memory_not_equal(first.ephemeral, second.ephemeral, sizeof(first.ephemeral));
	assert_memory_not_equal(first.timestamp, second.timestamp, sizeof(first.timestamp));
	assert_null(index_find(&a->shared.indices, load_le32(first.sender)));
	assert_int_equal(b->data_got, 1);
}

static void a_lost_response_is_made_up_for_by_the_next_initiation(void **state)
{
	(void)state;
	w.lose[A] = 1 << MESSAGE_RESPONSE;
	world_say(&w, A);
	world_run(&w, SOON);
	assert_non_null(b->session.next);
	w.lose[A] = 0;
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(b->sent[MESSAGE_RESPONSE], 2);
	assert_int_equal(b->data_got, 1);
	assert_int_equal(b->shared.indices.len, 1);	/* of the abandoned keys: none */
}

static void a_response_is_taken_once(void **state)
{
	(void)state;
	world_handshake(&w);
	assert_int_equal(world_replay(&w, A, MESSAGE_RESPONSE), SESSION_UNEXPECTED);
}

static void an_initiation_is_taken_once(void **state)
{
	(void)state;
	world_handshake(&w);
	world_run(&w, SOON);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_REPLAYED);
	assert_int_equal(b->sent[MESSAGE_RESPONSE], 1);
}

static void initiations_closer_than_20_ms_are_refused(void **state)
{
	struct message first;

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	world_run(&w, SOON);
	first = w.last[B][MESSAGE_INITIATION];
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(world_deliver(&w, B, first.bytes, first.len), SESSION_OK);
	w.now += 19;
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_TOO_SOON);
	w.now += 1;
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_OK);
}

static void a_forged_initiation_leaves_our_own_handshake_alone(void **state)
{
	struct message_initiation forged;
	struct message_response response;
	struct noise_claim claim;
	struct noise_handshake before;

	(void)state;
	session_want_handshake(&a->session, w.now);
	session_want_handshake(&b->session, w.now);
	world_poll(&w, A);
	world_poll(&w, B);
	before = a->session.handshake;
	memcpy(&forged, w.last[A][MESSAGE_INITIATION].bytes, sizeof(forged));
	assert_true(noise_read_initiation(&claim, &forged, &a->shared.identity));
	forged.timestamp[0] ^= 1;
	assert_int_equal(session_feed_initiation(&a->session, &claim, &forged, &response, w.now),
			 SESSION_BAD);
	assert_memory_equal(&before, &a->session.handshake, sizeof(before));
}

static void every_flipped_bit_of_a_response_is_refused_and_the_true_one_still_works(void **state)
{
	struct message_response *msg = (struct message_response *)w.last[A][MESSAGE_RESPONSE].bytes;

	(void)state;
	w.lose[A] = 1 << MESSAGE_RESPONSE;
	session_want_handshake(&a->session, w.now);
	world_run(&w, SOON);
	/* after the type, up to the MACs, which are the node's to check; the sender
	 * index is not authenticated but by the MACs */
	for (size_t bit = 8 * 8; bit < 8 * offsetof(struct message_response, macs); bit++) {
		struct message_response bad = *msg;

		((uint8_t *)&bad)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(session_feed_response(&a->session, &bad, w.now), SESSION_OK);
		assert_null(a->session.current);
	}
	assert_int_equal(session_feed_response(&a->session, msg, w.now), SESSION_OK);
}

/* -- both at once -------------------------------------------------------- */

static void an_initiation_is_answered_while_ours_goes_on_waiting(void **state)
{
	uint32_t ours;

	(void)state;
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	ours = a->session.handshake.local_index;
	session_want_handshake(&b->session, w.now);
	world_poll(&w, B);
	assert_int_equal(world_replay(&w, A, MESSAGE_INITIATION), SESSION_OK);
	assert_int_equal(a->sent[MESSAGE_RESPONSE], 1);
	assert_ptr_equal(index_find(&a->shared.indices, ours), &a->session);
	assert_int_equal(a->shared.indices.len, 2);
}

static struct side *with_greater_key(void)
{
	return memcmp(a->shared.identity.public_key, b->shared.identity.public_key, KEY_LEN) > 0
		       ? a : b;
}

/* Whose key is greater depends on the seed. */
enum { B_IS_GREATER = 7, A_IS_GREATER = 8 };

static struct side *other(const struct side *side)
{
	return side == a ? b : a;
}

/* Talk for five lives of a key; nothing may get lost on the way. */
static void chat_without_loss(void)
{
	a->data_said = b->data_said = a->data_got = b->data_got = 0;
	for (msec t = 0; t < 5 * REKEY_AFTER_TIME; t += w.delay) {
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, w.delay);
	}
	world_run(&w, SOON);
	assert_int_equal(a->data_got, b->data_said);
	assert_int_equal(b->data_got, a->data_said);
}

/* Both handshakes end well. */
static void two_who_start_at_once_talk_after_one_round_trip(void **state)
{
	(void)state;
	world_say(&w, A);
	world_say(&w, B);
	world_run(&w, 3 * w.delay);
	assert_int_equal(a->data_got, 1);
	assert_int_equal(b->data_got, 1);
	assert_true(with_greater_key()->session.current->is_initiator);
	assert_true(session_due(&a->session) > w.now);
	assert_int_equal(a->session.timers.retransmit, NEVER);
	assert_int_equal(b->session.timers.retransmit, NEVER);
}

static void two_who_start_at_once_settle_on_one_key_and_lose_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = B_IS_GREATER; seed <= A_IS_GREATER; seed++) {
		world_deinit(&w);
		world_init(&w, seed);
		assert_ptr_equal(with_greater_key(), seed == A_IS_GREATER ? a : b);
		w.delay = 100;
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, 4 * w.delay);
		chat_without_loss();
		assert_int_equal(with_greater_key()->sent[MESSAGE_INITIATION], 5);
		assert_int_equal(other(with_greater_key())->sent[MESSAGE_INITIATION], 1);
	}
}

/* As when the other is the kernel, which has forgotten its own initiation. */
static void if_only_the_lesser_key_gets_a_response_its_handshake_serves_both(void **state)
{
	struct side *greater, *lesser;

	(void)state;
	for (uint64_t seed = B_IS_GREATER; seed <= A_IS_GREATER; seed++) {
		world_deinit(&w);
		world_init(&w, seed);
		w.delay = 100;
		greater = with_greater_key();
		lesser = other(greater);
		w.lose[greater - w.side] = 1 << MESSAGE_RESPONSE;
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, SOON + 3 * w.delay);
		w.lose[greater - w.side] = 0;
		assert_true(lesser->session.current->is_initiator);
		assert_false(greater->session.current->is_initiator);
		chat_without_loss();
		assert_int_equal(greater->sent[MESSAGE_INITIATION], 1);
	}
}

static void two_who_start_at_once_agree_in_the_end(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world_deinit(&w);
		world_init(&w, seed);
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, 10 * REKEY_TIMEOUT);
		assert_int_equal(a->data_got, 1);
		assert_int_equal(b->data_got, 1);
		assert_true(session_may_send(&a->session, w.now));
		assert_true(session_may_send(&b->session, w.now));
	}
}

static void two_who_start_at_once_and_talk_all_the_time_agree_too(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world_deinit(&w);
		world_init(&w, seed);
		w.delay = 250;
		for (int i = 0; i < 600; i++) {
			world_say(&w, A);
			world_say(&w, B);
			world_run(&w, 100);
		}
		assert_true(session_may_send(&a->session, w.now));
		assert_true(session_may_send(&b->session, w.now));
	}
}

static void who_has_just_responded_does_not_initiate(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_DATA;
	session_want_handshake(&a->session, w.now);
	world_run(&w, 100);
	world_say(&w, B);
	world_run(&w, REKEY_TIMEOUT - 100);
	assert_int_equal(b->sent[MESSAGE_INITIATION], 0);
	world_run(&w, 100 + POSTPONE_JITTER);	/* A was not heard of again */
	assert_int_equal(b->sent[MESSAGE_INITIATION], 1);
}

/* An initiator that holds keys for which it was responder, unconfirmed: they may
 * be in use at the other end already. */
static void unconfirmed_keys_become_the_previous_ones_of_an_initiator(void **state)
{
	struct keypair *unconfirmed;

	(void)state;
	for (uint64_t seed = B_IS_GREATER; seed <= A_IS_GREATER; seed++) {
		world_deinit(&w);
		world_init(&w, seed);
		w.lose[B] = 1 << MESSAGE_DATA;
		session_want_handshake(&a->session, w.now);
		world_run(&w, SOON);
		unconfirmed = b->session.next;
		assert_non_null(unconfirmed);
		world_run(&w, REKEY_TIMEOUT);
		session_want_handshake(&b->session, w.now);
		world_run(&w, SOON);
		assert_ptr_equal(b->session.previous, unconfirmed);
		assert_null(b->session.next);
		assert_true(b->session.current->is_initiator);
		assert_int_equal(world_replay(&w, B, MESSAGE_DATA), SESSION_OK);
	}
}

static void new_keys_of_a_responder_take_the_place_of_its_previous_ones(void **state)
{
	(void)state;
	world_handshake(&w);
	world_run(&w, REKEY_TIMEOUT);
	world_handshake(&w);
	assert_non_null(b->session.previous);
	world_run(&w, REKEY_TIMEOUT);
	w.lose[B] = 1 << MESSAGE_DATA;
	session_want_handshake(&a->session, w.now);
	world_run(&w, SOON);
	assert_non_null(b->session.next);
	assert_non_null(b->session.current);
	assert_null(b->session.previous);
	assert_int_equal(b->shared.indices.len, 2);
}

/* -- new keys for old ---------------------------------------------------- */

static void only_the_initiator_rekeys_and_every_120_s(void **state)
{
	(void)state;
	world_handshake(&w);
	chat(REKEY_AFTER_TIME - 1000, BOTH);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
	chat(2000, BOTH);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
	chat(4 * REKEY_AFTER_TIME, BOTH);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 5);
	assert_int_equal(b->sent[MESSAGE_INITIATION], 0);
	assert_int_equal(a->data_got, b->data_said);
	assert_int_equal(b->data_got, a->data_said);
}

static void an_initiator_that_only_listens_rekeys_once_from_165_s_on(void **state)
{
	msec age = REJECT_AFTER_TIME - KEEPALIVE_TIMEOUT - REKEY_TIMEOUT;

	(void)state;
	world_handshake(&w);
	w.lose[B] = 1 << MESSAGE_INITIATION;
	w.now = a->session.current->born + age - 1;
	world_say(&w, B);
	world_replay(&w, A, MESSAGE_DATA);
	assert_false(a->session.owes_initiation);
	w.now++;
	world_say(&w, B);
	world_replay(&w, A, MESSAGE_DATA);
	assert_true(a->session.owes_initiation);
	world_poll(&w, A);
	assert_int_equal(a->session.timers.attempts, 1);
	world_say(&w, B);
	world_replay(&w, A, MESSAGE_DATA);
	assert_int_equal(a->session.timers.attempts, 1);	/* not a new wish */

	w.lose[B] = 0;
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER + SOON);
	assert_non_null(a->session.previous);
	assert_false(a->session.rekeyed_on_receive);
}

static void a_responder_that_listens_does_not_rekey(void **state)
{
	(void)state;
	world_handshake(&w);
	w.now = b->session.current->born + REJECT_AFTER_TIME - 1000;
	world_say(&w, A);
	world_replay(&w, B, MESSAGE_DATA);
	assert_false(b->session.owes_initiation);
}

static void without_traffic_there_is_no_rekeying(void **state)
{
	(void)state;
	world_handshake(&w);
	world_run(&w, SECONDS(3600));
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
	assert_int_equal(b->sent[MESSAGE_INITIATION], 0);
	assert_int_equal(a->keepalives_sent, 1);
}

static void after_180_s_the_keys_are_no_good_and_data_makes_new_ones(void **state)
{
	(void)state;
	world_handshake(&w);
	w.now = b->session.current->born + REJECT_AFTER_TIME;
	assert_false(session_may_send(&b->session, w.now));
	world_say(&w, B);
	world_run(&w, SOON);
	assert_int_equal(b->sent[MESSAGE_INITIATION], 1);
	assert_int_equal(a->data_got, 1);
}

/* -- the end of keys ----------------------------------------------------- */

/* Is this key still anywhere in what the side consists of? */
static bool holds(const struct side *side, const uint8_t key[static KEY_LEN])
{
	return memory_contains(side, sizeof(*side), key);
}

static void keys_are_gone_540_s_after_the_last_were_made(void **state)
{
	uint8_t send[KEY_LEN], recv[KEY_LEN], old[KEY_LEN];

	(void)state;
	world_handshake(&w);
	memcpy(old, a->session.current->send.bytes, KEY_LEN);
	world_run(&w, REKEY_TIMEOUT);
	world_handshake(&w);
	memcpy(send, a->session.current->send.bytes, KEY_LEN);
	memcpy(recv, a->session.current->recv.bytes, KEY_LEN);

	world_run(&w, 3 * REJECT_AFTER_TIME - 100);
	assert_true(holds(a, send) && holds(a, recv) && holds(a, old));
	world_run(&w, 100);
	assert_false(holds(a, send) || holds(a, recv) || holds(a, old));
	assert_false(holds(b, send) || holds(b, recv) || holds(b, old));
	assert_int_equal(a->shared.keypairs.free_count, KEYPAIRS);
	assert_int_equal(a->shared.indices.len, 0);
	assert_true(session_due(&a->session) == NEVER);
}

static void a_handshake_that_nobody_answers_is_wiped_too(void **state)
{
	uint8_t ephemeral[KEY_LEN];

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	while (!a->session.gave_up)
		world_run(&w, 100);
	memcpy(ephemeral, a->session.handshake.ephemeral_private, KEY_LEN);
	assert_false(key_is_zero(ephemeral));
	assert_int_equal(a->shared.indices.len, 1);
	world_run(&w, 3 * REJECT_AFTER_TIME);
	assert_false(holds(a, ephemeral));
	assert_int_equal(a->shared.indices.len, 0);
}

static void a_session_that_ends_leaves_nothing_behind(void **state)
{
	uint8_t send[KEY_LEN], shared_secret[KEY_LEN];

	(void)state;
	world_handshake(&w);
	world_say(&w, A);
	w.now += REKEY_TIMEOUT;
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	memcpy(send, a->session.current->send.bytes, KEY_LEN);
	memcpy(shared_secret, a->session.peer.static_static, KEY_LEN);
	session_deinit(&a->session);
	assert_false(holds(a, send));
	assert_false(holds(a, shared_secret));
	assert_int_equal(a->shared.keypairs.free_count, KEYPAIRS);
	assert_int_equal(a->shared.indices.len, 0);
	assert_true(session_due(&a->session) == NEVER);
}

static void a_session_that_ends_owes_nothing(void **state)
{
	(void)state;
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_OK);
	session_want_handshake(&b->session, w.now);
	session_set_persistent(&b->session, 25000, w.now);
	session_deinit(&b->session);
	assert_true(session_due(&b->session) == NEVER);
}

/* -- trying and giving up ------------------------------------------------ */

static void tries_for_90_s_then_gives_up_and_new_data_tries_again(void **state)
{
	msec started = w.now;

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	while (!a->session.gave_up)
		world_run(&w, 100);
	assert_int_equal(a->sent[MESSAGE_INITIATION], REKEY_ATTEMPTS_MAX);
	assert_true(w.now - started >= REKEY_ATTEMPTS_MAX * REKEY_TIMEOUT);
	assert_true(w.now - started <= REKEY_ATTEMPTS_MAX * (REKEY_TIMEOUT + REKEY_JITTER) + 100);
	world_run(&w, SECONDS(600));
	assert_int_equal(a->sent[MESSAGE_INITIATION], REKEY_ATTEMPTS_MAX);

	a->session.gave_up = false;
	w.lose[B] = 0;
	world_say(&w, A);
	world_run(&w, SOON);
	assert_int_equal(b->data_got, 1);
	assert_false(a->session.gave_up);
}

static void giving_up_leaves_no_keepalive_that_would_try_again(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	while (a->sent[MESSAGE_INITIATION] < REKEY_ATTEMPTS_MAX)
		world_run(&w, 100);
	a->session.timers.keepalive = a->session.timers.retransmit;
	world_run(&w, SECONDS(60));
	assert_true(a->session.gave_up);
	assert_int_equal(a->sent[MESSAGE_INITIATION], REKEY_ATTEMPTS_MAX);
}

/* Paper, section 6.4: the count starts again when there is new data to send. */
static void fresh_data_resets_the_count_of_attempts(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	chat(SECONDS(200), ONLY_A);
	assert_false(a->session.gave_up);
}

static void wishes_are_granted_once_per_5_s(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	for (msec t = 0; t < 4 * REKEY_TIMEOUT; t += 10) {
		session_want_handshake(&a->session, w.now);
		world_run(&w, 10);
	}
	assert_in_range(a->sent[MESSAGE_INITIATION],
			4 * REKEY_TIMEOUT / (REKEY_TIMEOUT + REKEY_JITTER), 4);
}

static void a_wish_too_soon_after_a_handshake_is_granted_later(void **state)
{
	(void)state;
	world_handshake(&w);
	session_want_handshake(&a->session, w.now);
	assert_false(a->session.owes_initiation);
	world_run(&w, REKEY_TIMEOUT + POSTPONE_JITTER);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
	assert_non_null(a->session.previous);
}

/* Neither for the time since the last handshake, nor for the answer to the last initiation. */
static void by_a_new_connection_nothing_is_waited_for(void **state)
{
	(void)state;
	world_handshake(&w);
	w.lose[B] = 1 << MESSAGE_INITIATION;
	for (unsigned n = 2; n < 4; n++) {
		session_call_anew(&a->session, w.now);
		world_poll(&w, A);
		assert_int_equal(a->sent[MESSAGE_INITIATION], n);
	}
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 4);
}

static void an_initiation_that_waits_while_we_respond_waits_on(void **state)
{
	(void)state;
	w.lose[A] = 1 << MESSAGE_RESPONSE;
	session_want_handshake(&b->session, w.now);
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_OK);
	world_poll(&w, B);
	assert_int_equal(b->sent[MESSAGE_RESPONSE], 1);
	assert_int_equal(b->sent[MESSAGE_INITIATION], 0);
	assert_in_range(session_due(&b->session), w.now + REKEY_TIMEOUT,
			w.now + REKEY_TIMEOUT + POSTPONE_JITTER);
}

static void silence_after_data_starts_over_within_15_s(void **state)
{
	(void)state;
	world_handshake(&w);
	world_run(&w, REKEY_TIMEOUT);
	w.lose[A] = 1 << MESSAGE_DATA;
	world_say(&w, A);
	world_run(&w, KEEPALIVE_TIMEOUT + REKEY_TIMEOUT - 1);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
	world_run(&w, 1 + REKEY_JITTER);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
}

static void a_restarted_peer_is_found_again(void **state)
{
	static const uint8_t none[KEY_LEN];

	(void)state;
	world_handshake(&w);
	session_deinit(&b->session);
	session_init(&b->session, &b->shared, a->shared.identity.public_key, none, 0);
	chat(SECONDS(25), ONLY_A);
	assert_true(session_may_send(&b->session, w.now));
	assert_true(b->data_got > 5);
}

/* Neither silence after its data nor keys that have become old make it call. */
static void a_session_that_only_answers_never_initiates(void **state)
{
	(void)state;
	session_only_answer(&b->session);
	world_handshake(&w);
	w.lose[B] = ~0u;
	chat(SECONDS(400), ONLY_B);
	session_want_handshake(&b->session, w.now);
	world_run(&w, SECONDS(60));
	assert_int_equal(b->sent[MESSAGE_INITIATION], 0);
	w.lose[B] = 0;
	chat(SECONDS(25), ONLY_A);
	assert_true(session_may_send(&b->session, w.now));
}

static void the_previous_keys_may_go_early(void **state)
{
	struct message old;

	(void)state;
	world_handshake(&w);
	world_seal(&w, A, &old, 24);
	world_run(&w, REKEY_TIMEOUT + 1);
	world_handshake(&w);
	assert_non_null(b->session.previous);
	session_drop_previous(&b->session);
	session_drop_previous(&b->session);
	assert_null(b->session.previous);
	assert_int_equal(world_deliver(&w, B, old.bytes, old.len), SESSION_UNEXPECTED);
	world_say(&w, A);
	world_run(&w, SOON);
	assert_int_equal(b->data_got, 1);
}

/* -- keepalives ---------------------------------------------------------- */

static void data_is_answered_by_an_empty_packet_10_s_later(void **state)
{
	(void)state;
	world_handshake(&w);
	world_say(&w, A);
	world_run(&w, w.delay + KEEPALIVE_TIMEOUT - 1);
	assert_int_equal(b->keepalives_sent, 0);
	world_run(&w, 1);
	assert_int_equal(b->keepalives_sent, 1);
	world_run(&w, SECONDS(60));
	assert_int_equal(b->keepalives_sent, 1);
	assert_int_equal(a->keepalives_sent, 1);	/* an empty packet is not answered */
}

static void more_data_is_answered_by_a_second_empty_packet(void **state)
{
	(void)state;
	world_handshake(&w);
	world_say(&w, A);
	world_run(&w, KEEPALIVE_TIMEOUT / 2);
	world_say(&w, A);
	world_run(&w, SECONDS(60));
	assert_int_equal(b->keepalives_sent, 2);
}

static void a_persistent_peer_handshakes_by_itself_and_stays_warm(void **state)
{
	static const uint8_t none[KEY_LEN];

	(void)state;
	session_deinit(&a->session);
	session_init(&a->session, &a->shared, b->shared.identity.public_key, none,
		     25000 / TIMER_SCALE);
	world_run(&w, SECONDS(3600) / TIMER_SCALE);
	assert_true(session_may_send(&a->session, w.now));
	/* one initiation each time the key has become older than 120 s: every 125 s */
	assert_in_range(a->sent[MESSAGE_INITIATION], 28, 30);
	assert_in_range(a->keepalives_sent, 3600 / 25, 2 * 3600 / 25);
}

static void a_persistent_peer_never_stops_trying(void **state)
{
	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	session_set_persistent(&a->session, 25000, w.now);
	world_run(&w, SOON);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
	world_run(&w, SECONDS(1000));
	assert_true(a->session.gave_up);
	w.lose[B] = 0;
	world_run(&w, SECONDS(26));
	assert_true(session_may_send(&b->session, w.now));
}

static void persistence_can_be_turned_off(void **state)
{
	(void)state;
	session_set_persistent(&a->session, 25000, w.now);
	world_run(&w, SECONDS(60));
	session_set_persistent(&a->session, 0, w.now);
	a->keepalives_sent = 0;
	world_run(&w, SECONDS(600));
	assert_int_equal(a->keepalives_sent, 0);
}

/* -- cookies ------------------------------------------------------------- */

static void reply_with_cookie(struct message_cookie *reply)
{
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = 51820};
	const struct message *m = &w.last[B][MESSAGE_INITIATION];

	cookie_reply_create(reply, &b->checker, bytes_of(m->bytes, m->len), &from, &w.rng, w.now);
}

static void a_cookie_is_kept_for_the_next_try_and_answers_nothing_itself(void **state)
{
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = 51820};
	struct message_cookie reply;
	const struct message *m = &w.last[B][MESSAGE_INITIATION];

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	world_run(&w, SOON);
	reply_with_cookie(&reply);
	assert_int_equal(world_deliver(&w, A, (uint8_t *)&reply, sizeof(reply)), SESSION_OK);
	assert_true(session_due(&a->session) > w.now);
	world_run(&w, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 2);
	assert_int_equal(cookie_check(&b->checker, bytes_of(m->bytes, m->len), &from, &w.rng, w.now),
			 COOKIE_MAC2_TOO);
}

static void a_forged_cookie_is_refused(void **state)
{
	struct message_cookie reply;

	(void)state;
	w.lose[B] = 1 << MESSAGE_INITIATION;
	world_say(&w, A);
	world_run(&w, 100);
	reply_with_cookie(&reply);
	reply.cookie[0] ^= 1;
	assert_int_equal(world_deliver(&w, A, (uint8_t *)&reply, sizeof(reply)), SESSION_BAD);
}

/* -- no room ------------------------------------------------------------- */

static void empty_the_pool(struct side *side)
{
	while (keypair_pool_take(&side->shared.keypairs))
		;
}

static void refill_the_pool(struct side *side)
{
	side->shared.keypairs = (struct keypair_pool){0};
	for (size_t i = 0; i < KEYPAIRS; i++)
		keypair_pool_add(&side->shared.keypairs, &side->keypairs[i]);
}

static void without_a_spare_keypair_handshake_messages_are_refused_untouched(void **state)
{
	(void)state;
	empty_the_pool(b);
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_NO_ROOM);
	refill_the_pool(b);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_OK);
	world_poll(&w, B);
	empty_the_pool(a);
	assert_int_equal(world_replay(&w, A, MESSAGE_RESPONSE), SESSION_NO_ROOM);
	refill_the_pool(a);
	assert_int_equal(world_replay(&w, A, MESSAGE_RESPONSE), SESSION_OK);
	w.flying = 0;
}

static size_t fill_the_indices(struct side *side, uint32_t taken[static INDEX_SLOTS])
{
	size_t n = 0;

	while ((taken[n] = index_add(&side->shared.indices, &side->session, &w.rng)))
		n++;
	return n;
}

static void without_an_index_nothing_is_sent_and_the_clock_stands(void **state)
{
	uint32_t taken[INDEX_SLOTS];
	size_t n = fill_the_indices(a, taken);

	(void)state;
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 0);
	assert_int_equal(a->shared.clock.last, 0);
	assert_true(session_due(&a->session) == NEVER);
	while (n)
		index_remove(&a->shared.indices, taken[--n]);
	session_want_handshake(&a->session, w.now);
	world_run(&w, REKEY_TIMEOUT + POSTPONE_JITTER);
	assert_int_equal(a->sent[MESSAGE_INITIATION], 1);
}

static void without_an_index_there_is_no_response(void **state)
{
	uint32_t taken[INDEX_SLOTS];
	size_t n = fill_the_indices(b, taken);

	(void)state;
	session_want_handshake(&a->session, w.now);
	world_poll(&w, A);
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_NO_ROOM);
	assert_int_equal(b->sent[MESSAGE_RESPONSE], 0);
	assert_int_equal(b->shared.keypairs.free_count, KEYPAIRS);
	assert_true(session_due(&b->session) == NEVER);
	while (n)
		index_remove(&b->shared.indices, taken[--n]);
}

/* -- loss ---------------------------------------------------------------- */

/* Both talk now and then for a quarter of an hour over a bad line. */
static void talk_over_a_bad_line(uint64_t seed)
{
	msec until;

	world_init(&w, seed);
	w.loss_percent = rng_below(&w.rng, 40);
	w.delay = 1 + rng_below(&w.rng, 300);
	until = w.now + SECONDS(900) / TIMER_SCALE;
	while (w.now < until) {
		world_say(&w, (int)rng_below(&w.rng, SIDES));
		world_run(&w, rng_below(&w.rng, rng_below(&w.rng, 20) ? 5000 : 200000) /
				      TIMER_SCALE);
		assert_true(a->shared.indices.len <= 4 && b->shared.indices.len <= 4);
		assert_true(a->shared.keypairs.free_count >= KEYPAIRS - 3);
	}
	assert_true(a->data_got <= b->data_said && b->data_got <= a->data_said);
	assert_int_equal(a->verdicts[SESSION_REPLAYED] + b->verdicts[SESSION_REPLAYED], 0);
}

static void a_bad_line_does_not_keep_them_apart(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 200; seed++) {
		world_deinit(&w);
		talk_over_a_bad_line(seed);
		w.loss_percent = 0;
		chat(SECONDS(30), BOTH);
		a->data_got = b->data_got = a->data_said = b->data_said = 0;
		chat(SECONDS(10), BOTH);
		world_run(&w, SOON);
		assert_int_equal(a->data_got, b->data_said);
		assert_int_equal(b->data_got, a->data_said);
	}
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_silent_session_has_nothing_to_do),
		CLAIM(a_packet_without_a_key_starts_a_handshake_and_then_goes_out),
		CLAIM(the_initiator_knows_how_long_the_answer_took),
		CLAIM(without_data_a_keepalive_confirms_the_keys),
		CLAIM(a_responder_does_not_send_before_the_keys_are_confirmed),
		CLAIM(the_first_timestamp_must_be_saved_and_the_next_need_not),
		CLAIM(a_completed_handshake_leaves_no_secret_of_its_own),
		CLAIM(different_psks_never_agree),
		CLAIM(a_key_of_low_order_makes_no_session),
		CLAIM(both_sides_count_the_same_bytes),
		CLAIM(a_lost_initiation_is_made_anew),
		CLAIM(a_lost_response_is_made_up_for_by_the_next_initiation),
		CLAIM(a_response_is_taken_once),
		CLAIM(an_initiation_is_taken_once),
		CLAIM(initiations_closer_than_20_ms_are_refused),
		CLAIM(a_forged_initiation_leaves_our_own_handshake_alone),
		CLAIM(every_flipped_bit_of_a_response_is_refused_and_the_true_one_still_works),
		CLAIM(an_initiation_is_answered_while_ours_goes_on_waiting),
		CLAIM(two_who_start_at_once_talk_after_one_round_trip),
		CLAIM(two_who_start_at_once_settle_on_one_key_and_lose_nothing),
		CLAIM(if_only_the_lesser_key_gets_a_response_its_handshake_serves_both),
		CLAIM(two_who_start_at_once_agree_in_the_end),
		CLAIM(two_who_start_at_once_and_talk_all_the_time_agree_too),
		CLAIM(who_has_just_responded_does_not_initiate),
		CLAIM(unconfirmed_keys_become_the_previous_ones_of_an_initiator),
		CLAIM(new_keys_of_a_responder_take_the_place_of_its_previous_ones),
		CLAIM(only_the_initiator_rekeys_and_every_120_s),
		CLAIM(an_initiator_that_only_listens_rekeys_once_from_165_s_on),
		CLAIM(a_responder_that_listens_does_not_rekey),
		CLAIM(without_traffic_there_is_no_rekeying),
		CLAIM(after_180_s_the_keys_are_no_good_and_data_makes_new_ones),
		CLAIM(keys_are_gone_540_s_after_the_last_were_made),
		CLAIM(a_handshake_that_nobody_answers_is_wiped_too),
		CLAIM(a_session_that_ends_leaves_nothing_behind),
		CLAIM(a_session_that_ends_owes_nothing),
		CLAIM(tries_for_90_s_then_gives_up_and_new_data_tries_again),
		CLAIM(giving_up_leaves_no_keepalive_that_would_try_again),
		CLAIM(fresh_data_resets_the_count_of_attempts),
		CLAIM(wishes_are_granted_once_per_5_s),
		CLAIM(a_wish_too_soon_after_a_handshake_is_granted_later),
		CLAIM(by_a_new_connection_nothing_is_waited_for),
		CLAIM(an_initiation_that_waits_while_we_respond_waits_on),
		CLAIM(silence_after_data_starts_over_within_15_s),
		CLAIM(a_restarted_peer_is_found_again),
		CLAIM(a_session_that_only_answers_never_initiates),
		CLAIM(the_previous_keys_may_go_early),
		CLAIM(data_is_answered_by_an_empty_packet_10_s_later),
		CLAIM(more_data_is_answered_by_a_second_empty_packet),
		CLAIM(a_persistent_peer_handshakes_by_itself_and_stays_warm),
		CLAIM(a_persistent_peer_never_stops_trying),
		CLAIM(persistence_can_be_turned_off),
		CLAIM(a_cookie_is_kept_for_the_next_try_and_answers_nothing_itself),
		CLAIM(a_forged_cookie_is_refused),
		CLAIM(without_a_spare_keypair_handshake_messages_are_refused_untouched),
		CLAIM(without_an_index_nothing_is_sent_and_the_clock_stands),
		CLAIM(without_an_index_there_is_no_response),
		CLAIM(a_bad_line_does_not_keep_them_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
