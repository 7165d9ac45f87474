/* turn_link.c -- a way to a TURN server, and the allocation on it. */
#include "node/turn_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/brain.h"
#include "node/demux.h"

/* There is no sending again on a stream (RFC 8489 section 6.2.2), so it waits as long at once. */
static const struct transaction_timing timing_stream = {.rto = 7500, .sends = 1, .last_wait = 1};

static struct bytes text_of(const char *text)
{
	return bytes_of(text, strlen(text));
}

/* -- life ---------------------------------------------------------------------- */

static bool is_stream(const struct turn_link *l)
{
	return l->transport != PATH_UDP;
}

/* What it is called by has to be there until it is closed. False: no memory. */
static bool copy_target(struct turn_link *l, struct node_stream_target *target)
{
	snprintf(l->host, sizeof(l->host), "%s", target->host);
	l->ca_file = target->ca_file ? strdup(target->ca_file) : NULL;
	if (target->ca_file && !l->ca_file)
		return false;
	target->host = l->host;
	target->ca_file = l->ca_file;
	return true;
}

/* 0: there is none. */
static uint16_t open_carrier(struct node *node, struct turn_link *l,
			     const struct turn_link_settings *settings)
{
	struct signalling *s = &node->signalling;
	struct node_stream_target target;

	s->touched = true;
	if (!settings->stream)
		return sockets_keep(&s->sockets, settings->at.ip.family);
	target = *settings->stream;
	return copy_target(l, &target) ? streams_take(&s->streams, &target) : 0;
}

static void close_carrier(struct node *node, struct turn_link *l)
{
	struct signalling *s = &node->signalling;

	if (!l->carrier)
		return;
	s->touched = true;
	if (is_stream(l))
		streams_release(&s->streams, l->carrier);
	else
		sockets_release(&s->sockets, l->carrier);
	l->carrier = 0;
}

static enum path_transport transport_of(const struct turn_link_settings *settings)
{
	if (!settings->stream)
		return PATH_UDP;
	return settings->stream->tls ? PATH_TLS : PATH_TCP;
}

static void init_allocation(struct node *node, struct turn_link *l, enum ip_family family)
{
	const struct turn_settings settings = {
		.user = text_of(l->user),
		.password = text_of(l->password),
		.family = family,
		.stream = is_stream(l),
		.timing = is_stream(l) ? timing_stream : turn_timing_brisk,
		.rng = node->shared.rng,
	};

	turn_allocation_init(&l->allocation, &settings);
}

struct turn_link *turn_link_new(struct node *node, const struct turn_link_settings *settings,
				msec now)
{
	struct turn_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->carrier = open_carrier(node, l, settings);
	if (!l->carrier) {
		free(l->ca_file);
		free(l);
		return NULL;
	}
	l->transport = transport_of(settings);
	l->at = settings->at;
	l->began = now;
	l->up_since = l->unheard = l->retires = NEVER;
	l->asked = l->carried = now;
	snprintf(l->user, sizeof(l->user), "%s", settings->user);
	snprintf(l->password, sizeof(l->password), "%s", settings->password);
	init_allocation(node, l, settings->family);
	return l;
}

void turn_link_free(struct node *node, struct turn_link *l)
{
	if (!l)
		return;
	close_carrier(node, l);
	turn_allocation_deinit(&l->allocation);
	free(l->ca_file);
	wipe(l, sizeof(*l));
	free(l);
}

bool turn_link_is_up(const struct turn_link *l)
{
	return l->state == TURN_LINK_RUNNING && l->allocation.state == TURN_UP;
}

bool turn_link_is_ending(const struct turn_link *l)
{
	return l->state == TURN_LINK_OVER || l->is_stopped;
}

bool turn_link_is_answered(const struct turn_link *l)
{
	return l->allocation.server.credential.is_asked;
}

void turn_link_stop(struct turn_link *l, msec now)
{
	l->is_stopped = true;
	if (l->state == TURN_LINK_OPENING)
		l->state = TURN_LINK_OVER;
	turn_allocation_stop(&l->allocation, now);
}

void turn_link_doubt(struct turn_link *l, msec now)
{
	l->asked = now;
	l->unheard = NEVER;
	turn_allocation_doubt(&l->allocation, now);
}

/* -- out ----------------------------------------------------------------------- */

static struct path path_to_server(const struct node *node, const struct turn_link *l)
{
	if (is_stream(l))
		return streams_path(&node->signalling.streams, l->carrier);
	return (struct path){.remote = l->allocation.server.at, .via = l->carrier};
}

static bool is_check(const struct packet *p)
{
	return demux(packet_bytes(p), false) == DEMUX_STUN;
}

/* That peer's place; else a free one; NULL: there is none. */
static struct turn_held *find_held(struct turn_link *l, const struct endpoint *to)
{
	struct turn_held *room = NULL;

	for (struct turn_held *h = l->held; h < l->held + TURN_LINK_HELD; h++) {
		if (h->len && endpoint_equal(&h->to, to))
			return h;
		if (!h->len)
			room = h;
	}
	return room;
}

static void hold(struct turn_link *l, const struct datagram *d)
{
	struct turn_held *h = find_held(l, &d->path.remote);

	if (!h || d->packet.len > TURN_LINK_HELD_LEN)
		return;
	h->to = d->path.remote;
	h->len = d->packet.len;
	memcpy(h->bytes + SEND_HEADER_MAX, d->packet.data, d->packet.len);
}

bool turn_link_wrap(struct node *node, struct turn_link *l, struct datagram *d, msec now)
{
	const struct endpoint to = d->path.remote;
	bool check = is_check(&d->packet);

	if (!turn_link_is_up(l) || !turn_allocation_want(&l->allocation, &to, !check, now)) {
		node_count(node, COUNT_NO_RELAY, 1);
		return false;
	}
	if (!turn_allocation_permits(&l->allocation, &to, now)) {
		hold(l, d);
		node->signalling.touched = true;
		return false;
	}
	if (!turn_allocation_wrap(&l->allocation, &d->packet, &to, now)) {
		node_count(node, COUNT_NO_RELAY, 1);
		return false;
	}
	if (!check)
		l->carried = now;
	if (l->unheard == NEVER)
		l->unheard = now;
	d->path = path_to_server(node, l);
	return true;
}

/* -- in ------------------------------------------------------------------------ */

bool turn_link_unwrap(struct node *node, struct turn_link *l, struct datagram *d, msec now)
{
	struct turn_payload payload;
	enum turn_verdict verdict =
		turn_allocation_feed(&l->allocation, &d->path.remote, packet_bytes(&d->packet),
				     &payload, now);

	if (verdict == TURN_HANDLED || verdict == TURN_PAYLOAD)
		l->unheard = NEVER;
	if (verdict != TURN_PAYLOAD) {
		node->signalling.touched |= verdict == TURN_HANDLED;
		node_count(node, COUNT_BAD_RELAYED, verdict != TURN_HANDLED);
		return false;
	}
	d->packet.data = (uint8_t *)payload.data.data;
	d->packet.len = payload.data.len;
	d->path = (struct path){
		.remote = payload.peer, .local = l->allocation.relayed.ip, .via = l->via};
	if (!is_check(&d->packet))
		l->carried = now;
	return true;
}

/* -- time ---------------------------------------------------------------------- */

static void start(struct turn_link *l, const struct endpoint *server, msec now)
{
	l->at = *server;
	l->state = TURN_LINK_RUNNING;
	turn_allocation_start(&l->allocation, server, now);
}

static void attend_socket(struct node *node, struct turn_link *l, msec now)
{
	const struct sockets *s = &node->signalling.sockets;

	if (sockets_is_vain(s, l->carrier))
		l->state = TURN_LINK_OVER;
	else if (l->state == TURN_LINK_OPENING && sockets_is_open(s, l->carrier))
		start(l, &l->at, now);
}

static void attend_stream(struct node *node, struct turn_link *l, msec now)
{
	const struct streams *s = &node->signalling.streams;
	enum stream_state state = streams_state(s, l->carrier);
	struct path path;

	if (state == STREAM_CLOSED) {
		l->why = streams_why(s, l->carrier);
		l->stream_closed = true;
		l->state = TURN_LINK_OVER;
	} else if (state == STREAM_OPEN && l->state == TURN_LINK_OPENING) {
		path = streams_path(s, l->carrier);
		start(l, &path.remote, now);
	}
}

/* What became of its socket or stream. */
static void attend_carrier(struct node *node, struct turn_link *l, msec now)
{
	if (!l->carrier)
		return;
	if (is_stream(l))
		attend_stream(node, l, now);
	else
		attend_socket(node, l, now);
}

void turn_link_tick(struct turn_link *l, msec now)
{
	turn_allocation_tick(&l->allocation, now);
	if (turn_link_is_up(l) && l->unheard != NEVER && now - l->unheard >= TURN_LINK_SILENCE &&
	    now - l->asked >= TURN_LINK_ASK_AGAIN)
		turn_link_doubt(l, now);
}

/* A silence is noticed whenever something else wakes the node: who sends is awake. */
msec turn_link_due(const struct turn_link *l)
{
	return l->state == TURN_LINK_OVER ? 0 : turn_allocation_due(&l->allocation);
}

/* -- what to do ---------------------------------------------------------------- */

static bool send_message(const struct node *node, const struct turn_link *l,
			 const struct writer *w, struct datagram *out)
{
	if (w->bad)
		return false;
	*out = (struct datagram){
		.packet = packet_in(w->data, TURN_MESSAGE_MAX, 0, w->len),
		.path = path_to_server(node, l),
	};
	return true;
}

/* The check that waited for the permission, if there is one. */
static bool release(const struct node *node, struct turn_link *l, const struct endpoint *to,
		    bool permitted, struct datagram *out, msec now)
{
	struct turn_held *h = find_held(l, to);
	size_t len = h ? h->len : 0;

	if (!len)
		return false;
	h->len = 0;
	*out = (struct datagram){
		.packet = packet_in(h->bytes, sizeof(h->bytes), SEND_HEADER_MAX, len),
		.path = path_to_server(node, l),
	};
	return permitted && turn_allocation_wrap(&l->allocation, &out->packet, to, now);
}

/* Another socket; on a stream there is no other port to ask from. */
static void change_port(struct node *node, struct turn_link *l, msec now)
{
	if (!is_stream(l)) {
		close_carrier(node, l);
		l->carrier = sockets_keep(&node->signalling.sockets, l->at.ip.family);
	}
	if (is_stream(l) || !l->carrier)
		turn_allocation_no_port(&l->allocation, now);
}

/* It has a socket to say something from. */
static bool may_speak(const struct node *node, const struct turn_link *l)
{
	return l->state == TURN_LINK_RUNNING &&
	       (is_stream(l) || !l->carrier || sockets_is_open(&node->signalling.sockets, l->carrier));
}

static enum turn_link_news end(struct node *node, struct turn_link *l)
{
	close_carrier(node, l);
	l->state = TURN_LINK_OVER;
	return TURN_LINK_IS_OVER;
}

enum turn_link_news turn_link_poll(struct node *node, struct turn_link *l,
				   uint8_t message[static TURN_MESSAGE_MAX], struct datagram *out,
				   msec now)
{
	attend_carrier(node, l, now);
	if (l->state == TURN_LINK_OVER)
		return end(node, l);
	while (may_speak(node, l)) {
		struct writer w = writer_over(message, TURN_MESSAGE_MAX);
		enum turn_action action;
		struct endpoint peer;

		action = turn_allocation_poll(&l->allocation, &w, &peer, now);
		switch (action) {
		case TURN_NOTHING:
			return TURN_LINK_NOTHING;
		case TURN_SEND:
			if (send_message(node, l, &w, out))
				return TURN_LINK_SENDS;
			break;
		case TURN_CHANGE_PORT:
			change_port(node, l, now);
			break;
		case TURN_IS_UP:
			l->up_since = now;
			return TURN_LINK_IS_UP;
		case TURN_PEER_PERMITTED:
		case TURN_PEER_REFUSED:
			if (release(node, l, &peer, action == TURN_PEER_PERMITTED, out, now))
				return TURN_LINK_SENDS;
			break;
		case TURN_ENDED:
			return end(node, l);
		}
	}
	return TURN_LINK_NOTHING;
}
