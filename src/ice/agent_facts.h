/* agent_facts.h -- what the files of the agent tell each other.
 *
 *   agent.c           life, candidates, timers, what there is to tell
 *   agent_pairs.c     what follows from a request, an answer, a silence
 *   agent_receive.c   datagrams in
 *   agent_send.c      datagrams out
 */
#ifndef ICE_AGENT_FACTS_H
#define ICE_AGENT_FACTS_H

#include "ice/agent.h"

bool agent_knows_remote(const struct ice_agent *a);	/* has the peer's credentials */
struct bytes agent_text(const char *text);

/* See candidate_check(). */
bool agent_refuses(const struct ice_agent *a, uint8_t proto, const struct endpoint *at);

/* The peer asked on this base: learn where from, and ask back (RFC 8445 sections 7.3.1.3
 * to 7.3.1.5). False: no room. */
bool agent_heard_request(struct ice_agent *a, const struct ice_early *request, msec now);

/* A check of ours came back as it should; or came to nothing. */
void agent_check_succeeded(struct ice_agent *a, struct check *c, const struct endpoint *mapped,
			   msec now);
void agent_check_failed(struct ice_agent *a, struct check *c);
/* All of its questions are answered, or there was time enough. */
void agent_end_sample(struct ice_agent *a, uint8_t pair);
/* It was answered by 487: the peer has our role and keeps it. */
void agent_lost_conflict(struct ice_agent *a, const struct check *c);

/* Take this role: what is under way is asked again in it. */
void agent_set_role(struct ice_agent *a, bool controlling);

/* Something may have become possible: a nomination, or a failure. */
void agent_consider(struct ice_agent *a, msec now);

/* agent_send.c: the datagrams that are owed, one at a time. */
bool agent_poll_reply(struct ice_agent *a, struct ice_action *action);
bool agent_poll_indication(struct ice_agent *a, struct ice_action *action);
bool agent_poll_request(struct ice_agent *a, struct ice_action *action, msec now);
msec agent_request_due(const struct ice_agent *a);	/* NEVER: nothing to ask */

#endif
