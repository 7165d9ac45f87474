/* flow_test.c -- which packets are one flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tun/flow.h"

enum { SEED = 7 };

/* TCP 10.0.0.1:4096 -> 10.0.0.2:80 */
static const uint8_t v4[] = {0x45, 0, 0, 24, 0,  1, 0x40, 0, 64,   6, 0, 0,
			     10,   0, 0, 1,  10, 0, 0,    2, 0x10, 0, 0, 80};

/* UDP fd00::1 port 4096 -> fd00::2 port 53 */
static const uint8_t v6[] = {0x60, 0, 0, 0, 0, 8, 17, 64, 0xfd, 0,    0,    0, 0, 0, 0,
			     0,    0, 0, 0, 0, 0, 0,  0,  1,    0xfd, 0,    0, 0, 0, 0,
			     0,    0, 0, 0, 0, 0, 0,  0,  0,    2,    0x10, 0, 0, 53};

static bool same_flow(struct flow_id a, struct flow_id b)
{
	return a.flow == b.flow;
}

static bool same_host(struct flow_id a, struct flow_id b)
{
	return a.host == b.host;
}

/* The id of a packet with one byte changed. */
static struct flow_id changed(struct bytes packet, size_t at, uint8_t byte)
{
	uint8_t copy[64];

	memcpy(copy, packet.data, packet.len);
	copy[at] = byte;
	return flow_of(bytes_of(copy, packet.len), SEED);
}

static void each_of_the_five_makes_another_flow(void **state)
{
	static const size_t places4[] = {9, 15, 19, 21, 23}, places6[] = {6, 23, 39, 41, 43};
	struct bytes p4 = bytes_of(v4, sizeof(v4)), p6 = bytes_of(v6, sizeof(v6));

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		uint8_t other = i ? 0x77 : 132;

		assert_false(same_flow(changed(p4, places4[i], other), flow_of(p4, SEED)));
		assert_false(same_flow(changed(p6, places6[i], other), flow_of(p6, SEED)));
	}
}

static void what_changes_from_packet_to_packet_does_not(void **state)
{
	static const size_t places4[] = {1, 2, 5, 8, 10}, places6[] = {1, 2, 3, 5, 7};
	struct bytes p4 = bytes_of(v4, sizeof(v4)), p6 = bytes_of(v6, sizeof(v6));

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_true(same_flow(changed(p4, places4[i], 0x5a), flow_of(p4, SEED)));
		assert_true(same_flow(changed(p6, places6[i], 0x5a), flow_of(p6, SEED)));
	}
}

static void a_host_is_the_destination_alone(void **state)
{
	struct bytes p4 = bytes_of(v4, sizeof(v4)), p6 = bytes_of(v6, sizeof(v6));

	(void)state;
	assert_true(same_host(changed(p4, 15, 9), flow_of(p4, SEED)));
	assert_true(same_host(changed(p4, 23, 9), flow_of(p4, SEED)));
	assert_false(same_host(changed(p4, 19, 9), flow_of(p4, SEED)));
	assert_true(same_host(changed(p6, 23, 9), flow_of(p6, SEED)));
	assert_false(same_host(changed(p6, 39, 9), flow_of(p6, SEED)));
}

/* "More fragments", and an offset: payload stands where the ports would be. */
static void fragments_have_no_ports(void **state)
{
	uint8_t first[sizeof(v4)], second[sizeof(v4)];

	(void)state;
	memcpy(first, v4, sizeof(v4));
	memcpy(second, v4, sizeof(v4));
	first[6] = 0x20;
	second[7] = 100;
	memset(second + 20, 0x99, 4);
	assert_true(same_flow(flow_of(bytes_of(first, sizeof(first)), SEED),
			      flow_of(bytes_of(second, sizeof(second)), SEED)));
}

static void ports_stand_behind_the_options(void **state)
{
	uint8_t one[28] = {0}, two[28];

	(void)state;
	memcpy(one, v4, 20);
	one[0] = 0x46;
	memcpy(two, one, sizeof(one));
	two[21] = 1; /* in the option */
	assert_true(same_flow(flow_of(bytes_of(one, 28), SEED), flow_of(bytes_of(two, 28), SEED)));
	two[25] = 1; /* in a port */
	assert_false(same_flow(flow_of(bytes_of(one, 28), SEED), flow_of(bytes_of(two, 28), SEED)));
}

static void what_ends_too_soon_is_the_flow_of_garbage(void **state)
{
	struct flow_id other = flow_of(bytes_of("garbage", 7), SEED);

	(void)state;
	for (size_t len = 0; len < sizeof(v4); len++)
		assert_true(same_flow(flow_of(bytes_of(v4, len), SEED), other));
	for (size_t len = 0; len < sizeof(v6); len++)
		assert_true(same_flow(flow_of(bytes_of(v6, len), SEED), other));
	assert_true(same_flow(changed(bytes_of(v4, sizeof(v4)), 0, 0x44), other));
	assert_true(same_flow(changed(bytes_of(v4, sizeof(v4)), 0, 0x4f), other));
	assert_true(same_flow(changed(bytes_of(v4, sizeof(v4)), 0, 0x55), other));
}

static void another_seed_gives_other_numbers(void **state)
{
	struct bytes p4 = bytes_of(v4, sizeof(v4));

	(void)state;
	assert_false(same_flow(flow_of(p4, SEED), flow_of(p4, SEED + 1)));
	assert_false(same_host(flow_of(p4, SEED), flow_of(p4, SEED + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_the_five_makes_another_flow),
		cmocka_unit_test(what_changes_from_packet_to_packet_does_not),
		cmocka_unit_test(a_host_is_the_destination_alone),
		cmocka_unit_test(fragments_have_no_ports),
		cmocka_unit_test(ports_stand_behind_the_options),
		cmocka_unit_test(what_ends_too_soon_is_the_flow_of_garbage),
		cmocka_unit_test(another_seed_gives_other_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
