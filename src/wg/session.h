/* session.h -- one peer's side of WireGuard: handshake, keypairs, timers.
 *
 *                  session_want_handshake        session_feed_response
 *        no key  ------------------------> initiation sent ---------------> current key
 *           |  session_feed_initiation                                        ^
 *           '-----> response given --> next key --- first data with it -------+
 *
 * The two ways are independent: when both sides begin at once, both handshakes
 * end well, and both settle on the key of the side with the greater public key.
 *
 * Which suite it calls with, and may be called with, follows from two sets (suite.h): ours,
 * which the node sets, and the peer's, which it learns from the peer's initiations and the node
 * from signalling. As soon as a better one is possible than the current keys have, it calls
 * anew; the old keys open what is still on its way.
 *
 * A session decides nothing about addresses: it is fed messages that the demux
 * found to be its own and it owes messages, which session_poll() writes. Data
 * packets are plain calls on bursts: seal and open, in place.
 *
 * It allocates nothing: keypairs come from the pool (which must hold one spare
 * whenever a handshake message is fed), indices from the table. One session is
 * about 600 bytes as long as it is silent.
 */
#ifndef WG_SESSION_H
#define WG_SESSION_H

#include "base/packet.h"
#include "wg/cookie.h"
#include "wg/index.h"
#include "wg/keypair.h"
#include "wg/noise.h"
#include "wg/tai64n.h"
#include "wg/timers.h"

/* What all sessions of a node share; the node owns it and outlives them. */
struct session_shared {
	struct noise_identity identity;
	struct index_table indices;
	struct keypair_pool keypairs;
	struct tai64n_clock clock;
	struct rng *rng;
	uint64_t wall_ns;	/* nanoseconds since 1970, as last told by io/ */
};

struct session {
	struct session_shared *shared;
	const struct noise_identity *self;	/* who we are to this peer */
	struct noise_peer peer;
	struct noise_handshake handshake;	/* ours, that waits for a response */
	struct cookie_jar jar;
	struct timers timers;
	struct keypair *current;
	struct keypair *previous;
	struct keypair *next;
	msec handshake_sent;		/* our last initiation or response; no initiation sooner than REKEY_TIMEOUT after */
	msec initiation_sent;
	msec last_handshake;		/* when the current keys were confirmed; 0: never */
	msec handshake_rtt;		/* from our last answered initiation to its response; -1: none yet */
	bool has_sent_handshake;
	bool rekeyed_on_receive;	/* once per keypair (paper, 6.2) */
	bool owes_initiation;
	bool owes_keepalive;
	bool only_answers;		/* it never owes an initiation */
	bool gave_up;			/* set when 90 s passed without an answer; the node reads and clears it */
	uint8_t ours, theirs;		/* enum suite_set; ours is never empty */
	uint64_t rx_bytes, tx_bytes;	/* of UDP payload, authenticated, as `wg` counts */
};

/* False: a public key that cannot be (noise_peer_init). With a persistent interval
 * a keepalive is owed at once, which starts the first handshake. */
bool session_init(struct session *s, struct session_shared *shared,
		  const uint8_t public_key[static KEY_LEN], const uint8_t psk[static KEY_LEN],
		  uint32_t persistent_interval_msec);
/* To this peer we are somebody else than to all others; `self` is borrowed for the session's life. */
bool session_init_as(struct session *s, struct session_shared *shared,
		     const struct noise_identity *self, const uint8_t public_key[static KEY_LEN],
		     const uint8_t psk[static KEY_LEN], uint32_t persistent_interval_msec);
void session_deinit(struct session *s);		/* wipes, gives keypairs and indices back */
void session_set_psk(struct session *s, const uint8_t psk[static KEY_LEN]);
void session_set_persistent(struct session *s, uint32_t interval_msec, msec now);
/* The suites that we may speak to this peer; at first it is WireGuard's own. Keys of another are gone
 * at once, and what the peer has to know of it it is told by a call. */
void session_set_suites(struct session *s, uint8_t ours, msec now);
/* The peer has told, in a way that is no replay, which it has. */
void session_learn_suites(struct session *s, uint8_t theirs, msec now);
/* A server's side: whoever wants something of it calls, and calls again. */
void session_only_answer(struct session *s);
/* The keys before the current ones are kept for what is still on its way under them. Where
 * memory is dear they may go a few seconds after the change. */
void session_drop_previous(struct session *s);

/* -- control ------------------------------------------------------------- */

/* There is something to send and no key (or the node has news of the peer):
 * owe an initiation, later if a handshake message went out less than REKEY_TIMEOUT
 * ago. The 90 s begin anew. */
void session_want_handshake(struct session *s, msec now);
/* The same by a connection on which nothing was said yet: what went by the one before is not
 * waited for. Who makes connections sees to it that they are not too many. */
void session_call_anew(struct session *s, msec now);

enum session_verdict {
	SESSION_OK,		/* authenticated: its source may become the peer's endpoint */
	SESSION_BAD,		/* does not authenticate */
	SESSION_REPLAYED,	/* timestamp or counter seen before */
	SESSION_TOO_SOON,	/* initiations closer than 20 ms */
	SESSION_UNEXPECTED,	/* no such handshake or key, any more */
	SESSION_EXPIRED,	/* key too old or counter too high */
	SESSION_NO_ROOM,	/* pool or index table is empty */
	SESSION_WRONG_SUITE,	/* an initiation, authentic, of a suite that we may not speak */
};

/* `claim` is what noise_read_initiation() found; mac1 was checked by the node. After
 * SESSION_OK *response is to be sent back, with DSCP 0x22 (AF41). After SESSION_WRONG_SUITE
 * we owe a call of our own, if one can succeed: who knew nothing of us learns what we have. */
enum session_verdict session_feed_initiation(struct session *s, const struct noise_claim *claim,
					     const struct message_initiation *msg,
					     struct message_response *response, msec now);
enum session_verdict session_feed_response(struct session *s, const struct message_response *msg,
					   msec now);
/* SESSION_OK: kept. It says nothing of the peer's endpoint. */
enum session_verdict session_feed_cookie(struct session *s, const struct message_cookie *msg,
					 msec now);

void session_tick(struct session *s, msec now);
msec session_due(const struct session *s);	/* when to tick next; 0 (at once) when a message is owed */

enum { SESSION_MESSAGE_MAX = MESSAGE_HANDSHAKE_MAX };

enum session_owed {
	OWED_NOTHING,
	OWED_HANDSHAKE,			/* *len bytes of an initiation: send with DSCP 0x22 (AF41) */
	OWED_HANDSHAKE_AFTER_SAVE,	/* the same; shared->clock.reserved must be on disk first */
	OWED_KEEPALIVE,			/* 32 bytes */
};

/* The next message that is owed. Call until OWED_NOTHING. */
enum session_owed session_poll(struct session *s, uint8_t out[static SESSION_MESSAGE_MAX],
			       size_t *len, msec now);

/* -- data ---------------------------------------------------------------- */

/* Is there a key to seal with now? If not, want a handshake and queue. */
bool session_may_send(const struct session *s, msec now);
/* Until when, if no other key comes; NEVER: there is none now. */
msec session_expires(const struct session *s);

/* Instead of an mtu: no padding, whatever the lengths. */
enum { SESSION_UNPADDED = 0 };

/* Seal n packets in place for the current key: each is padded with zeroes to
 * 16 bytes (never above `mtu`), gets its header in the headroom (16 bytes) and its
 * tag in the tailroom (16, and 15 of padding). Returns how many were sealed: the
 * first ones; fewer than n only if the key is used up. Empty packets are keepalives.
 * May leave an initiation owed (REKEY_AFTER_TIME, REKEY_AFTER_MESSAGES). */
size_t session_seal(struct session *s, struct packet *packets, size_t n, size_t mtu, msec now);

/* Open n data messages in place; all were found by index_find() to be this
 * session's. verdicts[i] says how each fared; packets[i] becomes the inner packet
 * with its padding still on (len 0: a keepalive). Order is kept. */
void session_open(struct session *s, struct packet *packets, enum session_verdict *verdicts,
		  size_t n, msec now);

/* -- what arrives -------------------------------------------------------- */

/* Under the current key, one way. Both ends know a key of the sender's by the same number. */
struct session_tally {
	uint32_t key;		/* 0, as all the rest: there is none */
	uint64_t next;		/* the counter after the highest that was sent, or has come */
	uint64_t received;	/* how many of these have come; of what is sent nobody knows */
};

struct session_tally session_sent(const struct session *s);
struct session_tally session_received(const struct session *s);

#endif
