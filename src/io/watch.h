/* watch.h -- descriptors of our own in libuv's loop. */
#ifndef IO_WATCH_H
#define IO_WATCH_H

#include <uv.h>

/* Be called when there is something to read. -1: this host has no such descriptor, which is
 * fine. 0 or -errno. */
int watch_start(uv_loop_t *loop, uv_poll_t *poll, int fd, uv_poll_cb callback, void *context);

/* An error on a socket is news of a datagram that was sent, and no reason to stop: libuv
 * does stop listening then, so begin anew. */
void watch_clear_error(uv_poll_t *poll);

/* Close all handles; the loop ends when it has run until then. */
void watch_close_all(uv_loop_t *loop);
/* The same and the loop itself: it is run until all that was closed has said so. */
void watch_close_loop(uv_loop_t *loop);

#endif
