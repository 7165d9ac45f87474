/* tun_memory.c -- two ends of an interface in memory, for tests.
 *
 *   a: write -> [ queue of b ] -> read :b
 *   a: read  <- [ queue of a ] <- write:b
 *
 * An end takes what the kernel's interface takes: IP packets, until its queue
 * is full. When one end is freed, the other reads what is left and then gets
 * -EBADFD, like the owner of a deleted interface.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "tun/tun_impl.h"

struct memory_end {
	struct tun tun;
	struct memory_end *other;	/* NULL: freed */
	size_t first;			/* in the ring, the oldest packet */
	size_t len;
	size_t cap;
	struct packet queue[];		/* a ring; start belongs to it */
};

static const struct tun_ops memory_ops;

static struct memory_end *end_of(struct tun *tun)
{
	return container_of(tun, struct memory_end, tun);
}

static struct memory_end *end_new(const char *name, size_t cap)
{
	struct memory_end *end = calloc(1, sizeof(*end) + cap * sizeof(end->queue[0]));

	if (!end)
		return NULL;
	end->tun.ops = &memory_ops;
	end->tun.fd = -1;
	end->cap = cap;
	snprintf(end->tun.name, sizeof(end->tun.name), "%s", name);
	return end;
}

int tun_memory_pair(struct tun **a, struct tun **b, size_t cap)
{
	struct memory_end *one = end_new("memory-a", cap);
	struct memory_end *two = end_new("memory-b", cap);

	if (!one || !two) {
		free(one);
		free(two);
		return -ENOMEM;
	}
	one->other = two;
	two->other = one;
	*a = &one->tun;
	*b = &two->tun;
	return 0;
}

static bool is_ip(const struct packet *p)
{
	return p->len > 0 && (p->data[0] >> 4 == 4 || p->data[0] >> 4 == 6);
}

static bool enqueue(struct memory_end *end, const struct packet *p)
{
	uint8_t *copy;

	if (!is_ip(p) || p->len > PACKET_SLOT - HEADROOM - TAILROOM || end->len == end->cap)
		return false;
	copy = malloc(p->len);
	if (!copy)
		return false;
	memcpy(copy, p->data, p->len);
	end->queue[(end->first + end->len++) % end->cap] = packet_in(copy, p->len, 0, p->len);
	return true;
}

static struct packet dequeue(struct memory_end *end)
{
	struct packet p = end->queue[end->first];

	end->first = (end->first + 1) % end->cap;
	end->len--;
	return p;
}

static int memory_read(struct tun *tun, uint8_t *room, struct packet *packets, size_t n)
{
	struct memory_end *end = end_of(tun);
	size_t got;

	if (end->len == 0 && !end->other)
		return -EBADFD;
	for (got = 0; got < n && end->len > 0; got++) {
		struct packet p = dequeue(end);

		packets[got] = tun_place(&room, p.len);
		memcpy(packets[got].data, p.data, p.len);
		free(p.start);
	}
	return (int)got;
}

static size_t memory_write(struct tun *tun, const struct packet *packets, size_t n)
{
	struct memory_end *other = end_of(tun)->other;
	size_t taken = 0;

	for (size_t i = 0; i < n && other; i++)
		taken += enqueue(other, &packets[i]);
	return taken;
}

static void memory_free(struct tun *tun)
{
	struct memory_end *end = end_of(tun);

	while (end->len > 0)
		free(dequeue(end).start);
	if (end->other)
		end->other->other = NULL;
	free(end);
}

static const struct tun_ops memory_ops = {
	.read = memory_read,
	.write = memory_write,
	.free = memory_free,
};
