/* lan.h -- signalling on the own link, without any server or Internet.
 *
 * A datagram to the group, TTL 1, is an envelope and nothing else: whoever
 * listens learns no key, no name, not even that two envelopes are of one pair.
 * There are no beacons: only who wants a peer asks for it.
 *
 * Limits: towards each wanted peer at most one datagram in two seconds; and of
 * what comes in for one of our mailboxes at most so many are opened.
 */
#ifndef SIGNAL_LAN_H
#define SIGNAL_LAN_H

#include "signal/bucket.h"
#include "signal/seal.h"

enum {
	LAN_GAP = 2000,			/* msec */
	LAN_OPENS_PER_SECOND = 50,	/* 0.2 ms each */
	LAN_OPENS_BURST = 100,
};

/* One per peer; zeroes: never sent. */
struct lan_pace {
	msec next;
};

bool lan_may_send(struct lan_pace *pace, msec now);	/* true counts as sent */

/* One per node; zeroes. */
struct lan_gate {
	struct bucket opens;
};

/* Asked after the mailbox was found to be ours. True counts as opened. */
bool lan_may_open(struct lan_gate *gate, msec now);

#endif
