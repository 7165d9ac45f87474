/* addr.h -- IP addresses, prefixes and UDP endpoints as plain values.
 *
 * An IPv4 address uses the first 4 of the 16 bytes and leaves the rest zero,
 * so two equal addresses are equal byte for byte. Bytes are in network order,
 * ports and prefix lengths are host integers. An IPv4-mapped IPv6 address
 * (::ffff:a.b.c.d) never gets in: ip_from_bytes() and everything that parses
 * turn it into the IPv4 address that it is.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip {
	uint8_t family;		/* enum ip_family; IP_NONE: no address */
	uint8_t bytes[16];
};

struct cidr {
	struct ip ip;
	uint8_t len;		/* bits: 0..32 or 0..128 */
};

struct endpoint {
	struct ip ip;
	uint16_t port;
	uint32_t scope;		/* interface index of an IPv6 link-local address, or 0 */
};

enum { IP_TEXT = 46, CIDR_TEXT = 50, ENDPOINT_TEXT = 65 };	/* with the final NUL */

struct ip ip_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
struct ip ip_v6(const uint8_t bytes[static 16]);	/* v4-mapped becomes IPv4 */

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->scope == b->scope && ip_equal(&a->ip, &b->ip);
}

unsigned ip_bits(const struct ip *ip);			/* 32, 128, or 0 for none */
bool ip_is_unspecified(const struct ip *ip);
bool ip_is_loopback(const struct ip *ip);
bool ip_is_multicast(const struct ip *ip);
bool ip_is_link_local(const struct ip *ip);
bool ip_is_private(const struct ip *ip);		/* IPv4: RFC 1918 */
bool ip_is_shared(const struct ip *ip);			/* IPv4: RFC 6598, inside a carrier's network */

bool cidr_contains(const struct cidr *c, const struct ip *ip);
struct cidr cidr_masked(struct cidr c);			/* host bits cleared */
bool cidr_equal(const struct cidr *a, const struct cidr *b);
struct cidr cidr_host(struct ip ip);			/* /32 or /128 */

/* Text. The parsers take the whole string or nothing; the formatters always
 * end with NUL and return `out`. An endpoint is 192.0.2.1:51820 or
 * [2001:db8::1]:51820, with %N in the brackets for a scope, N an interface
 * index (names need the OS: see tun/link.h). */
bool ip_parse(struct ip *out, const char *text);
bool cidr_parse(struct cidr *out, const char *text);	/* no "/N": a host; host bits are kept */
bool endpoint_parse(struct endpoint *out, const char *text);
char *ip_format(char out[static IP_TEXT], const struct ip *ip);
char *cidr_format(char out[static CIDR_TEXT], const struct cidr *c);
char *endpoint_format(char out[static ENDPOINT_TEXT], const struct endpoint *e);

#endif
