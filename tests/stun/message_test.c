/* message_test.c -- what is a STUN message, what is in it, and how it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "rfc5769.h"
#include "stun/message.h"
#include "vectors.h"

static const char *const vectors[] = {
	VECTOR_REQUEST, VECTOR_RESPONSE4, VECTOR_RESPONSE6, VECTOR_LONG_TERM, VECTOR_SHA256,
};

enum { VECTORS = sizeof(vectors) / sizeof(*vectors) };

static const uint8_t id[STUN_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t buffer[2048];

/* Parse a copy that ends where its memory ends, so that ASan sees a step too far.
 * The message's views are gone after it. */
static bool parses(const uint8_t *data, size_t len)
{
	struct stun_msg msg;
	uint8_t *copy = malloc(len ? len : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, data, len);
	ok = stun_parse(&msg, bytes_of(copy, len));
	free(copy);
	return ok;
}

static void parse_hex(struct stun_msg *msg, const char *hex)
{
	size_t len = from_hex(buffer, sizeof(buffer), hex);

	assert_true(stun_parse(msg, bytes_of(buffer, len)));
}

static bool hex_parses(const char *hex)
{
	return parses(buffer, from_hex(buffer, sizeof(buffer), hex));
}

static void assert_text(const struct stun_msg *msg, uint16_t type, const char *text)
{
	struct bytes value;

	assert_true(stun_get_bytes(msg, type, &value));
	assert_int_equal(value.len, strlen(text));
	assert_memory_equal(value.data, text, value.len);
}

static void assert_endpoint(const struct endpoint *e, const char *text)
{
	char got[ENDPOINT_TEXT];

	assert_string_equal(endpoint_format(got, e), text);
}

/* -- reading ------------------------------------------------------------- */

static void the_request_of_rfc_5769_has_what_it_says(void **state)
{
	static const uint8_t vector_id[STUN_ID_LEN] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
						       0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
	struct stun_msg msg;
	uint32_t priority;
	uint64_t tie_breaker;

	(void)state;
	parse_hex(&msg, VECTOR_REQUEST);
	assert_int_equal(msg.class, STUN_REQUEST);
	assert_int_equal(msg.method, STUN_BINDING);
	assert_memory_equal(msg.id, vector_id, sizeof(vector_id));
	assert_int_equal(msg.count, 6);
	assert_text(&msg, ATTR_SOFTWARE, "STUN test client");
	assert_text(&msg, ATTR_USERNAME, "evtj:h6vY");
	assert_true(stun_get_u32(&msg, ATTR_PRIORITY, &priority));
	assert_int_equal(priority, 0x6e0001ff);
	assert_true(stun_get_u64(&msg, ATTR_ICE_CONTROLLED, &tie_breaker));
	assert_int_equal(tie_breaker, 0x932ff9b151263b36);
	assert_null(stun_find(&msg, ATTR_USE_CANDIDATE));
}

static void the_responses_of_rfc_5769_hold_their_addresses(void **state)
{
	struct stun_msg msg;
	struct endpoint e;

	(void)state;
	parse_hex(&msg, VECTOR_RESPONSE4);
	assert_int_equal(msg.class, STUN_SUCCESS);
	assert_true(stun_get_xor_address(&msg, ATTR_XOR_MAPPED_ADDRESS, &e));
	assert_endpoint(&e, "192.0.2.1:32853");
	parse_hex(&msg, VECTOR_RESPONSE6);
	assert_true(stun_get_xor_address(&msg, ATTR_XOR_MAPPED_ADDRESS, &e));
	assert_endpoint(&e, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

static void the_long_term_vectors_hold_their_texts(void **state)
{
	struct stun_msg msg;
	uint32_t algorithm;

	(void)state;
	parse_hex(&msg, VECTOR_LONG_TERM);
	assert_text(&msg, ATTR_USERNAME, VECTOR_USER);
	assert_text(&msg, ATTR_REALM, VECTOR_REALM);
	assert_text(&msg, ATTR_NONCE, VECTOR_LONG_TERM_NONCE);
	parse_hex(&msg, VECTOR_SHA256);
	assert_text(&msg, ATTR_NONCE, VECTOR_SHA256_NONCE);
	assert_true(stun_get_u32(&msg, ATTR_PASSWORD_ALGORITHM, &algorithm));
	assert_int_equal(algorithm, 0x00020000);
}

static void every_truncation_and_every_surplus_byte_is_refused(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		uint8_t whole[256] = {0};
		size_t len = from_hex(whole, sizeof(whole), vectors[v]);

		for (size_t cut = 0; cut < sizeof(whole); cut++)
			assert_int_equal(parses(whole, cut), cut == len);
	}
}

/* The same cuts with a length in the header that agrees: what is left must end
 * where an attribute does. */
static void an_attribute_that_leaves_the_message_is_refused(void **state)
{
	(void)state;
	for (size_t v = 0; v < VECTORS; v++) {
		uint8_t whole[256];
		size_t len = from_hex(whole, sizeof(whole), vectors[v]), end = STUN_HEADER_LEN;

		for (size_t cut = STUN_HEADER_LEN; cut <= len; cut += 4) {
			while (end < cut)
				end += 4 + ((load_be16(whole + end + 2) + 3u) & ~3u);
			store_be16(whole + 2, (uint16_t)(cut - STUN_HEADER_LEN));
			assert_int_equal(parses(whole, cut), cut == end);
		}
	}
}

static void what_is_not_stun_is_refused(void **state)
{
	(void)state;
	assert_true(hex_parses("0001 0000 2112a442 000000000000000000000000"));
	assert_false(hex_parses("4001 0000 2112a442 000000000000000000000000"));
	assert_false(hex_parses("8001 0000 2112a442 000000000000000000000000"));
	/* classic STUN: no cookie */
	assert_false(hex_parses("0001 0000 2112a443 000000000000000000000000"));
	assert_false(hex_parses("0001 0004 2112a442 000000000000000000000000"));
	/* odd lengths, even where the bytes are there */
	assert_false(hex_parses("0001 0006 2112a442 000000000000000000000000 8022 0002 6162"));
	assert_false(hex_parses("0001 0005 2112a442 000000000000000000000000 8022 0001 61"));
	assert_false(hex_parses("0001 0002 2112a442 000000000000000000000000 8022"));
	/* a value without its padding */
	assert_false(hex_parses("0001 0004 2112a442 000000000000000000000000 8022 0001"));
	/* a value that says it is longer than everything */
	assert_false(hex_parses("0001 0004 2112a442 000000000000000000000000 8022 ffff"));
}

static void classes_and_methods_are_woven_as_rfc_8489_does(void **state)
{
	static const struct {
		uint16_t method, type[4];	/* by class */
	} rows[] = {
		{STUN_BINDING, {0x0001, 0x0011, 0x0101, 0x0111}},
		{STUN_ALLOCATE, {0x0003, 0x0013, 0x0103, 0x0113}},
		{STUN_SEND, {0x0006, 0x0016, 0x0106, 0x0116}},
		{0x00f, {0x000f, 0x001f, 0x010f, 0x011f}},
		{0x010, {0x0020, 0x0030, 0x0120, 0x0130}},
		{0x080, {0x0200, 0x0210, 0x0300, 0x0310}},
		{0xfff, {0x3eef, 0x3eff, 0x3fef, 0x3fff}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (enum stun_class class = STUN_REQUEST; class <= STUN_ERROR; class++) {
			struct writer w = writer_over(buffer, sizeof(buffer));
			struct stun_msg msg;

			stun_begin(&w, rows[i].method, class, id);
			assert_int_equal(load_be16(buffer), rows[i].type[class]);
			assert_true(stun_parse(&msg, stun_finish(&w)));
			assert_int_equal(msg.class, class);
			assert_int_equal(msg.method, rows[i].method);
		}
	}
}

static void the_first_of_two_attributes_counts(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;
	uint32_t v;

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put_u32(&w, ATTR_PRIORITY, 1);
	stun_put_u32(&w, ATTR_LIFETIME, 3);
	stun_put_u32(&w, ATTR_PRIORITY, 2);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_true(stun_get_u32(&msg, ATTR_PRIORITY, &v));
	assert_int_equal(v, 1);
	assert_int_equal(msg.count, 3);		/* all are there for who wants them */
}

/* A value of the wrong size is no value, and `out` stays as it was. */
static void numbers_have_exactly_their_size(void **state)
{
	struct stun_msg msg;
	uint32_t v = 7;
	uint64_t u = 7;
	struct bytes b = {0};

	(void)state;
	parse_hex(&msg, "0001 0018 2112a442 000000000000000000000000"
			"0024 0003 01020300 000d 0008 0102030405060708 0025 0000");
	assert_false(stun_get_u32(&msg, ATTR_PRIORITY, &v));
	assert_false(stun_get_u64(&msg, ATTR_PRIORITY, &u));
	assert_false(stun_get_u32(&msg, ATTR_LIFETIME, &v));
	assert_false(stun_get_u32(&msg, ATTR_CHANGE_REQUEST, &v));
	assert_false(stun_get_bytes(&msg, ATTR_DATA, &b));
	assert_int_equal(v, 7);
	assert_int_equal(u, 7);
	assert_true(stun_get_u64(&msg, ATTR_LIFETIME, &u));
	assert_int_equal(u, 0x0102030405060708);
	assert_true(stun_get_bytes(&msg, ATTR_USE_CANDIDATE, &b));
	assert_int_equal(b.len, 0);
}

static bool address_parses(const char *attr)
{
	char hex[200];
	struct stun_msg msg;
	struct endpoint e, before;

	snprintf(hex, sizeof(hex), "0101 %04zx 2112a442 000000000000000000000000 0001 %s",
		 (strlen(attr) - 1) / 2 + 2, attr);
	parse_hex(&msg, hex);
	memset(&e, 0x5a, sizeof(e));
	before = e;
	if (stun_get_address(&msg, ATTR_MAPPED_ADDRESS, &e))
		return true;
	assert_memory_equal(&e, &before, sizeof(e));
	return false;
}

static void an_address_has_a_family_and_its_size(void **state)
{
	(void)state;
	assert_true(address_parses("0008 00010203c0000201"));
	assert_true(address_parses("0008 ff010203c0000201"));	/* the first byte is ignored */
	assert_false(address_parses("0008 00000203c0000201"));
	assert_false(address_parses("0008 00030203c0000201"));
	assert_false(address_parses("0008 00020203c0000201"));	/* IPv6 of four bytes */
	assert_false(address_parses("0004 00010203"));
	assert_false(address_parses("000c 00010203c000020100000000"));
	assert_true(address_parses("0014 0002020320010db8000000000000000000000001"));
	assert_false(address_parses("0014 0001020320010db8000000000000000000000001"));
	assert_false(address_parses("0018 0002020320010db800000000000000000000000100000000"));
	assert_false(address_parses("0000 "));
}

static void a_mapped_ipv6_address_is_the_ipv4_that_it_is(void **state)
{
	struct stun_msg msg;
	struct endpoint e;

	(void)state;
	parse_hex(&msg, "0101 0018 2112a442 000000000000000000000000"
			"0001 0014 0002 0203 00000000000000000000ffffc0000201");
	assert_true(stun_get_address(&msg, ATTR_MAPPED_ADDRESS, &e));
	assert_endpoint(&e, "192.0.2.1:515");
}

static unsigned error_of(const char *value)
{
	char hex[200];
	struct stun_msg msg;
	unsigned code = 0;

	snprintf(hex, sizeof(hex), "0111 %04zx 2112a442 000000000000000000000000 0009 %s",
		 (strlen(value) - 1) / 2 + 2, value);
	parse_hex(&msg, hex);
	return stun_get_error(&msg, &code) ? code : 0;
}

static void an_error_code_is_a_class_and_a_number(void **state)
{
	struct stun_msg msg;
	unsigned code;

	(void)state;
	assert_int_equal(error_of("0004 00000401"), 401);
	assert_int_equal(error_of("0008 00000414 6e6f7065"), 420);	/* with a phrase */
	assert_int_equal(error_of("0004 fffffb00"), 300);	/* the bits above are reserved */
	assert_int_equal(error_of("0004 00000663"), 699);
	assert_int_equal(error_of("0004 00000200"), 0);
	assert_int_equal(error_of("0004 00000700"), 0);
	assert_int_equal(error_of("0004 00000464"), 0);
	assert_int_equal(error_of("0003 00000400"), 0);
	parse_hex(&msg, VECTOR_REQUEST);
	assert_false(stun_get_error(&msg, &code));
}

static void unknown_attributes_below_0x8000_are_listed_once(void **state)
{
	static const uint16_t understood[] = {ATTR_PRIORITY, ATTR_USERNAME};
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;
	uint16_t out[STUN_UNKNOWN_MAX];

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put_u32(&w, ATTR_PRIORITY, 1);
	stun_put_u32(&w, 0x7fff, 1);
	stun_put_u32(&w, 0x8000, 1);
	stun_put_u32(&w, 0xffff, 1);
	stun_put_u32(&w, 0x0000, 1);
	stun_put_u32(&w, 0x7fff, 2);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(stun_unknown(&msg, understood, 2, out), 2);
	assert_int_equal(out[0], 0x7fff);
	assert_int_equal(out[1], 0x0000);
	assert_int_equal(stun_unknown(&msg, understood, 0, out), 3);
}

static void of_many_unknown_attributes_the_first_eight_are_listed(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;
	uint16_t out[STUN_UNKNOWN_MAX];

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	for (uint16_t type = 0x7000; type < 0x7020; type++)
		stun_put_u32(&w, type, 0);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(stun_unknown(&msg, NULL, 0, out), STUN_UNKNOWN_MAX);
	assert_int_equal(out[STUN_UNKNOWN_MAX - 1], 0x7007);
}

static void more_attributes_than_there_is_place_for_are_refused(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	for (int i = 0; i < STUN_ATTRS_MAX; i++)
		stun_put(&w, ATTR_SOFTWARE, bytes_of("", 0));
	assert_true(parses(buffer, w.len));
	stun_put(&w, ATTR_SOFTWARE, bytes_of("", 0));
	assert_false(parses(buffer, w.len));
}

/* RFC 8489 sections 14.5 and 14.6. */
static void what_no_integrity_attribute_covers_is_left_out(void **state)
{
	static const uint8_t mac[32];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY, bytes_of(mac, 20));
	stun_put_u32(&w, ATTR_PRIORITY, 1);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY, bytes_of(mac, 20));
	stun_put(&w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, 32));
	stun_put_u32(&w, ATTR_LIFETIME, 1);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, 32));
	stun_put_u32(&w, ATTR_FINGERPRINT, 1);
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(msg.count, 3);
	assert_int_equal(msg.attrs[0].type, ATTR_MESSAGE_INTEGRITY);
	assert_int_equal(msg.attrs[1].type, ATTR_MESSAGE_INTEGRITY_SHA256);
	assert_int_equal(msg.attrs[2].type, ATTR_FINGERPRINT);
}

/* The older attribute is no good behind the newer one. */
static void sha1_behind_sha256_is_left_out(void **state)
{
	static const uint8_t mac[32];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct stun_msg msg;

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, 32));
	stun_put(&w, ATTR_MESSAGE_INTEGRITY, bytes_of(mac, 20));
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_int_equal(msg.count, 1);
}

static void nothing_may_follow_the_fingerprint(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put_u32(&w, ATTR_FINGERPRINT, 1);
	assert_true(parses(buffer, w.len));
	stun_put(&w, ATTR_SOFTWARE, bytes_of("", 0));
	assert_false(parses(buffer, w.len));
}

static void a_response_has_the_id_and_method_of_its_request(void **state)
{
	static const uint8_t other[STUN_ID_LEN];
	struct stun_msg msg = {.class = STUN_SUCCESS, .method = STUN_BINDING};

	(void)state;
	memcpy(msg.id, id, sizeof(id));
	assert_true(stun_is_response_to(&msg, STUN_BINDING, id));
	assert_false(stun_is_response_to(&msg, STUN_ALLOCATE, id));
	assert_false(stun_is_response_to(&msg, STUN_BINDING, other));
	msg.class = STUN_ERROR;
	assert_true(stun_is_response_to(&msg, STUN_BINDING, id));
	msg.class = STUN_REQUEST;
	assert_false(stun_is_response_to(&msg, STUN_BINDING, id));
	msg.class = STUN_INDICATION;
	assert_false(stun_is_response_to(&msg, STUN_BINDING, id));
}

/* -- writing ------------------------------------------------------------- */

static void what_is_written_reads_the_same(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct endpoint v4, v6, e;
	struct stun_msg msg;
	unsigned code;
	uint64_t u;

	(void)state;
	assert_true(endpoint_parse(&v4, "198.51.100.7:65535"));
	assert_true(endpoint_parse(&v6, "[2001:db8::ff]:1"));
	stun_begin(&w, STUN_CHANNEL_BIND, STUN_ERROR, id);
	stun_put_xor_address(&w, ATTR_XOR_PEER_ADDRESS, &v4);
	stun_put_xor_address(&w, ATTR_XOR_RELAYED_ADDRESS, &v6);
	stun_put_address(&w, ATTR_ALTERNATE_SERVER, &v4);
	stun_put_address(&w, ATTR_OTHER_ADDRESS, &v6);
	stun_put_error(&w, STUN_ROLE_CONFLICT);
	stun_put_u64(&w, ATTR_ICE_CONTROLLING, UINT64_MAX);
	stun_put(&w, ATTR_REALM, bytes_of("abcde", 5));
	assert_true(stun_parse(&msg, stun_finish(&w)));
	assert_memory_equal(msg.id, id, sizeof(id));
	assert_true(stun_get_xor_address(&msg, ATTR_XOR_PEER_ADDRESS, &e) && endpoint_equal(&e, &v4));
	assert_true(stun_get_xor_address(&msg, ATTR_XOR_RELAYED_ADDRESS, &e) && endpoint_equal(&e, &v6));
	assert_true(stun_get_address(&msg, ATTR_ALTERNATE_SERVER, &e) && endpoint_equal(&e, &v4));
	assert_true(stun_get_address(&msg, ATTR_OTHER_ADDRESS, &e) && endpoint_equal(&e, &v6));
	assert_true(stun_get_error(&msg, &code));
	assert_int_equal(code, 487);
	assert_true(stun_get_u64(&msg, ATTR_ICE_CONTROLLING, &u));
	assert_true(u == UINT64_MAX);
	assert_text(&msg, ATTR_REALM, "abcde");
}

static void padding_is_written_as_zeroes(void **state)
{
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	memset(buffer, 0xee, sizeof(buffer));
	stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
	stun_put(&w, ATTR_SOFTWARE, bytes_of("a", 1));
	assert_int_equal(w.len, STUN_HEADER_LEN + 8);
	assert_memory_equal(buffer + STUN_HEADER_LEN, "\x80\x22\x00\x01" "a\0\0\0", 8);
	assert_int_equal(load_be16(buffer + 2), 8);
}

static void unknown_attributes_are_written_two_bytes_each(void **state)
{
	static const uint16_t types[] = {0x0002, 0x7fff, 0x0100};
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	stun_begin(&w, STUN_BINDING, STUN_ERROR, id);
	stun_put_error(&w, STUN_UNKNOWN_ATTRIBUTE);
	stun_put_unknown(&w, types, 3);
	assert_int_equal(w.len, STUN_HEADER_LEN + 20);
	assert_memory_equal(buffer + STUN_HEADER_LEN,
			    "\x00\x09\x00\x04\x00\x00\x04\x14"
			    "\x00\x0a\x00\x06\x00\x02\x7f\xff\x01\x00\x00\x00", 20);
}

static void a_message_that_does_not_fit_is_none(void **state)
{
	struct endpoint e;

	(void)state;
	assert_true(endpoint_parse(&e, "[2001:db8::ff]:1"));
	for (size_t cap = 0; cap < 70; cap++) {
		uint8_t *small = malloc(cap ? cap : 1);
		struct writer w = writer_over(small, cap);

		assert_non_null(small);
		stun_begin(&w, STUN_BINDING, STUN_SUCCESS, id);
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &e);
		stun_put(&w, ATTR_SOFTWARE, bytes_of("abcde", 5));
		stun_put_u32(&w, ATTR_LIFETIME, 1);
		assert_int_equal(stun_finish(&w).len, cap >= 64 ? 64 : 0);
		free(small);
	}
}

static void a_value_or_message_over_64_kib_is_none(void **state)
{
	static uint8_t big[140000], value[65536];
	struct writer w = writer_over(big, sizeof(big));

	(void)state;
	stun_begin(&w, STUN_SEND, STUN_INDICATION, id);
	stun_put(&w, ATTR_DATA, bytes_of(value, sizeof(value)));
	assert_int_equal(stun_finish(&w).len, 0);
	w = writer_over(big, sizeof(big));
	stun_begin(&w, STUN_SEND, STUN_INDICATION, id);
	stun_put(&w, ATTR_DATA, bytes_of(value, 65528));
	assert_int_equal(stun_finish(&w).len, 65552);
	stun_put(&w, ATTR_DATA, bytes_of(value, 0));
	assert_int_equal(stun_finish(&w).len, 0);
}

static void a_message_is_padded_to_a_length(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 512; len += 4) {
		struct writer w = writer_over(buffer, sizeof(buffer));
		size_t want = len <= 28 ? 28 : len < 32 ? 32 : len;

		stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
		stun_put_u32(&w, ATTR_CHANGE_REQUEST, 0);
		stun_pad(&w, len);
		assert_int_equal(stun_finish(&w).len, want);
		assert_true(parses(buffer, w.len));
	}
}

/* From their fields, byte for byte; the request pads with spaces, so it is read
 * only. What comes before the integrity attribute, that is. */
static void the_vectors_are_written_as_printed(void **state)
{
	uint8_t want[256];
	struct stun_msg msg;
	struct endpoint e;

	(void)state;
	for (size_t v = 1; v < VECTORS; v++) {
		size_t len = from_hex(want, sizeof(want), vectors[v]);
		struct writer w = writer_over(buffer, sizeof(buffer));
		bool pads_with_spaces = v < 3;

		assert_true(stun_parse(&msg, bytes_of(want, len)));
		stun_begin(&w, msg.method, msg.class, msg.id);
		for (unsigned i = 0; i < msg.count; i++) {
			const struct stun_attr *a = &msg.attrs[i];

			if (a->type == ATTR_XOR_MAPPED_ADDRESS) {
				assert_true(stun_read_xor_address(&msg, a, &e));
				stun_put_xor_address(&w, a->type, &e);
			} else {
				stun_put(&w, a->type, a->value);
			}
		}
		if (pads_with_spaces)
			buffer[STUN_HEADER_LEN + 4 + 11] = ' ';
		assert_int_equal(w.len, len);
		assert_memory_equal(buffer, want, len);
	}
}

static void noise_with_a_good_header_does_no_harm(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 20000; i++) {
		size_t len = STUN_HEADER_LEN + 4 * rng_below(&rng, 40);

		rng.fill(&rng, buffer, len);
		buffer[0] &= 0x3f;
		store_be16(buffer + 2, (uint16_t)(len - STUN_HEADER_LEN));
		store_be32(buffer + 4, STUN_COOKIE);
		for (size_t at = STUN_HEADER_LEN; at + 4 <= len; at += 8)
			buffer[at + 2] = 0;
		parses(buffer, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_of_rfc_5769_has_what_it_says),
		cmocka_unit_test(the_responses_of_rfc_5769_hold_their_addresses),
		cmocka_unit_test(the_long_term_vectors_hold_their_texts),
		cmocka_unit_test(every_truncation_and_every_surplus_byte_is_refused),
		cmocka_unit_test(an_attribute_that_leaves_the_message_is_refused),
		cmocka_unit_test(what_is_not_stun_is_refused),
		cmocka_unit_test(classes_and_methods_are_woven_as_rfc_8489_does),
		cmocka_unit_test(the_first_of_two_attributes_counts),
		cmocka_unit_test(numbers_have_exactly_their_size),
		cmocka_unit_test(an_address_has_a_family_and_its_size),
		cmocka_unit_test(a_mapped_ipv6_address_is_the_ipv4_that_it_is),
		cmocka_unit_test(an_error_code_is_a_class_and_a_number),
		cmocka_unit_test(unknown_attributes_below_0x8000_are_listed_once),
		cmocka_unit_test(of_many_unknown_attributes_the_first_eight_are_listed),
		cmocka_unit_test(more_attributes_than_there_is_place_for_are_refused),
		cmocka_unit_test(what_no_integrity_attribute_covers_is_left_out),
		cmocka_unit_test(sha1_behind_sha256_is_left_out),
		cmocka_unit_test(nothing_may_follow_the_fingerprint),
		cmocka_unit_test(a_response_has_the_id_and_method_of_its_request),
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(padding_is_written_as_zeroes),
		cmocka_unit_test(unknown_attributes_are_written_two_bytes_each),
		cmocka_unit_test(a_message_that_does_not_fit_is_none),
		cmocka_unit_test(a_value_or_message_over_64_kib_is_none),
		cmocka_unit_test(a_message_is_padded_to_a_length),
		cmocka_unit_test(the_vectors_are_written_as_printed),
		cmocka_unit_test(noise_with_a_good_header_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
