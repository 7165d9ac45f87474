/* sockaddr.h -- our addresses as the kernel's, and back. */
#ifndef IO_SOCKADDR_H
#define IO_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

union sockaddr_any {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* How long it is. Family IP_NONE: of IPv6. */
socklen_t sockaddr_write(union sockaddr_any *out, const struct endpoint *from);
/* False: no address that we know. */
bool sockaddr_read(struct endpoint *out, const union sockaddr_any *from, socklen_t len);

struct ip sockaddr_ip4(const struct in_addr *in);

#endif
