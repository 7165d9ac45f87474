/* survey_test.c -- one introducer is enough to know one's own NAT.
 *
 *   A --NAT--.
 *             >-- INTRODUCER, which answers STUN at two ports
 *   B --NAT--'
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "node/brain.h"
#include "node/mapping.h"
#include "sim/sim.h"

enum { A, B, INTRODUCER, NODES };

/* They look for each other. */
static struct sim *two_behind(enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b, SIM_NO_NAT};
	struct sim *sim = sim_new_behind_nats(3, kinds, NODES, 1);

	sim->punch_rate = 0;
	sim_run(sim, SECONDS(2));
	assert_string_equal(node_nat(sim->nodes[A].node), a == SIM_NO_NAT ? "none" : "unknown");
	sim_packet(sim, A, B, 100);
	sim_run(sim, SECONDS(2));
	return sim;
}

static void assert_nats(enum sim_nat_kind a, const char *word_a, enum sim_nat_kind b,
			const char *word_b)
{
	struct sim *sim = two_behind(a, b);

	assert_string_equal(node_nat(sim->nodes[A].node), word_a);
	assert_string_equal(node_nat(sim->nodes[B].node), word_b);
	sim_free(sim);
}

static void each_kind_is_known(void **state)
{
	(void)state;
	assert_nats(SIM_FULL_CONE, "easy", SIM_SYMMETRIC, "hard");
	assert_nats(SIM_SEQUENTIAL, "hard", SIM_ADDRESS_RESTRICTED, "easy");
	assert_nats(SIM_NO_NAT, "none", SIM_PORT_RESTRICTED, "easy");
}

static void ports_in_a_row_are_known_as_such(void **state)
{
	struct sim *sim = two_behind(SIM_SEQUENTIAL, SIM_SYMMETRIC);

	(void)state;
	assert_true(mapping_of_ours(&sim->nodes[A].node->signalling.gather).is_sequential);
	assert_false(mapping_of_ours(&sim->nodes[B].node->signalling.gather).is_sequential);
	assert_true(mapping_of_peer(&sim->nodes[B].node->roster.peers[0]->reach->agent.list).is_sequential);
	sim_free(sim);
}

/* The path is its 25 s of keepalive, nothing more. */
static void who_has_found_its_peers_asks_no_more(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	uint64_t sent;

	(void)state;
	sim_run(sim, SECONDS(900));
	sent = sim->nodes[A].datagrams;
	sim_run(sim, SECONDS(250));
	assert_in_range(sim->nodes[A].datagrams - sent, 10, 20);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_known),
		cmocka_unit_test(ports_in_a_row_are_known_as_such),
		cmocka_unit_test(who_has_found_its_peers_asks_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
