/* callers.c -- a rendezvous and those who call it, with every datagram in hand. */
#include "callers.h"

#include "exact.h"

static const uint8_t no_psk[KEY_LEN];
static const struct rendezvous_listener listener = {HALL_PORT, HALL_STUN_PORT};

/* -- the hall -------------------------------------------------------------- */

static void open_with(struct hall *hall, struct rendezvous_node_settings *settings,
		      const uint8_t *psk)
{
	settings->listeners = &listener;
	settings->listeners_len = 1;
	settings->connections_max = HALL_CONNECTIONS;
	assert_true(crypto_init());
	memset(hall, 0, sizeof(*hall));
	rng_seed(&hall->rng, 7);
	hall->now = 1000;
	hall->relays = settings->relay;
	key_generate(settings->private_key, &hall->rng);
	memcpy(settings->psk, psk ? psk : no_psk, KEY_LEN);
	memcpy(hall->psk, settings->psk, KEY_LEN);
	hall->rendezvous = rendezvous_node_new(settings, &hall->rng, hall->now);
	assert_non_null(hall->rendezvous);
	rendezvous_node_set_wall(hall->rendezvous, HALL_WALL);
}

void hall_open(struct hall *hall, uint32_t clients_max, const uint8_t *psk)
{
	open_with(hall, &(struct rendezvous_node_settings){.clients_max = clients_max}, psk);
}

void hall_open_relay(struct hall *hall, uint32_t clients_max, const uint8_t *psk, uint32_t rate)
{
	open_with(hall, &(struct rendezvous_node_settings){
		.clients_max = clients_max, .relay = true, .relay_rate = rate}, psk);
}

void hall_close(struct hall *hall)
{
	rendezvous_node_free(hall->rendezvous);
}

static void note_answer(struct hall *hall, const struct datagram *d)
{
	assert_true(d->packet.len <= sizeof(hall->answer.bytes));
	hall->answer.len = d->packet.len;
	hall->answer.via = d->path.via;
	memcpy(hall->answer.bytes, d->packet.data, d->packet.len);
	hall->bytes_out += d->packet.len;
}

bool hall_feed(struct hall *hall, const struct endpoint *from, uint16_t via, const void *bytes,
	       size_t len)
{
	struct datagram d = {
		.packet = exact_packet(bytes, len),
		.path = {.remote = *from, .local = ip_v4(192, 0, 2, 1), .via = via},
	};
	uint8_t *buffer = d.packet.start;
	bool answered;

	assert_true(len <= sizeof(hall->left));
	hall->bytes_in += len;
	hall->answer.len = 0;
	answered = rendezvous_node_receive(hall->rendezvous, &d, 1, hall->now) == 1;
	if (answered) {
		assert_true(hall->relays || endpoint_equal(&d.path.remote, from));
		hall->answered = d.path.remote;
		note_answer(hall, &d);
	}
	if (len)
		memcpy(hall->left, buffer, len);
	exact_free(buffer);
	return answered;
}

static struct caller *caller_at(struct caller *callers, size_t n, const struct endpoint *at)
{
	for (size_t i = 0; i < n; i++) {
		if (endpoint_equal(&callers[i].at, at))
			return &callers[i];
	}
	return NULL;
}

void caller_hear(struct hall *hall, struct caller *c, const struct datagram *d)
{
	struct said *said = &c->heard[c->heard_len++];
	struct packet p = packet_in(said->bytes, sizeof(said->bytes), 0, 0);
	uint8_t buffer[HALL_BUFFER];
	enum session_verdict verdict;

	assert_true(c->heard_len <= CALLER_HEARD);
	p = packet_in(buffer, sizeof(buffer), 0, d->packet.len);
	memcpy(buffer, d->packet.data, d->packet.len);
	session_open(&c->session, &p, &verdict, 1, hall->now);
	assert_int_equal(verdict, SESSION_OK);
	said->len = p.len;
	said->via = d->path.via;
	memcpy(said->bytes, p.data, p.len);
}

void hall_hand_over(struct hall *hall, struct caller *callers, size_t n)
{
	struct caller *c = caller_at(callers, n, &hall->answered);
	struct datagram d = {
		.packet = packet_in(hall->answer.bytes, sizeof(hall->answer.bytes), 0,
				    hall->answer.len)};

	assert_non_null(c);
	caller_hear(hall, c, &d);
}

void hall_poll(struct hall *hall, struct caller *callers, size_t n)
{
	struct datagram d;

	while (rendezvous_node_poll(hall->rendezvous, &d, hall->now)) {
		struct caller *c = caller_at(callers, n, &d.path.remote);

		assert_non_null(c);
		hall->bytes_out += d.packet.len;
		caller_hear(hall, c, &d);
	}
	assert_true(rendezvous_node_due(hall->rendezvous) > 0);
}

uint64_t hall_pass(struct hall *hall, msec span, struct caller *callers, size_t n)
{
	uint64_t before = hall->bytes_out;
	msec end = hall->now + span, due;

	hall_poll(hall, callers, n);
	while ((due = rendezvous_node_due(hall->rendezvous)) <= end) {
		hall->now = due > hall->now ? due : hall->now;
		rendezvous_node_tick(hall->rendezvous, hall->now);
		hall_poll(hall, callers, n);
		assert_true(rendezvous_node_due(hall->rendezvous) > hall->now);
	}
	hall->now = end;
	return hall->bytes_out - before;
}

/* -- callers --------------------------------------------------------------- */

static void meet(struct hall *hall, struct caller *c, const uint8_t *psk)
{
	assert_true(session_init(&c->session, &c->shared,
				 rendezvous_node_public_key(hall->rendezvous), psk ? psk : no_psk,
				 0));
}

void caller_init(struct hall *hall, struct caller *c, unsigned n, const uint8_t *psk)
{
	memset(c, 0, sizeof(*c));
	key_generate(c->own_private, &hall->rng);
	noise_identity_init(&c->shared.identity, c->own_private);
	index_init(&c->shared.indices, c->slots, CALLER_SLOTS);
	for (size_t i = 0; i < CALLER_KEYPAIRS; i++)
		keypair_pool_add(&c->shared.keypairs, &c->keypairs[i]);
	tai64n_init(&c->shared.clock, 0);
	c->shared.rng = &hall->rng;
	c->at = (struct endpoint){.ip = ip_v4(198, 51, (uint8_t)(n >> 8), (uint8_t)n),
				  .port = (uint16_t)(1000 + n % 60000)};
	meet(hall, c, psk);
}

void caller_restart(struct hall *hall, struct caller *c, const uint8_t *psk)
{
	session_deinit(&c->session);
	meet(hall, c, psk);
}

void caller_deinit(struct caller *c)
{
	session_deinit(&c->session);
}

static size_t poll(struct hall *hall, struct caller *c, uint8_t out[static 148])
{
	size_t len = 0;

	c->shared.wall_ns = HALL_WALL + (uint64_t)hall->now * 1000000;
	return session_poll(&c->session, out, &len, hall->now) == OWED_NOTHING ? 0 : len;
}

size_t caller_initiate(struct hall *hall, struct caller *c, uint8_t out[static 148])
{
	size_t len;

	session_want_handshake(&c->session, hall->now);
	len = poll(hall, c, out);
	assert_int_equal(len, 148);
	return len;
}

size_t caller_conclude(struct hall *hall, struct caller *c, uint8_t out[static 148])
{
	if (hall->answer.len != sizeof(struct message_response) ||
	    session_feed_response(&c->session, (const void *)hall->answer.bytes, hall->now) !=
		    SESSION_OK)
		return 0;
	return poll(hall, c, out);
}

bool caller_connect(struct hall *hall, struct caller *c)
{
	uint8_t message[148];
	size_t len = caller_initiate(hall, c, message);

	hall_feed(hall, &c->at, c->via, message, len);
	len = caller_conclude(hall, c, message);
	if (!len)
		return false;
	hall_feed(hall, &c->at, c->via, message, len);
	return true;
}

void caller_say(struct hall *hall, struct caller *c, const void *plain, size_t len)
{
	uint8_t buffer[HALL_BUFFER];
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);

	if (len)
		memcpy(p.data, plain, len);
	assert_int_equal(session_seal(&c->session, &p, 1, HALL_BUFFER, hall->now), 1);
	assert_true(!hall_feed(hall, &c->at, c->via, p.data, p.len) || hall->relays);
}

struct datagram caller_relayed(struct hall *hall, struct caller *c,
			       const uint8_t tag[static RELAY_TAG], const void *datagram, size_t len)
{
	uint8_t buffer[HALL_BUFFER];
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);

	memcpy(p.data, datagram, len);
	assert_true(relay_put(&p, tag));
	assert_int_equal(session_seal(&c->session, &p, 1, SESSION_UNPADDED, hall->now), 1);
	return (struct datagram){
		.packet = exact_packet(p.data, p.len),
		.path = {.remote = c->at, .local = ip_v4(192, 0, 2, 1), .via = c->via},
	};
}

bool caller_relay(struct hall *hall, struct caller *c, const uint8_t tag[static RELAY_TAG],
		  const void *datagram, size_t len)
{
	struct datagram d = caller_relayed(hall, c, tag, datagram, len);
	bool answered = hall_feed(hall, &c->at, c->via, d.packet.data, d.packet.len);

	exact_free(d.packet.start);
	return answered;
}

void caller_say_message(struct hall *hall, struct caller *c,
			const struct rendezvous_message *message)
{
	uint8_t frame[RENDEZVOUS_FRAME_MAX];
	size_t len = rendezvous_write(frame, sizeof(frame), message);

	assert_true(len > 0);
	caller_say(hall, c, frame, len);
}

void caller_register(struct hall *hall, struct caller *c, uint8_t box)
{
	uint8_t ids[1][MAILBOX_LEN] = {{box}};
	struct rendezvous_message m = {.kind = FRAME_REGISTER,
				       .sequence = 1,
				       .lifetime = 300,
				       .ids = (const uint8_t(*)[MAILBOX_LEN])ids,
				       .ids_len = 1};

	caller_say_message(hall, c, &m);
}

struct bytes caller_envelope(uint8_t box)
{
	static uint8_t envelope[ENVELOPE_OVERHEAD + 20];

	memset(envelope, 0x5a, sizeof(envelope));
	envelope[0] = ENVELOPE_VERSION;
	memset(envelope + 1, 0, MAILBOX_LEN);
	envelope[1] = box;
	return bytes_of(envelope, sizeof(envelope));
}

void caller_publish(struct hall *hall, struct caller *c, uint8_t box)
{
	struct rendezvous_message m = {.kind = FRAME_PUBLISH, .envelope = caller_envelope(box)};

	caller_say_message(hall, c, &m);
}

size_t caller_heard(const struct caller *c, enum frame_kind kind, struct rendezvous_message *last)
{
	struct rendezvous_message m;
	size_t n = 0;

	for (size_t i = 0; i < c->heard_len; i++) {
		if (!rendezvous_read(&m, bytes_of(c->heard[i].bytes, c->heard[i].len)) ||
		    m.kind != kind)
			continue;
		*last = m;
		n++;
	}
	return n;
}
