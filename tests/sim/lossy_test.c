/* lossy_test.c -- the chosen way works, but badly, and another one does not.
 *
 *   A 2001:db8::1 ---- IPv6, which is preferred: loses, is throttled, or slow --- 2001:db8::2 B
 *     192.0.2.1   ---- IPv4 ------------------------------------------------------ 192.0.2.2
 *
 * Two families stand for any two tiers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "node/explain.h"
#include "sim/sim.h"

enum { A, B, PUBLIC, NODES, LEN = 1200, SMALL = 100 };

/* What a family does to what is sent by it. */
struct way {
	unsigned loss;			/* in 1/1000 */
	unsigned loss_from[NODES];	/* the same for what that node sends */
	unsigned policed;		/* bytes per second, each way; 0: as much as you like */
	unsigned burst;			/* bytes */
	msec late;
	/* what is left of it */
	int64_t bucket[NODES];
	msec filled[NODES];
	uint64_t data, bytes;		/* messages and bytes of these that were sent by it */
};

struct ways {
	struct way ip4, ip6;
	struct rng dice;
};

static struct ways ways;

static bool is_lost(unsigned per_mille)
{
	return per_mille && rng_below(&ways.dice, 1000) < per_mille;
}

static bool is_above_the_rate(struct way *w, size_t from, size_t len, msec now)
{
	if (!w->policed)
		return false;
	w->bucket[from] += (now - w->filled[from]) * (int64_t)w->policed / 1000;
	w->filled[from] = now;
	if (w->bucket[from] > (int64_t)w->burst)
		w->bucket[from] = w->burst;
	if (w->bucket[from] < (int64_t)len)
		return true;
	w->bucket[from] -= (int64_t)len;
	return false;
}

static size_t owner_of(const struct sim *sim, const struct ip *ip)
{
	for (size_t i = 0; i < sim->nodes_len; i++) {
		for (size_t k = 0; k < sim->nodes[i].links_len; k++) {
			if (ip_equal(&sim->nodes[i].links[k].at.ip, ip))
				return i;
		}
	}
	fail();
	return PUBLIC;
}

static bool let_through(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct way *w = d->from.ip.family == IP_V6 ? &ways.ip6 : &ways.ip4;
	size_t from = owner_of(sim, &d->from.ip);

	(void)context;
	if (from == PUBLIC || owner_of(sim, &d->to.ip) == PUBLIC)
		return true;
	if (d->bytes[0] == MESSAGE_DATA) {
		w->data++;
		w->bytes += d->len;
	}
	d->late = w->late;
	return !is_lost(w->loss) && !is_lost(w->loss_from[from]) &&
	       !is_above_the_rate(w, from, d->len, sim->now);
}

static struct ip ip6_of(uint8_t host)
{
	const uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = host};

	return ip_v6(bytes);
}

/* They talk by IPv6, and IPv4 is known to work. */
static struct sim *two_with_two_families(uint64_t seed)
{
	struct sim *sim = sim_prepare(seed, NODES);

	memset(&ways, 0, sizeof(ways));
	rng_seed(&ways.dice, ~seed);
	sim->gathers = true;
	sim->wire.delay = 20;
	sim->tap = let_through;
	for (size_t i = 0; i < NODES; i++) {
		sim_add_link(sim, i, ip_v4(192, 0, 2, (uint8_t)(i + 1)), NET_INTERNET);
		sim_add_link(sim, i, ip6_of((uint8_t)(i + 1)), NET_INTERNET);
	}
	sim->nodes[A].calls = sim->nodes[B].calls = 1u << PUBLIC;
	sim->nodes[PUBLIC].calls = 0;
	for (size_t i = NODES; i-- > 0;)
		sim_start(sim, i);
	sim_run(sim, SECONDS(5));
	sim_talk(sim, A, B, SMALL, SECONDS(10));
	return sim;
}

static const struct reach *reach_of(const struct sim *sim, size_t of, size_t to)
{
	return node_find_peer(sim->nodes[of].node, sim->nodes[to].public_key)->reach;
}

static enum reach_tier tier_of(const struct sim *sim, size_t from, size_t to)
{
	return reach_tier(reach_of(sim, from, to));
}

/* So many messages a second from A, and a tenth of that back; step by step until the duration is
 * over or A sends by that tier. */
static msec stream_until(struct sim *sim, unsigned rate, enum reach_tier tier, msec duration)
{
	msec start = sim->now, step = 1000 / rate;

	for (unsigned i = 0; sim->now - start < duration && tier_of(sim, A, B) != tier; i++) {
		sim_packet(sim, A, B, LEN);
		if (i % 10 == 0)
			sim_packet(sim, B, A, SMALL);
		sim_run(sim, step);
	}
	return sim->now - start;
}

static void stream(struct sim *sim, unsigned rate, msec duration)
{
	stream_until(sim, rate, TIERS + 1, duration);	/* of none */
}

/* Of those from A in the next so many msec, in percent. */
static unsigned lost_of_stream(struct sim *sim, unsigned rate, msec duration)
{
	unsigned got = sim->nodes[B].got;
	uint32_t before = sim->sent, sent = 0;

	stream(sim, rate, duration);
	sim_run(sim, SECONDS(1));
	for (uint32_t n = before; n < sim->sent; n++)
		sent += sim->to[n] == B;
	return 100 - 100 * (sim->nodes[B].got - got) / sent;
}

/* -- left ------------------------------------------------------------------------ */

static void a_lossy_way_is_left_within_ten_seconds(void **state)
{
	static const unsigned losses[] = {150, 200, 300, 400};
	msec worst[4] = {0};

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sim *sim = two_with_two_families(1000 + seed);
		msec took;

		assert_int_equal(tier_of(sim, A, B), TIER_IPV6);
		ways.ip6.loss = losses[seed % 4];
		took = stream_until(sim, 100, TIER_IPV4, SECONDS(60));
		if (took > worst[seed % 4])
			worst[seed % 4] = took;
		assert_int_equal(lost_of_stream(sim, 100, SECONDS(10)), 0);
		sim_free(sim);
	}
	for (size_t i = 0; i < 4; i++) {
		print_message("           %u %% lost each way, 100 a second: left after %lld ms at worst\n",
			      losses[i] / 10, (long long)worst[i]);
		assert_in_range(worst[i], 3000, 10000);
	}
}

static void a_ping_of_ten_a_second_is_enough(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct sim *sim = two_with_two_families(1100 + seed);

		ways.ip6.loss_from[A] = 300;
		assert_in_range(stream_until(sim, 10, TIER_IPV4, SECONDS(60)), 5000, 15000);
		sim_free(sim);
	}
}

static void only_who_sends_into_the_loss_goes_elsewhere(void **state)
{
	struct sim *sim = two_with_two_families(1200);

	(void)state;
	ways.ip6.loss_from[A] = 300;
	stream_until(sim, 100, TIER_IPV4, SECONDS(10));
	assert_int_equal(tier_of(sim, A, B), TIER_IPV4);
	stream(sim, 100, SECONDS(30));
	assert_int_equal(tier_of(sim, A, B), TIER_IPV4);
	assert_int_equal(tier_of(sim, B, A), TIER_IPV6);
	sim_free(sim);
}

static struct explanation explanation_of(const struct sim *sim, size_t of, size_t to)
{
	struct explanation e;

	assert_true(node_explain(sim->nodes[of].node, sim->nodes[to].public_key, &e, sim->now));
	return e;
}

static void it_is_explained_how_long_which_way_rests(void **state)
{
	struct sim *sim = two_with_two_families(1210);
	struct explanation e = explanation_of(sim, A, B);
	unsigned resting = 0;

	(void)state;
	assert_int_equal(e.verdict, VERDICT_DIRECT);
	ways.ip6.loss_from[A] = 300;
	stream_until(sim, 100, TIER_IPV4, SECONDS(10));
	sim_run(sim, SECONDS(1));
	e = explanation_of(sim, A, B);
	assert_int_equal(e.verdict, VERDICT_SECOND_BEST);
	for (size_t i = 0; i < e.pairs_len; i++) {
		bool is_6 = e.pairs[i].remote.at.ip.family == IP_V6;

		assert_true(is_6 || e.pairs[i].penalty == -1);
		if (e.pairs[i].penalty < 0)
			continue;
		assert_in_range(e.pairs[i].penalty, SECONDS(55), PENALTY_FIRST);
		resting++;
	}
	assert_true(resting > 0);
	assert_int_equal(explanation_of(sim, B, A).verdict, VERDICT_DIRECT);
	sim_free(sim);
}

/* 1 Mbit/s: all questions get through, and half of the stream does not. */
static void a_throttled_way_is_left_though_every_question_is_answered(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sim *sim = two_with_two_families(1300 + seed);
		const struct reach *r;

		ways.ip6.policed = 125000;
		ways.ip6.burst = 32000;
		assert_in_range(stream_until(sim, 200, TIER_IPV4, SECONDS(60)), 3000, 10000);
		r = reach_of(sim, A, B);
		for (uint8_t i = 0; i < PAIRS_MAX; i++) {
			if (reach_is_valid(r, i) && reach_tier_of(r, i) == TIER_IPV6)
				assert_in_range(pair_lost(&r->agent.list.pairs[i]), 0, 4);
		}
		assert_int_equal(lost_of_stream(sim, 200, SECONDS(10)), 0);
		sim_free(sim);
	}
}

static void a_slow_way_is_left_for_a_much_faster_one(void **state)
{
	struct sim *sim = two_with_two_families(1400);

	(void)state;
	ways.ip6.late = 60;			/* 160 ms there and back: not so much more */
	stream(sim, 10, SECONDS(120));
	assert_int_equal(tier_of(sim, A, B), TIER_IPV6);
	ways.ip6.late = 300;
	assert_in_range(stream_until(sim, 10, TIER_IPV4, SECONDS(120)), 1000, 30000);
	sim_free(sim);
}

/* -- not left ---------------------------------------------------------------------- */

static void what_is_no_better_is_not_taken(void **state)
{
	unsigned left = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct sim *sim = two_with_two_families(1500 + seed);

		ways.ip6.loss = ways.ip4.loss = 250;
		stream(sim, 50, SECONDS(120));
		left += reach_of(sim, A, B)->penalties.all[0].state != PENALTY_NONE;
		sim_free(sim);
	}
	assert_in_range(left, 0, 2);
}

static void a_little_loss_is_lived_with(void **state)
{
	struct sim *sim = two_with_two_families(1600);

	(void)state;
	ways.ip6.loss = 60;
	assert_int_equal(stream_until(sim, 50, TIER_IPV4, SECONDS(600)), SECONDS(600));
	sim_free(sim);
}

static void a_bad_second_now_and_then_is_lived_with(void **state)
{
	struct sim *sim = two_with_two_families(1610);

	(void)state;
	for (int i = 0; i < 20; i++) {
		ways.ip6.loss = 700;
		stream(sim, 100, SECONDS(1));
		ways.ip6.loss = 0;
		stream(sim, 100, SECONDS(9));
		assert_int_equal(tier_of(sim, A, B), TIER_IPV6);
	}
	sim_free(sim);
}

/* -- and back ----------------------------------------------------------------------- */

static void it_is_used_again_when_the_penalty_is_over_and_not_before(void **state)
{
	struct sim *sim = two_with_two_families(1700);
	msec away;

	(void)state;
	ways.ip6.loss = 300;
	stream_until(sim, 100, TIER_IPV4, SECONDS(10));
	assert_int_equal(tier_of(sim, A, B), TIER_IPV4);
	ways.ip6.loss = 0;
	away = stream_until(sim, 50, TIER_IPV6, SECONDS(120));
	assert_in_range(away, PENALTY_FIRST, PENALTY_FIRST + 10000);
	stream(sim, 50, SECONDS(60));
	assert_int_equal(tier_of(sim, A, B), TIER_IPV6);
	sim_free(sim);
}

/* Questions do not see the limit, so it is found out again each time, and less often. */
static void a_way_that_stays_throttled_is_tried_less_and_less(void **state)
{
	static const msec penalties[] = {60, 120, 240, 480};
	struct sim *sim = two_with_two_families(1800);

	(void)state;
	ways.ip6.policed = 60000;
	ways.ip6.burst = 10000;
	for (size_t i = 0; i < 4; i++) {
		msec away;

		assert_in_range(stream_until(sim, 100, TIER_IPV4, SECONDS(60)), 3000, 11000);
		away = stream_until(sim, 20, TIER_IPV6, SECONDS(1000));
		assert_in_range(away, SECONDS(penalties[i]), SECONDS(penalties[i] + 15));
	}
	sim_free(sim);
}

/* A way that loses a third of all questions is not tried with the stream. */
static void what_still_loses_questions_is_not_used_again(void **state)
{
	struct sim *sim = two_with_two_families(1900);

	(void)state;
	ways.ip6.loss = 350;
	stream_until(sim, 100, TIER_IPV4, SECONDS(10));
	assert_int_equal(stream_until(sim, 20, TIER_IPV6, SECONDS(600)), SECONDS(600));
	sim_free(sim);
}

static void it_is_still_better_than_nothing(void **state)
{
	struct sim *sim = two_with_two_families(2000);

	(void)state;
	ways.ip6.loss = 200;
	stream_until(sim, 100, TIER_IPV4, SECONDS(10));
	ways.ip4.loss = 1000;
	assert_in_range(stream_until(sim, 20, TIER_IPV6, SECONDS(60)), 1000, 8000);
	ways.ip4.loss = 0;
	assert_in_range(stream_until(sim, 20, TIER_IPV4, SECONDS(100)), 1000, 90000);
	sim_free(sim);
}

/* -- what it costs -------------------------------------------------------------------- */

static void a_good_way_costs_nothing(void **state)
{
	struct sim *sim = two_with_two_families(2100);
	uint64_t before = ways.ip6.data + ways.ip4.data, sent = 0;

	(void)state;
	for (; sent < 60 * 50; sent++) {
		sim_packet(sim, A, B, LEN);
		sim_run(sim, 20);
	}
	/* keepalives of who only receives */
	assert_in_range(ways.ip6.data + ways.ip4.data - before - sent, 0, 8);
	sim_free(sim);
}

/* There is no other way, so that it goes on; 64 bytes a second, of 1 Mbit. */
static void a_lossy_one_costs_less_than_a_thousandth(void **state)
{
	struct sim *sim = two_with_two_families(2200);
	uint64_t back = 0, there;

	(void)state;
	ways.ip6.loss_from[A] = 200;
	ways.ip4.loss = 1000;
	there = ways.ip6.bytes;
	for (unsigned i = 0; i < 60 * 100; i++) {
		uint64_t before;

		sim_packet(sim, A, B, SIM_MTU);
		before = ways.ip6.bytes;
		sim_run(sim, 10);
		back += ways.ip6.bytes - before;
	}
	there = ways.ip6.bytes - there - back;
	print_message("           reports: %llu bytes for %llu\n", (unsigned long long)back,
		      (unsigned long long)there);
	assert_true(back > 30 * 64 && back * 1000 < there);
	sim_free(sim);
}

/* -- storms --------------------------------------------------------------------------- */

/* Each of the two may be as bad as the dice want, and another every few seconds. That nobody
 * changes its way more often than each five seconds is seen to by sim.c. */
static void in_any_weather_it_changes_now_and_then(void **state)
{
	unsigned changes = 0, runs = 8;

	(void)state;
	for (uint64_t seed = 0; seed < runs; seed++) {
		struct sim *sim = two_with_two_families(3000 + seed);
		msec chosen = reach_of(sim, A, B)->promoted_at;

		for (int i = 0; i < 40; i++) {
			ways.ip6.loss = rng_below(&ways.dice, 400);
			ways.ip4.loss = rng_below(&ways.dice, 2) ? rng_below(&ways.dice, 400) : 0;
			for (int k = 0; k < 10; k++) {
				stream(sim, 30, SECONDS(1) * (1 + rng_below(&ways.dice, 2)));
				changes += reach_of(sim, A, B)->promoted_at != chosen;
				chosen = reach_of(sim, A, B)->promoted_at;
			}
		}
		ways.ip6.loss = ways.ip4.loss = 0;
		stream(sim, 20, SECONDS(20));
		assert_int_equal(lost_of_stream(sim, 20, SECONDS(10)), 0);
		sim_free(sim);
	}
	print_message("           ten minutes of storm: %u changes on average\n", changes / runs);
	assert_in_range(changes / runs, 1, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lossy_way_is_left_within_ten_seconds),
		cmocka_unit_test(a_ping_of_ten_a_second_is_enough),
		cmocka_unit_test(only_who_sends_into_the_loss_goes_elsewhere),
		cmocka_unit_test(it_is_explained_how_long_which_way_rests),
		cmocka_unit_test(a_throttled_way_is_left_though_every_question_is_answered),
		cmocka_unit_test(a_slow_way_is_left_for_a_much_faster_one),
		cmocka_unit_test(what_is_no_better_is_not_taken),
		cmocka_unit_test(a_little_loss_is_lived_with),
		cmocka_unit_test(a_bad_second_now_and_then_is_lived_with),
		cmocka_unit_test(it_is_used_again_when_the_penalty_is_over_and_not_before),
		cmocka_unit_test(a_way_that_stays_throttled_is_tried_less_and_less),
		cmocka_unit_test(what_still_loses_questions_is_not_used_again),
		cmocka_unit_test(it_is_still_better_than_nothing),
		cmocka_unit_test(a_good_way_costs_nothing),
		cmocka_unit_test(a_lossy_one_costs_less_than_a_thousandth),
		cmocka_unit_test(in_any_weather_it_changes_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
