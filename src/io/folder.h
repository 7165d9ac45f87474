/* folder.h -- make a directory, and those above it. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include <sys/types.h>

/* What is missing is made: the last with `mode`, those above with 0755, whatever the
 * umask. What is there stays as it is. 0 or -errno (-ENOTDIR: a file is in the way). */
int folder_make(const char *path, mode_t mode);

/* The same for the directory that holds the file `path`. */
int folder_make_for(const char *path, mode_t mode);

#endif
