/* hygiene.h -- which candidates of a peer we send checks to.
 *
 * A peer is known, not trusted: its candidates must not make us knock at our
 * own services, at a whole subnet, or into the tunnel itself (RFC 8445 section
 * 19.5.1). Refused, also when wrapped in 6to4, Teredo or NAT64:
 *
 *   0/8  127/8  169.254/16  224/4  240/4  ::  ::1  fe80::/10  ff00::/8  port 0
 *   and every prefix of the virtual network
 *
 * A link-local address is allowed if its DESC came over that very link.
 */
#ifndef SIGNAL_HYGIENE_H
#define SIGNAL_HYGIENE_H

#include "signal/desc.h"

/* `ifindex`: of the interface that the DESC came over by LAN multicast, else 0. */
bool hygiene_allows(const struct endpoint *e, const struct cidr *virtual_prefixes, size_t n,
		    uint32_t ifindex);

/* Takes the others out, and gives IPv6 link-local ones their scope. Returns how many went. */
size_t hygiene_clean(struct desc *d, const struct cidr *virtual_prefixes, size_t n, uint32_t ifindex);

#endif
