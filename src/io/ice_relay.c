/* ice_relay.c -- a TURN allocation for ice_driver, on a socket of its own. */
#include "io/ice_relay.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "io/clock.h"

enum { ERROR_TEXT = 512 };

void ice_relay_init(struct ice_relay *r, uv_loop_t *loop, struct bytes user, struct bytes password,
		    struct rng *rng, const struct ice_relay_hooks *hooks)
{
	const struct turn_settings settings = {
		.user = user,
		.password = password,
		.family = IP_V4,
		.dont_fragment = true,
		.timing = turn_timing_brisk,
		.rng = rng,
	};

	memset(r, 0, sizeof(*r));
	r->loop = loop;
	r->hooks = *hooks;
	turn_allocation_init(&r->turn, &settings);
}

void ice_relay_deinit(struct ice_relay *r)
{
	for (size_t i = 0; i < r->sockets; i++)
		udp_free(r->udp[i]);
	turn_allocation_deinit(&r->turn);
}

/* -- out ----------------------------------------------------------------- */

static void send_packet(struct ice_relay *r, const struct packet *p)
{
	struct datagram datagram = {.packet = *p, .path = {.remote = r->turn.server.at}};

	udp_send(r->udp[r->sockets - 1], &datagram, 1);
}

static void send_message(struct ice_relay *r, struct writer *w)
{
	struct packet p = packet_in(w->data, w->len, 0, w->len);

	if (!w->bad)
		send_packet(r, &p);
}

static bool send_payload(struct ice_relay *r, const struct endpoint *to, struct bytes bytes,
			 msec now)
{
	struct packet p = packet_in(r->slot, sizeof(r->slot), HEADROOM, bytes.len);

	if (bytes.len > packet_tailroom(&p) + p.len)
		return false;
	memmove(p.data, bytes.data, bytes.len);
	if (!turn_allocation_wrap(&r->turn, &p, to, now))
		return false;
	send_packet(r, &p);
	return true;
}

/* -- checks that wait for a permission ----------------------------------- */

static struct ice_relay_check *find_held(struct ice_relay *r, const struct endpoint *to)
{
	struct ice_relay_check *room = NULL;

	for (size_t i = 0; i < ICE_RELAY_HELD; i++) {
		struct ice_relay_check *c = &r->held[i];

		if (c->len && endpoint_equal(&c->to, to))
			return c;
		if (!c->len)
			room = c;
	}
	return room;
}

static void hold(struct ice_relay *r, const struct endpoint *to, struct bytes bytes)
{
	struct ice_relay_check *c = find_held(r, to);

	if (!c || bytes.len > sizeof(c->bytes))
		return;
	c->to = *to;
	c->len = bytes.len;
	memcpy(c->bytes, bytes.data, bytes.len);
}

static void release(struct ice_relay *r, const struct endpoint *to, bool permitted, msec now)
{
	struct ice_relay_check *c = find_held(r, to);

	if (!c || !c->len)
		return;
	if (permitted)
		send_payload(r, to, bytes_of(c->bytes, c->len), now);
	c->len = 0;
}

void ice_relay_send(struct ice_relay *r, const struct endpoint *to, struct bytes bytes, msec now)
{
	if (turn_allocation_permits(&r->turn, to, now))
		send_payload(r, to, bytes, now);
	else if (turn_allocation_want(&r->turn, to, false, now))
		hold(r, to, bytes);
}

/* -- in ------------------------------------------------------------------ */

static void receive(struct ice_relay *r, struct udp *udp, enum ip_family family)
{
	struct datagram datagrams[ICE_RELAY_BURST];
	struct turn_payload payload;
	bool more;
	size_t n;

	do {
		n = udp_recv(udp, family, datagrams, ICE_RELAY_BURST, &more);
		for (size_t i = 0; i < n; i++)
			if (turn_allocation_feed(&r->turn, &datagrams[i].path.remote,
						 packet_bytes(&datagrams[i].packet), &payload,
						 clock_now()) == TURN_PAYLOAD)
				r->hooks.payload(r->hooks.context, &payload);
	} while (udp_holds(udp));	/* what the kernel has wakes the loop again */
}

/* What came of an error is news of a datagram that was sent; libuv stops listening then. */
static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct ice_relay *r = poll->data;
	struct udp *udp = r->udp[poll - r->polls];
	enum ip_family family = r->turn.server.at.ip.family;
	int err;
	socklen_t len = sizeof(err);

	(void)events;
	if (status < 0) {
		getsockopt(udp_fd(udp, family), SOL_SOCKET, SO_ERROR, &err, &len);
		uv_poll_start(poll, UV_READABLE, on_udp);
	}
	receive(r, udp, family);
	r->hooks.woken(r->hooks.context);
}

/* -- life ---------------------------------------------------------------- */

/* The one before, if any, stays open until the end, but nobody listens to it. */
static int open_socket(struct ice_relay *r, enum ip_family family, char error[static ERROR_TEXT])
{
	const struct udp_settings settings = {0};
	size_t i = r->sockets;
	int err = udp_open_any(&r->udp[i], &settings, error);

	if (err)
		return err;
	if (i)
		uv_poll_stop(&r->polls[i - 1]);
	r->sockets++;
	err = uv_poll_init(r->loop, &r->polls[i], udp_fd(r->udp[i], family));
	if (err) {
		snprintf(error, ERROR_TEXT, "cannot watch a socket: %s", strerror(-err));
		return err;
	}
	r->polls[i].data = r;
	return uv_poll_start(&r->polls[i], UV_READABLE, on_udp);
}

int ice_relay_start(struct ice_relay *r, const struct endpoint *server, msec now,
		    char error[static ERROR_TEXT])
{
	int err = open_socket(r, server->ip.family, error);

	if (!err) {
		r->turn.settings.family = server->ip.family;
		turn_allocation_start(&r->turn, server, now);
	}
	return err;
}

static void change_port(struct ice_relay *r, msec now)
{
	char error[ERROR_TEXT];

	if (open_socket(r, r->turn.server.at.ip.family, error))
		turn_allocation_no_port(&r->turn, now);
}

static void act(struct ice_relay *r, enum turn_action action, struct writer *w,
		const struct endpoint *peer, msec now)
{
	switch (action) {
	case TURN_SEND:
		send_message(r, w);
		break;
	case TURN_CHANGE_PORT:
		change_port(r, now);
		break;
	case TURN_PEER_PERMITTED:
		release(r, peer, true, now);
		break;
	case TURN_PEER_REFUSED:
		release(r, peer, false, now);
		r->hooks.refused(r->hooks.context, peer);
		break;
	case TURN_IS_UP:
	case TURN_ENDED:
		r->hooks.changed(r->hooks.context);
		break;
	case TURN_NOTHING:
		break;
	}
}

void ice_relay_drain(struct ice_relay *r, msec now)
{
	uint8_t message[TURN_MESSAGE_MAX];
	struct writer w = writer_over(message, sizeof(message));
	enum turn_action action;
	struct endpoint peer;

	turn_allocation_tick(&r->turn, now);
	while ((action = turn_allocation_poll(&r->turn, &w, &peer, now)) != TURN_NOTHING) {
		act(r, action, &w, &peer, now);
		w = writer_over(message, sizeof(message));
	}
}
