/* ping_test.c -- questions and answers inside sessions, and those that get none. */
#include "node/lab.h"

#include "signal/inband.h"

static uint64_t ping(struct lab *lab, size_t i)
{
	uint64_t id = node_ping(lab->us.node, lab->far[i].public_key, lab->now);

	lab_poll(lab, &lab->us);
	return id;
}

static enum ping_state state_of(const struct lab *lab, uint64_t id)
{
	const struct ping *p = node_ping_find(lab->us.node, id);

	return p ? p->state : PING_NONE;
}

/* A question or an answer of far[i], without padding. */
static struct mail frame_from(struct lab *lab, size_t i, enum frame_kind kind, uint64_t echo)
{
	const struct inband message = {.kind = kind, .path = 7, .echo = echo};
	uint8_t frame[PING_LEN];

	assert_int_equal(inband_write(frame, sizeof(frame), &message), PING_LEN);
	return lab_seal(lab, i, frame, sizeof(frame));
}

/* -- asking ------------------------------------------------------------------------ */

static void an_answer_comes_by_the_session(void **state)
{
	struct lab *lab = lab_ready();
	uint64_t id;

	(void)state;
	lab_connect(lab, 0);
	id = ping(lab, 0);
	assert_int_not_equal(id, 0);
	assert_int_equal(state_of(lab, id), PING_SENT);
	assert_int_equal(lab->us.sent_len, 1);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, id), PING_ANSWERED);
	assert_int_equal(lab->us.got_len + lab->far[0].got_len, 0);
	lab_assert_only(lab, 0, 0);
	lab_free(lab);
}

static void the_answer_says_which_way_it_took(void **state)
{
	struct lab *lab = lab_ready();
	const struct ping *p;

	(void)state;
	lab_connect(lab, 0);
	p = node_ping_find(lab->us.node, ping(lab, 0));
	assert_non_null(p);
	assert_true(endpoint_equal(&p->way.path.remote, &lab->far[0].at));
	assert_int_equal(p->way.how, PATH_CONFIGURED);
	lab_free(lab);
}

static void who_is_not_connected_is_connected_first(void **state)
{
	struct lab *lab = lab_ready();
	uint64_t id = ping(lab, 1);

	(void)state;
	assert_int_equal(state_of(lab, id), PING_WAITING);
	assert_int_equal(lab->us.sent[0].bytes[0], MESSAGE_INITIATION);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, id), PING_ANSWERED);
	lab_free(lab);
}

static void a_name_is_looked_up_for_it(void **state)
{
	struct lab *lab = lab_new();
	uint64_t id;

	(void)state;
	lab->peers[0].endpoint_host = "anna.example";
	lab_start(lab);
	id = ping(lab, 0);
	assert_int_equal(lab->us.asked_len, 1);
	node_resolved(lab->us.node, "anna.example", LAB_PORT, &lab->far[0].at, 1, lab->now);
	lab_poll(lab, &lab->us);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, id), PING_ANSWERED);
	lab_free(lab);
}

/* The way is found later, as by ICE, when nothing else waits for it. */
static void a_way_that_is_found_later_is_used(void **state)
{
	struct lab *lab = lab_new();
	uint64_t id;

	(void)state;
	lab->peers[0].endpoint_host = NULL;
	lab_start(lab);
	id = ping(lab, 0);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, id), PING_WAITING);
	lab_peer(lab, 0)->path.remote = lab->far[0].at;
	lab_poll(lab, &lab->us);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, id), PING_ANSWERED);
	lab_free(lab);
}

/* Plain WireGuard drops what is no IP packet. */
static void who_drops_the_question_leaves_it_unanswered(void **state)
{
	struct lab *lab = lab_ready();
	uint64_t id;

	(void)state;
	lab_connect(lab, 0);
	id = ping(lab, 0);
	lab_forget(lab);
	lab_pass(lab, SECONDS(5));
	assert_int_equal(state_of(lab, id), PING_SENT);
	lab_free(lab);
}

static void only_its_own_peer_answers_a_ping(void **state)
{
	struct lab *lab = lab_ready();
	struct mail m;
	uint64_t id;

	(void)state;
	lab_connect(lab, 0);
	lab_connect(lab, 1);
	id = ping(lab, 0);
	m = frame_from(lab, 1, FRAME_PONG, id);
	lab_feed(lab, &lab->us, &m);
	m = frame_from(lab, 0, FRAME_PONG, id + 1);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(state_of(lab, id), PING_SENT);
	m = frame_from(lab, 0, FRAME_PONG, id);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(state_of(lab, id), PING_ANSWERED);
	lab_free(lab);
}

/* It may have guessed the number, but has not read the question. */
static void an_answer_before_the_question_counts_for_nothing(void **state)
{
	struct lab *lab = lab_new();
	struct mail m;
	uint64_t id;

	(void)state;
	lab->peers[1].endpoint_host = NULL;
	lab_start(lab);
	lab_connect(lab, 0);
	id = ping(lab, 1);
	m = frame_from(lab, 0, FRAME_PONG, id);
	lab_feed(lab, &lab->us, &m);
	assert_int_equal(state_of(lab, id), PING_WAITING);
	lab_free(lab);
}

static void there_are_only_so_many_at_once(void **state)
{
	static const uint8_t nobody[KEY_LEN] = {1};
	struct lab *lab = lab_ready();
	uint64_t ids[PINGS_MAX];

	(void)state;
	assert_int_equal(node_ping(lab->us.node, nobody, lab->now), 0);
	for (size_t i = 0; i < PINGS_MAX; i++) {
		ids[i] = ping(lab, 0);
		assert_int_not_equal(ids[i], 0);
	}
	assert_int_equal(ping(lab, 0), 0);
	node_ping_end(lab->us.node, ids[3]);
	node_ping_end(lab->us.node, ids[3]);	/* again: nothing */
	assert_int_equal(state_of(lab, ids[3]), PING_NONE);
	assert_int_not_equal(ping(lab, 0), 0);
	assert_int_equal(ping(lab, 0), 0);
	lab_exchange(lab);
	assert_int_equal(state_of(lab, ids[0]), PING_ANSWERED);
	lab_free(lab);
}

static void a_peer_that_is_taken_out_answers_no_more(void **state)
{
	struct lab *lab = lab_ready();
	uint64_t id = ping(lab, LAB_FARS - 1);

	(void)state;
	lab_forget(lab);
	lab->settings.peers_len--;
	assert_true(lab_reconfigure(lab));
	lab_pass(lab, SECONDS(1));
	assert_int_equal(state_of(lab, id), PING_WAITING);
	node_ping_end(lab->us.node, id);
	lab_free(lab);
}

/* -- answering --------------------------------------------------------------------- */

static void the_answer_is_as_long_as_the_question_and_goes_where_it_came_from(void **state)
{
	const struct endpoint elsewhere = {.ip = ip_v4(203, 0, 113, 7), .port = 7};
	struct lab *lab = lab_ready();
	struct mail m;

	(void)state;
	lab_connect(lab, 0);
	node_ping(lab->far[0].node, lab->us.public_key, lab->now);
	lab_poll(lab, &lab->far[0]);
	m = lab->far[0].sent[0];
	m.from = elsewhere;
	lab_receive(lab, &lab->us, &m, 1);	/* at once: nothing was polled */
	assert_int_equal(lab->us.sent_len, 1);
	assert_int_equal(lab->us.sent[0].len, m.len);
	assert_true(endpoint_equal(&lab->us.sent[0].path.remote, &elsewhere));
	lab_feed(lab, &lab->us, &m);		/* a replay gets nothing */
	assert_int_equal(lab->us.sent_len, 1);
	lab_assert_only(lab, COUNT_REPLAYED_DATA, 1);
	lab_free(lab);
}

static void a_peer_gets_only_so_many_answers_in_a_second(void **state)
{
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (uint64_t i = 0; i < PONGS_BURST + 5; i++) {
		struct mail m = frame_from(lab, 0, FRAME_PING, i);

		lab_feed(lab, &lab->us, &m);
	}
	assert_int_equal(lab->us.sent_len, PONGS_BURST);
	lab_assert_only(lab, COUNT_RATE_LIMITED, 5);
	lab_connect(lab, 1);	/* others are not held up */
	for (uint64_t i = 0; i < 3; i++) {
		struct mail m = frame_from(lab, 1, FRAME_PING, i);

		lab_feed(lab, &lab->us, &m);
	}
	assert_int_equal(lab->us.sent_len, 3);
	lab_forget(lab);
	lab->now += 1000;
	for (uint64_t i = 0; i < PONGS_BURST; i++) {
		struct mail m = frame_from(lab, 0, FRAME_PING, i);

		lab_feed(lab, &lab->us, &m);
	}
	assert_int_equal(lab->us.sent_len, PONGS_PER_SECOND);
	lab_free(lab);
}

static void a_malformed_question_is_counted_and_not_answered(void **state)
{
	static const uint8_t frames[][PING_LEN + 1] = {
		{FRAME_PING, 0, 11}, {FRAME_PING, 0, 13}, {FRAME_PING, 0, 0}, {FRAME_PONG, 0, 11},
	};
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (size_t i = 0; i < 4; i++) {
		struct mail m = lab_seal(lab, 0, frames[i], sizeof(frames[i]));

		lab_feed(lab, &lab->us, &m);
	}
	assert_int_equal(lab->us.sent_len, 0);
	lab_assert_only(lab, COUNT_BAD_SIGNAL, 4);
	lab_free(lab);
}

static void assert_answers(const struct lab *lab, struct mail *m, uint64_t echo)
{
	struct peer *us = node_find_peer(lab->far[0].node, lab->us.public_key);
	struct packet p = packet_in(m->bytes, m->len, 0, m->len);
	enum session_verdict verdict;
	struct inband message;

	session_open(&us->session, &p, &verdict, 1, lab->now);
	assert_int_equal(verdict, SESSION_OK);
	assert_true(inband_read(&message, packet_bytes(&p)));
	assert_int_equal(message.kind, FRAME_PONG);
	assert_int_equal(message.echo, echo);
}

/* Without its padding the question is a byte shorter than the answer. */
static void a_burst_of_short_questions_is_answered_each_by_itself(void **state)
{
	struct mail burst[PONGS_BURST];
	struct lab *lab = lab_ready();

	(void)state;
	lab_connect(lab, 0);
	for (uint64_t i = 0; i < PONGS_BURST; i++) {
		burst[i] = frame_from(lab, 0, FRAME_PING, i);
		assert_int_equal(burst[i].len, 16 + PING_LEN + 16);
	}
	lab_receive(lab, &lab->us, burst, PONGS_BURST);
	assert_int_equal(lab->us.sent_len, PONGS_BURST);
	for (uint64_t i = 0; i < PONGS_BURST; i++)
		assert_answers(lab, &lab->us.sent[i], i);
	lab_assert_only(lab, 0, 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_by_the_session),
		cmocka_unit_test(the_answer_says_which_way_it_took),
		cmocka_unit_test(who_is_not_connected_is_connected_first),
		cmocka_unit_test(a_name_is_looked_up_for_it),
		cmocka_unit_test(a_way_that_is_found_later_is_used),
		cmocka_unit_test(who_drops_the_question_leaves_it_unanswered),
		cmocka_unit_test(only_its_own_peer_answers_a_ping),
		cmocka_unit_test(an_answer_before_the_question_counts_for_nothing),
		cmocka_unit_test(there_are_only_so_many_at_once),
		cmocka_unit_test(a_peer_that_is_taken_out_answers_no_more),
		cmocka_unit_test(the_answer_is_as_long_as_the_question_and_goes_where_it_came_from),
		cmocka_unit_test(a_peer_gets_only_so_many_answers_in_a_second),
		cmocka_unit_test(a_malformed_question_is_counted_and_not_answered),
		cmocka_unit_test(a_burst_of_short_questions_is_answered_each_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
