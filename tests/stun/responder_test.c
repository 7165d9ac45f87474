/* responder_test.c -- what is answered, with what, and how much at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "crypto/crypto.h"
#include "rfc5769.h"
#include "stun/integrity.h"
#include "stun/responder.h"
#include "vectors.h"

static const uint8_t id[STUN_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static struct responder responder;
static uint8_t request[512], answer[RESPONDER_ANSWER_MAX];

static int ready(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

static int fresh(void **state)
{
	(void)state;
	responder_init(&responder, 42);
	return 0;
}

static struct endpoint ep(const char *text)
{
	struct endpoint e;

	assert_true(endpoint_parse(&e, text));
	return e;
}

/* The last answer. */
static struct {
	bool given;
	size_t len;
	struct endpoint source;
	struct stun_msg msg;
} got;

static bool ask(msec now, const char *from, const char *to, struct bytes datagram)
{
	struct writer w = writer_over(answer, sizeof(answer));
	struct endpoint f = ep(from), t = ep(to);

	memset(&got, 0, sizeof(got));
	got.given = responder_feed(&responder, now, &f, &t, datagram, &w, &got.source);
	got.len = got.given ? w.len : 0;
	if (got.given)
		assert_true(stun_parse(&got.msg, stun_finish(&w)));
	return got.given;
}

static struct writer begin(uint16_t method, enum stun_class class)
{
	struct writer w = writer_over(request, sizeof(request));

	stun_begin(&w, method, class, id);
	return w;
}

static struct bytes bare(void)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);

	return stun_finish(&w);
}

static struct bytes padded(size_t len)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);

	stun_pad(&w, len);
	assert_int_equal(w.len, len);
	return stun_finish(&w);
}

static void assert_mapped(const char *text)
{
	struct endpoint e;
	char out[ENDPOINT_TEXT];

	assert_int_equal(got.msg.class, STUN_SUCCESS);
	assert_int_equal(got.msg.method, STUN_BINDING);
	assert_memory_equal(got.msg.id, id, sizeof(id));
	assert_true(stun_get_xor_address(&got.msg, ATTR_XOR_MAPPED_ADDRESS, &e));
	assert_string_equal(endpoint_format(out, &e), text);
}

#define US "192.0.2.1:3478"

static void a_request_is_answered_with_where_it_came_from(void **state)
{
	struct endpoint us = ep(US);

	(void)state;
	assert_true(ask(0, "198.51.100.7:1234", US, bare()));
	assert_mapped("198.51.100.7:1234");
	assert_int_equal(got.len, 32);
	assert_int_equal(got.msg.count, 1);
	assert_true(endpoint_equal(&got.source, &us));
	assert_true(ask(0, "[2001:db8::7]:1234", "[2001:db8::1]:3478", bare()));
	assert_mapped("[2001:db8::7]:1234");
	assert_int_equal(got.len, 44);
}

static void a_fingerprint_is_answered_with_a_fingerprint(void **state)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);

	(void)state;
	stun_put_fingerprint(&w);
	assert_true(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	assert_true(stun_check_fingerprint(&got.msg));
	request[w.len - 1] ^= 1;
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
}

static void unknown_attributes_are_answered_with_420(void **state)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);
	struct bytes types;
	unsigned code;

	(void)state;
	stun_put_u32(&w, 0x7001, 0);
	stun_put_u32(&w, ATTR_CHANGE_REQUEST, 0);	/* we have one address only */
	stun_put_u32(&w, 0xf001, 0);
	assert_true(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	assert_int_equal(got.msg.class, STUN_ERROR);
	assert_true(stun_get_error(&got.msg, &code));
	assert_int_equal(code, 420);
	assert_true(stun_get_bytes(&got.msg, ATTR_UNKNOWN_ATTRIBUTES, &types));
	assert_int_equal(types.len, 4);
	assert_memory_equal(types.data, "\x70\x01\x00\x03", 4);
}

/* Optional ones are ignored, and the second of a kind too. */
static void optional_attributes_are_ignored(void **state)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);

	(void)state;
	stun_put_u32(&w, 0xf001, 0);
	stun_put(&w, ATTR_SOFTWARE, bytes_of("x", 1));
	stun_put(&w, ATTR_SOFTWARE, bytes_of("y", 1));
	assert_true(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	assert_mapped("198.51.100.7:1234");
}

static void everything_but_a_binding_request_is_met_with_silence(void **state)
{
	static const uint8_t mac[32];
	struct writer w;

	(void)state;
	for (enum stun_class class = STUN_INDICATION; class <= STUN_ERROR; class++) {
		w = begin(STUN_BINDING, class);
		assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	}
	w = begin(STUN_ALLOCATE, STUN_REQUEST);
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	w = begin(0x123, STUN_REQUEST);
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));

	/* ICE checks, whoever they are for */
	w = begin(STUN_BINDING, STUN_REQUEST);
	stun_put(&w, ATTR_USERNAME, bytes_of("a:b", 3));
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	w = begin(STUN_BINDING, STUN_REQUEST);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY, bytes_of(mac, 20));
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	w = begin(STUN_BINDING, STUN_REQUEST);
	stun_put(&w, ATTR_MESSAGE_INTEGRITY_SHA256, bytes_of(mac, 32));
	assert_false(ask(0, "198.51.100.7:1234", US, stun_finish(&w)));
	assert_false(ask(0, "198.51.100.7:1234", US,
			 bytes_of(request, from_hex(request, sizeof(request), VECTOR_REQUEST))));

	assert_false(ask(0, "198.51.100.7:1234", US, bytes_of(request, 0)));
	assert_false(ask(0, "198.51.100.7:1234", US, bytes_of(bare().data, 19)));
	assert_true(ask(0, "198.51.100.7:1234", US, bare()));
}

static void a_source_that_cannot_be_answered_is_met_with_silence(void **state)
{
	struct endpoint none = {0}, us = ep(US), source;
	struct writer w = writer_over(answer, sizeof(answer));
	struct endpoint port_zero = {.ip = ip_v4(192, 0, 2, 9)};

	(void)state;
	assert_false(ask(0, "0.0.0.0:1", US, bare()));
	assert_false(ask(0, "[::]:1", US, bare()));
	assert_false(ask(0, "224.0.0.1:1", US, bare()));
	assert_false(ask(0, "[ff02::1]:1", US, bare()));
	assert_false(responder_feed(&responder, 0, &none, &us, bare(), &w, &source));
	assert_false(responder_feed(&responder, 0, &port_zero, &us, bare(), &w, &source));
}

/* -- limits -------------------------------------------------------------- */

static unsigned answers(msec now, const char *from, struct bytes datagram, unsigned times)
{
	unsigned n = 0;

	while (times--)
		n += ask(now, from, US, datagram);
	return n;
}

static void short_requests_get_20_answers_per_second(void **state)
{
	(void)state;
	assert_int_equal(answers(1000, "198.51.100.7:1", bare(), 100), 20);
	assert_int_equal(answers(1049, "198.51.100.7:1", bare(), 100), 0);
	assert_int_equal(answers(1050, "198.51.100.7:1", bare(), 100), 1);
	assert_int_equal(answers(900, "198.51.100.7:1", bare(), 100), 0);	/* a clock that steps back */
	assert_int_equal(answers(2050, "198.51.100.7:1", bare(), 100), 20);
	assert_int_equal(answers(1000000, "198.51.100.7:1", bare(), 100), 20);
}

static void the_budget_is_shared_by_a_24_or_a_56(void **state)
{
	(void)state;
	assert_int_equal(answers(0, "198.51.100.7:1", bare(), 30), 20);
	assert_int_equal(answers(0, "198.51.100.255:9", bare(), 30), 0);
	assert_int_equal(answers(0, "198.51.101.7:1", bare(), 30), 20);
	assert_int_equal(answers(0, "[2001:db8:1:100::1]:1", bare(), 30), 20);
	assert_int_equal(answers(0, "[2001:db8:1:1ff:ffff::1]:1", bare(), 30), 0);
	assert_int_equal(answers(0, "[2001:db8:1:200::1]:1", bare(), 30), 20);
}

static void errors_draw_on_the_same_budget(void **state)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);
	uint8_t copy[64];

	(void)state;
	stun_put(&w, 0x7001, bytes_of("", 0));
	memcpy(copy, request, w.len);
	assert_int_equal(answers(0, "198.51.100.7:1", bytes_of(copy, w.len), 30), 20);
	assert_int_equal(answers(0, "198.51.100.7:1", bare(), 30), 0);
}

/* 32 to 47 bytes are short, but an answer of 32 is no larger. */
static void an_answer_no_larger_than_its_request_is_free(void **state)
{
	(void)state;
	assert_int_equal(answers(0, "198.51.100.7:1", bare(), 30), 20);
	assert_int_equal(answers(0, "198.51.100.7:1", padded(32), 100), 100);
	assert_int_equal(answers(0, "198.51.100.7:1", padded(28), 100), 0);
	assert_int_equal(answers(0, "[2001:db8::1]:1", padded(40), 100), 20);
	assert_int_equal(answers(0, "[2001:db8::1]:1", padded(44), 100), 100);
}

static void long_requests_are_always_answered_and_never_with_more(void **state)
{
	static const char *const from[] = {"198.51.100.7:1", "[2001:db8::7]:1"};
	static const char *const to[] = {"192.0.2.1:3478", "[2001:db8::1]:3478"};
	static const char *const other[] = {"192.0.2.2:3479", "[2001:db8::2]:3479"};

	(void)state;
	for (size_t family = 0; family < 2; family++) {
		struct endpoint a = ep(to[family]), b = ep(other[family]);

		responder_set_other(&responder, &a, &b);
		for (size_t len = 48; len <= 120; len += 4) {
			for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
				struct writer w = begin(STUN_BINDING, STUN_REQUEST);

				stun_pad(&w, fingerprint ? len - 8 : len);
				if (fingerprint)
					stun_put_fingerprint(&w);
				assert_int_equal(w.len, len);
				for (int i = 0; i < 50; i++) {
					assert_true(ask(0, from[family], to[family], stun_finish(&w)));
					assert_true(got.len <= len);
					assert_mapped(from[family]);
				}
			}
		}
	}
}

/* Of eight unknown attributes and a fingerprint too. */
static void long_requests_get_no_more_in_errors_either(void **state)
{
	(void)state;
	for (uint16_t n = 7; n < 20; n++) {
		struct writer w = begin(STUN_BINDING, STUN_REQUEST);

		for (uint16_t i = 0; i < n; i++)
			stun_put(&w, (uint16_t)(0x7000 + i), bytes_of("", 0));
		assert_true(w.len >= RESPONDER_FREE_LEN);
		for (int i = 0; i < 50; i++) {
			assert_true(ask(0, "198.51.100.7:1", US, stun_finish(&w)));
			assert_true(got.len <= w.len);
			assert_int_equal(got.msg.class, STUN_ERROR);
		}
	}
}

/* Forged sources fill the table; a prefix whose budget is spent does not get a
 * new one for that, and the whole table gives what it has and no more. */
static void a_flood_of_prefixes_buys_nobody_a_second_budget(void **state)
{
	unsigned given = 0, to_victim;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	assert_int_equal(answers(0, "198.51.100.7:1", bare(), 100), 20);
	for (int i = 0; i < 60000; i++) {
		struct endpoint from = {.ip = ip_v4(10, 0, 0, 1), .port = 1}, us = ep(US), source;
		struct writer w = writer_over(answer, sizeof(answer));

		rng.fill(&rng, from.ip.bytes + 1, 2);
		given += responder_feed(&responder, 0, &from, &us, bare(), &w, &source);
	}
	to_victim = answers(0, "198.51.100.7:1", bare(), 100);
	assert_int_equal(to_victim, 0);
	assert_true(given <= RESPONDER_SETS * RESPONDER_WAYS * RESPONDER_RATE);
	/* Whoever asks with 48 bytes does not notice, and all is well a second later. */
	assert_true(ask(0, "203.0.113.5:1", US, padded(48)));
	assert_true(ask(1000, "203.0.113.5:1", US, bare()));
}

/* -- RFC 5780 ------------------------------------------------------------ */

#define A_P "192.0.2.1:3478"
#define A_Q "192.0.2.1:3479"
#define B_P "192.0.2.2:3478"
#define B_Q "192.0.2.2:3479"

static void two_addresses(void)
{
	struct endpoint primary = ep(A_P), other = ep(B_Q);

	responder_set_other(&responder, &primary, &other);
}

static void assert_address(uint16_t type, const char *text)
{
	struct endpoint e;
	char out[ENDPOINT_TEXT];

	assert_true(stun_get_address(&got.msg, type, &e));
	assert_string_equal(endpoint_format(out, &e), text);
}

/* The table of section 6.1, from each of the four sockets. */
static void change_request_moves_the_answer(void **state)
{
	static const struct {
		const char *to;
		uint32_t flags;
		const char *origin, *other;
	} rows[] = {
		{A_P, 0, A_P, B_Q}, {A_P, 2, A_Q, B_Q}, {A_P, 4, B_P, B_Q}, {A_P, 6, B_Q, B_Q},
		{A_Q, 0, A_Q, B_P}, {A_Q, 2, A_P, B_P}, {A_Q, 4, B_Q, B_P}, {A_Q, 6, B_P, B_P},
		{B_P, 0, B_P, A_Q}, {B_P, 2, B_Q, A_Q}, {B_P, 4, A_P, A_Q}, {B_P, 6, A_Q, A_Q},
		{B_Q, 0, B_Q, A_P}, {B_Q, 2, B_P, A_P}, {B_Q, 4, A_Q, A_P}, {B_Q, 6, A_P, A_P},
	};

	(void)state;
	two_addresses();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct writer w = begin(STUN_BINDING, STUN_REQUEST);
		struct endpoint origin = ep(rows[i].origin);

		stun_put_u32(&w, ATTR_CHANGE_REQUEST, rows[i].flags);
		assert_true(ask(0, "198.51.100.7:1", rows[i].to, stun_finish(&w)));
		assert_mapped("198.51.100.7:1");
		assert_true(endpoint_equal(&got.source, &origin));
		assert_address(ATTR_RESPONSE_ORIGIN, rows[i].origin);
		assert_address(ATTR_OTHER_ADDRESS, rows[i].other);
	}
}

static void a_bare_request_learns_of_the_other_address(void **state)
{
	(void)state;
	two_addresses();
	assert_true(ask(0, "198.51.100.7:1", A_P, bare()));
	assert_address(ATTR_OTHER_ADDRESS, B_Q);
	assert_int_equal(got.len, 56);
}

static void what_does_not_fit_is_left_out_of_the_answer(void **state)
{
	(void)state;
	two_addresses();
	assert_true(ask(0, "198.51.100.7:1", A_P, padded(52)));
	assert_int_equal(got.len, 32);
	assert_null(stun_find(&got.msg, ATTR_OTHER_ADDRESS));
	assert_true(ask(0, "198.51.100.7:1", A_P, padded(56)));
	assert_int_equal(got.len, 56);
}

/* A socket that is none of the four says nothing about them. */
static void a_fifth_socket_has_no_other_address(void **state)
{
	struct writer w;

	(void)state;
	two_addresses();
	assert_true(ask(0, "198.51.100.7:1", "192.0.2.3:3478", bare()));
	assert_null(stun_find(&got.msg, ATTR_OTHER_ADDRESS));
	w = begin(STUN_BINDING, STUN_REQUEST);
	stun_put_u32(&w, ATTR_CHANGE_REQUEST, 6);
	assert_true(ask(0, "198.51.100.7:1", "192.0.2.3:3478", stun_finish(&w)));
	assert_int_equal(got.msg.class, STUN_ERROR);
}

static void response_port_and_padding_are_refused(void **state)
{
	static const uint16_t types[] = {ATTR_RESPONSE_PORT, ATTR_PADDING};

	(void)state;
	two_addresses();
	for (size_t i = 0; i < 2; i++) {
		struct writer w = begin(STUN_BINDING, STUN_REQUEST);
		struct endpoint us = ep(A_P);

		stun_put_u32(&w, types[i], 53 << 16);
		stun_put_u32(&w, ATTR_CHANGE_REQUEST, 6);
		assert_true(ask(0, "198.51.100.7:1", A_P, stun_finish(&w)));
		assert_int_equal(got.msg.class, STUN_ERROR);
		assert_true(endpoint_equal(&got.source, &us));
	}
}

static void a_second_address_must_differ_in_both(void **state)
{
	static const char *const others[] = {A_P, A_Q, B_P, "[2001:db8::1]:3479"};
	struct endpoint primary = ep(A_P), none = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct endpoint other = ep(others[i]);

		responder_set_other(&responder, &primary, &other);
		assert_true(ask(0, "198.51.100.7:1", A_P, bare()));
		assert_null(stun_find(&got.msg, ATTR_OTHER_ADDRESS));
	}
	responder_set_other(&responder, &none, &none);
	assert_int_equal(responder.sockets, RESPONDER_ONE_SOCKET);
}

static bool ask_to_change(uint32_t flags, const char *to)
{
	struct writer w = begin(STUN_BINDING, STUN_REQUEST);

	stun_put_u32(&w, ATTR_CHANGE_REQUEST, flags);
	return ask(0, "198.51.100.7:1", to, stun_finish(&w));
}

/* At whichever of its addresses it was asked. */
static void two_ports_of_one_address_stand_in_for_each_other(void **state)
{
	static const struct {
		const char *to;
		uint32_t flags;
		const char *origin, *other;
	} rows[] = {
		{A_P, 0, A_P, A_Q}, {A_P, 2, A_Q, A_Q}, {A_Q, 0, A_Q, A_P}, {A_Q, 2, A_P, A_P},
		{B_P, 0, B_P, B_Q}, {B_P, 2, B_Q, B_Q},
	};

	(void)state;
	responder_set_two_ports(&responder, 3478, 3479);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct endpoint origin = ep(rows[i].origin);

		assert_true(ask_to_change(rows[i].flags, rows[i].to));
		assert_mapped("198.51.100.7:1");
		assert_true(endpoint_equal(&got.source, &origin));
		assert_address(ATTR_RESPONSE_ORIGIN, rows[i].origin);
		assert_address(ATTR_OTHER_ADDRESS, rows[i].other);
	}
}

static void an_address_that_there_is_not_cannot_be_changed_to(void **state)
{
	struct endpoint asked = ep(A_P);
	struct bytes types;

	(void)state;
	responder_set_two_ports(&responder, 3478, 3479);
	for (uint32_t flags = 4; flags <= 6; flags += 2) {
		assert_true(ask_to_change(flags, A_P));
		assert_int_equal(got.msg.class, STUN_ERROR);
		assert_true(stun_get_bytes(&got.msg, ATTR_UNKNOWN_ATTRIBUTES, &types));
		assert_int_equal(types.len, 2);
		assert_memory_equal(types.data, "\x00\x03", 2);
		assert_true(endpoint_equal(&got.source, &asked));
	}
}

static void a_second_port_must_be_another_one(void **state)
{
	(void)state;
	responder_set_two_ports(&responder, 3478, 3478);
	assert_true(ask(0, "198.51.100.7:1", A_P, bare()));
	assert_null(stun_find(&got.msg, ATTR_OTHER_ADDRESS));
	responder_set_two_ports(&responder, 3478, 3479);
	assert_true(ask(0, "198.51.100.7:1", "192.0.2.1:3480", bare()));
	assert_null(stun_find(&got.msg, ATTR_OTHER_ADDRESS));
}

static void two_ports_give_no_more_than_they_get(void **state)
{
	(void)state;
	responder_set_two_ports(&responder, 3478, 3479);
	for (size_t len = RESPONDER_FREE_LEN; len < 80; len += 4) {
		assert_true(ask(0, "198.51.100.7:1", A_P, padded(len)));
		assert_true(got.len <= len);
	}
}

int main(void)
{
#define fresh_test(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		fresh_test(a_request_is_answered_with_where_it_came_from),
		fresh_test(a_fingerprint_is_answered_with_a_fingerprint),
		fresh_test(unknown_attributes_are_answered_with_420),
		fresh_test(optional_attributes_are_ignored),
		fresh_test(everything_but_a_binding_request_is_met_with_silence),
		fresh_test(a_source_that_cannot_be_answered_is_met_with_silence),
		fresh_test(short_requests_get_20_answers_per_second),
		fresh_test(the_budget_is_shared_by_a_24_or_a_56),
		fresh_test(errors_draw_on_the_same_budget),
		fresh_test(an_answer_no_larger_than_its_request_is_free),
		fresh_test(long_requests_are_always_answered_and_never_with_more),
		fresh_test(long_requests_get_no_more_in_errors_either),
		fresh_test(a_flood_of_prefixes_buys_nobody_a_second_budget),
		fresh_test(change_request_moves_the_answer),
		fresh_test(a_bare_request_learns_of_the_other_address),
		fresh_test(what_does_not_fit_is_left_out_of_the_answer),
		fresh_test(a_fifth_socket_has_no_other_address),
		fresh_test(response_port_and_padding_are_refused),
		fresh_test(a_second_address_must_differ_in_both),
		fresh_test(two_ports_of_one_address_stand_in_for_each_other),
		fresh_test(an_address_that_there_is_not_cannot_be_changed_to),
		fresh_test(a_second_port_must_be_another_one),
		fresh_test(two_ports_give_no_more_than_they_get),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
