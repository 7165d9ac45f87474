/* resolve.h -- names to addresses, by the system's resolver in libuv's thread pool.
 *
 * A question is its name and nothing else: who wants the answer knows it by that.
 * If the config changes while a slow name server thinks, the answer finds nobody
 * and is dropped. A name that is being asked for is not asked for twice.
 */
#ifndef IO_RESOLVE_H
#define IO_RESOLVE_H

#include <uv.h>

#include "base/list.h"
#include "base/addr.h"

enum { RESOLVE_MAX = 8 };	/* addresses that are kept of one name */

/* n = 0: it has none, or nobody knows. */
typedef void resolved_fn(void *context, const char *host, uint16_t port,
			 const struct endpoint *endpoints, size_t n);

struct resolver {
	uv_loop_t *loop;
	resolved_fn *resolved;
	void *context;
	struct list questions;
};

void resolver_init(struct resolver *r, uv_loop_t *loop, resolved_fn *resolved, void *context);

/* No answer comes any more. What cannot be called off ends in the loop's own time: run it
 * until it is empty before it is closed. The resolver itself is not needed for that. */
void resolver_deinit(struct resolver *r);

/* An address is no question: 192.0.2.1, 2001:db8::1, fe80::1%eth0. */
bool resolve_literal(struct endpoint *out, const char *host, uint16_t port);

/* The answer comes later, from the loop. 0 or -errno: then none comes. */
int resolver_ask(struct resolver *r, const char *host, uint16_t port);

#endif
