/* fair.c -- a fair queue of frames, RFC 8290 in two levels.
 *
 *   a flow:   none --put--> fresh --its quantum is used, or it is empty--> in turn
 *               ^                                                            |
 *               '------------- empty, and its debt is paid -----------------'
 *
 * A frame goes as soon as its flow has any credit, and the debt is paid by missing turns. Debts
 * stay while all is empty: a flow that fills the device is not taken for a quiet one because its
 * queue drained for a moment.
 */
#include "tun/fair.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/ecn.h"
#include "base/list.h"
#include "tun/flow.h"

enum {
	FLOWS = 1024,
	HOSTS = 256,
	WORD = 64,
	SLOTS = (FAIR_FRAMES / WORD + 3) * WORD,	/* the queue, a burst on its way, the room */
	KEPT = 4,		/* slots whose memory is not given back */
	PEACE = 1000000,	/* between times that it is */
	PAGE = 4096,
	NONE = UINT16_MAX,
};

_Static_assert(BURST_MAX + 2 <= 3 * WORD, "a burst, one being cut up, and the room");

struct slot {
	usec since;
	uint32_t len;
	uint16_t next;		/* in its flow */
	bool is_many;
};

struct host {
	struct list in;		/* fair->hosts */
	struct list flows;		/* those in turn */
	uint32_t bytes;
	int32_t deficit;
	bool is_active;
};

struct flow {
	struct list in;		/* fair->fresh or host->flows */
	struct host *host;
	uint32_t bytes;
	int32_t deficit;
	uint16_t first, last;	/* slots; NONE: empty */
	bool is_active;
	struct codel codel;
};

struct fair {
	uint8_t *span;
	uint64_t seed;
	struct list fresh;
	struct list hosts;
	uint32_t bytes;
	uint32_t len;
	uint16_t room;
	uint16_t highest;	/* slot since memory was given back */
	usec given_back;
	uint64_t used[SLOTS / WORD];	/* bits of slots; those taken are in both */
	uint64_t taken[SLOTS / WORD];
	uint64_t counters[FAIR_COUNTERS];
	struct slot slots[SLOTS];
	struct host host[HOSTS];
	struct flow flow[FLOWS];
};

struct fair *fair_new(uint64_t seed)
{
	struct fair *fair = calloc(1, sizeof(*fair));

	if (!fair)
		return NULL;
	fair->span = mmap(NULL, (size_t)SLOTS * PACKET_SLOT, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fair->span == MAP_FAILED) {
		free(fair);
		return NULL;
	}
	madvise(fair->span, (size_t)SLOTS * PACKET_SLOT, MADV_DONTDUMP);
	fair->seed = seed;
	fair->room = NONE;
	list_init(&fair->fresh);
	list_init(&fair->hosts);
	return fair;
}

void fair_free(struct fair *fair)
{
	if (!fair)
		return;
	munmap(fair->span, (size_t)SLOTS * PACKET_SLOT);
	free(fair);
}

uint64_t fair_counter(const struct fair *fair, enum fair_counter counter)
{
	return fair->counters[counter];
}

const char *fair_counter_name(enum fair_counter counter)
{
	switch (counter) {
	case FAIR_MARKED:
		return "queue_marked";
	case FAIR_LOST:
		return "queue_lost";
	case FAIR_OVERFLOWN:
		return "queue_overflown";
	case FAIR_COUNTERS:
		break;
	}
	return NULL;
}

/* -- slots --------------------------------------------------------------- */

static struct packet packet_of(const struct fair *fair, uint16_t i)
{
	return packet_in(fair->span + (size_t)i * PACKET_SLOT, PACKET_SLOT, HEADROOM,
			 fair->slots[i].len);
}

static uint16_t slot_of(const struct fair *fair, const struct frame *frame)
{
	return (uint16_t)((size_t)(frame->packet.start - fair->span) / PACKET_SLOT);
}

static uint64_t bit_of(uint16_t i)
{
	return UINT64_C(1) << i % WORD;
}

static uint16_t lowest_free(const struct fair *fair)
{
	uint16_t word = 0;

	while (!~fair->used[word])
		word++;
	return (uint16_t)(word * WORD + __builtin_ctzll(~fair->used[word]));
}

struct packet fair_room(struct fair *fair)
{
	if (fair->room == NONE) {
		fair->room = lowest_free(fair);
		fair->used[fair->room / WORD] |= bit_of(fair->room);
		fair->slots[fair->room].len = 0;
		if (fair->room > fair->highest)
			fair->highest = fair->room;
	}
	return packet_of(fair, fair->room);
}

static void free_slot(struct fair *fair, uint16_t i)
{
	fair->used[i / WORD] &= ~bit_of(i);
	fair->taken[i / WORD] &= ~bit_of(i);
}

/* -- flows --------------------------------------------------------------- */

static void count_bytes(struct fair *fair, struct flow *flow, uint32_t more)
{
	fair->bytes += more;
	flow->bytes += more;
	flow->host->bytes += more;
}

static void append(struct fair *fair, struct flow *flow, uint16_t i)
{
	fair->slots[i].next = NONE;
	if (flow->first == NONE)
		flow->first = i;
	else
		fair->slots[flow->last].next = i;
	flow->last = i;
	fair->len++;
	count_bytes(fair, flow, fair->slots[i].len);
}

static uint16_t remove_first(struct fair *fair, struct flow *flow)
{
	uint16_t i = flow->first;

	flow->first = fair->slots[i].next;
	fair->len--;
	count_bytes(fair, flow, -fair->slots[i].len);
	return i;
}

static struct flow *flow_for(struct fair *fair, struct bytes bytes)
{
	struct flow_id id = flow_of(bytes, fair->seed);
	struct flow *flow = &fair->flow[id.flow % FLOWS];

	if (!flow->is_active) {
		flow->is_active = true;
		flow->host = &fair->host[id.host % HOSTS];
		flow->first = NONE;
		flow->deficit = FAIR_QUANTUM;
		list_append(&fair->fresh, &flow->in);
	}
	return flow;
}

static void move(struct list *link, struct list *to)
{
	list_remove(link);
	list_append(to, link);
}

/* -- turns --------------------------------------------------------------- */

static void take_turns(struct fair *fair, struct flow *flow)
{
	struct host *host = flow->host;

	if (!host->is_active) {
		host->is_active = true;
		list_init(&host->flows);
		list_append(&fair->hosts, &host->in);
	}
	move(&flow->in, &host->flows);
}

/* A flow of the fresh that may send; those that may not are fresh no more. */
static struct flow *next_fresh(struct fair *fair)
{
	struct flow *flow;

	while ((flow = list_first(&fair->fresh, struct flow, in))) {
		if (flow->deficit > 0 && flow->first != NONE)
			return flow;
		take_turns(fair, flow);
	}
	return NULL;
}

/* The same among those in turn. One that has credit and nothing to send is quiet again. */
static struct flow *next_of_host(struct host *host)
{
	struct flow *flow;

	while ((flow = list_first(&host->flows, struct flow, in))) {
		if (flow->deficit <= 0) {
			flow->deficit += FAIR_QUANTUM;
			move(&flow->in, &host->flows);
		} else if (flow->first == NONE) {
			flow->is_active = false;
			list_remove(&flow->in);
		} else {
			return flow;
		}
	}
	return NULL;
}

static struct flow *next_in_turn(struct fair *fair)
{
	struct host *host;
	struct flow *flow;

	while ((host = list_first(&fair->hosts, struct host, in))) {
		if (host->deficit <= 0) {
			host->deficit += FAIR_QUANTUM;
			move(&host->in, &fair->hosts);
			continue;
		}
		flow = next_of_host(host);
		if (flow)
			return flow;
		host->is_active = false;
		list_remove(&host->in);
	}
	return NULL;
}

static struct flow *next_flow(struct fair *fair)
{
	struct flow *flow = next_fresh(fair);

	return flow ? flow : next_in_turn(fair);
}

/* -- too much ------------------------------------------------------------ */

static struct flow *fatter(struct flow *a, struct flow *b)
{
	if (!a || b->host->bytes > a->host->bytes)
		return b;
	return b->host == a->host && b->bytes > a->bytes ? b : a;
}

/* Of the destination that has most waiting. */
static struct flow *fattest(struct fair *fair)
{
	struct flow *found = NULL;

	list_for_each (struct flow, flow, &fair->fresh, in)
		found = fatter(found, flow);
	list_for_each (struct host, host, &fair->hosts, in)
		list_for_each (struct flow, flow, &host->flows, in)
			found = fatter(found, flow);
	return found;
}

/* RFC 8290 section 4.1: from the head, so that the news is soonest. */
static void keep_bound(struct fair *fair)
{
	while (fair->bytes > FAIR_BYTES || fair->len > FAIR_FRAMES) {
		free_slot(fair, remove_first(fair, fattest(fair)));
		fair->counters[FAIR_OVERFLOWN]++;
	}
}

/* -- in and out ---------------------------------------------------------- */

void fair_put(struct fair *fair, size_t len, bool is_many, usec now)
{
	uint16_t i = fair->room;
	struct packet p;

	assert(i != NONE && len > 0 && len <= PACKET_SLOT - HEADROOM - TAILROOM);
	fair->room = NONE;
	fair->slots[i] = (struct slot){.since = now, .len = (uint32_t)len, .is_many = is_many};
	p = packet_of(fair, i);
	append(fair, flow_for(fair, packet_bytes(&p)), i);
	keep_bound(fair);
}

/* Nobody else has to be told when this frame was the flow's last. */
static bool is_above(const struct fair *fair, const struct flow *flow, uint16_t i, usec now)
{
	return flow->first != NONE && now - fair->slots[i].since >= CODEL_TARGET;
}

/* False: the frame was left out. */
static bool tell(struct fair *fair, struct frame *frame, bool is_many)
{
	if (ecn_merge(&frame->packet, ECN_CE)) {
		fair->counters[FAIR_MARKED]++;
		return true;
	}
	fair->counters[FAIR_LOST]++;
	frame->leave_first_out = is_many;
	return is_many;
}

static bool take_from(struct fair *fair, struct flow *flow, struct frame *out, usec now)
{
	uint16_t i = remove_first(fair, flow);

	*out = (struct frame){.packet = packet_of(fair, i)};
	if (codel_tells(&flow->codel, is_above(fair, flow, i, now), now) &&
	    !tell(fair, out, fair->slots[i].is_many)) {
		free_slot(fair, i);
		return false;
	}
	flow->deficit -= (int32_t)out->packet.len;
	flow->host->deficit -= (int32_t)out->packet.len;
	fair->taken[i / WORD] |= bit_of(i);
	return true;
}

bool fair_take(struct fair *fair, struct frame *out, usec now)
{
	while (fair->len)
		if (take_from(fair, next_flow(fair), out, now))
			return true;
	return false;
}

bool fair_is_empty(const struct fair *fair)
{
	return fair->len == 0;
}

/* -- giving back --------------------------------------------------------- */

static bool nothing_is_used(const struct fair *fair)
{
	for (size_t i = 0; i < SLOTS / WORD; i++)
		if (fair->used[i])
			return false;
	return true;
}

/* At most once in a while: a busy queue is empty many times a second. */
static void give_memory_back(struct fair *fair, usec now)
{
	size_t from = ((size_t)KEPT * PACKET_SLOT + PAGE - 1) / PAGE * PAGE;

	if (fair->highest < KEPT || now - fair->given_back < PEACE)
		return;
	madvise(fair->span + from, (size_t)(fair->highest + 1) * PACKET_SLOT - from, MADV_DONTNEED);
	fair->highest = 0;
	fair->given_back = now;
}

void fair_release(struct fair *fair, const struct frame *but, usec now)
{
	uint16_t kept = but ? slot_of(fair, but) : NONE;

	for (uint16_t word = 0; word < SLOTS / WORD; word++) {
		uint64_t still = fair->taken[word] & (kept / WORD == word ? bit_of(kept) : 0);

		fair->used[word] &= ~fair->taken[word] | still;
		fair->taken[word] = still;
	}
	if (fair->room != NONE && !fair->len) {
		free_slot(fair, fair->room);
		fair->room = NONE;
	}
	if (nothing_is_used(fair))
		give_memory_back(fair, now);
}
