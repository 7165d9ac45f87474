/* schema.c -- which keys there are, one row each.
 *
 * A key is written as one likes: AllowedIPs, allowed_ips and ALLOWEDIPS are
 * the same, so most of WireGuard's spellings need no row of their own.
 */
#include "config/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct key table[] = {
	[KEY_PRIVATE_KEY] = {"interface", "private_key", NULL, false, set_private_key, NULL},
	[KEY_PRIVATE_KEY_FILE] = {"interface", "private_key_file", NULL, false,
				  set_private_key_file, NULL},
	[KEY_PUBLIC_KEY] = {"peer", "public_key", NULL, false, set_public_key, NULL},
	[KEY_PRESHARED_KEY] = {"peer", "preshared_key", NULL, false, set_preshared_key, NULL},
	[KEY_PRESHARED_KEY_FILE] = {"peer", "preshared_key_file", NULL, false,
				    set_preshared_key_file, NULL},
	[KEY_RENDEZVOUS_URL] = {"rendezvous", "url", NULL, false, set_rendezvous_url, NULL},
	[KEY_RENDEZVOUS_PUBLIC_KEY] = {"rendezvous", "public_key", NULL, false,
				       set_rendezvous_public_key, NULL},
	[KEY_RENDEZVOUS_PSK] = {"rendezvous", "preshared_key", NULL, false, set_rendezvous_psk,
				NULL},
	[KEY_RENDEZVOUS_PSK_FILE] = {"rendezvous", "preshared_key_file", NULL, false,
				     set_rendezvous_psk_file, NULL},
	[KEY_TURN] = {"nat", "turn", NULL, true, set_turn, NULL},
	[KEY_TURN_USER] = {"nat", "turn_user", NULL, false, set_turn_user, NULL},
	[KEY_TURN_PASSWORD_FILE] = {"nat", "turn_password_file", NULL, false, set_turn_password_file,
				    NULL},
	[KEY_TURN_SECRET_FILE] = {"nat", "turn_secret_file", NULL, false, set_turn_secret_file, NULL},
	[KEY_ENDPOINT] = {"peer", "endpoint", NULL, false, set_endpoint, NULL},
	[KEY_PATH] = {"peer", "path", NULL, false, set_path, NULL},

	{"interface", "address", NULL, true, set_address, NULL},
	{"interface", "name", NULL, false, set_name, NULL},
	{"interface", "device", NULL, false, set_device, NULL},
	{"interface", "listen_port", NULL, false, set_listen_port, NULL},
	{"interface", "mtu", NULL, false, set_mtu, NULL},
	{"interface", "table", NULL, false, set_table, NULL},
	{"interface", "fwmark", NULL, false, set_fwmark, NULL},
	{"interface", "log_level", NULL, false, set_log_level, NULL},
	{"interface", "lan", NULL, false, set_lan, NULL},
	{"interface", "cipher", NULL, false, set_cipher, NULL},
	{"interface", "offload", NULL, false, set_offload, NULL},
	{"interface", "queues", NULL, false, set_queues, NULL},

	{"nat", "stun", NULL, true, set_stun, NULL},
	{"nat", "turn_ca", NULL, false, set_turn_ca, NULL},
	{"nat", "punch_rate", NULL, false, set_punch_rate, NULL},
	{"nat", "upnp", NULL, false, set_upnp, NULL},
	{"nat", "pcp", NULL, false, set_pcp, NULL},
	{"nat", "natpmp", NULL, false, set_natpmp, NULL},
	{"nat", "relay", NULL, false, set_relay, NULL},
	{"nat", "relay_rate", NULL, false, set_relay_rate, NULL},
	{"nat", "tcp", NULL, false, set_tcp, NULL},
	{"nat", "proxy", NULL, false, set_proxy, NULL},

	{"rendezvous", "engine", NULL, false, set_rendezvous_engine, NULL},
	{"rendezvous", "ca_file", NULL, false, set_rendezvous_ca_file, NULL},

	{"peer", "ip", NULL, true, set_ip, NULL},
	{"peer", "allowed_ips", NULL, true, set_allowed_ips, NULL},
	{"peer", "keepalive", "PersistentKeepalive", false, set_keepalive, NULL},
	{"peer", "cipher", NULL, false, set_peer_cipher, NULL},

	{NULL, "include", NULL, true, set_include, NULL},

	{"interface", "DNS", NULL, true, NULL, "sets the resolver while the tunnel is up"},
	{"interface", "PreUp", NULL, true, NULL, "runs this before the device comes up"},
	{"interface", "PostUp", NULL, true, NULL, "runs this once the device is up"},
	{"interface", "PreDown", NULL, true, NULL, "runs this before the device goes down"},
	{"interface", "PostDown", NULL, true, NULL, "runs this once the device is down"},
	{"interface", "SaveConfig", NULL, true, NULL,
	 "writes the running state into this file on the way down"},
};

enum { TABLE_LEN = sizeof(table) / sizeof(table[0]), WORD_MAX = 24 };

_Static_assert((int)TABLE_LEN <= (int)SCHEMA_MAX, "section.seen has a place for every key");

static const char *skip_underscores(const char *s)
{
	return s + strspn(s, "_");
}

static bool same_name(const char *a, const char *b)
{
	for (;;) {
		a = skip_underscores(a);
		b = skip_underscores(b);
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static bool is_in(const struct key *key, const char *section)
{
	return !key->section || strcmp(key->section, section) == 0;
}

const struct key *schema_find(const char *section, const char *name)
{
	for (const struct key *key = table; key < table + TABLE_LEN; key++) {
		if (is_in(key, section) &&
		    (same_name(key->name, name) || (key->alias && same_name(key->alias, name))))
			return key;
	}
	return NULL;
}

size_t schema_place(const struct key *key)
{
	return (size_t)(key - table);
}

const char *schema_elsewhere(const char *section, const char *name)
{
	for (const struct key *key = table; key < table + TABLE_LEN; key++) {
		if (key->set && !is_in(key, section) && same_name(key->name, name))
			return key->section;
	}
	return NULL;
}

/* Without underscores and case; longer words are near to nothing. */
static size_t plain_word(char out[static WORD_MAX], const char *name)
{
	size_t len = 0;

	for (; *name; name++) {
		if (*name == '_')
			continue;
		if (len == WORD_MAX)
			return 0;
		out[len++] = (char)tolower((unsigned char)*name);
	}
	return len;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to insert, delete or replace (Levenshtein), a row of the matrix at a time. */
static unsigned distance(const char *a, const char *b)
{
	char from[WORD_MAX], to[WORD_MAX];
	size_t from_len = plain_word(from, a), to_len = plain_word(to, b);
	unsigned row[WORD_MAX + 1];

	if (!from_len || !to_len)
		return WORD_MAX;
	for (unsigned j = 0; j <= to_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= from_len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= to_len; j++) {
			unsigned replaced = diagonal + (from[i - 1] != to[j - 1]);

			diagonal = row[j];
			row[j] = min3(replaced, row[j] + 1, row[j - 1] + 1);
		}
	}
	return row[to_len];
}

/* A third of the letters may be wrong. */
const struct key *schema_nearest(const char *section, const char *name)
{
	unsigned least = (unsigned)strlen(name) / 3 + 1;
	const struct key *nearest = NULL;

	for (const struct key *key = table; key < table + TABLE_LEN; key++) {
		unsigned d = is_in(key, section) && key->set ? distance(name, key->name) : WORD_MAX;

		if (d < least) {
			least = d;
			nearest = key;
		}
	}
	return nearest;
}

char *schema_list(char *out, size_t cap, const char *section)
{
	size_t len = 0;

	out[0] = '\0';
	for (const struct key *key = table; key < table + TABLE_LEN; key++) {
		if (is_in(key, section) && key->set && len < cap)
			len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? ", " : "",
						key->name);
	}
	return out;
}
