/* list.h -- doubly linked lists whose links live in their members.
 *
 *	list_for_each(struct peer, p, &node->peers, link)
 *		peer_tick(p, now);
 *
 * The loop may take `p` out of the list (it holds the next one already).
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* Safe to call twice. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->prev = link->next = link;
}

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define list_first(head, type, member) \
	(list_empty(head) ? NULL : container_of((head)->next, type, member))

#define list_for_each(type, it, head, member)                                              \
	for (type *it = container_of((head)->next, type, member),                          \
		  *it##_next = container_of(it->member.next, type, member);                \
	     &it->member != (head);                                                        \
	     it = it##_next, it##_next = container_of(it->member.next, type, member))

#endif
