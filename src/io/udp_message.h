/* udp_message.h -- a datagram with its path, ECN and DSCP, as the kernel's struct msghdr.
 *
 *   struct datagram        msghdr
 *     packet               msg_iov
 *     path.remote          msg_name
 *     path.local, ifindex  control: IP_PKTINFO or IPV6_PKTINFO    (RFC 3542 section 6.1)
 *     dscp << 2 | ecn      control: IP_TOS or IPV6_TCLASS         (RFC 3542 section 6.5)
 */
#ifndef IO_UDP_MESSAGE_H
#define IO_UDP_MESSAGE_H

#include "base/packet.h"
#include "io/sockaddr.h"

/* What a msghdr points to. */
struct udp_message {
	struct iovec data;
	union sockaddr_any name;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
						 CMSG_SPACE(sizeof(int))];
};

/* Before receiving: into the packet's buffer, HEADROOM in, TAILROOM left. */
void udp_message_to_fill(struct mmsghdr *message, struct udp_message *parts,
			 const struct packet *packet);
/* After: fills in all of the datagram but its buffer. False: cut off, or no address. */
bool udp_message_read(struct mmsghdr *message, const struct udp_message *parts,
		      struct datagram *out);

void udp_message_to_send(struct mmsghdr *message, struct udp_message *parts,
			 const struct datagram *datagram);
/* The same without the source: the kernel chooses. */
void udp_message_drop_source(struct mmsghdr *message, struct udp_message *parts,
			     const struct datagram *datagram);

#endif
