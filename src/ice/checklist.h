/* checklist.h -- the candidates of both sides, their pairs, and whose turn it is.
 *
 *    locals            remotes                     pairs, by priority
 *    host A   ------.  host X                 A-X  IN_PROGRESS
 *    srflx A'  (=A)  \ prflx Y                B-Y  WAITING
 *    relay B  --------+ relay Z               A-Z  FROZEN ...
 *
 * Each local base is paired with each remote candidate that it can reach; of two
 * pairs from the same base to the same place the better stays (RFC 8445 section
 * 6.1.2). Candidates may come at any time and in any order (RFC 8838 section 10).
 * A base is one of UDP or one of TCP, as its candidates are; the two are never paired.
 *
 * A slot keeps its index as long as it is used: an index is how checks, the agent
 * and its owner speak of a candidate or a pair. Type or state 0 is a free slot.
 */
#ifndef ICE_CHECKLIST_H
#define ICE_CHECKLIST_H

#include "ice/candidate_tcp.h"
#include "ice/pair.h"

enum {
	LOCALS_OFFERED = 22,		/* gathered candidates, of which some 6 are for TCP */
	REMOTES_SIGNALLED = 32,
	PRFLX_MAX = 4,			/* on each side, besides those */
	PRFLX_REST = 10 * 1000,		/* msec until one that failed makes room for another */
	LOCALS_MAX = LOCALS_OFFERED + PRFLX_MAX,
	REMOTES_MAX = REMOTES_SIGNALLED + PRFLX_MAX,
	PAIRS_MAX = 64,			/* RFC 8445 section 6.1.2.5 would allow 100 */
	PAIRS_TCP_MAX = 8,		/* connections that a peer can make us try to open */
};

_Static_assert((int)PAIRS_MAX < (int)NO_INDEX, "an index is a byte");

struct checklist {
	struct local_candidate locals[LOCALS_MAX];	/* gathered, then those learnt from checks */
	struct candidate remotes[REMOTES_MAX];		/* signalled, then those learnt from checks */
	struct pair pairs[PAIRS_MAX];
	uint8_t triggered[PAIRS_MAX];	/* pairs to be checked first, oldest first */
	uint8_t triggered_len;
	uint8_t prflx_seen;		/* for foundations of their own */
	uint16_t pairs_made;
	bool controlling;
};

void checklist_init(struct checklist *l, bool controlling);

/* A new generation: what the peer has told, and what was learnt, is gone. */
void checklist_forget_remote(struct checklist *l);

/* The other role: priorities turn round (RFC 8445 section 7.3.1.1). */
void checklist_set_role(struct checklist *l, bool controlling);

/* -- candidates ---------------------------------------------------------- */

/* Foundation and component are filled in, and the priority if it is 0. Returns the
 * slot; NO_INDEX: no room. The same place and base again is the same slot. */
uint8_t checklist_add_local(struct checklist *l, const struct local_candidate *c);
/* A place of ours that nobody is told of: what comes in there is answered, and pairs are made
 * only with who asks there. The slot; NO_INDEX: no room. */
uint8_t checklist_add_base(struct checklist *l, const struct ice_base *base);
/* The address is gone from this host: with it go what was mapped from it and all pairs. */
void checklist_remove_base(struct checklist *l, const struct ice_base *base);
/* It is not seen from outside as this any more (a server-reflexive one of the gathered). Its
 * base and the pairs of that stay. */
void checklist_remove_reflexive(struct checklist *l, uint8_t slot);

enum remote_added {
	REMOTE_ADDED,
	REMOTE_KNOWN,			/* the same again, or one of less priority */
	REMOTE_SIGNALLED,		/* was peer-reflexive; its pairs keep their state */
	REMOTE_NO_ROOM,
};

enum remote_added checklist_add_remote(struct checklist *l, const struct candidate *c);

/* The peer does not tell of this one any more: its pairs go with it, unless one works. False: so
 * it stays. */
bool checklist_remove_remote(struct checklist *l, uint8_t remote);

/* Peer-reflexive ones, learnt from an answer or from a request. Returns the slot of
 * the candidate of that address, an old one or a new one (*is_new); NO_INDEX: no room. */
uint8_t checklist_learn_local(struct checklist *l, uint8_t sent_from, const struct endpoint *mapped,
			      bool *is_new);
/* `to`: the local candidate that was asked. */
uint8_t checklist_learn_remote(struct checklist *l, uint8_t to, const struct endpoint *source,
			       uint32_t priority, msec now, bool *is_new);

uint8_t checklist_find_base(const struct checklist *l, const struct ice_base *base);
/* Of the same transport as that local candidate. */
uint8_t checklist_find_remote(const struct checklist *l, uint8_t local, const struct endpoint *at);

/* -- pairs --------------------------------------------------------------- */

/* The pair of that local's base and that remote, made if there was none; NO_INDEX: they
 * do not fit together, or no room, as all others are better or in use. */
uint8_t checklist_pair(struct checklist *l, uint8_t local, uint8_t remote);

/* To be checked before all others. Again: no second time. */
void checklist_trigger(struct checklist *l, uint8_t pair);
uint8_t checklist_next_triggered(struct checklist *l);		/* taken out; NO_INDEX: none */
/* The best that waits; if none does, the best frozen one of which no kin is waiting or
 * in progress (RFC 8445 section 6.1.4.2). NO_INDEX: none. */
uint8_t checklist_next_ordinary(const struct checklist *l);
/* What is like a pair that works is worth trying now. */
void checklist_unfreeze_kin(struct checklist *l, uint8_t pair);

uint8_t checklist_best_valid(const struct checklist *l);		/* by priority; NO_INDEX: none */
unsigned checklist_count(const struct checklist *l, enum pair_state state);
/* Is there a pair of more priority that may still become valid? */
bool checklist_hopes_above(const struct checklist *l, uint64_t priority);

#endif
