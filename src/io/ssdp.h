/* ssdp.h -- find the UPnP description of one router, and of no other. UPnP Device
 * Architecture 1.1, section 1.3.
 *
 *   M-SEARCH --> the router itself, and 239.255.255.250, port 1900
 *   <-- HTTP/1.1 200 OK
 *       LOCATION: http://192.168.1.1:5000/rootDesc.xml
 *
 * Whoever is on the LAN may answer, and the LOCATION is a URL that we shall fetch: so only
 * the router's own answers count, and only a URL on that very host, by http and by number.
 */
#ifndef IO_SSDP_H
#define IO_SSDP_H

#include "base/addr.h"
#include "base/bytes.h"

enum {
	SSDP_PORT = 1900,
	SSDP_URL_MAX = 128,		/* with NUL; what miniupnpc keeps of one */
};

#define SSDP_GROUP4 "239.255.255.250"

/* What is sent. */
struct bytes ssdp_search(void);

/* The description of the router that is `host` and sent this. False: it is none. */
bool ssdp_location(char out[static SSDP_URL_MAX], struct bytes datagram, const struct ip *host);

/* Is it http://HOST[:port]/..., with this IPv4 address as the host? */
bool ssdp_is_at(const char *url, const struct ip *host);

#endif
