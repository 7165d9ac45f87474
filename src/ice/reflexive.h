/* reflexive.h -- how STUN servers see our bases: server-reflexive candidates.
 *
 *   base A --.   .-- server 1      each base asks each server of its family, one
 *             >-<                  question every 5 ms; each ends, once, with an address
 *   base B --'   '-- server 2      or with why there is none
 *
 * RFC 8445 section 5.1.1.2. Who waits for candidates does not want to wait 39.5 s for
 * a server that is not there, so a question ends after 4.5 s. What is learnt is not
 * authenticated: a thing to try, and never more (stun/binding.h).
 */
#ifndef ICE_REFLEXIVE_H
#define ICE_REFLEXIVE_H

#include "ice/candidate.h"
#include "stun/binding.h"

enum { REFLEXIVE_MAX = 40 };

struct reflexive_question {
	struct ice_base base;
	struct endpoint server;
	struct binding binding;
	msec start;			/* its turn; NEVER: it had it */
	bool unreachable;		/* the host has no way from there to there */
	bool told;
};

struct reflexive {
	struct reflexive_question questions[REFLEXIVE_MAX];
	size_t len;
	msec next_start;
	struct rng *rng;
};

/* How a question ended. */
struct reflexive_answer {
	struct ice_base base;
	struct endpoint server;
	enum binding_result result;	/* BINDING_DONE: `mapped` */
	bool unreachable;
	struct endpoint mapped;
	unsigned error;			/* BINDING_REFUSED: its code */
};

void reflexive_init(struct reflexive *r, struct rng *rng);	/* fit for secrets, borrowed */

/* False: the server is of the other family, or there is no room. */
bool reflexive_ask(struct reflexive *r, const struct ice_base *base, const struct endpoint *server,
		   msec now);

/* True: the datagram was an answer to one of our questions. */
bool reflexive_feed(struct reflexive *r, const struct endpoint *from, struct bytes datagram,
		    msec now);
void reflexive_tick(struct reflexive *r, msec now);
msec reflexive_due(const struct reflexive *r);	/* NEVER: all have ended */

/* A request to be sent now, false: none. `w` is empty and holds BINDING_REQUEST_LEN bytes. */
bool reflexive_poll(struct reflexive *r, struct writer *w, struct ice_base *base,
		    struct endpoint *to);
/* It cannot be sent: that question ends. */
void reflexive_give_up(struct reflexive *r, const struct ice_base *base,
		       const struct endpoint *to);

/* Each question that has ended, once; false: no more now. */
bool reflexive_next(struct reflexive *r, struct reflexive_answer *out);
bool reflexive_is_over(const struct reflexive *r);	/* all have ended and were told */

/* An answer with BINDING_DONE as a candidate; its priority is the checklist's to set. */
struct local_candidate reflexive_candidate(const struct reflexive_answer *answer);

#endif
