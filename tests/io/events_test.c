/* events_test.c -- what who asks for events is told: all, one peer's, the new ones, too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "crypto/crypto.h"
#include "ctl/report.h"
#include "io/daemon_impl.h"
#include "io/events.h"

enum { WALL_S = 1767323045 };

static struct rng rng;
static char net[] = "home";
static struct profile profile = {.net = net};
static struct daemon d = {.profile = &profile};
static struct ctl_request all = {.verb = CTL_EVENTS};

static int set_up(void **state)
{
	static const uint64_t marks[NODE_MARKS];
	struct node_peer_settings peer = {.name = "laptop"};
	struct node_settings settings = {.mtu = 1400, .peers = &peer, .peers_len = 1};
	char error[256];

	(void)state;
	rng_seed(&rng, 7);
	rng.fill(&rng, settings.private_key, KEY_LEN);
	rng.fill(&rng, peer.public_key, KEY_LEN);
	d.node = node_new(&settings, &rng, marks, 0, error);
	return d.node ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	node_free(d.node);
	return 0;
}

/* At this second. */
static void happens(unsigned second)
{
	node_set_wall(d.node, (WALL_S + (uint64_t)second) * 1000000000);
	node_resumed(d.node, SECONDS(second));
}

static json_t *ask(const struct ctl_request *request, uint64_t *next, bool *last)
{
	json_t *reply = NULL;

	*last = false;
	return daemon_events(&d, request, next, &reply, last) ? reply : NULL;
}

/* How many events there were; -1: no reply. */
static int ask_for(const struct ctl_request *request, uint64_t *next)
{
	bool last;
	json_t *reply = ask(request, next, &last);
	int n = reply ? (int)json_array_size(json_object_get(reply, "events")) : -1;

	json_decref(reply);
	assert_false(last);
	return n;
}

static void the_first_question_has_an_answer_even_if_nothing_happened(void **state)
{
	uint64_t next = 0;

	(void)state;
	assert_int_equal(ask_for(&all, &next), 0);
	assert_int_equal(ask_for(&all, &next), -1);
}

static void who_goes_on_hears_only_what_is_new(void **state)
{
	uint64_t next = 0;

	(void)state;
	happens(1);
	happens(2);
	assert_int_equal(ask_for(&all, &next), 2);
	assert_int_equal(ask_for(&all, &next), -1);
	happens(3);
	assert_int_equal(ask_for(&all, &next), 1);
	assert_int_equal(ask_for(&all, &next), -1);
}

static void what_is_older_is_left_out(void **state)
{
	struct ctl_request request = {.verb = CTL_EVENTS, .since_ms = (WALL_S + 2) * UINT64_C(1000)};
	uint64_t next = 0;

	(void)state;
	happens(1);
	happens(2);
	happens(3);
	assert_int_equal(ask_for(&request, &next), 2);
}

static void what_is_about_others_is_left_out_and_wakes_nobody(void **state)
{
	struct ctl_request request = {.verb = CTL_EVENTS, .peer = "laptop"};
	uint64_t next = 0;

	(void)state;
	happens(1);
	assert_int_equal(ask_for(&request, &next), 0);
	happens(2);
	assert_int_equal(ask_for(&request, &next), -1);
}

static void an_unknown_peer_is_the_last_word(void **state)
{
	struct ctl_request request = {.verb = CTL_EVENTS, .peer = "nobody"};
	uint64_t next = 0;
	bool last;
	json_t *reply = ask(&request, &next, &last);

	(void)state;
	assert_true(last);
	assert_int_equal(report_number(reply, "code", 0), EXIT_UNKNOWN);
	json_decref(reply);
}

static void who_lets_the_ring_go_by_is_told(void **state)
{
	uint64_t next = 0;
	json_t *reply;
	bool last;

	(void)state;
	ask_for(&all, &next);
	for (unsigned i = 0; i < EVENTS_MAX; i++)
		happens(i);
	assert_int_equal(ask_for(&all, &next), EVENTS_MAX);
	for (unsigned i = 0; i <= EVENTS_MAX; i++)
		happens(i);
	reply = ask(&all, &next, &last);
	assert_true(last);
	assert_int_equal(report_number(reply, "code", 0), EXIT_FAILED);
	assert_non_null(strstr(report_text(reply, "error", ""), "too slow"));
	json_decref(reply);
}

static void an_event_has_all_that_the_header_says(void **state)
{
	struct event e = {
		.number = 17,
		.wall_ms = WALL_S * UINT64_C(1000) + 678,
		.kind = EVENT_PATH_CHOSEN,
		.reason = EVENT_BETTER,
		.name = "phone",
		.way.path.remote = {.ip = ip_v4(203, 0, 113, 9), .port = 52011},
		.way.how = PATH_PUNCHED,
	};
	json_t *event = describe_event("home", &e);

	(void)state;
	assert_int_equal(report_number(event, "schema", 0), REPORT_SCHEMA);
	assert_int_equal(report_number(event, "number", 0), 17);
	assert_string_equal(report_text(event, "net", ""), "home");
	assert_string_equal(report_text(event, "time", ""), "2026-01-02T03:04:05.678Z");
	assert_string_equal(report_text(event, "kind", ""), "path_chosen");
	assert_string_equal(report_text(event, "peer", ""), "phone");
	assert_string_equal(report_text(event, "reason", ""), "better");
	assert_string_equal(report_text(json_object_get(event, "path"), "how", ""), "punched");
	assert_string_equal(report_text(event, "text", ""),
			    "direct udp4 203.0.113.9:52011 (punched): it is better");
	assert_true(json_is_null(json_object_get(event, "seen")));
	assert_true(json_is_null(json_object_get(event, "addresses")));
	json_decref(event);
}

static void an_event_of_this_host_has_no_peer(void **state)
{
	struct event e = {.kind = EVENT_ADDRESSES_CHANGED, .addresses = 2};
	json_t *event = describe_event("home", &e);

	(void)state;
	assert_true(json_is_null(json_object_get(event, "peer")));
	assert_true(json_is_null(json_object_get(event, "public_key")));
	assert_true(json_is_null(json_object_get(event, "path")));
	assert_true(json_is_null(json_object_get(event, "reason")));
	assert_int_equal(report_number(event, "addresses", 0), 2);
	json_decref(event);
}

static int once(void **state)
{
	(void)state;
	return crypto_init() ? 0 : -1;
}

int main(void)
{
#define with_node(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_node(the_first_question_has_an_answer_even_if_nothing_happened),
		with_node(who_goes_on_hears_only_what_is_new),
		with_node(what_is_older_is_left_out),
		with_node(what_is_about_others_is_left_out_and_wakes_nobody),
		with_node(an_unknown_peer_is_the_last_word),
		with_node(who_lets_the_ring_go_by_is_told),
		with_node(an_event_has_all_that_the_header_says),
		with_node(an_event_of_this_host_has_no_peer),
	};

	return cmocka_run_group_tests(tests, once, NULL);
}
