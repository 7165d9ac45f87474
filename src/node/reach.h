/* reach.h -- finding a way to a peer that nobody has given an address of, and living on it.
 *
 *   SEARCHING  our DESC goes out on all channels, the peer's comes back
 *      |       (exchange), its candidates are checked (ice agent)
 *      |  a pair answers
 *   FOUND      the handshake and all data go by the chosen pair; two others are
 *      |       kept ready (standby). A better one takes over when it has proved
 *      |       itself, the next best when the chosen one falls silent; and a clearly
 *      |       better one when it loses too much (trial)
 *      |  none is left: a new generation of candidates, all over again
 *
 * Ways in order: the same LAN, IPv6, IPv4 through NATs, TCP, relays; then the round trip.
 * WireGuard's rule to answer where the last packet came from does not hold here:
 * two rules at once would oscillate.
 *
 * A reach is 18 KB, made when a peer is wanted (or wants us) and has no other way.
 */
#ifndef NODE_REACH_H
#define NODE_REACH_H

#include "ice/agent.h"
#include "node/gather.h"
#include "node/loss.h"
#include "node/peer.h"
#include "node/penalty.h"
#include "node/reach_tcp.h"
#include "node/relays.h"
#include "node/spray.h"
#include "node/standby.h"
#include "node/trial.h"
#include "signal/exchange.h"
#include "signal/lan.h"

struct turns;

enum {
	REACH_MAX = 64,			/* at once in a node */
	REACH_SEARCH = 90 * 1000,	/* msec without success: packets that wait are dropped, and the
					   next packet begins anew */
	REACH_KNOCK = 10 * 1000,	/* msec between two rounds at who may take minutes to answer */
	REACH_FORGET = 600 * 1000,	/* msec without a key or a wish: freed */
	REACH_ACTIVE = 30 * 1000,	/* msec after the last packet; then no more consent is asked for */
	REACH_WARM = 180 * 1000,	/* msec after it; so long the NATs are kept open */
	REACH_KEEPALIVE = 25 * 1000,	/* msec */
	REACH_STALE = 60 * 1000,	/* msec of silence after which the peer is told that we are back */
	REACH_SILENCE = 6500,		/* msec of sending and hearing nothing: the next pair */
	REACH_ASK_ALL = REACH_SILENCE - 2 * ICE_PROBE_GAP - ICE_ASK_WAIT,	/* so ask in time */
	REACH_ASK_AGAIN = 3000,		/* msec between two such questions */
	REACH_ROAM = 1000,		/* msec of silence before a source that is no pair is followed */
	REACH_DOUBT = 400,		/* and so long the chosen pair has been asked in vain */
	REACH_HOLD = 2000,		/* msec that a handshake waits for a way that answers */
	REACH_DWELL = 5000,		/* msec between two changes that nothing forces */
	REACH_GAIN_MIN = 10000,		/* microseconds; and 20 %: a round trip that much better */
	REACH_PROOF = 5000,		/* msec until one that has lost something may prove itself again */
	REACH_UNPROVEN = EXCHANGE_UNPROVEN_PAIRS,
	REACH_ADOPTED_MAX = 4,		/* sockets that the peer found by guessing, */
	REACH_ADOPTED_ASKED = 8,	/* and with those that it asked at as it saw us there */
};

/* Best first. */
enum reach_tier {
	TIER_LAN,
	TIER_IPV6,
	TIER_IPV4,
	TIER_TCP,
	TIER_RELAY,
	TIER_TWO_RELAYS,		/* a relay that is itself reached by one */
	TIER_RELAY_TCP,			/* by TCP or TLS */
	TIERS,
};

struct reach {
	struct exchange exchange;
	struct ice_agent agent;
	const struct relays *relays;	/* the node's */
	struct desc_candidate offered[DESC_CANDIDATES_MAX];
	struct list link;		/* in node->reaches */
	struct peer *peer;
	const struct turns *turns;	/* the node's: whose relayed addresses are ours */
	enum node_peer_path allowed;	/* by the peer's settings */
	struct lan_pace lan;
	struct spray spray;
	struct reach_tcp tcp;
	uint8_t chosen;			/* pair; NO_INDEX: none */
	msec chosen_at;
	msec promoted_at;		/* a better one took over from one that worked; NEVER: not yet */
	msec searching_since;		/* NEVER: found */
	msec checking_since;		/* it told its addresses, and none worked yet; NEVER: it has not */
	msec wanted;			/* somebody had something to send, or sent it: we or the peer */
	msec wished;			/* we had */
	msec heard;			/* authenticated data by the chosen pair */
	msec resumed;			/* something to send after a silence, which counts from here */
	msec asked;			/* after a silence */
	msec doubted;			/* where we are seen, after one that goes on */
	msec proof_due;			/* see REACH_PROOF */
	msec followed;			/* the peer to where it was heard, away from the chosen pair */
	struct standby standby;
	struct loss loss;
	struct trial trial;
	struct penalties penalties;
	msec kept;			/* the NATs open */
	msec until;			/* a token of ours is out: so long the search goes on, and keeps
					   its credentials */
	unsigned rounds_failed;		/* generations of which no pair worked, since one did */
	bool is_told;			/* that it is looked for */
	bool doubts_itself;		/* our own outside address may be another one: ask again */
	bool is_stale;			/* the chosen pair may be dead: the peer is told by all carriers */
	msec review;			/* when to look at all this again */
};

struct reach_context {
	struct exchange_shared *shared;
	struct ice_pacer *pacer;
	struct rng *rng;
	const struct gather *gather;
	const struct relays *relays;
	const struct turns *turns;
	const struct cidr *refused;
	size_t refused_len;
};

/* NULL: no memory. `heard_ms`: see exchange_init(). */
struct reach *reach_new(struct peer *peer, const struct reach_context *context, msec now);
void reach_free(struct reach *r);

/* Our candidates are others now. */
void reach_set_locals(struct reach *r, const struct gather *gather, msec now);

/* So are the relays; the peer need not be told. */
void reach_set_relays(struct reach *r, const struct gather *gather, msec now);

/* The world may have changed: ask all pairs, and tell the peer by all carriers. */
void reach_doubt(struct reach *r, msec now);

/* The peer's DESC was accepted. `ifindex`: of the LAN that it came over, or 0. */
void reach_take(struct reach *r, struct desc *desc, enum exchange_verdict verdict,
		const struct exchange_news *news, uint32_t ifindex, msec now);

/* The peer was there once, which it may not have told. */
void reach_add_known(struct reach *r, const struct endpoint *at, msec now);

/* A packet for the peer, sent or waiting. */
void reach_want(struct reach *r, msec now);

/* An initiation may be repeated only after five seconds, so it had better arrive. After a
 * silence, and while a peer that has been in touch is looked for, it waits until then, or until
 * a pair has answered. 0: it need not wait. */
msec reach_hold(const struct reach *r);

/* Data came, of which there is something to tell the peer. */
bool reach_counts(struct reach *r, msec now);

/* Does the chosen pair certainly work? */
bool reach_is_heard(const struct reach *r, msec now);

/* Authenticated data came by this path. True: answer there (see REACH_ROAM). */
bool reach_heard(struct reach *r, const struct path *path, msec now);

void reach_tick(struct reach *r, msec now);
msec reach_due(const struct reach *r, msec now);
bool reach_is_over(const struct reach *r, msec now);	/* to be freed */

/* A DESC to tell, see exchange_poll(). */
bool reach_poll_exchange(struct reach *r, struct exchange_message *out, msec now);

/* An ICE message to send: in action->datagram. */
bool reach_poll(struct reach *r, struct datagram *out, msec now);

/* Has the peer told that this address of its is one on a relay? */
bool reach_is_relay_of_peer(const struct reach *r, const struct endpoint *at);
/* Do the peer's settings let it be there, for a place of ours of that number? */
bool reach_allows(const struct reach *r, uint16_t via, const struct endpoint *remote);

/* A relay would help, or does. */
bool reach_wants_relay(const struct reach *r, msec now);

/* Somebody wants the peer, now or a moment ago. */
bool reach_is_active(const struct reach *r, msec now);

/* A check to guess ports with, see spray.h; len 0: too early. It lives until the next call. */
struct packet reach_guess(struct reach *r);
/* The peer was right: it asked at this socket of ours; or it asks back there, where what we
 * have opened it with has come from. False: no more of these. */
bool reach_adopt(struct reach *r, const struct ice_base *base, bool guessed, msec now);
/* That socket is to be closed. */
void reach_disown(struct reach *r, uint16_t via);

/* The tier of the pair in use; TIERS: none. */
enum reach_tier reach_tier(const struct reach *r);

/* -- of its pairs, for standby.c ------------------------------------------- */

bool reach_is_valid(const struct reach *r, uint8_t pair);	/* NO_INDEX is not */
/* By tier, and what is in penalty after all others. */
bool reach_outranks(const struct reach *r, uint8_t a, uint8_t b);
bool reach_is_better(const struct reach *r, uint8_t a, uint8_t b);	/* the same, then priority */
enum reach_tier reach_tier_of(const struct reach *r, uint8_t pair);
struct path reach_path(const struct reach *r, uint8_t pair);
uint8_t reach_best(const struct reach *r);	/* of those that work; NO_INDEX: none does */
/* One that may take over from the chosen one, though that works; NO_INDEX: none. */
uint8_t reach_rival(const struct reach *r, msec now);
/* One of a better tier that has answered, and needs more for that. */
bool reach_is_half_proved(const struct reach *r, uint8_t pair);

#endif
