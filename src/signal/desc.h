/* desc.h -- DESC: all that a peer must know to reach us, in one message.
 *
 * Signalling is not a dialogue but the synchronising of two states: each side
 * says what its state is and which state of the other it has seen. So a DESC
 * may be lost, doubled, late, or cross another one; the newest counts.
 *
 *   | type | length | value ... |  again and again:
 *
 *   1 time         u64 ms since 1970, greater in each DESC of a sender
 *   2 version      u64 boot id, u32 generation, u32 revision
 *   3 ack          the version of the other side's that was seen; absent: none
 *   4 ufrag        ICE, 4..32 characters      \ of this generation;
 *   5 pwd          ICE, 22..64 characters     / absent in a bye
 *   6 ICE options  u16 \
 *   7 suites       u16  } bits; absent: none
 *   8 flags        u16 /
 *   9 candidate    u32 priority, u8 type, u8 transport, u8 foundation, address[, related]
 *                  at most 32, the best first; none in a bye
 *
 * One form for each content: types rise, candidates fall (as bytes), lengths
 * are exact, a zero is left out. Types that we do not know are skipped.
 */
#ifndef SIGNAL_DESC_H
#define SIGNAL_DESC_H

#include "base/addr.h"
#include "base/bytes.h"
#include "signal/seal.h"

enum {
	DESC_CANDIDATES_MAX = 32,
	DESC_UFRAG_MIN = 4,		/* RFC 8445 section 5.3: 24 random bits, */
	DESC_UFRAG_MAX = 32,
	DESC_PWD_MIN = 22,		/* and 128 */
	DESC_PWD_MAX = 64,
	DESC_MAX = SEAL_PLAIN_MAX - 17,	/* what a token leaves: see token.h */
};

enum desc_type { DESC_HOST = 1, DESC_SRFLX, DESC_PRFLX, DESC_RELAY, DESC_MAPPED };

/* RFC 6544 section 4.5 names the three of TCP. */
enum desc_transport { DESC_UDP = 1, DESC_TCP_ACTIVE, DESC_TCP_PASSIVE, DESC_TCP_SO };

enum desc_option { DESC_ICE2 = 1, DESC_TRICKLE = 2 };

enum desc_suite { DESC_CHACHA20 = 1, DESC_AES256GCM = 2 };

enum desc_flag {
	DESC_BYE = 1 << 0,		/* going away: forget my candidates */
	DESC_RELAY_ONLY = 1 << 1,
	DESC_WANT_CONNECT = 1 << 2,	/* packets wait for you here */
	DESC_COMPLETE = 1 << 3,		/* no more candidates in this generation, RFC 8838 section 13 */
	DESC_UNACKED = 1 << 4,		/* I have not seen your ack of this version: answer */
};

struct desc_candidate {
	uint32_t priority;		/* 1..2^31 - 1, RFC 8445 section 5.1.2 */
	uint8_t type;			/* enum desc_type */
	uint8_t transport;		/* enum desc_transport */
	uint8_t foundation;		/* equal for those that share base, server and type */
	struct endpoint endpoint;	/* scope 0 as received */
	struct endpoint related;	/* its base; family IP_NONE: not told */
};

/* What a DESC is the state of. Boot id 0: none. */
struct desc_version {
	uint64_t boot_id;		/* drawn at each start of the program */
	uint32_t gen;			/* of credentials: an ICE restart makes the next, from 1 */
	uint32_t rev;			/* of everything else in the generation */
};

struct desc {
	uint64_t time_ms;
	struct desc_version version, ack;
	char ufrag[DESC_UFRAG_MAX + 1];	/* ends with NUL; "" in a bye */
	char pwd[DESC_PWD_MAX + 1];
	uint16_t options;		/* enum desc_option */
	uint16_t suites;		/* enum desc_suite */
	uint16_t flags;			/* enum desc_flag */
	size_t candidates_len;
	struct desc_candidate candidates[DESC_CANDIDATES_MAX];
};

bool desc_version_equal(const struct desc_version *a, const struct desc_version *b);

/* The length, or 0: this cannot be said (no time, no version, credentials that are none)
 * or does not fit. Candidates may come in any order; doubles and those that no decoder
 * would take are left out, and then the lowest in priority, until the rest fits. */
size_t desc_encode(uint8_t *out, size_t cap, const struct desc *d);

/* False: not the one form; *out is as before. */
bool desc_decode(struct desc *out, struct bytes message);

#endif
