/* noise_symmetric_test.c -- whole Noise patterns driven through the symmetric state.
 *
 * The known answers are from the cacophony collection of Noise test vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "vectors.h"
#include "crypto/noise_symmetric.h"

#define FIRST "4c756477696720766f6e204d69736573"	/* "Ludwig von Mises" */
#define SECOND "4d757272617920526f746862617264"		/* "Murray Rothbard" */

enum { FIRST_LEN = 16, SECOND_LEN = 15, MESSAGE_CAP = 160 };

struct keys {
	uint8_t private_key[KEY_LEN];
	uint8_t public_key[KEY_LEN];
};

struct cast {
	struct keys initiator, initiator_ephemeral, responder, responder_ephemeral;
	uint8_t psk[KEY_LEN];
	uint8_t prologue[9];
	uint8_t first[FIRST_LEN], second[SECOND_LEN];
};

static void keys_from_hex(struct keys *k, const char *hex)
{
	from_hex(k->private_key, KEY_LEN, hex);
	x25519_public(k->public_key, k->private_key);
}

static struct cast cast_of_cacophony(void)
{
	struct cast c;

	keys_from_hex(&c.initiator,
		      "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
	keys_from_hex(&c.initiator_ephemeral,
		      "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
	keys_from_hex(&c.responder,
		      "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
	keys_from_hex(&c.responder_ephemeral,
		      "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
	from_hex(c.psk, sizeof(c.psk),
		 "54686973206973206d7920417573747269616e20706572737065637469766521");
	from_hex(c.prologue, sizeof(c.prologue), "4a6f686e2047616c74");
	from_hex(c.first, sizeof(c.first), FIRST);
	from_hex(c.second, sizeof(c.second), SECOND);
	return c;
}

static void assert_hex(const void *data, size_t len, const char *hex)
{
	uint8_t expected[MESSAGE_CAP];

	assert_int_equal(from_hex(expected, sizeof(expected), hex), len);
	assert_memory_equal(data, expected, len);
}

/* Both sides of every pattern here know the responder's static key. */
static void start(struct noise_symmetric *s, const char *protocol, const struct cast *c)
{
	noise_symmetric_init(s, protocol, bytes_of(c->prologue, sizeof(c->prologue)));
	noise_mix_hash(s, bytes_of(c->responder.public_key, KEY_LEN));
}

static void seal_into(struct writer *w, struct noise_symmetric *s, struct bytes plain)
{
	uint8_t sealed[MESSAGE_CAP];

	noise_encrypt_and_hash(s, sealed, plain);
	put_bytes(w, bytes_of(sealed, plain.len + AEAD_TAG_LEN));
}

static void open_from(struct reader *r, struct noise_symmetric *s, const uint8_t *expected,
		      size_t len)
{
	uint8_t plain[MESSAGE_CAP];

	assert_true(noise_decrypt_and_hash(s, plain, get_bytes(r, len + AEAD_TAG_LEN)));
	assert_memory_equal(plain, expected, len);
}

/* -- IKpsk2 -------------------------------------------------------------- */

/* e, es, s, ss, payload */
static void write_first(struct writer *w, struct noise_symmetric *s, const struct cast *c)
{
	const struct keys *e = &c->initiator_ephemeral;

	put_bytes(w, bytes_of(e->public_key, KEY_LEN));
	noise_mix_ephemeral(s, e->public_key);
	assert_true(noise_mix_dh(s, e->private_key, c->responder.public_key));
	seal_into(w, s, bytes_of(c->initiator.public_key, KEY_LEN));
	assert_true(noise_mix_dh(s, c->initiator.private_key, c->responder.public_key));
	seal_into(w, s, bytes_of(c->first, FIRST_LEN));
}

static void read_first(struct reader *r, struct noise_symmetric *s, const struct cast *c)
{
	uint8_t e[KEY_LEN];

	get_copy(r, e, sizeof(e));
	noise_mix_ephemeral(s, e);
	assert_true(noise_mix_dh(s, c->responder.private_key, e));
	open_from(r, s, c->initiator.public_key, KEY_LEN);
	assert_true(noise_mix_dh(s, c->responder.private_key, c->initiator.public_key));
	open_from(r, s, c->first, FIRST_LEN);
}

/* e, ee, se, psk, payload */
static void write_second(struct writer *w, struct noise_symmetric *s, const struct cast *c)
{
	const struct keys *e = &c->responder_ephemeral;

	put_bytes(w, bytes_of(e->public_key, KEY_LEN));
	noise_mix_ephemeral(s, e->public_key);
	assert_true(noise_mix_dh(s, e->private_key, c->initiator_ephemeral.public_key));
	assert_true(noise_mix_dh(s, e->private_key, c->initiator.public_key));
	noise_mix_key_and_hash(s, c->psk);
	seal_into(w, s, bytes_of(c->second, SECOND_LEN));
}

static void read_second(struct reader *r, struct noise_symmetric *s, const struct cast *c)
{
	uint8_t e[KEY_LEN];

	get_copy(r, e, sizeof(e));
	noise_mix_ephemeral(s, e);
	assert_true(noise_mix_dh(s, c->initiator_ephemeral.private_key, e));
	assert_true(noise_mix_dh(s, c->initiator.private_key, e));
	noise_mix_key_and_hash(s, c->psk);
	open_from(r, s, c->second, SECOND_LEN);
}

struct ikpsk2 {
	const char *protocol, *first, *second, *hash;
};

static void check_ikpsk2(const struct ikpsk2 *v)
{
	struct cast c = cast_of_cacophony();
	struct noise_symmetric ours, theirs;
	uint8_t buffer[MESSAGE_CAP], keys[4][KEY_LEN];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct reader r;

	start(&ours, v->protocol, &c);
	start(&theirs, v->protocol, &c);

	write_first(&w, &ours, &c);
	assert_hex(w.data, w.len, v->first);
	r = reader_over(writer_bytes(&w));
	read_first(&r, &theirs, &c);
	assert_true(reader_done(&r) && !r.bad);

	w = writer_over(buffer, sizeof(buffer));
	write_second(&w, &theirs, &c);
	assert_hex(w.data, w.len, v->second);
	r = reader_over(writer_bytes(&w));
	read_second(&r, &ours, &c);
	assert_true(reader_done(&r) && !r.bad);

	assert_hex(ours.hash, HASH_LEN, v->hash);
	assert_memory_equal(theirs.hash, ours.hash, HASH_LEN);
	noise_split(&ours, keys[0], keys[1]);
	noise_split(&theirs, keys[2], keys[3]);
	assert_memory_equal(keys[0], keys[2], 2 * KEY_LEN);
	assert_memory_not_equal(keys[0], keys[1], KEY_LEN);
}

static void ikpsk2_gives_the_known_messages_on_both_sides(void **state)
{
	static const struct ikpsk2 v = {
		"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
		"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
		"001e21de9f98ddd8e2ad57527207feb56253c9c94a9e496782ecfcb2a75fbcaf"
		"1b52948cc48daefe660c62119ab5000980c84831215f2441eba616548e832985"
		"464cf17e51ee93109008399a21f7e13f",
		"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
		"cb765f2caef0751b8f007572dab0322217755c0632f365717edbf34d33e87a",
		"f5191b875290abcd41347ac3622d9679688a7e980229cb937ef748336cfde0e5",
	};

	(void)state;
	check_ikpsk2(&v);
}

static void ikpsk2_with_aes_gives_the_known_messages_on_both_sides(void **state)
{
	static const struct ikpsk2 v = {
		"Noise_IKpsk2_25519_AESGCM_BLAKE2s",
		"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
		"f70d65fedfd7ad294f4c8f5c1324c7c90e54cd8af05652112a27b261e11ce99d"
		"9d517c4a1e0753038edb26066b4087b4c230aafa22b0552550b723eb69374a67"
		"4d306a84e1852e30af2e2dbefeb4fd2f",
		"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
		"4190dae84b6887641a5f81e03d83f7be91fa1134c18dde966e18fc404b97a8",
		"60f2139120264f109f2bd525a8d94877d7896d64394c34a7abedbc114154a6d5",
	};

	(void)state;
	if (!aead_has(AEAD_AES256GCM))
		skip();
	check_ikpsk2(&v);
}

/* -- X ------------------------------------------------------------------- */

/* e, es, s, ss, payload: without a psk the ephemeral goes into the hash only. */
static void x_gives_the_known_message_on_both_sides(void **state)
{
	struct cast c = cast_of_cacophony();
	const struct keys *e = &c.initiator_ephemeral;
	struct noise_symmetric ours, theirs;
	uint8_t buffer[MESSAGE_CAP];
	struct writer w = writer_over(buffer, sizeof(buffer));
	struct reader r;

	(void)state;
	start(&ours, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	put_bytes(&w, bytes_of(e->public_key, KEY_LEN));
	noise_mix_hash(&ours, bytes_of(e->public_key, KEY_LEN));
	assert_true(noise_mix_dh(&ours, e->private_key, c.responder.public_key));
	seal_into(&w, &ours, bytes_of(c.initiator.public_key, KEY_LEN));
	assert_true(noise_mix_dh(&ours, c.initiator.private_key, c.responder.public_key));
	seal_into(&w, &ours, bytes_of(c.first, FIRST_LEN));
	assert_hex(w.data, w.len,
		   "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
		   "8bc3b729d16d3944f1bfae9fa98e0d306234bfadc44880f99a69c6e55b6c1458"
		   "e9c9dacab3f29aac44b435c57dc436d0830ae461a4479228789a38085be55b13"
		   "e0128564987994de842e73dd0a5c328b");
	assert_hex(ours.hash, HASH_LEN,
		   "f781a940343a817adc2483932dd05e7036171cdcf1d0a0bf0cd869f7aa557c6a");

	start(&theirs, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	r = reader_over(writer_bytes(&w));
	noise_mix_hash(&theirs, get_bytes(&r, KEY_LEN));
	assert_true(noise_mix_dh(&theirs, c.responder.private_key, buffer));
	open_from(&r, &theirs, c.initiator.public_key, KEY_LEN);
	assert_true(noise_mix_dh(&theirs, c.responder.private_key, c.initiator.public_key));
	open_from(&r, &theirs, c.first, FIRST_LEN);
	assert_memory_equal(theirs.hash, ours.hash, HASH_LEN);
}

/* e, es, s, ss, psk, payload */
static void xpsk1_gives_the_known_message(void **state)
{
	struct cast c = cast_of_cacophony();
	const struct keys *e = &c.initiator_ephemeral;
	struct noise_symmetric s;
	uint8_t buffer[MESSAGE_CAP];
	struct writer w = writer_over(buffer, sizeof(buffer));

	(void)state;
	start(&s, "Noise_Xpsk1_25519_ChaChaPoly_BLAKE2s", &c);
	put_bytes(&w, bytes_of(e->public_key, KEY_LEN));
	noise_mix_ephemeral(&s, e->public_key);
	assert_true(noise_mix_dh(&s, e->private_key, c.responder.public_key));
	seal_into(&w, &s, bytes_of(c.initiator.public_key, KEY_LEN));
	assert_true(noise_mix_dh(&s, c.initiator.private_key, c.responder.public_key));
	noise_mix_key_and_hash(&s, c.psk);
	seal_into(&w, &s, bytes_of(c.first, FIRST_LEN));
	assert_hex(w.data, w.len,
		   "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
		   "79be957c06c64483c69607f17a61f440528418499b7f686adfb8091fb03643ac"
		   "32b5823d51c15e00d9355d5623c817a552a0bb264052946463c288d45d9ede7c"
		   "6ea227faafbb5f1dd11166d6ad3f7cc5");
	assert_hex(s.hash, HASH_LEN,
		   "12d1bf6e1327e20398d92727a16965e0769a5b0ddf58d77bfd219cfc68f57d5a");
}

/* -- by themselves ------------------------------------------------------- */

static void two_parts_under_one_key_use_two_nonces(void **state)
{
	struct cast c = cast_of_cacophony();
	struct noise_symmetric ours, theirs;
	uint8_t first[FIRST_LEN + AEAD_TAG_LEN], second[FIRST_LEN + AEAD_TAG_LEN], out[FIRST_LEN];

	(void)state;
	start(&ours, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	noise_mix_key(&ours, c.psk);
	theirs = ours;
	noise_encrypt_and_hash(&ours, first, bytes_of(c.first, FIRST_LEN));
	noise_encrypt_and_hash(&ours, second, bytes_of(c.first, FIRST_LEN));
	assert_memory_not_equal(first, second, FIRST_LEN);
	assert_int_equal(ours.counter, 2);

	assert_true(noise_decrypt_and_hash(&theirs, out, bytes_of(first, sizeof(first))));
	assert_true(noise_decrypt_and_hash(&theirs, out, bytes_of(second, sizeof(second))));
	assert_memory_equal(out, c.first, FIRST_LEN);
	noise_mix_key(&ours, c.psk);
	assert_int_equal(ours.counter, 0);
}

static void another_transcript_does_not_open(void **state)
{
	struct cast c = cast_of_cacophony();
	struct noise_symmetric ours, theirs;
	uint8_t sealed[FIRST_LEN + AEAD_TAG_LEN], out[FIRST_LEN];

	(void)state;
	start(&ours, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	noise_mix_key(&ours, c.psk);
	theirs = ours;
	noise_mix_hash(&theirs, bytes_of("x", 1));
	noise_encrypt_and_hash(&ours, sealed, bytes_of(c.first, FIRST_LEN));
	assert_false(noise_decrypt_and_hash(&theirs, out, bytes_of(sealed, sizeof(sealed))));
}

static void too_short_for_a_tag_does_not_open(void **state)
{
	struct cast c = cast_of_cacophony();
	struct noise_symmetric s;
	uint8_t sealed[AEAD_TAG_LEN - 1] = {0}, out[1];

	(void)state;
	start(&s, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	noise_mix_key(&s, c.psk);
	assert_false(noise_decrypt_and_hash(&s, out, bytes_of(sealed, sizeof(sealed))));
}

static void a_point_of_low_order_is_refused_and_not_mixed_in(void **state)
{
	static const uint8_t zero[KEY_LEN], one[KEY_LEN] = {1};
	struct cast c = cast_of_cacophony();
	struct noise_symmetric s, before;

	(void)state;
	start(&s, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	memcpy(&before, &s, sizeof(s));
	assert_false(noise_mix_dh(&s, c.responder.private_key, zero));
	assert_false(noise_mix_dh(&s, c.responder.private_key, one));
	assert_memory_equal(&s, &before, sizeof(s));
}

static void resuming_goes_on_where_it_was_left(void **state)
{
	struct cast c = cast_of_cacophony();
	struct noise_symmetric s, resumed;

	(void)state;
	start(&s, "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s", &c);
	noise_mix_ephemeral(&s, c.initiator_ephemeral.public_key);
	noise_symmetric_resume(&resumed, AEAD_CHACHA20POLY1305, s.hash, s.chaining_key);
	assert_false(resumed.has_key);
	noise_mix_key_and_hash(&s, c.psk);
	noise_mix_key_and_hash(&resumed, c.psk);
	assert_memory_equal(resumed.hash, s.hash, HASH_LEN);
	assert_memory_equal(resumed.key, s.key, KEY_LEN);
}

static void wiping_leaves_nothing(void **state)
{
	static const struct noise_symmetric nothing;
	struct cast c = cast_of_cacophony();
	struct noise_symmetric s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	start(&s, "Noise_X_25519_ChaChaPoly_BLAKE2s", &c);
	noise_mix_key(&s, c.psk);
	noise_symmetric_wipe(&s);
	assert_memory_equal(&s, &nothing, sizeof(s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ikpsk2_gives_the_known_messages_on_both_sides),
		cmocka_unit_test(ikpsk2_with_aes_gives_the_known_messages_on_both_sides),
		cmocka_unit_test(x_gives_the_known_message_on_both_sides),
		cmocka_unit_test(xpsk1_gives_the_known_message),
		cmocka_unit_test(two_parts_under_one_key_use_two_nonces),
		cmocka_unit_test(another_transcript_does_not_open),
		cmocka_unit_test(too_short_for_a_tag_does_not_open),
		cmocka_unit_test(a_point_of_low_order_is_refused_and_not_mixed_in),
		cmocka_unit_test(resuming_goes_on_where_it_was_left),
		cmocka_unit_test(wiping_leaves_nothing),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
