/* keyfile.h -- a secret key in a file of its own, one line of base64, mode 0600. */
#ifndef CONFIG_KEYFILE_H
#define CONFIG_KEYFILE_H

#include <stddef.h>

#include "crypto/key.h"

/* 0, or -errno with a sentence (what is wrong, what to do) in error. Refused with
 * -EPERM: readable or writable by group or others, not owned by us or root, not a regular file. */
int keyfile_read(uint8_t key[static KEY_LEN], const char *path, char error[static 512]);

/* A new file, 0600; -EEXIST if there is one: it is never overwritten. */
int keyfile_create(const char *path, const uint8_t key[static KEY_LEN], char error[static 512]);

#endif
