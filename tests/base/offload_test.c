/* offload_test.c -- each offload has a word of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/offload.h"

static void each_offload_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(offload_word(OFFLOAD_TUN_GSO), "tun-gso");
	assert_string_equal(offload_word(OFFLOAD_TUN_GRO), "tun-gro");
	assert_string_equal(offload_word(OFFLOAD_UDP_GSO), "udp-gso");
	assert_string_equal(offload_word(OFFLOAD_UDP_GRO), "udp-gro");
}

static void only_one_at_a_time_has_a_word(void **state)
{
	(void)state;
	assert_null(offload_word(OFFLOAD_ALL));
	for (unsigned bit = 1; bit & OFFLOAD_ALL; bit <<= 1)
		assert_non_null(offload_word((enum offload)bit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_offload_has_its_word),
		cmocka_unit_test(only_one_at_a_time_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
