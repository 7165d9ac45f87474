/* print_test.c -- what is in force, printed, is a file again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/aead.h"
#include "scratch.h"

bool __wrap_aead_has(enum aead_suite suite);

bool __wrap_aead_has(enum aead_suite suite)
{
	(void)suite;
	return true;
}

static char *print(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_print_effective(out, c);
	fclose(out);
	return text;
}

static struct config *load(const char *path)
{
	struct config *c;
	char *says = scratch_report(path, &c);

	assert_string_equal(says, "");
	free(says);
	return c;
}

static const char full[] =
	"[interface]\nprivate_key = " SELF_PRIVATE
	"\naddress = 10.77.0.1/24, fd00:77::1/64\nname = nas\n"
	"fwmark = 51820\ntable = 1000\nmtu = 1300\nlisten_port = 7\nlog_level = debug\n"
	"cipher = ChaCha20\n"
	"offload = UDP-GRO, tun-gso\nQueues = 2\n"
	"[nat]\nstun = stun.example.net, 192.0.2.1:5000\nstun = [2001:db8::7]\n"
	"tcp = no\nproxy = http://me:secret@proxy.example.net:3128\n"
	"turn = turn:relay.example.net, turn:192.0.2.7:5000?transport=udp\n"
	"turn = TURNS:[2001:db8::9]?transport=tcp, turn:x?transport=tcp\n"
	"turn_user = me\nturn_password_file = turn.pw\nturn_ca = turn.pw\n"
	"[rendezvous town]\nurl = UDP://[2001:db8::8]:4901\npublic_key = " KEY_B "\n"
	"preshared_key = " PSK "\n[rendezvous]\nurl = TLS://r.example.net\n"
	"public_key = " KEY_A "\n" PEER_A
	"preshared_key = " PSK "\nip = 10.77.0.2\nallowed_ips = 192.168.1.0/24, 10.77.0.2/32\n"
	"endpoint = [2001:db8::1]:51820\nkeepalive = yes\npath = Direct-Only\ncipher = AES256GCM\n"
	"[peer]\npublic_key = " KEY_B "\nendpoint = b.example.net:7\n";

static void every_value_has_its_line_and_secrets_are_hidden(void **state)
{
	struct config *c;
	char *text;

	(void)state;
	scratch_write("turn.pw", "a password\n");
	scratch_write("t.conf", full);
	c = load("t.conf");
	text = print(c);
	assert_string_equal(
		text,
		"# What is in force, defaults and derived values included.\n"
		"# Secrets are shown as (hidden): put the keys back before you use this as a "
		"file.\n"
		"[interface]\n"
		"private_key = (hidden)\n"
		"# its public key: " SELF_PUBLIC "\n"
		"address = 10.77.0.1/24\n"
		"address = fd00:77::1/64\n"
		"address = fd68:4173:9902:fe11:70ef:9b5f:9085:976/128  # derived from the key\n"
		"name = nas\n"
		"device = t\n"
		"listen_port = 7\n"
		"mtu = 1300\n"
		"table = 1000\n"
		"fwmark = 0xca6c\n"
		"log_level = debug\n"
		"lan = yes\n"
		"cipher = chacha20\n"
		"offload = tun-gso udp-gro\n"
		"queues = 2\n"
		"\n"
		"[nat]\n"
		"punch_rate = 200\n"
		"upnp = yes\n"
		"pcp = yes\n"
		"natpmp = yes\n"
		"relay = no\n"
		"relay_rate = 100\n"
		"tcp = no\n"
		"proxy = http://(hidden)@proxy.example.net:3128\n"
		"stun = stun.example.net:3478\n"
		"stun = 192.0.2.1:5000\n"
		"stun = [2001:db8::7]:3478\n"
		"turn = turn:relay.example.net:3478\n"
		"turn = turn:192.0.2.7:5000?transport=udp\n"
		"turn = turns:[2001:db8::9]:5349\n"
		"turn = turn:x:3478?transport=tcp\n"
		"turn_user = me\n"
		"turn_password_file = (hidden)\n"
		"turn_ca = turn.pw\n"
		"\n"
		"[rendezvous town]\n"
		"engine = builtin\n"
		"url = udp://[2001:db8::8]:4901\n"
		"public_key = " KEY_B "\n"
		"preshared_key = (hidden)\n"
		"\n"
		"[rendezvous]\n"
		"engine = builtin\n"
		"url = tls://r.example.net:443\n"
		"public_key = " KEY_A "\n"
		"\n"
		"[peer a]\n"
		"public_key = " KEY_A "\n"
		"preshared_key = (hidden)\n"
		"# its address from the key: fdc8:c14c:c2b6:13c0:281a:4777:7864:db81\n"
		"ip = 10.77.0.2\n"
		"allowed_ips = 192.168.1.0/24\n"
		"endpoint = [2001:db8::1]:51820\n"
		"keepalive = 25\n"
		"path = direct-only\n"
		"cipher = aes256gcm\n"
		"\n"
		"[peer]\n"
		"public_key = " KEY_B "\n"
		"# its address from the key: fdd6:465:c114:5c1c:e9e5:a449:e622:272a\n"
		"endpoint = b.example.net:7\n"
		"keepalive = no\n"
		"path = auto\n"
		"cipher = chacha20\n");
	free(text);
	config_free(c);
}

/* Writes the text with `keys` where it says (hidden), in that order; in the comment on top a
 * colon follows. */
static void write_with_keys(const char *path, const char *text, const char *const *keys)
{
	FILE *out = fopen(path, "w");
	const char *hidden;

	while ((hidden = strstr(text, "(hidden)")) != NULL) {
		const char *after = hidden + strlen("(hidden)");

		fprintf(out, "%.*s%s", (int)(hidden - text), text, *after == ':' ? "" : *keys++);
		text = after;
	}
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void with_its_keys_put_back_it_loads_as_the_same(void **state)
{
	static const char *const files[] = {full, SELF, SELF "table = off\n" PEER_A};
	static const char *const keys[] = {SELF_PRIVATE, "me:secret", "turn.pw", PSK, PSK};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct config *c;
		char *first, *second;

		scratch_write("t.conf", files[i]);
		c = load("t.conf");
		first = print(c);
		config_free(c);
		write_with_keys("t.conf", first, keys);
		c = load("t.conf");
		second = print(c);
		config_free(c);
		assert_string_equal(first, second);
		free(first);
		free(second);
	}
}

static void as_it_is_printed_it_does_not_load_without_its_secrets(void **state)
{
	struct config_report report;
	struct config *c;
	char *text;

	(void)state;
	scratch_write("t.conf", full);
	c = load("t.conf");
	text = print(c);
	config_free(c);
	assert_null(strstr(text, SELF_PRIVATE));
	assert_null(strstr(text, PSK));
	assert_null(strstr(text, "secret@"));
	scratch_write("t.conf", text);
	assert_null(config_load("t.conf", &report));
	assert_int_equal(report.errors, 5);
	config_report_free(&report);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_its_line_and_secrets_are_hidden),
		cmocka_unit_test(with_its_keys_put_back_it_loads_as_the_same),
		cmocka_unit_test(as_it_is_printed_it_does_not_load_without_its_secrets),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
