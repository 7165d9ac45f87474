/* cache.h -- the form of the file that remembers peers: peers.cache.
 *
 *   "p2pnet peers 2\n" | entry | entry ... | the first 16 bytes of BLAKE2s("p2pnet cache" | all before)
 *
 *   entry:  public key        32 bytes
 *           heard             u64 ms, the time of its last DESC: none before it is accepted
 *           connected         u64 ms since 1970, when we last were; 0: never
 *           flags             u8, 1: we were when this was written; the upper four bits:
 *                             the cipher suites that it has told of (wg/suite.h), 0: none
 *           places            u8, how many: at most 6
 *           each place        family (4 or 6), the address, port
 *
 * Version 1 is the same without suites, and is read as well. Places have no scope:
 * a link-local address is no place after a restart. The sum finds what a crash or
 * a disk has damaged. It hinders nobody who may write the file; whoever he names
 * there is still asked for the peer's key.
 */
#ifndef NODE_CACHE_H
#define NODE_CACHE_H

#include "base/addr.h"
#include "base/bytes.h"
#include "crypto/key.h"

enum {
	CACHE_PLACES = 6,
	CACHE_ENTRY_MAX = KEY_LEN + 8 + 8 + 1 + 1 + CACHE_PLACES * (1 + 16 + 2),
	CACHE_FRAME = 15 + 16,		/* what stands around the entries */
};

struct cache_entry {
	uint8_t public_key[KEY_LEN];
	uint64_t heard_ms, connected_ms;
	bool connected;
	uint8_t suites;			/* enum suite_set */
	size_t places_len;
	struct endpoint places[CACHE_PLACES];	/* the best first */
};

void cache_begin(struct writer *w);
void cache_put(struct writer *w, const struct cache_entry *entry);
void cache_end(struct writer *w);

/* False: not whole, not of this version, or damaged. Then nothing of it is to be used. */
bool cache_open(struct reader *entries, struct bytes file);
/* False: there are no more. */
bool cache_next(struct cache_entry *out, struct reader *entries);

#endif
