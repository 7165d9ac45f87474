/* netcheck_tcp.c -- does TCP get out: a connection to each STUN server, at the port of its name. */
#include "io/netcheck_tcp.h"

static void on_connected(uv_connect_t *request, int status)
{
	struct netcheck_call *call = request->data;

	if (status == UV_ECANCELED)
		return;				/* the loop is closed */
	call->all->left--;
	call->all->connected |= status == 0;
	call->all->refused |= status == UV_ECONNREFUSED;
}

static int connect_to(struct netcheck_call *call, const struct endpoint *to)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name;
	char text[IP_TEXT];
	int err;

	ip_format(text, &to->ip);
	err = to->ip.family == IP_V4 ? uv_ip4_addr(text, to->port, &name.v4)
				     : uv_ip6_addr(text, to->port, &name.v6);
	return err ? err : uv_tcp_connect(&call->request, &call->handle, &name.any, on_connected);
}

void netcheck_tcp_call(struct netcheck_tcp *t, uv_loop_t *loop, const struct endpoint *to, msec now)
{
	struct netcheck_call *call = &t->calls[t->len];

	if (t->len == NETCHECK_TCP_MAX || uv_tcp_init(loop, &call->handle))
		return;
	t->len++;
	t->due = now + NETCHECK_TCP_PATIENCE;
	call->all = t;
	call->request.data = call;
	if (connect_to(call, to) == 0)
		t->left++;
}

msec netcheck_tcp_due(const struct netcheck_tcp *t, msec now)
{
	return t->connected || !t->left || now >= t->due ? NEVER : t->due;
}

enum netcheck_tcp_result netcheck_tcp_result(const struct netcheck_tcp *t)
{
	if (t->connected)
		return NETCHECK_TCP_YES;
	return t->refused || !t->len ? NETCHECK_TCP_UNKNOWN : NETCHECK_TCP_NO;
}
