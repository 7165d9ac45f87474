/* keyfile.c -- a secret in a file of its own, mode 0600: a key in base64, or a line of text. */
#include "config/keyfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERROR_LEN = 512, ROOM = 128 }; /* a key, a newline, and some blanks at most */

/* Is it one of those that the service manager gives us (LoadCredential=)? It lets us read
 * them by an ACL, whose mask shows as a right of the group. */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t len = folder ? strlen(folder) : 0;

	return len && strncmp(path, folder, len) == 0 && path[len] == '/' &&
	       !strchr(path + len + 1, '/');
}

static int check_who_may_read(const struct stat *st, const char *path, char error[static ERROR_LEN])
{
	mode_t forbidden = is_credential(path) ? 037 : 077;

	if (!S_ISREG(st->st_mode)) {
		snprintf(error, ERROR_LEN,
			 "%.200s is not a regular file; name the file that holds the key", path);
		return -EPERM;
	}
	if (st->st_mode & forbidden) {
		snprintf(
			error, ERROR_LEN,
			"%.200s may be used by others than its owner (mode %04o); chmod 600 %.200s",
			path, (unsigned)st->st_mode & 07777, path);
		return -EPERM;
	}
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		snprintf(error, ERROR_LEN,
			 "%.200s belongs to user %u, who could change it; chown %u %.200s", path,
			 (unsigned)st->st_uid, (unsigned)geteuid(), path);
		return -EPERM;
	}
	return 0;
}

/* One line, blanks around it; a NUL in it ends the text too early. */
static bool parse_key(uint8_t key[static KEY_LEN], char *text, size_t len)
{
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	return strlen(text) == len && key_from_base64(key, text);
}

static int read_key(uint8_t key[static KEY_LEN], int fd, const char *path,
		    char error[static ERROR_LEN])
{
	char text[ROOM + 1];
	ssize_t n = read(fd, text, ROOM);
	int err = n < 0 ? -errno : 0;

	if (err) {
		snprintf(error, ERROR_LEN, "%.200s cannot be read: %s", path, strerror(-err));
	} else if (n == ROOM || !parse_key(key, text, (size_t)n)) {
		err = -EINVAL;
		snprintf(error, ERROR_LEN,
			 "%.200s does not hold a key: 44 characters of base64 on one line are "
			 "expected, as \"p2pnet genkey\" prints them",
			 path);
	}
	wipe(text, sizeof(text));
	return err;
}

static int refuse_open(int err, const char *path, const char *if_missing,
		       char error[static ERROR_LEN])
{
	const char *remedy = "";

	if (err == -ENOENT)
		remedy = if_missing;
	if (err == -EACCES)
		remedy = "; run as root or as the owner of the file";
	snprintf(error, ERROR_LEN, "%.200s cannot be read: %s%s", path, strerror(-err), remedy);
	return err;
}

/* The descriptor or -errno. O_NONBLOCK: a pipe in its place is refused, not waited for. */
static int open_secret(const char *path, const char *if_missing, char error[static ERROR_LEN])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err;

	if (fd < 0)
		return refuse_open(-errno, path, if_missing, error);
	err = fstat(fd, &st) < 0 ? refuse_open(-errno, path, if_missing, error)
				 : check_who_may_read(&st, path, error);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int keyfile_read(uint8_t key[static KEY_LEN], const char *path, char error[static ERROR_LEN])
{
	int fd = open_secret(path, "; \"p2pnet genkey\" makes a key, and umask 077 keeps it yours",
			     error);
	int err;

	memset(key, 0, KEY_LEN);
	if (fd < 0)
		return fd;
	err = read_key(key, fd, path, error);
	close(fd);
	return err;
}

/* Of what was read, at most cap - 1 bytes. */
static int keep_line(char *out, size_t len, size_t cap, const char *path,
		     char error[static ERROR_LEN])
{
	size_t line;

	out[len] = '\0';
	line = strcspn(out, "\r\n");
	if (line && line < cap - 1) {
		out[line] = '\0';
		return 0;
	}
	if (line)
		snprintf(error, ERROR_LEN, "the first line of %.200s is longer than %zu bytes",
			 path, cap - 2);
	else
		snprintf(error, ERROR_LEN, "the first line of %.200s is empty; write the secret there",
			 path);
	return -EINVAL;
}

int keyfile_read_line(char *out, size_t cap, const char *path, char error[static ERROR_LEN])
{
	int fd = open_secret(path, "; write the secret there, and umask 077 keeps it yours", error);
	ssize_t n;
	int err;

	if (fd < 0)
		return fd;
	n = read(fd, out, cap - 1);
	err = n < 0 ? refuse_open(-errno, path, "", error)
		    : keep_line(out, (size_t)n, cap, path, error);
	close(fd);
	if (err)
		wipe(out, cap);
	return err;
}

static int write_key(int fd, const uint8_t key[static KEY_LEN])
{
	char line[KEY_TEXT + 1];
	ssize_t n;
	int err = 0;

	key_to_base64(line, key);
	strcat(line, "\n");
	n = write(fd, line, KEY_TEXT);
	if (n != KEY_TEXT)
		err = n < 0 ? -errno : -ENOSPC;
	else if (fsync(fd) < 0)
		err = -errno;
	wipe(line, sizeof(line));
	return err;
}

int keyfile_create(const char *path, const uint8_t key[static KEY_LEN],
		   char error[static ERROR_LEN])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err;

	if (fd < 0) {
		err = -errno;
		snprintf(error, ERROR_LEN,
			 err == -EEXIST
				 ? "%.200s is there already and is never overwritten; move it "
				   "away, or use the key in it (%s)"
				 : "%.200s cannot be created: %s",
			 path, strerror(-err));
		return err;
	}
	err = write_key(fd, key);
	close(fd);
	if (err) {
		unlink(path);
		snprintf(error, ERROR_LEN, "%.200s cannot be written: %s", path, strerror(-err));
	}
	return err;
}
