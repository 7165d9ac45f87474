/* heap.h -- deadlines in order: a binary heap of nodes that live in their owners.
 *
 * The array of pointers is the caller's; a node knows its place, so moving or
 * taking out any of them costs O(log n). A node that is not in the heap has
 * place 0 (zero-initialised memory is right).
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/msec.h"

struct heap_node {
	msec due;
	size_t place;		/* index + 1 in the array; 0: not in the heap */
};

struct heap {
	struct heap_node **nodes;
	size_t len;
	size_t cap;
};

void heap_init(struct heap *h, struct heap_node **nodes, size_t cap);

/* Put the node at this deadline, wherever it was; NEVER takes it out.
 * False: the array is full (never when cap counts every node there is). */
bool heap_set(struct heap *h, struct heap_node *n, msec due);
void heap_remove(struct heap *h, struct heap_node *n);
struct heap_node *heap_first(const struct heap *h);	/* NULL when empty */
msec heap_due(const struct heap *h);			/* NEVER when empty */

#endif
