/* upgrade_test.c -- a better way opens up, and traffic goes there without a loss.
 *
 *   A --- IPv6: nothing gets through, until the block is lifted --- B, C, D ...
 *     --- IPv4 -----------------------------------------------------
 *                   PUBLIC introduces all
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
#include "sim/sim.h"

enum { PUBLIC, A, B, LEN = 100, MANY = 62, UPGRADES = 40 };

static struct {
	bool blocked;			/* IPv6 is */
	msec late4, late6;		/* so much more than the wire takes */
	struct ip a[SIM_LINKS];		/* the addresses of A */
	unsigned asked;			/* requests of A in this second */
	msec second;
	unsigned most;			/* of all seconds */
} world;

/* RFC 8445 section 14.2: of a node so many in a second, whatever it wants to know. */
static void count_request(const struct sim *sim, const struct sim_datagram *d)
{
	if (d->bytes[0] != 0 || d->bytes[1] != 1 ||
	    !(ip_equal(&d->from.ip, &world.a[0]) || ip_equal(&d->from.ip, &world.a[1])))
		return;
	if (sim->now - world.second >= SECONDS(1)) {
		world.second = sim->now;
		world.asked = 0;
	}
	world.asked++;
	if (world.asked > world.most)
		world.most = world.asked;
}

static bool let_through(struct sim *sim, struct sim_datagram *d, void *context)
{
	bool is_6 = d->to.ip.family == IP_V6;

	(void)context;
	count_request(sim, d);
	d->late = is_6 ? world.late6 : world.late4;
	return !(is_6 && world.blocked);
}

static struct ip ip6_of(size_t host)
{
	const uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)(host + 1)};

	return ip_v6(bytes);
}

/* n nodes, one of them public; IPv6 is blocked. */
static struct sim *nodes_with_two_families(uint64_t seed, size_t n)
{
	struct sim *sim = sim_prepare(seed, n);

	memset(&world, 0, sizeof(world));
	world.blocked = true;
	sim->gathers = true;
	sim->wire.delay = 20;
	sim->tap = let_through;
	for (size_t i = 0; i < n; i++) {
		sim_add_link(sim, i, ip_v4(192, 0, 2, (uint8_t)(i + 1)), NET_INTERNET);
		sim_add_link(sim, i, ip6_of(i), NET_INTERNET);
		sim->nodes[i].calls = i == PUBLIC ? 0 : 1u << PUBLIC;
	}
	for (size_t k = 0; k < SIM_LINKS; k++)
		world.a[k] = sim->nodes[A].links[k].at.ip;
	for (size_t i = 0; i < n; i++)
		sim_start(sim, i);
	sim_run(sim, SECONDS(5));
	return sim;
}

static enum reach_tier tier_of(const struct sim *sim, size_t from, size_t to)
{
	const struct peer *peer = node_find_peer(sim->nodes[from].node, sim->nodes[to].public_key);

	return peer->reach ? reach_tier(peer->reach) : TIERS;
}

/* A ping of ten a second, there and back, until A sends by that tier. How long that took. */
static msec ping_until(struct sim *sim, enum reach_tier tier, msec patience)
{
	msec start = sim->now;

	while (tier_of(sim, A, B) != tier || tier_of(sim, B, A) != tier) {
		assert_true(sim->now - start < patience);
		sim_talk(sim, A, B, LEN, 100);
	}
	return sim->now - start;
}

static void nothing_may_be_missing(const struct sim *sim, uint32_t first)
{
	for (uint32_t n = first; n < sim->sent; n++)
		assert_true(sim_arrived(sim, n));
}

/* The old way is slower than the new one, or faster: what is on its way arrives all the same. */
static void upgrades_lose_nothing(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 0; seed < UPGRADES; seed++) {
		struct sim *sim = nodes_with_two_families(100 + seed, 3);
		uint32_t first;
		msec took;

		world.late4 = (msec)(seed % 5) * 30;
		world.late6 = (msec)(seed % 3) * 40;
		ping_until(sim, TIER_IPV4, SECONDS(10));
		sim_talk(sim, A, B, LEN, SECONDS(1) * (msec)(seed % 60));
		first = sim->sent;
		world.blocked = false;
		took = ping_until(sim, TIER_IPV6, SECONDS(65));
		worst = took > worst ? took : worst;
		sim_talk(sim, A, B, LEN, SECONDS(5));
		sim_run(sim, SECONDS(1));
		nothing_may_be_missing(sim, first);
		sim_free(sim);
	}
	print_message("           a block is lifted, nobody is told: %lld ms at worst, nothing lost\n",
		      (long long)worst);
}

/* -- from a relay ------------------------------------------------------------------ */

static bool block_between_nats(struct sim *sim, struct sim_datagram *d, void *context)
{
	(void)sim;
	(void)context;
	return !world.blocked || d->from.ip.bytes[0] != 203 || d->to.ip.bytes[0] != 203;
}

/* Two behind NATs, the first ones; and one that relays. */
static struct sim *two_and_a_relay(uint64_t seed)
{
	static const enum sim_nat_kind kinds[] = {SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 3, 1);

	memset(&world, 0, sizeof(world));
	world.blocked = true;
	sim->tap = block_between_nats;
	sim->relays = 1u << 2;
	sim_configure(sim, 2, true, false, 0);
	sim_run(sim, SECONDS(3));
	return sim;
}

static bool are_direct(const struct sim *sim)
{
	return sim_status(sim, 0, 1).state == PEER_DIRECT && sim_status(sim, 1, 0).state == PEER_DIRECT;
}

static msec ping_until_direct(struct sim *sim)
{
	msec start = sim->now;

	while (!are_direct(sim)) {
		assert_true(sim->now - start < SECONDS(65));
		sim_talk(sim, 0, 1, LEN, 100);
	}
	return sim->now - start;
}

/* Up to 99 s after the relay was chosen: at first it is tried more often. */
static void upgrades_from_a_relay_lose_nothing(void **state)
{
	msec worst = 0, sum = 0;

	(void)state;
	for (uint64_t seed = 0; seed < UPGRADES; seed++) {
		struct sim *sim = two_and_a_relay(600 + seed);
		uint32_t first;
		msec took;

		sim_talk(sim, 0, 1, LEN, SECONDS(4) + SECONDS(1) * (msec)seed);
		assert_int_equal(sim_status(sim, 0, 1).state, PEER_RELAY);
		first = sim->sent;
		world.blocked = false;
		took = ping_until_direct(sim);
		worst = took > worst ? took : worst;
		sum += took;
		sim_talk(sim, 0, 1, LEN, SECONDS(5));
		sim_run(sim, SECONDS(1));
		nothing_may_be_missing(sim, first);
		sim_free(sim);
	}
	print_message("           from a relay: %lld ms on average, %lld ms at worst, nothing lost\n",
		      (long long)sum / UPGRADES, (long long)worst);
}

/* As when a firewall is told to let it through, and an address comes with that. */
static void from_a_relay_it_takes_two_seconds_when_an_address_changes(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sim *sim = two_and_a_relay(800 + seed);
		size_t who = seed % 2;
		uint32_t first;
		msec took;

		sim_talk(sim, 0, 1, LEN, SECONDS(70));
		assert_int_equal(sim_status(sim, 0, 1).state, PEER_RELAY);
		first = sim->sent;
		world.blocked = false;
		sim_add_link(sim, who, ip_v4(192, 168, (uint8_t)who, 200), sim->nodes[who].links[0].net);
		sim_tell_links(sim, who);
		sim_drain(sim, who);
		took = ping_until_direct(sim);
		worst = took > worst ? took : worst;
		sim_run(sim, SECONDS(1));
		nothing_may_be_missing(sim, first);
		sim_free(sim);
	}
	print_message("           the same, and an address comes: %lld ms at worst\n", (long long)worst);
	assert_in_range(worst, 0, 2000);
}

/* -- told ---------------------------------------------------------------------------- */

/* An address more, on either side, is reason enough to try all that has failed. */
static void who_is_told_that_something_changed_needs_two_seconds(void **state)
{
	msec worst = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sim *sim = nodes_with_two_families(300 + seed, 3);
		size_t who = seed % 2 ? A : B;
		uint32_t first;
		msec took;

		ping_until(sim, TIER_IPV4, SECONDS(10));
		sim_talk(sim, A, B, LEN, SECONDS(70));
		first = sim->sent;
		world.blocked = false;
		sim->nodes[who].links[1].at.ip.bytes[14] = 1;
		sim_add_place(sim, sim->nodes[who].links[1].at.ip);
		sim_tell_links(sim, who);
		sim_drain(sim, who);
		took = ping_until(sim, TIER_IPV6, SECONDS(10));
		worst = took > worst ? took : worst;
		sim_run(sim, SECONDS(1));
		nothing_may_be_missing(sim, first);
		sim_free(sim);
	}
	print_message("           the same, and an address changes: %lld ms at worst\n",
		      (long long)worst);
	assert_in_range(worst, 0, 2000);
}

/* The same addresses, told once more: a route is another one. */
static void so_does_who_has_another_route(void **state)
{
	struct sim *sim = nodes_with_two_families(400, 3);

	(void)state;
	ping_until(sim, TIER_IPV4, SECONDS(10));
	sim_talk(sim, A, B, LEN, SECONDS(70));
	world.blocked = false;
	sim_tell_links(sim, A);
	sim_tell_links(sim, B);
	sim_drain(sim, A);
	sim_drain(sim, B);
	assert_in_range(ping_until(sim, TIER_IPV6, SECONDS(10)), 0, 2000);
	sim_free(sim);
}

static size_t count_at(const struct sim *sim, enum reach_tier tier)
{
	size_t n = 0;

	for (size_t i = B; i < sim->nodes_len; i++)
		n += tier_of(sim, A, i) == tier;
	return n;
}

/* A talks with everybody, as the centre of a star. */
static void talk_with_all(struct sim *sim, msec duration)
{
	for (msec t = 0; t < duration; t += 1000) {
		for (size_t i = B; i < sim->nodes_len; i++) {
			sim_packet(sim, A, i, LEN);
			sim_packet(sim, i, A, LEN);
		}
		sim_run(sim, 1000);
	}
}

/* An introducer holds mailboxes for thirty peers of each; but these have met before. */
static void meet_again(struct sim *sim)
{
	for (size_t i = B; i < sim->nodes_len; i++)
		sim->nodes[i].calls = UINT64_C(1) << A;
	for (size_t i = 0; i < sim->nodes_len; i++)
		sim_restart(sim, i);
	talk_with_all(sim, SECONDS(10));
	for (size_t i = 0; i < sim->nodes_len; i++)
		sim_stop(sim, i, true);
	for (size_t i = 0; i < sim->nodes_len; i++) {
		sim->nodes[i].calls = 0;
		sim_start(sim, i);
	}
	talk_with_all(sim, SECONDS(90));
}

static void a_storm_of_upgrades_keeps_to_the_pace(void **state)
{
	struct sim *sim = nodes_with_two_families(500, 2 + MANY);
	msec start;

	(void)state;
	meet_again(sim);
	assert_int_equal(count_at(sim, TIER_IPV4), MANY);
	world.most = 0;
	world.blocked = false;
	start = sim->now;
	while (count_at(sim, TIER_IPV6) < MANY) {
		assert_true(sim->now - start < SECONDS(65));
		talk_with_all(sim, SECONDS(1));
	}
	print_message("           %u peers upgrade at once: %lld ms; A asked %u times a second at most\n",
		      MANY, (long long)(sim->now - start), world.most);
	assert_in_range(world.most, 1, 1000 / PACER_GAP);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upgrades_lose_nothing),
		cmocka_unit_test(upgrades_from_a_relay_lose_nothing),
		cmocka_unit_test(from_a_relay_it_takes_two_seconds_when_an_address_changes),
		cmocka_unit_test(who_is_told_that_something_changed_needs_two_seconds),
		cmocka_unit_test(so_does_who_has_another_route),
		cmocka_unit_test(a_storm_of_upgrades_keeps_to_the_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
