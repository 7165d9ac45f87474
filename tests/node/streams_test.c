/* streams_test.c -- the numbers of connections to servers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "node/streams.h"

static const struct node_stream_target target = {
	.host = "relay.example.net", .port = 443, .tls = true, .framing = FRAMING_TURN};
static struct streams s;

static int nothing_open(void **state)
{
	(void)state;
	s = (struct streams){0};
	return 0;
}

static uint16_t begin_one(void)
{
	uint16_t via = streams_take(&s, &target);
	struct action action;

	assert_int_equal(streams_state(&s, via), STREAM_WANTED);
	assert_int_equal(streams_poll(&s, &action), ACTION_OPEN_STREAM);
	assert_int_equal(action.via, via);
	assert_string_equal(action.target.host, target.host);
	assert_int_equal(streams_state(&s, via), STREAM_OPENING);
	return via;
}

static void a_stream_opens_and_is_released(void **state)
{
	uint16_t via = begin_one();
	struct path path = {.remote = {.ip = ip_v4(192, 0, 2, 1), .port = 443}, .via = via};
	struct path open;
	struct action action;

	(void)state;
	assert_true(via_is_stream(via));
	streams_opened(&s, &path);
	assert_int_equal(streams_state(&s, via), STREAM_OPEN);
	open = streams_path(&s, via);
	assert_true(path_equal(&open, &path));
	assert_int_equal(streams_poll(&s, &action), ACTION_NONE);
	streams_release(&s, via);
	assert_int_equal(streams_poll(&s, &action), ACTION_CLOSE_STREAM);
	assert_int_equal(action.via, via);
	assert_int_equal(streams_poll(&s, &action), ACTION_NONE);
	assert_int_equal(streams_state(&s, via), STREAM_FREE);
}

static void one_that_ended_says_why_until_it_is_released(void **state)
{
	uint16_t via = begin_one();
	struct action action;

	(void)state;
	streams_closed(&s, via, STREAM_BAD_CERTIFICATE);
	assert_int_equal(streams_state(&s, via), STREAM_CLOSED);
	assert_int_equal(streams_why(&s, via), STREAM_BAD_CERTIFICATE);
	assert_int_not_equal(streams_take(&s, &target), via);
	streams_release(&s, via);
	assert_int_equal(streams_state(&s, via), STREAM_FREE);
	assert_int_equal(streams_take(&s, &target), via);
	assert_int_equal(streams_poll(&s, &action), ACTION_OPEN_STREAM);
}

static void what_comes_late_is_ignored(void **state)
{
	uint16_t via = begin_one();
	struct path path = {.remote = {.ip = ip_v4(192, 0, 2, 1), .port = 443}, .via = via};

	(void)state;
	streams_release(&s, via);
	streams_opened(&s, &path);
	assert_int_equal(streams_state(&s, via), STREAM_LEAVING);
	streams_closed(&s, via, STREAM_ENDED);
	assert_int_equal(streams_state(&s, via), STREAM_LEAVING);
}

static void one_released_before_it_was_asked_for_is_never_opened(void **state)
{
	uint16_t via = streams_take(&s, &target);
	struct action action;

	(void)state;
	streams_release(&s, via);
	assert_int_equal(streams_poll(&s, &action), ACTION_NONE);
	assert_int_equal(s.owed, 0);
}

static void there_are_so_many_and_no_more(void **state)
{
	(void)state;
	for (int i = 0; i < NODE_STREAMS_MAX; i++)
		assert_true(via_is_stream(streams_take(&s, &target)));
	assert_int_equal(streams_take(&s, &target), 0);
}

static void every_end_has_a_name(void **state)
{
	(void)state;
	for (enum node_stream_end why = STREAM_ENDED; why < NODE_STREAM_ENDS; why++) {
		const char *name = node_stream_end_name(why);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stream_opens_and_is_released, nothing_open),
		cmocka_unit_test_setup(one_that_ended_says_why_until_it_is_released, nothing_open),
		cmocka_unit_test_setup(what_comes_late_is_ignored, nothing_open),
		cmocka_unit_test_setup(one_released_before_it_was_asked_for_is_never_opened, nothing_open),
		cmocka_unit_test_setup(there_are_so_many_and_no_more, nothing_open),
		cmocka_unit_test(every_end_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
