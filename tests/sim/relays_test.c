/* relays_test.c -- two that no hole can be punched between, and relays of their own.
 *
 *   A --symmetric NAT--.                 R, S   peers of both, relay = yes
 *                      +-- internet --<
 *   B --symmetric NAT--'                 hub    a rendezvous, honest or hostile
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "sim/hub.h"

enum { LEN = 100, A = 0, B = 1, R = 2, S = 3 };

static struct sim *sim;
static struct hub *hub;

/* A and B behind NATs of that kind, and so many public peers that relay. */
static void open_with(uint64_t seed, enum sim_nat_kind kind, size_t relays)
{
	const enum sim_nat_kind kinds[] = {kind, kind};

	sim = sim_new_behind_nats(seed, kinds, 2 + relays, relays);
	hub = NULL;
	sim->relays = ~0u << R;
	for (size_t i = R; i < sim->nodes_len; i++)
		sim_configure(sim, i, true, false, 0);
	sim_run(sim, SECONDS(3));
}

static void add_hub(unsigned malice)
{
	hub = hub_new(sim, 1000 + malice, malice);
	hub->relays = true;
	hub_run(hub, SECONDS(3));
}

static void close_all(void)
{
	if (hub) {
		assert_false(hub->was_named);
		hub_free(hub);
	}
	sim_free(sim);
}

static void run(msec duration)
{
	if (hub)
		hub_run(hub, duration);
	else
		sim_run(sim, duration);
}

/* From the first packet until one arrives, a packet each 100 ms; -1: none does. */
static msec meet(size_t from, size_t to, msec patience)
{
	unsigned got = sim->nodes[to].got;
	msec start = sim->now;

	while (sim->nodes[to].got == got && sim->now - start < patience) {
		sim_packet(sim, from, to, LEN);
		run(100);
	}
	return sim->nodes[to].got == got ? -1 : sim->now - start;
}

/* Both ways, ten a second; how many were lost. */
static unsigned talk(size_t len, msec duration)
{
	uint32_t first = sim->sent;
	unsigned lost = 0;

	for (msec end = sim->now + duration; sim->now < end;) {
		sim_packet(sim, A, B, len);
		sim_packet(sim, B, A, len);
		run(100);
	}
	run(200);
	for (uint32_t n = first; n < sim->sent; n++)
		lost += !sim_arrived(sim, n);
	return lost;
}

static void assert_through(const char *relay)
{
	static const size_t ends[] = {A, B};

	for (size_t i = 0; i < 2; i++) {
		struct peer_status status = sim_status(sim, ends[i], ends[1 - i]);

		assert_int_equal(status.state, PEER_RELAY);
		assert_int_equal(status.way.how, PATH_RELAYED);
		assert_string_equal(status.way.relay, relay);
	}
}

static bool is_direct(void)
{
	return sim_status(sim, A, B).state == PEER_DIRECT &&
	       sim_status(sim, B, A).state == PEER_DIRECT;
}

/* -- meeting ----------------------------------------------------------------------- */

static void two_behind_symmetric_nats_meet_through_a_peer(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		open_with(seed, SIM_SYMMETRIC, 1);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		assert_through("n2");
		close_all();
	}
}

static void so_they_do_through_a_rendezvous(void **state)
{
	(void)state;
	for (uint64_t seed = 30; seed < 40; seed++) {
		open_with(seed, SIM_SYMMETRIC, 0);
		add_hub(0);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		assert_through("hub");
		close_all();
	}
}

static bool note_longest(struct sim *of, struct sim_datagram *d, void *context)
{
	size_t *longest = context;

	(void)of;
	if (d->len > *longest)
		*longest = d->len;
	return true;
}

static void whole_packets_pass_and_need_no_fragments(void **state)
{
	size_t longest = 0;

	(void)state;
	open_with(50, SIM_SYMMETRIC, 1);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
	sim->tap = note_longest;
	sim->tap_context = &longest;
	assert_int_equal(talk(SIM_MTU, SECONDS(5)), 0);
	assert_through("n2");
	/* and 28 bytes of IPv4 and UDP are 1499 */
	assert_int_equal(longest, SIM_MTU + 2 * MESSAGE_DATA_MIN + RELAY_HEADER);
	close_all();
}

/* Rekeys, and the mailboxes of a new day: their tags are others. */
static void midnight_and_noon_cost_nothing(void **state)
{
	static const int64_t before[] = {5390, 5390 + 12 * 3600};	/* s, of wall clock, to skip */

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		open_with(60 + k, SIM_SYMMETRIC, 1);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		for (size_t i = 0; i < sim->nodes_len; i++)
			sim->nodes[i].wall_offset = before[k] * 1000000000;
		run(SECONDS(1));
		assert_int_equal(talk(LEN, SECONDS(600)), 0);
		assert_through("n2");
		close_all();
	}
}

static void who_is_not_told_to_relay_does_not(void **state)
{
	static const enum sim_nat_kind kinds[] = {SIM_SYMMETRIC, SIM_SYMMETRIC};

	(void)state;
	sim = sim_new_behind_nats(70, kinds, 3, 1);
	hub = NULL;
	sim->punch_rate = 0;
	for (size_t i = 0; i < 3; i++)
		sim_configure(sim, i, true, false, 0);
	sim_run(sim, SECONDS(3));
	assert_int_equal(meet(A, B, SECONDS(20)), -1);
	close_all();
}

/* -- what may befall them ----------------------------------------------------------- */

static size_t relay_in_use(void)
{
	return strcmp(sim_status(sim, A, B).way.relay, "n2") == 0 ? R : S;
}

static void another_relay_takes_over_from_one_that_dies(void **state)
{
	static const char *const names[] = {[R] = "n2", [S] = "n3"};
	size_t dead;

	(void)state;
	for (uint64_t seed = 80; seed < 85; seed++) {
		open_with(seed, SIM_SYMMETRIC, 2);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		dead = relay_in_use();
		sim->nodes[dead].asleep_until = INT64_MAX / 2;
		/* at most 7 s in each direction, and a packet that was on its way */
		assert_in_range(talk(LEN, SECONDS(20)), 1, 2 * 75);
		assert_through(names[dead == R ? S : R]);
		assert_int_equal(talk(LEN, SECONDS(60)), 0);
		close_all();
	}
}

static void a_relay_that_starts_anew_is_used_again(void **state)
{
	(void)state;
	open_with(90, SIM_SYMMETRIC, 1);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
	sim_restart(sim, R);
	talk(LEN, SECONDS(60));
	assert_int_equal(talk(LEN, SECONDS(60)), 0);
	assert_through("n2");
	close_all();
}

/* Its tables are lost, and it says so: its peers register again. */
static void a_relay_that_is_reloaded_costs_a_second(void **state)
{
	(void)state;
	open_with(91, SIM_SYMMETRIC, 1);
	assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
	assert_int_equal(talk(LEN, SECONDS(5)), 0);
	sim_configure(sim, R, true, false, 0);
	assert_in_range(talk(LEN, SECONDS(10)), 0, 2 * 15);
	assert_int_equal(talk(LEN, SECONDS(10)), 0);
	assert_through("n2");
	sim->relays = 0;
	sim_configure(sim, R, true, false, 0);
	run(SECONDS(1));
	assert_int_equal(meet(A, B, SECONDS(10)), -1);
	close_all();
}

static bool is_between_nats(const struct sim_datagram *d)
{
	return d->from.ip.bytes[0] == 203 && d->to.ip.bytes[0] == 203;
}

static bool block_direct(struct sim *of, struct sim_datagram *d, void *context)
{
	const bool *blocked = context;

	(void)of;
	return !*blocked || !is_between_nats(d);
}

static void a_direct_way_takes_over_when_there_is_one(void **state)
{
	bool blocked = true;
	msec lifted;

	(void)state;
	for (uint64_t seed = 100; seed < 105; seed++) {
		blocked = true;
		open_with(seed, SIM_PORT_RESTRICTED, 1);
		sim->tap = block_direct;
		sim->tap_context = &blocked;
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(60)), 0);
		assert_through("n2");
		blocked = false;
		for (lifted = sim->now; !is_direct() && sim->now - lifted < SECONDS(70);)
			assert_int_equal(talk(LEN, SECONDS(1)), 0);
		assert_in_range(sim->now - lifted, 0, 65000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		close_all();
	}
}

/* -- loss ---------------------------------------------------------------------------- */

struct lossy {
	struct rng dice;
	unsigned direct;		/* in 1/1000 */
	struct ip relay;		/* what goes to this one is lost as often */
	unsigned by_relay;
};

static bool lose(struct sim *of, struct sim_datagram *d, void *context)
{
	struct lossy *l = context;
	unsigned loss = is_between_nats(d) ? l->direct : ip_equal(&d->to.ip, &l->relay) ? l->by_relay : 0;

	(void)of;
	return rng_below(&l->dice, 1000) >= loss;
}

/* It is better than a relay, and loses nothing. */
static void use_no_tcp(void)
{
	sim->tcp = false;
	for (size_t i = 0; i < sim->nodes_len; i++)
		sim_configure(sim, i, true, false, 0);
}

static void begin_losing(struct lossy *l, uint64_t seed)
{
	*l = (struct lossy){0};
	rng_seed(&l->dice, seed);
	sim->tap = lose;
	sim->tap_context = l;
}

/* And back to the direct way, when the penalty is over. */
static void a_lossy_direct_way_loses_to_a_relay(void **state)
{
	struct lossy l;
	msec left;

	(void)state;
	for (uint64_t seed = 120; seed < 125; seed++) {
		open_with(seed, SIM_PORT_RESTRICTED, 1);
		use_no_tcp();
		begin_losing(&l, seed);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		assert_true(is_direct());
		l.direct = 300;
		talk(LEN, SECONDS(20));
		assert_through("n2");
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		l.direct = 0;
		for (left = sim->now; !is_direct() && sim->now - left < SECONDS(100);)
			assert_int_equal(talk(LEN, SECONDS(1)), 0);
		assert_in_range(sim->now - left, SECONDS(25), SECONDS(65));
		close_all();
	}
}

static void a_lossy_relay_loses_to_another(void **state)
{
	static const char *const names[] = {[R] = "n2", [S] = "n3"};
	struct lossy l;

	(void)state;
	for (uint64_t seed = 120; seed < 125; seed++) {
		size_t bad;

		open_with(seed, SIM_SYMMETRIC, 2);
		begin_losing(&l, seed);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		assert_int_equal(talk(LEN, SECONDS(10)), 0);
		bad = relay_in_use();
		l.relay = sim->nodes[bad].links[0].at.ip;
		l.by_relay = 300;
		talk(LEN, SECONDS(20));
		assert_through(names[bad == R ? S : R]);
		assert_int_equal(talk(LEN, SECONDS(30)), 0);
		close_all();
	}
}

/* -- malice ------------------------------------------------------------------------- */

/* The simulator holds what must hold: no packet changed, twice, or to a wrong node; no storm. */
static void a_hostile_relay_can_do_nothing_but_drop(void **state)
{
	(void)state;
	for (unsigned malice = 2; malice < HUB_ALL; malice <<= 1) {
		uint32_t before;

		open_with(200 + malice, SIM_SYMMETRIC, 0);
		add_hub(0);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		hub->malice = malice;
		before = sim->nodes[B].got;
		talk(LEN, SECONDS(60));
		/* half of them are altered, questions and handshakes too; those that come 30 s late
		 * are late */
		assert_in_range(sim->nodes[B].got - before, malice == HUB_DELAYS ? 0 : 150, 600);
		hub->malice = 0;
		talk(LEN, SECONDS(120));
		assert_int_equal(talk(LEN, SECONDS(20)), 0);
		close_all();
	}
}

static void nor_does_it_harm_who_does_not_use_it(void **state)
{
	(void)state;
	for (unsigned malice = 1; malice < HUB_ALL; malice <<= 1) {
		open_with(800 + malice, SIM_PORT_RESTRICTED, 0);
		add_hub(0);
		assert_in_range(meet(A, B, SECONDS(10)), 1, 3000);
		talk(LEN, SECONDS(5));
		assert_true(is_direct());
		hub->malice = malice;
		assert_int_equal(talk(LEN, SECONDS(60)), 0);
		assert_true(is_direct());
		close_all();
	}
}

static void a_relay_that_drops_loses_to_one_that_does_not(void **state)
{
	(void)state;
	open_with(900, SIM_SYMMETRIC, 1);
	add_hub(HUB_DROPS);
	assert_in_range(meet(A, B, SECONDS(20)), 1, 5000);
	talk(LEN, SECONDS(10));
	assert_through("n2");
	assert_int_equal(talk(LEN, SECONDS(30)), 0);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_behind_symmetric_nats_meet_through_a_peer),
		cmocka_unit_test(so_they_do_through_a_rendezvous),
		cmocka_unit_test(whole_packets_pass_and_need_no_fragments),
		cmocka_unit_test(midnight_and_noon_cost_nothing),
		cmocka_unit_test(who_is_not_told_to_relay_does_not),
		cmocka_unit_test(another_relay_takes_over_from_one_that_dies),
		cmocka_unit_test(a_relay_that_starts_anew_is_used_again),
		cmocka_unit_test(a_relay_that_is_reloaded_costs_a_second),
		cmocka_unit_test(a_direct_way_takes_over_when_there_is_one),
		cmocka_unit_test(a_lossy_direct_way_loses_to_a_relay),
		cmocka_unit_test(a_lossy_relay_loses_to_another),
		cmocka_unit_test(a_hostile_relay_can_do_nothing_but_drop),
		cmocka_unit_test(nor_does_it_harm_who_does_not_use_it),
		cmocka_unit_test(a_relay_that_drops_loses_to_one_that_does_not),
	};

	sim_log();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
