/* session_suite_test.c -- two sessions that have several cipher suites: which one they end in,
 * how they get there, and what does not get them away from it. */
#include "crypto/crypto.h"
#include "wg/session_facts.h"
#include "world.h"

enum { SEED = 1, C = SUITE_CHACHA20, X = SUITE_AES256GCM, BOTH = C | X };

static struct world w;

static const struct side *side(int i)
{
	return &w.side[i];
}

static void begin(uint8_t a, uint8_t b)
{
	if (!aead_has(AEAD_AES256GCM))
		skip();
	world_init(&w, SEED);
	session_set_suites(&w.side[A].session, a, w.now);
	session_set_suites(&w.side[B].session, b, w.now);
}

/* What is known of each other from the start, as by signalling. */
static void introduce(void)
{
	session_learn_suites(&w.side[A].session, side(B)->session.ours, w.now);
	session_learn_suites(&w.side[B].session, side(A)->session.ours, w.now);
}

static bool is_in(int i, enum aead_suite suite)
{
	const struct session *s = &side(i)->session;

	return session_may_send(s, w.now) && s->current->suite == suite;
}

static void assert_both_in(enum aead_suite suite)
{
	assert_true(is_in(A, suite));
	assert_true(is_in(B, suite));
}

static void say_and_run(int from, msec span)
{
	world_say(&w, from);
	world_run(&w, span);
}

static unsigned called(enum aead_suite suite)
{
	return side(A)->called[suite] + side(B)->called[suite];
}

/* -- which it is --------------------------------------------------------- */

static void all_nine_combinations_end_as_the_settings_want_it(void **state)
{
	static const struct {
		uint8_t a, b;
		bool met;
		enum aead_suite suite;
	} table[] = {
		{BOTH, BOTH, true, AEAD_AES256GCM},
		{BOTH, C, true, AEAD_CHACHA20POLY1305},
		{BOTH, X, true, AEAD_AES256GCM},
		{C, BOTH, true, AEAD_CHACHA20POLY1305},
		{C, C, true, AEAD_CHACHA20POLY1305},
		{C, X, false, 0},
		{X, BOTH, true, AEAD_AES256GCM},
		{X, C, false, 0},
		{X, X, true, AEAD_AES256GCM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (int introduced = 0; introduced <= 1; introduced++) {
			begin(table[i].a, table[i].b);
			if (introduced)
				introduce();
			say_and_run(A, SECONDS(1));
			if (table[i].met) {
				assert_both_in(table[i].suite);
				assert_int_equal(side(B)->data_got, 1);
			} else {
				assert_null(side(A)->session.current);
				assert_null(side(B)->session.current);
			}
			/* who was told before needs no detour */
			if (introduced && table[i].met)
				assert_int_equal(called(AEAD_CHACHA20POLY1305) +
							 called(AEAD_AES256GCM), 1);
			world_deinit(&w);
		}
	}
}

static void strangers_move_to_aes_at_once(void **state)
{
	(void)state;
	begin(BOTH, BOTH);
	say_and_run(A, 6 * w.delay);	/* a round trip, data, and another round trip */
	assert_both_in(AEAD_AES256GCM);
	assert_int_equal(side(A)->called[AEAD_CHACHA20POLY1305], 1);
	assert_int_equal(side(B)->called[AEAD_AES256GCM], 1);
	assert_int_equal(side(A)->session.theirs, BOTH);
	assert_int_equal(side(B)->session.theirs, BOTH);
	world_deinit(&w);
}

/* Both know each other now, so it stays at that. */
static void later_handshakes_are_aes_from_the_start(void **state)
{
	(void)state;
	begin(BOTH, BOTH);
	for (int i = 0; i < 1000; i++)
		say_and_run(i % 2, SECONDS(1));
	assert_both_in(AEAD_AES256GCM);
	assert_int_equal(called(AEAD_CHACHA20POLY1305), 1);
	assert_int_equal(side(A)->data_got + side(B)->data_got, 1000);
	world_deinit(&w);
}

static void say_both_and_count(unsigned n)
{
	unsigned before_a = side(A)->data_got, before_b = side(B)->data_got;

	for (unsigned said = 0; said < n; said++) {
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, 3);
	}
	world_run(&w, 4 * w.delay);
	assert_int_equal(side(A)->data_got, before_a + n);
	assert_int_equal(side(B)->data_got, before_b + n);
}

/* By new settings on one side, of which the other hears by a call; or as signalling tells
 * both, or one of the two, who each learn it while data are on their way. */
static void not_one_packet_is_lost_on_the_way_to_aes(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		begin(way ? BOTH : C, BOTH);
		w.lose_suites[A] = w.lose_suites[B] = X;
		say_and_run(A, SECONDS(1));
		w.side[B].session.timers.retransmit = NEVER;
		w.side[A].session.theirs = w.side[B].session.theirs = SUITE_NONE;
		w.lose_suites[A] = w.lose_suites[B] = 0;
		assert_both_in(AEAD_CHACHA20POLY1305);
		say_both_and_count(100);
		if (way == 0)
			session_set_suites(&w.side[A].session, BOTH, w.now);
		if (way == 1 || way == 3)
			session_learn_suites(&w.side[A].session, BOTH, w.now);
		if (way == 2 || way == 3)
			session_learn_suites(&w.side[B].session, BOTH, w.now);
		say_both_and_count(3000);	/* nine seconds */
		assert_both_in(AEAD_AES256GCM);
		world_deinit(&w);
	}
}

/* WireGuard's rules for crossing initiations hold for two suites as well. */
static void both_may_begin_at_once(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		begin(BOTH, BOTH);
		w.delay = 10 + seed;
		world_say(&w, A);
		world_say(&w, B);
		world_run(&w, SECONDS(2));
		assert_both_in(AEAD_AES256GCM);
		assert_true(called(AEAD_CHACHA20POLY1305) <= 2);
		assert_true(called(AEAD_AES256GCM) <= 3);
		world_deinit(&w);
	}
}

/* -- what does not lead away from it --------------------------------------- */

static void lose_aes(void)
{
	w.lose_suites[A] = w.lose_suites[B] = X;
}

static void silence_is_no_reason_for_another_suite(void **state)
{
	static const uint8_t sets[][2] = {{X, BOTH}, {BOTH, BOTH}, {X, X}, {BOTH, X}};

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		begin(sets[i][0], sets[i][1]);
		introduce();
		lose_aes();
		for (int minute = 0; minute < 10; minute++)
			say_and_run(A, SECONDS(60));
		assert_true(side(A)->called[AEAD_AES256GCM] > 50);
		assert_int_equal(called(AEAD_CHACHA20POLY1305), 0);
		assert_null(side(A)->session.current);
		world_deinit(&w);
	}
}

static void who_has_been_spoken_to_in_aes_is_not_called_in_another(void **state)
{
	(void)state;
	begin(BOTH, BOTH);
	say_and_run(A, SECONDS(1));
	assert_both_in(AEAD_AES256GCM);
	lose_aes();
	for (int minute = 0; minute < 20; minute++) {
		say_and_run(A, SECONDS(30));
		say_and_run(B, SECONDS(30));
	}
	assert_int_equal(called(AEAD_CHACHA20POLY1305), 1);
	assert_null(side(A)->session.current);
	world_deinit(&w);
}

/* An old initiation, from when A had no AES, to a B that has forgotten all timestamps. */
static void a_replayed_initiation_teaches_nothing(void **state)
{
	struct message old;

	(void)state;
	begin(C, BOTH);
	say_and_run(A, SECONDS(1));
	old = w.last[B][MESSAGE_INITIATION];
	session_deinit(&w.side[A].session);
	session_deinit(&w.side[B].session);
	world_init(&w, SEED);
	session_set_suites(&w.side[A].session, BOTH, w.now);
	session_set_suites(&w.side[B].session, BOTH, w.now);
	introduce();
	assert_int_equal(world_deliver(&w, B, old.bytes, old.len), SESSION_OK);
	assert_int_equal(side(B)->session.theirs, BOTH);
	say_and_run(B, SECONDS(10));
	assert_both_in(AEAD_AES256GCM);
	assert_int_equal(called(AEAD_CHACHA20POLY1305), 0);
	world_deinit(&w);
}

/* -- what is refused ------------------------------------------------------- */

static void a_call_in_a_forbidden_suite_is_refused_and_answered_by_one_of_ours(void **state)
{
	(void)state;
	begin(BOTH, X);
	say_and_run(A, SECONDS(1));
	assert_int_equal(side(B)->verdicts[SESSION_WRONG_SUITE], 1);
	assert_int_equal(side(B)->sent[MESSAGE_RESPONSE], 0);
	assert_int_equal(side(B)->called[AEAD_AES256GCM], 1);
	assert_both_in(AEAD_AES256GCM);
	world_deinit(&w);
}

/* B has changed its mind, or its CPU, while A could not know. */
static void who_believes_an_old_set_is_told_the_new_one(void **state)
{
	(void)state;
	begin(BOTH, C);
	session_learn_suites(&w.side[A].session, BOTH, w.now);
	say_and_run(A, SECONDS(1));
	assert_int_equal(side(B)->verdicts[SESSION_WRONG_SUITE], 1);
	assert_both_in(AEAD_CHACHA20POLY1305);
	assert_int_equal(side(A)->session.theirs, C);
	assert_int_equal(side(B)->data_got, 1);
	world_deinit(&w);
}

static void those_who_contradict_each_other_do_not_call_back(void **state)
{
	(void)state;
	begin(X, C);
	say_and_run(A, SECONDS(60));
	assert_true(side(A)->called[AEAD_AES256GCM] > 5);
	assert_int_equal(side(B)->verdicts[SESSION_WRONG_SUITE], side(A)->sent[MESSAGE_INITIATION]);
	assert_int_equal(side(B)->sent[MESSAGE_INITIATION], 0);
	world_deinit(&w);
}

static void a_refused_initiation_is_refused_as_a_replay_the_next_time(void **state)
{
	(void)state;
	begin(BOTH, X);
	w.lose[A] = 1 << MESSAGE_INITIATION;
	say_and_run(A, SECONDS(1));
	assert_int_equal(world_replay(&w, B, MESSAGE_INITIATION), SESSION_REPLAYED);
	world_deinit(&w);
}

/* -- data ------------------------------------------------------------------ */

static void data_of_another_suite_than_the_keys_do_not_open(void **state)
{
	struct message m;

	(void)state;
	begin(BOTH, BOTH);
	introduce();
	say_and_run(A, SECONDS(1));
	world_seal(&w, A, &m, 24);
	m.bytes[1] = 0;
	assert_int_equal(world_deliver(&w, B, m.bytes, m.len), SESSION_BAD);
	m.bytes[1] = 1;
	assert_int_equal(world_deliver(&w, B, m.bytes, m.len), SESSION_OK);
	world_deinit(&w);
}

/* What was sealed under the keys before, of the other suite, still opens. */
static void keys_of_both_suites_open_at_once(void **state)
{
	struct message before, after;

	(void)state;
	begin(C, BOTH);
	say_and_run(A, SECONDS(1));
	world_seal(&w, A, &before, 24);
	w.side[A].session.ours = BOTH;
	introduce();
	world_run(&w, SECONDS(1));
	assert_both_in(AEAD_AES256GCM);
	world_seal(&w, A, &after, 24);
	assert_int_equal(before.bytes[1], 0);
	assert_int_equal(after.bytes[1], 1);
	assert_int_equal(world_deliver(&w, B, after.bytes, after.len), SESSION_OK);
	assert_int_equal(world_deliver(&w, B, before.bytes, before.len), SESSION_OK);
	world_deinit(&w);
}

static void aes_keys_are_renewed_after_2_23_messages(void **state)
{
	(void)state;
	for (int from = A; from <= B; from++) {	/* who answered as well */
		begin(BOTH, BOTH);
		introduce();
		say_and_run(A, SECONDS(10));
		w.side[from].session.current->send_counter = (UINT64_C(1) << 23) - 1;
		world_say(&w, from);
		assert_false(side(from)->session.owes_initiation);
		world_say(&w, from);
		assert_true(side(from)->session.owes_initiation);
		world_run(&w, SECONDS(1));
		assert_true(side(A)->session.current->send_counter < 10);
		world_deinit(&w);
	}
}

static void aes_keys_are_not_used_beyond_2_25_messages(void **state)
{
	struct message m;
	struct keypair *kp;

	(void)state;
	begin(BOTH, BOTH);
	introduce();
	say_and_run(A, SECONDS(1));
	kp = w.side[A].session.current;
	kp->send_counter = (UINT64_C(1) << 25) - 1;
	world_seal(&w, A, &m, 24);
	assert_false(session_may_send(&side(A)->session, w.now));
	store_le64(m.bytes + 8, UINT64_C(1) << 25);
	assert_int_equal(world_deliver(&w, B, m.bytes, m.len), SESSION_EXPIRED);
	store_le64(m.bytes + 8, (UINT64_C(1) << 25) - 1);
	assert_int_equal(world_deliver(&w, B, m.bytes, m.len), SESSION_OK);
	world_deinit(&w);
}

/* -- settings that change -------------------------------------------------- */

static void keys_of_a_suite_that_is_forbidden_now_are_gone(void **state)
{
	(void)state;
	begin(BOTH, BOTH);
	introduce();
	say_and_run(A, SECONDS(1));
	assert_both_in(AEAD_AES256GCM);
	session_set_suites(&w.side[B].session, C, w.now);
	assert_null(side(B)->session.current);
	say_and_run(A, SECONDS(1));	/* what is on its way is lost, as the settings want it */
	assert_both_in(AEAD_CHACHA20POLY1305);
	assert_int_equal(side(A)->session.theirs, C);
	session_set_suites(&w.side[A].session, X, w.now);
	assert_null(side(A)->session.current);
	world_run(&w, SECONDS(1));
	assert_null(side(A)->session.current);
	session_set_suites(&w.side[B].session, X, w.now);
	world_run(&w, SECONDS(10));
	assert_both_in(AEAD_AES256GCM);
	world_deinit(&w);
}

static void a_set_that_is_the_same_changes_nothing(void **state)
{
	(void)state;
	begin(BOTH, BOTH);
	introduce();
	say_and_run(A, SECONDS(1));
	session_set_suites(&w.side[A].session, BOTH, w.now);
	introduce();
	assert_false(side(A)->session.owes_initiation);
	assert_both_in(AEAD_AES256GCM);
	world_deinit(&w);
}

/* As kernels and others do: no mark, and nothing else than their own. */
static void plain_wireguard_is_never_called_in_another_suite(void **state)
{
	(void)state;
	begin(BOTH, C);
	for (int i = 0; i < 300; i++) {
		say_and_run(i % 2, SECONDS(1));
		w.side[A].session.theirs = SUITE_NONE;	/* what an unmarked initiation leaves */
	}
	assert_int_equal(called(AEAD_AES256GCM), 0);
	assert_both_in(AEAD_CHACHA20POLY1305);
	world_deinit(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_nine_combinations_end_as_the_settings_want_it),
		cmocka_unit_test(strangers_move_to_aes_at_once),
		cmocka_unit_test(later_handshakes_are_aes_from_the_start),
		cmocka_unit_test(not_one_packet_is_lost_on_the_way_to_aes),
		cmocka_unit_test(both_may_begin_at_once),
		cmocka_unit_test(silence_is_no_reason_for_another_suite),
		cmocka_unit_test(who_has_been_spoken_to_in_aes_is_not_called_in_another),
		cmocka_unit_test(a_replayed_initiation_teaches_nothing),
		cmocka_unit_test(a_call_in_a_forbidden_suite_is_refused_and_answered_by_one_of_ours),
		cmocka_unit_test(who_believes_an_old_set_is_told_the_new_one),
		cmocka_unit_test(those_who_contradict_each_other_do_not_call_back),
		cmocka_unit_test(a_refused_initiation_is_refused_as_a_replay_the_next_time),
		cmocka_unit_test(data_of_another_suite_than_the_keys_do_not_open),
		cmocka_unit_test(keys_of_both_suites_open_at_once),
		cmocka_unit_test(aes_keys_are_renewed_after_2_23_messages),
		cmocka_unit_test(aes_keys_are_not_used_beyond_2_25_messages),
		cmocka_unit_test(keys_of_a_suite_that_is_forbidden_now_are_gone),
		cmocka_unit_test(a_set_that_is_the_same_changes_nothing),
		cmocka_unit_test(plain_wireguard_is_never_called_in_another_suite),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
