/* client.h -- one mapping, asked of the router by NAT-PMP or PCP, held, and given back.
 *
 *            start
 *   IDLE ----------> ASKING --granted--> HOLDING --stop: delete is owed--> IDLE
 *                    ^  |  \                | asked for again as lease.h has it
 *      lease is over |  |   '--refused--> REFUSED --its time is over--> ASKING
 *      '-------------'  |
 *                       '--no answer--> SILENT: the router knows no such protocol
 *
 * Requests are sent again as the RFCs say, but for PCP: a router that never answered gets
 * CLIENT_PCP_SENDS of them, not one every 17 minutes for ever (RFC 6887 section 8.1.1 leaves
 * that to the client); from one that did answer we do not turn away.
 *
 * NAT-PMP takes two questions: what the router's address is, and for the mapping.
 *
 * A refusal stands for the time that the RFCs or the answer say; again, for twice that, and
 * so on up to an hour.
 *
 * The epoch that comes with each answer, and with announcements, tells whether the router
 * has lost its mappings. Then ours is in doubt, and is asked for again within 5 s.
 */
#ifndef PORTMAP_CLIENT_H
#define PORTMAP_CLIENT_H

#include "portmap/lease.h"
#include "portmap/natpmp.h"
#include "portmap/pcp.h"

enum {
	CLIENT_PCP_SENDS = 5,		/* 3 + 6 + 12 + 24 + 48 s */
	CLIENT_MESSAGE_MAX = PCP_REQUEST_LEN,
};

enum client_speaks { SPEAKS_PCP, SPEAKS_NATPMP };

enum client_state { CLIENT_IDLE, CLIENT_ASKING, CLIENT_HOLDING, CLIENT_REFUSED, CLIENT_SILENT };

/* What a datagram was; those that were no answer are dropped. */
enum client_verdict {
	CLIENT_TAKEN,
	CLIENT_MALFORMED,		/* of this protocol, but no answer that can be */
	CLIENT_NOT_OURS,		/* not to a question of ours: another nonce, port, or none asked */
	CLIENT_FOREIGN,			/* another protocol's */
};

struct client {
	enum client_speaks speaks;
	enum client_state state;
	struct portmap_wish wish;
	struct rng *rng;
	bool owes_address, owes_map, owes_delete;
	bool waits_address, waits_map;	/* for an answer to what was sent */
	unsigned sent;			/* since the asking began */
	msec wait;
	msec due;
	bool knows_epoch;
	uint32_t epoch;
	msec epoch_heard;
	struct endpoint external;	/* held, or had or suggested before; family IP_NONE: not known */
	uint32_t granted;		/* seconds; 0: not yet */
	uint8_t result;			/* of the last refusal */
	unsigned refusals;		/* since something was granted */
	struct lease lease;
};

void client_init(struct client *c, enum client_speaks speaks, const struct portmap_wish *wish,
		 uint16_t external, struct rng *rng);
void client_start(struct client *c, msec now);
/* Ask no more; a mapping that is held, or may be, is given back: poll once more. */
void client_stop(struct client *c);
/* Ask no more, and leave the router as it is. */
void client_drop(struct client *c);

/* `datagram` is from the router. */
enum client_verdict client_feed(struct client *c, msec now, struct bytes datagram);
void client_tick(struct client *c, msec now);
msec client_due(const struct client *c);	/* NEVER: nothing is planned */
/* One message that is to be sent now, at most CLIENT_MESSAGE_MAX bytes; false: there is none. */
bool client_poll(struct client *c, struct writer *w, msec now);

#endif
