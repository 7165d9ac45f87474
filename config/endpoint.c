/* endpoint.c -- host:port, 192.0.2.1:port or [2001:db8::1]:port, and what is wrong with it.
 *
 * The host is not looked up here: a name may become known after we start.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/schema.h"

/* RFC 1123 section 2.1, and the _ that people use. */
static bool host_name_is_valid(const char *host)
{
	size_t label = 0;

	for (; *host; host++) {
		if (*host == '.') {
			if (!label)
				return false;
			label = 0;
		} else if (!isalnum((unsigned char)*host) && *host != '-' && *host != '_') {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return true;
}

/* 10.0.0.256 is a bad address, not a name. */
static bool looks_like_ipv4(const char *host)
{
	return host[strspn(host, "0123456789.")] == '\0';
}

/* An IPv6 address, perhaps with %interface if it is link-local. */
static bool parse_ipv6_host(struct ip *ip, char *host)
{
	char *percent = strchr(host, '%');
	bool good;

	if (percent)
		*percent = '\0';
	good = ip_parse(ip, host) && strchr(host, ':');
	if (percent) {
		*percent = '%';
		good = good && ip_is_link_local(ip) && device_name_is_valid(percent + 1);
	}
	return good;
}

static const char *why_not_a_host(char *host, bool bracketed)
{
	struct ip ip = {0};

	if (!*host)
		return "has no host before the port";
	if (bracketed && !parse_ipv6_host(&ip, host))
		return "has no IPv6 address in its brackets";
	if (!bracketed && looks_like_ipv4(host) && !ip_parse(&ip, host))
		return "has no valid IPv4 address";
	if (!bracketed && (strlen(host) > 253 || !host_name_is_valid(host)))
		return "has a host name that is none: letters, digits and -, 63 between two dots "
		       "and 253 in "
		       "all (a name of other letters in its xn-- form)";
	if (ip.family && (ip_is_unspecified(&ip) || ip_is_multicast(&ip)))
		return "is the unspecified or a multicast address, where nobody can be";
	return NULL;
}

/* Splits text at the colon before the port; `host` loses its brackets. */
static const char *split_endpoint(char *text, char **host, const char **port, bool *bracketed)
{
	char *colon = strrchr(text, ':');
	char *bracket = strchr(text, ']');

	*bracketed = text[0] == '[';
	if (*bracketed && !bracket)
		return "lacks the ]";
	if (!colon || (*bracketed && bracket[1] != ':'))
		return "has no port";
	if (!*bracketed && strchr(text, ':') != colon)
		return "is an IPv6 address without brackets";
	*host = *bracketed ? text + 1 : text;
	*(*bracketed ? bracket : colon) = '\0';
	*port = *bracketed ? bracket + 2 : colon + 1;
	return NULL;
}

static const char *parse_endpoint(char out[static CONFIG_HOST_MAX], uint16_t *out_port, char *text)
{
	char *host = NULL;
	const char *port = NULL;
	bool bracketed;
	unsigned number;
	const char *why = split_endpoint(text, &host, &port, &bracketed);

	if (why)
		return why;
	if (!number_parse(&number, port, 65535, false) || number == 0)
		return "has a port that is not 1 to 65535";
	why = why_not_a_host(host, bracketed);
	if (why)
		return why;
	strcpy(out, host);
	*out_port = (uint16_t)number;
	return NULL;
}

const char *config_read_endpoint(char host[static CONFIG_HOST_MAX], uint16_t *port,
				 const char *value)
{
	char text[CONFIG_HOST_MAX + 8];

	if (strlen(value) >= sizeof(text))
		return "is longer than a host name can be";
	strcpy(text, value);
	return parse_endpoint(host, port, text);
}

static bool has_port(const char *value)
{
	const char *bracket = strchr(value, ']');

	return value[0] == '[' ? bracket && bracket[1] : strchr(value, ':') != NULL;
}

const char *config_read_server(char host[static CONFIG_HOST_MAX], uint16_t *port,
			       const char *value, uint16_t port_default)
{
	char text[CONFIG_ENDPOINT_TEXT];

	if (has_port(value))
		return config_read_endpoint(host, port, value);
	snprintf(text, sizeof(text), "%s:%u", value, (unsigned)port_default);
	return config_read_endpoint(host, port, text);
}

const char *config_read_stun(struct config_server *out, const char *value)
{
	return config_read_server(out->host, &out->port, value, CONFIG_STUN_PORT);
}

char *config_write_endpoint(char out[static CONFIG_ENDPOINT_TEXT], const char *host, uint16_t port)
{
	out[0] = '\0';
	if (*host)
		snprintf(out, CONFIG_ENDPOINT_TEXT, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
			 (unsigned)port);
	return out;
}

void set_endpoint(struct load *l, const char *value)
{
	struct config_peer *peer = load_peer(l);
	const char *why = config_read_endpoint(peer->endpoint_host, &peer->endpoint_port, value);

	if (why)
		load_error(l,
			   "endpoint \"%.64s\" %s; write host:51820, 192.0.2.1:51820 or "
			   "[2001:db8::1]:51820",
			   value, why);
}

static bool is_known_server(const struct config *c, const struct config_server *server)
{
	for (size_t i = 0; i < c->stun_len; i++) {
		if (c->stun[i].port == server->port &&
		    strcasecmp(c->stun[i].host, server->host) == 0)
			return true;
	}
	return false;
}

static void take_stun(struct load *l, const char *text)
{
	struct config *c = l->config;
	struct config_server server;
	const char *why = config_read_stun(&server, text);

	if (why)
		load_error(l,
			   "stun \"%.64s\" %s; write stun.example.net, stun.example.net:3478 or "
			   "[2001:db8::1]:3478",
			   text, why);
	else if (is_known_server(c, &server))
		load_error(l, "stun %.64s is given twice; delete one", text);
	else if (c->stun_len == CONFIG_STUN_MAX)
		load_error(l, "stun %.64s is one too many; %d servers are enough", text,
			   CONFIG_STUN_MAX);
	else
		c->stun[c->stun_len++] = server;
}

void set_stun(struct load *l, const char *value)
{
	for_each_item(l, value, take_stun);
}
