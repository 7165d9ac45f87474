/* peercred.h -- who is at the other end of a UNIX socket. */
#ifndef IO_PEERCRED_H
#define IO_PEERCRED_H

#include <stdbool.h>
#include <sys/types.h>

/* The group's number; false: this host has no such group. */
bool peercred_find_group(gid_t *out, const char *name);

/* Root, our own user, or (if `group` is not NULL) a member of that group? */
bool peercred_may_change(int fd, const gid_t *group);

#endif
