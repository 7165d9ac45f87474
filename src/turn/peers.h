/* peers.h -- whom an allocation may talk with: permissions, channels, and their time.
 *
 *   want(peer) ----------> CreatePermission -----> by Send and Data indications   300 s
 *   want(peer, channel) -> ChannelBind ----------> with 4 bytes in front          600 s
 *
 *   asked     0          240        480       720       in use: one question per 240 s
 *             |-----------|----------|---------|--      keeps both (jitter: some s earlier)
 *   permitted |============= 300 s ====X
 *   bound     |======================== 600 s =======================X
 *
 * RFC 8656 sections 9 and 12. Times are counted from when the question was first sent, so
 * ours end before the server's. A permission is for all ports of an IP address; each port
 * that is wanted has a slot here all the same. What was not used for 10 minutes is left to
 * run out.
 *
 * Slot n has channel 0x4000 + n. A number may not come to mean another peer before 5
 * minutes after its binding has ended (section 12), so its slot is not given away before.
 */
#ifndef TURN_PEERS_H
#define TURN_PEERS_H

#include "turn/frame.h"
#include "turn/request.h"

enum { TURN_PEERS_MAX = 128 };

/* A test build may shorten what is ours to choose (CMake option P2PNET_SHORT_TIMERS). */
#ifdef P2PNET_SHORT_TIMERS
#define TURN_REASK SECONDS(24)
#else
#define TURN_REASK SECONDS(240)
#endif

#define TURN_PERMISSION_LIFE SECONDS(300)
#define TURN_CHANNEL_LIFE SECONDS(600)
#define TURN_NUMBER_LIFE SECONDS(1000)	/* of both, 5 minutes, and a question asked 7 times */
#define TURN_PEER_IDLE SECONDS(600)
#define TURN_PEER_RETRY SECONDS(60)	/* after an error */
#define TURN_PEER_HOLD SECONDS(30)	/* unused for so long, it may have to make room */

struct turn_peer {
	struct endpoint at;
	struct turn_request request;
	msec permitted_until;
	msec bound_until;
	msec number_until;		/* nobody else gets the channel before */
	msec ask_due;			/* NEVER: there is nothing to ask */
	msec bind_due;			/* not before, as it was refused */
	msec last_used;
	bool wants_channel;
	bool refused;			/* for good */
	bool owes_permitted, owes_refused;	/* for the owner to know */
};

struct turn_peers {
	struct turn_peer slots[TURN_PEERS_MAX];
	size_t len;			/* of them were ever used */
	size_t last;			/* the slot that was looked up last */
};

/* It is, or is to be, in use. NULL: all slots are in use, or the server has refused it. */
struct turn_peer *turn_peers_want(struct turn_peers *p, const struct endpoint *at, bool channel,
				  msec now);

/* NULL: it is not known. */
struct turn_peer *turn_peers_find(struct turn_peers *p, const struct endpoint *at);
struct turn_peer *turn_peers_of_channel(struct turn_peers *p, uint16_t channel, msec now);
bool turn_peers_permit(const struct turn_peers *p, const struct ip *ip, msec now);

/* Something went there or came from there. */
void turn_peer_used(struct turn_peer *peer, msec now);
bool turn_peer_has_channel(const struct turn_peer *peer, msec now);
uint16_t turn_peer_channel(const struct turn_peers *p, const struct turn_peer *peer);

/* An answer to one of their requests, as turn_request_feed() says. Besides what is done
 * about it here, ANSWER_DENIED, and an error 437 or 441, are the allocation's to know. */
enum turn_answer turn_peers_feed(struct turn_peers *p, struct turn_server *s,
				 const struct endpoint *from, const struct stun_msg *msg,
				 unsigned *code, msec now);
void turn_peers_tick(struct turn_peers *p, struct turn_server *s, msec now);
msec turn_peers_due(const struct turn_peers *p);

/* A request to be sent now; false: there is none. */
bool turn_peers_poll(struct turn_peers *p, struct turn_server *s, struct writer *w, msec now);
/* One whose owes_permitted or owes_refused was set, and is not any more; NULL: none. */
struct turn_peer *turn_peers_next_news(struct turn_peers *p, bool *refused);

#endif
