/* candidate.h -- an address that a peer may be reached at, and what it is worth.
 *
 *   host    an address of an interface of its own
 *   srflx   as a STUN server sees it behind its NAT (also: as a port map gives it)
 *   prflx   as the other peer sees it; learnt from checks, never signalled
 *   relay   an address of a TURN server that passes packets on
 *
 * What is sent for a candidate leaves from its base: a host's own address for
 * host, srflx and prflx, the relayed address for relay. RFC 8445 sections 5.1.1
 * and 5.1.2; its text form is in candidate_line.h.
 *
 * An address that somebody else names is one that we shall send datagrams to.
 * candidate_check() says which are refused, so that a peer cannot make us knock
 * at our own services or into our own tunnel (RFC 8445 section 19.5.1).
 */
#ifndef ICE_CANDIDATE_H
#define ICE_CANDIDATE_H

#include "base/addr.h"

enum {
	FOUNDATION_MAX = 32,		/* characters, RFC 8839 section 5.1 */
	COMPONENT = 1,			/* the only one that we have */
};

enum candidate_type {
	CANDIDATE_NONE,			/* a free slot */
	CANDIDATE_HOST,
	CANDIDATE_PRFLX,
	CANDIDATE_SRFLX,
	CANDIDATE_RELAY,
};

/* RFC 6544 section 4.5: the three ways to open a connection. And a way of the owner's own, which
 * leads from a base to the one candidate of the same address: never signalled, and no address
 * that anything is sent to. */
enum candidate_proto {
	CANDIDATE_UDP,
	CANDIDATE_TCP_ACTIVE,
	CANDIDATE_TCP_PASSIVE,
	CANDIDATE_TCP_SO,
	CANDIDATE_HOP,
};

/* What is signalled: one line, one address. */
struct candidate {
	uint8_t type;			/* enum candidate_type */
	uint8_t proto;			/* enum candidate_proto */
	uint16_t component;		/* 1..256 */
	uint32_t priority;
	struct endpoint at;
	struct endpoint related;	/* for diagnosis only; family IP_NONE: not told */
	char foundation[FOUNDATION_MAX + 1];
};

/* A place of ours that datagrams leave from and arrive at. */
struct ice_base {
	struct endpoint at;		/* our address and port there; with scope if link-local */
	uint32_t ifindex;		/* where to send from; not compared */
	uint16_t via;			/* the owner's number of the socket or TURN allocation */
};

struct local_candidate {
	struct candidate c;
	struct ice_base base;
	struct ip server;		/* that srflx and relay were learnt from; else IP_NONE */
};

const char *candidate_type_name(enum candidate_type type);	/* as in SDP: "srflx" */

bool base_equal(const struct ice_base *a, const struct ice_base *b);
/* The same protocol and address. */
bool candidate_same_place(const struct candidate *a, const struct candidate *b);

/* -- worth --------------------------------------------------------------- */

/* RFC 8445 section 5.1.2.1. */
uint32_t candidate_priority(enum candidate_type type, uint16_t local_preference,
			    unsigned component);
/* What of it belongs to the address, not to its type. */
uint16_t candidate_local_preference(uint32_t priority);
/* For the nth (from 0) address of its family, best first: IPv6 and IPv4 take turns,
 * so that neither waits for the other to be through (RFC 8421 section 4). */
uint16_t candidate_preference_of(enum ip_family family, unsigned nth);

/* Same type, same base address, same protocol, same server: what is true of one is
 * likely true of the other (RFC 8445 section 5.1.1.3). */
bool candidate_same_foundation(const struct local_candidate *a, const struct local_candidate *b);

/* -- hygiene ------------------------------------------------------------- */

enum candidate_fault {
	CANDIDATE_FINE,
	FAULT_FAMILY,		/* no address at all */
	FAULT_PORT,		/* port 0 */
	FAULT_UNSPECIFIED,	/* 0.0.0.0/8, :: */
	FAULT_LOOPBACK,
	FAULT_MULTICAST,
	FAULT_BROADCAST,
	FAULT_LINK_LOCAL,	/* not known to be on a link of ours; for IPv4 never known */
	FAULT_DISCARD,		/* 100::/64: what the owner makes of it (CANDIDATE_HOP) is its own */
	FAULT_DEPRECATED,	/* site-local, v4-mapped and v4-compatible IPv6 */
	FAULT_EMBEDDED,		/* one of the above inside 6to4, Teredo or NAT64 */
	FAULT_REFUSED,		/* in one of the prefixes given */
	CANDIDATE_FAULTS,
};

/* May we send there? `refused`: the virtual prefixes, or a packet would come back by
 * our own tunnel; also the broadcast addresses of our links. A link-local IPv6 address
 * has its interface as scope, set by whoever learnt it on that link, else it is
 * refused; a link-local IPv4 address always is: clouds keep their secrets at one. */
enum candidate_fault candidate_check(const struct endpoint *at, const struct cidr *refused,
				     size_t refused_len);
const char *candidate_fault_text(enum candidate_fault fault);	/* "it is a loopback address" */

#endif
