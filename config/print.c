/* print.c -- the config as it is in force, defaults included, in the syntax of the file. */
#include <inttypes.h>

#include "config/config.h"

static const char HEAD[] =
	"# What is in force, defaults and derived values included.\n"
	"# Secrets are shown as (hidden): put the keys back before you use this as a file.\n";

static void print_table(FILE *out, const struct config *c)
{
	switch (c->table) {
	case TABLE_AUTO:
		fprintf(out, "table = auto\n");
		break;
	case TABLE_OFF:
		fprintf(out, "table = off\n");
		break;
	case TABLE_NUMBER:
		fprintf(out, "table = %" PRIu32 "\n", c->table_number);
		break;
	}
}

static const char *yes_or_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_interface(FILE *out, const struct config *c)
{
	char text[CIDR_TEXT], key[KEY_TEXT], offload[CONFIG_OFFLOAD_TEXT];

	fprintf(out, "[interface]\nprivate_key = (hidden)\n# its public key: %s\n",
		key_to_base64(key, c->public_key));
	for (size_t i = 0; i < c->addresses_len; i++)
		fprintf(out, "address = %s%s\n", cidr_format(text, &c->addresses[i]),
			ip_equal(&c->addresses[i].ip, &c->ula) ? "  # derived from the key" : "");
	fprintf(out, "name = %s\ndevice = %s\nlisten_port = %u\nmtu = %u\n", c->name, c->device,
		c->listen_port, c->mtu);
	print_table(out, c);
	if (c->fwmark)
		fprintf(out, "fwmark = 0x%" PRIx32 "\n", c->fwmark);
	else
		fprintf(out, "fwmark = off\n");
	fprintf(out, "log_level = %s\nlan = %s\ncipher = %s\n", log_level_name(c->log_level),
		yes_or_no(c->lan), config_cipher_name(c->cipher));
	fprintf(out, "offload = %s\nqueues = %u\n", config_write_offload(offload, c->offload),
		c->queues);
}

static bool is_ip_of(const struct config_peer *peer, const struct cidr *prefix)
{
	for (size_t i = 0; i < peer->ips_len; i++) {
		struct cidr host = cidr_host(peer->ips[i]);

		if (cidr_equal(&host, prefix))
			return true;
	}
	return false;
}

static void print_addresses(FILE *out, const struct config_peer *peer)
{
	struct cidr ula = cidr_host(peer->ula);
	char text[CIDR_TEXT];

	fprintf(out, "# its address from the key: %s\n", ip_format(text, &peer->ula));
	for (size_t i = 0; i < peer->ips_len; i++)
		fprintf(out, "ip = %s\n", ip_format(text, &peer->ips[i]));
	for (size_t i = 0; i < peer->allowed_ips_len; i++) {
		const struct cidr *prefix = &peer->allowed_ips[i];

		if (!cidr_equal(prefix, &ula) && !is_ip_of(peer, prefix))
			fprintf(out, "allowed_ips = %s\n", cidr_format(text, prefix));
	}
}

static void print_turn(FILE *out, const struct config *c)
{
	char text[CONFIG_TURN_TEXT];

	for (size_t i = 0; i < c->turn_len; i++)
		fprintf(out, "turn = %s\n", config_write_turn(text, &c->turn[i]));
	if (c->turn_user[0])
		fprintf(out, "turn_user = %s\n", c->turn_user);
	if (c->turn_password[0])
		fprintf(out, "turn_%s_file = (hidden)\n", c->turn_is_secret ? "secret" : "password");
	if (c->turn_ca)
		fprintf(out, "turn_ca = %s\n", c->turn_ca);
}

static void print_nat(FILE *out, const struct config *c)
{
	char text[CONFIG_ENDPOINT_TEXT];

	fprintf(out, "\n[nat]\npunch_rate = %u\n", c->punch_rate);
	fprintf(out, "upnp = %s\npcp = %s\nnatpmp = %s\n", yes_or_no(c->upnp), yes_or_no(c->pcp),
		yes_or_no(c->natpmp));
	fprintf(out, "relay = %s\n", yes_or_no(c->relay));
	if (c->relay_rate)
		fprintf(out, "relay_rate = %u\n", c->relay_rate);
	else
		fprintf(out, "relay_rate = unlimited\n");
	fprintf(out, "tcp = %s\n", yes_or_no(c->tcp));
	if (c->proxy.host[0])
		fprintf(out, "proxy = http://%s%s\n", c->proxy.login[0] ? "(hidden)@" : "",
			config_write_endpoint(text, c->proxy.host, c->proxy.port));
	for (size_t i = 0; i < c->stun_len; i++)
		fprintf(out, "stun = %s\n",
			config_write_endpoint(text, c->stun[i].host, c->stun[i].port));
	print_turn(out, c);
}

static void print_rendezvous(FILE *out, const struct config_rendezvous *r)
{
	char key[KEY_TEXT], url[CONFIG_URL_TEXT];

	if (r->has_label)
		fprintf(out, "\n[rendezvous %s]\n", r->name);
	else
		fprintf(out, "\n[rendezvous]\n");
	fprintf(out, "engine = builtin\nurl = %s\npublic_key = %s\n", config_write_url(url, r),
		key_to_base64(key, r->public_key));
	if (r->ca_file)
		fprintf(out, "ca_file = %s\n", r->ca_file);
	if (r->has_psk)
		fprintf(out, "preshared_key = (hidden)\n");
}

static void print_peer(FILE *out, const struct config_peer *peer)
{
	char key[KEY_TEXT], endpoint[CONFIG_ENDPOINT_TEXT];

	if (peer->has_label)
		fprintf(out, "\n[peer %s]\n", peer->name);
	else
		fprintf(out, "\n[peer]\n");
	fprintf(out, "public_key = %s\n", key_to_base64(key, peer->public_key));
	if (peer->has_psk)
		fprintf(out, "preshared_key = (hidden)\n");
	print_addresses(out, peer);
	if (peer->endpoint_host[0])
		fprintf(out, "endpoint = %s\n",
			config_write_endpoint(endpoint, peer->endpoint_host, peer->endpoint_port));
	if (peer->keepalive)
		fprintf(out, "keepalive = %u\n", peer->keepalive);
	else
		fprintf(out, "keepalive = no\n");
	fprintf(out, "path = %s\ncipher = %s\n", config_path_name(peer->path),
		config_cipher_name(peer->cipher));
}

void config_print_effective(FILE *out, const struct config *c)
{
	fputs(HEAD, out);
	print_interface(out, c);
	print_nat(out, c);
	for (size_t i = 0; i < c->rendezvous_len; i++)
		print_rendezvous(out, &c->rendezvous[i]);
	for (size_t i = 0; i < c->peers_len; i++)
		print_peer(out, &c->peers[i]);
}
