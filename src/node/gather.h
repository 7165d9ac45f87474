/* gather.h -- the addresses that we may be reached at, RFC 8445 section 5.1.
 *
 *   host    each address of this host, with our port; told by io/ whenever they change
 *   srflx   what others see of us: told by introducers that we are connected to and by
 *           STUN servers (survey.h), under the local address that what we send there
 *           leaves from
 *   mapped  the port that the router opened for us: a srflx that lets in whoever comes; one of
 *           UDP, and one of TCP
 *   relay   an address on a TURN server that passes on what comes (turns.h)
 *   hop     a relay among our peers (relays.h); the peers know of it without being told
 *
 * Two of a server's ports are two observers: what they see may differ (mapping.h). What they
 * see of TCP is kept apart, and makes candidates of TCP (ice/candidate_tcp.h): a NAT has
 * its own ports for that. Whether these are told and tried says reach_tcp.h.
 */
#ifndef NODE_GATHER_H
#define NODE_GATHER_H

#include "ice/checklist.h"
#include "node/node.h"
#include "signal/desc.h"

enum {
	GATHER_OBSERVED_MAX = 8,
	GATHER_HOPS = 6,		/* relays that are used at the same time */
	GATHER_OBSERVED_TCP_MAX = 4,
	GATHER_MAX = 16,
	GATHER_TCP_MAX = LOCALS_OFFERED - GATHER_MAX,
};

struct observed {
	struct endpoint mapped;		/* family IP_NONE: free */
	struct ip base;			/* our address that it stands for */
	struct endpoint observer;
	msec seen;
};

struct gathered_turn {
	struct ice_base base;		/* at: family IP_NONE: free */
	struct endpoint mapped;		/* as the server sees us, for diagnosis */
	struct ip server;
	bool is_stream;			/* we reach it by TCP or TLS: worth less */
};

struct gather {
	uint16_t port;
	struct node_local_address locals[NODE_LOCALS_MAX];
	size_t locals_len;
	struct observed observed[GATHER_OBSERVED_MAX];
	struct observed observed_tcp[GATHER_OBSERVED_TCP_MAX];
	struct node_mapped mapped, mapped_tcp;
	struct gathered_turn turns[NODE_TURNS_MAX];
	struct endpoint relays[NODE_RELAYS_MAX];	/* family IP_NONE: free */
	bool tcp;			/* may be used at all */
	/* what follows from it */
	struct local_candidate candidates[GATHER_MAX];
	size_t candidates_len;
	struct local_candidate tcp_candidates[GATHER_TCP_MAX];
	size_t tcp_candidates_len;
};

void gather_init(struct gather *g, uint16_t port);

/* True: the candidates are others now. */
bool gather_set_locals(struct gather *g, const struct node_local_address *locals, size_t n);
bool gather_set_mapped(struct gather *g, const struct node_mapped *mapped);
bool gather_allow_tcp(struct gather *g, bool allowed);
/* `by` tells the transport: the listen port's UDP or TCP. By any other way nothing is seen. */
bool gather_observe(struct gather *g, const struct endpoint *mapped, const struct path *by,
		    msec now);

/* What was seen of UDP before that time, and not since. True as above. */
bool gather_forget_before(struct gather *g, msec when);

/* The relayed address of that number (path.via); at.ip.family IP_NONE: there is none any more. */
bool gather_set_turn(struct gather *g, uint16_t via, const struct gathered_turn *turn);

/* The relay by that number; family IP_NONE: there is none. */
void gather_set_relay(struct gather *g, uint16_t via, const struct endpoint *at);

bool gather_has_relay(const struct gather *g, const struct ip *ip);

bool gather_is_local(const struct gather *g, const struct ip *ip);
/* Is this one of our candidates (still)? */
bool gather_has(const struct gather *g, const struct local_candidate *c);
/* Is there an address of that family that leads further than the link? */
bool gather_has_family(const struct gather *g, enum ip_family family);

/* Is it still a place of ours? */
bool gather_has_base(const struct gather *g, const struct ice_base *base);
/* The place that datagrams by this path come to; false: not an address of ours (yet). */
bool gather_base(const struct gather *g, const struct path *path, struct ice_base *base);

/* As the peers shall be told. `from`: the agent's, which have priorities. */
size_t gather_offer(struct desc_candidate out[static DESC_CANDIDATES_MAX],
		    const struct local_candidate *from, size_t n);

#endif
