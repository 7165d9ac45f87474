/* sockets_test.c -- the numbers of UDP sockets besides that of the listen port. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "node/sockets.h"

static struct sockets s;

static int nothing_open(void **state)
{
	(void)state;
	s = (struct sockets){0};
	return 0;
}

static uint16_t open_one(uint16_t port)
{
	uint16_t via = sockets_take(&s, IP_V4);
	struct action action;

	assert_int_equal(sockets_poll(&s, &action), ACTION_OPEN_SOCKET);
	assert_int_equal(action.via, via);
	sockets_opened(&s, via, port);
	return via;
}

static void a_number_is_opened_used_and_closed(void **state)
{
	uint16_t via = sockets_take(&s, IP_V4);
	struct action action;

	(void)state;
	assert_true(via > 0);
	assert_false(sockets_is_open(&s, via));
	assert_int_equal(sockets_poll(&s, &action), ACTION_OPEN_SOCKET);
	assert_int_equal(action.family, IP_V4);
	assert_false(sockets_is_open(&s, via));
	sockets_opened(&s, via, 40000);
	assert_true(sockets_is_open(&s, via));
	assert_true(sockets_has_port(&s, 40000));
	assert_int_equal(sockets_poll(&s, &action), ACTION_NONE);
	sockets_release(&s, via);
	assert_false(sockets_has_port(&s, 40000));
	assert_int_equal(sockets_poll(&s, &action), ACTION_CLOSE_SOCKET);
	assert_int_equal(action.via, via);
	assert_int_equal(sockets_poll(&s, &action), ACTION_NONE);
	assert_int_equal(s.used, 0);
}

static void one_is_of_the_family_that_is_wanted_and_kept_until_it_is_released(void **state)
{
	uint16_t via = sockets_keep(&s, IP_V6);
	struct action action;

	(void)state;
	assert_int_equal(sockets_poll(&s, &action), ACTION_OPEN_SOCKET);
	assert_int_equal(action.family, IP_V6);
	sockets_opened(&s, via, 40000);
	assert_int_equal(s.kept, 1);
	assert_int_not_equal(sockets_take(&s, IP_V4), via);
	assert_int_equal(s.kept, 1);
	assert_int_equal(s.used, 2);
	sockets_release(&s, via);
	while (sockets_poll(&s, &action) != ACTION_NONE)
		;
	assert_int_equal(s.kept, 0);
	assert_int_equal(s.used, 1);
}

static void one_that_cannot_be_opened_is_in_use_but_not_open(void **state)
{
	uint16_t via = open_one(0);

	(void)state;
	assert_false(sockets_is_open(&s, via));
	assert_true(sockets_is_vain(&s, via));
	assert_false(sockets_has_port(&s, 0));
	assert_int_not_equal(sockets_take(&s, IP_V4), via);
}

static void one_that_was_never_opened_needs_no_closing(void **state)
{
	struct action action;

	(void)state;
	sockets_release(&s, sockets_take(&s, IP_V4));
	assert_int_equal(sockets_poll(&s, &action), ACTION_NONE);
	sockets_release(&s, 7);
	assert_int_equal(sockets_poll(&s, &action), ACTION_NONE);
	assert_int_equal(s.used, 0);
}

static void there_are_so_many_and_no_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODE_SOCKETS_MAX; i++)
		assert_true(open_one(1) > 0);
	assert_int_equal(sockets_take(&s, IP_V4), 0);
	sockets_release(&s, 5);
	assert_int_equal(sockets_take(&s, IP_V4), 0);	/* not yet closed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_number_is_opened_used_and_closed, nothing_open),
		cmocka_unit_test_setup(one_is_of_the_family_that_is_wanted_and_kept_until_it_is_released, nothing_open),
		cmocka_unit_test_setup(one_that_cannot_be_opened_is_in_use_but_not_open, nothing_open),
		cmocka_unit_test_setup(one_that_was_never_opened_needs_no_closing, nothing_open),
		cmocka_unit_test_setup(there_are_so_many_and_no_more, nothing_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
