/* binding_test.c -- several servers asked at once, with answers good, bad and lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/crypto.h"
#include "stun/binding.h"
#include "stun/integrity.h"
#include "stun/responder.h"

enum { SERVERS = 3 };

static struct rng rng;
static struct endpoint servers[SERVERS], mapped;

static int ready(void **state)
{
	(void)state;
	rng_seed(&rng, 1);
	return crypto_init() && endpoint_parse(&servers[0], "192.0.2.1:3478") &&
	       endpoint_parse(&servers[1], "198.51.100.1:3478") &&
	       endpoint_parse(&servers[2], "203.0.113.1:19302") &&
	       endpoint_parse(&mapped, "100.64.7.7:41999") ? 0 : -1;
}

/* What was sent, and by which transaction. */
struct sent {
	uint8_t data[256];
	size_t len;
	struct endpoint to;
	struct stun_msg msg;
};

static bool poll(struct binding *b, struct sent *s)
{
	struct writer w = writer_over(s->data, sizeof(s->data));

	if (!binding_poll(b, &w, &s->to))
		return false;
	s->len = stun_finish(&w).len;
	assert_true(stun_parse(&s->msg, bytes_of(s->data, s->len)));
	return true;
}

/* One server, asked; the request is in `s`. */
static void ask_one(struct binding *b, struct sent *s)
{
	binding_start(b, servers, 1, &transaction_udp, &rng, 0);
	assert_true(poll(b, s));
}

/* A success response with that much in it, to be finished and fed. */
static struct writer response_to(const struct sent *s, uint8_t out[static 256], enum stun_class class)
{
	struct writer w = writer_over(out, 256);

	stun_begin(&w, STUN_BINDING, class, s->msg.id);
	return w;
}

static bool feed(struct binding *b, msec now, const struct endpoint *from, const struct writer *w)
{
	return binding_feed(b, now, from, stun_finish(w));
}

static void a_request_is_as_long_as_any_answer_to_it(void **state)
{
	static struct responder responder;
	struct endpoint client, server, other, source;
	struct binding b;
	struct sent s;
	uint8_t out[RESPONDER_ANSWER_MAX];
	struct writer w = writer_over(out, sizeof(out));

	(void)state;
	assert_true(endpoint_parse(&client, "[2001:db8::1]:1") &&
		    endpoint_parse(&server, "[2001:db8::2]:3478") &&
		    endpoint_parse(&other, "[2001:db8::3]:3479"));
	ask_one(&b, &s);
	assert_int_equal(s.len, BINDING_REQUEST_LEN);
	assert_int_equal(s.msg.method, STUN_BINDING);
	assert_int_equal(s.msg.class, STUN_REQUEST);
	assert_int_equal(stun_unknown(&s.msg, NULL, 0, (uint16_t[STUN_UNKNOWN_MAX]){0}), 0);
	responder_init(&responder, 1);
	responder_set_other(&responder, &server, &other);
	assert_true(responder_feed(&responder, 0, &client, &server, bytes_of(s.data, s.len), &w,
				   &source));
	assert_int_equal(w.len, s.len);
}

static void several_servers_are_asked_5_ms_apart(void **state)
{
	struct binding b;
	struct sent s;

	(void)state;
	binding_start(&b, servers, SERVERS, &transaction_udp, &rng, 100);
	for (size_t i = 0; i < SERVERS; i++) {
		assert_true(poll(&b, &s));
		assert_true(endpoint_equal(&s.to, &servers[i]));
		assert_false(poll(&b, &s));
		binding_tick(&b, 100 + 5 * (msec)(i + 1));
	}
	assert_false(poll(&b, &s));
	assert_int_equal(binding_due(&b), 600);
}

static void one_more_waits_for_its_turn_and_then_for_none(void **state)
{
	struct binding b = {.count = 0};
	struct sent s;

	(void)state;
	assert_true(binding_add(&b, &servers[0], &transaction_udp, &rng, 100));
	assert_true(binding_add(&b, &servers[1], &transaction_udp, &rng, 100));
	assert_true(poll(&b, &s) && endpoint_equal(&s.to, &servers[0]));
	assert_false(poll(&b, &s));
	binding_tick(&b, 100 + BINDING_PACE);
	assert_true(poll(&b, &s) && endpoint_equal(&s.to, &servers[1]));
	assert_true(binding_add(&b, &servers[2], &transaction_udp, &rng, 300));
	assert_true(poll(&b, &s) && endpoint_equal(&s.to, &servers[2]));
	assert_int_equal(binding_due(&b), 600);
	for (size_t i = b.count; i < BINDING_SERVERS_MAX; i++)
		assert_true(binding_add(&b, &servers[2], &transaction_udp, &rng, 300));
	assert_false(binding_add(&b, &servers[2], &transaction_udp, &rng, 300));
}

static void more_servers_than_it_takes_are_left_out(void **state)
{
	struct endpoint many[BINDING_SERVERS_MAX + 1];
	struct binding b;

	(void)state;
	for (size_t i = 0; i <= BINDING_SERVERS_MAX; i++)
		many[i] = servers[0];
	binding_start(&b, many, BINDING_SERVERS_MAX + 1, &transaction_udp, &rng, 0);
	assert_int_equal(b.count, BINDING_SERVERS_MAX);
	binding_start(&b, many, 0, &transaction_udp, &rng, 0);
	assert_true(binding_due(&b) == NEVER);
}

static void a_retransmission_has_the_same_bytes(void **state)
{
	struct binding b;
	struct sent first, again;

	(void)state;
	ask_one(&b, &first);
	binding_tick(&b, 500);
	assert_true(poll(&b, &again));
	assert_int_equal(first.len, again.len);
	assert_memory_equal(first.data, again.data, first.len);
}

static void an_answer_tells_the_mapped_address_and_the_round_trip(void **state)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	stun_put_address(&w, ATTR_OTHER_ADDRESS, &servers[1]);
	stun_put_fingerprint(&w);
	assert_true(feed(&b, 33, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_DONE);
	assert_true(endpoint_equal(&b.queries[0].mapped, &mapped));
	assert_true(endpoint_equal(&b.queries[0].other, &servers[1]));
	assert_int_equal(b.queries[0].rtt, 33);
	assert_true(binding_due(&b) == NEVER);
	assert_false(feed(&b, 34, &servers[0], &w));		/* a second copy */
}

static void an_answer_from_elsewhere_or_to_nothing_is_not_ours(void **state)
{
	static const uint8_t junk[] = {1, 2, 3};
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	assert_false(feed(&b, 1, &servers[1], &w));
	out[19] ^= 1;
	assert_false(feed(&b, 1, &servers[0], &w));
	assert_false(binding_feed(&b, 1, &servers[0], bytes_of(junk, sizeof(junk))));
	assert_false(binding_feed(&b, 1, &servers[0], bytes_of(s.data, s.len)));
	assert_int_equal(b.queries[0].result, BINDING_PENDING);
}

static void an_answer_with_a_wrong_fingerprint_is_dropped(void **state)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	stun_put_fingerprint(&w);
	out[w.len - 1] ^= 1;
	assert_false(feed(&b, 1, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_PENDING);
}

static enum binding_result result_of_mapped(const char *text)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;
	struct endpoint e;

	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	if (text) {
		assert_true(endpoint_parse(&e, text));
		if (e.port == 9)
			e.port = 0;
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &e);
	}
	assert_true(feed(&b, 1, &servers[0], &w));
	return b.queries[0].result;
}

static void an_address_that_nothing_comes_from_is_useless(void **state)
{
	(void)state;
	assert_int_equal(result_of_mapped("192.0.2.7:1"), BINDING_DONE);
	assert_int_equal(result_of_mapped("[2001:db8::7]:1"), BINDING_DONE);
	assert_int_equal(result_of_mapped("192.0.2.7:9"), BINDING_USELESS);	/* port 0 */
	assert_int_equal(result_of_mapped("0.0.0.0:1"), BINDING_USELESS);
	assert_int_equal(result_of_mapped("[::]:1"), BINDING_USELESS);
	assert_int_equal(result_of_mapped("224.0.0.1:1"), BINDING_USELESS);
	assert_int_equal(result_of_mapped("[ff02::1]:1"), BINDING_USELESS);
	assert_int_equal(result_of_mapped(NULL), BINDING_USELESS);
}

/* RFC 8489 section 6.3.3: an unknown attribute below 0x8000 fails the transaction. */
static void an_answer_with_an_unknown_attribute_is_useless(void **state)
{
	static const uint16_t types[] = {0x7f00, 0xff00};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct binding b;
		struct sent s;
		uint8_t out[256];
		struct writer w;

		ask_one(&b, &s);
		w = response_to(&s, out, STUN_SUCCESS);
		stun_put_u32(&w, types[i], 0);
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
		assert_true(feed(&b, 1, &servers[0], &w));
		assert_int_equal(b.queries[0].result, i ? BINDING_DONE : BINDING_USELESS);
	}
}

/* RFC 3489's SOURCE-ADDRESS and CHANGED-ADDRESS. */
static void what_old_servers_add_does_no_harm(void **state)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	stun_put_address(&w, ATTR_MAPPED_ADDRESS, &mapped);
	stun_put_address(&w, ATTR_SOURCE_ADDRESS, &servers[0]);
	stun_put_address(&w, ATTR_CHANGED_ADDRESS, &servers[1]);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	assert_true(feed(&b, 1, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_DONE);
}

static void a_refusal_is_final_and_an_alternate_server_is_not_followed(void **state)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_ERROR);
	stun_put_error(&w, STUN_TRY_ALTERNATE);
	stun_put_address(&w, ATTR_ALTERNATE_SERVER, &servers[1]);
	assert_true(feed(&b, 1, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_REFUSED);
	assert_int_equal(b.queries[0].error, 300);
	binding_tick(&b, 100000);
	assert_false(poll(&b, &s));

	ask_one(&b, &s);
	w = response_to(&s, out, STUN_ERROR);		/* which one it does not say */
	assert_true(feed(&b, 1, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_USELESS);
}

static void a_second_address_that_is_none_is_forgotten(void **state)
{
	struct binding b;
	struct sent s;
	uint8_t out[256];
	struct writer w;
	struct endpoint zero = {.ip = ip_v4(0, 0, 0, 0), .port = 1};

	(void)state;
	ask_one(&b, &s);
	w = response_to(&s, out, STUN_SUCCESS);
	stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
	stun_put_address(&w, ATTR_OTHER_ADDRESS, &zero);
	assert_true(feed(&b, 1, &servers[0], &w));
	assert_int_equal(b.queries[0].result, BINDING_DONE);
	assert_int_equal(b.queries[0].other.ip.family, IP_NONE);
}

/* Half of all datagrams are lost, and server 1 is dead: the others are found
 * all the same, and the dead one fails 39.5 s after it was first asked. */
static void servers_are_found_through_loss_and_a_dead_one_times_out(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct binding b;
		struct rng loss;
		msec now = 0, failed = 0;

		rng_seed(&loss, seed);
		binding_start(&b, servers, SERVERS, &transaction_udp, &rng, now);
		while (binding_due(&b) != NEVER) {
			struct sent s;

			while (poll(&b, &s)) {
				uint8_t out[256];
				struct writer w = response_to(&s, out, STUN_SUCCESS);

				stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &mapped);
				if (!endpoint_equal(&s.to, &servers[1]) && rng_below(&loss, 4) == 0)
					assert_true(feed(&b, now + 20, &s.to, &w));
			}
			now = binding_due(&b) == NEVER ? now : binding_due(&b);
			binding_tick(&b, now);
			if (!failed && b.queries[1].result == BINDING_TIMEOUT)
				failed = now;
		}
		assert_int_equal(failed, BINDING_PACE + 39500);
		for (size_t i = 0; i < SERVERS; i += 2)
			assert_true(b.queries[i].result == BINDING_DONE ||
				    b.queries[i].transaction.sent == 7);
	}
}

static void a_buffer_that_is_too_small_gives_no_message(void **state)
{
	struct binding b;
	uint8_t small[BINDING_REQUEST_LEN - 1];
	struct writer w = writer_over(small, sizeof(small));
	struct endpoint to;

	(void)state;
	binding_start(&b, servers, 1, &transaction_udp, &rng, 0);
	assert_true(binding_poll(&b, &w, &to));
	assert_int_equal(stun_finish(&w).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_as_long_as_any_answer_to_it),
		cmocka_unit_test(several_servers_are_asked_5_ms_apart),
		cmocka_unit_test(one_more_waits_for_its_turn_and_then_for_none),
		cmocka_unit_test(more_servers_than_it_takes_are_left_out),
		cmocka_unit_test(a_retransmission_has_the_same_bytes),
		cmocka_unit_test(an_answer_tells_the_mapped_address_and_the_round_trip),
		cmocka_unit_test(an_answer_from_elsewhere_or_to_nothing_is_not_ours),
		cmocka_unit_test(an_answer_with_a_wrong_fingerprint_is_dropped),
		cmocka_unit_test(an_address_that_nothing_comes_from_is_useless),
		cmocka_unit_test(an_answer_with_an_unknown_attribute_is_useless),
		cmocka_unit_test(what_old_servers_add_does_no_harm),
		cmocka_unit_test(a_refusal_is_final_and_an_alternate_server_is_not_followed),
		cmocka_unit_test(a_second_address_that_is_none_is_forgotten),
		cmocka_unit_test(servers_are_found_through_loss_and_a_dead_one_times_out),
		cmocka_unit_test(a_buffer_that_is_too_small_gives_no_message),
	};

	return cmocka_run_group_tests(tests, ready, NULL);
}
