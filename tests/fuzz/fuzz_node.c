/* fuzz_node.c -- a node and a peer of its own kind, and whatever may befall them.
 *
 *   us <--- wire: the last 16 datagrams of each, delivered in any order, ---> far
 *           again and again, changed, or never
 *
 * The input is a list of events (enum fuzz_event). After each, what must always hold
 * The input is a list of events (enum fuzz_event). After each, what must always hold
 * is checked: nothing is sent to nowhere, nothing comes out of the tunnel that
 * its sender may not say, and a node that has said all has nothing due.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "node/brain.h"

static const uint64_t no_marks[NODE_MARKS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRE = 16, MTU = 300, LARGEST = MTU + 200, TURNS_MAX = 1000 };

enum fuzz_event {
	EVENT_TUN,		/* our host sends a packet, or several */
	EVENT_FAR_TUN,
	EVENT_TO_FAR,		/* a datagram of ours arrives */
	EVENT_TO_US,
	EVENT_TO_US_CHANGED,
	EVENT_BURST,		/* all that far has sent lately, at once */
	EVENT_STRAY,		/* bytes of the input arrive */
	EVENT_TIME,
	EVENT_RESOLVED,
	EVENT_RECONFIGURE,
	EVENT_SOURCE_GONE,
	EVENT_CONNECT_ALL,
	EVENT_FLOOD,		/* we are under load for a second */
	EVENT_RELAYED,		/* far has something for us, or for others, from somebody */
	EVENTS,
};

struct wired {
	size_t len;
	uint8_t bytes[LARGEST];
};

struct side {
	struct node *node;
	struct endpoint at;
	struct wired sent[WIRE];
	size_t sent_len;		/* the next goes to sent[sent_len % WIRE] */
};

struct scene {
	struct rng rng;
	msec now;
	struct side us, far;
	uint8_t our_key[KEY_LEN], far_key[KEY_LEN], far_public[KEY_LEN];
};

/* 10.0.0.1 is us, 10.0.0.2 and fd00::2 are far; 10.0.1.0/24 never answers. */
static const struct cidr our_ip = {.ip = {.family = IP_V4, .bytes = {10, 0, 0, 1}}, .len = 32};
static const struct cidr far_ips[] = {
	{.ip = {.family = IP_V4, .bytes = {10, 0, 0, 2}}, .len = 32},
	{.ip = {.family = IP_V6, .bytes = {0xfd, [15] = 2}}, .len = 128},
};
static const struct cidr silent_ip = {.ip = {.family = IP_V4, .bytes = {10, 0, 1, 0}}, .len = 24};

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* -- what comes out -------------------------------------------------------------------- */

static void keep_sent(struct side *side, const struct datagram *d)
{
	struct wired *w = &side->sent[side->sent_len++ % WIRE];

	must(d->path.remote.ip.family != IP_NONE);
	must(d->packet.len >= 32 && d->packet.len <= LARGEST);
	w->len = d->packet.len;
	memcpy(w->bytes, d->packet.data, d->packet.len);
}

/* From the far side, or an ICMP error of our own: nothing else may say it is from there. */
static void check_inner(const struct packet *p)
{
	struct ip from = {.family = p->data[0] >> 4};
	bool is_v4 = from.family == IP_V4;

	must(inner_packet_len(packet_bytes(p)) == p->len);
	memcpy(from.bytes, p->data + (is_v4 ? 12 : 8), is_v4 ? 4 : 16);
	must(ip_equal(&from, &far_ips[0].ip) || ip_equal(&from, &far_ips[1].ip) ||
	     ip_equal(&from, &our_ip.ip));
}

static void take(struct scene *s, struct side *side, const struct node_out *out)
{
	for (size_t i = 0; i < out->to_net_len; i++)
		keep_sent(side, &out->to_net[i]);
	for (size_t i = 0; side == &s->us && i < out->to_tun_len; i++)
		check_inner(&out->to_tun[i]);
}

static void drain(struct scene *s, struct side *side)
{
	struct action action;

	node_set_wall(side->node, 1700000000000000000u + (uint64_t)s->now * 1000000);
	for (unsigned turns = 0; node_poll(side->node, &action, s->now) != ACTION_NONE; turns++) {
		must(turns < TURNS_MAX);
		if (action.kind == ACTION_SEND)
			keep_sent(side, &action.datagram);
		if (action.kind == ACTION_RESOLVE)
			must(strlen(action.host) > 0);
	}
}

/* The time is now; when everything was done, the next deadline lies ahead. */
static void settle(struct scene *s, struct side *side)
{
	drain(s, side);
	node_tick(side->node, s->now);
	drain(s, side);
	must(node_due(side->node) > s->now);
}

/* -- what goes in ----------------------------------------------------------------------- */

static void receive(struct scene *s, struct side *to, const struct endpoint *from, uint8_t ecn,
		    const struct wired *const *wired, size_t n)
{
	static uint8_t buffers[WIRE][LARGEST];
	static struct node_out out;
	struct datagram burst[WIRE];

	for (size_t i = 0; i < n; i++) {
		uint8_t *end = buffers[i] + LARGEST;

		/* at the end of its buffer, so that a read beyond it is seen */
		burst[i] = (struct datagram){.path = {.remote = *from, .local = to->at.ip,
						      .via = ecn & 4 ? VIA_TCP : VIA_LISTEN},
			.packet = {buffers[i], end - wired[i]->len, wired[i]->len, end},
			.ecn = ecn & 3};
		memcpy(burst[i].packet.data, wired[i]->bytes, wired[i]->len);
	}
	node_receive(to->node, burst, n, &out, s->now);
	take(s, to, &out);
}

static void deliver(struct scene *s, struct side *from, struct side *to, struct reader *r)
{
	uint8_t which = get_u8(r);
	const struct wired *w = &from->sent[which % WIRE];

	if (w->len)
		receive(s, to, &from->at, which >> 5, &w, 1);
}

static void deliver_changed(struct scene *s, struct reader *r)
{
	struct wired w = s->far.sent[get_u8(r) % WIRE];
	const struct wired *one = &w;
	uint8_t at = get_u8(r);
	struct endpoint from = {.ip = ip_v4(203, 0, 113, get_u8(r)), .port = 9};

	if (!w.len)
		return;
	w.bytes[at % w.len] ^= get_u8(r);
	w.len -= get_u8(r) % w.len;
	receive(s, &s->us, &from, at, &one, 1);
}

static void deliver_burst(struct scene *s, struct reader *r)
{
	const struct wired *burst[WIRE];
	size_t n = 0, first = get_u8(r);

	for (size_t i = 0; i < WIRE; i++) {
		const struct wired *w = &s->far.sent[(first + i) % WIRE];

		if (w->len)
			burst[n++] = w;
	}
	receive(s, &s->us, &s->far.at, (uint8_t)first, burst, n);
}

static void stray(struct scene *s, struct reader *r)
{
	struct endpoint from = {.ip = ip_v4(203, 0, 113, get_u8(r)), .port = 9};
	struct wired w;
	const struct wired *one = &w;
	struct bytes bytes = get_bytes(r, get_u8(r));

	w.len = bytes.len;
	if (w.len)
		memcpy(w.bytes, bytes.data, w.len);
	receive(s, &s->us, &from, 0, &one, 1);
}

static struct peer *far_at_us(const struct scene *s)
{
	return node_find_peer(s->us.node, s->far_public);
}

/* Far is a relay of ours by the first number. */
static void take_as_relay(struct scene *s)
{
	struct signalling *sig = &s->us.node->signalling;
	struct relay *relay = &sig->relays.by_number[0];

	relay->peer = far_at_us(s);
	memcpy(relay->key, s->far_public, KEY_LEN);
	relay->at = relays_endpoint(relay->key);
	gather_set_relay(&sig->gather, VIA_RELAY, &relay->at);
}

/* Bits: 0 under a tag of ours, 1 a datagram of far's own, which 4-7 choose. */
static void relayed(struct scene *s, struct reader *r)
{
	struct peer *us = s->far.node->roster.peers[0];
	uint8_t how = get_u8(r), room[HEADROOM + LARGEST + TAILROOM], tag[RELAY_TAG] = {get_u8(r)};
	const struct wired *own = &s->far.sent[how >> 4];
	struct bytes bytes = get_bytes(r, get_u8(r));
	struct wired w;
	const struct wired *one = &w;
	struct packet p;

	if (how & 2)
		bytes = bytes_of(own->bytes, own->len < 400 ? own->len : 400);
	if (r->bad || !bytes.len || !session_may_send(&us->session, s->now))
		return;
	if (how & 1)
		memcpy(tag, s->us.node->signalling.mailboxes.ids[0], RELAY_TAG);
	take_as_relay(s);
	p = packet_in(room, sizeof(room), HEADROOM, bytes.len);
	memcpy(p.data, bytes.data, bytes.len);
	must(relay_put(&p, tag));
	must(session_seal(&us->session, &p, 1, p.len, s->now) == 1);
	w.len = p.len;
	memcpy(w.bytes, p.data, p.len);
	receive(s, &s->us, &s->far.at, 0, &one, 1);
}

/* One to four copies of a packet from the input; bit 7 makes its header true enough to be
 * for somebody: of this version, from this side, to the other (or to who never answers). */
static void from_tun(struct scene *s, struct side *side, struct reader *r)
{
	static uint8_t buffers[4][HEADROOM + 256 + TAILROOM];
	static struct node_out out;
	struct packet packets[4];
	uint8_t how = get_u8(r);
	struct bytes bytes = get_bytes(r, get_u8(r));
	size_t n = 1 + how % 4;

	for (size_t i = 0; i < n; i++) {
		struct packet p = packet_in(buffers[i], sizeof(buffers[i]), HEADROOM, bytes.len);

		memset(buffers[i], 0, sizeof(buffers[i]));
		if (bytes.len)
			memcpy(p.data, bytes.data, bytes.len);
		if (how & 0x80 && p.len >= 20) {
			p.data[0] = 0x45;
			store_be16(p.data + 2, (uint16_t)p.len);
			memcpy(p.data + 12, side == &s->us ? our_ip.ip.bytes : far_ips[0].ip.bytes, 4);
			memcpy(p.data + 16, side == &s->far ? our_ip.ip.bytes
				: how & 0x40 ? silent_ip.ip.bytes : far_ips[0].ip.bytes, 4);
		}
		packets[i] = p;
	}
	node_send(side->node, packets, n, &out, s->now);
	take(s, side, &out);
}

/* -- settings ------------------------------------------------------------------------------ */

static const char *const hosts[] = {"192.0.2.2", "far.example", NULL, "2001:db8::1"};

/* Bits: 0-1 far's endpoint, 2 its psk, 3 its keepalive, 4 the silent one is there, 5 he
 * comes first, 6-7 his endpoint. */
static void configure(struct scene *s, uint8_t bits)
{
	struct node_peer_settings far = {.name = "far", .allowed_ips = far_ips, .allowed_ips_len = 2,
		.endpoint_host = hosts[bits & 3], .endpoint_port = 2,
		.keepalive = bits & 8 ? 25000 : 0};
	struct node_peer_settings silent = {.name = "silent", .allowed_ips = &silent_ip,
		.allowed_ips_len = 1, .endpoint_host = hosts[bits >> 6], .endpoint_port = 3,
		.keepalive = bits & 8 ? 10000 : 0};
	struct node_peer_settings peers[2] = {far, silent};
	struct node_stun_server stun[] = {{"far.example", 2}, {"stun.example", 3}};
	struct node_settings settings = {.addresses = &our_ip, .addresses_len = 1, .tcp = true,
		.stun = stun, .stun_len = bits & 4 ? 2 : 1,
		.listen_port = 1, .mtu = MTU, .peers = peers, .peers_len = bits & 16 ? 2 : 1,
		.relay = bits & 16, .relay_rate = bits >> 3 & 1};
	char error[256];

	memcpy(settings.private_key, s->our_key, KEY_LEN);
	memcpy(peers[0].public_key, s->far_public, KEY_LEN);
	peers[0].psk[0] = bits & 4;
	memset(peers[1].public_key, 9, KEY_LEN);
	if (bits & 32) {
		struct node_peer_settings first = peers[0];

		peers[0] = peers[1];
		peers[1] = first;
	}
	if (s->us.node)
		must(node_reconfigure(s->us.node, &settings, s->now, error));
	else
		s->us.node = node_new(&settings, &s->rng, no_marks, s->now, error);
	must(s->us.node != NULL);
}

static void start_far(struct scene *s)
{
	static const struct cidr any[] = {{.ip = {.family = IP_V4}}, {.ip = {.family = IP_V6}}};
	struct node_peer_settings us = {.name = "us", .allowed_ips = any, .allowed_ips_len = 2,
		.endpoint_host = "192.0.2.1", .endpoint_port = 1};
	struct node_settings settings = {.listen_port = 2, .mtu = MTU, .peers = &us, .peers_len = 1};
	char error[256];

	memcpy(settings.private_key, s->far_key, KEY_LEN);
	x25519_public(us.public_key, s->our_key);
	s->far.node = node_new(&settings, &s->rng, no_marks, s->now, error);
	must(s->far.node != NULL);
}

/* -- events ----------------------------------------------------------------------------------- */

static void resolved(struct scene *s, struct reader *r)
{
	static const char *const names[] = {"far.example", "192.0.2.2", "2001:db8::1",
					    "nobody.example"};
	uint8_t bits = get_u8(r);
	struct endpoint found[] = {
		s->far.at, {.ip = ip_v4(198, 51, 100, bits), .port = 5}, {.ip = s->us.at.ip, .port = 6}};

	node_resolved(s->us.node, names[bits >> 6], bits & 4 ? 3 : 2, found, bits & 3, s->now);
}

static void source_gone(struct scene *s, struct reader *r)
{
	struct path path = {.local = get_u8(r) & 1 ? s->us.at.ip : (struct ip){0}};

	node_source_gone(s->us.node, &path);
}

static void happen(struct scene *s, struct reader *r)
{
	switch ((enum fuzz_event)(get_u8(r) % EVENTS)) {
	case EVENT_TUN:
		from_tun(s, &s->us, r);
		break;
	case EVENT_FAR_TUN:
		from_tun(s, &s->far, r);
		break;
	case EVENT_TO_FAR:
		deliver(s, &s->us, &s->far, r);
		break;
	case EVENT_TO_US:
		deliver(s, &s->far, &s->us, r);
		break;
	case EVENT_TO_US_CHANGED:
		deliver_changed(s, r);
		break;
	case EVENT_BURST:
		deliver_burst(s, r);
		break;
	case EVENT_STRAY:
		stray(s, r);
		break;
	case EVENT_TIME:
		s->now += (msec)get_be16(r) * 10;
		break;
	case EVENT_RESOLVED:
		resolved(s, r);
		break;
	case EVENT_RECONFIGURE:
		configure(s, get_u8(r));
		break;
	case EVENT_SOURCE_GONE:
		source_gone(s, r);
		break;
	case EVENT_CONNECT_ALL:
		node_connect_all(s->us.node, s->now);
		break;
	case EVENT_FLOOD:
		s->us.node->gate.ratelimiter.loaded_until = s->now + LOAD_LINGER;
		break;
	case EVENT_RELAYED:
		relayed(s, r);
		break;
	case EVENTS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene s;
	struct reader r = reader_over(bytes_of(data, size));

	must(crypto_init());
	memset(&s, 0, sizeof(s));
	s.now = 1000;
	s.us.at = (struct endpoint){.ip = ip_v4(192, 0, 2, 1), .port = 1};
	s.far.at = (struct endpoint){.ip = ip_v4(192, 0, 2, 2), .port = 2};
	rng_seed(&s.rng, 1);
	key_generate(s.our_key, &s.rng);
	key_generate(s.far_key, &s.rng);
	x25519_public(s.far_public, s.far_key);
	configure(&s, get_u8(&r));
	start_far(&s);
	while (!reader_done(&r)) {
		happen(&s, &r);
		settle(&s, &s.us);
		settle(&s, &s.far);
	}
	node_free(s.us.node);
	node_free(s.far.node);
	return 0;
}
