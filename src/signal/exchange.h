/* exchange.h -- two peers keep each other told of how they can be reached.
 *
 *            start                  ack of our version
 *   IDLE -----------> TELLING --------------------------> SETTLED
 *    ^                 ^   | ^ wait over: tell again        |
 *    |     stop, bye   |   '-'                              | our candidates changed, restart,
 *    +-----------------+------------------------------------'  or the peer knows us no more
 *
 * TELLING sends our DESC at once and after 1, 2, 4, 8, 16, 30, 30 ... s (+-10 %)
 * on every channel there is, the same bytes on all. Who is told with the flag
 * "unacked" answers with his own. Nothing else is ever sent: two who have seen
 * each other's version are silent.
 *
 * What is accepted: from this peer, to us, later than anything before. That
 * alone may be an old message, if the memory of the last one was lost. Only an
 * ack of our present boot and generation proves that it is not:
 *
 *   EXCHANGE_LIVE       use it
 *   EXCHANGE_UNPROVEN   answer; check at most EXCHANGE_UNPROVEN_PAIRS pairs;
 *                       tear nothing down for it
 *
 * What comes through the peer's own session, or in a token that a person has
 * pasted and that has not expired, is live by that.
 */
#ifndef SIGNAL_EXCHANGE_H
#define SIGNAL_EXCHANGE_H

#include "signal/bucket.h"
#include "signal/desc.h"
#include "signal/mailbox.h"
#include "signal/stamp.h"

enum {
	EXCHANGE_UNPROVEN_PAIRS = 8,
	EXCHANGE_UFRAG_LEN = 8,		/* 48 random bits */
	EXCHANGE_PWD_LEN = 24,		/* 144 random bits */
};

/* What all exchanges of a node have in common. */
struct exchange_shared {
	struct noise_x_self self;
	struct stamp stamp;
	struct rng *rng;
	uint64_t boot_id;
	uint32_t gen;			/* the last of this boot, of any exchange: one that is made anew
					   for a peer must not seem older than the one before */
	uint64_t wall_ms;
	uint32_t day;			/* of the mailboxes that we write to */
};

/* `mark`: what was saved of stamp.reserved, or 0. The rng must outlive it. */
void exchange_shared_init(struct exchange_shared *s, const uint8_t private_key[static KEY_LEN],
			  uint64_t mark, struct rng *rng);
void exchange_shared_deinit(struct exchange_shared *s);		/* wipes */
/* At each turn of the loop. `day` is mailbox_day(wall_ms), unless this clock is known to
 * be wrong and a rendezvous told a better one: a hint for the day, and for nothing else. */
void exchange_shared_set_clock(struct exchange_shared *s, uint64_t wall_ms, uint32_t day);

enum exchange_state { EXCHANGE_IDLE, EXCHANGE_TELLING, EXCHANGE_SETTLED };

/* One per peer. */
struct exchange {
	struct exchange_shared *shared;
	struct noise_x_peer peer;
	enum exchange_state state;
	/* ours */
	uint32_t gen, rev;		/* gen 0: never started */
	char ufrag[EXCHANGE_UFRAG_LEN + 1];
	char pwd[EXCHANGE_PWD_LEN + 1];
	const struct desc_candidate *candidates;	/* borrowed */
	size_t candidates_len;
	uint16_t options, suites, flags;
	/* theirs */
	uint64_t heard_ms;		/* time of the last one accepted: keep it on disk */
	struct desc_version theirs;	/* of that one */
	bool proven;			/* that one was live */
	/* when */
	bool owes, owes_bye;
	unsigned told;			/* times in this state, for the wait */
	msec due;			/* to tell again; NEVER unless TELLING */
	struct bucket sends;
};

/* `psk` zeroes: none; `heard_ms`: as it was saved, or 0. False: a key that cannot be. */
bool exchange_init(struct exchange *x, struct exchange_shared *shared,
		   const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN],
		   uint64_t heard_ms);
void exchange_deinit(struct exchange *x);	/* wipes */

/* What we say of ourselves; call it when any of it has changed. The candidates are borrowed
 * until the next call. Flags: DESC_RELAY_ONLY, DESC_WANT_CONNECT, DESC_COMPLETE. */
struct exchange_offer {
	const struct desc_candidate *candidates;
	size_t candidates_len;
	uint16_t options, suites, flags;
};
void exchange_set_offer(struct exchange *x, const struct exchange_offer *offer, msec now);
/* The flags alone make no new version: they are said when there is something to say. */
void exchange_set_flags(struct exchange *x, uint16_t flags);

void exchange_start(struct exchange *x, msec now);	/* nothing if it is started */
void exchange_restart(struct exchange *x, msec now);	/* new generation, new credentials */
void exchange_stop(struct exchange *x);			/* silence; the peer is not told */
void exchange_bye(struct exchange *x);			/* one last message, then silence */

/* -- what comes in ------------------------------------------------------- */

enum exchange_via { EXCHANGE_BY_CHANNEL, EXCHANGE_BY_SESSION, EXCHANGE_BY_TOKEN };

enum exchange_verdict {
	EXCHANGE_LIVE,
	EXCHANGE_UNPROVEN,
	EXCHANGE_OLD,		/* not later than the last: a double or a replay; or a bye that
				 * was not said to our present life */
	EXCHANGE_BAD,		/* not from this peer to us, altered, or not a DESC */
};

/* What an accepted one changes. */
struct exchange_news {
	bool restarted;		/* another boot or generation: other credentials */
	bool changed;		/* anything but the time, the ack and the flag "unacked" */
	bool proven;		/* live, which the one before was not */
	bool bye;		/* it goes away; only ever when live */
};

/* An envelope from a channel, whose mailbox is that of this peer. *desc and *news are set
 * if it is live or unproven; else nothing changed. A started exchange answers by itself. */
enum exchange_verdict exchange_feed(struct exchange *x, struct bytes envelope, struct desc *desc,
				    struct exchange_news *news, msec now);
/* The body of a FRAME_DESC from the peer's session. */
enum exchange_verdict exchange_feed_session(struct exchange *x, struct bytes body,
					    struct desc *desc, struct exchange_news *news, msec now);
/* A DESC that is known to be from this peer (token_open() gives one). */
enum exchange_verdict exchange_accept(struct exchange *x, const struct desc *desc,
				      enum exchange_via via, struct exchange_news *news, msec now);

/* -- what goes out ------------------------------------------------------- */

struct exchange_message {
	size_t len;
	bool save_first;		/* shared->stamp.reserved must be on disk before it leaves */
	uint8_t desc[DESC_MAX];		/* as it is for the peer's session; secret */
};

msec exchange_due(const struct exchange *x, msec now);	/* when to tick or poll; NEVER: not */
void exchange_tick(struct exchange *x, msec now);
bool exchange_poll(struct exchange *x, struct exchange_message *out, msec now);

/* Our DESC as it is now, though nothing is owed: for a token. False: not started. */
bool exchange_describe(struct exchange *x, struct exchange_message *out);

/* Put it into an envelope for the channels; returns its length. */
size_t exchange_seal(struct exchange *x, uint8_t out[static ENVELOPE_MAX],
		     const struct exchange_message *message);

#endif
