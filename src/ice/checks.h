/* checks.h -- requests that are out and may still be answered.
 *
 *            sends                      waits                       then
 *   CONNECT  7: 0, RTO, 3 RTO, ...      doubling; the last 16 RTO   the pair has failed
 *   PROBE    1, never the same again    as long as it is told       one loss; the third in a
 *                                                                   row fails the pair
 *   CONSENT  1, never the same again    as long as it is told       one loss
 *   SAMPLE   1, never the same again    until the sample is over    one of its losses
 *
 *   LIVE --its time is over, or another check replaces it--> LATE --slot wanted--> NONE
 *
 * CONNECT sets a pair up (RFC 8489 section 6.2.1; the same id and bytes each time). The
 * others ask on a pair that works, each with an id of its own (RFC 7675 section 5.1), so
 * that every answer gives a round trip and every silence is one loss. What is LATE is not
 * sent any more, but its answer counts (RFC 8445 section 7.3.1.4).
 *
 * A pair has at most one live check. These are less than half of a struct transaction
 * (stun/transaction.h), and an agent has many.
 */
#ifndef ICE_CHECKS_H
#define ICE_CHECKS_H

#include "base/rng.h"
#include "ice/checklist.h"
#include "stun/message.h"

enum {
	CHECKS_MAX = 72,		/* one live for each pair, and some late ones */
	CHECK_RTO = 500,		/* at least (RFC 8445 section 14.3) */
	CHECK_SENDS = 7,		/* Rc */
	CHECK_LAST_WAIT = 16,		/* Rm, in RTOs */
	CHECK_TOO_LATE = 40 * 1000,	/* msec after the last send: nobody answers any more */
};

enum check_state { CHECK_NONE, CHECK_LIVE, CHECK_LATE };
enum check_kind { CHECK_CONNECT, CHECK_PROBE, CHECK_CONSENT, CHECK_SAMPLE };

struct check {
	uint8_t id[STUN_ID_LEN];
	uint16_t serial;		/* of the pair; if that has another one, it is gone */
	uint8_t pair;
	uint8_t state;			/* enum check_state */
	uint8_t kind;			/* enum check_kind */
	uint8_t sends;
	bool controlling;		/* our role when it was made */
	bool nominates;			/* with USE-CANDIDATE */
	int32_t wait;			/* the RTO, or how long to wait */
	msec first_sent;
	msec last_sent;
	msec due;			/* LIVE: send again, or give up */
};

struct checks {
	struct check slots[CHECKS_MAX];
};

/* A live check with a new id, as if just sent. What was live on that pair is late now. */
struct check *checks_start(struct checks *t, const struct checklist *l, uint8_t pair,
			   enum check_kind kind, int32_t wait, struct rng *rng, msec now);
void check_sent_again(struct check *c, msec now);
bool check_is_spent(const struct check *c);	/* no send is left: when due, it has failed */
/* The round trip if it is answered now; -1: sent more than once, so who knows (Karn). */
msec check_rtt(const struct check *c, msec now);

struct check *checks_find(struct checks *t, const uint8_t id[static STUN_ID_LEN], msec now);
struct check *checks_live(const struct checks *t, uint8_t pair);	/* NULL: none; like strchr() */
void check_hush(struct check *c);					/* late from now on */

/* The live check that is due first, of those that can be sent again or of the spent ones. */
struct check *checks_first(const struct checks *t, bool spent);

/* Pairs may have gone: with them go their checks. */
void checks_sweep(struct checks *t, const struct checklist *l);

#endif
