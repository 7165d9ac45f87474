/* config.c -- read a config file, with those that it includes, and check the whole.
 *
 *   lines_next() --> next_line() --"key = value"--> inih --> take_key() --> the key's setter
 *                      |                              |
 *                      +-- [section]: start_section() +-- silent: not understood, an error
 *
 * inih keeps 200 bytes of a line and says nothing of a section without keys.
 * So sections are noticed here on the way in, and a value that inih had to
 * cut is taken from our own line.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/offload.h"
#include "config/identity.h"
#include "config/schema.h"
#include "crypto/x25519.h"

/* ---- where we are ---- */

struct section *load_section(struct load *l)
{
	return &l->sections[l->lines.depth - 1];
}

struct config_where load_where(struct load *l)
{
	const struct lines_file *file = lines_file(&l->lines);

	return (struct config_where){file->name, file->line};
}

struct config_peer *load_peer(struct load *l)
{
	return &l->config->peers[load_section(l)->place];
}

struct config_rendezvous *load_rendezvous(struct load *l)
{
	return &l->config->rendezvous[load_section(l)->place];
}

static struct config_where whole(struct load *l)
{
	return (struct config_where){l->config->path, 0};
}

void load_claim(struct load *l, struct claim claim)
{
	struct claim *place = list_push((void **)&l->claims, &l->claims_len, sizeof(*place));

	if (place)
		*place = claim;
	else
		report_add(l->report, CONFIG_ERROR, claim.where, "no memory");
}

/* ---- [sections] ---- */

static void complain_of_both(struct load *l, const struct section *s, size_t inline_key,
			     size_t file_key, const char *what)
{
	struct config_where where = s->where;

	if (!s->seen[inline_key] || !s->seen[file_key])
		return;
	where.line = s->seen[file_key];
	report_add(l->report, CONFIG_ERROR, where,
		   "there are both %s (line %u) and %s_file; delete one of them", what,
		   s->seen[inline_key], what);
}

static void finish_interface(struct load *l, const struct section *s)
{
	bool is_first = s->where.file == l->interface.file && s->where.line == l->interface.line;

	if (is_first && !s->seen[KEY_PRIVATE_KEY] && !s->seen[KEY_PRIVATE_KEY_FILE])
		report_add(l->report, CONFIG_ERROR, s->where,
			   "[interface] has no private key; add private_key_file = FILE, \"p2pnet "
			   "genkey\" "
			   "writes what belongs into it");
	complain_of_both(l, s, KEY_PRIVATE_KEY, KEY_PRIVATE_KEY_FILE, "private_key");
}

/* To call it there would be a straight way. */
static void complain_of_relayed_endpoint(struct load *l, const struct section *s,
					 const struct config_peer *peer)
{
	struct config_where where = s->where;

	where.line = s->seen[KEY_ENDPOINT];
	if (where.line && peer->path == CONFIG_PATH_RELAY_ONLY)
		report_add(l->report, CONFIG_ERROR, where,
			   "the endpoint would be called without a relay, which path = relay-only "
			   "(line %u) forbids; delete one of them",
			   s->seen[KEY_PATH]);
}

static void finish_peer(struct load *l, const struct section *s)
{
	struct config_peer *peer = &l->config->peers[s->place];
	char text[KEY_TEXT];

	if (!s->seen[KEY_PUBLIC_KEY])
		report_add(l->report, CONFIG_ERROR, s->where,
			   "[peer%s%s] has no public_key; add the one that \"p2pnet pubkey\" "
			   "prints there",
			   peer->has_label ? " " : "", peer->name);
	complain_of_both(l, s, KEY_PRESHARED_KEY, KEY_PRESHARED_KEY_FILE, "preshared_key");
	complain_of_relayed_endpoint(l, s, peer);
	if (peer->name[0])
		return;
	if (key_is_zero(peer->public_key))
		strcpy(peer->name, "?");
	else
		snprintf(peer->name, sizeof(peer->name), "%.8s",
			 key_to_base64(text, peer->public_key));
}

static void finish_rendezvous(struct load *l, const struct section *s)
{
	struct config_rendezvous *r = &l->config->rendezvous[s->place];

	if (!s->seen[KEY_RENDEZVOUS_URL])
		report_add(l->report, CONFIG_ERROR, s->where,
			   "[rendezvous] has no url; add url = udp://HOST:PORT or tls://HOST");
	if (!s->seen[KEY_RENDEZVOUS_PUBLIC_KEY])
		report_add(l->report, CONFIG_ERROR, s->where,
			   "[rendezvous] has no public_key; add the one that \"p2pnet rendezvous\" "
			   "prints there");
	complain_of_both(l, s, KEY_RENDEZVOUS_PSK, KEY_RENDEZVOUS_PSK_FILE, "preshared_key");
	if (!r->has_label)
		snprintf(r->name, sizeof(r->name), "%.63s", r->host);
}

static void finish_section(struct load *l)
{
	struct section *s = load_section(l);

	switch (s->kind) {
	case SECTION_INTERFACE:
		finish_interface(l, s);
		break;
	case SECTION_PEER:
		finish_peer(l, s);
		break;
	case SECTION_RENDEZVOUS:
		finish_rendezvous(l, s);
		break;
	case SECTION_NAT:
		check_turn(l, s);
		break;
	case SECTION_NONE:
	case SECTION_UNKNOWN:
		break;
	}
	*s = (struct section){0};
}

static void start_interface(struct load *l, struct section *s, const char *label)
{
	s->kind = SECTION_INTERFACE;
	if (*label)
		load_error(l,
			   "[interface] takes no name here; write name = %.64s on a line below it",
			   label);
	if (l->interface.file)
		load_error(l, "a second [interface], the first is at %s:%u; put its keys there",
			   l->interface.file, l->interface.line);
	else
		l->interface = s->where;
}

static void start_nat(struct load *l, struct section *s, const char *label)
{
	s->kind = SECTION_NAT;
	if (*label)
		load_error(l, "[nat] takes no name; delete \"%.64s\"", label);
	if (l->nat.file)
		load_error(l, "a second [nat], the first is at %s:%u; put its keys there",
			   l->nat.file, l->nat.line);
	else
		l->nat = s->where;
}

static void take_label(struct load *l, char name[static CONFIG_NAME_MAX], bool *has_label,
		       const char *label)
{
	if (name_is_valid(label)) {
		*has_label = true;
		strcpy(name, label);
	} else if (*label) {
		load_error(
			l,
			"\"%.64s\" is not a name; use 1 to 63 letters, digits, \"-\", \"_\", \".\"",
			label);
	}
}

static void start_rendezvous(struct load *l, struct section *s, const char *label)
{
	struct config *c = l->config;
	struct config_rendezvous *r;

	if (c->rendezvous_len == CONFIG_RENDEZVOUS_MAX) {
		load_error(l, "this [rendezvous] is one too many; %d are enough",
			   CONFIG_RENDEZVOUS_MAX);
		return;
	}
	r = list_push((void **)&c->rendezvous, &c->rendezvous_len, sizeof(*r));
	if (!r) {
		load_error(l, "no memory");
		return;
	}
	s->kind = SECTION_RENDEZVOUS;
	s->place = c->rendezvous_len - 1;
	r->where = s->where;
	take_label(l, r->name, &r->has_label, label);
}

static void start_peer(struct load *l, struct section *s, const char *label)
{
	struct config *c = l->config;
	struct config_peer *peer = list_push((void **)&c->peers, &c->peers_len, sizeof(*peer));

	if (!peer) {
		load_error(l, "no memory");
		return;
	}
	s->kind = SECTION_PEER;
	s->place = c->peers_len - 1;
	peer->where = s->where;
	take_label(l, peer->name, &peer->has_label, label);
}

/* What stands between the brackets, in place. */
static char *unwrap(struct load *l, char *line)
{
	char *close = strchr(line, ']');

	if (!close)
		load_error(l, "%.64s lacks its closing ]", line);
	else if (close[1])
		load_error(l, "\"%.64s\" stands behind the ]; move it to the next line",
			   line_trim(close + 1));
	if (close)
		*close = '\0';
	return line_trim(line + 1);
}

static void start_section(struct load *l, char *line)
{
	struct section *s = load_section(l);
	char *word, *label;

	finish_section(l);
	word = unwrap(l, line);
	label = word + strcspn(word, " \t");
	if (*label)
		*label++ = '\0';
	label = line_trim(label);
	*s = (struct section){.kind = SECTION_UNKNOWN, .where = load_where(l)};
	if (strcasecmp(word, "interface") == 0)
		start_interface(l, s, label);
	else if (strcasecmp(word, "nat") == 0)
		start_nat(l, s, label);
	else if (strcasecmp(word, "rendezvous") == 0)
		start_rendezvous(l, s, label);
	else if (strcasecmp(word, "peer") == 0)
		start_peer(l, s, label);
	else
		load_error(l,
			   "unknown section [%.64s]; there are [interface], [nat], [rendezvous] "
			   "and [peer NAME]",
			   word);
}

/* ---- keys ---- */

/* A key that lost its place or its = is a secret where a word should be: no long ones. */
static const char *word_to_show(const char *word)
{
	return strlen(word) <= 32 ? word : "(a long word)";
}

static void complain_of_unknown(struct load *l, const char *section, const char *name)
{
	const char *elsewhere = schema_elsewhere(section, name);
	const struct key *nearest = schema_nearest(section, name);
	char known[256];

	if (elsewhere)
		load_error(l, "%s belongs into a [%s] section, this is [%s]; move it there", name,
			   elsewhere, section);
	else if (nearest)
		load_error(l, "unknown key \"%s\" in [%s]; did you mean %s?", word_to_show(name),
			   section, nearest->name);
	else
		load_error(l, "unknown key \"%s\" in [%s]; there are %s", word_to_show(name),
			   section, schema_list(known, sizeof(known), section));
}

static void set_key(struct load *l, const struct key *key, const char *value)
{
	unsigned *seen = &load_section(l)->seen[schema_place(key)];

	if (!key->set) {
		load_warning(l, "%s is wg-quick's, which %s; p2pnet ignores the line", key->name,
			     key->wg_quick);
	} else if (!*value && key->set != set_allowed_ips) {
		load_error(l, "%s has no value; give it one or delete the line", key->name);
	} else if (*seen && !key->repeats) {
		load_error(l, "%s is given twice, first in line %u; delete one of the two",
			   key->name, *seen);
	} else {
		*seen = load_where(l).line;
		key->set(l, value);
	}
}

/* inih has a key and its value: the line is understood. */
static int take_key(void *user, const char *section, const char *name, const char *value)
{
	struct load *l = user;
	enum section_kind kind = load_section(l)->kind;
	const struct key *key = schema_find(section, name);

	if (!*name || !value)
		return 1;
	l->handed_over = false;
	if (l->cut) {
		value = strpbrk(l->lines.line, "=:") + 1;
		value += strspn(value, " \t");
	}
	if (kind == SECTION_UNKNOWN)
		return 1;
	if (key && (kind != SECTION_NONE || !key->section))
		set_key(l, key, value);
	else if (kind == SECTION_NONE)
		load_error(l,
			   "%s stands before any section; put [interface] or [peer NAME] above it",
			   word_to_show(name));
	else
		complain_of_unknown(l, section, name);
	return 1;
}

/* ---- what inih gets to see ---- */

static void complain_of_last_line(struct load *l)
{
	char *line = l->lines.line;

	if (!l->handed_over)
		return;
	l->handed_over = false;
	line[strcspn(line, " \t")] = '\0';
	load_error(
		l,
		"\"%s\" begins no line that is understood; expected key = value, [section], or a "
		"comment after #",
		word_to_show(line));
}

/* Room for a newline, or inih takes the next line for the rest of this one. */
static char *hand_over_key(struct load *l, char *out, size_t cap)
{
	size_t len = strlen(l->lines.line);

	l->cut = len > cap - 2;
	if (l->cut)
		len = cap - 2;
	memcpy(out, l->lines.line, len);
	strcpy(out + len, "\n");
	l->handed_over = true;
	return out;
}

static char *hand_over_section(struct load *l, char *out, size_t cap)
{
	static const char *const lines[] = {
		[SECTION_NONE] = "[]\n",
		[SECTION_INTERFACE] = "[interface]\n",
		[SECTION_NAT] = "[nat]\n",
		[SECTION_RENDEZVOUS] = "[rendezvous]\n",
		[SECTION_PEER] = "[peer]\n",
		[SECTION_UNKNOWN] = "[?]\n",
	};

	snprintf(out, cap, "%s", lines[load_section(l)->kind]);
	return out;
}

static const char *why_unreadable(int err)
{
	switch (-err) {
	case ELOOP:
		return "it includes itself; take it out of one of the two";
	case EMLINK:
		return "more files include one another than can be meant; include it from the "
		       "first";
	case EFBIG:
		return "it is too long to be a config";
	case EISDIR:
		return "it is a folder; name its files, as conf.d/*.conf";
	case EINVAL:
		return "it is not a regular file";
	case EACCES:
		return "permission denied; run as root or as a user who may read it";
	}
	return strerror(-err);
}

/* inih's reader, like fgets(). What it wipes is inih's copy of the last line: maybe a key. */
static char *next_line(char *out, int cap, void *user)
{
	struct load *l = user;

	wipe(out, (size_t)cap);
	complain_of_last_line(l);
	for (;;) {
		switch (lines_next(&l->lines)) {
		case LINES_TEXT:
			if (*l->lines.line != '[')
				return hand_over_key(l, out, (size_t)cap);
			start_section(l, l->lines.line);
			return hand_over_section(l, out, (size_t)cap);
		case LINES_OPENED:
			*load_section(l) = (struct section){0};
			l->told_mode[l->lines.depth - 1] = false;
			return hand_over_section(l, out, (size_t)cap);
		case LINES_BACK:
			return hand_over_section(l, out, (size_t)cap);
		case LINES_FILE_END:
			finish_section(l);
			break;
		case LINES_TOO_LONG:
			load_error(l,
				   "the line is longer than %d bytes; lists may go on in a second "
				   "line "
				   "of the same key",
				   LINES_LEN_MAX);
			break;
		case LINES_NUL:
			load_error(l, "there is a NUL byte, so this is not text (UTF-16?); save it "
				      "as UTF-8");
			break;
		case LINES_UNREADABLE:
			load_error(l, "include %.200s: %s", l->lines.unreadable,
				   why_unreadable(l->lines.err));
			break;
		case LINES_END:
			return NULL;
		}
	}
}

/* ---- the whole ---- */

static void set_defaults(struct config *c)
{
	char host[CONFIG_NAME_MAX] = "";
	char *dot;

	c->mtu = CONFIG_MTU_DEFAULT;
	c->log_level = LOG_INFO;
	c->cipher = CONFIG_CIPHER_AUTO;
	c->punch_rate = CONFIG_PUNCH_RATE;
	c->relay_rate = CONFIG_RELAY_RATE;
	c->upnp = c->pcp = c->natpmp = true;
	c->tcp = true;
	c->lan = true;
	c->offload = OFFLOAD_ALL;
	c->queues = 1;
	gethostname(host, sizeof(host) - 1);
	dot = strchr(host, '.');
	if (dot)
		*dot = '\0';
	strcpy(c->name, name_is_valid(host) ? host : "node");
}

/* The net is named after its file. */
static void set_net(struct load *l)
{
	struct config *c = l->config;
	const char *slash = strrchr(c->path, '/');
	const char *base = slash ? slash + 1 : c->path;
	size_t len = strlen(base);
	char net[IFNAMSIZ];

	if (len > 5 && strcmp(base + len - 5, ".conf") == 0)
		len -= 5;
	snprintf(net, sizeof(net), "%.*s", (int)len, base);
	if (len >= sizeof(net) || !device_name_is_valid(net)) {
		report_add(l->report, CONFIG_ERROR, whole(l),
			   "the net takes its name from the file, and \"%.64s\" cannot be one; "
			   "rename the "
			   "file to at most 15 characters before .conf, as home.conf",
			   base);
		return;
	}
	strcpy(c->net, net);
}

static void add_own_ula(struct load *l)
{
	struct config *c = l->config;
	struct cidr *place;

	c->ula = identity_ula(c->public_key);
	load_claim(l, (struct claim){cidr_host(c->ula), OWNER_SELF, CLAIM_ULA, l->interface});
	for (size_t i = 0; i < c->addresses_len; i++) {
		if (ip_equal(&c->addresses[i].ip, &c->ula))
			return;
	}
	place = list_push((void **)&c->addresses, &c->addresses_len, sizeof(*place));
	if (place)
		*place = cidr_host(c->ula);
	else
		report_add(l->report, CONFIG_ERROR, whole(l), "no memory");
}

static void finish_self(struct load *l)
{
	struct config *c = l->config;

	if (!c->device[0])
		strcpy(c->device, c->net);
	if (!l->interface.file)
		report_add(l->report, CONFIG_ERROR, whole(l),
			   "there is no [interface] section; add one, and private_key_file = FILE "
			   "below it");
	if (!l->has_private_key)
		return;
	x25519_public(c->public_key, c->private_key);
	add_own_ula(l);
	if (!c->listen_port)
		c->listen_port = identity_port(c->public_key);
}

static void finish_peers(struct load *l)
{
	struct config *c = l->config;

	for (size_t i = 0; i < c->peers_len; i++) {
		struct config_peer *peer = &c->peers[i];

		if (peer->cipher == CONFIG_CIPHER_UNSET)
			peer->cipher = c->cipher;
		if (key_is_zero(peer->public_key))
			continue;
		peer->ula = identity_ula(peer->public_key);
		load_claim(l, (struct claim){cidr_host(peer->ula), i, CLAIM_ULA, peer->where});
	}
	check_peers(l);
	check_rendezvous(l);
	check_prefixes(l);
}

static void read_files(struct load *l, const char *path)
{
	int err = lines_open(&l->lines, strdup(path));

	if (err) {
		report_add(l->report, CONFIG_ERROR, whole(l), "cannot be read: %s%s",
			   why_unreadable(err),
			   err == -ENOENT ? "; \"p2pnet init\" makes a first one" : "");
		return;
	}
	if (ini_parse_stream(next_line, l, take_key, l) == -2)
		report_add(l->report, CONFIG_ERROR, whole(l), "no memory");
	finish_self(l);
	finish_peers(l);
}

struct config *config_read(const char *path, const struct lines_swap *swap,
			   struct config_report *report)
{
	struct config *c = calloc(1, sizeof(*c));
	struct load l = {.config = c, .report = report, .lines = {.swap = swap}};

	*report = (struct config_report){0};
	if (c)
		c->path = strdup(path);
	if (!c || !c->path) {
		free(c);
		report_add(report, CONFIG_ERROR, (struct config_where){path, 0}, "no memory");
		return NULL;
	}
	set_defaults(c);
	set_net(&l);
	read_files(&l, path);
	lines_close(&l.lines);
	free(l.claims);
	c->files = l.lines.names;
	c->files_len = l.lines.names_len;
	return c;
}

struct config *config_load(const char *path, struct config_report *report)
{
	struct config *c = config_read(path, NULL, report);

	if (!report->errors)
		return c;
	config_free(c);
	return NULL;
}

struct config *config_load_anyway(const char *path, struct config_report *report)
{
	return config_read(path, NULL, report);
}

static void free_rendezvous(struct config_rendezvous *r)
{
	wipe(r->psk, KEY_LEN);
	free(r->ca_file);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->peers_len; i++) {
		free(c->peers[i].ips);
		free(c->peers[i].allowed_ips);
		wipe(c->peers[i].psk, KEY_LEN);
	}
	for (size_t i = 0; i < c->files_len; i++)
		free(c->files[i]);
	free(c->files);
	for (size_t i = 0; i < c->rendezvous_len; i++)
		free_rendezvous(&c->rendezvous[i]);
	free(c->rendezvous);
	free(c->turn_ca);
	free(c->peers);
	free(c->addresses);
	free(c->path);
	wipe(c, sizeof(*c));
	free(c);
}

static bool has_address(const struct config_peer *peer, const struct ip *ip)
{
	struct cidr host = cidr_host(*ip);

	for (size_t i = 0; i < peer->allowed_ips_len; i++) {
		if (cidr_equal(&peer->allowed_ips[i], &host))
			return true;
	}
	return false;
}

/* Names first: one may read like another peer's address. */
const struct config_peer *config_find_peer(const struct config *c, const char *what)
{
	uint8_t key[KEY_LEN];
	struct ip ip;
	bool is_key = key_from_base64(key, what);
	bool is_ip = ip_parse(&ip, what);

	for (size_t i = 0; i < c->peers_len; i++) {
		if (strcasecmp(c->peers[i].name, what) == 0)
			return &c->peers[i];
	}
	for (size_t i = 0; i < c->peers_len; i++) {
		const struct config_peer *peer = &c->peers[i];

		if ((is_key && key_equal(peer->public_key, key)) ||
		    (is_ip && has_address(peer, &ip)))
			return peer;
	}
	return NULL;
}
