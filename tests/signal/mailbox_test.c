/* mailbox_test.c -- ids that two agree on and nobody else can make. */
#include "pair.h"
#include "signal/mailbox.h"
#include "vectors.h"

#define HOUR	UINT64_C(3600000)
#define DAY	(24 * HOUR)
#define TODAY	(20000 * DAY)


static const uint8_t psk[KEY_LEN] = "a secret of two";

/* Computed with Python's hashlib and hmac: DH 11 x 32, psk 22 x 32. */
static void assert_known(bool with_psk, bool from_lesser, uint32_t day, const char *hex)
{
	struct noise_x_self self = {.public_key = {5}};
	struct noise_x_peer peer = {.public_key = {7}, .has_psk = with_psk};
	uint8_t expected[MAILBOX_LEN], id[MAILBOX_LEN];

	memset(peer.static_static, 0x11, KEY_LEN);
	memset(peer.psk, 0x22, KEY_LEN);
	from_hex(expected, sizeof(expected), hex);
	mailbox_id(id, &self, &peer, from_lesser ? MAILBOX_TO_PEER : MAILBOX_FROM_PEER, day);
	assert_memory_equal(id, expected, MAILBOX_LEN);
}

static void ids_are_as_another_program_computes_them(void **state)
{
	(void)state;
	assert_known(false, true, 20000, "d00d7c7ef99bee45df09a048d69a6817");
	assert_known(false, false, 20000, "4119c72d7b4bb0e928b1c60e2f1c5610");
	assert_known(false, true, 20001, "bd65577a3c3e76f37f977ce359a5451d");
	assert_known(true, true, 20000, "9565bb24c02b45b4a063ee44b5ba10de");
}

static void what_one_writes_to_the_other_listens_on(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct pair p = pair_of(seed, seed & 1 ? psk : NULL);
		uint8_t sent[MAILBOX_LEN], heard[MAILBOX_LEN];

		mailbox_id(sent, &p.a, &p.to_b, MAILBOX_TO_PEER, 7);
		mailbox_id(heard, &p.b, &p.to_a, MAILBOX_FROM_PEER, 7);
		assert_memory_equal(sent, heard, MAILBOX_LEN);
		mailbox_id(sent, &p.b, &p.to_a, MAILBOX_TO_PEER, 7);
		mailbox_id(heard, &p.a, &p.to_b, MAILBOX_FROM_PEER, 7);
		assert_memory_equal(sent, heard, MAILBOX_LEN);
	}
}

static void direction_day_pair_and_psk_all_count(void **state)
{
	struct pair p = pair_of(1, NULL), with = pair_of(1, psk), other = pair_of(2, NULL);
	uint8_t id[5][MAILBOX_LEN];

	(void)state;
	mailbox_id(id[0], &p.a, &p.to_b, MAILBOX_TO_PEER, 7);
	mailbox_id(id[1], &p.a, &p.to_b, MAILBOX_FROM_PEER, 7);
	mailbox_id(id[2], &p.a, &p.to_b, MAILBOX_TO_PEER, 8);
	mailbox_id(id[3], &with.a, &with.to_b, MAILBOX_TO_PEER, 7);
	mailbox_id(id[4], &other.a, &other.to_b, MAILBOX_TO_PEER, 7);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(id[i], id[j], MAILBOX_LEN);
}

static bool hears(uint64_t listener_ms, uint64_t sender_ms)
{
	uint32_t first = mailbox_first_day(listener_ms), sent = mailbox_day(sender_ms);

	return sent == first || sent == first + 1;
}

static void clocks_up_to_twelve_hours_apart_meet_at_any_time_of_day(void **state)
{
	(void)state;
	for (uint64_t t = TODAY; t < TODAY + 2 * DAY; t += HOUR / 6) {
		assert_true(hears(t, t));
		assert_true(hears(t, t + 12 * HOUR - 1));
		assert_true(hears(t, t - 12 * HOUR));
		assert_false(hears(t, t + 2 * DAY));
		assert_false(hears(t, t - 2 * DAY));
	}
}

static void the_first_day_of_1970_is_survived(void **state)
{
	(void)state;
	assert_int_equal(mailbox_first_day(0), 0);
	assert_int_equal(mailbox_first_day(DAY / 2), 0);
	assert_int_equal(mailbox_first_day(3 * DAY / 2), 1);
	assert_true(hears(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_as_another_program_computes_them),
		cmocka_unit_test(what_one_writes_to_the_other_listens_on),
		cmocka_unit_test(direction_day_pair_and_psk_all_count),
		cmocka_unit_test(clocks_up_to_twelve_hours_apart_meet_at_any_time_of_day),
		cmocka_unit_test(the_first_day_of_1970_is_survived),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
