/* noise_x_test.c -- the patterns X and Xpsk1 against cacophony's vectors, and their refusals. */
#include "pair.h"
#include "signal/noise_x.h"
#include "vectors.h"

enum { PLAIN_LEN = 16, MESSAGE_LEN = PLAIN_LEN + NOISE_X_OVERHEAD };

static const uint8_t psk[KEY_LEN] = "This is my Austrian perspective!";

/* A generator that gives cacophony's ephemeral key. */
static void fill_ephemeral(struct rng *rng, void *out, size_t len)
{
	(void)rng;
	assert_int_equal(from_hex(out, len,
				  "893e28b9dc6ca8d611ab664754b8ceb7"
				  "bac5117349a4439a6b0569da977c464a"),
			 len);
}

static struct pair cacophony(const uint8_t *with_psk)
{
	struct pair p = {.rng = {.fill = fill_ephemeral}};
	uint8_t key[KEY_LEN];

	from_hex(key, KEY_LEN, "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
	noise_x_self_init(&p.a, key);
	from_hex(key, KEY_LEN, "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
	noise_x_self_init(&p.b, key);
	p.to_b = peer_of(&p.a, &p.b, with_psk);
	p.to_a = peer_of(&p.b, &p.a, with_psk);
	return p;
}

static const struct bytes prologue = {(const uint8_t *)"John Galt", 9};
static const struct bytes plain = {(const uint8_t *)"Ludwig von Mises", PLAIN_LEN};

static bool read_all(uint8_t *out, const struct pair *p, struct bytes message)
{
	struct noise_x_claim claim;

	return noise_x_read_sender(&claim, message, prologue, &p->b, p->to_a.has_psk) &&
	       noise_x_read(out, &claim, message, &p->to_a);
}

static void assert_message(struct pair *p, const char *hex)
{
	uint8_t expected[MESSAGE_LEN], message[MESSAGE_LEN], out[PLAIN_LEN];

	assert_int_equal(from_hex(expected, sizeof(expected), hex), MESSAGE_LEN);
	assert_true(noise_x_write(message, prologue, &p->a, &p->to_b, plain, &p->rng));
	assert_memory_equal(message, expected, MESSAGE_LEN);
	assert_true(read_all(out, p, bytes_of(expected, MESSAGE_LEN)));
	assert_memory_equal(out, plain.data, PLAIN_LEN);
}

static void x_is_as_cacophony_has_it(void **state)
{
	struct pair p = cacophony(NULL);

	(void)state;
	assert_message(&p, "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
			   "8bc3b729d16d3944f1bfae9fa98e0d306234bfadc44880f99a69c6e55b6c1458"
			   "e9c9dacab3f29aac44b435c57dc436d0830ae461a4479228789a38085be55b13"
			   "e0128564987994de842e73dd0a5c328b");
}

static void xpsk1_is_as_cacophony_has_it(void **state)
{
	struct pair p = cacophony(psk);

	(void)state;
	assert_message(&p, "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
			   "79be957c06c64483c69607f17a61f440528418499b7f686adfb8091fb03643ac"
			   "32b5823d51c15e00d9355d5623c817a552a0bb264052946463c288d45d9ede7c"
			   "6ea227faafbb5f1dd11166d6ad3f7cc5");
}

static void the_first_step_names_the_sender(void **state)
{
	struct pair p = pair_of(1, NULL);
	uint8_t message[MESSAGE_LEN];
	struct noise_x_claim claim;

	(void)state;
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	assert_true(noise_x_read_sender(&claim, bytes_of(message, MESSAGE_LEN), prologue, &p.b,
					false));
	assert_memory_equal(claim.sender, p.a.public_key, KEY_LEN);
}

/* A psk that only one side has, or another one. */
static void the_psk_of_both_must_be_the_same(void **state)
{
	const uint8_t *psks[] = {NULL, psk, (const uint8_t *)"0123456789abcdef0123456789abcdef"};
	uint8_t message[MESSAGE_LEN], out[PLAIN_LEN];

	(void)state;
	for (int ours = 0; ours < 3; ours++) {
		for (int theirs = 0; theirs < 3; theirs++) {
			struct pair p = pair_of(2, psks[ours]);

			assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
			p.to_a = peer_of(&p.b, &p.a, psks[theirs]);
			assert_int_equal(read_all(out, &p, bytes_of(message, MESSAGE_LEN)),
					 ours == theirs);
		}
	}
}

static void another_prologue_does_not_open(void **state)
{
	struct pair p = pair_of(3, NULL);
	uint8_t message[MESSAGE_LEN];
	struct noise_x_claim claim;

	(void)state;
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	assert_false(noise_x_read_sender(&claim, bytes_of(message, MESSAGE_LEN),
					 bytes_of("John Gal", 8), &p.b, false));
}

static void another_recipient_cannot_open(void **state)
{
	struct pair p = pair_of(4, NULL);
	struct noise_x_self c = self_of(&p.rng);
	uint8_t message[MESSAGE_LEN];
	struct noise_x_claim claim;

	(void)state;
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	assert_false(noise_x_read_sender(&claim, bytes_of(message, MESSAGE_LEN), prologue, &c, false));
}

/* C seals a message to B that is perfectly fine but for not being from A. */
static void a_message_of_one_peer_does_not_pass_for_another_s(void **state)
{
	struct pair p = pair_of(5, NULL);
	struct noise_x_self c = self_of(&p.rng);
	struct noise_x_peer to_b = peer_of(&c, &p.b, NULL), from_c = peer_of(&p.b, &c, NULL);
	uint8_t message[MESSAGE_LEN], out[PLAIN_LEN];

	(void)state;
	assert_true(noise_x_write(message, prologue, &c, &to_b, plain, &p.rng));
	assert_false(read_all(out, &p, bytes_of(message, MESSAGE_LEN)));
	p.to_a = from_c;
	assert_true(read_all(out, &p, bytes_of(message, MESSAGE_LEN)));
}

/* C claims to be A: it can write A's key, but not compute DH(A, B). */
static void a_claim_without_the_private_key_fails_at_the_second_step(void **state)
{
	struct pair p = pair_of(6, NULL);
	struct noise_x_self c = self_of(&p.rng);
	struct noise_x_peer to_b = peer_of(&c, &p.b, NULL);
	uint8_t message[MESSAGE_LEN], out[PLAIN_LEN];
	struct noise_x_claim claim;
	struct bytes whole = bytes_of(message, MESSAGE_LEN);

	(void)state;
	memcpy(c.public_key, p.a.public_key, KEY_LEN);
	assert_true(noise_x_write(message, prologue, &c, &to_b, plain, &p.rng));
	assert_true(noise_x_read_sender(&claim, whole, prologue, &p.b, false));
	assert_memory_equal(claim.sender, p.a.public_key, KEY_LEN);
	assert_false(noise_x_read(out, &claim, whole, &p.to_a));
}

/* A has its own DH with B, and so can seal to B what says to be from C. */
static void a_peer_that_gives_another_s_name_is_refused(void **state)
{
	struct pair p = pair_of(10, NULL);
	struct noise_x_self c = self_of(&p.rng);
	uint8_t message[MESSAGE_LEN], out[PLAIN_LEN];

	(void)state;
	memcpy(p.a.public_key, c.public_key, KEY_LEN);
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	assert_false(read_all(out, &p, bytes_of(message, MESSAGE_LEN)));
}

static void an_ephemeral_key_of_low_order_is_refused(void **state)
{
	struct pair p = pair_of(7, NULL);
	uint8_t message[MESSAGE_LEN];
	struct noise_x_claim claim;

	(void)state;
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	memset(message, 0, KEY_LEN);
	assert_false(noise_x_read_sender(&claim, bytes_of(message, MESSAGE_LEN), prologue, &p.b,
					 false));
}

static void no_peer_has_our_key_or_one_of_low_order(void **state)
{
	static const uint8_t zero[KEY_LEN];
	struct pair p = pair_of(8, NULL);

	(void)state;
	assert_false(noise_x_peer_init(&p.to_b, &p.a, p.a.public_key, zero));
	assert_false(noise_x_peer_init(&p.to_b, &p.a, zero, zero));
}

static void every_truncation_is_refused(void **state)
{
	struct pair p = pair_of(9, NULL);
	uint8_t message[MESSAGE_LEN], out[PLAIN_LEN];

	(void)state;
	assert_true(noise_x_write(message, prologue, &p.a, &p.to_b, plain, &p.rng));
	for (size_t len = 0; len < MESSAGE_LEN; len++)
		assert_false(read_all(out, &p, bytes_of(message, len)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x_is_as_cacophony_has_it),
		cmocka_unit_test(xpsk1_is_as_cacophony_has_it),
		cmocka_unit_test(the_first_step_names_the_sender),
		cmocka_unit_test(the_psk_of_both_must_be_the_same),
		cmocka_unit_test(another_prologue_does_not_open),
		cmocka_unit_test(another_recipient_cannot_open),
		cmocka_unit_test(a_message_of_one_peer_does_not_pass_for_another_s),
		cmocka_unit_test(a_claim_without_the_private_key_fails_at_the_second_step),
		cmocka_unit_test(a_peer_that_gives_another_s_name_is_refused),
		cmocka_unit_test(an_ephemeral_key_of_low_order_is_refused),
		cmocka_unit_test(no_peer_has_our_key_or_one_of_low_order),
		cmocka_unit_test(every_truncation_is_refused),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
