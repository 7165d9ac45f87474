/* text.h -- a whole file in memory, and lists that grow: what reading a config takes.
 *
 * A config may hold a private key, so neither leaves a copy behind: what grows
 * is copied and the old place wiped, and text_free() wipes.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stddef.h>
#include <sys/stat.h>

struct text {
	char *data;		/* with a NUL after the last byte */
	size_t len;
	struct stat stat;	/* of the file it came from */
};

/* 0 or -errno: -EISDIR, -EINVAL not a regular file, -EFBIG more than max bytes. */
int text_read(struct text *out, const char *path, size_t max);
void text_free(struct text *text);

/* A path that a file mentions: absolute, or relative to the file's own folder.
 * The caller frees it; NULL: no memory. */
char *path_beside(const char *file, const char *path);

/* One more zeroed item of `size` bytes at the end of *items; its place, or NULL: no memory. */
void *list_push(void **items, size_t *len, size_t size);

#endif
