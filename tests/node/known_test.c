/* known_test.c -- where peers were: what is kept of it, when, and whom it makes us ask. */
#include "node/lab.h"

#include "node/demux.h"

static const struct node_local_address here = {{.family = IP_V4, .bytes = {192, 0, 2, 100}}, 3};

/* far[0] has no endpoint here, has called us, and is on disk. */
static struct lab *remembered(void)
{
	struct lab *lab = lab_new();

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab_start(lab);
	node_set_locals(lab->us.node, &here, 1, lab->now);
	lab_connect(lab, 0);
	lab_pass(lab, KNOWN_SETTLE);
	assert_int_equal(lab->us.saves, 1);
	return lab;
}

static void restart_us(struct lab *lab)
{
	node_free(lab->us.node);
	lab_forget(lab);
	lab->us.node = node_new(&lab->settings, &lab->rng, lab->us.marks, lab->now, lab->error);
	assert_non_null(lab->us.node);
	node_set_wall(lab->us.node, UINT64_C(1700000000000000000) + (uint64_t)lab->now * 1000000);
	node_set_locals(lab->us.node, &here, 1, lab->now);
	assert_true(node_known_restore(lab->us.node, bytes_of(lab->us.peers, lab->us.peers_len),
				       lab->now));
	lab_poll(lab, &lab->us);
}

static void what_has_not_changed_is_not_written_again(void **state)
{
	struct lab *lab = remembered();

	(void)state;
	for (int i = 0; i < 60; i++) {
		lab_say(lab, &lab->far[0], &lab->us, 100);
		lab_exchange(lab);
		lab_forget(lab);
		lab_pass(lab, SECONDS(2));
		lab_exchange(lab);
		lab_forget(lab);
	}
	assert_int_equal(lab->us.saves, 1);
	lab_free(lab);
}

/* Who never told an address of its own was its caller: it is called back. */
static void who_called_us_is_called_after_a_restart(void **state)
{
	struct lab *lab = remembered();

	(void)state;
	restart_us(lab);
	assert_int_equal(lab->us.sent_len, 1);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

static void who_was_silent_before_a_restart_is_left_in_peace(void **state)
{
	struct lab *lab = remembered();

	(void)state;
	lab_pass(lab, SECONDS(700));
	assert_true(lab->us.saves > 1);
	restart_us(lab);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void an_envelope_goes_straight_to_where_the_peer_was(void **state)
{
	struct lab *lab = remembered();

	(void)state;
	lab_peer(lab, 0)->signal_heard_ms = 1;		/* it has told where it is: no plain caller */
	lab_pass(lab, SECONDS(700));
	restart_us(lab);
	lab_forget(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], DEMUX_ENVELOPE_MARK);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &lab->far[0].at));
	lab_free(lab);
}

/* What came before the restart is refused after it as well. */
static void what_was_heard_last_is_remembered(void **state)
{
	struct lab *lab = remembered();

	(void)state;
	lab_peer(lab, 0)->signal_heard_ms = 1700000000123;
	known_changed(lab->us.node, lab->now);
	lab_pass(lab, KNOWN_PAUSE);
	restart_us(lab);
	assert_true(lab_peer(lab, 0)->signal_heard_ms == 1700000000123);
	assert_true(lab_peer(lab, 0)->reach->exchange.heard_ms == 1700000000123);
	lab_free(lab);
}

static void an_envelope_for_nobody_here_is_counted_and_not_answered(void **state)
{
	uint8_t bytes[200] = {DEMUX_ENVELOPE_MARK, ENVELOPE_VERSION, 1, 2, 3};
	struct lab *lab = remembered();
	struct mail m = lab_stray(bytes, sizeof(bytes));

	(void)state;
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_UNKNOWN_MAILBOX, 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void an_envelope_that_does_not_open_is_counted_and_not_answered(void **state)
{
	uint8_t bytes[200] = {DEMUX_ENVELOPE_MARK, ENVELOPE_VERSION};
	struct lab *lab = remembered();
	struct mail m;

	(void)state;
	memcpy(bytes + 2, lab->us.node->signalling.mailboxes.ids[0], MAILBOX_LEN);
	m = lab_stray(bytes, sizeof(bytes));
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 1);
	assert_int_equal(lab->us.sent_len, 0);
	assert_null(lab_peer(lab, 0)->reach);
	lab_free(lab);
}

static void a_place_that_nobody_may_be_sent_to_is_none(void **state)
{
	struct lab *lab = remembered();
	struct endpoint out[KNOWN_TARGETS];
	struct known *k = lab_peer(lab, 0)->known;

	(void)state;
	assert_int_equal(known_targets(lab->us.node, lab_peer(lab, 0), out), 1);
	k->places[0].ip = ip_v4(127, 0, 0, 1);
	assert_int_equal(known_targets(lab->us.node, lab_peer(lab, 0), out), 0);
	k->places[0].ip = lab->us.inner4;	/* inside our own net */
	assert_int_equal(known_targets(lab->us.node, lab_peer(lab, 0), out), 0);
	lab_free(lab);
}

static void a_damaged_file_changes_nothing(void **state)
{
	struct lab *lab = remembered();
	struct bytes file = bytes_of(lab->us.peers, lab->us.peers_len);

	(void)state;
	lab->us.peers[20] ^= 1;
	assert_false(node_known_restore(lab->us.node, file, lab->now));
	assert_false(node_known_restore(lab->us.node, bytes_of(NULL, 0), lab->now));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_not_changed_is_not_written_again),
		cmocka_unit_test(who_called_us_is_called_after_a_restart),
		cmocka_unit_test(who_was_silent_before_a_restart_is_left_in_peace),
		cmocka_unit_test(an_envelope_goes_straight_to_where_the_peer_was),
		cmocka_unit_test(what_was_heard_last_is_remembered),
		cmocka_unit_test(an_envelope_for_nobody_here_is_counted_and_not_answered),
		cmocka_unit_test(an_envelope_that_does_not_open_is_counted_and_not_answered),
		cmocka_unit_test(a_place_that_nobody_may_be_sent_to_is_none),
		cmocka_unit_test(a_damaged_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
