/* request.h -- one request to a TURN server, asked until the server takes the credential.
 *
 *   start --> out --success, error--> told to the owner, if the server has signed it
 *              ^ \--no answer--> failed
 *              '---401, 438: again, with the nonce that it names
 *
 * All requests of an allocation share the server's nonce (struct turn_server), and it may
 * go stale under any of them at any moment. Each remembers with which one it was written:
 * what comes back as stale, though another nonce is known by now, is just asked again. So
 * is what would have to be sent again, as it must not change its bytes under the same id
 * (RFC 8489 section 6.2).
 *
 * Answers are believed only if they carry the right MESSAGE-INTEGRITY; 401 and 438 cannot,
 * and only ever make us ask again or give up.
 */
#ifndef TURN_REQUEST_H
#define TURN_REQUEST_H

#include "stun/credential.h"
#include "stun/transaction.h"

enum { TURN_MESSAGE_MAX = 2304 };	/* a request with a long user, realm and nonce */

/* What all requests to one server have in common. */
struct turn_server {
	struct endpoint at;
	struct stun_credential credential;
	uint32_t nonces;		/* how many it has named */
	struct transaction_timing timing;
	struct rng *rng;
};

/* Up to a tenth less, so that not all clients ask at once. */
msec turn_earlier(struct rng *rng, msec wait);

struct turn_request {
	struct transaction transaction;
	uint32_t nonce;			/* which one it was written with */
};

enum turn_answer {
	ANSWER_NONE,			/* not to this one */
	ANSWER_UNSIGNED,		/* dropped: anybody on the way may have written it */
	ANSWER_AGAIN,			/* it is asked again */
	/* over: */
	ANSWER_SUCCESS,
	ANSWER_ERROR,
	ANSWER_DENIED,			/* it does not take the credential */
	ANSWER_ODD,			/* signed, and against the rules */
};

void turn_request_start(struct turn_request *r, struct turn_server *s, uint16_t method, msec now);
void turn_request_drop(struct turn_request *r);		/* whatever is answered */
bool turn_request_is_out(const struct turn_request *r);

/* True: it has failed just now, as nobody answers. */
bool turn_request_tick(struct turn_request *r, msec now);
msec turn_request_due(const struct turn_request *r);

/* True: it is to be sent now. Its attributes go between begin and end. */
bool turn_request_poll(struct turn_request *r, struct turn_server *s, msec now);
void turn_request_begin(const struct turn_request *r, struct writer *w);
void turn_request_end(struct turn_server *s, struct writer *w);

/* `code`: of ANSWER_ERROR. */
enum turn_answer turn_request_feed(struct turn_request *r, struct turn_server *s,
				   const struct endpoint *from, const struct stun_msg *msg,
				   unsigned *code, msec now);

#endif
