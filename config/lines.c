/* lines.c -- the lines of a config file and of the files it includes. */
#include "config/lines.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static bool starts_comment(const char *line, const char *p)
{
	return (*p == '#' || *p == ';') && (p == line || is_blank(p[-1]));
}

char *line_trim(char *line)
{
	char *end;

	while (is_blank(*line))
		line++;
	end = line;
	for (char *p = line; *p && !starts_comment(line, p); p++) {
		if (!is_blank(*p))
			end = p + 1;
	}
	*end = '\0';
	return line;
}

struct lines_file *lines_file(struct lines *l)
{
	return &l->files[l->depth - 1];
}

static bool is_being_read(const struct lines *l, const struct stat *st)
{
	for (unsigned i = 0; i < l->depth; i++) {
		if (l->files[i].dev == st->st_dev && l->files[i].ino == st->st_ino)
			return true;
	}
	return false;
}

/* What to read for `name`, and which file it is. */
static const char *resolve(const struct lines *l, const char *name, struct stat *st)
{
	struct stat of;

	if (stat(name, st) < 0)
		return NULL;
	if (l->swap && stat(l->swap->of, &of) == 0 && of.st_dev == st->st_dev &&
	    of.st_ino == st->st_ino)
		return l->swap->instead;
	return name;
}

static int keep_name(struct lines *l, char *name)
{
	char **place = name ? list_push((void **)&l->names, &l->names_len, sizeof(*place)) : NULL;

	if (!place) {
		free(name);
		return -ENOMEM;
	}
	*place = name;
	return 0;
}

int lines_open(struct lines *l, char *name)
{
	struct lines_file file = {.name = name};
	const char *source;
	struct stat st;
	int err = keep_name(l, name);

	if (err)
		return err;
	source = resolve(l, name, &st);
	if (!source)
		return -errno;
	if (is_being_read(l, &st))
		return -ELOOP;
	if (l->depth == LINES_DEPTH)
		return -EMLINK;
	err = text_read(&file.text, source, LINES_TOTAL_MAX - l->total);
	if (err)
		return err;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	if (file.text.len >= 3 && memcmp(file.text.data, "\xef\xbb\xbf", 3) == 0)
		file.pos = 3; /* the mark that some editors put before UTF-8 */
	l->total += file.text.len;
	l->files[l->depth++] = file;
	return 0;
}

/* The folder of the file is meant as it is written, even with a [ in it. */
static char *quote_folder(const char *path, size_t folder)
{
	char *quoted = malloc(strlen(path) + folder + 1);
	char *out = quoted;

	if (!quoted)
		return NULL;
	for (size_t i = 0; i < folder; i++) {
		if (strchr("*?[]\\", path[i]))
			*out++ = '\\';
		*out++ = path[i];
	}
	strcpy(out, path + folder);
	return quoted;
}

int lines_include(struct lines *l, const char *pattern)
{
	struct lines_file *file = lines_file(l);
	char *path = path_beside(file->name, pattern);
	char *quoted = path ? quote_folder(path, strlen(path) - strlen(pattern)) : NULL;
	int err = quoted ? glob(quoted, 0, NULL, &file->included) : GLOB_NOSPACE;

	free(quoted);
	free(path);
	file->next_included = 0;
	if (err)
		file->included = (glob_t){0};
	if (err == GLOB_NOMATCH)
		return strpbrk(pattern, "*?[") ? 0 : -ENOENT;
	return err == GLOB_NOSPACE ? -ENOMEM : err ? -EIO : 0;
}

static enum lines_event open_next_included(struct lines *l, struct lines_file *file)
{
	char *name = strdup(file->included.gl_pathv[file->next_included++]);

	l->err = lines_open(l, name);
	if (!l->err)
		return LINES_OPENED;
	l->unreadable = file->included.gl_pathv[file->next_included - 1];
	return LINES_UNREADABLE;
}

static void close_file(struct lines *l)
{
	struct lines_file *file = lines_file(l);

	text_free(&file->text);
	globfree(&file->included);
	l->depth--;
	l->line = NULL;
}

static enum lines_event end_file(struct lines_file *file)
{
	file->ended = true;
	return LINES_FILE_END;
}

/* From pos to the end of the line; blank lines give "". */
static enum lines_event next_physical(struct lines *l, struct lines_file *file)
{
	char *start = file->text.data + file->pos;
	size_t rest = file->text.len - file->pos;
	char *newline = memchr(start, '\n', rest);
	size_t len = newline ? (size_t)(newline - start) : rest;

	file->line++;
	file->pos += newline ? len + 1 : len;
	if (memchr(start, '\0', len)) {
		file->pos = file->text.len;
		return LINES_NUL;
	}
	if (len > LINES_LEN_MAX)
		return LINES_TOO_LONG;
	start[len] = '\0';
	l->line = line_trim(start);
	return LINES_TEXT;
}

enum lines_event lines_next(struct lines *l)
{
	while (l->depth) {
		struct lines_file *file = lines_file(l);
		enum lines_event event;

		if (file->ended) {
			close_file(l);
			if (l->depth)
				return LINES_BACK;
			break;
		}
		if (file->next_included < file->included.gl_pathc)
			return open_next_included(l, file);
		globfree(&file->included);
		file->included = (glob_t){0};
		if (file->pos == file->text.len)
			return end_file(file);
		event = next_physical(l, file);
		if (event != LINES_TEXT || *l->line)
			return event;
	}
	return LINES_END;
}

void lines_close(struct lines *l)
{
	while (l->depth)
		close_file(l);
}
