/* brain.h -- the inside of struct node, for the files of this folder.
 *
 * Peers stand in the order of the config, and once more sorted by key. A peer
 * that may owe something is in `owing`; one that will, at a time, in `timers`;
 * a silent one in neither. After whatever touches a peer, node_touch().
 */
#ifndef NODE_BRAIN_H
#define NODE_BRAIN_H

#include "node/events.h"
#include "node/gate.h"
#include "node/known.h"
#include "node/peer.h"
#include "node/ping.h"
#include "node/reach.h"
#include "node/rendezvous_links.h"
#include "node/rooms.h"
#include "node/signalling.h"
#include "node/spare.h"
#include "node/status.h"
#include "node/transport.h"
#include "signal/token.h"
#include "node/wrap.h"
#include "wg/allowedips.h"

enum { ICMP_PER_SECOND = 100 };

/* Everything that depends on the list of peers; made whole, then swapped in. */
struct roster {
	struct peer **peers;
	struct peer **by_key;
	size_t len;
	struct allowedips allowedips;
	struct heap_node **timer_slots;
};

struct node {
	struct session_shared shared;
	struct roster roster;
	struct rendezvous_links links;
	struct heap timers;		/* of peers and rendezvous */
	struct list owing;
	struct gate gate;
	struct ip source4, source6;	/* of ICMP errors; family IP_NONE: none */
	uint16_t listen_port;
	size_t mtu;
	msec icmp_second;		/* ICMP errors are counted by the second */
	unsigned icmp_sent;
	struct queued *flying;		/* the packet of the last ACTION_SEND */
	uint8_t message[SESSION_MESSAGE_MAX];	/* or its message */
	struct datagram after_save;	/* waits for ACTION_SAVE_MARK to be done */
	struct datagram copy;		/* of the last one, by a standby */
	bool relay;			/* we pass datagrams on for our peers, */
	uint32_t relay_rate;		/* so much, Mbit/s; 0: all */
	struct signalling signalling;
	struct pings pings;
	struct events events;
	struct known_clock known;
	struct transport_call calls[TRANSPORT_CALLS];
	struct token_memory tokens;	/* that were accepted here */
	uint64_t counters[NODE_COUNTERS];
	struct rooms rooms;		/* for what goes by a relay or by a standby as well: wrap.h */
};

struct peer *node_find_peer(const struct node *node, const uint8_t key[static KEY_LEN]);
void node_touch(struct node *node, struct peer *peer);
void node_count(struct node *node, enum node_counter counter, uint64_t n);

#endif
