/* agent_test.c -- one agent: what it asks, what it believes, when it gives up. */
#include "rig.h"

#include <stdio.h>

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

/* -- what a check looks like --------------------------------------------- */

static void a_check_says_all_that_the_rfc_wants(void **state)
{
	struct bytes username;
	uint32_t priority;
	uint64_t tie_breaker;

	(void)state;
	rig_meet(&r);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_true(base_equal(&r.action.base, &r.base));
	assert_true(endpoint_equal(&r.action.remote, &r.peer));
	assert_int_equal(r.msg.class, STUN_REQUEST);
	assert_int_equal(r.msg.method, STUN_BINDING);
	assert_true(stun_get_bytes(&r.msg, ATTR_USERNAME, &username));
	assert_int_equal(username.len, 4 + 1 + ICE_UFRAG_LEN);
	assert_memory_equal(username.data, PEER_UFRAG ":", 5);
	assert_memory_equal(username.data + 5, agent->ufrag, ICE_UFRAG_LEN);
	assert_true(stun_get_u32(&r.msg, ATTR_PRIORITY, &priority));
	assert_int_equal(priority, candidate_priority(CANDIDATE_PRFLX, 65534, 1));
	assert_true(stun_get_u64(&r.msg, ATTR_ICE_CONTROLLING, &tie_breaker));
	assert_int_equal(tie_breaker, 1000);
	assert_null(stun_find(&r.msg, ATTR_ICE_CONTROLLED));
	assert_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
	assert_true(stun_check_integrity(&r.msg, rig_text(PEER_PWD)));
	assert_true(stun_check_fingerprint(&r.msg));
}

static void a_controlled_agent_says_so(void **state)
{
	uint64_t tie_breaker;

	(void)state;
	rig_meet(&r);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_true(stun_get_u64(&r.msg, ATTR_ICE_CONTROLLED, &tie_breaker));
	assert_null(stun_find(&r.msg, ATTR_ICE_CONTROLLING));
}

static void the_same_bytes_go_out_seven_times_and_then_the_pair_has_failed(void **state)
{
	static const msec at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	uint8_t first[RIG_BYTES];
	msec start = r.now;

	(void)state;
	rig_meet(&r);
	for (unsigned i = 0; i < 7; i++) {
		assert_true(rig_until_request(&r, NEVER - 1));
		assert_int_equal(r.now - start, at[i]);
		if (i == 0)
			memcpy(first, r.sent, sizeof(first));
		assert_memory_equal(r.sent, first, r.msg.datagram.len);
	}
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
	assert_int_equal(r.now - start, 39500);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_true(ice_agent_due(agent) == NEVER);
}

/* RFC 8445 section 14.3: 20 pairs of 50 ms. */
static void with_many_pairs_the_rto_grows(void **state)
{
	char at[32];
	unsigned before;
	msec start = r.now;

	(void)state;
	rig_meet(&r);
	for (unsigned i = 2; i <= 20; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:6000", i);
		rig_add_remote(&r, at, CANDIDATE_HOST);
	}
	before = rig_run(&r, start + 19 * PACER_TA);
	assert_int_equal(before, 20);
	assert_int_equal(agent->checks.slots[0].due, start + 20 * PACER_TA);
}

static void credentials_are_long_enough_and_new_each_time(void **state)
{
	char ufrag[ICE_UFRAG_LEN + 1], pwd[ICE_PWD_LEN + 1];

	(void)state;
	for (int i = 0; i < 50; i++) {
		memcpy(ufrag, agent->ufrag, sizeof(ufrag));
		memcpy(pwd, agent->pwd, sizeof(pwd));
		assert_int_equal(strlen(ufrag), ICE_UFRAG_LEN);
		assert_int_equal(strlen(pwd), ICE_PWD_LEN);
		ice_agent_restart(agent);
		assert_string_not_equal(agent->ufrag, ufrag);
		assert_string_not_equal(agent->pwd, pwd);
	}
}

/* -- the pace ------------------------------------------------------------ */

static void checks_are_50_ms_apart(void **state)
{
	char at[32];
	msec start = r.now;

	(void)state;
	rig_meet(&r);
	for (unsigned i = 2; i <= 10; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:6000", i);
		rig_add_remote(&r, at, CANDIDATE_HOST);
	}
	for (unsigned i = 0; i < 10; i++) {
		assert_true(rig_until_request(&r, NEVER - 1));
		assert_int_equal(r.now - start, i * PACER_TA);
	}
}

/* However many pairs there are and however often they are sent again. */
static void a_peer_gets_at_most_20_requests_in_a_second(void **state)
{
	char at[32];
	msec sent[2000];
	unsigned n = 0;

	(void)state;
	rig_meet(&r);
	for (unsigned i = 2; i <= 32; i++) {
		snprintf(at, sizeof(at), "192.0.2.%u:6000", i);
		rig_add_remote(&r, at, CANDIDATE_HOST);
	}
	while (rig_until_request(&r, r.now + 50000) && n < 2000) {
		sent[n++] = r.now;
		if (n > 20)
			assert_true(sent[n - 1] - sent[n - 21] >= 1000);
		if (n % 3 == 0)				/* and however often the peer asks */
			rig_feed(&r, &(struct forged){.controlled = 5});
	}
	assert_true(n > 7 * 30);
}

/* Sixteen agents that all have something to ask at once. */
static void all_agents_together_send_one_request_per_5_ms(void **state)
{
	enum { AGENTS = 16 };
	static struct ice_agent agents[AGENTS];
	struct local_candidate c = {.c.type = CANDIDATE_HOST, .c.at = r.base.at, .base = r.base};
	unsigned sent[AGENTS] = {0}, all = 0;
	msec last = -100;

	(void)state;
	for (unsigned i = 0; i < AGENTS; i++) {
		struct candidate remote = {.type = CANDIDATE_HOST, .component = 1, .priority = 1};

		ice_agent_init(&agents[i], &agent->settings);
		ice_agent_add_local(&agents[i], &c);
		ice_agent_set_remote(&agents[i], rig_text(PEER_UFRAG), rig_text(PEER_PWD), 0);
		for (unsigned j = 1; j <= 20; j++) {
			remote.at = r.peer;
			remote.at.port = (uint16_t)j;
			remote.foundation[0] = (char)('a' + j);
			ice_agent_add_remote(&agents[i], rig_text(PEER_UFRAG), &remote, 0);
		}
	}
	for (msec now = 0; now < 1000; now++) {
		for (unsigned i = 0; i < AGENTS; i++) {
			struct ice_action action;

			ice_agent_tick(&agents[i], now);
			while (ice_agent_poll(&agents[i], &action, now) == ICE_SEND) {
				assert_true(now - last >= PACER_GAP);
				last = now;
				sent[i]++;
				all++;
			}
		}
	}
	assert_in_range(all, 195, 200);
	for (unsigned i = 0; i < AGENTS; i++)
		assert_in_range(sent[i], all / AGENTS - 1, all / AGENTS + 1);	/* nobody starves */
}

/* The loop was away for a second: two agents with a slot each must not send at once. */
static void a_late_loop_makes_no_burst(void **state)
{
	static struct rig other;
	struct ice_action action;

	(void)state;
	rig_init(&other, true);
	other.agent.settings.pacer = &r.pacer;
	rig_meet(&r);
	rig_meet(&other);
	ice_pacer_reserve(&r.pacer, r.now);			/* somebody else's */
	assert_int_equal(ice_agent_poll(agent, &action, r.now), ICE_NOTHING);
	assert_int_equal(ice_agent_poll(&other.agent, &action, r.now), ICE_NOTHING);
	r.now += 1000;
	assert_int_equal(ice_agent_poll(agent, &action, r.now), ICE_SEND);
	assert_int_equal(ice_agent_poll(&other.agent, &action, r.now), ICE_NOTHING);
	assert_int_equal(ice_agent_due(&other.agent), r.now + PACER_GAP);
	r.now += PACER_GAP;
	assert_int_equal(ice_agent_poll(&other.agent, &action, r.now), ICE_SEND);
}

/* -- answers ------------------------------------------------------------- */

static void an_answered_check_makes_the_pair_valid(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	r.now += 37;
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	assert_int_equal(r.action.pair, 0);
	assert_int_equal(pair(0)->srtt, 37000);
	assert_int_equal(pair(0)->last_answer, r.now);
	assert_int_equal(agent->list.locals[pair(0)->mapped].c.type, CANDIDATE_HOST);
}

static void an_answer_to_a_repeated_check_is_no_measurement(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, NEVER - 1));
	assert_true(rig_until_request(&r, NEVER - 1));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(pair(0)->state, PAIR_VALID);
	assert_int_equal(pair(0)->srtt, -1);
}

static void an_answer_twice_counts_once(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_answer(&r, NULL), ICE_NOT_OURS);
}

static void a_new_mapped_address_is_a_local_peer_reflexive_candidate(void **state)
{
	const struct local_candidate *c;

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, "198.51.100.7:4444"), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_NEW_LOCAL);
	c = &agent->list.locals[r.action.candidate];
	assert_int_equal(c->c.type, CANDIDATE_PRFLX);
	assert_int_equal(c->c.at.port, 4444);
	assert_int_equal(c->c.priority, candidate_priority(CANDIDATE_PRFLX, 65534, 1));
	assert_true(base_equal(&c->base, &r.base));
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	assert_int_equal(pair(0)->mapped, c - agent->list.locals);
}

static void an_answer_from_another_address_fails_the_pair(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer_from(&r, "192.0.2.1:6001"), ICE_WRONG_PATH);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_int_equal(agent->verdicts[ICE_WRONG_PATH], 1);
}

static void an_answer_to_another_base_fails_the_pair(void **state)
{
	struct forged f = {.class = STUN_SUCCESS, .mapped = &r.base.at, .id = r.msg.id};
	struct ice_base other = r.base;
	uint8_t out[RIG_BYTES];

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	other.via++;
	assert_int_equal(ice_agent_feed(agent, &other, &r.peer, rig_forge(&r, &f, out), r.now),
			 ICE_WRONG_PATH);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
}

static void answers_that_nobody_vouches_for_are_dropped(void **state)
{
	struct forged f = {.class = STUN_SUCCESS, .mapped = &r.base.at, .id = r.msg.id};

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	f.pwd = "";
	assert_int_equal(rig_feed(&r, &f), ICE_BAD_INTEGRITY);
	f.pwd = agent->pwd;				/* that of the other direction */
	assert_int_equal(rig_feed(&r, &f), ICE_BAD_INTEGRITY);
	f.pwd = NULL;
	f.no_fingerprint = true;
	assert_int_equal(rig_feed(&r, &f), ICE_NO_FINGERPRINT);
	f.no_fingerprint = false;
	f.bad_fingerprint = true;
	assert_int_equal(rig_feed(&r, &f), ICE_NO_FINGERPRINT);
	f.bad_fingerprint = false;
	f.mapped = NULL;
	assert_int_equal(rig_feed(&r, &f), ICE_BAD_ATTRIBUTES);
	f.mapped = &r.base.at;
	f.method = STUN_ALLOCATE;
	assert_int_equal(rig_feed(&r, &f), ICE_NOT_OURS);
	f = (struct forged){.class = STUN_ERROR, .id = r.msg.id, .error = 401, .pwd = ""};
	assert_int_equal(rig_feed(&r, &f), ICE_BAD_INTEGRITY);
	f = (struct forged){.class = STUN_ERROR, .id = r.msg.id};
	assert_int_equal(rig_feed(&r, &f), ICE_BAD_ATTRIBUTES);
	assert_int_equal(pair(0)->state, PAIR_IN_PROGRESS);
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);	/* it still waits for the right one */
}

static void an_error_or_an_unknown_attribute_fails_the_pair(void **state)
{
	struct forged f = {.class = STUN_ERROR, .error = 500, .id = r.msg.id};

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_feed(&r, &f), ICE_HANDLED);
	assert_int_equal(pair(0)->state, PAIR_FAILED);

	rig_init(&r, true);
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	f = (struct forged){.class = STUN_SUCCESS, .id = r.msg.id, .mapped = &r.base.at,
			    .unknown = 0x7ffe};
	assert_int_equal(rig_feed(&r, &f), ICE_UNKNOWN_ATTRIBUTE);
	assert_int_equal(pair(0)->state, PAIR_FAILED);
}

/* -- generations --------------------------------------------------------- */

static void after_a_restart_the_old_ufrag_is_nobody(void **state)
{
	char username[64];
	const struct forged old = {.controlled = 5, .username = username};

	(void)state;
	rig_connect(&r);
	snprintf(username, sizeof(username), "%s:" PEER_UFRAG, agent->ufrag);
	assert_int_equal(rig_feed(&r, &old), ICE_HANDLED);
	ice_agent_restart(agent);
	assert_int_equal(agent->replies_len, 0);
	assert_int_equal(rig_feed(&r, &old), ICE_NOT_OURS);
	assert_int_equal(rig_next(&r), ICE_NOTHING);
	assert_int_equal(checklist_count(&agent->list, PAIR_NONE), PAIRS_MAX);
	assert_int_equal(agent->list.locals[0].c.type, CANDIDATE_HOST);
	assert_true(agent->list.controlling);
}

static void candidates_of_another_generation_are_dropped(void **state)
{
	struct candidate c = {.type = CANDIDATE_HOST, .component = 1, .at = r.peer, .priority = 1};

	(void)state;
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now), ICE_REMOTE_STALE);
	rig_meet(&r);
	c.at.port++;
	assert_int_equal(ice_agent_add_remote(agent, rig_text("OLDER"), &c, r.now), ICE_REMOTE_STALE);
	assert_int_equal(ice_agent_add_remote(agent, rig_text(""), &c, r.now), ICE_REMOTE_STALE);
	ice_agent_end_of_candidates(agent, rig_text("OLDER"));
	assert_false(agent->ended);
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now), ICE_REMOTE_TAKEN);
	ice_agent_restart(agent);
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now), ICE_REMOTE_STALE);
}

static void remote_candidates_that_nobody_should_send_to_are_refused(void **state)
{
	struct candidate c = {.type = CANDIDATE_HOST, .component = 1, .at = r.peer, .priority = 1};
	struct candidate bad = c;

	(void)state;
	rig_meet(&r);
	bad.component = 2;
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &bad, r.now),
			 ICE_REMOTE_REFUSED);
	bad = c;
	bad.type = CANDIDATE_NONE;
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &bad, r.now),
			 ICE_REMOTE_REFUSED);
	bad = c;
	bad.at = rig_endpoint("127.0.0.1:22");
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &bad, r.now),
			 ICE_REMOTE_REFUSED);
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now), ICE_REMOTE_KNOWN);
	for (unsigned i = 1; i < REMOTES_SIGNALLED; i++) {
		c.at.port++;
		assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now),
				 ICE_REMOTE_TAKEN);
	}
	c.at.port++;
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &c, r.now),
			 ICE_REMOTE_NO_ROOM);
}

static void local_candidates_are_checked_as_well(void **state)
{
	struct local_candidate c = {.c.type = CANDIDATE_HOST, .base = r.base};

	(void)state;
	c.c.at = rig_endpoint("127.0.0.1:5000");
	assert_int_equal(ice_agent_add_local(agent, &c), NO_INDEX);
	c.c.at = r.base.at;
	c.base.at = rig_endpoint("127.0.0.1:5000");
	assert_int_equal(ice_agent_add_local(agent, &c), NO_INDEX);
	c.base = r.base;
	c.c.type = CANDIDATE_NONE;
	assert_int_equal(ice_agent_add_local(agent, &c), NO_INDEX);
}

static void credentials_must_be_as_the_rfc_wants_them(void **state)
{
	char longest[ICE_CREDENTIAL_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_false(ice_agent_set_remote(agent, rig_text("abc"), rig_text(PEER_PWD), r.now));
	assert_false(ice_agent_set_remote(agent, rig_text("PEER"),
					  rig_text("123456789012345678901"), r.now));
	assert_false(ice_agent_set_remote(agent, rig_text("PE:ER"), rig_text(PEER_PWD), r.now));
	assert_false(ice_agent_set_remote(agent, rig_text("PEER"), rig_text("1234567890123456789012\n"),
					  r.now));
	assert_false(ice_agent_set_remote(agent, bytes_of(longest, 257), rig_text(PEER_PWD), r.now));
	assert_false(ice_agent_set_remote(agent, rig_text("PEER"), bytes_of(longest, 257), r.now));
	assert_true(ice_agent_set_remote(agent, bytes_of(longest, 256), bytes_of(longest, 256),
					 r.now));
}

static void the_longest_request_fits(void **state)
{
	struct candidate c = {.type = CANDIDATE_HOST, .component = 1, .at = r.peer, .priority = 1};
	char longest[ICE_CREDENTIAL_MAX];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(ice_agent_set_remote(agent, bytes_of(longest, 256), bytes_of(longest, 256),
					 r.now));
	ice_agent_add_remote(agent, bytes_of(longest, 256), &c, r.now);
	assert_true(rig_until_request(&r, r.now));
	assert_true(stun_check_integrity(&r.msg, bytes_of(longest, 256)));
	agent->nominee = 0;				/* with USE-CANDIDATE on top */
	checklist_trigger(&agent->list, 0);
	assert_true(rig_until_request(&r, r.now + 100));
	assert_non_null(stun_find(&r.msg, ATTR_USE_CANDIDATE));
}

static void credentials_drawn_by_somebody_else_are_used(void **state)
{
	struct bytes username;

	(void)state;
	ice_agent_set_local(agent, "abcdefgh", "abcdefghijklmnopqrstuvwx");
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	assert_true(stun_get_bytes(&r.msg, ATTR_USERNAME, &username));
	assert_memory_equal(username.data, PEER_UFRAG ":abcdefgh", username.len);
	assert_int_equal(rig_feed(&r, &(struct forged){.pwd = "abcdefghijklmnopqrstuvwx"}),
			 ICE_HANDLED);
}

static void a_candidate_that_was_learnt_may_be_signalled_later(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_int_equal(rig_feed_from(&r, "203.0.113.9:7", &(struct forged){.controlled = 5}),
			 ICE_HANDLED);
	rig_add_remote(&r, "203.0.113.9:7", CANDIDATE_SRFLX);	/* before anybody heard the news */
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(checklist_count(&agent->list, PAIR_WAITING), 2);
}

static void the_same_credentials_again_change_nothing(void **state)
{
	(void)state;
	rig_connect(&r);
	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_int_equal(pair(0)->state, PAIR_VALID);
}

static void nothing_secret_is_left_behind(void **state)
{
	static const struct ice_agent blank;

	(void)state;
	rig_connect(&r);
	ice_agent_deinit(agent);
	assert_memory_equal(agent, &blank, sizeof(blank));
}

/* -- patience ------------------------------------------------------------ */

static void a_failure_is_none_before_the_patience_is_over(void **state)
{
	msec start = r.now;

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	rig_answer_from(&r, "192.0.2.1:6001");			/* the only pair fails at once */
	assert_int_equal(pair(0)->state, PAIR_FAILED);
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
	assert_int_equal(r.now - start, ICE_PATIENCE);
}

static void without_any_candidate_it_fails_as_well(void **state)
{
	msec start = r.now;

	(void)state;
	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
	assert_int_equal(r.now - start, ICE_PATIENCE);
}

static void without_credentials_it_waits_for_ever(void **state)
{
	(void)state;
	assert_true(ice_agent_due(agent) == NEVER);
}

static void a_late_candidate_is_waited_for_and_then_it_fails_again(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
	rig_add_remote(&r, "192.0.2.2:6000", CANDIDATE_HOST);
	assert_true(rig_until_request(&r, r.now));
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
#define CONTROLLED(f) cmocka_unit_test_setup(f, begin_controlled)
	const struct CMUnitTest tests[] = {
		TEST(a_check_says_all_that_the_rfc_wants),
		CONTROLLED(a_controlled_agent_says_so),
		TEST(the_same_bytes_go_out_seven_times_and_then_the_pair_has_failed),
		TEST(with_many_pairs_the_rto_grows),
		TEST(credentials_are_long_enough_and_new_each_time),
		TEST(checks_are_50_ms_apart),
		TEST(a_peer_gets_at_most_20_requests_in_a_second),
		TEST(all_agents_together_send_one_request_per_5_ms),
		TEST(a_late_loop_makes_no_burst),
		TEST(an_answered_check_makes_the_pair_valid),
		TEST(an_answer_to_a_repeated_check_is_no_measurement),
		TEST(an_answer_twice_counts_once),
		TEST(a_new_mapped_address_is_a_local_peer_reflexive_candidate),
		TEST(an_answer_from_another_address_fails_the_pair),
		TEST(an_answer_to_another_base_fails_the_pair),
		TEST(answers_that_nobody_vouches_for_are_dropped),
		TEST(an_error_or_an_unknown_attribute_fails_the_pair),
		TEST(after_a_restart_the_old_ufrag_is_nobody),
		TEST(candidates_of_another_generation_are_dropped),
		TEST(remote_candidates_that_nobody_should_send_to_are_refused),
		TEST(local_candidates_are_checked_as_well),
		TEST(credentials_must_be_as_the_rfc_wants_them),
		TEST(the_longest_request_fits),
		TEST(credentials_drawn_by_somebody_else_are_used),
		TEST(a_candidate_that_was_learnt_may_be_signalled_later),
		TEST(the_same_credentials_again_change_nothing),
		TEST(nothing_secret_is_left_behind),
		TEST(a_failure_is_none_before_the_patience_is_over),
		TEST(without_any_candidate_it_fails_as_well),
		TEST(without_credentials_it_waits_for_ever),
		TEST(a_late_candidate_is_waited_for_and_then_it_fails_again),
	};

	return cmocka_run_group_tests(tests, rig_prepare, NULL);
}
