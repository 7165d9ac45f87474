/* replace.c -- a file's new text, written beside it and then moved over it. */
#include "config/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int lock_folder(const char *target)
{
	char copy[PATH_MAX];
	int fd, err;

	snprintf(copy, sizeof(copy), "%s", target);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int replace_begin(struct replacement *r, const char *path)
{
	int err;

	*r = (struct replacement){.folder = -1, .target = realpath(path, NULL)};
	if (!r->target)
		return -errno;
	r->folder = lock_folder(r->target);
	if (r->folder >= 0)
		return 0;
	err = r->folder;
	replace_end(r);
	return err;
}

/* A name with a dot in front, which conf.d/?.conf and the like do not match. */
static int create_beside(struct replacement *r)
{
	const char *base = strrchr(r->target, '/') + 1;
	int fd;

	if (asprintf(&r->beside, "%.*s.%s.XXXXXX", (int)(base - r->target), r->target, base) < 0) {
		r->beside = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(r->beside, O_CLOEXEC);
	if (fd >= 0)
		return fd;
	free(r->beside);
	r->beside = NULL;
	return -errno;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int replace_write(struct replacement *r, const char *data, size_t len, const struct stat *like)
{
	int fd = create_beside(r);
	int err;

	if (fd < 0)
		return fd;
	err = write_all(fd, data, len);
	if (!err && (fchown(fd, like->st_uid, like->st_gid) < 0 ||
		     fchmod(fd, like->st_mode & 07777) < 0 || fsync(fd) < 0))
		err = -errno;
	close(fd);
	return err;
}

int replace_commit(struct replacement *r)
{
	if (rename(r->beside, r->target) < 0)
		return -errno;
	free(r->beside);
	r->beside = NULL;
	return fsync(r->folder) < 0 ? -errno : 0;
}

void replace_end(struct replacement *r)
{
	if (r->beside)
		unlink(r->beside);
	if (r->folder >= 0)
		close(r->folder);
	free(r->beside);
	free(r->target);
	*r = (struct replacement){.folder = -1};
}
