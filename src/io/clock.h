/* clock.h -- the three clocks, read here and nowhere below. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include "base/msec.h"

msec clock_now(void);			/* CLOCK_BOOTTIME: runs on while the machine sleeps */
uint64_t clock_wall_ns(void);		/* nanoseconds since 1970; may jump */
uint64_t clock_cpu_ns(void);		/* CLOCK_MONOTONIC, to measure how long something took */

/* A descriptor that becomes readable at a time of clock_now(). libuv's own timers stop
 * with CLOCK_MONOTONIC in suspend, and so would the end of a key's life. */
int clock_timer_open(void);		/* a descriptor or -errno */
void clock_timer_set(int fd, msec due);	/* NEVER: not at all; the past: at once */
void clock_timer_clear(int fd);		/* after it fired */

#endif
