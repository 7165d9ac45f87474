/* world.h -- two sessions, a wire between them, and a clock that jumps.
 *
 *   side A --- in flight, each with its time of arrival ---> side B
 *          <------------------------------------------------
 *
 * The wire may be slow, and may lose at random, or all messages of a type.
 * Nothing here waits: world_run() goes from event to event.
 */
#ifndef TESTS_WG_WORLD_H
#define TESTS_WG_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "wg/session.h"

enum { A, B, SIDES };
enum { INDEX_SLOTS = 16, KEYPAIRS = 8, MTU = 1400 };
enum { LARGEST = 256, IN_FLIGHT = 256, MESSAGE_TYPES = 5, VERDICTS = SESSION_WRONG_SUITE + 1 };

struct message {
	msec at;
	uint64_t order;
	int to;
	size_t len;
	uint8_t bytes[LARGEST];
};

struct side {
	struct session session;
	struct session_shared shared;
	struct index_slot slots[INDEX_SLOTS];
	struct keypair keypairs[KEYPAIRS];
	struct cookie_checker checker;
	bool staged;			/* a packet waits for a key */
	unsigned sent[MESSAGE_TYPES];	/* by enum message_type */
	unsigned called[AEAD_SUITES];	/* initiations sent, by their suite */
	unsigned keepalives_sent;
	unsigned saves;			/* times the clock had to be on disk first */
	unsigned data_said, data_got, keepalives_got;
	unsigned verdicts[VERDICTS];
};

struct world {
	struct rng rng;
	msec now;
	msec delay;			/* one way */
	unsigned loss_percent;
	unsigned lose[SIDES];		/* to this side, all messages of these types: 1 << type */
	unsigned lose_suites[SIDES];	/* and of these suites: enum suite_set */
	struct side side[SIDES];
	struct message in_flight[IN_FLIGHT];
	size_t flying;
	uint64_t order;
	struct message last[SIDES][MESSAGE_TYPES];	/* sent to this side, lost or not */
};

/* Sessions that know each other, without keys, at a time that is not 0. */
void world_init(struct world *w, uint64_t seed);
void world_init_with_psks(struct world *w, uint64_t seed, const uint8_t psk_a[static KEY_LEN],
			  const uint8_t psk_b[static KEY_LEN]);
void world_deinit(struct world *w);

void world_run(struct world *w, msec span);
/* Everything that is owed now goes out, nothing arrives. */
void world_poll(struct world *w, int from);

/* A packet of the inner network: sealed, or staged until there is a key. */
void world_say(struct world *w, int from);
/* Both have keys that are confirmed, made by A just now. */
void world_handshake(struct world *w);

enum session_verdict world_deliver(struct world *w, int to, const uint8_t *bytes, size_t len);
/* What was sent last to this side, once more. */
enum session_verdict world_replay(struct world *w, int to, enum message_type type);

/* Seal a packet of `len` bytes by hand; it does not go onto the wire. */
void world_seal(struct world *w, int from, struct message *out, size_t len);

bool memory_contains(const void *memory, size_t len, const uint8_t secret[static KEY_LEN]);

#endif
