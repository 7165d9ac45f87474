/* binding.h -- ask STUN servers which address they see us behind.
 *
 *   start --> each server WAITING --answer--> DONE: the address that it saw
 *                             \----no answer, or a refusal--> FAILED
 *
 * One client asks several servers at once from one socket, so that what they
 * see can be compared (behaviour.h does). RFC 8489 sections 2 and 6.
 *
 * The answers are not authenticated: a mapped address is a candidate, a thing
 * to try, and never more. So a server's "ask that one instead" (300) is not
 * followed either (section 10: only when authenticated); it counts as a refusal.
 *
 * Requests are padded so that the answer, which can be larger than a bare
 * request, is never larger than ours.
 */
#ifndef STUN_BINDING_H
#define STUN_BINDING_H

#include "stun/transaction.h"

enum {
	BINDING_SERVERS_MAX = 8,
	BINDING_REQUEST_LEN = 92,	/* as an answer over IPv6 with RFC 5780's addresses */
	BINDING_PACE = 5,		/* msec between two servers (RFC 8445 section 14.2) */
};

enum binding_result {
	BINDING_PENDING,
	BINDING_DONE,			/* `mapped` is known */
	BINDING_TIMEOUT,
	BINDING_REFUSED,		/* an error response; `error` is its code */
	BINDING_USELESS,		/* a success that says nothing we can use */
};

/* What one server said. */
struct binding_query {
	struct transaction transaction;
	enum binding_result result;
	struct endpoint mapped;
	struct endpoint other;		/* OTHER-ADDRESS of RFC 5780; family IP_NONE: none */
	unsigned error;
	msec rtt;			/* -1: not known */
};

struct binding {
	struct binding_query queries[BINDING_SERVERS_MAX];	/* in the order of the servers */
	size_t count;
};

/* Ask n servers, all of the address family of the socket; those beyond
 * BINDING_SERVERS_MAX are not asked. Also starts anew one that runs. */
void binding_start(struct binding *b, const struct endpoint *servers, size_t n,
		   const struct transaction_timing *timing, struct rng *rng, msec now);

/* One more, beside those that are asked already. False: there is no room. */
bool binding_add(struct binding *b, const struct endpoint *server,
		 const struct transaction_timing *timing, struct rng *rng, msec now);

/* True: the datagram was an answer to one of our requests, whatever it said. */
bool binding_feed(struct binding *b, msec now, const struct endpoint *from, struct bytes datagram);
void binding_tick(struct binding *b, msec now);
msec binding_due(const struct binding *b);	/* NEVER: it is over */
/* Write a request that is to be sent now; false: there is none. `w` is empty
 * and holds BINDING_REQUEST_LEN bytes or more. */
bool binding_poll(struct binding *b, struct writer *w, struct endpoint *to);

/* -- one query, shared with behaviour.c ---------------------------------- */

/* Read an answer that transaction_matches() recognised. */
void binding_query_answer(struct binding_query *q, msec now, const struct stun_msg *msg);
void binding_query_tick(struct binding_query *q, msec now);

#endif
