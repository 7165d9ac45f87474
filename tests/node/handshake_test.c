/* handshake_test.c -- who may cost us a computation, who gets an answer, and who a cookie. */
#include "node/lab.h"

static const struct endpoint elsewhere = {
	.ip = {.family = IP_V4, .bytes = {198, 51, 100, 7}}, .port = 777};

/* A message of this type and size from nowhere, its inside random. */
static struct mail junk(struct lab *lab, enum message_type type, size_t len)
{
	uint8_t bytes[MESSAGE_HANDSHAKE_MAX];

	lab->rng.fill(&lab->rng, bytes, len);
	store_le32(bytes, type);
	return lab_stray(bytes, len);
}

static struct mail junk_initiation(struct lab *lab)
{
	struct mail m = junk(lab, MESSAGE_INITIATION, sizeof(struct message_initiation));

	lab_sign(&lab->us, &m);
	return m;
}

/* -- refused -------------------------------------------------------------------------- */

static void a_wrong_mac1_is_counted_and_not_answered(void **state)
{
	struct lab *lab = lab_ready();
	struct mail a = junk(lab, MESSAGE_INITIATION, sizeof(struct message_initiation));
	struct mail b = junk(lab, MESSAGE_RESPONSE, sizeof(struct message_response));

	(void)state;
	lab_feed(lab, &lab->us, &a);
	lab_feed(lab, &lab->us, &b);
	lab_assert_only(lab, COUNT_BAD_MAC1, 2);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_right_mac1_before_junk_is_counted_as_bad_handshake_and_not_answered(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk_initiation(lab);

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_HANDSHAKE, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

/* The static key opens, what comes after it does not. */
static void an_initiation_with_a_wrong_timestamp_is_a_bad_handshake(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	((struct message_initiation *)m.bytes)->timestamp[0] ^= 1;
	lab_sign(&lab->us, &m);
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_HANDSHAKE, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void an_initiation_of_a_key_that_is_not_configured_is_counted_as_stranger(void **state)
{
	struct lab *lab = lab_new();
	struct mail m;

	(void)state;
	lab->settings.peers_len = 2;
	lab_start(lab);
	m = lab_initiation(lab, 2);
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_STRANGER, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void the_same_initiation_again_is_counted_as_replayed(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_forget(lab);
	m.from = elsewhere;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_REPLAYED_INITIATION, 1);
	assert_int_equal(lab->us.sent_len, 0);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

static void two_initiations_of_one_peer_within_20_ms_are_too_soon(void **state)
{
	struct lab *lab = lab_ready();
	struct mail first = lab_initiation(lab, 0), second;

	(void)state;
	lab_restart(lab, 0);
	second = lab_initiation(lab, 0);
	lab_feed(lab, &lab->us, &first);
	lab->now += 19;
	lab_feed(lab, &lab->us, &second);
	lab_assert_only(lab, COUNT_INITIATION_TOO_SOON, 1);
	assert_int_equal(lab->us.sent_len, 1);
	lab->now += 1;
	lab_feed(lab, &lab->us, &second);
	assert_int_equal(lab->us.sent_len, 2);
	lab_free(lab);
}

static void responses_and_cookies_to_nothing_are_counted_as_unexpected(void **state)
{
	struct lab *lab = lab_ready();
	struct mail response = junk(lab, MESSAGE_RESPONSE, sizeof(struct message_response));
	struct mail cookie = junk(lab, MESSAGE_COOKIE, sizeof(struct message_cookie));

	(void)state;
	lab_sign(&lab->us, &response);
	lab_feed(lab, &lab->us, &response);
	lab_feed(lab, &lab->us, &cookie);
	lab_assert_only(lab, COUNT_UNEXPECTED_HANDSHAKE, 2);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_response_that_comes_twice_is_unexpected(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].sent[0].bytes[0], MESSAGE_RESPONSE);
	lab_feed(lab, &lab->us, &lab->far[0].sent[0]);
	lab_assert_only(lab, COUNT_UNEXPECTED_HANDSHAKE, 1);
	lab_free(lab);
}

static void a_forged_response_does_not_spoil_the_right_one(void **state)
{
	struct lab *lab = lab_ready();
	struct mail forged;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_feed(lab, &lab->far[0], &lab->us.sent[0]);
	forged = lab->far[0].sent[0];
	((struct message_response *)forged.bytes)->empty[0] ^= 1;
	forged.from = elsewhere;
	lab_sign(&lab->us, &forged);
	lab_feed(lab, &lab->us, &forged);
	lab_assert_only(lab, COUNT_BAD_HANDSHAKE, 1);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_feed(lab, &lab->us, &lab->far[0].sent[0]);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

/* -- answered ------------------------------------------------------------------------- */

static void a_right_initiation_is_answered_where_it_came_from(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	m.from = elsewhere;
	m.ecn = 3;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_RESPONSE);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &elsewhere));
	assert_true(ip_equal(&lab->us.sent[0].path.local, &lab->us.at.ip));
	assert_int_equal(lab->us.sent[0].dscp, HANDSHAKE_DSCP);
	assert_int_equal(lab->us.sent[0].ecn, 0);
	assert_true(lab_is_at(lab, 0, &elsewhere));
	lab_free(lab);
}

static void a_peer_without_an_endpoint_is_known_once_it_has_called(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = NULL;
	lab_start(lab);
	assert_int_equal(lab_status(lab, 0).path.remote.ip.family, IP_NONE);
	lab_connect(lab, 0);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

/* -- cookies for us -------------------------------------------------------------------- */

/* What far[0] would send under load, for our message. */
static struct mail cookie_for(struct lab *lab, const struct mail *asked)
{
	struct cookie_checker checker;
	struct mail m = {.from = lab->far[0].at, .len = sizeof(struct message_cookie)};

	cookie_checker_init(&checker, lab->far[0].public_key);
	cookie_reply_create((struct message_cookie *)m.bytes, &checker,
			    bytes_of(asked->bytes, asked->len), &lab->us.at, &lab->rng, lab->now);
	return m;
}

static bool has_mac2(const struct mail *m)
{
	static const uint8_t none[MAC_LEN];

	return memcmp(m->bytes + m->len - MAC_LEN, none, MAC_LEN) != 0;
}

static void a_cookie_is_counted_kept_and_used_in_the_next_initiation(void **state)
{
	struct lab *lab = lab_ready();
	struct mail cookie;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	cookie = cookie_for(lab, &lab->us.sent[0]);
	lab_feed(lab, &lab->us, &cookie);
	lab_assert_only(lab, COUNT_COOKIE_RECEIVED, 1);
	assert_int_equal(lab->us.sent_len, 1);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.sent_len, 2);
	assert_false(has_mac2(&lab->us.sent[0]));
	assert_true(has_mac2(&lab->us.sent[1]));
	lab_free(lab);
}

static void a_cookie_neither_moves_the_path_nor_makes_us_send(void **state)
{
	struct lab *lab = lab_ready();
	struct mail cookie;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	cookie = cookie_for(lab, &lab->us.sent[0]);
	cookie.from = elsewhere;
	lab_feed(lab, &lab->us, &cookie);
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

static void a_forged_cookie_is_counted_as_bad_handshake(void **state)
{
	struct lab *lab = lab_ready();
	struct mail cookie;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	cookie = cookie_for(lab, &lab->us.sent[0]);
	cookie.bytes[cookie.len - 1] ^= 1;
	lab_feed(lab, &lab->us, &cookie);
	lab_assert_only(lab, COUNT_BAD_HANDSHAKE, 1);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_false(has_mac2(&lab->us.sent[1]));
	lab_free(lab);
}

/* -- under load ------------------------------------------------------------------------- */

/* So many that the next one finds us under load. */
static void flood(struct lab *lab)
{
	struct mail m = junk_initiation(lab);

	for (int i = 0; i < LOAD_THRESHOLD; i++)
		lab_feed(lab, &lab->us, &m);
}

static void the_first_128_messages_are_worked_on_and_the_next_gets_a_cookie(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk_initiation(lab);

	(void)state;
	flood(lab);
	lab_assert_only(lab, COUNT_BAD_HANDSHAKE, LOAD_THRESHOLD);
	assert_int_equal(lab->us.sent_len, 0);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_BAD_HANDSHAKE), LOAD_THRESHOLD);
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 1);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_COOKIE);
	assert_int_equal(lab->us.sent[0].len, sizeof(struct message_cookie));
	assert_memory_equal(lab->us.sent[0].bytes + 4, m.bytes + 4, 4);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &m.from));
	lab_free(lab);
}

static void a_wrong_mac1_gets_no_cookie_and_makes_no_load(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk(lab, MESSAGE_INITIATION, sizeof(struct message_initiation));

	(void)state;
	for (int i = 0; i < 2 * LOAD_THRESHOLD; i++)
		lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_MAC1, 2 * LOAD_THRESHOLD);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void load_is_over_a_second_after_it_ends(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk_initiation(lab);

	(void)state;
	flood(lab);
	lab_feed(lab, &lab->us, &m);
	lab->now += LOAD_LINGER - 1;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 2);
	lab->now += 1;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 2);
	lab_free(lab);
}

/* A cookie is the same in both suites, and so is what it is asked for. */
static const enum node_cipher ciphers[] = {NODE_CIPHER_CHACHA20, NODE_CIPHER_AES256GCM};

/* NULL: this CPU has it not. */
static struct lab *ready_in(enum node_cipher cipher)
{
	struct lab *lab = lab_new();

	if (cipher == NODE_CIPHER_AES256GCM && !aead_has(AEAD_AES256GCM)) {
		lab_free(lab);
		return NULL;
	}
	lab->peers[0].cipher = lab->far_cipher = cipher;
	lab_restart(lab, 0);
	lab_start(lab);
	return lab;
}

static void assert_through_in(const struct lab *lab, enum node_cipher cipher)
{
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 1);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	assert_string_equal(lab_status(lab, 0).cipher,
			    cipher == NODE_CIPHER_CHACHA20 ? "chacha20" : "aes256gcm");
}

static void under_load_a_peer_gets_through_with_the_cookie(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = ready_in(ciphers[i]);

		if (!lab)
			continue;
		flood(lab);
		lab_say(lab, &lab->far[0], &lab->us, 100);
		lab_exchange(lab);
		assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 1);
		assert_int_equal(lab->us.got_len, 0);
		lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
		flood(lab);
		lab_exchange(lab);
		assert_through_in(lab, ciphers[i]);
		assert_int_equal(lab->us.got_len, 1);
		lab_free(lab);
	}
}

static void under_load_a_response_needs_the_cookie_as_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lab *lab = ready_in(ciphers[i]);

		if (!lab)
			continue;
		flood(lab);
		lab_say(lab, &lab->us, &lab->far[0], 100);
		lab_exchange(lab);
		assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 1);
		assert_int_equal(lab_status(lab, 0).state, PEER_CONNECTING);
		lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
		flood(lab);
		lab_exchange(lab);
		assert_through_in(lab, ciphers[i]);
		lab_free(lab);
	}
}

/* Somebody who owns his address and sends junk from it. */
static void who_owns_his_address_gets_five_at_once_then_one_in_50_ms(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk_initiation(lab);
	struct cookie_jar jar;

	(void)state;
	flood(lab);
	cookie_jar_init(&jar, lab->us.public_key);
	cookie_jar_sign(&jar, m.bytes, m.len, lab->now);
	lab_feed(lab, &lab->us, &m);
	assert_true(cookie_jar_consume(&jar, (void *)lab->us.sent[0].bytes, lab->now));
	cookie_jar_sign(&jar, m.bytes, m.len, lab->now);
	for (int i = 0; i < LIMIT_BURST + 2; i++)
		lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_RATE_LIMITED), 2);
	assert_int_equal(lab_count(lab, COUNT_BAD_HANDSHAKE), LOAD_THRESHOLD + LIMIT_BURST);
	lab->now += 1000 / LIMIT_RATE;
	lab_feed(lab, &lab->us, &m);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_RATE_LIMITED), 3);
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 1);
	lab_free(lab);
}

static void a_cookie_of_another_address_is_answered_with_another_cookie(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = junk_initiation(lab);
	struct cookie_jar jar;

	(void)state;
	flood(lab);
	cookie_jar_init(&jar, lab->us.public_key);
	cookie_jar_sign(&jar, m.bytes, m.len, lab->now);
	lab_feed(lab, &lab->us, &m);
	assert_true(cookie_jar_consume(&jar, (void *)lab->us.sent[0].bytes, lab->now));
	cookie_jar_sign(&jar, m.bytes, m.len, lab->now);
	m.from.port++;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_COOKIE_SENT), 2);
	assert_int_equal(lab_count(lab, COUNT_BAD_HANDSHAKE), LOAD_THRESHOLD);
	lab_free(lab);
}

static void load_does_not_touch_the_data_of_who_has_a_session(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	flood(lab);
	lab_say(lab, &lab->far[0], &lab->us, 100);
	lab_exchange(lab);
	assert_int_equal(lab->us.got_len, 1);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_mac1_is_counted_and_not_answered),
		cmocka_unit_test(a_right_mac1_before_junk_is_counted_as_bad_handshake_and_not_answered),
		cmocka_unit_test(an_initiation_with_a_wrong_timestamp_is_a_bad_handshake),
		cmocka_unit_test(an_initiation_of_a_key_that_is_not_configured_is_counted_as_stranger),
		cmocka_unit_test(the_same_initiation_again_is_counted_as_replayed),
		cmocka_unit_test(two_initiations_of_one_peer_within_20_ms_are_too_soon),
		cmocka_unit_test(responses_and_cookies_to_nothing_are_counted_as_unexpected),
		cmocka_unit_test(a_response_that_comes_twice_is_unexpected),
		cmocka_unit_test(a_forged_response_does_not_spoil_the_right_one),
		cmocka_unit_test(a_right_initiation_is_answered_where_it_came_from),
		cmocka_unit_test(a_peer_without_an_endpoint_is_known_once_it_has_called),
		cmocka_unit_test(a_cookie_is_counted_kept_and_used_in_the_next_initiation),
		cmocka_unit_test(a_cookie_neither_moves_the_path_nor_makes_us_send),
		cmocka_unit_test(a_forged_cookie_is_counted_as_bad_handshake),
		cmocka_unit_test(the_first_128_messages_are_worked_on_and_the_next_gets_a_cookie),
		cmocka_unit_test(a_wrong_mac1_gets_no_cookie_and_makes_no_load),
		cmocka_unit_test(load_is_over_a_second_after_it_ends),
		cmocka_unit_test(under_load_a_peer_gets_through_with_the_cookie),
		cmocka_unit_test(under_load_a_response_needs_the_cookie_as_well),
		cmocka_unit_test(who_owns_his_address_gets_five_at_once_then_one_in_50_ms),
		cmocka_unit_test(a_cookie_of_another_address_is_answered_with_another_cookie),
		cmocka_unit_test(load_does_not_touch_the_data_of_who_has_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
