/* loss_test.c -- what is missing of a stream is told, and believed if it goes on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/loss.h"

enum { KEY = 0x01020304, NEXT_KEY };

static struct session a, b;		/* a sends, b receives */
static struct keypair a_keys, b_keys;
static struct loss of_a, of_b;
static msec now;

static void use_key(uint32_t key)
{
	a_keys = (struct keypair){.remote_index = key};
	b_keys = (struct keypair){.local_index = key};
	a.current = &a_keys;
	b.current = &b_keys;
}

static int begin(void **state)
{
	(void)state;
	now = SECONDS(1000);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&of_a, 0, sizeof(of_a));
	memset(&of_b, 0, sizeof(of_b));
	use_key(KEY);
	loss_begin(&of_a, &a);
	return 0;
}

/* One message; true: b has something to tell. */
static bool say(bool arrives)
{
	uint64_t counter = a_keys.send_counter++;

	if (!arrives)
		return false;
	b_keys.replay.next = counter + 1;
	b_keys.received++;
	return loss_count(&of_b, &b, now);
}

/* So many a second, the first `lost` of each ten are lost. Returns the reports that b owed;
 * a gets every one, unless `tells` is not set. */
static unsigned stream(unsigned rate, unsigned lost, msec duration, bool tells)
{
	unsigned reports = 0;
	msec end = now + duration;

	for (; now < end; now += 1000 / rate) {
		struct inband m;

		if (!say(a_keys.send_counter % 10 >= lost))
			continue;
		reports++;
		assert_true(loss_poll(&of_b, &m));
		assert_false(loss_poll(&of_b, &m));
		assert_int_equal(m.kind, FRAME_REPORT);
		if (tells)
			assert_true(loss_take(&of_a, &a, &m.report, now));
	}
	return reports;
}

static void of_what_arrives_nothing_is_said(void **state)
{
	(void)state;
	assert_int_equal(stream(100, 0, SECONDS(60), true), 0);
	assert_int_equal(loss_of(&of_a, now), 0);
}

static void a_stream_of_which_a_third_is_lost_is_known_to_be_so_in_four_seconds(void **state)
{
	(void)state;
	stream(100, 0, SECONDS(5), true);
	stream(100, 3, 2500, true);
	assert_int_equal(loss_of(&of_a, now), 0);
	stream(100, 3, 1500, true);
	assert_in_range(loss_of(&of_a, now), 200, 300);
}

/* It costs one message a second, whatever the rate. */
static void it_is_told_once_a_second(void **state)
{
	(void)state;
	assert_in_range(stream(1000, 2, SECONDS(60), true), 58, 60);
	assert_in_range(loss_of(&of_a, now), 180, 200);
}

static void slow_streams_take_fifty_messages(void **state)
{
	(void)state;
	stream(10, 4, SECONDS(4), true);
	assert_int_equal(loss_of(&of_a, now), 0);
	stream(10, 4, SECONDS(4), true);
	assert_in_range(loss_of(&of_a, now), 200, 400);
}

static void a_trickle_is_no_stream(void **state)
{
	(void)state;
	assert_int_equal(stream(2, 5, SECONDS(120), true), 0);
}

static void a_bad_second_is_forgiven(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		stream(100, 0, SECONDS(4), true);
		stream(100, 9, SECONDS(1), true);
		assert_int_equal(loss_of(&of_a, now), 0);
	}
}

/* What is not reported is taken to have arrived. */
static void two_bad_seconds_of_three_are_counted_as_such(void **state)
{
	(void)state;
	stream(100, 0, SECONDS(2), true);
	for (int i = 0; i < 3; i++) {
		stream(100, 5, SECONDS(1), true);
		stream(100, 0, SECONDS(1), true);
	}
	assert_in_range(loss_of(&of_a, now), 200, 300);
}

/* One of three says it all. */
static void reports_may_get_lost(void **state)
{
	(void)state;
	stream(100, 3, SECONDS(1), true);
	stream(100, 3, SECONDS(2), false);
	assert_int_equal(of_a.told_len, 0);
	stream(100, 3, SECONDS(1), true);
	assert_int_equal(of_a.told_len, 3);
	assert_in_range(loss_of(&of_a, now), 200, 300);
	stream(100, 3, SECONDS(5), false);
	stream(100, 3, SECONDS(1), true);
	assert_in_range(loss_of(&of_a, now), 200, 300);
}

/* The good ones among those that a report tells of do not make it worse, nor better. */
static void one_bad_second_is_none_of_three(void **state)
{
	(void)state;
	stream(100, 0, SECONDS(4), true);
	stream(100, 9, 1000, true);
	stream(100, 0, SECONDS(1), true);
	assert_in_range(of_a.told_len, 1, 2);
	assert_int_equal(loss_of(&of_a, now), 0);
}

static void it_is_over_when_nothing_is_told_any_more(void **state)
{
	(void)state;
	stream(100, 3, SECONDS(5), true);
	assert_true(loss_of(&of_a, now) >= LOSS_BAD);
	stream(100, 0, LOSS_GAP + 1000, true);
	assert_int_equal(loss_of(&of_a, now), 0);
}

static void a_pause_is_no_loss(void **state)
{
	(void)state;
	stream(100, 0, 500, true);
	a_keys.send_counter += 50;
	now += LOSS_PAUSE;
	assert_int_equal(stream(100, 0, SECONDS(3), true), 0);
}

/* RFC 4737: what overtakes is not lost. */
static void a_late_message_is_not_missing_for_ever(void **state)
{
	struct inband m;

	(void)state;
	stream(100, 0, SECONDS(1), true);
	for (int second = 0; second < 10; second++) {
		now += LOSS_SECOND;
		b_keys.replay.next += 100;
		b_keys.received += second % 2 ? 120 : 80;	/* 20 come a second later */
		if (loss_count(&of_b, &b, now) && loss_poll(&of_b, &m)) {
			a_keys.send_counter = b_keys.replay.next;
			assert_true(loss_take(&of_a, &a, &m.report, now));
		}
	}
	assert_int_equal(loss_of(&of_a, now), 0);
	assert_true(of_a.told_len > 0);
}

static void what_went_another_way_does_not_count(void **state)
{
	struct inband m = {.kind = FRAME_REPORT};

	(void)state;
	stream(100, 3, SECONDS(5), true);
	loss_begin(&of_a, &a);
	assert_int_equal(loss_of(&of_a, now), 0);
	m.report = (struct inband_report){KEY, a_keys.send_counter - 100, {{100, 10}}, 1};
	assert_true(loss_take(&of_a, &a, &m.report, now));
	assert_int_equal(of_a.told_len, 0);
	stream(100, 3, SECONDS(5), true);
	assert_true(loss_of(&of_a, now) >= LOSS_BAD);
}

/* A second is counted once, though the report of it came twice; in order, and of this key. */
static void only_news_are_kept(void **state)
{
	struct inband_report report = {KEY, 100, {{50, 10}}, 1};

	(void)state;
	a_keys.send_counter = 10000;
	assert_true(loss_take(&of_a, &a, &report, now));
	assert_true(loss_take(&of_a, &a, &report, now));
	report.first = 0;
	assert_true(loss_take(&of_a, &a, &report, now));
	report = (struct inband_report){NEXT_KEY, 500, {{50, 10}}, 1};
	assert_true(loss_take(&of_a, &a, &report, now));
	assert_int_equal(of_a.told_len, 1);
	for (unsigned i = 0; i < 2 * LOSS_SECONDS; i++) {
		report = (struct inband_report){KEY, 150 + 50 * i, {{50, 10}}, 1};
		assert_true(loss_take(&of_a, &a, &report, now));
	}
	assert_int_equal(of_a.told_len, LOSS_SECONDS);
	assert_in_range(loss_of(&of_a, now), 700, 800);
}

static void what_was_never_sent_cannot_be_missing(void **state)
{
	static const struct inband_report cannot_be[] = {
		{KEY, 1001, {{1, 0}}, 1},	{KEY, 1000, {{1, 0}}, 1},
		{KEY, 999, {{2, 0}}, 1},	{KEY, UINT64_MAX, {{2, 0}}, 1},
		{KEY, 0, {{1001, 0}}, 1},	{KEY, 2, {{UINT32_MAX, 0}}, 1},
		{KEY, 500, {{400, 0}, {101, 0}}, 2},
		{KEY, 999, {{1, 0}, {UINT32_MAX, 0}, {1, 0}}, 3},
	};

	(void)state;
	a_keys.send_counter = 1000;
	for (size_t i = 0; i < sizeof(cannot_be) / sizeof(*cannot_be); i++)
		assert_false(loss_take(&of_a, &a, &cannot_be[i], now));
	assert_int_equal(of_a.told_len, 0);
}

static void with_a_new_key_it_begins_anew(void **state)
{
	(void)state;
	stream(100, 3, SECONDS(5), true);
	use_key(NEXT_KEY);
	stream(100, 3, SECONDS(2), true);
	assert_int_equal(loss_of(&of_a, now), 0);
	stream(100, 3, SECONDS(2), true);
	assert_in_range(loss_of(&of_a, now), 200, 300);
}

static void without_a_key_there_is_nothing(void **state)
{
	const struct inband_report report = {KEY, 0, {{10, 0}}, 1};

	(void)state;
	a.current = b.current = NULL;
	loss_begin(&of_a, &a);
	assert_false(loss_count(&of_b, &b, now));
	assert_true(loss_take(&of_a, &a, &report, now));
	assert_int_equal(of_a.told_len, 0);
}

/* A counter that jumps that far is a peer's joke. */
static void a_span_that_no_report_can_say_is_not_told(void **state)
{
	struct inband m;

	(void)state;
	stream(100, 0, 500, true);
	b_keys.replay.next += UINT64_C(1) << 40;
	now += LOSS_SECOND;
	assert_false(loss_count(&of_b, &b, now));
	assert_false(loss_poll(&of_b, &m));
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_what_arrives_nothing_is_said),
		TEST(a_stream_of_which_a_third_is_lost_is_known_to_be_so_in_four_seconds),
		TEST(it_is_told_once_a_second),
		TEST(slow_streams_take_fifty_messages),
		TEST(a_trickle_is_no_stream),
		TEST(a_bad_second_is_forgiven),
		TEST(two_bad_seconds_of_three_are_counted_as_such),
		TEST(reports_may_get_lost),
		TEST(one_bad_second_is_none_of_three),
		TEST(it_is_over_when_nothing_is_told_any_more),
		TEST(a_pause_is_no_loss),
		TEST(a_late_message_is_not_missing_for_ever),
		TEST(what_went_another_way_does_not_count),
		TEST(only_news_are_kept),
		TEST(what_was_never_sent_cannot_be_missing),
		TEST(with_a_new_key_it_begins_anew),
		TEST(without_a_key_there_is_nothing),
		TEST(a_span_that_no_report_can_say_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
