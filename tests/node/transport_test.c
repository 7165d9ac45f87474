/* transport_test.c -- who is called over UDP, over TCP, or both, and how it goes back to UDP. */
#include "node/lab.h"
#include "stun/message.h"

enum { LEN = 100 };

static struct lab *with_tcp(bool tcp)
{
	struct lab *lab = lab_new();
	struct node_local_address here = {lab->us.at.ip, 3};

	lab->settings.tcp = tcp;
	lab_start(lab);
	node_set_locals(lab->us.node, &here, 1, lab->now);
	lab_poll(lab, &lab->us);
	lab_forget(lab);
	return lab;
}

/* The nth datagram to far[i] by that, from the first message of this type on; NULL: none. */
static const struct mail *nth_to(const struct lab *lab, size_t i, uint16_t via, uint8_t type,
				 size_t n)
{
	for (size_t k = 0; k < lab->us.sent_len; k++) {
		const struct mail *m = &lab->us.sent[k];

		if (m->path.via == via && m->bytes[0] == type &&
		    endpoint_equal(&m->path.remote, &lab->far[i].at) && n-- == 0)
			return m;
	}
	return NULL;
}

static size_t count_to(const struct lab *lab, size_t i, uint16_t via, uint8_t type)
{
	size_t n = 0;

	while (nth_to(lab, i, via, type, n))
		n++;
	return n;
}

static void feed_by(struct lab *lab, struct place *to, const struct mail *mail, uint16_t via)
{
	struct mail m = *mail;

	m.via = via;
	lab_feed(lab, to, &m);
}

/* What far[i] has said last, which it says by TCP. */
static void hear_by_tcp(struct lab *lab, size_t i)
{
	const struct mail *said = &lab->far[i].sent[lab->far[i].sent_len - 1];

	assert_int_equal(said->path.via, VIA_TCP);
	feed_by(lab, &lab->us, said, VIA_TCP);
}

/* UDP is lost; TCP arrives, and so does what it leads to. */
static void shake_hands_by_tcp(struct lab *lab, size_t i)
{
	struct place *far = &lab->far[i];

	lab_say(lab, &lab->us, far, LEN);
	lab_pass(lab, SECONDS(2));
	assert_non_null(nth_to(lab, i, VIA_TCP, MESSAGE_INITIATION, 0));
	feed_by(lab, far, nth_to(lab, i, VIA_TCP, MESSAGE_INITIATION, 0), VIA_TCP);
	hear_by_tcp(lab, i);
	assert_int_equal(lab_status(lab, i).state, PEER_DIRECT);
	feed_by(lab, far, nth_to(lab, i, VIA_TCP, MESSAGE_DATA, 0), VIA_TCP);
	lab_say(lab, far, &lab->us, LEN);
	hear_by_tcp(lab, i);
	lab_forget(lab);
}

static void assert_same(const struct mail *by_udp, const struct mail *by_tcp)
{
	assert_non_null(by_udp);
	assert_non_null(by_tcp);
	assert_int_equal(by_udp->len, by_tcp->len);
	assert_memory_equal(by_udp->bytes, by_tcp->bytes, by_tcp->len);
}

static void an_initiation_goes_by_tcp_too_the_first_a_second_later(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_pass(lab, TRANSPORT_PATIENCE - 1);
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_INITIATION), 0);
	lab_pass(lab, SECONDS(3));
	assert_int_equal(count_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION), 1);
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_INITIATION), 1);
	lab_pass(lab, SECONDS(2));
	for (size_t n = 0; n < 2; n++)
		assert_same(nth_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION, n),
			    nth_to(lab, 0, VIA_TCP, MESSAGE_INITIATION, n));
	lab_free(lab);
}

static void who_answers_by_udp_is_not_called_by_tcp(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	lab_connect(lab, 0);
	lab_pass(lab, SECONDS(3));
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_INITIATION), 0);
	lab_free(lab);
}

static void who_does_not_want_tcp_calls_by_udp_alone(void **state)
{
	struct lab *lab = with_tcp(false);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_pass(lab, SECONDS(30));
	assert_in_range(count_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION), 5, 7);
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_INITIATION), 0);
	lab_free(lab);
}

static void what_is_answered_by_tcp_goes_by_tcp(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	shake_hands_by_tcp(lab, 0);
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_DATA), 1);
	assert_int_equal(count_to(lab, 0, VIA_LISTEN, MESSAGE_DATA), 0);
	assert_int_equal(lab_status(lab, 0).way.transport, PATH_TCP);
	assert_int_equal(lab_status(lab, 0).way.how, PATH_CONFIGURED);
	lab_free(lab);
}

static void of_two_copies_the_first_counts(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	lab_say(lab, &lab->us, &lab->far[0], LEN);
	lab_pass(lab, SECONDS(2));
	feed_by(lab, &lab->far[0], nth_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION, 0), VIA_LISTEN);
	feed_by(lab, &lab->far[0], nth_to(lab, 0, VIA_TCP, MESSAGE_INITIATION, 0), VIA_TCP);
	assert_int_equal(node_counter(lab->far[0].node, COUNT_REPLAYED_INITIATION), 1);
	for (size_t i = 0; i < lab->far[0].sent_len; i++)
		assert_int_equal(lab->far[0].sent[i].path.via, VIA_LISTEN);
	lab_free(lab);
}

static void udp_is_blocked_if_only_tcp_is_answered(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	assert_false(transport_udp_is_blocked(lab->us.node, lab->now));
	shake_hands_by_tcp(lab, 0);
	assert_true(transport_udp_is_blocked(lab->us.node, lab->now));
	lab_connect(lab, 1);
	assert_false(transport_udp_is_blocked(lab->us.node, lab->now));
	lab_free(lab);
}

/* What is known of the network is known of it for all. */
static void where_udp_is_blocked_tcp_is_tried_at_once(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	shake_hands_by_tcp(lab, 0);
	lab_say(lab, &lab->us, &lab->far[1], LEN);
	assert_int_equal(count_to(lab, 1, VIA_LISTEN, MESSAGE_INITIATION), 1);
	assert_int_equal(count_to(lab, 1, VIA_TCP, MESSAGE_INITIATION), 1);
	lab_free(lab);
}

static const struct mail *question_to(const struct lab *lab, size_t i)
{
	for (size_t k = lab->us.sent_len; k-- > 0;) {
		const struct mail *m = &lab->us.sent[k];
		struct stun_msg msg;

		if (m->path.via == VIA_LISTEN && endpoint_equal(&m->path.remote, &lab->far[i].at) &&
		    stun_parse(&msg, bytes_of(m->bytes, m->len)))
			return m;
	}
	return NULL;
}

/* Nobody but the answer to an initiation moves the path: STUN's proves nothing. */
static void when_udp_answers_the_next_handshake_goes_there(void **state)
{
	struct lab *lab = with_tcp(true);
	struct mail question;

	(void)state;
	shake_hands_by_tcp(lab, 0);
	lab_pass(lab, SECONDS(61));
	assert_non_null(question_to(lab, 0));
	question = *question_to(lab, 0);
	lab_forget(lab);
	feed_by(lab, &lab->far[0], &question, VIA_LISTEN);
	assert_true(lab->far[0].sent_len > 0);
	feed_by(lab, &lab->us, &lab->far[0].sent[0], VIA_LISTEN);
	assert_int_equal(count_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION), 1);
	assert_int_equal(count_to(lab, 0, VIA_TCP, MESSAGE_INITIATION), 0);
	assert_int_equal(lab_status(lab, 0).path.via, VIA_TCP);
	feed_by(lab, &lab->far[0], nth_to(lab, 0, VIA_LISTEN, MESSAGE_INITIATION, 0), VIA_LISTEN);
	feed_by(lab, &lab->us, &lab->far[0].sent[lab->far[0].sent_len - 1], VIA_LISTEN);
	assert_int_equal(lab_status(lab, 0).path.via, VIA_LISTEN);
	assert_int_equal(lab_status(lab, 0).way.transport, PATH_UDP);
	lab_free(lab);
}

static void once_back_on_udp_nobody_is_asked_any_more(void **state)
{
	struct lab *lab = with_tcp(true);

	(void)state;
	lab_connect(lab, 0);
	lab_pass(lab, SECONDS(150));
	assert_null(question_to(lab, 0));
	lab_free(lab);
}

static void an_endpoint_is_asked_by_tcp_how_it_sees_us(void **state)
{
	struct lab *lab = with_tcp(true);
	struct mail question;

	(void)state;
	shake_hands_by_tcp(lab, 0);
	lab_pass(lab, SECONDS(61));
	question = *question_to(lab, 0);
	question.via = VIA_TCP;
	lab_forget(lab);
	lab_feed(lab, &lab->far[0], &question);
	assert_int_equal(lab->far[0].sent_len, 1);
	assert_int_equal(lab->far[0].sent[0].path.via, VIA_TCP);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initiation_goes_by_tcp_too_the_first_a_second_later),
		cmocka_unit_test(who_answers_by_udp_is_not_called_by_tcp),
		cmocka_unit_test(who_does_not_want_tcp_calls_by_udp_alone),
		cmocka_unit_test(what_is_answered_by_tcp_goes_by_tcp),
		cmocka_unit_test(of_two_copies_the_first_counts),
		cmocka_unit_test(udp_is_blocked_if_only_tcp_is_answered),
		cmocka_unit_test(where_udp_is_blocked_tcp_is_tried_at_once),
		cmocka_unit_test(when_udp_answers_the_next_handshake_goes_there),
		cmocka_unit_test(once_back_on_udp_nobody_is_asked_any_more),
		cmocka_unit_test(an_endpoint_is_asked_by_tcp_how_it_sees_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
