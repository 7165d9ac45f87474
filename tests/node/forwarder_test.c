/* forwarder_test.c -- who floods delays itself, and nobody else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/forwarder.h"

enum { SOURCES = 64, LEN = 1000, ROOM = FORWARDER_FRAME + 100, PER_MSEC = 1250 /* 10 Mbit/s */ };

static struct forwarder f;
static uint8_t bytes[ROOM];
static msec now;

static int open_with(void **state)
{
	(void)state;
	now = SECONDS(1000);
	assert_true(forwarder_init(&f, SOURCES, 10, now));
	return 0;
}

static int close_it(void **state)
{
	(void)state;
	forwarder_deinit(&f);
	return 0;
}

static enum forward_verdict offer(uint32_t source, size_t len)
{
	struct packet p = packet_in(bytes, sizeof(bytes), 0, len);

	memset(bytes, (int)source, len);
	return forwarder_offer(&f, source, &p, 1, now);
}

/* Until the rate is used up, and all that this source may have at once. */
static void use_up(uint32_t source)
{
	while (offer(source, LEN) == FORWARD_NOW)
		;
}

/* A millisecond after the other, each source offering so much a millisecond; what each got of it. */
static void flow(const unsigned *frames_per_10_msec, size_t sources, msec duration, uint64_t *got)
{
	struct datagram d;
	uint32_t source;

	memset(got, 0, sources * sizeof(*got));
	for (msec end = now + duration; now < end; now++) {
		for (uint32_t s = 0; s < sources; s++) {
			unsigned n = frames_per_10_msec[s], part = (unsigned)(now % 10);

			/* spread over the ten, so that it is no burst */
			for (unsigned k = n * part / 10; k < n * (part + 1) / 10; k++)
				got[s] += offer(s, LEN) == FORWARD_NOW ? LEN : 0;
		}
		while (forwarder_poll(&f, &source, &d, now))
			got[source] += d.packet.len;
	}
}

/* -- at once -------------------------------------------------------------------- */

static void while_nobody_waits_a_frame_passes_at_once(void **state)
{
	struct datagram d;
	uint32_t source;

	(void)state;
	assert_int_equal(offer(1, LEN), FORWARD_NOW);
	assert_int_equal(offer(2, LEN), FORWARD_NOW);
	assert_false(forwarder_poll(&f, &source, &d, now));
	assert_int_equal(forwarder_due(&f), NEVER);
}

static void without_a_limit_all_pass(void **state)
{
	(void)state;
	forwarder_deinit(&f);
	assert_true(forwarder_init(&f, SOURCES, 0, now));
	for (int i = 0; i < 100000; i++)
		assert_int_equal(offer(1, LEN), FORWARD_NOW);
	assert_int_equal(forwarder_due(&f), NEVER);
}

/* -- the rate --------------------------------------------------------------------- */

static void one_source_gets_half_of_the_rate(void **state)
{
	static const unsigned flood[] = {100};
	uint64_t got;

	(void)state;
	use_up(0);
	flow(flood, 1, SECONDS(10), &got);
	assert_in_range(got, SECONDS(10) * PER_MSEC / 2 * 99 / 100, SECONDS(10) * PER_MSEC / 2);
}

static void all_together_get_the_whole_and_no_more(void **state)
{
	static const unsigned flood[] = {100, 100, 100, 100, 100};
	uint64_t got[5], sum = 0;

	(void)state;
	use_up(0);
	use_up(1);
	flow(flood, 5, SECONDS(10), got);
	for (int i = 0; i < 5; i++) {
		assert_in_range(got[i], SECONDS(10) * PER_MSEC / 5 * 95 / 100,
				SECONDS(10) * PER_MSEC / 5 * 105 / 100);
		sum += got[i];
	}
	assert_in_range(sum, SECONDS(10) * PER_MSEC * 99 / 100, SECONDS(10) * PER_MSEC * 101 / 100);
}

/* 3 frames of 1000 bytes in 10 ms are just less than a quarter of the rate. */
static void who_floods_takes_nothing_from_who_does_not(void **state)
{
	static const unsigned offered[] = {1000, 1000, 1000, 3};
	uint64_t got[4];

	(void)state;
	use_up(0);
	use_up(1);
	flow(offered, 4, SECONDS(10), got);
	assert_in_range(got[3], SECONDS(10) / 10 * 3 * LEN - 10 * LEN, SECONDS(10) / 10 * 3 * LEN);
	assert_in_range(got[0], got[1] * 95 / 100, got[1] * 105 / 100);
	assert_int_equal(f.sources[3].dropped, 0);
}

static void turns_are_by_bytes_not_by_frames(void **state)
{
	uint64_t got[2] = {0};
	struct datagram d;
	uint32_t source;

	(void)state;
	use_up(2);
	use_up(3);
	for (msec end = now + SECONDS(10); now < end; now++) {
		for (int i = 0; i < 10; i++)
			offer(0, 100);
		offer(1, 1500);
		offer(1, 1500);
		while (forwarder_poll(&f, &source, &d, now)) {
			if (source < 2)
				got[source] += d.packet.len;
		}
	}
	assert_in_range(got[0], got[1] * 90 / 100, got[1] * 110 / 100);
}

static void after_a_silence_there_is_a_burst_and_no_more(void **state)
{
	size_t passed = 0;

	(void)state;
	now += SECONDS(1000000);
	while (offer(1, LEN) == FORWARD_NOW)
		passed += LEN;
	assert_in_range(passed, FORWARDER_BURST_MIN - LEN, FORWARDER_BURST_MIN + LEN);
}

static void it_is_due_when_the_next_may_go(void **state)
{
	struct datagram d;
	uint32_t source;
	msec due;

	(void)state;
	use_up(1);
	due = forwarder_due(&f);
	assert_in_range(due, now + 1, now + 5);
	now = due - 1;
	assert_false(forwarder_poll(&f, &source, &d, now));
	now = due;
	assert_true(forwarder_poll(&f, &source, &d, now));
	assert_int_equal(source, 1);
	assert_int_equal(d.packet.len, LEN);
	assert_int_equal(d.packet.data[LEN - 1], 1);
	assert_int_equal(d.ecn, 1);
	assert_int_equal(packet_headroom(&d.packet), HEADROOM);
	assert_true(packet_tailroom(&d.packet) >= TAILROOM);
	assert_int_equal(forwarder_due(&f), NEVER);
}

/* -- those that wait ---------------------------------------------------------------- */

/* Numbered ones, so that one sees which were dropped. */
static void the_oldest_is_dropped_when_too_many_wait(void **state)
{
	struct packet p = packet_in(bytes, sizeof(bytes), 0, LEN);
	unsigned first = FORWARDER_FRAMES_EACH + 1;
	struct datagram d;
	uint32_t source;

	(void)state;
	use_up(1);			/* and one waits */
	for (unsigned i = 0; i < 2 * FORWARDER_FRAMES_EACH; i++) {
		bytes[0] = (uint8_t)i;
		assert_int_equal(forwarder_offer(&f, 1, &p, 0, now), FORWARD_LATER);
	}
	assert_int_equal(f.sources[1].frames_len, FORWARDER_FRAMES_EACH);
	assert_int_equal(f.counters[FORWARD_FULL], first);
	assert_int_equal(f.sources[1].dropped, first);
	for (unsigned i = 0; i < FORWARDER_FRAMES_EACH; i++) {
		now += SECONDS(1);
		assert_true(forwarder_poll(&f, &source, &d, now));
		assert_int_equal(d.packet.data[0], FORWARDER_FRAMES_EACH + i);
	}
	assert_false(forwarder_poll(&f, &source, &d, now));
}

static void long_frames_are_counted_by_their_bytes(void **state)
{
	(void)state;
	use_up(1);
	for (int i = 0; i < 100; i++)
		offer(1, FORWARDER_FRAME);
	assert_int_equal(f.sources[1].frames_len, FORWARDER_BYTES_EACH / FORWARDER_FRAME);
	assert_int_equal(offer(1, FORWARDER_FRAME + 1), FORWARD_DROPPED);
	assert_int_equal(f.counters[FORWARD_TOO_LONG], 1);
}

static void when_all_places_are_taken_the_longest_queue_pays(void **state)
{
	unsigned sum = 0;

	(void)state;
	use_up(0);
	for (uint32_t s = 0; s < 32; s++) {
		for (int i = 0; i < FORWARDER_FRAMES_EACH; i++)
			offer(s, 10);
	}
	assert_int_equal(offer(40, 10), FORWARD_LATER);
	assert_int_equal(f.sources[40].frames_len, 1);
	for (uint32_t s = 0; s < SOURCES; s++) {
		assert_true(f.sources[s].frames_len <= FORWARDER_FRAMES_EACH);
		sum += f.sources[s].frames_len;
	}
	assert_int_equal(sum, FORWARDER_FRAMES);
	for (uint32_t s = 1; s < 32; s++)
		assert_true(f.sources[s].frames_len >= 1);
}

static void who_is_forgotten_leaves_nothing_behind(void **state)
{
	struct datagram d;
	uint32_t source;

	(void)state;
	use_up(1);
	offer(2, LEN);
	forwarder_forget(&f, 1, now);
	now += SECONDS(1);
	assert_true(forwarder_poll(&f, &source, &d, now));
	assert_int_equal(source, 2);
	assert_false(forwarder_poll(&f, &source, &d, now));
	assert_int_equal(forwarder_due(&f), NEVER);
}

static void each_counter_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < FORWARD_COUNTERS; i++)
		assert_non_null(forward_counter_name((enum forward_counter)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_nobody_waits_a_frame_passes_at_once, open_with, close_it),
		cmocka_unit_test_setup_teardown(without_a_limit_all_pass, open_with, close_it),
		cmocka_unit_test_setup_teardown(one_source_gets_half_of_the_rate, open_with, close_it),
		cmocka_unit_test_setup_teardown(all_together_get_the_whole_and_no_more, open_with, close_it),
		cmocka_unit_test_setup_teardown(who_floods_takes_nothing_from_who_does_not, open_with, close_it),
		cmocka_unit_test_setup_teardown(turns_are_by_bytes_not_by_frames, open_with, close_it),
		cmocka_unit_test_setup_teardown(after_a_silence_there_is_a_burst_and_no_more, open_with, close_it),
		cmocka_unit_test_setup_teardown(it_is_due_when_the_next_may_go, open_with, close_it),
		cmocka_unit_test_setup_teardown(the_oldest_is_dropped_when_too_many_wait, open_with, close_it),
		cmocka_unit_test_setup_teardown(long_frames_are_counted_by_their_bytes, open_with, close_it),
		cmocka_unit_test_setup_teardown(when_all_places_are_taken_the_longest_queue_pays, open_with, close_it),
		cmocka_unit_test_setup_teardown(who_is_forgotten_leaves_nothing_behind, open_with, close_it),
		cmocka_unit_test(each_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
