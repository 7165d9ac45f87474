/* rendezvous_connections_test.c -- clients of a rendezvous that come by connections, which end. */
#include "callers.h"

enum { CALLERS = 2, FIRST = RENDEZVOUS_CONNECTION, SECOND };

static struct hall hall;
static struct caller callers[CALLERS];
static struct caller *const anna = &callers[0], *const bert = &callers[1];

static int open_all(void **state)
{
	(void)state;
	hall_open(&hall, 8, NULL);
	for (unsigned i = 0; i < CALLERS; i++)
		caller_init(&hall, &callers[i], i, NULL);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CALLERS; i++)
		caller_deinit(&callers[i]);
	hall_close(&hall);
	return 0;
}

static void come(struct caller *c, uint16_t via)
{
	c->via = via;
	assert_true(caller_connect(&hall, c));
	hall.now += 10;
	hall_poll(&hall, callers, CALLERS);
}

static size_t letters(const struct caller *c)
{
	struct rendezvous_message m;

	return caller_heard(c, FRAME_DELIVER, &m);
}

static void an_answer_goes_by_the_connection_of_the_question(void **state)
{
	(void)state;
	come(anna, FIRST);
	come(bert, 0);
	caller_register(&hall, anna, 7);
	caller_publish(&hall, bert, 7);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(anna), 1);
	assert_int_equal(anna->heard[anna->heard_len - 1].via, FIRST);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 2);
	caller_publish(&hall, anna, 8);
	caller_register(&hall, bert, 8);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(bert), 1);
	assert_int_equal(bert->heard[bert->heard_len - 1].via, 0);
}

static void stun_is_not_spoken_there(void **state)
{
	static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};

	(void)state;
	assert_true(hall_feed(&hall, &anna->at, 0, request, sizeof(request)));
	assert_false(hall_feed(&hall, &anna->at, FIRST, request, sizeof(request)));
	assert_false(hall_feed(&hall, &anna->at, SECOND, request, sizeof(request)));
	assert_int_equal(rendezvous_node_count(hall.rendezvous, COUNT_UNSUPPORTED), 2);
}

/* What was delivered as the connection broke may not have arrived. */
static void what_comes_while_a_client_is_away_is_kept_for_it(void **state)
{
	(void)state;
	come(anna, FIRST);
	come(bert, 0);
	caller_register(&hall, anna, 7);
	caller_register(&hall, anna, 9);
	caller_publish(&hall, bert, 7);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(anna), 1);
	rendezvous_node_disconnected(hall.rendezvous, FIRST);
	caller_publish(&hall, bert, 9);
	hall_poll(&hall, callers, CALLERS);
	hall_pass(&hall, SECONDS(30), callers, CALLERS);
	assert_int_equal(letters(anna), 1);

	anna->via = SECOND;
	anna->at.port++;
	caller_register(&hall, anna, 7);
	caller_register(&hall, anna, 9);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(anna), 3);
	assert_int_equal(anna->heard[anna->heard_len - 1].via, SECOND);
}

static void to_one_who_is_away_nothing_is_said(void **state)
{
	(void)state;
	come(anna, FIRST);
	caller_register(&hall, anna, 7);
	rendezvous_node_disconnected(hall.rendezvous, FIRST);	/* before it is answered */
	anna->heard_len = 0;
	assert_int_equal(hall_pass(&hall, SECONDS(170), callers, CALLERS), 0);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 1);
	hall_pass(&hall, SECONDS(20), callers, CALLERS);
	assert_int_equal(rendezvous_node_clients(hall.rendezvous), 0);
}

/* The end of the one before is told after it has come back. */
static void who_has_come_by_another_is_not_away(void **state)
{
	(void)state;
	come(anna, FIRST);
	come(bert, 0);
	caller_register(&hall, anna, 7);
	anna->via = SECOND;
	caller_say(&hall, anna, "", 0);
	rendezvous_node_disconnected(hall.rendezvous, FIRST);
	caller_publish(&hall, bert, 7);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(anna), 1);
}

static void a_number_that_another_has_now_is_his(void **state)
{
	(void)state;
	come(anna, FIRST);
	caller_register(&hall, anna, 7);
	hall_poll(&hall, callers, CALLERS);
	rendezvous_node_disconnected(hall.rendezvous, FIRST);
	come(bert, FIRST);
	caller_publish(&hall, bert, 7);
	caller_register(&hall, bert, 8);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(anna), 0);
	caller_publish(&hall, bert, 8);
	hall_poll(&hall, callers, CALLERS);
	assert_int_equal(letters(bert), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_goes_by_the_connection_of_the_question, open_all, close_all),
		cmocka_unit_test_setup_teardown(stun_is_not_spoken_there, open_all, close_all),
		cmocka_unit_test_setup_teardown(what_comes_while_a_client_is_away_is_kept_for_it, open_all, close_all),
		cmocka_unit_test_setup_teardown(to_one_who_is_away_nothing_is_said, open_all, close_all),
		cmocka_unit_test_setup_teardown(who_has_come_by_another_is_not_away, open_all, close_all),
		cmocka_unit_test_setup_teardown(a_number_that_another_has_now_is_his, open_all, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
