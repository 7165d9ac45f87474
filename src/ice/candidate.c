/* candidate.c -- an address that a peer may be reached at, and what it is worth. */
#include "ice/candidate.h"

#include <string.h>

const char *candidate_type_name(enum candidate_type type)
{
	switch (type) {
	case CANDIDATE_NONE:
		return "none";
	case CANDIDATE_HOST:
		return "host";
	case CANDIDATE_PRFLX:
		return "prflx";
	case CANDIDATE_SRFLX:
		return "srflx";
	case CANDIDATE_RELAY:
		return "relay";
	}
	return "none";
}

bool base_equal(const struct ice_base *a, const struct ice_base *b)
{
	return a->via == b->via && endpoint_equal(&a->at, &b->at);
}

bool candidate_same_place(const struct candidate *a, const struct candidate *b)
{
	return a->proto == b->proto && endpoint_equal(&a->at, &b->at);
}

/* -- worth --------------------------------------------------------------- */

/* RFC 8445 section 5.1.2.2: the recommended ones. */
static uint32_t type_preference(enum candidate_type type)
{
	switch (type) {
	case CANDIDATE_HOST:
		return 126;
	case CANDIDATE_PRFLX:
		return 110;
	case CANDIDATE_SRFLX:
		return 100;
	case CANDIDATE_RELAY:
	case CANDIDATE_NONE:
		return 0;
	}
	return 0;
}

uint32_t candidate_priority(enum candidate_type type, uint16_t local_preference,
			    unsigned component)
{
	return type_preference(type) << 24 | (uint32_t)local_preference << 8 | (256 - component);
}

uint16_t candidate_local_preference(uint32_t priority)
{
	return (uint16_t)(priority >> 8);
}

uint16_t candidate_preference_of(enum ip_family family, unsigned nth)
{
	unsigned place = 2 * nth + (family == IP_V6 ? 0 : 1);

	return (uint16_t)(place < UINT16_MAX ? UINT16_MAX - place : 0);
}

bool candidate_same_foundation(const struct local_candidate *a, const struct local_candidate *b)
{
	return a->c.type == b->c.type && a->c.proto == b->c.proto &&
	       ip_equal(&a->base.at.ip, &b->base.at.ip) && ip_equal(&a->server, &b->server);
}

/* -- hygiene ------------------------------------------------------------- */

static struct ip v4_at(const uint8_t p[static 4])
{
	return ip_v4(p[0], p[1], p[2], p[3]);
}

static enum candidate_fault check_v4(const struct ip *ip)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (ip->bytes[0] == 0)
		return FAULT_UNSPECIFIED;
	if (ip_is_loopback(ip))
		return FAULT_LOOPBACK;
	if (ip_is_multicast(ip))
		return FAULT_MULTICAST;
	if (memcmp(ip->bytes, broadcast, sizeof(broadcast)) == 0)
		return FAULT_BROADCAST;
	if (ip_is_link_local(ip))
		return FAULT_LINK_LOCAL;
	return CANDIDATE_FINE;
}

/* The IPv4 address that routers on the way would take out of an IPv6 one. */
static bool embedded_v4(struct ip *out, const uint8_t b[static 16])
{
	static const uint8_t teredo[4] = {0x20, 0x01, 0, 0};		/* RFC 4380 section 4 */
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};		/* RFC 6052 section 2.1 */

	if (b[0] == 0x20 && b[1] == 0x02) {				/* 6to4, RFC 3056 section 2 */
		*out = v4_at(b + 2);
		return true;
	}
	if (memcmp(b, teredo, sizeof(teredo)) == 0) {
		*out = ip_v4(b[12] ^ 0xff, b[13] ^ 0xff, b[14] ^ 0xff, b[15] ^ 0xff);
		return true;
	}
	if (memcmp(b, nat64, sizeof(nat64)) == 0) {
		*out = v4_at(b + 12);
		return true;
	}
	return false;
}

/* fec0::/10 (RFC 3879), ::ffff:0:0/96 and ::/96: RFC 8445 section 5.1.1.1 wants none. */
static bool is_deprecated(const uint8_t b[static 16])
{
	static const uint8_t zero[12];
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0) || memcmp(b, mapped, sizeof(mapped)) == 0 ||
	       memcmp(b, zero, sizeof(zero)) == 0;
}

static bool is_discard(const uint8_t b[static 16])
{
	static const uint8_t prefix[8] = {0x01, 0x00};		/* RFC 6666 */

	return memcmp(b, prefix, sizeof(prefix)) == 0;
}

static enum candidate_fault check_v6(const struct endpoint *at)
{
	struct ip inner;

	if (ip_is_unspecified(&at->ip))
		return FAULT_UNSPECIFIED;
	if (ip_is_loopback(&at->ip))
		return FAULT_LOOPBACK;
	if (ip_is_multicast(&at->ip))
		return FAULT_MULTICAST;
	if (ip_is_link_local(&at->ip))
		return at->scope ? CANDIDATE_FINE : FAULT_LINK_LOCAL;
	if (is_discard(at->ip.bytes))
		return FAULT_DISCARD;
	if (is_deprecated(at->ip.bytes))
		return FAULT_DEPRECATED;
	if (embedded_v4(&inner, at->ip.bytes) && check_v4(&inner) != CANDIDATE_FINE)
		return FAULT_EMBEDDED;
	return CANDIDATE_FINE;
}

/* In a prefix itself, or by way of an address inside it. */
static bool is_refused(const struct ip *ip, const struct cidr *refused, size_t refused_len)
{
	struct ip inner;
	bool has_inner = ip->family == IP_V6 && embedded_v4(&inner, ip->bytes);

	for (size_t i = 0; i < refused_len; i++) {
		if (cidr_contains(&refused[i], ip))
			return true;
		if (has_inner && cidr_contains(&refused[i], &inner))
			return true;
	}
	return false;
}

enum candidate_fault candidate_check(const struct endpoint *at, const struct cidr *refused,
				     size_t refused_len)
{
	enum candidate_fault fault;

	if (at->ip.family != IP_V4 && at->ip.family != IP_V6)
		return FAULT_FAMILY;
	if (at->port == 0)
		return FAULT_PORT;
	fault = at->ip.family == IP_V4 ? check_v4(&at->ip) : check_v6(at);
	if (fault == CANDIDATE_FINE && is_refused(&at->ip, refused, refused_len))
		return FAULT_REFUSED;
	return fault;
}

const char *candidate_fault_text(enum candidate_fault fault)
{
	switch (fault) {
	case CANDIDATE_FINE:
		return "it is fine";
	case FAULT_FAMILY:
		return "it is no IP address";
	case FAULT_PORT:
		return "its port is 0";
	case FAULT_UNSPECIFIED:
		return "it is no address of a host";
	case FAULT_LOOPBACK:
		return "it is a loopback address";
	case FAULT_MULTICAST:
		return "it is a multicast address";
	case FAULT_BROADCAST:
		return "it is a broadcast address";
	case FAULT_LINK_LOCAL:
		return "it is link-local and was not learnt on that link";
	case FAULT_DISCARD:
		return "it is in the discard prefix";
	case FAULT_DEPRECATED:
		return "it is of a deprecated kind";
	case FAULT_EMBEDDED:
		return "a refused IPv4 address is inside it";
	case FAULT_REFUSED:
		return "it is in a virtual or refused prefix";
	case CANDIDATE_FAULTS:
		break;
	}
	return "unknown";
}
