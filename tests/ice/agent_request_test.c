/* agent_request_test.c -- what an agent does with the checks of its peer. */
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

/* -- requests ------------------------------------------------------------ */

static void a_check_is_answered_and_asked_back(void **state)
{
	struct endpoint mapped;

	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	r.now += PACER_TA;
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_SUCCESS);
	assert_true(endpoint_equal(&r.action.remote, &r.peer));
	assert_true(base_equal(&r.action.base, &r.base));
	assert_true(stun_get_xor_address(&r.msg, ATTR_XOR_MAPPED_ADDRESS, &mapped));
	assert_true(endpoint_equal(&mapped, &r.peer));
	assert_true(stun_check_integrity(&r.msg, rig_text(agent->pwd)));
	assert_true(stun_check_fingerprint(&r.msg));
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_REQUEST);
	assert_int_equal(pair(0)->last_rx, r.now);
}

static void an_unknown_source_is_a_remote_peer_reflexive_candidate(void **state)
{
	const struct candidate *c;

	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	r.now += PACER_TA;
	assert_int_equal(rig_feed_from(&r, "203.0.113.9:7", &(struct forged){.controlled = 5}),
			 ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_NEW_REMOTE);
	c = &agent->list.remotes[r.action.candidate];
	assert_int_equal(c->type, CANDIDATE_PRFLX);
	assert_int_equal(c->at.port, 7);
	assert_int_equal(c->priority, 1845501695);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(r.action.remote.port, 7);	/* before all others */
}

static void a_check_on_a_failed_pair_wakes_it(void **state)
{
	(void)state;
	rig_meet(&r);
	assert_true(rig_until(&r, ICE_FAILED, NEVER - 1));
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
}

static void a_check_in_progress_is_made_anew_but_its_late_answer_counts(void **state)
{
	uint8_t first[STUN_ID_LEN];

	(void)state;
	rig_meet(&r);
	assert_true(rig_until_request(&r, r.now));
	memcpy(first, r.msg.id, sizeof(first));
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_int_equal(pair(0)->state, PAIR_WAITING);
	assert_true(rig_until_request(&r, r.now + PACER_TA));
	assert_memory_not_equal(r.msg.id, first, sizeof(first));
	memcpy(r.msg.id, first, sizeof(first));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_PAIR_VALID);
	assert_int_equal(rig_run(&r, r.now + ICE_SETTLE - 100), 0);	/* nobody asks any more */
}

static void a_check_on_a_valid_pair_is_answered_and_no_more(void **state)
{
	(void)state;
	rig_connect(&r);
	r.now += PACER_TA;
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_int_equal(rig_run(&r, r.now + 200), 0);
}

/* Each reason why a request is dropped, or is none of ours; none is answered. */
static void what_is_wrong_with_a_request_is_counted_and_not_answered(void **state)
{
	static const struct {
		struct forged f;
		const char *from;
		enum ice_verdict verdict;
	} table[] = {
		{{.username = "", .controlled = 5}, "192.0.2.1:6000", ICE_NOT_OURS},
		{{.username = "nocolon", .controlled = 5}, "192.0.2.1:6000", ICE_NOT_OURS},
		{{.username = "another:PEER", .controlled = 5}, "192.0.2.1:6000", ICE_NOT_OURS},
		{{.username = ":PEER", .controlled = 5}, "192.0.2.1:6000", ICE_NOT_OURS},
		{{.method = STUN_ALLOCATE, .controlled = 5}, "192.0.2.1:6000", ICE_NOT_OURS},
		{{.no_fingerprint = true, .controlled = 5}, "192.0.2.1:6000", ICE_NO_FINGERPRINT},
		{{.bad_fingerprint = true, .controlled = 5}, "192.0.2.1:6000", ICE_NO_FINGERPRINT},
		{{.pwd = "", .controlled = 5}, "192.0.2.1:6000", ICE_BAD_INTEGRITY},
		{{.pwd = PEER_PWD, .controlled = 5}, "192.0.2.1:6000", ICE_BAD_INTEGRITY},
		{{.no_priority = true, .controlled = 5}, "192.0.2.1:6000", ICE_BAD_ATTRIBUTES},
		{{.controlled = 5, .controlling = 5}, "192.0.2.1:6000", ICE_BAD_ATTRIBUTES},
		{{.short_role = true}, "192.0.2.1:6000", ICE_BAD_ATTRIBUTES},
		{{.controlled = 5}, "127.0.0.1:6000", ICE_REFUSED_SOURCE},
		{{.controlled = 5}, "169.254.169.254:80", ICE_REFUSED_SOURCE},
	};

	(void)state;
	rig_connect(&r);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		unsigned before = agent->verdicts[table[i].verdict];

		assert_int_equal(rig_feed_from(&r, table[i].from, &table[i].f), table[i].verdict);
		assert_int_equal(agent->verdicts[table[i].verdict], before + 1);
		assert_int_equal(rig_next(&r), ICE_NOTHING);
	}
}

static void our_own_prefix_is_no_source(void **state)
{
	struct cidr refused;

	(void)state;
	assert_true(cidr_parse(&refused, "10.77.0.0/16"));
	agent->settings.refused = &refused;
	agent->settings.refused_len = 1;
	rig_meet(&r);
	assert_int_equal(rig_feed_from(&r, "10.77.3.3:9", &(struct forged){.controlled = 5}),
			 ICE_REFUSED_SOURCE);
}

static void a_request_to_where_we_have_no_candidate_is_dropped(void **state)
{
	struct forged f = {.controlled = 5};
	struct ice_base other = r.base;
	uint8_t out[RIG_BYTES];

	(void)state;
	rig_meet(&r);
	other.at.port++;
	assert_int_equal(ice_agent_feed(agent, &other, &r.peer, rig_forge(&r, &f, out), r.now),
			 ICE_NO_SUCH_BASE);
}

static void an_unknown_required_attribute_gets_420_and_an_optional_one_nothing(void **state)
{
	struct bytes unknown;
	unsigned code;

	(void)state;
	rig_connect(&r);
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5, .unknown = 0x7ffe}),
			 ICE_UNKNOWN_ATTRIBUTE);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_true(stun_get_error(&r.msg, &code));
	assert_int_equal(code, 420);
	assert_true(stun_get_bytes(&r.msg, ATTR_UNKNOWN_ATTRIBUTES, &unknown));
	assert_memory_equal(unknown.data, "\x7f\xfe", 2);
	assert_true(stun_check_integrity(&r.msg, rig_text(agent->pwd)));
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5, .unknown = 0xc001}),
			 ICE_HANDLED);
}

static void no_more_than_eight_replies_are_owed(void **state)
{
	(void)state;
	rig_connect(&r);
	for (int i = 0; i < ICE_REPLIES_MAX; i++)
		assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_NO_ROOM);
	for (int i = 0; i < ICE_REPLIES_MAX; i++)
		assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(rig_next(&r), ICE_NOTHING);
}

static void a_fifth_new_source_is_answered_but_not_asked_back(void **state)
{
	char from[32];

	(void)state;
	rig_meet(&r);
	for (int i = 0; i < PRFLX_MAX + 1; i++) {
		snprintf(from, sizeof(from), "203.0.113.1:%d", 100 + i);
		assert_int_equal(rig_feed_from(&r, from, &(struct forged){.controlled = 5}),
				 i < PRFLX_MAX ? ICE_HANDLED : ICE_NO_ROOM);
	}
	assert_int_equal(agent->replies_len, PRFLX_MAX + 1);
}

static void an_answer_is_never_longer_than_its_request(void **state)
{
	struct forged f = {.controlled = 5};
	uint8_t out[RIG_BYTES];
	size_t asked = rig_forge(&r, &f, out).len;

	(void)state;
	rig_connect(&r);
	rig_feed(&r, &f);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_true(r.msg.datagram.len <= asked);
}

static void junk_is_not_ours(void **state)
{
	static const char *const junk[] = {"", "x", "\x04\0\0\0 WireGuard data, 32 bytes long...."};

	(void)state;
	rig_meet(&r);
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++)
		assert_int_equal(ice_agent_feed(agent, &r.base, &r.peer, rig_text(junk[i]), r.now),
				 ICE_NOT_OURS);
}

static void a_keepalive_of_the_peer_is_taken_silently(void **state)
{
	const struct forged f = {.class = STUN_INDICATION};

	(void)state;
	rig_connect(&r);
	assert_int_equal(rig_feed(&r, &f), ICE_HANDLED);
	assert_int_equal(rig_feed_from(&r, "203.0.113.1:1", &f), ICE_NOT_OURS);
	assert_int_equal(rig_next(&r), ICE_NOTHING);
}

static void a_datagram_tells_whose_agent_it_is_for(void **state)
{
	struct forged f = {.controlled = 5};
	uint8_t out[RIG_BYTES];
	struct bytes ufrag = ice_local_ufrag_of(rig_forge(&r, &f, out));

	(void)state;
	assert_int_equal(ufrag.len, ICE_UFRAG_LEN);
	assert_memory_equal(ufrag.data, agent->ufrag, ICE_UFRAG_LEN);
	f.username = "nocolon";
	assert_int_equal(ice_local_ufrag_of(rig_forge(&r, &f, out)).len, 0);
	f.username = "";
	assert_int_equal(ice_local_ufrag_of(rig_forge(&r, &f, out)).len, 0);
	f = (struct forged){.class = STUN_SUCCESS};
	assert_int_equal(ice_local_ufrag_of(rig_forge(&r, &f, out)).len, 0);
	f = (struct forged){.method = STUN_ALLOCATE};
	assert_int_equal(ice_local_ufrag_of(rig_forge(&r, &f, out)).len, 0);
	assert_int_equal(ice_local_ufrag_of(rig_text("junk")).len, 0);
}

/* -- early checks -------------------------------------------------------- */

static void a_check_before_the_credentials_is_answered_now_and_asked_back_later(void **state)
{
	(void)state;
	assert_int_equal(rig_feed(&r, &(struct forged){.controlled = 5}), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_SUCCESS);
	assert_int_equal(rig_run(&r, r.now + 5000), 0);

	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_int_equal(rig_next(&r), ICE_NEW_REMOTE);
	assert_true(rig_until_request(&r, r.now));
	assert_true(endpoint_equal(&r.action.remote, &r.peer));
}

static void early_checks_are_kept_once_for_each_source_and_at_most_eight(void **state)
{
	char from[32];

	(void)state;
	for (int i = 0; i < 3 * (ICE_EARLY_MAX + 1); i++) {
		enum ice_verdict verdict = i % (ICE_EARLY_MAX + 1) < ICE_EARLY_MAX ? ICE_HANDLED
										   : ICE_NO_ROOM;

		snprintf(from, sizeof(from), "203.0.113.1:%d", 1 + i % (ICE_EARLY_MAX + 1));
		assert_int_equal(rig_feed_from(&r, from, &(struct forged){.controlled = 5}), verdict);
		rig_run(&r, r.now);
	}
	assert_int_equal(agent->early_len, ICE_EARLY_MAX);
	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_int_equal(checklist_count(&agent->list, PAIR_WAITING), PRFLX_MAX);
	assert_int_equal(agent->verdicts[ICE_NO_ROOM], 3 + ICE_EARLY_MAX - PRFLX_MAX);
}

static void a_nomination_that_came_early_is_not_forgotten(void **state)
{
	(void)state;
	rig_feed(&r, &(struct forged){.controlling = 5, .use_candidate = true});
	rig_feed(&r, &(struct forged){.controlling = 5});
	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_true(rig_until_request(&r, r.now));
	assert_int_equal(rig_answer(&r, NULL), ICE_HANDLED);
	assert_true(rig_until(&r, ICE_NOMINATED, r.now));
}

/* The peer has restarted, and its new credentials are still on their way. */
static void a_check_of_a_generation_we_do_not_know_is_answered_and_waits(void **state)
{
	char username[64];
	struct forged f = {.controlled = 5, .username = username};

	(void)state;
	rig_connect(&r);
	snprintf(username, sizeof(username), "%s:NEWER", agent->ufrag);
	assert_int_equal(rig_feed_from(&r, "203.0.113.1:1", &f), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(agent->early_len, 1);
	assert_int_equal(rig_next(&r), ICE_NOTHING);
	assert_true(ice_agent_set_remote(agent, rig_text("NEWER"), rig_text(PEER_PWD), r.now));
	assert_int_equal(checklist_count(&agent->list, PAIR_VALID), 0);
	assert_int_equal(rig_next(&r), ICE_NEW_REMOTE);
}

/* -- guesses ------------------------------------------------------------- */

static void a_guess_is_a_check_that_nobody_waits_for(void **state)
{
	struct bytes guess;
	uint32_t priority;

	(void)state;
	rig_init(&r, true);
	assert_int_equal(ice_agent_guess(agent).len, 0);	/* whom would it be for? */
	rig_meet(&r);
	guess = ice_agent_guess(agent);
	assert_true(stun_parse(&r.msg, guess));
	assert_int_equal(r.msg.class, STUN_REQUEST);
	assert_true(stun_check_integrity(&r.msg, rig_text(PEER_PWD)));
	assert_true(stun_check_fingerprint(&r.msg));
	assert_true(stun_get_u32(&r.msg, ATTR_PRIORITY, &priority));
	assert_int_equal(priority, candidate_priority(CANDIDATE_PRFLX, 0, COMPONENT));
	assert_true(ice_agent_due(agent) <= r.now);	/* as before: the pair is to be checked */
	assert_null(checks_live(&agent->checks, 0));
}

static enum ice_verdict feed_at(const struct ice_base *base)
{
	uint8_t out[RIG_BYTES];
	struct bytes request = rig_forge(&r, &(struct forged){.controlled = 5}, out);

	return ice_agent_feed(agent, base, &r.peer, request, r.now);
}

static void what_was_guessed_is_asked_back_from_there(void **state)
{
	struct ice_base base;

	(void)state;
	rig_meet(&r);
	rig_run(&r, r.now);
	r.now += PACER_TA;
	base = r.base;
	base.via = 7;
	assert_int_equal(feed_at(&base), ICE_NO_SUCH_BASE);
	assert_true(ice_agent_add_base(agent, &base));
	assert_true(ice_agent_add_base(agent, &base));
	assert_int_equal(checklist_count(&agent->list, PAIR_WAITING), 0);	/* with nobody yet */
	assert_int_equal(feed_at(&base), ICE_HANDLED);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_SUCCESS);
	assert_int_equal(r.action.base.via, 7);
	assert_int_equal(rig_next(&r), ICE_SEND);
	assert_int_equal(r.msg.class, STUN_REQUEST);
	assert_int_equal(r.action.base.via, 7);
	ice_agent_remove_base(agent, &base);
	assert_int_equal(feed_at(&base), ICE_NO_SUCH_BASE);
}

/* -- hops ---------------------------------------------------------------------- */

static const struct ice_base hop = {
	.at = {.ip = {.family = IP_V6, .bytes = {0x01, 0x00, [15] = 1}}, .port = 9},
	.via = 3000,
};

static struct endpoint behind_hop(void)
{
	struct endpoint e = hop.at;

	e.scope = 77;
	return e;
}

static enum ice_verdict feed_from_hop(const struct ice_base *base)
{
	struct endpoint from = behind_hop();
	uint8_t bytes[RIG_BYTES];

	return ice_agent_feed(agent, base, &from,
			      rig_forge(&r, &(struct forged){.controlled = 5}, bytes), r.now);
}

/* A check that came so before the owner has told of the candidate, and even of the credentials. */
static void a_check_by_a_hop_is_asked_back_by_it(void **state)
{
	struct local_candidate local = {
		.c = {.type = CANDIDATE_RELAY, .proto = CANDIDATE_HOP, .at = hop.at}, .base = hop};
	struct candidate remote = {.type = CANDIDATE_RELAY, .proto = CANDIDATE_HOP,
				   .component = COMPONENT, .priority = 1, .at = behind_hop()};

	(void)state;
	assert_int_not_equal(ice_agent_add_local(agent, &local), NO_INDEX);
	assert_int_equal(feed_from_hop(&hop), ICE_HANDLED);
	assert_true(ice_agent_set_remote(agent, rig_text(PEER_UFRAG), rig_text(PEER_PWD), r.now));
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &remote, r.now),
			 ICE_REMOTE_TAKEN);
	assert_true(rig_until_request(&r, r.now + SECONDS(1)));
	assert_true(base_equal(&r.action.base, &hop));
	assert_true(endpoint_equal(&r.action.remote, &remote.at));
	assert_int_equal(checklist_count(&agent->list, PAIR_IN_PROGRESS), 1);
}

/* Nobody is reached there: not as a candidate that a peer tells of, nor as a source. */
static void an_address_of_a_hop_is_refused_anywhere_else(void **state)
{
	struct candidate told = {.type = CANDIDATE_HOST, .component = COMPONENT, .priority = 1,
				 .at = behind_hop()};

	(void)state;
	rig_meet(&r);
	assert_int_equal(ice_agent_add_remote(agent, rig_text(PEER_UFRAG), &told, r.now),
			 ICE_REMOTE_REFUSED);
	assert_int_equal(feed_from_hop(&r.base), ICE_REFUSED_SOURCE);
	assert_int_equal(feed_from_hop(&hop), ICE_NO_SUCH_BASE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
#define CONTROLLED(f) cmocka_unit_test_setup(f, begin_controlled)
	const struct CMUnitTest tests[] = {
		TEST(a_check_is_answered_and_asked_back),
		TEST(an_unknown_source_is_a_remote_peer_reflexive_candidate),
		TEST(a_check_on_a_failed_pair_wakes_it),
		TEST(a_check_in_progress_is_made_anew_but_its_late_answer_counts),
		TEST(a_check_on_a_valid_pair_is_answered_and_no_more),
		TEST(what_is_wrong_with_a_request_is_counted_and_not_answered),
		TEST(our_own_prefix_is_no_source),
		TEST(a_request_to_where_we_have_no_candidate_is_dropped),
		TEST(an_unknown_required_attribute_gets_420_and_an_optional_one_nothing),
		TEST(no_more_than_eight_replies_are_owed),
		TEST(a_fifth_new_source_is_answered_but_not_asked_back),
		TEST(an_answer_is_never_longer_than_its_request),
		TEST(junk_is_not_ours),
		TEST(a_keepalive_of_the_peer_is_taken_silently),
		TEST(a_datagram_tells_whose_agent_it_is_for),
		TEST(a_check_before_the_credentials_is_answered_now_and_asked_back_later),
		TEST(early_checks_are_kept_once_for_each_source_and_at_most_eight),
		CONTROLLED(a_nomination_that_came_early_is_not_forgotten),
		TEST(a_check_of_a_generation_we_do_not_know_is_answered_and_waits),
		cmocka_unit_test_setup(a_guess_is_a_check_that_nobody_waits_for, begin),
		cmocka_unit_test_setup(what_was_guessed_is_asked_back_from_there, begin),
		TEST(a_check_by_a_hop_is_asked_back_by_it),
		TEST(an_address_of_a_hop_is_refused_anywhere_else),
	};

	return cmocka_run_group_tests(tests, rig_prepare, NULL);
}
