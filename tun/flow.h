/* flow.h -- which flow an IP packet belongs to.
 *
 *   | ... protocol | source | destination | source port | destination port | ...
 *
 * Packets that have all five in common are one flow. A flow is a number, mixed with a
 * secret seed: those that share a place in a table do so by chance. Only the first
 * fragment of a packet has ports, so no fragment is asked for them.
 */
#ifndef TUN_FLOW_H
#define TUN_FLOW_H

#include "base/bytes.h"

struct flow_id {
	uint64_t host;		/* the destination alone */
	uint64_t flow;
};

/* Whatever is not IP, or ends too soon, is one flow. */
struct flow_id flow_of(struct bytes packet, uint64_t seed);

#endif
