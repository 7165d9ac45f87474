/* chaos.h -- a network drawn by dice, and what may befall it.
 *
 *   homes behind NATs of all kinds, some behind a CGNAT; or all on one LAN
 *   one or two public introducers
 *
 * Events: packets, conversations, time; loss, delay, disorder; a node is restarted, moves,
 * sleeps, has its clock set; a NAT reboots; a cable is cut; somebody replays what he has
 * recorded, changes it, or sends rubbish. The dice may be a seeded generator or the input
 * of a fuzzer.
 */
#ifndef TESTS_SIM_CHAOS_H
#define TESTS_SIM_CHAOS_H

#include "sim/sim.h"

enum { CHAOS_TAPE = 32 };

struct chaos {
	struct sim *sim;
	struct rng *dice;
	size_t introducers;		/* the last ones of the nodes */
	unsigned moves;			/* for addresses that nobody had before */
	struct sim_datagram tape[CHAOS_TAPE];
	size_t tape_len;
};

/* The dice are borrowed. */
void chaos_init(struct chaos *c, uint64_t seed, struct rng *dice);
void chaos_deinit(struct chaos *c);

void chaos_print(const struct chaos *c);	/* what stands where */

void chaos_event(struct chaos *c);
/* All is well again: good wires, right clocks, everybody awake. */
void chaos_heal(struct chaos *c);

/* Will a packet from the one to the other arrive, if all is well for long enough? */
bool chaos_can_reach(const struct chaos *c, size_t from, size_t to);

#endif
