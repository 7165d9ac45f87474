/* turn_link.h -- a way to a TURN server, and the allocation on it.
 *
 *   a datagram for a peer --wrap---> [ allocation ] ---> UDP socket, or stream ---> server
 *   a datagram of a peer  <--unwrap- [ allocation ] <---------------'
 *
 *   OPENING --the socket or stream is there--> RUNNING (turn/allocation.h) ---> OVER
 *       \--it cannot be had, or it closed--------------------------------------'
 *
 * A relayed path has path.via = VIA_TURN + number of the link, path.local = the relayed
 * address and path.remote = the peer as the server sees it. The server wants to be told of
 * a peer first: until it has been, the last check for each peer is held (RFC 8445 section
 * 7.2.1), and what carries more than checks asks for a channel.
 */
#ifndef NODE_TURN_LINK_H
#define NODE_TURN_LINK_H

#include "node/status.h"
#include "turn/allocation.h"
#include "turn/credential.h"

enum {
	TURN_LINK_HELD = 16,		/* checks that wait for a permission */
	TURN_LINK_HELD_LEN = 512,	/* what is longer is no check */
	TURN_LINK_SILENCE = 1500,	/* msec of sending and hearing nothing: is the server still there? */
	TURN_LINK_ASK_AGAIN = 5000,	/* msec between two such questions */
	TURN_PASSWORD_MAX = 512,	/* with its NUL */
};

enum turn_link_state {
	TURN_LINK_OPENING,
	TURN_LINK_RUNNING,
	TURN_LINK_OVER,
};

/* All is copied. */
struct turn_link_settings {
	const struct node_stream_target *stream;	/* NULL: by UDP, */
	struct endpoint at;				/* to there */
	enum ip_family family;				/* of the relayed address */
	const char *user, *password;
};

struct turn_held {
	struct endpoint to;
	size_t len;			/* 0: free */
	uint8_t bytes[SEND_HEADER_MAX + TURN_LINK_HELD_LEN + 4];	/* room for the header, the check, padding */
};

struct turn_link {
	struct turn_allocation allocation;
	enum turn_link_state state;
	enum path_transport transport;
	uint8_t server;			/* the owner's number of it */
	uint16_t via;			/* of relayed paths */
	uint16_t carrier;		/* via of its own datagrams: a socket or a stream; 0: none any more */
	struct endpoint at;
	bool stream_closed;
	enum node_stream_end why;	/* then */
	bool is_stopped;
	msec began, up_since;		/* NEVER: it never was up */
	msec retires;			/* when it has a successor; the owner's */
	msec unheard;			/* something was sent then, and nothing came since; NEVER: no */
	msec asked;			/* whether the server is still there */
	msec carried;			/* data of a peer, the last time; no checks */
	char host[NODE_HOST_MAX];	/* of its stream's target, like the next */
	char *ca_file;
	char user[TURN_USER_MAX + 1];
	char password[TURN_PASSWORD_MAX];
	struct turn_held held[TURN_LINK_HELD];
};

/* NULL: no memory, or no number left for its socket or stream. */
struct turn_link *turn_link_new(struct node *node, const struct turn_link_settings *settings,
				msec now);
void turn_link_free(struct node *node, struct turn_link *l);	/* NULL is fine */

bool turn_link_is_up(const struct turn_link *l);
bool turn_link_is_ending(const struct turn_link *l);
/* The server has answered something. */
bool turn_link_is_answered(const struct turn_link *l);

/* Give it back; it is OVER soon. */
void turn_link_stop(struct turn_link *l, msec now);
/* The network is another, or was away: is the server still there? */
void turn_link_doubt(struct turn_link *l, msec now);

/* Put it into a datagram to the server. False: not now, or it is held. */
bool turn_link_wrap(struct node *node, struct turn_link *l, struct datagram *d, msec now);
/* What came by its carrier. True: it is a peer's datagram now. */
bool turn_link_unwrap(struct node *node, struct turn_link *l, struct datagram *d, msec now);

void turn_link_tick(struct turn_link *l, msec now);
msec turn_link_due(const struct turn_link *l);

enum turn_link_news {
	TURN_LINK_NOTHING,
	TURN_LINK_SENDS,		/* in action->datagram, as of ACTION_SEND */
	TURN_LINK_IS_UP,
	TURN_LINK_IS_OVER,		/* see state, once */
};

/* `message`: where it writes, until the next call. */
enum turn_link_news turn_link_poll(struct node *node, struct turn_link *l,
				   uint8_t message[static TURN_MESSAGE_MAX], struct datagram *out,
				   msec now);

#endif
