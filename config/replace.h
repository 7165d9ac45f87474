/* replace.h -- a file's new text, written beside it and then moved over it.
 *
 *   home.conf          old text, until ----------------+
 *   .home.conf.Xy12ab  new text, fsync ... rename() ---+--> fsync the folder
 */
#ifndef CONFIG_REPLACE_H
#define CONFIG_REPLACE_H

#include "config/text.h"

struct replacement {
	char *target;		/* the file itself, no link to it */
	char *beside;
	int folder;		/* open and locked: two edits wait for each other */
};

/* 0 or -errno. The lock of the target's folder comes first, so that what is
 * read next is what will be replaced. */
int replace_begin(struct replacement *r, const char *path);
/* Writes len bytes to r->beside, with the owner and mode of `like`. */
int replace_write(struct replacement *r, const char *data, size_t len, const struct stat *like);
int replace_commit(struct replacement *r);
void replace_end(struct replacement *r);	/* always; without a commit nothing has changed */

#endif
