/* allocation.c -- an address on a TURN server that passes on what comes and goes. */
#include <assert.h>
#include <string.h>

#include "turn/allocation_facts.h"

enum { UDP_TRANSPORT = 17 };

const struct transaction_timing turn_timing_brisk = {.rto = 500, .sends = 4, .last_wait = 8};

/* To give it back: who waits for that is on the way out. */
static const struct transaction_timing timing_closing = {.rto = 500, .sends = 2, .last_wait = 2};

/* -- states -------------------------------------------------------------- */

/* What was stopped goes on as far as to give back what it was granted all the same. */
static enum turn_state destined(const struct turn_allocation *a, enum turn_state next)
{
	if (!a->unwanted)
		return next;
	return next == TURN_UP ? TURN_CLOSING : TURN_OFF;
}

void allocation_enter(struct turn_allocation *a, enum turn_state wanted, msec now)
{
	enum turn_state next = destined(a, wanted);

	a->state = next;
	switch (next) {
	case TURN_ALLOCATING:
		turn_request_start(&a->request, &a->server, STUN_ALLOCATE, now);
		break;
	case TURN_UP:
		a->owes_up = true;
		break;
	case TURN_CLOSING:
		a->unwanted = false;
		a->server.timing = timing_closing;
		turn_request_start(&a->request, &a->server, STUN_REFRESH, now);
		break;
	case TURN_OFF:
	case TURN_FAILED:
		turn_request_drop(&a->request);
		a->owes_ended = true;
		break;
	}
	if (next != TURN_UP) {
		memset(&a->peers, 0, sizeof(a->peers));
		a->refresh_due = a->expires = NEVER;
	}
}

void allocation_fail(struct turn_allocation *a, struct turn_failure failure, msec now)
{
	if (!a->unwanted)
		a->failure = failure;
	allocation_enter(a, TURN_FAILED, now);
}

void allocation_fail_as(struct turn_allocation *a, enum turn_failure_kind kind, msec now)
{
	allocation_fail(a, turn_failure_make(kind, now), now);
}

void turn_allocation_init(struct turn_allocation *a, const struct turn_settings *settings)
{
	memset(a, 0, sizeof(*a));
	a->settings = *settings;
	a->refresh_due = a->expires = NEVER;
}

void turn_allocation_deinit(struct turn_allocation *a)
{
	stun_credential_wipe(&a->server.credential);
}

void allocation_set_server(struct turn_allocation *a, const struct endpoint *at)
{
	a->server.at = *at;
	a->server.timing = a->settings.timing;
	a->server.rng = a->settings.rng;
	stun_credential_init(&a->server.credential, a->settings.user, a->settings.password);
}

void turn_allocation_start(struct turn_allocation *a, const struct endpoint *server, msec now)
{
	struct turn_settings settings = a->settings;
	uint32_t verdicts[TURN_VERDICTS], unsent = a->unsent;

	memcpy(verdicts, a->verdicts, sizeof(verdicts));
	turn_allocation_init(a, &settings);
	memcpy(a->verdicts, verdicts, sizeof(verdicts));
	a->unsent = unsent;
	a->dont_fragment = settings.dont_fragment;
	a->keepalive_wait = turn_earlier(a->settings.rng, TURN_KEEPALIVE);
	allocation_set_server(a, server);
	allocation_enter(a, TURN_ALLOCATING, now);
}

/* A Refresh that is sent behind an Allocate may overtake it, in the server if not on the way,
 * so the answer has to be waited for. */
static void stop_allocating(struct turn_allocation *a, msec now)
{
	struct transaction *t = &a->request.transaction;
	unsigned owed = t->owes_request ? 1 : 0;

	if (!a->server.credential.is_asked || t->sent == owed) {
		allocation_enter(a, TURN_OFF, now);
		return;
	}
	a->unwanted = true;
	t->timing = timing_closing;
	transaction_hush(t, now);
}

void turn_allocation_stop(struct turn_allocation *a, msec now)
{
	if (a->state == TURN_UP)
		allocation_enter(a, TURN_CLOSING, now);
	else if (a->state == TURN_ALLOCATING && !a->unwanted)
		stop_allocating(a, now);
}

void turn_allocation_no_port(struct turn_allocation *a, msec now)
{
	if (a->state == TURN_ALLOCATING)
		allocation_fail_as(a, TURN_NO_PORT, now);
}

/* -- payloads out -------------------------------------------------------- */

bool turn_allocation_want(struct turn_allocation *a, const struct endpoint *peer, bool channel,
			  msec now)
{
	return a->state == TURN_UP && peer->ip.family == a->settings.family &&
	       turn_peers_want(&a->peers, peer, channel, now);
}

bool turn_allocation_permits(const struct turn_allocation *a, const struct endpoint *peer, msec now)
{
	return a->state == TURN_UP && turn_peers_permit(&a->peers, &peer->ip, now);
}

static bool wrap(struct turn_allocation *a, struct packet *p, const struct endpoint *to, msec now)
{
	struct turn_peer *peer = turn_peers_find(&a->peers, to);
	uint8_t id[STUN_ID_LEN];

	if (peer)
		turn_peer_used(peer, now);
	if (peer && turn_peer_has_channel(peer, now))
		return channel_data_wrap(p, turn_peer_channel(&a->peers, peer), a->settings.stream);
	if (!turn_allocation_permits(a, to, now))
		return false;
	a->settings.rng->fill(a->settings.rng, id, sizeof(id));
	return send_indication_wrap(p, to, a->dont_fragment, id);
}

bool turn_allocation_wrap(struct turn_allocation *a, struct packet *p, const struct endpoint *peer,
			  msec now)
{
	if (!wrap(a, p, peer, now)) {
		a->unsent++;
		return false;
	}
	a->last_sent = now;
	return true;
}

/* -- time ---------------------------------------------------------------- */

static void refresh(struct turn_allocation *a, msec now)
{
	a->refresh_due = NEVER;
	turn_request_start(&a->request, &a->server, STUN_REFRESH, now);
}

void turn_allocation_doubt(struct turn_allocation *a, msec now)
{
	if (a->state != TURN_UP)
		return;
	a->doubted = true;
	if (!turn_request_is_out(&a->request))
		refresh(a, now);
}

/* Nobody has answered the allocation's own request. */
static void unanswered(struct turn_allocation *a, msec now)
{
	switch (a->state) {
	case TURN_ALLOCATING:
		allocation_fail_as(a, a->had_unsigned ? TURN_UNSIGNED : TURN_SILENT, now);
		break;
	case TURN_UP:
		if (a->doubted)
			allocation_fail_as(a, TURN_LOST, now);
		else
			a->refresh_due = now + REFRESH_RETRY;
		break;
	case TURN_CLOSING:
		allocation_enter(a, TURN_OFF, now);
		break;
	case TURN_OFF:
	case TURN_FAILED:
		break;
	}
}

void turn_allocation_tick(struct turn_allocation *a, msec now)
{
	if (turn_request_tick(&a->request, now))
		unanswered(a, now);
	if (a->state != TURN_UP)
		return;
	if (a->expires <= now) {
		allocation_fail_as(a, TURN_LOST, now);
		return;
	}
	if (a->refresh_due <= now)
		refresh(a, now);
	turn_peers_tick(&a->peers, &a->server, now);
}

static msec keepalive_due(const struct turn_allocation *a)
{
	return a->state == TURN_UP ? a->last_sent + a->keepalive_wait : NEVER;
}

msec turn_allocation_due(const struct turn_allocation *a)
{
	msec due = msec_min(turn_request_due(&a->request), keepalive_due(a));

	due = msec_min(due, msec_min(a->refresh_due, a->expires));
	return msec_min(due, turn_peers_due(&a->peers));
}

/* -- what to do ---------------------------------------------------------- */

static bool take_flag(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

/* RFC 8656 sections 7.1 and 8.1. UDP over IPv4 is what is meant without a family. */
static void write_request(struct turn_allocation *a, struct writer *w)
{
	bool is_ipv6 = a->settings.family == IP_V6;

	turn_request_begin(&a->request, w);
	if (a->request.transaction.method == STUN_ALLOCATE) {
		stun_put_u32(w, ATTR_REQUESTED_TRANSPORT, UDP_TRANSPORT << 24);
		if (is_ipv6)
			stun_put_u32(w, ATTR_REQUESTED_ADDRESS_FAMILY, 2u << 24);
		if (a->dont_fragment)
			stun_put(w, ATTR_DONT_FRAGMENT, bytes_of(NULL, 0));
	} else if (a->state == TURN_CLOSING) {
		stun_put_u32(w, ATTR_LIFETIME, 0);
	}
	turn_request_end(&a->server, w);
}

/* An indication asks for no answer; a server drops it. */
static bool poll_keepalive(struct turn_allocation *a, struct writer *w, msec now)
{
	uint8_t id[STUN_ID_LEN];

	if (keepalive_due(a) > now)
		return false;
	a->keepalive_wait = turn_earlier(a->settings.rng, TURN_KEEPALIVE);
	a->settings.rng->fill(a->settings.rng, id, sizeof(id));
	stun_begin(w, STUN_BINDING, STUN_INDICATION, id);
	return true;
}

static bool poll_message(struct turn_allocation *a, struct writer *w, msec now)
{
	assert(w->len == 0);
	if (turn_request_poll(&a->request, &a->server, now))
		write_request(a, w);
	else if (!turn_peers_poll(&a->peers, &a->server, w, now) && !poll_keepalive(a, w, now))
		return false;
	a->last_sent = now;
	return true;
}

static enum turn_action poll_peer(struct turn_allocation *a, struct endpoint *at)
{
	bool refused;
	struct turn_peer *peer = turn_peers_next_news(&a->peers, &refused);

	if (!peer)
		return TURN_NOTHING;
	*at = peer->at;
	return refused ? TURN_PEER_REFUSED : TURN_PEER_PERMITTED;
}

enum turn_action turn_allocation_poll(struct turn_allocation *a, struct writer *w,
				      struct endpoint *peer, msec now)
{
	enum turn_action news;

	if (take_flag(&a->owes_ended))
		return TURN_ENDED;
	if (take_flag(&a->owes_port))
		return TURN_CHANGE_PORT;
	if (take_flag(&a->owes_up))
		return TURN_IS_UP;
	news = poll_peer(a, peer);
	if (news != TURN_NOTHING)
		return news;
	return poll_message(a, w, now) ? TURN_SEND : TURN_NOTHING;
}
