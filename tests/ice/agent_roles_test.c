/* agent_roles_test.c -- who is controlling, and which pair is nominated. */
#include "rig.h"

static struct rig r;
static struct ice_agent *const agent = &r.agent;

static int begin(void **state)
{
	(void)state;
	rig_init(&r, true);
	return 0;
}

static int begin_controlled(void **state)
{
	(void)state;
	rig_init(&r, false);
	return 0;
}

static const struct pair *pair(uint8_t i)
{
	return &agent->list.pairs[i];
}

/* -- roles --------------------------------------------------------------- */

static void expect_487(void)
{
	unsigned code;

	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_ERROR);
	assert_true(stun_get_error(&r.msg, &code));
	assert_int_equal(code, 487);
	assert_true(stun_check_integrity(&r.msg, rig_text(agent->pwd)));
	assert_true(stun_check_fingerprint(&r.msg));
}

static void controlling_with_the_greater_tie_breaker_stays_so(void **state)
{
	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	assert_int_equal(rig_feed(&r, &(struct forged){.controlling = 999}), ICE_HANDLED);
	expect_487();
	assert_int_equal(rig_feed(&r, &(struct forged){.controlling = 1000}), ICE_HANDLED);
	expect_487();					/* a tie is ours */
	assert_true(agent->list.controlling);
	assert_int_equal(pair(0)->state, PAIR_IN_PROGRESS);	/* not asked back either */
}

static void controlling_with_the_smaller_tie_breaker_gives_way(void **state)
{
	uint64_t priority;

	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	priority = pair(0)->priority;
	assert_int_equal(rig_feed(&r, &(struct forged){.controlling = 1001}), ICE_HANDLED);
	assert_false(agent->list.controlling);
	assert_true(pair(0)->priority != priority);
	assert_int_equal(rig_next(&r), ICE_ROLE_CHANGED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_SUCCESS);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_non_null(stun_find(&r.msg, ATTR_ICE_CONTROLLED));
}

static void controlled_with_the_smaller_tie_breaker_stays_so(void **state)
{
	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 1001}), ICE_HANDLED);
	expect_487();
	assert_false(agent->list.controlling);
}

static void controlled_with_the_greater_tie_breaker_takes_over(void **state)
{
	(void)state;
	for (uint64_t theirs = 999; theirs <= 1000; theirs++) {
		rig_init(&r, false);
		rig_meet(&r);
		rig_run(&r, r.now);
		assert_int_equal(rig_feed(&r, &(struct forged){.controlled = theirs}), ICE_HANDLED);
		assert_true(agent->list.controlling);
		assert_int_equal(rig_next(&r), ICE_ROLE_CHANGED);
		assert_int_equal(rig_next(&r), ICE_SEND);
		assert_int_equal(r.msg.class, STUN_SUCCESS);
	}
}

static void without_a_role_there_is_no_conflict(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_int_equal(rig_feed(&r, &(struct forged){.username = NULL}), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_SUCCESS);
}

static void after_487_the_check_is_made_in_the_other_role_with_a_new_tie_breaker(void **state)
{
	uint8_t id[STUN_ID_LEN];
	uint64_t tie_breaker;

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	memcpy(id, r.msg.id, sizeof(id));
	assert_int_equal(rig_feed(&r, &(struct forged){.class = STUN_ERROR, .error = 487, .id = id}),
			 ICE_HANDLED);
	assert_false(agent->list.controlling);
	assert_int_equal(pair(0)->state, PAIR_WAITING);
	assert_int_equal(rig_next(&r), ICE_ROLE_CHANGED);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_memory_not_equal(r.msg.id, id, sizeof(id));
	assert_true(stun_get_u64(&r.msg, ATTR_ICE_CONTROLLED, &tie_breaker));
	assert_true(tie_breaker != 1000);
}

/* Two checks in the old role, two times 487: the role changes once. */
static void a_second_487_does_not_change_back(void **state)
{
	uint8_t id[2][STUN_ID_LEN];

	(void)state;
	rig_meet(&r);
	rig_add_remote(&r, "192.0.2.2:6000", CANDIDATE_HOST);
	for (int i = 0; i < 2; i++) {
		assert_true(rig_until_request(&r, r.now + PACER_TA));
		memcpy(id[i], r.msg.id, sizeof(id[i]));
	}
	assert_int_equal(rig_feed(&r, &(struct forged){.class = STUN_ERROR, .error = 487,
						       .id = id[0]}), ICE_HANDLED);
	assert_int_equal(rig_feed_from(&r, "192.0.2.2:6000",
				       &(struct forged){.class = STUN_ERROR, .error = 487,
							.id = id[1]}), ICE_HANDLED);
	assert_false(agent->list.controlling);
	assert_int_equal(agent->list.triggered_len, 2);
}

static void with_a_lite_peer_we_are_controlling(void **state)
{
	struct ice_settings settings = agent->settings;

	(void)state;
	settings.controlling = false;
	settings.remote_lite = true;
	ice_agent_init(agent, &settings);
	assert_true(agent->list.controlling);
}

/* -- nomination ---------------------------------------------------------- */

static void the_best_valid_pair_is_nominated_once_it_has_settled(void **state)
{
	msec valid_at;

	(void)state;
	rig_meet(&r);
	rig_add_remote(&r, "192.0.2.2:6000", CANDIDATE_SRFLX);
	rig_add_remote(&r, "192.0.2.3:6000", CANDIDATE_SRFLX);
	assert_true(rig_until_request(&r, r.now));		/* the best; never answered */
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	valid_at = r.now;
	while (rig_until_request(&r, NEVER - 1) && !stun_find(&r.msg, ATTR_USE_CANDIDATE))
		;
	assert_in_range(r.now, valid_at + ICE_SETTLE, valid_at + ICE_SETTLE + PACER_TA);
	assert_int_equal(r.action.remote.ip.bytes[3], 2);
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_NOMINATED);
	assert_true(pair(agent->nominated)->nominated);
	rig_run(&r, r.now + SECONDS(60));
	assert_int_equal(checklist_count(&agent->list, PAIR_FAILED), 2);
}

static void at_the_end_of_candidates_nothing_better_is_waited_for(void **state)
{
	(void)state;
	rig_meet(&r);
	ice_agent_end_of_candidates(agent, rig_text(PEER_UFRAG));
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
}

static void when_a_nomination_fails_the_next_best_pair_has_its_turn(void **state)
{
	(void)state;
	rig_meet(&r);
	rig_add_remote(&r, "192.0.2.2:6000", CANDIDATE_SRFLX);
	for (int i = 0; i < 2; i++) {
		assert_true(rig_until_request(&r, r.now + PACER_TA));
		assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	}
	assert_true(rig_until_request(&r, r.now + ICE_SETTLE + PACER_TA));
	assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
	assert_int_equal(r.action.remote.ip.bytes[3], 1);
	while (rig_until_request(&r, NEVER - 1) && r.action.remote.ip.bytes[3] == 1)
		;
	assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(rig_until(&r, ICE_NOMINATED, r.now));
	assert_int_equal(r.action.pair, 1);
}

static void the_owner_may_nominate_one_valid_pair(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_false(ice_agent_nominate(agent, 0));
	assert_false(ice_agent_nominate(agent, NO_INDEX));
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(ice_agent_nominate(agent, 0));
	assert_false(ice_agent_nominate(agent, 0));
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(rig_until(&r, ICE_NOMINATED, r.now));
	assert_false(ice_agent_nominate(agent, 0));
}

static void a_controlled_agent_takes_the_nomination_of_a_valid_pair(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_false(ice_agent_nominate(agent, 0));
	assert_int_equal(rig_run(&r, r.now + SECONDS(5)), 0);	/* and makes none */
	rig_feed(&r, &(struct forged){.controlling = 5, .use_candidate = true});
	assert_int_equal(rig_next(&r), ICE_NOMINATED);
	rig_feed(&r, &(struct forged){.controlling = 5, .use_candidate = true});
	assert_int_equal(rig_next(&r), ICE_SEND);		/* once */
}

static void a_nomination_of_a_pair_not_yet_valid_waits_for_the_answer(void **state)
{
	(void)state;
	rig_meet(&r);
	rig_feed(&r, &(struct forged){.controlling = 5, .use_candidate = true});
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	assert_int_equal(rig_next(&r), ICE_NOMINATED);
}

/* An old peer nominates aggressively: each pair, as it goes. */
static void of_several_nominated_pairs_the_best_counts(void **state)
{
	static const char *const from[] = {"192.0.2.2:6000", "192.0.2.1:6000", "192.0.2.2:6000"};

	(void)state;
	rig_meet(&r);
	rig_add_remote(&r, "192.0.2.2:6000", CANDIDATE_SRFLX);
	for (int i = 0; i < 2; i++) {
		assert_true(rig_until_request(&r, r.now + PACER_TA));
		assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	}
	for (int i = 0; i < 3; i++)
		rig_feed_from(&r, from[i],
			      &(struct forged){.controlling = 5, .use_candidate = true});
	assert_int_equal(agent->nominated, 0);
	assert_true(pair(0)->nominated);
	assert_false(pair(1)->nominated);
}

static void use_candidate_means_nothing_to_a_controlling_agent(void **state)
{
	(void)state;
	rig_connect(&r);
	rig_feed(&r, &(struct forged){.controlled = 5, .use_candidate = true});
	assert_int_equal(agent->nominated, NO_INDEX);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
#define CONTROLLED(f) cmocka_unit_test_setup(f, begin_controlled)
	const struct CMUnitTest tests[] = {
		TEST(controlling_with_the_greater_tie_breaker_stays_so),
		TEST(controlling_with_the_smaller_tie_breaker_gives_way),
		CONTROLLED(controlled_with_the_smaller_tie_breaker_stays_so),
		CONTROLLED(controlled_with_the_greater_tie_breaker_takes_over),
		TEST(without_a_role_there_is_no_conflict),
		TEST(after_487_the_check_is_made_in_the_other_role_with_a_new_tie_breaker),
		TEST(a_second_487_does_not_change_back),
		TEST(with_a_lite_peer_we_are_controlling),
		TEST(the_best_valid_pair_is_nominated_once_it_has_settled),
		TEST(at_the_end_of_candidates_nothing_better_is_waited_for),
		TEST(when_a_nomination_fails_the_next_best_pair_has_its_turn),
		TEST(the_owner_may_nominate_one_valid_pair),
		CONTROLLED(a_controlled_agent_takes_the_nomination_of_a_valid_pair),
		CONTROLLED(a_nomination_of_a_pair_not_yet_valid_waits_for_the_answer),
		CONTROLLED(of_several_nominated_pairs_the_best_counts),
		TEST(use_candidate_means_nothing_to_a_controlling_agent),
	};

	return cmocka_run_group_tests(tests, rig_prepare, NULL);
}
