/* config_json.c -- a config file as JSON. */
#include "cli/config_json.h"

#include <stdio.h>

#include "ctl/report.h"

static json_t *prefixes(const struct cidr *list, size_t len)
{
	json_t *array = json_array();
	char text[CIDR_TEXT];

	for (size_t i = 0; array && i < len; i++)
		json_array_append_new(array, json_string(cidr_format(text, &list[i])));
	return array;
}

/* The keys are those of the status report, see ctl/report.h. */
static json_t *peer_json(const struct config_peer *peer)
{
	char key[KEY_TEXT], endpoint[CONFIG_ENDPOINT_TEXT];

	config_write_endpoint(endpoint, peer->endpoint_host, peer->endpoint_port);
	return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o}", "name", peer->name, "public_key",
			 key_to_base64(key, peer->public_key), "preshared_key", peer->has_psk,
			 "ips", prefixes(peer->allowed_ips, peer->allowed_ips_len), "endpoint",
			 *endpoint ? json_string(endpoint) : json_null(), "keepalive_s",
			 peer->keepalive ? json_integer(peer->keepalive) : json_null());
}

json_t *config_peers_json(const struct config *config)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < config->peers_len; i++)
		json_array_append_new(array, peer_json(&config->peers[i]));
	return array;
}

static json_t *table_json(const struct config *config)
{
	switch (config->table) {
	case TABLE_AUTO:
		return json_string("auto");
	case TABLE_OFF:
		return json_string("off");
	case TABLE_NUMBER:
		return json_integer(config->table_number);
	}
	return json_null();
}

static json_t *self_json(const struct config *config)
{
	char key[KEY_TEXT], offload[CONFIG_OFFLOAD_TEXT];

	return json_pack("{s:s, s:s, s:s, s:i, s:o, s:i, s:I, s:o, s:s, s:s, s:i}",
			 "name", config->name,
			 "public_key", key_to_base64(key, config->public_key), "device",
			 config->device, "mtu", (int)config->mtu, "addresses",
			 prefixes(config->addresses, config->addresses_len), "listen_port",
			 (int)config->listen_port, "fwmark", (json_int_t)config->fwmark, "table",
			 table_json(config), "log_level", log_level_name(config->log_level),
			 "offload", config_write_offload(offload, config->offload), "queues",
			 (int)config->queues);
}

static json_t *nat_json(const struct config *config)
{
	json_t *stun = json_array();
	char text[CONFIG_ENDPOINT_TEXT];

	for (size_t i = 0; stun && i < config->stun_len; i++)
		json_array_append_new(stun, json_string(config_write_endpoint(
						    text, config->stun[i].host,
						    config->stun[i].port)));
	config_write_endpoint(text, config->proxy.host, config->proxy.port);
	return json_pack("{s:o, s:i, s:b, s:b, s:b, s:b, s:o, s:b, s:o}", "stun", stun,
			 "punch_rate", (int)config->punch_rate, "upnp", config->upnp, "pcp",
			 config->pcp, "natpmp", config->natpmp, "relay", config->relay,
			 "relay_rate",
			 config->relay_rate ? json_integer(config->relay_rate) : json_null(),
			 "tcp", config->tcp, "proxy", *text ? json_string(text) : json_null());
}

static json_t *rendezvous_json(const struct config *config)
{
	json_t *array = json_array();
	char key[KEY_TEXT], url[CONFIG_URL_TEXT];

	for (size_t i = 0; array && i < config->rendezvous_len; i++) {
		const struct config_rendezvous *r = &config->rendezvous[i];

		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:s, s:b, s:s?}", "name", r->name, "engine",
					 "builtin", "url", config_write_url(url, r), "public_key",
					 key_to_base64(key, r->public_key), "preshared_key",
					 r->has_psk, "ca_file", r->ca_file));
	}
	return array;
}

json_t *config_json(const struct config *config)
{
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "schema", REPORT_SCHEMA, "net",
			 config->net, "config", config->path, "self", self_json(config), "nat",
			 nat_json(config), "rendezvous", rendezvous_json(config), "peers",
			 config_peers_json(config));
}
