/* edit.c -- change a config file without losing a comment.
 *
 *	[peer nas]
 *	public_key = ...
 *					-- a peer that goes, goes with:
 *	# my laptop			--+ the comment right above its line,
 *	[peer laptop]			  |
 *	public_key = ...		  | all up to its last key,
 *	# at home			  | a comment right below that,
 *					--+ and the blank lines that follow
 *	# the office, see the wiki
 *	[peer office]
 */
#include "config/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/load.h"
#include "config/replace.h"

enum { ERROR_LEN = 512 };

static int fail(int err, char error[static ERROR_LEN], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(int err, char error[static ERROR_LEN], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ERROR_LEN, format, args);
	va_end(args);
	return err;
}

/* ---- the lines of a file ---- */

enum line_kind { LINE_BLANK, LINE_COMMENT, LINE_SECTION, LINE_INCLUDE, LINE_KEY };

struct line {
	const char *start;
	size_t len; /* with its newline */
	enum line_kind kind;
};

/* Only the beginning is looked at. */
static enum line_kind classify(const char *start, size_t len)
{
	char head[64], *word;
	size_t n = len < sizeof(head) - 1 ? len : sizeof(head) - 1;

	memcpy(head, start, n);
	head[n] = '\0';
	word = head + strspn(head, " \t\r\n\v\f");
	if (!*word)
		return len < sizeof(head) ? LINE_BLANK : LINE_KEY;
	if (*word == '#' || *word == ';')
		return LINE_COMMENT;
	if (*word == '[')
		return LINE_SECTION;
	return strncasecmp(word, "include", 7) == 0 ? LINE_INCLUDE : LINE_KEY;
}

/* 0 or -ENOMEM; the lines borrow the text. */
static int split(struct line **lines, size_t *len, const struct text *text)
{
	size_t pos = 0;

	while (pos < text->len) {
		const char *start = text->data + pos;
		const char *newline = memchr(start, '\n', text->len - pos);
		struct line *line = list_push((void **)lines, len, sizeof(*line));

		if (!line)
			return -ENOMEM;
		line->start = start;
		line->len = newline ? (size_t)(newline - start) + 1 : text->len - pos;
		line->kind = classify(start, line->len);
		pos += line->len;
	}
	return 0;
}

struct range {
	size_t from, to; /* to: the first line that stays */
};

/* The section whose [line] is lines[header], as drawn above. */
static struct range section_range(const struct line *lines, size_t len, size_t header)
{
	struct range r = {header, header + 1};
	size_t next = header + 1;

	while (r.from > 0 && lines[r.from - 1].kind == LINE_COMMENT)
		r.from--;
	for (; next < len && lines[next].kind != LINE_SECTION; next++) {
		if (lines[next].kind == LINE_KEY || lines[next].kind == LINE_INCLUDE)
			r.to = next + 1;
	}
	next = r.to;
	while (next < len && lines[next].kind == LINE_COMMENT)
		next++;
	/* unless it stands on the next section's shoulders */
	if (next == len || lines[next].kind == LINE_BLANK)
		r.to = next;
	while (r.to < len && lines[r.to].kind == LINE_BLANK)
		r.to++;
	if (r.to == len && r.from > 0 && lines[r.from - 1].kind == LINE_BLANK)
		r.from--;
	return r;
}

/* The text without these lines; includes among them stay, as they may bring in anything. */
static size_t text_without(char *out, const struct line *lines, size_t len, struct range r)
{
	char *end = out;

	for (size_t i = 0; i < len; i++) {
		if (i >= r.from && i < r.to && lines[i].kind != LINE_INCLUDE)
			continue;
		memcpy(end, lines[i].start, lines[i].len);
		end += lines[i].len;
	}
	return (size_t)(end - out);
}

/* ---- would it load? ---- */

/* Line numbers in the words move when lines go, so digits do not count. */
static bool same_words(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;;) {
		a += strspn(a, digits);
		b += strspn(b, digits);
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static size_t count_errors(const struct config_report *report, size_t upto, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < upto; i++) {
		if (report->problems[i].severity == CONFIG_ERROR &&
		    same_words(report->problems[i].text, text))
			n++;
	}
	return n;
}

/* The first error of `after` that `before` has not, or has fewer times; NULL. */
static const struct config_problem *new_error(const struct config_report *before,
					      const struct config_report *after)
{
	for (size_t i = 0; i < after->len; i++) {
		const struct config_problem *p = &after->problems[i];

		if (p->severity == CONFIG_ERROR &&
		    count_errors(after, i + 1, p->text) >
			    count_errors(before, before->len, p->text))
			return p;
	}
	return NULL;
}

static int would_load(const char *path, const struct replacement *r,
		      const struct config_report *before, char error[static ERROR_LEN])
{
	const struct lines_swap swap = {r->target, r->beside};
	struct config_report after;
	struct config *c = config_read(path, &swap, &after);
	const struct config_problem *p = new_error(before, &after);
	int err = 0;

	if (p && p->line)
		err = fail(-EINVAL, error, "%.150s:%u: %s", p->file, p->line, p->text);
	else if (p)
		err = fail(-EINVAL, error, "%.150s: %s", p->file, p->text);
	else if (!c)
		err = fail(-ENOMEM, error, "no memory");
	config_free(c);
	config_report_free(&after);
	return err;
}

static int put_in_place(const char *path, struct replacement *r, const struct text *old,
			const char *data, size_t len, const struct config_report *before,
			char error[static ERROR_LEN])
{
	int err = replace_write(r, data, len, &old->stat);

	if (err)
		return fail(err, error, "%.200s cannot be written: %s; it is as it was", r->target,
			    strerror(-err));
	err = would_load(path, r, before, error);
	if (err)
		return err;
	err = replace_commit(r);
	if (err)
		return fail(err, error, "%.200s cannot be replaced: %s", r->target, strerror(-err));
	return 0;
}

static int open_for_edit(struct replacement *r, struct text *old, const char *path,
			 char error[static ERROR_LEN])
{
	int err = replace_begin(r, path);

	if (!err) {
		err = text_read(old, r->target, LINES_TOTAL_MAX);
		if (err)
			replace_end(r);
	}
	if (err)
		return fail(err, error, "%.200s cannot be read: %s", path, strerror(-err));
	return 0;
}

/* ---- peer add ---- */

static bool is_given(const char *value)
{
	return value && *value;
}

/* A value is one line and no comment: nothing else may slip into the file. */
static bool value_is_plain(const char *value)
{
	for (const char *p = value; p && *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
		if ((*p == '#' || *p == ';') && (p == value || p[-1] == ' '))
			return false;
	}
	return true;
}

static int check_new_peer(const struct edit_peer *peer, char error[static ERROR_LEN])
{
	const char *const values[] = {peer->public_key, peer->psk_file,    peer->endpoint,
				      peer->ip,         peer->allowed_ips, peer->keepalive};

	if (is_given(peer->name) && !name_is_valid(peer->name))
		return fail(-EINVAL, error,
			    "this is not a name; use 1 to 63 letters, digits, \"-\", \"_\", \".\"");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (!value_is_plain(values[i]))
			return fail(-EINVAL, error,
				    "a value holds a line break or what would begin a comment; "
				    "leave it out");
	}
	return 0;
}

static int check_not_there(const struct config *c, const struct edit_peer *peer,
			   char error[static ERROR_LEN])
{
	const char *const what[] = {peer->name, peer->public_key};

	for (int i = 0; i < 2; i++) {
		const struct config_peer *there =
			is_given(what[i]) ? config_find_peer(c, what[i]) : NULL;

		if (there)
			return fail(
				-EEXIST, error,
				"there is a [peer %s] with that %s (%.200s:%u); delete it first",
				there->name, i ? "public_key" : "name", there->where.file,
				there->where.line);
	}
	return 0;
}

static void print_key(FILE *out, const char *key, const char *value, const char *newline)
{
	if (is_given(value))
		fprintf(out, "%s = %s%s", key, value, newline);
}

static void print_new_peer(FILE *out, const struct edit_peer *peer, const char *newline)
{
	if (is_given(peer->name))
		fprintf(out, "[peer %s]%s", peer->name, newline);
	else
		fprintf(out, "[peer]%s", newline);
	print_key(out, "public_key", peer->public_key, newline);
	print_key(out, "preshared_key_file", peer->psk_file, newline);
	print_key(out, "ip", peer->ip, newline);
	print_key(out, "allowed_ips", peer->allowed_ips, newline);
	print_key(out, "endpoint", peer->endpoint, newline);
	print_key(out, "keepalive", peer->keepalive, newline);
}

static bool ends_with_blank_line(const struct text *text)
{
	struct line *lines = NULL;
	size_t len = 0;
	bool blank =
		split(&lines, &len, text) != 0 || len == 0 || lines[len - 1].kind == LINE_BLANK;

	free(lines);
	return blank;
}

/* The old text and the new section, in memory that the caller wipes and frees; NULL: no memory. */
static char *with_peer(const struct text *old, const struct edit_peer *peer, size_t *len)
{
	const char *newline = memmem(old->data, old->len, "\r\n", 2) ? "\r\n" : "\n";
	char *data = NULL;
	FILE *out = open_memstream(&data, len);

	if (!out)
		return NULL;
	fwrite(old->data, 1, old->len, out);
	if (old->len && old->data[old->len - 1] != '\n')
		fputs(newline, out);
	if (!ends_with_blank_line(old))
		fputs(newline, out);
	print_new_peer(out, peer, newline);
	if (fclose(out) == 0)
		return data;
	free(data);
	return NULL;
}

static int add_to(const char *path, const struct edit_peer *peer, struct replacement *r,
		  const struct text *old, char error[static ERROR_LEN])
{
	struct config_report before;
	struct config *c = config_read(path, NULL, &before);
	char *data = NULL;
	size_t len = 0;
	int err = c ? check_not_there(c, peer, error) : fail(-ENOMEM, error, "no memory");

	if (err)
		goto out;
	data = with_peer(old, peer, &len);
	err = data ? put_in_place(path, r, old, data, len, &before, error)
		   : fail(-ENOMEM, error, "no memory");
	if (data)
		wipe(data, len);
	free(data);
out:
	config_free(c);
	config_report_free(&before);
	return err;
}

int edit_add_peer(const char *path, const struct edit_peer *peer, char error[static ERROR_LEN])
{
	struct replacement r;
	struct text old;
	int err = check_new_peer(peer, error);

	if (err)
		return err;
	err = open_for_edit(&r, &old, path, error);
	if (err)
		return err;
	err = add_to(path, peer, &r, &old, error);
	text_free(&old);
	replace_end(&r);
	return err;
}

/* ---- peer del ---- */

static int without_section(const struct text *old, unsigned line, char **data, size_t *len)
{
	struct line *lines = NULL;
	size_t lines_len = 0;
	int err = split(&lines, &lines_len, old);

	/* an editor that knows nothing of our lock may have saved it just now */
	if (!err && (line > lines_len || lines[line - 1].kind != LINE_SECTION))
		err = -EAGAIN;
	*data = err ? NULL : malloc(old->len + 1);
	if (*data)
		*len = text_without(*data, lines, lines_len,
				    section_range(lines, lines_len, line - 1));
	else if (!err)
		err = -ENOMEM;
	free(lines);
	return err;
}

/* Which line of which file (malloc'd) is the peer's [peer]; `before` is what is wrong already. */
static int locate(const char *path, const char *what, char **file, unsigned *line,
		  struct config_report *before, char error[static ERROR_LEN])
{
	struct config *c = config_read(path, NULL, before);
	const struct config_peer *peer = c ? config_find_peer(c, what) : NULL;
	int err = 0;

	*file = peer ? strdup(peer->where.file) : NULL;
	if (peer)
		*line = peer->where.line;
	if (c && !peer)
		err = fail(-ENOENT, error,
			   "there is no peer \"%.64s\" in %.200s; \"p2pnet peer list\" names them",
			   what, path);
	else if (!*file)
		err = fail(-ENOMEM, error, "no memory");
	config_free(c);
	return err;
}

static int del_line(const char *path, unsigned line, struct replacement *r, const struct text *old,
		    const struct config_report *before, char error[static ERROR_LEN])
{
	char *data = NULL;
	size_t len = 0;
	int err = without_section(old, line, &data, &len);

	if (err)
		return fail(err, error, "%.200s cannot be changed: %s", r->target, strerror(-err));
	err = put_in_place(path, r, old, data, len, before, error);
	wipe(data, len);
	free(data);
	return err;
}

/* Under the lock of the file's folder: look again, another edit may have moved the peer. */
static int del_from(const char *path, const char *what, const char *file,
		    char error[static ERROR_LEN])
{
	struct config_report before;
	struct replacement r;
	struct text old;
	char *again;
	unsigned line;
	int err = open_for_edit(&r, &old, file, error);

	if (err)
		return err;
	err = locate(path, what, &again, &line, &before, error);
	if (!err && strcmp(file, again) != 0)
		err = fail(-EAGAIN, error, "%.200s changes right now; try again", file);
	if (!err)
		err = del_line(path, line, &r, &old, &before, error);
	free(again);
	config_report_free(&before);
	text_free(&old);
	replace_end(&r);
	return err;
}

int edit_del_peer(const char *path, const char *what, char error[static ERROR_LEN])
{
	struct config_report report;
	char *file;
	unsigned line;
	int err = locate(path, what, &file, &line, &report, error);

	if (!err)
		err = del_from(path, what, file, error);
	free(file);
	config_report_free(&report);
	return err;
}

/* ---- init ---- */

static void print_or_hint(FILE *out, const char *key, const char *value, const char *hint)
{
	if (is_given(value))
		fprintf(out, "%s = %s\n", key, value);
	else
		fprintf(out, "# %s = %s\n", key, hint);
}

static void print_first(FILE *out, const struct edit_new *what)
{
	fputs("# A p2pnet network. \"p2pnet check\" says whether this file is right.\n"
	      "\n"
	      "[interface]\n"
	      "# This machine's secret. Its public half, for the files of the others: p2pnet "
	      "pubkey\n",
	      out);
	fprintf(out, "private_key_file = %s\n\n", what->private_key_file);
	fputs("# This machine's address in the net, besides an IPv6 one that comes from its key.\n",
	      out);
	print_or_hint(out, "address", what->address, "10.77.0.1/24");
	fputs("\n# How it calls itself; without this line, as the host is called.\n", out);
	print_or_hint(out, "name", what->name, "nas");
	fputs("\n"
	      "# The other machines, a section for each. \"p2pnet peer add\" writes them, too.\n"
	      "#\n"
	      "# [peer laptop]\n"
	      "# public_key = (what \"p2pnet pubkey\" prints there)\n"
	      "# ip = 10.77.0.2\n"
	      "# endpoint = laptop.example.net:51820\n",
	      out);
}

static int write_first(int fd, const struct edit_new *what)
{
	FILE *out = fdopen(fd, "w");
	int err = 0;

	if (!out) {
		err = -errno;
		close(fd);
		return err;
	}
	print_first(out, what);
	if (fflush(out) != 0 || fsync(fd) < 0)
		err = -errno;
	if (fclose(out) != 0 && !err)
		err = -errno;
	return err;
}

static int first_loads(const char *path, char error[static ERROR_LEN])
{
	static const struct config_report nothing;
	struct config_report report;
	struct config *c = config_load(path, &report);
	const struct config_problem *p = new_error(&nothing, &report);
	int err = c ? 0 : fail(-EINVAL, error, "%.400s", p ? p->text : "no memory");

	config_free(c);
	config_report_free(&report);
	return err;
}

int edit_create(const char *path, const struct edit_new *what, char error[static ERROR_LEN])
{
	int fd, err;

	if (!value_is_plain(what->private_key_file) || !value_is_plain(what->address) ||
	    !value_is_plain(what->name))
		return fail(
			-EINVAL, error,
			"a value holds a line break or what would begin a comment; leave it out");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return fail(-EEXIST, error,
			    "%.200s is there already; edit it, or move it away first", path);
	if (fd < 0)
		return fail(-errno, error, "%.200s cannot be created: %s", path, strerror(errno));
	err = write_first(fd, what);
	if (err)
		fail(err, error, "%.200s cannot be written: %s", path, strerror(-err));
	else
		err = first_loads(path, error);
	if (err)
		unlink(path);
	return err;
}
