/* gateway.h -- the router that may open a port for us, and our address towards it.
 *
 *   IPv4   the default gateway on one of our networks, if our address there is private:
 *          a host with a public one needs no port map
 *   IPv6   the default gateway that announced itself (RFC 4861 section 6.1.2: by a link-local
 *          address), and the first global address on that link; there a firewall is opened.
 *          One that somebody wrote into a file is a server's, and opens nothing
 */
#ifndef IO_GATEWAY_H
#define IO_GATEWAY_H

#include "io/links.h"
#include "portmap/mapper.h"

/* place->gateway family IP_NONE: there is none. `own`: the interface of our device. */
void gateway_find(struct mapper_place *place, enum ip_family family, uint32_t own);

/* The same, of what is given. */
void gateway_choose(struct mapper_place *place, enum ip_family family,
		    const struct gateway *gateways, size_t gateways_len,
		    const struct local_address *addresses, size_t addresses_len);

#endif
