/* udp_socket.h -- one UDP socket, with all that a datagram shall tell of its way.
 *
 * Non-blocking, large buffers, IP_PKTINFO and TOS on what comes in, no path MTU
 * discovery.
 */
#ifndef IO_UDP_SOCKET_H
#define IO_UDP_SOCKET_H

#include <stdint.h>

#include "base/addr.h"

/* The descriptor or -errno. `domain`: AF_INET or AF_INET6, which is then for IPv6 only;
 * address all zeroes: all of the family; port 0: any; `mark`: SO_MARK, 0: none. */
int udp_socket_open(int domain, const struct ip *address, uint16_t port, uint32_t mark);

/* Which of the wanted offloads (enum offload) this kernel has; they are in effect then. */
unsigned udp_socket_offload(int fd, unsigned wanted);

uint16_t udp_socket_port(int fd);	/* that it is bound to */

#endif
