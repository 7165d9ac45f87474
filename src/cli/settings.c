/* settings.c -- from the config file to what the daemon is made from. */
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/msec.h"
#include "crypto/aead.h"

_Static_assert((int)CONFIG_STUN_MAX <= (int)NODE_STUN_MAX, "the node takes all of them");
_Static_assert((int)CONFIG_HOST_MAX <= (int)NODE_HOST_MAX, "and each of them");

_Static_assert((int)CONFIG_TURN_MAX <= (int)NODE_TURN_MAX, "all TURN servers as well");
_Static_assert((int)CONFIG_QUEUES_MAX == (int)AEAD_LANES_MAX, "and all threads");

enum { MAIN_TABLE = 254 }; /* RT_TABLE_MAIN of rtnetlink(7) */

_Static_assert((int)CONFIG_HOST_MAX == (int)PROXY_HOST_MAX, "one is copied to the other");
_Static_assert((int)CONFIG_LOGIN_MAX == (int)PROXY_LOGIN_MAX, "likewise");
_Static_assert((int)CONFIG_RENDEZVOUS_MAX == (int)NODE_RENDEZVOUS_MAX, "all of them");

static enum node_peer_path path_of(enum config_path path)
{
	switch (path) {
	case CONFIG_PATH_DIRECT_ONLY:
		return PEER_PATH_DIRECT_ONLY;
	case CONFIG_PATH_RELAY_ONLY:
		return PEER_PATH_RELAY_ONLY;
	case CONFIG_PATH_AUTO:
		break;
	}
	return PEER_PATH_AUTO;
}

static enum node_cipher cipher_of(enum config_cipher cipher)
{
	switch (cipher) {
	case CONFIG_CIPHER_CHACHA20:
		return NODE_CIPHER_CHACHA20;
	case CONFIG_CIPHER_AES256GCM:
		return NODE_CIPHER_AES256GCM;
	case CONFIG_CIPHER_UNSET:
	case CONFIG_CIPHER_AUTO:
		break;
	}
	return NODE_CIPHER_AUTO;
}

static void peer_settings(struct node_peer_settings *out, const struct config_peer *peer)
{
	*out = (struct node_peer_settings){
		.name = peer->name,
		.allowed_ips = peer->allowed_ips,
		.allowed_ips_len = peer->allowed_ips_len,
		.endpoint_host = peer->endpoint_host[0] ? peer->endpoint_host : NULL,
		.endpoint_port = peer->endpoint_port,
		.keepalive = (uint32_t)SECONDS(peer->keepalive),
		.path = path_of(peer->path),
		.cipher = cipher_of(peer->cipher),
	};
	memcpy(out->public_key, peer->public_key, KEY_LEN);
	if (peer->has_psk)
		memcpy(out->psk, peer->psk, KEY_LEN);
}

static void rendezvous_settings(struct node_rendezvous_settings *out,
				const struct config_rendezvous *r)
{
	*out = (struct node_rendezvous_settings){
		.name = r->name, .host = r->host, .port = r->port, .tls = r->tls,
		.ca_file = r->ca_file};
	memcpy(out->public_key, r->public_key, KEY_LEN);
	if (r->has_psk)
		memcpy(out->psk, r->psk, KEY_LEN);
}

void settings_proxy(struct proxy *out, const struct config_proxy *proxy)
{
	out->port = proxy->port;
	memcpy(out->host, proxy->host, sizeof(out->host));
	memcpy(out->login, proxy->login, sizeof(out->login));
}

static void turn_settings(struct settings *out, const struct config *config)
{
	for (size_t i = 0; i < config->turn_len; i++) {
		const struct config_turn *t = &config->turn[i];

		out->turn[i] = (struct node_turn_server){
			.host = t->host, .port = t->port, .udp = t->udp, .tcp = t->tcp, .tls = t->tls};
	}
}

static uint32_t table_number(const struct config *config)
{
	switch (config->table) {
	case TABLE_AUTO:
		return MAIN_TABLE;
	case TABLE_OFF:
		return 0;
	case TABLE_NUMBER:
		return config->table_number;
	}
	return MAIN_TABLE;
}

bool settings_init(struct settings *out, const struct config *config, const struct place *place)
{
	struct node_peer_settings *peers = calloc(config->peers_len + 1, sizeof(*peers));

	if (!peers)
		return false;
	for (size_t i = 0; i < config->peers_len; i++)
		peer_settings(&peers[i], &config->peers[i]);
	for (size_t i = 0; i < config->rendezvous_len; i++)
		rendezvous_settings(&out->rendezvous[i], &config->rendezvous[i]);
	settings_proxy(&out->proxy, &config->proxy);
	out->peers = peers;
	for (size_t i = 0; i < config->stun_len; i++)
		out->stun[i] = (struct node_stun_server){config->stun[i].host, config->stun[i].port};
	turn_settings(out, config);
	out->daemon = (struct daemon_settings){
		.net = place->net,
		.name = config->name,
		.device = config->device,
		.config_path = place->config,
		.socket_path = place->socket,
		.state_dir = place->state,
		.version = P2PNET_VERSION,
		.fwmark = config->fwmark,
		.table = table_number(config),
		.mtu = config->mtu,
		.addresses = config->addresses,
		.addresses_len = config->addresses_len,
		.portmap = {[MAPPER_PCP] = config->pcp,
			    [MAPPER_NATPMP] = config->natpmp,
			    [MAPPER_UPNP] = config->upnp},
		.tcp = config->tcp,
		.offloads = config->offload,
		.queues = config->queues,
		.proxy = config->proxy.host[0] ? &out->proxy : NULL,
		.program = "/proc/self/exe",
		.node = {.lan = config->lan,
			 .stun = out->stun,
			 .stun_len = config->stun_len,
			 .turn = out->turn,
			 .turn_len = config->turn_len,
			 .turn_user = config->turn_user,
			 .turn_password = config->turn_password,
			 .turn_is_secret = config->turn_is_secret,
			 .turn_ca = config->turn_ca,
			 .punch_rate = config->punch_rate,
			 .tcp = config->tcp,
			 .relay = config->relay,
			 .relay_rate = config->relay_rate,
			 .addresses = config->addresses,
			 .addresses_len = config->addresses_len,
			 .listen_port = config->listen_port,
			 .mtu = config->mtu,
			 .peers = peers,
			 .peers_len = config->peers_len,
			 .rendezvous = out->rendezvous,
			 .rendezvous_len = config->rendezvous_len},
	};
	memcpy(out->daemon.node.private_key, config->private_key, KEY_LEN);
	return true;
}

void settings_deinit(struct settings *s)
{
	wipe(s->peers, s->daemon.node.peers_len * sizeof(*s->peers));
	wipe(s->rendezvous, sizeof(s->rendezvous));
	wipe(&s->proxy, sizeof(s->proxy));
	free(s->peers);
	wipe(s->daemon.node.private_key, KEY_LEN);
	*s = (struct settings){0};
}
