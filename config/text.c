/* text.c -- a whole file in memory, and lists that grow. */
#include "config/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key.h"

/* Looked at before it is opened: opening a device may do things. */
static int open_regular(const char *path, struct stat *st)
{
	int fd;

	if (stat(path, st) < 0)
		return -errno;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int grow(struct text *text, size_t *cap)
{
	size_t bigger = 2 * *cap;
	char *data = malloc(bigger + 1);

	if (!data)
		return -ENOMEM;
	memcpy(data, text->data, text->len);
	wipe(text->data, text->len);
	free(text->data);
	text->data = data;
	*cap = bigger;
	return 0;
}

/* st_size is a hint: files of /proc say 0, and a file may grow meanwhile. */
static int read_all(struct text *text, int fd, size_t cap, size_t max)
{
	for (;;) {
		ssize_t n;
		int err;

		if (text->len > max)
			return -EFBIG;
		if (text->len == cap && (err = grow(text, &cap)) != 0)
			return err;
		n = read(fd, text->data + text->len, cap - text->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		text->len += (size_t)n;
	}
}

int text_read(struct text *out, const char *path, size_t max)
{
	struct text text = {0};
	int fd = open_regular(path, &text.stat);
	size_t cap;
	int err;

	if (fd < 0)
		return fd;
	err = -EFBIG;
	if ((uintmax_t)text.stat.st_size > max)
		goto close_fd;
	cap = (size_t)text.stat.st_size + 1;
	err = -ENOMEM;
	text.data = malloc(cap + 1);
	if (!text.data)
		goto close_fd;
	err = read_all(&text, fd, cap, max);
	if (err) {
		text_free(&text);
		goto close_fd;
	}
	text.data[text.len] = '\0';
	*out = text;

close_fd:
	close(fd);
	return err;
}

void text_free(struct text *text)
{
	if (text->data)
		wipe(text->data, text->len);
	free(text->data);
	*text = (struct text){0};
}

char *path_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	int folder = slash && path[0] != '/' ? (int)(slash - file) + 1 : 0;
	char *joined;

	return asprintf(&joined, "%.*s%s", folder, file, path) < 0 ? NULL : joined;
}

/* Full whenever len is a power of two (or nothing is there yet). */
void *list_push(void **items, size_t *len, size_t size)
{
	if ((*len & (*len - 1)) == 0) {
		void *bigger = calloc(*len ? 2 * *len : 1, size);

		if (!bigger)
			return NULL;
		if (*items) {
			memcpy(bigger, *items, *len * size);
			wipe(*items, *len * size);
		}
		free(*items);
		*items = bigger;
	}
	memset((char *)*items + *len * size, 0, size);
	return (char *)*items + size * (*len)++;
}
