/* hub.c -- a rendezvous in the simulated internet that is as hostile as it can be. */
#include "sim/hub.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "wg/messages.h"

enum { STEP = 20, GARBAGE_PER_STEP = 4, REPLAY_GAP = 500, ROOM = HEADROOM + 2048 + TAILROOM };

static const uint8_t no_psk[KEY_LEN];
static const char address[] = "203.0.113.200";

/* -- out ------------------------------------------------------------------------ */

/* path.via: 1 and up are pipes. */
static void send_bytes(struct hub *hub, const struct path *to, const void *bytes, size_t len)
{
	if (to->via)
		pipes_answer(hub->sim, to->via - 1u, bytes_of(bytes, len));
	else
		sim_send(hub->sim, &hub->at, &to->remote, bytes_of(bytes, len));
}

void hub_say(struct hub *hub, struct guest *to, const void *plain, size_t len)
{
	uint8_t buffer[ROOM];
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);

	memcpy(p.data, plain, len);
	if (session_seal(&to->session, &p, 1, ROOM, hub->sim->now) == 1)
		send_bytes(hub, &to->path, p.data, p.len);
}

static void say_message(struct hub *hub, struct guest *to, const struct rendezvous_message *m)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX];

	hub_say(hub, to, frame, rendezvous_write(frame, sizeof(frame), m));
}

static void deliver(struct hub *hub, struct guest *to, const struct hub_envelope *e)
{
	struct rendezvous_message m = {.kind = FRAME_DELIVER, .envelope = bytes_of(e->bytes, e->len)};

	hub->delivered++;
	say_message(hub, to, &m);
}

static void hold(struct hub *hub, struct guest *to, const struct hub_envelope *e, msec wait)
{
	if (!wait)
		deliver(hub, to, e);
	for (size_t i = 0; wait && i < HUB_HELD; i++) {
		struct hub_held *h = &hub->held[i];

		if (h->due != NEVER)
			continue;
		*h = (struct hub_held){.due = hub->sim->now + wait, .to = to, .envelope = *e};
		return;
	}
}

/* -- what it does with an envelope ------------------------------------------------- */

struct guest *hub_owner(const struct hub *hub, const uint8_t *id, size_t len)
{
	for (size_t i = 0; i < hub->ids_len && i < HUB_IDS; i++) {
		if (memcmp(hub->ids[i].id, id, len) == 0)
			return hub->ids[i].owner;
	}
	return NULL;
}

static struct guest *owner_of(const struct hub *hub, const uint8_t *id)
{
	return hub_owner(hub, id, MAILBOX_LEN);
}

msec hub_wait(struct hub *hub)
{
	msec wait = hub->malice & HUB_DELAYS ? SECONDS(30) : 0;

	if (hub->malice & HUB_REORDERS)
		wait += rng_below(&hub->rng, 3000);
	return wait;
}

/* To everybody else as it is, and to the owner of another mailbox under that one's id. */
static void swap(struct hub *hub, const struct hub_envelope *e)
{
	size_t i = rng_below(&hub->rng, (uint32_t)hub->ids_len);
	struct hub_envelope other = *e;

	for (size_t k = 0; k < hub->ids_len; k++)
		hold(hub, hub->ids[k].owner, e, hub_wait(hub));
	memcpy(other.bytes + 1, hub->ids[i].id, MAILBOX_LEN);
	hold(hub, hub->ids[i].owner, &other, hub_wait(hub));
}

static void take_envelope(struct hub *hub, struct bytes envelope)
{
	struct hub_envelope e = {.len = envelope.len};
	struct guest *owner = owner_of(hub, envelope_mailbox(envelope));
	unsigned copies = hub->malice & HUB_MULTIPLIES ? 100 : 1;

	memcpy(e.bytes, envelope.data, envelope.len);
	hub->published++;
	hub->kept[hub->kept_len++ % HUB_KEPT] = e;
	if (!owner || hub->malice & HUB_DROPS)
		return;
	if (hub->malice & HUB_SWAPS)
		swap(hub, &e);
	for (unsigned i = 0; i < copies; i++)
		hold(hub, owner, &e, hub_wait(hub));
}

static void take_ids(struct hub *hub, struct guest *from, const struct rendezvous_message *m)
{
	struct rendezvous_message answer = {
		.kind = FRAME_OBSERVED, .sequence = m->sequence, .lifetime = 120,
		.held = (uint16_t)m->ids_len, .limit = 64,
		.flags = hub->relays ? RENDEZVOUS_RELAYS : 0,
		.time_ms = (uint64_t)hub->sim->now, .address = from->path.remote};

	for (size_t i = 0; i < m->ids_len; i++) {
		struct guest *owner = owner_of(hub, m->ids[i]);
		size_t place = hub->ids_len++ % HUB_IDS;

		if (owner == from) {
			hub->ids_len--;
			continue;
		}
		memcpy(hub->ids[place].id, m->ids[i], MAILBOX_LEN);
		hub->ids[place].owner = from;
	}
	say_message(hub, from, &answer);
}

/* -- in -------------------------------------------------------------------------- */

/* Nothing that it gets, and nothing in what it opens, may say who a node is. */
static void look_for_names(struct hub *hub, const void *bytes, size_t len)
{
	for (size_t i = 0; i < hub->sim->nodes_len; i++) {
		const struct sim_node *n = &hub->sim->nodes[i];

		if (memmem(bytes, len, n->public_key, KEY_LEN) ||
		    memmem(bytes, len, n->inner.bytes, 4))
			hub->was_named = true;
	}
}

static void take_initiation(struct hub *hub, const struct path *from, struct bytes message)
{
	const struct message_initiation *msg = (const void *)message.data;
	struct message_response response;
	struct noise_claim claim;
	struct guest *guest;

	assert_true(noise_read_initiation(&claim, msg, &hub->shared.identity));
	look_for_names(hub, claim.public_key, KEY_LEN);
	guest = guests_find(&hub->guests, claim.public_key);
	if (!guest)
		guest = guests_add(&hub->guests, &hub->shared, claim.public_key, no_psk,
				   hub->sim->now);
	assert_non_null(guest);
	if (session_feed_initiation(&guest->session, &claim, msg, &response, hub->sim->now) ==
	    SESSION_OK)
		send_bytes(hub, from, &response, sizeof(response));
}

static void take_data(struct hub *hub, const struct path *from, struct bytes message)
{
	const struct message_data *msg = (const void *)message.data;
	struct session *s = index_find(&hub->shared.indices, load_le32(msg->receiver));
	uint8_t buffer[ROOM];
	struct packet p = packet_in(buffer, sizeof(buffer), 0, message.len);
	struct rendezvous_message m;
	enum session_verdict verdict;
	struct guest *guest;

	if (!s)
		return;
	memcpy(buffer, message.data, message.len);
	session_open(s, &p, &verdict, 1, hub->sim->now);
	if (verdict != SESSION_OK)
		return;
	guest = container_of(s, struct guest, session);
	guest->path = *from;
	guests_heard(&hub->guests, guest, hub->sim->now);
	look_for_names(hub, p.data, p.len);
	if (hub->relays && relay_is(packet_bytes(&p)))
		hub_relay(hub, &p);
	if (!rendezvous_read(&m, packet_bytes(&p)))
		return;
	if (m.kind == FRAME_REGISTER)
		take_ids(hub, guest, &m);
	else if (m.kind == FRAME_PUBLISH)
		take_envelope(hub, m.envelope);
}

static void take(struct hub *hub, const struct path *from, struct bytes message)
{
	look_for_names(hub, message.data, message.len);
	if (message.data[0] == MESSAGE_INITIATION)
		take_initiation(hub, from, message);
	else if (message.data[0] == MESSAGE_DATA)
		take_data(hub, from, message);
}

static bool tap(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct hub *hub = context;
	struct path from = {.remote = d->from};

	(void)sim;
	if (!endpoint_equal(&d->to, &hub->at))
		return true;
	if (!hub->is_down)
		take(hub, &from, bytes_of(d->bytes, d->len));
	return false;
}

static void heard(void *context, struct pipe *pipe, const struct endpoint *from,
		  struct bytes datagram)
{
	struct hub *hub = context;
	struct path path = {.remote = *from,
			    .via = (uint16_t)(pipes_number(&hub->sim->pipes, pipe) + 1)};

	take(hub, &path, datagram);
}

/* -- its own time ------------------------------------------------------------------- */

static void let_go(struct hub *hub)
{
	for (size_t i = 0; i < HUB_HELD; i++) {
		struct hub_held *h = &hub->held[i];

		if (hub->sim->now < h->due)
			continue;
		h->due = NEVER;
		deliver(hub, h->to, &h->envelope);
	}
}

static void replay(struct hub *hub)
{
	size_t n = hub->kept_len < HUB_KEPT ? hub->kept_len : HUB_KEPT;

	for (size_t i = 0; i < n; i++) {
		struct hub_envelope e = hub->kept[i];
		struct guest *owner = owner_of(hub, e.bytes + 1);

		if (owner)
			deliver(hub, owner, &e);
		/* and under the mailboxes of the present day */
		for (size_t k = 0; k < hub->ids_len && k < HUB_IDS; k++) {
			memcpy(e.bytes + 1, hub->ids[k].id, MAILBOX_LEN);
			if (rng_below(&hub->rng, 8) == 0)
				deliver(hub, hub->ids[k].owner, &e);
		}
	}
}

static void litter(struct hub *hub)
{
	struct hub_envelope e;

	for (int n = 0; n < GARBAGE_PER_STEP && hub->ids_len; n++) {
		size_t i = rng_below(&hub->rng,
				     (uint32_t)(hub->ids_len < HUB_IDS ? hub->ids_len : HUB_IDS));

		e.len = ENVELOPE_OVERHEAD + 1 + rng_below(&hub->rng, 600);
		hub->rng.fill(&hub->rng, e.bytes, e.len);
		e.bytes[0] = ENVELOPE_VERSION;
		memcpy(e.bytes + 1, hub->ids[i].id, MAILBOX_LEN);
		deliver(hub, hub->ids[i].owner, &e);
	}
}

/* As if it were a peer: a packet for the host, and frames that peers say to each other. */
static void talk(struct hub *hub)
{
	uint8_t bytes[64] = {0x45, [3] = 64, [9] = 253};

	for (size_t k = 0; k < hub->ids_len && k < HUB_IDS; k++) {
		struct guest *to = hub->ids[k].owner;

		memcpy(bytes + 12, hub->sim->nodes[0].inner.bytes, 4);
		memcpy(bytes + 16, hub->sim->nodes[1].inner.bytes, 4);
		hub_say(hub, to, bytes, sizeof(bytes));
		for (uint8_t kind = 1; kind <= FRAME_KIND_MAX; kind++) {
			uint8_t frame[24] = {kind, 0, 21};

			hub->rng.fill(&hub->rng, frame + 3, 21);
			hub_say(hub, to, frame, sizeof(frame));
		}
	}
}

static void step(struct hub *hub)
{
	bool now_and_then = hub->sim->now % REPLAY_GAP < STEP;

	if (hub->is_down)
		return;
	let_go(hub);
	if (hub->malice & HUB_REPLAYS && now_and_then)
		replay(hub);
	if (hub->malice & HUB_GARBAGE)
		litter(hub);
	if (hub->malice & HUB_TALKS && now_and_then)
		talk(hub);
	if (hub->relays)
		hub_relay_step(hub, now_and_then);
}

void hub_run(struct hub *hub, msec duration)
{
	for (msec end = hub->sim->now + duration; hub->sim->now < end;) {
		/* an honest one does all in tap() */
		sim_run(hub->sim, hub->malice ? STEP : msec_min(end - hub->sim->now, SECONDS(60)));
		step(hub);
	}
}

/* -- life ------------------------------------------------------------------------------ */

static void forget(struct hub *hub)
{
	hub->ids_len = 0;
	for (size_t i = 0; i < HUB_HELD; i++)
		hub->held[i].due = NEVER;
	for (size_t i = 0; i < HUB_RELAYED; i++)
		hub->relayed[i].to = NULL;
}

void hub_restart(struct hub *hub)
{
	guests_deinit(&hub->guests);
	assert_true(guests_init(&hub->guests, HUB_GUESTS, &hub->rng));
	forget(hub);
	for (size_t i = 0; i < hub->sim->nodes_len; i++)
		pipes_cut(hub->sim, i);
}

static void tell_nodes(struct sim *sim)
{
	for (size_t i = 0; i < sim->nodes_len; i++)
		sim_configure(sim, i, true, false, 0);
}

void hub_listen_tls(struct hub *hub, bool alone)
{
	struct sim *sim = hub->sim;
	struct node_rendezvous_settings *tls = &sim->rendezvous[alone ? 0 : 1];

	*tls = sim->rendezvous[0];
	tls->host = "hub.example";
	tls->port = 443;
	tls->tls = true;
	sim->rendezvous_len = alone ? 1 : 2;
	sim->pipes.server = (struct pipes_server){
		.target = {.host = tls->host, .port = tls->port, .tls = true},
		.at = {.ip = hub->at.ip, .port = tls->port},
		.refuses = NODE_STREAM_ENDS,
		.heard = heard,
		.context = hub,
	};
	tell_nodes(sim);
}

struct hub *hub_new(struct sim *sim, uint64_t seed, unsigned malice)
{
	struct hub *hub = calloc(1, sizeof(*hub));
	uint8_t key[KEY_LEN];

	assert_non_null(hub);
	hub->sim = sim;
	hub->malice = malice;
	assert_true(ip_parse(&hub->at.ip, address));
	hub->at.port = 4901;
	rng_seed(&hub->rng, seed);
	key_generate(key, &hub->rng);
	noise_identity_init(&hub->shared.identity, key);
	index_init(&hub->shared.indices, hub->slots, HUB_SLOTS);
	for (size_t i = 0; i < HUB_KEYPAIRS; i++)
		keypair_pool_add(&hub->shared.keypairs, &hub->keypairs[i]);
	hub->shared.rng = &hub->rng;
	assert_true(guests_init(&hub->guests, HUB_GUESTS, &hub->rng));
	forget(hub);

	sim->tap = tap;
	sim->tap_context = hub;
	sim_add_place(sim, hub->at.ip);
	sim->rendezvous_len = 1;
	sim->rendezvous[0] = (struct node_rendezvous_settings){
		.name = "hub", .host = address, .port = hub->at.port};
	memcpy(sim->rendezvous[0].public_key, hub->shared.identity.public_key, KEY_LEN);
	tell_nodes(sim);
	return hub;
}

void hub_free(struct hub *hub)
{
	guests_deinit(&hub->guests);
	free(hub);
}
