/* natpmp.h -- NAT-PMP: its six messages, and its rules of time. RFC 6886.
 *
 *   what is my address?   | 0 | 0 |
 *   map a port            | 0 | 1 UDP, 2 TCP | reserved | internal | external | lifetime |
 *
 *   it is                 | 0 | 128 | result | epoch | IPv4 address |
 *   mapped                | 0 | 129, 130 | result | epoch | internal | external | lifetime |
 *
 * Lifetime 0 and external port 0 delete. The first answer is also sent to 224.0.0.1 when the
 * router has started or has another address. The epoch is the time since the router last lost
 * its mappings, in seconds.
 */
#ifndef PORTMAP_NATPMP_H
#define PORTMAP_NATPMP_H

#include "portmap/portmap.h"

enum {
	NATPMP_REQUEST_MAX = 12,
	NATPMP_SENDS = 9,		/* section 3.1: then there is no NAT-PMP */
};

enum natpmp_result {
	NATPMP_SUCCESS,
	NATPMP_UNSUPP_VERSION,
	NATPMP_NOT_AUTHORIZED,
	NATPMP_NETWORK_FAILURE,		/* the router itself has no address yet */
	NATPMP_OUT_OF_RESOURCES,
	NATPMP_UNSUPP_OPCODE,
};

struct natpmp_answer {
	bool is_address;		/* to the first question, else to the second */
	enum portmap_proto proto;
	uint16_t result;
	uint32_t epoch;
	struct ip address;		/* if it succeeded */
	uint16_t internal, external;
	uint32_t lifetime;		/* seconds */
};

void natpmp_write_address(struct writer *w);
void natpmp_write_map(struct writer *w, const struct portmap_wish *wish, uint16_t external,
		      uint32_t lifetime);

/* False: no answer of NAT-PMP. Also true for the answer to a PCP request that a router which
 * knows NAT-PMP alone gives: result NATPMP_UNSUPP_VERSION (RFC 6887 section 9). */
bool natpmp_read(struct natpmp_answer *out, struct bytes datagram);

/* How long to wait for the answer to the nth request, from 1: 250 ms, and double. */
msec natpmp_wait(unsigned nth);

/* For how long a refusal stands, seconds. UINT32_MAX: for as long as the router is the same. */
uint32_t natpmp_error_lifetime(uint16_t result);

/* Section 3.6: has the router not restarted since it said `last`, `elapsed` ago? */
bool natpmp_epoch_goes_on(uint32_t last, uint32_t epoch, msec elapsed);

const char *natpmp_result_name(uint16_t result);

#endif
