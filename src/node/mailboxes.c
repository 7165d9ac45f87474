/* mailboxes.c -- where envelopes for us lie: two ids for each peer, of two days. */
#include "node/mailboxes.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"

struct noise_x_peer mailboxes_noise_of(const struct peer *peer)
{
	const struct noise_peer *from = &peer->session.peer;
	struct noise_x_peer to = {.has_psk = !key_is_zero(from->psk)};

	memcpy(to.public_key, from->public_key, KEY_LEN);
	memcpy(to.static_static, from->static_static, KEY_LEN);
	memcpy(to.psk, from->psk, KEY_LEN);
	return to;
}

static int compare_ids(const void *a, const void *b, void *ids)
{
	const uint8_t(*all)[MAILBOX_LEN] = ids;
	const uint32_t *ia = a, *ib = b;

	return memcmp(all[*ia], all[*ib], MAILBOX_LEN);
}

static void sort_ids(struct mailboxes *m)
{
	for (uint32_t i = 0; i < m->len; i++)
		m->order[i] = i;
	if (m->len)
		qsort_r(m->order, m->len, sizeof(*m->order), compare_ids, m->ids);
}

static void make_ids(struct node *node)
{
	const struct exchange_shared *shared = &node->signalling.shared;
	struct mailboxes *m = &node->signalling.mailboxes;

	m->first_day = mailbox_first_day(shared->wall_ms);
	for (size_t i = 0; i < m->len; i++) {
		struct noise_x_peer to = mailboxes_noise_of(node->roster.peers[i / 2]);

		mailbox_id(m->ids[i], &shared->self, &to, MAILBOX_FROM_PEER,
			   m->first_day + (uint32_t)(i & 1));
		wipe(&to, sizeof(to));
	}
	sort_ids(m);
}

bool mailboxes_set_peers(struct node *node)
{
	struct mailboxes *m = &node->signalling.mailboxes;
	size_t n = 2 * node->roster.len;

	free(m->ids);
	free(m->order);
	m->ids = calloc(n ? n : 1, sizeof(*m->ids));
	m->order = calloc(n ? n : 1, sizeof(*m->order));
	m->len = m->ids && m->order ? n : 0;
	make_ids(node);
	return m->ids && m->order;
}

void mailboxes_deinit(struct mailboxes *m)
{
	free(m->ids);
	free(m->order);
	*m = (struct mailboxes){0};
}

bool mailboxes_are_old(const struct mailboxes *m, uint64_t wall_ms)
{
	return !m->knows_day || mailbox_first_day(wall_ms) != m->first_day;
}

bool mailboxes_renew(struct node *node)
{
	struct mailboxes *m = &node->signalling.mailboxes;
	bool knew = m->knows_day;

	m->knows_day = true;
	make_ids(node);
	return knew;
}

/* The first that begins so. */
static struct peer *find(const struct node *node, const uint8_t *begin, size_t len)
{
	const struct mailboxes *m = &node->signalling.mailboxes;
	size_t low = 0, high = m->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(m->ids[m->order[mid]], begin, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->len && memcmp(m->ids[m->order[low]], begin, len) == 0
		       ? node->roster.peers[m->order[low] / 2] : NULL;
}

struct peer *mailboxes_find(const struct node *node, const uint8_t id[static MAILBOX_LEN])
{
	return find(node, id, MAILBOX_LEN);
}

struct peer *mailboxes_find_tag(const struct node *node, const uint8_t tag[static RELAY_TAG])
{
	return find(node, tag, RELAY_TAG);
}

/* Kept until the day is over: each datagram asks. */
const uint8_t *mailboxes_tag(const struct node *node, struct peer *peer)
{
	const struct exchange_shared *shared = &node->signalling.shared;
	struct noise_x_peer to;
	uint8_t id[MAILBOX_LEN];

	if (peer->has_tag && peer->tag_day == shared->day)
		return peer->tag;
	to = mailboxes_noise_of(peer);
	mailbox_id(id, &shared->self, &to, MAILBOX_TO_PEER, shared->day);
	wipe(&to, sizeof(to));
	memcpy(peer->tag, id, RELAY_TAG);
	peer->tag_day = shared->day;
	peer->has_tag = true;
	return peer->tag;
}
