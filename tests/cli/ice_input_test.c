/* ice_input_test.c -- the other side's lines, as they may come. */
#include "cli/claims.h"

#include <stdio.h>
#include <string.h>

#include "cli/ice_input.h"

#define UFRAG "a=ice-ufrag:8hhY\r\n"
#define PWD "a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
#define HOST_1 "a=candidate:1 1 UDP 2130706431 198.51.100.1 5001 typ host\r\n"
#define HOST_2 "a=candidate:2 1 udp 2130706430 198.51.100.2 5002 typ host generation 0\r\n"
#define END "a=end-of-candidates\r\n"

static struct rng rng;
static struct ice_pacer pacer;
static struct ice_agent agent;
static struct ice_input input;
static char refused_line[ICE_INPUT_LINE], refused_why[128];
static unsigned refusals;

static void on_refused(void *context, const char *line, const char *why)
{
	(void)context;
	snprintf(refused_line, sizeof(refused_line), "%s", line);
	snprintf(refused_why, sizeof(refused_why), "%s", why);
	refusals++;
}

static int begin(void **state)
{
	struct ice_settings settings = {.controlling = true, .rng = &rng, .pacer = &pacer};

	(void)state;
	rng_seed(&rng, 1);
	ice_pacer_init(&pacer);
	ice_agent_init(&agent, &settings);
	ice_input_init(&input, &agent, on_refused, NULL);
	refusals = 0;
	return 0;
}

static void feed(const char *text)
{
	ice_input_feed(&input, bytes_of(text, strlen(text)), 0);
}

static unsigned remotes(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < REMOTES_MAX; i++)
		n += agent.list.remotes[i].type != CANDIDATE_NONE;
	return n;
}

static void assert_refused(const char *line, const char *why)
{
	assert_int_equal(refusals, 1);
	assert_string_equal(refused_line, line);
	assert_string_equal(refused_why, why);
	refusals = 0;
}

static void a_description_is_told_to_the_agent(void **state)
{
	(void)state;
	feed(UFRAG PWD HOST_1 HOST_2 END);
	assert_string_equal(agent.remote_ufrag, "8hhY");
	assert_string_equal(agent.remote_pwd, "asd88fgpdd777uzjYhagZg");
	assert_int_equal(remotes(), 2);
	assert_true(agent.ended);
	assert_int_equal(refusals, 0);
}

static void bytes_may_come_one_by_one(void **state)
{
	static const char text[] = UFRAG PWD HOST_1 END;

	(void)state;
	for (const char *p = text; *p; p++)
		ice_input_feed(&input, bytes_of(p, 1), 0);
	assert_int_equal(remotes(), 1);
	assert_true(agent.ended);
}

static void what_comes_before_the_credentials_waits_for_them(void **state)
{
	(void)state;
	feed(HOST_1 END PWD);
	assert_int_equal(remotes(), 0);
	assert_false(agent.ended);
	feed(UFRAG);
	assert_int_equal(remotes(), 1);
	assert_true(agent.ended);
	assert_int_equal(refusals, 0);
}

static void other_lines_of_an_sdp_are_passed_over(void **state)
{
	(void)state;
	feed("v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nm=audio 9 RTP/AVP 0\r\n\r\n");
	feed("a=ice-options:trickle ice2\r\na=setup:actpass\r\na=ice-pacing:50\r\na=candidates\r\n");
	feed("candidate\n" UFRAG PWD);
	assert_int_equal(refusals, 0);
	assert_int_equal(remotes(), 0);
	assert_string_equal(agent.remote_ufrag, "8hhY");
}

static void a_trickled_fragment_lacks_the_a(void **state)
{
	(void)state;
	feed(UFRAG PWD "candidate:1 1 UDP 2130706431 198.51.100.1 5001 typ host ufrag 8hhY\n");
	assert_int_equal(remotes(), 1);
	feed("end-of-candidates\n");
	assert_true(agent.ended);
}

static void new_credentials_are_a_restart(void **state)
{
	(void)state;
	feed(UFRAG PWD HOST_1 END);
	feed("a=ice-ufrag:9abc\n" HOST_2 "a=ice-pwd:bsd88fgpdd777uzjYhagZg\n");
	assert_string_equal(agent.remote_ufrag, "9abc");
	assert_int_equal(remotes(), 1);
	assert_int_equal(agent.list.remotes[0].at.port, 5002);
	assert_false(agent.ended);
}

static void what_is_of_no_use_is_named_with_its_reason(void **state)
{
	static const struct {
		const char *line, *why;
	} table[] = {
		{"candidate:1 1 UDP 1 x.local 5001 typ host",
		 "it is not a candidate with an address"},
		{"candidate:1 1 TCP 1 198.51.100.1 9 typ host tcptype active", "it is not for UDP"},
		{"candidate:1 2 UDP 1 198.51.100.1 5001 typ host", "it is not of component 1"},
		{"candidate:1 1 UDP 1 127.0.0.1 5001 typ host", "it is a loopback address"},
		{"candidate:1 1 UDP 1 198.51.100.1 5001 typ host ufrag old",
		 "its ufrag is not the one that is in force"},
	};
	char line[256];

	(void)state;
	feed(UFRAG PWD);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		snprintf(line, sizeof(line), "a=%s\r\n", table[i].line);
		feed(line);
		assert_refused(table[i].line, table[i].why);
	}
	assert_int_equal(remotes(), 0);
}

static void bad_credentials_are_refused(void **state)
{
	char line[400];

	(void)state;
	feed("a=ice-ufrag:abc\n" PWD);
	assert_refused("ice-ufrag and ice-pwd",
		       "4 and 22 characters or more are wanted: letters, digits, + and /");
	feed("a=ice-ufrag:\n");
	assert_refused("ice-ufrag", "it is empty, or longer than 256 characters");
	snprintf(line, sizeof(line), "a=ice-pwd:%0257d\n", 0);
	feed(line);
	assert_refused("ice-pwd", "it is empty, or longer than 256 characters");
	assert_string_equal(agent.remote_ufrag, "");
	feed(UFRAG PWD);
	assert_int_equal(refusals, 0);
	assert_string_equal(agent.remote_ufrag, "8hhY");
}

static void too_many_candidates_are_refused(void **state)
{
	char line[128];

	(void)state;
	for (unsigned i = 0; i <= ICE_INPUT_EARLY; i++) {
		snprintf(line, sizeof(line), "a=candidate:1 1 UDP 1 198.51.100.1 %u typ host\n",
			 5000 + i);
		feed(line);
	}
	assert_int_equal(refusals, 1);
	assert_string_equal(refused_why, "there are too many before the credentials");
	feed(UFRAG PWD);
	assert_int_equal(remotes(), 32);
	feed(HOST_2);
	assert_string_equal(refused_why, "there are too many");
}

static void a_line_that_is_too_long_is_dropped_whole(void **state)
{
	char text[3 * ICE_INPUT_LINE];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "a=ice-ufrag:", 12);
	text[sizeof(text) - 1] = '\0';
	feed(text);
	feed("\n" UFRAG PWD);
	assert_int_equal(refusals, 0);
	assert_string_equal(agent.remote_ufrag, "8hhY");
}

static void what_is_not_ascii_is_not_passed_on(void **state)
{
	(void)state;
	feed(UFRAG PWD "a=candidate:\x1b[2J\xff\t\n");
	assert_refused("candidate:?[2J??", "it is not a candidate with an address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_description_is_told_to_the_agent, begin),
		cmocka_unit_test_setup(bytes_may_come_one_by_one, begin),
		cmocka_unit_test_setup(what_comes_before_the_credentials_waits_for_them, begin),
		cmocka_unit_test_setup(other_lines_of_an_sdp_are_passed_over, begin),
		cmocka_unit_test_setup(a_trickled_fragment_lacks_the_a, begin),
		cmocka_unit_test_setup(new_credentials_are_a_restart, begin),
		cmocka_unit_test_setup(what_is_of_no_use_is_named_with_its_reason, begin),
		cmocka_unit_test_setup(bad_credentials_are_refused, begin),
		cmocka_unit_test_setup(too_many_candidates_are_refused, begin),
		cmocka_unit_test_setup(a_line_that_is_too_long_is_dropped_whole, begin),
		cmocka_unit_test_setup(what_is_not_ascii_is_not_passed_on, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
