/* portmap.h -- what is asked of a router: that datagrams to a port of its own come to one of ours. */
#ifndef PORTMAP_PORTMAP_H
#define PORTMAP_PORTMAP_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/msec.h"
#include "base/rng.h"

enum {
	PORTMAP_PORT = 5351,		/* of the router, RFC 6887 section 19.1 */
	PORTMAP_NEWS_PORT = 5350,	/* of its clients, for its announcements */
	PORTMAP_NONCE_LEN = 12,
	PORTMAP_LIFETIME = 7200,	/* seconds, RFC 6886 section 3.3 */
};

/* IANA's numbers, as PCP has them. */
enum portmap_proto { PORTMAP_TCP = 6, PORTMAP_UDP = 17 };

struct portmap_wish {
	enum portmap_proto proto;
	struct ip self;			/* our address towards the router */
	uint16_t port;			/* ours */
	/* Only who knows it may change a mapping that PCP made. The same again after a restart:
	 * the mapping is ours again. */
	uint8_t nonce[PORTMAP_NONCE_LEN];
};

#endif
