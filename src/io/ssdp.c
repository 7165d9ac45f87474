/* ssdp.c -- find the UPnP description of one router, and of no other. */
#include "io/ssdp.h"

#include <string.h>
#include <strings.h>

enum { HOST_MAX = 22 };			/* 255.255.255.255:65535 and NUL */

struct bytes ssdp_search(void)
{
	static const char text[] =
		"M-SEARCH * HTTP/1.1\r\n"
		"HOST: 239.255.255.250:1900\r\n"
		"MAN: \"ssdp:discover\"\r\n"
		"MX: 1\r\n"
		"ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
		"\r\n";

	return bytes_of(text, sizeof(text) - 1);
}

/* -- URLs ------------------------------------------------------------------ */

static bool port_is_right(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len >= 1 && len <= 5 && !text[len];
}

/* No name, no user, no number in another notation: what inet_pton() takes. */
bool ssdp_is_at(const char *url, const struct ip *host)
{
	static const char scheme[] = "http://";
	char text[HOST_MAX];
	struct ip ip;
	size_t len;
	char *port;

	if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	url += sizeof(scheme) - 1;
	len = strcspn(url, "/");
	if (!url[len] || len >= sizeof(text))
		return false;
	memcpy(text, url, len);
	text[len] = '\0';
	port = strchr(text, ':');
	if (port && !port_is_right(port + 1))
		return false;
	if (port)
		*port = '\0';
	return ip_parse(&ip, text) && ip.family == IP_V4 && ip_equal(&ip, host);
}

/* -- answers --------------------------------------------------------------- */

/* Up to CR LF, which is taken as well. False: nothing is left. */
static bool next_line(struct bytes *line, struct bytes *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;

	if (!rest->len)
		return false;
	*line = bytes_of(rest->data, len);
	rest->data += end ? len + 1 : len;
	rest->len -= end ? len + 1 : len;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool skip_word(struct bytes *line, const char *word)
{
	size_t len = strlen(word);

	if (line->len < len || strncasecmp((const char *)line->data, word, len) != 0)
		return false;
	line->data += len;
	line->len -= len;
	return true;
}

static void skip_spaces(struct bytes *line)
{
	while (line->len && (*line->data == ' ' || *line->data == '\t')) {
		line->data++;
		line->len--;
	}
}

/* As a string; false: too long, or something is in it that is in no URL. */
static bool copy_url(char out[static SSDP_URL_MAX], struct bytes value)
{
	while (value.len && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t'))
		value.len--;
	if (value.len >= SSDP_URL_MAX)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] <= ' ' || value.data[i] >= 0x7f)
			return false;
	}
	if (value.len)
		memcpy(out, value.data, value.len);
	out[value.len] = '\0';
	return true;
}

bool ssdp_location(char out[static SSDP_URL_MAX], struct bytes datagram, const struct ip *host)
{
	struct bytes line;

	if (!next_line(&line, &datagram) || !skip_word(&line, "HTTP/1.") || line.len < 5 ||
	    memcmp(line.data + 1, " 200", 4) != 0)
		return false;
	while (next_line(&line, &datagram) && line.len) {
		if (!skip_word(&line, "LOCATION:"))
			continue;
		skip_spaces(&line);
		return copy_url(out, line) && ssdp_is_at(out, host);
	}
	return false;
}
