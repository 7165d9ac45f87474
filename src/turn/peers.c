/* peers.c -- whom an allocation may talk with: permissions, channels, and their time. */
#include "turn/peers.h"

#include <string.h>

/* -- the table ----------------------------------------------------------- */

struct turn_peer *turn_peers_find(struct turn_peers *p, const struct endpoint *at)
{
	if (p->last < p->len && endpoint_equal(&p->slots[p->last].at, at))
		return &p->slots[p->last];
	for (size_t i = 0; i < p->len; i++) {
		if (endpoint_equal(&p->slots[i].at, at)) {
			p->last = i;
			return &p->slots[i];
		}
	}
	return NULL;
}

uint16_t turn_peer_channel(const struct turn_peers *p, const struct turn_peer *peer)
{
	return (uint16_t)(CHANNEL_MIN + (peer - p->slots));
}

bool turn_peer_has_channel(const struct turn_peer *peer, msec now)
{
	return peer->bound_until > now;
}

static bool is_binding(const struct turn_peer *peer)
{
	return turn_request_is_out(&peer->request) &&
	       peer->request.transaction.method == STUN_CHANNEL_BIND;
}

/* Data may overtake the answer to the question for its channel. */
struct turn_peer *turn_peers_of_channel(struct turn_peers *p, uint16_t channel, msec now)
{
	size_t slot = (size_t)channel - CHANNEL_MIN;
	struct turn_peer *peer = slot < p->len ? &p->slots[slot] : NULL;

	return peer && (turn_peer_has_channel(peer, now) || is_binding(peer)) ? peer : NULL;
}

static bool permits(const struct turn_peer *peer, const struct ip *ip, msec now)
{
	return peer->permitted_until > now && ip_equal(&peer->at.ip, ip);
}

bool turn_peers_permit(const struct turn_peers *p, const struct ip *ip, msec now)
{
	if (p->last < p->len && permits(&p->slots[p->last], ip, now))
		return true;
	for (size_t i = 0; i < p->len; i++)
		if (permits(&p->slots[i], ip, now))
			return true;
	return false;
}

/* Asks again, if it was left to run out. */
void turn_peer_used(struct turn_peer *peer, msec now)
{
	peer->last_used = now;
	if (peer->ask_due == NEVER && !peer->refused && !turn_request_is_out(&peer->request))
		peer->ask_due = now;
}

static bool may_make_room(const struct turn_peer *peer, msec now)
{
	return peer->number_until <= now && now - peer->last_used >= TURN_PEER_HOLD;
}

/* A fresh slot, else the one that was not used for the longest time. */
static struct turn_peer *find_room(struct turn_peers *p, msec now)
{
	struct turn_peer *best = NULL;

	if (p->len < TURN_PEERS_MAX)
		return &p->slots[p->len++];
	for (size_t i = 0; i < p->len; i++) {
		struct turn_peer *peer = &p->slots[i];

		if (may_make_room(peer, now) && (!best || peer->last_used < best->last_used))
			best = peer;
	}
	return best;
}

struct turn_peer *turn_peers_want(struct turn_peers *p, const struct endpoint *at, bool channel,
				  msec now)
{
	struct turn_peer *peer = turn_peers_find(p, at);

	if (!peer) {
		peer = find_room(p, now);
		if (!peer)
			return NULL;
		*peer = (struct turn_peer){.at = *at, .ask_due = now};
	}
	if (peer->refused)
		return NULL;
	if (channel && !peer->wants_channel)
		peer->ask_due = msec_min(peer->ask_due, now);
	peer->wants_channel |= channel;
	turn_peer_used(peer, now);
	return peer;
}

/* -- asking -------------------------------------------------------------- */

static void ask(struct turn_peer *peer, struct turn_server *s, msec now)
{
	bool bind = peer->wants_channel && peer->bind_due <= now;

	peer->ask_due = NEVER;
	if (bind)
		peer->number_until = now + TURN_NUMBER_LIFE;
	turn_request_start(&peer->request, s, bind ? STUN_CHANNEL_BIND : STUN_CREATE_PERMISSION,
			   now);
}

static bool is_idle(const struct turn_peer *peer, msec now)
{
	return now - peer->last_used >= TURN_PEER_IDLE;
}

static void tick(struct turn_peer *peer, struct turn_server *s, msec now)
{
	if (turn_request_tick(&peer->request, now))
		peer->ask_due = now + turn_earlier(s->rng, TURN_PEER_RETRY);
	if (peer->ask_due > now || turn_request_is_out(&peer->request))
		return;
	if (is_idle(peer, now))
		peer->ask_due = NEVER;
	else
		ask(peer, s, now);
}

void turn_peers_tick(struct turn_peers *p, struct turn_server *s, msec now)
{
	for (size_t i = 0; i < p->len; i++)
		tick(&p->slots[i], s, now);
}

msec turn_peers_due(const struct turn_peers *p)
{
	msec due = NEVER;

	for (size_t i = 0; i < p->len; i++) {
		const struct turn_peer *peer = &p->slots[i];

		if (turn_request_is_out(&peer->request))
			due = msec_min(due, turn_request_due(&peer->request));
		else
			due = msec_min(due, peer->ask_due);
	}
	return due;
}

/* RFC 8656 sections 10.1 and 12.1. */
static void write_request(const struct turn_peers *p, const struct turn_peer *peer,
			  struct turn_server *s, struct writer *w)
{
	turn_request_begin(&peer->request, w);
	if (peer->request.transaction.method == STUN_CHANNEL_BIND)
		stun_put_u32(w, ATTR_CHANNEL_NUMBER, (uint32_t)turn_peer_channel(p, peer) << 16);
	stun_put_xor_address(w, ATTR_XOR_PEER_ADDRESS, &peer->at);
	turn_request_end(s, w);
}

bool turn_peers_poll(struct turn_peers *p, struct turn_server *s, struct writer *w, msec now)
{
	for (size_t i = 0; i < p->len; i++) {
		struct turn_peer *peer = &p->slots[i];

		if (turn_request_poll(&peer->request, s, now)) {
			write_request(p, peer, s, w);
			return true;
		}
	}
	return false;
}

struct turn_peer *turn_peers_next_news(struct turn_peers *p, bool *refused)
{
	for (size_t i = 0; i < p->len; i++) {
		struct turn_peer *peer = &p->slots[i];

		if (!peer->owes_permitted && !peer->owes_refused)
			continue;
		*refused = peer->owes_refused;
		peer->owes_permitted = peer->owes_refused = false;
		return peer;
	}
	return NULL;
}

/* -- answers ------------------------------------------------------------- */

static void take_success(struct turn_peer *peer, struct rng *rng, msec now)
{
	const struct transaction *t = &peer->request.transaction;
	bool bound = t->method == STUN_CHANNEL_BIND;

	peer->owes_permitted |= peer->permitted_until <= now;
	peer->permitted_until = t->first_sent + TURN_PERMISSION_LIFE;
	if (bound)
		peer->bound_until = t->first_sent + TURN_CHANNEL_LIFE;
	peer->ask_due = now + turn_earlier(rng, TURN_REASK);
	if (!bound && peer->wants_channel)
		peer->ask_due =
			msec_min(peer->ask_due, peer->bind_due > now ? peer->bind_due : now);
}

/* Without a channel it still has the permission, which has to be asked for then. */
static void take_error(struct turn_peer *peer, struct rng *rng, unsigned code, msec now)
{
	msec later = now + turn_earlier(rng, TURN_PEER_RETRY);

	if (code == STUN_FORBIDDEN || code == STUN_PEER_FAMILY_MISMATCH) {
		peer->refused = peer->owes_refused = true;
		peer->ask_due = NEVER;
	} else if (peer->request.transaction.method == STUN_CHANNEL_BIND) {
		peer->bind_due = later;
		peer->ask_due = now;
	} else {
		peer->ask_due = later;
	}
}

static void take(struct turn_peer *peer, struct rng *rng, enum turn_answer answer, unsigned code,
		 msec now)
{
	switch (answer) {
	case ANSWER_SUCCESS:
		take_success(peer, rng, now);
		break;
	case ANSWER_ERROR:
		take_error(peer, rng, code, now);
		break;
	case ANSWER_DENIED:
	case ANSWER_ODD:
		take_error(peer, rng, 0, now);
		break;
	case ANSWER_NONE:
	case ANSWER_UNSIGNED:
	case ANSWER_AGAIN:
		break;
	}
}

enum turn_answer turn_peers_feed(struct turn_peers *p, struct turn_server *s,
				 const struct endpoint *from, const struct stun_msg *msg,
				 unsigned *code, msec now)
{
	for (size_t i = 0; i < p->len; i++) {
		struct turn_peer *peer = &p->slots[i];
		enum turn_answer answer;

		answer = turn_request_feed(&peer->request, s, from, msg, code, now);
		if (answer == ANSWER_NONE)
			continue;
		take(peer, s->rng, answer, *code, now);
		return answer;
	}
	return ANSWER_NONE;
}
