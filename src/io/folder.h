/* folder.h -- make a directory and those above it, and replace a file in one. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"

/* What is missing is made: the last with `mode`, those above with 0755, whatever the
 * umask. What is there stays as it is. 0 or -errno (-ENOTDIR: a file is in the way). */
int folder_make(const char *path, mode_t mode);

/* The same for the directory that holds the file `path`. */
int folder_make_for(const char *path, mode_t mode);

enum { FOLDER_NAME_MAX = 16 };

/* The file `name`, 0600, in the directory `dir`: written beside its name and renamed over it,
 * so that there is the old one or the new one and never half of either; `flush`: on disk when
 * this returns, and so after a crash of the machine too. 0 or -errno. */
int folder_replace_file(int dir, const char *name, struct bytes content, bool flush);

#endif
