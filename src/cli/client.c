/* client.c -- ask a running net: one request, one reply, no waiting forever; or many. */
#include "cli/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/msec.h"
#include "cli/message.h"
#include "ctl/report.h"

volatile sig_atomic_t client_interrupted;

double client_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static msec now(void)
{
	return (msec)(client_seconds() * 1000);
}

/* Turns what the OS said into a sentence. */
static int explain(int err, const struct place *place, const char *doing,
		   char error[static CLIENT_ERROR])
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		snprintf(error, CLIENT_ERROR, "%s is not running; start it with: p2pnet up %s",
			 place->net, place->net);
		return EXIT_NOT_RUNNING;
	case EACCES:
	case EPERM:
		snprintf(error, CLIENT_ERROR,
			 "%.256s: you may not talk to %s; try sudo, or join the group p2pnet",
			 place->socket, place->net);
		return EXIT_PERMISSION;
	case EAGAIN:
	case ETIMEDOUT:
		snprintf(error, CLIENT_ERROR,
			 "%s does not answer; look at its log (journalctl -t p2pnet)", place->net);
		return EXIT_TIMEOUT;
	default:
		snprintf(error, CLIENT_ERROR, "%.256s: cannot %s: %s", place->socket, doing,
			 strerror(err));
		return EXIT_FAILED;
	}
}

/* A connected socket whose connect and send give up after some seconds, or -errno. */
static int connect_to(const char *path, unsigned seconds)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = seconds};
	int fd, err;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int client_process(const struct place *place)
{
	struct ucred listener;
	socklen_t len = sizeof(listener);
	int fd = connect_to(place->socket, CLIENT_TIMEOUT), process = -1;

	if (fd < 0)
		return -1;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &len) && listener.pid > 0)
		process = (int)syscall(SYS_pidfd_open, listener.pid, 0);
	close(fd);
	return process;
}

static int send_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

struct line {
	char *text;
	size_t len, cap;
};

static int grow(struct line *line)
{
	size_t cap = line->cap ? line->cap * 2 : 4096;
	char *text = realloc(line->text, cap);

	if (!text)
		return -ENOMEM;
	line->text = text;
	line->cap = cap;
	return 0;
}

/* Until something is there to read; 0, -ETIMEDOUT or -errno. */
static int wait_readable(int fd, msec due)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		msec left = msec_min(due - now(), INT_MAX);
		int n = left > 0 && !client_interrupted ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return 0;
		if (n == 0 && (client_interrupted || now() >= due))
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* Up to the newline, or to the end if the daemon closes without one. */
static int read_line(struct line *line, int fd, msec due)
{
	for (;;) {
		int err = line->len == line->cap ? grow(line) : 0;
		ssize_t n;

		if (!err)
			err = wait_readable(fd, due);
		if (err)
			return err;
		n = read(fd, line->text + line->len, line->cap - line->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return line->len ? 0 : -ECONNRESET;
		if (n > 0) {
			line->len += (size_t)n;
			if (memchr(line->text + line->len - n, '\n', (size_t)n))
				return 0;
		}
	}
}

/* A descriptor to read the reply from, or -errno. */
static int send_to(const char *socket_path, const struct ctl_request *request, unsigned seconds)
{
	char *text = ctl_request_encode(request);
	int fd = text ? connect_to(socket_path, seconds) : -ENOMEM;
	int err = fd < 0 ? fd : send_all(fd, text);

	free(text);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static int exchange(struct line *line, const char *socket_path, const struct ctl_request *request,
		    unsigned seconds)
{
	msec due = now() + SECONDS(seconds);
	int fd = send_to(socket_path, request, seconds);
	int err;

	if (fd < 0)
		return fd;
	err = read_line(line, fd, due);
	close(fd);
	return err;
}

/* Takes the reply: hands it on if it says ok, else frees it and says why. */
static int judge(json_t **out, json_t *reply, const struct place *place,
		 char error[static CLIENT_ERROR])
{
	int code;

	if (json_is_true(json_object_get(reply, "ok"))) {
		*out = reply;
		return EXIT_OK;
	}
	code = (int)report_number(reply, "code", EXIT_FAILED);
	snprintf(error, CLIENT_ERROR, "%.500s",
		 report_text(reply, "error", "the daemon refused, and said not why"));
	if (!json_is_object(reply))
		snprintf(error, CLIENT_ERROR,
			 "%.256s: what answers is not p2pnet; give the right socket with -s",
			 place->socket);
	json_decref(reply);
	return code > EXIT_OK && code <= EXIT_TIMEOUT ? code : EXIT_FAILED;
}

int client_ask(json_t **reply, const struct place *place, const struct ctl_request *request,
	       unsigned seconds, char error[static CLIENT_ERROR])
{
	struct line line = {0};
	int err = exchange(&line, place->socket, request, seconds);
	int code;

	if (err)
		code = explain(-err, place, "ask", error);
	else
		code = judge(reply, json_loadb(line.text, line.len, 0, NULL), place, error);
	free(line.text);
	return code;
}

/* -- many replies ---------------------------------------------------------- */

/* The next one, whole; more may have come with it. */
static int next_line(struct line *line, int fd, msec due)
{
	if (line->len && memchr(line->text, '\n', line->len))
		return 0;
	return read_line(line, fd, due);
}

/* The length of the first one in the buffer, which may lack its newline at the end. */
static size_t first_len(const struct line *line)
{
	const char *newline = memchr(line->text, '\n', line->len);

	return newline ? (size_t)(newline - line->text) + 1 : line->len;
}

static void drop_first(struct line *line, size_t len)
{
	memmove(line->text, line->text + len, line->len - len);
	line->len -= len;
}

static int follow(struct line *line, int fd, const struct place *place, client_each *each,
		  void *context, char error[static CLIENT_ERROR])
{
	msec due = now() + SECONDS(CLIENT_TIMEOUT);	/* of the first one */
	bool more = true;

	for (; more; due = NEVER) {
		int err = next_line(line, fd, due);
		size_t len;
		json_t *reply;
		int code;

		if (err == -ECONNRESET) {
			snprintf(error, CLIENT_ERROR, "%s was stopped, or we were too slow for it",
				 place->net);
			return EXIT_NOT_RUNNING;
		}
		if (err)
			return explain(-err, place, "ask", error);
		len = first_len(line);
		code = judge(&reply, json_loadb(line->text, len, 0, NULL), place, error);
		if (code)
			return code;
		drop_first(line, len);
		more = each(context, reply);
		json_decref(reply);
	}
	return EXIT_OK;
}

int client_follow(const struct place *place, const struct ctl_request *request, client_each *each,
		  void *context, char error[static CLIENT_ERROR])
{
	struct line line = {0};
	int fd = send_to(place->socket, request, CLIENT_TIMEOUT);
	int code;

	if (fd < 0)
		return explain(-fd, place, "ask", error);
	code = follow(&line, fd, place, each, context, error);
	close(fd);
	free(line.text);
	return code;
}

int client_ask_or_fail(json_t **reply, const struct place *place, const struct ctl_request *request)
{
	char error[CLIENT_ERROR];
	int code = client_ask(reply, place, request, CLIENT_TIMEOUT, error);

	return code ? fail(code, "%s", error) : EXIT_OK;
}
