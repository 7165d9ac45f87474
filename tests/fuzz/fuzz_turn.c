/* fuzz_turn.c -- a TURN allocation, and a script of everything that can happen to it.
 *
 *   op | what it needs | op | what it needs | ...
 *
 * The server's messages are made of the script's bytes; some are signed, as those of a
 * server that knows the password and means harm. After each step all that should always
 * hold is looked at. The input as a whole is also a stream of frames, cut in two ways.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "stun/integrity.h"
#include "turn/allocation.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { INPUT_MAX = 1024, MESSAGE_ROOM = 1024 };

static struct turn_allocation a;
static struct rng rng;
static struct endpoint server;
static msec now;
static uint8_t last_id[STUN_ID_LEN];
static uint16_t last_method;
static unsigned sent_in_a_row;

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	must(crypto_init() && endpoint_parse(&server, "192.0.2.1:3478"));
	return 0;
}

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* -- what always holds --------------------------------------------------- */

static void look_at_peer(const struct turn_peer *p)
{
	must(p->at.ip.family == a.settings.family);
	must(p->permitted_until <= now + TURN_PERMISSION_LIFE);
	must(p->bound_until <= now + TURN_CHANNEL_LIFE);
	must(!p->bound_until || p->number_until >= p->bound_until);
	must(!p->refused || p->ask_due == NEVER);
	must(p->ask_due == NEVER || !turn_request_is_out(&p->request) || p->wants_channel);
}

static void look(void)
{
	must(a.peers.len <= TURN_PEERS_MAX && (a.state == TURN_UP || !a.peers.len));
	for (size_t i = 0; i < a.peers.len; i++)
		look_at_peer(&a.peers.slots[i]);
	must(a.server.at.ip.family == IP_V4 && a.server.at.port);
	must(a.state != TURN_UP || (a.relayed.port && a.relayed.ip.family == a.settings.family));
	must(a.state != TURN_UP || a.expires <= now + SECONDS(24 * 3600));
	must((a.state == TURN_FAILED) == (a.failure.kind != TURN_NO_FAILURE));
	must(turn_failure_text(&a.failure) != NULL);
	must((a.state != TURN_OFF && a.state != TURN_FAILED) || turn_allocation_due(&a) == NEVER);
}

/* -- what it says -------------------------------------------------------- */

static void look_at_message(struct bytes message)
{
	struct stun_msg msg;

	must(stun_parse(&msg, message));
	must(msg.class == STUN_REQUEST || msg.class == STUN_INDICATION);
	must(++sent_in_a_row <= TURN_PEERS_MAX + 4);
	if (msg.class != STUN_REQUEST)
		return;
	memcpy(last_id, msg.id, sizeof(last_id));
	last_method = msg.method;
}

static void drain(void)
{
	uint8_t room[TURN_MESSAGE_MAX];
	struct writer w = writer_over(room, sizeof(room));
	enum turn_action action;
	struct endpoint peer;

	sent_in_a_row = 0;
	turn_allocation_tick(&a, now);
	while ((action = turn_allocation_poll(&a, &w, &peer, now)) != TURN_NOTHING) {
		if (action == TURN_SEND)
			look_at_message(stun_finish(&w));
		w = writer_over(room, sizeof(room));
	}
}

/* -- what the server says ------------------------------------------------ */

static void feed(struct bytes datagram)
{
	struct turn_payload payload;
	enum turn_verdict verdict = turn_allocation_feed(&a, &server, datagram, &payload, now);

	must(verdict < TURN_VERDICTS && turn_verdict_name(verdict));
	if (verdict != TURN_PAYLOAD)
		return;
	must(a.state == TURN_UP && payload.data.len <= datagram.len);
	must(!payload.data.len ||
	     (payload.data.data > datagram.data &&
	      payload.data.data + payload.data.len <= datagram.data + datagram.len));
}

static void put_address(struct writer *w, uint16_t type, struct reader *r)
{
	struct endpoint e = {.ip = ip_v4(198, 51, 100, get_u8(r)), .port = get_u8(r)};

	if (type == ATTR_ALTERNATE_SERVER)
		stun_put_address(w, type, &e);
	else
		stun_put_xor_address(w, type, &e);
}

/* 0: its end. */
static bool put_attribute(struct writer *w, struct reader *r)
{
	static const uint16_t addresses[] = {ATTR_XOR_RELAYED_ADDRESS, ATTR_XOR_MAPPED_ADDRESS,
					     ATTR_XOR_PEER_ADDRESS, ATTR_ALTERNATE_SERVER};
	uint8_t kind = get_u8(r) % 10;

	if (kind == 0 || r->bad)
		return false;
	if (kind <= 4)
		put_address(w, addresses[kind - 1], r);
	else if (kind == 5)
		stun_put_u32(w, ATTR_LIFETIME, get_be16(r));
	else if (kind == 6)
		stun_put_error(w, 300u + get_u8(r));
	else if (kind == 7)
		stun_put(w, ATTR_NONCE, get_bytes(r, get_u8(r) % 32));
	else if (kind == 8)
		stun_put(w, ATTR_REALM, get_bytes(r, get_u8(r) % 32));
	else
		stun_put(w, get_be16(r), get_bytes(r, get_u8(r) % 32));
	return true;
}

static void say(struct reader *r, enum stun_class class, bool is_signed)
{
	uint16_t method = class == STUN_INDICATION ? STUN_DATA : last_method;
	uint8_t room[MESSAGE_ROOM];
	struct writer w = writer_over(room, sizeof(room));
	const struct stun_credential *c = &a.server.credential;

	stun_begin(&w, method, class, last_id);
	while (w.len < MESSAGE_ROOM / 2 && put_attribute(&w, r))
		;
	if (is_signed && c->is_asked && c->algorithms_len)
		stun_put_integrity_sha256(&w, bytes_of(c->key, c->key_len));
	else if (is_signed && c->is_asked)
		stun_put_integrity(&w, bytes_of(c->key, c->key_len));
	feed(stun_finish(&w));
}

/* All that makes it go on. */
static void consent(void)
{
	uint8_t room[MESSAGE_ROOM];
	struct writer w = writer_over(room, sizeof(room));
	struct endpoint relayed = {.ip = ip_v4(192, 0, 2, 1), .port = 50000};

	stun_begin(&w, last_method, a.server.credential.is_asked ? STUN_SUCCESS : STUN_ERROR,
		   last_id);
	if (!a.server.credential.is_asked) {
		stun_put_error(&w, 401);
		stun_put(&w, ATTR_REALM, text("realm"));
		stun_put(&w, ATTR_NONCE, text("nonce"));
	} else {
		stun_put_xor_address(&w, ATTR_XOR_RELAYED_ADDRESS, &relayed);
		stun_put_xor_address(&w, ATTR_XOR_MAPPED_ADDRESS, &relayed);
		stun_put_u32(&w, ATTR_LIFETIME, 600);
		stun_put_integrity(&w,
				   bytes_of(a.server.credential.key, a.server.credential.key_len));
	}
	feed(stun_finish(&w));
}

/* -- the script ---------------------------------------------------------- */

static struct endpoint draw_peer(struct reader *r)
{
	return (struct endpoint){.ip = ip_v4(198, 51, 100, get_u8(r)), .port = 1};
}

static void send(struct reader *r)
{
	uint8_t room[2 * HEADROOM + 255 + TAILROOM];
	struct endpoint to = draw_peer(r);
	struct packet p = packet_in(room, sizeof(room), get_u8(r) % HEADROOM, get_u8(r));
	struct packet before = p;

	memset(room, 0, sizeof(room));
	if (!turn_allocation_wrap(&a, &p, &to, now)) {
		must(p.data == before.data && p.len == before.len);
		return;
	}
	must(turn_allocation_permits(&a, &to, now) || turn_is_channel_data(packet_bytes(&p)));
	must(p.data >= p.start && p.data + p.len <= p.end && p.data < before.data);
}

static void step(struct reader *r)
{
	struct endpoint peer;
	uint8_t op = get_u8(r);

	switch (op % 12) {
	case 0:
		turn_allocation_start(&a, &server, now);
		break;
	case 1:
		turn_allocation_stop(&a, now);
		break;
	case 2:
		turn_allocation_no_port(&a, now);
		break;
	case 3:
	case 4:
		peer = draw_peer(r);
		turn_allocation_want(&a, &peer, op % 12 == 4, now);
		break;
	case 5:
		send(r);
		break;
	case 6:
		now += get_be16(r);
		break;
	case 7:
		now = msec_min(turn_allocation_due(&a), now + SECONDS(3600));
		break;
	case 8:
		consent();
		break;
	case 9:
		say(r, (enum stun_class)(op / 12 % 4), op & 0x80);
		break;
	case 10:
		feed(get_bytes(r, get_u8(r)));
		break;
	case 11:
		server = a.server.at;		/* where it was sent to, they mean harm as well */
		break;
	}
}

static void play(struct bytes script)
{
	const struct turn_settings settings = {
		.user = text("user"),
		.password = text("pass"),
		.family = IP_V4,
		.dont_fragment = script.len & 1,
		.stream = script.len & 2,
		.timing = transaction_udp,
		.rng = &rng,
	};
	struct reader r = reader_over(script);

	now = 1000;
	rng_seed(&rng, 1);
	endpoint_parse(&server, "192.0.2.1:3478");
	turn_allocation_init(&a, &settings);
	turn_allocation_start(&a, &server, now);
	drain();
	while (!reader_done(&r)) {
		step(&r);
		drain();
		look();
	}
	turn_allocation_deinit(&a);
}

/* -- streams ------------------------------------------------------------- */

/* A sum over all frames and where they end. */
static uint64_t split(struct bytes stream, size_t step_len, bool *bad)
{
	uint8_t kept[256];
	struct turn_splitter s;
	uint64_t sum = 0;

	turn_splitter_init(&s, kept, sizeof(kept));
	for (size_t at = 0; at < stream.len; at += step_len) {
		size_t n = stream.len - at < step_len ? stream.len - at : step_len;
		struct bytes in = bytes_of(stream.data + at, n), frame;

		while (turn_splitter_next(&s, &in, &frame)) {
			must(frame.len >= 4 && frame.len <= sizeof(kept) && frame.len % 4 == 0);
			for (size_t i = 0; i < frame.len; i++)
				sum = rng_mix(sum + frame.data[i]);
			sum = rng_mix(sum + 256);
		}
	}
	*bad = s.bad;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool bad_one, bad_many;

	if (len > INPUT_MAX)
		return 0;
	must(split(bytes_of(data, len), 1, &bad_one) == split(bytes_of(data, len), 37, &bad_many));
	must(bad_one == bad_many);
	play(bytes_of(data, len));
	return 0;
}
