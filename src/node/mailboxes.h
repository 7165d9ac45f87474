/* mailboxes.h -- where envelopes for us lie: two ids for each peer, of two days.
 *
 * Carriers see these ids and nothing else of us (signal/mailbox.h). They are
 * made when the list of peers changes and when a day begins.
 */
#ifndef NODE_MAILBOXES_H
#define NODE_MAILBOXES_H

#include "node/node.h"
#include "signal/mailbox.h"
#include "signal/relay.h"

struct peer;

struct mailboxes {
	uint8_t (*ids)[MAILBOX_LEN];	/* two for each peer, in the roster's order */
	size_t len;
	uint32_t *order;		/* places in ids, the least id first: strangers may ask a lot */
	uint32_t first_day;
	bool knows_day;			/* the wall clock was told */
};

/* The peer's keys, as what is sealed for it wants them; to be wiped. */
struct noise_x_peer mailboxes_noise_of(const struct peer *peer);

/* The roster is another one. False: no memory; there are none then. */
bool mailboxes_set_peers(struct node *node);
void mailboxes_deinit(struct mailboxes *m);

bool mailboxes_are_old(const struct mailboxes *m, uint64_t wall_ms);
/* Those of the present day. True: there was another day before, and this is a new one. */
bool mailboxes_renew(struct node *node);

/* The peer whose envelopes lie in this one; NULL: it is none of ours. */
struct peer *mailboxes_find(const struct node *node, const uint8_t id[static MAILBOX_LEN]);

/* -- their beginnings, for relays --------------------------------------------- */

/* The same by how the id begins; the first, if there are several. */
struct peer *mailboxes_find_tag(const struct node *node, const uint8_t tag[static RELAY_TAG]);
/* How the peer's mailbox for us begins today. */
const uint8_t *mailboxes_tag(const struct node *node, struct peer *peer);

#endif
