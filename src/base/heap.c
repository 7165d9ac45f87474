/* heap.c -- deadlines in order: a binary heap of nodes that live in their owners. */
#include "base/heap.h"

void heap_init(struct heap *h, struct heap_node **nodes, size_t cap)
{
	*h = (struct heap){.nodes = nodes, .cap = cap};
}

static void place(struct heap *h, size_t i, struct heap_node *n)
{
	h->nodes[i] = n;
	n->place = i + 1;
}

static void sift_up(struct heap *h, size_t i)
{
	struct heap_node *n = h->nodes[i];

	while (i > 0 && n->due < h->nodes[(i - 1) / 2]->due) {
		place(h, i, h->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, n);
}

static void sift_down(struct heap *h, size_t i)
{
	struct heap_node *n = h->nodes[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->len)
			break;
		if (child + 1 < h->len && h->nodes[child + 1]->due < h->nodes[child]->due)
			child++;
		if (n->due <= h->nodes[child]->due)
			break;
		place(h, i, h->nodes[child]);
		i = child;
	}
	place(h, i, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	size_t i = n->place - 1;
	struct heap_node *last;

	if (n->place == 0)
		return;
	n->place = 0;
	last = h->nodes[--h->len];
	if (last == n)
		return;
	place(h, i, last);
	sift_up(h, i);
	sift_down(h, last->place - 1);
}

bool heap_set(struct heap *h, struct heap_node *n, msec due)
{
	if (due == NEVER) {
		heap_remove(h, n);
		n->due = NEVER;
		return true;
	}
	if (n->place == 0) {
		if (h->len == h->cap)
			return false;
		place(h, h->len++, n);
	}
	n->due = due;
	sift_up(h, n->place - 1);
	sift_down(h, n->place - 1);
	return true;
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->len ? h->nodes[0] : NULL;
}

msec heap_due(const struct heap *h)
{
	return h->len ? h->nodes[0]->due : NEVER;
}
