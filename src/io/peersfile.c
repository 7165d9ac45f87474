/* peersfile.c -- where the peers were, kept over a restart: /var/lib/p2pnet/NET/peers.cache. */
#include "io/peersfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "io/folder.h"

static const char name[] = "peers.cache";

/* -- reading ------------------------------------------------------------- */

/* malloc'ed. NULL: it is empty, too long, no file, or cannot be read. */
static uint8_t *read_whole(int fd, size_t *len)
{
	uint8_t *content;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PEERSFILE_MAX)
		return NULL;
	content = malloc((size_t)st.st_size);
	n = content ? read(fd, content, (size_t)st.st_size) : -1;
	if (n != st.st_size) {
		free(content);
		return NULL;
	}
	*len = (size_t)n;
	return content;
}

void peersfile_load(const struct peersfile *file, struct node *node, msec now)
{
	int fd = openat(file->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	uint8_t *content;
	size_t len = 0;

	if (fd < 0 && errno == ENOENT)
		return;
	content = fd < 0 ? NULL : read_whole(fd, &len);
	if (!content || !node_known_restore(node, bytes_of(content, len), now))
		log_warn("%s in the state directory is damaged and not used; peers will be found "
			 "as if for the first time", name);
	free(content);
	if (fd >= 0)
		close(fd);
}

/* -- writing ------------------------------------------------------------- */

static int write_peers(const struct peersfile *file, struct node *node, msec now)
{
	size_t size = node_known_size(node);
	uint8_t *content = malloc(size);
	struct writer w = writer_over(content, size);
	int err;

	if (!content)
		return -ENOMEM;
	node_known_write(node, &w, now);
	err = folder_replace_file(file->dir, name, writer_bytes(&w), false);
	free(content);
	return err;
}

void peersfile_save(struct peersfile *file, struct node *node, msec now)
{
	int err = write_peers(file, node, now);

	if (err && !file->failing)
		log_error("cannot save %s in the state directory: %s", name, strerror(-err));
	if (!err && file->failing)
		log_info("%s is saved again", name);
	file->failing = err != 0;
}
