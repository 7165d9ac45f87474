/* request_test.c -- requests survive the way there; junk gets a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/request.h"

static void comes_back_as_it_went(void **state)
{
	static const struct ctl_request requests[] = {
		{.verb = CTL_STATUS},
		{.verb = CTL_RELOAD},
		{.verb = CTL_DOWN},
		{.verb = CTL_LOG},
		{.verb = CTL_LOG, .level = "debug"},
		{.verb = CTL_WAIT, .seconds = 0},
		{.verb = CTL_WAIT, .seconds = 86400},
		{.verb = CTL_PING, .seconds = 5, .peer = "laptop"},
		{.verb = CTL_PING, .seconds = 0, .peer = "fd00::1"},
		{.verb = CTL_EVENTS},
		{.verb = CTL_EVENTS, .peer = "laptop", .since_ms = 1767323045678, .follow = true},
		{.verb = CTL_OFFER, .peer = "laptop", .seconds = 3600},
		{.verb = CTL_ACCEPT, .token = "p2pnet1-mfrggzdf"},
		{.verb = CTL_EXPLAIN, .peer = "xScVkH3fUGUv4RrJFfmcqm8rs3SEHr41km6+yffAHw4="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		char *line = ctl_request_encode(&requests[i]);
		struct ctl_request out;
		char error[256];

		assert_non_null(line);
		assert_int_equal(line[strlen(line) - 1], '\n');
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		assert_true(ctl_request_decode(&out, line, strlen(line), error));
		assert_int_equal(out.verb, requests[i].verb);
		assert_string_equal(out.level, requests[i].level);
		assert_int_equal(out.seconds, requests[i].seconds);
		assert_string_equal(out.peer, requests[i].peer);
		assert_int_equal(out.since_ms, requests[i].since_ms);
		assert_int_equal(out.follow, requests[i].follow);
		assert_string_equal(out.token, requests[i].token);
		free(line);
	}
}

static void what_changes_something_is_a_change(void **state)
{
	(void)state;
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_STATUS}));
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_WAIT}));
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_LOG}));
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_PING, .peer = "a"}));
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_EXPLAIN, .peer = "a"}));
	assert_false(ctl_changes(&(struct ctl_request){.verb = CTL_EVENTS, .follow = true}));
	assert_true(ctl_changes(&(struct ctl_request){.verb = CTL_LOG, .level = "info"}));
	assert_true(ctl_changes(&(struct ctl_request){.verb = CTL_OFFER, .peer = "a"}));
	assert_true(ctl_changes(&(struct ctl_request){.verb = CTL_ACCEPT, .token = "a"}));
	assert_true(ctl_changes(&(struct ctl_request){.verb = CTL_RELOAD}));
	assert_true(ctl_changes(&(struct ctl_request){.verb = CTL_DOWN}));
}

/* What was sent, and a word that the sentence about it must have. */
static const struct {
	const char *line, *says;
} junk[] = {
	{"", "no JSON"},
	{"\n", "no JSON"},
	{"GET / HTTP/1.1", "no JSON"},
	{"\xff\xfe{\"verb\":\"status\"}", "no JSON"},
	{"{\"verb\":\"status\"", "no JSON"},
	{"{\"verb\":\"status\"} {}", "no JSON"},
	{"{\"verb\":\"status\",\"verb\":\"down\"}", "no JSON"},
	{"{\"verb\":\"sta\\u0000tus\"}", "no JSON"},
	{"{\"verb\":\"\xc3\x28\"}", "no JSON"},
	{"[]", "object"},
	{"[\"status\"]", "object"},
	{"{}", "verb"},
	{"{\"verb\":1}", "verb"},
	{"{\"verb\":\"reboot\"}", "reboot"},
	{"{\"verb\":\"Status\"}", "Status"},
	{"{\"verb\":\"status\",\"peer\":\"nas\"}", "peer"},
	{"{\"verb\":\"status\",\"seconds\":1}", "seconds"},
	{"{\"verb\":\"wait\",\"level\":\"info\",\"seconds\":1}", "level"},
	{"{\"verb\":\"log\",\"level\":\"loud\"}", "level is"},
	{"{\"verb\":\"log\",\"level\":null}", "level is"},
	{"{\"verb\":\"log\",\"level\":\"a level that would never fit\"}", "level is"},
	{"{\"verb\":\"wait\"}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":-1}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":86401}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":1.5}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":\"1\"}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":99999999999999999999}", "no JSON"},
	{"{\"verb\":\"ping\",\"peer\":\"a\"}", "ping: seconds"},
	{"{\"verb\":\"ping\",\"seconds\":1}", "ping: peer"},
	{"{\"verb\":\"ping\",\"seconds\":1,\"peer\":\"\"}", "ping: peer"},
	{"{\"verb\":\"ping\",\"seconds\":1,\"peer\":7}", "ping: peer"},
	{"{\"verb\":\"ping\",\"seconds\":1,\"peer\":\"a\",\"level\":\"info\"}", "level"},
	{"{\"verb\":\"explain\"}", "explain: peer"},
	{"{\"verb\":\"offer\",\"peer\":\"a\"}", "offer: seconds"},
	{"{\"verb\":\"offer\",\"seconds\":60}", "offer: peer"},
	{"{\"verb\":\"accept\"}", "accept: token"},
	{"{\"verb\":\"accept\",\"token\":\"\"}", "accept: token"},
	{"{\"verb\":\"accept\",\"token\":7}", "accept: token"},
	{"{\"verb\":\"explain\",\"peer\":\"a\",\"follow\":true}", "follow"},
	{"{\"verb\":\"events\",\"peer\":\"\"}", "events: peer"},
	{"{\"verb\":\"events\",\"since_ms\":-1}", "events: since_ms"},
	{"{\"verb\":\"events\",\"since_ms\":\"10m\"}", "events: since_ms"},
	{"{\"verb\":\"events\",\"follow\":1}", "events: follow"},
	{"{\"verb\":\"explain\",\"peer\":\"a\",\"seconds\":1}", "seconds"},
	{"{\"verb\":\"wait\",\"seconds\":1,\"peer\":\"a\"}", "peer"},
};

static void answers_junk_with_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		struct ctl_request out = {.verb = CTL_VERBS};
		char error[256] = "";

		assert_false(ctl_request_decode(&out, junk[i].line, strlen(junk[i].line), error));
		assert_int_equal(out.verb, CTL_VERBS);
		if (!strstr(error, junk[i].says))
			fail_msg("\"%s\" says \"%s\"", junk[i].line, error);
	}
}

static void a_peers_name_may_be_as_long_as_there_is_room_and_no_longer(void **state)
{
	char line[512], error[256], name[CTL_PEER_MAX + 1];
	struct ctl_request out;

	(void)state;
	for (size_t len = CTL_PEER_MAX - 1; len <= CTL_PEER_MAX; len++) {
		memset(name, 'x', len);
		name[len] = '\0';
		snprintf(line, sizeof(line), "{\"verb\":\"explain\",\"peer\":\"%s\"}", name);
		assert_int_equal(ctl_request_decode(&out, line, strlen(line), error),
				 len < CTL_PEER_MAX);
	}
}

/* A line of this length: the object, then spaces. */
static bool decodes_at(size_t len)
{
	char *line = malloc(len);
	struct ctl_request out;
	char error[256];
	bool ok;

	memset(line, ' ', len);
	memcpy(line, "{\"verb\":\"status\"}", 17);
	ok = ctl_request_decode(&out, line, len, error);
	free(line);
	return ok;
}

static void takes_a_line_of_the_limit_and_not_a_byte_more(void **state)
{
	(void)state;
	assert_true(decodes_at(CTL_LINE_MAX));
	assert_false(decodes_at(CTL_LINE_MAX + 1));
}

static void does_not_fall_into_a_deep_nest(void **state)
{
	char line[CTL_LINE_MAX];
	struct ctl_request out;
	char error[256];

	(void)state;
	memset(line, '[', sizeof(line));
	assert_false(ctl_request_decode(&out, line, sizeof(line), error));
}

static void repeats_only_the_start_of_a_long_word(void **state)
{
	char line[CTL_LINE_MAX] = "{\"verb\":\"";
	struct ctl_request out;
	char error[256];

	(void)state;
	memset(line + 9, 'x', 2000);
	memcpy(line + 2009, "\"}", 2);
	assert_false(ctl_request_decode(&out, line, 2011, error));
	assert_true(strlen(error) < 100);
}

static void replies_are_one_line_and_say_whether_it_went_well(void **state)
{
	json_t *ok = ctl_ok();
	json_t *no = ctl_error(EXIT_PERMISSION, "%s: only\nroot", "down");
	char *yes_line = ctl_reply_encode(ok);
	char *no_line = ctl_reply_encode(no);

	(void)state;
	assert_string_equal(yes_line, "{\"ok\":true}\n");
	assert_string_equal(no_line,
			    "{\"ok\":false,\"code\":4,\"error\":\"down: only\\nroot\"}\n");
	free(yes_line);
	free(no_line);
	json_decref(ok);
	json_decref(no);
}

static void an_error_may_hold_bytes_that_are_no_text(void **state)
{
	json_t *no = ctl_error(EXIT_CONFIG, "/etc/p2pnet/\xff.conf is missing");

	(void)state;
	assert_non_null(no);
	assert_string_equal(json_string_value(json_object_get(no, "error")),
			    "/etc/p2pnet/?.conf is missing");
	json_decref(no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(what_changes_something_is_a_change),
		cmocka_unit_test(answers_junk_with_a_sentence),
		cmocka_unit_test(a_peers_name_may_be_as_long_as_there_is_room_and_no_longer),
		cmocka_unit_test(takes_a_line_of_the_limit_and_not_a_byte_more),
		cmocka_unit_test(does_not_fall_into_a_deep_nest),
		cmocka_unit_test(repeats_only_the_start_of_a_long_word),
		cmocka_unit_test(replies_are_one_line_and_say_whether_it_went_well),
		cmocka_unit_test(an_error_may_hold_bytes_that_are_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
