/* keyfile.h -- a secret in a file of its own, mode 0600: a key in base64, or a line of text. */
#ifndef CONFIG_KEYFILE_H
#define CONFIG_KEYFILE_H

#include <stddef.h>

#include "crypto/key.h"

/* 0, or -errno with a sentence (what is wrong, what to do) in error. Refused with
 * -EPERM: readable or writable by group or others, not owned by us or root, not a regular file. */
int keyfile_read(uint8_t key[static KEY_LEN], const char *path, char error[static 512]);

/* The same with the first line of the file, a password; cap counts the final NUL. Refused with
 * -EINVAL: it is empty, or too long. The caller wipes it. */
int keyfile_read_line(char *out, size_t cap, const char *path, char error[static 512]);

/* A new file, 0600; -EEXIST if there is one: it is never overwritten. */
int keyfile_create(const char *path, const uint8_t key[static KEY_LEN], char error[static 512]);

#endif
