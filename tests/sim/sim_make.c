/* sim_make.c -- whole nodes on a simulated network: where they stand, what befalls them. */
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

static void make_settings(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive,
			  void (*use)(struct sim *, size_t, const struct node_settings *))
{
	struct node_peer_settings peers[SIM_NODES] = {0};
	struct cidr inner[SIM_NODES];
	char hosts[SIM_NODES][IP_TEXT], names[SIM_NODES][24];
	struct cidr own = cidr_host(sim->nodes[i].inner);
	struct node_settings settings = {.addresses = &own, .addresses_len = 1, .lan = sim->lan,
		.punch_rate = sim->punch_rate, .tcp = sim->tcp,
		.relay = sim->relays >> i & 1, .relay_rate = sim->relay_rate,
		.turn = sim->turn, .turn_len = sim->turn != NULL,
		.turn_user = "user", .turn_password = "pass",
		.listen_port = sim->nodes[i].links[0].at.port, .mtu = SIM_MTU, .peers = peers,
		.rendezvous = sim->rendezvous, .rendezvous_len = sim->rendezvous_len};

	memcpy(settings.private_key, sim->nodes[i].private_key, KEY_LEN);
	for (size_t k = 0; k < sim->nodes_len; k++) {
		struct node_peer_settings *p = &peers[settings.peers_len];

		if (k == i)
			continue;
		settings.peers_len++;
		snprintf(names[k], sizeof(names[k]), "n%zu", k);
		inner[k] = cidr_host(sim->nodes[k].inner);
		*p = (struct node_peer_settings){.name = names[k], .allowed_ips = &inner[k],
			.allowed_ips_len = 1, .keepalive = keepalive,
			.cipher = sim->nodes[i].cipher};
		memcpy(p->public_key, sim->nodes[k].public_key, KEY_LEN);
		if (psk)
			memset(p->psk, 0x55, KEY_LEN);
		if (endpoints && sim->nodes[i].calls & UINT64_C(1) << k) {
			p->endpoint_host = ip_format(hosts[k], &sim->nodes[k].links[0].at.ip);
			p->endpoint_port = sim->nodes[k].links[0].at.port;
		}
		if (!p->endpoint_host)
			p->path = sim->path;
	}
	use(sim, i, &settings);
}

/* -- where they stand ----------------------------------------------------------- */

void sim_tell_links(struct sim *sim, size_t i)
{
	struct node_local_address locals[SIM_LINKS];
	struct sim_node *n = &sim->nodes[i];

	for (size_t k = 0; k < n->links_len; k++) {
		locals[k] = (struct node_local_address){n->links[k].at.ip, (uint32_t)k + 1};
		sim_add_place(sim, n->links[k].at.ip);
	}
	if (sim->gathers && n->node)
		node_set_locals(n->node, locals, n->links_len, sim->now);
}

void sim_add_link(struct sim *sim, size_t i, struct ip ip, uint8_t net)
{
	struct sim_node *n = &sim->nodes[i];

	assert_true(n->links_len < SIM_LINKS);
	n->links[n->links_len++] = (struct sim_link){
		.at = {.ip = ip, .port = (uint16_t)(20000 + i)}, .net = net};
	sim_add_place(sim, ip);
}

uint8_t sim_add_net(struct sim *sim, const struct nat *nat, uint8_t uplink, struct cidr prefix)
{
	sim_add_place(sim, nat->outside);
	return nets_add(&sim->nets, nat, uplink, prefix);
}

void sim_roam_to(struct sim *sim, size_t i, struct ip to, uint8_t net)
{
	sim->nodes[i].links[0].at.ip = to;
	sim->nodes[i].links[0].net = net;
	sim_tell_links(sim, i);
	sim_drain(sim, i);
}

void sim_roam(struct sim *sim, size_t i, struct ip to)
{
	sim_roam_to(sim, i, to, sim->nodes[i].links[0].net);
}

void sim_move(struct sim *sim, size_t i, struct endpoint to)
{
	sim->nodes[i].links[0].at = to;
	sim_add_place(sim, to.ip);
}

void sim_reboot_net(struct sim *sim, uint8_t net, struct ip outside)
{
	sim_add_place(sim, outside);
	nat_reboot(&sim->nets.net[net].nat, outside);
	nat_reboot(&sim->nets.net[net].tcp, outside);
}

void sim_reboot_nat(struct sim *sim, size_t i)
{
	uint8_t net = sim->nodes[i].links[0].net;
	struct ip outside = sim->nets.net[net].nat.outside;

	outside.bytes[2]++;
	sim_reboot_net(sim, net, outside);
}

struct ip sim_outside(const struct sim *sim, size_t i)
{
	struct ip ip = sim->nodes[i].links[0].at.ip;

	for (uint8_t net = sim->nodes[i].links[0].net; net; net = sim->nets.net[net].uplink)
		ip = sim->nets.net[net].nat.outside;
	return ip;
}

/* -- what befalls them ----------------------------------------------------------- */

static void start(struct sim *sim, size_t i, const struct node_settings *settings)
{
	struct sim_node *n = &sim->nodes[i];
	struct bytes peers = bytes_of(n->peers, n->peers_len);
	char error[256];

	memset(n->more, 0, sizeof(n->more));
	n->node = node_new(settings, &sim->rng, n->marks, sim->now, error);
	assert_non_null(n->node);
	node_set_wall(n->node, sim_wall(sim, n));
	assert_true(!peers.len || node_known_restore(n->node, peers, sim->now));
	sim_tell_links(sim, i);
	sim_drain(sim, i);
}

static void reconfigure(struct sim *sim, size_t i, const struct node_settings *settings)
{
	char error[256];

	assert_true(node_reconfigure(sim->nodes[i].node, settings, sim->now, error));
	sim_drain(sim, i);
}

void sim_configure(struct sim *sim, size_t i, bool endpoints, bool psk, uint32_t keepalive)
{
	make_settings(sim, i, endpoints, psk, keepalive, reconfigure);
}

void sim_start(struct sim *sim, size_t i)
{
	for (size_t k = 0; k < sim->nodes_len; k++)
		sim->nodes[i].promoted_at[k] = NEVER;
	make_settings(sim, i, true, false, 0, start);
}

void sim_stop(struct sim *sim, size_t i, bool cleanly)
{
	struct sim_node *n = &sim->nodes[i];

	if (cleanly)
		sim_save_peers(sim, n);
	node_free(n->node);
	n->node = NULL;
	memset(n->tcp, 0, sizeof(n->tcp));
	pipes_forget(sim, i);
}

void sim_restart(struct sim *sim, size_t i)
{
	sim_stop(sim, i, false);
	sim_start(sim, i);
}

void sim_sleep(struct sim *sim, size_t i, msec duration)
{
	sim->nodes[i].asleep_until = sim->now + duration;
	sim->nodes[i].notices_sleep = true;
}

void sim_resumed(struct sim *sim, size_t i)
{
	sim->nodes[i].asleep_until = 0;
	sim->nodes[i].notices_sleep = false;
	sim_tell_links(sim, i);
	node_resumed(sim->nodes[i].node, sim->now);
	sim_drain(sim, i);
}

/* -- networks to begin with -------------------------------------------------------- */

struct sim *sim_prepare(uint64_t seed, size_t n)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	sim_log();
	assert_true(crypto_init());
	assert_non_null(sim);
	rng_seed(&sim->rng, seed);
	nets_init(&sim->nets, &sim->rng);
	pipes_init(&sim->pipes);
	sim->now = SECONDS(1000);
	sim->wire.delay = 20;
	sim->tcp = true;
	sim->nodes_len = n;
	for (size_t i = 0; i < n; i++) {
		struct sim_node *node = &sim->nodes[i];

		node->inner = ip_v4(10, 0, 0, (uint8_t)(i + 1));
		node->calls = ~UINT64_C(0);
		node->may_send_at = sim->now;
		node->may_send = INT64_C(1000) * SIM_BURST;
		key_generate(node->private_key, &sim->rng);
		x25519_public(node->public_key, node->private_key);
	}
	return sim;
}

struct sim *sim_new(uint64_t seed, size_t n, bool endpoints)
{
	struct sim *sim = sim_prepare(seed, n);

	for (size_t i = 0; i < n; i++) {
		sim_add_link(sim, i, ip_v4(192, 0, 2, (uint8_t)(i + 1)), NET_INTERNET);
		sim->nodes[i].calls = endpoints ? ~UINT64_C(0) : 0;
	}
	for (size_t i = 0; i < n; i++)
		sim_start(sim, i);
	for (size_t i = 0; i < n; i++)
		sim->nodes[i].calls = ~UINT64_C(0);
	return sim;
}

struct nat sim_nat(enum sim_nat_kind kind, struct ip outside)
{
	struct nat nat = {.ports = NAT_PRESERVING, .life = SIM_MAPPING_LIFE, .outside = outside};

	switch (kind) {
	case SIM_NO_NAT:
	case SIM_FULL_CONE:
		break;
	case SIM_ADDRESS_RESTRICTED:
		nat.filtering = ADDRESS_DEPENDENT;
		break;
	case SIM_SEQUENTIAL:
		nat.mapping = PORT_DEPENDENT;
		nat.ports = NAT_SEQUENTIAL;
		nat.next_port = 5000;
		nat.filtering = PORT_DEPENDENT;
		break;
	case SIM_SYMMETRIC:
		nat.mapping = PORT_DEPENDENT;
		nat.ports = NAT_RANDOM;
		nat.filtering = PORT_DEPENDENT;
		break;
	case SIM_PORT_RESTRICTED:
		nat.filtering = PORT_DEPENDENT;
		break;
	case SIM_UDP_BLOCKED:
		nat.blocks = true;
		break;
	}
	return nat;
}

static void stand_behind(struct sim *sim, size_t i, enum sim_nat_kind kind)
{
	static const struct cidr home = {.ip = {.family = IP_V4, .bytes = {192, 168}}, .len = 16};
	struct nat nat = sim_nat(kind, ip_v4(203, 0, 113, (uint8_t)(i + 1)));

	if (kind == SIM_NO_NAT)
		sim_add_link(sim, i, ip_v4(192, 0, 2, (uint8_t)(i + 1)), NET_INTERNET);
	else
		sim_add_link(sim, i, ip_v4(192, 168, (uint8_t)i, 100),
			     sim_add_net(sim, &nat, NET_INTERNET, home));
}

struct sim *sim_new_behind_nats(uint64_t seed, const enum sim_nat_kind *kinds, size_t n,
				size_t public)
{
	struct sim *sim = sim_prepare(seed, n);
	size_t behind = n - public;

	sim->gathers = true;
	sim->punch_rate = 200;
	for (size_t i = 0; i < n; i++) {
		stand_behind(sim, i, i < behind ? kinds[i] : SIM_NO_NAT);
		sim->nodes[i].calls = i < behind ? ((1u << public) - 1) << behind : 0;
	}
	for (size_t i = n; i-- > 0;)
		sim_start(sim, i);
	return sim;
}

void sim_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->nodes_len; i++)
		node_free(sim->nodes[i].node);
	nets_deinit(&sim->nets);
	pipes_deinit(&sim->pipes);
	free(sim);
}
