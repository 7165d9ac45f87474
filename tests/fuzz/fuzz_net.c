/* fuzz_net.c -- a whole network, and what befalls it drawn by the fuzzer.
 *
 *   input --> dice --> chaos: NATs, introducers, loss, sleep, moves, replays, forgeries
 *
 * The events and what must hold are those of tests/sim; here the dice are not fair, and the
 * sanitizers watch. When the input is used up the run is over.
 */
#include "fuzz/dice.h"
#include "sim/chaos.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS_MAX = 60 };

/* What does not hold ends the process, outside of any test. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chaos c;
	struct dice dice = dice_of(data, size);

	if (size == 0)
		return 0;
	chaos_init(&c, 1, &dice.rng);
	for (int i = 0; i < EVENTS_MAX && dice.left.len; i++)
		chaos_event(&c);
	chaos_deinit(&c);
	return 0;
}
