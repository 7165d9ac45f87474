/* responder.h -- tell whoever asks which address we see them behind.
 *
 * A STUN server for Binding requests without credentials, RFC 8489 section 6.3,
 * and the server's half of NAT behaviour discovery, RFC 5780. It keeps nothing
 * about anybody but the buckets below.
 *
 * It must not be of use for flooding somebody whose address was forged:
 *
 *   request of 48 bytes or more	always answered, with no more bytes than it has:
 *					what is optional is left out until the answer fits
 *   shorter, larger answer		20 per second for each /24 or /56
 *   everything else			silence
 *
 * Silence is what a stranger gets for anything that is not a proper request,
 * and for ICE checks (they carry a USERNAME): the ICE agent answers its own.
 */
#ifndef STUN_RESPONDER_H
#define STUN_RESPONDER_H

#include "base/msec.h"
#include "stun/message.h"

enum {
	RESPONDER_FREE_LEN = 48,	/* requests of this size need no budget */
	RESPONDER_RATE = 20,		/* per second and prefix; a burst is one second's worth */
	RESPONDER_WAYS = 4,
	RESPONDER_SETS = 128,
	RESPONDER_ANSWER_MAX = 128,	/* bytes */
};

struct responder_bucket {
	uint8_t prefix[7];		/* IPv4 /24 or IPv6 /56 */
	uint8_t family;			/* 0: free */
	uint32_t credit;		/* in 1/1000 of an answer */
	msec seen;
};

enum responder_sockets {
	RESPONDER_ONE_SOCKET,		/* or several that know nothing of each other */
	RESPONDER_TWO_PORTS,
	RESPONDER_GRID,			/* two addresses with two ports each */
};

struct responder {
	enum responder_sockets sockets;
	struct endpoint grid[2];	/* both addresses (of a grid) and both ports, see below */
	uint64_t hash_seed;		/* secret */
	struct responder_bucket buckets[RESPONDER_SETS][RESPONDER_WAYS];
};

void responder_init(struct responder *r, uint64_t hash_seed);

/* The server has four sockets: primary.ip and other.ip (of one family), each
 * with primary.port and other.port. Both must differ, or this is ignored and
 * CHANGE-REQUEST stays an unknown attribute (RFC 5780 sections 6 and 7.2). */
void responder_set_other(struct responder *r, const struct endpoint *primary,
			 const struct endpoint *other);

/* The server has one address, whichever `to` says, and two ports; they must differ.
 * RFC 5780 section 6 wants two addresses, which a small host does not have; and most of
 * what a client asks is answered by two ports: a NAT that maps by port ("symmetric") maps
 * these two differently, and one that filters by port keeps an answer from the other port
 * out. So OTHER-ADDRESS is the same address with the other port, "change port" is honoured,
 * and "change IP" is refused as an unknown attribute rather than left without an answer,
 * which would look like a filter. A client of RFC 5780 does not take that OTHER-ADDRESS
 * for a second address, as it compares. */
void responder_set_two_ports(struct responder *r, uint16_t port, uint16_t other);

/* A datagram came from `from` to our own address `to`. True: `w` (empty, with
 * RESPONDER_ANSWER_MAX bytes) holds the answer; send it to `from`, out of the
 * socket with the address in `source`, which is `to` unless the request asked
 * for another. */
bool responder_feed(struct responder *r, msec now, const struct endpoint *from,
		    const struct endpoint *to, struct bytes datagram, struct writer *w,
		    struct endpoint *source);

#endif
