/* front.h -- the descriptors that packets come by, watched in front of libuv's.
 *
 *   TUN fd ------.
 *   UDP sockets --+--> front's epoll --> what is ready, to who turns
 *   libuv's epoll '                 '--> uv_run() once, after that
 *
 * A lone packet finds the caches cold, and what it passes counts by what has to be fetched: libuv's
 * way to a callback takes several microseconds then, of the 200 of a ping. libuv has its turn when
 * there is something to do for it, timers and what was begun meanwhile included, and after the
 * packets: of a handshake message that came by UDP and by TCP, UDP's is heard.
 */
#ifndef IO_FRONT_H
#define IO_FRONT_H

#include <stdbool.h>
#include <uv.h>

enum { FRONT_SOURCES = 8 };

struct front {
	uv_loop_t *loop;
	int epoll;
	bool has_others;	/* libuv has something to do */
};

/* The loop is borrowed, and is run by nobody else from now on. 0 or -errno. */
int front_open(struct front *f, uv_loop_t *loop);
void front_close(struct front *f);	/* fine if it is not open: epoll is -1 */

/* Tell by bit `source`, < FRONT_SOURCES, when there is something to read, or an error. fd -1: this
 * host has no such descriptor, which is fine. 0 or -errno. */
int front_add(struct front *f, int fd, unsigned source);
void front_remove(struct front *f, int fd);

/* The sources that are ready, by bits; if none is, libuv has nothing to do either, and it may, sleep
 * until that changes. libuv's clock does not know of the sleep: who starts a timer for a packet calls
 * uv_update_time() first. */
unsigned front_wait(struct front *f, bool may_sleep);
/* What libuv had to do when the wait was over. */
void front_run_others(struct front *f);

#endif
