/* sim.c -- whole nodes on a simulated network, from one seed. */
#include "sim/sim.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/x25519.h"

#define WALL_AT_START UINT64_C(1700000000000000000)

static const char marker[8] = {'p', 'l', 'a', 'i', 'n', 't', 'x', 't'};

enum { INNER_HEADER = 20, INNER_MIN = INNER_HEADER + sizeof(marker) + 4 };

static bool chance(struct sim *sim, unsigned per_mille)
{
	return rng_below(&sim->rng, 1000) < per_mille;
}

/* -- the wire -------------------------------------------------------------- */

static struct sim_datagram *free_slot(struct sim *sim)
{
	for (size_t i = 0; i < SIM_WIRE; i++) {
		if (sim->flying[i].at == NEVER)
			return &sim->flying[i];
	}
	fail_msg("more than %d datagrams on the wire", SIM_WIRE);
	return NULL;
}

static void put_on_wire(struct sim *sim, const struct sim_datagram *d)
{
	msec delay = sim->wire.delay;

	if (chance(sim, sim->wire.reorder))
		delay += rng_below(&sim->rng, (uint32_t)(10 * delay + 1));
	struct sim_datagram *slot = free_slot(sim);

	*slot = *d;
	slot->at = sim->now + delay;
}

/* -- NATs ------------------------------------------------------------------ */

static bool is_symmetric(const struct sim_node *n)
{
	return n->nat == SIM_SYMMETRIC;
}

static bool is_alive(const struct sim *sim, const struct sim_mapping *m)
{
	return m->port && sim->now - m->used < SIM_MAPPING_LIFE;
}

static uint16_t new_port(struct sim *sim, const struct sim_node *n)
{
	return is_symmetric(n) ? (uint16_t)(1024 + rng_below(&sim->rng, 60000)) : n->endpoint.port;
}

/* A port that is in use by another mapping to elsewhere is shared, unless symmetric. */
static struct sim_mapping *map_out(struct sim *sim, struct sim_node *n, const struct endpoint *to)
{
	struct sim_mapping *chosen = NULL;

	for (struct sim_mapping *m = n->mappings; m < n->mappings + SIM_MAPPINGS; m++) {
		if (is_alive(sim, m) && endpoint_equal(&m->to, to)) {
			m->used = sim->now;
			return m;
		}
		if (!is_alive(sim, m) && !chosen)
			chosen = m;
	}
	assert_non_null(chosen);
	*chosen = (struct sim_mapping){new_port(sim, n), *to, sim->now};
	return chosen;
}

static struct endpoint seen_from(struct sim *sim, struct sim_node *n, const struct endpoint *to)
{
	if (n->nat == SIM_NO_NAT)
		return n->endpoint;
	return (struct endpoint){.ip = n->outside, .port = map_out(sim, n, to)->port};
}

static bool lets_in(const struct sim_node *n, const struct sim_mapping *m,
		    const struct endpoint *from)
{
	switch (n->nat) {
	case SIM_NO_NAT:
	case SIM_FULL_CONE:
		return true;
	case SIM_ADDRESS_RESTRICTED:
		return ip_equal(&m->to.ip, &from->ip);
	case SIM_PORT_RESTRICTED:
	case SIM_SYMMETRIC:
		return endpoint_equal(&m->to, from);
	case SIM_UDP_BLOCKED:
		return false;
	}
	return false;
}

/* Is the datagram for this node, and does its NAT let it in? */
static bool is_for(const struct sim *sim, const struct sim_node *n, const struct sim_datagram *d)
{
	if (n->nat == SIM_NO_NAT)
		return endpoint_equal(&n->endpoint, &d->to);
	if (!ip_equal(&n->outside, &d->to.ip))
		return false;
	for (const struct sim_mapping *m = n->mappings; m < n->mappings + SIM_MAPPINGS; m++) {
		if (is_alive(sim, m) && m->port == d->to.port && lets_in(n, m, &d->from))
			return true;
	}
	return false;
}

void sim_reboot_nat(struct sim *sim, size_t i)
{
	struct sim_node *n = &sim->nodes[i];

	memset(n->mappings, 0, sizeof(n->mappings));
	n->outside.bytes[2]++;
}

static void transmit(struct sim *sim, struct sim_node *from, const struct datagram *out)
{
	struct sim_datagram d = {
		.from = from->endpoint, .to = out->path.remote, .len = out->packet.len};

	if (from->nat == SIM_UDP_BLOCKED)
		return;
	d.from = seen_from(sim, from, &d.to);

	assert_in_range(d.len, 1, sizeof(d.bytes));
	assert_int_not_equal(out->path.remote.ip.family, IP_NONE);
	memcpy(d.bytes, out->packet.data, d.len);
	assert_null(memmem(d.bytes, d.len, marker, sizeof(marker)));
	from->datagrams++;
	if (sim->tap && !sim->tap(sim, &d, sim->tap_context))
		return;
	if (chance(sim, sim->wire.loss))
		return;
	put_on_wire(sim, &d);
	if (chance(sim, sim->wire.copies))
		put_on_wire(sim, &d);
}

/* -- what comes out of a node -------------------------------------------------- */

static uint32_t number_of(const struct packet *p)
{
	return load_be32(p->data + INNER_HEADER + sizeof(marker));
}

static void accept_inner(struct sim *sim, size_t i, const struct packet *p)
{
	uint32_t number;

	if (p->len >= INNER_HEADER && p->data[9] == 1) {	/* ICMP */
		sim->nodes[i].refused++;
		return;
	}
	assert_true(p->len >= INNER_MIN);
	assert_memory_equal(p->data + INNER_HEADER, marker, sizeof(marker));
	number = number_of(p);
	assert_true(number < sim->sent);
	assert_int_equal(sim->to[number], i);
	assert_int_equal(sim->delivered[number], 0);
	for (size_t k = INNER_MIN; k < p->len; k++)
		assert_int_equal(p->data[k], (uint8_t)(number + k));
	sim->delivered[number] = 1;
	sim->nodes[i].got++;
}

static void take(struct sim *sim, size_t i, const struct node_out *out)
{
	for (size_t k = 0; k < out->to_net_len; k++)
		transmit(sim, &sim->nodes[i], &out->to_net[k]);
	for (size_t k = 0; k < out->to_tun_len; k++)
		accept_inner(sim, i, &out->to_tun[k]);
}

static uint64_t wall(const struct sim *sim, const struct sim_node *n)
{
	return WALL_AT_START + (uint64_t)n->wall_offset + (uint64_t)sim->now * 1000000;
}

static void drain(struct sim *sim, size_t i)
{
	struct sim_node *n = &sim->nodes[i];
	struct action action;

	node_set_wall(n->node, wall(sim, n));
	for (unsigned turns = 0; node_poll(n->node, &action, sim->now) != ACTION_NONE; turns++) {
		assert_true(turns < 10000);
		if (action.kind == ACTION_SAVE_MARK) {
			assert_true(action.mark > n->marks[action.which]);
			n->marks[action.which] = action.mark;
		} else if (action.kind == ACTION_RESOLVE) {
			n->resolves++;
		} else {
			transmit(sim, n, &action.datagram);
		}
	}
}

/* -- into a node ----------------------------------------------------------------- */

static bool awake(const struct sim *sim, const struct sim_node *n)
{
	return n->node && n->asleep_until <= sim->now;
}

static void deliver(struct sim *sim, const struct sim_datagram *d)
{
	static uint8_t buffer[4096];
	struct node_out out;

	for (size_t i = 0; i < sim->nodes_len; i++) {
		struct sim_node *n = &sim->nodes[i];
		struct datagram in = {.path = {.remote = d->from, .local = n->endpoint.ip}};

		if (!is_for(sim, n, d) || !awake(sim, n))
			continue;
		memcpy(buffer, d->bytes, d->len);
		in.packet = packet_in(buffer, sizeof(buffer), 0, d->len);
		node_receive(n->node, &in, 1, &out, sim->now);
		take(sim, i, &out);
		drain(sim, i);
	}
}

void sim_inject(struct sim *sim, const struct endpoint *from, size_t to, struct bytes datagram)
{
	struct sim_datagram d = {.from = *from, .to = sim->nodes[to].endpoint, .len = datagram.len};

	memcpy(d.bytes, datagram.data, datagram.len);
	deliver(sim, &d);
}

uint32_t sim_packet(struct sim *sim, size_t from, size_t to, size_t len)
{
	uint8_t buffer[HEADROOM + 2048 + TAILROOM];
	struct packet p = packet_in(buffer, sizeof(buffer), HEADROOM, len);
	uint32_t number = sim->sent++;
	struct node_out out;

	assert_true(number < SIM_PACKETS && len >= INNER_MIN && len <= SIM_MTU);
	memset(p.data, 0, INNER_HEADER);
	p.data[0] = 0x45;
	store_be16(p.data + 2, (uint16_t)len);
	p.data[9] = 253;	/* RFC 3692: for experiments */
	memcpy(p.data + 12, sim->nodes[from].inner.bytes, 4);
	memcpy(p.data + 16, sim->nodes[to].inner.bytes, 4);
	memcpy(p.data + INNER_HEADER, marker, sizeof(marker));
	store_be32(p.data + INNER_HEADER + sizeof(marker), number);
	for (size_t k = INNER_MIN; k < len; k++)
		p.data[k] = (uint8_t)(number + k);
	sim->to[number] = (uint8_t)to;
	node_send(sim->nodes[from].node, &p, 1, &out, sim->now);
	take(sim, from, &out);
	drain(sim, from);
	return number;
}

bool sim_arrived(const struct sim *sim, uint32_t number)
{
	return sim->delivered[number];
}

/* -- time ----------------------------------------------------------------------------- */

static msec node_next(const struct sim *sim, const struct sim_node *n)
{
	if (!n->node)
		return NEVER;
	if (n->asleep_until > sim->now && node_due(n->node) < n->asleep_until)
		return n->asleep_until;
	return node_due(n->node);
}

static msec next_event(const struct sim *sim)
{
	msec at = NEVER;

	for (size_t i = 0; i < SIM_WIRE; i++)
		at = msec_min(at, sim->flying[i].at);
	for (size_t i = 0; i < sim->nodes_len; i++)
		at = msec_min(at, node_next(sim, &sim->nodes[i]));
	return at;
}

static void turn(struct sim *sim)
{
	for (size_t i = 0; i < SIM_WIRE; i++) {
		struct sim_datagram d;

		if (sim->flying[i].at > sim->now)
			continue;
		d = sim->flying[i];
		sim->flying[i].at = NEVER;
		deliver(sim, &d);
	}
	for (size_t i = 0; i < sim->nodes_len; i++) {
		if (!awake(sim, &sim->nodes[i]))
			continue;
		node_tick(sim->nodes[i].node, sim->now);
		drain(sim, i);
	}
}

void sim_run(struct sim *sim, msec duration)
{
	msec end = sim->now + duration;

	for (msec at = next_event(sim); at <= end; at = next_event(sim)) {
		if (at > sim->now)
			sim->now = at;
		turn(sim);
	}
	sim->now = end;
}

/* -- nodes ------------------------------------------------------------------------------ */

static void make_settings(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive,
			  void (*use)(struct sim *, size_t, const struct node_settings *))
{
	struct node_peer_settings peers[SIM_NODES] = {0};
	struct cidr inner[SIM_NODES];
	char hosts[SIM_NODES][IP_TEXT], names[SIM_NODES][24];
	struct cidr own = cidr_host(sim->nodes[i].inner);
	struct node_settings settings = {.addresses = &own, .addresses_len = 1,
		.listen_port = sim->nodes[i].endpoint.port, .mtu = SIM_MTU, .peers = peers};

	memcpy(settings.private_key, sim->nodes[i].private_key, KEY_LEN);
	for (size_t k = 0; k < sim->nodes_len; k++) {
		struct node_peer_settings *p = &peers[settings.peers_len];

		if (k == i)
			continue;
		settings.peers_len++;
		snprintf(names[k], sizeof(names[k]), "n%zu", k);
		inner[k] = cidr_host(sim->nodes[k].inner);
		*p = (struct node_peer_settings){.name = names[k], .allowed_ips = &inner[k],
			.allowed_ips_len = 1, .keepalive = keepalive};
		memcpy(p->public_key, sim->nodes[k].public_key, KEY_LEN);
		if (psk)
			memset(p->psk, 0x55, KEY_LEN);
		if (endpoints && sim->nodes[i].calls & 1u << k) {
			p->endpoint_host = ip_format(hosts[k], &sim->nodes[k].endpoint.ip);
			p->endpoint_port = sim->nodes[k].endpoint.port;
		}
	}
	use(sim, i, &settings);
}

static void tell_locals(struct sim *sim, size_t i)
{
	struct node_local_address local = {sim->nodes[i].endpoint.ip, 1};

	if (sim->nodes[i].outside.family != IP_NONE)
		node_set_locals(sim->nodes[i].node, &local, 1, sim->now);
}

void sim_roam(struct sim *sim, size_t i, struct ip to)
{
	sim->nodes[i].endpoint.ip = to;
	tell_locals(sim, i);
	drain(sim, i);
}

static void start(struct sim *sim, size_t i, const struct node_settings *settings)
{
	char error[256];

	sim->nodes[i].node = node_new(settings, &sim->rng, sim->nodes[i].marks, sim->now, error);
	assert_non_null(sim->nodes[i].node);
	tell_locals(sim, i);
	drain(sim, i);
}

static void reconfigure(struct sim *sim, size_t i, const struct node_settings *settings)
{
	char error[256];

	assert_true(node_reconfigure(sim->nodes[i].node, settings, sim->now, error));
	drain(sim, i);
}

void sim_configure(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive)
{
	make_settings(sim, i, endpoints, psk, keepalive, reconfigure);
}

void sim_restart(struct sim *sim, size_t i)
{
	node_free(sim->nodes[i].node);
	make_settings(sim, i, true, false, 0, start);
}

void sim_move(struct sim *sim, size_t i, struct endpoint to)
{
	sim->nodes[i].endpoint = to;
}

struct sim *sim_new(uint64_t seed, size_t n, bool endpoints)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	assert_true(crypto_init());
	assert_non_null(sim);
	rng_seed(&sim->rng, seed);
	sim->now = SECONDS(1000);
	sim->wire.delay = 20;
	sim->nodes_len = n;
	for (size_t i = 0; i < SIM_WIRE; i++)
		sim->flying[i].at = NEVER;
	for (size_t i = 0; i < n; i++) {
		struct sim_node *node = &sim->nodes[i];

		node->endpoint = (struct endpoint){.ip = ip_v4(192, 0, 2, (uint8_t)(i + 1)),
						   .port = (uint16_t)(20000 + i)};
		node->inner = ip_v4(10, 0, 0, (uint8_t)(i + 1));
		node->calls = ~0u;
		key_generate(node->private_key, &sim->rng);
		x25519_public(node->public_key, node->private_key);
	}
	for (size_t i = 0; i < n; i++)
		make_settings(sim, i, endpoints, false, 0, start);
	return sim;
}

struct sim *sim_new_behind_nats(uint64_t seed, const enum sim_nat_kind *kinds, size_t n)
{
	struct sim *sim = sim_new(seed, n, false);

	for (size_t i = 0; i < n; i++) {
		struct sim_node *node = &sim->nodes[i];

		node->nat = i < n - 1 ? kinds[i] : SIM_NO_NAT;
		node->outside = ip_v4(203, 0, 113, (uint8_t)(i + 1));
		node->calls = i < n - 1 ? 1u << (n - 1) : 0;
		if (node->nat != SIM_NO_NAT)
			node->endpoint.ip = ip_v4(192, 168, (uint8_t)i, 100);
		node_free(node->node);
		node->node = NULL;
	}
	for (size_t i = n; i-- > 0;)
		make_settings(sim, i, true, false, 0, start);
	return sim;
}

void sim_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->nodes_len; i++)
		node_free(sim->nodes[i].node);
	free(sim);
}

struct peer_status sim_status(const struct sim *sim, size_t of, size_t peer)
{
	struct peer_status status;

	assert_true(node_find_peer_status(sim->nodes[of].node, sim->nodes[peer].public_key, &status,
					  sim->now));
	return status;
}
