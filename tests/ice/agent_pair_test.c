/* agent_pair_test.c -- a pair that works: probes, consent, keepalives. */
#include "rig.h"

static struct rig r;
static struct ice_agent *const agent = &r.agent;

static int begin(void **state)
{
	(void)state;
	rig_init(&r, true);
	return 0;
}

static const struct pair *pair(uint8_t i)
{
	return &agent->list.pairs[i];
}

/* -- the life of a pair -------------------------------------------------- */

static void a_probe_asks_three_times_with_new_ids_and_then_the_pair_has_failed(void **state)
{
	static const msec at[] = {0, 500, 1000};
	uint8_t ids[3][STUN_ID_LEN];
	msec start;

	(void)state;
	rig_settle(&r);
	start = r.now;
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(ice_agent_check_now(agent, 0));		/* under way already */
	for (int i = 0; i < 3; i++) {
		assert_true(rig_until_request(&r, NEVER - 1));
		assert_int_equal(r.now - start, at[i]);
		memcpy(ids[i], r.msg.id, STUN_ID_LEN);
	}
	assert_memory_not_equal(ids[0], ids[1], STUN_ID_LEN);
	assert_memory_not_equal(ids[1], ids[2], STUN_ID_LEN);
	assert_true(rig_until(&r, ICE_PROBE_RESULT, NEVER - 1));
	assert_false(r.action.answered);
	assert_int_equal(r.now - start, 2000);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(pair_lost(pair(0)), 3);
}

static void an_answer_ends_a_probe(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until_request(&r, r.now));
	assert_true(rig_until_request(&r, r.now + 500));
	r.now += 80;
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	assert_true(r.action.answered);
	assert_int_equal(pair_lost(pair(0)), 1);
	assert_int_equal(pair(0)->srtt, 10000);			/* 7/8 of 0, 1/8 of 80 */
	assert_int_equal(rig_run(&r, r.now + SECONDS(10)), 0);
}

/* A path of more than a second. */
static void a_late_answer_to_a_probe_counts(void **state)
{
	uint8_t first[STUN_ID_LEN];

	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until_request(&r, r.now));
	memcpy(first, r.msg.id, sizeof(first));
	assert_int_equal(rig_run(&r, r.now + 1200), 2);
	memcpy(r.msg.id, first, sizeof(first));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	assert_true(r.action.answered);
	assert_int_equal(pair(0)->state, PAIR_VALID);
}

static void a_probe_on_a_pair_being_checked_does_not_wait_for_its_next_turn(void **state)
{
	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now + 4000);		/* the next one would be at 7500 */
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	assert_true(r.action.answered);
}

static void a_probe_and_a_nomination_do_not_hinder_each_other(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_true(ice_agent_nominate(agent, 0));
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
	assert_true(ice_agent_check_now(agent, 0));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_NOMINATED);
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	assert_true(r.action.answered);
}

static void start_nomination_and_probe(void)
{
	rig_connect(&r);
	assert_true(ice_agent_nominate(agent, 0));
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_true(ice_agent_check_now(agent, 0));
}

/* A way that dies while it is being nominated is not believed in for another 40 s. */
static void a_probe_fails_a_pair_whose_nomination_is_not_answered(void **state)
{
	msec start;

	(void)state;
	start_nomination_and_probe();
	start = r.now;
	for (int i = 0; i < 3; i++) {
		assert_true(rig_until_request(&r, start + i * ICE_PROBE_GAP + PACER_TA));
		assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
	}
	assert_true(rig_until(&r, ICE_PROBE_RESULT, start + 2000 + PACER_TA));
	assert_false(r.action.answered);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(agent->nominee, NO_INDEX);
}

static void a_question_of_a_probe_nominates_in_its_place(void **state)
{
	(void)state;
	start_nomination_and_probe();
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_true(rig_until_request(&r, r.now + ICE_PROBE_GAP));	/* the first was lost */
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_NOMINATED);
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	assert_true(r.action.answered);
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));		/* once is enough */
}

/* Every 100 ms, whatever became of the one before; five of eight are answered, one of them late. */
static void a_sample_counts_what_is_lost_of_eight_questions(void **state)
{
	uint8_t late[STUN_ID_LEN];
	msec start;

	(void)state;
	rig_settle(&r);
	start = r.now;
	assert_true(ice_agent_sample(agent, 0, r.now));
	for (int i = 0; i < ICE_SAMPLES; i++) {
		assert_true(rig_until_request(&r, start + i * ICE_SAMPLE_GAP));
		assert_int_equal(r.now, start + i * ICE_SAMPLE_GAP);
		if (i == 1)
			memcpy(late, r.msg.id, sizeof(late));
		else if (i >= 4)
			assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	}
	r.now += 500;
	memcpy(r.msg.id, late, sizeof(late));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(ice_agent_sample(agent, 0, r.now));		/* it is under way */
	assert_true(rig_until(&r, ICE_SAMPLED, NEVER - 1));
	assert_int_equal(r.now - start, (ICE_SAMPLES - 1) * ICE_SAMPLE_GAP + ICE_ASK_WAIT);
	assert_int_equal(r.action.pair, 0);
	assert_int_equal(r.action.lost, 3);
	assert_int_equal(pair(0)->state, PAIR_VALID);
	assert_int_equal(rig_run(&r, r.now + SECONDS(60)), 0);
}

static void a_sample_is_over_with_its_last_answer(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_sample(agent, 0, r.now));
	for (int i = 0; i < ICE_SAMPLES; i++) {
		assert_true(rig_until_request(&r, r.now + ICE_SAMPLE_GAP));
		assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	}
	assert_int_equal(rig_next(&r), ICE_SAMPLED);
	assert_int_equal(r.action.lost, 0);
}

static void a_pair_of_which_a_whole_sample_is_lost_has_failed(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_sample(agent, 0, r.now));
	assert_true(rig_until(&r, ICE_SAMPLED, NEVER - 1));
	assert_int_equal(r.action.lost, ICE_SAMPLES);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(pair_lost(pair(0)), PAIR_HISTORY);
}

/* A probe goes first, and ends as if it were alone. */
static void a_sample_and_a_probe_do_not_hinder_each_other(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_sample(agent, 0, r.now));
	assert_true(rig_until_request(&r, r.now));
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until(&r, ICE_PROBE_RESULT, r.now + 2100));
	assert_false(r.action.answered);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(rig_until(&r, ICE_SAMPLED, NEVER - 1));
	assert_int_equal(r.action.lost, ICE_SAMPLES - 1);
	assert_int_equal(pair(0)->state, PAIR_VALID);
}

static void what_is_no_pair_cannot_be_probed_kept_or_used(void **state)
{
	(void)state;
	assert_false(ice_agent_check_now(agent, 0));
	assert_false(ice_agent_sample(agent, 0, r.now));
	rig_meet(&r);
	assert_false(ice_agent_sample(agent, 1, r.now));
	assert_false(ice_agent_check_now(agent, 1));
	assert_false(ice_agent_check_now(agent, NO_INDEX));
	assert_false(ice_agent_keepalive(agent, 1));
	assert_false(ice_agent_set_active(agent, 1, r.now));
	assert_true(ice_agent_set_active(agent, NO_INDEX, r.now));
}

static void an_idle_agent_is_silent(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_int_equal(rig_run(&r, r.now + SECONDS(3600)), 0);
	assert_true(ice_agent_due(agent) == NEVER);
}

static void consent_is_asked_every_4_to_6_seconds_each_time_anew(void **state)
{
	uint8_t last[STUN_ID_LEN] = {0};
	msec before, spread = 0;

	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	before = pair(0)->last_answer;
	for (int i = 0; i < 100; i++) {
		assert_true(rig_until_request(&r, NEVER - 1));
		assert_in_range(r.now - before, ICE_ASK_MIN, ICE_ASK_MAX);
		spread |= r.now - before - ICE_ASK_MIN;
		assert_memory_not_equal(r.msg.id, last, sizeof(last));
		memcpy(last, r.msg.id, sizeof(last));
		before = r.now;
		assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	}
	assert_true(spread > 1000);
}

static void consent_is_not_sent_again_and_is_lost_30_s_after_the_last_answer(void **state)
{
	msec since;
	unsigned missed = 0;

	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	assert_true(rig_until_request(&r, NEVER - 1));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	since = r.now;
	assert_int_equal(rig_next(&r), ICE_PROBE_RESULT);
	while (r.now < since + ICE_CONSENT - 1) {
		if (rig_until(&r, ICE_PROBE_RESULT, since + ICE_CONSENT - 1)) {
			assert_false(r.action.answered);
			missed++;
		}
	}
	assert_in_range(missed, 4, 7);
	assert_int_equal(agent->active, 0);
	assert_true(rig_until(&r, ICE_CONSENT_LOST, since + ICE_CONSENT));
	assert_int_equal(agent->active, NO_INDEX);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(rig_run(&r, r.now + SECONDS(600)), 0);
}

static void a_late_answer_still_gives_consent(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	assert_true(rig_until_request(&r, NEVER - 1));
	r.now += 3000;
	ice_agent_tick(agent, r.now);
	assert_int_equal(pair_lost(pair(0)), 1);
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(agent->consent_until, r.now + ICE_CONSENT);
}

static void a_question_that_is_out_anyway_does_for_consent(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	r.now = agent->ask_due - 100;
	assert_true(ice_agent_check_now(agent, 0));
	assert_true(rig_until_request(&r, r.now));
	r.now += 200;						/* consent is due, the probe is out */
	assert_int_equal(rig_next(&r), ICE_NOTHING);
	assert_true(agent->ask_due > r.now);
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(agent->consent_until, r.now + ICE_CONSENT);
}

static void no_active_pair_no_questions(void **state)
{
	(void)state;
	rig_settle(&r);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	assert_true(rig_until_request(&r, NEVER - 1));
	assert_true(ice_agent_set_active(agent, NO_INDEX, r.now));
	assert_false(pair(0)->active);
	assert_int_equal(rig_run(&r, r.now + SECONDS(600)), 0);
	assert_int_equal(pair(0)->state, PAIR_VALID);
}

static void a_keepalive_is_an_indication_without_secrets(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_true(ice_agent_keepalive(agent, 0));
	assert_true(ice_agent_due(agent) <= r.now);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_INDICATION);
	assert_int_equal(r.msg.method, STUN_BINDING);
	assert_int_equal(r.msg.count, 1);
	assert_true(stun_check_fingerprint(&r.msg));
	assert_true(endpoint_equal(&r.action.remote, &r.peer));
	assert_int_equal(rig_next(&r), ICE_NOTHING);
}

static void when_the_base_goes_everything_on_it_ends(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_true(ice_agent_nominate(agent, 0));
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(ice_agent_set_active(agent, 0, r.now));
	rig_feed(&r, &(struct forged){.controlled = 5});	/* a reply is owed */
	ice_agent_remove_base(agent, &r.base);
	assert_int_equal(agent->active, NO_INDEX);
	assert_int_equal(agent->nominated, NO_INDEX);
	assert_int_equal(rig_next(&r), ICE_NOTHING);
	assert_int_equal(rig_answer(&r, NULL), ICE_NOT_OURS);
	assert_int_equal(rig_run(&r, r.now + SECONDS(60)), 0);
}

static void every_verdict_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < ICE_VERDICTS; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(ice_verdict_name((enum ice_verdict)i),
						ice_verdict_name((enum ice_verdict)j));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(a_probe_asks_three_times_with_new_ids_and_then_the_pair_has_failed),
		TEST(an_answer_ends_a_probe),
		TEST(a_late_answer_to_a_probe_counts),
		TEST(a_probe_on_a_pair_being_checked_does_not_wait_for_its_next_turn),
		TEST(a_probe_and_a_nomination_do_not_hinder_each_other),
		TEST(a_probe_fails_a_pair_whose_nomination_is_not_answered),
		TEST(a_question_of_a_probe_nominates_in_its_place),
		TEST(a_sample_counts_what_is_lost_of_eight_questions),
		TEST(a_sample_is_over_with_its_last_answer),
		TEST(a_pair_of_which_a_whole_sample_is_lost_has_failed),
		TEST(a_sample_and_a_probe_do_not_hinder_each_other),
		TEST(what_is_no_pair_cannot_be_probed_kept_or_used),
		TEST(an_idle_agent_is_silent),
		TEST(consent_is_asked_every_4_to_6_seconds_each_time_anew),
		TEST(consent_is_not_sent_again_and_is_lost_30_s_after_the_last_answer),
		TEST(a_late_answer_still_gives_consent),
		TEST(a_question_that_is_out_anyway_does_for_consent),
		TEST(no_active_pair_no_questions),
		TEST(a_keepalive_is_an_indication_without_secrets),
		TEST(when_the_base_goes_everything_on_it_ends),
		TEST(every_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, rig_prepare, NULL);
}
