/* fuzz_net.c -- a whole network, and what befalls it drawn by the fuzzer.
 *
 *   input --> dice --> chaos: NATs, introducers, loss, sleep, moves, replays, forgeries
 *
 * The events and what must hold are those of tests/sim; here the dice are not fair, and the
 * sanitizers watch. When the input is used up the run is over.
 */
#include "sim/chaos.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS_MAX = 60 };

struct dice {
	struct rng rng;			/* first, so that one is the other */
	struct bytes left;
};

/* Zeroes at the end: every roll must have an outcome. */
static void roll(struct rng *rng, void *out, size_t len)
{
	struct dice *dice = (struct dice *)rng;
	size_t n = len < dice->left.len ? len : dice->left.len;

	memset(out, 0, len);
	if (n)
		memcpy(out, dice->left.data, n);
	dice->left = bytes_of(dice->left.data + n, dice->left.len - n);
}

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
	struct dice dice = {.rng.fill = roll, .left = bytes_of(data, size)};

	if (size == 0)
		return 0;
	chaos_init(&c, 1, &dice.rng);
	for (int i = 0; i < EVENTS_MAX && dice.left.len; i++)
		chaos_event(&c);
	chaos_deinit(&c);
	return 0;
}
