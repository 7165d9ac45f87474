/* natnet.h -- two agents, each behind a NAT of its own, and a clock that jumps.
 *
 *   A 10.0.0.1:5000 -- NAT 198.51.100.1 --+-- loss, delay --+-- NAT 203.0.113.1 -- B 10.1.0.1:5000
 *
 * `behind_nat` false: the host is in the open. Nothing here waits: natnet_run() goes from
 * event to event.
 */
#ifndef TESTS_ICE_NATNET_H
#define TESTS_ICE_NATNET_H

#include "ice/agent.h"
#include "sim/nat.h"

enum { A, B, HOSTS };
enum { NATNET_FLYING = 512, ACTION_KINDS = ICE_NEW_REMOTE + 1 };

struct natnet_host {
	struct ice_agent agent;
	struct ice_base base;
	bool behind_nat;
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

/* Through its NAT, if it has one, for those who reckon what should be possible. */
struct endpoint natnet_out(struct natnet_host *h, const struct endpoint *to);
bool natnet_in(const struct natnet_host *h, const struct endpoint *from, const struct endpoint *to);

#endif
