/* udp_message.c -- a path with ECN, DSCP and segments, as the kernel's struct msghdr. */
#include "io/udp_message.h"

#include <netinet/udp.h>
#include <string.h>

/* -- in ------------------------------------------------------------------ */

void udp_message_to_fill(struct mmsghdr *message, struct udp_message *parts, void *data, size_t len)
{
	parts->data = (struct iovec){data, len};
	message->msg_hdr = (struct msghdr){
		.msg_name = &parts->name,
		.msg_iov = &parts->data,
		.msg_iovlen = 1,
		.msg_control = parts->control,
	};
	udp_message_refill(message);
}

void udp_message_refill(struct mmsghdr *message)
{
	message->msg_hdr.msg_namelen = sizeof(union sockaddr_any);
	message->msg_hdr.msg_controllen = sizeof(((struct udp_message *)0)->control);
}

static void set_tos(struct datagram *out, unsigned tos)
{
	out->ecn = tos & 3;
	out->dscp = tos >> 2 & 0x3f;
}

/* The data of a control message need not be aligned: copy it. */
static void read_control(struct datagram *out, size_t *segment, const struct cmsghdr *c)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
	    len >= sizeof(struct in_pktinfo)) {
		struct in_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		out->path.local = sockaddr_ip4(&info.ipi_spec_dst);
		out->path.ifindex = (uint32_t)info.ipi_ifindex;
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
		   len >= sizeof(struct in6_pktinfo)) {
		struct in6_pktinfo info;

		memcpy(&info, CMSG_DATA(c), sizeof(info));
		out->path.local = ip_v6(info.ipi6_addr.s6_addr);
		out->path.ifindex = info.ipi6_ifindex;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS && len >= 1) {
		set_tos(out, *CMSG_DATA(c));
	} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS &&
		   len >= sizeof(int)) {
		int tclass;

		memcpy(&tclass, CMSG_DATA(c), sizeof(tclass));
		set_tos(out, (unsigned)tclass);
	} else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO && len >= sizeof(int)) {
		int size;

		memcpy(&size, CMSG_DATA(c), sizeof(size));
		*segment = size > 0 ? (size_t)size : 0;
	}
}

bool udp_message_read(const struct mmsghdr *message, const struct udp_message *parts,
		      struct datagram *out, size_t *segment)
{
	/* CMSG_NXTHDR() wants one that it could write to */
	struct msghdr hdr = message->msg_hdr;
	uint8_t *data = parts->data.iov_base;

	*out = (struct datagram){.packet = packet_in(data, message->msg_len, 0, message->msg_len)};
	*segment = message->msg_len;
	if (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    !sockaddr_read(&out->path.remote, &parts->name, hdr.msg_namelen))
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&hdr); c; c = CMSG_NXTHDR(&hdr, c))
		read_control(out, segment, c);
	return *segment || !message->msg_len;
}

/* -- out ----------------------------------------------------------------- */

/* Append one control message: msg_controllen is what was written so far. */
static void put_control(struct msghdr *hdr, int level, int type, const void *data, size_t len)
{
	uint8_t *at = (uint8_t *)hdr->msg_control + hdr->msg_controllen;
	struct cmsghdr head = {.cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};

	memset(at, 0, CMSG_SPACE(len));
	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), data, len);
	hdr->msg_controllen += CMSG_SPACE(len);
}

static void put_source(struct msghdr *hdr, const struct path *path)
{
	if (path->local.family == IP_V4) {
		struct in_pktinfo info = {.ipi_ifindex = (int)path->ifindex};

		memcpy(&info.ipi_spec_dst, path->local.bytes, 4);
		put_control(hdr, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {.ipi6_ifindex = path->ifindex};

		memcpy(&info.ipi6_addr, path->local.bytes, 16);
		put_control(hdr, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	}
}

static void write_message(struct msghdr *hdr, struct udp_message *parts, const struct datagram *like,
			  uint16_t segment, bool with_source)
{
	bool v4 = like->path.remote.ip.family == IP_V4;
	int tos = like->dscp << 2 | (like->ecn & 3);

	hdr->msg_name = &parts->name;
	hdr->msg_namelen = sockaddr_write(&parts->name, &like->path.remote);
	hdr->msg_control = parts->control;
	hdr->msg_controllen = 0;
	hdr->msg_flags = 0;
	if (with_source)
		put_source(hdr, &like->path);
	if (tos)
		put_control(hdr, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &tos,
			    sizeof(tos));
	if (segment)	/* the last, see udp_message_single() */
		put_control(hdr, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment));
}

/* A source of the other family (which nobody should ask for) counts as none. */
void udp_message_to_send(struct msghdr *hdr, struct udp_message *parts, const struct datagram *like,
			 uint16_t segment)
{
	write_message(hdr, parts, like, segment,
		      like->path.local.family == like->path.remote.ip.family);
}

void udp_message_drop_source(struct msghdr *hdr, struct udp_message *parts,
			     const struct datagram *like, uint16_t segment)
{
	write_message(hdr, parts, like, segment, false);
}

struct msghdr udp_message_single(const struct msghdr *many, size_t i)
{
	struct msghdr single = *many;

	single.msg_iov += i;
	single.msg_iovlen = 1;
	single.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	return single;
}
