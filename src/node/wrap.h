/* wrap.h -- what goes by a relay is put into another datagram before it leaves the node.
 *
 *   | a datagram for the peer |
 *              path.via: which relay (via.h)
 *                  v
 *   | header | a datagram for the peer |      path: the way to the relay
 *
 * All that a node says, data and control alike, comes by here last.
 */
#ifndef NODE_WRAP_H
#define NODE_WRAP_H

#include "node/node.h"

bool wrap_wants(const struct datagram *datagrams, size_t n);	/* is there any for a relay? */
/* A burst, n <= BURST_MAX. What cannot go (there is no such relay any more, or it cannot take this)
 * is taken out, and counted; how many are left. */
size_t wrap(struct node *node, struct datagram *datagrams, size_t n, msec now);
/* For who finds that one cannot: counted, and it is nothing any more. */
void wrap_give_up(struct node *node, struct datagram *d);

/* A message goes by another path as well: *out is the same, in bytes of its own if one of the two
 * is wrapped where it lies. False: it is too long for a room. */
bool wrap_copy(struct node *node, struct datagram *out, const struct datagram *d,
	       const struct path *path);

#endif
