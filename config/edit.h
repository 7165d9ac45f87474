/* edit.h -- change a config file without losing a comment.
 *
 * The file is read as lines, the lines in question change, and the whole is
 * written beside it and renamed over it: a reader sees the old file or the new
 * one, and a full disk leaves the old one. Mode and owner stay. Before the
 * rename the new text is loaded with config_load(); if that finds errors that
 * the old file did not have, nothing changes.
 */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "config/config.h"

/* What `peer add` may say; NULL or empty: left out. */
struct edit_peer {
	const char *name;
	const char *public_key;		/* base64 */
	const char *psk_file;		/* preshared_key_file = */
	const char *endpoint;
	const char *ip;			/* comma-separated */
	const char *allowed_ips;
	const char *keepalive;
};

/* 0, or -errno with a sentence in error: -EEXIST a peer of that name or key is there;
 * -ENOENT none is; -EINVAL the outcome would not load (error has the first problem). */
int edit_add_peer(const char *path, const struct edit_peer *peer, char error[static 512]);
/* The peer's section with its comments; `what` is a name or a public key. A peer that stands
 * in an included file is taken out of that file. */
int edit_del_peer(const char *path, const char *what, char error[static 512]);

/* A first config file, 0600, with comments that explain it; -EEXIST. The key file must be there:
 * what does not load is not left behind (-EINVAL). */
struct edit_new {
	const char *private_key_file;
	const char *address;		/* may be NULL */
	const char *name;		/* may be NULL */
};
int edit_create(const char *path, const struct edit_new *what, char error[static 512]);

#endif
