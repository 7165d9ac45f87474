/* exchange_test.c -- two peers end up knowing each other's state, and silent. */
#include "talk.h"

static const uint8_t psk[KEY_LEN] = "a secret of two";

/* -- what is sent -------------------------------------------------------- */

static void nothing_is_said_before_the_start(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 1, NULL);
	assert_int_equal(exchange_due(&t.side[A].x, 0), NEVER);
	assert_int_equal(talk_run(&t, SECONDS(100), 10), 0);
}

static void it_is_told_again_after_1_2_4_8_16_30_30_seconds(void **state)
{
	static const msec waits[] = {0, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
	struct envelope e;
	struct talk t;
	msec last = 0;

	(void)state;
	talk_begin(&t, 2, NULL);
	exchange_start(&t.side[A].x, 0);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		msec due = exchange_due(&t.side[A].x, t.now);

		assert_in_range(due - last, waits[i] * 9 / 10, waits[i] * 11 / 10);
		talk_wait(&t, due - t.now);
		assert_true(talk_take(&t, A, &e));
		assert_false(talk_take(&t, A, &e));
		last = due;
	}
}

static void two_that_began_together_do_not_stay_together(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 3, NULL);
	for (int i = 0; i < 2; i++) {
		exchange_start(&t.side[i].x, 0);
		assert_true(talk_take(&t, i, &e));
	}
	assert_true(exchange_due(&t.side[A].x, 0) != exchange_due(&t.side[B].x, 0));
}

static void it_starts_once_and_each_restart_has_new_credentials(void **state)
{
	struct exchange *x;
	struct exchange before;
	struct talk t;

	(void)state;
	talk_begin(&t, 4, NULL);
	x = &t.side[A].x;
	exchange_start(x, 0);
	before = *x;
	exchange_start(x, 0);
	assert_memory_equal(x, &before, sizeof(before));
	talk_offer(&t, A, 3);
	assert_int_equal(x->rev, 1);
	exchange_restart(x, 0);
	assert_int_equal(x->gen, 2);
	assert_int_equal(x->rev, 0);
	assert_string_not_equal(x->ufrag, before.ufrag);
	assert_string_not_equal(x->pwd, before.pwd);
	assert_int_equal(strlen(x->ufrag), EXCHANGE_UFRAG_LEN);
	assert_int_equal(strlen(x->pwd), EXCHANGE_PWD_LEN);
}

static void stopped_it_is_silent_and_starts_with_a_new_generation(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 5, NULL);
	exchange_start(&t.side[A].x, 0);
	exchange_stop(&t.side[A].x);
	assert_false(talk_take(&t, A, &e));
	assert_int_equal(exchange_due(&t.side[A].x, 0), NEVER);
	exchange_start(&t.side[A].x, 0);
	assert_int_equal(t.side[A].x.gen, 2);
	assert_true(talk_take(&t, A, &e));
}

static void stopped_it_stays_so_whatever_it_is_told(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 9, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	exchange_stop(&t.side[A].x);
	talk_offer(&t, B, 3);
	assert_true(talk_take(&t, B, &e));
	assert_int_equal(talk_give(&t, A, &e), EXCHANGE_LIVE);
	assert_int_equal(t.side[A].x.state, EXCHANGE_IDLE);
	assert_false(talk_take(&t, A, &e));
}

/* Forty candidates: those of priority 1008 to 1039 go, and fit. */
static void of_too_many_candidates_the_best_are_told(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 6, NULL);
	talk_offer(&t, A, 40);
	for (uint32_t i = 0; i < 40; i++)
		t.side[A].candidates[i].priority = 1000 + (39 - i) * 7 % 40;
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	assert_int_equal(t.side[B].desc.candidates_len, 32);
	assert_int_equal(t.side[B].desc.candidates[0].priority, 1039);
	assert_int_equal(t.side[B].desc.candidates[31].priority, 1008);
}

static void a_stamp_beyond_the_mark_is_to_be_saved_first(void **state)
{
	struct exchange_message m;
	struct talk t;

	(void)state;
	talk_begin(&t, 7, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(exchange_describe(&t.side[A].x, &m));
	assert_true(m.save_first);
	assert_true(t.side[A].shared.stamp.reserved > WALL);
	assert_true(exchange_describe(&t.side[A].x, &m));
	assert_false(m.save_first);
}

static void what_was_not_started_cannot_be_described(void **state)
{
	struct exchange_message m;
	struct talk t;

	(void)state;
	talk_begin(&t, 8, NULL);
	assert_false(exchange_describe(&t.side[A].x, &m));
}

/* -- two of them --------------------------------------------------------- */

static void a_first_contact_takes_three_messages(void **state)
{
	struct talk t;

	(void)state;
	for (int with = 0; with < 2; with++) {
		talk_begin(&t, 10, with ? psk : NULL);
		exchange_start(&t.side[A].x, 0);
		assert_int_equal(talk_run(&t, SECONDS(200), 50), 3);
		assert_settled(&t);
	}
}

static void who_is_woken_is_unproven_then_live(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 11, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	talk_deliver(&t, B, &e);
	assert_int_equal(t.side[B].verdict, EXCHANGE_UNPROVEN);
	assert_true(t.side[B].news.restarted && t.side[B].news.changed);
	assert_false(t.side[B].news.proven);
	assert_string_equal(t.side[B].desc.ufrag, t.side[A].x.ufrag);
	assert_string_equal(t.side[B].desc.pwd, t.side[A].x.pwd);

	assert_true(talk_take(&t, B, &e));
	talk_deliver(&t, A, &e);
	assert_int_equal(t.side[A].verdict, EXCHANGE_LIVE);
	assert_true(t.side[A].news.proven);
	assert_int_equal(t.side[A].x.state, EXCHANGE_SETTLED);

	assert_true(talk_take(&t, A, &e));
	talk_deliver(&t, B, &e);
	assert_int_equal(t.side[B].verdict, EXCHANGE_LIVE);
	assert_true(t.side[B].news.proven);
	assert_false(t.side[B].news.restarted || t.side[B].news.changed);
	assert_false(talk_take(&t, B, &e));
}

static void both_at_once_take_six_at_most(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 12, NULL);
	exchange_start(&t.side[A].x, 0);
	exchange_start(&t.side[B].x, 0);
	assert_in_range(talk_run(&t, 300, 50), 4, 6);
	assert_settled(&t);
	assert_int_equal(talk_run(&t, SECONDS(200), 50), 0);
}

static void a_new_candidate_takes_a_message_and_its_ack(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 13, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	talk_offer(&t, B, 3);
	assert_int_equal(talk_run(&t, SECONDS(200), 50), 2);
	assert_settled(&t);
	assert_int_equal(t.side[A].desc.candidates_len, 3);
	assert_true(t.side[A].news.changed);
	assert_false(t.side[A].news.restarted || t.side[A].news.proven);
}

/* Six of them in a tenth of a second, of which the last says all. */
static void trickled_candidates_are_bundled(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 14, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 20);
	for (size_t n = 3; n < 23; n++) {
		talk_offer(&t, A, n);
		talk_run(&t, 5, 20);
	}
	assert_true(t.side[A].sent <= 2 + 6 + 1);
	talk_run(&t, SECONDS(20), 20);
	assert_settled(&t);
	assert_int_equal(t.side[B].desc.candidates_len, 22);
}

static void each_lost_message_is_made_up_for(void **state)
{
	(void)state;
	for (unsigned lost = 0; lost < 3; lost++) {
		struct envelope e[2];
		struct talk t;
		unsigned n = 0;

		talk_begin(&t, 15, NULL);
		exchange_start(&t.side[A].x, 0);
		while (n <= lost) {		/* one after the other; the last is lost */
			int from = talk_take(&t, A, &e[A]) ? A : B;

			if (from == B && !talk_take(&t, B, &e[B])) {
				talk_wait(&t, 10);
				continue;
			}
			if (n++ < lost)
				talk_deliver(&t, !from, &e[from]);
		}
		talk_run(&t, SECONDS(60), 50);
		assert_settled(&t);
	}
}

static void a_restart_gives_the_other_side_new_credentials(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, 16, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	exchange_restart(&t.side[A].x, t.now);
	assert_int_equal(talk_run(&t, SECONDS(100), 50), 2);
	assert_settled(&t);
	assert_true(t.side[B].news.restarted);
	assert_int_equal(t.side[B].verdict, EXCHANGE_LIVE);
	assert_string_equal(t.side[B].desc.pwd, t.side[A].x.pwd);
}

static void a_peer_that_was_started_anew_is_unproven_until_it_acks(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 17, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	talk_boot(&t, A, NULL, t.side[A].x.heard_ms);
	exchange_start(&t.side[A].x, t.now);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	assert_true(t.side[B].news.restarted);
	assert_false(t.side[B].x.proven);
	assert_int_equal(t.side[B].x.state, EXCHANGE_TELLING);
	talk_run(&t, SECONDS(60), 50);
	assert_settled(&t);
	assert_true(t.side[B].verdict == EXCHANGE_LIVE && t.side[B].x.proven);
}

/* Its clock was in 2030, was set right, and booted in 1970. */
/* It was no longer looked for, and then it was. The peer has forgotten nothing. */
static void an_exchange_that_is_made_anew_is_not_older_than_the_one_before(void **state)
{
	static const uint8_t none[KEY_LEN];
	const uint8_t *key;
	struct talk t;

	(void)state;
	talk_begin(&t, 19, NULL);
	key = t.side[B].shared.self.public_key;
	exchange_start(&t.side[A].x, 0);
	exchange_restart(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	assert_settled(&t);
	exchange_deinit(&t.side[A].x);
	assert_true(exchange_init(&t.side[A].x, &t.side[A].shared, key, none, 0));
	exchange_start(&t.side[A].x, t.now);
	talk_run(&t, SECONDS(60), 50);
	assert_settled(&t);
}

static void a_peer_whose_clock_jumps_is_heard_all_the_same(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 18, NULL);
	exchange_shared_set_clock(&t.side[A].shared, WALL * 3 / 2, mailbox_day(WALL));
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	talk_boot(&t, A, NULL, 0);
	exchange_shared_set_clock(&t.side[A].shared, 1000, mailbox_day(WALL));
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	talk_run(&t, SECONDS(60), 50);
	assert_settled(&t);
}

/* -- what is not taken --------------------------------------------------- */

static void a_double_is_old_and_changes_nothing(void **state)
{
	struct exchange before;
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 20, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	talk_deliver(&t, B, &e);
	before = t.side[B].x;
	for (int i = 0; i < 100; i++)
		assert_int_equal(talk_give(&t, B, &e), EXCHANGE_OLD);
	assert_memory_equal(&t.side[B].x, &before, sizeof(before));
}

static void every_bit_flip_and_truncation_is_bad_and_changes_nothing(void **state)
{
	struct exchange before;
	struct envelope e, cut;
	struct talk t;

	(void)state;
	talk_begin(&t, 21, NULL);
	exchange_start(&t.side[A].x, 0);
	exchange_start(&t.side[B].x, 0);
	assert_true(talk_take(&t, A, &e));
	before = t.side[B].x;
	for (size_t bit = 0; bit < 8 * e.len; bit++) {
		e.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(talk_give(&t, B, &e), EXCHANGE_BAD);
		e.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (cut = e, cut.len = 0; cut.len < e.len; cut.len++)
		assert_int_equal(talk_give(&t, B, &cut), EXCHANGE_BAD);
	assert_memory_equal(&t.side[B].x, &before, sizeof(before));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
}

static void our_own_message_sent_back_is_bad(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 22, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, A, &e), EXCHANGE_BAD);
}

static struct desc desc_of(struct talk *t, int who)
{
	struct exchange_message m;
	struct desc d;

	assert_true(exchange_describe(&t->side[who].x, &m));
	assert_true(desc_decode(&d, bytes_of(m.desc, m.len)));
	return d;
}

static void a_generation_or_revision_that_goes_back_is_bad(void **state)
{
	struct exchange_news news;
	struct exchange before;
	struct desc d;
	struct talk t;

	(void)state;
	talk_begin(&t, 23, NULL);
	exchange_start(&t.side[A].x, 0);
	exchange_restart(&t.side[A].x, 0);
	talk_offer(&t, A, 3);
	talk_run(&t, SECONDS(10), 50);
	before = t.side[B].x;
	d = desc_of(&t, A);
	d.version.rev--;
	assert_int_equal(exchange_accept(&t.side[B].x, &d, EXCHANGE_BY_CHANNEL, &news, t.now),
			 EXCHANGE_BAD);
	d.version.rev++;
	d.version.gen--;
	assert_int_equal(exchange_accept(&t.side[B].x, &d, EXCHANGE_BY_CHANNEL, &news, t.now),
			 EXCHANGE_BAD);
	assert_memory_equal(&t.side[B].x, &before, sizeof(before));
	d.version.gen++;
	assert_int_equal(exchange_accept(&t.side[B].x, &d, EXCHANGE_BY_CHANNEL, &news, t.now),
			 EXCHANGE_LIVE);
}

/* Of B's, and later than all before; but B had not seen what A is now. */
static void an_ack_of_what_we_were_is_no_proof_and_does_not_settle(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 27, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	talk_offer(&t, B, 3);
	assert_true(talk_take(&t, B, &e));
	talk_offer(&t, A, 3);			/* the same generation */
	assert_int_equal(talk_give(&t, A, &e), EXCHANGE_LIVE);
	assert_int_equal(t.side[A].x.state, EXCHANGE_TELLING);

	talk_offer(&t, B, 4);
	assert_true(talk_take(&t, B, &e));
	exchange_restart(&t.side[A].x, t.now);	/* another one */
	assert_int_equal(talk_give(&t, A, &e), EXCHANGE_UNPROVEN);
	assert_int_equal(t.side[A].x.state, EXCHANGE_TELLING);
	talk_run(&t, SECONDS(10), 50);
	assert_settled(&t);
}

/* All is authentic, but it is a token's content. */
static void a_sealed_text_of_another_kind_is_bad(void **state)
{
	struct exchange_message m;
	uint8_t plain[SEAL_PLAIN_MAX], mailbox[MAILBOX_LEN] = {0};
	struct envelope e;
	struct side *a;
	struct talk t;

	(void)state;
	talk_begin(&t, 24, NULL);
	a = &t.side[A];
	exchange_start(&a->x, 0);
	assert_true(exchange_describe(&a->x, &m));
	memcpy(plain + 1, m.desc, m.len);
	for (int content = 0; content < 256; content++) {
		plain[0] = (uint8_t)content;
		e.len = seal_envelope(e.bytes, mailbox, &a->shared.self, &a->x.peer,
				      bytes_of(plain, 1 + m.len), &a->rng);
		if (content != SEAL_DESC)
			assert_int_equal(talk_give(&t, B, &e), EXCHANGE_BAD);
	}
	plain[0] = SEAL_DESC;
	plain[1] ^= 1;			/* no DESC begins so */
	e.len = seal_envelope(e.bytes, mailbox, &a->shared.self, &a->x.peer,
			      bytes_of(plain, 1 + m.len), &a->rng);
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_BAD);
}

/* B's state file is gone, and somebody kept a message of A's of long ago. */
static void after_lost_state_a_replay_is_unproven_and_does_no_harm(void **state)
{
	struct envelope old;
	struct talk t;

	(void)state;
	talk_begin(&t, 25, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &old));
	talk_deliver(&t, B, &old);
	talk_run(&t, SECONDS(30), 50);

	talk_boot(&t, B, NULL, 0);
	talk_deliver(&t, B, &old);
	assert_int_equal(t.side[B].verdict, EXCHANGE_UNPROVEN);
	assert_false(t.side[B].news.proven);
	assert_int_equal(talk_give(&t, B, &old), EXCHANGE_OLD);

	talk_run(&t, SECONDS(60), 50);
	assert_settled(&t);
	assert_int_equal(talk_give(&t, B, &old), EXCHANGE_OLD);
}

static void with_its_state_a_restarted_node_takes_no_replay_at_all(void **state)
{
	struct envelope old;
	struct talk t;

	(void)state;
	talk_begin(&t, 26, NULL);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &old));
	talk_deliver(&t, B, &old);
	talk_boot(&t, B, NULL, t.side[B].x.heard_ms);
	assert_int_equal(talk_give(&t, B, &old), EXCHANGE_OLD);
}

/* -- through the session, and by token ----------------------------------- */

static void what_comes_through_the_session_is_live(void **state)
{
	struct exchange_message m;
	struct talk t;
	struct side *b;

	(void)state;
	talk_begin(&t, 30, NULL);
	b = &t.side[B];
	exchange_start(&t.side[A].x, 0);
	assert_true(exchange_describe(&t.side[A].x, &m));
	assert_int_equal(exchange_feed_session(&b->x, bytes_of(m.desc, m.len), &b->desc, &b->news, 0),
			 EXCHANGE_LIVE);
	assert_true(b->news.proven);
	assert_int_equal(exchange_feed_session(&b->x, bytes_of(m.desc, m.len), &b->desc, &b->news, 0),
			 EXCHANGE_OLD);
	assert_int_equal(exchange_feed_session(&b->x, bytes_of(m.desc, m.len - 1), &b->desc,
					       &b->news, 0),
			 EXCHANGE_BAD);
}

static void the_session_s_copy_proves_what_a_channel_brought_first(void **state)
{
	struct exchange_message m;
	struct envelope e;
	struct talk t;
	struct side *b;

	(void)state;
	talk_begin(&t, 31, NULL);
	b = &t.side[B];
	exchange_start(&t.side[A].x, 0);
	assert_true(exchange_poll(&t.side[A].x, &m, 0));
	e.len = exchange_seal(&t.side[A].x, e.bytes, &m);
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	assert_int_equal(exchange_feed_session(&b->x, bytes_of(m.desc, m.len), &b->desc, &b->news, 0),
			 EXCHANGE_LIVE);
	assert_true(b->news.proven);
	assert_false(b->news.changed);
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_OLD);
}

static void a_token_is_live_and_its_answer_settles(void **state)
{
	struct exchange_news news;
	struct talk t;
	struct desc d;

	(void)state;
	talk_begin(&t, 32, NULL);
	exchange_start(&t.side[A].x, 0);
	d = desc_of(&t, A);
	assert_int_equal(exchange_accept(&t.side[B].x, &d, EXCHANGE_BY_TOKEN, &news, 0),
			 EXCHANGE_LIVE);
	exchange_start(&t.side[B].x, 0);
	d = desc_of(&t, B);
	assert_int_equal(exchange_accept(&t.side[A].x, &d, EXCHANGE_BY_TOKEN, &news, 0),
			 EXCHANGE_LIVE);
	assert_int_equal(t.side[A].x.state, EXCHANGE_SETTLED);
}

/* -- bye ----------------------------------------------------------------- */

static void a_bye_is_said_once_and_believed(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 40, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	exchange_bye(&t.side[A].x);
	assert_int_equal(exchange_due(&t.side[A].x, t.now), t.now);
	assert_true(talk_take(&t, A, &e));
	assert_false(talk_take(&t, A, &e));
	assert_int_equal(exchange_due(&t.side[A].x, t.now), NEVER);
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_LIVE);
	assert_true(t.side[B].news.bye);
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_OLD);
}

static void who_never_said_a_word_says_no_bye(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 41, NULL);
	exchange_bye(&t.side[A].x);
	assert_false(talk_take(&t, A, &e));
}

static void who_stops_or_starts_again_has_not_said_bye(void **state)
{
	struct envelope e;
	struct talk t;

	(void)state;
	talk_begin(&t, 43, NULL);
	exchange_start(&t.side[A].x, 0);
	exchange_bye(&t.side[A].x);
	exchange_stop(&t.side[A].x);
	assert_false(talk_take(&t, A, &e));

	exchange_start(&t.side[A].x, 0);
	exchange_bye(&t.side[A].x);
	exchange_start(&t.side[A].x, 0);
	assert_true(talk_take(&t, A, &e));
	assert_int_equal(talk_give(&t, B, &e), EXCHANGE_UNPROVEN);
	assert_false(t.side[B].desc.flags & DESC_BYE);
	assert_false(talk_take(&t, A, &e));
}

/* A bye of an earlier life of B's cannot end this one. */
static void a_bye_that_acks_another_boot_has_no_effect(void **state)
{
	struct exchange before;
	struct envelope bye;
	struct talk t;

	(void)state;
	talk_begin(&t, 42, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	exchange_bye(&t.side[A].x);
	assert_true(talk_take(&t, A, &bye));
	talk_boot(&t, B, NULL, 0);
	exchange_start(&t.side[B].x, t.now);
	before = t.side[B].x;
	assert_int_equal(talk_give(&t, B, &bye), EXCHANGE_OLD);
	assert_memory_equal(&t.side[B].x, &before, sizeof(before));
}

/* -- limits -------------------------------------------------------------- */

static void a_peer_that_asks_without_end_is_answered_twice_a_second(void **state)
{
	struct exchange_news news;
	struct envelope e;
	struct talk t;
	struct desc d;

	(void)state;
	talk_begin(&t, 50, NULL);
	exchange_start(&t.side[A].x, 0);
	talk_run(&t, SECONDS(10), 50);
	t.side[B].sent = 0;
	for (int i = 0; i < 1000; i++) {
		talk_wait(&t, 10);
		d = desc_of(&t, A);
		d.flags |= DESC_UNACKED;
		assert_int_equal(exchange_accept(&t.side[B].x, &d, EXCHANGE_BY_CHANNEL, &news, t.now),
				 EXCHANGE_LIVE);
		while (talk_take(&t, B, &e))
			;
	}
	assert_in_range(t.side[B].sent, 20, 6 + 20);
}

static void a_silent_exchange_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct exchange) <= 384);
}

static void nothing_is_left_of_the_secrets(void **state)
{
	static const struct exchange no_exchange;
	static const struct exchange_shared nothing;
	struct talk t;

	(void)state;
	talk_begin(&t, 51, psk);
	exchange_start(&t.side[A].x, 0);
	exchange_deinit(&t.side[A].x);
	exchange_shared_deinit(&t.side[A].shared);
	assert_memory_equal(&t.side[A].x, &no_exchange, sizeof(no_exchange));
	assert_memory_equal(&t.side[A].shared, &nothing, sizeof(nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_before_the_start),
		cmocka_unit_test(it_is_told_again_after_1_2_4_8_16_30_30_seconds),
		cmocka_unit_test(two_that_began_together_do_not_stay_together),
		cmocka_unit_test(it_starts_once_and_each_restart_has_new_credentials),
		cmocka_unit_test(stopped_it_is_silent_and_starts_with_a_new_generation),
		cmocka_unit_test(stopped_it_stays_so_whatever_it_is_told),
		cmocka_unit_test(of_too_many_candidates_the_best_are_told),
		cmocka_unit_test(a_stamp_beyond_the_mark_is_to_be_saved_first),
		cmocka_unit_test(what_was_not_started_cannot_be_described),
		cmocka_unit_test(a_first_contact_takes_three_messages),
		cmocka_unit_test(who_is_woken_is_unproven_then_live),
		cmocka_unit_test(both_at_once_take_six_at_most),
		cmocka_unit_test(a_new_candidate_takes_a_message_and_its_ack),
		cmocka_unit_test(trickled_candidates_are_bundled),
		cmocka_unit_test(each_lost_message_is_made_up_for),
		cmocka_unit_test(a_restart_gives_the_other_side_new_credentials),
		cmocka_unit_test(a_peer_that_was_started_anew_is_unproven_until_it_acks),
		cmocka_unit_test(an_exchange_that_is_made_anew_is_not_older_than_the_one_before),
		cmocka_unit_test(a_peer_whose_clock_jumps_is_heard_all_the_same),
		cmocka_unit_test(a_double_is_old_and_changes_nothing),
		cmocka_unit_test(every_bit_flip_and_truncation_is_bad_and_changes_nothing),
		cmocka_unit_test(our_own_message_sent_back_is_bad),
		cmocka_unit_test(a_generation_or_revision_that_goes_back_is_bad),
		cmocka_unit_test(an_ack_of_what_we_were_is_no_proof_and_does_not_settle),
		cmocka_unit_test(a_sealed_text_of_another_kind_is_bad),
		cmocka_unit_test(after_lost_state_a_replay_is_unproven_and_does_no_harm),
		cmocka_unit_test(with_its_state_a_restarted_node_takes_no_replay_at_all),
		cmocka_unit_test(what_comes_through_the_session_is_live),
		cmocka_unit_test(the_session_s_copy_proves_what_a_channel_brought_first),
		cmocka_unit_test(a_token_is_live_and_its_answer_settles),
		cmocka_unit_test(a_bye_is_said_once_and_believed),
		cmocka_unit_test(who_never_said_a_word_says_no_bye),
		cmocka_unit_test(who_stops_or_starts_again_has_not_said_bye),
		cmocka_unit_test(a_bye_that_acks_another_boot_has_no_effect),
		cmocka_unit_test(a_peer_that_asks_without_end_is_answered_twice_a_second),
		cmocka_unit_test(a_silent_exchange_is_small),
		cmocka_unit_test(nothing_is_left_of_the_secrets),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
