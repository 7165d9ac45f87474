/* nat.h -- a simulated NAT box, as RFC 4787 names its behaviour.
 *
 *   inside 10.0.0.1:5000 --> mapping: port 40000 --> outside 198.51.100.1:40000 --> to
 *                               holes: who was sent to, and when
 *
 *                         a new port for each ...        lets in from ...
 *   INDEPENDENT           inside address                 everybody
 *   ADDRESS_DEPENDENT     and remote address             addresses that were sent to
 *   PORT_DEPENDENT        and remote port                addresses and ports that were sent to
 *
 * Mappings and holes close `life` after the last datagram from the inside (section 4.3: what
 * comes in need not keep them open).
 */
#ifndef TESTS_SIM_NAT_H
#define TESTS_SIM_NAT_H

#include "base/addr.h"
#include "base/msec.h"
#include "base/rng.h"

enum { NAT_MAPPINGS = 128, NAT_HOLES = 16 };

enum nat_kind { INDEPENDENT, ADDRESS_DEPENDENT, PORT_DEPENDENT };

/* Section 4.2.1. A port that another inside address has is never given twice. */
enum nat_ports { NAT_SEQUENTIAL, NAT_RANDOM, NAT_PRESERVING };

struct nat_hole {
	struct endpoint to;
	msec used;
};

struct nat_mapping {
	struct endpoint inside;
	struct endpoint key;		/* as much of the remote as the mapping looks at */
	uint16_t port;			/* outside; 0: free */
	msec used;
	struct nat_hole holes[NAT_HOLES];
	unsigned holes_len;
};

struct nat {
	enum nat_kind mapping, filtering;
	enum nat_ports ports;
	bool hairpin;			/* section 6: the inside may call its own outside address */
	bool blocks;			/* all of UDP */
	msec life;
	struct rng *rng;		/* for NAT_RANDOM */
	struct ip outside;
	uint16_t next_port;		/* for NAT_SEQUENTIAL */
	struct nat_mapping mappings[NAT_MAPPINGS];
};

/* A datagram goes out: where it seems to come from. */
struct endpoint nat_out(struct nat *nat, const struct endpoint *inside, const struct endpoint *to,
			msec now);

/* A datagram comes to `to`, an outside address: is it let in, and to whom? */
bool nat_in(const struct nat *nat, const struct endpoint *from, const struct endpoint *to,
	    struct endpoint *inside, msec now);

/* The box was switched off and on; it may have got another address. */
void nat_reboot(struct nat *nat, struct ip outside);

#endif
