/* guests.h -- the clients of a rendezvous: a bounded table of strangers.
 *
 *   initiation --> NEWCOMER --first data message--> KNOWN --silent for 180 s--> gone
 *                      '--- none for 20 s, or there is no room ---> gone
 *
 * Whoever knows our public key can be a newcomer. Only data under the keys of a
 * handshake prove that the psk is right too (Noise_IKpsk2), and that the initiation
 * was no replay. So when there is no room the oldest newcomer goes, and one that
 * is known never does: whoever was silent for 180 s has no key that is valid and
 * is gone already.
 *
 * One guest is 800 bytes, and a keypair of 1.2 KB as long as it is there. Places
 * that were never used cost no memory.
 */
#ifndef NODE_GUESTS_H
#define NODE_GUESTS_H

#include "base/heap.h"
#include "base/list.h"
#include "base/path.h"
#include "wg/session.h"

enum {
	GUEST_PATIENCE = 20 * 1000,		/* msec, with a newcomer */
	GUEST_SILENCE = REJECT_AFTER_TIME,	/* of one that is known */
	GUEST_OLD_KEYS = 5 * 1000,		/* that the keys before the present ones are kept */
};

struct guest {
	struct session session;
	struct path path;		/* that its last data message came by */
	struct heap_node timer;
	struct list owing;		/* in the rendezvous' while it may owe something */
	struct list order;		/* in newcomers or known */
	msec heard;
	msec drops_keys;		/* when the previous keys go; NEVER: there are none */
	uint32_t chain_next;		/* or in the list of free places */
	bool is_known;
};

struct guests {
	struct guest *places;
	uint32_t places_len;
	uint32_t never_used;		/* from here on */
	uint32_t free_place;
	uint32_t *chains;		/* by public key */
	uint32_t chains_len;		/* a power of two */
	uint8_t seed[KEY_LEN];		/* nobody can choose keys that share a chain */
	struct list newcomers;		/* oldest first */
	struct list known;		/* longest silent first */
	uint32_t len, known_len;
};

/* False: no memory. */
bool guests_init(struct guests *g, uint32_t places, struct rng *rng);
void guests_deinit(struct guests *g);

struct guest *guests_find(const struct guests *g, const uint8_t public_key[static KEY_LEN]);
uint32_t guests_number(const struct guests *g, const struct guest *guest);
struct guest *guests_at(const struct guests *g, uint32_t number);

/* A newcomer. NULL: no place is free, or a key that cannot be. */
struct guest *guests_add(struct guests *g, struct session_shared *shared,
			 const uint8_t public_key[static KEY_LEN],
			 const uint8_t psk[static KEY_LEN], msec now);
/* Nothing else knows of it any more. */
void guests_remove(struct guests *g, struct guest *guest);

/* It has sent data that opened. */
void guests_heard(struct guests *g, struct guest *guest, msec now);

/* Who goes first when there is no room; NULL: nobody has to. */
struct guest *guests_first_to_go(const struct guests *g);
/* Somebody whose time is over, or NULL; and when the next one's will be. */
struct guest *guests_next_over(const struct guests *g, msec now);
msec guests_due(const struct guests *g);

#endif
