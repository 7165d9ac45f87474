/* pump_test.c -- packets through two nodes, over real sockets and devices in memory.
 *
 *   host a == tun == pump --- 127.0.0.1, UDP or TCP --- pump == tun == host b
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"
#include "io/clock.h"
#include "io/pump.h"
#include "io/random.h"
#include "io/slots.h"
#include "node/status.h"

static const uint64_t no_marks[NODE_MARKS];

enum { MTU = 1400, QUEUE = 256, PACKET = 60 };

struct side {
	struct rng rng;
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];
	struct cidr address;
	struct udp *udp;
	struct tcp *tcp;
	struct tun *tun, *host;
	struct node *node;
	struct pump pump;
};

static struct side a, b;
static uint8_t *slots;
static bool by_tcp;			/* handshakes, and what answers them */

static void ignore_gone(void *context, const struct path *path)
{
	(void)context;
	(void)path;
}

static void on_stream(void *context, struct datagram *datagrams, size_t n, msec now)
{
	struct side *s = context;

	pump_from_stream(&s->pump, datagrams, n, now);
}

static void open_side(struct side *s, const char *address)
{
	struct tcp_settings tcp = {.received = on_stream, .context = s};
	struct udp_settings settings = {.source_gone = ignore_gone};
	char error[512];

	random_init(&s->rng);
	key_generate(s->private_key, &s->rng);
	x25519_public(s->public_key, s->private_key);
	assert_true(cidr_parse(&s->address, address));
	assert_int_equal(udp_open(&s->udp, &settings, error), 0);
	tcp.port = udp_port(s->udp);
	assert_int_equal(tcp_open(&s->tcp, &tcp, error), 0);
	assert_int_equal(tun_memory_pair(&s->tun, &s->host, QUEUE), 0);
}

static void join(struct side *s, const struct side *other)
{
	struct node_peer_settings peer = {
		.name = "other",
		.allowed_ips = &other->address,
		.allowed_ips_len = 1,
		.endpoint_host = "127.0.0.1",
		.endpoint_port = udp_port(other->udp),
	};
	struct node_settings settings = {
		.addresses = &s->address,
		.addresses_len = 1,
		.listen_port = udp_port(s->udp),
		.mtu = MTU,
		.peers = &peer,
		.peers_len = 1,
	};
	char error[256];

	memcpy(settings.private_key, s->private_key, KEY_LEN);
	memcpy(peer.public_key, other->public_key, KEY_LEN);
	s->node = node_new(&settings, &s->rng, no_marks, clock_now(), error);
	assert_non_null(s->node);
	assert_true(pump_init(&s->pump, s->node, s->tun, s->udp));
	s->pump.tcp = s->tcp;
}

static int set_up(void **state)
{
	(void)state;
	if (!crypto_init())
		return -1;
	by_tcp = false;
	slots = slots_new();
	open_side(&a, "10.77.0.1/32");
	open_side(&b, "10.77.0.2/32");
	join(&a, &b);
	join(&b, &a);
	return slots ? 0 : -1;
}

static void close_side(struct side *s)
{
	pump_deinit(&s->pump);
	tcp_free(s->tcp);
	node_free(s->node);
	udp_free(s->udp);
	tun_free(s->tun);
	tun_free(s->host);
}

static int tear_down(void **state)
{
	(void)state;
	close_side(&a);
	close_side(&b);
	slots_free(slots);
	return 0;
}

/* What drain() in the daemon does. */
static void drain(struct side *s)
{
	struct action action;

	node_set_wall(s->node, clock_wall_ns());
	while (node_poll(s->node, &action, clock_now()) != ACTION_NONE) {
		if (action.kind != ACTION_SEND)
			continue;
		if (by_tcp)
			action.datagram.path.via = VIA_TCP;
		pump_send(&s->pump, &action.datagram, 1, clock_now());
	}
}

static void turn(struct side *s)
{
	node_set_wall(s->node, clock_wall_ns());
	assert_int_equal(pump_from_tun(&s->pump, clock_now()), 0);
	drain(s);
	pump_from_net(&s->pump, IP_V4, clock_now());
	tcp_ready(s->tcp, clock_now());
	drain(s);
}

/* An IPv4 packet of PACKET bytes whose last one is `id`. */
static void host_sends(struct side *s, const struct side *to, uint8_t id)
{
	uint8_t bytes[PACKET] = {0x45, 0, 0, PACKET, 0, 0, 0x40, 0, 64, 253};
	struct packet p = packet_in(bytes, sizeof(bytes), 0, sizeof(bytes));

	memcpy(bytes + 12, s->address.ip.bytes, 4);
	memcpy(bytes + 16, to->address.ip.bytes, 4);
	bytes[PACKET - 1] = id;
	assert_int_equal(tun_write(s->host, &p, 1), 1);
}

/* Turns both until the host has its packet; its id, or -1 after some seconds. */
static int host_hears(struct side *s)
{
	msec end = clock_now() + SECONDS(5);

	while (clock_now() < end) {
		struct packet p;

		turn(&a);
		turn(&b);
		if (tun_read(s->host, slots, &p, 1) == 1) {
			assert_true(p.len >= 20);
			return p.data[p.len - 1];
		}
	}
	return -1;
}

static void the_first_packet_waits_for_the_handshake_and_arrives(void **state)
{
	(void)state;
	host_sends(&a, &b, 7);
	assert_int_equal(host_hears(&b), 7);
	host_sends(&b, &a, 8);
	assert_int_equal(host_hears(&a), 8);
}

static void bursts_arrive_in_order(void **state)
{
	(void)state;
	host_sends(&a, &b, 0);
	assert_int_equal(host_hears(&b), 0);
	for (int i = 0; i < 200; i++)
		host_sends(&a, &b, (uint8_t)i);
	for (int i = 0; i < 200; i++)
		assert_int_equal(host_hears(&b), i);
	assert_int_equal(b.pump.tun_dropped, 0);
}

/* The session answers by the way that the last message came. */
static void a_tunnel_may_go_by_tcp(void **state)
{
	struct peer_status peer;

	(void)state;
	by_tcp = true;
	host_sends(&a, &b, 7);
	assert_int_equal(host_hears(&b), 7);
	host_sends(&b, &a, 8);
	assert_int_equal(host_hears(&a), 8);
	node_peer_status(a.node, 0, &peer, clock_now());
	assert_int_equal(peer.path.via, VIA_TCP);
	assert_int_equal(tcp_connections(a.tcp), 1);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 50; i++)
			host_sends(&a, &b, (uint8_t)i);
		for (int i = 0; i < 50; i++)
			assert_int_equal(host_hears(&b), i);
	}
	assert_int_equal(tcp_counter(a.tcp, STREAM_QUEUE_FULL), 0);
}

static void what_has_no_place_is_dropped_and_counted(void **state)
{
	uint8_t byte = 0;
	struct datagram d[4] = {
		{.path = {.via = VIA_TCP}}, {.path = {.via = VIA_TCP}}, {.path = {.via = VIA_STREAM}},
		{.path = {.via = VIA_STREAM + NODE_STREAMS_MAX}},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		d[i].packet = packet_in(&byte, 1, 0, 1);
	a.pump.tcp = NULL;
	pump_send(&a.pump, d, 4, clock_now());
	assert_int_equal(a.pump.no_place, 4);
}

/* Type 3, code 0 or 1 of ICMP (RFC 792), from our own address. */
static void what_goes_nowhere_comes_back_as_an_error(void **state)
{
	struct side nobody = {0};
	struct packet p;

	(void)state;
	cidr_parse(&nobody.address, "10.99.0.1/32");
	host_sends(&a, &nobody, 1);
	turn(&a);
	assert_int_equal(tun_read(a.host, slots, &p, 1), 1);
	assert_int_equal(p.data[9], 1);
	assert_int_equal(p.data[20], 3);
	assert_memory_equal(p.data + 16, a.address.ip.bytes, 4);
	assert_int_equal(node_counter(a.node, COUNT_NO_PEER), 1);
}

static bool is_resident(uint8_t *at)
{
	unsigned char page;

	assert_int_equal(mincore(at, 1, &page), 0);
	return page & 1;
}

/* Once; not after so few that they touch next to nothing. */
static void what_a_load_has_touched_is_given_back_after_a_while(void **state)
{
	msec busy;

	(void)state;
	host_sends(&a, &b, 0);
	assert_int_equal(host_hears(&b), 0);
	assert_false(pump_rest(&a.pump, clock_now() + 2 * PUMP_REST));
	for (uint8_t i = 0; i <= PUMP_FEW; i++)
		host_sends(&a, &b, i);
	turn(&a);
	busy = a.pump.busy;
	assert_true(is_resident(a.pump.slots));
	assert_false(pump_rest(&a.pump, busy + PUMP_REST - 1));
	assert_true(is_resident(a.pump.slots));
	assert_true(pump_rest(&a.pump, busy + PUMP_REST));
	assert_false(is_resident(a.pump.slots));
	assert_false(pump_rest(&a.pump, busy + 2 * PUMP_REST));
	for (int i = 0; i <= PUMP_FEW; i++)
		assert_int_equal(host_hears(&b), i);
	assert_true(pump_rest(&b.pump, b.pump.busy + PUMP_REST));
	host_sends(&a, &b, 7);
	assert_int_equal(host_hears(&b), 7);
}

static void what_the_device_does_not_take_is_counted(void **state)
{
	msec end = clock_now() + SECONDS(5);

	(void)state;
	host_sends(&a, &b, 0);
	assert_int_equal(host_hears(&b), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < QUEUE; i++)
			host_sends(&a, &b, (uint8_t)i);
		turn(&a);
		turn(&b);
	}
	while (b.pump.tun_dropped < QUEUE && clock_now() < end)
		turn(&b);
	assert_int_equal(b.pump.tun_dropped, QUEUE);
}

int main(void)
{
#define with_sides(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		with_sides(the_first_packet_waits_for_the_handshake_and_arrives),
		with_sides(bursts_arrive_in_order),
		with_sides(a_tunnel_may_go_by_tcp),
		with_sides(what_has_no_place_is_dropped_and_counted),
		with_sides(what_goes_nowhere_comes_back_as_an_error),
		with_sides(what_a_load_has_touched_is_given_back_after_a_while),
		with_sides(what_the_device_does_not_take_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
