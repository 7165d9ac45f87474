/* explain.h -- why a peer is reached by this way, or not at all.
 *
 *   all that the node knows --> facts, a set of bits --> the first case of the
 *   table that they fit --> one sentence of why, one of what to do
 *
 * The facts are copied for whoever asks; nothing secret is among them.
 */
#ifndef NODE_EXPLAIN_H
#define NODE_EXPLAIN_H

#include "node/status.h"

enum {
	EXPLAIN_LOCALS = 26, EXPLAIN_REMOTES = 36, EXPLAIN_PAIRS = 64, EXPLAIN_OBSERVED = 12,
	EXPLAIN_INTRODUCERS = 11,
	EXPLAIN_LONG = 10 * 1000,	/* msec without a word; then it is said */
	EXPLAIN_UNANSWERED = 2,		/* initiations; likewise */
	EXPLAIN_HOPELESS = 45 * 1000,	/* msec of checks; more than the patience of RFC 8863 */
};

/* -- what is so ------------------------------------------------------------ */

enum explain_fact {
	FACT_SESSION = 1 << 0,		/* with fresh keys */
	FACT_RELAYED = 1 << 1,
	FACT_TRYING = 1 << 2,		/* a handshake is under way, or a way is looked for */
	FACT_UNANSWERED = 1 << 3,	/* handshakes, one after the other */
	FACT_ENDPOINT = 1 << 4,		/* one is configured */
	FACT_NO_ADDRESS = 1 << 5,	/* its name was looked up, in vain */
	FACT_LOOKED_FOR = 1 << 6,	/* by ICE */
	FACT_LONG = 1 << 7,		/* for some time already */
	FACT_LAN = 1 << 8,		/* it can be asked for on a LAN */
	FACT_INTRODUCER = 1 << 9,	/* or through a peer with an endpoint */
	FACT_INTRODUCER_UP = 1 << 10,	/* which is connected */
	FACT_HEARD = 1 << 11,		/* it has told its addresses */
	FACT_WORKS = 1 << 12,		/* a pair of addresses answers */
	FACT_FAILED = 1 << 13,		/* all pairs, to the end, or as long as that takes */
	FACT_HARD = 1 << 14,		/* our NAT: each sees another port */
	FACT_PEER_HARD = 1 << 15,	/* the peer's */
	FACT_ONE_OUTSIDE = 1 << 16,	/* both are seen at one outside address */
	FACT_NO_FAMILY = 1 << 17,	/* the one has only IPv4, the other only IPv6 */
	FACT_PLACES = 1 << 19,		/* it can be asked for where it was before */
	FACT_TOKEN = 1 << 20,		/* one of ours is out */
	FACT_TCP = 1 << 21,		/* what is said goes by TCP */
	FACT_DEAF = 1 << 18,		/* several were called, and none answers */
	FACTS_END = 1 << 19,
	FACT_BY_STREAM = 1 << 22,	/* TCP or TLS, to the relay */
	FACT_RELAY_ONLY = 1 << 23,	/* so are the settings of the peer */
	FACT_DIRECT_ONLY = 1 << 24,
	FACT_TURN_UP = 1 << 25,		/* a TURN server has an address for us */
	FACT_LEFT = 1 << 26,		/* a better way works, but badly (penalty.h) */
	FACT_CIPHERS_APART = 1 << 27,	/* no cipher suite is allowed both here and there */
	FACT_AES = 1 << 28,		/* it is called with AES-256-GCM, and has not yet answered to that */
};

enum explain_verdict {
	VERDICT_DIRECT,
	VERDICT_DIRECT_TCP,
	VERDICT_RELAY_ONLY,		/* the settings want it so */
	VERDICT_SECOND_BEST,		/* the best way is bad */
	VERDICT_RELAYED_NO_UDP,		/* not even to the relay */
	VERDICT_RELAYED_BOTH_HARD,
	VERDICT_RELAYED,
	VERDICT_GONE,			/* there are keys, but it is not heard any more */
	VERDICT_CIPHERS_APART,		/* both could meet, and must not */
	VERDICT_AES_UNANSWERED,		/* likewise, perhaps */
	VERDICT_WIREGUARD_LOST,		/* the way works, but not for handshakes */
	VERDICT_CONNECTING,
	VERDICT_NO_RELAY,		/* the settings want no other way, and there is none */
	VERDICT_DIRECT_ONLY,		/* no way works, and the settings forbid a relay */
	VERDICT_NO_FAMILY,
	VERDICT_ONE_OUTSIDE,
	VERDICT_BOTH_HARD,
	VERDICT_WE_ARE_HARD,
	VERDICT_PEER_IS_HARD,
	VERDICT_ALL_FAILED,
	VERDICT_CHECKING,
	VERDICT_NO_ADDRESS,
	VERDICT_UDP_BLOCKED,
	VERDICT_ENDPOINT_SILENT,
	VERDICT_TOKEN_OUT,		/* people are to introduce us, and have not yet */
	VERDICT_NO_CHANNEL,
	VERDICT_NO_INTRODUCER,
	VERDICT_PEER_SILENT,
	VERDICT_LOOKING,
	VERDICT_IDLE,
	VERDICTS,
};

enum explain_verdict explain_judge(uint32_t facts);
const char *explain_name(enum explain_verdict verdict);		/* lower_snake */
const char *explain_why(enum explain_verdict verdict);		/* "nobody answers at its endpoint" */
const char *explain_fix(enum explain_verdict verdict);

/* -- what is known --------------------------------------------------------- */

struct explained_candidate {
	const char *type;		/* "host", "srflx", "prflx", "relay"; "tcp-so", "tcp-passive", "tcp-active" */
	struct endpoint at;
	const char *relay;		/* in place of `at`: the peer or rendezvous that it is; or NULL */
};

struct explained_pair {
	struct explained_candidate local, remote;
	const char *state;		/* "valid", "failed", "in progress", "waiting", "frozen" */
	int32_t rtt;			/* microseconds; -1: not measured */
	int lost;			/* percent; -1: nothing was asked */
	msec answered;			/* this long ago; -1: never */
	msec penalty;			/* so long nothing goes there, as it was bad (penalty.h); -1: it may */
	bool in_use;
};

/* As somebody saw us. */
struct explained_observed {
	struct endpoint mapped;
	struct ip base, observer;
	msec age;
	bool tcp;			/* when called by that */
};

struct explained_introducer {
	const char *name;		/* borrowed until the next reconfigure */
	bool connected;
	bool is_plain;			/* plain WireGuard: passes nothing on */
	bool relays;			/* passes on packets, too */
};

struct explanation {
	struct peer_status peer;
	uint32_t facts;
	enum explain_verdict verdict;
	msec since;			/* this long by the present pair, or searching; -1: neither */
	/* "none" (no NAT), "easy" (all see one port of us), "hard" (each another), "unknown";
	 * of the peer only a hard one is ever noticed */
	const char *nat, *peer_nat;
	bool in_a_row, peer_in_a_row;	/* a hard one gives each the next port */
	bool lan, places;
	struct explained_introducer introducers[EXPLAIN_INTRODUCERS];
	size_t introducers_len;
	struct turn_status turns[NODE_TURN_MAX];
	size_t turns_len;
	struct explained_observed observed[EXPLAIN_OBSERVED];
	size_t observed_len;
	struct explained_candidate locals[EXPLAIN_LOCALS], remotes[EXPLAIN_REMOTES];
	size_t locals_len, remotes_len;
	struct explained_pair pairs[EXPLAIN_PAIRS];	/* the best first */
	size_t pairs_len;
	unsigned rounds_failed;		/* times that all pairs failed, before these */
};

/* False: no such peer. */
bool node_explain(const struct node *node, const uint8_t peer[static KEY_LEN],
		  struct explanation *out, msec now);

#endif
