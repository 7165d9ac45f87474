/* control.c -- the control socket: who asks, may they, and the answer. */
#include "io/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "io/folder.h"
#include "io/peercred.h"

enum { ERROR_TEXT = 512, BACKLOG = 16 };

struct control {
	uv_pipe_t listener;
	struct control_hooks hooks;
	struct list connections;
	size_t len, strangers;	/* of those that were let in */
	gid_t group;
	bool has_group;
	bool closing;
	bool listener_closed;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

enum connection_state { READING, WAITING, PINGING, FOLLOWING, REPLYING, CLOSING };

struct connection {
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	struct control *control;
	struct list link;
	enum connection_state state;
	bool may_change;
	bool counted;
	bool stops;		/* when it closes, the daemon shall stop */
	unsigned handles;	/* that are not closed yet */
	uint64_t ping;		/* while PINGING */
	struct ctl_request request;	/* while FOLLOWING, and the event to go on with */
	uint64_t next;
	char *reply;		/* on its way; NULL: none */
	size_t len;
	char line[CTL_LINE_MAX + 1];
};

/* -- the end of a connection --------------------------------------------- */

static void end_if_done(struct control *control)
{
	if (!list_empty(&control->connections))
		return;
	if (control->listener_closed)
		free(control);
	else if (!control->closing)
		control->hooks.all_left(control->hooks.context);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;
	struct control *control = c->control;

	if (--c->handles)
		return;
	list_remove(&c->link);
	if (c->counted) {
		control->len--;
		control->strangers -= !c->may_change;
	}
	free(c->reply);
	free(c);
	end_if_done(control);
}

static void connection_close(struct connection *c)
{
	if (c->state == CLOSING)
		return;
	if (c->state == PINGING)
		c->control->hooks.ping_ends(c->control->hooks.context, c->ping);
	c->state = CLOSING;
	if (c->stops)
		c->control->hooks.stop(c->control->hooks.context);
	uv_close((uv_handle_t *)&c->pipe, on_handle_closed);
	uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}

/* -- replying ------------------------------------------------------------ */

static void follow(struct connection *c);

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	if (c->state != FOLLOWING || status < 0) {
		connection_close(c);
		return;
	}
	uv_timer_stop(&c->timer);
	free(c->reply);
	c->reply = NULL;
	follow(c);
}

static void on_impatient(uv_timer_t *timer)
{
	connection_close(timer->data);
}

/* Takes the reply; NULL: there was no memory for it. */
static void connection_write(struct connection *c, json_t *reply)
{
	uv_buf_t buf;

	uv_timer_start(&c->timer, on_impatient, CONTROL_PATIENCE, 0);
	c->reply = reply ? ctl_reply_encode(reply) : NULL;
	json_decref(reply);
	if (!c->reply) {
		log_error("no memory for a reply on the control socket");
		connection_close(c);
		return;
	}
	buf = uv_buf_init(c->reply, (unsigned)strlen(c->reply));
	c->write.data = c;
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buf, 1, on_written))
		connection_close(c);
}

/* The last that is said. */
static void connection_reply(struct connection *c, json_t *reply)
{
	c->state = REPLYING;
	uv_read_stop((uv_stream_t *)&c->pipe);
	connection_write(c, reply);
}

/* -- requests ------------------------------------------------------------ */

static void on_too_late(uv_timer_t *timer)
{
	connection_reply(timer->data,
			 ctl_error(EXIT_TIMEOUT, "wait: not every peer with an endpoint is connected"));
}

static void begin_wait(struct connection *c, unsigned seconds)
{
	struct control_hooks *hooks = &c->control->hooks;

	c->state = WAITING;
	uv_timer_start(&c->timer, on_too_late, (uint64_t)seconds * 1000, 0);
	hooks->wait_begins(hooks->context);
	if (hooks->is_connected(hooks->context))
		connection_reply(c, ctl_ok());
}

static void end_ping(struct connection *c)
{
	struct control_hooks *hooks = &c->control->hooks;
	json_t *reply = hooks->ping_reply(hooks->context, c->ping);

	hooks->ping_ends(hooks->context, c->ping);
	connection_reply(c, reply);
}

static void on_no_pong(uv_timer_t *timer)
{
	end_ping(timer->data);
}

static void begin_ping(struct connection *c, const struct ctl_request *request)
{
	struct control_hooks *hooks = &c->control->hooks;
	json_t *reply;

	if (!hooks->ping_begins(hooks->context, request, &c->ping, &reply)) {
		connection_reply(c, reply);
		return;
	}
	c->state = PINGING;
	uv_timer_start(&c->timer, on_no_pong, (uint64_t)request->seconds * 1000, 0);
}

/* The next reply, if there is something to say and the one before has been taken. */
static void follow(struct connection *c)
{
	struct control_hooks *hooks = &c->control->hooks;
	bool last = !c->request.follow;
	json_t *reply;

	if (c->reply || !hooks->events(hooks->context, &c->request, &c->next, &reply, &last))
		return;
	if (last)
		connection_reply(c, reply);
	else
		connection_write(c, reply);
}

static void begin_events(struct connection *c, const struct ctl_request *request)
{
	c->state = FOLLOWING;
	c->request = *request;
	uv_timer_stop(&c->timer);
	follow(c);
}

static void handle_line(struct connection *c, size_t len)
{
	struct control_hooks *hooks = &c->control->hooks;
	struct ctl_request request;
	char error[256];

	if (!ctl_request_decode(&request, c->line, len, error)) {
		connection_reply(c, ctl_error(EXIT_USAGE, "%s", error));
		return;
	}
	if (ctl_changes(&request) && !c->may_change) {
		connection_reply(c, ctl_error(EXIT_PERMISSION,
					      "%s: only root and the group " CONTROL_GROUP
					      " may change this; try sudo",
					      ctl_verb_name(request.verb)));
		return;
	}
	if (request.verb == CTL_WAIT) {
		begin_wait(c, request.seconds);
		return;
	}
	if (request.verb == CTL_PING) {
		begin_ping(c, &request);
		return;
	}
	if (request.verb == CTL_EVENTS) {
		begin_events(c, &request);
		return;
	}
	c->stops = request.verb == CTL_DOWN;
	connection_reply(c, hooks->answer(hooks->context, &request));
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct connection *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(c->line + c->len, (unsigned)(sizeof(c->line) - c->len));
}

/* Who waits has nothing more to say: bytes or an end mean that they went away. */
static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;
	char *newline;

	(void)buf;
	if (n == 0)
		return;
	if (n < 0 || c->state != READING) {
		connection_close(c);
		return;
	}
	newline = memchr(c->line + c->len, '\n', (size_t)n);
	c->len += (size_t)n;
	if (newline) {
		c->len = 0;
		handle_line(c, (size_t)(newline - c->line));
	} else if (c->len == sizeof(c->line)) {
		connection_reply(c, ctl_error(EXIT_USAGE, "a request has at most %d bytes",
					      CTL_LINE_MAX));
	}
}

/* -- the start of a connection ------------------------------------------- */

/* Those that are refused do not count: a crowd of strangers must not keep root out. */
static bool let_in(struct connection *c)
{
	struct control *control = c->control;

	if (control->len == CONTROL_CONNECTIONS_MAX ||
	    (!c->may_change && control->strangers == CONTROL_STRANGERS_MAX))
		return false;
	control->len++;
	control->strangers += !c->may_change;
	return c->counted = true;
}

static void connection_begin(struct connection *c)
{
	struct control *control = c->control;
	uv_os_fd_t fd;

	c->may_change = uv_fileno((uv_handle_t *)&c->pipe, &fd) == 0 &&
			peercred_may_change(fd, control->has_group ? &control->group : NULL);
	if (!let_in(c)) {
		connection_reply(c, ctl_error(EXIT_FAILED,
					      "too many ask at once; try again in a moment"));
		return;
	}
	uv_timer_start(&c->timer, on_impatient, CONTROL_PATIENCE, 0);
	if (uv_read_start((uv_stream_t *)&c->pipe, on_room, on_bytes))
		connection_close(c);
}

/* As long as nobody accepts them, libuv lets newcomers wait in the kernel's queue. */
static void on_connection(uv_stream_t *listener, int status)
{
	struct control *control = listener->data;
	struct connection *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return;
	c->control = control;
	c->handles = 2;
	uv_pipe_init(listener->loop, &c->pipe, 0);
	uv_timer_init(listener->loop, &c->timer);
	c->pipe.data = c->timer.data = c;
	list_append(&control->connections, &c->link);
	if (uv_accept(listener, (uv_stream_t *)&c->pipe) == 0)
		connection_begin(c);
	else
		connection_close(c);
}

/* -- those who wait ------------------------------------------------------ */

bool control_has_waiting(const struct control *control)
{
	list_for_each(struct connection, c, &control->connections, link) {
		if (c->state == WAITING)
			return true;
	}
	return false;
}

void control_check(struct control *control)
{
	const struct control_hooks *hooks = &control->hooks;
	bool connected = control_has_waiting(control) && hooks->is_connected(hooks->context);

	list_for_each(struct connection, c, &control->connections, link) {
		if (c->state == WAITING && connected)
			connection_reply(c, ctl_ok());
		if (c->state == PINGING && hooks->is_answered(hooks->context, c->ping))
			end_ping(c);
		if (c->state == FOLLOWING)
			follow(c);
	}
}

/* -- the socket ---------------------------------------------------------- */

static bool is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
				 errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return alive;
}

/* What a daemon that was killed left behind. Any other file stays. */
static int remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (is_alive(addr))
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Everybody may connect; what they may do is asked of the kernel for each. */
static int set_owner(const struct control *control)
{
	if (chmod(control->path, 0666) < 0)
		return -errno;
	if (control->has_group && chown(control->path, (uid_t)-1, control->group) < 0)
		log_debug("%s does not get the group " CONTROL_GROUP ": %s", control->path,
			  strerror(errno));
	return 0;
}

/* A bound descriptor, or -errno. */
static int bind_socket(struct control *control)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	memcpy(addr.sun_path, control->path, sizeof(addr.sun_path));
	err = remove_stale(&addr);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = -errno;
		goto close_fd;
	}
	err = set_owner(control);
	if (err)
		goto remove_file;
	return fd;

remove_file:
	unlink(control->path);
close_fd:
	close(fd);
	return err;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	control->listener_closed = true;
	end_if_done(control);
}

/* From here on the listener owns the descriptor, and the loop the memory. */
static int listen_on(struct control *control, uv_loop_t *loop, int fd)
{
	int err;

	uv_pipe_init(loop, &control->listener, 0);
	control->listener.data = control;
	err = uv_pipe_open(&control->listener, fd);
	if (err)
		close(fd);
	else
		err = uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection);
	if (err)
		control_close(control);
	return err;
}

static int open_control(struct control **out, uv_loop_t *loop, const char *path,
			const struct control_hooks *hooks)
{
	struct control *control;
	int fd, err;

	if (strlen(path) >= sizeof(control->path))
		return -ENAMETOOLONG;
	err = folder_make_for(path, 0755);
	if (err)
		return err;
	control = calloc(1, sizeof(*control));
	if (!control)
		return -ENOMEM;
	strcpy(control->path, path);
	control->hooks = *hooks;
	list_init(&control->connections);
	control->has_group = peercred_find_group(&control->group, CONTROL_GROUP);
	fd = bind_socket(control);
	if (fd < 0) {
		free(control);
		return fd;
	}
	err = listen_on(control, loop, fd);
	if (!err)
		*out = control;
	return err;
}

int control_open(struct control **out, uv_loop_t *loop, const char *path,
		 const struct control_hooks *hooks, char error[static ERROR_TEXT])
{
	int err = open_control(out, loop, path, hooks);

	if (err == -EADDRINUSE)
		snprintf(error, ERROR_TEXT, "another daemon answers at the control socket %.300s",
			 path);
	else if (err == -EEXIST)
		snprintf(error, ERROR_TEXT,
			 "%.300s is in the way: the control socket should go there", path);
	else if (err)
		snprintf(error, ERROR_TEXT, "cannot open the control socket %.300s: %s", path,
			 strerror(-err));
	return err;
}

void control_close(struct control *control)
{
	if (!control || control->closing)
		return;
	control->closing = true;
	unlink(control->path);
	list_for_each(struct connection, c, &control->connections, link)
		connection_close(c);
	uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}
