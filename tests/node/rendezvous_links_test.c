/* rendezvous_links_test.c -- a node and a rendezvous, both in hand. */
#include "node/callers.h"
#include "node/lab.h"

static struct hall hall;
static struct lab *lab;
static struct node_rendezvous_settings settings[2];
static struct endpoint at;

static void open_with(const uint8_t *psk)
{
	hall_open(&hall, 8, psk);
	assert_true(endpoint_parse(&at, "192.0.2.200:4901"));
	settings[0] = (struct node_rendezvous_settings){
		.name = "town", .host = "192.0.2.200", .port = at.port};
	memcpy(settings[0].public_key, rendezvous_node_public_key(hall.rendezvous), KEY_LEN);
	settings[1] = settings[0];
	settings[1].name = "lake";
	settings[1].host = "lake.example";
	lab = lab_new();
	lab->settings.rendezvous = settings;
	lab->settings.rendezvous_len = 1;
}

static void close_all(void)
{
	lab_free(lab);
	hall_close(&hall);
}

static struct mail from_hall(const void *bytes, size_t len)
{
	struct mail m = {.from = at, .len = len};

	memcpy(m.bytes, bytes, len);
	return m;
}

/* All that each has to say to the other, until nobody has. */
static void converse(void)
{
	struct datagram d;

	hall.now = lab->now;
	lab_poll(lab, &lab->us);
	for (size_t i = 0; i < lab->us.sent_len; i++) {
		struct mail sent = lab->us.sent[i];

		if (!endpoint_equal(&sent.path.remote, &at))
			continue;
		if (hall_feed(&hall, &lab->us.at, 0, sent.bytes, sent.len)) {
			struct mail answer = from_hall(hall.answer.bytes, hall.answer.len);

			lab_feed(lab, &lab->us, &answer);
		}
		while (rendezvous_node_poll(hall.rendezvous, &d, hall.now)) {
			struct mail owed = from_hall(d.packet.data, d.packet.len);

			lab_feed(lab, &lab->us, &owed);
		}
	}
	lab_forget(lab);
}

static struct rendezvous_status status_of(size_t i)
{
	struct rendezvous_status s;

	node_rendezvous_status(lab->us.node, i, &s, lab->now);
	return s;
}

static struct peer *link_at(size_t i)
{
	return lab->us.node->links.peers[i];
}

static void start(void)
{
	lab_start(lab);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
}

static void it_registers_and_is_no_peer(void **state)
{
	struct peer_status ignored;
	struct rendezvous_status status;

	(void)state;
	open_with(NULL);
	start();
	status = status_of(0);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 1);
	assert_int_equal(node_peers_len(lab->us.node), LAB_FARS);
	assert_false(node_find_peer_status(lab->us.node, settings[0].public_key, &ignored, lab->now));
	assert_string_equal(status.name, "town");
	assert_true(endpoint_equal(&status.at, &at));
	close_all();
}

static void the_psk_is_used(void **state)
{
	static const uint8_t psk[KEY_LEN] = {7};

	(void)state;
	open_with(psk);
	lab_start(lab);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_CONNECTING);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 0);
	memcpy(settings[0].psk, psk, KEY_LEN);
	assert_true(lab_reconfigure(lab));
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
	close_all();
}

static void to_each_we_are_somebody_else(void **state)
{
	const uint8_t *one, *two;

	(void)state;
	open_with(NULL);
	lab->settings.rendezvous_len = 2;
	start();
	one = link_at(0)->link->identity.public_key;
	two = link_at(1)->link->identity.public_key;
	assert_memory_not_equal(one, two, KEY_LEN);
	assert_memory_not_equal(one, lab->us.public_key, KEY_LEN);
	assert_memory_not_equal(two, lab->us.public_key, KEY_LEN);
	close_all();
}

static void keep_or_lose(bool keeps)
{
	struct peer *before = link_at(0);
	uint8_t key[KEY_LEN];

	memcpy(key, before->link->identity.public_key, KEY_LEN);
	assert_true(lab_reconfigure(lab));
	if (keeps)
		assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
	else
		assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_CONNECTING);
	assert_int_equal(memcmp(key, link_at(0)->link->identity.public_key, KEY_LEN) == 0, keeps);
}

static void one_that_stays_keeps_its_session(void **state)
{
	(void)state;
	open_with(NULL);
	start();
	settings[0].name = "city";
	keep_or_lose(true);
	assert_string_equal(status_of(0).name, "city");
	lab->settings.rendezvous_len = 2;	/* "lake" comes */
	keep_or_lose(true);
	settings[0].port++;
	keep_or_lose(false);
	lab->settings.rendezvous_len = 0;
	assert_true(lab_reconfigure(lab));
	assert_int_equal(node_rendezvous_len(lab->us.node), 0);
	lab_pass(lab, SECONDS(600));
	close_all();
}

static void a_name_is_looked_up(void **state)
{
	(void)state;
	open_with(NULL);
	settings[0] = settings[1];
	lab_start(lab);
	lab_poll(lab, &lab->us);
	assert_int_equal(lab->us.asked_len, 1);
	assert_string_equal(lab->us.asked[0].host, "lake.example");
	node_resolved(lab->us.node, "lake.example", at.port, NULL, 0, lab->now);
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_NO_ADDRESS);
	lab_pass(lab, RESOLVE_RETRY);
	assert_int_equal(lab->us.asked_len, 2);
	node_resolved(lab->us.node, "lake.example", at.port, &at, 1, lab->now);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
	close_all();
}

static size_t initiations(void)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->us.sent_len; i++)
		n += endpoint_equal(&lab->us.sent[i].path.remote, &at) &&
		     lab->us.sent[i].bytes[0] == MESSAGE_INITIATION;
	return n;
}

static void one_that_does_not_answer_is_left_alone_for_a_while(void **state)
{
	(void)state;
	open_with(NULL);
	lab_start(lab);
	lab_pass(lab, REKEY_ATTEMPT_TIME + REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_NO_ANSWER);
	lab_forget(lab);
	lab_pass(lab, LINK_REST - 2 * REKEY_TIMEOUT);
	assert_int_equal(initiations(), 0);
	lab_pass(lab, LINK_REST + 3 * REKEY_TIMEOUT);
	assert_true(initiations() > 0);
	lab_forget(lab);
	lab_pass(lab, REKEY_TIMEOUT + REKEY_JITTER);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
	close_all();
}

/* The laptop wakes up, or is in another network. */
static void news_of_the_network_end_the_rest(void **state)
{
	(void)state;
	open_with(NULL);
	lab_start(lab);
	lab_pass(lab, REKEY_ATTEMPT_TIME + REKEY_TIMEOUT + REKEY_JITTER);
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_NO_ANSWER);
	lab_forget(lab);
	node_resumed(lab->us.node, lab->now);
	converse();
	assert_int_equal(status_of(0).state, NODE_RENDEZVOUS_OK);
	close_all();
}

static struct mail response_to_first(void)
{
	lab_start(lab);
	lab_poll(lab, &lab->us);
	for (size_t i = 0; i < lab->us.sent_len; i++) {
		struct mail *m = &lab->us.sent[i];

		if (endpoint_equal(&m->path.remote, &at))
			assert_true(hall_feed(&hall, &lab->us.at, 0, m->bytes, m->len));
	}
	return from_hall(hall.answer.bytes, hall.answer.len);
}

/* Its mac1 is right for who we are to the rendezvous, and for nobody else. */
static void a_response_must_be_for_who_we_are_there(void **state)
{
	struct mail response, forged;

	(void)state;
	open_with(NULL);
	hall.now = lab->now;
	forged = response = response_to_first();
	lab_sign(&lab->us, &forged);
	lab_feed(lab, &lab->us, &forged);
	lab_assert_only(lab, COUNT_BAD_MAC1, 1);
	lab_feed(lab, &lab->us, &response);
	lab_assert_only(lab, COUNT_BAD_MAC1, 1);
	assert_true(session_may_send(&link_at(0)->session, lab->now));
	close_all();
}

/* Nobody can call us by that key, not even who knows it. */
static void who_we_are_there_cannot_be_called(void **state)
{
	struct cookie_jar jar;
	struct mail call;

	(void)state;
	open_with(NULL);
	start();
	call = lab_initiation(lab, 0);
	cookie_jar_init(&jar, link_at(0)->link->identity.public_key);
	cookie_jar_sign(&jar, call.bytes, call.len, lab->now);
	lab_feed(lab, &lab->us, &call);
	lab_assert_only(lab, COUNT_BAD_MAC1, 1);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_registers_and_is_no_peer),
		cmocka_unit_test(the_psk_is_used),
		cmocka_unit_test(to_each_we_are_somebody_else),
		cmocka_unit_test(one_that_stays_keeps_its_session),
		cmocka_unit_test(a_name_is_looked_up),
		cmocka_unit_test(one_that_does_not_answer_is_left_alone_for_a_while),
		cmocka_unit_test(news_of_the_network_end_the_rest),
		cmocka_unit_test(a_response_must_be_for_who_we_are_there),
		cmocka_unit_test(who_we_are_there_cannot_be_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
