/* udp_message.h -- a path with ECN, DSCP and segments, as the kernel's struct msghdr.
 *
 *   struct datagram        msghdr
 *     packet               msg_iov
 *     path.remote          msg_name
 *     path.local, ifindex  control: IP_PKTINFO or IPV6_PKTINFO    (RFC 3542 section 6.1)
 *     dscp << 2 | ecn      control: IP_TOS or IPV6_TCLASS         (RFC 3542 section 6.5)
 *   segment                control: UDP_SEGMENT out, UDP_GRO in   (Linux, udp(7))
 *
 * A message is one datagram; or many of `segment` bytes, the last of which may be shorter.
 */
#ifndef IO_UDP_MESSAGE_H
#define IO_UDP_MESSAGE_H

#include "base/packet.h"
#include "io/sockaddr.h"

/* What a msghdr points to. */
struct udp_message {
	struct iovec data;		/* in; out, there may be many */
	union sockaddr_any name;
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
						 2 * CMSG_SPACE(sizeof(int))];
};

/* Before receiving: into len bytes at data. */
void udp_message_to_fill(struct mmsghdr *message, struct udp_message *parts, void *data, size_t len);
/* The same again, after the kernel filled it. */
void udp_message_refill(struct mmsghdr *message);
/* After: all of the message as a datagram, but for path.via; *segment is its length if it is one.
 * False: cut off, no address, or of segments without a length. */
bool udp_message_read(const struct mmsghdr *message, const struct udp_message *parts,
		      struct datagram *out, size_t *segment);

/* All but msg_iov. Path, ECN and DSCP are `like`'s; segment 0: one datagram. */
void udp_message_to_send(struct msghdr *hdr, struct udp_message *parts, const struct datagram *like,
			 uint16_t segment);
/* The same without the source: the kernel chooses. */
void udp_message_drop_source(struct msghdr *hdr, struct udp_message *parts,
			     const struct datagram *like, uint16_t segment);
/* The ith of a message of many, each with an iovec of its own. It uses the parts of that. */
struct msghdr udp_message_single(const struct msghdr *many, size_t i);

#endif
