/* agent.h -- ICE with one peer: which ways to it work, and do they still.
 *
 *   add_local, set_remote, add_remote      checks go out, paced; those of the peer are
 *            |                             answered, and make us ask back
 *            v                                       |
 *   +-- CHECKING -----------------------------> PAIR_VALID ... NOMINATED
 *   |        |  39.5 s and nothing works             |
 *   |     FAILED                        set_active --+-- check_now
 *   |                                   consent each 5 s, lost after 30 s
 *   +-- restart: new credentials, the peer's candidates forgotten
 *
 * RFC 8445 as a full agent with one component, with RFC 8838 (candidates come one by
 * one), RFC 8863 (patience) and RFC 7675 (consent). Regular nomination only.
 *
 * Nomination is for foreign agents and for who wants it: it ends nothing here. All pairs
 * are checked to the end, since those that were not nominated are spare ways, and the
 * owner sends on whichever it likes. What it sends on, it tells by ice_agent_set_active();
 * an agent without an active pair and with nothing left to check is silent.
 *
 * Pure: bytes and the time go in, actions come out. No memory but its own; the rng, the
 * pacer and the refused prefixes are borrowed for its life. Nobody gets an answer who
 * does not know our password.
 */
#ifndef ICE_AGENT_H
#define ICE_AGENT_H

#include "ice/checklist.h"
#include "ice/checks.h"
#include "ice/pacer.h"

enum {
	ICE_UFRAG_LEN = 8,		/* ours: 48 bits; RFC 8445 section 5.3 wants 24 */
	ICE_PWD_LEN = 24,		/* ours: 144 bits; 128 are wanted */
	ICE_UFRAG_MIN = 4,		/* theirs: RFC 8839 section 5.4 */
	ICE_PWD_MIN = 22,
	ICE_CREDENTIAL_MAX = 256,
	ICE_MESSAGE_MAX = 384,		/* the longest request, with a ufrag of 256 */
	ICE_REPLIES_MAX = 8,		/* owed at once; the peer asks again */
	ICE_EARLY_MAX = 8,		/* checks that come before the peer's credentials */
	ICE_PROBE_QUESTIONS = 3,
	ICE_PROBE_GAP = 500,		/* msec between them */
	ICE_ASK_WAIT = 1000,		/* msec that the last of them, or one for consent, waits */
	ICE_SAMPLES = 8,		/* questions that measure loss, one by one, */
	ICE_SAMPLE_GAP = 100,		/* msec apart */
	ICE_PATIENCE = 39500,		/* msec, RFC 8863 section 4 */
	ICE_SETTLE = 500,		/* msec from the first valid pair to a nomination */
	ICE_CONSENT = 30 * 1000,	/* msec that an answer is good for, RFC 7675 section 5.1 */
	ICE_ASK_MIN = 4000,		/* consent is asked for every 5 s, 0.8 to 1.2 times */
	ICE_ASK_MAX = 6000,
};

struct ice_settings {
	bool controlling;		/* to begin with; a conflict is settled by the tie-breaker */
	bool remote_lite;		/* the peer only answers: we are controlling */
	uint64_t tie_breaker;		/* 0: drawn */
	struct rng *rng;		/* fit for secrets */
	struct ice_pacer *pacer;	/* of the node */
	const struct cidr *refused;	/* see candidate_check() */
	size_t refused_len;
};

/* What became of a datagram. Each is counted. */
enum ice_verdict {
	ICE_HANDLED,
	ICE_NOT_OURS,			/* no STUN for this agent, or of another generation */
	/* dropped: */
	ICE_NO_SUCH_BASE,		/* it came where we have no candidate */
	ICE_NO_FINGERPRINT,		/* or a wrong one */
	ICE_BAD_INTEGRITY,		/* or none */
	ICE_BAD_ATTRIBUTES,		/* what must be there is not */
	ICE_UNKNOWN_ATTRIBUTE,		/* a request gets 420, a response fails its check */
	ICE_REFUSED_SOURCE,		/* candidate_check() does not want to send there */
	ICE_WRONG_PATH,			/* the response took another way than the request */
	ICE_NO_ROOM,			/* too much at once */
	ICE_VERDICTS,
};

const char *ice_verdict_name(enum ice_verdict verdict);		/* lower_snake */

struct ice_reply {
	uint8_t id[STUN_ID_LEN];
	uint8_t local;			/* whose base the request came to */
	uint8_t unknown_len;
	uint16_t error;			/* 0: success */
	uint16_t unknown[STUN_UNKNOWN_MAX];
	struct endpoint to;
};

/* A check of the peer's that was answered, but cannot be asked back yet. */
struct ice_early {
	uint32_t priority;
	uint8_t local;
	bool use_candidate;
	struct endpoint from;
};

struct ice_agent {
	struct ice_settings settings;
	struct checklist list;
	struct checks checks;
	char ufrag[ICE_UFRAG_LEN + 1];		/* to be signalled */
	char pwd[ICE_PWD_LEN + 1];
	char remote_ufrag[ICE_CREDENTIAL_MAX + 1];	/* empty: not known yet */
	char remote_pwd[ICE_CREDENTIAL_MAX + 1];
	uint64_t tie_breaker;

	uint8_t active;				/* pair; NO_INDEX: none */
	uint8_t nominee;			/* controlling: the pair that is being nominated */
	uint8_t nominated;
	bool ended;				/* no more remote candidates will come */
	bool settled;				/* long enough for a better pair to show up */
	bool patient;				/* a failure is not one yet */
	bool failed;

	msec ask_due;				/* for consent */
	msec consent_until;
	msec settle_due;
	msec patience_due;
	msec next_send;				/* Ta after the last request */
	msec slot;				/* of the pacer; NEVER: none reserved */

	bool owes_role, owes_failed;
	uint64_t new_locals, new_remotes;	/* bits of slots that poll() has to tell */
	struct ice_reply replies[ICE_REPLIES_MAX];
	struct ice_early early[ICE_EARLY_MAX];
	uint8_t replies_len, early_len;
	uint8_t message[ICE_MESSAGE_MAX];	/* of the last ICE_SEND */
	uint32_t verdicts[ICE_VERDICTS];
};

_Static_assert(sizeof(struct ice_agent) <= 17 * 1024, "a node has some dozens of agents");

void ice_agent_init(struct ice_agent *a, const struct ice_settings *settings);
void ice_agent_deinit(struct ice_agent *a);		/* wipes */

/* Credentials that somebody else has drawn, of our lengths, in place of our own. */
void ice_agent_set_local(struct ice_agent *a, const char ufrag[static ICE_UFRAG_LEN + 1],
			 const char pwd[static ICE_PWD_LEN + 1]);

/* New credentials; local candidates and role stay (RFC 8445 section 9). */
void ice_agent_restart(struct ice_agent *a);

/* -- candidates ---------------------------------------------------------- */

/* Type, proto, at, related, base and server are the caller's. Returns the index in
 * list.locals, where what is to be signalled stands; NO_INDEX: refused, or no room.
 * Best ones first: that is their priority. */
uint8_t ice_agent_add_local(struct ice_agent *a, const struct local_candidate *c);
/* Another place that the peer may find by guessing; it is not to be signalled. False: no room. */
bool ice_agent_add_base(struct ice_agent *a, const struct ice_base *base);
/* The address has gone, with all that was reached from it. */
void ice_agent_remove_base(struct ice_agent *a, const struct ice_base *base);
/* See checklist_remove_reflexive(). */
void ice_agent_remove_reflexive(struct ice_agent *a, uint8_t slot);

/* The peer's credentials. Others than before: it has restarted, and its candidates and all
 * pairs are gone. False: they are not as RFC 8839 section 5.4 wants them. */
bool ice_agent_set_remote(struct ice_agent *a, struct bytes ufrag, struct bytes pwd, msec now);

enum ice_remote {
	ICE_REMOTE_TAKEN,
	ICE_REMOTE_KNOWN,
	ICE_REMOTE_STALE,		/* of another generation than set_remote's */
	ICE_REMOTE_REFUSED,		/* candidate_check(), or another component; a CANDIDATE_HOP is taken */
	ICE_REMOTE_NO_ROOM,
};

enum ice_remote ice_agent_add_remote(struct ice_agent *a, struct bytes ufrag,
				     const struct candidate *c, msec now);
/* See checklist_remove_remote(). */
void ice_agent_remove_remote(struct ice_agent *a, uint8_t remote);
/* Nobody will come any more: the best pair need not be waited for. */
void ice_agent_end_of_candidates(struct ice_agent *a, struct bytes ufrag);

/* -- life of a pair ------------------------------------------------------ */

/* What the owner sends on, NO_INDEX: nothing. Consent is asked for on it and is given for
 * 30 s to begin with. False: no such pair. */
bool ice_agent_set_active(struct ice_agent *a, uint8_t pair, msec now);

/* Ask now, at most three times, half a second apart; then ICE_PROBE_RESULT. For any pair, also a
 * failed one. False: no such pair, or no credentials yet. */
bool ice_agent_check_now(struct ice_agent *a, uint8_t pair);

/* Ask ICE_SAMPLES times, whether they are answered or not: how many are lost that way? Then
 * ICE_SAMPLED. One at a time for each pair. False: no such pair, or no credentials yet. */
bool ice_agent_sample(struct ice_agent *a, uint8_t pair, msec now);

/* Controlling: nominate this valid pair and wait for nothing better. False: it cannot be,
 * or one is or is being nominated. */
bool ice_agent_nominate(struct ice_agent *a, uint8_t pair);

/* Send a Binding indication, which keeps NATs open and asks nothing (RFC 8445 section 11). */
bool ice_agent_keepalive(struct ice_agent *a, uint8_t pair);

/* A check to send to places that the peer may be at: nobody waits for its answer, but where
 * the peer gets it, it asks back. In the agent, until the next call on it; len 0: the peer's
 * credentials are not known. */
struct bytes ice_agent_guess(struct ice_agent *a);
/* Was that a guess? Who asks back or goes on asking does not guess any more. */
bool ice_is_guess(struct bytes datagram);

/* -- in and out ---------------------------------------------------------- */

/* The ufrag of the agent that a Binding request is for; len 0: it is none. */
struct bytes ice_local_ufrag_of(struct bytes datagram);

/* A datagram that came to `base` from `remote`. A response is found by its id: feed it to
 * each agent until one does not say ICE_NOT_OURS. */
enum ice_verdict ice_agent_feed(struct ice_agent *a, const struct ice_base *base,
				const struct endpoint *remote, struct bytes datagram, msec now);

void ice_agent_tick(struct ice_agent *a, msec now);
msec ice_agent_due(const struct ice_agent *a);	/* when to tick and poll next; 0: at once */

enum ice_action_kind {
	ICE_NOTHING,
	ICE_SEND,		/* datagram, from base, to remote; with a relayed base the owner sees
				   to the permission first (RFC 8445 section 7.2.1) */
	ICE_PAIR_VALID,		/* pair */
	ICE_NOMINATED,		/* pair; again, if a controlling peer changes its mind upwards */
	ICE_CONSENT_LOST,	/* pair; it is not the active one any more, send nothing on it */
	ICE_PROBE_RESULT,	/* pair, answered: of check_now() or of a question for consent. A
				   pair of which a whole probe was missed has failed */
	ICE_SAMPLED,		/* pair, lost: of ICE_SAMPLES. If all are, the pair has failed */
	ICE_ROLE_CHANGED,	/* list.controlling */
	ICE_FAILED,		/* no pair works, and none will unless something new comes */
	ICE_NEW_LOCAL,		/* candidate: index in list.locals of a peer-reflexive one */
	ICE_NEW_REMOTE,		/* candidate: in list.remotes */
};

struct ice_action {
	uint8_t pair;
	uint8_t candidate;
	bool answered;
	uint8_t lost;
	struct ice_base base;
	struct endpoint remote;
	struct bytes datagram;	/* in the agent, until the next call on it */
};

/* The next action; only the fields that its kind names are set. Call until ICE_NOTHING. */
enum ice_action_kind ice_agent_poll(struct ice_agent *a, struct ice_action *action, msec now);

#endif
