/* natnet.h -- two agents, each behind a NAT of its own, and a clock that jumps.
 *
 *   A 10.0.0.1:5000 -- NAT 198.51.100.1 --+-- loss, delay --+-- NAT 203.0.113.1 -- B 10.1.0.1:5000
 *
 * A NAT maps and filters as RFC 4787 sections 4.1 and 5 name it:
 *
 *                         a new port for each ...        lets in from ...
 *   INDEPENDENT           inside address                 everybody
 *   ADDRESS_DEPENDENT     and remote address             addresses that were sent to
 *   PORT_DEPENDENT        and remote port                addresses and ports that were sent to
 *
 * `nat.exists` false: the host is in the open. Nothing here waits: natnet_run() goes from
 * event to event.
 */
#ifndef TESTS_ICE_NATNET_H
#define TESTS_ICE_NATNET_H

#include "ice/agent.h"

enum { A, B, HOSTS };
enum { NAT_MAPPINGS = 128, NAT_HOLES = 16, NATNET_FLYING = 512, ACTION_KINDS = ICE_NEW_REMOTE + 1 };

enum nat_kind { INDEPENDENT, ADDRESS_DEPENDENT, PORT_DEPENDENT };

struct nat_mapping {
	struct endpoint key;		/* as much of the remote as the mapping looks at */
	uint16_t port;			/* outside; 0: free */
	struct endpoint holes[NAT_HOLES];	/* who was sent to */
	unsigned holes_len;
};

struct nat {
	bool exists;
	enum nat_kind mapping, filtering;
	struct ip outside;
	struct nat_mapping mappings[NAT_MAPPINGS];
	uint16_t next_port;
};

struct natnet_host {
	struct ice_agent agent;
	struct ice_base base;
	struct nat nat;
	unsigned did[ACTION_KINDS];	/* by enum ice_action_kind */
	uint8_t last_pair[ACTION_KINDS];
	msec valid_at, nominated_at;	/* NEVER: not yet */
	unsigned requests_sent;
	bool mute;			/* nothing that it sends gets out */
};

struct natnet_datagram {
	msec at;			/* NEVER: free */
	int to;
	struct endpoint from;
	size_t len;
	uint8_t bytes[ICE_MESSAGE_MAX];
};

struct natnet {
	msec now;
	msec delay;			/* one way */
	unsigned loss_percent;
	struct rng rng;
	struct ice_pacer pacer;
	struct natnet_host host[HOSTS];
	struct natnet_datagram flying[NATNET_FLYING];
};

/* Agents without candidates; A is controlling. */
void natnet_init(struct natnet *net, uint64_t seed);
void natnet_restart(struct natnet *net, int who, const struct ice_settings *settings);
struct ice_settings natnet_settings(struct natnet *net, bool controlling);

/* Its host candidate, and what a STUN server sees, if there is a NAT. */
void natnet_gather(struct natnet *net, int who);
/* Credentials; then candidate `i` of list.locals; or all that there are. */
void natnet_introduce(struct natnet *net, int to);
enum ice_remote natnet_signal_one(struct natnet *net, int to, unsigned i);
void natnet_signal(struct natnet *net, int to);
/* All of the above, on both sides. */
void natnet_meet(struct natnet *net);

void natnet_run(struct natnet *net, msec span);
/* Until both have a valid pair, or the span is over. */
bool natnet_connects(struct natnet *net, msec span);

/* The NAT alone, for those who reckon what should be possible. */
struct endpoint nat_out(struct nat *nat, const struct endpoint *inside, const struct endpoint *to);
bool nat_in(const struct nat *nat, const struct endpoint *inside, const struct endpoint *from,
	    const struct endpoint *to);

#endif
