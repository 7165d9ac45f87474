/* transport.h -- a peer's endpoint is called over UDP, and over TCP as well where that is silent.
 *
 *   initiations   1 UDP, TCP 1 s later  2 UDP, TCP   3 UDP, TCP ...   the same bytes by both: the
 *                 |------- 5 s ---------|--- 5 s ----|                first that comes counts, the
 *                                                                     other is a replay
 *   way           UDP --the answer comes by TCP--> TCP
 *                  ^                                |  each minute, and when the network is another
 *                  |                                v  one, the endpoint is asked by UDP (survey.h)
 *                  '--the answer comes by UDP-- initiation by UDP
 *
 * So who is behind a firewall that lets no UDP out reaches its public peers, with nothing to
 * configure: they listen on both. What is said is the same; the path tells by what (via.h).
 */
#ifndef NODE_TRANSPORT_H
#define NODE_TRANSPORT_H

#include "node/node.h"

struct peer;

enum {
	TRANSPORT_PATIENCE = 1000,	/* msec that the first waits for an answer by UDP */
	TRANSPORT_CALLS = 8,		/* that wait so at once; others wait for their second initiation */
	TRANSPORT_BACK = 60 * 1000,	/* msec between two attempts to go back to UDP */
	TRANSPORT_LATE = 5 * 1000,	/* msec after UDP was heard: TCP is not followed yet */
};

/* An initiation that went by UDP, and shall go by TCP if nobody answers. */
struct transport_call {
	struct peer *peer;		/* NULL: free */
	msec due;
	uint8_t message[sizeof(struct message_initiation)];
};

/* The first initiation to a peer leaves. */
void transport_called(struct node *node, struct peer *peer, const struct datagram *d, msec now);
/* One whose patience is over; its bytes live until the next call. False: none. */
bool transport_poll(struct node *node, struct datagram *out, msec now);
msec transport_due(const struct node *node);
/* Peers are gone. */
void transport_forget(struct node *node);

/* The way that an initiation takes, which is the peer's path unless that is by TCP and its
 * endpoint has just answered over UDP, or TCP is not wanted any more. */
struct path transport_way(const struct node *node, struct peer *peer);

/* What goes by `first` goes by this way as well? */
bool transport_takes_copy(const struct node *node, const struct peer *peer,
			  const struct path *first, struct path *path);

/* Is it called at its endpoint by TCP, so that UDP is worth asking for? */
bool transport_is_tcp(const struct peer *peer, msec now);
/* Is any? */
bool transport_uses_tcp(const struct node *node, msec now);

/* Somebody answers at an endpoint over TCP, and nobody over UDP. */
bool transport_udp_is_blocked(const struct node *node, msec now);

/* STUN was answered there over UDP: who is there is called by UDP next. */
void transport_answered(struct node *node, const struct endpoint *there, msec now);

#endif
