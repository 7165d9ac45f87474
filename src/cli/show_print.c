/* show_print.c -- the report in the words of wg(8). Secrets never come here: the
 * report has none, so where wg would print one stands "(hidden)". */
#include "cli/show.h"

#include <stdlib.h>

#include "cli/format.h"
#include "cli/peers.h"
#include "ctl/report.h"

static int newest_first(const void *a, const void *b)
{
	int64_t when_a = peer_last_handshake(*(json_t *const *)a);
	int64_t when_b = peer_last_handshake(*(json_t *const *)b);

	return (when_a < when_b) - (when_a > when_b);
}

void show_sort_peers(json_t *report)
{
	json_t *peers = json_object_get(report, "peers");
	size_t len = json_array_size(peers);
	json_t **sorted = len ? malloc(len * sizeof(*sorted)) : NULL;

	if (!sorted)
		return;
	for (size_t i = 0; i < len; i++)
		sorted[i] = json_incref(json_array_get(peers, i));
	qsort(sorted, len, sizeof(*sorted), newest_first);
	for (size_t i = 0; i < len; i++)
		json_array_set_new(peers, i, sorted[i]);
	free(sorted);
}

static void print_joined(FILE *out, const json_t *array, const char *between, const char *otherwise)
{
	char *text = peers_join(array, between);

	fputs(text && *text ? text : otherwise, out);
	free(text);
}

/* Where it was heard last, or where it should be. */
static const char *endpoint_of(const json_t *peer, const char *otherwise)
{
	const char *configured = report_text(peer, "endpoint", otherwise);

	return report_text(json_object_get(peer, "path"), "remote", configured);
}

static void print_traffic(FILE *out, const json_t *peer)
{
	uint64_t rx = (uint64_t)report_number(peer, "rx_bytes", 0);
	uint64_t tx = (uint64_t)report_number(peer, "tx_bytes", 0);
	char rx_text[FORMAT_TEXT], tx_text[FORMAT_TEXT];

	if (rx || tx)
		fprintf(out, "  transfer: %s received, %s sent\n", format_size(rx_text, rx),
			format_size(tx_text, tx));
}

static void print_peer(FILE *out, const json_t *peer)
{
	const char *endpoint = endpoint_of(peer, NULL);
	const char *cipher = report_text(peer, "cipher", NULL);
	int64_t age = report_number(peer, "handshake_age_s", -1);
	int64_t keepalive = report_number(peer, "keepalive_s", 0);
	char text[FORMAT_TEXT];

	fprintf(out, "\npeer: %s\n  name: %s\n", report_text(peer, "public_key", "?"),
		report_text(peer, "name", "?"));
	if (json_is_true(json_object_get(peer, "preshared_key")))
		fputs("  preshared key: (hidden)\n", out);
	if (endpoint)
		fprintf(out, "  endpoint: %s\n", endpoint);
	fputs("  allowed ips: ", out);
	print_joined(out, json_object_get(peer, "ips"), ", ", "(none)");
	fputc('\n', out);
	if (age >= 0)
		fprintf(out, "  latest handshake: %s\n", format_ago(text, age));
	if (cipher)
		fprintf(out, "  cipher: %s\n", cipher);
	print_traffic(out, peer);
	if (keepalive)
		fprintf(out, "  persistent keepalive: every %lld second%s\n", (long long)keepalive,
			keepalive == 1 ? "" : "s");
}

void show_print(FILE *out, const json_t *report)
{
	const json_t *self = json_object_get(report, "self"), *peer;
	int64_t fwmark = report_number(self, "fwmark", 0);
	size_t i;

	fprintf(out,
		"interface: %s\n  public key: %s\n  private key: (hidden)\n  listening port: %d\n",
		report_text(self, "device", "?"), report_text(self, "public_key", "?"),
		(int)report_number(self, "listen_port", 0));
	if (fwmark)
		fprintf(out, "  fwmark: 0x%llx\n", (unsigned long long)fwmark);
	json_array_foreach(json_object_get(report, "peers"), i, peer) print_peer(out, peer);
}

static void dump_start(FILE *out, const char *before)
{
	if (before)
		fprintf(out, "%s\t", before);
}

static void dump_peer(FILE *out, const json_t *peer)
{
	int64_t keepalive = report_number(peer, "keepalive_s", 0);

	fprintf(out, "%s\t%s\t%s\t", report_text(peer, "public_key", "?"),
		json_is_true(json_object_get(peer, "preshared_key")) ? "(hidden)" : "(none)",
		endpoint_of(peer, "(none)"));
	print_joined(out, json_object_get(peer, "ips"), ",", "(none)");
	fprintf(out, "\t%lld\t%lld\t%lld\t", (long long)peer_last_handshake(peer),
		(long long)report_number(peer, "rx_bytes", 0),
		(long long)report_number(peer, "tx_bytes", 0));
	if (keepalive)
		fprintf(out, "%lld\n", (long long)keepalive);
	else
		fputs("off\n", out);
}

void show_dump(FILE *out, const json_t *report, const char *before)
{
	const json_t *self = json_object_get(report, "self"), *peer;
	int64_t fwmark = report_number(self, "fwmark", 0);
	size_t i;

	dump_start(out, before);
	fprintf(out, "(hidden)\t%s\t%d\t", report_text(self, "public_key", "?"),
		(int)report_number(self, "listen_port", 0));
	if (fwmark)
		fprintf(out, "0x%llx\n", (unsigned long long)fwmark);
	else
		fputs("off\n", out);
	json_array_foreach(json_object_get(report, "peers"), i, peer)
	{
		dump_start(out, before);
		dump_peer(out, peer);
	}
}
