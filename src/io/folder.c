/* folder.c -- make a directory, and those above it. */
#include "io/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
