/* link_stream.h -- the connection of a rendezvous link that goes over TLS.
 *
 *          wanted, and the wait is over                opened
 *   NONE ------------------------------> streams.h -----------> UP: it is the session's path
 *    ^                                      |                    |
 *    '------------- why, a wait ------------+--------------------+-- ended, or silent for 7 s
 *                                                                '-- not wanted any more
 *
 * The session is as any other, and outlives the connection: without one it has no path and
 * says nothing. Once there is another, it makes sure by a handshake that the rendezvous
 * still knows it. Waits double from 1 s to 1 min; news of the network end them.
 *
 * Where the settings have the same rendezvous, by its key, at a udp:// url as well, that is
 * preferred: over TLS it is called when nothing has come by UDP for 1 s, and left again
 * when UDP has worked for 1 min.
 */
#ifndef NODE_LINK_STREAM_H
#define NODE_LINK_STREAM_H

#include "node/node.h"

struct peer;

enum {
	LINK_RACE = 1000,			/* msec, that UDP is ahead of TLS */
	LINK_LINGER = 60 * 1000,		/* that TLS stays when UDP works again */
	LINK_WAIT = 1000,			/* after the first failure, doubled by each more, */
	LINK_WAIT_MAX = 60 * 1000,
	LINK_TRIES = 3,				/* questions without an answer: the connection is dead */
};

struct link_stream {
	bool is_used;			/* the url is tls:// */
	uint16_t via;			/* its number; 0: there is none */
	bool is_up;
	bool has_udp;			/* another link is to the same rendezvous, by UDP, */
	bool udp_works;			/* and it answers there, */
	msec udp_since;			/* or does not, since then */
	unsigned failures;		/* in a row */
	msec again;			/* not to be opened before */
	enum node_stream_end why;	/* of the last failure; NODE_STREAM_ENDS: none since it worked */
};

void link_stream_init(struct link_stream *ls, bool is_used, msec now);

/* Take, use, give up: what follows from how its stream is, and from the time. */
void link_stream_attend(struct node *node, struct peer *peer, msec now);
msec link_stream_due(const struct peer *peer);
/* Without another failure. It is taken again when that is wanted. */
void link_stream_drop(struct node *node, struct peer *peer, msec now);

/* This host has other addresses, or has slept: what goes on cannot be trusted, nothing waits. */
void link_stream_hurry(struct node *node, struct peer *peer, bool slept, msec now);

/* UDP does for it. */
bool link_stream_stands_by(const struct peer *peer);

/* Whether data, or a message of a handshake, come to a session by the way of its kind: by its own
 * stream to that of such a link, by none to all others. `peer` NULL: to none. */
bool link_stream_allows(const struct peer *peer, const struct path *path);

#endif
