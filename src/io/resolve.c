/* resolve.c -- names to addresses, by the system's resolver in libuv's thread pool. */
#include "io/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct question {
	uv_getaddrinfo_t request;
	struct resolver *resolver;	/* NULL: nobody waits for it any more */
	struct list link;
	uint16_t port;
	char host[];
};

/* UDP only, or each address would come three times. */
static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};

static bool endpoint_of(struct endpoint *out, const struct sockaddr *addr, uint16_t port)
{
	*out = (struct endpoint){.port = port};
	if (addr->sa_family == AF_INET) {
		struct sockaddr_in v4;
		uint8_t b[4];

		memcpy(&v4, addr, sizeof(v4));
		memcpy(b, &v4.sin_addr, sizeof(b));
		out->ip = ip_v4(b[0], b[1], b[2], b[3]);
		return true;
	}
	if (addr->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, addr, sizeof(v6));
		out->ip = ip_v6(v6.sin6_addr.s6_addr);
		out->scope = ip_is_link_local(&out->ip) ? v6.sin6_scope_id : 0;
		return true;
	}
	return false;
}

/* getaddrinfo() has sorted them already (RFC 6724): reachable ones first. */
static size_t collect(struct endpoint out[static RESOLVE_MAX], const struct addrinfo *list,
		      uint16_t port)
{
	size_t n = 0;

	for (const struct addrinfo *a = list; a && n < RESOLVE_MAX; a = a->ai_next)
		n += endpoint_of(&out[n], a->ai_addr, port);
	return n;
}

bool resolve_literal(struct endpoint *out, const char *host, uint16_t port)
{
	struct addrinfo numeric = hints;
	struct addrinfo *list = NULL;
	struct endpoint found[RESOLVE_MAX];
	size_t n;

	/* Asks no name server; knows the names of interfaces. */
	numeric.ai_flags = AI_NUMERICHOST;
	if (getaddrinfo(host, NULL, &numeric, &list))
		return false;
	n = collect(found, list, port);
	freeaddrinfo(list);
	if (n)
		*out = found[0];
	return n > 0;
}

void resolver_init(struct resolver *r, uv_loop_t *loop, resolved_fn *resolved, void *context)
{
	*r = (struct resolver){.loop = loop, .resolved = resolved, .context = context};
	list_init(&r->questions);
}

static void forget(struct question *q)
{
	list_remove(&q->link);
	q->resolver = NULL;
	uv_cancel((uv_req_t *)&q->request);	/* fails if a thread has it: then it ends later */
}

void resolver_deinit(struct resolver *r)
{
	list_for_each(struct question, q, &r->questions, link)
		forget(q);
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct question *q = container_of(request, struct question, request);
	struct resolver *r = q->resolver;
	struct endpoint found[RESOLVE_MAX];
	size_t n = status ? 0 : collect(found, list, q->port);

	uv_freeaddrinfo(list);
	list_remove(&q->link);
	if (r)
		r->resolved(r->context, q->host, q->port, found, n);
	free(q);
}

static bool is_asked(const struct resolver *r, const char *host, uint16_t port)
{
	list_for_each(struct question, q, &r->questions, link) {
		if (q->port == port && strcmp(q->host, host) == 0)
			return true;
	}
	return false;
}

int resolver_ask(struct resolver *r, const char *host, uint16_t port)
{
	struct question *q;
	int err;

	if (is_asked(r, host, port))
		return 0;
	q = calloc(1, sizeof(*q) + strlen(host) + 1);
	if (!q)
		return UV_ENOMEM;
	q->resolver = r;
	q->port = port;
	strcpy(q->host, host);
	err = uv_getaddrinfo(r->loop, &q->request, on_answer, host, NULL, &hints);
	if (err) {
		free(q);
		return err;
	}
	list_append(&r->questions, &q->link);
	return 0;
}
