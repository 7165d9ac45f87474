/* rendezvous_node.c -- the brain of `p2pnet rendezvous`: where nodes meet that cannot call each other. */
#include "node/rendezvous_node.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "node/answer.h"
#include "node/demux.h"
#include "node/gate.h"
#include "node/guests.h"
#include "node/spare.h"
#include "node/verdict.h"
#include "signal/rendezvous_server.h"
#include "wg/session.h"

enum {
	BOXES_PER_CLIENT = 40,		/* on average: two days of 20 peers */
	BOXES_EACH = 1024,		/* at most */
	CLIENTS_PER_LETTER = 2,		/* who tell something at the same time */
	LETTERS_MIN = 64,
	LIFETIME = 120,			/* s, of a registration: clients ask once a minute */
	FRAME_ROOM = HEADROOM + RENDEZVOUS_FRAME_MAX + TAILROOM,
};

struct rendezvous_node {
	struct session_shared shared;
	uint8_t psk[KEY_LEN];
	struct gate gate;
	uint32_t clients_max;
	struct guests guests;		/* with one place more, for who has to prove himself */
	struct heap timers;
	struct list owing;
	struct rendezvous_tables tables;
	struct rendezvous_server server;
	struct rendezvous_listener listeners[RENDEZVOUS_LISTENERS_MAX];
	size_t listeners_len;
	struct responder *responders;	/* one for each listener */
	bool relays;
	struct forwarder forwarder;	/* if it does */
	struct forwards forwards;	/* of this burst */
	uint32_t *riders;		/* by connection: the number of the guest who came last by it */
	uint16_t connections_max;
	uint64_t counters[NODE_COUNTERS];
	uint64_t guest_counters[GUEST_COUNTERS];
	uint8_t frame[FRAME_ROOM];	/* of the last poll */
	struct rooms rooms;		/* for STUN answers that are longer than what they answer */
};

/* -- life ---------------------------------------------------------------- */

static bool make_tables(struct rendezvous_node *r, uint32_t places, struct rng *rng)
{
	struct rendezvous_tables *t = &r->tables;

	t->seats_len = places;
	t->boxes_len = places * BOXES_PER_CLIENT;
	t->letters_len = places / CLIENTS_PER_LETTER + LETTERS_MIN;
	for (t->chains_len = 1; t->chains_len < t->boxes_len;)
		t->chains_len *= 2;
	t->seats = calloc(t->seats_len, sizeof(*t->seats));
	t->boxes = calloc(t->boxes_len, sizeof(*t->boxes));
	t->chains = calloc(t->chains_len, sizeof(*t->chains));
	t->letters = calloc(t->letters_len, sizeof(*t->letters));
	if (!t->seats || !t->boxes || !t->chains || !t->letters)
		return false;
	rendezvous_server_init(&r->server, t, BOXES_EACH, rng);
	rendezvous_server_set_lifetime(&r->server, LIFETIME);
	return true;
}

static bool make_timers(struct rendezvous_node *r, uint32_t places)
{
	struct heap_node **slots = calloc(places, sizeof(*slots));

	heap_init(&r->timers, slots, places);
	return slots != NULL;
}

static bool make_responders(struct rendezvous_node *r, struct rng *rng)
{
	uint64_t seed;

	r->responders = calloc(r->listeners_len, sizeof(*r->responders));
	for (size_t i = 0; r->responders && i < r->listeners_len; i++) {
		const struct rendezvous_listener *l = &r->listeners[i];

		rng->fill(rng, &seed, sizeof(seed));
		responder_init(&r->responders[i], seed);
		if (l->stun_port)
			responder_set_two_ports(&r->responders[i], l->port, l->stun_port);
	}
	return r->responders != NULL;
}

/* Guest 0 did not come by any of them, but it does no harm to ask. */
static bool make_connections(struct rendezvous_node *r)
{
	r->riders = calloc(r->connections_max + 1u, sizeof(*r->riders));
	return r->riders != NULL;
}

/* Never for the world: who knows the psk is one of ours. */
static bool make_forwarder(struct rendezvous_node *r, uint32_t places,
			   const struct rendezvous_node_settings *settings, msec now)
{
	if (!settings->relay || key_is_zero(settings->psk))
		return true;
	rendezvous_server_set_relays(&r->server);
	r->relays = forwarder_init(&r->forwarder, places, settings->relay_rate, now);
	return r->relays;
}

static bool make_all(struct rendezvous_node *r, const struct rendezvous_node_settings *settings,
		     struct rng *rng, msec now)
{
	uint32_t places = r->clients_max + 1;

	return spare_init(&r->shared) && guests_init(&r->guests, places, rng) &&
	       make_timers(r, places) && make_tables(r, places, rng) && make_responders(r, rng) &&
	       make_connections(r) && make_forwarder(r, places, settings, now);
}

struct rendezvous_node *rendezvous_node_new(const struct rendezvous_node_settings *settings,
					    struct rng *rng, msec now)
{
	struct rendezvous_node *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->shared.rng = rng;
	noise_identity_init(&r->shared.identity, settings->private_key);
	memcpy(r->psk, settings->psk, KEY_LEN);
	gate_init(&r->gate, r->shared.identity.public_key, rng, now);
	r->clients_max = settings->clients_max;
	r->connections_max = settings->connections_max;
	r->listeners_len = settings->listeners_len;
	memcpy(r->listeners, settings->listeners, r->listeners_len * sizeof(*r->listeners));
	list_init(&r->owing);
	list_init(&r->guests.newcomers);
	list_init(&r->guests.known);
	if (!make_all(r, settings, rng, now)) {
		rendezvous_node_free(r);
		return NULL;
	}
	return r;
}

void rendezvous_node_free(struct rendezvous_node *r)
{
	if (!r)
		return;
	guests_deinit(&r->guests);
	spare_deinit(&r->shared);
	free(r->timers.nodes);
	free(r->tables.seats);
	free(r->tables.boxes);
	free(r->tables.chains);
	free(r->tables.letters);
	free(r->responders);
	forwarder_deinit(&r->forwarder);
	free(r->riders);
	wipe(r, sizeof(*r));
	free(r);
}

const uint8_t *rendezvous_node_public_key(const struct rendezvous_node *r)
{
	return r->shared.identity.public_key;
}

void rendezvous_node_set_wall(struct rendezvous_node *r, uint64_t wall_ns)
{
	rendezvous_server_set_wall(&r->server, wall_ns / 1000000);
}

static bool drop(struct rendezvous_node *r, enum node_counter why)
{
	r->counters[why]++;
	return false;
}

static bool is_connection(uint16_t via)
{
	return via >= RENDEZVOUS_CONNECTION;
}

/* -- guests -------------------------------------------------------------- */

static void log_client(const struct guest *guest, const char *what)
{
	char at[ENDPOINT_TEXT];

	log_debug("a client at %s %s", endpoint_format(at, &guest->path.remote), what);
}

static void touch(struct rendezvous_node *r, struct guest *guest)
{
	list_remove(&guest->owing);
	list_append(&r->owing, &guest->owing);
}

static void see_off(struct rendezvous_node *r, struct guest *guest, msec now)
{
	if (r->relays)
		forwarder_forget(&r->forwarder, guests_number(&r->guests, guest), now);
	if (guest->is_known) {
		log_client(guest, "has gone silent");
		rendezvous_server_forget(&r->server, guests_number(&r->guests, guest));
	}
	heap_remove(&r->timers, &guest->timer);
	list_remove(&guest->owing);
	guests_remove(&r->guests, guest);
}

static void see_off_the_silent(struct rendezvous_node *r, msec now)
{
	struct guest *guest;

	while ((guest = guests_next_over(&r->guests, now))) {
		r->guest_counters[GUEST_UNPROVEN] += !guest->is_known;
		see_off(r, guest, now);
	}
	spare_trim(&r->shared);
}

/* Who is to make room for a newcomer, once that has proved itself. False: nobody will. */
static bool find_room(struct rendezvous_node *r, struct guest **victim, msec now)
{
	*victim = NULL;
	if (r->guests.len < r->clients_max)
		return true;
	see_off_the_silent(r, now);
	if (r->guests.len < r->clients_max)
		return true;
	*victim = guests_first_to_go(&r->guests);
	r->guest_counters[GUEST_TURNED_AWAY] += *victim == NULL;
	return *victim != NULL;
}

/* -- handshakes ----------------------------------------------------------- */

static bool respond(struct rendezvous_node *r, struct guest *guest, const struct noise_claim *claim,
		    struct datagram *d, msec now)
{
	struct message_response response;
	enum session_verdict verdict = session_feed_initiation(
		&guest->session, claim, (const void *)d->packet.data, &response, now);

	if (verdict != SESSION_OK)
		return drop(r, verdict_on_handshake(verdict));
	gate_reply(d, &response, sizeof(response));
	touch(r, guest);
	return true;
}

static bool greet_newcomer(struct rendezvous_node *r, const struct noise_claim *claim,
			   struct datagram *d, msec now)
{
	struct guest *victim, *guest;

	if (!find_room(r, &victim, now))
		return false;
	guest = guests_add(&r->guests, &r->shared, claim->public_key, r->psk, now);
	if (!guest)
		return drop(r, COUNT_BAD_HANDSHAKE);
	if (!respond(r, guest, claim, d, now)) {
		see_off(r, guest, now);
		return false;
	}
	if (victim) {
		r->guest_counters[GUEST_PUSHED_OUT]++;
		see_off(r, victim, now);
	}
	return true;
}

static bool receive_initiation(struct rendezvous_node *r, struct datagram *d, msec now)
{
	struct noise_claim claim;
	struct guest *guest;
	bool answered;

	if (!noise_read_initiation(&claim, (const void *)d->packet.data, &r->shared.identity))
		return drop(r, COUNT_BAD_HANDSHAKE);
	guest = guests_find(&r->guests, claim.public_key);
	if (!spare_top_up(&r->shared))
		answered = drop(r, COUNT_NO_MEMORY);
	else if (guest)
		answered = respond(r, guest, &claim, d, now);
	else
		answered = greet_newcomer(r, &claim, d, now);
	wipe(&claim, sizeof(claim));
	return answered;
}

static bool admit(struct rendezvous_node *r, struct datagram *d, msec now)
{
	switch (gate_check(&r->gate, &r->gate.cookies, d, now)) {
	case GATE_OPEN:
		return receive_initiation(r, d, now);
	case GATE_BAD_MAC1:
		return drop(r, COUNT_BAD_MAC1);
	case GATE_COOKIE:
		r->counters[COUNT_COOKIE_SENT]++;
		return true;
	case GATE_LIMITED:
		return drop(r, COUNT_RATE_LIMITED);
	}
	return false;
}

/* -- data ------------------------------------------------------------------ */

/* What was said under the former keys and is still on its way may come for a while. */
static void plan_to_drop_keys(struct guest *guest, msec now)
{
	if (!guest->session.previous)
		guest->drops_keys = NEVER;
	else if (guest->drops_keys == NEVER)
		guest->drops_keys = now + GUEST_OLD_KEYS;
}

static bool has_path(const struct guest *guest)
{
	return guest->path.remote.ip.family != IP_NONE;
}

/* The guest that a frame with this tag is for, and there is a way to it. */
static bool route(struct rendezvous_node *r, uint32_t source, const uint8_t tag[static RELAY_TAG],
		  uint32_t *to, msec now)
{
	if (!forwarder_route(&r->forwarder, &r->server, source, tag, to, now))
		return false;
	if (has_path(guests_at(&r->guests, *to)))
		return true;
	forwarder_dropped(&r->forwarder, source, FORWARD_UNREACHED);
	return false;
}

/* In place: the frames are out of their sessions and go into that with one guest. */
static size_t pass_on(struct rendezvous_node *r, const struct forward *forwards, size_t n,
		      struct datagram *out, msec now)
{
	struct guest *to = guests_at(&r->guests, forwards[0].to);

	touch(r, to);
	return forwarder_seal(&r->forwarder, forwards, n, &to->session, &to->path, out, now);
}

static size_t pass_all_on(struct rendezvous_node *r, struct datagram *out, msec now)
{
	struct forward forwards[BURST_MAX];
	size_t sealed = 0;

	while (r->forwards.len) {
		size_t n = forwards_take(&r->forwards, forwards);

		sealed += pass_on(r, forwards, n, out + sealed, now);
	}
	return sealed;
}

static void receive_relayed(struct rendezvous_node *r, const struct guest *guest,
			    struct datagram *d, msec now)
{
	uint32_t source = guests_number(&r->guests, guest), to;
	uint8_t tag[RELAY_TAG];
	struct packet inside;

	if (!r->relays)
		drop(r, COUNT_NO_RELAY);
	else if (!relay_read(&d->packet, tag, &inside))
		drop(r, COUNT_BAD_SIGNAL);
	else if (route(r, source, tag, &to, now) &&
		 forwarder_offer(&r->forwarder, source, &d->packet, d->ecn, now) == FORWARD_NOW)
		forwards_add(&r->forwards, d, source, to);
}

static void receive_frame(struct rendezvous_node *r, struct guest *guest, struct bytes plain,
			  msec now)
{
	if (!rendezvous_server_feed(&r->server, guests_number(&r->guests, guest),
				    &guest->path.remote, plain, now))
		drop(r, COUNT_BAD_SIGNAL);
}

/* It was opened. */
static void receive_plain(struct rendezvous_node *r, struct guest *guest, struct datagram *d,
			  msec now)
{
	guest->path = d->path;
	if (is_connection(d->path.via))
		r->riders[d->path.via - RENDEZVOUS_CONNECTION] = guests_number(&r->guests, guest);
	if (!guest->is_known)
		log_client(guest, "has come");
	guests_heard(&r->guests, guest, now);
	plan_to_drop_keys(guest, now);
	touch(r, guest);
	if (relay_is(packet_bytes(&d->packet)))
		receive_relayed(r, guest, d, now);
	else if (d->packet.len)
		receive_frame(r, guest, packet_bytes(&d->packet), now);
}

/* n data messages of one session. */
static void receive_data(struct rendezvous_node *r, struct session *session,
			 struct datagram *datagrams, size_t n, msec now)
{
	struct guest *guest = container_of(session, struct guest, session);
	struct packet packets[BURST_MAX];
	enum session_verdict verdicts[BURST_MAX];

	for (size_t i = 0; i < n; i++)
		packets[i] = datagrams[i].packet;
	session_open(session, packets, verdicts, n, now);
	for (size_t i = 0; i < n; i++) {
		datagrams[i].packet = packets[i];
		if (verdicts[i] == SESSION_OK)
			receive_plain(r, guest, &datagrams[i], now);
		else
			drop(r, verdict_on_data(verdicts[i]));
	}
}

/* -- in ---------------------------------------------------------------------- */

static bool is_for_stun_alone(uint16_t via)
{
	return !is_connection(via) && via & 1;
}

static uint16_t port_of(const struct rendezvous_node *r, uint16_t via)
{
	const struct rendezvous_listener *l = &r->listeners[via / 2];

	return is_for_stun_alone(via) ? l->stun_port : l->port;
}

static bool receive_stun(struct rendezvous_node *r, struct datagram *d, msec now)
{
	uint16_t asked, port;

	if (is_connection(d->path.via))
		return drop(r, COUNT_UNSUPPORTED);
	asked = port = port_of(r, d->path.via);
	if (!answer_stun(&r->responders[d->path.via / 2], &r->rooms, d, &port, now))
		return drop(r, COUNT_UNSUPPORTED);
	if (port != asked)
		d->path.via ^= 1;
	return true;
}

/* True: it is the answer now. */
static bool receive_other(struct rendezvous_node *r, struct datagram *d, msec now)
{
	enum demux_kind kind = demux(packet_bytes(&d->packet), false);

	if (kind == DEMUX_STUN)
		return receive_stun(r, d, now);
	if (is_for_stun_alone(d->path.via))
		return drop(r, COUNT_UNSUPPORTED);
	switch (kind) {
	case DEMUX_DATA:
		return drop(r, COUNT_UNKNOWN_INDEX);
	case DEMUX_INITIATION:
		if (message_suite(d->packet.data) != AEAD_CHACHA20POLY1305)
			return drop(r, COUNT_UNSUPPORTED);
		return admit(r, d, now);
	case DEMUX_RESPONSE:
	case DEMUX_COOKIE:		/* to nothing: we call nobody */
		return drop(r, COUNT_UNEXPECTED_HANDSHAKE);
	case DEMUX_CHANNEL:
	case DEMUX_ENVELOPE:
	case DEMUX_STUN:
		return drop(r, COUNT_UNSUPPORTED);
	case DEMUX_UNKNOWN:
		break;
	}
	return drop(r, COUNT_UNKNOWN_DATAGRAM);
}

/* The session that a datagram brings data for; NULL: none. */
static struct session *session_of(const struct rendezvous_node *r, const struct datagram *d)
{
	const struct message_data *msg = (const void *)d->packet.data;

	if (is_for_stun_alone(d->path.via) || demux(packet_bytes(&d->packet), false) != DEMUX_DATA)
		return NULL;
	return index_find(&r->shared.indices, load_le32(msg->receiver));
}

size_t rendezvous_node_receive(struct rendezvous_node *r, struct datagram *datagrams, size_t n,
			       msec now)
{
	size_t kept = 0, run;

	for (size_t i = 0; i < n; i += run) {
		struct session *session = session_of(r, &datagrams[i]);

		run = 1;
		while (session && i + run < n && session_of(r, &datagrams[i + run]) == session)
			run++;
		if (session)
			receive_data(r, session, datagrams + i, run, now);
		else if (receive_other(r, &datagrams[i], now))
			datagrams[kept++] = datagrams[i];
	}
	return kept + pass_all_on(r, datagrams + kept, now);
}

void rendezvous_node_disconnected(struct rendezvous_node *r, uint16_t via)
{
	uint32_t number = r->riders[via - RENDEZVOUS_CONNECTION];
	struct guest *guest = guests_at(&r->guests, number);

	if (guest->path.via != via)
		return;
	guest->path = (struct path){0};
	rendezvous_server_away(&r->server, number);
}

/* -- out --------------------------------------------------------------------- */

static bool poll_server(struct rendezvous_node *r, struct datagram *d, msec now)
{
	uint32_t number;
	size_t len;

	while ((len = rendezvous_server_poll(&r->server, &number, r->frame + HEADROOM))) {
		struct guest *guest = guests_at(&r->guests, number);
		struct packet packet = packet_in(r->frame, sizeof(r->frame), HEADROOM, len);

		if (has_path(guest) &&
		    session_seal(&guest->session, &packet, 1, sizeof(r->frame), now) == 1) {
			touch(r, guest);
			*d = (struct datagram){.packet = packet, .path = guest->path};
			return true;
		}
		r->guest_counters[GUEST_UNREACHED]++;
	}
	return false;
}

static msec guest_due(const struct guest *guest)
{
	return msec_min(session_due(&guest->session), guest->drops_keys);
}

static bool poll_guests(struct rendezvous_node *r, struct datagram *d, msec now)
{
	struct guest *guest;
	size_t len;

	while ((guest = list_first(&r->owing, struct guest, owing))) {
		if (session_poll(&guest->session, r->frame, &len, now) != OWED_NOTHING &&
		    has_path(guest)) {
			*d = (struct datagram){
				.packet = packet_in(r->frame, sizeof(r->frame), 0, len),
				.path = guest->path};
			return true;
		}
		list_remove(&guest->owing);
		heap_set(&r->timers, &guest->timer, guest_due(guest));
	}
	return false;
}

static bool poll_forwarder(struct rendezvous_node *r, struct datagram *d, msec now)
{
	uint8_t tag[RELAY_TAG];
	struct packet inside;
	uint32_t source;

	while (r->relays && forwarder_poll(&r->forwarder, &source, d, now)) {
		struct forward one = {.frame = d->packet, .ecn = d->ecn, .source = source};

		if (relay_read(&one.frame, tag, &inside) && route(r, source, tag, &one.to, now) &&
		    pass_on(r, &one, 1, d, now))
			return true;
	}
	return false;
}

bool rendezvous_node_poll(struct rendezvous_node *r, struct datagram *d, msec now)
{
	return poll_server(r, d, now) || poll_guests(r, d, now) || poll_forwarder(r, d, now);
}

/* -- time -------------------------------------------------------------------- */

static void tick_guest(struct rendezvous_node *r, struct guest *guest, msec now)
{
	heap_remove(&r->timers, &guest->timer);
	session_tick(&guest->session, now);
	if (now >= guest->drops_keys) {
		session_drop_previous(&guest->session);
		guest->drops_keys = NEVER;
	}
	touch(r, guest);
}

void rendezvous_node_tick(struct rendezvous_node *r, msec now)
{
	while (heap_due(&r->timers) <= now)
		tick_guest(r, container_of(heap_first(&r->timers), struct guest, timer), now);
	see_off_the_silent(r, now);
	rendezvous_server_tick(&r->server, now);
}

msec rendezvous_node_due(const struct rendezvous_node *r)
{
	msec relays = r->relays ? forwarder_due(&r->forwarder) : NEVER;

	if (!list_empty(&r->owing))
		return 0;
	return msec_min(msec_min(heap_due(&r->timers), guests_due(&r->guests)),
			msec_min(rendezvous_server_due(&r->server), relays));
}

/* -- what it knows of itself --------------------------------------------------- */

uint32_t rendezvous_node_clients(const struct rendezvous_node *r)
{
	return r->guests.known_len;
}

uint64_t rendezvous_node_count(const struct rendezvous_node *r, enum node_counter counter)
{
	return r->counters[counter];
}

uint64_t rendezvous_node_guests(const struct rendezvous_node *r, enum guest_counter counter)
{
	return r->guest_counters[counter];
}

uint64_t rendezvous_node_relayed(const struct rendezvous_node *r, enum forward_counter counter)
{
	return r->forwarder.counters[counter];
}
