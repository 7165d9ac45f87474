/* events_test.c -- what is told of what happens, to the log and to who asks.
 *
 *   A, B   behind NATs      PUBLIC introduces them; nobody calls anybody else
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "node/events.h"
#include "sim/sim.h"

enum { A, B, PUBLIC, NODES };

static const char name_of_b[] = "n1";

static const struct events *events_of(const struct sim *sim, size_t i)
{
	return node_events(sim->nodes[i].node);
}

/* The first of its kind from *number on, which moves behind it; NULL: there is none. */
static const struct event *next_of(const struct events *events, uint64_t *number,
				   enum event_kind kind)
{
	const struct event *e;

	while ((e = events_at(events, (*number)++))) {
		if (e->kind == kind)
			return e;
	}
	return NULL;
}

static const struct event *first_of(const struct events *events, enum event_kind kind)
{
	uint64_t number = events_first(events);

	return next_of(events, &number, kind);
}

static unsigned count(const struct events *events, enum event_kind kind)
{
	uint64_t number = events_first(events);
	unsigned n = 0;

	while (next_of(events, &number, kind))
		n++;
	return n;
}

static void assert_text(const struct event *e, const char *expected)
{
	char text[EVENT_TEXT];

	assert_non_null(e);
	assert_string_equal(event_text(text, e), expected);
}

/* -- the ring ------------------------------------------------------------------ */

static void add(struct events *events, unsigned n)
{
	while (n--)
		events_add(events, &(struct event){.kind = EVENT_RESUMED});
}

static void the_last_256_are_kept(void **state)
{
	static struct events events;

	(void)state;
	events_init(&events);
	assert_null(events_at(&events, events_first(&events)));
	add(&events, EVENTS_MAX);
	assert_int_equal(events_first(&events), 1);
	assert_int_equal(events_at(&events, 1)->number, 1);
	add(&events, 1);
	assert_int_equal(events_first(&events), 2);
	assert_null(events_at(&events, 1));
	assert_int_equal(events_at(&events, 2)->number, 2);
	assert_int_equal(events_at(&events, EVENTS_MAX + 1)->number, EVENTS_MAX + 1);
	assert_null(events_at(&events, EVENTS_MAX + 2));
	assert_null(events_at(&events, 0));
}

static void the_time_of_day_is_that_of_the_event(void **state)
{
	static struct events events;

	(void)state;
	events_init(&events);
	for (events.wall_ms = 1000; events.wall_ms < 1003; events.wall_ms++)
		add(&events, 1);
	assert_int_equal(events_at(&events, 1)->wall_ms, 1000);
	assert_int_equal(events_at(&events, 3)->wall_ms, 1002);
}

static void every_kind_and_reason_has_its_words(void **state)
{
	(void)state;
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		struct event e = {.kind = (enum event_kind)kind, .reason = EVENT_BETTER};
		char text[EVENT_TEXT];

		assert_non_null(event_kind_name(e.kind));
		assert_true(strlen(event_text(text, &e)) > 10);
	}
	assert_null(event_reason_name(EVENT_NO_REASON));
	for (int reason = EVENT_NO_REASON + 1; reason < EVENT_REASONS; reason++)
		assert_non_null(event_reason_name((enum event_reason)reason));
}

/* -- the log ------------------------------------------------------------------- */

static char logged[512];

static void keep_line(enum log_level level, const char *line)
{
	(void)level;
	snprintf(logged, sizeof(logged), "%s", line);
}

static void the_log_says_the_same(void **state)
{
	struct event e = {
		.kind = EVENT_PATH_CHOSEN,
		.reason = EVENT_BETTER,
		.name = "phone",
		.way.path.remote = {.ip = ip_v4(203, 0, 113, 9), .port = 52011},
		.way.how = PATH_PUNCHED,
	};
	static struct events events;

	(void)state;
	log_to(keep_line, LOG_INFO);
	events_init(&events);
	events_add(&events, &e);
	log_to(NULL, LOG_INFO);
	assert_text(&e, "direct udp4 203.0.113.9:52011 (punched): it is better");
	assert_string_equal(logged, "phone: direct udp4 203.0.113.9:52011 (punched): it is better");
}

/* -- whole nodes ---------------------------------------------------------------- */

static struct sim *two_behind(enum sim_nat_kind a, enum sim_nat_kind b)
{
	const enum sim_nat_kind kinds[] = {a, b, SIM_NO_NAT};
	struct sim *sim = sim_new_behind_nats(3, kinds, NODES, 1);

	sim_run(sim, SECONDS(5));
	return sim;
}

static void talk(struct sim *sim, int seconds)
{
	sim_talk(sim, A, B, 100, SECONDS(seconds));
}

static void a_way_that_is_found_is_told_from_end_to_end(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	const struct events *events = events_of(sim, A);
	const struct event *began, *chosen, *connected;

	(void)state;
	assert_non_null(first_of(events, EVENT_ADDRESSES_CHANGED));
	assert_non_null(first_of(events, EVENT_SEEN_AT));
	assert_non_null(first_of(events, EVENT_INTRODUCER_UP));
	talk(sim, 10);
	began = first_of(events, EVENT_SEARCH_BEGAN);
	chosen = first_of(events, EVENT_PATH_CHOSEN);
	assert_text(began, "looking for a way");
	assert_string_equal(began->name, name_of_b);
	assert_non_null(chosen);
	assert_int_equal(chosen->reason, EVENT_ANSWERED);
	assert_int_equal(chosen->way.how, PATH_PUNCHED);
	assert_memory_equal(chosen->peer, sim->nodes[B].public_key, KEY_LEN);
	assert_true(began->number < chosen->number && began->at <= chosen->at);
	connected = events_at(events, events->next - 1);
	assert_int_equal(connected->kind, EVENT_CONNECTED);
	assert_string_equal(connected->name, name_of_b);
	/* rekeying is no news */
	talk(sim, 300);
	assert_ptr_equal(connected, events_at(events, events->next - 1));
	sim_free(sim);
}

static void a_search_in_vain_is_told_with_its_end(void **state)
{
	struct sim *sim = two_behind(SIM_SYMMETRIC, SIM_SYMMETRIC);
	const struct events *events = events_of(sim, A);

	(void)state;
	talk(sim, 60);
	assert_int_equal(count(events, EVENT_SEARCH_BEGAN), 1);
	assert_true(count(events, EVENT_SEARCH_FAILED) >= 1);
	assert_null(first_of(events, EVENT_SEARCH_ENDED));
	sim_run(sim, SECONDS(200));
	assert_int_equal(count(events, EVENT_SEARCH_ENDED), 1);
	sim_free(sim);
}

static void keys_that_expire_unused_are_told_as_idle(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	const struct events *events = events_of(sim, A);
	const struct event *e;

	(void)state;
	talk(sim, 5);
	sim_run(sim, SECONDS(300));
	e = first_of(events, EVENT_DISCONNECTED);
	assert_non_null(e);
	assert_int_equal(e->reason, EVENT_IDLE);
	assert_string_equal(e->name, name_of_b);
	talk(sim, 10);
	assert_int_equal(events_at(events, events->next - 1)->kind, EVENT_CONNECTED);
	sim_free(sim);
}

static void a_nat_that_reboots_is_told_with_the_new_address(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	const struct events *events = events_of(sim, A);
	unsigned seen = count(events, EVENT_SEEN_AT), chosen;

	(void)state;
	talk(sim, 10);
	chosen = count(events_of(sim, B), EVENT_PATH_CHOSEN);
	sim_reboot_nat(sim, A);
	talk(sim, 60);
	assert_true(count(events, EVENT_SEEN_AT) > seen);
	assert_true(count(events_of(sim, B), EVENT_PATH_CHOSEN) > chosen);
	sim_free(sim);
}

static void an_introducer_that_dies_is_told_and_so_is_its_return(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_PORT_RESTRICTED);
	const struct events *events = events_of(sim, A);
	const struct event *down;

	(void)state;
	sim->nodes[PUBLIC].asleep_until = sim->now + SECONDS(400);
	sim_run(sim, SECONDS(390));
	down = first_of(events, EVENT_INTRODUCER_DOWN);
	assert_text(down, "cannot introduce us any more");
	assert_int_equal(first_of(events, EVENT_DISCONNECTED)->reason, EVENT_UNANSWERED);
	assert_non_null(first_of(events, EVENT_GAVE_UP));
	sim_run(sim, SECONDS(120));
	assert_int_equal(count(events, EVENT_INTRODUCER_UP), 2);
	sim_free(sim);
}

static void a_move_is_told_with_the_number_of_addresses(void **state)
{
	struct sim *sim = two_behind(SIM_PORT_RESTRICTED, SIM_NO_NAT);
	const struct events *events = events_of(sim, B);
	unsigned before = count(events, EVENT_ADDRESSES_CHANGED);

	(void)state;
	sim_roam(sim, B, ip_v4(198, 51, 100, 77));
	assert_int_equal(count(events, EVENT_ADDRESSES_CHANGED), before + 1);
	assert_text(events_at(events, events->next - 1),
		    "this host's addresses changed, 1 are usable");
	node_resumed(sim->nodes[B].node, sim->now);
	assert_text(events_at(events, events->next - 1),
		    "this host has slept, looking at the network anew");
	sim_free(sim);
}

static void strangers_bring_nothing_about(void **state)
{
	struct sim *sim = two_behind(SIM_NO_NAT, SIM_NO_NAT);
	struct endpoint from = {.ip = ip_v4(198, 51, 100, 99), .port = 7};
	const struct events *events = events_of(sim, PUBLIC);
	uint64_t next = events->next;
	uint8_t junk[200];

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		sim->rng.fill(&sim->rng, junk, sizeof(junk));
		junk[0] = (uint8_t)(i % 5);
		junk[1] = junk[2] = junk[3] = 0;
		sim_inject(sim, &from, PUBLIC, bytes_of(junk, 1 + i % sizeof(junk)));
		sim_run(sim, 1);
	}
	assert_int_equal(events->next, next);
	sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_256_are_kept),
		cmocka_unit_test(the_time_of_day_is_that_of_the_event),
		cmocka_unit_test(every_kind_and_reason_has_its_words),
		cmocka_unit_test(the_log_says_the_same),
		cmocka_unit_test(a_way_that_is_found_is_told_from_end_to_end),
		cmocka_unit_test(a_search_in_vain_is_told_with_its_end),
		cmocka_unit_test(keys_that_expire_unused_are_told_as_idle),
		cmocka_unit_test(a_nat_that_reboots_is_told_with_the_new_address),
		cmocka_unit_test(an_introducer_that_dies_is_told_and_so_is_its_return),
		cmocka_unit_test(a_move_is_told_with_the_number_of_addresses),
		cmocka_unit_test(strangers_bring_nothing_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
