/* addr.c -- IP addresses, prefixes and UDP endpoints as plain values. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct ip ip_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ip){.family = IP_V4, .bytes = {a, b, c, d}};
}

struct ip ip_v6(const uint8_t bytes[static 16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct ip ip = {.family = IP_V6};

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return ip_v4(bytes[12], bytes[13], bytes[14], bytes[15]);
	memcpy(ip.bytes, bytes, sizeof(ip.bytes));
	return ip;
}

unsigned ip_bits(const struct ip *ip)
{
	return ip->family == IP_V4 ? 32 : ip->family == IP_V6 ? 128 : 0;
}

bool ip_is_unspecified(const struct ip *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->bytes, zero, sizeof(zero)) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = {[15] = 1};

	if (ip->family == IP_V4)
		return ip->bytes[0] == 127;
	return ip->family == IP_V6 && memcmp(ip->bytes, one, sizeof(one)) == 0;
}

bool ip_is_multicast(const struct ip *ip)
{
	if (ip->family == IP_V4)
		return (ip->bytes[0] & 0xf0) == 0xe0;
	return ip->family == IP_V6 && ip->bytes[0] == 0xff;
}

bool ip_is_link_local(const struct ip *ip)
{
	if (ip->family == IP_V4)
		return ip->bytes[0] == 169 && ip->bytes[1] == 254;
	return ip->family == IP_V6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

struct cidr cidr_masked(struct cidr c)
{
	for (unsigned i = 0; i < sizeof(c.ip.bytes); i++) {
		unsigned kept = c.len > 8 * i ? c.len - 8 * i : 0;

		if (kept < 8)
			c.ip.bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
	return c;
}

bool ip_is_private(const struct ip *ip)
{
	if (ip->family != IP_V4)
		return false;
	return ip->bytes[0] == 10 || (ip->bytes[0] == 172 && (ip->bytes[1] & 0xf0) == 16) ||
	       (ip->bytes[0] == 192 && ip->bytes[1] == 168);
}

bool ip_is_shared(const struct ip *ip)
{
	return ip->family == IP_V4 && ip->bytes[0] == 100 && (ip->bytes[1] & 0xc0) == 64;
}

bool cidr_contains(const struct cidr *c, const struct ip *ip)
{
	struct cidr net = cidr_masked(*c);
	struct cidr other = cidr_masked((struct cidr){*ip, c->len});

	return ip_equal(&net.ip, &other.ip);
}

bool cidr_equal(const struct cidr *a, const struct cidr *b)
{
	return a->len == b->len && ip_equal(&a->ip, &b->ip);
}

struct cidr cidr_host(struct ip ip)
{
	return (struct cidr){ip, (uint8_t)ip_bits(&ip)};
}

bool ip_parse(struct ip *out, const char *text)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*out = ip_v4(bytes[0], bytes[1], bytes[2], bytes[3]);
		return true;
	}
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		*out = ip_v6(bytes);
		return true;
	}
	return false;
}

/* Decimal digits alone, at most max (which is at least 9). */
static bool parse_number(unsigned *out, const char *text, unsigned max)
{
	unsigned v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool cidr_parse(struct cidr *out, const char *text)
{
	const char *slash = strchr(text, '/');
	char host[IP_TEXT];
	struct ip ip;
	unsigned len, mapped;

	if (!slash) {
		if (!ip_parse(&ip, text))
			return false;
		*out = cidr_host(ip);
		return true;
	}
	if ((size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (!ip_parse(&ip, host))
		return false;
	/* ::ffff:10.0.0.0/104 counts 96 bits that are gone; fewer are no IPv4 prefix. */
	mapped = ip.family == IP_V4 && strchr(host, ':') ? 96 : 0;
	if (!parse_number(&len, slash + 1, mapped + ip_bits(&ip)) || len < mapped)
		return false;
	*out = (struct cidr){ip, (uint8_t)(len - mapped)};
	return true;
}

bool endpoint_parse(struct endpoint *out, const char *text)
{
	char host[ENDPOINT_TEXT];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	struct endpoint e = {0};
	char *percent;
	unsigned port;

	if (!colon || len >= sizeof(host) || !parse_number(&port, colon + 1, 65535) || port == 0)
		return false;
	if (bracketed) {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	percent = strchr(host, '%');
	if (percent) {
		*percent = '\0';
		if (!parse_number(&e.scope, percent + 1, INT32_MAX) || e.scope == 0)
			return false;
	}
	if (bracketed != (strchr(host, ':') != NULL) || !ip_parse(&e.ip, host))
		return false;
	if (e.scope && (e.ip.family != IP_V6 || !ip_is_link_local(&e.ip)))
		return false;
	e.port = (uint16_t)port;
	*out = e;
	return true;
}

char *ip_format(char out[static IP_TEXT], const struct ip *ip)
{
	int af = ip->family == IP_V6 ? AF_INET6 : AF_INET;

	if (ip->family == IP_NONE || !inet_ntop(af, ip->bytes, out, IP_TEXT))
		snprintf(out, IP_TEXT, "-");
	return out;
}

char *cidr_format(char out[static CIDR_TEXT], const struct cidr *c)
{
	char text[IP_TEXT];

	snprintf(out, CIDR_TEXT, "%s/%u", ip_format(text, &c->ip), c->len);
	return out;
}

char *endpoint_format(char out[static ENDPOINT_TEXT], const struct endpoint *e)
{
	char text[IP_TEXT];

	ip_format(text, &e->ip);
	if (e->ip.family != IP_V6)
		snprintf(out, ENDPOINT_TEXT, "%s:%u", text, e->port);
	else if (e->scope)
		snprintf(out, ENDPOINT_TEXT, "[%s%%%u]:%u", text, e->scope, e->port);
	else
		snprintf(out, ENDPOINT_TEXT, "[%s]:%u", text, e->port);
	return out;
}
