/* rendezvous_links.h -- the rendezvous of the settings: sessions with who is no peer.
 *
 *   node_settings.rendezvous --> a peer without addresses, that nobody sees in the roster
 *                                  | introducer: it holds our mailboxes (introducers.h)
 *                                  | link: who we are to it
 *
 * A rendezvous may learn nothing about who we are. So to each we are somebody else, with
 * a static key that is drawn when the node is made: session, mac1 and cookies go by
 * that. It is no peer: it owns no address, so that no packet of its finds its way in;
 * it does not call us; and no frame of its is heard but those of a rendezvous.
 *
 * One that does not answer for 90 s is left alone for half a minute or a whole one. What
 * is called over TLS has a path while there is a connection: link_stream.h.
 */
#ifndef NODE_RENDEZVOUS_LINKS_H
#define NODE_RENDEZVOUS_LINKS_H

#include "node/link_stream.h"
#include "node/status.h"
#include "wg/cookie.h"
#include "wg/noise.h"

struct peer;

enum {
	LINK_REST = 30 * 1000,		/* msec, and as much again at random */
};

/* Makes a peer a rendezvous. */
struct rendezvous_link {
	struct noise_identity identity;
	struct cookie_checker cookies;	/* of that identity */
	char host[NODE_HOST_MAX];
	uint16_t port;
	msec again;			/* when it is called again; NEVER: it is not left alone */
	struct link_stream stream;
	char ca_file[];			/* "": the system's */
};

struct rendezvous_links {
	struct peer *peers[NODE_RENDEZVOUS_MAX];
	size_t len;
};

/* Those of the settings; who was there already keeps the session. One for which there is no
 * memory is left out, with a warning. */
void rendezvous_links_set(struct node *node, const struct node_settings *settings, msec now);
void rendezvous_links_deinit(struct node *node);

/* What follows for those over TLS from what has happened. */
void rendezvous_links_attend(struct node *node, msec now);
/* This host has other addresses, or has slept. */
void rendezvous_links_hurry(struct node *node, bool slept, msec now);

/* It has not answered for 90 s. */
void rendezvous_link_rest(struct node *node, struct peer *peer, msec now);
/* The rest is over, or there is news of the network. */
void rendezvous_link_wake(struct node *node, struct peer *peer, msec now);

enum node_rendezvous_state rendezvous_link_state(const struct peer *peer, msec now);
/* One answers over TLS that is called by UDP as well, and does not answer there. */
bool rendezvous_links_miss_udp(const struct node *node, msec now);

/* Everybody that there may be a session with: peers, then rendezvous. NULL: no more. */
struct peer *node_contact(const struct node *node, size_t i);

#endif
