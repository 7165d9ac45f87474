/* events_test.c -- the command against a daemon that is played, and what it prints. */
#include "cli/claims.h"

#include <stdlib.h>
#include <string.h>

#include "cli/events.h"
#include "cli/played.h"

#define BEGAN "{\"schema\":1,\"net\":\"home\",\"number\":1,\"time\":\"2026-01-02T22:59:58.250Z\"," \
	"\"kind\":\"search_began\",\"peer\":\"phone\",\"text\":\"looking for a way\"}"
#define FOUND "{\"schema\":1,\"net\":\"home\",\"number\":2,\"time\":\"2026-01-02T23:00:01.000Z\"," \
	"\"kind\":\"path_chosen\",\"peer\":\"phone\",\"text\":\"direct udp4 203.0.113.9:52011 (punched): it answered\"}"
#define MOVED "{\"schema\":1,\"net\":\"home\",\"number\":3,\"time\":\"2026-01-02T23:03:17.999Z\"," \
	"\"kind\":\"addresses_changed\",\"peer\":null,\"text\":\"this host's addresses changed, 2 are usable\"}"
#define REPLY(events) "{\"ok\":true,\"schema\":1,\"net\":\"home\",\"events\":[" events "]}\n"
#define TOO_SLOW "{\"ok\":false,\"code\":1,\"error\":\"too slow\"}\n"
#define UNKNOWN "{\"ok\":false,\"code\":6,\"error\":\"home has no peer 'nobody'\"}\n"

static int set_up(void **state)
{
	setenv("TZ", "XST-1", 1);	/* an hour before UTC */
	return played_set_up(state);
}

static int run(const char *const *command, const char *reply)
{
	return played_run(command, WORDS("\"events\""), WORDS(reply));
}

static void each_event_is_a_line_with_its_local_time(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events"), REPLY(BEGAN "," FOUND "," MOVED)), 0);
	assert_string_equal(played_printed,
		"2026-01-02 23:59:58  phone   looking for a way\n"
		"2026-01-03 00:00:01  phone   direct udp4 203.0.113.9:52011 (punched): it answered\n"
		"2026-01-03 00:03:17  -       this host's addresses changed, 2 are usable\n");
}

static void json_is_one_object_a_line(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events", "--json"), REPLY(BEGAN "," MOVED)), 0);
	assert_string_equal(played_printed, BEGAN "\n" MOVED "\n");
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events"), REPLY("")), 0);
	assert_string_equal(played_printed, "");
	assert_string_equal(played_said, "");
}

static void what_is_asked_for_is_what_was_written(void **state)
{
	(void)state;
	assert_int_equal(played_run(WORDS("events", "phone", "--since", "2026-01-02T22:59:58Z"),
				    WORDS("\"peer\":\"phone\"", "\"since_ms\":1767394798000"),
				    WORDS(REPLY(BEGAN))), 0);
	assert_int_equal(run(WORDS("events", "nobody"), UNKNOWN), 6);
	assert_string_equal(played_said, "p2pnet: home has no peer 'nobody'\n");
}

static void what_is_no_time_is_a_usage_error(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events", "--since", "soon"), REPLY("")), 2);
	assert_string_equal(played_said, "p2pnet: --since is as 10m, 2h, 22:41 or "
					 "2026-01-02T22:41:00Z, not 'soon'\n");
}

/* The three replies come at once and are told apart. */
static void who_follows_sees_all_that_comes_until_the_net_stops(void **state)
{
	(void)state;
	assert_int_equal(played_run(WORDS("events", "-f", "-j"), WORDS("\"follow\":true"),
				    WORDS(REPLY(BEGAN) REPLY(FOUND) REPLY(MOVED))), 3);
	assert_string_equal(played_printed, BEGAN "\n" FOUND "\n" MOVED "\n");
	assert_string_equal(played_said, "p2pnet: home was stopped, or we were too slow for it\n");
}

static void who_follows_too_slowly_is_told(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events", "--follow"), REPLY(BEGAN) TOO_SLOW), 1);
	assert_string_equal(played_printed, "2026-01-02 23:59:58  phone   looking for a way\n");
	assert_string_equal(played_said, "p2pnet: too slow\n");
}

static void what_is_no_reply_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(run(WORDS("events", "-f"), "hello\n"), 1);
	assert_non_null(strstr(played_said, "is not p2pnet"));
}

/* -- printing ------------------------------------------------------------------- */

static char *print(const char *reply, struct events_style *style)
{
	json_t *object = json_loads(reply, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	events_print(out, object, style);
	fclose(out);
	json_decref(object);
	return text;
}

static void today_has_no_date(void **state)
{
	struct events_style style = {.now = 1767396000};	/* the 3rd of January here */
	char *text = print(REPLY(BEGAN "," MOVED), &style);

	(void)state;
	assert_string_equal(text, "2026-01-02 23:59:58  phone   looking for a way\n"
				  "00:03:17  -       this host's addresses changed, 2 are usable\n");
	free(text);
}

static void a_long_name_moves_all_that_follows(void **state)
{
	struct events_style style = {.now = 0};
	char *first = print("{\"events\":[{\"peer\":\"a-long-name\",\"text\":\"x\"}]}", &style);
	char *then = print("{\"events\":[{\"peer\":\"b\",\"text\":\"y\"}]}", &style);

	(void)state;
	assert_string_equal(first, "?  a-long-name  x\n");
	assert_string_equal(then, "?  b            y\n");
	free(first);
	free(then);
}

static void an_event_with_nothing_in_it_prints(void **state)
{
	struct events_style style = {.now = 0};
	char *text = print("{\"events\":[{}, 7]}", &style);

	(void)state;
	assert_string_equal(text, "?  -       ?\n?  -       ?\n");
	free(text);
	text = print("{}", &style);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
#define with_socket(test) cmocka_unit_test_setup_teardown(test, set_up, played_tear_down)
	const struct CMUnitTest tests[] = {
		with_socket(each_event_is_a_line_with_its_local_time),
		with_socket(json_is_one_object_a_line),
		with_socket(nothing_is_nothing),
		with_socket(what_is_asked_for_is_what_was_written),
		with_socket(what_is_no_time_is_a_usage_error),
		with_socket(who_follows_sees_all_that_comes_until_the_net_stops),
		with_socket(who_follows_too_slowly_is_told),
		with_socket(what_is_no_reply_is_an_error),
		with_socket(today_has_no_date),
		with_socket(a_long_name_moves_all_that_follows),
		with_socket(an_event_with_nothing_in_it_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
