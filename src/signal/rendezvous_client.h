/* rendezvous_client.h -- keep our mailboxes registered with one rendezvous.
 *
 *   OFF --connected--> WAITING --due--> REGISTERING --all answered--> REGISTERED
 *    ^                                   | ^    ^  '-- no answer: again    |
 *    |                                   | '----+-- half of the lifetime --'
 *    '----------- disconnected ----------'
 *
 * The ids go in messages of 64, one on its way at a time. Where several are
 * configured each has a machine of its own; none knows of the others.
 *
 * When a rendezvous restarts, all its clients come back at once. Their first
 * messages are spread over a minute, unless a client wants something now. One that has lost
 * its mailboxes and not its sessions says so: an answer that nobody has asked for, by which
 * we hold none.
 */
#ifndef SIGNAL_RENDEZVOUS_CLIENT_H
#define SIGNAL_RENDEZVOUS_CLIENT_H

#include "base/msec.h"
#include "base/rng.h"
#include "signal/bucket.h"
#include "signal/rendezvous.h"

enum {
	RENDEZVOUS_LIFETIME = 300,		/* s, what we ask for */
	RENDEZVOUS_SPREAD = 60 * 1000,		/* msec */
	RENDEZVOUS_RETRY_MAX = 30 * 1000,	/* msec */
	RENDEZVOUS_LOST = 1000,			/* msec until we register what it has lost */
};

enum rendezvous_state {
	RENDEZVOUS_OFF,
	RENDEZVOUS_WAITING,		/* connected, our turn comes later */
	RENDEZVOUS_REGISTERING,
	RENDEZVOUS_REGISTERED,
};

struct rendezvous_client {
	enum rendezvous_state state;
	struct rng *rng;
	const uint8_t (*ids)[MAILBOX_LEN];	/* borrowed */
	size_t ids_len;
	size_t next;			/* the first id of the message that is on its way */
	size_t limit;			/* ids that this rendezvous takes from us */
	uint16_t sequence;		/* of that message */
	unsigned tries;
	bool owes;
	msec due;			/* NEVER: nothing planned */
	struct bucket sends;
};

void rendezvous_client_init(struct rendezvous_client *c, struct rng *rng);

/* The mailboxes to listen on, those that matter most first; borrowed until the next
 * call. `hurry`: there is a new peer; for a new day the next refresh is soon enough. */
void rendezvous_client_set_ids(struct rendezvous_client *c, const uint8_t (*ids)[MAILBOX_LEN],
			       size_t n, bool hurry, msec now);

/* The session is up. `again`: it had been up before, and was lost. */
void rendezvous_client_connected(struct rendezvous_client *c, bool again, msec now);
void rendezvous_client_disconnected(struct rendezvous_client *c);

enum rendezvous_event {
	RENDEZVOUS_NOTHING,		/* malformed, or no news */
	RENDEZVOUS_ENVELOPE,		/* message.envelope, a view */
	RENDEZVOUS_SEEN,		/* message.address and .time_ms: hints, not facts */
};

/* A frame from the session. */
enum rendezvous_event rendezvous_client_feed(struct rendezvous_client *c, struct bytes plain,
					     struct rendezvous_message *message, msec now);

msec rendezvous_client_due(const struct rendezvous_client *c, msec now);
void rendezvous_client_tick(struct rendezvous_client *c, msec now);
/* A frame to send in the session: its length, or 0. */
size_t rendezvous_client_poll(struct rendezvous_client *c, uint8_t out[static RENDEZVOUS_FRAME_MAX],
			      msec now);

/* A frame that publishes the envelope: its length, or 0: not connected, or too many already
 * (the DESC in it will be told again). Registers now if that was to come later, for there
 * will be an answer. */
size_t rendezvous_client_publish(struct rendezvous_client *c,
				 uint8_t out[static RENDEZVOUS_FRAME_MAX], struct bytes envelope,
				 msec now);

#endif
