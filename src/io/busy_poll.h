/* busy_poll.h -- whether to look again for an answer that is due, instead of going to sleep.
 *
 *   out ......... in   out ......... in    4 times   out  look look look in
 *    '--- 90 us ---'    '-- 100 us ---'              '-- busy polling --'
 *
 * To sleep and be woken takes tens of microseconds, and in a virtual machine, where one core has
 * to interrupt another through the host, as much as the way there and back on a LAN. So when one
 * packet has left alone, and the last ones that did were answered at once, the loop looks again
 * and again for a moment.
 *
 * Nothing is spent to learn that: who sleeps learns it as well. Packet and answer must take turns.
 * Two in a row, either way, are a stream, which needs no polling; an answer that takes longer comes
 * from afar. Either, and polling in vain, ends it until it has been learnt anew. So a peer that
 * fell silent is polled for once, and one that is far away never.
 *
 * The other way the same tells whether the host answers what came for it before it is handed over,
 * as a kernel does a ping: then the device is looked at once, without a poll.
 */
#ifndef IO_BUSY_POLL_H
#define IO_BUSY_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tun/codel.h"		/* usec */

enum {
	BUSY_POLL_SOON = 250,		/* usec: answers that come sooner are worth it */
	BUSY_POLL_MAX = 300,		/* usec: it takes no longer */
	BUSY_POLL_ANSWERS = 4,		/* in a row, before the first one */
};

struct busy_poll {
	bool alone;			/* there is one core, which who answers may need */
	bool asked;			/* one packet has left, and nothing came since */
	usec left;			/* when it did */
	usec gap;			/* how soon answers come, on the average */
	unsigned soon;			/* that many in a row came soon, BUSY_POLL_ANSWERS at most */
	usec until;			/* poll; 0: there is no need to */
	uint64_t begun, in_vain;
};

/* cores: that the process may use. */
void busy_poll_init(struct busy_poll *p, unsigned cores);

/* n packets left together. 0 is nothing. */
void busy_poll_sent(struct busy_poll *p, size_t n, usec now);

/* n datagrams came; they may have waited since `now`. 0 is nothing. */
void busy_poll_received(struct busy_poll *p, size_t n, usec now);

/* Look again without sleeping? Asked before each look, until it says no or something came. */
bool busy_poll_goes_on(struct busy_poll *p, usec now);

/* Nobody looks any more, and nothing came. If it is not on: no harm. */
void busy_poll_give_up(struct busy_poll *p);

static inline bool busy_poll_is_on(const struct busy_poll *p)
{
	return p->until != 0;
}

#endif
