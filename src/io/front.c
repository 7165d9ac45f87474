/* front.c -- the descriptors that packets come by, watched in front of libuv's. */
#include "io/front.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { OTHERS = FRONT_SOURCES };	/* libuv's */

static int add(struct front *f, int fd, unsigned source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int front_open(struct front *f, uv_loop_t *loop)
{
	int err;

	f->loop = loop;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (f->epoll < 0)
		return -errno;
	err = add(f, uv_backend_fd(loop), OTHERS);
	if (err)
		front_close(f);
	return err;
}

void front_close(struct front *f)
{
	if (f->epoll >= 0)
		close(f->epoll);
	f->epoll = -1;
}

int front_add(struct front *f, int fd, unsigned source)
{
	return fd < 0 ? 0 : add(f, fd, source);
}

void front_remove(struct front *f, int fd)
{
	epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
}

unsigned front_wait(struct front *f, bool may_sleep)
{
	struct epoll_event events[FRONT_SOURCES + 1];
	int patience = uv_backend_timeout(f->loop);	/* 0 too if handles were started or closed */
	int n = epoll_wait(f->epoll, events, FRONT_SOURCES + 1, may_sleep ? patience : 0);
	unsigned ready = 0;

	/* Its clock stood still: timers that are started for what came would be due too soon. */
	uv_update_time(f->loop);
	for (int i = 0; i < n; i++)
		ready |= 1u << events[i].data.u32;
	f->has_others = ready & 1u << OTHERS || patience == 0 || (n == 0 && may_sleep);
	return ready & ~(1u << OTHERS);
}

void front_run_others(struct front *f)
{
	if (f->has_others)
		uv_run(f->loop, UV_RUN_NOWAIT);
}
