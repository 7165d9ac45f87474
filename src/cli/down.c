/* down.c -- stop a net, and wait until it has stopped.
 *
 * It answers when it begins to stop; it has stopped when its process has ended. A process
 * that we cannot see (of another PID namespace) has when its socket and its lock are gone. Another
 * net may take the same names at once, so what we wait for is these files, not these names.
 */
#include "cli/command.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/message.h"

enum { NAPS = 400, NAP_MS = 25 }; /* 10 s in all */

struct file {
	char path[PLACE_PATH + 32];
	struct stat stat;
	bool there;
};

static void look(struct file *f)
{
	f->there = stat(f->path, &f->stat) == 0;
}

static bool is_gone(const struct file *f)
{
	struct stat now;

	return !f->there || stat(f->path, &now) || now.st_ino != f->stat.st_ino ||
	       now.st_dev != f->stat.st_dev;
}

/* NET.lock stands beside the socket. */
static void lock_beside(struct file *out, const struct place *place)
{
	const char *slash = strrchr(place->socket, '/');

	snprintf(out->path, sizeof(out->path), "%.*s%s.lock",
		 slash ? (int)(slash - place->socket) + 1 : 0, place->socket, place->net);
}

/* `process` is a pidfd; without one the files have to tell. */
static bool wait_until_gone(const struct file *socket, const struct file *lock, int process)
{
	struct pollfd p = {.fd = process, .events = POLLIN};

	for (int i = 0; i < NAPS; i++) {
		if (poll(&p, 1, NAP_MS) > 0)
			return true;
		if (process < 0 && is_gone(socket) && is_gone(lock))
			return true;
	}
	return false;
}

/* It is asked to stop, and has stopped. */
static int stop(const struct place *place, const struct file *socket, const struct file *lock,
		int process)
{
	const struct ctl_request request = {.verb = CTL_DOWN};
	json_t *reply = NULL;
	int code = client_ask_or_fail(&reply, place, &request);

	if (code)
		return code;
	json_decref(reply);
	if (!wait_until_gone(socket, lock, process))
		return fail(EXIT_TIMEOUT,
			    "%s has not stopped after 10 s; look at its log, or kill its process",
			    place->net);
	note("%s is down", place->net);
	return EXIT_OK;
}

int run_down(const struct invocation *in)
{
	struct file socket, lock;
	struct place place;
	int code = place_find(&place, in->options, argument(in, 0));
	int process;

	if (code)
		return code;
	snprintf(socket.path, sizeof(socket.path), "%s", place.socket);
	lock_beside(&lock, &place);
	look(&socket);
	look(&lock);
	process = client_process(&place);
	code = stop(&place, &socket, &lock, process);
	if (process >= 0)
		close(process);
	return code;
}
