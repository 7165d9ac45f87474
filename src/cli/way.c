/* way.c -- the path of a report, as people read it. */
#include "cli/way.h"

#include <stdio.h>
#include <string.h>

#include "ctl/report.h"

/* A daemon that is newer may know ways that we do not: its own word, then. */
static const char *words_for(const char *how)
{
	if (strcmp(how, "called_us") == 0)
		return "called us";
	return strcmp(how, "configured") == 0 || strcmp(how, "found") == 0 ? "" : how;
}

/* "turn:relay.example.net (udp4)", "through office (udp6)" */
static char *format_relay(char out[static WAY_TEXT], const char *relay, const json_t *path)
{
	snprintf(out, WAY_TEXT, "%s%s (%s)", strncmp(relay, "turn:", 5) ? "through " : "", relay,
		 report_text(path, "proto", "?"));
	return out;
}

char *format_way(char out[static WAY_TEXT], const json_t *path)
{
	const char *how = words_for(report_text(path, "how", ""));
	const char *relay = report_text(path, "relay", NULL);

	if (relay)
		return format_relay(out, relay, path);
	snprintf(out, WAY_TEXT, "%s %s%s%s%s", report_text(path, "proto", "?"),
		 report_text(path, "remote", "?"), *how ? " (" : "", how, *how ? ")" : "");
	return out;
}

char *format_rtt(char out[static RTT_TEXT], const json_t *object)
{
	int64_t rtt = report_number(object, "rtt_ms", -1);

	if (rtt < 0)
		snprintf(out, RTT_TEXT, "-");
	else
		snprintf(out, RTT_TEXT, rtt ? "%lld ms" : "<1 ms", (long long)rtt);
	return out;
}
