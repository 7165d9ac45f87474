/* scratch.h -- a directory for one test, and files in it. */
#ifndef TESTS_IO_SCRATCH_H
#define TESTS_IO_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_dir[] = "/tmp/p2pnet-test-XXXXXX";

static inline int scratch_begin(void **state)
{
	(void)state;
	memcpy(scratch_dir + sizeof(scratch_dir) - 7, "XXXXXX", 6);
	/* Others must be able to reach what is in it. */
	return mkdtemp(scratch_dir) && chmod(scratch_dir, 0755) == 0 ? 0 : -1;
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline int scratch_end(void **state)
{
	(void)state;
	return nftw(scratch_dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* scratch_path("a/b"), good until the fourth call after it. */
static inline const char *scratch_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", scratch_dir, name);
	return path;
}

static inline void scratch_write(const char *name, const char *text)
{
	FILE *f = fopen(scratch_path(name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

/* The file's text, or NULL. */
static inline const char *scratch_read(const char *name)
{
	static char text[4096];
	FILE *f = fopen(scratch_path(name), "r");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static inline bool scratch_has(const char *name)
{
	struct stat st;

	return lstat(scratch_path(name), &st) == 0;
}

static inline unsigned scratch_mode(const char *name)
{
	struct stat st;

	return stat(scratch_path(name), &st) == 0 ? st.st_mode & 07777 : 0;
}

static inline size_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline size_t count_fds(void)
{
	return count_entries("/proc/self/fd");
}

static inline size_t count_threads(void)
{
	return count_entries("/proc/self/task");
}

/* A thread that was joined is counted a little longer. */
static inline bool has_threads_soon(size_t n)
{
	for (int i = 0; i < 5000 && count_threads() != n; i++)
		usleep(1000);
	return count_threads() == n;
}

#endif
