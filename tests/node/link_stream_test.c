/* link_stream_test.c -- a node, a rendezvous, and the connection between them, all in hand. */
#include "node/callers.h"
#include "node/lab.h"

static struct hall hall;
static struct lab *lab;
static struct node_rendezvous_settings settings[2];
static struct endpoint udp_at, tls_at;
static bool udp_is_blocked;

/* settings[0] is over TLS, settings[1] the same by UDP. */
static void open_with(size_t rendezvous_len)
{
	hall_open(&hall, 8, NULL);
	assert_true(endpoint_parse(&udp_at, "192.0.2.200:4901"));
	assert_true(endpoint_parse(&tls_at, "192.0.2.200:443"));
	settings[0] = (struct node_rendezvous_settings){
		.name = "town", .host = "town.example", .port = 443, .tls = true};
	memcpy(settings[0].public_key, rendezvous_node_public_key(hall.rendezvous), KEY_LEN);
	settings[1] = settings[0];
	settings[1].host = "192.0.2.200";
	settings[1].port = udp_at.port;
	settings[1].tls = false;
	udp_is_blocked = false;
	lab = lab_new();
	lab->settings.rendezvous = settings;
	lab->settings.rendezvous_len = rendezvous_len;
	lab_start(lab);
}

static void close_all(void)
{
	lab_free(lab);
	hall_close(&hall);
}

static struct ip home_ip(uint8_t n)
{
	return ip_v4(192, 168, 1, n);
}

static void open_alone(void)
{
	open_with(1);
}

static void open_both(void)
{
	open_with(2);
}

static struct rendezvous_status status_of(size_t i)
{
	struct rendezvous_status s;

	node_rendezvous_status(lab->us.node, i, &s, lab->now);
	return s;
}

static enum node_rendezvous_state state_of(size_t i)
{
	return status_of(i).state;
}

static uint16_t via_at(size_t i)
{
	return lab->us.node->links.peers[i]->link->stream.via;
}

/* -- the network ---------------------------------------------------------------------- */

static void feed(const void *bytes, size_t len, const struct mail *asked)
{
	struct mail m = {.from = asked->path.remote, .via = asked->path.via, .len = len};

	memcpy(m.bytes, bytes, len);
	lab_feed(lab, &lab->us, &m);
}

static bool arrives(const struct mail *m)
{
	if (via_is_stream(m->path.via))
		return endpoint_equal(&m->path.remote, &tls_at);
	return endpoint_equal(&m->path.remote, &udp_at) && !udp_is_blocked;
}

/* All that each has to say to the other; what the rendezvous owes goes the way of the question. */
static void converse(void)
{
	struct datagram d;

	hall.now = lab->now;
	lab_poll(lab, &lab->us);
	for (size_t i = 0; i < lab->us.sent_len; i++) {
		struct mail sent = lab->us.sent[i];

		if (!arrives(&sent))
			continue;
		if (hall_feed(&hall, &lab->us.at, 0, sent.bytes, sent.len))
			feed(hall.answer.bytes, hall.answer.len, &sent);
		while (rendezvous_node_poll(hall.rendezvous, &d, hall.now))
			feed(d.packet.data, d.packet.len, &sent);
	}
	lab->us.sent_len = 0;
}

/* In steps, so that questions are answered in time. */
static void pass(msec duration)
{
	for (msec end = lab->now + duration; lab->now < end;) {
		lab_pass(lab, msec_min(end - lab->now, 50));
		converse();
	}
}

static const struct wanted_stream *last_stream(void)
{
	assert_true(lab->us.streams_len > 0);
	return &lab->us.streams[lab->us.streams_len - 1];
}

static void opens(void)
{
	struct path path = {.remote = tls_at, .local = lab->us.at.ip, .via = last_stream()->via};

	node_stream_opened(lab->us.node, &path, lab->now);
	converse();
}

static void ends(enum node_stream_end why)
{
	node_stream_closed(lab->us.node, last_stream()->via, why, lab->now);
	converse();
}

static void come_up(void)
{
	converse();
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
}

/* Until another is wanted: how long it takes. */
static msec wait_for_another(void)
{
	size_t before = lab->us.streams_len;
	msec start = lab->now;

	while (lab->us.streams_len == before && lab->now - start < SECONDS(300))
		pass(50);
	assert_int_equal(lab->us.streams_len, before + 1);
	return lab->now - start;
}

static unsigned count_sent(void)
{
	lab_poll(lab, &lab->us);
	return (unsigned)lab->us.sent_len;
}

/* The mailboxes are registered anew. */
static void announce(void)
{
	introducers_announce(lab->us.node, true, lab->now);
	lab->us.node->signalling.touched = true;
	lab_poll(lab, &lab->us);
}

/* -- one over TLS alone ---------------------------------------------------------------- */

static void it_asks_for_a_connection_and_registers_over_it(void **state)
{
	const struct wanted_stream *wanted;

	(void)state;
	open_alone();
	lab_poll(lab, &lab->us);
	wanted = last_stream();
	assert_string_equal(wanted->target.host, "town.example");
	assert_int_equal(wanted->target.port, 443);
	assert_true(wanted->target.tls);
	assert_int_equal(wanted->target.framing, FRAMING_RFC4571);
	assert_int_equal(lab->us.asked_len, 0);		/* the name is not the node's to look up */
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_CONNECTING);
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	assert_true(status_of(0).tls);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 1);
	close_all();
}

static void while_there_is_no_connection_it_says_nothing(void **state)
{
	(void)state;
	open_alone();
	converse();
	lab_pass(lab, SECONDS(200));
	assert_int_equal(count_sent(), 0);
	ends(STREAM_REFUSED);
	lab->us.streams_len = 0;
	lab_pass(lab, SECONDS(100));
	assert_int_equal(count_sent(), 0);
	close_all();
}

static void the_session_outlives_the_connection(void **state)
{
	(void)state;
	open_alone();
	come_up();
	pass(SECONDS(30));
	ends(STREAM_ENDED);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_NO_CONNECTION);
	assert_in_range(wait_for_another(), 700, 1050);
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 1);
	assert_int_equal(status_of(0).why, NODE_STREAM_ENDS);
	close_all();
}

/* What it was before it was killed it does not know any more. */
static void one_that_was_restarted_knows_us_again_within_5_s(void **state)
{
	msec start;

	(void)state;
	open_alone();
	come_up();
	pass(SECONDS(100));
	hall_close(&hall);
	hall_open(&hall, 8, NULL);	/* with the key that it had */
	start = lab->now;
	ends(STREAM_ENDED);
	wait_for_another();
	opens();
	while (state_of(0) != NODE_RENDEZVOUS_OK)
		pass(50);
	assert_in_range(lab->now - start, 1, 5000);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 1);
	close_all();
}

static void waits_double_up_to_a_minute(void **state)
{
	static const msec expected[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

	(void)state;
	open_alone();
	converse();
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		ends(STREAM_REFUSED);
		assert_in_range(wait_for_another(), expected[i] * 3 / 4, expected[i] + 50);
	}
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	ends(STREAM_ENDED);
	assert_in_range(wait_for_another(), 700, 1050);
	close_all();
}

/* One that ends at once is not called every second. */
static void a_connection_over_which_nobody_answers_is_a_failure(void **state)
{
	(void)state;
	open_alone();
	converse();
	for (unsigned i = 0; i < 5; i++) {
		struct path path = {.remote = udp_at, .via = last_stream()->via};

		node_stream_opened(lab->us.node, &path, lab->now);
		converse();
		ends(STREAM_BAD_FRAME);
		if (i < 4)
			wait_for_another();
	}
	assert_in_range(wait_for_another(), 12000, 16050);
	assert_int_equal(status_of(0).why, STREAM_BAD_FRAME);
	close_all();
}

static void one_that_falls_silent_is_left_within_10_s_after_a_question(void **state)
{
	msec start;

	(void)state;
	open_alone();
	come_up();
	tls_at.port++;		/* what is said to the one before is lost */
	lab->us.streams_len = lab->us.closed_len = 0;
	for (start = lab->now; !lab->us.closed_len; pass(50))
		assert_true(lab->now - start < SECONDS(80));
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_NO_CONNECTION);
	assert_int_equal(status_of(0).why, STREAM_TIMED_OUT);
	wait_for_another();
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	close_all();
}

static void news_of_the_network_end_every_wait(void **state)
{
	struct node_local_address home = {home_ip(1), 2}, away = {home_ip(2), 2};

	(void)state;
	open_alone();
	converse();
	for (unsigned i = 0; i < 6; i++) {
		ends(STREAM_UNREACHABLE);
		wait_for_another();
	}
	ends(STREAM_UNREACHABLE);
	lab->us.streams_len = 0;
	node_set_locals(lab->us.node, &home, 1, lab->now);
	converse();
	assert_int_equal(lab->us.streams_len, 1);
	node_set_locals(lab->us.node, &away, 1, lab->now);	/* and what is under way is begun anew */
	converse();
	assert_int_equal(lab->us.streams_len, 2);
	assert_int_equal(lab->us.closed_len, 1);
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	node_resumed(lab->us.node, lab->now);
	converse();
	assert_int_equal(lab->us.streams_len, 3);
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	close_all();
}

static void a_connection_from_an_address_that_stays_is_kept(void **state)
{
	struct node_local_address locals[] = {{.ifindex = 2}, {home_ip(1), 3}};

	(void)state;
	open_alone();
	locals[0].ip = lab->us.at.ip;
	node_set_locals(lab->us.node, locals, 1, lab->now);
	come_up();
	lab->us.streams_len = 0;
	node_set_locals(lab->us.node, locals, 2, lab->now);
	converse();
	assert_int_equal(lab->us.streams_len, 0);
	node_set_locals(lab->us.node, locals + 1, 1, lab->now);
	converse();
	assert_int_equal(lab->us.streams_len, 1);
	close_all();
}

/* TLS is there, but who answers is not whose key is in the settings. */
static void one_with_another_key_is_left_alone_for_a_while(void **state)
{
	(void)state;
	open_alone();
	settings[0].public_key[0] ^= 1;
	assert_true(lab_reconfigure(lab));
	converse();
	opens();
	pass(REKEY_ATTEMPT_TIME + REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_NO_ANSWER);
	assert_int_equal(lab->us.closed[lab->us.closed_len - 1], last_stream()->via);
	assert_in_range(wait_for_another(), SECONDS(20), 2 * LINK_REST);
	close_all();
}

static void a_certificate_that_is_wrong_is_said_once(void **state)
{
	const struct events *events;
	unsigned told = 0;
	char text[EVENT_TEXT];

	(void)state;
	open_alone();
	converse();
	for (unsigned i = 0; i < 4; i++) {
		ends(STREAM_BAD_CERTIFICATE);
		wait_for_another();
	}
	events = node_events(lab->us.node);
	for (uint64_t n = events_first(events); events_at(events, n); n++) {
		if (events_at(events, n)->kind != EVENT_NO_CONNECTION)
			continue;
		told++;
		assert_non_null(strstr(event_text(text, events_at(events, n)), "certificate"));
		assert_non_null(strstr(text, "ca_file"));
	}
	assert_int_equal(told, 1);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_NO_CONNECTION);
	assert_int_equal(status_of(0).why, STREAM_BAD_CERTIFICATE);
	ends(STREAM_NO_ADDRESS);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_NO_ADDRESS);
	close_all();
}

/* The port that a proxy or a NAT has for TCP is none that datagrams could be sent to. */
static void how_it_is_seen_over_tls_is_no_candidate(void **state)
{
	struct node_local_address home = {home_ip(1), 2};

	(void)state;
	open_alone();
	home.ip = lab->us.at.ip;
	node_set_locals(lab->us.node, &home, 1, lab->now);
	come_up();
	assert_int_equal(lab->us.node->signalling.gather.candidates_len, 1);
	for (size_t i = 0; i < GATHER_OBSERVED_MAX; i++)
		assert_int_equal(lab->us.node->signalling.gather.observed[i].mapped.port, 0);
	close_all();
}

static void one_that_is_gone_from_the_settings_is_closed(void **state)
{
	(void)state;
	open_alone();
	come_up();
	settings[0].name = "city";
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.closed_len, 0);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	lab->settings.rendezvous_len = 0;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(lab->us.closed_len, 1);
	pass(SECONDS(100));
	assert_int_equal(lab->us.streams_len, 1);
	close_all();
}

/* -- what comes by a connection ---------------------------------------------------------- */

static void it_is_no_way_to_anybody_else(void **state)
{
	struct mail call, data, stun = lab_stray("\0\1\0\0\x21\x12\xa4\x42" "123456789012", 20);

	(void)state;
	open_alone();
	come_up();
	lab_connect(lab, 0);
	call = lab_initiation(lab, 1);
	call.via = via_at(0);
	lab_feed(lab, &lab->us, &call);
	lab_assert_only(lab, COUNT_WRONG_WAY, 1);
	data = lab_seal(lab, 0, "", 0);
	data.from = tls_at;
	data.via = via_at(0);
	lab_feed(lab, &lab->us, &data);
	lab_assert_only(lab, COUNT_WRONG_WAY, 2);
	assert_true(lab_is_at(lab, 0, &lab->far[0].at));
	stun.via = via_at(0);
	lab_feed(lab, &lab->us, &stun);
	lab_assert_only(lab, COUNT_WRONG_WAY, 3);
	close_all();
}

/* Not even the rendezvous itself makes us talk to it another way. */
static void its_session_is_heard_by_no_other_way(void **state)
{
	struct mail answer;
	struct datagram d;

	(void)state;
	open_alone();
	come_up();
	announce();
	assert_int_equal(lab->us.sent_len, 1);
	hall_feed(&hall, &lab->us.at, 0, lab->us.sent[0].bytes, lab->us.sent[0].len);
	assert_true(rendezvous_node_poll(hall.rendezvous, &d, hall.now));
	answer = (struct mail){.from = udp_at, .len = d.packet.len};
	memcpy(answer.bytes, d.packet.data, d.packet.len);
	lab_feed(lab, &lab->us, &answer);
	lab_assert_only(lab, COUNT_WRONG_WAY, 1);
	assert_int_equal(lab->us.node->links.peers[0]->path.via, via_at(0));
	close_all();
}

/* -- UDP and TLS raced ------------------------------------------------------------------- */

static void where_udp_answers_no_connection_is_made(void **state)
{
	(void)state;
	open_both();
	converse();
	assert_int_equal(state_of(1), NODE_RENDEZVOUS_OK);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_STANDS_BY);
	pass(SECONDS(200));
	assert_int_equal(lab->us.streams_len, 0);
	close_all();
}

static void where_udp_is_blocked_tls_is_ahead_after_a_second(void **state)
{
	(void)state;
	open_both();
	udp_is_blocked = true;
	assert_in_range(wait_for_another(), LINK_RACE - 50, LINK_RACE + 50);
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	assert_int_equal(state_of(1), NODE_RENDEZVOUS_CONNECTING);
	close_all();
}

static void when_udp_works_again_tls_goes_after_a_minute(void **state)
{
	msec start;

	(void)state;
	open_both();
	udp_is_blocked = true;
	wait_for_another();
	opens();
	udp_is_blocked = false;
	while (state_of(1) != NODE_RENDEZVOUS_OK)
		pass(50);
	start = lab->now;
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_STANDS_BY);
	assert_int_equal(lab->us.closed_len, 0);
	while (!lab->us.closed_len)
		pass(50);
	assert_in_range(lab->now - start, LINK_LINGER - 50, LINK_LINGER + 100);
	pass(SECONDS(200));
	assert_int_equal(lab->us.streams_len, 1);
	assert_int_equal(state_of(1), NODE_RENDEZVOUS_OK);
	close_all();
}

/* It is asked once a minute, and has 1 s to answer. */
static void when_udp_falls_silent_tls_takes_over(void **state)
{
	msec start;

	(void)state;
	open_both();
	converse();
	pass(SECONDS(10));
	udp_is_blocked = true;
	start = lab->now;
	while (!lab->us.streams_len)
		pass(50);
	assert_in_range(lab->now - start, LINK_RACE, SECONDS(63));
	opens();
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	close_all();
}

static void in_another_network_tls_takes_over_within_3_s(void **state)
{
	struct node_local_address away = {home_ip(2), 2};
	msec start;

	(void)state;
	open_both();
	converse();
	pass(SECONDS(10));
	udp_is_blocked = true;
	start = lab->now;
	node_set_locals(lab->us.node, &away, 1, lab->now);
	while (!lab->us.streams_len)
		pass(50);
	assert_in_range(lab->now - start, LINK_RACE, SECONDS(3));
	close_all();
}

/* It is called by UDP and over TLS by who are two to it; what lies there goes to one of them. */
static void one_that_flaps_finds_tls_still_there(void **state)
{
	(void)state;
	open_both();
	udp_is_blocked = true;
	wait_for_another();
	opens();
	udp_is_blocked = false;
	while (state_of(1) != NODE_RENDEZVOUS_OK)
		pass(50);
	udp_is_blocked = true;
	announce();
	pass(SECONDS(2) + 500);
	assert_int_equal(state_of(0), NODE_RENDEZVOUS_OK);
	assert_int_equal(lab->us.streams_len, 1);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_asks_for_a_connection_and_registers_over_it),
		cmocka_unit_test(while_there_is_no_connection_it_says_nothing),
		cmocka_unit_test(the_session_outlives_the_connection),
		cmocka_unit_test(one_that_was_restarted_knows_us_again_within_5_s),
		cmocka_unit_test(waits_double_up_to_a_minute),
		cmocka_unit_test(a_connection_over_which_nobody_answers_is_a_failure),
		cmocka_unit_test(one_that_falls_silent_is_left_within_10_s_after_a_question),
		cmocka_unit_test(news_of_the_network_end_every_wait),
		cmocka_unit_test(a_connection_from_an_address_that_stays_is_kept),
		cmocka_unit_test(one_with_another_key_is_left_alone_for_a_while),
		cmocka_unit_test(a_certificate_that_is_wrong_is_said_once),
		cmocka_unit_test(how_it_is_seen_over_tls_is_no_candidate),
		cmocka_unit_test(one_that_is_gone_from_the_settings_is_closed),
		cmocka_unit_test(it_is_no_way_to_anybody_else),
		cmocka_unit_test(its_session_is_heard_by_no_other_way),
		cmocka_unit_test(where_udp_answers_no_connection_is_made),
		cmocka_unit_test(where_udp_is_blocked_tls_is_ahead_after_a_second),
		cmocka_unit_test(when_udp_works_again_tls_goes_after_a_minute),
		cmocka_unit_test(when_udp_falls_silent_tls_takes_over),
		cmocka_unit_test(in_another_network_tls_takes_over_within_3_s),
		cmocka_unit_test(one_that_flaps_finds_tls_still_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
