/* candidate_tcp.h -- candidates of TCP: which we have, what they are worth, who calls whom.
 *
 *   All connections leave from the listen port, and all that come in come there: one base can
 *   do all three of RFC 6544 section 4.5. What we tell of it is what it is good for:
 *
 *   host   passive   who can reach that address calls us. It implies an active one: from here
 *                    we call the peer's passive ones. An active candidate has no port that
 *                    anybody could send to (9, section 4.1), so there is no use in telling it.
 *   srflx  so        the port that others see of our listen port: both call at once, and each
 *                    SYN opens its own NAT for the other's. Also where no NAT is between, as
 *                    a firewall lets in only whom we have called.
 *   mapped passive   a srflx that the router opened for all: it waits as well as a host
 *
 *   ours                peer's
 *   passive (active) -> passive    we call: so a public node is reached from behind a NAT
 *   passive          <- active     it calls us; no pair before it does, as there is no way to
 *                                  ask (section 6.2 takes these pairs out again)
 *   so              <-> so         both call: two behind NATs meet
 *
 * A foreign agent of RFC 6544 knows these; its active and so ones call ours and are called.
 */
#ifndef ICE_CANDIDATE_TCP_H
#define ICE_CANDIDATE_TCP_H

#include "ice/candidate.h"

enum { TCP_PREFERENCE_MAX = 8191 };	/* 13 bits are left beside the direction's */

static inline bool candidate_is_tcp(const struct candidate *c)
{
	return c->proto >= CANDIDATE_TCP_ACTIVE && c->proto <= CANDIDATE_TCP_SO;
}

/* Both UDP, both TCP, or both a hop. */
static inline bool candidate_same_transport(const struct candidate *a, const struct candidate *b)
{
	return a->proto == b->proto || (candidate_is_tcp(a) && candidate_is_tcp(b));
}

/* Section 4.2, with half the type preference of UDP: all direct UDP comes before, and relays
 * behind. `preference` as candidate_preference_of() has it. */
uint32_t candidate_tcp_priority(enum candidate_type type, enum candidate_proto proto,
				uint16_t preference);

/* By whichever of the two formulas is its own. */
uint32_t candidate_worth(const struct candidate *c, uint16_t preference);
/* What a peer is told that this one would be worth if it were peer-reflexive: RFC 8445 section
 * 7.1.1. */
uint32_t candidate_worth_as_prflx(const struct candidate *c);

/* Do we ask by ourselves from here to there: section 6.2? Of what is not TCP always. */
bool candidate_may_call(const struct candidate *ours, const struct candidate *theirs);

/* What a peer is that called us: the other half of ours. */
enum candidate_proto candidate_proto_of_caller(enum candidate_proto ours);

#endif
