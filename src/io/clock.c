/* clock.c -- the three clocks, read here and nowhere below. */
#include "io/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static struct timespec read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);	/* cannot fail with the clocks below */
	return t;
}

static uint64_t in_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

msec clock_now(void)
{
	struct timespec t = read_clock(CLOCK_BOOTTIME);

	return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_wall_ns(void)
{
	return in_ns(read_clock(CLOCK_REALTIME));
}

uint64_t clock_cpu_ns(void)
{
	return in_ns(read_clock(CLOCK_MONOTONIC));
}

int clock_timer_open(void)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* All zeroes switch a timerfd off, so the least time is 1 ms after boot. */
void clock_timer_set(int fd, msec due)
{
	struct itimerspec when = {0};

	if (due != NEVER) {
		if (due < 1)
			due = 1;
		when.it_value.tv_sec = due / 1000;
		when.it_value.tv_nsec = due % 1000 * 1000000;
	}
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void clock_timer_clear(int fd)
{
	uint64_t times;

	while (read(fd, &times, sizeof(times)) < 0 && errno == EINTR)
		;
}
