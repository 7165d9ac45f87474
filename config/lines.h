/* lines.h -- the lines of a config file and of the files it includes, one after the other.
 *
 *   home.conf        [interface]
 *                    include = conf.d/?.conf  --> conf.d/a.conf  [peer a] ...
 *                                                 conf.d/b.conf  [peer b] ...
 *                    mtu = 1400              <-- and on in home.conf
 *
 * A line comes trimmed and without its comment (# or ; at its start or after
 * white space); blank ones do not come at all.
 */
#ifndef CONFIG_LINES_H
#define CONFIG_LINES_H

#include <glob.h>
#include <stdbool.h>

#include "config/text.h"

enum {
	LINES_DEPTH = 8,		/* files that include one another */
	LINES_LEN_MAX = 65536,		/* bytes of a line */
	LINES_TOTAL_MAX = 16 << 20,	/* bytes of all files: includes must not explode */
};

enum lines_event {
	LINES_TEXT,		/* `line` is the next one */
	LINES_TOO_LONG,		/* as LINES_TEXT, but the line was skipped */
	LINES_NUL,		/* there is a NUL byte: the rest of the file is skipped */
	LINES_OPENED,		/* an included file begins */
	LINES_UNREADABLE,	/* an included file could not be read: `unreadable`, `err` */
	LINES_FILE_END,		/* a file ends; it is still the current one */
	LINES_BACK,		/* in the file that included it */
	LINES_END,		/* all has been read */
};

struct lines_file {
	const char *name;
	struct text text;
	dev_t dev;		/* which file it is, when it goes by two names */
	ino_t ino;
	size_t pos;
	unsigned line;		/* the number of the line that came last, from 1 */
	bool ended;
	glob_t included;	/* files still to come at this place */
	size_t next_included;
};

/* Read `instead` where the file `of` is meant: how an edit is tried before it is made. */
struct lines_swap {
	const char *of;
	const char *instead;
};

struct lines {
	struct lines_file files[LINES_DEPTH];
	unsigned depth;			/* files[depth - 1] is being read */
	char *line;
	size_t total;
	const struct lines_swap *swap;	/* may be NULL */
	const char *unreadable;
	int err;
	char **names;			/* of every file; whoever keeps a name takes them over */
	size_t names_len;
};

/* 0 or -errno as text_read(); also -ELOOP: the file is being read already,
 * -EMLINK: too deep. Takes `name` (a malloc'd string) in either case. */
int lines_open(struct lines *l, char *name);
/* Files to go on with before the next line; a name with no wildcard that does
 * not exist is -ENOENT. */
int lines_include(struct lines *l, const char *pattern);
enum lines_event lines_next(struct lines *l);
struct lines_file *lines_file(struct lines *l);		/* the current one */
void lines_close(struct lines *l);			/* all but the names */

/* The line without comment and outer white space, in place. */
char *line_trim(char *line);

#endif
