/* icmp.h -- "no way there", said to the host's own programs at once.
 *
 * Without it a connection to a peer that cannot be reached hangs until it times
 * out. RFC 792 (host unreachable), RFC 4443 section 3.1 (address unreachable).
 */
#ifndef NODE_ICMP_H
#define NODE_ICMP_H

#include "base/packet.h"

/* Turn a packet into the error about it, in its own buffer (HEADROOM is enough).
 * `from`: an address of ours of the packet's family. False: none may be sent for
 * this one (an ICMP error itself, multicast, a later fragment, no source). */
bool icmp_unreachable(struct packet *packet, const struct ip *from);

#endif
