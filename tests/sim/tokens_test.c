/* tokens_test.c -- two whole nodes behind NATs, which only people can introduce. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/tokens.h"
#include "sim/sim.h"

enum { LEN = 100, A = 0, B = 1, OF_A = 2, OF_B = 3, LIFE = 3600 * 1000 };

/* Each knows one public node, which tells it its outside; none is known to both. */
static struct sim *apart(uint64_t seed, enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b};
	struct sim *sim = sim_new_behind_nats(seed, kinds, 4, 2);

	sim->wire.delay = 25;
	for (size_t i = A; i <= B; i++) {
		sim_stop(sim, i, false);
		sim->nodes[i].calls = 1u << (OF_A + i);
		sim_start(sim, i);
	}
	sim_run(sim, SECONDS(10));
	return sim;
}

static void offer(struct sim *sim, char token[static TOKEN_TEXT])
{
	assert_int_equal(node_offer(sim->nodes[A].node, sim->nodes[B].public_key, LIFE, token, sim->now),
			 OFFER_MADE);
	sim_drain(sim, A);
}

/* The answer is in `token`; "": there is none. */
static void accept_at(struct sim *sim, size_t i, char token[static TOKEN_TEXT])
{
	struct acceptance a;

	assert_int_equal(node_accept(sim->nodes[i].node, token, strlen(token), &a, sim->now), ACCEPT_OK);
	strcpy(token, a.answer);
	sim_drain(sim, i);
}

static bool are_connected(const struct sim *sim)
{
	return sim_status(sim, A, B).state == PEER_DIRECT && sim_status(sim, B, A).state == PEER_DIRECT;
}

/* How long after the last token was accepted; or -1. `pause`: until a person pastes. */
static msec until_connected(struct sim *sim, msec pause)
{
	char token[TOKEN_TEXT];
	msec start;

	offer(sim, token);
	sim_run(sim, pause);
	accept_at(sim, B, token);
	sim_run(sim, pause);
	accept_at(sim, A, token);
	assert_int_equal(token[0], '\0');
	start = sim->now;
	while (!are_connected(sim) && sim->now - start < SECONDS(60))
		sim_run(sim, 10);
	return are_connected(sim) ? sim->now - start : -1;
}

static const enum sim_nat_kind cones[] = {SIM_NO_NAT, SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED,
					  SIM_PORT_RESTRICTED};

static void any_two_cones_meet_by_a_token_and_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		struct sim *sim = apart(i, cones[i / 4], cones[i % 4]);

		assert_in_range(until_connected(sim, SECONDS(5)), 0, 2000);
		sim_free(sim);
	}
}

static void it_does_not_matter_how_slowly_people_paste(void **state)
{
	static const msec pauses[] = {SECONDS(45), SECONDS(200), SECONDS(1500)};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sim *sim = apart(100 + i, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);

		assert_in_range(until_connected(sim, pauses[i]), 0, 12000);
		sim_free(sim);
	}
}

/* Who is impatient and pings on must not spoil the token that is out. */
static void packets_that_wait_do_not_change_what_the_token_says(void **state)
{
	struct sim *sim = apart(200, SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	char token[TOKEN_TEXT];

	(void)state;
	offer(sim, token);
	accept_at(sim, B, token);
	for (int i = 0; i < 200; i++) {
		sim_packet(sim, A, B, LEN);
		sim_packet(sim, B, A, LEN);
		sim_run(sim, SECONDS(1));
	}
	assert_false(are_connected(sim));
	accept_at(sim, A, token);
	sim_run(sim, SECONDS(12));
	assert_true(are_connected(sim));
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_cones_meet_by_a_token_and_its_answer),
		cmocka_unit_test(it_does_not_matter_how_slowly_people_paste),
		cmocka_unit_test(packets_that_wait_do_not_change_what_the_token_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
