/* lock.c -- one daemon per net: a locked file with its pid in it. */
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/folder.h"

enum { ERROR_TEXT = 512 };

static int name_lock(struct lock *lock, const char *socket_path, const char *net)
{
	const char *slash = strrchr(socket_path, '/');
	int dir_len = slash ? (int)(slash - socket_path) + 1 : 0;
	int len = snprintf(lock->path, sizeof(lock->path), "%.*s%s.lock", dir_len, socket_path, net);

	return len < (int)sizeof(lock->path) ? 0 : -ENAMETOOLONG;
}

/* Is the file that we locked still the one of that name? */
static bool is_in_place(const struct lock *lock)
{
	struct stat ours, named;

	return fstat(lock->fd, &ours) == 0 && stat(lock->path, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int open_and_lock(struct lock *lock)
{
	int err;

	for (;;) {
		lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (lock->fd < 0)
			return -errno;
		if (flock(lock->fd, LOCK_EX | LOCK_NB) < 0) {
			err = -errno;
			return err == -EWOULDBLOCK ? -EBUSY : err;
		}
		if (is_in_place(lock))
			return 0;
		close(lock->fd);
	}
}

/* The pid in the file of somebody else's lock; 0 if there is none. */
static long read_pid(int fd)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *end;
	long pid = n > 0 ? strtol(text, &end, 10) : 0;

	return pid > 0 && *end == '\n' ? pid : 0;
}

static int write_pid(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ssize_t n;

	if (ftruncate(fd, 0) < 0)
		return -errno;
	n = pwrite(fd, text, (size_t)len, 0);
	if (n < 0)
		return -errno;
	return n == len ? 0 : -ENOSPC;
}

static void say_busy(const struct lock *lock, const char *net, char error[static ERROR_TEXT])
{
	long pid = read_pid(lock->fd);
	char who[32] = "";

	if (pid)
		snprintf(who, sizeof(who), " (pid %ld)", pid);
	snprintf(error, ERROR_TEXT, "%s is up already%s; `p2pnet reload %s` takes a changed config",
		 net, who, net);
}

int lock_take(struct lock *lock, const char *socket_path, const char *net,
	      char error[static ERROR_TEXT])
{
	int err;

	lock->fd = -1;
	lock->path[0] = '\0';
	err = folder_make_for(socket_path, 0755);
	if (!err)
		err = name_lock(lock, socket_path, net);
	if (!err)
		err = open_and_lock(lock);
	if (err == -EBUSY) {
		say_busy(lock, net, error);
		goto close_fd;
	}
	if (err)
		goto say_path;
	err = write_pid(lock->fd);
	if (err) {
		unlink(lock->path);
		goto say_path;
	}
	return 0;

say_path:
	snprintf(error, ERROR_TEXT, "cannot lock %.300s: %s", lock->path[0] ? lock->path : socket_path,
		 strerror(-err));
close_fd:
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
	return err;
}

void lock_release(struct lock *lock)
{
	if (lock->fd < 0)
		return;
	unlink(lock->path);
	close(lock->fd);
	lock->fd = -1;
}
