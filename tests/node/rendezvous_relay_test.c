/* rendezvous_relay_test.c -- a rendezvous passes datagrams on, among those who share its psk. */
#include "callers.h"
#include "exact.h"

enum { CALLERS = 4, ANNA = 0, BERT = 1, CORA = 2, LEN = 200 };

static const uint8_t psk[KEY_LEN] = {1, 2, 3};
static const uint8_t bert[MAILBOX_LEN] = {0xbe, 1, 2, 3, 4}, anna[MAILBOX_LEN] = {0xaa, 1, 2, 3, 4};
static struct hall hall;
static struct caller callers[CALLERS];
static uint8_t datagram[LEN];

static void open_with(const uint8_t *key, uint32_t rate)
{
	hall_open_relay(&hall, CALLERS, key, rate);
	for (unsigned i = 0; i < CALLERS; i++) {
		caller_init(&hall, &callers[i], i, key);
		assert_true(caller_connect(&hall, &callers[i]));
		hall.now += 10;
	}
	hall_poll(&hall, callers, CALLERS);
	for (unsigned i = 0; i < LEN; i++)
		datagram[i] = (uint8_t)(i + 1);
}

static void close_all(void)
{
	for (unsigned i = 0; i < CALLERS; i++)
		caller_deinit(&callers[i]);
	hall_close(&hall);
}

static uint8_t register_box(unsigned caller, const uint8_t id[static MAILBOX_LEN])
{
	struct rendezvous_message m = {.kind = FRAME_REGISTER, .sequence = 1, .lifetime = 300,
				       .ids = (const uint8_t(*)[MAILBOX_LEN])id, .ids_len = 1};
	struct caller *c = &callers[caller];

	caller_say_message(&hall, c, &m);
	hall_poll(&hall, callers, CALLERS);
	for (size_t i = c->heard_len; i-- > 0;) {
		if (rendezvous_read(&m, bytes_of(c->heard[i].bytes, c->heard[i].len)))
			return m.flags;
	}
	fail();
	return 0;
}

static bool relay(unsigned caller, const uint8_t id[static MAILBOX_LEN])
{
	return caller_relay(&hall, &callers[caller], id, datagram, LEN);
}

static uint64_t count(enum forward_counter counter)
{
	return rendezvous_node_relayed(hall.rendezvous, counter);
}

/* The last that it heard is this datagram, under this tag. */
static void assert_got(unsigned caller, const uint8_t id[static MAILBOX_LEN])
{
	struct caller *c = &callers[caller];
	struct said *said = &c->heard[c->heard_len - 1];
	struct packet p = packet_in(said->bytes, sizeof(said->bytes), 0, said->len), inside;
	uint8_t tag[RELAY_TAG];

	assert_true(relay_read(&p, tag, &inside));
	assert_memory_equal(tag, id, RELAY_TAG);
	assert_int_equal(inside.len, LEN);
	assert_memory_equal(inside.data, datagram, LEN);
}

static void a_datagram_goes_to_who_registered_the_tag(void **state)
{
	(void)state;
	open_with(psk, 0);
	assert_int_equal(register_box(BERT, bert), RENDEZVOUS_RELAYS);
	assert_true(relay(ANNA, bert));
	assert_true(endpoint_equal(&hall.answered, &callers[BERT].at));
	/* neither more nor less than what came: there is no padding */
	assert_int_equal(hall.answer.len, LEN + RELAY_HEADER + MESSAGE_DATA_MIN);
	hall_hand_over(&hall, callers, CALLERS);
	assert_got(BERT, bert);
	assert_int_equal(count(FORWARD_FRAMES), 1);
	assert_int_equal(count(FORWARD_BYTES), LEN + RELAY_HEADER);
	close_all();
}

static void a_burst_is_sealed_together_for_each_and_keeps_its_order(void **state)
{
	static const uint8_t cora[MAILBOX_LEN] = {0xc0, 1};
	enum { HALF = BURST_MAX / 2, ALL = 2 * HALF };
	struct datagram burst[ALL];
	uint8_t *starts[ALL];

	(void)state;
	open_with(psk, 0);
	register_box(BERT, bert);
	register_box(CORA, cora);
	callers[BERT].heard_len = callers[CORA].heard_len = 0;
	for (unsigned n = 0; n < ALL; n++) {
		datagram[0] = (uint8_t)n;
		burst[n] = caller_relayed(&hall, &callers[ANNA], n % 2 ? cora : bert, datagram, LEN);
		starts[n] = burst[n].packet.start;
	}
	assert_int_equal(rendezvous_node_receive(hall.rendezvous, burst, ALL, hall.now), ALL);
	for (unsigned n = 0; n < ALL; n++) {
		bool first_half = n < HALF;
		unsigned to = first_half ? BERT : CORA;

		assert_true(endpoint_equal(&burst[n].path.remote, &callers[to].at));
		caller_hear(&hall, &callers[to], &burst[n]);
		datagram[0] = (uint8_t)(first_half ? 2 * n : 2 * n + 1 - ALL);
		assert_got(to, first_half ? bert : cora);
		callers[to].heard_len = 0;
	}
	for (size_t n = 0; n < ALL; n++)
		exact_free(starts[n]);
	assert_int_equal(count(FORWARD_FRAMES), ALL);
	close_all();
}

static void nobody_gets_it_who_has_not_registered(void **state)
{
	(void)state;
	open_with(psk, 0);
	assert_false(relay(ANNA, bert));
	assert_int_equal(count(FORWARD_NOBODY), 1);
	register_box(BERT, bert);
	assert_false(relay(ANNA, anna));
	assert_int_equal(count(FORWARD_NOBODY), 2);
	close_all();
}

static void nor_does_its_source_get_it_back(void **state)
{
	(void)state;
	open_with(psk, 0);
	register_box(BERT, bert);
	assert_false(relay(BERT, bert));
	assert_int_equal(count(FORWARD_TO_SOURCE), 1);
	close_all();
}

/* A seat is free again 180 s after its client was heard last. */
static void who_has_gone_gets_nothing(void **state)
{
	(void)state;
	open_with(psk, 0);
	register_box(BERT, bert);
	for (int i = 0; i < 4; i++) {
		hall_pass(&hall, SECONDS(50), callers, CALLERS);
		if (i == 2)
			assert_true(caller_connect(&hall, &callers[ANNA]));
		else if (i < 2)
			caller_say(&hall, &callers[ANNA], "", 0);
		callers[ANNA].heard_len = 0;
	}
	assert_false(relay(ANNA, bert));
	assert_int_equal(count(FORWARD_NOBODY), 1);
	close_all();
}

static void a_session_whose_keys_are_too_old_is_not_used(void **state)
{
	(void)state;
	open_with(psk, 0);
	register_box(BERT, bert);
	hall_pass(&hall, SECONDS(100), callers, CALLERS);
	assert_true(caller_connect(&hall, &callers[ANNA]));
	caller_say(&hall, &callers[BERT], "", 0);	/* it is heard, under the old keys */
	register_box(BERT, bert);
	hall.now += SECONDS(81);			/* no tick in between */
	assert_false(relay(ANNA, bert));
	assert_int_equal(count(FORWARD_UNREACHED), 1);
	close_all();
}

static void without_a_psk_nothing_is_relayed(void **state)
{
	(void)state;
	open_with(NULL, 0);
	assert_int_equal(register_box(BERT, bert), 0);
	assert_false(relay(ANNA, bert));
	assert_int_equal(rendezvous_node_count(hall.rendezvous, COUNT_NO_RELAY), 1);
	close_all();
}

static void nor_is_it_if_nobody_has_asked_for_it(void **state)
{
	(void)state;
	hall_open(&hall, CALLERS, psk);
	for (unsigned i = 0; i < CALLERS; i++) {
		caller_init(&hall, &callers[i], i, psk);
		assert_true(caller_connect(&hall, &callers[i]));
	}
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(register_box(BERT, bert), 0);
	assert_false(relay(ANNA, bert));
	assert_int_equal(rendezvous_node_count(hall.rendezvous, COUNT_NO_RELAY), 1);
	close_all();
}

static void a_malformed_one_is_dropped(void **state)
{
	static const uint8_t frames[][8] = {
		{FRAME_RELAY, 0, 4, 0xbe, 1, 2, 3},		/* no datagram */
		{FRAME_RELAY, 0, 200, 0xbe, 1, 2, 3, 4},
		{FRAME_RELAY, 0, 2, 0xbe, 1},
		{FRAME_RELAY},
	};

	(void)state;
	open_with(psk, 0);
	register_box(BERT, bert);
	for (size_t i = 0; i < 4; i++) {
		caller_say(&hall, &callers[ANNA], frames[i], sizeof(frames[i]));
		assert_int_equal(rendezvous_node_count(hall.rendezvous, COUNT_BAD_SIGNAL), i + 1);
	}
	assert_int_equal(count(FORWARD_FRAMES), 0);
	close_all();
}

/* At 1 Mbit/s anna, who floods, waits; cora does not wait for long. */
static void when_the_rate_is_used_up_each_has_its_turn(void **state)
{
	unsigned passed = 0;

	(void)state;
	open_with(psk, 1);
	register_box(BERT, bert);
	while (relay(ANNA, bert))
		passed++;
	assert_in_range(passed, 10, 100);
	for (int i = 0; i < 100; i++)
		assert_false(relay(ANNA, bert));
	assert_true(count(FORWARD_FULL) > 60);
	assert_false(relay(CORA, bert));
	callers[BERT].heard_len = 0;
	hall_pass(&hall, 10, callers, CALLERS);
	assert_in_range(callers[BERT].heard_len, 1, 10);
	assert_got(BERT, bert);
	hall_pass(&hall, SECONDS(1), callers, CALLERS);
	assert_int_equal(count(FORWARD_FRAMES) + count(FORWARD_FULL), passed + 102);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_goes_to_who_registered_the_tag),
		cmocka_unit_test(a_burst_is_sealed_together_for_each_and_keeps_its_order),
		cmocka_unit_test(nobody_gets_it_who_has_not_registered),
		cmocka_unit_test(nor_does_its_source_get_it_back),
		cmocka_unit_test(who_has_gone_gets_nothing),
		cmocka_unit_test(a_session_whose_keys_are_too_old_is_not_used),
		cmocka_unit_test(without_a_psk_nothing_is_relayed),
		cmocka_unit_test(nor_is_it_if_nobody_has_asked_for_it),
		cmocka_unit_test(a_malformed_one_is_dropped),
		cmocka_unit_test(when_the_rate_is_used_up_each_has_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
