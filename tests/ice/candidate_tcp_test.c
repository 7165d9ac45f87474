/* candidate_tcp_test.c -- candidates of TCP: what they are worth, who calls whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/candidate_tcp.h"

/* RFC 6544 section 4.2: 2^13 * direction + other. */
static void the_direction_counts_before_the_address(void **state)
{
	(void)state;
	assert_int_equal(candidate_tcp_priority(CANDIDATE_HOST, CANDIDATE_TCP_ACTIVE, 65535),
			 63u << 24 | (6u << 13 | 8191) << 8 | 255);
	assert_int_equal(candidate_tcp_priority(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, 65535),
			 63u << 24 | (4u << 13 | 8191) << 8 | 255);
	assert_int_equal(candidate_tcp_priority(CANDIDATE_HOST, CANDIDATE_TCP_SO, 65534),
			 63u << 24 | (2u << 13 | 8190) << 8 | 255);
	assert_int_equal(candidate_tcp_priority(CANDIDATE_SRFLX, CANDIDATE_TCP_SO, 65535),
			 50u << 24 | (6u << 13 | 8191) << 8 | 255);
	assert_int_equal(candidate_tcp_priority(CANDIDATE_SRFLX, CANDIDATE_TCP_ACTIVE, 65535),
			 50u << 24 | (4u << 13 | 8191) << 8 | 255);
	assert_int_equal(candidate_tcp_priority(CANDIDATE_PRFLX, CANDIDATE_TCP_PASSIVE, 0),
			 55u << 24 | (2u << 13) << 8 | 255);
}

static void tcp_is_below_all_udp_and_above_relays(void **state)
{
	(void)state;
	for (enum candidate_type t = CANDIDATE_HOST; t <= CANDIDATE_SRFLX; t++) {
		for (enum candidate_proto p = CANDIDATE_TCP_ACTIVE; p <= CANDIDATE_TCP_SO; p++) {
			uint32_t worth = candidate_tcp_priority(t, p, 65535);

			assert_true(worth < candidate_priority(CANDIDATE_SRFLX, 0, COMPONENT));
			assert_true(worth > candidate_priority(CANDIDATE_RELAY, 65535, COMPONENT));
		}
	}
}

static void each_transport_has_its_own_formula(void **state)
{
	struct candidate udp = {.type = CANDIDATE_HOST, .proto = CANDIDATE_UDP};
	struct candidate tcp = {.type = CANDIDATE_HOST, .proto = CANDIDATE_TCP_PASSIVE};

	(void)state;
	assert_int_equal(candidate_worth(&udp, 65530), candidate_priority(CANDIDATE_HOST, 65530, 1));
	assert_int_equal(candidate_worth(&tcp, 65530),
			 candidate_tcp_priority(CANDIDATE_HOST, CANDIDATE_TCP_PASSIVE, 65530));
	udp.priority = candidate_worth(&udp, 65530);
	tcp.priority = candidate_worth(&tcp, 65530);
	assert_int_equal(candidate_worth_as_prflx(&udp),
			 candidate_priority(CANDIDATE_PRFLX, 65530, 1));
	assert_int_equal(candidate_worth_as_prflx(&tcp),
			 candidate_tcp_priority(CANDIDATE_PRFLX, CANDIDATE_TCP_PASSIVE, 65530));
}

static void who_calls_is_the_other_half(void **state)
{
	(void)state;
	assert_int_equal(candidate_proto_of_caller(CANDIDATE_UDP), CANDIDATE_UDP);
	assert_int_equal(candidate_proto_of_caller(CANDIDATE_TCP_PASSIVE), CANDIDATE_TCP_ACTIVE);
	assert_int_equal(candidate_proto_of_caller(CANDIDATE_TCP_ACTIVE), CANDIDATE_TCP_PASSIVE);
	assert_int_equal(candidate_proto_of_caller(CANDIDATE_TCP_SO), CANDIDATE_TCP_SO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_direction_counts_before_the_address),
		cmocka_unit_test(tcp_is_below_all_udp_and_above_relays),
		cmocka_unit_test(each_transport_has_its_own_formula),
		cmocka_unit_test(who_calls_is_the_other_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
