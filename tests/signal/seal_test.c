/* seal_test.c -- envelopes: what fits, what opens, and all that does not. */
#include "pair.h"
#include "signal/seal.h"

static const uint8_t box[MAILBOX_LEN] = "0123456789abcde";
static const uint8_t other_box[MAILBOX_LEN] = "0123456789abcdf";
static const struct bytes hello = {(const uint8_t *)"hello", 5};

static struct bytes seal(uint8_t out[static ENVELOPE_MAX], struct pair *p, struct bytes plain)
{
	return bytes_of(out, seal_envelope(out, box, &p->a, &p->to_b, plain, &p->rng));
}

static size_t open_it(uint8_t out[static SEAL_PLAIN_MAX], const struct pair *p, struct bytes envelope)
{
	return seal_open(out, envelope, &p->b, &p->to_a);
}

static void what_is_sealed_opens(void **state)
{
	struct pair p = pair_of(1, NULL);
	uint8_t envelope[ENVELOPE_MAX], plain[SEAL_PLAIN_MAX];
	struct bytes e = seal(envelope, &p, hello);

	(void)state;
	assert_int_equal(e.len, hello.len + 113);
	assert_int_equal(envelope[0], 1);
	assert_memory_equal(envelope_mailbox(e), box, MAILBOX_LEN);
	assert_int_equal(open_it(plain, &p, e), hello.len);
	assert_memory_equal(plain, hello.data, hello.len);
}

static void the_largest_is_1200_bytes(void **state)
{
	struct pair p = pair_of(2, NULL);
	uint8_t envelope[ENVELOPE_MAX], plain[SEAL_PLAIN_MAX], large[SEAL_PLAIN_MAX + 1] = {7};

	(void)state;
	assert_int_equal(seal(envelope, &p, bytes_of(large, SEAL_PLAIN_MAX)).len, 1200);
	assert_int_equal(open_it(plain, &p, bytes_of(envelope, ENVELOPE_MAX)), SEAL_PLAIN_MAX);
	assert_int_equal(seal(envelope, &p, bytes_of(large, SEAL_PLAIN_MAX + 1)).len, 0);
	assert_int_equal(seal(envelope, &p, bytes_of(large, 0)).len, 0);
}

static void two_envelopes_of_one_text_have_nothing_in_common_but_the_mailbox(void **state)
{
	struct pair p = pair_of(3, NULL);
	uint8_t first[ENVELOPE_MAX], second[ENVELOPE_MAX];
	size_t len = seal(first, &p, hello).len, same = 0;

	(void)state;
	seal(second, &p, hello);
	for (size_t i = 1 + MAILBOX_LEN; i < len; i++)
		same += first[i] == second[i];
	assert_true(same < 8);
}

/* Neither key is in the envelope, where a carrier could read it. */
static void no_public_key_is_to_be_seen(void **state)
{
	struct pair p = pair_of(4, NULL);
	uint8_t envelope[ENVELOPE_MAX];
	struct bytes e = seal(envelope, &p, hello);

	(void)state;
	assert_null(memmem(e.data, e.len, p.a.public_key, 8));
	assert_null(memmem(e.data, e.len, p.b.public_key, 8));
}

/* So that another program can do the same. */
static void the_prologue_is_label_mailbox_and_recipient(void **state)
{
	struct pair p = pair_of(11, NULL);
	uint8_t prologue[12 + MAILBOX_LEN + KEY_LEN], plain[SEAL_PLAIN_MAX];
	uint8_t envelope[ENVELOPE_OVERHEAD + 5] = {1};

	(void)state;
	memcpy(prologue, "p2pnet sig 1", 12);
	memcpy(prologue + 12, box, MAILBOX_LEN);
	memcpy(prologue + 12 + MAILBOX_LEN, p.b.public_key, KEY_LEN);
	memcpy(envelope + 1, box, MAILBOX_LEN);
	assert_true(noise_x_write(envelope + 17, bytes_of(prologue, sizeof(prologue)), &p.a, &p.to_b,
				  hello, &p.rng));
	assert_int_equal(open_it(plain, &p, bytes_of(envelope, sizeof(envelope))), hello.len);
}

static void every_bit_flip_is_refused(void **state)
{
	struct pair p = pair_of(5, NULL);
	uint8_t envelope[ENVELOPE_MAX], plain[SEAL_PLAIN_MAX];
	struct bytes e = seal(envelope, &p, hello);
	uint8_t sender[KEY_LEN];

	(void)state;
	for (size_t bit = 0; bit < 8 * e.len; bit++) {
		envelope[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(open_it(plain, &p, e), 0);
		envelope[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(open_it(plain, &p, e), hello.len);
	assert_true(seal_read_sender(sender, e, &p.b, false));
}

static void every_truncation_and_any_excess_is_refused(void **state)
{
	struct pair p = pair_of(6, NULL);
	uint8_t envelope[ENVELOPE_MAX + 1] = {0}, plain[SEAL_PLAIN_MAX], sender[KEY_LEN];
	struct bytes e = seal(envelope, &p, hello);

	(void)state;
	for (size_t len = 0; len <= sizeof(envelope); len++) {
		if (len == e.len)
			continue;
		assert_int_equal(open_it(plain, &p, bytes_of(envelope, len)), 0);
		if (len <= ENVELOPE_OVERHEAD || len > ENVELOPE_MAX) {
			assert_null(envelope_mailbox(bytes_of(envelope, len)));
			assert_false(seal_read_sender(sender, bytes_of(envelope, len), &p.b, false));
		}
	}
}

static void another_version_is_none(void **state)
{
	struct pair p = pair_of(7, NULL);
	uint8_t envelope[ENVELOPE_MAX];
	struct bytes e = seal(envelope, &p, hello);

	(void)state;
	envelope[0] = 2;
	assert_null(envelope_mailbox(e));
}

static void put_into_another_mailbox_it_does_not_open(void **state)
{
	struct pair p = pair_of(8, NULL);
	uint8_t envelope[ENVELOPE_MAX], plain[SEAL_PLAIN_MAX];
	struct bytes e = seal(envelope, &p, hello);

	(void)state;
	memcpy(envelope + 1, other_box, MAILBOX_LEN);
	assert_int_equal(open_it(plain, &p, e), 0);
}

static void sent_back_to_its_sender_it_does_not_open(void **state)
{
	struct pair p = pair_of(9, NULL);
	uint8_t envelope[ENVELOPE_MAX], plain[SEAL_PLAIN_MAX];

	(void)state;
	assert_int_equal(seal_open(plain, seal(envelope, &p, hello), &p.a, &p.to_b), 0);
}

static void the_sender_can_be_read_with_the_right_guess_about_the_psk(void **state)
{
	static const uint8_t psk[KEY_LEN] = "a secret of two";

	(void)state;
	for (int with = 0; with < 2; with++) {
		struct pair p = pair_of(10, with ? psk : NULL);
		uint8_t envelope[ENVELOPE_MAX], sender[KEY_LEN];
		struct bytes e = seal(envelope, &p, hello);

		assert_true(seal_read_sender(sender, e, &p.b, with));
		assert_memory_equal(sender, p.a.public_key, KEY_LEN);
		assert_false(seal_read_sender(sender, e, &p.b, !with));
		assert_false(seal_read_sender(sender, e, &p.a, with));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(the_largest_is_1200_bytes),
		cmocka_unit_test(two_envelopes_of_one_text_have_nothing_in_common_but_the_mailbox),
		cmocka_unit_test(no_public_key_is_to_be_seen),
		cmocka_unit_test(the_prologue_is_label_mailbox_and_recipient),
		cmocka_unit_test(every_bit_flip_is_refused),
		cmocka_unit_test(every_truncation_and_any_excess_is_refused),
		cmocka_unit_test(another_version_is_none),
		cmocka_unit_test(put_into_another_mailbox_it_does_not_open),
		cmocka_unit_test(sent_back_to_its_sender_it_does_not_open),
		cmocka_unit_test(the_sender_can_be_read_with_the_right_guess_about_the_psk),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
