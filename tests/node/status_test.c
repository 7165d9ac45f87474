/* status_test.c -- what a node tells about itself. */
#include "node/lab.h"

static void peers_are_listed_in_the_order_of_the_config(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	assert_int_equal(node_peers_len(lab->us.node), LAB_FARS);
	for (size_t i = 0; i < LAB_FARS; i++) {
		struct peer_status s;

		node_peer_status(lab->us.node, i, &s, lab->now);
		assert_string_equal(s.name, lab->peers[i].name);
		assert_memory_equal(s.public_key, lab->far[i].public_key, KEY_LEN);
	}
	lab_free(lab);
}

static void settings_are_told_as_they_were_configured(void **state)
{
	struct lab *lab = lab_new();
	struct peer_status s;

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab->peers[0].endpoint_port = 777;
	lab->peers[1].keepalive = 25000;
	lab->peers[1].psk[3] = 1;
	lab->peers[1].allowed_ips_len = 0;
	lab_start(lab);
	s = lab_status(lab, 0);
	assert_string_equal(s.endpoint_host, "anna.example");
	assert_int_equal(s.endpoint_port, 777);
	assert_int_equal(s.keepalive, 0);
	assert_false(s.has_psk);
	assert_int_equal(s.allowed_ips_len, 2);
	assert_true(cidr_equal(&s.allowed_ips[1], &lab->allowed[0][1]));
	s = lab_status(lab, 1);
	assert_int_equal(s.keepalive, 25000);
	assert_true(s.has_psk);
	assert_int_equal(s.allowed_ips_len, 0);
	lab_free(lab);
}

static void a_peer_that_never_spoke_has_no_history(void **state)
{
	struct lab *lab = lab_ready();
	struct peer_status s = lab_status(lab, 0);

	(void)state;
	assert_int_equal(s.state, PEER_IDLE);
	assert_int_equal(s.last_handshake, 0);
	assert_int_equal(s.handshake_rtt, -1);
	assert_int_equal(s.rx_bytes + s.tx_bytes, 0);
	assert_int_equal(s.queued, 0);
	lab_free(lab);
}

static void a_peer_is_connecting_until_its_session_is_confirmed(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	assert_int_equal(lab_status(lab, 0).state, PEER_CONNECTING);
	assert_int_equal(lab_status(lab, 0).queued, 1);
	lab->now += 30;
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	assert_int_equal(lab_status(lab, 0).handshake_rtt, 30);
	assert_int_equal(lab_status(lab, 0).last_handshake, lab->now);
	lab_free(lab);
}

/* The response is out, but nobody has used its keys yet. */
static void a_responder_is_connecting_until_the_first_data(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m = lab_initiation(lab, 0);

	(void)state;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_status(lab, 0).state, PEER_CONNECTING);
	assert_int_equal(lab_status(lab, 0).last_handshake, 0);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	assert_int_equal(lab_status(lab, 0).handshake_rtt, -1);
	lab_free(lab);
}

static void a_session_whose_key_has_expired_is_idle(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	lab->now += REJECT_AFTER_TIME - 1;
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab->now += 1;
	assert_int_equal(lab_status(lab, 0).state, PEER_IDLE);
	lab_free(lab);
}

/* As `wg` does: what is in the UDP datagrams, and only if it is authentic. */
static void bytes_are_those_of_authentic_datagrams(void **state)
{
	struct lab *lab = lab_ready();
	struct mail bad;

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], 100);
	lab_exchange(lab);
	assert_int_equal(lab_status(lab, 0).tx_bytes, 148 + 112 + 32);
	assert_int_equal(lab_status(lab, 0).rx_bytes, 92);
	bad = lab_seal(lab, 0, NULL, 0);
	bad.bytes[bad.len - 1] ^= 1;
	lab_feed(lab, &lab->us, &bad);
	assert_int_equal(lab_status(lab, 0).rx_bytes, 92);
	lab_free(lab);
}

static void a_key_that_is_not_configured_is_not_found(void **state)
{
	static const uint8_t low[KEY_LEN], high[KEY_LEN] = {0xff, 0xff, 0xff};
	struct lab *lab = lab_ready();
	struct peer_status s;

	(void)state;
	assert_false(node_find_peer_status(lab->us.node, low, &s, lab->now));
	assert_false(node_find_peer_status(lab->us.node, high, &s, lab->now));
	assert_false(node_find_peer_status(lab->us.node, lab->us.public_key, &s, lab->now));
	lab_free(lab);
}

static void the_nodes_own_key_is_told(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	assert_memory_equal(node_public_key(lab->us.node), lab->us.public_key, KEY_LEN);
	lab_free(lab);
}

/* Lower-case words with underscores, each another one. */
static void every_counter_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (enum node_counter c = 0; c < NODE_COUNTERS; c++) {
		const char *name = node_counter_name(c);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_1"), strlen(name));
		for (enum node_counter other = 0; other < c; other++)
			assert_string_not_equal(name, node_counter_name(other));
	}
}

/* In the status they are part of the interface: they stay. */
static void every_way_has_a_name(void **state)
{
	static const char *const names[] = {
		[PATH_CONFIGURED] = "configured", [PATH_CALLED_US] = "called_us",
		[PATH_LAN] = "lan", [PATH_FOUND] = "found", [PATH_PUNCHED] = "punched",
		[PATH_RELAYED] = "relayed",
	};

	(void)state;
	for (enum path_how how = PATH_CONFIGURED; how <= PATH_RELAYED; how++)
		assert_string_equal(path_how_name(how), names[how]);
	assert_string_equal(path_transport_name(PATH_UDP), "udp");
	assert_string_equal(path_transport_name(PATH_TCP), "tcp");
	assert_string_equal(path_transport_name(PATH_TLS), "tls");
}

static void who_calls_from_elsewhere_is_not_at_its_endpoint_any_more(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	assert_int_equal(lab_status(lab, 0).way.how, PATH_CONFIGURED);
	m = lab_seal(lab, 0, NULL, 0);
	m.from.port++;
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(lab_status(lab, 0).way.how, PATH_CALLED_US);
	lab->peers[0].endpoint_host = NULL;
	assert_true(lab_reconfigure(lab));
	m = lab_seal(lab, 0, NULL, 0);
	lab_feed(lab, &lab->us, &m);	/* from where the endpoint was */
	assert_int_equal(lab_status(lab, 0).way.how, PATH_CALLED_US);
	lab_free(lab);
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(peer_state_name(PEER_IDLE), "idle");
	assert_string_equal(peer_state_name(PEER_CONNECTING), "connecting");
	assert_string_equal(peer_state_name(PEER_DIRECT), "direct");
}

static void all_counters_begin_at_zero(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_assert_only(lab, 0, 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_are_listed_in_the_order_of_the_config),
		cmocka_unit_test(settings_are_told_as_they_were_configured),
		cmocka_unit_test(a_peer_that_never_spoke_has_no_history),
		cmocka_unit_test(a_peer_is_connecting_until_its_session_is_confirmed),
		cmocka_unit_test(a_responder_is_connecting_until_the_first_data),
		cmocka_unit_test(a_session_whose_key_has_expired_is_idle),
		cmocka_unit_test(bytes_are_those_of_authentic_datagrams),
		cmocka_unit_test(a_key_that_is_not_configured_is_not_found),
		cmocka_unit_test(the_nodes_own_key_is_told),
		cmocka_unit_test(every_counter_has_a_name_of_its_own),
		cmocka_unit_test(every_state_has_a_name),
		cmocka_unit_test(every_way_has_a_name),
		cmocka_unit_test(who_calls_from_elsewhere_is_not_at_its_endpoint_any_more),
		cmocka_unit_test(all_counters_begin_at_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
