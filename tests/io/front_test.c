/* front_test.c -- sources and libuv's handles have their turns, whoever else is busy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/front.h"

static uv_loop_t loop;
static struct front front;
static int packets[2], others[2];
static unsigned heard;			/* of others */

static int set_up(void **state)
{
	(void)state;
	heard = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(front_open(&front, &loop), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, packets), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, others), 0);
	assert_int_equal(front_add(&front, packets[0], 3), 0);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	uv_close(handle, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	front_close(&front);
	front_close(&front);
	uv_walk(&loop, close_handle, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	for (int i = 0; i < 2; i++) {
		close(packets[i]);
		close(others[i]);
	}
	return 0;
}

static void say(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static void hear(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 1);
}

static void on_others(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)events;
	assert_int_equal(status, 0);
	hear(others[0]);
	heard++;
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	heard++;
}

static void listen_to_others(uv_poll_t *poll)
{
	assert_int_equal(uv_poll_init(&loop, poll, others[0]), 0);
	assert_int_equal(uv_poll_start(poll, UV_READABLE, on_others), 0);
}

static unsigned turn(bool may_sleep)
{
	unsigned ready = front_wait(&front, may_sleep);

	front_run_others(&front);
	return ready;
}

static void a_source_is_told_until_it_is_read(void **state)
{
	(void)state;
	assert_int_equal(turn(false), 0);
	say(packets[1]);
	assert_int_equal(turn(true), 1 << 3);
	assert_int_equal(turn(true), 1 << 3);
	hear(packets[0]);
	assert_int_equal(turn(false), 0);
}

static void none_is_told_that_is_gone_or_never_was(void **state)
{
	(void)state;
	assert_int_equal(front_add(&front, -1, 0), 0);
	assert_int_equal(front_add(&front, packets[0], 2), -EEXIST);
	say(packets[1]);
	front_remove(&front, packets[0]);
	assert_int_equal(turn(false), 0);
}

static void a_handle_that_was_just_started_is_heard(void **state)
{
	static uv_poll_t poll;

	(void)state;
	assert_int_equal(turn(false), 0);
	listen_to_others(&poll);
	say(others[1]);
	while (!heard)
		assert_int_equal(turn(true), 0);
	assert_int_equal(heard, 1);
	say(others[1]);
	while (heard < 2)
		assert_int_equal(turn(true), 0);
}

static void both_have_the_same_turn(void **state)
{
	static uv_poll_t poll;

	(void)state;
	listen_to_others(&poll);
	turn(false);
	say(others[1]);
	say(packets[1]);
	assert_int_equal(front_wait(&front, true), 1 << 3);
	assert_int_equal(heard, 0);	/* packets come first */
	front_run_others(&front);
	assert_int_equal(heard, 1);
}

static void a_timer_wakes_who_sleeps(void **state)
{
	static uv_timer_t timer;

	(void)state;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, 5, 0);
	while (!heard)
		assert_int_equal(turn(true), 0);
}

/* The packet is never read: no turn sleeps, and libuv's clock must not stand still. */
static void a_timer_is_due_while_packets_come(void **state)
{
	static uv_timer_t timer;

	(void)state;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, 5, 0);
	say(packets[1]);
	while (!heard)
		assert_int_equal(turn(true), 1 << 3);
}

/* Nor does it while somebody looks again and again. */
static void a_timer_is_due_though_nobody_sleeps(void **state)
{
	static uv_timer_t timer;

	(void)state;
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, 5, 0);
	while (!heard)
		assert_int_equal(turn(false), 0);
}

static bool is_closed;

static void on_close(uv_handle_t *handle)
{
	(void)handle;
	is_closed = true;
}

static void what_is_closed_hears_of_it(void **state)
{
	static uv_poll_t poll;

	(void)state;
	listen_to_others(&poll);
	turn(false);
	is_closed = false;
	uv_close((uv_handle_t *)&poll, on_close);
	while (!is_closed)
		assert_int_equal(turn(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_source_is_told_until_it_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(none_is_told_that_is_gone_or_never_was, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_handle_that_was_just_started_is_heard, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(both_have_the_same_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_wakes_who_sleeps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_is_due_while_packets_come, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_is_due_though_nobody_sleeps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_closed_hears_of_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
