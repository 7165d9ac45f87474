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

/* In place: the frame is out of one session and goes into another. */
static bool pass_on(struct rendezvous_node *r, uint32_t source, uint32_t number, struct datagram *d,
		    msec now)
{
	struct guest *to = guests_at(&r->guests, number);
	size_t len = d->packet.len;

	if (!has_path(to) || session_seal(&to->session, &d->packet, 1, len, now) == 0) {
		forwarder_dropped(&r->forwarder, source, FORWARD_UNREACHED);
		return false;
	}
	d->path = to->path;
	d->dscp = 0;
	forwarder_passed(&r->forwarder, source, number, len, now);
	touch(r, to);
	return true;
}

/* True: *d is sealed for another client. */
static bool receive_relayed(struct rendezvous_node *r, const struct guest *guest,
			    struct datagram *d, msec now)
{
	uint32_t source = guests_number(&r->guests, guest), to;
	uint8_t tag[RELAY_TAG];
	struct packet inside;

	if (!r->relays)
		return drop(r, COUNT_NO_RELAY);
	if (!relay_read(&d->packet, tag, &inside))
		return drop(r, COUNT_BAD_SIGNAL);
	return forwarder_route(&r->forwarder, &r->server, source, tag, &to, now) &&
	       forwarder_offer(&r->forwarder, source, &d->packet, d->ecn, now) == FORWARD_NOW &&
	       pass_on(r, source, to, d, now);
}

static void receive_frame(struct rendezvous_node *r, struct guest *guest, struct bytes plain,
			  msec now)
{
	if (!rendezvous_server_feed(&r->server, guests_number(&r->guests, guest),
				    &guest->path.remote, plain, now))
		drop(r, COUNT_BAD_SIGNAL);
}

static bool receive_data(struct rendezvous_node *r, struct datagram *d, msec now)
{
	const struct message_data *msg = (const void *)d->packet.data;
	struct session *session = index_find(&r->shared.indices, load_le32(msg->receiver));
	enum session_verdict verdict;
	struct guest *guest;

	if (!session)
		return drop(r, COUNT_UNKNOWN_INDEX);
	session_open(session, &d->packet, &verdict, 1, now);
	if (verdict != SESSION_OK)
		return drop(r, verdict_on_data(verdict));
	guest = container_of(session, struct guest, session);
	guest->path = d->path;
	if (is_connection(d->path.via))
		r->riders[d->path.via - RENDEZVOUS_CONNECTION] = guests_number(&r->guests, guest);
	if (!guest->is_known)
		log_client(guest, "has come");
	guests_heard(&r->guests, guest, now);
	plan_to_drop_keys(guest, now);
	touch(r, guest);
	if (relay_is(packet_bytes(&d->packet)))
		return receive_relayed(r, guest, d, now);
	if (d->packet.len)
		receive_frame(r, guest, packet_bytes(&d->packet), now);
	return false;
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

bool rendezvous_node_receive(struct rendezvous_node *r, struct datagram *d, msec now)
{
	enum demux_kind kind = demux(packet_bytes(&d->packet), false);

	if (kind == DEMUX_STUN)
		return receive_stun(r, d, now);
	if (is_for_stun_alone(d->path.via))
		return drop(r, COUNT_UNSUPPORTED);
	switch (kind) {
	case DEMUX_DATA:
		return receive_data(r, d, now);
	case DEMUX_INITIATION:
		return admit(r, d, now);
	case DEMUX_RESPONSE:
	case DEMUX_COOKIE:		/* to nothing: we call nobody */
		return drop(r, COUNT_UNEXPECTED_HANDSHAKE);
	case DEMUX_SUITE:
	case DEMUX_CHANNEL:
	case DEMUX_ENVELOPE:
	case DEMUX_STUN:
		return drop(r, COUNT_UNSUPPORTED);
	case DEMUX_UNKNOWN:
		break;
	}
	return drop(r, COUNT_UNKNOWN_DATAGRAM);
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
	uint32_t source, to;

	while (r->relays && forwarder_poll(&r->forwarder, &source, d, now)) {
		if (relay_read(&d->packet, tag, &inside) &&
		    forwarder_route(&r->forwarder, &r->server, source, tag, &to, now) &&
		    pass_on(r, source, to, d, now))
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
