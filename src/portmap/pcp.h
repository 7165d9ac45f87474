/* pcp.h -- PCP: the MAP message, the announcement, and the rules of time. RFC 6887.
 *
 *    0        8       16       24
 *   | ver 2  |R  op   |  reserved, result  |   op 0 ANNOUNCE, 1 MAP; R in answers
 *   |              lifetime               |
 *   |  our address        |   epoch       |   IPv4 as ::ffff:a.b.c.d
 *   |  (16)               |  reserved (12)|
 *   |  nonce (12)                         |   from here on the 36 bytes of MAP
 *   |  proto |       reserved             |
 *   |  internal port  |  external port    |
 *   |  external address (16)              |
 *
 * A router passes a MAP request through a NAT that is on the way to it only if the address in
 * it is where it came from; so ADDRESS_MISMATCH says that there is one. For IPv6 there is no
 * other address: MAP opens the firewall, and what is external is our own.
 */
#ifndef PORTMAP_PCP_H
#define PORTMAP_PCP_H

#include "portmap/portmap.h"

enum {
	PCP_REQUEST_LEN = 60,
	PCP_MAX = 1100,			/* section 7: no message is longer */
};

enum pcp_result {
	PCP_SUCCESS,
	PCP_UNSUPP_VERSION,
	PCP_NOT_AUTHORIZED,
	PCP_MALFORMED_REQUEST,
	PCP_UNSUPP_OPCODE,
	PCP_UNSUPP_OPTION,
	PCP_MALFORMED_OPTION,
	PCP_NETWORK_FAILURE,
	PCP_NO_RESOURCES,
	PCP_UNSUPP_PROTOCOL,
	PCP_USER_EX_QUOTA,
	PCP_CANNOT_PROVIDE_EXTERNAL,
	PCP_ADDRESS_MISMATCH,
	PCP_EXCESSIVE_REMOTE_PEERS,
	PCP_RESULTS,
};

struct pcp_answer {
	bool is_announcement;		/* else to a MAP request */
	uint8_t version;		/* 2, or what is offered with UNSUPP_VERSION */
	uint8_t result;
	uint32_t lifetime;		/* seconds; of the mapping, or of the refusal */
	uint32_t epoch;
	bool has_map;			/* a refusal may go without what follows */
	uint8_t nonce[PORTMAP_NONCE_LEN];
	uint8_t proto;
	uint16_t internal;
	struct endpoint external;
};

/* `suggested`: an external address and port that we would like, or had. Lifetime 0 deletes. */
void pcp_write_map(struct writer *w, const struct portmap_wish *wish,
		   const struct endpoint *suggested, uint32_t lifetime);

bool pcp_read(struct pcp_answer *out, struct bytes datagram);	/* false: no answer of PCP */

/* The wait after one of `last` msec (0: the first), section 8.1.1: IRT 3 s, doubling up to MRT
 * 1024 s, each 10 % more or less. */
msec pcp_wait(msec last, struct rng *rng);

/* For how long a refusal stands, seconds: what the answer says, within reason. UINT32_MAX: for
 * as long as the router is the same. */
uint32_t pcp_error_lifetime(const struct pcp_answer *a);

/* Section 8.5: has the router not restarted since it said `last`, `elapsed` ago? */
bool pcp_epoch_goes_on(uint32_t last, uint32_t epoch, msec elapsed);

const char *pcp_result_name(uint8_t result);

#endif
