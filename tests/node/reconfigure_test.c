/* reconfigure_test.c -- new settings under a running node: what stays, what goes. */
#include "node/lab.h"

static const uint64_t no_marks[NODE_MARKS];

/* A packet each way under the keys that are there: no handshake is needed. */
static void assert_talks(struct lab *lab, size_t i)
{
	lab_forget(lab);
	lab_say(lab, &lab->us, &lab->far[i], 100);
	lab_say(lab, &lab->far[i], &lab->us, 100);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_DATA);
	assert_int_equal(lab->far[i].sent[0].bytes[0], MESSAGE_DATA);
	lab_exchange(lab);
	assert_int_equal(lab->us.got_len, 1);
	assert_int_equal(lab->far[i].got_len, 1);
	lab_forget(lab);
}

/* far[i] is no peer any more; the others keep their order. */
static void leave_out(struct lab *lab, size_t i)
{
	memmove(&lab->peers[i], &lab->peers[i + 1], (LAB_FARS - 1 - i) * sizeof(lab->peers[0]));
	lab->settings.peers_len--;
}

/* -- who stays -------------------------------------------------------------------------- */

static void a_peer_that_stays_keeps_its_session_and_its_numbers(void **state)
{
	struct lab *lab = lab_ready();
	struct peer_status before, after;

	(void)state;
	lab_connect(lab, 0);
	before = lab_status(lab, 0);
	assert_true(before.rx_bytes > 0 && before.tx_bytes > 0);
	assert_true(lab_reconfigure(lab));
	after = lab_status(lab, 0);
	assert_int_equal(after.rx_bytes, before.rx_bytes);
	assert_int_equal(after.tx_bytes, before.tx_bytes);
	assert_int_equal(after.last_handshake, before.last_handshake);
	assert_true(path_equal(&after.path, &before.path));
	assert_talks(lab, 0);
	lab_free(lab);
}

static void peers_may_change_their_order(void **state)
{
	struct lab *lab = lab_ready();
	struct node_peer_settings first = lab->peers[0];

	(void)state;
	lab_connect(lab, 0);
	lab_connect(lab, 3);
	lab->peers[0] = lab->peers[3];
	lab->peers[3] = first;
	assert_true(lab_reconfigure(lab));
	assert_talks(lab, 0);
	assert_talks(lab, 3);
	lab_free(lab);
}

static void packets_that_wait_stay_and_so_does_the_handshake(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab_status(lab, 0).queued, 1);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 1);
	lab_free(lab);
}

static void timers_go_on(void **state)
{
	struct lab *lab = lab_ready();
	msec due;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	due = node_due(lab->us.node);
	assert_true(lab_reconfigure(lab));
	assert_int_equal(node_due(lab->us.node), due);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(lab->us.sent_len, 2);
	lab_free(lab);
}

static void counters_go_on(void **state)
{
	const struct ip nowhere = ip_v4(8, 8, 8, 8);
	struct lab *lab = lab_ready();
	struct packet p = lab_packet(lab, 0, &lab->us.inner4, &nowhere, 80);

	(void)state;
	lab_send(lab, &lab->us, &p, 1);
	assert_true(lab_reconfigure(lab));
	lab_assert_only(lab, COUNT_NO_PEER, 1);
	lab_free(lab);
}

/* -- who comes and goes -------------------------------------------------------------------- */

static void the_index_of_a_peer_that_is_gone_is_dead_at_once(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	lab_connect(lab, 1);
	leave_out(lab, 0);
	assert_true(lab_reconfigure(lab));
	m = lab_seal(lab, 0, NULL, 0);
	lab_feed(lab, &lab->us, &m);
	lab_assert_only(lab, COUNT_UNKNOWN_INDEX, 1);
	assert_talks(lab, 1);
	lab_free(lab);
}

static void a_peer_that_is_gone_is_a_stranger_and_owns_no_address(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	leave_out(lab, 0);
	assert_true(lab_reconfigure(lab));
	m = lab_initiation(lab, 0);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_count(lab, COUNT_STRANGER), 1);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab_count(lab, COUNT_NO_PEER), 1);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_peer_that_is_gone_takes_its_packets_and_timers_along(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	leave_out(lab, 0);
	assert_true(lab_reconfigure(lab));
	assert_int_equal(node_due(lab->us.node), NEVER);
	lab_free(lab);
}

static void an_answer_for_a_peer_that_is_gone_is_dropped(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	leave_out(lab, 0);
	assert_true(lab_reconfigure(lab));
	node_resolved(lab->us.node, "anna.example", LAB_PORT, &lab->far[0].at, 1, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent_len, 0);
	lab_free(lab);
}

static void a_new_peer_can_talk_and_be_talked_to(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->settings.peers_len = 1;
	lab_start(lab);
	lab_connect(lab, 0);
	lab->settings.peers_len = 3;
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[1], 100);
	lab_exchange(lab);
	assert_int_equal(lab->far[1].got_len, 1);
	lab_forget(lab);
	lab_connect(lab, 2);
	assert_talks(lab, 0);
	lab_free(lab);
}

static void a_new_peer_with_keepalive_is_called_at_once(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->settings.peers_len = 1;
	lab->peers[1].keepalive = 25000;
	lab_start(lab);
	assert_int_equal(lab->us.sent_len, 0);
	lab->settings.peers_len = 2;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.sent_len, 1);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &lab->far[1].at));
	lab_free(lab);
}

static void all_peers_may_go(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->settings.peers_len = 0;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(node_peers_len(lab->us.node), 0);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_assert_only(lab, COUNT_NO_PEER, 1);
	lab_free(lab);
}

/* -- what may change ------------------------------------------------------------------------- */

static void a_new_endpoint_is_used_by_the_session_that_is_there(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->far[0].at.ip = ip_v4(198, 51, 100, 1);
	lab->peers[0].endpoint_host = "198.51.100.1";
	assert_true(lab_reconfigure(lab));
	assert_talks(lab, 0);
	lab_free(lab);
}

static void an_endpoint_that_did_not_change_leaves_a_peer_where_it_has_roamed_to(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab->far[0].at.ip = ip_v4(198, 51, 100, 1);
	lab_connect(lab, 0);
	assert_true(lab_reconfigure(lab));
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

static void an_endpoint_that_is_deleted_leaves_the_peer_where_it_is(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].endpoint_host = NULL;
	assert_true(lab_reconfigure(lab));
	assert_null(lab_status(lab, 0).endpoint_host);
	assert_talks(lab, 0);
	lab_free(lab);
}

/* Nothing may be sealed for a peer that is nowhere. */
static void a_new_name_is_asked_for_before_the_session_goes_on(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].endpoint_host = "anna.example";
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.asked_len, 0);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.sent_len, 0);
	assert_int_equal(lab->us.asked_len, 1);
	assert_int_equal(lab_status(lab, 0).queued, 1);
	node_resolved(lab->us.node, "anna.example", LAB_PORT, &lab->far[0].at, 1, lab->now);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_DATA);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 1);
	lab_free(lab);
}

static void a_peer_without_a_way_still_forgets_its_keys_in_time(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].endpoint_host = "anna.example";
	assert_true(lab_reconfigure(lab));
	assert_non_null(lab_peer(lab, 0)->session.current);
	lab_pass(lab, 3 * SECONDS(180));
	assert_null(lab_peer(lab, 0)->session.current);
	lab_free(lab);
}

static void an_answer_about_the_old_name_is_not_for_the_new_endpoint(void **state)
{
	const struct endpoint old = {.ip = ip_v4(203, 0, 113, 1), .port = LAB_PORT};
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 1);
	lab->peers[0].endpoint_host = lab->hosts[0];
	assert_true(lab_reconfigure(lab));
	node_resolved(lab->us.node, "anna.example", LAB_PORT, &old, 1, lab->now);
	lab_poll(lab, &lab->us);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	lab_free(lab);
}

static void a_new_name_is_asked_for_though_the_old_one_is_under_way(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab_start(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab->peers[0].endpoint_host = "anna.example.net";
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab->us.asked_len, 2);
	assert_string_equal(lab->us.asked[1].host, "anna.example.net");
	lab_free(lab);
}

static void a_question_that_was_not_asked_yet_dies_with_its_name(void **state)
{
	static struct node_out out;
	struct lab *lab = lab_new();
	struct packet p;

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab_start(lab);
	p = lab_packet(lab, 0, &lab->us.inner4, &lab->far[0].inner4, 100);
	node_send(lab->us.node, &p, 1, &out, lab->now);
	lab->peers[0].endpoint_host = NULL;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.asked_len, 0);
	lab_free(lab);
}

static void a_new_psk_holds_from_the_next_handshake(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	memset(lab->peers[0].psk, 7, KEY_LEN);
	assert_true(lab_reconfigure(lab));
	assert_true(lab_status(lab, 0).has_psk);
	assert_talks(lab, 0);
	lab_pass(lab, 3 * SECONDS(180));
	lab_forget(lab);
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_exchange(lab);
	assert_int_equal(lab->far[0].got_len, 0);
	assert_true(lab_count(lab, COUNT_BAD_HANDSHAKE) > 0);
	lab_free(lab);
}

static void a_keepalive_that_is_switched_on_begins_at_once_and_off_ends(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].keepalive = 10000;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].len, 32);
	lab_pass(lab, SECONDS(20));
	assert_int_equal(lab->us.sent_len, 3);
	lab->peers[0].keepalive = 0;
	assert_true(lab_reconfigure(lab));
	lab_pass(lab, SECONDS(100));
	assert_int_equal(lab->us.sent_len, 3);
	lab_free(lab);
}

static void a_keepalive_that_is_switched_on_starts_the_first_handshake(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab->peers[0].keepalive = 10000;
	lab->peers[1].keepalive = 10000;
	lab->peers[1].endpoint_host = "bert.example";
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_INITIATION);
	lab_pass(lab, 0);
	assert_int_equal(lab->us.asked_len, 1);
	lab_free(lab);
}

static void a_prefix_that_moves_belongs_to_its_new_owner_at_once(void **state)
{
	struct lab *lab = lab_ready();
	struct cidr first = lab->allowed[0][0];

	(void)state;
	lab_connect(lab, 0);
	lab_connect(lab, 1);
	lab->allowed[0][0] = lab->allowed[1][0];
	lab->allowed[1][0] = first;
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &lab->far[1].at));
	lab_forget(lab);
	lab_say(lab, &lab->far[0], &lab->us, 100);
	lab_exchange(lab);
	lab_assert_only(lab, COUNT_WRONG_SOURCE, 1);
	lab_free(lab);
}

static void allowed_ips_may_all_go(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->peers[0].allowed_ips_len = 0;
	assert_true(lab_reconfigure(lab));
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab_count(lab, COUNT_NO_PEER), 1);
	lab_say(lab, &lab->far[0], &lab->us, 100);
	lab_exchange(lab);
	assert_int_equal(lab_count(lab, COUNT_WRONG_SOURCE), 1);
	lab_free(lab);
}

static void a_new_address_of_ours_speaks_for_us(void **state)
{
	const struct ip nowhere = ip_v4(8, 8, 8, 8);
	struct lab *lab = lab_ready();
	struct packet p = lab_packet(lab, 0, &lab->us.inner4, &nowhere, 80);

	(void)state;
	lab->addresses[0].ip = ip_v4(10, 0, 100, 99);
	assert_true(lab_reconfigure(lab));
	lab_send(lab, &lab->us, &p, 1);
	assert_memory_equal(lab->us.got[0].bytes + 12, lab->addresses[0].ip.bytes, 4);
	lab_free(lab);
}

/* -- what may not ------------------------------------------------------------------------------ */

/* The settings are refused, with this in the error, and everything is as before. */
static void assert_refused(struct lab *lab, const char *why)
{
	assert_false(lab_reconfigure(lab));
	if (!strstr(lab->error, why))
		fail_msg("\"%s\" does not say \"%s\"", lab->error, why);
	assert_int_equal(node_peers_len(lab->us.node), LAB_FARS);
	assert_int_equal(lab->us.sent_len + lab->us.asked_len, 0);
	assert_talks(lab, 0);
}

static void private_key_port_and_mtu_cannot_change(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->settings.private_key[5] ^= 1;
	assert_refused(lab, "private_key");
	lab->settings.private_key[5] ^= 1;
	lab->settings.listen_port++;
	assert_refused(lab, "listen_port");
	lab->settings.listen_port--;
	lab->settings.mtu++;
	assert_refused(lab, "mtu");
	lab->settings.mtu--;
	assert_true(lab_reconfigure(lab));
	lab_free(lab);
}

/* Everything about the first three peers changes as well: none of it happens. */
static struct lab *with_changes(void)
{
	struct lab *lab = lab_ready();

	lab_connect(lab, 0);
	lab->peers[0].endpoint_host = "198.51.100.1";
	lab->peers[0].keepalive = 10000;
	lab->peers[0].name = "anne";
	memset(lab->peers[0].psk, 7, KEY_LEN);
	lab->allowed[0][0] = lab->allowed[1][0];
	lab->addresses[0].ip = ip_v4(10, 9, 9, 9);
	memset(lab->peers[2].public_key, 9, KEY_LEN);
	return lab;
}

static void assert_unchanged(struct lab *lab)
{
	struct peer_status s = lab_status(lab, 0);

	assert_string_equal(s.name, "anna");
	assert_string_equal(s.endpoint_host, "192.0.2.0");
	assert_int_equal(s.keepalive, 0);
	assert_false(s.has_psk);
	assert_true(ip_equal(&lab->us.node->source4, &lab->us.inner4));
	assert_non_null(lab_peer(lab, 2));
}

static void a_key_of_low_order_is_refused_and_nothing_changes(void **state)
{
	struct lab *lab = with_changes();

	(void)state;
	memset(lab->peers[3].public_key, 0, KEY_LEN);
	assert_refused(lab, "peer dora");
	assert_unchanged(lab);
	lab_free(lab);
}

static void our_own_key_is_refused_and_nothing_changes(void **state)
{
	struct lab *lab = with_changes();

	(void)state;
	memcpy(lab->peers[3].public_key, lab->us.public_key, KEY_LEN);
	assert_refused(lab, "peer dora");
	assert_unchanged(lab);
	lab_free(lab);
}

static void one_key_for_two_peers_is_refused_and_nothing_changes(void **state)
{
	struct lab *lab = with_changes();

	(void)state;
	memcpy(lab->peers[3].public_key, lab->far[0].public_key, KEY_LEN);
	assert_refused(lab, "same public key");
	memset(lab->peers[3].public_key, 9, KEY_LEN);
	assert_refused(lab, "same public key");
	assert_unchanged(lab);
	lab_free(lab);
}

static void a_node_with_such_keys_is_not_made(void **state)
{
	struct lab *lab = lab_new();

	(void)state;
	memcpy(lab->peers[2].public_key, lab->peers[1].public_key, KEY_LEN);
	assert_null(node_new(&lab->settings, &lab->rng, no_marks, lab->now, lab->error));
	assert_non_null(strstr(lab->error, "same public key"));
	memset(lab->peers[2].public_key, 0, KEY_LEN);
	assert_null(node_new(&lab->settings, &lab->rng, no_marks, lab->now, lab->error));
	assert_non_null(strstr(lab->error, "peer cleo"));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_stays_keeps_its_session_and_its_numbers),
		cmocka_unit_test(peers_may_change_their_order),
		cmocka_unit_test(packets_that_wait_stay_and_so_does_the_handshake),
		cmocka_unit_test(timers_go_on),
		cmocka_unit_test(counters_go_on),
		cmocka_unit_test(the_index_of_a_peer_that_is_gone_is_dead_at_once),
		cmocka_unit_test(a_peer_that_is_gone_is_a_stranger_and_owns_no_address),
		cmocka_unit_test(a_peer_that_is_gone_takes_its_packets_and_timers_along),
		cmocka_unit_test(an_answer_for_a_peer_that_is_gone_is_dropped),
		cmocka_unit_test(a_new_peer_can_talk_and_be_talked_to),
		cmocka_unit_test(a_new_peer_with_keepalive_is_called_at_once),
		cmocka_unit_test(all_peers_may_go),
		cmocka_unit_test(a_new_endpoint_is_used_by_the_session_that_is_there),
		cmocka_unit_test(an_endpoint_that_did_not_change_leaves_a_peer_where_it_has_roamed_to),
		cmocka_unit_test(an_endpoint_that_is_deleted_leaves_the_peer_where_it_is),
		cmocka_unit_test(a_new_name_is_asked_for_before_the_session_goes_on),
		cmocka_unit_test(a_peer_without_a_way_still_forgets_its_keys_in_time),
		cmocka_unit_test(an_answer_about_the_old_name_is_not_for_the_new_endpoint),
		cmocka_unit_test(a_new_name_is_asked_for_though_the_old_one_is_under_way),
		cmocka_unit_test(a_question_that_was_not_asked_yet_dies_with_its_name),
		cmocka_unit_test(a_new_psk_holds_from_the_next_handshake),
		cmocka_unit_test(a_keepalive_that_is_switched_on_begins_at_once_and_off_ends),
		cmocka_unit_test(a_keepalive_that_is_switched_on_starts_the_first_handshake),
		cmocka_unit_test(a_prefix_that_moves_belongs_to_its_new_owner_at_once),
		cmocka_unit_test(allowed_ips_may_all_go),
		cmocka_unit_test(a_new_address_of_ours_speaks_for_us),
		cmocka_unit_test(private_key_port_and_mtu_cannot_change),
		cmocka_unit_test(a_key_of_low_order_is_refused_and_nothing_changes),
		cmocka_unit_test(our_own_key_is_refused_and_nothing_changes),
		cmocka_unit_test(one_key_for_two_peers_is_refused_and_nothing_changes),
		cmocka_unit_test(a_node_with_such_keys_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
