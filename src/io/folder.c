/* folder.c -- make a directory and those above it, and replace a file in one. */
#include "io/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_one(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode) ? -errno : 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Cuts the copy at each slash in turn: /a, then /a/b, then /a/b/c. */
int folder_make(const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	int err;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	for (char *slash = strchr(copy + 1, '/'); slash && slash[1]; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = make_one(copy, 0755);
		*slash = '/';
		if (err)
			return err;
	}
	return make_one(copy, mode);
}

int folder_make_for(const char *path, mode_t mode)
{
	char copy[PATH_MAX];
	char *slash;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return -ENAMETOOLONG;
	slash = strrchr(copy, '/');
	if (!slash || slash == copy)
		return 0;	/* here, or the root */
	*slash = '\0';
	return folder_make(copy, mode);
}

/* -- a file ---------------------------------------------------------------- */

static int write_all(int fd, struct bytes content, bool flush)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		content = bytes_of(content.data + n, content.len - (size_t)n);
	}
	return flush && fsync(fd) < 0 ? -errno : 0;
}

/* The rename is on disk only once the directory is. */
int folder_replace_file(int dir, const char *name, struct bytes content, bool flush)
{
	char temp[FOLDER_NAME_MAX + 8];
	int fd, err;

	snprintf(temp, sizeof(temp), "%.*s.new", FOLDER_NAME_MAX, name);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, content, flush);
	close(fd);
	if (!err && renameat(dir, temp, dir, name) < 0)
		err = -errno;
	if (err)
		unlinkat(dir, temp, 0);
	else if (flush && fsync(dir) < 0)
		err = -errno;
	return err;
}
