/* pair.h -- one of our bases and one remote candidate: a way that may work.
 *
 *   FROZEN --its turn--> WAITING --check sent--> IN_PROGRESS --answered--> VALID
 *                           ^                         |                     |
 *                           +-- the peer asked on it -+-- given up --> FAILED
 *
 * RFC 8445 section 6.1.2.6 calls VALID "Succeeded". Where the RFC makes a second,
 * "valid" pair out of the address that the answer shows, here the pair itself keeps
 * that address (`mapped`): what is sent leaves from the same base either way.
 *
 * A pair lives longer than the checks that set it up, so it measures: round trip
 * (RFC 6298 section 2) and how many of its last eight questions were lost.
 */
#ifndef ICE_PAIR_H
#define ICE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/msec.h"

enum { PAIR_HISTORY = 8, NO_INDEX = 255 };

enum pair_state {
	PAIR_NONE,			/* a free slot */
	PAIR_FROZEN,
	PAIR_WAITING,
	PAIR_IN_PROGRESS,
	PAIR_VALID,
	PAIR_FAILED,
};

/* What the agent has to tell about a pair; ice_agent_poll() hands it out. */
enum pair_news {
	NEWS_VALID = 1 << 0,
	NEWS_NOMINATED = 1 << 1,
	NEWS_CONSENT_LOST = 1 << 2,
	NEWS_ANSWERED = 1 << 3,
	NEWS_MISSED = 1 << 4,
	NEWS_SAMPLED = 1 << 5,
};

struct pair {
	uint64_t priority;
	msec last_rx;			/* anything authenticated from the peer; NEVER: not yet */
	msec last_answer;		/* to a question of ours; NEVER: none yet */
	msec last_tx;			/* of a question; NEVER: none yet */
	msec sample_due;		/* while sampling: the next question, or the end */
	int32_t srtt;			/* microseconds; -1: not measured yet */
	int32_t rttvar;
	uint16_t serial;		/* another one when the slot is used anew */
	uint8_t state;			/* enum pair_state */
	uint8_t local;			/* index of the candidate whose base we send from */
	uint8_t remote;
	uint8_t mapped;			/* local candidate that the peer sees; NO_INDEX: not known */
	uint8_t history;		/* bit 0: the last question; 1: lost */
	uint8_t history_len;		/* 0..PAIR_HISTORY */
	uint8_t news;			/* enum pair_news, ored */
	uint8_t questions_left;		/* of a probe, not sent yet */
	uint8_t samples_left;		/* of a sample, likewise */
	uint8_t sampled;		/* of it, answered */
	bool probing;			/* a probe was asked for and has no result yet */
	bool sampling;			/* a sample likewise */
	bool use_candidate;		/* controlled: the peer has nominated it; controlling: we do */
	bool nominated;
	bool active;			/* its owner sends on it */
	bool owes_indication;		/* a keepalive */
};

/* RFC 8445 section 6.1.2.3; G is the controlling side's, D the controlled side's. */
uint64_t pair_priority(uint32_t g, uint32_t d);

const char *pair_state_name(enum pair_state state);

/* A question was answered after `rtt` (-1: not to be measured), or not at all. */
void pair_answered(struct pair *p, msec rtt, msec now);
void pair_missed(struct pair *p);
unsigned pair_lost(const struct pair *p);	/* of the last history_len */

#endif
