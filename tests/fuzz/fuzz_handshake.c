/* fuzz_handshake.c -- handshake messages of all kinds for a node that knows two peers.
 *
 * The input is a list of events, each a byte and what it asks for:
 *
 *   bit 0..2   initiation, response, cookie, data, raw bytes, a packet from
 *              the TUN device (so that we call), an echo of our own, or time
 *   bit 3      the harness writes type and macs, so that the rest is looked at; of another
 *              suite if the second byte says so, and then the sets are the input's; a
 *              cookie is made for the last message of ours; with time, a flood begins
 *   bit 4      the harness writes a receiver index that we have given out
 *   bit 5..7   which of 8 sources it comes from
 *
 * We are the responder of tests/wg/handshake_vectors.h and one peer is its
 * initiator, so that its initiation is a seed that is accepted, and that of
 * tests/wg/suite_test.c another.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "node/brain.h"
#include "node/demux.h"

static const uint64_t no_marks[NODE_MARKS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENT_FIX = 8, EVENT_LIVE_INDEX = 16, LARGEST = 256, TURNS_MAX = 1000 };

enum fuzz_event {
	EVENT_INITIATION,
	EVENT_RESPONSE,
	EVENT_COOKIE,
	EVENT_DATA,
	EVENT_RAW,
	EVENT_CALL,
	EVENT_ECHO,
	EVENT_TIME,
};

struct target {
	struct node *node;
	struct rng rng;
	msec now;
	uint8_t last[LARGEST];		/* what the node sent last */
	size_t last_len;
	uint32_t index;			/* the last receiver index that it gave out */
	struct cookie_jar jar;		/* cookies that it gave out */
};

static const uint8_t initiator_public[KEY_LEN] = {
	0x7b, 0x4e, 0x90, 0x9b, 0xbe, 0x7f, 0xfe, 0x44, 0xc4, 0x65, 0xa2, 0x20, 0x03, 0x7d, 0x60, 0x8e,
	0xe3, 0x58, 0x97, 0xd3, 0x1e, 0xf9, 0x72, 0xf0, 0x7f, 0x74, 0x89, 0x2c, 0xb0, 0xf7, 0x3f, 0x13,
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* -- what comes out -------------------------------------------------------------- */

static void keep(struct target *t, const struct datagram *d)
{
	const uint8_t *p = d->packet.data;

	must(d->path.remote.ip.family != IP_NONE && d->packet.len >= 32);
	if (d->packet.len <= LARGEST) {
		memcpy(t->last, p, d->packet.len);
		t->last_len = d->packet.len;
	}
	if (p[0] == MESSAGE_INITIATION || p[0] == MESSAGE_RESPONSE)
		t->index = load_le32(p + 4);
	if (p[0] == MESSAGE_COOKIE)
		cookie_jar_consume(&t->jar, (const void *)p, t->now);
}

static void drain(struct target *t)
{
	struct action action;

	for (unsigned turns = 0; node_poll(t->node, &action, t->now) != ACTION_NONE; turns++) {
		must(turns < TURNS_MAX);
		if (action.kind == ACTION_SEND)
			keep(t, &action.datagram);
	}
}

/* -- what goes in ----------------------------------------------------------------- */

static struct path source(unsigned which)
{
	return (struct path){
		.remote = {.ip = ip_v4(192, 0, 2, (uint8_t)which), .port = (uint16_t)(1000 + which)},
		.local = ip_v4(198, 51, 100, 1),
	};
}

/* As the initiator would under load, if the last message was to him. */
static void make_cookie(struct target *t, struct message_cookie *out)
{
	struct path us = source(0);
	struct cookie_checker checker;

	if (t->last_len != sizeof(struct message_initiation) &&
	    t->last_len != sizeof(struct message_response))
		return;
	cookie_checker_init(&checker, initiator_public);
	cookie_reply_create(out, &checker, bytes_of(t->last, t->last_len), &us.remote, &t->rng,
			    t->now);
}

static void fix(struct target *t, uint8_t event, uint8_t *message, size_t len)
{
	static const size_t index_at[] = {4, 8, 4, 4};
	unsigned kind = event & 7;

	if (kind > EVENT_DATA || len < MESSAGE_DATA_MIN)
		return;
	if (event & EVENT_FIX && message[1] != AEAD_AES256GCM)
		memset(message + 1, 0, 3);
	if (event & EVENT_FIX)
		message[0] = (uint8_t)(kind + 1);
	if (event & EVENT_FIX && kind == EVENT_COOKIE)
		make_cookie(t, (void *)message);
	if (event & EVENT_LIVE_INDEX)
		store_le32(message + index_at[kind], t->index);
	if (event & EVENT_FIX && kind <= EVENT_RESPONSE)
		cookie_jar_sign(&t->jar, message, len, t->now);
}

/* An answer is for whom it came from, and smaller than the question; but who asks with STUN how it
 * looks may be told more (stun/responder.h). */
static void feed(struct target *t, uint8_t event, struct bytes bytes)
{
	static struct node_out out;
	uint8_t *message = malloc(bytes.len ? bytes.len : 1);
	struct datagram d = {.path = source(event >> 5), .packet = {message, message, bytes.len,
								     message + bytes.len}};

	if (bytes.len)
		memcpy(message, bytes.data, bytes.len);
	fix(t, event, message, bytes.len);
	node_receive(t->node, &d, 1, &out, t->now);
	must(out.to_net_len <= 1);
	if (out.to_net_len) {
		must(out.to_net[0].packet.len < bytes.len ||
		     demux(packet_bytes(&out.to_net[0].packet), false) == DEMUX_STUN);
		must(endpoint_equal(&out.to_net[0].path.remote, &d.path.remote));
		keep(t, &out.to_net[0]);
	}
	free(message);
}

static void call(struct target *t, uint8_t peer)
{
	static struct node_out out;
	uint8_t buffer[HEADROOM + 20 + TAILROOM] = {0};
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, 20);

	p.data[0] = 0x45;
	p.data[3] = 20;
	p.data[16] = 10;
	p.data[19] = peer & 1;
	node_send(t->node, &p, 1, &out, t->now);
	for (size_t i = 0; i < out.to_net_len; i++)
		keep(t, &out.to_net[i]);
}

static void happen(struct target *t, uint8_t event, struct reader *r)
{
	static const size_t sizes[] = {148, 92, 64};
	enum fuzz_event kind = event & 7;

	switch (kind) {
	case EVENT_INITIATION:
	case EVENT_RESPONSE:
	case EVENT_COOKIE:
		feed(t, event, get_bytes(r, sizes[kind]));
		break;
	case EVENT_DATA:
		feed(t, event, get_bytes(r, MESSAGE_DATA_MIN + (get_u8(r) & 63u)));
		break;
	case EVENT_RAW:
		feed(t, event, get_bytes(r, get_u8(r)));
		break;
	case EVENT_CALL:
		call(t, event >> 5);
		break;
	case EVENT_ECHO:
		feed(t, event, bytes_of(t->last, t->last_len));
		break;
	case EVENT_TIME:
		t->now += (msec)get_be16(r) * 10;
		node_tick(t->node, t->now);
		if (event & EVENT_FIX)
			t->node->gate.ratelimiter.loaded_until = t->now + LOAD_LINGER;
		break;
	}
}

/* -- the node ------------------------------------------------------------------------- */

static struct node *start(struct rng *rng, msec now)
{
	static const struct cidr prefixes[] = {
		{.ip = {.family = IP_V4, .bytes = {10, 0, 0, 0}}, .len = 32},
		{.ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}}, .len = 32},
	};
	struct node_peer_settings peers[] = {
		{.name = "initiator", .allowed_ips = &prefixes[0], .allowed_ips_len = 1,
		 .endpoint_host = "192.0.2.0", .endpoint_port = 1000},
		{.name = "other", .allowed_ips = &prefixes[1], .allowed_ips_len = 1,
		 .endpoint_host = "192.0.2.1", .endpoint_port = 1001},
	};
	struct node_settings settings = {.mtu = 1420, .peers = peers, .peers_len = 2};
	char error[256];

	memset(settings.private_key, 0x33, KEY_LEN);
	memcpy(peers[0].public_key, initiator_public, KEY_LEN);
	memset(peers[0].psk, 0x55, KEY_LEN);
	memset(peers[1].public_key, 0x09, KEY_LEN);
	return node_new(&settings, rng, no_marks, now, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(bytes_of(data, size));
	struct target t = {.now = 1000};

	must(crypto_init());
	rng_seed(&t.rng, 1);
	t.node = start(&t.rng, t.now);
	must(t.node != NULL);
	cookie_jar_init(&t.jar, node_public_key(t.node));
	drain(&t);
	while (!reader_done(&r)) {
		happen(&t, get_u8(&r), &r);
		drain(&t);
	}
	node_free(t.node);
	return 0;
}
