/* turns.h -- relayed addresses of ours on TURN servers, shared by all peers.
 *
 *   OFF ---a peer is looked for---> TRYING -----one is up-----> UP ---10 min without use---> OFF
 *                                   ^  |  \                     |
 *                  it is time again |  |   \--refused for good--+--> STOPPED, until the settings
 *                                   |  v                        |    are others
 *                                 RESTING <------it is lost-----'
 *
 *   t=0     UDP  |--Allocate-->            of "turn:" without ?transport=tcp
 *   400 ms  TCP  |--connect, Allocate-->   unless UDP has answered; of "turn:" without
 *                                          ?transport=udp, and at once if there is no UDP
 *           TLS  |--connect, Allocate-->   of "turns:", nothing else
 *
 * Whichever is up first is kept. All servers are asked at the same time, and each that is up is
 * a candidate (gather.h), so that one that has no room is no loss; then it is left in peace
 * for a minute. One that does not answer is asked again after 2, 4, 8 .. 60 s; one that was
 * up, and all when the network is another, at once.
 *
 * A node that looks for nobody asks nobody. What is relayed goes through turn_link.h.
 */
#ifndef NODE_TURNS_H
#define NODE_TURNS_H

#include "node/turn_link.h"

enum {
	TURNS_SERVERS = NODE_TURN_MAX,
	TURNS_ADDRESSES = 4,		/* of one server, that are tried */
	TURNS_STREAM_AFTER = 400,	/* msec that UDP may take for its first answer */
	TURNS_RETRY = 2 * 1000,		/* msec; doubles each time, */
	TURNS_RETRY_MAX = 60 * 1000,
	TURNS_STEADY = 60 * 1000,	/* up for so long, it is not what fails again and again */
	TURNS_IDLE = 600 * 1000,	/* msec without use until they are given back */
	TURNS_NAMES_AGE = 300 * 1000,	/* msec until a name is looked up again */
	TURNS_HANDOVER = 30 * 1000,	/* msec that the one before stays beside its successor */
};

/* What a password made from a secret is good for, and when the next is made. A test build does
 * not wait a day for it. */
#ifdef P2PNET_SHORT_TIMERS
#define TURNS_SECRET_LIFE SECONDS(120)
#define TURNS_SECRET_RENEW SECONDS(20)
#else
#define TURNS_SECRET_LIFE SECONDS(24 * 3600)
#define TURNS_SECRET_RENEW SECONDS(23 * 3600)
#endif

struct turns_server {
	char host[NODE_HOST_MAX];
	char name[PATH_RELAY_TEXT];	/* "turn:relay.example.net" */
	uint16_t port;
	bool udp, tcp, tls;
	struct endpoint at[TURNS_ADDRESSES];
	size_t at_len, next_at;
	msec look_up_after;
	bool wants_look_up, is_looked_up;	/* and there is no answer yet */
	bool no_address;		/* that was the last answer */
	msec stream_at;			/* when TCP has its chance; NEVER: not in this round */
	msec retry_at;			/* not before; NEVER: not with these settings */
	unsigned failures;		/* in a row */
	bool has_worked;		/* the credential is good */
	bool no_ipv4;			/* it has no IPv4 address to relay from */
	struct turn_failure failure;	/* of this round */
	enum node_stream_end why;	/* likewise, if `stream_closed` */
	bool stream_closed;
	const char *problem;		/* of the last round: "no answer"; NULL: none, it is up */
	struct turn_link *used;		/* the one that is up; NULL: none */
};

struct turns {
	struct turns_server servers[TURNS_SERVERS];
	size_t len;
	char user[TURN_USER_MAX + 1];
	char password[TURN_PASSWORD_MAX];	/* or the secret that passwords are made of */
	bool is_secret;
	char *ca_file;			/* whom to trust in TLS; NULL: the system's */
	struct turn_link *links[NODE_TURNS_MAX];	/* by number */
	unsigned links_len;
	bool is_stopped;		/* for ever */
	msec used;			/* they were wanted, or carried something, the last time */
	uint8_t message[TURN_MESSAGE_MAX];	/* of the last ACTION_SEND */
};

void turns_init(struct turns *t, msec now);
void turns_deinit(struct node *node);
/* Servers that are in it already keep what they have, unless the credential is another. */
void turns_configure(struct node *node, const struct node_settings *settings, msec now);

/* Give all back, for good. */
void turns_stop(struct node *node, msec now);
/* The network is another, or was away. */
void turns_doubt(struct node *node, msec now);
void turns_resolved(struct node *node, const char *host, uint16_t port,
		    const struct endpoint *endpoints, size_t n, msec now);

/* A relayed datagram into one to the server. False: not now, or it waits. */
bool turns_wrap(struct node *node, struct datagram *d, msec now);
/* Did it come by a socket or stream of a TURN server? Then it is nothing else. */
struct turn_link *turns_link_of(const struct turns *t, const struct path *path);

void turns_tick(struct node *node, msec now);
msec turns_due(const struct node *node, msec now);
enum action_kind turns_poll(struct node *node, struct action *action, msec now);

/* Each is up, or has been asked in vain. */
bool turns_are_settled(const struct node *node, msec now);
/* Whose relayed address is that path's? NULL: nobody's (any more). */
const struct turns_server *turns_server_of(const struct turns *t, uint16_t via,
					   enum path_transport *transport);

#endif
