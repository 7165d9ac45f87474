/* introduction.c -- what we do for peers that look for each other: we hold their mailboxes. */
#include "node/introduction.h"

#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "signal/rendezvous_server.h"

struct introduction {
	struct rendezvous_server server;
	bool relays;
	struct forwarder forwarder;	/* if it does */
	struct forwards forwards;	/* of this burst */
	struct rendezvous_seat *seats;	/* one for each peer, in the roster's order */
	struct rendezvous_box boxes[INTRODUCTION_BOXES];
	uint32_t chains[INTRODUCTION_BOXES];
	struct rendezvous_letter letters[INTRODUCTION_LETTERS];
};

void introduction_free(struct introduction *in)
{
	if (!in)
		return;
	if (in->relays)
		forwarder_deinit(&in->forwarder);
	free(in->seats);
	free(in);
}

static bool start_relaying(struct introduction *in, const struct node *node, msec now)
{
	in->relays = forwarder_init(&in->forwarder, (uint32_t)node->roster.len, node->relay_rate,
				    now);
	if (in->relays)
		rendezvous_server_set_relays(&in->server);
	return in->relays;
}

static struct introduction *introduction_new(const struct node *node, msec now)
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
	if (node->relay && !start_relaying(in, node, now)) {
		introduction_free(in);
		return NULL;
	}
	return in;
}

/* Its clients are places in the roster. */
void introduction_renew(struct node *node, msec now)
{
	struct signalling *s = &node->signalling;

	if (!s->introduction)
		return;
	introduction_free(s->introduction);
	s->introduction = introduction_new(node, now);
	for (size_t i = 0; s->introduction && i < node->roster.len; i++) {
		const struct peer *peer = node->roster.peers[i];

		if (peer->is_client)
			rendezvous_server_tell(&s->introduction->server, peer->seat,
					       &peer->path.remote);
	}
}

void introduction_feed(struct node *node, struct peer *peer, struct bytes plain, msec now)
{
	struct signalling *s = &node->signalling;

	if (!s->introduction) {
		s->introduction = introduction_new(node, now);
		signalling_want_other_port(node);
	}
	if (!s->introduction) {
		node_count(node, COUNT_NO_MEMORY, 1);
		return;
	}
	peer->is_client = true;
	rendezvous_server_set_wall(&s->introduction->server, s->shared.wall_ms);
	rendezvous_server_feed(&s->introduction->server, peer->seat, &peer->path.remote, plain,
			       now);
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

/* -- datagrams that are passed on ---------------------------------------------- */

/* NULL: dropped, and counted. */
static struct peer *addressee(struct node *node, uint32_t source,
			      const uint8_t tag[static RELAY_TAG], msec now)
{
	struct introduction *in = node->signalling.introduction;
	struct peer *to;
	uint32_t seat;

	if (!forwarder_route(&in->forwarder, &in->server, source, tag, &seat, now))
		return NULL;
	to = node->roster.peers[seat];
	if (peer_may_send(to, now) && !via_is_relay(to->path.via))
		return to;
	forwarder_dropped(&in->forwarder, source, FORWARD_UNREACHED);
	return NULL;
}

/* In place: the frames are out of their sessions and go into that with one peer. */
static size_t pass_on(struct node *node, const struct forward *forwards, size_t n,
		      struct datagram *out, msec now)
{
	struct peer *to = node->roster.peers[forwards[0].to];

	n = forwarder_seal(&node->signalling.introduction->forwarder, forwards, n, &to->session,
			   &to->path, out, now);
	node_touch(node, to);
	return n;
}

void introduction_pass_on(struct node *node, struct node_out *out, msec now)
{
	struct introduction *in = node->signalling.introduction;
	struct forward forwards[BURST_MAX];

	while (in && in->forwards.len) {
		size_t n = forwards_take(&in->forwards, forwards);

		out->to_net_len += pass_on(node, forwards, n, out->to_net + out->to_net_len, now);
	}
}

void introduction_relay(struct node *node, struct peer *from, const uint8_t tag[static RELAY_TAG],
			const struct datagram *d, msec now)
{
	struct introduction *in = node->signalling.introduction;
	struct peer *to;

	if (!in || !in->relays) {
		node_count(node, COUNT_NO_RELAY, 1);
		return;
	}
	to = addressee(node, from->seat, tag, now);
	if (to && forwarder_offer(&in->forwarder, from->seat, &d->packet, d->ecn, now) ==
			  FORWARD_NOW)
		forwards_add(&in->forwards, d, from->seat, to->seat);
}

/* Whom it is for may have come to be another since. */
bool introduction_poll_relay(struct node *node, struct datagram *d, msec now)
{
	struct introduction *in = node->signalling.introduction;
	uint8_t tag[RELAY_TAG];
	struct packet inside;
	uint32_t source;

	while (in && in->relays && forwarder_poll(&in->forwarder, &source, d, now)) {
		struct peer *to = relay_read(&d->packet, tag, &inside)
					  ? addressee(node, source, tag, now) : NULL;
		struct forward one = {d->packet, d->ecn, source, to ? to->seat : 0};

		if (to && pass_on(node, &one, 1, d, now))
			return true;
	}
	return false;
}

msec introduction_relay_due(const struct introduction *in)
{
	return in && in->relays ? forwarder_due(&in->forwarder) : NEVER;
}

/* -- for those who ask ------------------------------------------------------------- */

enum { LATELY = 60 * 1000 };		/* msec */

static const struct forwarder *forwarder_of(const struct node *node)
{
	const struct introduction *in = node->signalling.introduction;

	return in && in->relays ? &in->forwarder : NULL;
}

bool node_relaying_status(const struct node *node, struct relaying_status *out)
{
	const struct forwarder *f = forwarder_of(node);

	*out = (struct relaying_status){.rate = node->relay_rate};
	if (f)
		memcpy(out->counters, f->counters, sizeof(out->counters));
	return node->relay;
}

bool node_next_relayed(const struct node *node, size_t *i, struct relayed_status *out, msec now)
{
	const struct forwarder *f = forwarder_of(node);

	while (f && *i < f->sources_len) {
		const struct forwarder_source *s = &f->sources[*i];
		const struct peer *from = node->roster.peers[(*i)++];

		if (!s->passed || now - s->passed_at >= LATELY)
			continue;
		*out = (struct relayed_status){
			.from = from->settings->name,
			.to = node->roster.peers[s->passed_to]->settings->name,
			.packets = s->passed,
			.bytes = s->passed_bytes,
			.dropped = s->dropped,
			.idle = now - s->passed_at,
		};
		return true;
	}
	return false;
}
