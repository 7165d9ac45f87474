/* rooms_test.c -- bursts that came in with nothing around them, and what leaves by a TURN server.
 *
 *   anna (far[1]) --[session]--> us --[session]--> TURN server --> bert (far[2])
 */
#include "node/relaying.h"
#include "node/turn_server.h"

enum { NOBODY, ANNA, BERT };

static const uint8_t bert[MAILBOX_LEN] = {0xbe, 0x27, 1, 2, 3};

static struct lab *lab;
static uint16_t channel;		/* bert's */
static struct mail burst[BURST_MAX];

static struct turn_link *link_of(void)
{
	return lab->us.node->signalling.turns.servers[0].used;
}

/* Nobody can be called, so that we have an allocation. */
static void start(void)
{
	static const struct node_local_address here = {{IP_V4, {192, 0, 2, 77}}, 1};
	static const struct node_turn_server server = {
		.host = "turn.example", .port = 3478, .udp = true};

	lab = lab_new();
	lab->peers[NOBODY].endpoint_host = NULL;
	lab->settings.relay = lab->settings.lan = true;
	lab->settings.turn = &server;
	lab->settings.turn_len = 1;
	lab->settings.turn_user = "user";
	lab->settings.turn_password = "pass";
	lab_start(lab);
	lab_connect(lab, ANNA);
	lab_connect(lab, BERT);
	relaying_register(lab, BERT, bert);
	node_set_locals(lab->us.node, &here, 1, lab->now);
	lab_say(lab, &lab->us, &lab->far[NOBODY], 100);
	node_resolved(lab->us.node, "turn.example", 3478, &turn_server_at, 1, lab->now);
	lab_poll(lab, &lab->us);
	turn_server_demand(lab);
	turn_server_grant(lab);
	assert_non_null(link_of());
	lab_forget(lab);
}

/* All that the server is asked for it grants. */
static void serve(void)
{
	struct stun_msg msg;
	uint32_t number;

	for (lab_pass(lab, 1); turn_server_requests(lab); lab_pass(lab, 1)) {
		size_t i = (size_t)(turn_server_last(lab, &msg) - lab->us.sent);

		if (stun_get_u32(&msg, ATTR_CHANNEL_NUMBER, &number))
			channel = (uint16_t)(number >> 16);
		turn_server_grant(lab);
		lab->us.sent[i].len = 0;
	}
	lab_forget(lab);
}

/* Bert is where only the server leads to: what we say goes by a channel. */
static void start_with_channel(void)
{
	struct mail mail;

	start();
	lab_peer(lab, BERT)->path = (struct path){
		.remote = lab->far[BERT].at, .local = turn_server_relayed.ip, .via = link_of()->via};
	mail = relaying_frame(lab, ANNA, bert, 0, 100);
	lab_feed(lab, &lab->us, &mail);
	serve();
	assert_in_range(channel, CHANNEL_MIN, CHANNEL_MAX);
}

/* It comes from bert, by his channel: there is nothing before it but four bytes. */
static struct mail by_channel(struct mail m)
{
	memmove(m.bytes + CHANNEL_HEADER_LEN, m.bytes, m.len);
	store_be16(m.bytes, channel);
	store_be16(m.bytes + 2, (uint16_t)m.len);
	m.len += CHANNEL_HEADER_LEN;
	m.from = turn_server_at;
	m.via = link_of()->carrier;
	return m;
}

/* It goes to bert, by his channel. */
static struct mail out_of_channel(const struct mail *m)
{
	struct mail inner = {.path.remote = lab->far[BERT].at};
	struct bytes data;
	uint16_t number;

	assert_true(endpoint_equal(&m->path.remote, &turn_server_at));
	assert_true(channel_data_read(&number, &data, bytes_of(m->bytes, m->len)));
	assert_int_equal(number, channel);
	inner.len = data.len;
	memcpy(inner.bytes, data.data, data.len);
	return inner;
}

static void assert_all_came_through(void)
{
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	for (unsigned n = 0; n < BURST_MAX; n++) {
		struct mail inner = out_of_channel(&lab->us.sent[n]);

		relaying_assert(lab, BERT, &inner, bert, n, RELAYING_LEN - n);
	}
	lab_assert_only(lab, COUNT_NO_RELAY, 0);
}

static void a_burst_is_passed_on_into_a_channel(void **state)
{
	(void)state;
	start_with_channel();
	for (unsigned n = 0; n < BURST_MAX; n++)
		burst[n] = relaying_frame(lab, ANNA, bert, n, RELAYING_LEN - n);
	lab_receive(lab, &lab->us, burst, BURST_MAX);
	assert_all_came_through();
	lab_free(lab);
}

/* What was passed on before has left: its rooms are used again. */
static void so_are_the_bursts_that_follow(void **state)
{
	(void)state;
	start_with_channel();
	for (int i = 0; i < 3; i++) {
		for (unsigned n = 0; n < BURST_MAX; n++)
			burst[n] = relaying_frame(lab, ANNA, bert, n, RELAYING_LEN - n);
		lab_forget(lab);
		lab_receive(lab, &lab->us, burst, BURST_MAX);
		assert_all_came_through();
	}
	lab_free(lab);
}

/* Under load, each is told another cookie. */
static void a_burst_of_initiations_by_a_channel_is_answered_by_it(void **state)
{
	struct mail initiation;

	(void)state;
	start_with_channel();
	initiation = lab_initiation(lab, NOBODY);
	for (unsigned n = 0; n < BURST_MAX; n++) {
		store_le32(initiation.bytes + 4, n);
		lab_sign(&lab->us, &initiation);
		burst[n] = by_channel(initiation);
	}
	lab->us.node->gate.ratelimiter.loaded_until = lab->now + SECONDS(1);
	lab_receive(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	for (unsigned n = 0; n < BURST_MAX; n++) {
		struct mail inner = out_of_channel(&lab->us.sent[n]);

		assert_int_equal(inner.bytes[0], MESSAGE_COOKIE);
		assert_int_equal(load_le32(inner.bytes + 4), n);
	}
	lab_assert_only(lab, COUNT_COOKIE_SENT, BURST_MAX);
	lab_free(lab);
}

static void a_response_leaves_by_the_channel_that_the_initiation_came_by(void **state)
{
	struct mail inner;

	(void)state;
	start_with_channel();
	inner = by_channel(lab_initiation(lab, NOBODY));
	lab_receive(lab, &lab->us, &inner, 1);
	assert_int_equal(lab->us.sent_len, 1);
	inner = out_of_channel(&lab->us.sent[0]);
	assert_int_equal(inner.bytes[0], MESSAGE_RESPONSE);
	inner.from = lab->us.at;
	lab_feed(lab, &lab->far[NOBODY], &inner);
	assert_int_equal(lab->far[NOBODY].sent_len, 1);	/* it is right: the key is confirmed */
	lab_free(lab);
}

/* A request of 20 bytes is shorter than what is to be said. */
static void a_burst_of_stun_requests_is_answered_each_by_itself(void **state)
{
	struct stun_msg msg;
	struct endpoint seen;

	(void)state;
	lab = lab_ready();
	for (unsigned n = 0; n < BURST_MAX; n++) {
		struct writer w = writer_over(burst[n].bytes, sizeof(burst[n].bytes));
		const uint8_t id[STUN_ID_LEN] = {(uint8_t)n};

		stun_begin(&w, STUN_BINDING, STUN_REQUEST, id);
		burst[n].len = stun_finish(&w).len;
		burst[n].from = (struct endpoint){.ip = ip_v4(203, 0, (uint8_t)n, 1), .port = (uint16_t)(1000 + n)};
		burst[n].via = VIA_LISTEN;
	}
	lab_receive(lab, &lab->us, burst, BURST_MAX);
	assert_int_equal(lab->us.sent_len, BURST_MAX);
	for (unsigned n = 0; n < BURST_MAX; n++) {
		const struct mail *m = &lab->us.sent[n];

		assert_true(stun_parse(&msg, bytes_of(m->bytes, m->len)));
		assert_int_equal(msg.id[0], n);
		assert_true(stun_get_xor_address(&msg, ATTR_XOR_MAPPED_ADDRESS, &seen));
		assert_true(endpoint_equal(&seen, &burst[n].from));
		assert_true(endpoint_equal(&m->path.remote, &burst[n].from));
	}
	lab_free(lab);
}

static void what_is_too_long_for_a_room_stays_where_it_is(void **state)
{
	static struct rooms rooms;
	static uint8_t bytes[ROOMS_DATAGRAM + 1];
	struct packet p = packet_in(bytes, ROOMS_DATAGRAM, 0, ROOMS_DATAGRAM);

	(void)state;
	assert_true(rooms_move(&rooms, &p));
	assert_int_equal(packet_headroom(&p), HEADROOM);
	assert_int_equal(packet_tailroom(&p), TAILROOM);
	p = packet_in(bytes, sizeof(bytes), 0, sizeof(bytes));
	assert_false(rooms_move(&rooms, &p));
	assert_ptr_equal(p.data, bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_passed_on_into_a_channel),
		cmocka_unit_test(so_are_the_bursts_that_follow),
		cmocka_unit_test(a_burst_of_initiations_by_a_channel_is_answered_by_it),
		cmocka_unit_test(a_response_leaves_by_the_channel_that_the_initiation_came_by),
		cmocka_unit_test(a_burst_of_stun_requests_is_answered_each_by_itself),
		cmocka_unit_test(what_is_too_long_for_a_room_stays_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
