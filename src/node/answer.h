/* answer.h -- a STUN request becomes its answer, in its place if that is long enough. */
#ifndef NODE_ANSWER_H
#define NODE_ANSWER_H

#include "base/packet.h"
#include "node/rooms.h"
#include "stun/responder.h"

/* `port`: ours that it came in by; afterwards that which the answer leaves from. False:
 * there is no answer, and the datagram is as it was. */
bool answer_stun(struct responder *r, struct rooms *rooms, struct datagram *d, uint16_t *port,
		 msec now);

#endif
