/* watch.c -- descriptors of our own in libuv's loop. */
#include "io/watch.h"

#include <sys/socket.h>

int watch_start(uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb callback, void *context)
{
	int err;

	if (fd < 0)
		return 0;
	err = uv_poll_init(loop, poll, fd);
	if (err)
		return err;
	poll->data = context;
	return uv_poll_start(poll, UV_READABLE, callback);
}

void watch_clear_error(uv_poll_t *poll)
{
	uv_os_fd_t fd;
	int err;
	socklen_t len = sizeof(err);

	if (uv_fileno((uv_handle_t *)poll, &fd) == 0)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	uv_poll_start(poll, UV_READABLE, poll->poll_cb);
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void watch_close_all(uv_loop_t *loop)
{
	uv_walk(loop, close_handle, NULL);
}

void watch_close_loop(uv_loop_t *loop)
{
	watch_close_all(loop);
	while (uv_loop_close(loop) == UV_EBUSY)
		uv_run(loop, UV_RUN_DEFAULT);
}
