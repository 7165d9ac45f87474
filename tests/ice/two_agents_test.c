/* two_agents_test.c -- whole agents, on both sides of every pair of NATs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "natnet.h"

static struct natnet net;

static int prepare(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static void put_behind(int who, enum nat_kind mapping, enum nat_kind filtering)
{
	net.host[who].behind_nat = true;
	net.host[who].nat.mapping = mapping;
	net.host[who].nat.filtering = filtering;
}

/* -- what is possible at all --------------------------------------------- */

enum { KNOWN_MAX = 32 };

/* All that the hosts can come to know of each other's addresses, if everybody sends to
 * everything that it knows, and answers. */
struct oracle {
	struct endpoint known[HOSTS][KNOWN_MAX];	/* addresses of the other one */
	unsigned len[HOSTS];
};

static bool knows(const struct oracle *o, int who, const struct endpoint *e)
{
	for (unsigned i = 0; i < o->len[who]; i++)
		if (endpoint_equal(&o->known[who][i], e))
			return true;
	return false;
}

static void learn(struct oracle *o, int who, const struct endpoint *e)
{
	if (o->len[who] < KNOWN_MAX && !knows(o, who, e))
		o->known[who][o->len[who]++] = *e;
}

static void send_to_all(struct oracle *o, int from)
{
	struct natnet_host *h = &net.host[from], *peer = &net.host[!from];

	for (unsigned i = 0; i < o->len[from]; i++) {
		struct endpoint *to = &o->known[from][i];
		struct endpoint source = natnet_out(h, to);

		if (natnet_in(peer, &source, to))
			learn(o, !from, &source);
	}
}

/* A way that works in both directions between the same two outer addresses. */
static bool has_symmetric_way(struct oracle *o)
{
	struct natnet_host *a = &net.host[A], *b = &net.host[B];

	for (unsigned i = 0; i < o->len[A]; i++) {
		struct endpoint *to = &o->known[A][i];
		struct endpoint source = natnet_out(a, to);
		struct endpoint back;

		if (!knows(o, B, &source))
			continue;
		back = natnet_out(b, &source);
		if (natnet_in(b, &source, to) && endpoint_equal(&back, to) &&
		    natnet_in(a, &back, &source))
			return true;
	}
	return false;
}

static bool is_possible(void)
{
	static const struct endpoint server = {{IP_V4, {192, 0, 2, 1}}, 3478, 0};
	struct oracle o = {.len = {0}};

	for (int i = 0; i < HOSTS; i++) {
		struct endpoint seen = natnet_out(&net.host[i], &server);

		learn(&o, !i, &seen);
		learn(&o, !i, &net.host[i].base.at);
	}
	for (int round = 0; round < 4; round++) {
		send_to_all(&o, A);
		send_to_all(&o, B);
	}
	return has_symmetric_way(&o);
}

/* -- tests --------------------------------------------------------------- */

static const char *const kind_names[] = {"independent", "by address", "by port"};

struct nat_pair {
	bool exists[HOSTS];
	enum nat_kind mapping[HOSTS], filtering[HOSTS];
};

static void set_up(const struct nat_pair *p, uint64_t seed)
{
	natnet_init(&net, seed);
	for (int i = 0; i < HOSTS; i++)
		if (p->exists[i])
			put_behind(i, p->mapping[i], p->filtering[i]);
}

static void explain(const struct nat_pair *p, const char *what)
{
	print_message("%s:\n", what);
	for (int i = 0; i < HOSTS; i++)
		print_message("  %c: %s, maps %s, filters %s\n", 'A' + i,
			      p->exists[i] ? "NAT" : "none", kind_names[p->mapping[i]],
			      kind_names[p->filtering[i]]);
}

/* 3 round trips, and the slots of at most 10 checks on either side. */
enum { SOON = 3 * 2 * 20 + 2 * 10 * PACER_TA };

static bool try_pair(const struct nat_pair *p)
{
	bool possible, connected;

	set_up(p, 1);
	possible = is_possible();
	set_up(p, 1);
	natnet_meet(&net);
	connected = natnet_connects(&net, possible ? SOON : SECONDS(60));
	if (connected != possible)
		explain(p, possible ? "should have connected" : "is said to be impossible");
	assert_int_equal(connected, possible);
	return possible;
}

static void every_pair_of_nats_connects_where_that_is_possible(void **state)
{
	unsigned possible = 0;

	(void)state;
	for (int i = 0; i < 81; i++) {
		struct nat_pair p = {{true, true}, {i % 3, i / 9 % 3}, {i / 3 % 3, i / 27}};

		possible += try_pair(&p);
	}
	assert_true(possible > 40);
	assert_true(possible < 81);
}

/* The table that everybody knows, by heart and not by reckoning. */
static void the_classic_kinds_of_nat_connect_as_the_books_say(void **state)
{
	enum { NONE, FULL_CONE, RESTRICTED, PORT_RESTRICTED, SYMMETRIC, KINDS };
	static const struct { bool exists; enum nat_kind mapping, filtering; } kinds[KINDS] = {
		[NONE] = {false, INDEPENDENT, INDEPENDENT},
		[FULL_CONE] = {true, INDEPENDENT, INDEPENDENT},
		[RESTRICTED] = {true, INDEPENDENT, ADDRESS_DEPENDENT},
		[PORT_RESTRICTED] = {true, INDEPENDENT, PORT_DEPENDENT},
		[SYMMETRIC] = {true, PORT_DEPENDENT, PORT_DEPENDENT},
	};

	(void)state;
	for (int a = 0; a < KINDS; a++) {
		for (int b = 0; b < KINDS; b++) {
			struct nat_pair p = {{kinds[a].exists, kinds[b].exists},
					     {kinds[a].mapping, kinds[b].mapping},
					     {kinds[a].filtering, kinds[b].filtering}};
			bool hopeless = (a == SYMMETRIC && b >= PORT_RESTRICTED) ||
					(b == SYMMETRIC && a >= PORT_RESTRICTED);

			assert_int_equal(try_pair(&p), !hopeless);
		}
	}
}

static void both_sides_end_with_the_same_nominated_pair(void **state)
{
	const struct natnet_host *a = &net.host[A], *b = &net.host[B];
	const struct pair *pa, *pb;

	(void)state;
	natnet_init(&net, 1);
	put_behind(A, INDEPENDENT, PORT_DEPENDENT);
	put_behind(B, INDEPENDENT, PORT_DEPENDENT);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(3));
	assert_int_equal(a->did[ICE_NOMINATED], 1);
	assert_int_equal(b->did[ICE_NOMINATED], 1);
	pa = &a->agent.list.pairs[a->agent.nominated];
	pb = &b->agent.list.pairs[b->agent.nominated];
	assert_true(endpoint_equal(&a->agent.list.remotes[pa->remote].at,
				   &b->agent.list.locals[pb->mapped].c.at));
	assert_true(endpoint_equal(&b->agent.list.remotes[pb->remote].at,
				   &a->agent.list.locals[pa->mapped].c.at));
	assert_int_equal(pa->srtt, 2 * net.delay * 1000);
}

static void a_symmetric_nat_makes_peer_reflexive_candidates_on_both_sides(void **state)
{
	const struct natnet_host *a = &net.host[A], *b = &net.host[B];

	(void)state;
	natnet_init(&net, 1);
	put_behind(A, INDEPENDENT, ADDRESS_DEPENDENT);
	put_behind(B, PORT_DEPENDENT, PORT_DEPENDENT);
	natnet_meet(&net);
	assert_true(natnet_connects(&net, SOON));
	assert_int_equal(a->did[ICE_NEW_REMOTE], 1);	/* the port that A has not been told */
	assert_int_equal(b->did[ICE_NEW_LOCAL], 1);	/* and that B did not know it had */
	assert_int_equal(a->did[ICE_NEW_LOCAL], 0);
	assert_int_equal(b->did[ICE_NEW_REMOTE], 0);
}

static void with_a_fifth_lost_200_of_200_connect(void **state)
{
	unsigned quick = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		natnet_init(&net, seed);
		net.loss_percent = 20;
		put_behind(A, INDEPENDENT, PORT_DEPENDENT);
		put_behind(B, INDEPENDENT, ADDRESS_DEPENDENT);
		natnet_meet(&net);
		assert_true(natnet_connects(&net, ICE_PATIENCE));
		quick += net.now < SECONDS(1 + 4);
		natnet_run(&net, SECONDS(80));
		assert_int_equal(net.host[A].did[ICE_NOMINATED], 1);
		assert_int_equal(net.host[B].did[ICE_NOMINATED], 1);
	}
	assert_true(quick >= 190);		/* 4 sends; each comes back 64 times of 100 */
}

static void two_with_the_same_role_settle_it(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct natnet_host *a = &net.host[A], *b = &net.host[B];
		struct ice_settings settings;

		natnet_init(&net, 7);
		settings = natnet_settings(&net, i & 1);
		for (int who = 0; who < HOSTS; who++) {
			/* different ones, the other way round, or the same */
			settings.tie_breaker = i / 2 == 0 ? 1 + (uint64_t)who
					     : i / 2 == 1 ? 2 - (uint64_t)who
							  : 5;
			net.loss_percent = i / 2 == 3 ? 20 : 0;
			natnet_restart(&net, who, &settings);
			put_behind(who, INDEPENDENT, PORT_DEPENDENT);
		}
		natnet_meet(&net);
		natnet_run(&net, SECONDS(30));
		assert_int_not_equal(a->agent.list.controlling, b->agent.list.controlling);
		assert_true(a->did[ICE_NOMINATED] >= 1);
		assert_true(b->did[ICE_NOMINATED] >= 1);
		assert_true(a->did[ICE_ROLE_CHANGED] + b->did[ICE_ROLE_CHANGED] >= 1);
	}
}

/* Each step tells one side one thing; checks fly in between. */
static void what_is_signalled_may_come_in_any_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		uint8_t steps[6] = {0, 1, 2, 3, 4, 5};

		natnet_init(&net, seed);
		put_behind(A, INDEPENDENT, PORT_DEPENDENT);
		put_behind(B, INDEPENDENT, PORT_DEPENDENT);
		natnet_gather(&net, A);
		natnet_gather(&net, B);
		for (uint8_t i = 5; i > 0; i--) {
			uint8_t j = (uint8_t)rng_below(&net.rng, i + 1u), kept = steps[i];

			steps[i] = steps[j];
			steps[j] = kept;
		}
		for (unsigned i = 0; i < 6; i++) {
			int to = steps[i] & 1;

			natnet_introduce(&net, to);
			if (steps[i] / 2)
				natnet_signal_one(&net, to, steps[i] / 2 - 1u);
			natnet_run(&net, rng_below(&net.rng, 300));
		}
		assert_true(natnet_connects(&net, SECONDS(2)));
	}
}

/* Full cone: B's checks arrive before A knows anything at all. */
static void checks_that_come_before_the_signalling_are_not_in_vain(void **state)
{
	(void)state;
	natnet_init(&net, 1);
	put_behind(A, INDEPENDENT, INDEPENDENT);
	put_behind(B, INDEPENDENT, PORT_DEPENDENT);
	natnet_gather(&net, A);
	natnet_gather(&net, B);
	natnet_signal(&net, B);
	natnet_run(&net, SECONDS(5));
	assert_true(net.host[B].valid_at != NEVER);	/* A has answered */
	assert_true(net.host[A].valid_at == NEVER);
	natnet_introduce(&net, A);			/* credentials, and not one candidate */
	assert_true(natnet_connects(&net, 3 * net.delay));
	assert_int_equal(net.host[A].did[ICE_NEW_REMOTE], 1);
}

static void nobody_there_is_a_failure_after_39_5_s_and_not_before(void **state)
{
	(void)state;
	natnet_init(&net, 1);
	natnet_gather(&net, A);
	natnet_gather(&net, B);
	net.host[B].mute = true;
	natnet_signal(&net, A);
	ice_agent_end_of_candidates(&net.host[A].agent,
				    bytes_of(net.host[B].agent.ufrag, ICE_UFRAG_LEN));
	natnet_run(&net, ICE_PATIENCE - 1);
	assert_int_equal(net.host[A].did[ICE_FAILED], 0);
	natnet_run(&net, 600);
	assert_int_equal(net.host[A].did[ICE_FAILED], 1);
	natnet_run(&net, SECONDS(600));
	assert_int_equal(net.host[A].did[ICE_FAILED], 1);
	assert_int_equal(net.host[A].requests_sent, 7);
}

static void an_idle_agent_sends_nothing_for_an_hour(void **state)
{
	unsigned sent;

	(void)state;
	natnet_init(&net, 1);
	put_behind(A, INDEPENDENT, PORT_DEPENDENT);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(100));
	assert_true(net.host[A].valid_at != NEVER);
	sent = net.host[A].did[ICE_SEND] + net.host[B].did[ICE_SEND];
	natnet_run(&net, SECONDS(3600));
	assert_int_equal(net.host[A].did[ICE_SEND] + net.host[B].did[ICE_SEND], sent);
	assert_true(ice_agent_due(&net.host[A].agent) == NEVER);
}

static void consent_is_asked_for_each_5_s_and_lost_30_s_after_the_last_answer(void **state)
{
	struct natnet_host *a = &net.host[A];
	unsigned before;
	msec silent_since;

	(void)state;
	natnet_init(&net, 1);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(60));
	before = a->requests_sent;
	assert_true(ice_agent_set_active(&a->agent, a->agent.nominated, net.now));
	natnet_run(&net, SECONDS(600));
	assert_in_range(a->requests_sent - before, 600 / 6, 600 / 4 + 1);
	assert_int_equal(a->did[ICE_CONSENT_LOST], 0);
	assert_int_equal(a->did[ICE_PROBE_RESULT], a->requests_sent - before);

	net.host[B].mute = true;
	silent_since = a->agent.list.pairs[a->agent.active].last_answer;
	net.now = net.now > silent_since ? net.now : silent_since;
	natnet_run(&net, silent_since + ICE_CONSENT - 1 - net.now);
	assert_int_equal(a->did[ICE_CONSENT_LOST], 0);
	natnet_run(&net, 1);
	assert_int_equal(a->did[ICE_CONSENT_LOST], 1);
	assert_int_equal(a->agent.active, NO_INDEX);
	before = a->requests_sent;
	natnet_run(&net, SECONDS(600));
	assert_int_equal(a->requests_sent, before);
}

static void a_pair_that_failed_comes_back_when_it_is_asked_again(void **state)
{
	struct natnet_host *a = &net.host[A];
	uint8_t pair;

	(void)state;
	natnet_init(&net, 1);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(5));
	pair = a->agent.nominated;
	net.host[B].mute = true;
	assert_true(ice_agent_check_now(&a->agent, pair));
	natnet_run(&net, 2 * ICE_PROBE_GAP + ICE_ASK_WAIT + 10);
	assert_int_equal(a->did[ICE_PROBE_RESULT], 1);
	assert_int_equal(a->agent.list.pairs[pair].state, PAIR_FAILED);
	assert_int_equal(pair_lost(&a->agent.list.pairs[pair]), 3);

	net.host[B].mute = false;
	assert_true(ice_agent_check_now(&a->agent, pair));
	natnet_run(&net, 3 * net.delay);
	assert_int_equal(a->did[ICE_PROBE_RESULT], 2);
	assert_int_equal(a->did[ICE_PAIR_VALID], 2);
	assert_int_equal(a->agent.list.pairs[pair].state, PAIR_VALID);
}

static void loss_and_round_trip_are_measured(void **state)
{
	struct natnet_host *a = &net.host[A];
	unsigned lost = 0;

	(void)state;
	natnet_init(&net, 3);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(5));
	ice_agent_set_active(&a->agent, a->agent.nominated, net.now);
	net.loss_percent = 10;				/* each way: 19 % of the questions */
	net.delay = 70;
	for (int i = 0; i < 20; i++) {
		natnet_run(&net, SECONDS(40));
		assert_int_equal(a->did[ICE_CONSENT_LOST], 0);
		lost += pair_lost(&a->agent.list.pairs[a->agent.active]);
	}
	assert_in_range(lost, 15, 45);			/* of 160, about 30 */
	assert_in_range(a->agent.list.pairs[a->agent.nominated].srtt, 139000, 141000);
}

static void after_a_restart_of_both_they_meet_again(void **state)
{
	(void)state;
	natnet_init(&net, 1);
	put_behind(A, INDEPENDENT, PORT_DEPENDENT);
	put_behind(B, INDEPENDENT, PORT_DEPENDENT);
	natnet_meet(&net);
	natnet_run(&net, SECONDS(5));
	for (int i = 0; i < HOSTS; i++) {
		ice_agent_restart(&net.host[i].agent);
		net.host[i].valid_at = NEVER;
	}
	natnet_signal(&net, A);
	natnet_signal(&net, B);
	assert_true(natnet_connects(&net, SOON));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_nats_connects_where_that_is_possible),
		cmocka_unit_test(the_classic_kinds_of_nat_connect_as_the_books_say),
		cmocka_unit_test(both_sides_end_with_the_same_nominated_pair),
		cmocka_unit_test(a_symmetric_nat_makes_peer_reflexive_candidates_on_both_sides),
		cmocka_unit_test(with_a_fifth_lost_200_of_200_connect),
		cmocka_unit_test(two_with_the_same_role_settle_it),
		cmocka_unit_test(what_is_signalled_may_come_in_any_order),
		cmocka_unit_test(checks_that_come_before_the_signalling_are_not_in_vain),
		cmocka_unit_test(nobody_there_is_a_failure_after_39_5_s_and_not_before),
		cmocka_unit_test(an_idle_agent_sends_nothing_for_an_hour),
		cmocka_unit_test(consent_is_asked_for_each_5_s_and_lost_30_s_after_the_last_answer),
		cmocka_unit_test(a_pair_that_failed_comes_back_when_it_is_asked_again),
		cmocka_unit_test(loss_and_round_trip_are_measured),
		cmocka_unit_test(after_a_restart_of_both_they_meet_again),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
