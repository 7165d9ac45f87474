/* offload_random_test.c -- joining and cutting up undo each other, whatever comes.
 *
 *   OFFLOAD_RUNS=100000000 tun_offload_random_test     for a night, of a build without sanitizers
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tun/offload_differ.h"

enum { RUNS = 20000 };

static uint64_t runs(void)
{
	const char *text = getenv("OFFLOAD_RUNS");

	return text ? strtoull(text, NULL, 10) : RUNS;
}

static void bursts_come_back_bit_for_bit_and_flows_in_order(void **state)
{
	struct rng dice;

	(void)state;
	rng_seed(&dice, 1);
	for (uint64_t i = 0; i < runs(); i++)
		differ_try_burst(&dice);
	print_message("%" PRIu64 " packets joined to %" PRIu64 ", %" PRIu64 " alone\n",
		      differ_seen.packets_joined, differ_seen.joined, differ_seen.singles);
	assert_true(differ_seen.joined > runs());
	assert_true(differ_seen.singles > runs());
}

static void frames_come_back_and_each_reject_is_reached(void **state)
{
	struct rng dice;

	(void)state;
	rng_seed(&dice, 2);
	for (uint64_t i = 0; i < runs(); i++)
		differ_try_frame(&dice);
	print_message("%" PRIu64 " frames came back\n", differ_seen.frames_back);
	assert_true(differ_seen.frames_back > runs() / 10);
	for (int i = 0; i < SEGMENT_VERDICTS; i++)
		assert_true(differ_seen.verdicts[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_come_back_bit_for_bit_and_flows_in_order),
		cmocka_unit_test(frames_come_back_and_each_reject_is_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
