/* peers.c -- the peers of a status report, as the commands that print it want them. */
#include "cli/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "ctl/report.h"

static bool owns_address(const json_t *peer, const struct ip *wanted)
{
	const json_t *text;
	size_t i;

	json_array_foreach(json_object_get(peer, "ips"), i, text)
	{
		struct cidr c;

		if (json_is_string(text) && cidr_parse(&c, json_string_value(text)) &&
		    ip_equal(&c.ip, wanted))
			return true;
	}
	return false;
}

bool peer_is_called(const json_t *peer, const char *what)
{
	struct ip ip;

	return strcmp(report_text(peer, "name", ""), what) == 0 ||
	       strcmp(report_text(peer, "public_key", ""), what) == 0 ||
	       (ip_parse(&ip, what) && owns_address(peer, &ip));
}

/* The address that somebody chose rather than the one that comes from the key. */
static const char *best_prefix(const json_t *ips)
{
	const json_t *text;
	size_t i;

	json_array_foreach(ips, i, text)
	{
		struct cidr c;

		if (json_is_string(text) && cidr_parse(&c, json_string_value(text)) &&
		    c.ip.family == IP_V4 && c.len == 32)
			return json_string_value(text);
	}
	return json_string_value(json_array_get(ips, 0));
}

char *peer_main_ip(char out[static PEER_IP_TEXT], const json_t *peer)
{
	const char *text = best_prefix(json_object_get(peer, "ips"));

	if (!text)
		text = "-";
	snprintf(out, PEER_IP_TEXT, "%.*s", (int)strcspn(text, "/"), text);
	return out;
}

static const char *text_at(const json_t *array, size_t i)
{
	const char *text = json_string_value(json_array_get(array, i));

	return text ? text : "?";
}

char *peers_join(const json_t *array, const char *between)
{
	size_t len = 1;
	char *out, *end;

	for (size_t i = 0; i < json_array_size(array); i++)
		len += strlen(text_at(array, i)) + strlen(between);
	out = end = malloc(len);
	if (!out)
		return NULL;
	*end = '\0';
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			end = stpcpy(end, between);
		end = stpcpy(end, text_at(array, i));
	}
	return out;
}

int64_t peer_last_handshake(const json_t *peer)
{
	const char *text = report_text(peer, "last_handshake", "");
	struct tm utc = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc);

	return end && !*end ? timegm(&utc) : 0;
}
