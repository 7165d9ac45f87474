/* index.c -- from the receiver index of a message to its session.
 *
 *   slot   index % cap        linear probing: an entry lies at its home or
 *   [ . A B . C . . . ]       after it, with no free slot between; removing
 *       |->|                  one moves the later ones of its cluster back.
 *
 * The indices are random and ours, so they are their own hash: a stranger can
 * choose what to look up, but not what lies there.
 */
#include "wg/index.h"

#include <assert.h>
#include <string.h>

void index_init(struct index_table *t, struct index_slot *slots, size_t cap)
{
	assert(cap && !(cap & (cap - 1)));
	memset(slots, 0, cap * sizeof(*slots));
	*t = (struct index_table){.slots = slots, .cap = cap};
}

static size_t home(const struct index_table *t, uint32_t index)
{
	return index & (t->cap - 1);
}

static size_t after(const struct index_table *t, size_t place)
{
	return (place + 1) & (t->cap - 1);
}

/* Where this index is, or the free slot where it would be. */
static size_t place_of(const struct index_table *t, uint32_t index)
{
	size_t place = home(t, index);

	while (t->slots[place].session && t->slots[place].index != index)
		place = after(t, place);
	return place;
}

static void put(struct index_table *t, uint32_t index, struct session *s)
{
	t->slots[place_of(t, index)] = (struct index_slot){index, s};
	t->len++;
}

struct index_slot *index_grow(struct index_table *t, struct index_slot *slots, size_t cap)
{
	struct index_table old = *t;

	assert(cap >= old.cap);
	index_init(t, slots, cap);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].session)
			put(t, old.slots[i].index, old.slots[i].session);
	return old.slots;
}

uint32_t index_add(struct index_table *t, struct session *s, struct rng *rng)
{
	uint32_t index;

	if (t->len >= t->cap / 2)
		return 0;
	do
		index = rng_u32(rng);
	while (index == 0 || index_find(t, index));
	put(t, index, s);
	return index;
}

/* May the entry at `place` move back to `hole` and still be found? Only if its
 * home is not between them: ring distances from home to both. */
static bool may_fill(const struct index_table *t, size_t hole, size_t place)
{
	size_t from = home(t, t->slots[place].index);

	return ((hole - from) & (t->cap - 1)) < ((place - from) & (t->cap - 1));
}

void index_remove(struct index_table *t, uint32_t index)
{
	size_t hole = place_of(t, index);

	if (!t->slots[hole].session)
		return;
	for (size_t i = after(t, hole); t->slots[i].session; i = after(t, i)) {
		if (may_fill(t, hole, i)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole] = (struct index_slot){0};
	t->len--;
}

struct session *index_find(const struct index_table *t, uint32_t index)
{
	return t->slots[place_of(t, index)].session;
}
