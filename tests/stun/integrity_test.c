/* integrity_test.c -- the MACs and the fingerprint of STUN, against the RFCs' vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "rfc5769.h"
#include "stun/integrity.h"
#include "vectors.h"

static uint8_t buffer[512];

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* How a vector is authenticated. */
enum how { SHORT_TERM, LONG_TERM_MD5, LONG_TERM_SHA256 };

static const struct {
	const char *hex;
	enum how how;
	bool has_fingerprint;
} vectors[] = {
	{VECTOR_REQUEST, SHORT_TERM, true},
	{VECTOR_RESPONSE4, SHORT_TERM, true},
	{VECTOR_RESPONSE6, SHORT_TERM, true},
	{VECTOR_LONG_TERM, LONG_TERM_MD5, false},
	{VECTOR_SHA256, LONG_TERM_SHA256, false},
};

enum { VECTORS = sizeof(vectors) / sizeof(*vectors) };

static struct bytes key_of(enum how how, uint8_t key[static SHA256_LEN])
{
	switch (how) {
	case SHORT_TERM:
		return text(VECTOR_PASSWORD);
	case LONG_TERM_MD5:
		stun_key_md5(key, text(VECTOR_USER), text(VECTOR_REALM),
			     text(VECTOR_LONG_TERM_PASSWORD));
		return bytes_of(key, MD5_LEN);
	case LONG_TERM_SHA256:
		stun_key_sha256(key, text(VECTOR_USER), text(VECTOR_REALM),
				text(VECTOR_LONG_TERM_PASSWORD));
		return bytes_of(key, SHA256_LEN);
	}
	abort();
}

static bool is_authentic(const struct stun_msg *msg, enum how how)
{
	uint8_t key[SHA256_LEN];
	struct bytes k = key_of(how, key);

	return how == LONG_TERM_SHA256 ? stun_check_integrity_sha256(msg, k) :
					 stun_check_integrity(msg, k);
}

static void the_vectors_are_authentic(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		size_t len = from_hex(buffer, sizeof(buffer), vectors[v].hex);
		struct stun_msg msg;

		assert_true(stun_parse(&msg, bytes_of(buffer, len)));
		assert_true(is_authentic(&msg, vectors[v].how));
		assert_int_equal(stun_check_fingerprint(&msg), vectors[v].has_fingerprint);
	}
}

static void another_key_does_not_fit(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		size_t len = from_hex(buffer, sizeof(buffer), vectors[v].hex);
		struct stun_msg msg;

		assert_true(stun_parse(&msg, bytes_of(buffer, len)));
		assert_false(stun_check_integrity(&msg, text("VOkJxbRl1RmTxUk/WvJxBu")));
		assert_false(stun_check_integrity_sha256(&msg, text("VOkJxbRl1RmTxUk/WvJxBu")));
		assert_false(stun_check_integrity(&msg, text("")));
	}
}

/* Each bit of the message but those of FINGERPRINT, which stands behind. Where
 * only a padding byte is turned, it is covered too. */
static void every_flipped_bit_breaks_the_mac(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		size_t len = from_hex(buffer, sizeof(buffer), vectors[v].hex);
		size_t covered = vectors[v].has_fingerprint ? len - 8 : len;

		for (size_t bit = 0; bit < 8 * covered; bit++) {
			struct stun_msg msg;

			buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (stun_parse(&msg, bytes_of(buffer, len)))
				assert_false(is_authentic(&msg, vectors[v].how));
			buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void every_flipped_bit_breaks_the_fingerprint(void **state)
{
	size_t len = from_hex(buffer, sizeof(buffer), VECTOR_RESPONSE6);

	(void)state;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct stun_msg msg;

		buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(stun_parse(&msg, bytes_of(buffer, len)) && stun_check_fingerprint(&msg));
		buffer[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Write the message again up to what we compute ourselves, with its own padding. */
static void the_macs_and_fingerprints_are_written_as_printed(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		uint8_t want[256], key[SHA256_LEN];
		size_t len = from_hex(want, sizeof(want), vectors[v].hex);
		struct bytes k = key_of(vectors[v].how, key);
		struct writer w = writer_over(buffer, sizeof(buffer));
		struct stun_msg msg;
		const struct stun_attr *mac;

		assert_true(stun_parse(&msg, bytes_of(want, len)));
		mac = &msg.attrs[msg.count - (vectors[v].has_fingerprint ? 2 : 1)];
		put_bytes(&w, bytes_of(want, mac->at));
		if (vectors[v].how == LONG_TERM_SHA256)
			stun_put_integrity_sha256(&w, k);
		else
			stun_put_integrity(&w, k);
		if (vectors[v].has_fingerprint)
			stun_put_fingerprint(&w);
		assert_int_equal(w.len, len);
		assert_memory_equal(buffer, want, len);
	}
}

static void the_userhash_of_rfc_8489_is_known(void **state)
{
	uint8_t hash[SHA256_LEN];
	size_t len = from_hex(buffer, sizeof(buffer), VECTOR_SHA256);
	struct stun_msg msg;
	struct bytes value;

	(void)state;
	assert_true(stun_parse(&msg, bytes_of(buffer, len)));
	assert_true(stun_get_bytes(&msg, ATTR_USERHASH, &value));
	assert_int_equal(value.len, SHA256_LEN);
	stun_userhash(hash, text(VECTOR_USER), text(VECTOR_REALM));
	assert_memory_equal(hash, value.data, SHA256_LEN);
}

/* Both kinds in one message: the SHA-256 covers the SHA-1, and each is right by
 * itself with all that follows it. */
static void both_macs_and_the_fingerprint_go_together(void **state)
{
	static const uint8_t id[STUN_ID_LEN] = {9};
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put(&w, ATTR_USERNAME, text("a:b"));
	stun_put_integrity(&w, text("one"));
	stun_put_integrity_sha256(&w, text("two"));
	stun_put_fingerprint(&w);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_true(stun_check_integrity(&msg, text("one")));
	assert_true(stun_check_integrity_sha256(&msg, text("two")));
	assert_true(stun_check_fingerprint(&msg));
	assert_false(stun_check_integrity(&msg, text("two")));
	assert_false(stun_check_integrity_sha256(&msg, text("one")));
}

/* RFC 8489 section 14.6 lets the sender truncate it; we do not. */
static void a_truncated_sha256_is_refused(void **state)
{
	static const uint8_t id[STUN_ID_LEN] = {9};

	(void)state;
	for (size_t len = 0; len <= 36; len += 4) {
		uint8_t mac[36] = {0};
		struct writer w = writer_over(buffer, sizeof(buffer));
		const struct bytes parts[] = {bytes_of(buffer, STUN_HEADER_LEN)};
		struct stun_msg msg;

		/* The MAC is right for its length: the header says so when it is made. */
		stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
		store_be16(buffer + 2, (uint16_t)(4 + len));
		hmac_sha256(mac, text("key"), parts, 1);
		stun_put(&w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, len));
		assert_true(stun_parse(&msg, stun_finish(&w)));
		assert_int_equal(stun_check_integrity_sha256(&msg, text("key")), len == 32);
	}
}

static void what_is_missing_or_of_a_wrong_size_is_not_right(void **state)
{
	static const uint8_t id[STUN_ID_LEN], zero[40];
	struct stun_msg msg;

	(void)state;
	for (size_t len = 0; len <= 40; len += 4) {
		struct writer w = writer_over(buffer, sizeof(buffer));

		stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
		if (len) {
			stun_put(&w, ATTR_MESSAGE_INTEGRITY, bytes_of(zero, len));
			stun_put(&w, ATTR_FINGERPRINT, bytes_of(zero, len));
		}
		assert_true(stun_parse(&msg, stun_finish(&w)));
		assert_false(stun_check_integrity(&msg, text("key")));
		assert_false(stun_check_integrity_sha256(&msg, text("key")));
		assert_false(stun_check_fingerprint(&msg));
	}
}

static void a_message_that_does_not_fit_stays_bad(void **state)
{
	static const uint8_t id[STUN_ID_LEN];

	(void)state;
	for (size_t cap = 0; cap < STUN_HEADER_LEN + 24 + 36 + 8; cap++) {
		struct writer w = writer_over(buffer, cap);

		stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
		stun_put_integrity(&w, text("key"));
		stun_put_integrity_sha256(&w, text("key"));
		stun_put_fingerprint(&w);
		assert_int_equal(stun_finish(&w).len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_are_authentic),
		cmocka_unit_test(another_key_does_not_fit),
		cmocka_unit_test(every_flipped_bit_breaks_the_mac),
		cmocka_unit_test(every_flipped_bit_breaks_the_fingerprint),
		cmocka_unit_test(the_macs_and_fingerprints_are_written_as_printed),
		cmocka_unit_test(the_userhash_of_rfc_8489_is_known),
		cmocka_unit_test(both_macs_and_the_fingerprint_go_together),
		cmocka_unit_test(a_truncated_sha256_is_refused),
		cmocka_unit_test(what_is_missing_or_of_a_wrong_size_is_not_right),
		cmocka_unit_test(a_message_that_does_not_fit_stays_bad),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
