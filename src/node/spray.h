/* spray.h -- a direct way to a peer whose NAT shows each destination another port.
 *
 * Nobody can tell the other side that port. But many can be opened, and many
 * guessed, and one of them is the same soon (the birthday paradox):
 *
 *   our NAT is hard    OPENS    256 sockets, each sends a check to the one port of the peer that
 *                               is known: 256 ports of our NAT wait for its answer
 *   the peer's is      GUESSES  checks to 1000 ports of the peer's address: with 98 % one of
 *                               them is open. It is answered, and asked back: ICE goes on
 *
 * Ports that are given in a row are guessed in that order, which finds one in a
 * few dozens. Two hard NATs are tried only if both give ports in a row: the one
 * guesses far enough ahead to meet the middle of what the other has opened.
 *
 * A peer could have us send to an address of its choice, so this is bounded: only
 * where the usual checks have found nothing for a moment, and only as long
 * as somebody wants the peer. All peers together get `punch_rate` datagrams a
 * second; one burst is 1000 at most, with a pause after it that grows. The 256
 * sockets serve all peers, as a new destination is a new port.
 */
#ifndef NODE_SPRAY_H
#define NODE_SPRAY_H

#include "node/sockets.h"
#include "signal/bucket.h"

struct reach;

enum {
	SPRAY_SOCKETS = 256,
	SPRAY_GUESSES = 1000,
	SPRAY_AHEAD = 128,		/* ports in a row, to be sure to be past what is used up */
	SPRAY_AFTER = 800,		/* msec of usual checks in vain: each was sent twice */
	SPRAY_AGAIN = 2000,		/* msec until we look whether it makes sense by now */
	SPRAY_REFRESH = 15 * 1000,	/* msec; the shortest-lived mappings last 30 s */
	SPRAY_SWEEP = 20 * 1000,	/* msec until sockets that nobody uses are closed */
};

enum spray_role { SPRAY_NONE, SPRAY_OPENS, SPRAY_GUESSES_PORTS };

/* One for each peer that is looked for. */
struct spray {
	enum spray_role role;		/* of the burst that is under way */
	struct endpoint target;		/* OPENS: the peer's port; else its address and the first guess */
	bool in_a_row;			/* guess from that one on */
	unsigned left;			/* datagrams of this burst; 0: none is under way */
	unsigned sent;			/* of it */
	unsigned bursts;		/* so far */
	uint32_t start, step, taken;	/* of the ports in no order: each comes once */
	msec due;			/* of the next burst; NEVER: not wanted */
};

/* One for a node. */
struct sprayer {
	uint32_t rate;			/* datagrams per second; 0: off */
	struct bucket sends;
	uint16_t vias[SPRAY_SOCKETS];
	size_t vias_len;
	msec wanted;			/* the last time that a burst used them */
	msec sweep_due;
};

void sprayer_init(struct sprayer *all, uint32_t rate);

/* The peer's candidates are known (again): from when on the usual checks have their chance. */
void spray_arm(struct spray *s, msec now);
void spray_disarm(struct spray *s);
/* One was found; it only has to prove itself. */
void spray_pause(struct spray *s, msec now);

/* A datagram of a burst, if one is due. */
enum action_kind spray_poll(struct node *node, struct action *action, msec now);
msec spray_due(const struct node *node, msec now);

#endif
