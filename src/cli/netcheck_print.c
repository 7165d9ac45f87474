/* netcheck_print.c -- what netcheck found, printed.
 *
 *	UDP       yes        TCP yes
 *	IPv4      203.0.113.4:41999, NAT: easy
 *	          mapping: same for all, filtering: by address and port, ports: preserved, hairpin: no
 *	IPv6      no
 *	CGNAT     cannot be told from here
 *	Port map  UPnP -> 203.0.113.4:41999 for 2h00
 *	STUN      stun1.example.net:3478 12 ms
 *	          stun2.example.net:3478 IPv4 no answer, IPv6 14 ms
 *	TLS       tls://rendezvous.example.net:443 19 ms
 *	TURN      turn:relay.example.net:3478 udp 15 ms, tcp 16 ms
 *	Verdict   direct to all but peers whose NAT takes a new port for each destination
 */
#include "cli/netcheck.h"

#include <string.h>

#include "cli/format.h"
#include "cli/netcheck_turn.h"
#include "cli/way.h"
#include "ctl/report.h"

struct word {
	const char *ours, *theirs;	/* in the JSON, on the terminal */
};

static const struct word mappings[] = {
	{"direct", "none"},
	{"independent", "same for all"},
	{"address", "by address"},
	{"port", "by address and port"},
	{"dependent", "by destination"},
	{NULL, NULL},
};

static const struct word filterings[] = {
	{"independent", "none"},
	{"address", "by address"},
	{"port", "by address and port"},
	{NULL, NULL},
};

static const json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static const char *words_for(const struct word *words, const char *ours)
{
	for (; words->ours; words++) {
		if (strcmp(words->ours, ours) == 0)
			return words->theirs;
	}
	return ours;
}

static void print_family(FILE *out, const char *label, const json_t *f)
{
	const char *seen = report_text(f, "seen", NULL);
	int64_t step = report_number(f, "port_step", 0);

	fprintf(out, "%-8s  ", label);
	if (!seen) {
		fprintf(out, "%s\n", report_text(f, "local", NULL) ? "no answer" : "no");
		return;
	}
	fprintf(out, "%s, NAT: %s\n", seen, report_text(f, "nat", "?"));
	fprintf(out, "%-8s  mapping: %s, filtering: %s, ports: %s", "",
		words_for(mappings, report_text(f, "mapping", "?")),
		words_for(filterings, report_text(f, "filtering", "?")),
		report_text(f, "ports", "?"));
	if (step)
		fprintf(out, " (step %lld)", (long long)step);
	fprintf(out, ", hairpin: %s\n", report_text(f, "hairpin", "?"));
}

static void print_cgnat(FILE *out, const json_t *cgnat)
{
	fprintf(out, "CGNAT     %s\n",
		json_is_true(cgnat)    ? "yes"
		: json_is_false(cgnat) ? "no"
				       : "cannot be told from here");
}

static void print_port_map(FILE *out, const json_t *map)
{
	int64_t lifetime = report_number(map, "lifetime_s", 0);
	char time[FORMAT_TEXT];

	if (!map)
		return;
	if (json_is_null(map)) {
		fputs("Port map  no\n", out);
		return;
	}
	fprintf(out, "Port map  %s -> %s for %s%s\n", report_text(map, "method", "?"),
		report_text(map, "external", "?"),
		lifetime ? format_duration(time, lifetime) : "good",
		json_is_false(json_object_get(map, "public")) ? ", behind another NAT" : "");
}

/* " 12 ms", or why not. The family is said where the server has both. */
static void print_answer(FILE *out, const json_t *answer, const char *family)
{
	const char *why = report_text(answer, "why", NULL);
	char rtt[RTT_TEXT];

	if (!answer || json_is_null(answer))
		return;
	fprintf(out, "%s %s", family, why ? why : format_rtt(rtt, answer));
}

static void print_server(FILE *out, const json_t *server)
{
	const json_t *v4 = get(server, "ipv4"), *v6 = get(server, "ipv6");
	bool both = json_is_object(v4) && json_is_object(v6);

	fputs(report_text(server, "server", "?"), out);
	if (!json_is_object(v4) && !json_is_object(v6))
		fputs(" no address is known", out);
	print_answer(out, v4, both ? " IPv4" : "");
	print_answer(out, v6, both ? ", IPv6" : "");
}

static void print_servers(FILE *out, const json_t *servers)
{
	const json_t *server;
	size_t i;

	json_array_foreach(servers, i, server)
	{
		fprintf(out, "%-8s  ", i ? "" : "STUN");
		print_server(out, server);
		fputc('\n', out);
	}
}

static const char *words_for_tcp(const json_t *tcp)
{
	if (json_is_null(tcp))
		return "cannot be told";
	return json_is_true(tcp) ? "yes" : "no";
}

/* What is wrong stands in a line of its own. */
static void print_tls(FILE *out, const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *why = report_text(one, "why", NULL);
		char rtt[RTT_TEXT];

		fprintf(out, "%-8s  %s %s\n", i ? "" : "TLS", report_text(one, "url", "?"),
			why ? "no" : format_rtt(rtt, one));
		if (why)
			fprintf(out, "          %s\n", why);
	}
}

void netcheck_print(FILE *out, const json_t *report)
{
	const json_t *udp = get(report, "udp");

	fprintf(out, "UDP       %-9s  TCP %s\n",
		json_is_null(udp) ? "not asked" : json_is_true(udp) ? "yes" : "no",
		words_for_tcp(get(report, "tcp")));
	print_family(out, "IPv4", get(report, "ipv4"));
	print_family(out, "IPv6", get(report, "ipv6"));
	print_cgnat(out, get(report, "cgnat"));
	print_port_map(out, json_object_get(report, "port_map"));
	print_servers(out, get(report, "servers"));
	print_tls(out, get(report, "tls"));
	netcheck_turn_print(out, get(report, "turn"));
	fprintf(out, "Verdict   %s\n", report_text(report, "verdict", "?"));
}
