/* cipher.h -- the cipher suite of a peer: what the settings allow, what is told of it.
 *
 *   cipher = ...  --> the set of suites that we may speak --> session (wg/suite.h), which chooses
 *                          '--> our DESC                         |
 *   its DESC, its initiations, peers.cache --> its set ----------'
 *
 * Its set is kept in peers.cache (known.h), so that a restart begins with what both had;
 * a peer that has lost a suite is not believed in silence.
 */
#ifndef NODE_CIPHER_H
#define NODE_CIPHER_H

#include "base/msec.h"
#include "node/node.h"
#include "wg/suite.h"

struct peer;

enum { CIPHER_REFUSED_FOR = 180 * 1000 };	/* msec after a refused call, in which it is explained */

/* Of one peer. */
struct cipher_facts {
	uint8_t theirs;			/* its set, as was told last */
	uint8_t session;		/* the suite of the session that was told last, as a bit; 0: none */
	bool refused;			/* it called in a suite that is not allowed, last */
	msec refused_at;
};

/* The suites that may be spoken: enum suite_set. Needs crypto_init(). */
uint8_t cipher_suites(enum node_cipher cipher);

/* The peer's settings have another one. */
void cipher_configure(struct peer *peer, msec now);

/* It called in this suite, and must not. */
void cipher_refused(struct peer *peer, uint8_t suite, msec now);

/* A peer that may owe something: has its suite changed, or its set? */
void cipher_attend(struct node *node, struct peer *peer, msec now);

/* That both will never come to terms, as far as is known. */
bool cipher_contradicts(const struct peer *peer, msec now);

#endif
