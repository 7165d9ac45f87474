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

/* 0 if a timer is due, or handles were started or closed since it ran. Its clock stands still
 * while only packets come. */
static int patience_of_others(struct front *f)
{
	uv_update_time(f->loop);
	return uv_backend_timeout(f->loop);
}

unsigned front_wait(struct front *f, bool may_sleep)
{
	struct epoll_event events[FRONT_SOURCES + 1];
	int patience = patience_of_others(f);
	int n = epoll_wait(f->epoll, events, FRONT_SOURCES + 1, may_sleep ? patience : 0);
	unsigned ready = 0;

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
