/* marks.c -- what must outlive the process: /var/lib/p2pnet/NET. */
#include "io/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/folder.h"

enum { ERROR_TEXT = 512, NUMBER_TEXT = 24 };

int marks_open(struct marks *marks, const char *state_dir, char error[static ERROR_TEXT])
{
	int err = folder_make(state_dir, 0700);

	*marks = (struct marks){.dir = -1};
	if (!err) {
		marks->dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = marks->dir < 0 ? -errno : 0;
	}
	if (err)
		snprintf(error, ERROR_TEXT, "cannot use the state directory %.300s: %s", state_dir,
			 strerror(-err));
	return err;
}

void marks_close(struct marks *marks)
{
	if (marks->dir >= 0)
		close(marks->dir);
	marks->dir = -1;
}

/* -- reading ------------------------------------------------------------- */

/* Digits and a newline, and a time before the year 2262; no more and no less. */
static bool parse_mark(uint64_t *out, const char *text, size_t len)
{
	uint64_t mark = 0;

	if (len < 2 || text[len - 1] != '\n')
		return false;
	for (size_t i = 0; i < len - 1; i++) {
		unsigned digit = (unsigned)(unsigned char)text[i] - '0';

		if (digit > 9 || mark > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		mark = mark * 10 + digit;
	}
	*out = mark;
	return true;
}

uint64_t marks_load(struct marks *marks, const char *name)
{
	int fd = openat(marks->dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[NUMBER_TEXT];
	uint64_t mark = 0;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n < 0 || !parse_mark(&mark, text, (size_t)n))
		log_warn("the mark \"%s\" in the state directory cannot be read: if this machine's "
			 "clock was set back, peers may refuse it for a while", name);
	if (fd >= 0)
		close(fd);
	return mark;
}

/* -- writing ------------------------------------------------------------- */

void marks_save(struct marks *marks, const char *name, uint64_t mark)
{
	char text[NUMBER_TEXT];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", mark);
	int err = folder_replace_file(marks->dir, name, bytes_of(text, (size_t)len), true);

	if (err && !marks->failing)
		log_error("cannot save the mark \"%s\" in the state directory: %s", name,
			  strerror(-err));
	if (!err && marks->failing)
		log_info("the mark \"%s\" is saved again", name);
	marks->failing = err != 0;
}
