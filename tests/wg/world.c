/* world.c -- two sessions, a wire between them, and a clock that jumps. */
#include "world.h"

#include "crypto/crypto.h"

enum { ROOM_BEFORE = 16, ROOM_AFTER = 32, PAYLOAD = 24 };

static const uint64_t wall_ns_at_0 = UINT64_C(1700000000) * 1000000000;

/* -- beginning and end --------------------------------------------------- */

static void side_init(struct world *w, struct side *side)
{
	uint8_t private_key[KEY_LEN];

	key_generate(private_key, &w->rng);
	noise_identity_init(&side->shared.identity, private_key);
	index_init(&side->shared.indices, side->slots, INDEX_SLOTS);
	for (size_t i = 0; i < KEYPAIRS; i++)
		keypair_pool_add(&side->shared.keypairs, &side->keypairs[i]);
	tai64n_init(&side->shared.clock, 0);
	side->shared.rng = &w->rng;
	side->shared.wall_ns = wall_ns_at_0;
	cookie_checker_init(&side->checker, side->shared.identity.public_key);
}

static void meet(struct side *side, const struct side *other, const uint8_t psk[static KEY_LEN])
{
	assert_true(session_init(&side->session, &side->shared, other->shared.identity.public_key,
				 psk, 0));
}

void world_init_with_psks(struct world *w, uint64_t seed, const uint8_t psk_a[static KEY_LEN],
			  const uint8_t psk_b[static KEY_LEN])
{
	assert_true(crypto_init());
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->now = 1000;
	w->delay = 20;
	side_init(w, &w->side[A]);
	side_init(w, &w->side[B]);
	meet(&w->side[A], &w->side[B], psk_a);
	meet(&w->side[B], &w->side[A], psk_b);
}

void world_init(struct world *w, uint64_t seed)
{
	static const uint8_t none[KEY_LEN];

	world_init_with_psks(w, seed, none, none);
}

void world_deinit(struct world *w)
{
	for (int i = 0; i < SIDES; i++) {
		struct side *side = &w->side[i];

		session_deinit(&side->session);
		assert_int_equal(side->shared.keypairs.free_count, KEYPAIRS);
		assert_int_equal(side->shared.indices.len, 0);
	}
}

/* -- the wire ------------------------------------------------------------ */

static void transmit(struct world *w, int from, const uint8_t *bytes, size_t len)
{
	int to = !from;
	unsigned type = bytes[0];
	struct message m = {.at = w->now + w->delay, .order = w->order++, .to = to, .len = len};

	assert_true(len <= LARGEST && type < MESSAGE_TYPES);
	memcpy(m.bytes, bytes, len);
	w->last[to][type] = m;
	w->side[from].sent[type]++;
	if (type == MESSAGE_INITIATION)
		w->side[from].called[message_suite(bytes)]++;
	if (w->lose[to] & 1u << type || suite_is_in(message_suite(bytes), (uint8_t)w->lose_suites[to]) ||
	    rng_below(&w->rng, 100) < w->loss_percent)
		return;
	assert_true(w->flying < IN_FLIGHT);
	w->in_flight[w->flying++] = m;
}

static bool arrives_first(const struct message *a, const struct message *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static struct message *next_arrival(struct world *w)
{
	struct message *first = NULL;

	for (size_t i = 0; i < w->flying; i++)
		if (!first || arrives_first(&w->in_flight[i], first))
			first = &w->in_flight[i];
	return first;
}

/* -- what a node does with a message ------------------------------------- */

static struct session *session_for(struct side *side, const uint8_t receiver[static 4])
{
	return index_find(&side->shared.indices, load_le32(receiver));
}

static enum session_verdict feed_initiation(struct world *w, struct side *side,
					    const struct message_initiation *msg)
{
	struct message_response response;
	enum session_verdict verdict;
	struct noise_claim claim;

	if (!noise_read_initiation(&claim, msg, &side->shared.identity) ||
	    !key_equal(claim.public_key, side->session.peer.public_key))
		return SESSION_BAD;
	verdict = session_feed_initiation(&side->session, &claim, msg, &response, w->now);
	if (verdict == SESSION_OK)
		transmit(w, side == &w->side[B], (uint8_t *)&response, sizeof(response));
	return verdict;
}

static enum session_verdict feed_response(struct side *side, const struct message_response *msg,
					  msec now)
{
	struct session *s = session_for(side, msg->receiver);

	return s ? session_feed_response(s, msg, now) : SESSION_UNEXPECTED;
}

static enum session_verdict feed_cookie(struct side *side, const struct message_cookie *msg,
					msec now)
{
	struct session *s = session_for(side, msg->receiver);

	return s ? session_feed_cookie(s, msg, now) : SESSION_UNEXPECTED;
}

static void assert_payload(const struct packet *p)
{
	for (size_t i = 0; i < p->len; i++)
		assert_int_equal(p->data[i], i < PAYLOAD ? 0x40 + i : 0);
}

static enum session_verdict feed_data(struct side *side, uint8_t *bytes, size_t len, msec now)
{
	struct packet p = packet_in(bytes, len, 0, len);
	struct session *s = session_for(side, ((struct message_data *)bytes)->receiver);
	enum session_verdict verdict;

	if (!s)
		return SESSION_UNEXPECTED;
	session_open(s, &p, &verdict, 1, now);
	if (verdict == SESSION_OK && p.len) {
		assert_payload(&p);
		side->data_got++;
	} else if (verdict == SESSION_OK) {
		side->keepalives_got++;
	}
	return verdict;
}

static bool mac1_is_right(struct world *w, struct side *side, const uint8_t *bytes, size_t len)
{
	struct endpoint from = {.ip = ip_v4(192, 0, 2, 1), .port = 51820};

	return cookie_check(&side->checker, bytes_of(bytes, len), &from, &w->rng, w->now) !=
	       COOKIE_BAD_MAC1;
}

static enum session_verdict dispatch(struct world *w, struct side *side, uint8_t *bytes, size_t len)
{
	void *msg = bytes;

	switch ((enum message_type)bytes[0]) {
	case MESSAGE_INITIATION:
		return mac1_is_right(w, side, bytes, len) ? feed_initiation(w, side, msg)
							  : SESSION_BAD;
	case MESSAGE_RESPONSE:
		return mac1_is_right(w, side, bytes, len) ? feed_response(side, msg, w->now)
							  : SESSION_BAD;
	case MESSAGE_COOKIE:
		return feed_cookie(side, msg, w->now);
	case MESSAGE_DATA:
		return feed_data(side, bytes, len, w->now);
	}
	return SESSION_BAD;
}

enum session_verdict world_deliver(struct world *w, int to, const uint8_t *bytes, size_t len)
{
	uint8_t copy[LARGEST];
	enum session_verdict verdict;

	memcpy(copy, bytes, len);
	verdict = dispatch(w, &w->side[to], copy, len);
	w->side[to].verdicts[verdict]++;
	return verdict;
}

enum session_verdict world_replay(struct world *w, int to, enum message_type type)
{
	const struct message *m = &w->last[to][type];

	return world_deliver(w, to, m->bytes, m->len);
}

/* -- what a node sends --------------------------------------------------- */

void world_seal(struct world *w, int from, struct message *out, size_t len)
{
	uint8_t room[LARGEST + ROOM_BEFORE + ROOM_AFTER];
	struct packet p = packet_in(room, sizeof(room), ROOM_BEFORE, len);

	for (size_t i = 0; i < len; i++)
		p.data[i] = (uint8_t)(0x40 + i);
	assert_int_equal(session_seal(&w->side[from].session, &p, 1, MTU, w->now), 1);
	*out = (struct message){.to = !from, .len = p.len};
	memcpy(out->bytes, p.data, p.len);
}

static void send_data(struct world *w, int from)
{
	struct message m;

	world_seal(w, from, &m, PAYLOAD);
	transmit(w, from, m.bytes, m.len);
}

void world_say(struct world *w, int from)
{
	struct side *side = &w->side[from];

	side->data_said++;
	if (session_may_send(&side->session, w->now)) {
		send_data(w, from);
	} else {
		session_want_handshake(&side->session, w->now);
		side->staged = true;
	}
}

void world_poll(struct world *w, int from)
{
	struct side *side = &w->side[from];
	uint8_t out[SESSION_MESSAGE_MAX];
	enum session_owed owed;
	size_t len;

	if (side->staged && session_may_send(&side->session, w->now)) {
		side->staged = false;
		send_data(w, from);
	}
	side->shared.wall_ns = wall_ns_at_0 + (uint64_t)w->now * 1000000;
	while ((owed = session_poll(&side->session, out, &len, w->now)) != OWED_NOTHING) {
		side->saves += owed == OWED_HANDSHAKE_AFTER_SAVE;
		side->keepalives_sent += owed == OWED_KEEPALIVE;
		transmit(w, from, out, len);
	}
	if (side->session.gave_up)
		side->staged = false;
}

/* -- time ---------------------------------------------------------------- */

static msec next_event(struct world *w)
{
	struct message *m = next_arrival(w);
	msec due = m ? m->at : NEVER;

	due = msec_min(due, session_due(&w->side[A].session));
	return msec_min(due, session_due(&w->side[B].session));
}

static void arrive(struct world *w)
{
	struct message *first = next_arrival(w);
	struct message m;

	if (!first || first->at > w->now)
		return;
	m = *first;
	*first = w->in_flight[--w->flying];
	world_deliver(w, m.to, m.bytes, m.len);
}

static void step(struct world *w)
{
	arrive(w);
	for (int i = 0; i < SIDES; i++) {
		session_tick(&w->side[i].session, w->now);
		world_poll(w, i);
	}
}

void world_run(struct world *w, msec span)
{
	msec until = w->now + span;
	msec due;

	while ((due = next_event(w)) <= until) {
		if (due > w->now)
			w->now = due;
		step(w);
	}
	w->now = until;
}

void world_handshake(struct world *w)
{
	session_want_handshake(&w->side[A].session, w->now);
	world_run(w, 4 * w->delay);
	assert_true(session_may_send(&w->side[A].session, w->now));
	assert_true(session_may_send(&w->side[B].session, w->now));
	assert_true(w->side[A].session.current->is_initiator);
}

bool memory_contains(const void *memory, size_t len, const uint8_t secret[static KEY_LEN])
{
	return memmem(memory, len, secret, KEY_LEN) != NULL;
}
