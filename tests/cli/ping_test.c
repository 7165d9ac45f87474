/* ping_test.c -- the command against a daemon that is played, and what it prints. */
#include "cli/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ping.h"
#include "cli/played.h"

#define LAPTOP "\"name\":\"laptop\",\"ips\":[\"fd00::2/128\",\"10.77.0.2/32\"]"
#define YES(ms, how) "{\"ok\":true," LAPTOP ",\"answered\":true,\"rtt_ms\":" ms ",\"path\":{\"proto\":\"udp4\"," \
	"\"remote\":\"198.51.100.7:41999\",\"how\":\"" how "\"},\"why\":null}\n"
#define NO "{\"ok\":true," LAPTOP ",\"answered\":false,\"rtt_ms\":null,\"path\":null,\"why\":\"it is asleep\"}\n"
#define UNKNOWN "{\"ok\":false,\"code\":6,\"error\":\"home has no peer 'laptop'\"}\n"
#define ASKS WORDS("\"ping\"", "\"laptop\"")

/* ping laptop -i 0.2 and these. */
static const char *const *with(const char *const *options)
{
	static const char *words[16] = {"ping", "laptop", "-i", "0.2"};
	size_t n = 4;

	while (*options)
		words[n++] = *options++;
	words[n] = NULL;
	return words;
}

static int run_to_the_end(const char *const *replies, const char *const *options)
{
	return played_run(with(options), ASKS, replies);
}

static int run_until_interrupt(const char *const *replies)
{
	return played_interrupt(with(WORDS("-q")), ASKS, replies);
}

static void answers_are_printed_with_their_path(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46.3", "relayed"), YES("9.04", "punched")),
					WORDS("-c", "2")), 0);
	assert_string_equal(played_printed,
		"reply from laptop (10.77.0.2) via relay udp4 198.51.100.7:41999 (relayed)  46 ms\n"
		"reply from laptop (10.77.0.2) via direct udp4 198.51.100.7:41999 (punched)  9.0 ms\n"
		"2 sent, 2 received, path direct, rtt min/avg/max 9.0/28/46 ms\n");
}

static void one_answer_is_enough_for_code_0(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, YES("0.25", "configured"), NO), WORDS("-c3")), 0);
	assert_string_equal(played_printed,
		"no reply from laptop (10.77.0.2): it is asleep\n"
		"reply from laptop (10.77.0.2) via direct udp4 198.51.100.7:41999  0.25 ms\n"
		"no reply from laptop (10.77.0.2): it is asleep\n"
		"3 sent, 1 received, path direct\n");
}

static void no_answer_is_code_1(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, NO), WORDS("-c", "2", "-q")), 1);
	assert_string_equal(played_printed, "2 sent, 0 received\n");
}

static void an_error_is_code_2(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(UNKNOWN), WORDS("-c", "2")), 2);
	assert_string_equal(played_printed, "");
}

static void until_direct_ends_with_the_first_direct_answer(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46", "relayed"), NO, YES("9", "lan"), NO),
					WORDS("--until-direct", "-q")), 0);
	assert_string_equal(played_printed,
		"3 sent, 2 received, path direct, rtt min/avg/max 9.0/28/46 ms\n");
}

static void until_direct_fails_if_it_never_was(void **state)
{
	(void)state;
	assert_int_equal(run_to_the_end(WORDS(YES("46", "relayed"), YES("44", "relayed")),
					WORDS("--until-direct", "-q", "-c", "2")), 1);
	assert_string_equal(played_printed,
		"2 sent, 2 received, path relay, rtt min/avg/max 44/45/46 ms\n");
}

static void an_interrupt_ends_it_with_the_tally(void **state)
{
	(void)state;
	assert_int_equal(run_until_interrupt(WORDS(YES("9", "lan"), NEVER_COMES)), 0);
	assert_string_equal(played_printed, "1 sent, 1 received, path direct\n");
	assert_int_equal(run_until_interrupt(WORDS(NEVER_COMES)), 1);
	assert_string_equal(played_printed, "0 sent, 0 received\n");
}

static void json_is_one_object(void **state)
{
	json_t *report, *replies;

	(void)state;
	assert_int_equal(run_to_the_end(WORDS(NO, YES("9.5", "lan")), WORDS("-c", "2", "--json")), 0);
	report = json_loads(played_printed, 0, NULL);
	assert_non_null(report);
	assert_int_equal(json_integer_value(json_object_get(report, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(report, "sent")), 2);
	assert_int_equal(json_integer_value(json_object_get(report, "received")), 1);
	assert_string_equal(json_string_value(json_object_get(report, "path")), "direct");
	replies = json_object_get(report, "replies");
	assert_int_equal(json_array_size(replies), 2);
	assert_null(json_object_get(json_array_get(replies, 0), "ok"));
	json_decref(report);
}

static void a_reply_with_nothing_in_it_prints(void **state)
{
	json_t *reply = json_object();
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	ping_print_reply(out, reply);
	json_object_set_new(reply, "answered", json_true());
	ping_print_reply(out, reply);
	fclose(out);
	assert_string_equal(text, "no reply from ? (-): it did not answer\n"
				  "reply from ? (-) via direct ? ?  0.00 ms\n");
	free(text);
	json_decref(reply);
}

int main(void)
{
#define with_socket(test) cmocka_unit_test_setup_teardown(test, played_set_up, played_tear_down)
	const struct CMUnitTest tests[] = {
		with_socket(answers_are_printed_with_their_path),
		with_socket(one_answer_is_enough_for_code_0),
		with_socket(no_answer_is_code_1),
		with_socket(an_error_is_code_2),
		with_socket(until_direct_ends_with_the_first_direct_answer),
		with_socket(until_direct_fails_if_it_never_was),
		with_socket(an_interrupt_ends_it_with_the_tally),
		with_socket(json_is_one_object),
		cmocka_unit_test(a_reply_with_nothing_in_it_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
