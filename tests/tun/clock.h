/* clock.h -- the device's clock stands still, but when a test lets time pass.
 *
 * Linked with --wrap=clock_gettime.
 */
#ifndef TESTS_TUN_CLOCK_H
#define TESTS_TUN_CLOCK_H

#include <time.h>

static struct timespec device_time = {.tv_sec = 1000};

int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	(void)id;
	*out = device_time;
	return 0;
}

static inline void a_second_passes(void)
{
	device_time.tv_sec++;
}

#endif
