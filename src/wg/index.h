/* index.h -- from the receiver index of a message to its session.
 *
 * An open-addressed hash table whose slots the caller gives (a power of two,
 * at least twice as many as live indices). Indices are random and unique over
 * all live handshakes and keypairs.
 */
#ifndef WG_INDEX_H
#define WG_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

struct session;

struct index_slot {
	uint32_t index;
	struct session *session;	/* NULL: free */
};

struct index_table {
	struct index_slot *slots;
	size_t cap;			/* a power of two */
	size_t len;
};

void index_init(struct index_table *t, struct index_slot *slots, size_t cap);
/* Move everything into a greater array; returns the old one, for its owner to free. */
struct index_slot *index_grow(struct index_table *t, struct index_slot *slots, size_t cap);

/* A fresh random index for this session; 0 when the table is half full
 * (0 is never given out). */
uint32_t index_add(struct index_table *t, struct session *s, struct rng *rng);
void index_remove(struct index_table *t, uint32_t index);
struct session *index_find(const struct index_table *t, uint32_t index);

#endif
