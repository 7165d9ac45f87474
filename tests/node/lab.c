/* lab.c -- one node under test, four far ones, and every datagram in hand. */
#include "node/lab.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "exact.h"

#define WALL_AT_START UINT64_C(1700000000000000000)

static const char *const names[LAB_FARS] = {"anna", "bert", "cleo", "dora"};

/* -- keeping what comes out ---------------------------------------------------- */

static struct mail *new_mail(struct mail *mails, size_t *len)
{
	if (*len >= LAB_MAILS)
		fail_msg("more than %d datagrams or packets", LAB_MAILS);
	return &mails[(*len)++];
}

static void keep_sent(struct place *place, const struct datagram *d)
{
	struct mail *m = new_mail(place->sent, &place->sent_len);

	assert_in_range(d->packet.len, 1, sizeof(m->bytes));
	assert_int_not_equal(d->path.remote.ip.family, IP_NONE);
	m->from = place->at;
	m->path = d->path;
	m->ecn = d->ecn;
	m->dscp = d->dscp;
	m->len = d->packet.len;
	memcpy(m->bytes, d->packet.data, d->packet.len);
}

static void keep_got(struct place *place, const struct packet *p)
{
	struct mail *m = new_mail(place->got, &place->got_len);

	assert_in_range(p->len, 1, sizeof(m->bytes));
	m->len = p->len;
	memcpy(m->bytes, p->data, p->len);
}

static void keep(struct place *place, const struct node_out *out)
{
	for (size_t i = 0; i < out->to_net_len; i++)
		keep_sent(place, &out->to_net[i]);
	for (size_t i = 0; i < out->to_tun_len; i++)
		keep_got(place, &out->to_tun[i]);
}

static void keep_question(struct place *place, const struct action *action)
{
	struct question *q = &place->asked[place->asked_len++];

	assert_true(place->asked_len <= LAB_QUESTIONS);
	assert_in_range(strlen(action->host), 1, sizeof(q->host) - 1);
	strcpy(q->host, action->host);
	q->port = action->port;
}

static void keep_stream(const struct lab *lab, struct place *place, const struct action *action)
{
	assert_true(place->streams_len < LAB_STREAMS);
	place->streams[place->streams_len++] =
		(struct wanted_stream){action->via, action->target, lab->now};
}

static void keep_closed(struct place *place, uint16_t via)
{
	assert_true(place->closed_len < LAB_STREAMS);
	place->closed[place->closed_len++] = via;
}

static void save_peers(struct lab *lab, struct place *place)
{
	struct writer w = writer_over(place->peers, sizeof(place->peers));

	assert_true(node_known_size(place->node) <= sizeof(place->peers));
	node_known_write(place->node, &w, lab->now);
	assert_false(w.bad);
	place->peers_len = w.len;
	place->saves++;
}

void lab_poll(struct lab *lab, struct place *place)
{
	struct action action;

	while (node_poll(place->node, &action, lab->now) != ACTION_NONE) {
		switch (action.kind) {
		case ACTION_SEND:
			keep_sent(place, &action.datagram);
			break;
		case ACTION_SAVE_MARK:
			assert_true(action.mark > place->marks[action.which]);
			place->marks[action.which] = action.mark;
			break;
		case ACTION_RESOLVE:
			keep_question(place, &action);
			break;
		case ACTION_OPEN_SOCKET:
			node_socket_opened(place->node, action.via, (uint16_t)(LAB_MORE + action.via));
			break;
		case ACTION_SAVE_PEERS:
			save_peers(lab, place);
			break;
		case ACTION_OPEN_STREAM:
			keep_stream(lab, place, &action);
			break;
		case ACTION_CLOSE_STREAM:
			keep_closed(place, action.via);
			break;
		case ACTION_CLOSE_SOCKET:
		case ACTION_LAN:
		case ACTION_NONE:
			break;
		}
	}
}

/* -- putting something in --------------------------------------------------------- */

static void set_wall(struct lab *lab, struct place *place)
{
	node_set_wall(place->node, WALL_AT_START + (uint64_t)lab->now * 1000000);
}

void lab_receive(struct lab *lab, struct place *to, const struct mail *mail, size_t n)
{
	static struct node_out out;
	struct datagram burst[BURST_MAX];
	uint8_t *buffers[BURST_MAX];

	assert_true(n <= BURST_MAX);
	for (size_t i = 0; i < n; i++) {
		burst[i] = (struct datagram){
			.packet = exact_packet(mail[i].bytes, mail[i].len),
			.path = {.remote = mail[i].from, .local = to->at.ip, .ifindex = 3,
				 .via = mail[i].via},
			.ecn = mail[i].ecn,
		};
		buffers[i] = burst[i].packet.start;
	}
	set_wall(lab, to);
	node_receive(to->node, burst, n, &out, lab->now);
	keep(to, &out);
	for (size_t i = 0; i < n; i++)
		exact_free(buffers[i]);
}

void lab_feed_burst(struct lab *lab, struct place *to, const struct mail *mail, size_t n)
{
	lab_receive(lab, to, mail, n);
	lab_poll(lab, to);
}

void lab_feed(struct lab *lab, struct place *to, const struct mail *mail)
{
	lab_feed_burst(lab, to, mail, 1);
}

void lab_send(struct lab *lab, struct place *place, struct packet *packets, size_t n)
{
	static struct node_out out;

	set_wall(lab, place);
	node_send(place->node, packets, n, &out, lab->now);
	place->by_relay = out.by_relay;
	keep(place, &out);
	lab_poll(lab, place);
}

static void write_header(uint8_t *p, const struct ip *from, const struct ip *to, size_t len)
{
	if (from->family == IP_V4) {
		p[0] = 0x45;
		store_be16(p + 2, (uint16_t)len);
		p[8] = 64;
		p[9] = 253;
		memcpy(p + 12, from->bytes, 4);
		memcpy(p + 16, to->bytes, 4);
	} else {
		p[0] = 0x60;
		store_be16(p + 4, (uint16_t)(len - 40));
		p[6] = 253;
		p[7] = 64;
		memcpy(p + 8, from->bytes, 16);
		memcpy(p + 24, to->bytes, 16);
	}
}

struct packet lab_packet(struct lab *lab, size_t i, const struct ip *from, const struct ip *to,
			 size_t len)
{
	size_t header = from->family == IP_V4 ? 20 : 40;
	struct packet p = packet_in(lab->buffers[i], sizeof(lab->buffers[i]), HEADROOM, len);

	assert_in_range(len, header, 2048);
	memset(p.data, 0, header);
	write_header(p.data, from, to, len);
	for (size_t k = header; k < len; k++)
		p.data[k] = (uint8_t)k;
	return p;
}

void lab_say(struct lab *lab, struct place *from, const struct place *to, size_t len)
{
	struct packet p = lab_packet(lab, 0, &from->inner4, &to->inner4, len);

	lab_send(lab, from, &p, 1);
}

/* -- the network between them --------------------------------------------------------- */

static struct place *place_at(struct lab *lab, const struct endpoint *at)
{
	if (endpoint_equal(&lab->us.at, at))
		return &lab->us;
	for (size_t i = 0; i < LAB_FARS; i++) {
		if (endpoint_equal(&lab->far[i].at, at))
			return &lab->far[i];
	}
	return NULL;
}

static bool deliver_sent(struct lab *lab, struct place *from)
{
	size_t before = from->taken;

	while (from->taken < from->sent_len) {
		struct mail *m = &from->sent[from->taken++];
		struct place *to = place_at(lab, &m->path.remote);

		if (to)
			lab_feed(lab, to, m);
	}
	return from->taken > before;
}

void lab_exchange(struct lab *lab)
{
	bool busy = true;

	while (busy) {
		busy = deliver_sent(lab, &lab->us);
		for (size_t i = 0; i < LAB_FARS; i++)
			busy |= deliver_sent(lab, &lab->far[i]);
	}
}

static msec next_deadline(const struct lab *lab)
{
	msec due = node_due(lab->us.node);

	for (size_t i = 0; i < LAB_FARS; i++)
		due = msec_min(due, node_due(lab->far[i].node));
	return due;
}

static void tick(struct lab *lab, struct place *place)
{
	set_wall(lab, place);
	node_tick(place->node, lab->now);
	lab_poll(lab, place);
}

void lab_pass(struct lab *lab, msec duration)
{
	msec end = lab->now + duration;

	for (msec due = next_deadline(lab); due <= end; due = next_deadline(lab)) {
		if (due > lab->now)
			lab->now = due;
		tick(lab, &lab->us);
		for (size_t i = 0; i < LAB_FARS; i++)
			tick(lab, &lab->far[i]);
	}
	lab->now = end;
}

static void forget(struct place *place)
{
	place->sent_len = place->taken = place->got_len = place->asked_len = 0;
	place->streams_len = place->closed_len = 0;
}

void lab_forget(struct lab *lab)
{
	forget(&lab->us);
	for (size_t i = 0; i < LAB_FARS; i++)
		forget(&lab->far[i]);
}

/* -- a life ------------------------------------------------------------------------------ */

static void new_identity(struct lab *lab, struct place *place, uint8_t number)
{
	uint8_t inner6[16] = {0xfd, [2] = 0, [3] = number, [15] = 1};

	key_generate(place->private_key, &lab->rng);
	x25519_public(place->public_key, place->private_key);
	place->at = (struct endpoint){.ip = ip_v4(192, 0, 2, number), .port = LAB_PORT};
	place->inner4 = ip_v4(10, 0, number, 1);
	place->inner6 = ip_v6(inner6);
}

/* A far node knows only us, and lets us say anything. */
static void start_far(struct lab *lab, struct place *far)
{
	static const struct cidr any[] = {{.ip = {.family = IP_V4}}, {.ip = {.family = IP_V6}}};
	char host[IP_TEXT];
	struct node_peer_settings peer = {.name = "us", .allowed_ips = any, .allowed_ips_len = 2,
		.endpoint_host = ip_format(host, &lab->us.at.ip), .endpoint_port = lab->us.at.port,
		.cipher = lab->far_cipher};
	struct node_settings settings = {.listen_port = far->at.port, .mtu = LAB_MTU,
		.peers = &peer, .peers_len = 1};

	memcpy(peer.public_key, lab->us.public_key, KEY_LEN);
	memcpy(settings.private_key, far->private_key, KEY_LEN);
	far->node = node_new(&settings, &lab->rng, far->marks, lab->now, lab->error);
	assert_non_null(far->node);
	lab_poll(lab, far);
}

void lab_restart(struct lab *lab, size_t i)
{
	node_free(lab->far[i].node);
	start_far(lab, &lab->far[i]);
}

static void default_peer(struct lab *lab, size_t i)
{
	struct place *far = &lab->far[i];

	lab->allowed[i][0] = cidr_masked((struct cidr){far->inner4, 24});
	lab->allowed[i][1] = cidr_masked((struct cidr){far->inner6, 32});
	lab->peers[i] = (struct node_peer_settings){
		.name = names[i],
		.allowed_ips = lab->allowed[i],
		.allowed_ips_len = 2,
		.endpoint_host = ip_format(lab->hosts[i], &far->at.ip),
		.endpoint_port = far->at.port,
		.cipher = NODE_CIPHER_CHACHA20,
	};
	memcpy(lab->peers[i].public_key, far->public_key, KEY_LEN);
}

static void default_settings(struct lab *lab)
{
	lab->far_cipher = NODE_CIPHER_CHACHA20;
	lab->addresses[0] = (struct cidr){lab->us.inner4, 16};
	lab->addresses[1] = (struct cidr){lab->us.inner6, 64};
	lab->settings = (struct node_settings){
		.addresses = lab->addresses,
		.addresses_len = 2,
		.listen_port = LAB_PORT,
		.mtu = LAB_MTU,
		.peers = lab->peers,
		.peers_len = LAB_FARS,
	};
	memcpy(lab->settings.private_key, lab->us.private_key, KEY_LEN);
	for (size_t i = 0; i < LAB_FARS; i++)
		default_peer(lab, i);
}

struct lab *lab_new(void)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_true(crypto_init());
	assert_non_null(lab);
	rng_seed(&lab->rng, 1);
	lab->now = SECONDS(1000);
	new_identity(lab, &lab->us, 100);
	for (uint8_t i = 0; i < LAB_FARS; i++)
		new_identity(lab, &lab->far[i], i);
	for (size_t i = 0; i < LAB_FARS; i++)
		start_far(lab, &lab->far[i]);
	default_settings(lab);
	return lab;
}

void lab_start(struct lab *lab)
{
	lab->us.node = node_new(&lab->settings, &lab->rng, lab->us.marks, lab->now, lab->error);
	assert_non_null(lab->us.node);
	set_wall(lab, &lab->us);
	lab_poll(lab, &lab->us);
}

struct lab *lab_ready(void)
{
	struct lab *lab = lab_new();

	lab_start(lab);
	return lab;
}

bool lab_reconfigure(struct lab *lab)
{
	bool ok = node_reconfigure(lab->us.node, &lab->settings, lab->now, lab->error);

	lab_poll(lab, &lab->us);
	return ok;
}

void lab_free(struct lab *lab)
{
	node_free(lab->us.node);
	for (size_t i = 0; i < LAB_FARS; i++)
		node_free(lab->far[i].node);
	free(lab);
}

/* -- messages -------------------------------------------------------------------------------- */

void lab_connect(struct lab *lab, size_t i)
{
	lab_say(lab, &lab->far[i], &lab->us, 100);
	lab_exchange(lab);
	assert_int_equal(lab->us.got_len, 1);
	assert_int_equal(lab_status(lab, i).state, PEER_DIRECT);
	lab_forget(lab);
}

struct mail lab_seal(struct lab *lab, size_t i, const void *plain, size_t len)
{
	struct place *far = &lab->far[i];
	struct session *session = &node_find_peer(far->node, lab->us.public_key)->session;
	struct packet p = packet_in(lab->buffers[0], sizeof(lab->buffers[0]), HEADROOM, len);
	struct mail m = {.from = far->at, .path = {.remote = lab->us.at}};

	if (len)
		memcpy(p.data, plain, len);
	assert_int_equal(session_seal(session, &p, 1, len, lab->now), 1);
	m.len = p.len;
	memcpy(m.bytes, p.data, p.len);
	return m;
}

struct mail lab_initiation(struct lab *lab, size_t i)
{
	struct place *far = &lab->far[i];
	size_t before = far->sent_len;
	struct mail m;

	set_wall(lab, far);
	node_connect_all(far->node, lab->now);
	lab_poll(lab, far);
	assert_int_equal(far->sent_len, before + 1);
	m = far->sent[before];
	assert_int_equal(m.bytes[0], MESSAGE_INITIATION);
	far->sent_len = far->taken = before;
	return m;
}

struct mail lab_stray(const void *bytes, size_t len)
{
	struct mail m = {.from = {.ip = ip_v4(203, 0, 113, 66), .port = 6666}, .len = len};

	if (len)
		memcpy(m.bytes, bytes, len);
	return m;
}

void lab_sign(const struct place *place, struct mail *mail)
{
	struct cookie_jar jar;

	cookie_jar_init(&jar, place->public_key);
	cookie_jar_sign(&jar, mail->bytes, mail->len, 0);
}

/* -- what there is to see ------------------------------------------------------------------------ */

uint64_t lab_count(const struct lab *lab, enum node_counter counter)
{
	return node_counter(lab->us.node, counter);
}

void lab_assert_only(const struct lab *lab, enum node_counter counter, uint64_t n)
{
	for (enum node_counter c = 0; c < NODE_COUNTERS; c++) {
		uint64_t expected = c == counter ? n : 0;

		if (lab_count(lab, c) != expected)
			fail_msg("%s is %llu, not %llu", node_counter_name(c),
				 (unsigned long long)lab_count(lab, c), (unsigned long long)expected);
	}
}

struct peer_status lab_status(const struct lab *lab, size_t i)
{
	struct peer_status status;

	assert_true(node_find_peer_status(lab->us.node, lab->far[i].public_key, &status, lab->now));
	return status;
}

bool lab_is_at(const struct lab *lab, size_t i, const struct endpoint *at)
{
	struct peer_status status = lab_status(lab, i);

	return endpoint_equal(&status.path.remote, at);
}

struct peer *lab_peer(const struct lab *lab, size_t i)
{
	return node_find_peer(lab->us.node, lab->far[i].public_key);
}
