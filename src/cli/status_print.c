/* status_print.c -- the report as a table.
 *
 *	home   up 3d04h   10.77.0.1/24 fd5c:9e1:77::1   p2p0   udp/27123   rendezvous: town ok   NAT: easy
 *	PEER    IP         STATE       PATH                        RTT    LOSS  RX/TX      HANDSHAKE
 *	laptop  10.77.0.2  direct      udp6 [2001:...]:1 (punched) 12 ms  0 %   1.2G/340M  41 s
 *	phone   10.77.0.4  connecting  -                           -      -     -          -   [p2pnet explain phone]
 */
#include "cli/status.h"

#include <string.h>

#include "base/addr.h"
#include "cli/format.h"
#include "cli/peers.h"
#include "cli/way.h"
#include "ctl/report.h"

enum { COLUMN_STATE = 2, COLUMNS = 8, CELL = WAY_TEXT };

/* 10.77.0.1/24, but fd5c:9e1:77::1 without the /128, which says nothing. */
static void print_address(FILE *out, const char *text)
{
	struct cidr c;
	bool host = cidr_parse(&c, text) && c.len == ip_bits(&c.ip);

	fprintf(out, "%.*s ", host ? (int)strcspn(text, "/") : (int)strlen(text), text);
}

static bool is_tls(const json_t *rendezvous)
{
	return strncmp(report_text(rendezvous, "url", ""), "tls://", 6) == 0;
}

/* "town tls ok 19 ms" */
static void print_one_rendezvous(FILE *out, const json_t *one)
{
	const char *state = report_text(one, "state", "?");
	char rtt[RTT_TEXT];

	fprintf(out, "%s%s ", report_text(one, "name", "?"), is_tls(one) ? " tls" : "");
	for (const char *c = state; *c; c++)
		putc(*c == '_' ? ' ' : *c, out);
	if (is_tls(one) && strcmp(state, "ok") == 0)
		fprintf(out, " %s", format_rtt(rtt, one));
}

/* "   rendezvous: town ok, lake no answer", or nothing. */
static void print_rendezvous(FILE *out, const json_t *report)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(report, "rendezvous"), i, one) {
		fputs(i ? ", " : "   rendezvous: ", out);
		print_one_rendezvous(out, one);
	}
}

/* Why one cannot be called, and what is to be done. */
static void print_reasons(FILE *out, const json_t *report)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(report, "rendezvous"), i, one) {
		const char *why = report_text(one, "why", NULL);

		if (why && strcmp(report_text(one, "state", "?"), "ok") != 0)
			fprintf(out, "no connection to %s: %s\n", report_text(one, "url", "?"), why);
	}
}

/* "   relays for peers: 1.2G passed on", or nothing. */
static void print_relaying(FILE *out, const json_t *relaying)
{
	char passed[FORMAT_TEXT];

	if (!json_is_object(relaying))
		return;
	fprintf(out, "   relays for peers: %s passed on",
		format_bytes(passed, (uint64_t)report_number(json_object_get(relaying, "counters"),
							     "bytes", 0)));
}

/* What the router opened for us. */
static void print_port_map(FILE *out, const json_t *map, const char *proto)
{
	if (!json_is_object(map))
		return;
	fprintf(out, "   mapped %s%s by %s%s", proto, report_text(map, "external", "?"),
		report_text(map, "method", "?"),
		json_is_false(json_object_get(map, "public")) ? ", behind another NAT" : "");
}

static void print_head(FILE *out, const json_t *report)
{
	const json_t *self = json_object_get(report, "self"), *address;
	const char *nat = report_text(self, "nat", "unknown");
	char uptime[FORMAT_TEXT];
	size_t i;

	fprintf(out, "%s   up %s   ", report_text(report, "net", "?"),
		format_duration(uptime, report_number(self, "uptime_s", 0)));
	json_array_foreach(json_object_get(self, "addresses"), i, address)
		print_address(out, json_is_string(address) ? json_string_value(address) : "?");
	fprintf(out, "  %s   udp/%d", report_text(self, "device", "?"),
		(int)report_number(self, "listen_port", 0));
	print_rendezvous(out, report);
	if (strcmp(nat, "unknown") != 0)
		fprintf(out, "   NAT: %s", nat);
	print_port_map(out, json_object_get(self, "port_map"), "");
	print_port_map(out, json_object_get(self, "port_map_tcp"), "tcp/");
	print_relaying(out, json_object_get(report, "relaying"));
	fputc('\n', out);
	print_reasons(out, report);
}

/* By which way, or by which it will be tried. */
static void format_path(char out[static CELL], const json_t *peer)
{
	const json_t *path = json_object_get(peer, "path");

	if (json_is_object(path))
		format_way(out, path);
	else
		snprintf(out, CELL, "%s", report_text(peer, "endpoint", "-"));
}

static void format_round_trip(char out[static CELL], const json_t *peer)
{
	format_rtt(out, peer);
}

static void format_loss(char out[static CELL], const json_t *peer)
{
	int64_t loss = report_number(peer, "loss", -1);

	if (loss < 0)
		snprintf(out, CELL, "-");
	else
		snprintf(out, CELL, "%lld %%", (long long)loss);
}

static void format_traffic(char out[static CELL], const json_t *peer)
{
	uint64_t rx = (uint64_t)report_number(peer, "rx_bytes", 0);
	uint64_t tx = (uint64_t)report_number(peer, "tx_bytes", 0);
	char rx_text[FORMAT_TEXT], tx_text[FORMAT_TEXT];

	if (!rx && !tx)
		snprintf(out, CELL, "-");
	else
		snprintf(out, CELL, "%s/%s", format_bytes(rx_text, rx), format_bytes(tx_text, tx));
}

static void format_handshake(char out[static CELL], const json_t *peer)
{
	int64_t age = report_number(peer, "handshake_age_s", -1);
	char text[FORMAT_TEXT];

	snprintf(out, CELL, "%s", age < 0 ? "-" : format_duration(text, age));
}

/* A peer that is not reached as it should be: how to find out more. */
static void append_hint(char cell[static CELL], const json_t *peer, const char *net)
{
	const char *state = report_text(peer, "state", "?");
	size_t len = strlen(cell);

	if (strcmp(state, "connecting") != 0 && strcmp(state, "relay") != 0)
		return;
	snprintf(cell + len, CELL - len, "   [p2pnet explain %s -n %s]",
		 report_text(peer, "name", "?"), net);
}

static void add_peer(struct table *t, const json_t *peer, const char *net)
{
	static void (*const formats[])(char out[static CELL], const json_t *peer) = {
		format_path, format_round_trip, format_loss, format_traffic, format_handshake};
	char ip[PEER_IP_TEXT], cell[CELL];

	table_add(t, report_text(peer, "name", "?"));
	table_add(t, peer_main_ip(ip, peer));
	table_add(t, report_text(peer, "state", "?"));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		formats[i](cell, peer);
		if (formats[i] == format_handshake)
			append_hint(cell, peer, net);
		table_add(t, cell);
	}
}

static const char *paint_state(size_t column, const char *text)
{
	if (column != COLUMN_STATE)
		return NULL;
	if (strcmp(text, "direct") == 0)
		return "\033[32m";
	if (strcmp(text, "connecting") == 0)
		return "\033[33m";
	return strcmp(text, "idle") == 0 ? "\033[2m" : NULL;
}

static void print_peers(FILE *out, const json_t *peers, const char *net, bool color)
{
	static const char *const titles[COLUMNS] = {"PEER", "IP",   "STATE", "PATH",
						    "RTT",  "LOSS", "RX/TX", "HANDSHAKE"};
	const json_t *peer;
	struct table t;
	size_t i;

	if (!json_array_size(peers)) {
		fputs("no peers; add one with: p2pnet peer add NAME PUBLIC_KEY\n", out);
		return;
	}
	table_init(&t, COLUMNS);
	for (i = 0; i < COLUMNS; i++)
		table_add(&t, titles[i]);
	json_array_foreach(peers, i, peer) add_peer(&t, peer, net);
	table_print(out, &t, color ? paint_state : NULL);
	table_deinit(&t);
}

/* "relayed lately: laptop to nas 1.2M, phone to nas 17k (3 dropped)" */
static void print_relayed(FILE *out, const json_t *relaying)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(relaying, "lately"), i, one) {
		int64_t dropped = report_number(one, "dropped", 0);
		char bytes[FORMAT_TEXT];

		fprintf(out, "%s %s to %s %s", i ? "," : "relayed lately:",
			report_text(one, "from", "?"), report_text(one, "to", "?"),
			format_bytes(bytes, (uint64_t)report_number(one, "bytes", 0)));
		if (dropped)
			fprintf(out, " (%lld dropped)", (long long)dropped);
	}
	if (i)
		fputc('\n', out);
}

/* Those that counted something. */
static void print_counters(FILE *out, const json_t *counters)
{
	const char *name;
	json_t *value;
	size_t shown = 0;

	json_object_foreach((json_t *)counters, name, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		fprintf(out, "%s %s %lld", shown++ ? "," : "dropped or noted:", name,
			(long long)json_integer_value(value));
	}
	fputs(shown ? "\n" : "dropped or noted: nothing\n", out);
}

/* "ciphers: chacha20 by ipsec-mb (1100 + 1140 ns a packet), aes256gcm by ..." */
static void print_ciphers(FILE *out, const json_t *ciphers)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ciphers, i, one) {
		int64_t seal = report_number(one, "seal_ns", 0), open = report_number(one, "open_ns", 0);

		fprintf(out, "%s %s by %s", i ? "," : "ciphers:", report_text(one, "suite", "?"),
			report_text(one, "engine", "?"));
		if (seal && open)
			fprintf(out, " (%lld + %lld ns a packet)", (long long)seal, (long long)open);
	}
	if (i)
		fputc('\n', out);
}

/* " tun-gso udp-gso" */
static size_t print_words(FILE *out, const json_t *words)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
		fprintf(out, " %s", json_is_string(word) ? json_string_value(word) : "?");
	return i;
}

/* "offloads: tun-gso tun-gro udp-gso; the kernel lacks udp-gro USO4 USO6" */
static void print_offloads(FILE *out, const json_t *data_path)
{
	const json_t *refused = json_object_get(data_path, "refused");
	const char *tun = report_text(data_path, "tun_lacks", NULL);

	fputs("offloads:", out);
	if (!print_words(out, json_object_get(data_path, "offloads")))
		fputs(" none", out);
	if (json_array_size(refused) || tun)
		fputs("; the kernel lacks", out);
	print_words(out, refused);
	fprintf(out, "%s%s\n", tun ? " " : "", tun ? tun : "");
}

/* "threads: 2, those that help did 12345 packets"; nothing if there is one. */
static void print_threads(FILE *out, const json_t *data_path)
{
	int64_t threads = report_number(data_path, "threads", 1);

	if (threads > 1)
		fprintf(out, "threads: %lld, those that help did %lld packets\n", (long long)threads,
			(long long)report_number(data_path, "helped", 0));
}

static void print_data_path(FILE *out, const json_t *data_path)
{
	if (!json_is_object(data_path))
		return;
	print_ciphers(out, json_object_get(data_path, "ciphers"));
	print_offloads(out, data_path);
	print_threads(out, data_path);
}

/* "encrypted with: laptop aes256gcm, phone chacha20", or nothing. */
static void print_sessions(FILE *out, const json_t *peers)
{
	const json_t *peer;
	size_t i, shown = 0;

	json_array_foreach(peers, i, peer)
	{
		const char *cipher = report_text(peer, "cipher", NULL);

		if (cipher)
			fprintf(out, "%s %s %s", shown++ ? "," : "encrypted with:",
				report_text(peer, "name", "?"), cipher);
	}
	if (shown)
		fputc('\n', out);
}

static void print_more(FILE *out, const json_t *report)
{
	const json_t *self = json_object_get(report, "self");

	fprintf(out, "p2pnet %s, pid %d, mtu %d, log level %s, file %s\n",
		report_text(report, "version", "?"), (int)report_number(report, "pid", 0),
		(int)report_number(self, "mtu", 0), report_text(self, "log_level", "?"),
		report_text(self, "config", "?"));
	print_data_path(out, json_object_get(report, "data_path"));
	print_sessions(out, json_object_get(report, "peers"));
	print_counters(out, json_object_get(self, "counters"));
}

void status_print(FILE *out, const json_t *report, const struct status_style *style)
{
	print_head(out, report);
	print_peers(out, json_object_get(report, "peers"), report_text(report, "net", "?"),
		    style->color);
	print_relayed(out, json_object_get(report, "relaying"));
	if (style->verbose)
		print_more(out, report);
}

bool status_keep_peer(json_t *report, const char *what)
{
	json_t *peers = json_object_get(report, "peers"), *peer, *kept;
	size_t i;

	json_array_foreach(peers, i, peer)
	{
		if (!peer_is_called(peer, what))
			continue;
		kept = json_incref(peer);
		json_array_clear(peers);
		return json_array_append_new(peers, kept) == 0;
	}
	return false;
}
