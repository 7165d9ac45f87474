/* credential_test.c -- 401, 438, and servers that cannot be trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "stun/credential.h"

static const uint8_t id[STUN_ID_LEN] = {1, 2, 3};
static const uint8_t md5_and_sha256[] = {0, 1, 0, 0, 0, 2, 0, 0};
static struct stun_credential cred;
static uint8_t buffer[4096], sent[4096];

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static int fresh(void **state)
{
	(void)state;
	stun_credential_init(&cred, text("user"), text("pass"));
	return 0;
}

/* An error response; NULL and empty: without that attribute. */
static enum credential_verdict feed(unsigned code, const char *realm, const char *nonce,
				    struct bytes algorithms)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	stun_begin(&w, STUN_ALLOCATE, STUN_ERROR, id);
	stun_put_error(&w, code);
	if (realm)
		stun_put(&w, ATTR_REALM, text(realm));
	if (nonce)
		stun_put(&w, ATTR_NONCE, text(nonce));
	if (algorithms.len)
		stun_put(&w, ATTR_PASSWORD_ALGORITHMS, algorithms);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	return stun_credential_feed(&cred, &msg);
}

static const struct bytes none;

/* The request that we would send now; its bytes are in `sent`. */
static struct stun_msg request(void)
{
	struct writer w = writer_over(sent, sizeof(sent));
	struct stun_msg msg;

	stun_begin(&w, STUN_ALLOCATE, STUN_REQUEST, id);
	stun_put_u32(&w, ATTR_REQUESTED_TRANSPORT, 17 << 24);
	stun_credential_put(&cred, &w);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	return msg;
}

static void assert_value(const struct stun_msg *msg, uint16_t type, struct bytes want)
{
	struct bytes value;

	assert_true(stun_get_bytes(msg, type, &value));
	assert_int_equal(value.len, want.len);
	assert_memory_equal(value.data, want.data, want.len);
}

static void nothing_is_shown_before_a_server_asks(void **state)
{
	struct stun_msg msg = request();

	(void)state;
	assert_int_equal(msg.count, 1);
	assert_false(stun_credential_check(&cred, &msg));
}

static void a_401_is_met_with_hmac_sha1_under_an_md5_key(void **state)
{
	uint8_t key[MD5_LEN];
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "nonce", none), CREDENTIAL_RETRY);
	msg = request();
	assert_value(&msg, ATTR_USERNAME, text("user"));
	assert_value(&msg, ATTR_REALM, text("realm"));
	assert_value(&msg, ATTR_NONCE, text("nonce"));
	assert_null(stun_find(&msg, ATTR_PASSWORD_ALGORITHM));
	assert_null(stun_find(&msg, ATTR_MESSAGE_INTEGRITY_SHA256));
	stun_key_md5(key, text("user"), text("realm"), text("pass"));
	assert_true(stun_check_integrity(&msg, bytes_of(key, sizeof(key))));
}

static void listed_algorithms_are_met_with_sha256_alone(void **state)
{
	uint8_t key[SHA256_LEN];
	struct stun_msg msg;
	uint32_t algorithm;

	(void)state;
	assert_int_equal(feed(401, "realm", "obMatJos2AAABxyz", bytes_of(md5_and_sha256, 8)),
			 CREDENTIAL_RETRY);
	msg = request();
	assert_value(&msg, ATTR_USERNAME, text("user"));
	assert_value(&msg, ATTR_PASSWORD_ALGORITHMS, bytes_of(md5_and_sha256, 8));
	assert_true(stun_get_u32(&msg, ATTR_PASSWORD_ALGORITHM, &algorithm));
	assert_int_equal(algorithm, 0x00020000);
	assert_null(stun_find(&msg, ATTR_MESSAGE_INTEGRITY));
	stun_key_sha256(key, text("user"), text("realm"), text("pass"));
	assert_true(stun_check_integrity_sha256(&msg, bytes_of(key, sizeof(key))));
}

/* MD5 makes the key then, but the message is still under HMAC-SHA256. */
static void a_list_of_md5_alone_is_taken(void **state)
{
	uint8_t key[MD5_LEN];
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(md5_and_sha256, 4)), CREDENTIAL_RETRY);
	msg = request();
	stun_key_md5(key, text("user"), text("realm"), text("pass"));
	assert_true(stun_check_integrity_sha256(&msg, bytes_of(key, sizeof(key))));
}

static void the_user_is_hidden_where_the_server_can_find_it(void **state)
{
	uint8_t hash[SHA256_LEN];
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "obMatJos2AAACxyz", none), CREDENTIAL_RETRY);
	msg = request();
	assert_null(stun_find(&msg, ATTR_USERNAME));
	stun_userhash(hash, text("user"), text("realm"));
	assert_value(&msg, ATTR_USERHASH, bytes_of(hash, sizeof(hash)));
}

/* RFC 8489 section 9.2.5: somebody took the list away. */
static void a_promised_list_that_is_missing_is_refused(void **state)
{
	(void)state;
	assert_int_equal(feed(401, "realm", "obMatJos2AAABxyz", none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "obMatJos2////xyz", none), CREDENTIAL_REFUSED);
	assert_false(cred.is_asked);
}

static void what_only_looks_like_a_nonce_cookie_promises_nothing(void **state)
{
	static const char *const nonces[] = {
		"obMatJos2", "obMatJos2AAA", "obMatJos2AA-B", "obMatJos3AAAB", "xobMatJos2AAAB",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(nonces) / sizeof(*nonces); i++) {
		fresh(NULL);
		assert_int_equal(feed(401, "realm", nonces[i], none), CREDENTIAL_RETRY);
		assert_false(cred.hides_user);
	}
}

static void a_list_that_we_cannot_use_is_refused(void **state)
{
	static const uint8_t unknown[] = {0, 3, 0, 0}, with_parameters[] = {0, 2, 0, 1, 9, 0, 0, 0},
			     cut[] = {0, 2, 0, 0, 0, 1}, cut_parameters[] = {0, 2, 0, 0, 0, 9, 0, 4};
	static uint8_t many[CREDENTIAL_ALGORITHMS_MAX + 4];

	(void)state;
	for (size_t i = 0; i < sizeof(many); i += 4)
		many[i + 1] = 2;
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(unknown, 4)), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(with_parameters, 8)), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(cut, 6)), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(cut_parameters, 8)), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(many, sizeof(many))), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "nonce", bytes_of(many, sizeof(many) - 4)), CREDENTIAL_RETRY);
}

static void an_incomplete_401_is_refused(void **state)
{
	static char long_text[CREDENTIAL_TEXT_MAX + 2];

	(void)state;
	memset(long_text, 'x', CREDENTIAL_TEXT_MAX + 1);
	assert_int_equal(feed(401, NULL, "nonce", none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", NULL, none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "", "nonce", none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", "", none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, long_text, "nonce", none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, "realm", long_text, none), CREDENTIAL_REFUSED);
	assert_int_equal(feed(401, long_text + 1, long_text + 1, none), CREDENTIAL_RETRY);
}

static void a_second_401_means_that_it_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(feed(401, "realm", "nonce", none), CREDENTIAL_RETRY);
	assert_int_equal(feed(401, "realm", "other", none), CREDENTIAL_REFUSED);
}

static void a_438_brings_a_new_nonce_and_is_no_failure(void **state)
{
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "one", none), CREDENTIAL_RETRY);
	assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_RETRY);
	msg = request();
	assert_value(&msg, ATTR_NONCE, text("two"));
	assert_value(&msg, ATTR_REALM, text("realm"));
	assert_int_equal(feed(438, NULL, "three", none), CREDENTIAL_RETRY);
	msg = request();
	assert_value(&msg, ATTR_REALM, text("realm"));
	assert_value(&msg, ATTR_NONCE, text("three"));
}

/* A request that the server answered as it should starts the count anew. */
static void a_server_whose_nonces_are_always_stale_is_left(void **state)
{
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "one", none), CREDENTIAL_RETRY);
	for (int i = 0; i < CREDENTIAL_STALE_MAX; i++)
		assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_RETRY);
	msg = request();		/* our own MAC serves as the server's */
	assert_true(stun_credential_check(&cred, &msg));
	for (int i = 0; i < CREDENTIAL_STALE_MAX; i++)
		assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_RETRY);
	assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_REFUSED);
}

static void nobody_talks_us_out_of_sha256(void **state)
{
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "one", bytes_of(md5_and_sha256, 8)), CREDENTIAL_RETRY);
	assert_int_equal(feed(438, "realm", "two", bytes_of(md5_and_sha256, 4)), CREDENTIAL_REFUSED);
	assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_REFUSED);
	msg = request();
	assert_value(&msg, ATTR_NONCE, text("one"));
	assert_int_equal(feed(438, "realm", "two", bytes_of(md5_and_sha256, 8)), CREDENTIAL_RETRY);
	fresh(NULL);
	assert_int_equal(feed(401, "realm", "one", bytes_of(md5_and_sha256, 4)), CREDENTIAL_RETRY);
	assert_int_equal(feed(438, "realm", "two", none), CREDENTIAL_REFUSED);
}

static void other_answers_ask_for_nothing(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(400, "realm", "nonce", none), CREDENTIAL_NOT_ASKED);
	assert_int_equal(feed(420, "realm", "nonce", none), CREDENTIAL_NOT_ASKED);
	stun_begin(&w, STUN_ALLOCATE, STUN_SUCCESS, id);
	stun_put_error(&w, 401);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(stun_credential_feed(&cred, &msg), CREDENTIAL_NOT_ASKED);
	w = writer_over(buffer, sizeof(buffer));
	stun_begin(&w, STUN_ALLOCATE, STUN_ERROR, id);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(stun_credential_feed(&cred, &msg), CREDENTIAL_NOT_ASKED);
}

/* The MAC that was agreed on, not the weaker one. */
static void an_answer_must_have_the_mac_that_was_agreed_on(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	(void)state;
	assert_int_equal(feed(401, "realm", "one", bytes_of(md5_and_sha256, 8)), CREDENTIAL_RETRY);
	w = writer_over(buffer, sizeof(buffer));
	stun_begin(&w, STUN_ALLOCATE, STUN_SUCCESS, id);
	stun_put_integrity(&w, bytes_of(cred.key, cred.key_len));
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_false(stun_credential_check(&cred, &msg));
	stun_put_integrity_sha256(&w, bytes_of(cred.key, cred.key_len));
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_true(stun_credential_check(&cred, &msg));
	buffer[w.len - 1] ^= 1;
	assert_false(stun_credential_check(&cred, &msg));
}

static void a_wiped_one_holds_nothing(void **state)
{
	static const struct stun_credential zero;

	(void)state;
	assert_int_equal(feed(401, "realm", "nonce", none), CREDENTIAL_RETRY);
	stun_credential_wipe(&cred);
	assert_memory_equal(&cred, &zero, sizeof(cred));
}

int main(void)
{
#define fresh_test(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		fresh_test(nothing_is_shown_before_a_server_asks),
		fresh_test(a_401_is_met_with_hmac_sha1_under_an_md5_key),
		fresh_test(listed_algorithms_are_met_with_sha256_alone),
		fresh_test(a_list_of_md5_alone_is_taken),
		fresh_test(the_user_is_hidden_where_the_server_can_find_it),
		fresh_test(a_promised_list_that_is_missing_is_refused),
		fresh_test(what_only_looks_like_a_nonce_cookie_promises_nothing),
		fresh_test(a_list_that_we_cannot_use_is_refused),
		fresh_test(an_incomplete_401_is_refused),
		fresh_test(a_second_401_means_that_it_is_wrong),
		fresh_test(a_438_brings_a_new_nonce_and_is_no_failure),
		fresh_test(a_server_whose_nonces_are_always_stale_is_left),
		fresh_test(nobody_talks_us_out_of_sha256),
		fresh_test(other_answers_ask_for_nothing),
		fresh_test(an_answer_must_have_the_mac_that_was_agreed_on),
		fresh_test(a_wiped_one_holds_nothing),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
