/* lock.h -- one daemon per net: a locked file with its pid in it.
 *
 * The kernel gives the lock back when the process ends, however it ends, so a
 * file that is left behind locks nothing. The file is removed by whoever holds
 * its lock; who gets the lock of a file that was just removed starts again.
 */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include <limits.h>

struct lock {
	int fd;
	char path[PATH_MAX];
};

/* NET.lock in the directory of the control socket, which is made (0755) if need be. 0, or
 * -errno with a sentence in error; -EBUSY: the net is up already. */
int lock_take(struct lock *lock, const char *socket_path, const char *net, char error[static 512]);
void lock_release(struct lock *lock);

#endif
