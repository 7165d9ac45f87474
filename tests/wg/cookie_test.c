/* cookie_test.c -- mac1, mac2 and cookies: known bytes, ages, wrong addresses. */
#include "handshake_vectors.h"

#include "base/bytes.h"
#include "crypto/crypto.h"

#define COOKIE "0da54ebfa83089e16a06e54293a58209"
#define COOKIE_REPLY                                                             \
	"03000000"					   /* type and reserved */ \
	"04030201"					   /* receiver */	   \
	"777777777777777777777777777777777777777777777777" /* nonce */		   \
	"6029e62ba1c2ad31a74358cb9cf2182e"		   /* cookie */		   \
	"03e3859639308c3bcbb63dfbb268d0ad"		   /* its tag */
#define INITIATION_MAC2 "346a315709e48dae5788e91b9df40054"

enum { COOKIE_SECRET = 0x66, COOKIE_NONCE = 0x77, BORN = 5000 };

/* A responder with the known secret, an initiator whose initiation came in. */
struct scene {
	struct side initiator, responder;
	struct message_initiation msg;
	struct endpoint from;
	struct rng rng;
};

static struct bytes message_of(const struct scene *s)
{
	return bytes_of(&s->msg, sizeof(s->msg));
}

static void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	sides_init(&s->initiator, &s->responder);
	memset(s->responder.checker.secret, COOKIE_SECRET, KEY_LEN);
	s->responder.checker.secret_born = BORN;
	s->responder.checker.has_secret = true;
	side_initiates(&s->initiator, &s->msg, 0, BORN);
	s->from = (struct endpoint){ip_v4(192, 0, 2, 1), 51820, 0};
	s->rng = rng_of_byte(COOKIE_NONCE);
}

static enum cookie_verdict check(struct scene *s, msec now)
{
	return cookie_check(&s->responder.checker, message_of(s), &s->from, &s->rng, now);
}

static bool send_reply(struct scene *s, msec now)
{
	struct message_cookie reply;

	cookie_reply_create(&reply, &s->responder.checker, message_of(s), &s->from, &s->rng, now);
	return cookie_jar_consume(&s->initiator.jar, &reply, now);
}

static void send_again(struct scene *s, msec now)
{
	cookie_jar_sign(&s->initiator.jar, (uint8_t *)&s->msg, sizeof(s->msg), now);
}

/* -- known answers ------------------------------------------------------- */

static void mac1_of_both_messages_is_the_known_one(void **state)
{
	struct side initiator, responder;
	struct message_initiation initiation;
	struct message_response response;

	(void)state;
	sides_init(&initiator, &responder);
	from_hex((uint8_t *)&initiation, sizeof(initiation), INITIATION_BODY NO_MAC NO_MAC);
	cookie_jar_sign(&initiator.jar, (uint8_t *)&initiation, sizeof(initiation), BORN);
	assert_hex(initiation.macs.mac1, MAC_LEN, INITIATION_MAC1);
	assert_hex(initiation.macs.mac2, MAC_LEN, NO_MAC);
	from_hex((uint8_t *)&response, sizeof(response), RESPONSE_BODY NO_MAC NO_MAC);
	cookie_jar_sign(&responder.jar, (uint8_t *)&response, sizeof(response), BORN);
	assert_hex(response.macs.mac1, MAC_LEN, RESPONSE_MAC1);
	assert_hex(response.macs.mac2, MAC_LEN, NO_MAC);
}

static void the_cookie_reply_is_the_known_one(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	cookie_reply_create(&reply, &s.responder.checker, message_of(&s), &s.from, &s.rng, BORN);
	assert_hex(&reply, sizeof(reply), COOKIE_REPLY);
}

static void the_known_reply_gives_the_known_cookie_and_mac2(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	from_hex((uint8_t *)&reply, sizeof(reply), COOKIE_REPLY);
	assert_true(cookie_jar_consume(&s.initiator.jar, &reply, BORN));
	assert_hex(s.initiator.jar.cookie, COOKIE_LEN, COOKIE);
	send_again(&s, BORN);
	assert_hex(s.msg.macs.mac1, MAC_LEN, INITIATION_MAC1);
	assert_hex(s.msg.macs.mac2, MAC_LEN, INITIATION_MAC2);
	assert_int_equal(check(&s, BORN), COOKIE_MAC2_TOO);
}

/* -- mac1 ---------------------------------------------------------------- */

static void a_message_without_cookie_has_mac1_only(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(check(&s, BORN), COOKIE_MAC1_ONLY);
}

static void a_message_to_another_key_has_a_bad_mac1(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(cookie_check(&s.initiator.checker, message_of(&s), &s.from, &s.rng, BORN),
			 COOKIE_BAD_MAC1);
}

static void only_the_two_sizes_that_carry_macs_are_looked_into(void **state)
{
	struct scene s;
	uint8_t message[sizeof(struct message_initiation) + 1] = {0};

	(void)state;
	scene_init(&s);
	for (size_t len = 2 * MAC_LEN; len <= sizeof(message); len++) {
		bool is_one = len == sizeof(struct message_initiation) ||
			      len == sizeof(struct message_response);
		size_t mac1 = len - 2 * MAC_LEN;

		memset(message, 0, sizeof(message));
		blake2s_mac(message + mac1, s.responder.checker.mac1_key, KEY_LEN,
			    bytes_of(message, mac1));
		assert_int_equal(cookie_check(&s.responder.checker, bytes_of(message, len), &s.from,
					      &s.rng, BORN),
				 is_one ? COOKIE_MAC1_ONLY : COOKIE_BAD_MAC1);
	}
	for (size_t len = 0; len < 2 * MAC_LEN; len++)
		assert_int_equal(cookie_check(&s.responder.checker, bytes_of(message, len), &s.from,
					      &s.rng, BORN),
				 COOKIE_BAD_MAC1);
	assert_int_equal(cookie_check(&s.responder.checker, (struct bytes){0}, &s.from, &s.rng,
				      BORN),
			 COOKIE_BAD_MAC1);
}

static void a_bad_mac1_changes_nothing(void **state)
{
	struct scene s;
	struct cookie_checker before;

	(void)state;
	scene_init(&s);
	s.msg.macs.mac1[3] ^= 0x10;
	memcpy(&before, &s.responder.checker, sizeof(before));
	assert_int_equal(check(&s, BORN + 10 * COOKIE_LIFE), COOKIE_BAD_MAC1);
	assert_memory_equal(&s.responder.checker, &before, sizeof(before));
}

static void a_message_that_claims_no_cookie_renews_no_secret(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(check(&s, BORN + COOKIE_LIFE), COOKIE_MAC1_ONLY);
	assert_int_equal(s.responder.checker.secret_born, BORN);
}

/* -- mac2 ---------------------------------------------------------------- */

static void mac2_counts_only_from_the_address_and_port_it_was_given_to(void **state)
{
	struct scene s;
	const struct endpoint elsewhere[] = {
		{ip_v4(192, 0, 2, 2), 51820, 0},
		{ip_v4(192, 0, 2, 1), 51821, 0},
		{ip_v6((uint8_t[16]){192, 0, 2, 1}), 51820, 0},
	};

	(void)state;
	scene_init(&s);
	assert_true(send_reply(&s, BORN));
	send_again(&s, BORN);
	assert_int_equal(check(&s, BORN), COOKIE_MAC2_TOO);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		s.from = elsewhere[i];
		assert_int_equal(check(&s, BORN), COOKIE_MAC1_ONLY);
	}
}

static void all_16_bytes_of_an_ipv6_address_count(void **state)
{
	struct scene s;
	uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

	(void)state;
	scene_init(&s);
	s.from.ip = ip_v6(address);
	assert_true(send_reply(&s, BORN));
	send_again(&s, BORN);
	assert_int_equal(check(&s, BORN), COOKIE_MAC2_TOO);
	for (size_t i = 0; i < sizeof(address); i++) {
		s.from.ip.bytes[i] ^= 0x80;
		assert_int_equal(check(&s, BORN), COOKIE_MAC1_ONLY);
		s.from.ip.bytes[i] ^= 0x80;
	}
}

static void a_response_carries_mac2_as_well(void **state)
{
	struct side initiator, responder;
	struct message_initiation initiation;
	struct message_response response;
	struct message_cookie reply;
	struct rng rng = rng_of_byte(COOKIE_NONCE);
	struct endpoint from = {ip_v4(198, 51, 100, 7), 4711, 0};
	struct bytes message = bytes_of(&response, sizeof(response));

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &initiation, 0, BORN);
	assert_int_equal(side_takes_initiation(&responder, &initiation, BORN), NOISE_OK);
	side_responds(&responder, &response, BORN);
	assert_int_equal(cookie_check(&initiator.checker, message, &from, &rng, BORN),
			 COOKIE_MAC1_ONLY);

	cookie_reply_create(&reply, &initiator.checker, message, &from, &rng, BORN);
	assert_memory_equal(reply.receiver, response.sender, sizeof(reply.receiver));
	assert_true(cookie_jar_consume(&responder.jar, &reply, BORN));
	cookie_jar_sign(&responder.jar, (uint8_t *)&response, sizeof(response), BORN);
	assert_int_equal(cookie_check(&initiator.checker, message, &from, &rng, BORN),
			 COOKIE_MAC2_TOO);
}

/* -- ages ---------------------------------------------------------------- */

static void a_cookie_is_used_for_less_than_120_s(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_true(send_reply(&s, BORN));
	send_again(&s, BORN + COOKIE_LIFE - 1);
	assert_hex(s.msg.macs.mac2, MAC_LEN, INITIATION_MAC2);
	send_again(&s, BORN + COOKIE_LIFE);
	assert_hex(s.msg.macs.mac2, MAC_LEN, NO_MAC);
	assert_false(s.initiator.jar.has_cookie);
	assert_hex(s.initiator.jar.cookie, COOKIE_LEN, NO_MAC);
}

static void a_secret_is_used_for_less_than_120_s(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_true(send_reply(&s, BORN));
	send_again(&s, BORN);
	assert_int_equal(check(&s, BORN + COOKIE_LIFE - 1), COOKIE_MAC2_TOO);
	assert_int_equal(check(&s, BORN + COOKIE_LIFE), COOKIE_MAC1_ONLY);
	assert_int_equal(s.responder.checker.secret[0], COOKIE_NONCE);
	assert_int_equal(s.responder.checker.secret_born, BORN + COOKIE_LIFE);
}

static void the_first_reply_makes_the_first_secret(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	cookie_checker_init(&s.responder.checker, s.responder.id.public_key);
	assert_false(s.responder.checker.has_secret);
	assert_true(send_reply(&s, 0));
	assert_true(s.responder.checker.has_secret);
	send_again(&s, 0);
	assert_int_equal(check(&s, 0), COOKIE_MAC2_TOO);
}

/* Without a secret, a cookie of zeroes' secret must not pass. */
static void mac2_does_not_pass_before_there_was_a_secret(void **state)
{
	struct scene s;
	static const uint8_t no_secret[KEY_LEN];

	(void)state;
	scene_init(&s);
	memcpy(s.responder.checker.secret, no_secret, KEY_LEN);
	assert_true(send_reply(&s, BORN));
	send_again(&s, BORN);
	s.responder.checker.has_secret = false;
	assert_int_equal(check(&s, BORN), COOKIE_MAC1_ONLY);
}

/* -- the jar ------------------------------------------------------------- */

static void assert_refused(struct cookie_jar *jar, const struct message_cookie *reply)
{
	struct cookie_jar before;

	memcpy(&before, jar, sizeof(before));
	assert_false(cookie_jar_consume(jar, reply, BORN));
	assert_memory_equal(jar, &before, sizeof(before));
}

static void a_reply_nobody_waits_for_is_refused(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	from_hex((uint8_t *)&reply, sizeof(reply), COOKIE_REPLY);
	cookie_jar_init(&s.initiator.jar, s.responder.id.public_key);
	assert_refused(&s.initiator.jar, &reply);
}

static void a_reply_counts_once(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	from_hex((uint8_t *)&reply, sizeof(reply), COOKIE_REPLY);
	assert_true(cookie_jar_consume(&s.initiator.jar, &reply, BORN));
	assert_refused(&s.initiator.jar, &reply);
}

static void a_reply_to_an_earlier_message_is_refused(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	from_hex((uint8_t *)&reply, sizeof(reply), COOKIE_REPLY);
	side_initiates(&s.initiator, &s.msg, 1, BORN);
	assert_refused(&s.initiator.jar, &reply);
}

static void a_reply_from_another_peer_is_refused(void **state)
{
	struct scene s;
	struct message_cookie reply;

	(void)state;
	scene_init(&s);
	cookie_reply_create(&reply, &s.initiator.checker, message_of(&s), &s.from, &s.rng, BORN);
	assert_refused(&s.initiator.jar, &reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mac1_of_both_messages_is_the_known_one),
		cmocka_unit_test(the_cookie_reply_is_the_known_one),
		cmocka_unit_test(the_known_reply_gives_the_known_cookie_and_mac2),
		cmocka_unit_test(a_message_without_cookie_has_mac1_only),
		cmocka_unit_test(a_message_to_another_key_has_a_bad_mac1),
		cmocka_unit_test(only_the_two_sizes_that_carry_macs_are_looked_into),
		cmocka_unit_test(a_bad_mac1_changes_nothing),
		cmocka_unit_test(a_message_that_claims_no_cookie_renews_no_secret),
		cmocka_unit_test(mac2_counts_only_from_the_address_and_port_it_was_given_to),
		cmocka_unit_test(all_16_bytes_of_an_ipv6_address_count),
		cmocka_unit_test(a_response_carries_mac2_as_well),
		cmocka_unit_test(a_cookie_is_used_for_less_than_120_s),
		cmocka_unit_test(a_secret_is_used_for_less_than_120_s),
		cmocka_unit_test(the_first_reply_makes_the_first_secret),
		cmocka_unit_test(mac2_does_not_pass_before_there_was_a_secret),
		cmocka_unit_test(a_reply_nobody_waits_for_is_refused),
		cmocka_unit_test(a_reply_counts_once),
		cmocka_unit_test(a_reply_to_an_earlier_message_is_refused),
		cmocka_unit_test(a_reply_from_another_peer_is_refused),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
