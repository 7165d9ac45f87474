/* client_test.c -- one mapping by NAT-PMP or PCP: asked for, held, lost and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "portmap/client.h"
#include "portmap/answers.h"

static const struct portmap_wish wish = {
	.proto = PORTMAP_UDP,
	.self = {IP_V4, {192, 168, 1, 100}},
	.port = 41999,
	.nonce = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
};

static const struct endpoint external = {{IP_V4, {203, 0, 113, 4}}, 42000, 0};
static const uint32_t epoch = 100000;

static struct rng rng;
static uint8_t out[CLIENT_MESSAGE_MAX];

static struct client started(enum client_speaks speaks)
{
	struct client c;

	rng_seed(&rng, 1);
	client_init(&c, speaks, &wish, wish.port, &rng);
	client_start(&c, 0);
	return c;
}

/* The length of what is sent, or 0. */
static size_t poll(struct client *c, msec now)
{
	struct writer w = writer_over(out, sizeof(out));

	return client_poll(c, &w, now) ? w.len : 0;
}

static unsigned drain(struct client *c, msec now)
{
	unsigned n = 0;

	while (poll(c, now))
		n++;
	return n;
}

static enum client_verdict hear(struct client *c, msec now, struct said said)
{
	return client_feed(c, now, said_bytes(&said));
}

/* The epoch of a router that has never restarted. */
static uint32_t epoch_at(msec now)
{
	return epoch + (uint32_t)(now / 1000);
}

static struct client holding_pmp(msec now)
{
	struct client c = started(SPEAKS_NATPMP);

	drain(&c, 0);
	assert_int_equal(hear(&c, now, pmp_address(0, epoch_at(now), external.ip)), CLIENT_TAKEN);
	assert_int_equal(c.state, CLIENT_ASKING);
	assert_int_equal(hear(&c, now, pmp_map(0, epoch_at(now), 41999, 42000, 7200)),
			 CLIENT_TAKEN);
	assert_int_equal(c.state, CLIENT_HOLDING);
	return c;
}

static struct client holding_pcp(msec now)
{
	struct client c = started(SPEAKS_PCP);

	drain(&c, 0);
	assert_int_equal(hear(&c, now, pcp_to(out, 0, 7200, epoch_at(now), &external)),
			 CLIENT_TAKEN);
	assert_int_equal(c.state, CLIENT_HOLDING);
	return c;
}

/* -- asking ---------------------------------------------------------------- */

static void natpmp_asks_nine_times_and_then_knows(void **state)
{
	static const msec times[] = {0, 250, 750, 1750, 3750, 7750, 15750, 31750, 63750};
	struct client c = started(SPEAKS_NATPMP);
	msec now = 0;

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(now, times[i]);
		assert_int_equal(drain(&c, now), 2);
		now = client_due(&c);
		client_tick(&c, now);
	}
	assert_int_equal(now, 127750);
	assert_int_equal(c.state, CLIENT_SILENT);
	assert_int_equal(drain(&c, now), 0);
	assert_true(client_due(&c) == NEVER);
}

static void natpmp_asks_again_only_what_was_not_answered(void **state)
{
	struct client c = started(SPEAKS_NATPMP);

	(void)state;
	drain(&c, 0);
	hear(&c, 10, pmp_address(0, epoch, external.ip));
	client_tick(&c, 250);
	assert_int_equal(poll(&c, 250), 12);
	assert_int_equal(poll(&c, 250), 0);
}

static void pcp_gives_up_on_a_router_that_never_answered_after_five(void **state)
{
	struct client c = started(SPEAKS_PCP);
	msec now = 0;

	(void)state;
	for (unsigned i = 0; i < CLIENT_PCP_SENDS; i++) {
		msec next;

		assert_int_equal(drain(&c, now), 1);
		next = client_due(&c);
		assert_in_range(next - now, (2700 << i) - 1000 * i * i, (3300 << i) + 1000 * i * i);
		client_tick(&c, now = next);
	}
	assert_int_equal(c.state, CLIENT_SILENT);
}

static void but_never_on_one_that_did(void **state)
{
	struct client c = holding_pcp(0);
	msec now = c.lease.end;

	(void)state;
	client_tick(&c, now);
	assert_int_equal(c.state, CLIENT_ASKING);
	for (unsigned i = 0; i < 30; i++) {
		drain(&c, now);
		now = client_due(&c);
		client_tick(&c, now);
		assert_int_equal(c.state, CLIENT_ASKING);
	}
	assert_true(client_due(&c) - now <= 1024000 * 11 / 10);
}

/* -- being refused --------------------------------------------------------- */

static void each_refusal_of_pcp_has_its_time(void **state)
{
	(void)state;
	for (uint8_t result = 1; result < PCP_RESULTS; result++) {
		struct client c = started(SPEAKS_PCP);
		bool for_good = result == PCP_UNSUPP_VERSION || result == PCP_MALFORMED_REQUEST ||
				result == PCP_UNSUPP_OPCODE;

		drain(&c, 0);
		assert_int_equal(hear(&c, 0, pcp_to(out, result, 60, epoch, &external)),
				 CLIENT_TAKEN);
		assert_int_equal(c.state, CLIENT_REFUSED);
		assert_int_equal(c.result, result);
		assert_true(client_due(&c) == (for_good ? NEVER : 60000));
		assert_int_equal(drain(&c, 0), 0);
	}
}

static void each_refusal_of_natpmp_has_its_time(void **state)
{
	static const msec dues[] = {[2] = 1800000, [3] = 30000, [4] = 30000, [5] = NEVER, [6] = NEVER};

	(void)state;
	for (uint16_t result = 2; result < 7; result++) {
		struct client c = started(SPEAKS_NATPMP);

		drain(&c, 0);
		assert_int_equal(hear(&c, 0, pmp_map(result, epoch, 41999, 0, 0)), CLIENT_TAKEN);
		assert_int_equal(c.state, CLIENT_REFUSED);
		assert_true(client_due(&c) == dues[result]);
	}
}

static void who_is_refused_again_asks_half_as_often_but_once_an_hour(void **state)
{
	static const msec waits[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600};
	struct client c = started(SPEAKS_PCP);
	msec now = 0;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		drain(&c, now);
		hear(&c, now, pcp_to(out, PCP_NETWORK_FAILURE, 30, epoch_at(now), &external));
		assert_int_equal(client_due(&c) - now, SECONDS(waits[i]));
		client_tick(&c, now = client_due(&c));
		assert_int_equal(c.state, CLIENT_ASKING);
	}
	drain(&c, now);
	hear(&c, now, pcp_to(out, 0, 7200, epoch_at(now), &external));
	assert_int_equal(c.state, CLIENT_HOLDING);
	assert_int_equal(c.refusals, 0);
}

static void a_router_that_speaks_only_natpmp_says_so_to_pcp(void **state)
{
	static const uint8_t said[8] = {0, 129, 0, 1, 0, 0, 0, 9};
	struct client c = started(SPEAKS_PCP);

	(void)state;
	drain(&c, 0);
	assert_int_equal(client_feed(&c, 5, bytes_of(said, 8)), CLIENT_TAKEN);
	assert_int_equal(c.state, CLIENT_REFUSED);
	assert_int_equal(c.result, PCP_UNSUPP_VERSION);
	assert_true(client_due(&c) == NEVER);
}

static void and_natpmp_does_not_take_that_for_its_own(void **state)
{
	static const uint8_t said[8] = {0, 129, 0, 1, 0, 0, 0, 9};
	struct client c = started(SPEAKS_NATPMP);

	(void)state;
	drain(&c, 0);
	assert_int_equal(client_feed(&c, 5, bytes_of(said, 8)), CLIENT_NOT_OURS);
	assert_int_equal(c.state, CLIENT_ASKING);
}

/* -- answers that are none ------------------------------------------------- */

static void pcp_wants_its_nonce_protocol_and_port_back(void **state)
{
	static const size_t places[] = {24, 30, 35, 36, 40, 41};
	struct client c = started(SPEAKS_PCP);

	(void)state;
	drain(&c, 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct said s = pcp_to(out, 0, 7200, epoch, &external);

		s.data[places[i]] ^= 1;
		assert_int_equal(hear(&c, 0, s), CLIENT_NOT_OURS);
		assert_int_equal(c.state, CLIENT_ASKING);
	}
}

static void natpmp_wants_its_protocol_and_port_back(void **state)
{
	struct client c = started(SPEAKS_NATPMP);
	struct said tcp = pmp_map(0, epoch, 41999, 42000, 7200);

	(void)state;
	drain(&c, 0);
	tcp.data[1] = 130;
	assert_int_equal(hear(&c, 0, tcp), CLIENT_NOT_OURS);
	assert_int_equal(hear(&c, 0, pmp_map(0, epoch, 41998, 42000, 7200)), CLIENT_NOT_OURS);
}

static void nobody_is_at_port_0_or_at_an_address_that_is_none(void **state)
{
	static const uint8_t bad[][4] = {{0, 0, 0, 0}, {127, 0, 0, 1}, {224, 0, 0, 1}};
	struct client pcp = started(SPEAKS_PCP), pmp = started(SPEAKS_NATPMP);
	struct endpoint e = external;

	(void)state;
	drain(&pmp, 0);
	drain(&pcp, 0);
	for (size_t i = 0; i < 3; i++) {
		e.ip = ip_v4(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
		assert_int_equal(hear(&pcp, 0, pcp_to(out, 0, 7200, epoch, &e)), CLIENT_MALFORMED);
		assert_int_equal(hear(&pmp, 0, pmp_address(0, epoch, e.ip)), CLIENT_MALFORMED);
	}
	e = external;
	e.port = 0;
	assert_int_equal(hear(&pcp, 0, pcp_to(out, 0, 7200, epoch, &e)), CLIENT_MALFORMED);
	assert_int_equal(hear(&pmp, 0, pmp_map(0, epoch, 41999, 0, 7200)), CLIENT_MALFORMED);
	assert_int_equal(pcp.state, CLIENT_ASKING);
	assert_int_equal(pmp.state, CLIENT_ASKING);
}

static void nor_is_an_ipv6_address_an_answer_for_ipv4(void **state)
{
	static const uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8};
	struct client c = started(SPEAKS_PCP);
	struct endpoint e = {ip_v6(six), 1, 0};

	(void)state;
	drain(&c, 0);
	assert_int_equal(hear(&c, 0, pcp_to(out, 0, 7200, epoch, &e)), CLIENT_MALFORMED);
}

static void an_answer_that_nobody_asked_for_changes_nothing(void **state)
{
	struct client pcp = holding_pcp(0), pmp = holding_pmp(0);
	struct endpoint other = {ip_v4(198, 51, 100, 1), 1, 0};

	(void)state;
	assert_int_equal(hear(&pcp, 1, pcp_to(out, 0, 7200, epoch, &other)), CLIENT_NOT_OURS);
	assert_int_equal(hear(&pcp, 1, pcp_to(out, 2, 7200, epoch, &other)), CLIENT_NOT_OURS);
	assert_int_equal(hear(&pmp, 1, pmp_map(0, epoch, 41999, 1, 7200)), CLIENT_NOT_OURS);
	assert_int_equal(hear(&pmp, 1, pmp_map(2, epoch, 41999, 1, 7200)), CLIENT_NOT_OURS);
	assert_true(endpoint_equal(&pcp.external, &external));
	assert_true(endpoint_equal(&pmp.external, &external));
	assert_int_equal(pcp.state, CLIENT_HOLDING);
	assert_int_equal(pmp.state, CLIENT_HOLDING);
}

static void a_lease_of_no_length_is_a_refusal(void **state)
{
	struct client c = started(SPEAKS_PCP);

	(void)state;
	drain(&c, 0);
	hear(&c, 0, pcp_to(out, 0, 0, epoch, &external));
	assert_int_equal(c.state, CLIENT_REFUSED);
}

/* -- holding --------------------------------------------------------------- */

static void what_was_granted_is_held(void **state)
{
	struct client pcp = holding_pcp(40), pmp = holding_pmp(40);

	(void)state;
	assert_true(endpoint_equal(&pcp.external, &external));
	assert_true(endpoint_equal(&pmp.external, &external));
	assert_true(client_due(&pcp) >= 3600040);
	assert_true(client_due(&pmp) >= 3600040);
}

static void it_is_renewed_with_what_is_held_suggested(void **state)
{
	struct client c = holding_pcp(0);
	msec now = client_due(&c), end = c.lease.end;

	(void)state;
	client_tick(&c, now);
	assert_int_equal(poll(&c, now), 60);
	assert_int_equal(load_be16(out + 42), 42000);
	assert_memory_equal(out + 56, external.ip.bytes, 4);
	hear(&c, now + 5, pcp_to(out, 0, 7200, epoch_at(now), &external));
	assert_int_equal(c.lease.end, now + 5 + 7200000);
	assert_true(c.lease.end > end);
}

static void no_answer_to_three_renewals_and_it_is_asked_for_anew(void **state)
{
	struct client c = holding_pmp(0);
	unsigned sends = 0;
	msec now = 0;

	(void)state;
	while (c.state == CLIENT_HOLDING) {
		now = client_due(&c);
		client_tick(&c, now);
		sends += drain(&c, now) > 0;
	}
	assert_int_equal(now, 7200000);
	assert_in_range(sends, 3, 12);
	assert_int_equal(c.state, CLIENT_ASKING);
}

static void a_router_that_restarted_is_asked_within_5_s(void **state)
{
	struct client pcp = holding_pcp(0), pmp = holding_pmp(0);

	(void)state;
	assert_int_equal(hear(&pcp, 600000, pcp_announcement(2)), CLIENT_TAKEN);
	assert_int_equal(hear(&pmp, 600000, pmp_address(0, 2, external.ip)), CLIENT_TAKEN);
	assert_in_range(client_due(&pcp), 600000, 605000);
	assert_in_range(client_due(&pmp), 600000, 605000);
	client_tick(&pcp, 605000);
	client_tick(&pmp, 605000);
	assert_int_equal(drain(&pmp, 605000), 2);
	assert_int_equal(drain(&pcp, 605000), 1);
	hear(&pcp, 605001, pcp_to(out, 0, 7200, 7, &external));
	assert_int_equal(pcp.lease.end, 605001 + 7200000);
	assert_true(client_due(&pcp) > 4000000);
}

static void one_that_does_not_answer_any_more_is_not_believed_for_long(void **state)
{
	struct client c = holding_pcp(0);

	(void)state;
	hear(&c, 600000, pcp_announcement(2));
	for (msec now = 600000; now <= 640000; now = client_due(&c)) {
		client_tick(&c, now);
		drain(&c, now);
	}
	assert_int_equal(c.state, CLIENT_ASKING);
}

static void one_that_went_on_is_not_asked(void **state)
{
	struct client pcp = holding_pcp(0), pmp = holding_pmp(0);
	msec pcp_due = client_due(&pcp), pmp_due = client_due(&pmp);

	(void)state;
	hear(&pcp, 600000, pcp_announcement(epoch_at(600000)));
	hear(&pmp, 600000, pmp_address(0, epoch_at(600000), external.ip));
	assert_int_equal(client_due(&pcp), pcp_due);
	assert_int_equal(client_due(&pmp), pmp_due);
}

static void an_announced_address_is_asked_for_before_it_is_believed(void **state)
{
	struct client c = holding_pmp(0);
	struct ip other = ip_v4(198, 51, 100, 1);

	(void)state;
	hear(&c, 600000, pmp_address(0, epoch_at(600000), other));
	assert_true(endpoint_equal(&c.external, &external));
	assert_in_range(client_due(&c), 600000, 605000);
	client_tick(&c, 605000);
	assert_int_equal(drain(&c, 605000), 2);
	hear(&c, 605000, pmp_address(0, epoch_at(605000), other));
	hear(&c, 605000, pmp_map(0, epoch_at(605000), 41999, 42000, 7200));
	assert_true(ip_equal(&c.external.ip, &other));
}

static void a_router_that_announces_without_end_is_asked_once_a_minute(void **state)
{
	struct client c = holding_pmp(0);
	unsigned sends = 0;

	(void)state;
	for (msec now = 0; now < SECONDS(3600); now += 100) {
		hear(&c, now, pmp_address(0, (uint32_t)(now / 100 % 2) * 1000,
					  ip_v4(203, 0, 113, (uint8_t)(now / 100 % 200))));
		client_tick(&c, now);
		if (drain(&c, now)) {
			sends++;
			hear(&c, now, pmp_address(0, 1, external.ip));
			hear(&c, now, pmp_map(0, 1, 41999, 42000, 7200));
		}
	}
	assert_in_range(sends, 50, 60);
	assert_int_equal(c.state, CLIENT_HOLDING);
}

/* -- giving back ----------------------------------------------------------- */

static void what_is_held_is_deleted_at_the_end(void **state)
{
	struct client pcp = holding_pcp(0), pmp = holding_pmp(0);

	(void)state;
	client_stop(&pmp);
	assert_int_equal(poll(&pmp, 0), 12);
	assert_int_equal(load_be16(out + 4), 41999);
	assert_int_equal(load_be16(out + 6), 0);
	assert_int_equal(load_be32(out + 8), 0);
	client_stop(&pcp);
	assert_int_equal(poll(&pcp, 0), 60);
	assert_int_equal(load_be32(out + 4), 0);
	assert_memory_equal(out + 24, wish.nonce, 12);
	assert_int_equal(poll(&pcp, 0) + poll(&pmp, 0), 0);
	assert_true(client_due(&pcp) == NEVER);
}

static void what_is_not_held_is_not(void **state)
{
	struct client c = started(SPEAKS_PCP);

	(void)state;
	drain(&c, 0);
	client_stop(&c);
	assert_int_equal(drain(&c, 0), 0);
	c = holding_pcp(0);
	client_drop(&c);
	assert_int_equal(drain(&c, 0), 0);
}

#define test(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(natpmp_asks_nine_times_and_then_knows),
		test(natpmp_asks_again_only_what_was_not_answered),
		test(pcp_gives_up_on_a_router_that_never_answered_after_five),
		test(but_never_on_one_that_did),
		test(each_refusal_of_pcp_has_its_time),
		test(each_refusal_of_natpmp_has_its_time),
		test(who_is_refused_again_asks_half_as_often_but_once_an_hour),
		test(a_router_that_speaks_only_natpmp_says_so_to_pcp),
		test(and_natpmp_does_not_take_that_for_its_own),
		test(pcp_wants_its_nonce_protocol_and_port_back),
		test(natpmp_wants_its_protocol_and_port_back),
		test(nobody_is_at_port_0_or_at_an_address_that_is_none),
		test(nor_is_an_ipv6_address_an_answer_for_ipv4),
		test(an_answer_that_nobody_asked_for_changes_nothing),
		test(a_lease_of_no_length_is_a_refusal),
		test(what_was_granted_is_held),
		test(it_is_renewed_with_what_is_held_suggested),
		test(no_answer_to_three_renewals_and_it_is_asked_for_anew),
		test(a_router_that_restarted_is_asked_within_5_s),
		test(one_that_does_not_answer_any_more_is_not_believed_for_long),
		test(one_that_went_on_is_not_asked),
		test(an_announced_address_is_asked_for_before_it_is_believed),
		test(a_router_that_announces_without_end_is_asked_once_a_minute),
		test(what_is_held_is_deleted_at_the_end),
		test(what_is_not_held_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
