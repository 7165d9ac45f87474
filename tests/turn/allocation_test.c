/* allocation_test.c -- from nothing to a relayed address, and all that can come between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "stun/integrity.h"
#include "turn/played.h"

static uint32_t u32_of(uint16_t type)
{
	uint32_t v = 0;

	stun_get_u32(&request, type, &v);
	return v;
}

static void fails_as(enum turn_failure_kind kind, unsigned error)
{
	no_request();
	assert_int_equal(ends, 1);
	assert_int_equal(a.state, TURN_FAILED);
	assert_int_equal(a.failure.kind, kind);
	assert_int_equal(a.failure.error, error);
	assert_true(strlen(turn_failure_text(&a.failure)) > 3);
	assert_int_equal(turn_allocation_due(&a), NEVER);
}

/* Started, and asked who we are. */
static void play_until_asked(void)
{
	play(&plain_settings);
	next_request();
	assert_int_equal(demand(401, "nonce 1"), TURN_HANDLED);
	next_request();
}

static void it_asks_without_a_credential_first_and_then_with_it(void **state)
{
	uint8_t key[MD5_LEN], first_id[STUN_ID_LEN];

	(void)state;
	play(&plain_settings);
	next_request();
	assert_int_equal(request.method, STUN_ALLOCATE);
	assert_int_equal(u32_of(ATTR_REQUESTED_TRANSPORT), 17 << 24);
	assert_int_equal(request.count, 1);
	memcpy(first_id, request.id, sizeof(first_id));
	assert_int_equal(demand(401, "nonce 1"), TURN_HANDLED);
	next_request();
	assert_memory_not_equal(request.id, first_id, sizeof(first_id));
	stun_key_md5(key, text("user"), text("realm"), text("pass"));
	assert_true(stun_check_integrity(&request, bytes_of(key, sizeof(key))));
	assert_int_equal(u32_of(ATTR_REQUESTED_TRANSPORT), 17 << 24);
	no_request();
}

static void what_the_server_grants_is_known_then(void **state)
{
	(void)state;
	play_until_asked();
	assert_int_equal(grant(), TURN_HANDLED);
	no_request();
	assert_int_equal(ups, 1);
	assert_int_equal(a.state, TURN_UP);
	assert_true(endpoint_equal(&a.relayed, &relayed));
	assert_true(endpoint_equal(&a.mapped, &us));
}

static void for_ipv6_and_not_for_ipv4_the_family_is_named(void **state)
{
	struct turn_settings settings = plain_settings;

	(void)state;
	settings.family = IP_V6;
	play(&settings);
	next_request();
	assert_int_equal(u32_of(ATTR_REQUESTED_ADDRESS_FAMILY), 0x02000000);
	play(&plain_settings);
	next_request();
	assert_null(stun_find(&request, ATTR_REQUESTED_ADDRESS_FAMILY));
}

static void never_both_families_nor_ports_in_pairs(void **state)
{
	(void)state;
	play_until_asked();
	assert_null(stun_find(&request, ATTR_ADDITIONAL_ADDRESS_FAMILY));
	assert_null(stun_find(&request, ATTR_EVEN_PORT));
	assert_null(stun_find(&request, ATTR_RESERVATION_TOKEN));
}

static void a_server_that_can_do_sha256_gets_it(void **state)
{
	static const uint8_t algorithms[] = {0, 1, 0, 0, 0, 2, 0, 0};
	uint8_t key[SHA256_LEN];
	struct writer *w;

	(void)state;
	play(&plain_settings);
	next_request();
	w = answer(STUN_ERROR);
	stun_put_error(w, 401);
	stun_put(w, ATTR_REALM, text("realm"));
	stun_put(w, ATTR_NONCE, text("obMatJos2AAABxyz"));
	stun_put(w, ATTR_PASSWORD_ALGORITHMS, bytes_of(algorithms, sizeof(algorithms)));
	assert_int_equal(send_bare(), TURN_HANDLED);
	next_request();
	stun_key_sha256(key, text("user"), text("realm"), text("pass"));
	assert_true(stun_check_integrity_sha256(&request, bytes_of(key, sizeof(key))));
	assert_null(stun_find(&request, ATTR_MESSAGE_INTEGRITY));
	assert_int_equal(grant(), TURN_BAD_INTEGRITY);		/* with SHA-1 */
	w = answer(STUN_SUCCESS);
	stun_put_xor_address(w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
	stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &us);
	stun_put_u32(w, ATTR_LIFETIME, 600);
	stun_put_integrity_sha256(w, bytes_of(key, sizeof(key)));
	assert_int_equal(send_bare(), TURN_HANDLED);
	assert_int_equal(a.state, TURN_UP);
}

/* -- silence ------------------------------------------------------------- */

static void it_asks_seven_times_in_39_5_s(void **state)
{
	static const msec wanted[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	msec begin;

	(void)state;
	play(&plain_settings);
	begin = now;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		uint8_t id[STUN_ID_LEN];

		assert_int_equal(now - begin, wanted[i]);
		next_request();
		if (i)
			assert_memory_equal(request.id, id, sizeof(id));
		memcpy(id, request.id, sizeof(id));
		pass(NEVER);
	}
	assert_int_equal(now - begin, 39500);
	fails_as(TURN_SILENT, 0);
	assert_int_equal(a.failure.retry_at, now + SECONDS(60));
}

static void with_brisk_timing_it_ends_after_7_5_s(void **state)
{
	struct turn_settings settings = plain_settings;
	msec begin;

	(void)state;
	settings.timing = turn_timing_brisk;
	play(&settings);
	for (begin = now; a.state == TURN_ALLOCATING; pass(NEVER))
		poll_request();
	assert_int_equal(now - begin, 500 + 1000 + 2000 + 4000);
	fails_as(TURN_SILENT, 0);
}

static void a_success_that_is_not_signed_has_not_come(void **state)
{
	struct writer *w;

	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		if (asked)
			play_until_asked();
		else
			play(&plain_settings), next_request();
		w = answer(STUN_SUCCESS);
		stun_put_xor_address(w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
		stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, &us);
		stun_put_u32(w, ATTR_LIFETIME, 600);
		assert_int_equal(send_bare(), TURN_BAD_INTEGRITY);
		assert_int_equal(a.state, TURN_ALLOCATING);
		while (a.state == TURN_ALLOCATING)
			pass(NEVER);
		fails_as(TURN_UNSIGNED, 0);
	}
}

/* -- refusals ------------------------------------------------------------ */

static const struct {
	unsigned code;
	enum turn_failure_kind kind;
	msec wait;
} refusals[] = {
	{300, TURN_REFUSED, SECONDS(60)},		/* without an ALTERNATE-SERVER */
	{400, TURN_REFUSED, NEVER},
	{403, TURN_REFUSED, NEVER},
	{405, TURN_REFUSED, SECONDS(60)},		/* nobody knows */
	{420, TURN_REFUSED, NEVER},
	{440, TURN_REFUSED, NEVER},
	{441, TURN_DENIED, NEVER},
	{442, TURN_REFUSED, NEVER},
	{443, TURN_REFUSED, SECONDS(60)},
	{486, TURN_REFUSED, SECONDS(60)},
	{500, TURN_REFUSED, SECONDS(60)},
	{508, TURN_REFUSED, SECONDS(60)},
	{699, TURN_REFUSED, SECONDS(60)},
};

static void each_error_ends_it_and_says_when_to_try_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		play_until_asked();
		assert_int_equal(refuse(refusals[i].code), TURN_HANDLED);
		fails_as(refusals[i].kind, refusals[i].code);
		assert_int_equal(a.failure.retry_at,
				 refusals[i].wait == NEVER ? NEVER : now + refusals[i].wait);
	}
}

static void an_error_that_is_not_signed_has_not_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		play_until_asked();
		stun_put_error(answer(STUN_ERROR), refusals[i].code);
		assert_int_equal(send_bare(), TURN_BAD_INTEGRITY);
		assert_int_equal(a.state, TURN_ALLOCATING);
	}
}

/* Nobody could sign before it has asked who we are: that ends the attempt and moves nothing. */
static void an_error_before_the_credential_only_ends_it(void **state)
{
	static const unsigned codes[] = {300, 420, 437, 500};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct turn_settings settings = plain_settings;
		struct endpoint other = server;
		struct writer *w;

		settings.dont_fragment = true;
		other.port++;
		play(&settings);
		next_request();
		w = answer(STUN_ERROR);
		stun_put_error(w, codes[i]);
		stun_put_address(w, ATTR_ALTERNATE_SERVER, &other);
		assert_int_equal(send_bare(), TURN_HANDLED);
		fails_as(TURN_REFUSED, codes[i]);
		assert_int_equal(ports, 0);
		assert_true(endpoint_equal(&a.server.at, &server));
	}
}

static void a_second_401_is_the_end(void **state)
{
	(void)state;
	play_until_asked();
	assert_int_equal(demand(401, "nonce 2"), TURN_HANDLED);
	fails_as(TURN_DENIED, 0);
	assert_int_equal(a.failure.retry_at, NEVER);
}

static void a_stale_nonce_is_no_failure_unless_all_are(void **state)
{
	(void)state;
	play_until_asked();
	for (unsigned i = 0; i < CREDENTIAL_STALE_MAX; i++) {
		assert_int_equal(demand(438, "another"), TURN_HANDLED);
		next_request();
	}
	assert_int_equal(demand(438, "another"), TURN_HANDLED);
	fails_as(TURN_DENIED, 0);
}

static void a_demand_without_a_nonce_is_the_end(void **state)
{
	(void)state;
	play(&plain_settings);
	next_request();
	stun_put_error(answer(STUN_ERROR), 401);
	assert_int_equal(send_bare(), TURN_HANDLED);
	fails_as(TURN_DENIED, 0);
}

/* -- what it does about some of them ------------------------------------- */

static void after_437_it_asks_from_another_port_once(void **state)
{
	(void)state;
	play_until_asked();
	assert_int_equal(refuse(437), TURN_HANDLED);
	next_request();
	assert_int_equal(ports, 1);
	assert_int_equal(request.method, STUN_ALLOCATE);
	assert_int_equal(demand(438, "of the other port"), TURN_HANDLED);
	next_request();
	assert_int_equal(refuse(437), TURN_HANDLED);
	fails_as(TURN_REFUSED, 437);
	assert_int_equal(ports, 1);
	assert_int_equal(a.failure.retry_at, now + SECONDS(60));
}

static void without_another_port_it_ends(void **state)
{
	(void)state;
	play_until_asked();
	refuse(437);
	turn_allocation_no_port(&a, now);
	fails_as(TURN_NO_PORT, 0);
}

static void after_420_it_asks_without_dont_fragment_once(void **state)
{
	struct turn_settings settings = plain_settings;

	(void)state;
	settings.dont_fragment = true;
	play(&settings);
	next_request();
	assert_non_null(stun_find(&request, ATTR_DONT_FRAGMENT));
	demand(401, "nonce 1");
	next_request();
	assert_non_null(stun_find(&request, ATTR_DONT_FRAGMENT));
	assert_int_equal(refuse(420), TURN_HANDLED);
	next_request();
	assert_null(stun_find(&request, ATTR_DONT_FRAGMENT));
	assert_int_equal(refuse(420), TURN_HANDLED);
	fails_as(TURN_REFUSED, 420);
}

/* Signed. */
static void redirect(const char *where)
{
	struct writer *w = answer(STUN_ERROR);
	struct endpoint to;

	assert_true(endpoint_parse(&to, where));
	stun_put_error(w, 300);
	stun_put_address(w, ATTR_ALTERNATE_SERVER, &to);
	assert_int_equal(send_signed(), TURN_HANDLED);
}

static void a_signed_300_is_followed_once(void **state)
{
	(void)state;
	play_until_asked();
	redirect("192.0.2.99:3479");
	next_request();
	assert_int_equal(a.server.at.port, 3479);
	assert_int_equal(request.count, 1);	/* the other one has not asked yet */
	assert_int_equal(demand(401, "its nonce"), TURN_NOT_OURS);	/* of the first */
	server = a.server.at;
	assert_int_equal(demand(401, "its nonce"), TURN_HANDLED);
	next_request();
	redirect("192.0.2.1:3478");
	fails_as(TURN_REFUSED, 300);
	played_ready(NULL);
}

static void a_server_does_not_send_us_where_it_has_no_business(void **state)
{
	static const char *const places[] = {
		"192.0.2.1:3478",	/* itself */
		"127.0.0.1:3478",
		"169.254.169.254:80",
		"0.0.0.0:3478",
		"224.0.0.1:3478",
		"[2001:db8::1]:3478",	/* our socket is for IPv4 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		play_until_asked();
		redirect(places[i]);
		fails_as(TURN_REFUSED, 300);
		assert_true(endpoint_equal(&a.server.at, &server));
	}
}

/* -- answers that make no sense ------------------------------------------ */

static void no_allocation_comes_of_half_an_answer(void **state)
{
	struct endpoint odd_port = relayed, odd_family, nowhere = relayed;

	(void)state;
	odd_port.port = 0;
	nowhere.ip = ip_v4(0, 0, 0, 0);
	assert_true(endpoint_parse(&odd_family, "[2001:db8::1]:50001"));
	for (int i = 0; i < 8; i++) {
		const struct endpoint *e = i == 0 ? &odd_port :
					   i == 1 ? &odd_family :
					   i == 2 ? &nowhere :
						    &relayed;
		struct writer *w;

		play_until_asked();
		w = answer(STUN_SUCCESS);
		if (i != 3)
			stun_put_xor_address(w, ATTR_XOR_RELAYED_ADDRESS, e);
		if (i != 4)
			stun_put_xor_address(w, ATTR_XOR_MAPPED_ADDRESS, i == 5 ? &nowhere : &us);
		if (i != 6)
			stun_put_u32(w, ATTR_LIFETIME, i == 7 ? 0 : 600);
		assert_int_equal(send_signed(), TURN_HANDLED);
		fails_as(TURN_ODD, 0);
	}
}

static void an_attribute_that_must_be_understood_fails_it(void **state)
{
	struct writer *w;

	(void)state;
	play_until_asked();
	w = answer(STUN_SUCCESS);
	stun_put_u32(w, 0x7ffe, 0);
	assert_int_equal(send_signed(), TURN_HANDLED);
	fails_as(TURN_ODD, 0);
}

static void an_error_without_a_code_fails_it(void **state)
{
	(void)state;
	play_until_asked();
	answer(STUN_ERROR);
	assert_int_equal(send_signed(), TURN_HANDLED);
	fails_as(TURN_ODD, 0);
}

/* -- starting and stopping ----------------------------------------------- */

static void it_can_be_started_again(void **state)
{
	(void)state;
	play_until_asked();
	refuse(486);
	fails_as(TURN_REFUSED, 486);
	now += SECONDS(60);
	turn_allocation_start(&a, &server, now);
	assert_int_equal(a.failure.kind, TURN_NO_FAILURE);
	next_request();
	demand(401, "nonce 9");
	next_request();
	grant();
	assert_int_equal(a.state, TURN_UP);
	assert_int_equal(a.verdicts[TURN_HANDLED], 4);		/* counted on */
}

static void stopped_before_the_server_knows_us_it_is_off_at_once(void **state)
{
	(void)state;
	play(&plain_settings);
	next_request();
	turn_allocation_stop(&a, now);
	no_request();
	assert_int_equal(a.state, TURN_OFF);
	assert_int_equal(ends, 1);
	assert_int_equal(turn_allocation_due(&a), NEVER);
}

static void is_off(void)
{
	no_request();
	assert_int_equal(a.state, TURN_OFF);
	assert_int_equal(a.failure.kind, TURN_NO_FAILURE);
	assert_int_equal(ends, 1);
	assert_int_equal(ups, 0);
}

/* A Refresh could overtake the Allocate, and find nothing. */
static void stopped_while_it_is_being_granted_it_is_given_back_then(void **state)
{
	uint32_t lifetime = 1;

	(void)state;
	play_until_asked();
	turn_allocation_stop(&a, now);
	turn_allocation_stop(&a, now);
	no_request();
	assert_int_equal(grant(), TURN_HANDLED);
	assert_int_equal(a.state, TURN_CLOSING);
	next_request();
	assert_int_equal(request.method, STUN_REFRESH);
	assert_true(stun_get_u32(&request, ATTR_LIFETIME, &lifetime));
	assert_int_equal(lifetime, 0);
	assert_int_equal(grant_for(0), TURN_HANDLED);
	is_off();
}

static void stopped_before_the_credential_was_sent_it_is_off_at_once(void **state)
{
	(void)state;
	play(&plain_settings);
	next_request();
	demand(401, "nonce 1");
	turn_allocation_stop(&a, now);
	is_off();
}

/* One was sent, the next is owed. */
static void stopped_between_two_it_waits_for_the_answer_to_the_first(void **state)
{
	(void)state;
	play_until_asked();
	pass(NEVER);
	turn_allocation_stop(&a, now);
	no_request();
	assert_int_equal(grant(), TURN_HANDLED);
	assert_int_equal(a.state, TURN_CLOSING);
}

static void stopped_it_asks_for_nothing_more_whatever_the_answer(void **state)
{
	static const unsigned codes[] = {300, 401, 437, 438, 441, 486};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		play_until_asked();
		turn_allocation_stop(&a, now);
		if (codes[i] == 401 || codes[i] == 438)
			demand(codes[i], "nonce 2");
		else
			refuse(codes[i]);
		is_off();
	}
}

static void stopped_it_waits_a_second_for_the_answer(void **state)
{
	msec begin;

	(void)state;
	play_until_asked();
	pass(NEVER);
	next_request();
	turn_allocation_stop(&a, now);
	begin = now;
	pass(NEVER);
	assert_int_equal(now, begin + SECONDS(1));
	is_off();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_asks_without_a_credential_first_and_then_with_it),
		cmocka_unit_test(what_the_server_grants_is_known_then),
		cmocka_unit_test(for_ipv6_and_not_for_ipv4_the_family_is_named),
		cmocka_unit_test(never_both_families_nor_ports_in_pairs),
		cmocka_unit_test(a_server_that_can_do_sha256_gets_it),
		cmocka_unit_test(it_asks_seven_times_in_39_5_s),
		cmocka_unit_test(with_brisk_timing_it_ends_after_7_5_s),
		cmocka_unit_test(a_success_that_is_not_signed_has_not_come),
		cmocka_unit_test(each_error_ends_it_and_says_when_to_try_again),
		cmocka_unit_test(an_error_that_is_not_signed_has_not_come),
		cmocka_unit_test(an_error_before_the_credential_only_ends_it),
		cmocka_unit_test(a_second_401_is_the_end),
		cmocka_unit_test(a_stale_nonce_is_no_failure_unless_all_are),
		cmocka_unit_test(a_demand_without_a_nonce_is_the_end),
		cmocka_unit_test(after_437_it_asks_from_another_port_once),
		cmocka_unit_test(without_another_port_it_ends),
		cmocka_unit_test(after_420_it_asks_without_dont_fragment_once),
		cmocka_unit_test(a_signed_300_is_followed_once),
		cmocka_unit_test(a_server_does_not_send_us_where_it_has_no_business),
		cmocka_unit_test(no_allocation_comes_of_half_an_answer),
		cmocka_unit_test(an_attribute_that_must_be_understood_fails_it),
		cmocka_unit_test(an_error_without_a_code_fails_it),
		cmocka_unit_test(it_can_be_started_again),
		cmocka_unit_test(stopped_before_the_server_knows_us_it_is_off_at_once),
		cmocka_unit_test(stopped_while_it_is_being_granted_it_is_given_back_then),
		cmocka_unit_test(stopped_before_the_credential_was_sent_it_is_off_at_once),
		cmocka_unit_test(stopped_between_two_it_waits_for_the_answer_to_the_first),
		cmocka_unit_test(stopped_it_asks_for_nothing_more_whatever_the_answer),
		cmocka_unit_test(stopped_it_waits_a_second_for_the_answer),
	};

	return cmocka_run_group_tests(tests, played_ready, NULL);
}
