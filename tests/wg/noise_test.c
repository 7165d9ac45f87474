/* noise_test.c -- the WireGuard handshake: known bytes, wrong states, replays. */
#include "handshake_vectors.h"

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "crypto/noise_symmetric.h"

enum { FIRST_MSEC = 1000 };

/* -- known answers ------------------------------------------------------- */

static void the_transcript_starts_from_the_known_c0_and_h0(void **state)
{
	static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";
	struct noise_symmetric s;

	(void)state;
	noise_symmetric_init(&s, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
			     bytes_of(identifier, sizeof(identifier) - 1));
	assert_hex(s.chaining_key, HASH_LEN,
		   "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36");
	assert_hex(s.hash, HASH_LEN,
		   "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3");
}

static void assert_public(uint8_t private_byte, const char *hex)
{
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];

	memset(private_key, private_byte, KEY_LEN);
	x25519_public(public_key, private_key);
	assert_hex(public_key, KEY_LEN, hex);
}

static void public_keys_are_the_known_ones(void **state)
{
	struct side initiator, responder;

	(void)state;
	sides_init(&initiator, &responder);
	assert_hex(initiator.id.public_key, KEY_LEN, INITIATOR_PUBLIC);
	assert_hex(responder.id.public_key, KEY_LEN, RESPONDER_PUBLIC);
	assert_memory_equal(initiator.peer.static_static, responder.peer.static_static, KEY_LEN);
	assert_public(INITIATOR_EPHEMERAL, INITIATOR_EPHEMERAL_PUBLIC);
	assert_public(RESPONDER_EPHEMERAL, RESPONDER_EPHEMERAL_PUBLIC);
}

static void the_initiation_is_the_known_one(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_hex(&msg, sizeof(msg), INITIATION);
	assert_int_equal(initiator.handshake.state, NOISE_CREATED_INITIATION);
	assert_hex(initiator.handshake.chaining_key, HASH_LEN,
		   "894006ca85ddcc7a72702c9eef75f86c605a249295e86eb942bba6649a4e4bbd");
	assert_hex(initiator.handshake.hash, HASH_LEN,
		   "3f2aa57df0a76c704e4bf1e3ce327811c7fdb0c7bc149a62ae541e5ae336dec6");
}

static void the_known_initiation_is_understood(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	struct noise_claim claim;

	(void)state;
	sides_init(&initiator, &responder);
	from_hex((uint8_t *)&msg, sizeof(msg), INITIATION);
	assert_true(noise_read_initiation(&claim, &msg, &responder.id));
	assert_hex(claim.public_key, KEY_LEN, INITIATOR_PUBLIC);
	assert_int_equal(noise_consume_initiation(&responder.handshake, &responder.peer, &claim,
						  &msg, FIRST_MSEC),
			 NOISE_OK);
	assert_int_equal(responder.handshake.state, NOISE_CONSUMED_INITIATION);
	assert_int_equal(responder.handshake.remote_index, INITIATOR_INDEX);
	assert_hex(responder.peer.timestamp, TIMESTAMP_LEN, TIMESTAMP);
	assert_hex(responder.handshake.chaining_key, HASH_LEN,
		   "894006ca85ddcc7a72702c9eef75f86c605a249295e86eb942bba6649a4e4bbd");
	assert_hex(responder.handshake.hash, HASH_LEN,
		   "3f2aa57df0a76c704e4bf1e3ce327811c7fdb0c7bc149a62ae541e5ae336dec6");
}

/* Up to the response that is on its way. */
static void exchange(struct side *initiator, struct side *responder, struct message_response *out)
{
	struct message_initiation msg;

	sides_init(initiator, responder);
	side_initiates(initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(responder, &msg, FIRST_MSEC), NOISE_OK);
	side_responds(responder, out, FIRST_MSEC);
}

static void the_response_is_the_known_one(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_hex(&msg, sizeof(msg), RESPONSE);
	assert_int_equal(responder.handshake.state, NOISE_CREATED_RESPONSE);
	assert_int_equal(responder.handshake.local_index, RESPONDER_INDEX);
}

static void both_sides_derive_the_known_keys(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	uint8_t send[KEY_LEN], recv[KEY_LEN];

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
	assert_int_equal(initiator.handshake.state, NOISE_CONSUMED_RESPONSE);
	assert_true(noise_derive_keys(&initiator.handshake, send, recv));
	assert_hex(send, KEY_LEN, TO_RESPONDER);
	assert_hex(recv, KEY_LEN, TO_INITIATOR);
	assert_true(noise_derive_keys(&responder.handshake, send, recv));
	assert_hex(send, KEY_LEN, TO_INITIATOR);
	assert_hex(recv, KEY_LEN, TO_RESPONDER);
}

/* A data message from the initiator, made of its parts. */
static void seal_data(uint8_t *out, uint64_t counter, struct bytes plain)
{
	struct message_data *header = (struct message_data *)out;
	struct aead_job job = {out + sizeof(*header), plain.len, counter, false};
	struct aead_key key;
	uint8_t bytes[KEY_LEN];

	from_hex(bytes, sizeof(bytes), TO_RESPONDER);
	store_le32(header->type, MESSAGE_DATA);
	store_le32(header->receiver, RESPONDER_INDEX);
	store_le64(header->counter, counter);
	if (plain.len)
		memcpy(job.text, plain.data, plain.len);
	assert_true(aead_key_init(&key, AEAD_CHACHA20POLY1305, bytes));
	aead_seal(&key, &job, 1);
	aead_key_wipe(&key);
}

static void the_keepalive_is_the_known_one(void **state)
{
	uint8_t out[MESSAGE_DATA_MIN];

	(void)state;
	seal_data(out, 0, (struct bytes){0});
	assert_hex(out, sizeof(out),
		   "04000000 0d0c0b0a 0000000000000000 ed8681812449bd535494a6c3bc2ff983");
}

static void the_data_message_is_the_known_one(void **state)
{
	uint8_t plain[32], out[MESSAGE_DATA_MIN + sizeof(plain)];

	(void)state;
	from_hex(plain, sizeof(plain),
		 "450000140000000000000000000000000a080001000000000000000000000000");
	seal_data(out, 1, bytes_of(plain, sizeof(plain)));
	assert_hex(out, sizeof(out),
		   "04000000 0d0c0b0a 0100000000000000"
		   "1825e328c19c589000974d9c6746bccfb96743c10817862f11e3b753fd9ca2f4"
		   "4e750f1d727e598d6502475c354d5cc3");
}

/* -- secrets ------------------------------------------------------------- */

static void an_ephemeral_private_key_is_gone_once_it_was_used(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_false(key_is_zero(initiator.handshake.ephemeral_private));
	assert_true(key_is_zero(responder.handshake.ephemeral_private));
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
	assert_true(key_is_zero(initiator.handshake.ephemeral_private));
}

static void deriving_keys_leaves_only_the_indices(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	struct noise_handshake expected;
	uint8_t send[KEY_LEN], recv[KEY_LEN];

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_true(noise_derive_keys(&responder.handshake, send, recv));
	memset(&expected, 0, sizeof(expected));
	expected.local_index = RESPONDER_INDEX;
	expected.remote_index = INITIATOR_INDEX;
	assert_memory_equal(&responder.handshake, &expected, sizeof(expected));
	assert_int_equal(responder.handshake.state, NOISE_NONE);
}

static void a_new_initiation_remembers_nothing_of_the_last_handshake(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	struct message_response response;
	uint8_t send[KEY_LEN], recv[KEY_LEN];

	(void)state;
	exchange(&initiator, &responder, &response);
	assert_int_equal(side_takes_response(&initiator, &response), NOISE_OK);
	assert_true(noise_derive_keys(&initiator.handshake, send, recv));
	assert_int_equal(initiator.handshake.remote_index, RESPONDER_INDEX);
	side_initiates(&initiator, &msg, 1, FIRST_MSEC);
	assert_int_equal(initiator.handshake.remote_index, 0);
	assert_true(key_is_zero(initiator.handshake.remote_ephemeral));
}

/* Glare: both start, and one of them takes the other's initiation. */
static void taking_an_initiation_ends_our_own(void **state)
{
	struct side initiator, responder;
	struct message_initiation ours, theirs;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&responder, &ours, 0, FIRST_MSEC);
	side_initiates(&initiator, &theirs, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &theirs, FIRST_MSEC), NOISE_OK);
	assert_int_equal(responder.handshake.state, NOISE_CONSUMED_INITIATION);
	assert_true(key_is_zero(responder.handshake.ephemeral_private));
	/* whoever owns the index table can still take our index out of it */
	assert_int_equal(responder.handshake.local_index, INITIATOR_INDEX);
}

/* -- peers --------------------------------------------------------------- */

static void a_peer_of_low_order_or_ourselves_is_no_peer(void **state)
{
	static const uint8_t no_psk[KEY_LEN], zero[KEY_LEN], one[KEY_LEN] = {1};
	static const uint8_t order_8[KEY_LEN] = {
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
		0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
		0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
	};
	struct side side, other;
	struct noise_peer peer;

	(void)state;
	sides_init(&side, &other);
	assert_false(noise_peer_init(&peer, &side.id, zero, no_psk));
	assert_false(noise_peer_init(&peer, &side.id, one, no_psk));
	assert_false(noise_peer_init(&peer, &side.id, order_8, no_psk));
	assert_false(noise_peer_init(&peer, &side.id, side.id.public_key, no_psk));
	assert_true(key_is_zero(peer.static_static));
}

static void a_low_order_peer_key_makes_no_message(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	struct noise_handshake before;
	struct rng rng = rng_of_byte(INITIATOR_EPHEMERAL);
	struct suite_offer offer = {0};
	uint8_t timestamp[TIMESTAMP_LEN] = {1};

	(void)state;
	sides_init(&initiator, &responder);
	memset(initiator.peer.public_key, 0, KEY_LEN);
	memcpy(&before, &initiator.handshake, sizeof(before));
	assert_false(noise_create_initiation(&msg, &initiator.handshake, &initiator.id,
					     &initiator.peer, &offer, 1, timestamp, &rng));
	assert_memory_equal(&initiator.handshake, &before, sizeof(before));
}

static void a_low_order_ephemeral_is_refused(void **state)
{
	struct side initiator, responder;
	struct message_initiation initiation;
	struct message_response response;

	(void)state;
	exchange(&initiator, &responder, &response);
	memset(response.ephemeral, 0, KEY_LEN);
	assert_int_equal(side_takes_response(&initiator, &response), NOISE_BAD);
	side_initiates(&initiator, &initiation, 1, FIRST_MSEC);
	memset(initiation.ephemeral, 0, KEY_LEN);
	assert_int_equal(side_takes_initiation(&responder, &initiation, 2 * FIRST_MSEC), NOISE_BAD);
}

static void no_response_to_a_low_order_ephemeral(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	struct message_response response;
	struct noise_handshake before;
	struct rng rng = rng_of_byte(RESPONDER_EPHEMERAL);

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_OK);
	memset(responder.handshake.remote_ephemeral, 0, KEY_LEN);
	memcpy(&before, &responder.handshake, sizeof(before));
	assert_false(noise_create_response(&response, &responder.handshake, &responder.peer, 1,
					   &rng));
	assert_memory_equal(&responder.handshake, &before, sizeof(before));
}

static void an_initiation_to_somebody_else_is_not_understood(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	struct noise_claim claim, before;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	memset(&claim, 0xee, sizeof(claim));
	memcpy(&before, &claim, sizeof(claim));
	assert_false(noise_read_initiation(&claim, &msg, &initiator.id));
	assert_memory_equal(&claim, &before, sizeof(claim));
}

static void a_claim_is_not_consumed_by_another_peer(void **state)
{
	struct side initiator, responder, stranger;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	side_init(&stranger, 0x77, RESPONDER_PUBLIC);
	side_initiates(&stranger, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_BAD);
	assert_false(responder.peer.has_accepted);
}

static void a_claim_must_name_the_peer_that_it_is_checked_with(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	initiator.id.public_key[0] ^= 1;	/* all else is right */
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_BAD);
}

/* Whoever knows only both public keys gets as far as the timestamp. */
static void a_claim_without_the_static_key_is_refused(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	memset(initiator.peer.static_static, 0x99, KEY_LEN);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_BAD);
}

static void a_different_psk_refuses_the_response_and_keeps_waiting(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	uint8_t psk[KEY_LEN], right[KEY_LEN];

	(void)state;
	exchange(&initiator, &responder, &msg);
	memset(psk, 0x56, KEY_LEN);
	memset(right, PSK, KEY_LEN);
	noise_peer_set_psk(&initiator.peer, psk);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_BAD);
	noise_peer_set_psk(&initiator.peer, right);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
}

/* -- order --------------------------------------------------------------- */

static void only_a_waiting_initiation_takes_a_response(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_int_equal(side_takes_response(&responder, &msg), NOISE_UNEXPECTED);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_OK);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_UNEXPECTED);
	memset(&initiator.handshake, 0, sizeof(initiator.handshake));
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_UNEXPECTED);
}

static void a_response_to_another_index_is_unexpected(void **state)
{
	struct side initiator, responder;
	struct message_response msg;

	(void)state;
	exchange(&initiator, &responder, &msg);
	store_le32(msg.receiver, INITIATOR_INDEX + 1);
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_UNEXPECTED);
}

/* A retransmitted initiation has a new ephemeral key; only the last one counts. */
static void a_response_to_an_earlier_initiation_is_refused(void **state)
{
	struct side initiator, responder;
	struct message_initiation second;
	struct message_response msg;
	struct rng rng = rng_of_byte(0x23 << 1);
	struct suite_offer offer = {0};
	uint8_t timestamp[TIMESTAMP_LEN] = {0x41};

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_true(noise_create_initiation(&second, &initiator.handshake, &initiator.id,
					    &initiator.peer, &offer, INITIATOR_INDEX, timestamp,
					    &rng));
	assert_int_equal(side_takes_response(&initiator, &msg), NOISE_BAD);
	assert_int_equal(initiator.handshake.state, NOISE_CREATED_INITIATION);
}

static void a_response_is_made_only_once_and_only_to_an_initiation(void **state)
{
	struct side initiator, responder;
	struct message_response msg;
	struct rng rng = rng_of_byte(RESPONDER_EPHEMERAL);

	(void)state;
	exchange(&initiator, &responder, &msg);
	assert_false(noise_create_response(&msg, &responder.handshake, &responder.peer, 1, &rng));
	assert_false(noise_create_response(&msg, &initiator.handshake, &initiator.peer, 1, &rng));
}

static void keys_come_only_from_a_complete_handshake(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;
	uint8_t send[KEY_LEN], recv[KEY_LEN];
	enum noise_state incomplete[] = {NOISE_NONE, NOISE_CREATED_INITIATION,
					 NOISE_CONSUMED_INITIATION};

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	for (size_t i = 0; i < sizeof(incomplete) / sizeof(incomplete[0]); i++) {
		initiator.handshake.state = incomplete[i];
		assert_false(noise_derive_keys(&initiator.handshake, send, recv));
		assert_int_equal(initiator.handshake.state, incomplete[i]);
	}
	assert_true(key_is_zero(initiator.handshake.remote_ephemeral));
	assert_false(key_is_zero(initiator.handshake.ephemeral_private));
}

/* -- replays ------------------------------------------------------------- */

static void assert_refused(struct side *side, const struct message_initiation *msg, msec now,
			   enum noise_verdict expected)
{
	struct side before;

	memcpy(&before, side, sizeof(before));
	assert_int_equal(side_takes_initiation(side, msg, now), expected);
	assert_memory_equal(side, &before, sizeof(before));
}

static void an_initiation_is_accepted_once(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_OK);
	assert_refused(&responder, &msg, FIRST_MSEC, NOISE_REPLAYED);
	assert_refused(&responder, &msg, FIRST_MSEC + SECONDS(86400), NOISE_REPLAYED);
}

static void an_earlier_initiation_comes_too_late(void **state)
{
	struct side initiator, responder;
	struct message_initiation early, late;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &early, 1, FIRST_MSEC);
	side_initiates(&initiator, &late, 2, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &late, FIRST_MSEC), NOISE_OK);
	assert_refused(&responder, &early, FIRST_MSEC + SECONDS(1), NOISE_REPLAYED);
}

static void timestamps_compare_as_big_endian_bytes(void **state)
{
	static const uint8_t rising[][TIMESTAMP_LEN] = {
		{[7] = 0xff, [11] = 0xff},
		{[6] = 0x01},
		{[0] = 0x40},
		{[0] = 0x40, [11] = 0x01},
		{[0] = 0x40, [10] = 0x01},
		{[0] = 0x80},			/* not negative */
	};
	struct side initiator, responder;
	struct message_initiation msg;
	struct rng rng = rng_of_byte(INITIATOR_EPHEMERAL);
	struct suite_offer offer = {0};

	(void)state;
	sides_init(&initiator, &responder);
	for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
		msec now = SECONDS(i);

		assert_true(noise_create_initiation(&msg, &initiator.handshake, &initiator.id,
						    &initiator.peer, &offer, 1, rising[i], &rng));
		assert_int_equal(side_takes_initiation(&responder, &msg, now), NOISE_OK);
		assert_memory_equal(responder.peer.timestamp, rising[i], TIMESTAMP_LEN);
	}
}

static void initiations_of_a_peer_are_20_ms_apart(void **state)
{
	struct side initiator, responder;
	struct message_initiation first, second;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &first, 1, FIRST_MSEC);
	side_initiates(&initiator, &second, 2, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &first, FIRST_MSEC), NOISE_OK);
	assert_refused(&responder, &second, FIRST_MSEC, NOISE_TOO_SOON);
	assert_refused(&responder, &second, FIRST_MSEC + 19, NOISE_TOO_SOON);
	assert_int_equal(side_takes_initiation(&responder, &second, FIRST_MSEC + 20), NOISE_OK);
}

/* Also at the very start of time, which a board's clock may show. */
static void the_first_initiation_is_never_too_soon(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, 0);
	assert_int_equal(side_takes_initiation(&responder, &msg, 0), NOISE_OK);
}

/* A forged message must not be able to find out when the last one came. */
static void what_is_not_authentic_is_bad_before_it_is_too_soon(void **state)
{
	struct side initiator, responder;
	struct message_initiation msg;

	(void)state;
	sides_init(&initiator, &responder);
	side_initiates(&initiator, &msg, 0, FIRST_MSEC);
	assert_int_equal(side_takes_initiation(&responder, &msg, FIRST_MSEC), NOISE_OK);
	msg.timestamp[0] ^= 1;
	assert_refused(&responder, &msg, FIRST_MSEC, NOISE_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_transcript_starts_from_the_known_c0_and_h0),
		cmocka_unit_test(public_keys_are_the_known_ones),
		cmocka_unit_test(the_initiation_is_the_known_one),
		cmocka_unit_test(the_known_initiation_is_understood),
		cmocka_unit_test(the_response_is_the_known_one),
		cmocka_unit_test(both_sides_derive_the_known_keys),
		cmocka_unit_test(the_keepalive_is_the_known_one),
		cmocka_unit_test(the_data_message_is_the_known_one),
		cmocka_unit_test(an_ephemeral_private_key_is_gone_once_it_was_used),
		cmocka_unit_test(deriving_keys_leaves_only_the_indices),
		cmocka_unit_test(a_new_initiation_remembers_nothing_of_the_last_handshake),
		cmocka_unit_test(taking_an_initiation_ends_our_own),
		cmocka_unit_test(a_peer_of_low_order_or_ourselves_is_no_peer),
		cmocka_unit_test(a_low_order_peer_key_makes_no_message),
		cmocka_unit_test(a_low_order_ephemeral_is_refused),
		cmocka_unit_test(no_response_to_a_low_order_ephemeral),
		cmocka_unit_test(an_initiation_to_somebody_else_is_not_understood),
		cmocka_unit_test(a_claim_is_not_consumed_by_another_peer),
		cmocka_unit_test(a_claim_must_name_the_peer_that_it_is_checked_with),
		cmocka_unit_test(a_claim_without_the_static_key_is_refused),
		cmocka_unit_test(a_different_psk_refuses_the_response_and_keeps_waiting),
		cmocka_unit_test(only_a_waiting_initiation_takes_a_response),
		cmocka_unit_test(a_response_to_another_index_is_unexpected),
		cmocka_unit_test(a_response_to_an_earlier_initiation_is_refused),
		cmocka_unit_test(a_response_is_made_only_once_and_only_to_an_initiation),
		cmocka_unit_test(keys_come_only_from_a_complete_handshake),
		cmocka_unit_test(an_initiation_is_accepted_once),
		cmocka_unit_test(an_earlier_initiation_comes_too_late),
		cmocka_unit_test(timestamps_compare_as_big_endian_bytes),
		cmocka_unit_test(initiations_of_a_peer_are_20_ms_apart),
		cmocka_unit_test(the_first_initiation_is_never_too_soon),
		cmocka_unit_test(what_is_not_authentic_is_bad_before_it_is_too_soon),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
