/* suite_test.c -- the choice of a cipher suite, how a set is told, and AES-256-GCM byte for byte.
 *
 * The handshake is that of handshake_vectors.h in the other suite, computed by a program
 * of its own, line by line after the Noise specification; the same lines gave cacophony's
 * vectors of IKpsk2 for both ciphers, and WireGuard's own.
 */
#include "handshake_vectors.h"

#include "crypto/crypto.h"
#include "wg/tai64n.h"

#define OTHER_SUITE "01010302" /* offered: both; expected: AES-256-GCM */

#define AES_INITIATION                                                                             \
	OTHER_SUITE                                                                                \
	"04030201"                                                         /* sender */            \
	"0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20" /* ephemeral */         \
	"e1d04525ae0644845d4689b2b50eb991638dff08212f4cdbc933a8e4181062ed" /* static */            \
	"d767bf76be43bfb9a9007746122ac742"                                 /* its tag */           \
	"f2c8e4562c6f65e8c292c168"                                         /* timestamp */         \
	"fe99e242c3dc3f8c5ca889838ffb844b"                                 /* its tag */           \
	"ec7b390b023f0e56567882da43d64bc5" NO_MAC

#define AES_RESPONSE                                                                               \
	"02010000"                                                                                 \
	"0d0c0b0a"                                                         /* sender */            \
	"04030201"                                                         /* receiver */          \
	"ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b" /* ephemeral */         \
	"1bcf9df2f65c91d5cbf7b5842f806dbb"                                 /* the tag of nothing */ \
	"90124fe888e65ae571203d0ed543ef18" NO_MAC

#define AES_TO_RESPONDER "4b7ee008ebb81c52c01eff761bd2a287cda72948319aca999dcc1c6bd1344c77"
#define AES_TO_INITIATOR "edaf03fbb253b73a96d73a19c807b06738e68d0027bf41288e6a6a6caf381304"

enum { NOW = 1000, C = SUITE_CHACHA20, X = SUITE_AES256GCM };

static const struct suite_offer aes = {AEAD_AES256GCM, C | X, X};

/* -- the choice ---------------------------------------------------------- */

static void the_choice_is_a_function_of_the_two_sets(void **state)
{
	static const struct {
		uint8_t ours, theirs;
		enum aead_suite suite;
		bool contradicts;
	} table[] = {
		{C | X, SUITE_NONE, AEAD_CHACHA20POLY1305, false},
		{C, SUITE_NONE, AEAD_CHACHA20POLY1305, false},
		{X, SUITE_NONE, AEAD_AES256GCM, false},
		{C | X, C | X, AEAD_AES256GCM, false},
		{C | X, X, AEAD_AES256GCM, false},
		{C | X, C, AEAD_CHACHA20POLY1305, false},
		{X, C | X, AEAD_AES256GCM, false},
		{X, X, AEAD_AES256GCM, false},
		{C, C | X, AEAD_CHACHA20POLY1305, false},
		{C, C, AEAD_CHACHA20POLY1305, false},
		{C, X, AEAD_CHACHA20POLY1305, true},
		{X, C, AEAD_AES256GCM, true},
		/* what a later version may have is nothing to us */
		{C | X, C | X | 4, AEAD_AES256GCM, false},
		{C | X, C | 4, AEAD_CHACHA20POLY1305, false},
		{C | X, 4, AEAD_AES256GCM, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(suite_choose(table[i].ours, table[i].theirs), table[i].suite);
		assert_int_equal(suite_contradicts(table[i].ours, table[i].theirs),
				 table[i].contradicts);
	}
}

/* -- marks in timestamps ------------------------------------------------- */

static void a_mark_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (uint8_t set = 1; set <= SUITE_ALL; set++) {
		uint8_t timestamp[TIMESTAMP_LEN];

		tai64n_write(timestamp, UINT64_C(1700000000123456789));
		assert_int_equal(suite_marked(timestamp), SUITE_NONE);
		suite_mark(timestamp, set);
		assert_int_equal(suite_marked(timestamp), set);
	}
}

/* Steps of a clock are 2^24 ns, and the last one of a second is shorter. */
static void a_marked_timestamp_is_between_the_two_that_are_next_to_it(void **state)
{
	const uint64_t second = 1000000000, step = 1 << 24;

	(void)state;
	for (uint64_t ns = 5 * second; ns < 7 * second; ns += step) {
		uint8_t marked[TIMESTAMP_LEN], after[TIMESTAMP_LEN];

		tai64n_write(marked, ns);
		suite_mark(marked, SUITE_ALL);
		tai64n_write(after, ns + step);
		assert_true(memcmp(marked, after, TIMESTAMP_LEN) < 0);
		assert_true(load_be32(marked + 8) < second);
	}
}

static void what_only_looks_like_a_mark_is_none(void **state)
{
	static const uint32_t others[] = {0, 0x703100, 0x703200, 0x703210, 0x7032ff, 0x713203, 0x123456};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		uint8_t timestamp[TIMESTAMP_LEN] = {0x40};

		store_be32(timestamp + 8, 0x01000000 | others[i]);
		assert_int_equal(suite_marked(timestamp), SUITE_NONE);
	}
}

/* -- known answers ------------------------------------------------------- */

static void skip_without_aes(void)
{
	if (!aead_has(AEAD_AES256GCM))
		skip();
}

static void exchange(struct side *initiator, struct side *responder, struct message_response *out)
{
	struct message_initiation msg;

	sides_init(initiator, responder);
	side_offers(initiator, &msg, &aes, 0, NOW);
	assert_hex(&msg, sizeof(msg), AES_INITIATION);
	assert_int_equal(side_takes_initiation(responder, &msg, NOW), NOISE_OK);
	side_responds(responder, out, NOW);
}

static void both_messages_are_the_known_ones(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	skip_without_aes();
	exchange(&initiator, &responder, &msg);
	assert_hex(&msg, sizeof(msg), AES_RESPONSE);
	assert_hex(responder.peer.timestamp, TIMESTAMP_LEN, TIMESTAMP);
	assert_int_equal(responder.handshake.suite, AEAD_AES256GCM);
	assert_int_equal(responder.handshake.offered, C | X);
}

static void both_sides_derive_the_known_keys(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	uint8_t send[KEY_LEN], recv[KEY_LEN];

	(void)state;
	skip_without_aes();
	exchange(&initiator, &responder, &msg);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
	assert_true(noise_derive_keys(&initiator.handshake, send, recv));
	assert_hex(send, KEY_LEN, AES_TO_RESPONDER);
	assert_hex(recv, KEY_LEN, AES_TO_INITIATOR);
	assert_true(noise_derive_keys(&responder.handshake, send, recv));
	assert_hex(send, KEY_LEN, AES_TO_INITIATOR);
	assert_hex(recv, KEY_LEN, AES_TO_RESPONDER);
}

static void data_are_the_known_ones(void **state)
{
	uint8_t bytes[KEY_LEN], keepalive[16], text[32 + 16];
	struct aead_job jobs[] = {{keepalive, 0, 0, false}, {text, 32, 1, false}};
	struct aead_key key;

	(void)state;
	skip_without_aes();
	from_hex(bytes, sizeof(bytes), AES_TO_RESPONDER);
	from_hex(text, sizeof(text),
		 "450000140000000000000000000000000a080001000000000000000000000000");
	assert_true(aead_key_init(&key, AEAD_AES256GCM, bytes));
	aead_seal(&key, jobs, 2);
	aead_key_wipe(&key);
	assert_hex(keepalive, sizeof(keepalive), "264e7d7f349e5a089539273e81cff709");
	assert_hex(text, sizeof(text),
		   "a1b7de230017e50c48128a33e35db2af32e2241bbb41a84cee778f4d3bbf0162"
		   "3f3dac279cd8b4b1247229a010cf6dd6");
}

/* -- what is bound ------------------------------------------------------- */

/* Whoever knows the public key can make mac1 anew; the transcript he cannot. */
static void no_bit_of_suite_and_sets_can_be_turned(void **state)
{
	struct side initiator, responder, before;
	struct message_initiation msg;

	(void)state;
	skip_without_aes();
	sides_init(&initiator, &responder);
	for (unsigned bit = 8; bit < 32; bit++) {
		side_offers(&initiator, &msg, &aes, 0, NOW);
		msg.type[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cookie_jar_sign(&initiator.jar, (uint8_t *)&msg, sizeof(msg), NOW);
		memcpy(&before, &responder, sizeof(before));
		assert_int_equal(side_takes_initiation(&responder, &msg, NOW), NOISE_BAD);
		assert_memory_equal(&responder, &before, sizeof(before));
	}
}

/* Nor can anything else be written over them: fewer suites, or WireGuard's own. */
static void nor_can_other_ones_be_written_there(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	uint8_t suite, offered, expected;

	(void)state;
	skip_without_aes();
	sides_init(&initiator, &responder);
	for (unsigned n = 0; n < 32; n++) {
		suite = n & 1;
		offered = n >> 1 & 3;
		expected = (uint8_t)(n >> 3);
		if (suite == aes.suite && offered == aes.offered && expected == aes.expected)
			continue;
		side_offers(&initiator, &msg, &aes, 0, NOW);
		msg.type[1] = suite;
		msg.type[2] = offered;
		msg.type[3] = expected;
		cookie_jar_sign(&initiator.jar, (uint8_t *)&msg, sizeof(msg), NOW);
		assert_int_equal(side_takes_initiation(&responder, &msg, NOW), NOISE_BAD);
	}
	side_initiates(&initiator, &msg, 0, NOW);
	memcpy(msg.type, (uint8_t[]){MESSAGE_INITIATION, (uint8_t)aes.suite, aes.offered, aes.expected}, 4);
	cookie_jar_sign(&initiator.jar, (uint8_t *)&msg, sizeof(msg), NOW);
	assert_int_equal(side_takes_initiation(&responder, &msg, NOW), NOISE_BAD);
}

static void mac1_is_over_suite_and_sets(void **state)
{
	static const struct endpoint from = {.ip = {.family = IP_V4, .bytes = {192, 0, 2, 1}}, .port = 1};
	struct rng rng = rng_of_byte(RESPONDER_EPHEMERAL);
	struct side initiator, responder;
	struct message_initiation msg;
	struct cookie_checker checker;

	(void)state;
	skip_without_aes();
	sides_init(&initiator, &responder);
	cookie_checker_init(&checker, responder.id.public_key);
	side_offers(&initiator, &msg, &aes, 0, NOW);
	for (unsigned bit = 8; bit < 32; bit++) {
		struct bytes whole = bytes_of(&msg, sizeof(msg));

		assert_int_equal(cookie_check(&checker, whole, &from, &rng, NOW), COOKIE_MAC1_ONLY);
		msg.type[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(cookie_check(&checker, whole, &from, &rng, NOW), COOKIE_BAD_MAC1);
		msg.type[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void a_response_of_another_suite_is_unexpected(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	skip_without_aes();
	exchange(&initiator, &responder, &msg);
	for (unsigned bit = 8; bit < 32; bit++) {
		msg.type[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(side_takes_response(&initiator, &msg), NOISE_UNEXPECTED);
		msg.type[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
}

/* The same secrets, and nothing in common. */
static void the_suites_have_no_key_in_common(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	uint8_t other[4][KEY_LEN], send[KEY_LEN], recv[KEY_LEN];

	(void)state;
	skip_without_aes();
	from_hex(other[0], KEY_LEN, TO_RESPONDER);
	from_hex(other[1], KEY_LEN, TO_INITIATOR);
	exchange(&initiator, &responder, &msg);
	assert_true(noise_derive_keys(&responder.handshake, send, recv));
	for (size_t i = 0; i < 2; i++) {
		assert_memory_not_equal(send, other[i], KEY_LEN);
		assert_memory_not_equal(recv, other[i], KEY_LEN);
	}
}

static void an_initiation_of_no_suite_is_not_understood(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	for (unsigned suite = AEAD_SUITES; suite < 256; suite++) {
		side_initiates(&initiator, &msg, 0, NOW);
		msg.type[1] = (uint8_t)suite;
		assert_int_equal(side_takes_initiation(&responder, &msg, NOW), NOISE_BAD);
	}
}

/* In WireGuard's suite the set is in the timestamp, which only the responder can read. */
static void an_initiation_of_wireguards_suite_tells_the_set_as_well(void **state)
{
	static const struct suite_offer plain;
	struct rng rng = rng_of_byte(INITIATOR_EPHEMERAL);
	struct side initiator, responder;
	struct message_initiation msg;
	uint8_t timestamp[TIMESTAMP_LEN];

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, NOW);
	assert_int_equal(side_takes_initiation(&responder, &msg, NOW), NOISE_OK);
	assert_int_equal(responder.handshake.offered, SUITE_NONE);

	from_hex(timestamp, sizeof(timestamp), "40000000 6554a481 01000000");
	suite_mark(timestamp, C | X);
	assert_true(noise_create_initiation(&msg, &initiator.handshake, &initiator.id,
					    &initiator.peer, &plain, 1, timestamp, &rng));
	assert_int_equal(load_le32(msg.type), MESSAGE_INITIATION);
	assert_int_equal(side_takes_initiation(&responder, &msg, 2 * NOW), NOISE_OK);
	assert_int_equal(responder.handshake.offered, C | X);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_choice_is_a_function_of_the_two_sets),
		cmocka_unit_test(a_mark_is_read_as_it_was_written),
		cmocka_unit_test(a_marked_timestamp_is_between_the_two_that_are_next_to_it),
		cmocka_unit_test(what_only_looks_like_a_mark_is_none),
		cmocka_unit_test(both_messages_are_the_known_ones),
		cmocka_unit_test(both_sides_derive_the_known_keys),
		cmocka_unit_test(data_are_the_known_ones),
		cmocka_unit_test(no_bit_of_suite_and_sets_can_be_turned),
		cmocka_unit_test(nor_can_other_ones_be_written_there),
		cmocka_unit_test(mac1_is_over_suite_and_sets),
		cmocka_unit_test(a_response_of_another_suite_is_unexpected),
		cmocka_unit_test(the_suites_have_no_key_in_common),
		cmocka_unit_test(an_initiation_of_no_suite_is_not_understood),
		cmocka_unit_test(an_initiation_of_wireguards_suite_tells_the_set_as_well),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
