/* rendezvous_test.c -- the words, and the client that speaks them. */
#include "pair.h"
#include "signal/rendezvous_client.h"
#include "vectors.h"

enum { IDS = 150 };

static const uint8_t ids[IDS][MAILBOX_LEN];

/* -- the words ----------------------------------------------------------- */

static bool reads(const char *hex)
{
	uint8_t bytes[128];
	struct rendezvous_message m;
	size_t len = from_hex(bytes, sizeof(bytes), hex);

	return rendezvous_read(&m, bytes_of(bytes, len));
}

#define ID	"000102030405060708090a0b0c0d0e0f"

static void the_forms_are_these(void **state)
{
	struct rendezvous_message m = {
		.kind = FRAME_OBSERVED,
		.sequence = 0x1234,
		.lifetime = 300,
		.held = 2,
		.limit = 128,
		.flags = RENDEZVOUS_RELAYS,
		.time_ms = 0x0102030405060708,
		.address = {.ip = ip_v4(192, 0, 2, 1), .port = 0x1388},
	}, back;
	uint8_t expected[128], out[128];
	size_t len = from_hex(expected, sizeof(expected),
			      "08 0018 1234 012c 0002 0080 01 0102030405060708 04 c0000201 1388");

	(void)state;
	assert_int_equal(rendezvous_write(out, sizeof(out), &m), len);
	assert_memory_equal(out, expected, len);
	assert_true(rendezvous_read(&back, bytes_of(out, len)));
	assert_int_equal(back.sequence, 0x1234);
	assert_int_equal(back.lifetime, 300);
	assert_int_equal(back.held, 2);
	assert_int_equal(back.limit, 128);
	assert_int_equal(back.flags, RENDEZVOUS_RELAYS);
	assert_true(back.time_ms == m.time_ms);
	assert_true(endpoint_equal(&back.address, &m.address));

	len = from_hex(expected, sizeof(expected), "05 0024 1234 012c" ID ID);
	assert_true(rendezvous_read(&back, bytes_of(expected, len)));
	assert_int_equal(back.ids_len, 2);
	assert_memory_equal(back.ids[1], expected + 7 + 16, MAILBOX_LEN);
	assert_int_equal(rendezvous_write(out, sizeof(out), &back), len);
	assert_memory_equal(out, expected, len);
}

static void an_observed_address_is_of_either_family_but_there_must_be_one(void **state)
{
	struct rendezvous_message m = {.kind = FRAME_OBSERVED}, back;
	uint8_t out[128];
	size_t len;

	(void)state;
	assert_int_equal(rendezvous_write(out, sizeof(out), &m), 0);
	assert_true(endpoint_parse(&m.address, "[2001:db8::1]:41999"));
	len = rendezvous_write(out, sizeof(out), &m);
	assert_true(rendezvous_read(&back, bytes_of(out, len)));
	assert_true(endpoint_equal(&back.address, &m.address));
}

static void every_truncation_is_refused(void **state)
{
	struct rendezvous_message m;
	uint8_t bytes[128];
	static const char *const words[] = {
		"05 0014 1234 012c" ID,
		"08 0018 1234 012c 0002 0080 01 0102030405060708 04 c0000201 1388",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t len = from_hex(bytes, sizeof(bytes), words[i]);

		assert_true(rendezvous_read(&m, bytes_of(bytes, len)));
		for (size_t n = 0; n < len; n++)
			assert_false(rendezvous_read(&m, bytes_of(bytes, n)));
	}
}

static void lengths_are_exact(void **state)
{
	(void)state;
	assert_true(reads("05 0004 1234 012c"));
	assert_false(reads("05 0003 1234 01"));
	assert_false(reads("05 0005 1234 012c 00"));
	assert_false(reads("05 0013 1234 012c 000102030405060708090a0b0c0d0e"));
	assert_false(reads("08 0019 1234 012c 0002 0080 01 0102030405060708 04 c0000201 1388 00"));
	assert_false(reads("08 0018 1234 012c 0002 0080 01 0102030405060708 05 c0000201 1388"));
	assert_false(reads("06 0000"));
	assert_false(reads("07 0001 01"));
}

static void other_frames_are_not_ours(void **state)
{
	uint8_t bytes[] = {0, 0, 4, 0, 1, 0, 1};
	struct rendezvous_message m;

	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		bytes[0] = (uint8_t)kind;
		assert_int_equal(rendezvous_read(&m, bytes_of(bytes, sizeof(bytes))),
				 kind == FRAME_REGISTER);
	}
}

static void at_most_64_ids_go_in_one_message(void **state)
{
	struct rendezvous_message m = {.kind = FRAME_REGISTER, .ids = ids, .ids_len = 65}, back;
	uint8_t out[RENDEZVOUS_FRAME_MAX];
	size_t len = rendezvous_write(out, sizeof(out), &m);

	(void)state;
	assert_false(rendezvous_read(&back, bytes_of(out, len)));
	m.ids_len = 64;
	len = rendezvous_write(out, sizeof(out), &m);
	assert_true(rendezvous_read(&back, bytes_of(out, len)));
}

static void only_an_envelope_is_published_or_delivered(void **state)
{
	uint8_t envelope[ENVELOPE_MAX + 1] = {ENVELOPE_VERSION}, out[ENVELOPE_MAX + 32];
	struct rendezvous_message m = {0}, back;

	(void)state;
	for (m.kind = FRAME_PUBLISH; m.kind <= FRAME_DELIVER; m.kind++) {
		for (size_t len = 0; len <= sizeof(envelope); len++) {
			bool good = len > ENVELOPE_OVERHEAD && len <= ENVELOPE_MAX;
			size_t n;

			m.envelope = bytes_of(envelope, len);
			n = rendezvous_write(out, sizeof(out), &m);
			assert_int_equal(rendezvous_read(&back, bytes_of(out, n)), good);
			out[0] = FRAME_OBSERVED + 1;
			assert_false(rendezvous_read(&back, bytes_of(out, n)));
		}
	}
}

/* -- the client ---------------------------------------------------------- */

struct link {
	struct rng rng;
	struct rendezvous_client c;
	struct rendezvous_message last;		/* that the client sent */
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
};

static void link_begin(struct link *l, size_t n)
{
	memset(l, 0, sizeof(*l));
	rng_seed(&l->rng, 1);
	rendezvous_client_init(&l->c, &l->rng);
	rendezvous_client_set_ids(&l->c, ids, n, true, 0);
}

static bool take(struct link *l, msec now)
{
	size_t len = rendezvous_client_poll(&l->c, l->frame, now);

	return len && rendezvous_read(&l->last, bytes_of(l->frame, len));
}

static enum rendezvous_event observed(struct link *l, uint16_t sequence, uint16_t limit, msec now)
{
	struct rendezvous_message m = {
		.kind = FRAME_OBSERVED,
		.sequence = sequence,
		.lifetime = 300,
		.held = 1,
		.limit = limit,
		.address = {.ip = ip_v4(192, 0, 2, 1), .port = 5000},
	}, back;
	uint8_t out[128];
	size_t len = rendezvous_write(out, sizeof(out), &m);

	return rendezvous_client_feed(&l->c, bytes_of(out, len), &back, now);
}

static void without_a_session_nothing_is_said_or_heard(void **state)
{
	uint8_t envelope[ENVELOPE_MAX] = {ENVELOPE_VERSION}, out[RENDEZVOUS_FRAME_MAX];
	struct link l;

	(void)state;
	link_begin(&l, 3);
	assert_int_equal(rendezvous_client_due(&l.c, 0), NEVER);
	rendezvous_client_tick(&l.c, SECONDS(1000));
	assert_false(take(&l, SECONDS(1000)));
	assert_int_equal(observed(&l, 0, 9, 0), RENDEZVOUS_NOTHING);
	assert_int_equal(rendezvous_client_publish(&l.c, out, bytes_of(envelope, 200), 0), 0);
}

static void a_first_connection_registers_at_once_all_in_turn(void **state)
{
	static const size_t sizes[] = {64, 64, 22};
	struct link l;

	(void)state;
	link_begin(&l, IDS);
	rendezvous_client_connected(&l.c, false, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rendezvous_client_due(&l.c, 0), 0);
		assert_true(take(&l, 0));
		assert_int_equal(l.last.kind, FRAME_REGISTER);
		assert_int_equal(l.last.ids_len, sizes[i]);
		assert_int_equal(l.last.lifetime, RENDEZVOUS_LIFETIME);
		assert_false(take(&l, 0));
		assert_int_equal(observed(&l, l.last.sequence, 1000, 0), RENDEZVOUS_SEEN);
	}
	assert_int_equal(l.c.state, RENDEZVOUS_REGISTERED);
	assert_false(take(&l, 0));
}

static void without_an_answer_it_asks_again_ever_more_slowly(void **state)
{
	static const msec waits[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct link l;
	msec now = 0;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, now);
	for (int i = 0; i < 7; i++) {
		msec due;

		assert_true(take(&l, now));
		due = rendezvous_client_due(&l.c, now);
		assert_in_range(due - now, waits[i], waits[i] * 11 / 10);
		now = due;
		rendezvous_client_tick(&l.c, now);
	}
}

static void an_answer_to_another_message_does_not_count(void **state)
{
	struct link l;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, 0);
	assert_true(take(&l, 0));
	assert_int_equal(observed(&l, (uint16_t)(l.last.sequence + 1), 9, 0), RENDEZVOUS_SEEN);
	assert_int_equal(l.c.state, RENDEZVOUS_REGISTERING);
}

static void it_registers_again_at_half_the_lifetime(void **state)
{
	struct link l;
	msec due;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, 0);
	assert_true(take(&l, 0));
	observed(&l, l.last.sequence, 9, 0);
	due = rendezvous_client_due(&l.c, 0);
	assert_in_range(due, SECONDS(135), SECONDS(150));
	rendezvous_client_tick(&l.c, due);
	assert_true(take(&l, due));
	assert_int_equal(l.last.ids_len, 3);
}

static void no_more_than_the_limit_is_asked_for(void **state)
{
	struct link l;

	(void)state;
	link_begin(&l, IDS);
	rendezvous_client_connected(&l.c, false, 0);
	assert_true(take(&l, 0));
	observed(&l, l.last.sequence, 70, 0);
	assert_true(take(&l, 0));
	assert_int_equal(l.last.ids_len, 6);
	observed(&l, l.last.sequence, 0, 0);
	assert_int_equal(l.c.state, RENDEZVOUS_REGISTERED);
	rendezvous_client_tick(&l.c, SECONDS(200));
	assert_true(take(&l, SECONDS(200)));
	assert_int_equal(l.last.ids_len, 0);
}

/* A lifetime of 0 or of a day is the rendezvous' wish, not ours. */
static void a_rendezvous_can_make_us_neither_chatter_nor_sleep(void **state)
{
	static const uint16_t granted[] = {0, 1, UINT16_MAX};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rendezvous_message m = {
			.kind = FRAME_OBSERVED, .lifetime = granted[i], .limit = 9,
			.address = {.ip = ip_v4(192, 0, 2, 1)}}, back;
		uint8_t out[128];
		struct link l;

		link_begin(&l, 3);
		rendezvous_client_connected(&l.c, false, 0);
		assert_true(take(&l, 0));
		m.sequence = l.last.sequence;
		rendezvous_client_feed(&l.c, bytes_of(out, rendezvous_write(out, sizeof(out), &m)),
				       &back, 0);
		assert_in_range(rendezvous_client_due(&l.c, 0), SECONDS(27), SECONDS(150));
	}
}

static void after_a_lost_session_the_herd_is_spread_over_a_minute(void **state)
{
	msec least = NEVER, most = 0;
	struct link l;

	(void)state;
	link_begin(&l, 3);
	for (int i = 0; i < 1000; i++) {
		msec due;

		rendezvous_client_disconnected(&l.c);
		rendezvous_client_connected(&l.c, true, 0);
		assert_false(take(&l, 0));
		due = rendezvous_client_due(&l.c, 0);
		least = msec_min(least, due);
		most = due > most ? due : most;
	}
	assert_in_range(least, 0, 1000);
	assert_in_range(most, 59000, RENDEZVOUS_SPREAD);
	rendezvous_client_tick(&l.c, most);
	assert_true(take(&l, most));
}

static void who_publishes_registers_at_once(void **state)
{
	uint8_t envelope[ENVELOPE_MAX] = {ENVELOPE_VERSION}, out[RENDEZVOUS_FRAME_MAX];
	struct rendezvous_message m;
	struct link l;
	size_t len;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, true, 0);
	len = rendezvous_client_publish(&l.c, out, bytes_of(envelope, 200), 0);
	assert_true(rendezvous_read(&m, bytes_of(out, len)));
	assert_int_equal(m.kind, FRAME_PUBLISH);
	assert_int_equal(m.envelope.len, 200);
	assert_true(take(&l, 0));
}

static void it_keeps_below_the_server_s_limit(void **state)
{
	uint8_t envelope[ENVELOPE_MAX] = {ENVELOPE_VERSION}, out[RENDEZVOUS_FRAME_MAX];
	struct link l;
	unsigned sent = 0;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, 0);
	for (msec now = 0; now < SECONDS(10); now++)
		sent += rendezvous_client_publish(&l.c, out, bytes_of(envelope, 200), now) != 0;
	assert_in_range(sent, 80, RENDEZVOUS_BURST + 10 * RENDEZVOUS_RATE);
	rendezvous_client_tick(&l.c, SECONDS(10));
	while (rendezvous_client_publish(&l.c, out, bytes_of(envelope, 200), SECONDS(10)))
		;
	assert_false(take(&l, SECONDS(10)));
	assert_in_range(rendezvous_client_due(&l.c, SECONDS(10)), SECONDS(10) + 1, SECONDS(10) + 125);
	assert_true(take(&l, SECONDS(10) + 125));
}

static void new_ids_are_registered_at_once_only_in_a_hurry(void **state)
{
	struct link l;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, 0);
	assert_true(take(&l, 0));
	observed(&l, l.last.sequence, 9, 0);
	rendezvous_client_set_ids(&l.c, ids, 4, false, 0);
	assert_false(take(&l, 0));
	rendezvous_client_set_ids(&l.c, ids, 5, true, 0);
	assert_true(take(&l, 0));
	assert_int_equal(l.last.ids_len, 5);
	rendezvous_client_set_ids(&l.c, ids, 6, false, 0);	/* while 5 are on their way */
	assert_true(take(&l, 0));
	assert_int_equal(l.last.ids_len, 6);
}

static void what_is_delivered_is_handed_on_and_junk_is_not(void **state)
{
	uint8_t envelope[ENVELOPE_MAX] = {ENVELOPE_VERSION}, out[RENDEZVOUS_FRAME_MAX];
	struct rendezvous_message m = {.kind = FRAME_DELIVER, .envelope = {envelope, 200}}, back;
	struct link l;
	size_t len;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, 0);
	len = rendezvous_write(out, sizeof(out), &m);
	assert_int_equal(rendezvous_client_feed(&l.c, bytes_of(out, len), &back, 0),
			 RENDEZVOUS_ENVELOPE);
	assert_int_equal(back.envelope.len, 200);
	assert_int_equal(rendezvous_client_feed(&l.c, bytes_of(out, len - 1), &back, 0),
			 RENDEZVOUS_NOTHING);
	out[0] = FRAME_PUBLISH;		/* nobody publishes to a client */
	assert_int_equal(rendezvous_client_feed(&l.c, bytes_of(out, len), &back, 0),
			 RENDEZVOUS_NOTHING);
}

/* An answer that nobody asked for: we hold none of yours. */
static void say_lost(struct link *l, msec now)
{
	struct rendezvous_message m = {
		.kind = FRAME_OBSERVED, .limit = 9,
		.address = {.ip = ip_v4(192, 0, 2, 1), .port = 5000}}, back;
	uint8_t out[128];
	size_t len = rendezvous_write(out, sizeof(out), &m);

	assert_int_equal(rendezvous_client_feed(&l->c, bytes_of(out, len), &back, now),
			 RENDEZVOUS_SEEN);
}

static void what_was_lost_is_registered_again_a_second_later(void **state)
{
	struct link l;
	msec now = 0;

	(void)state;
	link_begin(&l, 3);
	rendezvous_client_connected(&l.c, false, now);
	assert_true(take(&l, now));
	assert_int_equal(observed(&l, l.last.sequence, 9, now), RENDEZVOUS_SEEN);
	assert_int_equal(l.c.state, RENDEZVOUS_REGISTERED);
	now += SECONDS(10);
	say_lost(&l, now);
	say_lost(&l, now);
	assert_false(take(&l, now));
	assert_int_equal(rendezvous_client_due(&l.c, now), now + RENDEZVOUS_LOST);
	now += RENDEZVOUS_LOST;
	rendezvous_client_tick(&l.c, now);
	assert_true(take(&l, now));
	assert_int_equal(l.last.ids_len, 3);
	say_lost(&l, now);		/* while we are at it, that is no news */
	assert_int_equal(l.c.state, RENDEZVOUS_REGISTERING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forms_are_these),
		cmocka_unit_test(an_observed_address_is_of_either_family_but_there_must_be_one),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(lengths_are_exact),
		cmocka_unit_test(other_frames_are_not_ours),
		cmocka_unit_test(at_most_64_ids_go_in_one_message),
		cmocka_unit_test(only_an_envelope_is_published_or_delivered),
		cmocka_unit_test(without_a_session_nothing_is_said_or_heard),
		cmocka_unit_test(a_first_connection_registers_at_once_all_in_turn),
		cmocka_unit_test(without_an_answer_it_asks_again_ever_more_slowly),
		cmocka_unit_test(an_answer_to_another_message_does_not_count),
		cmocka_unit_test(it_registers_again_at_half_the_lifetime),
		cmocka_unit_test(no_more_than_the_limit_is_asked_for),
		cmocka_unit_test(a_rendezvous_can_make_us_neither_chatter_nor_sleep),
		cmocka_unit_test(after_a_lost_session_the_herd_is_spread_over_a_minute),
		cmocka_unit_test(who_publishes_registers_at_once),
		cmocka_unit_test(it_keeps_below_the_server_s_limit),
		cmocka_unit_test(new_ids_are_registered_at_once_only_in_a_hurry),
		cmocka_unit_test(what_is_delivered_is_handed_on_and_junk_is_not),
		cmocka_unit_test(what_was_lost_is_registered_again_a_second_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
