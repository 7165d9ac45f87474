/* tokens_test.c -- offers and answers between two nodes, and what is no good as one. */
#include <string.h>

#include "node/lab.h"

#include "node/tokens.h"

enum { LIFE = 3600 * 1000 };

static struct acceptance a;

static struct node_local_address local_of(const struct place *p)
{
	return (struct node_local_address){p->at.ip, 3};
}

/* We and far[0] know each other's key and no more, and there is no carrier. */
static struct lab *strangers(void)
{
	struct lab *lab = lab_new();
	struct node_local_address ours = local_of(&lab->us), theirs = local_of(&lab->far[0]);

	lab->peers[0].endpoint_host = NULL;
	lab->settings.peers_len = 1;
	lab_start(lab);
	node_set_locals(lab->us.node, &ours, 1, lab->now);
	node_set_locals(lab->far[0].node, &theirs, 1, lab->now);
	lab_pass(lab, 1);	/* and the far ones know the time */
	return lab;
}

static const char *offer(struct lab *lab, msec life)
{
	static char token[TOKEN_TEXT];

	assert_int_equal(node_offer(lab->us.node, lab->far[0].public_key, life, token, lab->now),
			 OFFER_MADE);
	lab_poll(lab, &lab->us);
	return token;
}

static enum accept_verdict accept_at(struct lab *lab, struct place *place, const char *text)
{
	enum accept_verdict verdict = node_accept(place->node, text, strlen(text), &a, lab->now);

	lab_poll(lab, place);
	return verdict;
}

static void refused_at(struct lab *lab, struct place *place, const char *text,
		       enum token_verdict why)
{
	assert_int_equal(accept_at(lab, place, text), ACCEPT_BAD_TOKEN);
	assert_int_equal(a.token, why);
}

/* Datagrams arrive as they are sent, for so long. */
static void live(struct lab *lab, msec duration)
{
	for (msec end = lab->now + duration; lab->now < end;) {
		lab_exchange(lab);
		lab_forget(lab);
		lab_pass(lab, 50);
	}
}

static void an_offer_needs_no_carrier_and_keeps_its_credentials(void **state)
{
	struct lab *lab = strangers();
	char ufrag[EXCHANGE_UFRAG_LEN + 1];

	(void)state;
	offer(lab, LIFE);
	strcpy(ufrag, lab_peer(lab, 0)->reach->exchange.ufrag);
	lab_pass(lab, LIFE - SECONDS(1));
	assert_non_null(lab_peer(lab, 0)->reach);
	assert_string_equal(lab_peer(lab, 0)->reach->exchange.ufrag, ufrag);
	lab_pass(lab, SECONDS(2));
	assert_null(lab_peer(lab, 0)->reach);
	lab_free(lab);
}

static void an_offer_and_its_answer_connect(void **state)
{
	struct lab *lab = strangers();

	(void)state;
	assert_int_equal(accept_at(lab, &lab->far[0], offer(lab, LIFE)), ACCEPT_OK);
	assert_memory_equal(a.peer, lab->us.public_key, KEY_LEN);
	assert_int_not_equal(a.answer[0], '\0');
	assert_int_equal(accept_at(lab, &lab->us, a.answer), ACCEPT_OK);
	assert_int_equal(a.answer[0], '\0');		/* they know us */
	live(lab, SECONDS(3));
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

static void an_answer_that_comes_minutes_later_is_as_good(void **state)
{
	struct lab *lab = strangers();
	char answer[TOKEN_TEXT];

	(void)state;
	assert_int_equal(accept_at(lab, &lab->far[0], offer(lab, LIFE)), ACCEPT_OK);
	strcpy(answer, a.answer);
	for (int i = 0; i < 20; i++) {		/* nothing arrives */
		lab_pass(lab, SECONDS(30));
		lab_forget(lab);
	}
	assert_int_equal(accept_at(lab, &lab->us, answer), ACCEPT_OK);
	live(lab, SECONDS(15));
	assert_int_equal(lab_status(lab, 0).state, PEER_DIRECT);
	lab_free(lab);
}

static void a_token_is_good_once(void **state)
{
	struct lab *lab = strangers();
	const char *token = offer(lab, LIFE);

	(void)state;
	assert_int_equal(accept_at(lab, &lab->far[0], token), ACCEPT_OK);
	refused_at(lab, &lab->far[0], token, TOKEN_USED);
	lab_free(lab);
}

static void a_token_expires(void **state)
{
	struct lab *lab = strangers();
	const char *token = offer(lab, SECONDS(60));

	(void)state;
	lab_pass(lab, SECONDS(61));
	refused_at(lab, &lab->far[0], token, TOKEN_EXPIRED);
	assert_null(node_find_peer(lab->far[0].node, lab->us.public_key)->reach);
	lab_free(lab);
}

static void a_token_is_for_its_peer_alone(void **state)
{
	struct lab *lab = strangers();
	const char *token = offer(lab, LIFE);

	(void)state;
	refused_at(lab, &lab->far[1], token, TOKEN_NOT_FOR_ME);
	refused_at(lab, &lab->us, token, TOKEN_NOT_FOR_ME);
	lab_free(lab);
}

static void a_token_from_nobody_in_the_list_is_refused(void **state)
{
	struct lab *lab = strangers();
	char token[TOKEN_TEXT];
	struct node_local_address theirs = local_of(&lab->far[1]);

	(void)state;
	node_set_locals(lab->far[1].node, &theirs, 1, lab->now);
	assert_int_equal(node_offer(lab->far[1].node, lab->us.public_key, LIFE, token, lab->now),
			 OFFER_MADE);
	lab_poll(lab, &lab->far[1]);
	refused_at(lab, &lab->us, token, TOKEN_UNKNOWN_SENDER);
	assert_memory_equal(a.peer, lab->far[1].public_key, KEY_LEN);
	lab_free(lab);
}

static void a_slip_of_the_hand_is_named_as_one(void **state)
{
	struct lab *lab = strangers();
	char token[TOKEN_TEXT + 8];

	(void)state;
	strcpy(token, offer(lab, LIFE));
	token[100] = token[100] == 'a' ? 'b' : 'a';
	refused_at(lab, &lab->far[0], token, TOKEN_BAD_CHECKSUM);
	token[100] = '!';
	refused_at(lab, &lab->far[0], token, TOKEN_BAD_CHARACTER);
	token[100] = '\0';
	refused_at(lab, &lab->far[0], token, TOKEN_TRUNCATED);
	refused_at(lab, &lab->far[0], "hello", TOKEN_NOT_ONE);
	lab_free(lab);
}

static void nobody_can_be_offered_what_is_not_there(void **state)
{
	struct lab *lab = strangers();
	char token[TOKEN_TEXT];

	(void)state;
	assert_int_equal(node_offer(lab->us.node, lab->far[2].public_key, LIFE, token, lab->now),
			 OFFER_NO_PEER);
	node_set_locals(lab->us.node, NULL, 0, lab->now);
	assert_int_equal(node_offer(lab->us.node, lab->far[0].public_key, LIFE, token, lab->now),
			 OFFER_NO_ADDRESS);
	assert_null(lab_peer(lab, 0)->reach);
	lab_free(lab);
}

/* The clock's mark is on disk before a token can leave. */
static void a_token_marks_the_clock(void **state)
{
	struct lab *lab = strangers();

	(void)state;
	assert_int_equal(lab->us.marks[MARK_SIGNALS], 0);
	offer(lab, LIFE);
	assert_true(lab->us.marks[MARK_SIGNALS] > 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_needs_no_carrier_and_keeps_its_credentials),
		cmocka_unit_test(an_offer_and_its_answer_connect),
		cmocka_unit_test(an_answer_that_comes_minutes_later_is_as_good),
		cmocka_unit_test(a_token_is_good_once),
		cmocka_unit_test(a_token_expires),
		cmocka_unit_test(a_token_is_for_its_peer_alone),
		cmocka_unit_test(a_token_from_nobody_in_the_list_is_refused),
		cmocka_unit_test(a_slip_of_the_hand_is_named_as_one),
		cmocka_unit_test(nobody_can_be_offered_what_is_not_there),
		cmocka_unit_test(a_token_marks_the_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
