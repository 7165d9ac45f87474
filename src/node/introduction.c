/* introduction.c -- what we do for peers that look for each other: we hold their mailboxes. */
#include "node/introduction.h"

#include <stdlib.h>

#include "node/brain.h"
#include "signal/rendezvous_server.h"

struct introduction {
	struct rendezvous_server server;
	struct rendezvous_seat *seats;	/* one for each peer, in the roster's order */
	struct rendezvous_box boxes[INTRODUCTION_BOXES];
	uint32_t chains[INTRODUCTION_BOXES];
	struct rendezvous_letter letters[INTRODUCTION_LETTERS];
};

void introduction_free(struct introduction *in)
{
	if (in)
		free(in->seats);
	free(in);
}

static struct introduction *introduction_new(const struct node *node)
{
	struct introduction *in = calloc(1, sizeof(*in));
	struct rendezvous_tables tables;

	if (!in)
		return NULL;
	in->seats = calloc(node->roster.len, sizeof(*in->seats));
	if (!in->seats) {
		free(in);
		return NULL;
	}
	tables = (struct rendezvous_tables){
		.seats = in->seats, .seats_len = (uint32_t)node->roster.len,
		.boxes = in->boxes, .boxes_len = INTRODUCTION_BOXES,
		.chains = in->chains, .chains_len = INTRODUCTION_BOXES,
		.letters = in->letters, .letters_len = INTRODUCTION_LETTERS,
	};
	rendezvous_server_init(&in->server, &tables, INTRODUCTION_BOXES_EACH, node->shared.rng);
	return in;
}

static uint32_t seat_of(const struct node *node, const struct peer *peer)
{
	for (uint32_t i = 0; i < node->roster.len; i++) {
		if (node->roster.peers[i] == peer)
			return i;
	}
	return 0;
}

void introduction_feed(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct signalling *s = &node->signalling;

	if (!s->introduction) {
		s->introduction = introduction_new(node);
		signalling_want_other_port(node);
	}
	if (!s->introduction) {
		node_count(node, COUNT_NO_MEMORY, 1);
		return;
	}
	rendezvous_server_set_wall(&s->introduction->server, s->shared.wall_ms);
	rendezvous_server_feed(&s->introduction->server, seat_of(node, peer), &peer->path.remote,
			       plain, now);
}

void introduction_tick(struct introduction *in, msec now)
{
	if (in)
		rendezvous_server_tick(&in->server, now);
}

msec introduction_due(const struct introduction *in)
{
	return in ? rendezvous_server_due(&in->server) : NEVER;
}

size_t introduction_poll(struct node *node, struct peer **to)
{
	struct signalling *s = &node->signalling;
	uint32_t seat;
	size_t len;

	if (!s->introduction)
		return 0;
	len = rendezvous_server_poll(&s->introduction->server, &seat, signalling_frame_room(s));
	if (len)
		*to = node->roster.peers[seat];
	return len;
}
