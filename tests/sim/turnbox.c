/* turnbox.c -- a TURN server in the simulated internet (RFC 8656), on the wire as a real one. */
#include "sim/turnbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stun/credential.h"
#include "turn/frame.h"

/* Pipe number n is seen at this port + n, see pipes.c. */
enum { PIPES_PORT = 50000 };

enum { OUT_MAX = NET_DATAGRAM, PERMISSION_LIFE = 300, CHANNEL_LIFE = 600, ALLOCATION_LIFE = 600 };

static const char address[] = "198.51.100.200";
static const char realm[] = "example.org";

/* Who asks, what, and how to answer. */
struct question {
	struct turnbox *box;
	struct endpoint from;
	struct pipe *pipe;		/* NULL: by UDP */
	struct stun_msg msg;
	struct turnbox_allocation *allocation;	/* NULL: it has none */
};

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void key_of(const struct turnbox *box, uint8_t key[static MD5_LEN])
{
	stun_key_md5(key, text("user"), text(realm), text(box->wrong_password ? "other" : "pass"));
}

/* -- out ----------------------------------------------------------------------- */

static void send_to(struct turnbox *box, const struct endpoint *to, struct pipe *pipe,
		    struct bytes bytes)
{
	struct sim *sim = box->sim;

	if (pipe)
		pipes_answer(sim, pipes_number(&sim->pipes, pipe), bytes);
	else
		sim_send(sim, &box->at, to, bytes);
}

static void finish(struct question *q, struct writer *w, bool is_signed)
{
	uint8_t key[MD5_LEN];

	key_of(q->box, key);
	if (is_signed)
		stun_put_integrity(w, bytes_of(key, sizeof(key)));
	send_to(q->box, &q->from, q->pipe, stun_finish(w));
}

static void refuse(struct question *q, unsigned code)
{
	uint8_t out[OUT_MAX];
	struct writer w = writer_over(out, sizeof(out));

	stun_begin(&w, q->msg.method, STUN_ERROR, q->msg.id);
	stun_put_error(&w, code);
	finish(q, &w, true);
}

static void nonce_now(const struct turnbox *box, char nonce[static 32])
{
	snprintf(nonce, 32, "nonce %u %lld", box->life, (long long)(box->sim->now / box->nonce_life));
}

static void demand(struct question *q, unsigned code)
{
	uint8_t out[OUT_MAX];
	struct writer w = writer_over(out, sizeof(out));
	char nonce[32];

	nonce_now(q->box, nonce);
	stun_begin(&w, q->msg.method, STUN_ERROR, q->msg.id);
	stun_put_error(&w, code);
	stun_put(&w, ATTR_REALM, text(realm));
	stun_put(&w, ATTR_NONCE, text(nonce));
	finish(q, &w, false);
}

static struct endpoint relayed_of(const struct turnbox *box, const struct turnbox_allocation *a)
{
	return (struct endpoint){.ip = box->at.ip,
				 .port = (uint16_t)(TURNBOX_RELAYED + (a - box->allocations))};
}

static void grant(struct question *q, uint32_t lifetime)
{
	uint8_t out[OUT_MAX];
	struct writer w = writer_over(out, sizeof(out));
	struct endpoint relayed;

	stun_begin(&w, q->msg.method, STUN_SUCCESS, q->msg.id);
	if (q->msg.method == STUN_ALLOCATE) {
		relayed = relayed_of(q->box, q->allocation);
		stun_put_xor_address(&w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &q->from);
	}
	if (q->msg.method == STUN_ALLOCATE || q->msg.method == STUN_REFRESH)
		stun_put_u32(&w, ATTR_LIFETIME, lifetime);
	finish(q, &w, true);
}

/* -- allocations ----------------------------------------------------------------- */

static struct pipe *pipe_at(const struct turnbox *box, const struct endpoint *client)
{
	return &box->sim->pipes.pipe[client->port - PIPES_PORT];
}

/* The connection is still the same. */
static bool has_pipe(const struct turnbox *box, const struct turnbox_allocation *a)
{
	const struct pipe *p = pipe_at(box, &a->client);

	return p->is_open && p->opens_at == a->pipe.opens_at && p->node == a->pipe.node &&
	       p->via == a->pipe.via;
}

static bool is_live(const struct turnbox *box, const struct turnbox_allocation *a)
{
	return a->client.ip.family != IP_NONE && a->until > box->sim->now &&
	       (!a->stream || has_pipe(box, a));
}

unsigned turnbox_count(const struct turnbox *box)
{
	unsigned n = 0;

	for (size_t i = 0; i < TURNBOX_ALLOCATIONS; i++)
		n += is_live(box, &box->allocations[i]);
	return n;
}

static struct turnbox_allocation *find_allocation(struct turnbox *box, const struct endpoint *client,
						  bool stream)
{
	for (size_t i = 0; i < TURNBOX_ALLOCATIONS; i++) {
		struct turnbox_allocation *a = &box->allocations[i];

		if (is_live(box, a) && a->stream == stream && endpoint_equal(&a->client, client))
			return a;
	}
	return NULL;
}

/* Each port once in a while, so that an old peer does not meet a new client. */
static struct turnbox_allocation *new_allocation(struct turnbox *box)
{
	for (size_t i = 0; i < TURNBOX_ALLOCATIONS; i++) {
		struct turnbox_allocation *a =
			&box->allocations[(box->allocates + i) % TURNBOX_ALLOCATIONS];

		if (!is_live(box, a))
			return a;
	}
	return NULL;
}

static void allocate(struct question *q)
{
	struct turnbox *box = q->box;

	if (box->error) {
		refuse(q, box->error);
	} else if (q->allocation) {
		refuse(q, STUN_ALLOCATION_MISMATCH);
	} else if (turnbox_count(box) >= box->quota) {
		refuse(q, STUN_ALLOCATION_QUOTA);
	} else {
		q->allocation = new_allocation(box);
		assert_non_null(q->allocation);
		*q->allocation = (struct turnbox_allocation){
			.client = q->from,
			.stream = q->pipe != NULL,
			.pipe = q->pipe ? *q->pipe : (struct pipe){0},
			.until = box->sim->now + SECONDS(box->lifetime),
		};
		box->allocates++;
		grant(q, box->lifetime);
	}
}

static void refresh(struct question *q)
{
	uint32_t lifetime = q->box->lifetime;

	q->box->refreshes++;
	stun_get_u32(&q->msg, ATTR_LIFETIME, &lifetime);
	q->allocation->until = q->box->sim->now + SECONDS(lifetime);
	grant(q, lifetime);
}

static struct turnbox_peer *peer_at(struct turnbox_allocation *a, const struct endpoint *at)
{
	for (size_t i = 0; i < a->peers_len; i++) {
		if (endpoint_equal(&a->peers[i].at, at))
			return &a->peers[i];
	}
	assert_true(a->peers_len < TURNBOX_PEERS);
	a->peers[a->peers_len] = (struct turnbox_peer){.at = *at};
	return &a->peers[a->peers_len++];
}

static void permit(struct question *q)
{
	msec now = q->box->sim->now;
	struct turnbox_peer *peer;
	struct endpoint at;
	uint32_t channel;

	if (!stun_get_xor_address(&q->msg, ATTR_XOR_PEER_ADDRESS, &at)) {
		refuse(q, STUN_BAD_REQUEST);
		return;
	}
	peer = peer_at(q->allocation, &at);
	peer->permitted_until = now + SECONDS(PERMISSION_LIFE);
	if (q->msg.method == STUN_CHANNEL_BIND) {
		assert_true(stun_get_u32(&q->msg, ATTR_CHANNEL_NUMBER, &channel));
		peer->channel = (uint16_t)(channel >> 16);
		peer->bound_until = now + SECONDS(CHANNEL_LIFE);
	}
	grant(q, 0);
}

static void take_request(struct question *q)
{
	char nonce[32];
	uint8_t key[MD5_LEN];
	struct bytes said;

	nonce_now(q->box, nonce);
	key_of(q->box, key);
	if (!stun_get_bytes(&q->msg, ATTR_NONCE, &said)) {
		demand(q, STUN_UNAUTHENTICATED);
	} else if (said.len != strlen(nonce) || memcmp(said.data, nonce, said.len) != 0) {
		q->box->stale++;
		demand(q, STUN_STALE_NONCE);
	} else if (!stun_check_integrity(&q->msg, bytes_of(key, sizeof(key)))) {
		demand(q, STUN_UNAUTHENTICATED);
	} else if (q->msg.method == STUN_ALLOCATE) {
		allocate(q);
	} else if (!q->allocation) {
		refuse(q, STUN_ALLOCATION_MISMATCH);
	} else if (q->msg.method == STUN_REFRESH) {
		refresh(q);
	} else {
		permit(q);
	}
}

/* -- what is relayed ----------------------------------------------------------------- */

static bool is_permitted(const struct turnbox_allocation *a, const struct ip *ip, msec now)
{
	for (size_t i = 0; i < a->peers_len; i++) {
		if (a->peers[i].permitted_until > now && ip_equal(&a->peers[i].at.ip, ip))
			return true;
	}
	return false;
}

static const struct turnbox_peer *bound(const struct turnbox_allocation *a,
					const struct endpoint *at, uint16_t channel, msec now)
{
	for (size_t i = 0; i < a->peers_len; i++) {
		const struct turnbox_peer *peer = &a->peers[i];

		if (peer->channel && peer->bound_until > now &&
		    (at ? endpoint_equal(&peer->at, at) : peer->channel == channel))
			return peer;
	}
	return NULL;
}

/* A peer says something to a relayed address. */
static void relay_in(struct turnbox *box, const struct endpoint *from, const struct endpoint *to,
		     struct bytes bytes)
{
	uint8_t out[HEADROOM + OUT_MAX + TAILROOM];
	struct writer w = writer_over(out, sizeof(out));
	static const uint8_t id[STUN_ID_LEN] = {1, 2, 3};
	struct packet p = packet_in(out, sizeof(out), HEADROOM, bytes.len);
	struct turnbox_allocation *a = &box->allocations[to->port - TURNBOX_RELAYED];
	const struct turnbox_peer *peer;

	if (!is_live(box, a) || !is_permitted(a, &from->ip, box->sim->now)) {
		box->lost++;
		return;
	}
	box->relayed++;
	peer = bound(a, from, 0, box->sim->now);
	if (peer) {
		memcpy(p.data, bytes.data, bytes.len);
		assert_true(channel_data_wrap(&p, peer->channel, a->stream));
		send_to(box, &a->client, a->stream ? pipe_at(box, &a->client) : NULL, packet_bytes(&p));
		return;
	}
	stun_begin(&w, STUN_DATA, STUN_INDICATION, id);
	stun_put_xor_address(&w, ATTR_XOR_PEER_ADDRESS, from);
	stun_put(&w, ATTR_DATA, bytes);
	send_to(box, &a->client, a->stream ? pipe_at(box, &a->client) : NULL, stun_finish(&w));
}

static bool is_relayed(const struct turnbox *box, const struct endpoint *at)
{
	return ip_equal(&at->ip, &box->at.ip) && at->port >= TURNBOX_RELAYED &&
	       at->port < TURNBOX_RELAYED + TURNBOX_ALLOCATIONS;
}

/* A client says something to a peer, which may be a relayed address itself. */
static void relay_out(struct turnbox *box, const struct turnbox_allocation *a,
		      const struct endpoint *to, struct bytes bytes)
{
	struct endpoint from = relayed_of(box, a);

	if (!is_permitted(a, &to->ip, box->sim->now)) {
		box->lost++;
		return;
	}
	box->relayed++;
	if (is_relayed(box, to))
		relay_in(box, &from, to, bytes);
	else
		sim_send(box->sim, &from, to, bytes);
}

static void take_indication(struct question *q)
{
	struct endpoint to;
	struct bytes data;

	if (q->allocation && q->msg.method == STUN_SEND &&
	    stun_get_xor_address(&q->msg, ATTR_XOR_PEER_ADDRESS, &to) &&
	    stun_get_bytes(&q->msg, ATTR_DATA, &data))
		relay_out(q->box, q->allocation, &to, data);
}

static void take_channel_data(struct question *q, struct bytes frame)
{
	const struct turnbox_peer *peer;
	struct bytes data;
	uint16_t channel;

	assert_true(channel_data_read(&channel, &data, frame));
	peer = q->allocation ? bound(q->allocation, NULL, channel, q->box->sim->now) : NULL;
	if (peer)
		relay_out(q->box, q->allocation, &peer->at, data);
}

/* -- lies ------------------------------------------------------------------------------ */

static void put_junk(struct turnbox *box, struct writer *w)
{
	static const uint16_t types[] = {
		ATTR_XOR_RELAYED_ADDRESS, ATTR_XOR_MAPPED_ADDRESS, ATTR_LIFETIME, ATTR_XOR_PEER_ADDRESS,
		ATTR_DATA, ATTR_NONCE, ATTR_REALM, ATTR_CHANNEL_NUMBER, ATTR_ICMP,
		ATTR_MESSAGE_INTEGRITY, ATTR_PASSWORD_ALGORITHMS, ATTR_ERROR_CODE};
	struct rng *rng = &box->sim->rng;
	uint8_t junk[64];

	rng->fill(rng, junk, sizeof(junk));
	stun_put(w, types[rng_below(rng, sizeof(types) / sizeof(*types))],
		 bytes_of(junk, rng_below(rng, sizeof(junk))));
}

static unsigned any_error(struct rng *rng)
{
	static const unsigned codes[] = {300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 486, 487,
					 500, 508, 699};

	return codes[rng_below(rng, sizeof(codes) / sizeof(*codes))];
}

/* An answer to what it heard last, or to something else. */
static struct bytes write_lie(struct turnbox *box, uint8_t out[static OUT_MAX])
{
	struct rng *rng = &box->sim->rng;
	struct writer w = writer_over(out, OUT_MAX);
	enum stun_class class = (enum stun_class)rng_below(rng, 4);
	uint8_t key[MD5_LEN];
	struct stun_msg msg;

	if (rng_below(rng, 4) == 0 || !stun_parse(&msg, bytes_of(box->heard.bytes, box->heard.len))) {
		memcpy(out, box->heard.bytes, box->heard.len);
		return bytes_of(out, box->heard.len);
	}
	stun_begin(&w, rng_below(rng, 3) ? msg.method : (uint16_t)rng_below(rng, 12), class, msg.id);
	if (class == STUN_ERROR)
		stun_put_error(&w, any_error(rng));
	for (uint32_t n = rng_below(rng, 5); n; n--)
		put_junk(box, &w);
	key_of(box, key);
	if (rng_below(rng, 2))
		stun_put_integrity(&w, bytes_of(key, sizeof(key)));
	return stun_finish(&w);
}

/* Some bits change, or the end is missing. */
static void lie(struct turnbox *box)
{
	struct rng *rng = &box->sim->rng;
	uint8_t out[OUT_MAX];
	struct bytes bytes = write_lie(box, out);

	for (uint32_t n = rng_below(rng, 3); n; n--)
		out[rng_below(rng, (uint32_t)bytes.len)] ^= (uint8_t)(1u << rng_below(rng, 8));
	if (rng_below(rng, 4) == 0)
		bytes.len = 1 + rng_below(rng, (uint32_t)bytes.len);
	box->lied++;
	send_to(box, &box->heard.from, box->heard.stream ? pipe_at(box, &box->heard.from) : NULL, bytes);
}

void turnbox_lie(struct turnbox *box, unsigned n)
{
	for (; n && box->heard.len; n--)
		lie(box);
}

static void keep_heard(struct turnbox *box, const struct question *q, struct bytes bytes)
{
	box->heard.from = q->from;
	box->heard.stream = q->pipe != NULL;
	box->heard.len = bytes.len;
	memcpy(box->heard.bytes, bytes.data, bytes.len);
}

/* -- in ---------------------------------------------------------------------------------- */

static void take(struct turnbox *box, const struct endpoint *from, struct pipe *pipe,
		 struct bytes bytes)
{
	struct question q = {.box = box, .from = *from, .pipe = pipe,
			     .allocation = find_allocation(box, from, pipe != NULL)};

	if (turn_is_channel_data(bytes)) {
		take_channel_data(&q, bytes);
		return;
	}
	assert_true(stun_parse(&q.msg, bytes));
	keep_heard(box, &q, bytes);
	turnbox_lie(box, box->lies);
	if (q.msg.class == STUN_REQUEST)
		take_request(&q);
	else
		take_indication(&q);
}

static bool tap(struct sim *sim, struct sim_datagram *d, void *context)
{
	struct turnbox *box = context;
	bool to_server = endpoint_equal(&d->to, &box->at), to_relayed = is_relayed(box, &d->to);

	(void)sim;
	if (!to_server && !to_relayed)
		return true;
	if (box->is_down || box->no_udp)
		return false;
	if (to_server)
		take(box, &d->from, NULL, bytes_of(d->bytes, d->len));
	else
		relay_in(box, &d->from, &d->to, bytes_of(d->bytes, d->len));
	return false;
}

static void on_heard(void *context, struct pipe *pipe, const struct endpoint *from,
		     struct bytes datagram)
{
	struct turnbox *box = context;

	if (!box->is_down)
		take(box, from, pipe, datagram);
}

/* -- life ---------------------------------------------------------------------------------- */

void turnbox_restart(struct turnbox *box)
{
	box->life++;
	memset(box->allocations, 0, sizeof(box->allocations));
	for (size_t i = 0; i < box->sim->nodes_len; i++)
		pipes_cut(box->sim, i);
}

struct turnbox *turnbox_new(struct sim *sim, const struct node_turn_server *how)
{
	static struct node_turn_server server;
	struct turnbox *box = calloc(1, sizeof(*box));

	assert_non_null(box);
	server = *how;
	server.host = address;
	server.port = TURNBOX_PORT;
	box->sim = sim;
	box->quota = TURNBOX_ALLOCATIONS;
	box->lifetime = ALLOCATION_LIFE;
	box->nonce_life = SECONDS(3600);
	assert_true(ip_parse(&box->at.ip, address));
	box->at.port = TURNBOX_PORT;
	sim->tap = tap;
	sim->tap_context = box;
	sim->pipes.server = (struct pipes_server){
		.target = {.host = server.host, .port = server.port, .tls = server.tls,
			   .framing = FRAMING_TURN},
		.at = box->at,
		.refuses = NODE_STREAM_ENDS,
		.heard = on_heard,
		.context = box,
	};
	sim->turn = &server;
	sim_add_place(sim, box->at.ip);
	return box;
}

void turnbox_free(struct turnbox *box)
{
	free(box);
}
