/* path.h -- the way a datagram goes: to which endpoint, from which address and socket.
 *
 * A reply must leave from the address that the question was sent to, or a NAT
 * or a firewall on the way does not recognise it. So a path remembers the
 * local address and interface of the datagram that came in ("sticky source").
 * With `local` unset the kernel chooses.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/addr.h"

struct path {
	struct endpoint remote;
	struct ip local;	/* family IP_NONE: let the kernel choose */
	uint32_t ifindex;	/* interface that `local` was seen on, or 0 */
	uint16_t via;		/* number of our socket; 0: that of the listen port */
};

static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->ifindex == b->ifindex && a->via == b->via && ip_equal(&a->local, &b->local) &&
	       endpoint_equal(&a->remote, &b->remote);
}

#endif
