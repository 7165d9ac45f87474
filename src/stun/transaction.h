/* transaction.h -- one request, sent again until it is answered or hopeless.
 *
 *   start --> WAITING --answer--> ANSWERED
 *              |   ^ \--last wait over--> FAILED
 *              +---+ wait over: send again
 *
 *   sends   0     500    1500      3500          7500 ...          31500          39500
 *           |------|-------|---------|-------------|-- ... ----------|------ ... ----X
 *
 * Waits start at the RTO and double; the one after the last send is `last_wait`
 * times the RTO (RFC 8489 section 6.2.1: RTO 500 ms, Rc = 7, Rm = 16). Over a
 * reliable transport there is one send and one wait (section 6.2.2).
 *
 * A transaction keeps time and recognises its answer; the bytes are its owner's,
 * who must write the same ones each time: from the same fields, or a kept copy.
 */
#ifndef STUN_TRANSACTION_H
#define STUN_TRANSACTION_H

#include "base/msec.h"
#include "base/rng.h"
#include "stun/message.h"

struct transaction_timing {
	msec rto;		/* the first wait */
	unsigned sends;		/* Rc, at least 1 */
	unsigned last_wait;	/* Rm, in RTOs */
};

/* To a server over UDP; and over TCP or TLS. */
extern const struct transaction_timing transaction_udp, transaction_reliable;

enum transaction_state {
	TRANSACTION_IDLE,	/* zeroed memory */
	TRANSACTION_WAITING,
	TRANSACTION_ANSWERED,
	TRANSACTION_FAILED,
};

struct transaction {
	enum transaction_state state;
	uint8_t id[STUN_ID_LEN];
	uint16_t method;
	struct endpoint to;
	struct endpoint from;		/* where the answer comes from: `to`, but for RFC 5780 */
	struct transaction_timing timing;
	unsigned sent;
	msec first_sent;
	msec due;
	bool owes_request;
};

/* A new id from `rng`, which must be fit for secrets. The first request is owed
 * by the tick at `start`, which may lie ahead. */
void transaction_start(struct transaction *t, uint16_t method, const struct endpoint *to,
		       const struct transaction_timing *timing, struct rng *rng, msec start);
void transaction_tick(struct transaction *t, msec now);
msec transaction_due(const struct transaction *t);	/* of the next tick; NEVER: it is over */
/* True once for each request to be sent: send it now. */
bool transaction_poll(struct transaction *t);

/* Is this the answer it waits for? Where the answer must be authentic, check
 * that before transaction_answer(), and drop it if it is not. */
bool transaction_matches(const struct transaction *t, const struct endpoint *from,
			 const struct stun_msg *msg);
/* It was answered. Returns the round trip in msec, or -1 if the request was sent
 * more than once: who knows which of them this answers (Karn). */
msec transaction_answer(struct transaction *t, msec now);
/* Send no more, but take a late answer for one last wait (RFC 8445 section 7.3.1.4). */
void transaction_hush(struct transaction *t, msec now);

#endif
