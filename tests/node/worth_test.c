/* worth_test.c -- which pair to send on, and when to leave it for another. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/turns.h"
#include "node/reach.h"

enum { CHOSEN, OTHER, THIRD, LATER = REACH_DWELL + 1 };

static const struct turns no_turns;
static struct reach r;

/* Pairs of one tier, from one address of ours to three of the peer's; the first is chosen and
 * has the highest priority, and all were asked eight times. */
static int three_ways(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	r.turns = &no_turns;
	r.promoted_at = NEVER;
	r.agent.list.locals[0].c.at.ip = r.agent.list.locals[0].base.at.ip = ip_v4(192, 168, 1, 2);
	for (uint8_t i = CHOSEN; i <= THIRD; i++) {
		r.agent.list.remotes[i].type = CANDIDATE_SRFLX;
		r.agent.list.remotes[i].at.ip = ip_v4(203, 0, 113, i);
		r.agent.list.pairs[i] = (struct pair){
			.state = PAIR_VALID, .remote = i, .mapped = NO_INDEX, .srtt = 50000,
			.priority = 100u - i, .history_len = PAIR_HISTORY};
	}
	return 0;
}

static struct pair *pair(uint8_t i)
{
	return &r.agent.list.pairs[i];
}

static void of_one_tier_the_priority_decides_at_first(void **state)
{
	(void)state;
	assert_int_equal(reach_best(&r), CHOSEN);
	pair(CHOSEN)->state = PAIR_FAILED;
	assert_int_equal(reach_best(&r), OTHER);
	pair(OTHER)->state = pair(THIRD)->state = PAIR_WAITING;
	assert_int_equal(reach_best(&r), NO_INDEX);
}

static void what_the_settings_forbid_does_not_work(void **state)
{
	(void)state;
	r.agent.list.remotes[CHOSEN].type = CANDIDATE_RELAY;
	r.allowed = PEER_PATH_DIRECT_ONLY;
	assert_false(reach_is_valid(&r, CHOSEN));
	assert_int_equal(reach_best(&r), OTHER);
	r.allowed = PEER_PATH_RELAY_ONLY;
	assert_int_equal(reach_best(&r), NO_INDEX);	/* what is sent to its relay leaves from here */
	r.agent.list.locals[0].c.type = CANDIDATE_RELAY;
	r.agent.list.locals[0].base.via = VIA_TURN;
	assert_int_equal(reach_best(&r), OTHER);	/* by one relay, not two */
	r.allowed = PEER_PATH_DIRECT_ONLY;
	assert_int_equal(reach_best(&r), NO_INDEX);
}

/* By more than 10 ms and 20 %, whatever its priority. */
static void a_faster_one_takes_over_later(void **state)
{
	(void)state;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(OTHER)->srtt = 40000;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(CHOSEN)->srtt = pair(THIRD)->srtt = 100000;
	pair(OTHER)->srtt = 80000;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
	pair(OTHER)->srtt = 79999;
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	pair(CHOSEN)->srtt = pair(THIRD)->srtt = 50000;
	pair(OTHER)->srtt = 39999;
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	assert_int_equal(reach_rival(&r, REACH_DWELL - 1), NO_INDEX);
	pair(THIRD)->srtt = 20000;
	assert_int_equal(reach_rival(&r, LATER), THIRD);
	pair(THIRD)->history_len = 2;				/* luck */
	assert_int_equal(reach_rival(&r, LATER), OTHER);
	pair(OTHER)->state = PAIR_FAILED;
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
}

static void a_better_tier_needs_two_answers_and_no_time(void **state)
{
	(void)state;
	r.agent.list.remotes[OTHER] = (struct candidate){
		.type = CANDIDATE_HOST, .at.ip = ip_v4(192, 168, 1, 9)};
	pair(OTHER)->srtt = 90000;
	assert_int_equal(reach_tier_of(&r, OTHER), TIER_LAN);
	pair(OTHER)->history_len = 1;
	assert_int_equal(reach_rival(&r, 0), NO_INDEX);
	assert_true(reach_is_half_proved(&r, OTHER));
	pair(OTHER)->history_len = 2;
	assert_int_equal(reach_rival(&r, 0), OTHER);
	assert_false(reach_is_half_proved(&r, OTHER));
	pair(OTHER)->history = 2;				/* the one before was lost */
	assert_int_equal(reach_rival(&r, 0), NO_INDEX);
	pair(OTHER)->history = 0;
	r.promoted_at = 0;					/* only just changed */
	assert_int_equal(reach_rival(&r, REACH_DWELL - 1), NO_INDEX);
	assert_int_equal(reach_rival(&r, REACH_DWELL), OTHER);
}

static void a_worse_tier_never_takes_over_from_what_works(void **state)
{
	(void)state;
	r.agent.list.remotes[OTHER].type = CANDIDATE_RELAY;
	pair(OTHER)->srtt = 1000;
	assert_int_equal(reach_tier_of(&r, OTHER), TIER_RELAY);
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
}

/* -- standbys ---------------------------------------------------------------- */

enum { TURN_A = 3, TURN_A_MORE, TURN_B, IP6, TCP };

static void add_way(uint8_t i, enum candidate_type type, struct ip local, uint16_t via,
		    struct ip remote, int32_t rtt)
{
	struct local_candidate *from = &r.agent.list.locals[i];

	from->c.type = (uint8_t)(type);
	from->c.at.ip = from->base.at.ip = local;
	from->base.via = via;
	r.agent.list.remotes[i].type = CANDIDATE_SRFLX;
	r.agent.list.remotes[i].at.ip = remote;
	r.agent.list.pairs[i] = (struct pair){
		.state = PAIR_VALID, .local = i, .remote = i, .mapped = NO_INDEX, .srtt = rtt,
		.priority = 10u + i, .history_len = PAIR_HISTORY};
}

/* Besides those to two relays, one of them with two addresses of the peer's; and by IPv6. */
static int many_ways(void **state)
{
	const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8};

	three_ways(state);
	r.agent.remote_ufrag[0] = 'x';
	add_way(TURN_A, CANDIDATE_RELAY, ip_v4(192, 0, 2, 1), VIA_TURN, ip_v4(203, 0, 113, 0), 30000);
	add_way(TURN_A_MORE, CANDIDATE_RELAY, ip_v4(192, 0, 2, 1), VIA_TURN, ip_v4(203, 0, 113, 9),
		40000);
	add_way(TURN_B, CANDIDATE_RELAY, ip_v4(192, 0, 2, 2), VIA_TURN + 1, ip_v4(203, 0, 113, 9),
		50000);
	add_way(IP6, CANDIDATE_HOST, ip_v6(six), 0, ip_v6(six), 50000);
	return 0;
}

static void of_relays_the_near_one_is_the_best(void **state)
{
	(void)state;
	pair(CHOSEN)->state = pair(OTHER)->state = pair(THIRD)->state = pair(IP6)->state = PAIR_FAILED;
	assert_int_equal(reach_best(&r), TURN_A);
	pair(TURN_B)->srtt = 10000;
	assert_int_equal(reach_best(&r), TURN_B);
	pair(TURN_B)->srtt = -1;
	pair(TURN_B)->priority = 1000;
	assert_int_equal(reach_best(&r), TURN_A);
}

static void one_standby_is_direct_and_the_other_a_relay(void **state)
{
	(void)state;
	assert_int_equal(standby_pair(&r, 0), IP6);
	assert_int_equal(standby_pair(&r, 1), TURN_A_MORE);	/* A itself leads where the chosen does */
	r.chosen = IP6;
	assert_int_equal(standby_pair(&r, 0), CHOSEN);
	assert_int_equal(standby_pair(&r, 1), TURN_A_MORE);
	pair(TURN_A)->state = pair(TURN_A_MORE)->state = pair(TURN_B)->state = PAIR_FAILED;
	assert_int_equal(standby_pair(&r, 1), OTHER);
}

static void the_standby_of_a_relay_is_another_one(void **state)
{
	(void)state;
	pair(CHOSEN)->state = pair(OTHER)->state = pair(THIRD)->state = pair(IP6)->state = PAIR_FAILED;
	r.chosen = TURN_A;
	assert_int_equal(standby_pair(&r, 0), TURN_B);
	assert_int_equal(standby_pair(&r, 1), TURN_A_MORE);
	pair(TURN_A_MORE)->state = PAIR_FAILED;
	assert_int_equal(standby_pair(&r, 1), NO_INDEX);
}

static void tcp_to_the_same_place_is_another_way(void **state)
{
	(void)state;
	add_way(TCP, CANDIDATE_HOST, ip_v4(192, 168, 1, 2), VIA_TCP, ip_v4(203, 0, 113, CHOSEN), 50000);
	pair(OTHER)->state = pair(THIRD)->state = pair(IP6)->state = PAIR_FAILED;
	assert_int_equal(standby_pair(&r, 0), TCP);
	pair(TCP)->local = 1;
	r.agent.list.locals[1] = r.agent.list.locals[TCP];
	r.agent.list.locals[1].base.via = 5;			/* another UDP socket is not */
	assert_int_equal(standby_pair(&r, 0), TURN_A_MORE);
}

/* -- up again ---------------------------------------------------------------- */

/* Seconds at which those are asked that would be better. */
static size_t climbs(unsigned *at, size_t max, msec duration)
{
	size_t n = 0;

	for (msec now = 0; now <= duration && n < max; now += SECONDS(1)) {
		pair(CHOSEN)->probing = pair(OTHER)->probing = pair(THIRD)->probing = false;
		standby_tick(&r, now);
		assert_int_equal(pair(THIRD)->probing, pair(OTHER)->probing);
		if (pair(THIRD)->probing)
			at[n++] = (unsigned)(now / 1000);
	}
	return n;
}

static void from_a_relay_it_is_tried_often_at_first(void **state)
{
	static const unsigned expected[] = {2, 5, 10, 20, 40, 100, 160};
	unsigned at[16];

	(void)state;
	pair(CHOSEN)->state = pair(THIRD)->state = PAIR_FAILED;
	pair(OTHER)->state = PAIR_IN_PROGRESS;
	pair(IP6)->state = PAIR_NONE;
	r.chosen = TURN_A;
	standby_begin_climb(&r, 0);
	assert_int_equal(climbs(at, 16, SECONDS(200)), 7);
	assert_memory_equal(at, expected, sizeof(expected));
}

static void when_something_has_changed_it_is_tried_at_once_and_often_again(void **state)
{
	static const unsigned expected[] = {2, 5, 10, 20, 40, 100};
	unsigned at[16];

	(void)state;
	r.chosen = TURN_A;
	r.standby.climbs = 99;
	standby_climb(&r, 0);
	assert_true(pair(CHOSEN)->probing && pair(OTHER)->probing && pair(IP6)->probing);
	assert_false(pair(TURN_B)->probing);
	pair(CHOSEN)->state = pair(OTHER)->state = PAIR_FAILED;
	assert_int_equal(climbs(at, 16, SECONDS(130)), 6);
	assert_memory_equal(at, expected, sizeof(expected));
}

static void who_is_not_in_use_is_not_asked(void **state)
{
	(void)state;
	r.chosen = TURN_A;
	standby_climb(&r, REACH_ACTIVE + 1);
	assert_false(pair(OTHER)->probing);
	r.chosen = NO_INDEX;
	standby_climb(&r, 0);
	assert_false(pair(OTHER)->probing);
}

/* -- penalties ---------------------------------------------------------------- */

static void impose_on(uint8_t i)
{
	struct path way = reach_path(&r, i);

	penalty_impose(&r.penalties, &way, 0);
}

static void what_is_in_penalty_stands_behind_everything_else(void **state)
{
	(void)state;
	r.chosen = IP6;
	impose_on(IP6);
	assert_int_equal(reach_best(&r), CHOSEN);
	assert_int_equal(reach_rival(&r, LATER), CHOSEN);
	impose_on(CHOSEN);
	impose_on(OTHER);
	impose_on(THIRD);
	assert_int_equal(reach_best(&r), TURN_A);
	assert_int_equal(reach_rival(&r, LATER), TURN_A);
	impose_on(TURN_A);
	impose_on(TURN_A_MORE);
	impose_on(TURN_B);
	assert_int_equal(reach_best(&r), IP6);			/* as if there were none */
	assert_int_equal(reach_rival(&r, LATER), NO_INDEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(of_one_tier_the_priority_decides_at_first, three_ways),
		cmocka_unit_test_setup(what_the_settings_forbid_does_not_work, three_ways),
		cmocka_unit_test_setup(a_faster_one_takes_over_later, three_ways),
		cmocka_unit_test_setup(a_better_tier_needs_two_answers_and_no_time, three_ways),
		cmocka_unit_test_setup(a_worse_tier_never_takes_over_from_what_works, three_ways),
		cmocka_unit_test_setup(of_relays_the_near_one_is_the_best, many_ways),
		cmocka_unit_test_setup(one_standby_is_direct_and_the_other_a_relay, many_ways),
		cmocka_unit_test_setup(the_standby_of_a_relay_is_another_one, many_ways),
		cmocka_unit_test_setup(tcp_to_the_same_place_is_another_way, many_ways),
		cmocka_unit_test_setup(from_a_relay_it_is_tried_often_at_first, many_ways),
		cmocka_unit_test_setup(when_something_has_changed_it_is_tried_at_once_and_often_again,
				       many_ways),
		cmocka_unit_test_setup(who_is_not_in_use_is_not_asked, many_ways),
		cmocka_unit_test_setup(what_is_in_penalty_stands_behind_everything_else, many_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
