/* natpmp_test.c -- the messages of RFC 6886, byte by byte, and its rules of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "portmap/natpmp.h"

static const struct portmap_wish udp = {.proto = PORTMAP_UDP, .port = 41999};
static const struct portmap_wish tcp = {.proto = PORTMAP_TCP, .port = 443};

static struct bytes map(const struct portmap_wish *wish, uint16_t external, uint32_t lifetime)
{
	static uint8_t out[NATPMP_REQUEST_MAX];
	struct writer w = writer_over(out, sizeof(out));

	natpmp_write_map(&w, wish, external, lifetime);
	assert_false(w.bad);
	return writer_bytes(&w);
}

#define assert_bytes(got, ...) do { \
	const uint8_t wanted_[] = {__VA_ARGS__}; \
	struct bytes got_ = (got); \
	assert_int_equal(got_.len, sizeof(wanted_)); \
	assert_memory_equal(got_.data, wanted_, sizeof(wanted_)); \
} while (0)

#define read_of(out, ...) \
	natpmp_read(out, bytes_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})))

static void the_address_is_asked_for_in_two_bytes(void **state)
{
	uint8_t out[2];
	struct writer w = writer_over(out, sizeof(out));

	(void)state;
	natpmp_write_address(&w);
	assert_bytes(writer_bytes(&w), 0, 0);	/* section 3.2 */
}

static void a_port_is_asked_for_in_twelve(void **state)
{
	(void)state;
	/* section 3.3: version, opcode, reserved, internal, external, lifetime */
	assert_bytes(map(&udp, 41999, 7200), 0, 1, 0, 0, 0xa4, 0x0f, 0xa4, 0x0f, 0, 0, 0x1c, 0x20);
	assert_bytes(map(&tcp, 8443, 3600), 0, 2, 0, 0, 0x01, 0xbb, 0x20, 0xfb, 0, 0, 0x0e, 0x10);
}

static void deleting_is_lifetime_0_and_port_0(void **state)
{
	(void)state;
	assert_bytes(map(&udp, 0, 0), 0, 1, 0, 0, 0xa4, 0x0f, 0, 0, 0, 0, 0, 0);	/* section 3.4 */
}

static void an_address_is_read(void **state)
{
	struct natpmp_answer a;
	struct ip ip = ip_v4(203, 0, 113, 4);

	(void)state;
	assert_true(read_of(&a, 0, 128, 0, 0, 0, 0, 1, 2, 203, 0, 113, 4));
	assert_true(a.is_address && ip_equal(&a.address, &ip));
	assert_int_equal(a.epoch, 258);
	assert_int_equal(a.result, NATPMP_SUCCESS);
}

static void a_mapping_is_read(void **state)
{
	struct natpmp_answer a;

	(void)state;
	assert_true(read_of(&a, 0, 129, 0, 0, 0, 0, 1, 2, 0xa4, 0x0f, 0xa4, 0x10, 0, 0, 0x1c, 0x20));
	assert_false(a.is_address);
	assert_int_equal(a.proto, PORTMAP_UDP);
	assert_int_equal(a.internal, 41999);
	assert_int_equal(a.external, 42000);
	assert_int_equal(a.lifetime, 7200);
	assert_true(read_of(&a, 0, 130, 0, 0, 0, 0, 1, 2, 0xa4, 0x0f, 0xa4, 0x10, 0, 0, 0x1c, 0x20));
	assert_int_equal(a.proto, PORTMAP_TCP);
}

static void every_result_is_read_and_has_a_name(void **state)
{
	(void)state;
	for (uint8_t result = 0; result < 8; result++) {
		struct natpmp_answer a;

		assert_true(read_of(&a, 0, 129, 0, result, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
		assert_int_equal(a.result, result);
		assert_true(strlen(natpmp_result_name(result)) > 3);
	}
}

static void the_answer_to_a_version_that_is_not_known_is_read(void **state)
{
	struct natpmp_answer a;

	(void)state;
	assert_true(read_of(&a, 0, 129, 0, 1, 0, 0, 0, 9));	/* section 3.5 */
	assert_int_equal(a.result, NATPMP_UNSUPP_VERSION);
	assert_int_equal(a.epoch, 9);
}

static void what_is_cut_short_is_no_answer(void **state)
{
	static const uint8_t whole[] = {0, 129, 0, 0, 0, 0, 1, 2, 0, 1, 0, 2, 0, 0, 0x1c, 0x20};
	static const uint8_t address[] = {0, 128, 0, 0, 0, 0, 1, 2, 1, 2, 3, 4};
	struct natpmp_answer a;

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++)
		assert_false(natpmp_read(&a, bytes_of(whole, len)));
	for (size_t len = 0; len < sizeof(address); len++)
		assert_false(natpmp_read(&a, bytes_of(address, len)));
}

static void a_question_another_version_or_opcode_is_no_answer(void **state)
{
	struct natpmp_answer a;

	(void)state;
	assert_false(read_of(&a, 0, 1, 0, 0, 0, 0, 1, 2, 0, 1, 0, 2, 0, 0, 0, 9));
	assert_false(read_of(&a, 1, 129, 0, 0, 0, 0, 1, 2, 0, 1, 0, 2, 0, 0, 0, 9));
	assert_false(read_of(&a, 0, 131, 0, 0, 0, 0, 1, 2, 0, 1, 0, 2, 0, 0, 0, 9));
}

static void waits_are_250_ms_and_double_for_64_s_in_all(void **state)
{
	msec all = 0;

	(void)state;
	assert_int_equal(natpmp_wait(1), 250);
	assert_int_equal(natpmp_wait(2), 500);
	assert_int_equal(natpmp_wait(9), 64000);
	for (unsigned n = 1; n < NATPMP_SENDS; n++)
		all += natpmp_wait(n);
	assert_int_equal(all, 63750);		/* section 3.1: the ninth leaves then */
}

/* last epoch + 7/8 of our time - 2 s is the least that a router which went on can say. */
static void the_epoch_tells_a_restart(void **state)
{
	static const struct {
		uint32_t last, now;
		msec elapsed;
		bool goes_on;
	} edges[] = {
		{1000, 1000, 0, true},
		{1000, 998, 0, true},
		{1000, 997, 0, false},
		{1000, 1080, 80000, true},
		{1000, 1068, 80000, true},	/* 1000 + 70 - 2 */
		{1000, 1067, 80000, false},
		{1000, 0, 3600000, false},
		{0, 0, 2000, true},
		{0, 0, 4000, false},		/* 0 + 3.5 - 2 */
		{UINT32_MAX, UINT32_MAX, 0, true},
		{UINT32_MAX, 0, 1000, false},	/* 136 years: rather a restart */
		{5, UINT32_MAX, 1000, true},	/* it may be ahead: only going back matters */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
		assert_int_equal(natpmp_epoch_goes_on(edges[i].last, edges[i].now, edges[i].elapsed),
				 edges[i].goes_on);
}

static void refusals_stand_for_a_while_or_for_good(void **state)
{
	(void)state;
	assert_int_equal(natpmp_error_lifetime(NATPMP_NETWORK_FAILURE), 30);
	assert_int_equal(natpmp_error_lifetime(NATPMP_OUT_OF_RESOURCES), 30);
	assert_int_equal(natpmp_error_lifetime(NATPMP_NOT_AUTHORIZED), 1800);
	assert_int_equal(natpmp_error_lifetime(NATPMP_UNSUPP_OPCODE), UINT32_MAX);
	assert_int_equal(natpmp_error_lifetime(77), UINT32_MAX);
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_address_is_asked_for_in_two_bytes),
		test(a_port_is_asked_for_in_twelve),
		test(deleting_is_lifetime_0_and_port_0),
		test(an_address_is_read),
		test(a_mapping_is_read),
		test(every_result_is_read_and_has_a_name),
		test(the_answer_to_a_version_that_is_not_known_is_read),
		test(what_is_cut_short_is_no_answer),
		test(a_question_another_version_or_opcode_is_no_answer),
		test(waits_are_250_ms_and_double_for_64_s_in_all),
		test(the_epoch_tells_a_restart),
		test(refusals_stand_for_a_while_or_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
