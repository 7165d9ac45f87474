/* ping_print.c -- what came of some pings.
 *
 *	reply from laptop (10.77.0.2) via direct udp4 198.51.100.7:41999 (punched)  9.3 ms
 *	no reply from phone (10.77.0.4): it was asked on all channels and has not answered
 *	2 sent, 1 received, path direct
 */
#include "cli/ping.h"

#include <string.h>

#include "cli/peers.h"
#include "cli/way.h"
#include "ctl/report.h"

enum { MS_TEXT = 32 };

static char *format_ms(char out[static MS_TEXT], double ms)
{
	snprintf(out, MS_TEXT, "%.*f", ms < 1 ? 2 : ms < 10 ? 1 : 0, ms);
	return out;
}

static bool is_answered(const json_t *reply)
{
	return json_is_true(json_object_get(reply, "answered"));
}

const char *ping_path(const json_t *reply)
{
	const json_t *path = json_object_get(reply, "path");

	return strcmp(report_text(path, "how", ""), "relayed") == 0 ? "relay" : "direct";
}

void ping_count(struct ping_tally *tally, const json_t *reply)
{
	double ms = json_number_value(json_object_get(reply, "rtt_ms"));

	tally->sent++;
	if (!is_answered(reply))
		return;
	tally->min = tally->received && tally->min < ms ? tally->min : ms;
	tally->max = tally->received && tally->max > ms ? tally->max : ms;
	tally->sum += ms;
	tally->received++;
	tally->path = ping_path(reply);
}

void ping_print_reply(FILE *out, const json_t *reply)
{
	char ip[PEER_IP_TEXT], way[WAY_TEXT], ms[MS_TEXT];
	const char *name = report_text(reply, "name", "?");

	peer_main_ip(ip, reply);
	if (!is_answered(reply)) {
		fprintf(out, "no reply from %s (%s): %s\n", name, ip,
			report_text(reply, "why", "it did not answer"));
		return;
	}
	fprintf(out, "reply from %s (%s) via %s %s  %s ms\n", name, ip, ping_path(reply),
		format_way(way, json_object_get(reply, "path")),
		format_ms(ms, json_number_value(json_object_get(reply, "rtt_ms"))));
}

void ping_print_tally(FILE *out, const struct ping_tally *tally)
{
	char min[MS_TEXT], mean[MS_TEXT], max[MS_TEXT];

	fprintf(out, "%u sent, %u received", tally->sent, tally->received);
	if (tally->received)
		fprintf(out, ", path %s", tally->path);
	if (tally->received > 1)
		fprintf(out, ", rtt min/avg/max %s/%s/%s ms", format_ms(min, tally->min),
			format_ms(mean, tally->sum / tally->received),
			format_ms(max, tally->max));
	fputc('\n', out);
}

static json_t *rtt_of(const struct ping_tally *tally)
{
	if (!tally->received)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "min", tally->min, "avg",
			 tally->sum / tally->received, "max", tally->max);
}

json_t *ping_report(const struct ping_tally *tally, const char *net, json_t *replies)
{
	return json_pack("{s:i, s:s, s:i, s:i, s:o, s:o, s:o}", "schema", REPORT_SCHEMA, "net",
			 net, "sent", (int)tally->sent, "received", (int)tally->received, "path",
			 tally->path ? json_string(tally->path) : json_null(), "rtt_ms",
			 rtt_of(tally), "replies", replies);
}
