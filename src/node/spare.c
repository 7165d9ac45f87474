/* spare.c -- memory that handshakes need: keypairs to take, room in the table of indices. */
#include "node/spare.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

static void free_keypairs(struct keypair_pool *pool, size_t keep)
{
	while (pool->free_count > keep)
		free(keypair_pool_take(pool));
}

bool spare_init(struct session_shared *shared)
{
	struct index_slot *slots = calloc(SLOTS_MIN, sizeof(*slots));

	if (slots)
		index_init(&shared->indices, slots, SLOTS_MIN);
	return slots != NULL;
}

void spare_deinit(struct session_shared *shared)
{
	free_keypairs(&shared->keypairs, 0);
	free(shared->indices.slots);
	shared->indices = (struct index_table){0};
}

bool spare_top_up(struct session_shared *shared)
{
	struct keypair_pool *pool = &shared->keypairs;
	struct index_table *table = &shared->indices;

	if (pool->free_count == 0) {
		struct keypair *kp = calloc(1, sizeof(*kp));

		if (!kp)
			return false;
		keypair_pool_add(pool, kp);
	}
	if ((table->len + SPARE_INDICES) * 2 > table->cap) {
		struct index_slot *slots = calloc(table->cap * 2, sizeof(*slots));

		if (!slots)
			return false;
		free(index_grow(table, slots, table->cap * 2));
	}
	return true;
}

void spare_trim(struct session_shared *shared)
{
	free_keypairs(&shared->keypairs, SPARE_KEYPAIRS);
}
