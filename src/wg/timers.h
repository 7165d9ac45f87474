/* timers.h -- WireGuard's five timers as deadlines (paper, section 6).
 *
 *   retransmit    initiation sent, no answer:   REKEY_TIMEOUT 5 s + 0..333 ms, for REKEY_ATTEMPT_TIME 90 s
 *   keepalive     data received, nothing sent:  KEEPALIVE_TIMEOUT 10 s, then an empty packet
 *   new_handshake data sent, nothing received:  KEEPALIVE_TIMEOUT + REKEY_TIMEOUT 15 s + 0..333 ms
 *   zero_keys     last keypair derived:         REJECT_AFTER_TIME * 3 = 540 s, then all secrets are wiped
 *   persistent    any authenticated packet:     the configured interval, then an empty packet
 *
 * One function per fact; timers follow events, not states. `timers_fire` says
 * what has come due; session.c does it.
 */
#ifndef WG_TIMERS_H
#define WG_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/msec.h"
#include "base/rng.h"

/* A test build may shorten these (CMake option P2PNET_SHORT_TIMERS divides the
 * first four by 10); the release never does. */
#ifdef P2PNET_SHORT_TIMERS
enum { TIMER_SCALE = 10 };
#else
enum { TIMER_SCALE = 1 };
#endif

enum {
	REKEY_AFTER_TIME = 120 * 1000 / TIMER_SCALE,
	REJECT_AFTER_TIME = 180 * 1000 / TIMER_SCALE,
	REKEY_ATTEMPT_TIME = 90 * 1000,
	REKEY_TIMEOUT = 5 * 1000 / TIMER_SCALE,
	KEEPALIVE_TIMEOUT = 10 * 1000 / TIMER_SCALE,
	REKEY_JITTER = 334,		/* 0..333 ms */
	POSTPONE_JITTER = REKEY_TIMEOUT / 2,
	REKEY_ATTEMPTS_MAX = 18,	/* REKEY_ATTEMPT_TIME / 5 s */
};

struct timers {
	msec retransmit;
	msec keepalive;
	msec new_handshake;
	msec zero_keys;
	msec persistent;
	uint32_t persistent_interval;	/* msec; 0: off */
	unsigned attempts;		/* initiations sent without an answer */
	bool need_another_keepalive;
};

enum timers_due {
	TIMER_RETRANSMIT = 1 << 0,	/* send another initiation */
	TIMER_GIVE_UP = 1 << 1,		/* 90 s without an answer: drop what is queued */
	TIMER_KEEPALIVE = 1 << 2,	/* send an empty packet */
	TIMER_NEW_HANDSHAKE = 1 << 3,	/* the peer has gone silent: start over */
	TIMER_ZERO_KEYS = 1 << 4,
	TIMER_PERSISTENT = 1 << 5,	/* send an empty packet */
};

void timers_init(struct timers *t, uint32_t persistent_interval);
void timers_set_persistent(struct timers *t, uint32_t interval, msec now);
void timers_data_sent(struct timers *t, struct rng *rng, msec now);
void timers_data_received(struct timers *t, msec now);
void timers_keepalive_sent(struct timers *t, msec now);
void timers_any_authenticated_sent(struct timers *t);
void timers_any_authenticated_received(struct timers *t);
void timers_any_authenticated_traversal(struct timers *t, msec now);	/* sent or received */
void timers_handshake_wanted(struct timers *t);			/* attempts count from 0 again */
void timers_handshake_initiated(struct timers *t, struct rng *rng, msec now);
/* An initiation has to wait, because our last handshake message is too recent.
 * If that was a response while we wished to initiate, the peer is probably in the
 * same position: the wide jitter parts the two. */
void timers_handshake_postponed(struct timers *t, struct rng *rng, msec last_sent);
void timers_handshake_complete(struct timers *t);
void timers_session_derived(struct timers *t, msec now);
void timers_stop(struct timers *t);

msec timers_due(const struct timers *t);
unsigned timers_fire(struct timers *t, msec now);	/* a set of enum timers_due; disarms them */

#endif
