/* udp_socket.c -- one UDP socket, with all that a datagram shall tell of its way. */
#include "io/udp_socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "base/offload.h"
#include "io/sockaddr.h"

enum { SOCKET_BUFFER = 4 << 20 };	/* bytes; 10 ms at 3 Gbit/s */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* With CAP_NET_ADMIN beyond net.core.rmem_max, else as far as that goes. */
static void set_buffers(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER))
		set_int(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
	if (set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER))
		set_int(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
}

static int set_options4(int fd)
{
	int err = set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);

	if (!err)
		err = set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	return err;
}

static int set_options6(int fd)
{
	int err = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);

	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
	return err;
}

static int set_options(int fd, int domain, uint32_t mark)
{
	set_buffers(fd);
	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return -errno;
	return domain == AF_INET ? set_options4(fd) : set_options6(fd);
}

static int bind_to(int fd, int domain, const struct ip *ip, uint16_t port)
{
	struct endpoint at = {.ip = *ip, .port = port};
	union sockaddr_any name;
	socklen_t len;

	at.ip.family = domain == AF_INET ? IP_V4 : IP_V6;
	len = sockaddr_write(&name, &at);
	return bind(fd, &name.any, len) ? -errno : 0;
}

int udp_socket_open(int domain, const struct ip *address, uint16_t port, uint32_t mark)
{
	int fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int err;

	if (fd < 0)
		return -errno;
	err = set_options(fd, domain, mark);
	if (!err)
		err = bind_to(fd, domain, address, port);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static bool knows_segments(int fd)
{
	int segment;
	socklen_t len = sizeof(segment);

	return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &len) == 0;
}

unsigned udp_socket_offload(int fd, unsigned wanted)
{
	unsigned in_effect = 0;

	if (wanted & OFFLOAD_UDP_GSO && knows_segments(fd))
		in_effect |= OFFLOAD_UDP_GSO;
	if (wanted & OFFLOAD_UDP_GRO && set_int(fd, SOL_UDP, UDP_GRO, 1) == 0)
		in_effect |= OFFLOAD_UDP_GRO;
	return in_effect;
}

uint16_t udp_socket_port(int fd)
{
	struct sockaddr_in6 addr;	/* sin_port lies at the same place in both */
	socklen_t len = sizeof(addr);

	return getsockname(fd, (struct sockaddr *)&addr, &len) ? 0 : ntohs(addr.sin6_port);
}
