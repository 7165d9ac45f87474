/* settings_test.c -- from the config file to what the daemon is made from. */
#include "cli/claims.h"

#include <string.h>

#include "cli/settings.h"

static struct cidr allowed[2];

static struct config_peer peers[] = {
	{.name = "laptop",
	 .public_key = {1},
	 .psk = {2},
	 .has_psk = true,
	 .allowed_ips = allowed,
	 .allowed_ips_len = 2,
	 .endpoint_host = "office.example.net",
	 .endpoint_port = 41999,
	 .keepalive = 25,
	 .cipher = CONFIG_CIPHER_AES256GCM},
	/* A key that stands there but does not count. */
	{.name = "phone", .public_key = {3}, .psk = {9}, .cipher = CONFIG_CIPHER_CHACHA20},
};

static struct config config = {
	.private_key = {7},
	.name = "nas",
	.device = "p2p0",
	.addresses = allowed,
	.addresses_len = 1,
	.listen_port = 27123,
	.mtu = 1400,
	.fwmark = 5,
	.stun = {{.host = "stun.example.net", .port = 3478}, {.host = "192.0.2.1", .port = 5}},
	.stun_len = 2,
	.tcp = true,
	.offload = 5,
	.queues = 3,
	.proxy = {.host = "proxy", .port = 3128, .login = "me:pw"},
	.peers = peers,
	.peers_len = 2,
};

static const struct place place = {.net = "home", .config = "/c", .socket = "/s", .state = "/d"};

static void everything_of_the_file_arrives(void **state)
{
	struct settings s;
	const struct daemon_settings *d = &s.daemon;

	(void)state;
	assert_true(settings_init(&s, &config, &place));
	assert_string_equal(d->net, "home");
	assert_string_equal(d->name, "nas");
	assert_string_equal(d->device, "p2p0");
	assert_string_equal(d->config_path, "/c");
	assert_string_equal(d->socket_path, "/s");
	assert_string_equal(d->state_dir, "/d");
	assert_int_equal(d->fwmark, 5);
	assert_int_equal(d->mtu, 1400);
	assert_int_equal(d->addresses_len, 1);
	assert_int_equal(d->node.private_key[0], 7);
	assert_int_equal(d->node.listen_port, 27123);
	assert_int_equal(d->node.mtu, 1400);
	assert_int_equal(d->node.addresses_len, 1);
	assert_int_equal(d->node.peers_len, 2);
	assert_int_equal(d->node.stun_len, 2);
	assert_string_equal(d->node.stun[0].host, "stun.example.net");
	assert_int_equal(d->node.stun[1].port, 5);
	assert_true(d->tcp);
	assert_int_equal(d->offloads, 5);
	assert_int_equal(d->queues, 3);
	assert_string_equal(d->proxy->host, "proxy");
	assert_string_equal(d->proxy->login, "me:pw");
	assert_int_equal(d->proxy->port, 3128);
	settings_deinit(&s);
}

static void peers_arrive(void **state)
{
	struct settings s;
	const struct node_peer_settings *p;

	(void)state;
	assert_true(settings_init(&s, &config, &place));
	p = s.daemon.node.peers;
	assert_string_equal(p[0].name, "laptop");
	assert_int_equal(p[0].public_key[0], 1);
	assert_int_equal(p[0].psk[0], 2);
	assert_int_equal(p[0].allowed_ips_len, 2);
	assert_string_equal(p[0].endpoint_host, "office.example.net");
	assert_int_equal(p[0].endpoint_port, 41999);
	assert_int_equal(p[0].keepalive, 25000);
	assert_int_equal(p[0].cipher, NODE_CIPHER_AES256GCM);
	assert_true(key_is_zero(p[1].psk));
	assert_null(p[1].endpoint_host);
	assert_int_equal(p[1].keepalive, 0);
	assert_int_equal(p[1].cipher, NODE_CIPHER_CHACHA20);
	settings_deinit(&s);
}

static void the_table_is_the_main_one_none_or_a_number(void **state)
{
	static const struct {
		enum config_table table;
		uint32_t number, expected;
	} table[] = {{TABLE_AUTO, 0, 254}, {TABLE_OFF, 0, 0}, {TABLE_NUMBER, 1234, 1234}};
	struct settings s;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		config.table = table[i].table;
		config.table_number = table[i].number;
		assert_true(settings_init(&s, &config, &place));
		assert_int_equal(s.daemon.table, table[i].expected);
		settings_deinit(&s);
	}
}

static void keys_are_wiped(void **state)
{
	struct settings s;

	(void)state;
	assert_true(settings_init(&s, &config, &place));
	settings_deinit(&s);
	assert_true(key_is_zero(s.daemon.node.private_key));
	assert_null(s.peers);
	assert_string_equal(s.proxy.login, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_of_the_file_arrives),
		cmocka_unit_test(peers_arrive),
		cmocka_unit_test(the_table_is_the_main_one_none_or_a_number),
		cmocka_unit_test(keys_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
