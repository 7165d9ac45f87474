/* tamper_test.c -- each single bit of a handshake turned over, one at a time.
 *
 *   demux: size and type --> mac1 (and mac2 under load) --> index --> noise
 *
 * A message goes the way that it goes in a node. What is refused must leave
 * no trace: all that a side knows is compared with what it knew before.
 *
 *   | type | index | ephemeral ... tag | mac1 | mac2 |
 *   |<--------- mac1 covers ---------->|      |      |
 *   |  |  |<-- Noise covers ---------->|             |
 *
 * mac1 can be made by whoever knows a public key, so the bits are turned once
 * more with mac1 made anew: then Noise stands alone. The sender index is outside
 * of its transcript (paper, 5.4.2), and mac2 is looked at only under load.
 */
#include "handshake_vectors.h"

#include "base/bytes.h"
#include "crypto/crypto.h"

enum { NOW = 1000 };

static const struct endpoint nowhere = {{IP_V4, {192, 0, 2, 1}}, 51820, 0};

static void flip(void *message, size_t bit)
{
	((uint8_t *)message)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static bool passes_macs(struct side *side, struct bytes message, bool under_load)
{
	struct rng rng = rng_of_byte(0x99);

	switch (cookie_check(&side->checker, message, &nowhere, &rng, NOW)) {
	case COOKIE_BAD_MAC1:
		return false;
	case COOKIE_MAC1_ONLY:
		return !under_load;
	case COOKIE_MAC2_TOO:
		return true;
	}
	return false;
}

static bool node_takes_initiation(struct side *side, const struct message_initiation *msg,
				  bool under_load)
{
	return load_le32(msg->type) == MESSAGE_INITIATION &&
	       passes_macs(side, bytes_of(msg, sizeof(*msg)), under_load) &&
	       side_takes_initiation(side, msg, NOW) == NOISE_OK;
}

static bool node_takes_response(struct side *side, const struct message_response *msg,
				bool under_load)
{
	return load_le32(msg->type) == MESSAGE_RESPONSE &&
	       passes_macs(side, bytes_of(msg, sizeof(*msg)), under_load) &&
	       side_takes_response(side, msg) == NOISE_OK;
}

static bool node_takes_cookie(struct side *side, const struct message_cookie *msg)
{
	return load_le32(msg->type) == MESSAGE_COOKIE &&
	       load_le32(msg->receiver) == side->handshake.local_index &&
	       cookie_jar_consume(&side->jar, msg, NOW);
}

/* One that has met a cookie, so that it carries both macs. */
struct scene {
	struct side initiator, responder;
	struct message_initiation initiation;
	struct message_response response;
	struct message_cookie reply;
};

static void meet_cookie(struct side *sender, struct side *receiver, void *message, size_t len)
{
	struct rng rng = rng_of_byte(0x77);
	struct message_cookie reply;

	cookie_reply_create(&reply, &receiver->checker, bytes_of(message, len), &nowhere, &rng,
			    NOW);
	assert_true(cookie_jar_consume(&sender->jar, &reply, NOW));
	cookie_jar_sign(&sender->jar, message, len, NOW);
}

static void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	sides_init(&s->initiator, &s->responder);
	side_initiates(&s->initiator, &s->initiation, 0, NOW);
	meet_cookie(&s->initiator, &s->responder, &s->initiation, sizeof(s->initiation));
}

static void scene_goes_on_to_response(struct scene *s)
{
	assert_true(node_takes_initiation(&s->responder, &s->initiation, true));
	side_responds(&s->responder, &s->response, NOW);
	meet_cookie(&s->responder, &s->initiator, &s->response, sizeof(s->response));
}

/* -- initiation ---------------------------------------------------------- */

static bool initiation_is_taken(struct scene *s, const struct message_initiation *msg,
				bool under_load)
{
	struct side before;
	bool taken;

	memcpy(&before, &s->responder, sizeof(before));
	taken = node_takes_initiation(&s->responder, msg, under_load);
	if (!taken)
		assert_memory_equal(&s->responder, &before, sizeof(before));
	memcpy(&s->responder, &before, sizeof(before));
	return taken;
}

static void no_bit_of_an_initiation_can_be_turned_under_load(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_true(initiation_is_taken(&s, &s.initiation, true));
	for (size_t bit = 0; bit < 8 * sizeof(s.initiation); bit++) {
		flip(&s.initiation, bit);
		assert_false(initiation_is_taken(&s, &s.initiation, true));
		flip(&s.initiation, bit);
	}
}

static void without_load_only_the_bits_of_mac2_of_an_initiation_are_free(void **state)
{
	struct scene s;
	size_t mac2 = 8 * offsetof(struct message_initiation, macs.mac2);

	(void)state;
	scene_init(&s);
	for (size_t bit = 0; bit < 8 * sizeof(s.initiation); bit++) {
		flip(&s.initiation, bit);
		assert_int_equal(initiation_is_taken(&s, &s.initiation, false), bit >= mac2);
		flip(&s.initiation, bit);
	}
}

static void noise_alone_frees_only_the_sender_index_of_an_initiation(void **state)
{
	struct scene s;
	size_t sender = 8 * offsetof(struct message_initiation, sender);
	size_t noise = 8 * offsetof(struct message_initiation, ephemeral);

	(void)state;
	scene_init(&s);
	for (size_t bit = 0; bit < 8 * offsetof(struct message_initiation, macs); bit++) {
		flip(&s.initiation, bit);
		cookie_jar_sign(&s.initiator.jar, (uint8_t *)&s.initiation, sizeof(s.initiation),
				NOW);
		assert_int_equal(initiation_is_taken(&s, &s.initiation, true),
				 bit >= sender && bit < noise);
		flip(&s.initiation, bit);
	}
}

/* -- response ------------------------------------------------------------ */

static bool response_is_taken(struct scene *s, const struct message_response *msg, bool under_load)
{
	struct side before;
	bool taken;

	memcpy(&before, &s->initiator, sizeof(before));
	taken = node_takes_response(&s->initiator, msg, under_load);
	if (!taken)
		assert_memory_equal(&s->initiator, &before, sizeof(before));
	memcpy(&s->initiator, &before, sizeof(before));
	return taken;
}

static void no_bit_of_a_response_can_be_turned_under_load(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_goes_on_to_response(&s);
	assert_true(response_is_taken(&s, &s.response, true));
	for (size_t bit = 0; bit < 8 * sizeof(s.response); bit++) {
		flip(&s.response, bit);
		assert_false(response_is_taken(&s, &s.response, true));
		flip(&s.response, bit);
	}
}

static void without_load_only_the_bits_of_mac2_of_a_response_are_free(void **state)
{
	struct scene s;
	size_t mac2 = 8 * offsetof(struct message_response, macs.mac2);

	(void)state;
	scene_init(&s);
	scene_goes_on_to_response(&s);
	for (size_t bit = 0; bit < 8 * sizeof(s.response); bit++) {
		flip(&s.response, bit);
		assert_int_equal(response_is_taken(&s, &s.response, false), bit >= mac2);
		flip(&s.response, bit);
	}
}

static void noise_alone_frees_only_the_sender_index_of_a_response(void **state)
{
	struct scene s;
	size_t sender = 8 * offsetof(struct message_response, sender);
	size_t receiver = 8 * offsetof(struct message_response, receiver);

	(void)state;
	scene_init(&s);
	scene_goes_on_to_response(&s);
	for (size_t bit = 0; bit < 8 * offsetof(struct message_response, macs); bit++) {
		flip(&s.response, bit);
		cookie_jar_sign(&s.responder.jar, (uint8_t *)&s.response, sizeof(s.response), NOW);
		assert_int_equal(response_is_taken(&s, &s.response, true),
				 bit >= sender && bit < receiver);
		flip(&s.response, bit);
	}
}

/* -- cookie reply -------------------------------------------------------- */

static void no_bit_of_a_cookie_reply_can_be_turned(void **state)
{
	struct scene s;
	struct side before;
	struct rng rng = rng_of_byte(0x77);

	(void)state;
	scene_init(&s);
	cookie_reply_create(&s.reply, &s.responder.checker,
			    bytes_of(&s.initiation, sizeof(s.initiation)), &nowhere, &rng, NOW);
	memcpy(&before, &s.initiator, sizeof(before));
	for (size_t bit = 0; bit < 8 * sizeof(s.reply); bit++) {
		flip(&s.reply, bit);
		assert_false(node_takes_cookie(&s.initiator, &s.reply));
		assert_memory_equal(&s.initiator, &before, sizeof(before));
		flip(&s.reply, bit);
	}
	assert_true(node_takes_cookie(&s.initiator, &s.reply));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_bit_of_an_initiation_can_be_turned_under_load),
		cmocka_unit_test(without_load_only_the_bits_of_mac2_of_an_initiation_are_free),
		cmocka_unit_test(noise_alone_frees_only_the_sender_index_of_an_initiation),
		cmocka_unit_test(no_bit_of_a_response_can_be_turned_under_load),
		cmocka_unit_test(without_load_only_the_bits_of_mac2_of_a_response_are_free),
		cmocka_unit_test(noise_alone_frees_only_the_sender_index_of_a_response),
		cmocka_unit_test(no_bit_of_a_cookie_reply_can_be_turned),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
