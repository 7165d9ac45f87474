/* suite.h -- which cipher suite two peers use, and how each knows what the other has.
 *
 *    byte 0    1        2          3
 *   | type | suite |   0      |   0       |   all of WireGuard's own suite, 0: byte for byte as ever
 *   | type | suite | offered  | expected  |   an initiation of another one
 *   | type | suite |   0      |   0       |   its response, its data
 *
 * Suites are those of crypto/aead.h; a set has a bit for each. `Offered` is the
 * set of who calls, `expected` the set that the other side has as far as he
 * knows. Both, and the suite, are the prologue of the handshake (noise.c): whoever
 * changes them on the way ends it. Both sides hash what the message says, not
 * what each remembers, so that they may know different things and still agree
 * on what was said. An initiation of WireGuard's own suite tells the set as well, where only
 * the responder can read it: in the low 24 bits of the nanoseconds of its timestamp, which
 * are sealed with it and which WireGuard leaves zero, as 'p' '2' set.
 *
 * So an initiation is a statement of what its sender has, and a later one than
 * all before. It is believed once the sender has used the keys: a replay of an old
 * one to who has forgotten its timestamp says nothing.
 *
 * The choice is a function of the two sets and of nothing else. That nobody answers is
 * no reason for another: who could cause it by dropping messages would choose.
 */
#ifndef WG_SUITE_H
#define WG_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "wg/messages.h"

enum suite_set {
	SUITE_NONE = 0,			/* of a peer: nothing is known; it may be plain WireGuard */
	SUITE_CHACHA20 = 1 << AEAD_CHACHA20POLY1305,
	SUITE_AES256GCM = 1 << AEAD_AES256GCM,
	SUITE_ALL = 15,			/* so many fit into the mark of a timestamp */
};

/* What an initiation says. */
struct suite_offer {
	enum aead_suite suite;
	uint8_t offered, expected;	/* enum suite_set; zero in one of WireGuard's own suite */
};

static inline uint8_t suite_bit(enum aead_suite suite)
{
	return (uint8_t)(1u << suite);
}

static inline bool suite_is_in(enum aead_suite suite, uint8_t set)
{
	return set & suite_bit(suite);
}

/* The suite to call with. Nothing known of the peer: WireGuard's own, if we may. Nothing in common:
 * one of ours, which will be refused; both sides can tell why then. */
enum aead_suite suite_choose(uint8_t ours, uint8_t theirs);

/* Is there none that both have, as far as is known? */
bool suite_contradicts(uint8_t ours, uint8_t theirs);

/* The mark in a timestamp that tai64n.h has made. */
void suite_mark(uint8_t timestamp[static TIMESTAMP_LEN], uint8_t set);
uint8_t suite_marked(const uint8_t timestamp[static TIMESTAMP_LEN]);	/* SUITE_NONE: it has none */

#endif
