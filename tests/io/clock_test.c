/* clock_test.c -- the clocks run, and the timer keeps the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/random.h"

static bool fires_within(int fd, int timeout)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout) == 1;
}

static void no_clock_goes_back(void **state)
{
	msec now = clock_now();
	uint64_t cpu = clock_cpu_ns();

	(void)state;
	assert_true(now > 0);
	assert_true(clock_now() >= now);
	assert_true(clock_cpu_ns() >= cpu);
	assert_true(clock_wall_ns() > 1700000000ull * 1000000000);
}

static void the_timer_fires_when_it_is_due(void **state)
{
	int fd = clock_timer_open();
	msec due = clock_now() + 20;

	(void)state;
	assert_true(fd >= 0);
	clock_timer_set(fd, due);
	assert_false(fires_within(fd, 0));
	assert_true(fires_within(fd, 5000));
	assert_true(clock_now() >= due);
	clock_timer_clear(fd);
	assert_false(fires_within(fd, 0));
	clock_timer_clear(fd);		/* does not block */
	close(fd);
}

static void a_time_in_the_past_fires_at_once_and_never_does_not(void **state)
{
	int fd = clock_timer_open();

	(void)state;
	clock_timer_set(fd, -5);
	assert_true(fires_within(fd, 5000));
	clock_timer_set(fd, 0);
	assert_true(fires_within(fd, 5000));
	clock_timer_set(fd, NEVER);
	assert_false(fires_within(fd, 0));
	close(fd);
}

static void randomness_differs_from_call_to_call(void **state)
{
	struct rng rng;

	(void)state;
	random_init(&rng);
	assert_true(rng_u32(&rng) != rng_u32(&rng) || rng_u32(&rng) != rng_u32(&rng));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_clock_goes_back),
		cmocka_unit_test(the_timer_fires_when_it_is_due),
		cmocka_unit_test(a_time_in_the_past_fires_at_once_and_never_does_not),
		cmocka_unit_test(randomness_differs_from_call_to_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
