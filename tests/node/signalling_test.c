/* signalling_test.c -- what comes by the carriers, and what must not come of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/brain.h"
#include "node/lab.h"
#include "signal/frame.h"

static const struct node_local_address here = {{.family = IP_V4, .bytes = {192, 0, 2, 77}}, 1};

/* far[0] has no endpoint, and the LAN may be asked for him. */
static struct lab *on_a_lan(void)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab->settings.lan = true;
	lab_start(lab);
	node_set_wall(lab->us.node, UINT64_C(1700000000000000000));
	node_set_locals(lab->us.node, &here, 1, lab->now);
	return lab;
}

static void a_frame_that_is_malformed_is_counted(void **state)
{
	static const uint8_t junk[32] = {FRAME_DESC, 0xff, 0xff};
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	m = lab_seal(lab, 0, junk, sizeof(junk));
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 1);
	assert_int_equal(lab->us.got_len, 0);
	lab_free(lab);
}

static void a_frame_that_only_an_introducer_sends_is_refused_from_others(void **state)
{
	static const uint8_t deliver[32] = {FRAME_DELIVER, 0, 5, 1, 2, 3, 4, 5};
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	m = lab_seal(lab, 0, deliver, sizeof(deliver));
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 1);
	lab_free(lab);
}

static void a_wanted_peer_is_looked_for_on_the_lan(void **state)
{
	struct lab *lab = on_a_lan();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab_status(lab, 0).queued, 1);
	assert_non_null(lab_peer(lab, 0)->reach);
	assert_int_equal(lab->us.got_len, 0);		/* no ICMP error: there is hope */
	lab_free(lab);
}

static void without_any_carrier_there_is_no_hope(void **state)
{
	struct lab *lab = on_a_lan();

	(void)state;
	node_set_locals(lab->us.node, NULL, 0, lab->now);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_null(lab_peer(lab, 0)->reach);
	assert_int_equal(lab_count(lab, COUNT_NO_ENDPOINT), 1);
	assert_int_equal(lab->us.got_len, 1);
	lab_free(lab);
}

static void after_ninety_seconds_without_an_answer_the_search_ends(void **state)
{
	struct lab *lab = on_a_lan();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_pass(lab, SECONDS(130));
	assert_null(lab_peer(lab, 0)->reach);
	assert_int_equal(lab_status(lab, 0).queued, 0);
	assert_int_equal(lab_count(lab, COUNT_NO_ENDPOINT), 1);
	lab_free(lab);
}

static void an_envelope_for_somebody_else_is_not_our_business(void **state)
{
	uint8_t envelope[200] = {ENVELOPE_VERSION, 1, 2, 3};
	struct lab *lab = on_a_lan();

	(void)state;
	lab_poll(lab, &lab->us);
	node_feed_lan(lab->us.node, bytes_of(envelope, sizeof(envelope)), 1, lab->now);
	node_feed_lan(lab->us.node, bytes_of(envelope, 3), 1, lab->now);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 0);
	lab_free(lab);
}

/* Carriers know the mailbox; it opens nothing. */
static void junk_in_our_mailbox_is_counted_and_sets_nothing_up(void **state)
{
	uint8_t envelope[200] = {ENVELOPE_VERSION};
	struct lab *lab = on_a_lan();

	(void)state;
	lab_poll(lab, &lab->us);
	memcpy(envelope + 1, lab->us.node->signalling.mailboxes.ids[0], MAILBOX_LEN);
	for (int i = 0; i < 300; i++)
		node_feed_lan(lab->us.node, bytes_of(envelope, sizeof(envelope)), 1, lab->now);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 300);
	assert_null(lab_peer(lab, 0)->reach);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void whoever_needs_introduction_calls_three_who_can_be_called(void **state)
{
	struct lab *lab = lab_new();
	unsigned introducers = 0;

	(void)state;
	lab->peers[0].endpoint_host = NULL;
	lab_start(lab);
	for (size_t i = 0; i < LAB_FARS; i++)
		introducers += lab_peer(lab, i)->introducer != NULL;
	assert_null(lab_peer(lab, 0)->introducer);
	assert_int_equal(introducers, LAB_FARS - 1 < INTRODUCERS_MAX ? LAB_FARS - 1 : INTRODUCERS_MAX);
	lab_free(lab);
}

static void whoever_needs_nobody_calls_nobody(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	for (size_t i = 0; i < LAB_FARS; i++)
		assert_null(lab_peer(lab, i)->introducer);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

/* A peer that is taken out while it is looked for leaves its place to others. */
static void searches_that_end_with_their_peer_make_room(void **state)
{
	struct lab *lab = on_a_lan();

	(void)state;
	for (int i = 0; i < 2 * REACH_MAX; i++) {
		lab->settings.peers_len = 1;
		assert_true(lab_reconfigure(lab));
		lab_say(lab, &lab->us, &lab->far[0], 100);
		assert_non_null(lab_peer(lab, 0)->reach);
		lab->settings.peers_len = 0;
		assert_true(lab_reconfigure(lab));
	}
	lab_free(lab);
}

static void another_psk_ends_a_search_that_was_sealed_with_the_old_one(void **state)
{
	struct lab *lab = on_a_lan();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab->peers[0].psk[0] = 1;
	assert_true(lab_reconfigure(lab));
	assert_null(lab_peer(lab, 0)->reach);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_true(lab_peer(lab, 0)->reach->exchange.peer.has_psk);
	lab_free(lab);
}

static void a_reload_gives_plain_peers_another_try(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = NULL;
	lab_start(lab);
	lab_peer(lab, 1)->introducer->is_plain = true;
	assert_true(lab_reconfigure(lab));
	assert_false(lab_peer(lab, 1)->introducer->is_plain);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_that_is_malformed_is_counted),
		cmocka_unit_test(a_frame_that_only_an_introducer_sends_is_refused_from_others),
		cmocka_unit_test(a_wanted_peer_is_looked_for_on_the_lan),
		cmocka_unit_test(without_any_carrier_there_is_no_hope),
		cmocka_unit_test(after_ninety_seconds_without_an_answer_the_search_ends),
		cmocka_unit_test(an_envelope_for_somebody_else_is_not_our_business),
		cmocka_unit_test(junk_in_our_mailbox_is_counted_and_sets_nothing_up),
		cmocka_unit_test(whoever_needs_introduction_calls_three_who_can_be_called),
		cmocka_unit_test(whoever_needs_nobody_calls_nobody),
		cmocka_unit_test(searches_that_end_with_their_peer_make_room),
		cmocka_unit_test(another_psk_ends_a_search_that_was_sealed_with_the_old_one),
		cmocka_unit_test(a_reload_gives_plain_peers_another_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
