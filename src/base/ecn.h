/* ecn.h -- explicit congestion notification through the tunnel, RFC 6040.
 *
 * The outer header gets the inner one's two bits. Coming back, a mark that a
 * router set on the outer header goes into the inner one, so the flow inside
 * slows down instead of losing packets.
 */
#ifndef BASE_ECN_H
#define BASE_ECN_H

#include "base/packet.h"

enum ecn { ECN_NOT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3 };

/* The bits of an IP packet; ECN_NOT for anything else. */
uint8_t ecn_of(struct bytes packet);

/* Bring what the outer header said into the packet. False: drop it, congestion
 * was marked on a flow that does not know ECN (section 4.2). */
bool ecn_merge(struct packet *inner, uint8_t outer);

#endif
