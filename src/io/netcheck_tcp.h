/* netcheck_tcp.h -- does TCP get out: a connection to each STUN server, at the port of its name.
 *
 *   any is made              yes
 *   all stay unanswered      no
 *   a server refuses         who knows: that may as well be a firewall on the way
 */
#ifndef IO_NETCHECK_TCP_H
#define IO_NETCHECK_TCP_H

#include <uv.h>

#include "base/addr.h"
#include "base/msec.h"

enum { NETCHECK_TCP_MAX = 16, NETCHECK_TCP_PATIENCE = 4000 };	/* msec: a SYN goes out three times */

enum netcheck_tcp_result { NETCHECK_TCP_UNKNOWN, NETCHECK_TCP_YES, NETCHECK_TCP_NO };

struct netcheck_tcp {
	struct netcheck_call {
		uv_tcp_t handle;
		uv_connect_t request;
		struct netcheck_tcp *all;
	} calls[NETCHECK_TCP_MAX];
	size_t len, left;		/* left: that nothing was heard of */
	bool connected, refused;
	msec due;			/* so long it is waited for the others */
};

/* Its handles are the loop's to close. More than NETCHECK_TCP_MAX are not called. */
void netcheck_tcp_call(struct netcheck_tcp *t, uv_loop_t *loop, const struct endpoint *to, msec now);
/* When there is a result; NEVER: now. */
msec netcheck_tcp_due(const struct netcheck_tcp *t, msec now);
enum netcheck_tcp_result netcheck_tcp_result(const struct netcheck_tcp *t);

#endif
