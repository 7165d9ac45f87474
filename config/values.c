/* values.c -- read what stands behind the =, and say what is wrong with it.
 *
 * A setter that complains leaves the config as it was; the rest of the file
 * is read all the same, so that one look shows every mistake.
 */
#include "config/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/keyfile.h"
#include "crypto/aead.h"
#include "crypto/x25519.h"

enum { ITEM_MAX = CONFIG_HOST_MAX + 8 };	/* a host with its port */

/* Decimal, or hexadecimal with 0x if that is allowed; the whole text. */
bool number_parse(unsigned *out, const char *text, unsigned max, bool hex)
{
	bool is_hex = hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long v;
	char *end;

	if (!isxdigit((unsigned char)text[is_hex ? 2 : 0]))
		return false;
	v = strtoull(text, &end, is_hex ? 16 : 10);
	if (*end || v > max)
		return false;
	*out = (unsigned)v;
	return true;
}

void for_each_item(struct load *l, const char *list, void (*take)(struct load *, const char *))
{
	while (*list) {
		size_t len = strcspn(list, ",");
		char item[ITEM_MAX];
		const char *end = list + len;
		const char *next = *end ? end + 1 : end;

		while (list < end && isspace((unsigned char)*list))
			list++;
		while (end > list && isspace((unsigned char)end[-1]))
			end--;
		len = (size_t)(end - list);
		if (len >= sizeof(item)) {
			load_error(l,
				   "\"%.60s...\" is too long for one item; items are separated by "
				   "commas",
				   list);
		} else if (len) {
			memcpy(item, list, len);
			item[len] = '\0';
			take(l, item);
		}
		list = next;
	}
}

/* ---- secrets ---- */

/* The text is not shown: it may be a secret with one letter missing. */
bool load_key(struct load *l, uint8_t key[static KEY_LEN], const char *what,
	      const char *text, const char *remedy)
{
	if (key_from_base64(key, text))
		return true;
	if (strlen(text) == KEY_TEXT - 1)
		load_error(l, "%s is not base64, or not of 32 bytes; %s", what, remedy);
	else
		load_error(l, "%s has %zu characters, a key is 44 characters of base64; %s", what,
			   strlen(text), remedy);
	return false;
}

void load_inline_secret(struct load *l, const char *what, const char *instead)
{
	const struct lines_file *file = lines_file(&l->lines);
	unsigned mode = file->text.stat.st_mode & 07777;
	bool *told = &l->told_mode[l->lines.depth - 1];

	if (!(mode & 007) || *told)
		return;
	*told = true;
	load_error(l,
		   "%s stands in a file that everybody may read (mode %04o); chmod 600 %s%s", what,
		   mode, file->name, instead);
}

bool load_keyfile(struct load *l, uint8_t key[static KEY_LEN], const char *value)
{
	char *path = path_beside(lines_file(&l->lines)->name, value);
	char error[512] = "no memory";
	int err = path ? keyfile_read(key, path, error) : -ENOMEM;

	free(path);
	if (err)
		load_error(l, "%s", error);
	return !err;
}

/* That there are both forms is reported where the section ends. */
static void take_private_key(struct load *l, const uint8_t key[static KEY_LEN])
{
	if (key_is_zero(key)) {
		load_error(l, "the private key is all zeroes; \"p2pnet genkey\" makes a good one");
		return;
	}
	memcpy(l->config->private_key, key, KEY_LEN);
	l->has_private_key = true;
}

void set_private_key(struct load *l, const char *value)
{
	uint8_t key[KEY_LEN];

	load_inline_secret(l, "private_key", ", or use private_key_file");
	if (load_key(l, key, "private_key", value, "\"p2pnet genkey\" makes one"))
		take_private_key(l, key);
	wipe(key, sizeof(key));
}

void set_private_key_file(struct load *l, const char *value)
{
	uint8_t key[KEY_LEN];

	if (load_keyfile(l, key, value))
		take_private_key(l, key);
	wipe(key, sizeof(key));
}

bool load_psk(struct load *l, uint8_t psk[static KEY_LEN], const char *value, const char *remedy)
{
	load_inline_secret(l, "preshared_key", ", or use preshared_key_file");
	return load_key(l, psk, "preshared_key", value, remedy);
}

void set_preshared_key(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);

	peer->has_psk = load_psk(l, peer->psk, value,
				 "\"p2pnet genpsk\" makes one, the same for both ends");
}

void set_preshared_key_file(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);

	peer->has_psk = load_keyfile(l, peer->psk, value);
}

/* RFC 7748 section 6.1: with a point of low order every secret gives zero. */
static bool is_low_order(const uint8_t public_key[static KEY_LEN])
{
	static const uint8_t any_secret[KEY_LEN] = {8};
	uint8_t shared[KEY_LEN];

	return !x25519(shared, any_secret, public_key);
}

void load_public_key(struct load *l, uint8_t out[static KEY_LEN], const char *value,
		     const char *remedy, const char *remedy_low)
{
	uint8_t key[KEY_LEN];

	if (!load_key(l, key, "public_key", value, remedy))
		return;
	if (is_low_order(key))
		load_error(l, "public_key %s is a point of low order, nobody's key; %s", value,
			   remedy_low);
	else
		memcpy(out, key, KEY_LEN);
}

void set_public_key(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);
	load_public_key(l, peer->public_key, value, "the peer's \"p2pnet pubkey\" prints its",
			"ask the peer for its own");
}

/* ---- addresses ---- */

static const char *why_not_an_address(const struct ip *ip)
{
	return ip_is_unspecified(ip) ? "the unspecified address"
	       : ip_is_loopback(ip)  ? "a loopback address"
	       : ip_is_multicast(ip) ? "a multicast address"
				     : NULL;
}

static bool parse_address(struct load *l, struct cidr *out, const char *key, const char *text)
{
	const char *why;

	if (!cidr_parse(out, text)) {
		load_error(l,
			   "%s \"%s\" is not an address with an optional prefix length; "
			   "write it as 10.77.0.1/24 or fd00::1/64",
			   key, text);
		return false;
	}
	why = why_not_an_address(&out->ip);
	if (why) {
		load_error(
			l,
			"%s %s is %s, which no machine of a net can have; choose one as 10.77.0.1",
			key, text, why);
		return false;
	}
	return true;
}

static void *push(struct load *l, void **items, size_t *len, size_t size)
{
	void *place = list_push(items, len, size);

	if (!place)
		load_error(l, "no memory");
	return place;
}

static void take_address(struct load *l, const char *text)
{
	struct config *c = l->config;
	struct cidr address, *place;

	if (!parse_address(l, &address, "address", text))
		return;
	for (size_t i = 0; i < c->addresses_len; i++) {
		if (ip_equal(&c->addresses[i].ip, &address.ip)) {
			load_error(l, "address %s is given twice; delete one", text);
			return;
		}
	}
	place = push(l, (void **)&c->addresses, &c->addresses_len, sizeof(*place));
	if (place)
		*place = address;
	load_claim(l, (struct claim){cidr_host(address.ip), OWNER_SELF, CLAIM_IP, load_where(l)});
}

static void take_ip(struct load *l, const char *text)
{
	struct config_peer *peer = load_peer(l);
	struct cidr address;
	struct ip *place;

	if (!parse_address(l, &address, "ip", text))
		return;
	if (address.len != ip_bits(&address.ip)) {
		load_error(l,
			   "ip %s is a network, ip is the peer's own address; write it without "
			   "\"/%u\", "
			   "and networks behind the peer as allowed_ips",
			   text, address.len);
		return;
	}
	place = push(l, (void **)&peer->ips, &peer->ips_len, sizeof(*place));
	if (place)
		*place = address.ip;
	load_claim(l, (struct claim){address, load_section(l)->place, CLAIM_IP, load_where(l)});
}

static void take_allowed_ip(struct load *l, const char *text)
{
	struct cidr given, net;
	char shown[CIDR_TEXT];

	if (!cidr_parse(&given, text)) {
		load_error(l,
			   "allowed_ips \"%s\" is not a network; write it as 192.168.40.0/24 or "
			   "fd00::/64, "
			   "several with commas between",
			   text);
		return;
	}
	net = cidr_masked(given);
	if (!cidr_equal(&net, &given))
		load_warning(l,
			     "allowed_ips %s has bits behind the prefix; taken as %s, write that "
			     "(or /%u for the one machine)",
			     text, cidr_format(shown, &net), ip_bits(&given.ip));
	load_claim(l, (struct claim){net, load_section(l)->place, CLAIM_ALLOWED, load_where(l)});
}

void set_address(struct load *l, const char *value)
{
	for_each_item(l, value, take_address);
}

void set_ip(struct load *l, const char *value)
{
	for_each_item(l, value, take_ip);
}

void set_allowed_ips(struct load *l, const char *value)
{
	for_each_item(l, value, take_allowed_ip);
}

/* ---- names, numbers and words ---- */

bool name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= CONFIG_NAME_MAX)
		return false;
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	}
	return true;
}

/* As the kernel has it, and no % (it would number them) nor what a terminal obeys. */
bool device_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (!isgraph((unsigned char)*name) || strchr("/:%", *name))
			return false;
	}
	return true;
}

void set_name(struct load *l, const char *value)
{
	if (name_is_valid(value))
		strcpy(l->config->name, value);
	else
		load_error(l,
			   "name \"%.64s\" is not a name; use 1 to 63 letters, digits, \"-\", "
			   "\"_\", \".\"",
			   value);
}

void set_device(struct load *l, const char *value)
{
	if (device_name_is_valid(value))
		strcpy(l->config->device, value);
	else
		load_error(l,
			   "device \"%.64s\" cannot be a device's name; use at most 15 characters, "
			   "without blanks and \"/\", \":\", \"%%\"",
			   value);
}

void set_listen_port(struct load *l, const char *value)
{
	unsigned port;

	if (number_parse(&port, value, 65535, false) && port)
		l->config->listen_port = (uint16_t)port;
	else
		load_error(l,
			   "listen_port \"%.64s\" is not 1 to 65535; without the line it is "
			   "derived from the key",
			   value);
}

void set_punch_rate(struct load *l, const char *value)
{
	unsigned rate = 0;

	if (strcasecmp(value, "no") == 0 || number_parse(&rate, value, CONFIG_PUNCH_RATE_MAX, false))
		l->config->punch_rate = rate;
	else
		load_error(l, "punch_rate \"%.64s\" is not 0 to %d datagrams a second, or \"no\"",
			   value, CONFIG_PUNCH_RATE_MAX);
}

void set_queues(struct load *l, const char *value)
{
	unsigned queues;

	if (number_parse(&queues, value, CONFIG_QUEUES_MAX, false) && queues)
		l->config->queues = queues;
	else
		load_error(l, "queues \"%.64s\" is not 1 to %d", value, CONFIG_QUEUES_MAX);
}

void set_mtu(struct load *l, const char *value)
{
	unsigned mtu = CONFIG_MTU_DEFAULT;

	if (strcasecmp(value, "auto") != 0 &&
	    (!number_parse(&mtu, value, CONFIG_MTU_MAX, false) || mtu < CONFIG_MTU_MIN)) {
		load_error(l, "mtu \"%.64s\" is not %d to %d; \"auto\" is right for most nets",
			   value, CONFIG_MTU_MIN, CONFIG_MTU_MAX);
		return;
	}
	/* RFC 8200 section 5 */
	if (mtu < 1280)
		load_warning(l,
			     "mtu %u is below 1280: IPv6, which every net has, will not work; use "
			     "1280 or more",
			     mtu);
	l->config->mtu = mtu;
}

void set_table(struct load *l, const char *value)
{
	struct config *c = l->config;
	unsigned number;

	if (strcasecmp(value, "auto") == 0) {
		c->table = TABLE_AUTO;
	} else if (strcasecmp(value, "off") == 0) {
		c->table = TABLE_OFF;
	} else if (number_parse(&number, value, UINT32_MAX, false) && number) {
		c->table = TABLE_NUMBER;
		c->table_number = number;
	} else {
		load_error(l,
			   "table \"%.64s\" is not auto, off or a routing table's number; names "
			   "are in "
			   "/etc/iproute2/rt_tables with their numbers",
			   value);
	}
}

void set_fwmark(struct load *l, const char *value)
{
	unsigned mark = 0;

	if (strcasecmp(value, "off") == 0 || number_parse(&mark, value, UINT32_MAX, true))
		l->config->fwmark = mark;
	else
		load_error(l, "fwmark \"%.64s\" is not off, a number, or one as 0xca6c", value);
}

void set_log_level(struct load *l, const char *value)
{
	if (!log_level_parse(&l->config->log_level, value))
		load_error(l, "log_level \"%.64s\" is not error, warn, info, debug or trace",
			   value);
}

static bool yes_or_no(struct load *l, const char *key, const char *value)
{
	bool yes = strcasecmp(value, "yes") == 0;

	if (!yes && strcasecmp(value, "no") != 0)
		load_error(l, "%s \"%.64s\" is not yes or no", key, value);
	return yes;
}

void set_lan(struct load *l, const char *value)
{
	l->config->lan = yes_or_no(l, "lan", value);
}

void set_relay(struct load *l, const char *value)
{
	l->config->relay = yes_or_no(l, "relay", value);
}

void set_relay_rate(struct load *l, const char *value)
{
	unsigned rate = 0;

	if (strcasecmp(value, "unlimited") == 0 ||
	    (number_parse(&rate, value, CONFIG_RELAY_RATE_MAX, false) && rate))
		l->config->relay_rate = rate;
	else
		load_error(l, "relay_rate \"%.64s\" is not 1 to %d Mbit/s, or \"unlimited\"", value,
			   CONFIG_RELAY_RATE_MAX);
}

void set_tcp(struct load *l, const char *value)
{
	l->config->tcp = yes_or_no(l, "tcp", value);
}

void set_upnp(struct load *l, const char *value)
{
	l->config->upnp = yes_or_no(l, "upnp", value);
}

void set_pcp(struct load *l, const char *value)
{
	l->config->pcp = yes_or_no(l, "pcp", value);
}

void set_natpmp(struct load *l, const char *value)
{
	l->config->natpmp = yes_or_no(l, "natpmp", value);
}

void set_keepalive(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);
	unsigned seconds = 0;

	if (strcasecmp(value, "yes") == 0)
		seconds = CONFIG_KEEPALIVE_DEFAULT;
	else if (strcasecmp(value, "no") != 0 && strcasecmp(value, "off") != 0 &&
		 !number_parse(&seconds, value, 65535, false))
		load_error(l,
			   "keepalive \"%.64s\" is not yes, no or 0 to 65535 seconds; 25 suits "
			   "most NATs",
			   value);
	peer->keepalive = seconds;
}

const char *config_path_name(enum config_path path)
{
	static const char *const names[] = {
		[CONFIG_PATH_AUTO] = "auto",
		[CONFIG_PATH_DIRECT_ONLY] = "direct-only",
		[CONFIG_PATH_RELAY_ONLY] = "relay-only",
	};

	return names[path];
}

void set_path(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);

	for (enum config_path path = CONFIG_PATH_AUTO; path <= CONFIG_PATH_RELAY_ONLY; path++) {
		if (strcasecmp(value, config_path_name(path)) == 0) {
			peer->path = path;
			return;
		}
	}
	load_error(l, "path \"%.64s\" is not auto, direct-only or relay-only", value);
}

const char *config_cipher_name(enum config_cipher cipher)
{
	static const char *const names[] = {
		[CONFIG_CIPHER_UNSET] = "unset",
		[CONFIG_CIPHER_AUTO] = "auto",
		[CONFIG_CIPHER_CHACHA20] = "chacha20",
		[CONFIG_CIPHER_AES256GCM] = "aes256gcm",
	};

	return names[cipher];
}

static enum config_cipher read_cipher(struct load *l, const char *value)
{
	enum config_cipher c = CONFIG_CIPHER_AUTO;

	while (c <= CONFIG_CIPHER_AES256GCM && strcasecmp(value, config_cipher_name(c)) != 0)
		c++;
	if (c > CONFIG_CIPHER_AES256GCM) {
		load_error(l, "cipher \"%.64s\" is not auto, chacha20 or aes256gcm", value);
		return CONFIG_CIPHER_AUTO;
	}
	if (c == CONFIG_CIPHER_AES256GCM && !aead_has(AEAD_AES256GCM))
		load_error(l, "this CPU has no instructions for AES, which cipher = aes256gcm needs; "
			      "make it auto or chacha20");
	return c;
}

void set_cipher(struct load *l, const char *value)
{
	l->config->cipher = read_cipher(l, value);
}

void set_peer_cipher(struct load *l, const char *value)
{
	load_peer(l)->cipher = read_cipher(l, value);
}

void set_include(struct load *l, const char *value)
{
	int err = lines_include(&l->lines, value);

	if (err)
		load_error(l, "include %.200s: %s; the name is relative to the folder of this file",
			   value, strerror(-err));
}
