/* load_test.c -- files that are right, and what comes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/offload.h"
#include "config/identity.h"
#include "crypto/x25519.h"
#include "scratch.h"

/* Loads t.conf, about which exactly this is to be said. */
static struct config *load_saying(const char *text, const char *want)
{
	struct config *c;
	char *says;

	scratch_write("t.conf", text);
	says = scratch_report("t.conf", &c);
	assert_string_equal(says, want);
	assert_non_null(c);
	free(says);
	return c;
}

static struct config *load(const char *text)
{
	return load_saying(text, "");
}

static void expect_key(const uint8_t *key, const char *want)
{
	char text[KEY_TEXT];

	assert_string_equal(key_to_base64(text, key), want);
}

static void expect_cidr(const struct cidr *cidr, const char *want)
{
	char text[CIDR_TEXT];

	assert_string_equal(cidr_format(text, cidr), want);
}

static void the_smallest_file_gets_defaults(void **state)
{
	struct config *c = load(SELF);
	char host[CONFIG_NAME_MAX] = "";

	(void)state;
	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	assert_string_equal(c->path, "t.conf");
	assert_string_equal(c->net, "t");
	assert_string_equal(c->device, "t");
	assert_string_equal(c->name, host);
	expect_key(c->private_key, SELF_PRIVATE);
	expect_key(c->public_key, SELF_PUBLIC);
	assert_int_equal(c->listen_port, identity_port(c->public_key));
	assert_int_equal(c->mtu, 1400);
	assert_int_equal(c->table, TABLE_AUTO);
	assert_int_equal(c->fwmark, 0);
	assert_int_equal(c->log_level, LOG_INFO);
	assert_int_equal(c->addresses_len, 1);
	assert_int_equal(c->addresses[0].len, 128);
	assert_true(ip_equal(&c->addresses[0].ip, &c->ula));
	assert_int_equal(c->ula.bytes[0], 0xfd);
	assert_int_equal(c->peers_len, 0);
	assert_int_equal(c->files_len, 1);
	config_free(c);
}

static void every_key_of_the_interface_is_taken(void **state)
{
	struct config *c;

	(void)state;
	scratch_write("self.key", SELF_PRIVATE "\n");
	c = load(
		"[interface]\nprivate_key_file = self.key\naddress = 10.77.0.1/24, "
		"::ffff:10.78.0.1\n"
		"address = fd00:77::1/64\nname = nas-1.lan\ndevice = wg-home\nlisten_port = 41999\n"
		"mtu = 65456\ntable = 4294967295\nfwmark = 0xCA6c\nlog_level = trace\n");
	expect_key(c->public_key, SELF_PUBLIC);
	assert_int_equal(c->addresses_len, 4);
	expect_cidr(&c->addresses[0], "10.77.0.1/24");
	expect_cidr(&c->addresses[1], "10.78.0.1/32");
	expect_cidr(&c->addresses[2], "fd00:77::1/64");
	assert_true(ip_equal(&c->addresses[3].ip, &c->ula));
	assert_string_equal(c->name, "nas-1.lan");
	assert_string_equal(c->device, "wg-home");
	assert_int_equal(c->listen_port, 41999);
	assert_int_equal(c->mtu, 65456);
	assert_int_equal(c->table, TABLE_NUMBER);
	assert_int_equal(c->table_number, UINT32_MAX);
	assert_int_equal(c->fwmark, 0xca6c);
	assert_int_equal(c->log_level, LOG_TRACE);
	config_free(c);
}

static void every_key_of_a_peer_is_taken(void **state)
{
	struct config *c;
	const struct config_peer *peer;
	char text[IP_TEXT];

	(void)state;
	scratch_write("psk.key", PSK "\n");
	c = load(SELF PEER_A "preshared_key_file = psk.key\nip = 10.77.0.2/32, fd00:77::2\n"
			     "allowed_ips = 192.168.40.0/24, 10.77.0.2/32\nallowed_ips = "
			     "192.168.40.0/24, 10.0.0.0/8\n"
			     "endpoint = [2001:db8::1]:51820\nkeepalive = yes\n");
	peer = &c->peers[0];
	assert_string_equal(peer->name, "a");
	assert_true(peer->has_label && peer->has_psk);
	expect_key(peer->public_key, KEY_A);
	expect_key(peer->psk, PSK);
	assert_int_equal(peer->ips_len, 2);
	assert_string_equal(ip_format(text, &peer->ips[0]), "10.77.0.2");
	assert_string_equal(ip_format(text, &peer->ips[1]), "fd00:77::2");
	assert_int_equal(peer->allowed_ips_len, 5);
	assert_true(ip_equal(&peer->allowed_ips[0].ip, &peer->ula));
	assert_int_equal(peer->allowed_ips[0].len, 128);
	expect_cidr(&peer->allowed_ips[1], "10.77.0.2/32");
	expect_cidr(&peer->allowed_ips[2], "fd00:77::2/128");
	expect_cidr(&peer->allowed_ips[3], "192.168.40.0/24");
	expect_cidr(&peer->allowed_ips[4], "10.0.0.0/8");
	assert_string_equal(peer->endpoint_host, "2001:db8::1");
	assert_int_equal(peer->endpoint_port, 51820);
	assert_int_equal(peer->keepalive, 25);
	assert_string_equal(peer->where.file, "t.conf");
	assert_int_equal(peer->where.line, 3);
	config_free(c);
}

static void endpoints_and_keepalives_have_several_forms(void **state)
{
	static const struct {
		const char *endpoint, *host, *keepalive;
		unsigned port, seconds;
	} rows[] = {
		{"nas.example.net:1", "nas.example.net", "no", 1, 0},
		{"nas_1.example.net.:65535", "nas_1.example.net.", "off", 65535, 0},
		{"192.0.2.1:51820", "192.0.2.1", "0", 51820, 0},
		{"[fe80::1%eth0]:51820", "fe80::1%eth0", "21", 51820, 21},
		{"[::1]:51820", "::1", "65535", 51820, 65535},
		{"localhost:051820", "localhost", "YES", 51820, 25},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text),
			 SELF PEER_A "endpoint = %s\nPersistentKeepalive = %s\n", rows[i].endpoint,
			 rows[i].keepalive);
		c = load(text);
		assert_string_equal(c->peers[0].endpoint_host, rows[i].host);
		assert_int_equal(c->peers[0].endpoint_port, rows[i].port);
		assert_int_equal(c->peers[0].keepalive, rows[i].seconds);
		config_free(c);
	}
}

static void offload_is_auto_off_or_words(void **state)
{
	static const struct {
		const char *line;
		unsigned offloads;
	} rows[] = {
		{"", OFFLOAD_ALL},
		{"offload = auto\n", OFFLOAD_ALL},
		{"offload = OFF\n", 0},
		{"offload = tun-gso\n", OFFLOAD_TUN_GSO},
		{"Offload = tun-gro, UDP-GSO\n", OFFLOAD_TUN_GRO | OFFLOAD_UDP_GSO},
		{"offload = udp-gro  tun-gro,\n", OFFLOAD_UDP_GRO | OFFLOAD_TUN_GRO},
		{"offload = udp-gso udp-gro tun-gro tun-gso\n", OFFLOAD_ALL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text), SELF "%s" PEER_A, rows[i].line);
		c = load(text);
		assert_int_equal(c->offload, rows[i].offloads);
		config_free(c);
	}
}

static void the_longest_host_name_fits(void **state)
{
	char label[64], host[254], text[600];
	struct config *c;

	(void)state;
	memset(label, 'h', 63);
	label[63] = '\0';
	snprintf(host, sizeof(host), "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(host), 253);
	snprintf(text, sizeof(text), SELF PEER_A "endpoint = %s:51820\n", host);
	c = load(text);
	assert_string_equal(c->peers[0].endpoint_host, host);
	config_free(c);
}

static void case_underscores_and_blanks_do_not_matter(void **state)
{
	static const char *const spellings[] = {"AllowedIPs",  "allowed_ips",    "ALLOWEDIPS",
						"Allowed_IPs", "  allowedips  ", "\tallowed_ips"};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text),
			 "\n \n" SELF "  [ PEER   a ]  # here\npublickey=" KEY_A
			 "\n%s=10.0.0.0/8\n",
			 spellings[i]);
		c = load(text);
		assert_string_equal(c->peers[0].name, "a");
		assert_int_equal(c->peers[0].allowed_ips_len, 2);
		expect_cidr(&c->peers[0].allowed_ips[1], "10.0.0.0/8");
		config_free(c);
	}
}

static void comments_marks_and_line_ends_of_all_kinds_are_read(void **state)
{
	struct config *c;

	(void)state;
	c = load("\xef\xbb\xbf; mark, CRLF, no newline at the end\r\n[interface] ; here\r\n"
		 "private_key = " SELF_PRIVATE " # and here\r\n\r\n#\r\n;\r\n"
		 "name = a-b ;d\r\nmtu = 1300\t# tab\r\nlisten_port = 7");
	assert_string_equal(c->name, "a-b");
	assert_int_equal(c->mtu, 1300);
	assert_int_equal(c->listen_port, 7);
	config_free(c);
}

/* As providers hand them out, with what people add to them. */
static void a_wg_quick_file_loads_as_it_is(void **state)
{
	static char text[8192];
	struct config *c;
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text),
			       "# home.conf for wg-quick\n"
			       "[Interface]\n"
			       "Address = 10.2.0.2/32, fd00:2::2/128\n"
			       "PrivateKey = " SELF_PRIVATE "\n"
			       "ListenPort = 51820\n"
			       "FwMark = 0xca6c\n"
			       "MTU = 1380\n"
			       "Table = off\n"
			       "DNS = 10.2.0.1, example.net\n"
			       "SaveConfig = false\n"
			       "PreUp = sysctl -w net.ipv4.ip_forward=1\n"
			       "PostUp = iptables -A FORWARD -i %%i -j ACCEPT; iptables -t nat -A "
			       "POSTROUTING -o eth0 -j MASQUERADE\n"
			       "PostUp = resolvectl dns %%i 10.2.0.1\n"
			       "PreDown = true\n"
			       "PostDown = iptables -D FORWARD -i %%i -j ACCEPT\n"
			       "\n"
			       "[Peer]\n"
			       "# friendly_name = office\n"
			       "PublicKey = " KEY_A "\n"
			       "PresharedKey = " PSK "\n"
			       "Endpoint = 198.51.100.7:51820\n"
			       "PersistentKeepalive = 25\n"
			       "AllowedIPs = 0.0.0.0/1");
	for (int i = 1; i <= 120; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", 172.16.%d.0/24", i);
	snprintf(text + len, sizeof(text) - len,
		 ", ::/0 # and all of IPv6\n\n[Peer]\nPublicKey = " KEY_B "\nAllowedIPs = \n");
	c = load_saying(text,
			"t.conf:9: warning: DNS is wg-quick's, which sets the resolver while the "
			"tunnel is up; p2pnet ignores the line\n"
			"t.conf:10: warning: SaveConfig is wg-quick's, which writes the running "
			"state into this file on the way down; p2pnet ignores the line\n"
			"t.conf:11: warning: PreUp is wg-quick's, which runs this before the "
			"device comes up; p2pnet ignores the line\n"
			"t.conf:12: warning: PostUp is wg-quick's, which runs this once the device "
			"is up; p2pnet ignores the line\n"
			"t.conf:13: warning: PostUp is wg-quick's, which runs this once the device "
			"is up; p2pnet ignores the line\n"
			"t.conf:14: warning: PreDown is wg-quick's, which runs this before the "
			"device goes down; p2pnet ignores the line\n"
			"t.conf:15: warning: PostDown is wg-quick's, which runs this once the "
			"device is down; p2pnet ignores the line\n");
	assert_int_equal(c->mtu, 1380);
	assert_int_equal(c->table, TABLE_OFF);
	assert_int_equal(c->addresses_len, 3);
	assert_int_equal(c->peers_len, 2);
	assert_int_equal(c->peers[0].allowed_ips_len, 123);
	expect_cidr(&c->peers[0].allowed_ips[121], "172.16.120.0/24");
	expect_cidr(&c->peers[0].allowed_ips[122], "::/0");
	assert_int_equal(c->peers[0].keepalive, 25);
	assert_int_equal(c->peers[1].allowed_ips_len, 1);
	config_free(c);
}

static void peers_without_a_label_are_called_by_their_keys(void **state)
{
	struct config *c =
		load(SELF "[Peer]\nPublicKey = " KEY_A "\n[Peer]\nPublicKey = " KEY_B "\n");

	(void)state;
	assert_int_equal(c->peers_len, 2);
	assert_false(c->peers[0].has_label || c->peers[1].has_label);
	assert_string_equal(c->peers[0].name, "r/+9xlHb");
	assert_string_equal(c->peers[1].name, "HYmKz8YF");
	config_free(c);
}

static void a_peer_is_found_by_name_key_and_address(void **state)
{
	struct config *c = load(SELF PEER_A "ip = 10.77.0.2\n[peer]\npublic_key = " KEY_B
					    "\nallowed_ips = 10.77.0.3/32, 10.78.0.0/24\n");
	char ula[IP_TEXT];

	(void)state;
	ip_format(ula, &c->peers[1].ula);
	assert_ptr_equal(config_find_peer(c, "a"), &c->peers[0]);
	assert_ptr_equal(config_find_peer(c, "A"), &c->peers[0]);
	assert_ptr_equal(config_find_peer(c, "HYmKz8YF"), &c->peers[1]);
	assert_ptr_equal(config_find_peer(c, KEY_A), &c->peers[0]);
	assert_ptr_equal(config_find_peer(c, KEY_B), &c->peers[1]);
	assert_ptr_equal(config_find_peer(c, "10.77.0.2"), &c->peers[0]);
	assert_ptr_equal(config_find_peer(c, "::ffff:10.77.0.2"), &c->peers[0]);
	assert_ptr_equal(config_find_peer(c, "10.77.0.3"), &c->peers[1]);
	assert_ptr_equal(config_find_peer(c, ula), &c->peers[1]);
	assert_null(config_find_peer(c, "10.78.0.0"));
	assert_null(config_find_peer(c, KEY_C));
	assert_null(config_find_peer(c, ""));
	config_free(c);
}

static void our_own_ula_may_be_written_down(void **state)
{
	struct config *c = load(SELF);
	char text[512], ula[IP_TEXT];

	(void)state;
	snprintf(text, sizeof(text), SELF "address = %s/64\n", ip_format(ula, &c->ula));
	config_free(c);
	c = load(text);
	assert_int_equal(c->addresses_len, 1);
	assert_int_equal(c->addresses[0].len, 64);
	config_free(c);
}

/* The example of the project with its placeholders filled. */
static void the_example_loads(void **state)
{
	static const struct {
		const char *placeholder, *value;
	} fill[] = {
		{"PRIVATE_KEY_FILE", "self.key"},
		{"PUBLIC_KEY_OF_LAPTOP", KEY_A},
		{"PUBLIC_KEY_OF_OFFICE", KEY_B},
		{"PRESHARED_KEY_FILE", "psk.key"},
	};
	char *example = scratch_read(EXAMPLE), *rest = example;
	struct config *c;
	FILE *out = fopen("t.conf", "w");
	char *says;

	(void)state;
	assert_non_null(example);
	scratch_write("self.key", SELF_PRIVATE "\n");
	scratch_write("psk.key", PSK "\n");
	for (size_t i = 0; i < sizeof(fill) / sizeof(fill[0]); i++) {
		char *place = strstr(rest, fill[i].placeholder);

		assert_non_null(place);
		fprintf(out, "%.*s%s", (int)(place - rest), rest, fill[i].value);
		rest = place + strlen(fill[i].placeholder);
	}
	fputs(rest, out);
	assert_int_equal(fclose(out), 0);
	says = scratch_report("t.conf", &c);
	assert_string_equal(says, "");
	assert_string_equal(c->device, "home");
	assert_string_equal(c->peers[1].name, "office");
	assert_true(c->peers[1].has_psk);
	assert_int_equal(c->peers[1].allowed_ips_len, 4);
	free(says);
	free(example);
	config_free(c);
}

enum { MANY_PEERS = 1000 };

static void write_many_peers(void)
{
	FILE *out = fopen("many.conf", "w");
	struct rng rng;

	rng_seed(&rng, 1);
	fputs(SELF "address = 10.77.0.1/16\n", out);
	for (unsigned i = 2; i < MANY_PEERS + 2; i++) {
		uint8_t secret[KEY_LEN], key[KEY_LEN];
		char text[KEY_TEXT];

		key_generate(secret, &rng);
		x25519_public(key, secret);
		fprintf(out,
			"\n[peer p%u]\npublic_key = %s\nip = 10.77.%u.%u\nallowed_ips = "
			"10.%u.%u.0/24\n"
			"endpoint = p%u.example.net:51820\n",
			i, key_to_base64(text, key), i / 256, i % 256, 100 + i / 256, i % 256, i);
	}
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod("many.conf", 0600), 0);
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* The limit is for a release build; sanitizers are several times slower. */
static void a_thousand_peers_load_in_a_blink(void **state)
{
	struct timespec start;
	struct config *c;
	char *says;
	double ms;

	(void)state;
	write_many_peers();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	says = scratch_report("many.conf", &c);
	ms = ms_since(&start);
	assert_string_equal(says, "");
	assert_int_equal(c->peers_len, MANY_PEERS);
	print_message("1000 peers in %.1f ms\n", ms);
#if defined(NDEBUG)
	assert_true(ms < 100);
#endif
	free(says);
	config_free(c);
}

static void stun_servers_have_a_port_that_need_not_be_said(void **state)
{
	struct config *c = load(SELF "[NAT]\nSTUN = stun.example.net:5000 ,[2001:db8::1]\n"
				     "stun = 192.0.2.1\n");

	(void)state;
	assert_int_equal(c->stun_len, 3);
	assert_string_equal(c->stun[0].host, "stun.example.net");
	assert_int_equal(c->stun[0].port, 5000);
	assert_string_equal(c->stun[1].host, "2001:db8::1");
	assert_int_equal(c->stun[1].port, 3478);
	assert_string_equal(c->stun[2].host, "192.0.2.1");
	assert_int_equal(c->stun[2].port, 3478);
	assert_int_equal(c->punch_rate, CONFIG_PUNCH_RATE);
	config_free(c);
}

static void a_turn_server_may_be_asked_as_its_url_says(void **state)
{
	struct config *c;

	(void)state;
	scratch_write("turn.pw", "a password \nnot this\n");
	c = load(SELF "[nat]\nturn = turn:a, turns:b, turn:[2001:db8::1]:5000?transport=udp\n"
		      "turn = turn:c?Transport=TCP\nturn_user = me\nturn_secret_file = turn.pw\n");
	assert_int_equal(c->turn_len, 4);
	assert_true(c->turn[0].udp && c->turn[0].tcp && !c->turn[0].tls);
	assert_int_equal(c->turn[0].port, 3478);
	assert_true(!c->turn[1].udp && !c->turn[1].tcp && c->turn[1].tls);
	assert_int_equal(c->turn[1].port, 5349);
	assert_true(c->turn[2].udp && !c->turn[2].tcp && !c->turn[2].tls);
	assert_string_equal(c->turn[2].host, "2001:db8::1");
	assert_true(!c->turn[3].udp && c->turn[3].tcp && !c->turn[3].tls);
	assert_string_equal(c->turn_user, "me");
	assert_string_equal(c->turn_password, "a password ");
	assert_true(c->turn_is_secret);
	config_free(c);
}

static void rendezvous_are_called_by_their_label_or_their_host(void **state)
{
	uint8_t key[KEY_LEN];
	struct config *c;

	(void)state;
	scratch_write("psk.key", PSK "\n");
	c = load(SELF "[rendezvous town]\nengine = builtin\nurl = udp://r.example.net:4901\n"
		      "public_key = " KEY_A "\npreshared_key_file = psk.key\n"
		      "[RENDEZVOUS]\nURL = udp://192.0.2.1:5\nPublicKey = " KEY_B "\n");
	assert_int_equal(c->rendezvous_len, 2);
	assert_string_equal(c->rendezvous[0].name, "town");
	assert_string_equal(c->rendezvous[0].host, "r.example.net");
	assert_int_equal(c->rendezvous[0].port, 4901);
	assert_true(key_from_base64(key, PSK));
	assert_true(c->rendezvous[0].has_psk && key_equal(c->rendezvous[0].psk, key));
	assert_string_equal(c->rendezvous[1].name, "192.0.2.1");
	assert_true(key_from_base64(key, KEY_B));
	assert_true(!c->rendezvous[1].has_psk && key_equal(c->rendezvous[1].public_key, key));
	config_free(c);
}

static void relaying_is_off_until_it_is_said_and_has_a_limit(void **state)
{
	struct config *c = load(SELF);

	(void)state;
	assert_false(c->relay);
	assert_int_equal(c->relay_rate, CONFIG_RELAY_RATE);
	config_free(c);
	c = load(SELF "[nat]\nrelay = yes\nrelay_rate = 250\n");
	assert_true(c->relay);
	assert_int_equal(c->relay_rate, 250);
	config_free(c);
	c = load(SELF "[nat]\nRelay = yes\nRelayRate = unlimited\n");
	assert_int_equal(c->relay_rate, 0);
	config_free(c);
}

/* The same place by UDP and over TLS are two. */
static void over_tls_the_port_may_be_left_out(void **state)
{
	static const char *const urls[] = {"tls://r.example.net", "TLS://r.example.net:443",
					   "tls://[2001:db8::8]", "tls://192.0.2.1:8443"};
	static const char *const hosts[] = {"r.example.net", "r.example.net", "2001:db8::8",
					    "192.0.2.1"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[512];
		struct config *c;

		snprintf(text, sizeof(text), SELF "[rendezvous]\nurl = %s\npublic_key = " KEY_A "\n"
			 "[rendezvous]\nurl = udp://r.example.net:443\npublic_key = " KEY_A "\n",
			 urls[i]);
		c = load(text);
		assert_true(c->rendezvous[0].tls);
		assert_false(c->rendezvous[1].tls);
		assert_string_equal(c->rendezvous[0].host, hosts[i]);
		assert_int_equal(c->rendezvous[0].port, i == 3 ? 8443 : 443);
		config_free(c);
	}
}

static void guessing_ports_can_be_turned_off(void **state)
{
	static const char *const words[] = {"no", "0", "NO"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char text[256];
		struct config *c;

		snprintf(text, sizeof(text), SELF "[nat]\npunch_rate = %s\n", words[i]);
		c = load(text);
		assert_int_equal(c->punch_rate, 0);
		config_free(c);
	}
}

static void the_router_is_asked_for_a_port_unless_the_file_says_no(void **state)
{
	struct config *c = load(SELF);

	(void)state;
	assert_true(c->upnp && c->pcp && c->natpmp);
	config_free(c);
	c = load(SELF "[nat]\nUPnP = no\nPCP = no\nNatPmp = No\n");
	assert_false(c->upnp || c->pcp || c->natpmp);
	config_free(c);
}

static void tcp_is_used_unless_the_file_says_no(void **state)
{
	struct config *c = load(SELF);

	(void)state;
	assert_true(c->tcp);
	assert_string_equal(c->proxy.host, "");
	config_free(c);
	c = load(SELF "[nat]\ntcp = no\n");
	assert_false(c->tcp);
	config_free(c);
}

static void a_proxy_is_a_url_and_may_have_a_login(void **state)
{
	static const struct {
		const char *url, *host, *login;
		uint16_t port;
	} rows[] = {
		{"http://proxy.example.net:3128", "proxy.example.net", "", 3128},
		{"HTTP://192.0.2.1:8080/", "192.0.2.1", "", 8080},
		{"http://[2001:db8::1]:3128", "2001:db8::1", "", 3128},
		{"http://me:secret@proxy:1", "proxy", "me:secret", 1},
		{"http://me@proxy:1", "proxy", "me:", 1},
		{"http://d%5Cme:a%40b%3ac:d%25@proxy:1", "proxy", "d\\me:a@b:c:d%", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];
		struct config *c;

		snprintf(text, sizeof(text), SELF "[nat]\nproxy = %s\n", rows[i].url);
		c = load(text);
		assert_string_equal(c->proxy.host, rows[i].host);
		assert_string_equal(c->proxy.login, rows[i].login);
		assert_int_equal(c->proxy.port, rows[i].port);
		config_free(c);
	}
}

static void what_is_right_can_be_had_in_spite_of_errors(void **state)
{
	struct config_report report;
	struct config *c;

	(void)state;
	scratch_write("t.conf", "[interface]\nprivate_key_file = no.key\n[nat]\nstun = a, b:0\n");
	c = config_load_anyway("t.conf", &report);
	assert_int_equal(report.errors, 2);
	assert_int_equal(c->stun_len, 1);
	assert_string_equal(c->stun[0].host, "a");
	config_report_free(&report);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_file_gets_defaults),
		cmocka_unit_test(every_key_of_the_interface_is_taken),
		cmocka_unit_test(every_key_of_a_peer_is_taken),
		cmocka_unit_test(endpoints_and_keepalives_have_several_forms),
		cmocka_unit_test(offload_is_auto_off_or_words),
		cmocka_unit_test(the_longest_host_name_fits),
		cmocka_unit_test(case_underscores_and_blanks_do_not_matter),
		cmocka_unit_test(comments_marks_and_line_ends_of_all_kinds_are_read),
		cmocka_unit_test(a_wg_quick_file_loads_as_it_is),
		cmocka_unit_test(peers_without_a_label_are_called_by_their_keys),
		cmocka_unit_test(a_peer_is_found_by_name_key_and_address),
		cmocka_unit_test(our_own_ula_may_be_written_down),
		cmocka_unit_test(stun_servers_have_a_port_that_need_not_be_said),
		cmocka_unit_test(a_turn_server_may_be_asked_as_its_url_says),
		cmocka_unit_test(rendezvous_are_called_by_their_label_or_their_host),
		cmocka_unit_test(relaying_is_off_until_it_is_said_and_has_a_limit),
		cmocka_unit_test(over_tls_the_port_may_be_left_out),
		cmocka_unit_test(guessing_ports_can_be_turned_off),
		cmocka_unit_test(the_router_is_asked_for_a_port_unless_the_file_says_no),
		cmocka_unit_test(tcp_is_used_unless_the_file_says_no),
		cmocka_unit_test(a_proxy_is_a_url_and_may_have_a_login),
		cmocka_unit_test(what_is_right_can_be_had_in_spite_of_errors),
		cmocka_unit_test(the_example_loads),
		cmocka_unit_test(a_thousand_peers_load_in_a_blink),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
