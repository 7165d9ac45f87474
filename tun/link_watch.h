/* link_watch.h -- news from the kernel: interfaces, addresses, routes and rules that changed.
 *
 * Only that something did, not what: who wants to know asks with link.h. News
 * about our own device alone is none, since that is our own doing.
 */
#ifndef TUN_LINK_WATCH_H
#define TUN_LINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct link_watch;

/* `own`: the interface index of our device; 0: there is none. 0 or -errno. */
int link_watch_open(struct link_watch **out, uint32_t own);
void link_watch_free(struct link_watch *watch);		/* NULL is fine */

int link_watch_fd(const struct link_watch *watch);	/* to wait for; non-blocking */

/* Take some of the news; while there is more, the descriptor stays readable. True: something
 * other than our device changed, or the kernel had to leave news out. */
bool link_watch_read(struct link_watch *watch);

#endif
